"""Reading the bytes of an image where the import left them: in a folder or in a zip."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path

from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.images.decoding import MAX_BYTES, Fault
from storage.sources import Source

# zipfile bounds what it unpacks at a time for these two methods only.
ZIP_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,  # an encrypted member, or NotImplementedError for an unknown zip version
    ValueError,
)


def read_original(source: Source, member: str) -> bytes:
    """Return the bytes of `member`, at most MAX_BYTES.

    Raises ImageUnreadableError where this one image is at fault, SourceUnavailableError where its
    folder or archive is.
    """
    if not is_inside(member):
        raise ImageUnreadableError(Fault.OUTSIDE, f"{member!r} leads out of its folder")
    path = Path(source.path)
    if source.kind == "zip":
        with open_archive(path) as archive:
            return read_member(archive, member)
    return read_file(path, member)


def is_changed(data: bytes, sha256: str | None) -> bool:
    """Tell whether these are other bytes than were imported; `sha256` in hex, None if not known."""
    return sha256 is not None and hashlib.sha256(data).hexdigest() != sha256


def is_inside(member: str) -> bool:
    """Tell whether a name stays inside the folder or archive that it is relative to."""
    return not (
        not member
        or member.startswith("/")
        or ".." in member.split("/")
        or "\\" in member
        or "\0" in member
        or member[1:2] == ":"
    )


def read_file(folder: Path, member: str) -> bytes:
    """Return the bytes of a file below `folder`; a link may not lead out of it."""
    if not _is_folder(folder):
        raise SourceUnavailableError(f"the folder {folder} is not there")
    try:
        path = place_of(folder, member)
        # A pipe of that name would block the reader for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ImageUnreadableError(Fault.NOT_A_PICTURE, f"{member!r} is not a plain file")
            return _bounded(file.read(MAX_BYTES + 1), member)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageUnreadableError(Fault.MISSING, f"{member!r} is not there any more") from error
    except PermissionError as error:
        raise ImageUnreadableError(Fault.NOT_ALLOWED, f"{member!r} may not be read") from error
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENAMETOOLONG}:
            raise ImageUnreadableError(Fault.MISSING, f"{member!r} leads nowhere") from error
        raise SourceUnavailableError(f"{folder} cannot be read: {error}") from error


def place_of(folder: Path, member: str) -> Path:
    """Return where a file below `folder` really lies, whatever kind of file it is.

    Raises ImageUnreadableError where a link leads out of the folder, and OSError.
    """
    path = _resolved(folder / member)
    if not path.is_relative_to(folder.resolve()):
        raise ImageUnreadableError(Fault.OUTSIDE, f"{member!r} is a link out of its folder")
    return path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _resolved(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except RuntimeError as error:  # how Python before 3.13 speaks of links in a circle
        raise OSError(errno.ELOOP, str(error)) from error


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open a zip for reading; raises SourceUnavailableError."""
    try:
        if path.exists() and not path.is_file():  # a pipe would block the reader for ever
            raise SourceUnavailableError(f"the archive {path} is not a plain file")
        return zipfile.ZipFile(path)
    except (OSError, *ZIP_ERRORS) as error:
        raise SourceUnavailableError(f"the archive {path} cannot be read: {error}") from error


def read_member(archive: zipfile.ZipFile, member: str) -> bytes:
    """Return the bytes of a member without trusting the size that the archive announces."""
    try:
        info = archive.getinfo(member)
    except KeyError as error:
        raise ImageUnreadableError(Fault.MISSING, f"{member!r} is not in its archive") from error
    if info.compress_type not in ZIP_METHODS:
        raise ImageUnreadableError(Fault.BROKEN, f"{member!r} is compressed in an unusual way")
    if info.file_size > MAX_BYTES:
        raise _too_many_bytes(member)
    try:
        with archive.open(info) as file:
            # Asked for more, zipfile would unpack more, whatever was announced.
            return _bounded(file.read(info.file_size + 1), member)
    except ZIP_ERRORS as error:
        raise ImageUnreadableError(Fault.BROKEN, f"{member!r} is broken: {error}") from error
    except OSError as error:
        raise SourceUnavailableError(f"the archive cannot be read: {error}") from error


def _bounded(data: bytes, member: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise _too_many_bytes(member)
    return data


def _too_many_bytes(member: str) -> ImageUnreadableError:
    return ImageUnreadableError(
        Fault.TOO_MANY_BYTES, f"{member!r} has more than {MAX_BYTES // 2**20} MiB"
    )
