"""Files that are whole or not there, whenever the process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storage.durable import UNFINISHED, write_whole

ROOT = Path(__file__).parents[2]
SIZE = 2_000_000
SCRIPT = f"""
import sys
from pathlib import Path
from storage.durable import write_whole
path = Path(sys.argv[1])
for number in range(10_000):
    write_whole(path, bytes([number % 256]) * {SIZE}, path.parent)
    print(flush=True)
"""


def test_the_workshop_is_left_empty(tmp_path: Path) -> None:
    for data in (b"one", b"two"):
        write_whole(tmp_path / "deep" / "file", data, tmp_path / "workshop")
        assert (tmp_path / "deep" / "file").read_bytes() == data
    assert list((tmp_path / "workshop").iterdir()) == []


def test_what_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "folder" / "file").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "folder" / "file", b"new", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.process
def test_readers_and_a_kill_find_the_whole_file_of_before(tmp_path: Path) -> None:
    for _ in range(3):
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", SCRIPT, str(tmp_path / "file")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            for _ in range(100):
                assert_whole(tmp_path / "file")
        finally:
            process.kill()
            process.communicate()
        assert_whole(tmp_path / "file")
    assert all(path.suffix in {"", UNFINISHED} for path in tmp_path.iterdir())


def assert_whole(path: Path) -> None:
    data = path.read_bytes()
    assert len(data) == SIZE
    assert data.count(data[0]) == SIZE
