"""When a captcha is asked and what follows from its outcome; nothing here but rules."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from bot.errors import CaptchaNeededError, CaptchaPausedError
from storage.captchas import Captcha, CaptchaKind, CaptchaRecord, CaptchaStanding
from storage.times import from_microseconds

TRIES: Final = 3
"""Wrong answers that make a fail."""

LIFETIME: Final = timedelta(minutes=5)
"""How long a captcha can be answered."""

MEMORY: Final = timedelta(hours=1)
"""How long spent tries stay spent over a new captcha: longer than any pause after a fail lasts."""

KEPT: Final = timedelta(days=1)
"""How long an ended captcha is kept, so that whoever answers it late hears what became of it."""

JITTER: Final = 0.3
"""By how much of itself the number of votes between two captchas varies, either way."""

SOON: Final = 5
"""Votes until the next captcha after one that could not be shown, give or take the jitter."""

PER_MINUTE: Final = 6
"""Captchas that one rater may have made in a minute."""

FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)
GROWTH: Final = 4
"""How much longer each pause is than the one before."""


def require(standing: CaptchaStanding, every: int, now: datetime) -> None:
    """Let a new vote of this rater begin, or say what it needs first.

    `every` is `CAPTCHA_EVERY`. Raises CaptchaNeededError, or CaptchaPausedError(until=...) while
    none is offered.
    """
    if not is_due(every, standing.votes_left, standing.because):
        return
    if standing.not_before is not None:
        refuse_in_pause(from_microseconds(standing.not_before), now)
    raise CaptchaNeededError


def is_due(every: int, votes_left: int, because: str | None) -> bool:
    """Tell whether a captcha comes before a rater's next vote; never where `every` is 0.

    Whoever never passed one has no votes left, unless one could not be shown to them. `because`
    is the rule that asks for one now, if any does.
    """
    return every > 0 and (votes_left == 0 or because is not None)


def refuse_in_pause(until: datetime | None, now: datetime) -> None:
    """Raise CaptchaPausedError(until=...), in seconds since 1970, during the pause after a fail.

    A pause longer than the longest is of a clock that was set back since: it is over.
    """
    if until is not None and now < until <= now + LONGEST_PAUSE:
        raise CaptchaPausedError(until=math.ceil(until.timestamp()))


def pause(fails_in_a_row: int) -> timedelta:
    """Return how long no captcha is offered after that many fails, at least 1: 30 s to 1 h."""
    growth: int = GROWTH ** min(fails_in_a_row - 1, 10)
    return min(FIRST_PAUSE * growth, LONGEST_PAUSE)


def votes_between(every: int, random: Random) -> int:
    """Draw how many votes one captcha is good for, at least 1: `every`, give or take the jitter."""
    return max(1, round(every * random.uniform(1 - JITTER, 1 + JITTER)))


def tries_for_next(last: Captcha | None, now: datetime) -> int:
    """Return the tries of a rater's next captcha.

    Another kind, another picture or an expiry brings no spent try back: a pass, a fail and an
    hour do.
    """
    if last is None or last.state in {"passed", "failed"}:
        return TRIES
    if not last.made_at <= now < last.made_at + MEMORY:
        return TRIES
    return last.tries_left


def after_pass(
    record: CaptchaRecord, kind: CaptchaKind, every: int, random: Random, presses: int = 1
) -> CaptchaRecord:
    """Return the record with one more pass: the next captcha is far away.

    At least the `presses` that waited for it need none.
    """
    return replace(
        record,
        passed=record.passed + 1,
        votes_left=max(presses, votes_between(every, random)),
        fails_in_a_row=0,
        not_before=None,
        kind=kind,
    )


def after_fail(record: CaptchaRecord, now: datetime) -> CaptchaRecord:
    """Return the record with one more fail: a pause, and then a captcha again."""
    fails = record.fails_in_a_row + 1
    return replace(
        record,
        failed=record.failed + 1,
        votes_left=0,
        fails_in_a_row=fails,
        not_before=now + pause(fails),
    )


def after_expiry(record: CaptchaRecord) -> CaptchaRecord:
    """Return the record with one more captcha that ran out: nothing follows from it."""
    return replace(record, expired=record.expired + 1)


def after_outage(
    record: CaptchaRecord, every: int, random: Random, presses: int = 1
) -> CaptchaRecord:
    """Return the record with one more captcha that could not be shown, for which nobody pays.

    The rater goes on for some votes, so that neither an outage is a licence nor each press a new
    attempt; at least for the `presses` that waited.
    """
    return replace(
        record,
        unavailable=record.unavailable + 1,
        votes_left=max(presses, votes_between(min(SOON, every), random)),
    )
