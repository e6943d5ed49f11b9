"""Every answer of the Horde after a first request, and after one that may have been carried out."""

from __future__ import annotations

import pytest

from bot.horde import answers
from bot.horde.answers import CONCERNS
from bot.horde.errors import (
    HordeError,
    NotKnownError,
    NotSentError,
    RefusedForGoodError,
    RefusedForNowError,
    UnfitKeyError,
)
from bot.rewards.outcomes import Outcome, Situation, outcome

FIRST = Situation(first=True, resendable=True)
AGAIN = Situation(first=False, resendable=True)


def refused(rc: str, status: int = 400) -> HordeError:
    """Return what the client makes of a refusal."""
    if rc in answers.TRANSFERS_LATER:
        return RefusedForNowError(rc, status)
    return RefusedForGoodError(rc, status)


# rc: after a first request (what becomes of it, whose fault), after doubt (whose fault, a case?).
RETURN_CODES = {
    "IdempotencyKeyConflict": (("in_doubt", "none"), ("none", True)),
    "KudosTransferNotEnough": (("planned", "ours"), ("ours", False)),
    "InvalidAPIKey": (("planned", "ours"), ("ours", False)),
    "KudosTransferFromAnon": (("planned", "ours"), ("ours", True)),
    "FaultWhenKudosSending": (("planned", "ours"), ("ours", True)),
    "SourceAccountFlagged": (("planned", "ours"), ("ours", True)),
    "EducationCannotSendKudos": (("planned", "ours"), ("ours", True)),
    "InvalidTargetUsername": (("refused", "payees"), ("none", True)),
    "SharedKeyExpired": (("refused", "payees"), ("none", True)),
    "KudosTransferToSelf": (("refused", "payees"), ("none", True)),
    "KudosTransferToAnon": (("refused", "payees"), ("none", True)),
    "FaultWhenKudosReceiving": (("refused", "payees"), ("none", True)),
    "TargetAccountFlagged": (("refused", "payees"), ("none", True)),
    "DeletedUser": (("refused", "payees"), ("none", True)),
    "TooFastKudosTransfers": (("planned", "none"), ("none", False)),
    "InvalidKudosTransferAmount": (("refused", "unexpected"), ("none", True)),
    "NegativeKudosTransfer": (("refused", "unexpected"), ("none", True)),
    "NulByteInPayload": (("refused", "unexpected"), ("none", True)),
    "SomethingNew": (("refused", "unexpected"), ("none", True)),
}


def test_every_return_code_of_a_transfer_is_here() -> None:
    assert CONCERNS.keys() <= RETURN_CODES.keys()


@pytest.mark.parametrize("rc", RETURN_CODES)
def test_a_return_code_after_a_first_request(rc: str) -> None:
    becomes, fault = RETURN_CODES[rc][0]
    found = outcome(refused(rc), FIRST)
    assert (found.becomes, found.fault, found.answer) == (becomes, fault, rc)
    assert found.case == (rc == "IdempotencyKeyConflict")
    assert not found.silent


@pytest.mark.parametrize("rc", RETURN_CODES)
def test_no_return_code_proves_anything_once_in_doubt(rc: str) -> None:
    fault, case = RETURN_CODES[rc][1]
    found = outcome(refused(rc), AGAIN)
    assert (found.becomes, found.fault, found.case) == ("in_doubt", fault, case)
    assert found.answer == rc


@pytest.mark.parametrize(
    ("error", "first", "again"),
    [
        (None, Outcome("paid", "paid"), Outcome("paid", "paid")),
        (
            NotSentError("no route"),
            Outcome("planned", "not_sent", silent=True),
            Outcome("in_doubt", "not_sent", silent=True),
        ),
        (
            NotKnownError("status 500", 500),
            Outcome("in_doubt", "not_known", silent=True),
            Outcome("in_doubt", "not_known", silent=True),
        ),
        (
            NotKnownError("status 503", 503, 40.0),
            Outcome("in_doubt", "not_known", silent=True, seconds=40.0),
            Outcome("in_doubt", "not_known", silent=True, seconds=40.0),
        ),
        (
            RefusedForNowError("", 429, 3499.0),
            Outcome("planned", "http_429", seconds=3499.0),
            Outcome("in_doubt", "http_429", seconds=3499.0),
        ),
        (
            RefusedForNowError("TooManyPrompts", 429, 5.0),
            Outcome("planned", "TooManyPrompts", seconds=5.0),
            Outcome("in_doubt", "TooManyPrompts", seconds=5.0),
        ),
        (
            RefusedForGoodError("", 400),  # the request's shape
            Outcome("refused", "http_400", "unexpected"),
            Outcome("in_doubt", "http_400", case=True),
        ),
        (
            UnfitKeyError("missing"),
            Outcome("planned", "key_missing", "ours"),
            Outcome("in_doubt", "key_missing", "ours"),
        ),
    ],
    ids=str,
)
def test_every_other_answer(error: HordeError | None, first: Outcome, again: Outcome) -> None:
    assert outcome(error, FIRST) == first
    assert outcome(error, AGAIN) == again


def test_a_lost_answer_goes_to_people_where_keys_are_ignored() -> None:
    found = outcome(NotKnownError("reset"), Situation(first=True, resendable=False))
    assert (found.becomes, found.case) == ("in_doubt", True)


@pytest.mark.parametrize("own_deleted", [True, None])
def test_a_rater_is_not_blamed_unless_our_account_is_well(
    own_deleted: bool | None,  # noqa: FBT001 - parametrized
) -> None:
    for first, becomes in ((True, "planned"), (False, "in_doubt")):
        situation = Situation(first, resendable=True, own_deleted=own_deleted)
        found = outcome(refused("DeletedUser"), situation)
        assert (found.becomes, found.fault) == (becomes, "ours")


def test_a_minute_passes_after_too_fast() -> None:
    assert outcome(refused("TooFastKudosTransfers"), FIRST).seconds > 60
    assert outcome(refused("TooFastKudosTransfers"), AGAIN).seconds > 60
