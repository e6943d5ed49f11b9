import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.datasets.exports.catalogue import FORMATS, FileType
from bot.datasets.exports.target import (
    TargetBusyError,
    export_path,
    file_type,
    replacing,
    usual_name,
)
from bot.errors import ExportFailedError

WRITE_HALF = """
import sys, time
from pathlib import Path
from bot.datasets.exports.target import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("ready", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("out", "data_set", "expected"),
    [
        ("", "diffusiondb", "diffusiondb_export.parquet"),
        ("new/folder", "cats", "new/folder/cats_export.parquet"),
        ("mine.pq", "cats", "mine.pq"),
        ("dotted.d", "cats", "dotted.d/cats_export.parquet"),
        ("", "../../etc/x y", "_.._etc_x_y_export.parquet"),
    ],
)
def test_names(tmp_path: Path, out: str, data_set: str, expected: str) -> None:
    (tmp_path / "dotted.d").mkdir()
    name = usual_name((data_set,), FORMATS["horde"], "parquet")
    assert export_path(tmp_path / out, name) == tmp_path / expected


@pytest.mark.parametrize(
    ("out", "wanted", "expected"),
    [
        ("folder", None, "parquet"),
        ("folder", "csv", "csv"),
        ("votes.csv", None, "csv"),
        ("votes.JSONL", None, "jsonl"),
        ("votes.parquet", "parquet", "parquet"),
        ("dotted.d", "jsonl", "jsonl"),
    ],
)
def test_the_suffix_says_the_format(
    tmp_path: Path, out: str, wanted: FileType | None, expected: str
) -> None:
    (tmp_path / "dotted.d").mkdir()
    assert file_type(tmp_path / out, wanted, FORMATS["horde"]) == expected


@pytest.mark.parametrize(
    ("out", "wanted"), [("votes.csv", "parquet"), ("hash.key", None), ("jury.db", "csv")]
)
def test_a_suffix_that_says_otherwise_is_refused(out: str, wanted: FileType | None) -> None:
    with pytest.raises(ExportFailedError):
        file_type(Path(out), wanted, FORMATS["horde"])


def test_a_complete_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(UnicodeEncodeError), replacing(path) as file:
        file.writelines(text.encode("ascii") for text in ("new", "ü"))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_killed_writer_leaves_the_old_file_and_the_next_one_clears_up(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    command = [sys.executable, "-c", WRITE_HALF, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:  # noqa: S603 - our own code
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(TargetBusyError), replacing(path):
            pass
        assert path.read_bytes() == b"old"
        writer.kill()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == [".file.partial", "file"]

    with replacing(path) as file:
        file.write(b"new")

    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / ".file.partial").symlink_to(victim)
    with pytest.raises(OSError, match=os.strerror(40)), replacing(tmp_path / "file"):
        pass
    assert victim.read_bytes() == b"precious"
