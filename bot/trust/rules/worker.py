"""The worker of the rules: reads what was voted, a little after each vote."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from sqlite3 import Connection
from typing import Final

import structlog

from bot.clock import Clock
from bot.trust.alerts import AlertService
from bot.trust.rules.agreement import Agreement
from bot.trust.rules.crowd import Crowd
from bot.trust.rules.fitting import fit
from bot.trust.rules.record import agreement_of
from bot.trust.rules.round import Round
from bot.trust.rules.rule import PairFigure
from bot.trust.rules.shelf import UNREADABLE, Shelf
from bot.trust.rules.yardstick import yardsticks
from storage import rule_queue, rule_records
from storage.database import Database
from storage.rule_queue import Progress

ENTRIES: Final = 30
IMAGES: Final = 3
"""Entries of the history and closed images of one unit: presses wait for no more than that."""

RATERS: Final = 20
"""Raters of whom pairs are judged in one unit."""

LOOK_SECONDS: Final = 1.0
"""Between two looks for something new."""

SHARE_OF_TIME: Final = 0.1
"""Of the time at most this share is worked: presses come first, and what waits is not lost."""

LEAST_PAUSE_SECONDS: Final = 0.005
"""Between two units, for a bot in another process that waits for its turn."""

FIT_AFTER: Final = 100
FIT_AFTER_EACH: Final = 4
"""The crowd is learned anew after so many comparisons, or so many for each rater it was of."""

MOST_RATERS: Final = 4_096
"""In a larger crowd so many raters, evenly spread over their numbers, are learned from."""

READ_AT_ONCE: Final = 50

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Done:
    """How far everything is, whether more waits, whether people were told; the unit's seconds."""

    progress: Progress
    more: bool
    alerted: bool
    seconds: float


class RuleWorker:
    """Reads the durable queue a unit at a time; every unit is whole or was not.

    A unit keeps measures, findings, what follows from them and how far the queue is read, so that
    a process that dies loses nothing and the next one counts nothing twice.
    """

    def __init__(
        self, database: Database, clock: Clock, random: Random, *, alerts: AlertService
    ) -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._alerts = alerts
        self._crowd: Crowd | None = None
        self._yards = yardsticks(Crowd.unknown())
        self._shelf = Shelf()
        self._more = False
        self._woken = asyncio.Event()
        self._stopping = False
        self._stopped = asyncio.Event()
        self._stopped.set()

    async def step(self) -> float | None:
        """Do one unit of what waits; return how many seconds it took, None if nothing waited.

        Raises StorageError: nothing of it was done.
        """
        if self._crowd is None:
            await self._recall()
        if not self._more and not await self._database.read(rule_queue.waits):
            return None
        self._more = False
        done = await self._database.write(self._unit)
        self._more = done.more
        if done.alerted:
            self._alerts.wake()
        if self._is_due(done.progress):
            await self._learn(done.progress)
        return done.seconds

    async def settle(self) -> None:
        """Do all that waits, without a pause."""
        while await self.step() is not None:
            pass

    async def pair_up(self, figures: Mapping[int, PairFigure]) -> None:
        """Let the rule on pairs look at these raters, some of them at a time."""
        if self._crowd is None:
            await self._recall()
        waiting = list(figures.items())
        for first in range(0, len(waiting), RATERS):
            some = waiting[first : first + RATERS]
            if await self._database.write(partial(self._pair_up, some=some)):
                self._alerts.wake()
            await asyncio.sleep(LEAST_PAUSE_SECONDS)

    def _pair_up(self, connection: Connection, *, some: list[tuple[int, PairFigure]]) -> bool:
        round_ = Round(connection, self._yards, self._shelf, self._clock.now())
        for rater, pair in some:
            round_.pair_up(rater, pair)
        round_.finish()
        return round_.alerted

    async def run(self) -> None:
        """Work until drained or cancelled."""
        self._stopped.clear()
        try:
            while not self._stopping:
                self._woken.clear()
                seconds = await self._outlive()
                if seconds is None:
                    pause = LOOK_SECONDS
                else:
                    pause = max(LEAST_PAUSE_SECONDS, seconds * (1 / SHARE_OF_TIME - 1))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)
        finally:
            self._stopped.set()

    async def drain(self, seconds: float) -> None:
        """Begin nothing more and wait up to that long for what is under way."""
        self._stopping = True
        self._woken.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _outlive(self) -> float | None:
        try:
            return await self.step()
        except Exception:  # noqa: BLE001 - the edge of a worker: it must outlive every error
            _log.exception("rules_failed")
            return None

    def _unit(self, connection: Connection) -> _Done:
        """Read entries of the history, and compare answers on closed images."""
        began = time.perf_counter()
        round_ = Round(connection, self._yards, self._shelf, self._clock.now())
        before = rule_queue.progress(connection)
        reached, more = round_.read_history(before, ENTRIES)
        for image_id in rule_queue.closed_images(connection, IMAGES):
            compared = round_.close_image(image_id)
            reached = replace(reached, compared=reached.compared + compared)
        round_.finish()
        if reached != before:
            rule_queue.set_progress(connection, reached)
        more = more or bool(rule_queue.closed_images(connection, 1))
        return _Done(reached, more, round_.alerted, time.perf_counter() - began)

    async def _recall(self) -> None:
        kept = await self._database.read(rule_records.crowd)
        crowd = Crowd.unknown()
        if kept is not None:
            try:
                crowd = Crowd.from_json(kept)
            except UNREADABLE:
                _log.exception("crowd_unreadable")
        self._believe(crowd)

    def _believe(self, crowd: Crowd) -> None:
        self._crowd, self._yards = crowd, yardsticks(crowd)

    def _is_due(self, progress: Progress) -> bool:
        assert self._crowd is not None  # noqa: S101 - recalled before the first unit
        after = max(FIT_AFTER, FIT_AFTER_EACH * self._crowd.raters)
        return progress.compared - self._crowd.counted >= after

    async def _learn(self, progress: Progress) -> None:
        """Learn anew what the honest crowd is like, from what is kept of all raters."""
        assert self._crowd is not None  # noqa: S101 - recalled before the first unit
        kept = await self._read_raters()
        crowd = await asyncio.to_thread(fit, kept, self._crowd, progress.compared)
        await self._database.write(partial(rule_records.keep_crowd, kept=crowd.to_json()))
        self._believe(crowd)

    async def _read_raters(self) -> list[dict[str, Agreement]]:
        many = await self._database.read(rule_records.count)
        every = max(1, -(-many // MOST_RATERS))
        offset, last = self._random.randrange(every), 0
        kept: list[dict[str, Agreement]] = []
        while True:
            query = partial(_agreements, after=last, every=every, offset=offset, limit=READ_AT_ONCE)
            batch = await self._database.read(query)
            if not batch:
                return kept
            last = batch[-1][0]
            kept += [agreement for _, agreement in batch]
            await asyncio.sleep(LEAST_PAUSE_SECONDS)


def _agreements(
    connection: Connection, *, after: int, every: int, offset: int, limit: int
) -> list[tuple[int, dict[str, Agreement]]]:
    rows = rule_records.after(connection, after, every=every, offset=offset, limit=limit)
    found = []
    for rater, kept in rows:
        try:
            found.append((rater, agreement_of(kept)))
        except UNREADABLE:
            found.append((rater, {}))
    return found
