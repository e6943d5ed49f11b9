"""Makes releases, each in a child process, and keeps in the database which there are."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

from bot.children.asking import Answer, ask
from bot.clock import Clock
from bot.datasets.exports.catalogue import PictureForm
from bot.datasets.exports.folders import clear_beside, require_nothing
from bot.datasets.exports.request import FAILED, PROGRESS, LeftOut
from bot.datasets.exports.target import TargetBusyError, lock, release_around
from bot.datasets.releases.contents import Contents, ContentsError
from bot.datasets.releases.refusals import (
    ReleaseBusyError,
    ReleaseExistsError,
    ReleaseFailedError,
    ReleaseInsideError,
)
from bot.datasets.releases.request import (
    PICTURES,
    READING,
    RELEASED,
    Before,
    ReleaseRequest,
)
from bot.keyed_hash import KeyedHash
from bot.settings import Settings
from storage import published_releases
from storage.database import Database
from storage.published_releases import Release
from storage.times import to_microseconds

NO_ROOM: Final = (
    "a release has pictures as parquet or not at all, since `datasets` loads one type of file"
    " by a card; `jury export imagereward OUT --images {form}` has them so"
)

Progress = Callable[[int, int], None]
"""Hears the votes done, and the most that there can be, over all formats."""


@dataclass(frozen=True, slots=True)
class Released:
    """A finished release: where it lies, its number, what it is of, the rows it says are gone."""

    path: Path
    number: int
    votes: int
    images: int
    raters: int
    removed: int
    left_out: LeftOut


class ReleaseService:
    """Makes releases of all formats, one at a time over all processes."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, keyed_hash: KeyedHash
    ) -> None:
        self._database = database
        self._clock = clock
        self._licence = settings.dataset_license
        self._exact_signals = settings.export_exact_signals
        self._keyed_hash = keyed_hash

    async def release(
        self, out: Path, progress: Progress | None = None, *, pictures: PictureForm = "none"
    ) -> Released:
        """Make the folder `out` with everything, of one moment; nothing may be there yet.

        `pictures` go with it where a format knows them so.

        A release that was in its place already when its process was killed is finished first; where
        it is `out` itself, that is all. Raises ReleaseBusyError, ReleaseExistsError,
        ReleaseInsideError, ReleaseFailedError, StorageError.
        """
        if pictures not in PICTURES:
            raise ReleaseFailedError(reason=NO_ROOM.format(form=pictures))
        out = out.absolute()  # noqa: ASYNC240 - it looks at nothing
        async with self._alone():
            before = await self._database.read(published_releases.unfinished)
            if before is not None:
                found = await self._settle(before)
                if found is not None and Path(before.folder) == out:
                    return found
            try:
                require_nothing(out)
            except FileExistsError:
                raise ReleaseExistsError(path=str(out)) from None
            if earlier := release_around(out):
                raise ReleaseInsideError(path=str(earlier))
            return await self._make(out, pictures, progress or (lambda _done, _most: None))

    async def _make(self, out: Path, pictures: PictureForm, progress: Progress) -> Released:
        identity, now = secrets.token_hex(16), self._clock.now()

        def begin(connection: Connection) -> tuple[Release | None, int]:
            before = published_releases.last(connection)
            return before, published_releases.begin(connection, identity, str(out), now)

        before, number = await self._database.write(begin)
        request = ReleaseRequest(
            database=str(self._database.path.resolve()),
            target=str(out),
            number=number,
            identity=identity,
            licence=self._licence,
            hash_key=self._keyed_hash.key.hex(),
            now=to_microseconds(now),
            exact_signals=self._exact_signals,
            before=_before(before),
            pictures=pictures,
        )
        try:
            answer = await self._ask(request, progress)
        finally:
            # Also where the child was stopped on its way, or killed once the folder was there.
            made = await self._settle(Release(number, identity, str(out), None, {}))
        if made is None:
            reason = f"the process ended early with exit code {answer.code}"
            raise ReleaseFailedError(
                reason=answer.values["reason"] if answer.kind == FAILED else reason
            )
        if answer.kind != RELEASED:
            raise ReleaseFailedError(reason=f"{out}: is not known to be on the disk; verify it")
        return made

    async def _ask(self, request: ReleaseRequest, progress: Progress) -> Answer:
        noting: list[asyncio.Task[None]] = []

        def hear(kind: str, values: Mapping[str, Any]) -> None:
            if kind == READING:
                now = self._clock.now()
                unit = self._database.write(
                    lambda c: published_releases.note_reading(c, request.number, now)
                )
                noting.append(asyncio.ensure_future(unit))
            elif kind == PROGRESS:
                progress(values["done"], values["most"])

        try:
            return await ask("bot.datasets.releases.child", asdict(request), hear)
        finally:
            await asyncio.gather(*noting)

    async def _settle(self, release: Release) -> Released | None:
        """Finish a release whose folder is in its place, or forget one that never got there."""
        folder = Path(release.folder)
        try:
            contents = await asyncio.to_thread(Contents.read, folder)
        except ContentsError:
            contents = None
        if contents is None or contents.identity != release.identity:
            await self._database.write(lambda c: published_releases.give_up(c, release.number))
            return None
        # pyarrow loads slowly, and the bot never makes a release
        from bot.datasets.releases.tables import removed_rows  # noqa: PLC0415

        told = await asyncio.to_thread(removed_rows, folder)
        await asyncio.to_thread(clear_beside, folder)
        now, counts = self._clock.now(), contents.counts
        await self._database.write(
            lambda c: published_releases.finish(c, release.number, counts, told, now)
        )
        return Released(
            folder,
            release.number,
            counts["votes"],
            counts["images"],
            counts["raters"],
            len(told),
            contents.left_out,
        )

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        guard = self._database.path.with_name(f".{self._database.path.name}.release")
        try:
            file = lock(guard)
        except TargetBusyError:
            raise ReleaseBusyError from None
        except OSError as error:
            raise ReleaseFailedError(reason=f"{guard}: {error.strerror or error}") from None
        with file:
            try:
                yield
            finally:
                guard.unlink(missing_ok=True)


def _before(release: Release | None) -> Before | None:
    if release is None or release.read_at is None:
        return None
    return Before(release.number, to_microseconds(release.read_at), release.counts)
