"""What becomes of a transfer, by what the Horde answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast
from uuid import uuid4

import pytest

import bot
from bot.demo.horde import faults
from bot.demo.horde.accounts import Account
from bot.demo.horde.faults import Fault, Way
from bot.demo.horde.server import HordeStandIn
from bot.horde.answers import CONCERNS, Concern
from bot.horde.errors import (
    HordeError,
    NotKnownError,
    RefusedForGoodError,
    RefusedForNowError,
    UnfitKeyError,
)
from tests.horde.asking import TRANSFER, key_of, people
from tests.horde.clients import (
    Horde,
    answering,
    json_of,
    talking_to,
)
from tests.horde.stage import serving

FOR_GOOD, FOR_NOW = RefusedForGoodError, RefusedForNowError

REFUSALS = [
    ("KudosTransferNotEnough", 400, FOR_NOW),
    ("FaultWhenKudosSending", 400, FOR_NOW),
    ("SourceAccountFlagged", 400, FOR_NOW),
    ("EducationCannotSendKudos", 400, FOR_NOW),
    ("KudosTransferFromAnon", 400, FOR_NOW),
    ("InvalidAPIKey", 401, FOR_NOW),
    ("TooFastKudosTransfers", 400, FOR_NOW),
    ("InvalidTargetUsername", 400, FOR_GOOD),
    ("SharedKeyExpired", 400, FOR_GOOD),
    ("KudosTransferToSelf", 400, FOR_GOOD),
    ("KudosTransferToAnon", 400, FOR_GOOD),
    ("FaultWhenKudosReceiving", 400, FOR_GOOD),
    ("TargetAccountFlagged", 400, FOR_GOOD),
    ("DeletedUser", 400, FOR_GOOD),
    ("IdempotencyKeyConflict", 400, FOR_GOOD),
    ("InvalidKudosTransferAmount", 400, FOR_GOOD),
    ("NegativeKudosTransfer", 400, FOR_GOOD),
    ("NulByteInPayload", 400, FOR_GOOD),
    ("SomethingNew", 400, FOR_GOOD),
    ("SomethingNew", 403, FOR_GOOD),
]
"""Every return code of a transfer, and one that nobody has seen yet."""


async def test_kudos_are_sent_once_under_their_key(horde: Horde) -> None:
    key = str(uuid4())
    await horde.client.transfer(2, 10, key)
    await horde.client.transfer(2, 10, key)
    assert horde.moved() == [(1, 2, 10)]
    assert horde.stand_in.paid[0].key == key


async def test_a_request_holds_what_the_horde_asks_for() -> None:
    paid = json_of("200 OK", '{"transferred": 7.0}')
    async with answering(paid) as server, talking_to(server.url) as client:
        await client.transfer(3, 7, "the-key-of-this-payout")
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    line, *rest = head.split("\r\n")
    headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in rest)}
    assert line == "POST /api/v2/kudos/transfer HTTP/1.1"
    assert headers["apikey"] == key_of("jury")
    assert headers["idempotency-key"] == "the-key-of-this-payout"
    assert headers["client-agent"] == bot.CLIENT_AGENT
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"username": "3", "amount": 7}


@pytest.mark.parametrize(
    ("setting", "rc", "status", "kind"),
    [
        (lambda horde: horde.mark(1, "suspicious"), "FaultWhenKudosSending", 400, FOR_NOW),
        (lambda horde: horde.mark(1, "flagged"), "SourceAccountFlagged", 400, FOR_NOW),
        (lambda horde: horde.mark(1, "education"), "EducationCannotSendKudos", 400, FOR_NOW),
        (lambda horde: horde.mark(1, "deleted"), "DeletedUser", 400, FOR_GOOD),
        (lambda horde: horde.mark(2, "suspicious"), "FaultWhenKudosReceiving", 400, FOR_GOOD),
        (lambda horde: horde.mark(2, "flagged"), "TargetAccountFlagged", 400, FOR_GOOD),
        (lambda horde: horde.mark(2, "deleted"), "DeletedUser", 400, FOR_GOOD),
        (lambda horde: horde.stand_in.accounts.remove(2), "InvalidTargetUsername", 400, FOR_GOOD),
        (lambda horde: horde.stand_in.accounts.remove(1), "InvalidAPIKey", 401, FOR_NOW),
    ],
)
async def test_an_unfit_account_is_told_by_the_return_code(
    horde: Horde,
    setting: Callable[[Horde], None],
    rc: str,
    status: int,
    kind: type[HordeError],
) -> None:
    setting(horde)
    error = await horde.refused()
    assert (type(error), error.rc, error.status) == (kind, rc, status)
    assert horde.moved() == []


async def test_more_than_lies_above_the_floor_is_refused_for_now(horde: Horde) -> None:
    error = await horde.refused(amount=976)
    assert (type(error), error.rc) == (FOR_NOW, "KudosTransferNotEnough")


async def test_paying_itself_is_refused_by_the_horde_where_the_client_does_not_know(
    horde: Horde,
) -> None:
    error = await horde.refused(payee=1)
    assert (type(error), error.rc) == (FOR_GOOD, "KudosTransferToSelf")


async def test_who_just_paid_us_is_paid_a_minute_later(horde: Horde) -> None:
    ada = horde.stand_in.accounts[2]
    horde.stand_in.transfers.send(ada, "1", 1, None)
    error = await horde.refused()
    assert (type(error), error.rc) == (FOR_NOW, "TooFastKudosTransfers")
    horde.clock.turn(60)
    await horde.client.transfer(2, 10, str(uuid4()))


async def test_a_key_is_bound_to_its_transfer(horde: Horde) -> None:
    await horde.client.transfer(2, 10, "one-key")
    for payee, amount in ((2, 11), (3, 10)):
        error = await horde.refused(payee, amount, "one-key")
        assert (type(error), error.rc) == (FOR_GOOD, "IdempotencyKeyConflict")


def refusing(rc: str, status: int, message: str = "Anything.") -> Fault:
    body = json.dumps({"message": message, "rc": rc})
    return Fault(Way.ANSWER, status=status, body=body)


@pytest.mark.parametrize(("rc", "status", "kind"), REFUSALS)
async def test_every_return_code_is_for_good_or_for_now(
    horde: Horde, rc: str, status: int, kind: type[HordeError]
) -> None:
    horde.stand_in.fail(TRANSFER, refusing(rc, status))
    error = await horde.refused()
    assert (type(error), error.rc, error.status) == (kind, rc, status)


def test_the_table_has_exactly_the_return_codes_that_are_known() -> None:
    assert set(CONCERNS) == {rc for rc, _, _ in REFUSALS} - {"SomethingNew"}
    assert CONCERNS["DeletedUser"] is Concern.EITHER


@pytest.mark.parametrize(
    ("rc", "message", "kind"),
    [
        ("SourceAccountFlagged", "The target account has been flagged.", FOR_NOW),
        ("TargetAccountFlagged", "Your account has been flagged.", FOR_GOOD),
        ("KudosTransferNotEnough", "1 per 1 second", FOR_NOW),
        ("InvalidTargetUsername", "Not enough kudos.", FOR_GOOD),
    ],
)
async def test_what_the_message_says_does_not_matter(
    horde: Horde, rc: str, message: str, kind: type[HordeError]
) -> None:
    horde.stand_in.fail(TRANSFER, refusing(rc, 400, message))
    error = await horde.refused()
    assert type(error) is kind
    assert message not in str(error)


async def test_a_request_of_the_wrong_shape_is_refused_for_good_without_a_code(
    horde: Horde,
) -> None:
    body = '{"errors": {"apikey": "Missing"}, "message": "Input payload validation failed"}'
    horde.stand_in.fail(TRANSFER, Fault(Way.ANSWER, status=400, body=body))
    error = await horde.refused()
    assert (type(error), error.rc, error.status) == (FOR_GOOD, "", 400)


@pytest.mark.parametrize(
    "fault",
    [
        *[
            Fault(Way.ANSWER, status=status, body='{"message": "Something"}')
            for status in (400, 401, 403, 404, 405, 500, 502, 503, 504)
        ],
        *[refusing("KudosTransferNotEnough", status) for status in (200, 201, 302, 500, 503)],
        *[faults.page(status) for status in (200, 301, 400, 401, 403, 404, 429, 500, 502, 503)],
        *[
            Fault(Way.ANSWER, status=200, body=body)
            for body in (
                "",
                "null",
                "{",
                "[]",
                "10",
                "{}",
                '{"transferred": null}',
                '{"transferred": true}',
                '{"transferred": "10"}',
                '{"transferred": 9.0}',
                '{"transferred": 10.5}',
                '{"transferred": NaN}',
                '{"transferred": [10]}',
                '{"transferred": 10.0',
                "[" * 200_000,
                '{"transferred": ' + "1" * 5000 + "}",
            )
        ],
        *[
            Fault(Way.ANSWER, status=400, body=body)
            for body in (
                '{"message": "Something", "rc": null}',
                '{"message": "Something", "rc": 3}',
                '{"message": "Something", "rc": ""}',
                '{"message": "Something", "rc": "two words"}',
                '{"rc": "KudosTransferNotEnough"}',
                '{"message": null, "rc": "KudosTransferNotEnough"}',
                '{"errors": [], "message": "Input payload validation failed"}',
                '["KudosTransferNotEnough"]',
            )
        ],
        *[
            Fault(Way.ANSWER, status=status, body='{"transferred": 10.0}')
            for status in (201, 202, 204, 301, 307, 400, 500)
        ],
        faults.CRASHED,
        faults.CRASHED_AFTER,
        faults.DROPPED,
        faults.ANSWER_LOST,
        faults.RESET,
        faults.RESET_AFTER,
    ],
    ids=lambda fault: f"{fault.way.name} {fault.status} {fault.body[:30]}",
)
async def test_an_answer_in_no_known_form_proves_nothing(horde: Horde, fault: Fault) -> None:
    horde.stand_in.fail(TRANSFER, fault)
    key = str(uuid4())
    error = await horde.refused(key=key)
    assert type(error) is NotKnownError
    assert error.rc == ""
    await horde.client.transfer(2, 10, key)
    assert horde.moved() == [(1, 2, 10)]


async def test_a_transfer_is_never_tried_again_by_itself(horde: Horde) -> None:
    horde.stand_in.fail(TRANSFER, faults.CRASHED, times=1)
    await horde.refused()
    assert horde.moved() == []
    horde.stand_in.fail(TRANSFER, faults.too_many(), times=1)
    await horde.refused()
    assert horde.moved() == []


async def test_true_is_no_amount() -> None:
    paid = json_of("200 OK", '{"transferred": true}')
    async with answering(paid) as server, talking_to(server.url) as client:
        with pytest.raises(NotKnownError):
            await client.transfer(2, 1, "key")


async def test_its_own_account_is_not_paid_once_it_is_known(horde: Horde) -> None:
    await horde.client.own_account()
    with pytest.raises(ValueError, match="payee"):
        await horde.client.transfer(1, 10, str(uuid4()))


@pytest.mark.parametrize(
    ("payee", "amount", "key"),
    [
        (0, 10, "key"),
        (-2, 10, "key"),
        (2.0, 10, "key"),
        (True, 10, "key"),
        ("2", 10, "key"),
        ("ada#2", 10, "key"),
        ("8d6a4b1c-5f7e-4c3a-9b2d-1e0f9a8b7c6d", 10, "key"),
        (None, 10, "key"),
        (2, 0, "key"),
        (2, -1, "key"),
        (2, 1.5, "key"),
        (2, 10.0, "key"),
        (2, True, "key"),
        (2, "10", "key"),
        (2, None, "key"),
        (2, 10, ""),
        (2, 10, " "),
        (2, 10, "two words"),
        (2, 10, "key\n"),
        (2, 10, "k" * 201),
    ],
)
async def test_what_must_never_be_sent_is_not(
    horde: Horde, payee: object, amount: object, key: str
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        await horde.client.transfer(cast("int", payee), cast("int", amount), key)
    assert horde.moved() == []
    assert horde.client.pace.next_turn() == horde.clock.now(), "no turn was taken"


@pytest.mark.parametrize("key", [None, "0000000000", "8d6a4b1c-5f7e-4c3a-9b2d-1e0f9a8b7c6d"])
async def test_without_an_account_of_its_own_nothing_is_sent(key: str | None) -> None:
    anonymous = Account(1, "jury", key or "", kudos=1000)
    stand_in = HordeStandIn([anonymous, *people()[1:]])
    async with serving(stand_in) as url, talking_to(url, key=key) as client:
        with pytest.raises(UnfitKeyError):
            await client.transfer(2, 10, "key")
    assert stand_in.paid == []
