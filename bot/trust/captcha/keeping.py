"""The presses that a captcha keeps, and what comes of them once the rater may go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.errors import UserError
from bot.rating.ballot import Ballot
from bot.rating.receipts import Receipt
from bot.rating.revision import ScorePress
from bot.rewards.earning import Earned
from bot.trust.captcha import policy
from bot.trust.captcha.outcomes import Refused
from storage import captchas, posts
from storage.captchas import KeptPress

MOST: Final = 6
"""Presses that one captcha keeps, the newest ones; none is older than `policy.MEMORY`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The presses that a captcha keeps, the one that asked for it last.

    `dropped`: how many others waited, which are too many or too old. They are counted as long as
    there is a trace of them: `policy.KEPT`.
    """

    presses: tuple[KeptPress, ...]
    dropped: int


def kept(connection: Connection, rater: int, press: KeptPress, now: datetime) -> Kept:
    """Return a press that waits for a captcha, and before it what waits with it; `MOST` in all."""
    newest, every = (
        [
            each
            for each in captchas.waiting(connection, rater, now - age)
            if (each.post_id, each.scale) != (press.post_id, press.scale)
        ]
        for age in (policy.MEMORY, policy.KEPT)
    )
    presses = (*newest, press)[-MOST:]
    return Kept(presses, dropped=len(every) + 1 - len(presses))


def take_all(
    connection: Connection,
    ballot: Ballot,
    caller: Caller,
    waiting: Kept,
    now: datetime,
) -> Receipt | Refused:
    """Take kept presses in this unit, in their order; return what came of the last one.

    Its receipt says what became of those for other pictures; where it is refused, that says what
    became of all the others. Both say how many were dropped, what all that were taken earned, and
    whether any of them filled its image.
    """
    *others, press = waiting.presses
    outcomes = [take(connection, ballot, caller, each, now) for each in others]
    outcome = take(connection, ballot, caller, press, now)
    receipts = [each for each in (*outcomes, outcome) if isinstance(each, Receipt)]
    image_full = any(each.image_full for each in receipts)
    earned = _together([each.earned for each in receipts])
    if isinstance(outcome, Refused):
        refused = len(others) - len(receipts)
        return replace(
            outcome,
            others=len(receipts),
            others_refused=refused,
            others_dropped=waiting.dropped,
            image_full=image_full,
            earned=earned,
        )
    elsewhere = [
        isinstance(each, Receipt)
        for each, other in zip(outcomes, others, strict=True)
        if other.post_id != press.post_id
    ]
    recorded = sum(elsewhere)
    return replace(
        outcome,
        others=recorded,
        others_refused=len(elsewhere) - recorded,
        others_dropped=waiting.dropped,
        image_full=image_full,
        earned=earned,
    )


def take(
    connection: Connection, ballot: Ballot, caller: Caller, press: KeptPress, now: datetime
) -> Receipt | Refused:
    """Take one kept press in this unit; what refuses it undoes nothing else."""
    score = ScorePress(press.interaction_id, press.post_id, press.scale, press.value)
    try:
        return ballot.take(connection, _there(connection, caller, press), score, now)
    except UserError as refusal:
        return Refused(refusal, press, is_private(connection, press))


def is_private(connection: Connection, press: KeptPress) -> bool:
    """Tell whether a press was made in a private session."""
    post = posts.by_id(connection, press.post_id)
    return post is not None and post.surface == "private"


def _together(earned: list[Earned | None]) -> Earned | None:
    """Return what all of several scores earned; where that is nothing, what the last told.

    None of no scores.
    """
    told = [each for each in earned if each is not None]
    amount = sum(each.amount for each in told if each.why is None)
    if not amount:
        return earned[-1] if earned else None
    return replace(told[-1], amount=amount, why=None)


def _there(connection: Connection, caller: Caller, press: KeptPress) -> Caller:
    """Return the caller where they pressed: in another channel perhaps than where they answer.

    Nothing is known of that channel now, so nothing unsafe is taken there.
    """
    post = posts.by_id(connection, press.post_id)
    if post is None or post.surface == "private" or post.channel_id == caller.channel_id:
        return caller
    servers = frozenset() if post.guild_id is None else frozenset({post.guild_id})
    return replace(
        caller,
        guild_id=post.guild_id,
        channel_id=post.channel_id,
        guild_ids=servers,
        age_restricted=False,
    )
