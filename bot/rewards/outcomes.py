"""What becomes of a payout after a request: one table over what happened, and after what.

The Horde looks at the guards before it looks whether a key was used already. So on a first attempt
every return code proves that nothing was paid; on a later one only an answer of success proves
anything. AI Horde, `horde/database/functions.py`, `transfer_kudos`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from bot.horde.answers import CONCERNS, Concern
from bot.horde.errors import (
    HordeError,
    NotKnownError,
    NotSentError,
    RefusedForNowError,
    UnfitKeyError,
)

Becomes = Literal["paid", "planned", "refused", "in_doubt"]
Fault = Literal["none", "ours", "payees", "unexpected"]

CONFLICT: Final = "IdempotencyKeyConflict"
NOT_ENOUGH: Final = "KudosTransferNotEnough"
PASSING: Final = frozenset({"InvalidAPIKey", NOT_ENOUGH, "TooFastKudosTransfers"})
"""Return codes that pass without anybody's looking at this one payout."""
TOO_FAST_SECONDS: Final = 65.0
"""The Horde wants a minute between a transfer and one back."""
OF_ALL: Final = frozenset({"http_429", "not_sent", "key_missing", "key_shared", "key_anonymous"})
"""Words of ours that concern every payout alike."""


@dataclass(frozen=True, slots=True)
class Situation:
    """After what a request was sent.

    `first`: no earlier request of this payout can have been carried out. `resendable`: the same
    request may be sent again. `own_deleted`: whether our own account is; None if that is not known.
    """

    first: bool
    resendable: bool
    own_deleted: bool | None = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a payout, and of what is around it.

    `answer` is kept with it: a return code, or a word of ours. `fault` is whose it is. `case`: only
    a person can say what happened, unless a proof comes. `silent`: the Horde does not answer
    sensibly, so everybody waits. `seconds`: no earlier than that it is sent again.
    """

    becomes: Becomes
    answer: str
    fault: Fault = "none"
    case: bool = False
    silent: bool = False
    seconds: float = 0.0


PAID: Final = Outcome("paid", "paid")


def outcome(error: HordeError | None, situation: Situation) -> Outcome:
    """Return what becomes of a payout whose request ended with `error`, None being success."""
    if error is None:
        return PAID
    first = _after_first(error, situation)
    if situation.first:
        return first
    return _after_doubt(error, first)


def _after_first(error: HordeError, situation: Situation) -> Outcome:
    if isinstance(error, NotKnownError) or error.rc == CONFLICT:
        # A conflict cannot be: the key was never used. So what we know of it is not true.
        return Outcome(
            "in_doubt",
            answer_of(error),
            case=error.rc == CONFLICT or not situation.resendable,
            silent=isinstance(error, NotKnownError),
            seconds=error.retry_after,
        )
    fault = _fault(error, situation)
    if fault == "ours":
        return Outcome("planned", answer_of(error), fault)
    if CONCERNS.get(error.rc) is Concern.MOMENT:
        return Outcome("planned", error.rc, seconds=TOO_FAST_SECONDS)
    if isinstance(error, RefusedForNowError):
        silent = isinstance(error, NotSentError)
        return Outcome("planned", answer_of(error), silent=silent, seconds=error.retry_after)
    return Outcome("refused", answer_of(error), fault)


def _after_doubt(error: HordeError, first: Outcome) -> Outcome:
    """Return what the same answer means where an earlier request may have been carried out."""
    passes = error.rc in PASSING or isinstance(error, NotKnownError | NotSentError | UnfitKeyError)
    limit = isinstance(error, RefusedForNowError) and error.rc not in CONCERNS
    fault: Fault = "ours" if first.fault == "ours" else "none"
    return replace(first, becomes="in_doubt", fault=fault, case=not (passes or limit))


def _fault(error: HordeError, situation: Situation) -> Fault:
    if isinstance(error, UnfitKeyError):
        return "ours"
    match CONCERNS.get(error.rc):
        case Concern.SENDER:
            return "ours"
        case Concern.PAYEE:
            return "payees"
        case Concern.EITHER:
            # Unless our account was seen to be well, a rater is not blamed for it.
            return "payees" if situation.own_deleted is False else "ours"
        case _:
            return "unexpected"


def is_of_one(answer: str) -> bool:
    """Tell whether another payout may be made although this was the answer to one for now.

    Such payouts wait behind the others: nobody's account may take the turns of everybody.
    """
    match CONCERNS.get(answer):
        case None:
            return answer not in OF_ALL
        case Concern.MOMENT | Concern.REQUEST:
            return True
        case _:
            return answer == NOT_ENOUGH


def answer_of(error: HordeError) -> str:
    """Return in one word what is kept of an error; never a text of the Horde."""
    if isinstance(error, NotSentError):
        return "not_sent"
    if isinstance(error, NotKnownError):
        return "not_known"
    if isinstance(error, UnfitKeyError):
        return f"key_{error.fault}"
    return error.rc or f"http_{error.status}"
