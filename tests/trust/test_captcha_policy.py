"""When a captcha is due, and what follows from its outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import CaptchaNeededError, CaptchaPausedError
from bot.trust.captcha import policy
from storage.captchas import (
    Captcha,
    CaptchaKind,
    CaptchaRecord,
    CaptchaStanding,
    CaptchaState,
    KeptPress,
)
from storage.times import to_microseconds
from tests.rating.world import NOON

FRESH = CaptchaStanding(balance=0, votes_left=0, not_before=None, because=None)
EVERY = st.integers(1, 100_000)
COUNTS = st.integers(0, 1000)
KINDS = st.sampled_from(get_args(CaptchaKind))
RECORDS = st.builds(
    CaptchaRecord,
    failed=COUNTS,
    passed=COUNTS,
    expired=COUNTS,
    unavailable=COUNTS,
    votes_left=COUNTS,
    fails_in_a_row=COUNTS,
    not_before=st.none() | st.just(NOON),
    kind=KINDS,
)


def captcha(state: CaptchaState, tries_left: int = 1) -> Captcha:
    press = KeptPress(1, "aesthetic", 5, 1)
    return Captcha(1, 1, "picture", "", tries_left, state, press, NOON, NOON + policy.LIFETIME)


def test_the_first_vote_of_a_rater_asks() -> None:
    with pytest.raises(CaptchaNeededError):
        policy.require(FRESH, 50, NOON)


def test_nothing_is_asked_where_captchas_are_off() -> None:
    policy.require(replace(FRESH, because="fixed_button"), 0, NOON)


def test_a_rater_with_votes_left_goes_on_unless_a_rule_asks() -> None:
    standing = replace(FRESH, votes_left=1)
    policy.require(standing, 50, NOON)
    with pytest.raises(CaptchaNeededError):
        policy.require(replace(standing, because="fixed_button"), 50, NOON)


def test_during_a_pause_nothing_is_asked_and_the_end_is_told_in_whole_seconds() -> None:
    until = NOON + timedelta(seconds=29, milliseconds=100)
    standing = replace(FRESH, not_before=to_microseconds(until))
    with pytest.raises(CaptchaPausedError) as caught:
        policy.require(standing, 50, NOON)
    assert caught.value.values == {"until": int(NOON.timestamp()) + 30}
    with pytest.raises(CaptchaNeededError):
        policy.require(standing, 50, until)


def test_a_pause_from_a_clock_that_was_set_back_is_over() -> None:
    policy.refuse_in_pause(NOON + policy.LONGEST_PAUSE + timedelta(seconds=1), NOON)


def test_pauses_grow_up_to_an_hour() -> None:
    seconds = [policy.pause(fails).total_seconds() for fails in range(1, 8)]
    assert seconds == [30, 120, 480, 1920, 3600, 3600, 3600]
    assert policy.pause(10**9) == policy.LONGEST_PAUSE


@given(EVERY, st.integers())
def test_the_interval_varies_by_less_than_a_third_and_is_never_nothing(
    every: int, seed: int
) -> None:
    drawn = policy.votes_between(every, Random(seed))
    assert drawn >= 1
    assert every * 0.7 - 1 <= drawn <= every * 1.3 + 1


def test_the_interval_is_no_constant() -> None:
    random = Random(1)
    drawn = {policy.votes_between(50, random) for _ in range(500)}
    assert (min(drawn), max(drawn)) == (35, 65)


@given(RECORDS, EVERY, KINDS, st.integers())
def test_only_a_fail_counts_against_the_rater(
    record: CaptchaRecord, every: int, kind: CaptchaKind, seed: int
) -> None:
    random = Random(seed)
    passed = policy.after_pass(record, kind, every, random)
    outage = policy.after_outage(record, every, random)
    expired = policy.after_expiry(record)
    failed = policy.after_fail(record, NOON)
    balances = [each.failed - each.passed for each in (record, passed, outage, expired, failed)]
    assert [each - balances[0] for each in balances] == [0, -1, 0, 0, 1]
    assert (outage.unavailable, expired.expired) == (record.unavailable + 1, record.expired + 1)
    assert replace(expired, expired=record.expired) == record


@given(RECORDS, EVERY, KINDS)
def test_after_a_pass_the_next_is_far_and_pauses_begin_anew(
    record: CaptchaRecord, every: int, kind: CaptchaKind
) -> None:
    passed = policy.after_pass(record, kind, every, Random(1))
    assert not policy.is_due(every, passed.votes_left, None)
    assert (passed.fails_in_a_row, passed.not_before, passed.kind) == (0, None, kind)
    assert policy.after_fail(passed, NOON).not_before == NOON + policy.FIRST_PAUSE


@given(RECORDS, EVERY)
def test_after_a_fail_the_next_vote_asks_again_after_a_pause(
    record: CaptchaRecord, every: int
) -> None:
    failed = policy.after_fail(record, NOON)
    assert policy.is_due(every, failed.votes_left, None)
    assert failed.not_before == NOON + policy.pause(record.fails_in_a_row + 1)


@given(RECORDS, EVERY)
def test_after_an_outage_the_next_is_soon_but_not_at_once(
    record: CaptchaRecord, every: int
) -> None:
    outage = policy.after_outage(record, every, Random(1))
    assert 1 <= outage.votes_left <= 7


@pytest.mark.parametrize("state", get_args(CaptchaState))
def test_spent_tries_come_back_by_a_pass_a_fail_or_an_hour_alone(state: CaptchaState) -> None:
    ended = captcha(state)
    settled = state in {"passed", "failed"}
    assert policy.tries_for_next(ended, NOON) == (policy.TRIES if settled else 1)
    assert policy.tries_for_next(ended, NOON + policy.MEMORY) == policy.TRIES
    assert policy.tries_for_next(ended, NOON - timedelta(seconds=1)) == policy.TRIES


def test_a_first_captcha_has_all_tries() -> None:
    assert policy.tries_for_next(None, NOON) == policy.TRIES
