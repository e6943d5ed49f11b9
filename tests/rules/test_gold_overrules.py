"""Gold against agreement: a ring that agrees with itself, and those who look beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trust.rules.answers import Gold
from bot.trust.rules.controls import GoldFailures
from bot.trust.rules.looking import Independence
from bot.trust.rules.record import Record
from bot.trust.rules.rule import Act, Before
from bot.trust.rules.ruleset import RULES
from bot.trust.scoring.votes import Votes
from tests.rules.reading import Pool, pool_of
from tests.rules.sights import compared, dice, pressed, sight, yards

HONEST, RING, EACH, GOLD = 3, 5, 120, 16
RATERS = HONEST + RING


def ring_votes(seed: int = 7) -> Votes:
    """Return votes of three who look and of five who press the same at random."""
    rng = np.random.default_rng(seed)
    images = RATERS * EACH // 5
    rater = np.concatenate([rng.permutation(RATERS)[:5] for _ in range(images)])
    item = np.repeat(np.arange(images), 5)
    truth, same = rng.uniform(1, 10, images), rng.integers(1, 11, images)
    looked = np.clip(np.rint(truth[item] + rng.normal(0, 1.3, len(item))), 1, 10)
    score = np.where(rater < HONEST, looked, same[item])
    return Votes.of(rater, item, score, low=1, high=10, raters=RATERS, items=images + GOLD)


@asynccontextmanager
async def ring(folder: Path, *, gold: bool = True) -> AsyncIterator[Pool]:
    """Yield the ring's votes, not read yet; gold was answered before, by the ring at random."""
    votes = ring_votes()
    async with pool_of(folder, votes) as pool:
        if gold:
            await answer_gold(pool)
        yield pool


async def answer_gold(pool: Pool, number: int = GOLD) -> None:
    """Have everybody answer gold on the last images, the ring at random."""
    for image in range(pool.items - number + 1, pool.items + 1):
        low = 7 if image % 2 else 1
        await pool.write(
            "INSERT INTO gold_images (image_id, state, aesthetic_low, aesthetic_high,"
            " proposed_at) VALUES (?, 'accepted', ?, ?, 0)",
            image,
            low,
            low + 3,
        )
        for rater in range(1, RATERS + 1):
            answer = low + 1 if rater <= HONEST else (1, 1, 10, 10)[image % 4]
            await pool.write(
                "INSERT INTO gold_answers (rater, image_id, lesson, aesthetic, artifacts,"
                " asked, wrong, answered_at) VALUES (?, ?, 0, ?, 0, 1, 0, 0)",
                rater,
                image,
                answer,
            )


async def test_a_ring_comes_to_the_moderators_and_nobody_beside_it_is_held(
    tmp_path: Path,
) -> None:
    async with ring(tmp_path) as pool:
        await pool.read(pool.items - GOLD)
        ringers = set(range(HONEST + 1, RATERS + 1))
        assert ringers <= set(await pool.cases())
        for rater in range(1, HONEST + 1):
            assert await pool.holds(rater) == []


async def test_without_gold_a_ring_is_believed(tmp_path: Path) -> None:
    """What the test above is worth: agreement alone takes the ring's side."""
    async with ring(tmp_path, gold=False) as pool:
        await pool.read(pool.items - GOLD)
        held = [rater for rater in range(1, RATERS + 1) if await pool.holds(rater)]
        assert held
        assert set(held) <= set(range(1, HONEST + 1))


async def test_an_answer_on_gold_lifts_a_hold_at_once(tmp_path: Path) -> None:
    """Nothing is compared meanwhile, so that agreement gives no reason to look again."""
    async with ring(tmp_path, gold=False) as pool:
        await pool.read(pool.items - GOLD)
        honest = range(1, HONEST + 1)
        assert [await pool.holds(rater) for rater in honest] == [["independence"]] * HONEST
        asked = [await pool.captcha(rater) for rater in honest]
        await answer_gold(pool)
        for rater in honest:
            await press_gold(pool, rater)
        await pool.worker.settle()
        for rater in honest:
            assert await pool.holds(rater) == []
            assert not (await pool.found(rater))["independence"].held
        assert [await pool.captcha(rater) for rater in honest] == asked


async def test_an_answer_on_gold_is_no_second_look(tmp_path: Path) -> None:
    async with ring(tmp_path, gold=False) as pool:
        await pool.read(pool.items - GOLD)
        await pool.write("DELETE FROM holds")
        await pool.write("UPDATE findings SET held = 0")  # as after the first look
        await answer_gold(pool, 1)
        for rater in range(1, HONEST + 1):
            before = await pool.found(rater)
            await press_gold(pool, rater)
            await pool.worker.settle()
            after = await pool.found(rater)
            assert after["independence"].votes > before["independence"].votes, "a look"
            assert await pool.holds(rater) == []


async def press_gold(pool: Pool, rater: int) -> None:
    """Have a rater give a vote on the last image, which is gold."""
    values = (rater, pool.items, 2, 0, pool.items)
    await pool.write(
        "INSERT INTO votes (rater, image_id, aesthetic, artifacts, post_id, aesthetic_at,"
        " artifacts_at, surface, locale, client_agent_id, shown_at, created_at, changed_at,"
        " completed_at, gold)"
        " VALUES (?, ?, ?, ?, ?, 1, 1, 'private', 'en', 1, 0, 1, 1, 1, 1)",
        *values,
    )
    await pool.write(
        "INSERT INTO vote_history (rater, image_id, aesthetic, artifacts, post_id, action, at)"
        " VALUES (?, ?, ?, ?, ?, 'given', 1)",
        *values,
    )


def right(images: int) -> Gold:
    """Return gold that somebody who looks has answered."""
    return Gold.of([{"aesthetic": (low + 1, low, low + 2)} for low in (1, 2, 7, 8)] * images)


BEFORE = st.sampled_from([Before(), Before(found=True), Before(found=True, held=True)])


@given(st.integers(50, 99), st.integers(0, 10_000), st.integers(1, 10), BEFORE)
def test_nothing_is_held_of_somebody_whose_gold_is_right(
    votes: int, seed: int, button: int, before: Before
) -> None:
    habit = pressed(Record(), *[button] * votes)
    record = compared(habit, *dice(60, seed), *[(button, c) for _, c in dice(40, seed)])
    record = replace(record, votes=votes, gold=right(3))
    seen = sight(record, crowd=yards(llr_low=0.0))
    for rule in RULES:
        finding = rule.finding(seen, before)
        assert finding is None or Act.HOLD not in finding.acts, rule.name


@given(
    st.lists(st.tuples(st.integers(1, 10), st.integers(1, 7)), min_size=10, max_size=40),
    st.integers(0, 400),
)
def test_failed_gold_and_right_gold_exclude_each_other(
    answers: list[tuple[int, int]], votes: int
) -> None:
    gold = Gold.of({"aesthetic": (answer, low, low + 3)} for answer, low in answers)
    assert not (gold.fails("aesthetic") and gold.speaks_for("aesthetic"))
    record = replace(Record(), gold=gold, votes=votes)
    findings = [rule.finding(sight(record), Before()) for rule in RULES]
    looked = any(each is not None and Act.LOOK in each.acts for each in findings)
    if gold.fails("aesthetic") and votes >= 100:
        assert looked
    if looked:
        assert votes >= 100
        assert not gold.speaks_for("aesthetic")


@pytest.mark.parametrize("images", [2, 3])
def test_gold_speaks_from_ten_answers_for_scales_that_it_does_not_ask_too(images: int) -> None:
    gold = right(images)
    enough = gold.images >= 10
    assert gold.speaks_for("aesthetic") is gold.speaks_for("artifacts") is enough
    flaws = [{"artifacts": (5 * (n % 2), low, low + 1)} for n, low in enumerate((0, 0, 4, 4) * 3)]
    both = Gold.of([{**a, **b} for a, b in zip(rows(12), flaws, strict=True)])
    assert both.speaks_for("aesthetic")
    assert not both.speaks_for("artifacts")
    assert both.fails("artifacts")
    assert not both.fails("aesthetic")


@pytest.mark.parametrize("flaws", [[3, 4, 5], [3], [0, 3], [0]])
def test_gold_on_which_the_same_is_right_everywhere_speaks_for_nobody(flaws: list[int]) -> None:
    many = flaws * (12 // len(flaws))
    flawless = [{"artifacts": (flaw, 0, 0)} for flaw in many]
    wrong = sum(map(bool, many)) / 12
    gold = Gold.of(flawless)
    assert not gold.speaks_for("artifacts")
    assert not gold.speaks_for("aesthetic")
    assert gold.fails("artifacts") is (wrong >= 0.5)
    seen = sight(replace(Record(), votes=100, gold=gold))
    finding = GoldFailures().finding(seen, Before())
    assert (finding is not None) is (wrong >= 0.5)
    assert finding is None or finding.acts == {Act.CAPTCHA, Act.LOOK}
    assert not Gold.of(flawless[:9]).fails("artifacts")
    both = Gold.of([{**one, **two} for one, two in zip(rows(12), flawless, strict=True)])
    assert both.speaks_for("aesthetic")
    assert both.speaks_for("artifacts") is not both.fails("artifacts")


def test_whose_gold_is_right_everywhere_alike_is_held_by_agreement() -> None:
    record = compared(Record(), *dice(60, 4))
    same = Gold.of([{"artifacts": (flaw, 0, 0)} for flaw in [3, 4, 5] * 4])
    for gold, held in ((Gold(), True), (same, True), (right(3), False)):
        seen = sight(replace(record, votes=60, gold=gold))
        finding = Independence().finding(seen, Before(found=True))
        assert finding is not None
        assert (Act.HOLD in finding.acts) is held


def rows(number: int) -> list[dict[str, tuple[int, int, int]]]:
    return [{"aesthetic": (low + 1, low, low + 2)} for low in (1, 2, 7, 8) * (number // 4)]


def test_a_record_from_before_wrong_answers_were_counted_by_scale_is_read() -> None:
    text = replace(Record(), gold=right(3)).states()
    older = text.replace(",0]}]", "]}]")
    assert older != text
    assert Record.of(0, older, "{}").gold == right(3)
