"""The child process: what it leaves alone, how it ends, what it says."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.datasets.exports.catalogue import FileType
from bot.datasets.exports.formats.horde import HORDE
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import ExportService
from bot.datasets.exports.target import RELEASED
from bot.errors import ExportBusyError, ExportFailedError, UnknownDataSetError
from tests.datasets.exports.children import children, started_child
from tests.datasets.exports.votes_file import DIFFUSIONDB, KEY, VotesFile
from tests.rating.world import TurnedClock

LOCKS = Path("/proc/locks")


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    """300 images with three votes each."""
    file = VotesFile(tmp_path / "jury.db")
    file.connection.execute("BEGIN")
    file.data_set()
    raters = [file.rater() for _ in range(3)]
    for number in range(300):
        image = file.image(f"{number:08}")
        for rater in raters:
            file.vote(rater, image)
    file.connection.execute("COMMIT")
    yield file
    file.close()


def own_locks() -> set[str]:
    """Return this process's POSIX locks: kind, file and range."""
    lines = [line.split()[1:] for line in LOCKS.read_text().splitlines()]
    return {" ".join(line) for line in lines if line[0] == "POSIX" and line[3] == str(os.getpid())}


def folder_names(votes: VotesFile) -> list[str]:
    folder = votes.service().folder
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.skipif(not LOCKS.exists(), reason="the system does not show its file locks")
async def test_an_export_leaves_the_locks_of_its_parent_alone(votes: VotesFile) -> None:
    votes.connection.execute("BEGIN IMMEDIATE")
    votes.rater()
    before = own_locks()
    assert any(" WRITE " in lock for lock in before)
    seen = []

    await votes.service().export("horde", DIFFUSIONDB, progress=lambda *_: seen.append(own_locks()))

    assert seen == [before]
    assert own_locks() == before
    votes.connection.execute("COMMIT")


async def test_the_program_itself_never_loads_the_second_sqlite() -> None:
    code = "import sys, bot.services; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    loaded = {name.split(".")[0] for name in output.decode().split()}
    assert "bot" in loaded
    assert not {name for name in loaded if name.startswith("adbc")}


async def test_others_write_on_while_an_export_reads(votes: VotesFile) -> None:
    """Each transaction adds an image with two raters and votes: in the file, or not at all."""
    export = asyncio.create_task(votes.service().export("horde", DIFFUSIONDB))
    added = 0
    while not export.done():
        votes.connection.execute("BEGIN IMMEDIATE")
        image = votes.image(f"added {added}")
        votes.vote(votes.rater(), image)
        votes.vote(votes.rater(), image)
        votes.connection.execute("COMMIT")
        added += 1
        await asyncio.sleep(0)
    frame = pq.read_table((await export).path).to_pandas()
    late = frame[frame["id"].str.startswith("added")]
    assert 0 < late["id"].nunique() < added
    assert (late.groupby("id").size() == 2).all()
    assert (frame["ratings_count"] == frame.groupby("id")["id"].transform("size")).all()


@pytest.mark.parametrize("name", ["votes.parquet", "votes.csv", "votes.jsonl"])
async def test_an_earlier_export_is_replaced(votes: VotesFile, name: str) -> None:
    out = votes.path.parent / name
    await votes.service().export("horde", DIFFUSIONDB, out=out)
    votes.vote(votes.rater(), 1)
    assert (await votes.service().export("horde", DIFFUSIONDB, out=out)).rows == 901


@pytest.mark.parametrize("name", ["mine.parquet", "mine.csv", "mine.jsonl"])
@pytest.mark.parametrize("kind", ["parquet", "csv", "key", "json"])
async def test_what_is_no_export_is_never_overwritten(
    votes: VotesFile, name: str, kind: str
) -> None:
    out = votes.path.parent / name
    if kind == "parquet":
        pq.write_table(pa.table({"image_name": ["a"], "prompt": ["b"]}), out)
    else:
        texts = {"csv": b"id,rating\n1,2\n", "key": KEY.key, "json": b'{"id": 1}\n'}
        out.write_bytes(texts[kind])
    before = out.read_bytes()
    with pytest.raises(ExportFailedError) as caught:
        await votes.service().export("horde", DIFFUSIONDB, out=out)
    assert "not overwritten" in str(caught.value.values["reason"])
    assert out.read_bytes() == before


async def test_neither_database_nor_key_is_a_place_for_an_export(votes: VotesFile) -> None:
    key = votes.path.parent / "hash.key"
    key.write_bytes(KEY.key)
    for out in (key, votes.path):
        before = out.read_bytes()
        with pytest.raises(ExportFailedError):
            await votes.service().export("horde", DIFFUSIONDB, out=out)
        assert out.read_bytes() == before


async def test_progress_and_summary(votes: VotesFile) -> None:
    votes.vote(votes.rater(erased=True), 1)
    heard = []
    done = await votes.service().export(
        "horde", DIFFUSIONDB, progress=lambda rows, most: heard.append((rows, most))
    )
    assert heard == [(900, 901)]
    assert (done.rows, done.images, done.bytes) == (900, 300, done.path.stat().st_size)
    assert done.path == votes.path.parent / "exports" / "diffusiondb_export.parquet"


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
async def test_a_killed_export_leaves_no_half_file(votes: VotesFile, seconds: float) -> None:
    service, before = votes.service(), children()
    export = asyncio.create_task(service.export("horde", DIFFUSIONDB))
    child = await started_child(before)
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(export), seconds)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with suppress(ExportFailedError):
        await export
    for name in folder_names(votes):
        assert name in {"diffusiondb_export.parquet", ".diffusiondb_export.parquet.partial"}
    if "diffusiondb_export.parquet" in folder_names(votes):
        assert pq.read_table(service.folder / "diffusiondb_export.parquet").num_rows == 900

    assert (await service.export("horde", DIFFUSIONDB)).rows == 900
    assert folder_names(votes) == ["diffusiondb_export.parquet"]


async def test_a_cancelled_export_stops_its_process(votes: VotesFile) -> None:
    service, before = votes.service(), children()
    export = asyncio.create_task(service.export("horde", DIFFUSIONDB))
    child = await started_child(before)
    export.cancel()
    with pytest.raises(asyncio.CancelledError):
        await export
    assert child not in children()
    assert folder_names(votes) == []
    assert (await service.export("horde", DIFFUSIONDB)).rows == 900


async def test_one_export_at_a_time(votes: VotesFile) -> None:
    service = votes.service()
    export = asyncio.create_task(service.export("horde", DIFFUSIONDB))
    await asyncio.sleep(0)
    with pytest.raises(ExportBusyError):
        await service.export("horde", DIFFUSIONDB, "csv")
    assert (await export).rows == 900


async def test_an_unknown_data_set(votes: VotesFile) -> None:
    with pytest.raises(UnknownDataSetError):
        await votes.service().export("horde", Selection(("nothing'; --",)))
    assert folder_names(votes) == []


async def test_no_database(tmp_path: Path) -> None:
    service = ExportService(tmp_path / "jury.db", TurnedClock(), KEY)
    with pytest.raises(ExportFailedError) as failure:
        await service.export("horde", DIFFUSIONDB)
    assert "no such database" in str(failure.value.values["reason"])
    assert not (tmp_path / "jury.db").exists()


async def test_a_foreign_database(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(ExportFailedError) as failure:
        await ExportService(path, TurnedClock(), KEY).export("horde", DIFFUSIONDB)
    assert str(path) in str(failure.value.values["reason"])


async def test_the_database_is_not_overwritten(votes: VotesFile) -> None:
    with pytest.raises(ExportFailedError):
        await votes.service().export("horde", DIFFUSIONDB, out=votes.path)
    assert votes.path.read_bytes().startswith(b"SQLite format 3")


async def test_nothing_is_exported_into_a_release(votes: VotesFile, tmp_path: Path) -> None:
    (tmp_path / "release/horde").mkdir(parents=True)
    (tmp_path / "release" / RELEASED).write_text("{}")
    for place in ("release/more.parquet", "release/horde/more.parquet", "release/more"):
        with pytest.raises(ExportFailedError) as caught:
            await votes.service().export("horde", DIFFUSIONDB, out=tmp_path / place)
        assert "release is a release, to which nothing is added" in str(caught.value.values)
    assert not list((tmp_path / "release").rglob("more*"))


async def test_a_place_that_cannot_be_written(votes: VotesFile, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportFailedError) as failure:
        await votes.service().export("horde", DIFFUSIONDB, out=tmp_path / "file" / "export.parquet")
    assert f"{tmp_path / 'file'}: " in str(failure.value.values["reason"])


@pytest.mark.parametrize(
    ("name", "file"),
    [("horde", f"{'a' * 300}.parquet"), ("horde", "a" * 300), ("prepared", "a" * 300)],
)
async def test_a_name_that_is_too_long(
    votes: VotesFile, tmp_path: Path, name: str, file: str
) -> None:
    with pytest.raises(ExportFailedError) as failure:
        await votes.service().export(name, DIFFUSIONDB, out=tmp_path / file)
    assert failure.value.values["reason"] == f"{tmp_path / file}: File name too long"
    await votes.service().export(name, DIFFUSIONDB)


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """Let no file of this process and its children grow beyond `size` bytes: a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("export_format", ["parquet", "csv", "jsonl"])
async def test_a_full_disk_leaves_the_old_file(votes: VotesFile, export_format: FileType) -> None:
    old = votes.service().folder / f"diffusiondb_export.{export_format}"
    old.parent.mkdir()
    before = ",".join(HORDE.names).encode()
    old.write_bytes(before)
    with no_room_beyond(2048), pytest.raises(ExportFailedError) as failure:
        await votes.service().export("horde", DIFFUSIONDB, export_format)
    assert "File too large" in str(failure.value.values["reason"])
    assert old.read_bytes() == before
    assert folder_names(votes) == [old.name]
