"""What the tests of LAION's tables share: tables on disk, and imports that may go to a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bot.clock import Clock
from bot.datasets.fetching.fetcher import Fetcher
from bot.datasets.imports.laion.importing import import_laion
from bot.datasets.imports.laion.thresholds import Thresholds
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Progress, Summary, no_progress
from storage import dead_links
from storage.database import Database
from tests.datasets.fetching.serving import Site
from tests.datasets.imports.importing import sink

AESTHETICS_V2 = {
    "URL": pa.string(),
    "TEXT": pa.string(),
    "WIDTH": pa.float64(),
    "HEIGHT": pa.float64(),
    "similarity": pa.float64(),
    "punsafe": pa.float64(),
    "pwatermark": pa.float64(),
    "AESTHETIC_SCORE": pa.float64(),
    "hash": pa.int64(),
}
AESTHETICS_V1 = {
    "URL": pa.string(),
    "TEXT": pa.string(),
    "WIDTH": pa.float64(),
    "HEIGHT": pa.float64(),
    "LANGUAGE": pa.string(),
    "similarity": pa.float64(),
    "hash": pa.int64(),
    "pwatermark": pa.float32(),
    "punsafe": pa.float32(),
    "aesthetic": pa.float32(),
}
RAW = {
    "SAMPLE_ID": pa.float64(),
    "URL": pa.string(),
    "TEXT": pa.string(),
    "HEIGHT": pa.int64(),
    "WIDTH": pa.int64(),
    "LICENSE": pa.string(),
    "NSFW": pa.string(),
    "similarity": pa.float64(),
}
IMG2DATASET = {
    "url": pa.string(),
    "caption": pa.large_string(),
    "key": pa.string(),
    "status": pa.string(),
    "width": pa.int32(),
    "punsafe": pa.float32(),
    "pwatermark": pa.float32(),
    "hash": pa.int64(),
}
ORDINARY: Mapping[str, object] = {
    "TEXT": "a caption", "caption": "a caption", "WIDTH": 512, "HEIGHT": 640, "width": 512,
    "similarity": 0.35, "punsafe": 0.01, "pwatermark": 0.02, "AESTHETIC_SCORE": 6.5,
    "aesthetic": 7.5, "hash": -(2**63), "LANGUAGE": "nolang", "SAMPLE_ID": 4.0, "LICENSE": "?",
    "NSFW": "UNLIKELY", "key": "000000000", "status": "success",
}  # fmt: skip


def write_table(
    path: Path, rows: Sequence[Mapping[str, Any]], types: Mapping[str, Any] = AESTHETICS_V2
) -> Path:
    """A table of rows that are ordinary unless said otherwise; each says its url."""
    columns = {}
    for name, kind in types.items():
        given = [
            row.get(name, row.get("url") if name == "URL" else ORDINARY.get(name)) for row in rows
        ]
        columns[name] = pa.array(given, kind)
    pq.write_table(pa.table(columns), path, row_group_size=50)
    return path


def write_links(path: Path, urls: Sequence[str | None]) -> Path:
    return write_table(path, [{"url": url} for url in urls])


async def bring_laion(
    database: Database,
    files: Sequence[Path],
    fetching: Fetcher,
    *,
    thresholds: Thresholds | None = None,
    near: NearDuplicates = NearDuplicates.KEEP,
    retry_dead: bool = False,
    name: str = "laion",
    folder: Path | None = None,
    clock: Clock | None = None,
    progress: Progress = no_progress,
) -> Summary:
    async with fetching:
        return await import_laion(
            sink(database, near, progress, name, clock),
            files,
            folder or database.path.parent / "fetched",
            thresholds=thresholds or Thresholds(),
            fetcher=fetching,
            retry_dead=retry_dead,
        )


async def dead(database: Database, site: Site, paths: Sequence[str]) -> dict[str, str]:
    """Why links of the site gave the first data set no picture, by path."""
    urls = {site.url(path): path for path in paths}
    found = await database.read(lambda connection: dead_links.known(connection, 1, urls))
    return {urls[url]: link.reason for url, link in found.items()}
