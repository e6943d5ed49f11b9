"""What follows in the database: captchas, gold, holds, cases, alerts, and never a ban."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bot.errors import JuryError
from bot.keyed_hash import KeyedHash
from bot.trust.enrolment import Enrolment
from bot.trust.holds import HoldService
from bot.trust.rules.ruleset import BY_NAME
from bot.trust.scoring.votes import Votes
from storage import review_queue, risks, rule_records
from tests.rating.world import NOON, World
from tests.rules.reading import Pool, Prepared, Pressing, pool_of
from tests.rules.sights import compared, pressed
from tests.trust.scoring_crowd import Crowd, crowd

RATERS, EACH = 30, 140


def fixed_crowd() -> Crowd:
    return crowd(31, "fixed", raters=RATERS, each=EACH, share=0.1)


def bad_and_good(made: Crowd) -> tuple[list[int], list[int]]:
    """Return the numbers of the raters who do not look, and of the others."""
    numbers = np.arange(made.votes.raters) + 1
    return numbers[made.bad].tolist(), numbers[~made.bad].tolist()


@pytest.fixture(scope="module")
def made() -> Crowd:
    return fixed_crowd()


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory, made: Crowd) -> Prepared:
    """About 40 votes a rater."""
    folder = tmp_path_factory.mktemp("young") / "pool"
    return Prepared.of(folder, made.votes, made.votes.items * 40 // EACH)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, made: Crowd, young: Prepared) -> Prepared:
    """About 90 votes a rater."""
    folder = tmp_path_factory.mktemp("grown") / "pool"
    return Prepared.of(folder, made.votes, made.votes.items * 90 // EACH, young)


async def test_who_does_not_look_is_asked(tmp_path: Path, made: Crowd, young: Prepared) -> None:
    bad, _ = bad_and_good(made)
    async with young.copied(tmp_path) as pool:
        assert await cast_of(pool, bad) == {"captcha": True, "holds": [], "gold": 20}
        assert await pool.cases() == {}


async def test_then_held_and_then_shown(tmp_path: Path, made: Crowd, grown: Prepared) -> None:
    bad, good = bad_and_good(made)
    async with grown.copied(tmp_path) as pool:
        assert await cast_of(pool, bad) == {"captcha": True, "holds": ["same_button"], "gold": 20}
        assert await pool.cases() == {}
        await pool.read()
        cases = await pool.cases()
        assert set(cases) == set(bad)
        for details in cases.values():
            assert details["votes"] >= 100
            assert 0.9 <= details["same_button"] <= 1
            assert set(details) <= {"votes", *BY_NAME}
        for rater in good:
            assert await pool.holds(rater) == []
        placed = await pool.audited("hold.placed")
        assert {entry.subject for entry in placed} >= {f"rater:{rater}" for rater in bad}
        assert {(entry.actor, entry.rater) for entry in placed} == {("program", None)}
        assert {entry.details["reason"] for entry in placed} <= set(BY_NAME)
        ((count, latest),) = await pool.rows("SELECT count, latest FROM alerts")
        assert count == len(bad)
        assert json.loads(latest)["rater"] in bad
        statuses = await pool.rows("SELECT DISTINCT status, status_reason FROM raters")
        assert statuses == [("normal", None)]


async def cast_of(pool: Pool, raters: list[int]) -> dict[str, object]:
    """Return what holds for every one of these raters alike."""
    found = [
        {
            "captcha": await pool.captcha(rater) is not None,
            "holds": [each for each in await pool.holds(rater) if each == "same_button"],
            "gold": await pool.gold_percent(rater),
        }
        for rater in raters
    ]
    assert all(each == found[0] for each in found), found
    return found[0]


async def test_who_is_validated_is_shown_and_not_held(
    tmp_path: Path, made: Crowd, young: Prepared
) -> None:
    bad, _ = bad_and_good(made)
    async with young.copied(tmp_path) as pool:
        await pool.write("UPDATE raters SET status = 'validated'")
        await pool.read(made.votes.items * 90 // EACH)
        assert set(await pool.cases()) == set(bad)
        assert await pool.rows("SELECT count(*) FROM holds") == [(0,)]


async def test_of_banned_raters_nothing_follows(
    tmp_path: Path, made: Crowd, young: Prepared
) -> None:
    bad, _ = bad_and_good(made)
    async with young.copied(tmp_path) as pool:
        before = {rater: await pool.found(rater) for rater in bad}
        for rater in bad:
            await pool.write("UPDATE raters SET status = 'banned' WHERE number = ?", rater)
        await pool.read(made.votes.items * 90 // EACH)
        assert await pool.cases() == {}
        for rater in bad:
            assert await pool.found(rater) == before[rater]
            assert await pool.holds(rater) == []
            record = await pool.record(rater)
            assert record is not None
            assert record.votes > 50  # what was seen stays, should the ban end


async def test_a_person_has_the_last_word_on_a_hold(
    tmp_path: Path, made: Crowd, grown: Prepared
) -> None:
    rater = bad_and_good(made)[0][0]
    async with grown.copied(tmp_path) as pool:
        assert "same_button" in await pool.holds(rater)
        await pool.write("DELETE FROM holds WHERE rater = ?", rater)  # as an operator does
        await pool.read(made.votes.items * 105 // EACH)
        assert "same_button" not in await pool.holds(rater)
        assert (await pool.found(rater))["same_button"].held


async def test_a_hold_ends_with_its_finding_and_others_stand(
    tmp_path: Path, made: Crowd, grown: Prepared
) -> None:
    rater = bad_and_good(made)[0][0]
    async with grown.copied(tmp_path) as pool:
        await pool.write("INSERT INTO holds VALUES (?, 'review', 0)", rater)
        record = await pool.record(rater)
        assert record is not None
        record = pressed(record, *(list(range(1, 11)) * 20))
        kept = rule_records.KeptRecord(record.votes, record.states(), record.agreements())
        await pool.database.write(lambda c: rule_records.store(c, rater, kept))
        await pool.read(made.votes.items * 105 // EACH)
        assert "same_button" not in await pool.found(rater)
        assert "review" in await pool.holds(rater)
        assert "same_button" not in await pool.holds(rater)
        lifted = await pool.audited("hold.lifted")
        assert (f"rater:{rater}", {"reason": "same_button"}) in [
            (entry.subject, entry.details) for entry in lifted
        ]


@pytest.mark.parametrize(("votes", "comes"), [(60, False), (0, True)])
async def test_a_case_that_was_settled_comes_back_late(
    tmp_path: Path, made: Crowd, grown: Prepared, *, votes: int, comes: bool
) -> None:
    rater = bad_and_good(made)[0][0]
    async with grown.copied(tmp_path) as pool:
        details = {"votes": votes}
        await pool.database.write(
            lambda c: review_queue.put(
                c, review_queue.SUSPECT, rater=rater, now=NOON, details=details
            )
        )
        await pool.write(
            "UPDATE review_queue SET settled_at = 1, settled_by = rater, outcome = 'watch'"
        )
        await pool.read()
        assert (rater in await pool.cases()) == comes


async def test_a_finding_soon_after_a_settled_case_comes_when_its_time_is_there(
    tmp_path: Path, made: Crowd, grown: Prepared
) -> None:
    """It is not forgotten until there are twice as many votes as when it was put off."""
    rater = bad_and_good(made)[0][0]
    async with grown.copied(tmp_path) as pool:
        details = {"votes": 30}  # so the rule, which shows from 100 votes, waits until 130
        await pool.database.write(
            lambda c: review_queue.put(
                c, review_queue.SUSPECT, rater=rater, now=NOON, details=details
            )
        )
        await pool.write(
            "UPDATE review_queue SET settled_at = 1, settled_by = rater, outcome = 'watch'"
        )
        await pool.read(made.votes.items * 120 // EACH)
        assert rater not in await pool.cases()
        await pool.read()
        assert rater in await pool.cases()


@pytest.mark.parametrize("more", ["aesthetic", "artifacts"])
async def test_one_half_vote_makes_no_pairs_of_looks(tmp_path: Path, more: str) -> None:
    """Two looks that lie an answer apart would make a doubt out of one."""
    dice = crowd(32, "uniform", raters=20, each=60, share=0.1)
    rater = bad_and_good(dice)[0][0]
    looks = set()
    async with pool_of(tmp_path, dice.votes) as pool:
        await pool.read(40)
        record = await pool.record(rater)
        assert record is not None
        record = compared(record, (1, 1.0), scale=more)
        kept = rule_records.KeptRecord(record.votes, record.states(), record.agreements())
        await pool.database.write(lambda c: rule_records.store(c, rater, kept))
        while pool.filled < pool.items:
            await pool.read(pool.filled + 1, at_once=1)
            found = (await pool.found(rater)).get("disagreement")
            if found is not None:
                looks.add(found.votes)
    between = np.diff(sorted(looks))
    assert len(between) >= 3
    assert set(between.tolist()) == {5}, "votes from look to look"


async def test_nobody_places_a_hold_in_a_rules_name(reader: Pressing) -> None:
    holds = HoldService(reader.database, reader.clock, Enrolment(KeyedHash(bytes(32))))
    for name in BY_NAME:
        with pytest.raises(JuryError, match=name):
            await holds.place(1, name)
    assert await holds.place(1, "review")


async def test_many_new_accounts_at_once_are_a_burst(tmp_path: Path) -> None:
    world = await World.open(tmp_path / "jury.db")
    reader = await Pressing.of(world)
    posts = await reader.posts(1, target=30, raters=0)
    made = (NOON.timestamp() - 1_420_070_400) * 1000 - 40 * 86_400_000  # 40 days ago
    together = [int(made + 1_000 * number) << 22 for number in range(7)]
    await world.agree(*together)
    old = [1 << 22, 2 << 40]
    await world.agree(*old)
    for person in (*together, *old):
        await world.vote(person, posts[0])
    await reader.worker.settle()
    found = {person: await reader.found(await world.number(person)) for person in (*together, *old)}
    assert all("burst" not in found[person] for person in old)
    # The first ones came before there were enough; they are looked at again with later votes.
    assert "burst" in found[together[-1]]
    assert found[together[-1]]["burst"].figure == 6
    assert await reader.gold_percent(await world.number(together[-1])) == 10
    assert await reader.captcha(await world.number(together[-1])) == "burst"
    assert "new_account" not in found[together[-1]]
    await world.database.close()


@pytest.mark.parametrize(
    ("minutes", "days", "beside"), [(30, 0, 6), (31, 0, None), (0, 3, 6), (0, 3.01, None)]
)
async def test_only_who_came_at_once_with_accounts_made_at_once_is_a_burst(
    reader: Pressing, minutes: float, days: float, beside: int | None
) -> None:
    posts = await reader.posts(1, target=30, raters=0)
    made = (NOON.timestamp() - 1_420_070_400) * 1000 - 40 * 86_400_000  # 40 days ago
    crowd_ids = [int(made) << 22 | number for number in range(6)]
    await reader.world.agree(*crowd_ids)
    for person in crowd_ids:
        await reader.world.vote(person, posts[0])
    reader.clock.turn(60 * minutes)
    late = int(made - days * 86_400_000) << 22
    await reader.world.agree(late | 7)
    await reader.world.vote(late | 7, posts[0])
    await reader.worker.settle()
    found = (await reader.found(await reader.world.number(late | 7))).get("burst")
    assert (None if found is None else found.figure) == beside


async def test_an_account_of_yesterday_is_asked_a_captcha(reader: Pressing) -> None:
    (post,) = await reader.posts(1, raters=0)
    yesterday = int((NOON.timestamp() - 1_420_070_400 - 86_400) * 1000) << 22
    await reader.world.agree(yesterday)
    await reader.world.vote(yesterday, post)
    await reader.worker.settle()
    number = await reader.world.number(yesterday)
    assert await reader.captcha(number) == "new_account"
    finding = (await reader.found(number))["new_account"]
    assert finding.figure == pytest.approx(1, abs=0.01)


async def test_rules_ask_soon_after_a_captcha_that_was_passed_and_once(reader: Pressing) -> None:
    """The first vote of a new account needs one anyway: two in a row tell no more than one."""
    first, *posts = await reader.posts(15, raters=0)
    yesterday = int((NOON.timestamp() - 1_420_070_400 - 86_400) * 1000) << 22
    await reader.world.agree(yesterday)
    number = await reader.world.number(yesterday)
    await reader.write(
        "INSERT INTO captchas (rater, kind, answer_hash, tries_left, state, post_id, scale, value,"
        " interaction_id, made_at, expires_at, settled_at)"
        " VALUES (?, 'picture', '', 3, 'passed', ?, 'aesthetic', 5, 1, 0, 1, 1)",
        number,
        first,
    )
    asked = {}
    for votes, post in enumerate([first, *posts], start=1):
        for scale in ("aesthetic", "artifacts"):
            channel = 2000 + (votes - 1) // 10
            await reader.world.press(yesterday, post, scale, 3, channel_id=channel)
        await reader.worker.settle()
        asked[votes] = await reader.captcha(number)
        if votes == 10:  # it is passed, and the finding ends for a while
            await reader.database.write(lambda c: risks.settle_captcha(c, number))
            await reader.write("DELETE FROM findings WHERE rater = ?", number)
            await reader.write("DELETE FROM captchas WHERE rater = ?", number)
    assert "new_account" in await reader.found(number)
    assert asked == {votes: "new_account" if votes == 10 else None for votes in range(1, 16)}


def votes_of(made: Crowd, keep: int) -> Votes:
    """Return the votes on the first images alone."""
    votes = made.votes
    some = votes.item < keep
    return Votes.of(
        votes.rater[some], votes.item[some], votes.score[some], low=1, high=10, raters=votes.raters
    )


async def test_below_twenty_votes_nothing_is_held_and_nobody_queued(
    tmp_path: Path, made: Crowd
) -> None:
    votes = votes_of(made, made.votes.items * 18 // EACH)
    async with pool_of(tmp_path, votes) as pool:
        await pool.read()
        assert await pool.rows("SELECT count(*) FROM holds") == [(0,)]
        assert await pool.cases() == {}
