"""A database file filled by hand with votes, and its exports as pandas sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from bot.datasets.exports.catalogue import FileType
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import ExportService
from bot.keyed_hash import KeyedHash
from storage.connections import connect
from storage.migrations import upgrade
from storage.times import to_microseconds
from storage.votes import Surface
from tests.rating.world import TurnedClock

KEY = KeyedHash(b"k" * 32)
VOTED = datetime(2026, 1, 13, 5, 45, 38, 259477, tzinfo=UTC)
DIFFUSIONDB = Selection(("diffusiondb",))
AGENT = "HordeJury:0.1.0:(web)example.org"


class VotesFile:
    """Every row is written at once, in a transaction of its own unless one was begun."""

    def __init__(self, path: Path) -> None:
        upgrade(path)
        self.path = path
        self.connection = connect(path)
        self.connection.execute("PRAGMA synchronous = OFF")
        # An export reads neither sources nor posts, so there are none.
        self.connection.execute("PRAGMA foreign_keys = OFF")
        self.agent(AGENT)

    def close(self) -> None:
        self.connection.close()

    def agent(self, name: str) -> int:
        return self._insert("INSERT INTO client_agents (name) VALUES (?)", name)

    def data_set(self, name: str = "diffusiondb") -> int:
        return self._insert(
            "INSERT INTO data_sets (name, target, created_at) VALUES (?, 5, 0)", name
        )

    def image(
        self,
        key: str,
        data_set: int = 1,
        *,
        number: int | None = None,
        safe: bool = True,
        prompt: str | None = None,
        parameters: str | None = None,
        size: tuple[int, int] | tuple[None, None] = (None, None),
    ) -> int:
        return self._insert(
            "INSERT INTO images (id, data_set_id, key, source_id, member, safe, prompt, parameters,"
            " width, height, random_key, imported_at) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, 0, 0)",
            number, data_set, key, f"part-000001/{key}.webp", safe, prompt, parameters, *size,
        )  # fmt: skip

    def rater(
        self,
        number: int | None = None,
        *,
        status: str = "normal",
        until: datetime | None = None,
        erased: bool = False,
    ) -> int:
        return self._insert(
            "INSERT INTO raters (number, status, status_until, first_seen_at, erased_at)"
            " VALUES (?, ?, ?, 0, ?)",
            number, status, until and to_microseconds(until), 0 if erased else None,
        )  # fmt: skip

    def vote(
        self,
        rater: int,
        image: int,
        aesthetic: int | None = 7,
        artifacts: int | None = 2,
        *,
        state: str = "given",
        at: datetime = VOTED,
        agent: int = 1,
        account: tuple[int, int, int, bool] | tuple[None, None, None, None] = (None,) * 4,
        captchas: int | None = None,
        gold: bool = False,
        surface: Surface = "public",
    ) -> int:
        """`account`: kudos, age in seconds, requests and trusted of a verified Horde account.

        `captchas`: failed less passed.
        """
        moment = to_microseconds(at)
        complete = None not in {aesthetic, artifacts} and state != "undone"
        return self._insert(
            "INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at, artifacts_at,"
            " state, post_id, surface, locale, client_agent_id, shown_at, created_at, changed_at,"
            " completed_at, horde_kudos, horde_account_age, horde_usage_requests, horde_trusted,"
            " captchas_failed, gold)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, 'en', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rater, image, aesthetic, artifacts,
            None if aesthetic is None else moment, None if artifacts is None else moment,
            state, surface, agent, moment, moment, moment, moment if complete else None, *account,
            captchas, gold,
        )  # fmt: skip

    def reliability(self, rater: int, scale: str, reliability: float) -> None:
        self._insert(
            "INSERT INTO rater_scores (rater, scale, votes, bias, inconsistency, reliability,"
            " weight, held, scored_at) VALUES (?, ?, 1, 0, 1, ?, 1, 0, 0)",
            rater, scale, reliability,
        )  # fmt: skip

    def _insert(self, sql: str, *values: object) -> int:
        cursor = self.connection.execute(sql, values)
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def service(
        self, *, key: KeyedHash = KEY, now: datetime = VOTED, exact_signals: bool = False
    ) -> ExportService:
        return ExportService(self.path, TurnedClock(now), key, exact_signals=exact_signals)

    async def export(
        self, export_format: FileType = "parquet", data_set: str = "diffusiondb"
    ) -> pd.DataFrame:
        done = await self.service().export("horde", Selection((data_set,)), export_format)
        return READERS[export_format](done.path)


def _read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, parse_dates=["created_at"])


def _read_json_lines(path: Path) -> pd.DataFrame:
    frame = pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])
    return frame.astype({"created_at": "datetime64[ns]", "country": "str"})


READERS: dict[FileType, Callable[[Path], pd.DataFrame]] = {
    "parquet": pd.read_parquet,
    "csv": _read_csv,
    "jsonl": _read_json_lines,
}
