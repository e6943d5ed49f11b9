"""Pictures ready for posting, made once and kept."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from bot.errors import ImageUnreadableError, JuryError, SourceUnavailableError
from bot.images.cache import Cached, RenditionCache
from bot.images.decoding import Fault
from bot.images.originals import read_original
from bot.images.rendition import SMALLEST_LIMIT, VERSION, Encoded, render
from storage import sources
from storage.database import Database
from storage.images import Image
from storage.sources import Source

Renderer = Callable[[bytes, int], Encoded]

# Decoding is bounded to 256 MB a picture; two at a time leave a small machine room for the rest.
THREADS = 2
# What the message around the file takes of Discord's limit.
SLACK_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Rendition:
    """A picture as it is posted: read `path` now, send it as `filename`.

    `width` and `height` in pixels, `size` in bytes. The file may leave the cache later.
    """

    path: Path
    filename: str
    width: int
    height: int
    size: int


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
        self._under_way: dict[int, asyncio.Task[Cached]] = {}

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
        cached = await asyncio.shield(task)
        filename = f"picture{cached.path.suffix}"
        return Rendition(cached.path, filename, cached.width, cached.height, cached.size)

    async def prepare(self, image: Image) -> None:
        """Have the rendition ready for a later call, which will also raise what is wrong."""
        with contextlib.suppress(JuryError):
            await self.rendition(image)

    async def close(self) -> None:
        """Wait for the work under way; later calls are refused."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _make(self, image: Image) -> Cached:
        source = await self._database.read(partial(_source, image.source_id))
        work = partial(self._find_or_render, image, source)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _find_or_render(self, image: Image, source: Source) -> Cached:
        key = _cache_key(image, source, self._limit)
        cached = self._cache.find(key)
        if cached is None:
            data = _unchanged(image, read_original(source, image.member))
            cached = self._cache.add(key, self._render(data, self._limit))
        return cached

    def _finished(self, image_id: int, task: asyncio.Task[Cached]) -> None:
        del self._under_way[image_id]
        if not task.cancelled():
            # Marks the error as seen: everybody who waited for it may have been cancelled.
            task.exception()


def _source(source_id: int, connection: Connection) -> Source:
    source = sources.by_id(connection, source_id)
    if source is None:
        raise SourceUnavailableError(f"there is no source {source_id} in the database")
    return source


def _unchanged(image: Image, data: bytes) -> bytes:
    """Refuse other bytes than were imported: the votes are about those."""
    if image.sha256 is not None and hashlib.sha256(data).digest() != image.sha256:
        raise ImageUnreadableError(Fault.CHANGED, f"{image.member!r} changed after its import")
    return data


def _cache_key(image: Image, source: Source, limit: int) -> str:
    """Name the picture by its bytes where they are known, else by where they are."""
    origin = image.sha256 or f"{source.path}\n{image.member}".encode(errors="surrogateescape")
    return hashlib.sha256(f"{VERSION} {limit}\n".encode() + origin).hexdigest()
