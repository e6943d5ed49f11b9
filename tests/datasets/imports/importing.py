"""What the tests of imports share: sets on disk, and looking at what was stored."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bot.clock import Clock, SystemClock
from bot.datasets.imports.diffusiondb import Thresholds, import_diffusiondb
from bot.datasets.imports.folder import import_folder
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Progress, Summary, no_progress
from storage import data_sets
from storage.connections import connect
from storage.database import Database
from tests.images.pictures import drawn, encoded

PICTURE = encoded(drawn(20, 10))
TYPES = {
    "image_name": pa.string(),
    "prompt": pa.string(),
    "part_id": pa.uint16(),
    "seed": pa.uint32(),
    "step": pa.uint16(),
    "cfg": pa.float32(),
    "sampler": pa.uint8(),
    "width": pa.uint16(),
    "height": pa.uint16(),
    "user_name": pa.string(),
    "timestamp": pa.timestamp("us", "UTC"),
    "image_nsfw": pa.float32(),
    "prompt_nsfw": pa.float32(),
}


def row(name: str, part: int = 1, **values: object) -> dict[str, Any]:
    """One row of the published metadata, ordinary unless said otherwise."""
    return {
        "image_name": name,
        "prompt": f"a picture called {name}",
        "part_id": part,
        "seed": 12345,
        "step": 50,
        "cfg": 7.5,
        "sampler": 8,
        "width": 512,
        "height": 640,
        "user_name": "0" * 64,
        "timestamp": None,
        "image_nsfw": 0.01,
        "prompt_nsfw": 0.02,
    } | values


def write_metadata(
    path: Path, rows: Sequence[Mapping[str, Any]], types: Mapping[str, Any] = TYPES
) -> None:
    table = pa.table(
        {name: pa.array([r[name] for r in rows], kind) for name, kind in types.items()}
    )
    pq.write_table(table, path)


def write_zip(path: Path, names: Sequence[str], data: bytes = PICTURE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, data)
        archive.writestr(f"{path.stem}.json", json.dumps({name: {"p": "x"} for name in names}))


def write_files(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    folder.mkdir(exist_ok=True)
    return folder


def sink(
    database: Database,
    near: NearDuplicates = NearDuplicates.COUNT,
    progress: Progress = no_progress,
    name: str = "mine",
    clock: Clock | None = None,
) -> Sink:
    return Sink(database, name, 5, clock or SystemClock(), Random(7), near, progress)


async def bring_folder(
    database: Database,
    folder: Path,
    *,
    safe: bool | None = None,
    near: NearDuplicates = NearDuplicates.COUNT,
    name: str = "mine",
    progress: Progress = no_progress,
) -> Summary:
    return await import_folder(sink(database, near, progress, name), folder, safe=safe)


async def bring_diffusiondb(
    database: Database,
    folder: Path,
    *,
    limit: float = 0.1,
    near: NearDuplicates | None = None,
    progress: Progress = no_progress,
) -> Summary:
    into = sink(database, near or NearDuplicates.KEEP, progress, "diffusiondb")
    thresholds = Thresholds(limit, limit)
    return await import_diffusiondb(into, folder, thresholds=thresholds, looking=near is not None)


def left_out(summary: Summary) -> dict[str, int]:
    return {str(entry.reason): entry.count for entry in summary.left_out}


def noted(summary: Summary) -> dict[str, int]:
    return {str(entry.reason): entry.count for entry in summary.notes}


def names_of(summary: Summary, reason: str) -> tuple[str, ...]:
    entries = (*summary.left_out, *summary.notes)
    return next(entry.names for entry in entries if entry.reason == reason)


def stored(database: Database, columns: str) -> dict[str, tuple[Any, ...]]:
    """The images by key, read past the program."""
    connection = connect(database.path)
    try:
        rows = connection.execute(f"SELECT key, {columns} FROM images").fetchall()  # noqa: S608 - columns named by tests
    finally:
        connection.close()
    return {key: tuple(values) for key, *values in rows}


async def data_set_names(database: Database) -> list[str]:
    return [each.name for each in await database.read(data_sets.every)]
