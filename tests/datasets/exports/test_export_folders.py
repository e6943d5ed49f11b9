"""A folder takes its place whole, and only that of an earlier one of its kind."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bot.datasets.exports.folders import MARK, is_folder_export, new_folder, replacing_folder
from bot.datasets.exports.target import TargetBusyError

WRITE_HALF = """
import sys, time
from pathlib import Path
from bot.datasets.exports.folders import replacing_folder
with replacing_folder(Path(sys.argv[1]), "kind") as folder:
    (folder / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""


def write(path: Path, *names: str, kind: str = "kind") -> None:
    with replacing_folder(path, kind) as folder:
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(name)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_complete_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "export"
    write(path, "a", "b")
    with replacing_folder(path, "kind") as folder:
        (folder / "c").write_text("c")
        assert names(path) == [MARK, "a", "b"]
    assert names(path) == [MARK, "c"]
    assert names(tmp_path) == ["export", f"export/{MARK}", "export/c"]


def test_what_was_exported_is_known_again(tmp_path: Path) -> None:
    path = tmp_path / "export"
    assert not is_folder_export(path, "kind")
    write(path, "a", "deep/b", "deep/é")
    assert is_folder_export(path, "kind")
    assert not is_folder_export(path, "other")
    (path / "deep" / "mine").write_text("mine")
    assert not is_folder_export(path, "kind")
    (path / "deep" / "mine").unlink()
    (path / "a").unlink()
    assert not is_folder_export(path, "kind")


def test_other_folders_and_files_are_no_exports(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert is_folder_export(tmp_path / "empty", "kind")
    (tmp_path / "file").write_text("file")
    assert not is_folder_export(tmp_path / "file", "kind")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    assert not is_folder_export(tmp_path / "link", "kind")
    for mark in ("", "[]", "no json", '{"format": "kind"}'):
        (tmp_path / "empty" / MARK).write_text(mark)
        assert not is_folder_export(tmp_path / "empty", "kind")


def test_an_error_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "export"
    write(path, "a")
    before = names(tmp_path)
    with pytest.raises(ZeroDivisionError), replacing_folder(path, "kind") as folder:
        (folder / "b").write_text(str(1 / 0))
    assert names(tmp_path) == before


@pytest.mark.parametrize("begin", [lambda path: replacing_folder(path, "kind"), new_folder])
def test_all_of_a_folder_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Path], AbstractContextManager[Path]],
) -> None:
    path = tmp_path / "export"
    before: set[tuple[int, int]] = set()
    after: set[tuple[int, int]] = set()
    synced = os.fsync

    def fsync(descriptor: int) -> None:
        synced(descriptor)
        (after if path.exists() else before).add(state(os.fstat(descriptor)))

    monkeypatch.setattr(os, "fsync", fsync)
    with begin(path) as folder:
        for name in ("a", "deep/er/b"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name * 10_000)
    assert {state(each.stat()) for each in (path, *path.rglob("*"))} <= before
    assert state(tmp_path.stat())[0] in {inode for inode, _ in after}


def state(found: os.stat_result) -> tuple[int, int]:
    """Return which file or folder it is, and the bytes that it has."""
    return found.st_ino, found.st_size


def test_a_killed_writer_leaves_the_old_folder_and_the_next_one_clears_up(tmp_path: Path) -> None:
    path = tmp_path / "export"
    write(path, "a")
    command = [sys.executable, "-c", WRITE_HALF, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:  # noqa: S603 - our own code
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(TargetBusyError):
            write(path, "b")
        writer.kill()
    assert names(path) == [MARK, "a"]
    assert (tmp_path / ".export.partial" / "half").exists()
    write(path, "b")
    assert names(tmp_path) == ["export", f"export/{MARK}", "export/b"]


@pytest.mark.parametrize("moment", ["old aside", "new in place"])
def test_a_kill_between_two_renames_is_made_good(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "export"
    write(path, "a")
    path.rename(tmp_path / ".export.earlier")
    if moment == "new in place":
        write(tmp_path / "new", "b")
        (tmp_path / "new").rename(path)
    with replacing_folder(path, "kind") as folder:
        assert names(path) == [MARK, "a" if moment == "old aside" else "b"]
        assert not (tmp_path / ".export.earlier").exists()
        (folder / "c").write_text("c")
    assert names(tmp_path) == ["export", f"export/{MARK}", "export/c"]
