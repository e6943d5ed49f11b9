"""Pictures in an export: as files, in zips, in tar files for webdataset, or in parquet files."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa

from bot.datasets.exports.catalogue import PictureForm
from bot.datasets.exports.pictures import DOT
from bot.datasets.exports.request import NONE, LeftOut
from bot.datasets.exports.source import RefusedError
from bot.datasets.exports.writers import ParquetRows, parquet_file
from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.images.originals import is_changed, open_archive, read_file, read_member

OPEN_ARCHIVES: Final = 16
"""Zips that are kept open: images of a prompt lie in any."""

EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold (APPNOTE.TXT, 4.4.6): the same export, the same bytes."""

ROW_GROUP: Final = 100
"""Pictures in a row group of parquet, as `datasets` writes them; fewer where they are large."""

ROW_GROUP_BYTES: Final = 16 * 2**20
"""Bytes of pictures after which a row group is written: till then they are in memory."""

IMAGE: Final = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""How `datasets` keeps an image in a table (its features.Image)."""


ORIGINAL: Final = tuple(
    (name, pa.string()) for name in ("member", "source_kind", "source_path", "stage")
)
"""Columns of images that say where their pictures are, and whether moderators have hidden them."""


class Originals:
    """Reads pictures where their import left them, and counts those that are `left_out`."""

    def __init__(self) -> None:
        self.left_out = NONE
        self._archive = lru_cache(OPEN_ARCHIVES)(open_archive)

    def read(self, image: Mapping[str, Any]) -> bytes | None:
        """Return the bytes that were imported, or None, by the columns ORIGINAL and `sha256`.

        People judged these alone: others in their place would go under a score that is not theirs.
        What moderators have hidden may be shown to nobody, so it is not handed on either.
        """
        if image["stage"] == "hidden":
            self.left_out += LeftOut(hidden=1)
            return None
        path, member = Path(image["source_path"]), image["member"]
        try:
            if image["source_kind"] == "zip":
                data = read_member(self._archive(path), member)
            else:
                data = read_file(path, member)
        except (ImageUnreadableError, SourceUnavailableError):
            self.left_out += LeftOut(unreadable=1)
            return None
        if is_changed(data, image["sha256"]):
            self.left_out += LeftOut(changed=1)
            return None
        return data

    def is_there(self, image: Mapping[str, Any]) -> bool:
        """Tell whether `read` returns the bytes; they are not kept."""
        return self.read(image) is not None

    def read_again(self, image: Mapping[str, Any]) -> bytes:
        """Return the bytes of what was there before. Raises RefusedError where it is so no more."""
        data = self.read(image)
        if data is None:
            raise RefusedError(
                f"{image['source_path']}: {image['member']} changed while it was read; export again"
            )
        return data

    def copied(self, images: pa.RecordBatch, paths: Iterable[Path]) -> pa.BooleanArray:
        """Copy each picture to its path; return which of them are there. Raises OSError."""
        return pa.array(map(self._copy, images.to_pylist(), paths), pa.bool_())

    def _copy(self, image: Mapping[str, Any], path: Path) -> bool:
        data = self.read(image)
        if data is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_new(path, data)
        return data is not None


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet. Raises FileExistsError, in words, and other OSErrors."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        said = "is another picture's name on this disk, which takes capital letters for small ones"
        raise FileExistsError(error.errno, said, str(path)) from None


class Shard(Protocol):
    """Takes the pictures of one part of an export."""

    def path(self, name: str) -> str:
        """Return where a picture of this plain file name lies, relative to the export.

        As in ImageRewardDB a zip is named there as the folder that it unpacks to.
        """

    def add(self, name: str, data: bytes, about: Mapping[str, Any]) -> None:
        """Put a picture in; `about` has the values of the shard's columns."""

    def note(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put a JSON file of rows beside the pictures, where the form has room for one."""


@contextmanager
def opened(form: PictureForm, folder: Path, part: str, about: pa.Schema) -> Iterator[Shard]:
    """Begin a part, `part` being its path without an ending; it is complete at the end.

    `about` are columns that a table of pictures has beside them. Raises OSError.
    """
    if form != "none":
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if form == "folder":
            yield _Files(folder, part)
        elif form == "zip":
            path = folder / f"{part}.zip"
            yield _Zip(stack.enter_context(zipfile.ZipFile(path, "w")), part)
        elif form == "webdataset":
            path = folder / f"{part}.tar"
            yield _Tar(stack.enter_context(tarfile.open(path, "w")), f"{part}.tar")
        elif form == "parquet":
            schema = _with_features(pa.schema([("image", IMAGE), *about]))
            rows = stack.enter_context(parquet_file(folder / f"{part}.parquet", schema))
            table = _Table(rows, schema, f"{part}.parquet")
            yield table
            table.flush()
        else:
            yield _Nothing(part)


def _with_features(schema: pa.Schema) -> pa.Schema:
    """Say what `datasets` looks for in a parquet file: that its first column is an image."""
    features = {field.name: {"_type": "Value", "dtype": str(field.type)} for field in schema} | {
        "image": {"_type": "Image"}
    }
    return schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def _json(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a list with a row a line; indented text would take the slow half of the library."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    lines = ",\n".join(map(encode, rows))
    return f"[{lines}]".encode()


@dataclass(frozen=True, slots=True)
class _Nothing:
    part: str

    def path(self, name: str) -> str:
        return f"{self.part}/{name}"

    def add(self, name: str, data: bytes, about: Mapping[str, Any]) -> None:
        pass

    def note(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Files:
    folder: Path
    part: str

    def path(self, name: str) -> str:
        return f"{self.part}/{name}"

    def add(self, name: str, data: bytes, about: Mapping[str, Any]) -> None:
        (self.folder / self.part).mkdir(exist_ok=True)
        write_new(self.folder / self.part / name, data)

    def note(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self.add(name, _json(rows), {})


@dataclass(frozen=True, slots=True)
class _Zip:
    """A zip beside the folder that it would unpack to, after which its pictures are named."""

    archive: zipfile.ZipFile
    part: str

    def path(self, name: str) -> str:
        return f"{self.part}/{name}"

    def add(self, name: str, data: bytes, about: Mapping[str, Any]) -> None:
        self.archive.writestr(zipfile.ZipInfo(name, EPOCH), data)

    def note(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self.add(name, _json(rows), {})


@dataclass(frozen=True, slots=True)
class _Tar:
    """Samples as webdataset reads them: files that share a name up to its first dot."""

    archive: tarfile.TarFile
    file: str

    def path(self, name: str) -> str:
        return f"{self.file}/{'.'.join(sample(name))}"

    def add(self, name: str, data: bytes, about: Mapping[str, Any]) -> None:
        stem, ending = sample(name)
        for suffix, content in ((ending, data), ("json", json.dumps(about).encode())):
            member = tarfile.TarInfo(f"{stem}.{suffix}")
            member.size = len(content)
            self.archive.addfile(member, io.BytesIO(content))

    def note(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Leave it out: webdataset would take it for a sample."""


def sample(name: str) -> tuple[str, str]:
    """Return what webdataset is to call the sample of a picture, and the picture's ending."""
    stem, _, ending = name.rpartition(".")
    return stem.replace(".", DOT), ending


class _Table:
    def __init__(self, rows: ParquetRows, schema: pa.Schema, file: str) -> None:
        self._rows = rows
        self._schema = schema
        self._file = file
        self._held: list[dict[str, Any]] = []
        self._bytes = 0

    def path(self, name: str) -> str:
        return f"{self._file}/{name}"

    def add(self, name: str, data: bytes, about: Mapping[str, Any]) -> None:
        self._held.append({"image": {"bytes": data, "path": name}, **about})
        self._bytes += len(data)
        if len(self._held) == ROW_GROUP or self._bytes >= ROW_GROUP_BYTES:
            self.flush()

    def note(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        pass

    def flush(self) -> None:
        if self._held:
            self._rows.write(pa.RecordBatch.from_pylist(self._held, self._schema))
            self._held, self._bytes = [], 0
