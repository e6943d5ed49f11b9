"""Fetching the pictures of many rows at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bot.clock import Clock
from bot.datasets.fetching.faults import FetchFailedError
from bot.datasets.fetching.fetcher import Fetcher
from bot.datasets.imports.laion.pictures import Kept, keep
from bot.datasets.imports.laion.tables import Row
from bot.datasets.imports.summary import Reason
from bot.errors import ImageUnreadableError

WINDOW: Final = 1_000
"""Links under way or waiting for their server's turn, so that one slow server holds up no other."""
GATHER_SECONDS: Final = 0.25
"""For how long outcomes are gathered before they are stored together: a bot on the same database
finds room between."""
# Two pictures are decoded at a time: see bot.images.decoding on what each may take.
THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a link gave: a picture, or a reason why none.

    `heard`: a server has answered, even where the reason does not say so.
    """

    key: str
    url: str
    row: Row
    result: Kept | Reason
    heard: bool = False


class Gathering:
    """Links under way, and the outcomes that nobody has taken yet. Close it after use."""

    def __init__(self, fetcher: Fetcher, folder: Path, clock: Clock) -> None:
        self._fetcher = fetcher
        self._folder = folder
        self._clock = clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="import")
        self._under_way: set[asyncio.Task[Outcome]] = set()
        self._ended: asyncio.Queue[asyncio.Task[Outcome]] = asyncio.Queue()
        self._error: BaseException | None = None

    @property
    def is_full(self) -> bool:
        """Whether outcomes are to be taken before more is begun."""
        return len(self._under_way) + self._ended.qsize() >= WINDOW

    @property
    def has_outcomes(self) -> bool:
        """Whether `outcomes` returns without waiting for a server."""
        return not self._ended.empty() or self._error is not None

    @property
    def is_over(self) -> bool:
        """Whether every outcome was taken."""
        return not self._under_way and not self.has_outcomes

    def begin(self, key: str, url: str, row: Row) -> None:
        """Fetch the picture of a row."""
        task = asyncio.create_task(self._fetch(key, url, row), name=f"link {key}")
        self._under_way.add(task)
        task.add_done_callback(self._end)

    async def outcomes(self) -> list[Outcome]:
        """Return at least one outcome, and what else ends a little later.

        Raises SourceUnavailableError where pictures cannot be written, once what was written before
        has been returned.
        """
        if self._error is not None:
            raise self._error
        ended = [await self._ended.get()]
        await self._clock.sleep(GATHER_SECONDS)
        while not self._ended.empty():
            ended.append(self._ended.get_nowait())
        errors = [error for task in ended if (error := task.exception()) is not None]
        self._error = errors[0] if errors else None
        if len(errors) == len(ended):
            raise errors[0]
        return [task.result() for task in ended if task.exception() is None]

    def drop(self, picture: Kept) -> None:
        """Take away a picture that nobody wants; blocks. One that stays is no harm."""
        with contextlib.suppress(OSError):
            (self._folder / picture.member).unlink()

    async def aclose(self) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._pool.shutdown()

    def _end(self, task: asyncio.Task[Outcome]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # marks it as seen; `outcomes` raises it
            self._ended.put_nowait(task)

    async def _fetch(self, key: str, url: str, row: Row) -> Outcome:
        try:
            kept = await self._fetcher.fetch(url, partial(self._keep, key))
        except FetchFailedError as error:
            return Outcome(key, url, row, Reason(error.fault), error.heard)
        except ImageUnreadableError as error:
            return Outcome(key, url, row, Reason(error.fault))
        return Outcome(key, url, row, kept)

    async def _keep(self, key: str, data: bytes) -> Kept:
        work: Callable[[], Kept] = partial(keep, self._folder, key, data)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
