"""What is kept about gold and repeats: erased like the rest, and no way to recognise gold."""

from __future__ import annotations

import json
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from bot.errors import RateLimitedError
from bot.privacy.personal_data import DOWNLOADS_PER_MINUTE
from bot.rating.sessions import Showing
from bot.trust import asking
from storage import audit, captchas, check_presses, holds, paired_votes, risks
from storage.captchas import CaptchaRecord
from storage.check_presses import CheckPress
from storage.paired_votes import Pair
from tests.rating.world import NOON
from tests.trust.home import Home, caller, open_home

Tables = dict[str, list[dict[str, Any]]]


async def shown(home: Home, rater: int, data_set: str) -> Showing:
    """Have a rater judge one image of a data set in a private session."""
    await home.raters(rater)
    showing = await home.services.sessions.start(caller(rater), data_set)
    await home.world.vote(rater, showing.post_id, aesthetic=2, artifacts=5)
    return showing


async def download(home: Home, rater: int) -> Tables:
    """Return the tables of a download."""
    found = await home.services.personal_data.download(caller(rater), 10**8)
    assert found is not None
    document = json.loads(found.content)
    return {table: rows for table, rows in document.items() if isinstance(rows, list)}


def plain(tables: Tables) -> Tables:
    """Take out what differs between any two people."""
    own = {"discord_id", "number", "image", "data_set", "post_id", "interaction_id"}
    return {
        table: [{k: v for k, v in row.items() if k not in own} for row in rows]
        for table, rows in tables.items()
    }


async def told(home: Home, rater: int) -> tuple[Any, ...]:
    """Return all that somebody reads about themselves but what differs between any two people."""
    overview = await home.services.personal_data.overview(caller(rater))
    past = await home.services.personal_data.past(caller(rater))
    scores = [(v.aesthetic, v.artifacts, v.given, v.void, v.open, v.kudos) for v in past.votes]
    held_back = overview.held_back_until
    return overview.rows, held_back, past.activity, scores, plain(await download(home, rater))


VOTES = 60
HOUR = 3600
WEEK = 7 * 24 * HOUR


async def test_nobody_sees_by_their_data_what_was_gold(tmp_path: Path) -> None:
    """Two people press the same at the same times, and a half of what one of them sees is gold."""
    changes = {"gold_percent": 50, "gold_percent_risk": 50, "repeat_percent": 0, "lessons": 0}
    async with open_home(tmp_path, **changes) as home:
        await home.world.data_set(100, name="golden")
        await home.world.mark_gold(*range(1, 46))
        await home.world.data_set(100, name="plain")
        await home.raters(1, 2)
        showings = {
            rater: await home.services.sessions.start(caller(rater), name)
            for rater, name in ((1, "golden"), (2, "plain"))
        }
        for number in range(1, VOTES + 1):
            # Their gold is wrong, and one button is pressed nearly always: findings stand.
            aesthetic, artifacts = (3, 4) if number % 10 == 0 else (2, 5)
            for rater, showing in showings.items():
                await home.world.vote(rater, showing.post_id, aesthetic, artifacts)
            await home.services.rules.settle()
            if number % 12 == 0:
                home.world.clock.turn(HOUR)
                await home.services.scores.refresh()
            assert await told(home, 1) == await told(home, 2), f"after {number} votes"
            home.world.clock.turn(60)
            for rater, showing in showings.items():
                showings[rater] = await home.services.sessions.advance(
                    caller(rater), showing.post_id
                )
        gold = await home.world.value("SELECT count(*) FROM votes WHERE gold = 1")
        assert 20 <= gold <= 40

        # Both find out what was measured of them, a week after they rated last.
        home.world.clock.turn(WEEK - 2 * HOUR)
        before = [await download(home, rater) for rater in (1, 2)]
        assert not any(tables["findings"] + tables["rater_scores"] for tables in before)
        home.world.clock.turn(2 * HOUR)
        ours, theirs = [await download(home, rater) for rater in (1, 2)]
        assert {row["rule"] for row in ours["findings"]} - {
            row["rule"] for row in theirs["findings"]
        } == {"gold_failures"}
        assert len(ours["gold_answers"]) == gold
        assert ours["rater_scores"][0]["votes"] == VOTES - gold
        assert ours["rule_records"]
        assert (await home.services.personal_data.overview(caller(1))).held_back_until is None


async def test_what_follows_from_gold_is_held_back_too(tmp_path: Path) -> None:
    """Holds, cases and entries of the log by the program; those by people are told at once."""
    async with open_home(tmp_path) as home:
        await shown_ordinary(home)
        await home.raters(2)
        number = await home.world.number(1)
        pair = Pair(number, await home.world.number(2), 3.5, 20)
        await home.services.rules.settle()

        def unit(connection: Connection) -> None:
            paired_votes.replace_all(connection, [pair], NOON)
            holds.place(connection, number, "same_button", NOON)
            details = {"reason": "same_button"}
            for actor in ("program", "moderator"):
                audit.record(
                    connection,
                    at=NOON,
                    actor=actor,
                    rater=None,
                    action="hold.placed" if actor == "program" else "hold.lifted",
                    subject=f"rater:{number}",
                    details=details,
                )
            asking.ask_to_look(
                connection, number, votes=100, figures={}, reason="same_button", now=NOON
            )
            risks.set_gold_percent(connection, number, 20, NOON)

        await home.world.database.write(unit)
        await home.services.holds.place(1, "checks")
        now = await download(home, 1)
        home.world.clock.turn(WEEK)
        later = await download(home, 1)
        assert [row["reason"] for row in now["holds"]] == ["checks"]
        assert [row["reason"] for row in later["holds"]] == ["checks", "same_button"]
        for table in ("risks", "review_queue", "rule_records", "rater_pairs"):
            assert (len(now[table]), len(later[table])) == (0, 1), table
        program = [
            [row["action"] for row in tables["audit_log"] if row["actor"] == "program"]
            for tables in (now, later)
        ]
        assert program == [[], ["hold.placed", "rater.suspect"]]
        assert {"hold.lifted", "hold.placed"} <= {row["action"] for row in now["audit_log"]}


async def test_when_the_next_captcha_comes_is_told_nobody(tmp_path: Path) -> None:
    async with open_home(tmp_path) as home:
        await shown_ordinary(home)
        number = await home.world.number(1)
        kept = CaptchaRecord(passed=1, votes_left=37)

        def unit(connection: Connection) -> None:
            captchas.save(connection, number, kept)
            risks.set_gold_percent(connection, number, 20, NOON)
            connection.execute("UPDATE risks SET captcha_because = 'pace'")

        await home.world.database.write(unit)
        home.world.clock.turn(WEEK)
        tables = await download(home, 1)
        (record,) = tables["captcha_records"]
        assert record["passed"] == 1
        assert 37 not in record.values()
        (risk,) = tables["risks"]
        assert risk["gold_percent"] == 20
        assert "pace" not in risk.values()


async def test_what_moderators_do_to_votes_is_no_rating(tmp_path: Path) -> None:
    async with open_home(tmp_path) as home:
        await shown_ordinary(home)
        for days, held_back in ((6, True), (1, False)):
            home.world.clock.turn(days * 24 * HOUR)
            await home.services.voiding.revert(home.moderator, 1, "30d")
            await home.services.voiding.restore(home.moderator, 1)
            overview = await home.services.personal_data.overview(caller(1))
            assert (overview.held_back_until is not None) == held_back


async def test_a_vote_of_a_clock_that_was_ahead_holds_nothing_back(tmp_path: Path) -> None:
    async with open_home(tmp_path) as home:
        await shown_ordinary(home)
        ahead = 365 * 24 * HOUR
        home.world.clock.turn(ahead)
        await home.world.vote(1, await home.post())
        home.world.clock.turn(HOUR - ahead)
        for wait, held_back in ((0, True), (WEEK - HOUR, False)):
            home.world.clock.turn(wait)
            overview = await home.services.personal_data.overview(caller(1))
            assert (overview.held_back_until is not None) == held_back


async def test_downloads_are_limited(tmp_path: Path) -> None:
    async with open_home(tmp_path) as home:
        await home.raters(1)
        for _ in range(DOWNLOADS_PER_MINUTE):
            await download(home, 1)
        with pytest.raises(RateLimitedError):
            await download(home, 1)
        actions = [action for action in await home.actions() if action == "privacy.download"]
        assert len(actions) == DOWNLOADS_PER_MINUTE
        home.world.clock.turn(60)
        await download(home, 1)


async def shown_ordinary(home: Home) -> None:
    """Have a rater judge an ordinary image."""
    await home.world.data_set(2, name="plain")
    await shown(home, 1, "plain")


@pytest.mark.parametrize(
    "table", ["gold_answers", "repeat_answers", "onboardings", "check_presses"]
)
async def test_an_erasure_takes_all_answers(tmp_path: Path, table: str) -> None:
    async with open_home(tmp_path, gold_percent=100) as home:
        await home.world.data_set(3, name="golden")
        await home.world.mark_gold(1, 2)
        showing = await shown(home, 1, "golden")
        number = await home.world.number(1)

        def more(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO repeat_answers (rater, image_id, post_id, shown_at, changed_at)"
                " VALUES (?, ?, ?, 0, 0)",
                (number, showing.image.id, showing.post_id),
            )
            connection.execute(
                "INSERT INTO onboardings (rater, lessons, begun_at) VALUES (?, 5, 0)", (number,)
            )
            outcome = CheckPress(
                number, showing.post_id, {}, "given", changed=False, completed=True
            )
            check_presses.append(connection, 1, outcome, NOON)

        await home.world.database.write(more)
        rows = f"SELECT count(*) FROM {table}"  # noqa: S608 - the names above
        assert await home.world.value(rows) == 1
        image = await home.world.image(showing.post_id)
        erased = await home.services.erasure.erase(caller(1))
        assert erased.votes == 1
        assert await home.world.value(rows) == 0
        assert await home.world.value("SELECT count(*) FROM votes") == 0
        assert await home.world.image(showing.post_id) == image
        assert image.imported_at == NOON
