"""What the tests of ImageRewardDB share: the published layout in small, and importing it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from bot.datasets.imports.imagerewarddb.importing import import_imagerewarddb
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Progress, Summary, no_progress
from storage.database import Database
from tests.datasets.imports.hf import picture
from tests.datasets.imports.importing import sink

TYPES = {
    "image_path": pa.string(),
    "prompt_id": pa.string(),
    "prompt": pa.string(),
    "classification": pa.string(),
    "image_amount_in_total": pa.int8(),
    "rank": pa.int8(),
    "overall_rating": pa.int8(),
    "image_text_alignment_rating": pa.int8(),
    "fidelity_rating": pa.int8(),
}


def key(number: int) -> str:
    return str(UUID(int=number))


def row(number: int, part: str = "train/train_1", **values: object) -> dict[str, Any]:
    """One row of the published metadata: four pictures a prompt."""
    return {
        "image_path": f"images/{part}/{key(number)}.webp",
        "prompt_id": f"{number // 4:06}-0061",
        "prompt": f"prompt {number // 4}",
        "classification": "People",
        "image_amount_in_total": 4,
        "rank": number % 4 + 1,
        "overall_rating": 7 - number % 7,
        "image_text_alignment_rating": number % 7 + 1,
        "fidelity_rating": 4,
    } | values


def write_table(
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    split: str = "train",
    types: Mapping[str, Any] = TYPES,
    **options: Any,  # noqa: ANN401 - those of pyarrow
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"metadata-{split}.parquet"
    columns = {name: pa.array([each[name] for each in rows], kind) for name, kind in types.items()}
    pq.write_table(pa.table(columns), path, **options)
    return path


def write_part(folder: Path, part: str, numbers: Sequence[int]) -> Path:
    """Write a part as it is published: an archive with its pictures and a JSON file."""
    path = folder / f"images/{part}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number in numbers:
            archive.writestr(f"{key(number)}.webp", picture(number, "WEBP"))
        archive.writestr(f"{path.stem}.json", json.dumps([row(number) for number in numbers]))
    return path


async def bring_imagerewarddb(
    database: Database,
    folder: Path,
    *,
    safe: bool | None = None,
    near: NearDuplicates = NearDuplicates.COUNT,
    progress: Progress = no_progress,
) -> Summary:
    return await import_imagerewarddb(sink(database, near, progress), folder, safe=safe)
