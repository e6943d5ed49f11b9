from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from sqlite3 import Connection

import pytest

from bot.datasets.exports.selection import Selection
from bot.errors import BannedError, ConsentNeededError, RateLimitedError
from bot.privacy import erasure
from bot.services import Services, build_services, open_services
from bot.texts.languages import Languages
from storage import erasures, raters
from storage.backup import backup
from storage.database import Database
from storage.erasure_file import Erasure, ErasureFile
from storage.errors import StorageError
from tests.privacy.test_personal_data import busy_rater
from tests.rating.world import NOON
from tests.trust.home import Home, caller, open_home


async def count(home: Home, query: str, *values: int) -> int:
    return await home.world.value(query, *values)


async def test_an_erasure_leaves_nothing_that_leads_to_the_person(home: Home) -> None:
    post = await busy_rater(home, 987_654_321)
    number = await home.world.number(987_654_321)
    erased = await home.services.erasure.erase(caller(987_654_321))
    assert (erased.number, erased.votes) == (number, 1)

    for table in ("votes", "skips", "reservations", "rate_limits"):
        query = f"SELECT count(*) FROM {table} WHERE rater = ?"  # noqa: S608 - the names above
        assert await count(home, query, number) == 0
    assert (await home.world.image(post)).complete_votes == 0

    def everything(connection: Connection) -> str:
        return "\n".join(connection.iterdump())

    dump = await home.world.database.read(everything)
    for trace in ("987654321", "my own words", "for a test"):
        assert trace not in dump


async def test_what_must_stay_stays_under_the_bare_number(home: Home) -> None:
    await busy_rater(home, 1)
    number = await home.world.number(1)
    kept = await count(home, "SELECT count(*) FROM vote_history WHERE rater = ?", number)
    await home.services.erasure.erase(caller(1))
    actions = await home.actions()
    assert {"rater.ban", "rater.unban", "privacy.erase"} <= set(actions)
    history = "SELECT count(*) FROM vote_history WHERE rater = ?"
    assert await count(home, history, number) == kept + 1
    (row,) = await home.world.database.read(erasures.every)
    assert not row.banned
    assert row.discord_hash == home.services.enrolment.digest(1)
    assert len(row.discord_hash) == 64


async def test_a_full_image_is_open_again_without_the_vote(home: Home) -> None:
    post = await home.post(target=2)
    await home.raters(1, 2)
    await home.world.vote(1, post)
    await home.world.vote(2, post)
    assert (await home.world.image(post)).stage == "full"
    await home.services.erasure.erase(caller(1))
    image = await home.world.image(post)
    assert (image.stage, image.complete_votes) == ("begun", 1)


async def test_who_comes_back_is_somebody_new_and_agrees_anew(home: Home) -> None:
    post = await busy_rater(home, 1)
    before = await home.world.number(1)
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(60)
    with pytest.raises(ConsentNeededError):
        await home.world.vote(1, post)
    await home.raters(1)
    assert await home.world.number(1) != before
    await home.world.vote(1, post)
    assert (await home.world.image(post)).complete_votes == 1


@pytest.mark.parametrize("how", ["agree", "language", "report"])
async def test_a_banned_rater_stays_banned_over_an_erasure(home: Home, how: str) -> None:
    post = await busy_rater(home, 1)
    await home.services.bans.ban(home.moderator, 1, "spam")
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(60)
    if how == "report":
        with pytest.raises(BannedError):
            await home.services.reports.report(caller(1), 8001, post, "no")
    elif how == "language":
        services = home.services
        languages = Languages(
            home.world.database, home.world.clock, services.access, services.enrolment
        )
        await languages.set_for_rater(1, "de")
    await home.raters(1)
    with pytest.raises(BannedError):
        await home.world.vote(1, post)

    await home.services.bans.unban(home.moderator, 1)
    await home.world.vote(1, post)


async def test_a_ban_of_an_erased_person_is_decided_without_linking_them(home: Home) -> None:
    await busy_rater(home, 1)
    await home.services.bans.ban(home.moderator, 1, "spam")
    await home.services.erasure.erase(caller(1))
    assert (await home.services.bans.unban(home.moderator, 1)).changed
    assert not (await home.services.bans.unban(home.moderator, 1)).changed
    assert await count(home, "SELECT count(*) FROM raters WHERE discord_id = 1") == 0
    await home.raters(1)
    found = await home.world.database.read(lambda c: raters.find(c, 1))
    assert found is not None
    assert found.status == "normal"


async def test_an_erased_person_who_is_erased_again_keeps_one_row(home: Home) -> None:
    await home.raters(1)
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(60)
    await home.raters(1)
    await home.services.erasure.erase_by_id(1)
    (row,) = await home.world.database.read(erasures.every)
    assert row.erased_at == home.world.clock.now()
    by_person, by_letter = (e.actor for e in (await home.log())[::-1] if "erase" in e.action)
    assert (by_person, by_letter) == ("rater", "operator")


async def test_many_votes_leave_in_batches_and_a_stop_between_is_made_good(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "BATCH", 2)
    posts = [await home.post() for _ in range(5)]
    await home.raters(1)
    for post in posts:
        await home.world.vote(1, post)
    number = await home.world.number(1)
    now = home.world.clock.now()
    await home.world.database.write(lambda c: erasures.cut_link(c, number, now))
    assert await count(home, "SELECT count(*) FROM votes") == 5

    await home.services.erasure.replay()
    assert await count(home, "SELECT count(*) FROM votes") == 0
    assert {(await home.world.image(post)).complete_votes for post in posts} == {0}


@asynccontextmanager
async def restored(home: Home, copy: Path) -> AsyncIterator[Services]:
    """Put a backup in the place of the database, as an operator would, and start on it."""
    await home.world.database.close()
    path = home.world.database.path
    for leftover in ("-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    shutil.copyfile(copy, path)
    database = await Database.open(path)
    services = build_services(home.world.settings, database, home.world.clock, Random(1))
    try:
        yield services
    finally:
        await services.images.close()
        await database.close()


async def test_a_restored_backup_brings_nobody_back(home: Home, tmp_path: Path) -> None:
    post = await busy_rater(home, 1)
    await home.raters(2)
    await home.world.vote(2, post)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    home.world.clock.turn(3600)
    await home.services.bans.ban(home.moderator, 1, "spam")
    await home.services.erasure.erase(caller(1))

    async with restored(home, tmp_path / "copy.db") as services:
        read = services.database.read
        assert await read(lambda c: raters.find(c, 1)) is not None
        assert await services.erasure.replay() == 1
        assert await read(lambda c: raters.find(c, 1)) is None
        assert await read(lambda c: raters.find(c, 2)) is not None
        votes = "SELECT count(*) FROM votes"
        assert (await read(lambda c: c.execute(votes).fetchone())) == (1,)
        (row,) = await read(erasures.every)
        assert row.banned
        assert await services.erasure.replay() == 0


async def test_who_came_back_before_the_backup_is_left_alone(home: Home, tmp_path: Path) -> None:
    await home.raters(1)
    home.world.clock.turn(10)
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(10)
    await home.raters(1)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    async with restored(home, tmp_path / "copy.db") as services:
        assert await services.erasure.replay() == 0
        assert await services.database.read(lambda c: raters.find(c, 1)) is not None


async def test_an_erasure_that_was_not_listed_is_listed_at_the_next_start(home: Home) -> None:
    await home.raters(1)
    file = ErasureFile(home.world.database.path)
    file.path.mkdir()
    await home.services.erasure.erase(caller(1))
    file.path.rmdir()
    assert file.read() == {}
    await home.services.erasure.replay()
    assert list(file.read()) == [home.services.enrolment.digest(1)]


async def test_the_file_names_nobody_and_a_torn_line_spoils_no_other(home: Home) -> None:
    await home.raters(111_222_333, 2)
    await home.services.erasure.erase(caller(111_222_333))
    file = ErasureFile(home.world.database.path)
    assert file.path.name == "jury.db.erasures"
    with file.path.open("a") as torn:
        torn.write('{"hash": "12')
    await home.services.erasure.erase(caller(2))
    digest = home.services.enrolment.digest
    assert list(file.read()) == [digest(111_222_333), digest(2)]
    assert "111222333" not in file.path.read_text()
    assert file.path.stat().st_mode & 0o077 == 0


async def test_an_erasure_gives_no_new_allowance_of_presses(tmp_path: Path) -> None:
    async with open_home(tmp_path, rate_limit_per_minute=2) as home:
        post = await home.post()
        await home.raters(1)
        for value in (1, 2):
            await home.world.press(1, post, "aesthetic", value)
        await home.services.erasure.erase(caller(1))
        await home.raters(1)
        with pytest.raises(RateLimitedError):
            await home.world.press(1, post, "aesthetic", 3)
        home.world.clock.turn(30)
        await home.world.press(1, post, "aesthetic", 1)
        await home.services.erasure.erase(caller(1))
        home.world.clock.turn(60)
        await home.raters(1)
        assert await home.world.value("SELECT count(*) FROM rate_limits") == 0


async def test_whatever_opens_the_database_erases_again(home: Home, tmp_path: Path) -> None:
    await busy_rater(home, 1)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    await home.services.erasure.erase(caller(1))
    settings = home.world.settings.model_copy(
        update={"database_url": f"sqlite:///{home.world.database.path}"}
    )
    async with restored(home, tmp_path / "copy.db") as beside:
        assert await beside.database.read(lambda c: raters.find(c, 1)) is not None
        # As two commands at the same moment, beside a bot.
        async with (
            open_services(settings, create=False, clock=home.world.clock) as one,
            open_services(settings, create=False, clock=home.world.clock) as other,
        ):
            for services in (one, other, beside):
                assert await services.database.read(lambda c: raters.find(c, 1)) is None
            exported = await one.exports.export("horde", Selection(("set",)), "jsonl", out=tmp_path)
    assert exported.path.read_text() == ""


async def test_two_processes_may_erase_again_at_once(home: Home, tmp_path: Path) -> None:
    people = range(1, 31)
    await home.raters(*people)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    for person in people:
        await home.services.erasure.erase(caller(person))
    async with restored(home, tmp_path / "copy.db") as first:
        database = await Database.open(first.database.path)
        second = build_services(home.world.settings, database, home.world.clock, Random(1))
        again = await asyncio.gather(first.erasure.replay(), second.erasure.replay())
        assert sum(again) == len(people)
        await second.images.close()
        await database.close()


@pytest.mark.parametrize("banned", [True, False])
async def test_a_ban_decided_after_the_erasure_outlives_a_backup(
    home: Home,
    tmp_path: Path,
    banned: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    await home.raters(1)
    if not banned:
        await home.services.bans.ban(home.moderator, 1, "spam")
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "before.db")
    home.world.clock.turn(1)
    await home.services.erasure.erase(caller(1))
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "after.db")
    if banned:
        await home.services.bans.ban(home.moderator, 1, "spam")
    else:
        await home.services.bans.unban(home.moderator, 1)

    for copy in ("after.db", "before.db"):
        async with restored(home, tmp_path / copy) as services:
            await services.erasure.replay()
            (row,) = await services.database.read(erasures.every)
            assert row.banned == banned


async def test_a_ban_that_cannot_be_listed_is_refused(home: Home) -> None:
    await home.raters(1)
    await home.services.erasure.erase(caller(1))
    file = ErasureFile(home.world.database.path)
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(StorageError, match="list of erasures"):
        await home.services.bans.ban(home.moderator, 1, "spam")
    (row,) = await home.world.database.read(erasures.every)
    assert not row.banned


@pytest.mark.parametrize("content", [b'\xff\xfe{"hash"', None])
async def test_a_list_that_cannot_be_read_is_named(home: Home, content: bytes | None) -> None:
    file = ErasureFile(home.world.database.path)
    if content is None:
        file.path.mkdir()
    else:
        file.path.write_bytes(content)
    with pytest.raises(StorageError, match=r"jury\.db\.erasures cannot be read"):
        await home.services.erasure.replay()


def test_a_line_is_written_whole_however_little_the_disk_takes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[:5]))
    file = ErasureFile(tmp_path / "jury.db")
    file.append(Erasure("ab" * 32, NOON, banned=True))
    assert file.read() == {"ab" * 32: Erasure("ab" * 32, NOON, banned=True)}
