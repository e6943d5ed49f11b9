"""Pictures ready for posting, made once and kept."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from bot.errors import ImageUnreadableError, JuryError, SourceUnavailableError
from bot.images.cache import RenditionCache
from bot.images.decoding import Fault
from bot.images.originals import is_changed, read_original
from bot.images.rendition import SMALLEST_LIMIT, VERSION, Encoded, render
from storage import images, sources
from storage.database import Database
from storage.images import Image
from storage.sources import Source

Renderer = Callable[[bytes, int], Encoded]

# Decoding is bounded to 256 MB a picture; two at a time leave a small machine room for the rest.
THREADS = 2
# What the message around the file takes of Discord's limit.
SLACK_BYTES = 2**16

ABSENT = frozenset({Fault.MISSING, Fault.NOT_ALLOWED})
"""Faults that every image of a source has whose disk is not mounted, or mounted for others."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """A picture as it is posted: the bytes of a file, its name, `width` and `height` in pixels."""

    data: bytes
    filename: str
    width: int
    height: int


class ImageStore:
    """Renders images for posting off the event loop, and caches them below `folder`.

    `cache_limit` and `upload_limit` (a file that Discord takes in this place) are bytes.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        cache_limit: int,
        upload_limit: int,
        renderer: Renderer = render,
    ) -> None:
        self._database = database
        self._cache = RenditionCache(folder / "renditions", cache_limit)
        self._limit = max(SMALLEST_LIMIT, upload_limit - SLACK_BYTES)
        self._render = renderer
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="images")
        self._under_way: dict[int, asyncio.Task[Rendition]] = {}

    async def rendition(self, image: Image) -> Rendition:
        """Return the picture as it is posted; whoever asks for the same one waits with the first.

        Raises ImageUnreadableError where this image can never be shown, and
        SourceUnavailableError where its folder, archive or the cache cannot be used now.
        """
        task = self._under_way.get(image.id)
        if task is None:
            task = asyncio.create_task(self._make(image), name=f"rendition {image.id}")
            self._under_way[image.id] = task
            task.add_done_callback(partial(self._finished, image.id))
        # A caller that gives up must not take the picture from the others.
        return await asyncio.shield(task)

    async def prepare(self, image: Image) -> None:
        """Have the rendition ready for a later call, which will also raise what is wrong."""
        with contextlib.suppress(JuryError):
            await self.rendition(image)

    async def close(self) -> None:
        """Wait for the work under way; later calls are refused."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _make(self, image: Image) -> Rendition:
        source = await self._database.read(partial(_source, image.source_id))
        run = partial(asyncio.get_running_loop().run_in_executor, self._pool)
        try:
            return await run(partial(self._find_or_render, image, source))
        except ImageUnreadableError as error:
            if error.fault not in ABSENT:
                raise
            others = await self._database.read(partial(images.neighbours, image=image))
            if await run(partial(_any_readable, source, others)):
                raise
            raise SourceUnavailableError(
                f"{source.path} has neither {image.member!r} nor its neighbours"
            ) from error

    def _find_or_render(self, image: Image, source: Source) -> Rendition:
        key = _cache_key(image, source, self._limit)
        found = self._cache.find(key)
        if found is None:
            data = _unchanged(image, read_original(source, image.member))
            rendered = self._render(data, self._limit)
            found = self._cache.add(key, rendered), rendered.data
        cached, data = found
        return Rendition(data, f"picture{cached.path.suffix}", cached.width, cached.height)

    def _finished(self, image_id: int, task: asyncio.Task[Rendition]) -> None:
        del self._under_way[image_id]
        if not task.cancelled():
            # Marks the error as seen: everybody who waited for it may have been cancelled.
            task.exception()


def _source(source_id: int, connection: Connection) -> Source:
    source = sources.by_id(connection, source_id)
    if source is None:
        raise SourceUnavailableError(f"there is no source {source_id} in the database")
    return source


def _any_readable(source: Source, members: Sequence[str]) -> bool:
    """Tell whether a source is there at all, by the first of these members that can be read."""
    for member in members:
        try:
            read_original(source, member)
        except ImageUnreadableError:
            continue
        except SourceUnavailableError:
            return False
        return True
    return False


def _unchanged(image: Image, data: bytes) -> bytes:
    """Refuse other bytes than were imported: the votes are about those."""
    if is_changed(data, image.sha256.hex() if image.sha256 else None):
        raise ImageUnreadableError(Fault.CHANGED, f"{image.member!r} changed after its import")
    return data


def _cache_key(image: Image, source: Source, limit: int) -> str:
    """Name the picture by its bytes where they are known, else by where they are."""
    origin = image.sha256 or f"{source.path}\n{image.member}".encode(errors="surrogateescape")
    return hashlib.sha256(f"{VERSION} {limit}\n".encode() + origin).hexdigest()
