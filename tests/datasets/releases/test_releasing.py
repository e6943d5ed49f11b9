"""A release has every format of one moment, whole or not at all, and is never changed."""

from __future__ import annotations

import asyncio
import json
import stat
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from bot.children.asking import ask
from bot.datasets.exports.catalogue import FORMATS
from bot.datasets.exports.source import RefusedError
from bot.datasets.exports.target import lock
from bot.datasets.releases.contents import CONTENTS
from bot.datasets.releases.formats import file_names
from bot.datasets.releases.making import others
from bot.datasets.releases.refusals import (
    ReleaseBusyError,
    ReleaseExistsError,
    ReleaseFailedError,
    ReleaseInsideError,
)
from bot.datasets.releases.request import ReleaseRequest
from bot.datasets.releases.sums import SUMS
from storage import published_releases
from tests.datasets.exports.children import children, started_child
from tests.datasets.exports.votes_file import KEY
from tests.datasets.releases.releasing import SMALL, Desk, files, opened, problems, scored, verified
from tests.trust.scored import change, make, rows

TOLD_EACH_TIME = {SUMS, CONTENTS, "README.md", "croissant.json", "CHANGES"}
"""Files that say the number or the date of the release."""


def left(folder: Path) -> list[str]:
    """Return what lies beside the database and is not of SQLite."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("jury.db"))


async def test_a_release_has_every_format_and_says_what_it_is_of(desk: Desk) -> None:
    released = await desk.release("first")
    votes = pd.read_parquet(released.path / "votes.parquet")
    assert (released.number, released.votes, released.removed) == (1, len(votes), 0)
    assert released.raters == votes["user_id"].nunique()
    assert released.images == len(votes.groupby(["data_set", "id"]))
    there = files(released.path)
    for name, offer in FORMATS.items():
        ending = "" if offer.is_folder else f".{offer.file_types[0]}"
        wanted = [f"{name}/set_{n}{ending}" for n in (0, 1)] if offer.by_key else [name + ending]
        for place in wanted:
            assert place in there or any(file.startswith(f"{place}/") for file in there), place
    assert not any(Path(name).name.startswith(".") for name in there)
    contents = json.loads(there[CONTENTS])
    assert contents["counts"]["votes"] == len(votes)
    assert {table["path"] for table in contents["tables"]} == {
        name for name in there if name.endswith(".parquet")
    }
    for table in contents["tables"]:
        assert len(pd.read_parquet(released.path / table["path"])) == table["rows"]
    assert left(desk.folder) == ["first"]


async def test_votes_on_flaws_alone_are_released(tmp_path: Path) -> None:
    """Some files then have a header and no row."""
    path = scored(tmp_path)
    change(path, "UPDATE votes SET aesthetic = NULL, aesthetic_at = NULL, completed_at = NULL")
    async with opened(path) as desk:
        released = await desk.release("first")
    assert problems(released.path) == []
    votes = pd.read_parquet(released.path / "votes.parquet")
    assert votes["artifacts"].notna().all()
    contents = json.loads((released.path / CONTENTS).read_bytes())
    tables = {each["path"]: each["holds"] for each in contents["others"]}
    assert [table["rows"] for table in tables["ava/images.csv"]] == [0]
    assert len(released.path.joinpath("ava/images.csv").read_text().splitlines()) == 1


def test_a_file_that_cannot_be_read_back_refuses_the_release(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_bytes(b"")
    with pytest.raises(RefusedError, match=r"^names.csv cannot be read back: has no header$"):
        others(tmp_path)


async def test_what_is_released_is_as_it_was_and_may_not_be_written(desk: Desk) -> None:
    released = await desk.release("first")
    assert verified(released.path).problems == ()
    for path in released.path.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o444


async def test_the_systems_program_takes_the_sums(desk: Desk) -> None:
    released = await desk.release("first")
    checking = await asyncio.create_subprocess_exec(
        "sha256sum", "--check", "--strict", "--quiet", SUMS,
        cwd=released.path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await checking.communicate()
    assert (checking.returncode, said) == (0, b"")


async def test_two_releases_without_new_votes_have_identical_tables(desk: Desk) -> None:
    first, second = [files((await desk.release(name)).path) for name in ("first", "second")]
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} <= TOLD_EACH_TIME


async def test_what_is_there_is_never_touched(desk: Desk) -> None:
    released = await desk.release("first")
    before = files(released.path)
    (desk.folder / "file").write_text("mine")
    (desk.folder / "empty").mkdir()
    (desk.folder / "link").symlink_to("nowhere")
    for name in ("first", "file", "empty", "link"):
        with pytest.raises(ReleaseExistsError):
            await desk.release(name)
    assert files(released.path) == before
    assert left(desk.folder) == ["empty", "file", "first", "link"]
    assert (await desk.release("second")).number == 2


@pytest.mark.parametrize("place", ["first/second", "first/pairs/second", "link/second"])
async def test_nothing_is_added_to_a_release(desk: Desk, place: str) -> None:
    released = await desk.release("first")
    before = files(released.path)
    (desk.folder / "link").symlink_to(released.path, target_is_directory=True)
    with pytest.raises(ReleaseInsideError, match="release_inside") as caught:
        await desk.release(place)
    assert caught.value.values == {"path": str(released.path)}
    assert files(released.path) == before
    assert problems(released.path) == []


async def test_without_votes_there_is_nothing_to_release(tmp_path: Path) -> None:
    path = scored(tmp_path)
    change(path, "UPDATE votes SET gold = 1")
    async with opened(path) as desk:
        with pytest.raises(ReleaseFailedError) as caught:
            await desk.release("first")
        assert caught.value.values == {"reason": "there is no vote to release"}
        assert await desk.database.read(published_releases.unfinished) is None
    assert left(tmp_path) == []


async def test_one_release_at_a_time(desk: Desk) -> None:
    with lock(desk.folder / ".jury.db.release"), pytest.raises(ReleaseBusyError):
        await desk.release("first")
    assert (await desk.release("first")).number == 1


async def test_a_release_that_is_stopped_leaves_nothing(desk: Desk) -> None:
    before = children()
    making = asyncio.create_task(desk.release("first"))
    await started_child(before)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert left(desk.folder) == []
    assert await desk.database.read(published_releases.unfinished) is None
    assert (await desk.release("first")).number == 1


async def test_votes_that_are_given_meanwhile_are_in_all_formats_or_in_none(
    desk: Desk, tmp_path: Path
) -> None:
    """Each write adds a vote of the last rater on an image that they have not judged."""
    free = (
        "SELECT i.id FROM images i WHERE NOT EXISTS"
        " (SELECT 1 FROM votes v WHERE v.image_id = i.id AND v.rater = 12)"
    )
    images = [image for (image,) in rows(tmp_path / "jury.db", free)]
    sql = (
        "INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at, artifacts_at,"
        " post_id, surface, locale, client_agent_id, shown_at, created_at, changed_at,"
        " completed_at, row_id) VALUES (12, ?, 7, 1, 1, 1, ?, 'public', 'en', 1, 1, 1, 1, 1,"
        " randomblob(16))"
    )
    making = asyncio.create_task(desk.release("first"))
    for image in images:
        if making.done():
            break
        await desk.database.write(lambda c, image=image: c.execute(sql, (image, image)).rowcount)  # type: ignore[misc]  # a default binds the image of the moment
        await asyncio.sleep(0.02)
    released = await making
    votes = pd.read_parquet(released.path / "votes.parquet")
    horde = pd.concat(map(pd.read_parquet, (released.path / "horde").iterdir()))
    scores = pd.read_parquet(released.path / "scores.parquet")
    assert len(votes) == len(horde) == released.votes
    assert scores[scores["scale"] == "aesthetic"]["votes"].sum() == len(votes)


def test_data_sets_have_files_of_their_own_whatever_they_are_called() -> None:
    names = ("a_b_3", "a/b", "a_b", "A_b", "..", "é*?[]", "x" * 300, "x" * 299 + "y", "")
    found = file_names(names)
    assert tuple(found) == names
    assert len({name.casefold() for name in found.values()}) == len(names)
    for name in found.values():
        assert name == Path(name).name
        assert not name.startswith(".")
        assert not set(name) & set("*?[]{}\\:\n")
        assert len(name) < 70


async def test_without_scores_it_is_said_who_makes_them(tmp_path: Path) -> None:
    async with opened(make(tmp_path / "jury.db", SMALL)) as desk:
        with pytest.raises(ReleaseFailedError) as caught:
            await desk.release("first")
        assert "jury scores" in str(caught.value.values["reason"])
    assert left(tmp_path) == []


async def test_a_folder_that_was_in_place_when_its_process_was_killed_is_finished(
    desk: Desk,
) -> None:
    """The child did its work, and nobody heard of it."""
    out = desk.folder / "first"
    number = await desk.database.write(
        lambda c: published_releases.begin(c, "0" * 32, str(out), desk.clock.now())
    )
    request = ReleaseRequest(
        str(desk.folder / "jury.db"), str(out), number, "0" * 32, "CC0-1.0", KEY.key.hex(),
        0, exact_signals=False, before=None,
    )  # fmt: skip
    await ask("bot.datasets.releases.child", asdict(request))
    before = files(out)
    assert (await desk.release("first")).number == 1
    assert files(out) == before
    with pytest.raises(ReleaseExistsError):
        await desk.release("first")
    assert (await desk.release("second")).number == 2
