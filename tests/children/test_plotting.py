"""matplotlib in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FULL = """
import resource
import sys
from pathlib import Path

from bot.children.plotting import matplotlib_beside

with matplotlib_beside(Path(sys.argv[1])):
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    import matplotlib.font_manager
"""


def test_a_list_of_fonts_that_finds_no_room_is_no_word_to_anybody(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "page.html")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)  # noqa: PLW1510, S603 - our own
    assert (done.returncode, done.stderr) == (0, "")
