"""What the tests of Hugging Face's layouts share: shards, and importing them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from bot.datasets.imports.hf.importing import import_hf
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Progress, Summary, no_progress
from bot.datasets.imports.tables.columns import Columns
from bot.images.originals import read_original
from storage import images, sources
from storage.database import Database
from storage.sources import Source
from tests.datasets.imports.importing import sink
from tests.images.pictures import encoded

IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()})


@cache
def picture(number: int, kind: str = "PNG") -> bytes:
    """A picture that looks like no other: blots at random places."""
    random = Random(number)
    small = Image.new("L", (8, 8))
    small.putdata([random.randrange(256) for _ in range(64)])
    return encoded(small.resize((40, 30), Image.Resampling.BICUBIC).convert("RGB"), kind)


def cells(*pictures: bytes | None, names: Sequence[str | None] | None = None) -> pa.Array:
    """The column that the library writes for its feature Image."""
    paths = names or [f"{number}.png" for number in range(len(pictures))]
    return pa.array(
        [{"bytes": data, "path": path} for data, path in zip(pictures, paths, strict=True)], IMAGE
    )


def write_shard(path: Path, columns: Mapping[str, Any], **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path, **options)
    return path


def write_packed(path: Path, files: Mapping[str, bytes | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


async def bring_hf(
    database: Database,
    directory: Path,
    *,
    columns: Columns | None = None,
    safe: bool | None = None,
    near: NearDuplicates = NearDuplicates.COUNT,
    progress: Progress = no_progress,
) -> Summary:
    into = sink(database, near, progress)
    kept = directory.parent / "originals"
    return await import_hf(into, directory, kept, columns=columns, safe=safe)


async def bytes_of(database: Database, key: str) -> bytes:
    """The picture as it will be read for posting."""

    def find(connection: Connection) -> tuple[Source, str]:
        image = images.by_key(connection, 1, key)
        assert image is not None
        source = sources.by_id(connection, image.source_id)
        assert source is not None
        return source, image.member

    return read_original(*await database.read(find))
