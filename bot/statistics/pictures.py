"""Pictures of the statistics for everybody who asks, kept for a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from bot.clock import Clock
from bot.datasets.exports.selection import Selection
from bot.statistics.errors import StatisticsFailedError, StatisticsUnavailableError
from bot.statistics.service import StatisticsService

KEPT: Final = timedelta(minutes=10)
"""How old a picture may be that is shown."""

AGAIN_AFTER: Final = timedelta(minutes=1)
"""When one that did not come about is tried again."""

_Key = tuple[tuple[str, ...], str]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, when it was begun, its headline figures in words, and what its plots show."""

    data: bytes
    made_at: datetime
    lines: tuple[str, ...]
    alt: str


@dataclass(frozen=True, slots=True)
class _Begun:
    at: datetime
    task: asyncio.Task[Picture | None]

    def is_over(self, now: datetime) -> bool:
        """Tell whether it is to be made anew."""
        if not self.task.done():
            return False
        broken = self.task.cancelled() or self.task.exception() is not None
        failed = broken or self.task.result() is None
        return not self.at <= now < self.at + (AGAIN_AFTER if failed else KEPT)


class StatisticsPictures:
    """Makes one picture at a time, so that a flood of wishes starts no flood of processes."""

    def __init__(self, statistics: StatisticsService, clock: Clock) -> None:
        self._statistics = statistics
        self._clock = clock
        self._begun: dict[_Key, _Begun] = {}
        self._turn = asyncio.Lock()

    async def of(self, data_sets: tuple[str, ...], language: str) -> Picture:
        """Return the picture of these data sets, at most KEPT old.

        A caller who is cancelled stops nothing. Raises StatisticsUnavailableError; operators read
        why in the log.
        """
        now = self._clock.now()
        self._begun = {key: one for key, one in self._begun.items() if not one.is_over(now)}
        key = (data_sets, language)
        if key not in self._begun:
            self._begun[key] = _Begun(now, asyncio.create_task(self._make(key), name="statistics"))
        picture = await asyncio.shield(self._begun[key].task)
        if picture is None:
            raise StatisticsUnavailableError
        return picture

    async def close(self) -> None:
        """Stop what is being made."""
        tasks = [one.task for one in self._begun.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(self, key: _Key) -> Picture | None:
        data_sets, language = key
        async with self._turn:
            now = self._clock.now()
            out = self._statistics.folder / _name(key)
            try:
                made = await self._statistics.make(out, language, Selection(data_sets))
                data = await asyncio.to_thread(made.path.read_bytes)
            except StatisticsFailedError as error:
                _log.warning("statistics_failed", reason=error.values["reason"])
                return None
            return Picture(data, now, made.lines, made.alt)


def _name(key: _Key) -> str:
    """Return one file name for each picture, so that a new one takes the place of the last."""
    data_sets, language = key
    digest = sha256("\0".join(data_sets).encode()).hexdigest()[:16]
    return f"stats_{digest}_{language}.png"
