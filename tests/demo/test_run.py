"""What keeps a demo from starting is said in one line."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.demo.run import DemoOptions, DemoUnavailableError, run_demo

WITHOUT_SIMCORD = """
import sys
sys.modules["simcord"] = None
from bot.cli import main
main()
"""


@pytest.mark.process
def test_without_simcord_it_says_what_to_install(tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", WITHOUT_SIMCORD, "demo", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "jury: the demo needs SimCord: install it with `pip install 'horde-jury[demo]'`"
    ]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DemoUnavailableError, match=f"{port - 2} to {port + 2}"):
            run_demo(DemoOptions(folder=tmp_path, port=port - 2), print)
