from __future__ import annotations

import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.images.decoding import MAX_BYTES, Fault
from bot.images.originals import is_inside, read_original
from storage.sources import Source


def folder(path: Path) -> Source:
    return Source(1, 1, "folder", str(path))


def archive(path: Path) -> Source:
    return Source(1, 1, "zip", str(path))


def fault_of(source: Source, member: str) -> str:
    with pytest.raises(ImageUnreadableError) as refusal:
        read_original(source, member)
    return refusal.value.fault


@pytest.mark.parametrize(
    ("member", "inside"),
    [
        ("a.png", True),
        ("a/b.png", True),
        ("..a/b..png", True),
        ("../a.png", False),
        ("a/../../b.png", False),
        ("a/..", False),
        ("/etc/passwd", False),
        ("C:/a.png", False),
        ("..\\a.png", False),
        ("a\0.png", False),
        ("", False),
    ],
)
def test_names_that_lead_outside_are_known(member: str, inside: bool) -> None:  # noqa: FBT001 - a table
    assert is_inside(member) is inside


def test_files_and_members_are_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.png").write_bytes(b"bytes")
    with zipfile.ZipFile(tmp_path / "part.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("deep/a.png", b"zipped")
    assert read_original(folder(tmp_path), "deep/a.png") == b"bytes"
    assert read_original(archive(tmp_path / "part.zip"), "deep/a.png") == b"zipped"


def test_names_that_lead_outside_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "up").symlink_to(tmp_path)
    for member in ("../secret.png", str(tmp_path / "secret.png"), "link.png", "up/secret.png"):
        assert fault_of(folder(root), member) == Fault.OUTSIDE


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"bytes")
    (tmp_path / "b.png").symlink_to("a.png")
    assert read_original(folder(tmp_path), "b.png") == b"bytes"


def test_a_missing_file_is_the_images_fault_and_a_missing_folder_is_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert fault_of(folder(tmp_path), "gone.png") == Fault.MISSING
    assert fault_of(folder(tmp_path), "file/gone.png") == Fault.MISSING
    with pytest.raises(SourceUnavailableError):
        read_original(folder(tmp_path / "unmounted"), "a.png")
    with pytest.raises(SourceUnavailableError):
        read_original(archive(tmp_path / "gone.zip"), "a.png")


def test_links_in_a_circle_do_not_hang(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("b.png")
    (tmp_path / "b.png").symlink_to("a.png")
    with pytest.raises((ImageUnreadableError, SourceUnavailableError)):
        read_original(folder(tmp_path), "a.png")


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert fault_of(folder(tmp_path), "a.png") == Fault.NOT_A_PICTURE
    os.mkfifo(tmp_path / "part.zip")
    with pytest.raises(SourceUnavailableError, match="is not a plain file"):
        read_original(archive(tmp_path / "part.zip"), "a.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "a.png").chmod(0)
    assert fault_of(folder(tmp_path), "a.png") == Fault.NOT_ALLOWED


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(10 * 2**30)
    assert fault_of(folder(tmp_path), "a.png") == Fault.TOO_MANY_BYTES


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "part.zip").write_bytes(data)
    with pytest.raises(SourceUnavailableError):
        read_original(archive(tmp_path / "part.zip"), "a.png")


def test_a_zip_bomb_is_refused_by_its_announced_size(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "part.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.png", bytes(MAX_BYTES + 1))
    assert fault_of(archive(tmp_path / "part.zip"), "a.png") == Fault.TOO_MANY_BYTES


def test_a_zip_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "part.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.png", bytes(200 * 2**20))
    data = bytearray(path.read_bytes())
    size_in_directory = data.rindex(b"PK\1\2") + 24
    data[22:26] = data[size_in_directory : size_in_directory + 4] = struct.pack("<I", 1000)
    path.write_bytes(data)
    tracemalloc.start()
    try:
        assert fault_of(archive(path), "a.png") == Fault.BROKEN
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20


def test_members_compressed_without_a_bound_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "part.zip", "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("a.png", b"bytes")
    assert fault_of(archive(tmp_path / "part.zip"), "a.png") == Fault.BROKEN


def test_damaged_and_encrypted_members_are_broken(tmp_path: Path) -> None:
    path = tmp_path / "part.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.png", b"some bytes to damage")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"some bytes", b"same bytes"))
    assert fault_of(archive(path), "a.png") == Fault.BROKEN
    encrypted = bytearray(whole)
    encrypted[whole.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(encrypted)
    assert fault_of(archive(path), "a.png") == Fault.BROKEN
    assert fault_of(archive(path), "gone.png") == Fault.MISSING
