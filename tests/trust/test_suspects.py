"""Suspects of the rules: what each decision of a moderator does, and that no rule decides."""

from __future__ import annotations

from datetime import timedelta
from sqlite3 import Connection

import pytest

from bot.errors import ClaimedError, NotAllowedError, SettledError, WordsNeededError
from bot.trust.banning import Sentence
from bot.trust.review import Case, Idle
from bot.trust.suspects import BAN, HONEST, WATCH, SuspectCase
from storage import findings, holds, raters, review_queue
from storage.findings import KeptFinding
from storage.review_queue import SUSPECT
from tests.trust.home import MODERATOR, MODERATORS, Home, caller

OTHER = caller(MODERATOR + 1, roles=(MODERATORS,))
RULES = ("independence", "same_button")
PROGRAMS = ("independence", "reliability", "same_button")
"""The estimator holds kudos too."""


async def suspect(home: Home, discord_id: int = 1, *, held: bool = True) -> int:
    """Have the rules find something of a rater; return the case."""
    await home.raters(discord_id)
    number = await home.world.number(discord_id)

    def unit(connection: Connection) -> int:
        now = home.world.clock.now()
        found = [KeptFinding(rule, 0.9, 60, now, held=held, queued_at=60) for rule in RULES]
        findings.store(connection, number, found)
        if held:
            for reason in (*PROGRAMS, "operators_own"):
                holds.place(connection, number, reason, now)
        return review_queue.put(connection, SUSPECT, rater=number, now=now, details={"votes": 60})

    return await home.world.database.write(unit)


async def held(home: Home, discord_id: int = 1) -> list[str]:
    number = await home.world.number(discord_id)
    return await home.world.database.read(lambda c: holds.of_rater(c, number))


async def status(home: Home) -> str:
    rater = await home.world.database.read(lambda c: raters.find(c, 1))
    assert rater is not None
    return rater.status


async def outcome(home: Home, case: int) -> str | None:
    item = await home.world.database.read(lambda c: review_queue.by_id(c, case))
    assert item is not None
    return item.outcome


async def test_a_case_is_about_the_rater_and_the_rules_holds(home: Home) -> None:
    number = await suspect(home)
    case = await home.services.review.next_case(home.moderator)
    assert isinstance(case, Case)
    assert case.item.id == number
    assert isinstance(case.about, SuspectCase)
    assert case.about.discord_id == 1
    assert case.about.held == PROGRAMS


async def test_whoever_looks_honest_gets_what_the_rules_held(home: Home) -> None:
    case = await suspect(home)
    await home.services.review.decide(home.moderator, case, HONEST)
    assert await held(home) == ["operators_own"]
    assert await outcome(home, case) == HONEST
    by = await home.world.number(MODERATOR)
    log = await home.log()
    assert [entry.action for entry in log[:4]] == [*["hold.lifted"] * 3, "suspect.honest"]
    assert {(entry.actor, entry.rater) for entry in log[:4]} == {("moderator", by)}
    assert await status(home) == "normal"


async def test_leaving_it_changes_nothing_but_the_case(home: Home) -> None:
    case = await suspect(home)
    await home.services.review.decide(home.moderator, case, WATCH)
    assert await held(home) == sorted((*PROGRAMS, "operators_own"))
    assert await outcome(home, case) == WATCH
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)


async def test_a_ban_needs_a_reason_and_is_logged_as_one(home: Home) -> None:
    case = await suspect(home)
    post = await home.post()
    await home.world.vote(1, post)
    for words in ("", "  \u202e "):
        with pytest.raises(WordsNeededError):
            await home.services.review.decide(home.moderator, case, BAN, words)
    assert await status(home) == "normal"
    assert await outcome(home, case) is None
    await home.services.review.decide(home.moderator, case, BAN, " pressed  one button ")
    rater = await home.world.database.read(lambda c: raters.find(c, 1))
    assert rater is not None
    assert (rater.status, rater.status_reason) == ("banned", "pressed one button")
    assert (await home.world.image(post)).complete_votes == 0
    assert await outcome(home, case) == BAN
    assert (await home.actions())[0] == "rater.ban"


async def test_a_ban_is_one_also_where_the_last_finding_ends_before_the_reason_is_typed(
    home: Home,
) -> None:
    case = await suspect(home, held=False)
    await home.services.review.next_case(home.moderator)
    number = await home.world.number(1)
    await home.world.database.write(lambda c: findings.end(c, number, RULES))
    await home.services.review.decide(home.moderator, case, BAN, "one button")
    assert await status(home) == "banned"
    assert await outcome(home, case) == BAN
    assert await home.actions() == ["rater.ban"]


async def test_a_ban_of_another_moderator_meanwhile_is_not_overruled(home: Home) -> None:
    case = await suspect(home)
    await home.services.review.next_case(home.moderator)
    day = Sentence(timedelta(days=1))
    await home.services.bans.ban(OTHER, 1, "a day off", day)
    await home.services.review.decide(home.moderator, case, BAN, "for good")
    rater = await home.world.database.read(lambda c: raters.find(c, 1))
    assert rater is not None
    assert (rater.status_reason, rater.banned_for_good) == ("a day off", False)
    assert await outcome(home, case) == BAN


async def test_a_case_of_whom_a_ban_does_not_reach_is_no_ban(home: Home) -> None:
    """Erased while the reason was typed: nothing says that somebody was banned."""
    case = await suspect(home)
    await home.services.review.next_case(home.moderator)
    item = await home.services.review.hold(home.moderator, case, BAN)
    await home.services.erasure.erase(caller(1))
    (suspects,) = [kind for kind in home.services.review.kinds if kind.name == SUSPECT]
    await suspects.prepare(home.moderator, item, BAN, "too late")
    with pytest.raises(SettledError):
        await home.world.database.write(
            lambda c: suspects.carry_out(c, home.moderator, item, BAN, "too late")
        )
    assert "rater.ban" not in await home.actions()
    assert await outcome(home, case) == "erased"


async def test_nobody_is_asked_about_whom_nothing_is_left_to_decide(home: Home) -> None:
    """Banned, erased, or of whom the rules find nothing any more."""
    for number, discord_id in enumerate((1, 2, 3)):
        await suspect(home, discord_id, held=number == 0)
    await home.services.bans.ban(home.moderator, 1, "spam")
    await home.services.erasure.erase(caller(2))
    third = await home.world.number(3)
    await home.world.database.write(lambda c: findings.end(c, third, RULES))
    idle = await home.services.review.next_case(home.moderator)
    assert isinstance(idle, Idle)
    assert idle.waiting.cases == 0
    query = "SELECT count(*) FROM review_queue WHERE outcome IN ('gone', 'erased')"
    assert await home.world.value(query) == 3


async def test_a_rater_who_erases_themselves_meanwhile_is_not_decided_about(home: Home) -> None:
    case = await suspect(home)
    await home.services.review.next_case(home.moderator)
    await home.services.erasure.erase(caller(1))
    for decision in (HONEST, WATCH):
        with pytest.raises(SettledError):
            await home.services.review.decide(home.moderator, case, decision)


async def test_another_moderator_bans_nobody_behind_the_back_of_who_has_the_case(
    home: Home,
) -> None:
    case = await suspect(home)
    await home.services.review.next_case(home.moderator)
    with pytest.raises(ClaimedError):
        await home.services.review.decide(OTHER, case, BAN, "mine")
    with pytest.raises(NotAllowedError):
        await home.services.review.decide(caller(MODERATOR), case, BAN, "mine")
    assert await status(home) == "normal"


async def test_a_rule_that_still_finds_the_same_asks_no_second_time(home: Home) -> None:
    """Nor holds again what a moderator let go: the finding remembers that it did both."""
    case = await suspect(home)
    await home.services.review.decide(home.moderator, case, HONEST)
    number = await home.world.number(1)
    kept = await home.world.database.read(lambda c: findings.of_rater(c, number))
    assert all(one.held and one.queued_at for one in kept.values())
    last = await home.world.database.read(lambda c: review_queue.last_settled(c, SUSPECT, number))
    assert last is not None
    assert last.votes == 60
