"""What the tests of imported votes share: files of votes, and looking at what was stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bot.datasets.imports.summary import Progress, no_progress
from bot.datasets.imports.votes.formats import HORDE, Format
from bot.datasets.imports.votes.importing import import_votes
from bot.datasets.imports.votes.summary import VotesSummary
from bot.keyed_hash import KeyedHash
from storage.connections import connect
from storage.database import Database
from tests.datasets.imports.importing import sink

KEY = KeyedHash(b"k" * 32)
FIRST = datetime(2023, 1, 13, 5, 45, 38, 259477)  # noqa: DTZ001 - the published file has no zone
TYPES = {
    "id": pa.string(),
    "ratings_count": pa.int64(),
    "rating": pa.int64(),
    "kudos": pa.int64(),
    "account_age": pa.int64(),
    "usage_requests": pa.int64(),
    "created_at": pa.timestamp("ns"),
    "client_agent": pa.string(),
    "artifacts": pa.float64(),
    "user_id": pa.string(),
    "trusted": pa.bool_(),
    "validated": pa.bool_(),
    "captchas_failed": pa.int64(),
    "country": pa.string(),
}
EARLIER = tuple(name for name in TYPES if name not in {"user_id", "validated", "captchas_failed"})
"""The 11 columns of the oldest file."""


def row(number: int, **values: object) -> dict[str, Any]:
    """One published vote, the `number`th; ordinary unless said otherwise."""
    return {
        "id": f"image-{number // 3}",
        "ratings_count": 3,
        "rating": 1 + number % 10,
        "kudos": -50 if number % 4 == 0 else 308_873,
        "account_age": 2_828_698,
        "usage_requests": 2_883,
        "created_at": FIRST + timedelta(seconds=number),
        "client_agent": ("ArtBot:v.1:(discord)rockbandit#4910", "unknown:0:unknown")[number % 2],
        "artifacts": None if number % 5 == 0 else float(number % 6),
        "user_id": f"{number % 7:064x}",
        "trusted": number % 2 == 0,
        "validated": number % 3 == 0,
        "captchas_failed": -(number % 9),
        "country": None if number % 6 == 0 else "NL",
    } | values


def table(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str] = tuple(TYPES),
    **types: Any,  # noqa: ANN401 - pyarrow publishes no types
) -> pa.Table:
    kinds = TYPES | types
    rows = list(rows)
    return pa.table({name: pa.array([r[name] for r in rows], kinds[name]) for name in columns})


def write(path: Path, rows: Iterable[Mapping[str, Any]], **how: Any) -> Path:  # noqa: ANN401 - as of `table`
    pq.write_table(table(rows, **how), path)
    return path


async def bring(
    database: Database,
    path: Path,
    kind: Format = HORDE,
    *,
    collection: str = "theirs",
    data_set: str = "mine",
    progress: Progress = no_progress,
) -> VotesSummary:
    into = sink(database, progress=progress, name=data_set)
    return await import_votes(into, path, kind, collection=collection, keyed_hash=KEY)


def query(database: Database, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of the database, read past the program."""
    with closing(connect(database.path)) as connection:
        return connection.execute(sql, values).fetchall()


def ratings(database: Database, columns: str) -> list[tuple[Any, ...]]:
    """Rater, image and rating of each vote, and the columns, in the order of their import."""
    return query(
        database,
        f"SELECT r.key, m.key, rating, {columns} FROM imported_votes v"  # noqa: S608 - columns named by tests
        " JOIN imported_raters r ON r.id = rater_id JOIN imported_images m ON m.id = image_id"
        " ORDER BY v.id",
    )


KEPT = """
    SELECT m.key AS id, v.ratings_count, v.rating, v.kudos, v.account_age, v.usage_requests,
        v.created_at, a.name AS client_agent, v.artifacts, r.key AS user_id, v.trusted, v.validated,
        v.captchas_failed, v.country
    FROM imported_votes v JOIN imported_images m ON m.id = v.image_id
    LEFT JOIN imported_raters r ON r.id = v.rater_id
    LEFT JOIN imported_client_agents a ON a.id = v.client_agent_id
    ORDER BY v.created_at, v.id
"""


def kept(database: Database) -> pd.DataFrame:
    """The imported votes in the published columns and types."""
    frame = pd.DataFrame(query(database, KEPT), columns=list(TYPES))
    frame["created_at"] = pd.to_datetime(frame["created_at"], unit="us").astype("datetime64[ns]")
    return frame.astype({"rating": "int64", "trusted": "bool", "artifacts": "float64"})
