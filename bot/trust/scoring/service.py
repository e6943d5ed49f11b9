"""Scores of the database: made by a child process, hourly and before they are needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection
from typing import Any, Final

import structlog

from bot.children.asking import KEEPS_FREED_MEMORY, ask
from bot.clock import Clock
from bot.errors import JuryError
from bot.settings import Settings
from bot.trust.alerts import AlertService
from bot.trust.scoring.request import (
    FAILED,
    PROGRESS,
    SCORED,
    ScaleSummary,
    ScoreRequest,
)
from storage import leases, score_runs, scored_votes
from storage.database import Database
from storage.errors import DatabaseBusyError, StorageError
from storage.times import to_microseconds

CHILD: Final = "bot.trust.scoring.child"
LEASE: Final = "scores"

PAYOUT_AGE: Final = timedelta(minutes=15)
EXPORT_AGE: Final = timedelta(hours=1)
"""How old the scores may be that payouts and exports go by, if votes have changed since."""

AGAIN_AFTER: Final = timedelta(minutes=15)
"""When a run is tried again that failed; payouts go by the last scores until then."""

PAYOUT_PATIENCE: Final = timedelta(minutes=10)
"""How long payouts wait for a run that does not end."""

BEAT_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.5
OTHERS_SECONDS: Final = 600.0
"""How often the lease is renewed; how often, and how long, another process's run is waited for.
Real time, whatever the clock says: it is that of other processes."""

Progress = Callable[[int, int], None]
"""Hears the rows written, and how many there are to write."""

Follower = Callable[[], Awaitable[object]]
Found = Mapping[str, ScaleSummary]

_log = structlog.get_logger()


class ScoringFailedError(JuryError):
    """A run came to nothing; the text says why in one line. The last scores stay."""


class ScoringService:
    """Keeps the scores of a database young; one run at a time, over all processes.

    Whoever asks for a run while there is one in this process waits for that.
    """

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, alerts: AlertService
    ) -> None:
        self._database = database
        self._clock = clock
        self._every = timedelta(minutes=settings.scores_every_minutes)
        self._alerts = alerts
        self._holder = leases.new_holder()
        self._followers: list[Follower] = []
        self._running: asyncio.Task[Found] | None = None
        self._begun_at = clock.now()
        self._failed_at: datetime | None = None

    def follow(self, work: Follower) -> None:
        """Await `work` after each run of this process, in the order of the calls."""
        self._followers.append(work)

    async def is_fresh(self, age: timedelta) -> bool:
        """Tell whether no vote has changed since the last run, or it is no older than `age`."""
        now = self._clock.now()

        def query(connection: Connection) -> bool:
            last = score_runs.oldest(connection)
            if last is None:
                return False
            return last.position == scored_votes.position(connection) or (
                last.at <= now <= last.at + age
            )

        return await self._database.read(query)

    async def refresh(self, progress: Progress | None = None) -> Found:
        """Score everything; return what was found on each scale.

        `progress` hears nothing of a run that had begun before. Raises ScoringFailedError and
        StorageError; operators are told.
        """
        return await asyncio.shield(self._run(progress))

    async def refresh_if_old(self, age: timedelta) -> bool:
        """Score everything unless it is fresh; False where that failed, which operators are told.

        So nobody waits for scores that cannot be had: what is there is that of the last run.
        """
        try:
            if not await self.is_fresh(age):
                await self.refresh()
        except (JuryError, StorageError):
            return False
        return True

    async def ready(self) -> bool:
        """Tell whether payouts may go by the scores as they are; if not, a run is under way.

        They may where the scores are fresh, where a run has just failed, and where one does not
        end: kudos that are owed wait for no estimator. Raises StorageError.
        """
        if await self.is_fresh(PAYOUT_AGE):
            return True
        now = self._clock.now()
        if self._failed_at is not None and self._failed_at <= now < self._failed_at + AGAIN_AFTER:
            return True
        self._run(None)
        return not self._begun_at <= now <= self._begun_at + PAYOUT_PATIENCE

    async def run(self) -> None:
        """Score every so many minutes, for ever; ends by being cancelled."""
        while True:
            try:
                wait = await self.step()
            except Exception:  # noqa: BLE001 - the edge of a worker: it must outlive every error
                _log.exception("scores_failed")
                wait = AGAIN_AFTER
            await self._clock.sleep(wait.total_seconds())

    async def step(self) -> timedelta:
        """Score everything if it is time and a vote has changed; return when to come again."""
        now = self._clock.now()
        last = await self._database.read(score_runs.oldest)
        if last is not None and last.at <= now < last.at + self._every:
            return last.at + self._every - now
        if await self.refresh_if_old(timedelta(0)):
            return self._every
        return min(AGAIN_AFTER, self._every)

    async def close(self) -> None:
        """Stop the run that is under way, if there is one; what it wrote stays."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    def _run(self, progress: Progress | None) -> asyncio.Task[Found]:
        """Return the run that is under way, or begin one."""
        if self._running is None:
            self._begun_at = self._clock.now()
            self._running = asyncio.create_task(self._score(progress), name="scores")
            self._running.add_done_callback(self._ended)
        return self._running

    def _ended(self, task: asyncio.Task[Found]) -> None:
        self._running = None
        if not task.cancelled():
            self._failed_at = None if task.exception() is None else self._clock.now()

    async def _score(self, progress: Progress | None) -> Found:
        started = time.monotonic()
        try:
            async with self._alone():
                found = await self._ask(progress)
        except Exception as error:
            _log.warning("scores_failed", reason=str(error), kind=type(error).__name__)
            await self._alerts.notice("scores_failed", reason=str(error) or type(error).__name__)
            raise
        seconds = round(time.monotonic() - started, 1)
        _log.info("scored", seconds=seconds, **{name: asdict(one) for name, one in found.items()})
        for work in self._followers:
            try:
                await work()
            except Exception:  # noqa: BLE001 - what follows is no part of the run
                _log.exception("after_scores_failed")
        return found

    async def _ask(self, progress: Progress | None) -> Found:
        now = self._clock.now()
        beside = await self._database.read(partial(leases.is_held, name="run", now=now))
        request = ScoreRequest(str(self._database.path.resolve()), to_microseconds(now), beside)

        def hear(kind: str, values: Mapping[str, Any]) -> None:
            if kind == PROGRESS and progress is not None:
                progress(values["done"], values["most"])

        try:
            answer = await ask(CHILD, asdict(request), hear, environment=KEEPS_FREED_MEMORY)
        except OSError as error:
            raise ScoringFailedError(f"the estimator cannot be started: {error}") from error
        if answer.kind == SCORED:
            return {scale: ScaleSummary(**one) for scale, one in answer.values.items()}
        if answer.kind == FAILED:
            raise ScoringFailedError(answer.values["reason"])
        raise ScoringFailedError(f"the estimator ended early with exit code {answer.code}")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Hold the lease, once whoever holds it has let it go. Raises ScoringFailedError."""
        try:
            await self._wait_for_lease()
            beating = asyncio.create_task(self._beat(), name="scores lease")
            try:
                yield
            finally:
                beating.cancel()
                await asyncio.wait([beating])
        finally:
            # Also where the run is stopped while its lease is being written.
            with suppress(StorageError):  # it runs out by itself
                await self._database.write(partial(leases.leave, name=LEASE, holder=self._holder))

    async def _wait_for_lease(self) -> None:
        deadline = time.monotonic() + OTHERS_SECONDS
        while True:
            try:
                await self._database.write(self._take)
            except DatabaseBusyError as error:
                if time.monotonic() > deadline:
                    raise ScoringFailedError(str(error)) from error
                await asyncio.sleep(LOOK_SECONDS)
            else:
                return

    def _take(self, connection: Connection) -> None:
        now = self._clock.now()
        leases.take_or_keep(
            connection,
            name=LEASE,
            holder=self._holder,
            now=now,
            until=now + leases.LONGEST_DURATION,
        )

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            with suppress(StorageError):
                await self._database.write(self._take)
