"""Whom the estimator, or an erasure, holds comes before a person: once, from 100 votes on."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Any

import pytest

from bot.trust.review import Case, Idle
from bot.trust.scoring.held_raters import HeldRaters
from bot.trust.suspects import BAN, HONEST, WATCH, SuspectCase
from storage import alerts, holds, review_queue
from storage.review_queue import SUSPECT
from tests.trust.home import Home, caller
from tests.trust.scored import Shape, fill, rows

SCORES = """
    INSERT INTO rater_scores VALUES (?, ?, ?, 0, 1, ?, 1, -0.3, 0, 0.2, 1, 0, ?, 1)
    ON CONFLICT DO UPDATE SET votes = excluded.votes, held = excluded.held
"""


async def scored(
    home: Home, votes: int, *, discord_id: int = 1, held: bool = True, place: bool = True
) -> int:
    """Have the estimator say something of a rater, and hold their kudos; return the number."""
    await home.raters(discord_id)
    number, now = await home.world.number(discord_id), home.world.clock.now()

    def unit(connection: Connection) -> None:
        connection.execute(SCORES, (number, "aesthetic", votes, 0.01, int(held)))
        connection.execute(SCORES, (number, "artifacts", votes + 5, 0.9, 0))
        if place:
            holds.place(connection, number, "reliability", now)

    await home.world.database.write(unit)
    return number


async def show(home: Home) -> int:
    services = home.services
    return await HeldRaters(home.world.database, home.world.clock, services.alerts).show()


async def cases(home: Home) -> list[dict[str, Any]]:
    item = await home.world.database.read(lambda c: review_queue.next_open(c, SUSPECT))
    return [] if item is None else [{"rater": item.rater, **item.details}]


async def decide(home: Home, decision: str, held: tuple[str, ...] = ("reliability",)) -> None:
    case = await home.services.review.next_case(home.moderator)
    assert isinstance(case, Case)
    assert isinstance(case.about, SuspectCase)
    assert case.about.held == held
    await home.services.review.decide(home.moderator, case.item.id, decision, "why")


@pytest.mark.parametrize(("votes", "shown"), [(50, 0), (99, 0), (100, 1), (3_000, 1)])
async def test_people_look_from_a_hundred_votes(home: Home, votes: int, shown: int) -> None:
    number = await scored(home, votes)
    assert await show(home) == shown
    expected = {"rater": number, "votes": votes, "reliability": 0.01}
    assert await cases(home) == [expected][:shown]


async def test_it_is_told_and_logged_once(home: Home) -> None:
    number = await scored(home, 120)
    assert await show(home) == 1
    assert await show(home) == 0, "the case is open"
    (alert,) = await home.world.database.read(alerts.undelivered)
    assert (alert.kind, alert.count) == ("rater_suspect", 1)
    assert alert.values == {"rater": number, "rule": "reliability"}
    (entry,) = [entry for entry in await home.log() if entry.action == "rater.suspect"]
    assert (entry.actor, entry.subject) == ("program", f"rater:{number}")
    assert entry.details == {"reason": "reliability"}


@pytest.mark.parametrize("before", ["not held", "released", "erased", "banned"])
async def test_of_others_nothing_is_asked(home: Home, before: str) -> None:
    await scored(home, 200, held=before != "not held", place=before != "released")
    if before == "erased":
        await home.services.erasure.erase(caller(1))
    if before == "banned":
        await home.services.bans.ban(home.moderator, 1, "spam")
    assert await show(home) == 0


async def test_whoever_is_found_honest_is_asked_about_no_more(home: Home) -> None:
    number = await scored(home, 100)
    await show(home)
    await decide(home, HONEST)
    assert await home.world.database.read(lambda c: holds.of_rater(c, number)) == []
    await scored(home, 1_000, place=False)
    assert await show(home) == 0


@pytest.mark.parametrize(("votes", "again"), [(239, 0), (240, 1)])
async def test_who_stays_held_comes_again_with_twice_the_votes(
    home: Home, votes: int, again: int
) -> None:
    await scored(home, 120)
    await show(home)
    await decide(home, WATCH)
    await scored(home, votes)
    assert await show(home) == again


@pytest.mark.parametrize(("votes", "again"), [(129, 0), (130, 1)])
async def test_after_a_case_of_few_votes_a_hundred_more_are_needed(
    home: Home, votes: int, again: int
) -> None:
    number = await scored(home, votes)
    now = home.world.clock.now()

    def settled(connection: Connection) -> None:
        case = review_queue.put(connection, SUSPECT, rater=number, now=now, details={"votes": 30})
        review_queue.settle(connection, case, by=number, outcome=WATCH, now=now)

    await home.world.database.write(settled)
    assert await show(home) == again


@pytest.mark.parametrize(
    ("figures", "outcome", "first", "second"),
    [
        ({"pairs": 9.0}, WATCH, 0, 1),
        ({"reliability": 0.01}, HONEST, 0, 1),
        ({"reliability": 0.01, "pairs": 9.0}, WATCH, 0, 0),
    ],
)
async def test_only_whoever_was_watched_for_this_hold_waits_for_twice_the_votes(
    home: Home, figures: dict[str, float], outcome: str, first: int, second: int
) -> None:
    number = await scored(home, 599)
    now = home.world.clock.now()

    def settled(connection: Connection) -> None:
        details = {"votes": 500, **figures}
        case = review_queue.put(connection, SUSPECT, rater=number, now=now, details=details)
        review_queue.settle(connection, case, by=number, outcome=outcome, now=now)

    await home.world.database.write(settled)
    assert await show(home) == first
    await scored(home, 600)
    assert await show(home) == second


async def test_a_case_that_nobody_decided_puts_nothing_off(home: Home) -> None:
    number = await scored(home, 120, place=False)
    now = home.world.clock.now()
    await home.world.database.write(
        lambda c: review_queue.put(c, SUSPECT, rater=number, now=now, details={"votes": 100})
    )
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)
    assert await cases(home) == [], "it was settled on the way"
    await scored(home, 121)
    assert await show(home) == 1


async def came_back(home: Home, votes: int, *, held: bool = False) -> int:
    """Have somebody erased whom the program held, and rate so much since; return the number."""
    await scored(home, votes)
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(60)
    return await scored(home, votes, held=held, place=held)


@pytest.mark.parametrize(("votes", "shown"), [(94, 0), (95, 1)])
async def test_whoever_comes_back_held_is_asked_about_once_there_is_what_to_look_at(
    home: Home, votes: int, shown: int
) -> None:
    """The other scale has five votes more; neither figure says that they should be held."""
    number = await came_back(home, votes)
    assert await show(home) == shown
    assert await show(home) == 0, "the case is open"
    assert await cases(home) == [{"rater": number, "votes": 100}][:shown]
    told = await home.world.database.read(alerts.undelivered)
    assert [alert.values["rule"] for alert in told] == ["before_erasure"][:shown]


async def test_nobody_is_asked_about_a_hold_of_operators_from_before_an_erasure(home: Home) -> None:
    await home.raters(1)
    await home.services.holds.place(1, "review")
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(60)
    await scored(home, 500, held=False, place=False)
    assert await show(home) == 0


@pytest.mark.parametrize(("decision", "again"), [(HONEST, [0, 0]), (WATCH, [0, 1])])
async def test_a_hold_from_before_an_erasure_is_asked_about_until_it_is_lifted(
    home: Home, decision: str, again: list[int]
) -> None:
    number = await came_back(home, 115)
    await show(home)
    await decide(home, decision, held=("before_erasure",))
    left = [] if decision == HONEST else ["before_erasure"]
    assert await home.world.database.read(lambda c: holds.of_rater(c, number)) == left
    shown = []
    for votes in (234, 235):
        await scored(home, votes, held=False, place=False)
        shown.append(await show(home))
    assert shown == again


async def test_of_two_holds_one_case_is_made(home: Home) -> None:
    number = await came_back(home, 120, held=True)
    assert await show(home) == 1
    assert await cases(home) == [{"rater": number, "votes": 120, "reliability": 0.01}]


async def test_a_person_may_ban_from_such_a_case(home: Home) -> None:
    await scored(home, 100)
    await show(home)
    await decide(home, BAN)
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)


async def test_each_run_of_the_estimator_asks(home: Home) -> None:
    shape = Shape(raters=60, each=120, attackers=8)
    await home.world.database.write(lambda c: fill(c, shape, seed=3))
    await home.services.scores.refresh()
    path = home.world.database.path
    held = rows(path, "SELECT rater FROM holds WHERE reason = 'reliability'")
    assert len(held) == 8
    enough = rows(
        path,
        "SELECT rater FROM rater_scores WHERE held = 1 AND votes >= 100 GROUP BY rater",
    )
    assert 4 <= len(enough) < 8
    assert rows(path, "SELECT rater FROM review_queue WHERE kind = 'suspect'") == enough
