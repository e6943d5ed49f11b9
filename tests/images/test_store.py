from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from sqlite3 import Connection

import pytest
from PIL import Image as Pillow

from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.images.decoding import Fault
from bot.images.rendition import Encoded, render
from bot.images.store import ImageStore, Renderer
from storage import data_sets, images, sources
from storage.database import Database
from storage.images import Image, NewImage
from storage.sources import Kind
from tests.images.pictures import SECRET, drawn, encoded, noise, png_claiming

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MEBIBYTE = 2**20


class CountingRenderer:
    """The real renderer, which counts what it made and can be held back."""

    def __init__(self) -> None:
        self.made = 0
        self.go = threading.Event()
        self.go.set()

    def __call__(self, data: bytes, limit: int) -> Encoded:
        assert self.go.wait(10)
        self.made += 1
        return render(data, limit)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "jury.db")
    yield opened
    await opened.close()


@pytest.fixture
def counter() -> CountingRenderer:
    return CountingRenderer()


def new_store(
    database: Database,
    tmp_path: Path,
    renderer: Renderer = render,
    *,
    cache_limit: int = 16 * MEBIBYTE,
) -> ImageStore:
    return ImageStore(
        database,
        tmp_path / "media",
        cache_limit=cache_limit,
        upload_limit=10 * MEBIBYTE,
        renderer=renderer,
    )


@pytest.fixture
async def store(
    database: Database, tmp_path: Path, counter: CountingRenderer
) -> AsyncIterator[ImageStore]:
    made = new_store(database, tmp_path, counter)
    yield made
    await made.close()


async def imported(
    database: Database, path: Path, member: str, *, sha256: bytes | None = None
) -> Image:
    kind: Kind = "zip" if path.suffix == ".zip" else "folder"

    def unit(connection: Connection) -> Image:
        data_set = data_sets.create(connection, "test", target=5, now=NOW)
        source = sources.create(connection, data_set.id, kind, str(path))
        new = NewImage(data_set.id, member, source.id, member, False, 1, sha256=sha256)  # noqa: FBT003 - a row
        image = images.by_id(connection, images.insert(connection, new, NOW))
        assert image is not None
        return image

    return await database.write(unit)


def originals(tmp_path: Path, **files: bytes) -> Path:
    folder = tmp_path / "originals"
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def cached_files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


async def test_a_file_is_rendered_under_a_neutral_name(
    database: Database, store: ImageStore, tmp_path: Path
) -> None:
    name = f"{SECRET}.png"
    folder = originals(tmp_path, **{name: encoded(drawn(100, 80))})
    rendition = await store.rendition(await imported(database, folder, name))
    assert rendition.filename == "picture.webp"
    assert (rendition.width, rendition.height) == (100, 80)
    with Pillow.open(BytesIO(rendition.data)) as shown:
        assert (shown.format, shown.size) == ("WEBP", (100, 80))
    assert SECRET not in str(cached_files(tmp_path))


async def test_a_member_of_a_zip_is_read_without_unpacking(
    database: Database, store: ImageStore, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "part-000001.zip", "w") as archive:
        archive.writestr("a.png", encoded(drawn(30, 20)))
    image = await imported(database, tmp_path / "part-000001.zip", "a.png")
    assert (await store.rendition(image)).width == 30
    assert all(path.name != "a.png" for path in cached_files(tmp_path))


async def test_a_rendition_is_made_once_and_survives_a_restart(
    database: Database, tmp_path: Path, counter: CountingRenderer
) -> None:
    image = await imported(database, originals(tmp_path, a=encoded(drawn())), "a")
    first = new_store(database, tmp_path, counter)
    made = await first.rendition(image)
    assert await first.rendition(image) == made
    await first.close()
    (tmp_path / "originals" / "a").unlink()
    second = new_store(database, tmp_path, counter)
    assert await second.rendition(image) == made
    assert counter.made == 1
    await second.close()


async def test_concurrent_requests_do_the_work_once(
    database: Database, store: ImageStore, tmp_path: Path, counter: CountingRenderer
) -> None:
    image = await imported(database, originals(tmp_path, a=encoded(drawn())), "a")
    counter.go.clear()
    requests = [asyncio.create_task(store.rendition(image)) for _ in range(20)]
    await asyncio.sleep(0)
    requests[0].cancel()  # whoever came first gives up, the others still get it
    counter.go.set()
    answers = await asyncio.gather(*requests, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert len({str(answer) for answer in answers[1:]}) == 1
    assert counter.made == 1


async def test_the_event_loop_goes_on_meanwhile(
    database: Database, store: ImageStore, tmp_path: Path
) -> None:
    folder = originals(tmp_path, a=encoded(noise(1500, 1500), compress_level=1))
    image = await imported(database, folder, "a")
    request = asyncio.create_task(store.rendition(image))
    began = before = time.perf_counter()
    turns, longest = 0, 0.0
    while not request.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        turns, longest, before = turns + 1, max(longest, now - before), now
    await request
    assert turns > 20
    assert longest < (before - began) / 2


async def test_the_cache_keeps_its_limit_and_forgets_the_longest_unused(
    database: Database, tmp_path: Path, counter: CountingRenderer
) -> None:
    names = [f"{number}" for number in range(6)]
    data = {name: encoded(noise(200, 200)) for name in names}
    folder = originals(tmp_path, **data)
    every = [await imported(database, folder, name) for name in names]
    one = 200 * 200 * 3
    store = new_store(database, tmp_path, counter, cache_limit=int(3.6 * one))
    for image in every[:3]:
        await store.rendition(image)
    await store.rendition(every[0])
    assert counter.made == 3
    await store.rendition(every[3])  # pushes out 1, the longest unused
    await store.rendition(every[0])
    assert counter.made == 4
    await store.rendition(every[1])
    assert counter.made == 5
    assert sum(path.stat().st_size for path in cached_files(tmp_path)) <= 3.6 * one
    await store.close()


async def test_the_order_of_use_and_the_limit_outlive_the_process(
    database: Database, tmp_path: Path, counter: CountingRenderer
) -> None:
    folder = originals(tmp_path, **{name: encoded(noise(200, 200)) for name in "abc"})
    every = [await imported(database, folder, name) for name in "abc"]
    store = new_store(database, tmp_path, counter)
    for image in every:
        earlier = set(cached_files(tmp_path))
        await store.rendition(image)
        (path,) = set(cached_files(tmp_path)) - earlier
        os.utime(path, (image.id, image.id))
    await store.rendition(every[0])
    await store.close()
    smaller = new_store(database, tmp_path, counter, cache_limit=250 * 1024)
    await smaller.rendition(every[0])
    await smaller.rendition(every[2])
    assert counter.made == 3
    assert len(cached_files(tmp_path)) == 2
    await smaller.close()


async def test_unfinished_and_foreign_files_do_no_harm(
    database: Database, store: ImageStore, tmp_path: Path
) -> None:
    leftover = tmp_path / "media" / "renditions" / "ab"
    leftover.mkdir(parents=True)
    (leftover / "tmp123.part").write_bytes(b"half a picture")
    (leftover / "README").write_bytes(b"not ours")
    image = await imported(database, originals(tmp_path, a=encoded(drawn())), "a")
    await store.rendition(image)
    assert [path.name for path in leftover.iterdir()] == ["README"]


async def test_a_cached_file_that_was_deleted_is_made_again(
    database: Database, store: ImageStore, tmp_path: Path, counter: CountingRenderer
) -> None:
    image = await imported(database, originals(tmp_path, a=encoded(drawn())), "a")
    made = await store.rendition(image)
    cached_files(tmp_path)[0].unlink()
    assert await store.rendition(image) == made, "what was handed out needs no file"
    assert len(cached_files(tmp_path)) == 1
    assert counter.made == 2


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.NOT_A_PICTURE),
        (encoded(drawn(200, 200))[:300], Fault.BROKEN),
        (png_claiming(50_000, 50_000), Fault.TOO_MANY_PIXELS),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
async def test_what_cannot_be_shown_is_an_error_each_time(
    database: Database, store: ImageStore, tmp_path: Path, data: bytes, fault: Fault
) -> None:
    image = await imported(database, originals(tmp_path, a=data), "a")
    for _ in range(2):
        with pytest.raises(ImageUnreadableError) as refusal:
            await store.rendition(image)
        assert refusal.value.fault == fault
    await store.prepare(image)
    assert cached_files(tmp_path) == []


async def test_a_file_that_changed_after_its_import_is_not_shown(
    database: Database, store: ImageStore, tmp_path: Path
) -> None:
    data = encoded(drawn())
    folder = originals(tmp_path, a=encoded(noise(30, 30)))
    image = await imported(database, folder, "a", sha256=hashlib.sha256(data).digest())
    with pytest.raises(ImageUnreadableError) as refusal:
        await store.rendition(image)
    assert refusal.value.fault == Fault.CHANGED
    (folder / "a").write_bytes(data)
    assert (await store.rendition(image)).width == 64


async def test_a_missing_disk_is_no_fault_of_the_image(
    database: Database, store: ImageStore, tmp_path: Path
) -> None:
    folder = originals(tmp_path, a=encoded(drawn()))
    image = await imported(database, folder, "a")
    folder.rename(tmp_path / "unmounted")
    with pytest.raises(SourceUnavailableError):
        await store.rendition(image)
    (tmp_path / "unmounted").rename(folder)
    assert (await store.rendition(image)).width == 64
    with pytest.raises(SourceUnavailableError):
        await store.rendition(replace(image, id=99, source_id=99))


async def test_an_empty_mount_point_is_no_fault_of_the_image(
    database: Database, store: ImageStore, tmp_path: Path
) -> None:
    folder = originals(tmp_path, a=encoded(drawn()), b=encoded(drawn()), c=encoded(drawn()))
    every = [await imported(database, folder, name) for name in "abc"]
    folder.rename(tmp_path / "mounted")
    folder.mkdir()
    with pytest.raises(SourceUnavailableError):
        await store.rendition(every[1])
    (tmp_path / "mounted" / "a").rename(folder / "a")
    with pytest.raises(ImageUnreadableError) as refusal:
        await store.rendition(every[1])
    assert refusal.value.fault == Fault.MISSING


async def test_a_media_folder_that_cannot_be_written_is_no_fault_of_the_image(
    database: Database, store: ImageStore, tmp_path: Path
) -> None:
    image = await imported(database, originals(tmp_path, a=encoded(drawn())), "a")
    (tmp_path / "media").write_bytes(b"a file where the folder should be")
    with pytest.raises(SourceUnavailableError):
        await store.rendition(image)


async def test_prepare_has_it_ready(
    database: Database, store: ImageStore, tmp_path: Path, counter: CountingRenderer
) -> None:
    image = await imported(database, originals(tmp_path, a=encoded(drawn())), "a")
    await store.prepare(image)
    await store.rendition(image)
    assert counter.made == 1
