"""What is gathered of a rater for a moderator."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from sqlite3 import Connection

import pytest

from bot.errors import NeverSeenError, NotAllowedError
from bot.trust.dossier import (
    LEAST_COMPARED,
    PACE_DAYS,
    Dossier,
    agreements,
    seconds_between,
    steadiness,
)
from storage import crowd
from storage.bars import Bar
from storage.findings import KeptFinding
from storage.gold_answers import Tally
from storage.rater_records import (
    CaptchaRecord,
    Hold,
    Pair,
    ReliabilityPoint,
    Repeat,
)
from storage.rater_votes import Compared, VoteCounts
from storage.times import day_of, to_microseconds
from tests.rating.world import NOON
from tests.trust.home import CHANNEL, Home, caller


async def look(home: Home, discord_id: int = 1) -> Dossier:
    return await home.services.dossiers.of(home.moderator, discord_id)


async def insert(home: Home, query: str, *values: float | str | None) -> None:
    await home.world.database.write(lambda c: c.execute(query, values))


async def vote(home: Home, rater: int, post: int, aesthetic: int, artifacts: int) -> None:
    """Vote on the newest post, in its own channel."""
    channel = CHANNEL + (home.posts - 1) // 10
    for scale, value in (("aesthetic", aesthetic), ("artifacts", artifacts)):
        await home.world.press(rater, post, scale, value, channel_id=channel)


async def test_nobody_is_made_by_being_looked_for(home: Home) -> None:
    with pytest.raises(NeverSeenError) as refused:
        await look(home, 9)
    assert refused.value.values == {"user": "<@9>"}
    assert await home.world.value("SELECT count(*) FROM raters") == 0


async def test_an_erased_person_is_as_unknown_as_one_who_never_came(home: Home) -> None:
    await home.raters(9)
    await home.services.erasure.erase(caller(9))
    with pytest.raises(NeverSeenError):
        await look(home, 9)


async def test_only_moderators_look_and_refusals_are_kept(home: Home) -> None:
    await home.raters(1)
    with pytest.raises(NotAllowedError):
        await home.services.dossiers.of(caller(1), 1)
    assert await home.actions() == ["refused:rater.info"]


async def test_of_somebody_new_nothing_is_known(home: Home) -> None:
    await home.raters(1)
    dossier = await look(home)
    assert dossier.rater.number == await home.world.number(1)
    assert dossier.votes == VoteCounts(0, 0, 0, 0)
    assert dossier.judged == 0
    assert (dossier.agreement, dossier.scores, dossier.reliability) == ({}, {}, {})
    assert (dossier.captchas, dossier.findings, dossier.holds) == (None, (), ())
    assert dossier.pace.seconds is None
    assert dossier.pace.by_day == (0,) * PACE_DAYS
    assert dossier.steadiness.distance is None
    assert not dossier.banned


async def test_votes_are_told_apart_by_what_became_of_them(home: Home) -> None:
    await home.raters(1)
    for number in range(4):
        await home.world.vote(1, await home.post(), aesthetic=number + 2, artifacts=number)
    await home.world.press(1, await home.post(), "aesthetic", 9)
    undone = await home.post()
    await home.world.vote(1, undone, aesthetic=1)
    await home.services.voting.undo(caller(1), 10**6, undone)
    dossier = await look(home)
    assert dossier.votes == VoteCounts(complete=4, half=1, undone=1, void=0)
    assert dossier.own == {
        "aesthetic": {2: 1, 3: 1, 4: 1, 5: 1},
        "artifacts": {0: 1, 1: 1, 2: 1, 3: 1},
    }
    assert dossier.judged == 4


async def test_what_a_banned_rater_did_is_still_seen_and_is_not_of_the_crowd(home: Home) -> None:
    await home.raters(1, 2)
    post = await home.post()
    await home.world.vote(1, post, aesthetic=10, artifacts=0)
    await home.world.vote(2, post, aesthetic=3, artifacts=2)
    await home.services.bans.ban(home.moderator, 1, "spam")
    banned, other = await look(home, 1), await look(home, 2)
    assert banned.banned
    assert banned.own["aesthetic"] == {10: 1}
    assert banned.crowd["aesthetic"] == {3: 1}
    assert other.crowd == {"aesthetic": {}, "artifacts": {}}
    assert [entry.action for entry in banned.history] == ["rater.ban"]


async def test_gold_is_in_no_histogram(home: Home) -> None:
    await home.raters(1, 2)
    post = await home.post()
    await home.world.vote(1, post, aesthetic=10)
    await home.world.vote(2, post, aesthetic=3)
    await insert(home, "UPDATE votes SET gold = 1")
    dossier = await look(home)
    assert dossier.own["aesthetic"] == {}
    assert dossier.crowd["aesthetic"] == {}
    assert dossier.votes.complete == 1


def compared(*scores: tuple[int, float]) -> list[Compared]:
    return [Compared(own, own % 6, others, others / 2, 3) for own, others in scores]


def test_agreement_needs_some_votes() -> None:
    assert agreements(compared(*[(5, 5.0)] * (LEAST_COMPARED - 1))) == {}
    assert set(agreements(compared(*[(5, 5.0)] * LEAST_COMPARED))) == {"aesthetic", "artifacts"}


def test_agreement_is_correlation_and_distance() -> None:
    found = agreements(compared(*[(value, value - 1.0) for value in range(1, 11)]))["aesthetic"]
    assert found.correlation == pytest.approx(1)
    assert (found.difference, found.distance, found.votes) == (1, 1, 10)
    against = agreements(compared(*[(value, 11.0 - value) for value in range(1, 11)]))["aesthetic"]
    assert against.correlation == pytest.approx(-1)
    assert against.difference == 0
    assert against.distance == 5


def test_always_the_same_button_agrees_with_nobody() -> None:
    found = agreements(compared(*[(7, float(value)) for value in range(1, 11)]))["aesthetic"]
    assert found.correlation is None
    assert found.difference == 1.5


async def test_agreement_looks_at_the_others_votes_that_count(home: Home) -> None:
    """Two others at least, neither the rater's own vote nor those of a banned one."""
    await home.raters(1, 2, 3, 4)
    for number in range(12):
        post = await home.post(target=9)
        await vote(home, 1, post, 1 + number % 10, 1)
        for other in (2, 3):
            await vote(home, other, post, 2 + number % 8, other)
        await vote(home, 4, post, 10, 5)
    await home.services.bans.ban(home.moderator, 4, "spam")
    found = (await look(home)).agreement
    assert found["aesthetic"].votes == 12
    assert found["artifacts"].difference == pytest.approx(1 - 2.5)
    await home.services.bans.ban(home.moderator, 3, "spam")
    assert (await look(home)).agreement == {}


def test_pace_is_the_median_within_a_sitting() -> None:
    at = [NOON - timedelta(seconds=seconds) for seconds in (0, 4, 6, 12, 7000, 7008)]
    assert seconds_between(at) == 5
    assert seconds_between([]) is None
    assert seconds_between([NOON]) is None
    assert seconds_between([NOON, NOON - timedelta(days=1)]) is None


async def test_pace_counts_hours_and_days(home: Home) -> None:
    await home.raters(1)
    for seconds in (0, 40 * 86_400, 5, 5, 2 * 3600, 86_000):
        home.world.clock.turn(seconds)
        await home.world.vote(1, await home.post())
    home.world.clock.turn(600)
    pace = (await look(home)).pace
    assert pace.seconds == 5
    assert (pace.last_hour, pace.last_day) == (1, 1)
    assert sum(pace.by_day) == 5
    assert pace.by_day[-1] == 1
    assert pace.by_day[-2] == 4


async def test_records_of_every_kind_are_gathered(home: Home) -> None:
    await home.raters(1, 2, 3)
    number, other = await home.world.number(1), await home.world.number(2)
    image = (await home.world.image(await home.post())).id
    await home.post()
    now = to_microseconds(NOON)
    rows: list[tuple[str, tuple[int, ...]]] = [
        ("INSERT INTO captcha_records (rater, failed, passed) VALUES (?, 3, 1)", (number,)),
        (
            "INSERT INTO gold_answers VALUES (?, ?, 0, 3, 1, 2, 1, ?)",
            (number, image, now),
        ),
        (  # a lesson under way: nothing was judged yet
            "INSERT INTO gold_answers VALUES (?, ?, 1, 3, NULL, 0, 0, ?)",
            (number, image + 1, now),
        ),
        (
            (
                "INSERT INTO findings (rater, rule, figure, votes, since)"
                " VALUES (?, 'too_fast', 0.7, 40, ?)"
            ),
            (number, now),
        ),
        ("INSERT INTO holds VALUES (?, 'rules', ?)", (number, now)),
        ("INSERT INTO bars VALUES (77, ?, 'manager', NULL, ?, ?)", (number, now + 1, now)),
        ("INSERT INTO bars VALUES (78, ?, 'manager', NULL, ?, ?)", (number, now, now)),
        ("INSERT INTO rater_pairs VALUES (?, ?, 3.5, 60, ?)", (number, other, now)),
        (
            "INSERT INTO rater_scores"  # noqa: ISC004 - one query
            " VALUES (?, 'aesthetic', 60, .1, 1.2, .04, .01, NULL, NULL, NULL, NULL, NULL, 1, ?)",
            (number, now),
        ),
        (
            "INSERT INTO reliability_history VALUES (?, 'aesthetic', ?, 60, .04)",
            (number, day_of(NOON)),
        ),
        (
            "INSERT INTO reliability_history VALUES (?, 'aesthetic', ?, 10, .5)",
            (number, day_of(NOON) - 200),
        ),
    ]
    for query, values in rows:
        await insert(home, query, *values)
    dossier = await look(home)
    assert dossier.captchas == CaptchaRecord(3, 1, 0, 0)
    assert dossier.gold == Tally(1, 2, 1)
    assert dossier.lessons == Tally(0, 0, 0)
    assert dossier.findings == (KeptFinding("too_fast", 0.7, 40, NOON),)
    assert dossier.holds == (Hold("rules", NOON),)
    assert dossier.bars == (Bar(77, "manager", NOON + timedelta(microseconds=1)),)
    assert dossier.pairs == (Pair(other, 2, 3.5, 60),)
    assert (await look(home, 2)).pairs == (Pair(number, 1, 3.5, 60),)
    assert dossier.scores["aesthetic"].reliability == 0.04
    assert dossier.scores["aesthetic"].held
    assert dossier.reliability == {"aesthetic": [ReliabilityPoint(day_of(NOON), 0.04)]}


def test_steadiness_compares_what_was_given_twice() -> None:
    repeats = [Repeat(7, 1, 5, 1), Repeat(4, None, 4, 2), Repeat(None, 2, 6, 2)]
    assert steadiness(repeats).answers == 3
    assert steadiness(repeats).distance == 1
    assert steadiness([]).distance is None


async def test_the_crowd_is_sampled_evenly_and_never_above_its_size(home: Home) -> None:
    await home.raters(1, 2)
    for number in range(10):
        await vote(home, 2, await home.post(target=9), 1 + number, 0)

    def query(connection: Connection, sample: int, without: int = 0) -> dict[int, int]:
        return dict(crowd.histograms(connection, without=without, sample=sample)["aesthetic"])

    read = home.world.database.read
    assert await read(partial(query, sample=10**6)) == dict.fromkeys(range(1, 11), 1)
    assert await read(partial(query, sample=10)) == dict.fromkeys(range(1, 11), 1)
    assert await read(partial(query, sample=5)) == dict.fromkeys(range(1, 11, 2), 1)
    for sample in range(1, 20):
        found = await read(partial(query, sample=sample))
        assert sum(found.values()) == min(sample, 10)
    number = await home.world.number(2)
    assert await read(partial(query, sample=10, without=number)) == {}
