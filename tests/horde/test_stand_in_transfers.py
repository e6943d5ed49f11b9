"""The stand-in moves kudos, and refuses to, as the Horde was seen to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.horde.accounts import Account
from tests.horde.asking import TRANSFER, Asker, asking, key_of


@pytest.fixture
async def horde() -> AsyncIterator[Asker]:
    async with asking() as asker:
        yield asker


def _moved(horde: Asker) -> list[tuple[int, int, int, str | None]]:
    return [(each.sender, each.payee, each.amount, each.key) for each in horde.stand_in.paid]


async def test_kudos_move_and_both_accounts_tell(horde: Asker) -> None:
    answer = await horde.transfer("ada#7#2", 10, key="one")
    assert (answer.status, answer.body) == (200, {"transferred": 10.0})
    bot = (await horde.get("/v2/users/1")).body
    ada = (await horde.get("/v2/users/2")).body
    assert (bot["kudos"], bot["kudos_details"]["gifted"]) == (990, -10)
    assert (ada["kudos"], ada["kudos_details"]["received"]) == (40, 10)
    assert _moved(horde) == [(1, 2, 10, "one")]
    assert horde.stand_in.paid[0].at == horde.clock.now()


@pytest.mark.parametrize("payee", ["mallory#2", "2", "#2", "x#1#2", 2])
async def test_the_number_after_the_last_hash_alone_is_paid(horde: Asker, payee: object) -> None:
    assert (await horde.transfer(payee, 10)).status == 200
    assert horde.stand_in.accounts[2].kudos == 40


@pytest.mark.parametrize(("amount", "moved"), [(None, 100), (1.9, 1), ("12", 12), (True, 1)])
async def test_amounts_are_taken_as_they_come(horde: Asker, amount: object, moved: int) -> None:
    assert (await horde.transfer("2", amount)).body == {"transferred": moved}


async def test_a_gift_to_an_education_account_is_a_donation(horde: Asker) -> None:
    horde.stand_in.accounts[2].marks.add("education")
    await horde.transfer("2", 10)
    sender = horde.stand_in.accounts[1]
    assert (sender.donated, sender.gifted) == (-10, 0)


@pytest.mark.parametrize(("marks", "floor"), [(set(), 25), ({"pseudonymous"}, 14)])
async def test_everything_above_the_floor_can_be_sent(
    horde: Asker, marks: set[str], floor: int
) -> None:
    horde.stand_in.accounts[1].marks |= marks
    assert (await horde.transfer("2", 1000 - floor + 1)).rc == "KudosTransferNotEnough"
    assert (await horde.transfer("2", 1000 - floor)).status == 200
    assert horde.stand_in.accounts[1].kudos == floor


async def test_a_key_pays_once_for_its_sender_and_only_its_own_transfer(horde: Asker) -> None:
    for name in ("ada#7#2", "renamed#2"):
        assert (await horde.transfer(name, 40, key="k")).body == {"transferred": 40.0}
    assert (await horde.transfer("2", 41, key="k")).rc == "IdempotencyKeyConflict"
    assert (await horde.transfer("3", 40, key="k")).rc == "IdempotencyKeyConflict"
    horde.clock.turn(60)
    assert (await horde.transfer("3", 5, sender="ada", key="k")).status == 200
    assert _moved(horde) == [(1, 2, 40, "k"), (2, 3, 5, "k")]


async def test_without_a_key_each_call_pays(horde: Asker) -> None:
    for _ in range(2):
        await horde.transfer("2", 10)
    assert [amount for _, _, amount, _ in _moved(horde)] == [10, 10]


async def test_an_empty_key_is_a_key(horde: Asker) -> None:
    for _ in range(2):
        assert (await horde.transfer("2", 10, key="")).status == 200
    assert (await horde.transfer("3", 10, key="")).rc == "IdempotencyKeyConflict"
    assert _moved(horde) == [(1, 2, 10, "")]


async def test_a_refused_transfer_leaves_its_key_free(horde: Asker) -> None:
    assert (await horde.transfer("2", 5000, key="k")).rc == "KudosTransferNotEnough"
    assert (await horde.transfer("3", 50, key="k")).status == 200


async def test_guards_come_before_the_key_and_the_balance_after_it(horde: Asker) -> None:
    assert (await horde.transfer("2", 900, key="k")).status == 200
    payee = horde.stand_in.accounts[2]
    payee.marks.add("flagged")
    assert (await horde.transfer("2", 900, key="k")).rc == "TargetAccountFlagged"
    payee.marks.clear()
    assert (await horde.transfer("2", 900, key="k")).status == 200
    assert len(horde.stand_in.paid) == 1


async def test_an_early_server_pays_again_in_spite_of_a_key(horde: Asker) -> None:
    horde.stand_in.version = "5.0.4"
    for _ in range(2):
        answer = await horde.transfer("2", 10, key="k")
        assert answer.headers["Horde-Node"].endswith(":5.0.4")
    assert _moved(horde) == [(1, 2, 10, None)] * 2


async def test_many_requests_at_once_with_one_key_pay_once(horde: Asker) -> None:
    calls = []
    for _ in range(8):
        horde.stand_in.limiter.forget()
        calls.append(asyncio.create_task(horde.transfer("2", 10, key="k")))
    answers = await asyncio.gather(*calls)
    assert {answer.status for answer in answers} <= {200, 429}
    assert len(horde.stand_in.paid) == 1


@pytest.mark.parametrize(
    ("number", "mark", "rc"),
    [
        (1, "suspicious", "FaultWhenKudosSending"),
        (1, "flagged", "SourceAccountFlagged"),
        (1, "education", "EducationCannotSendKudos"),
        (1, "deleted", "DeletedUser"),
        (2, "suspicious", "FaultWhenKudosReceiving"),
        (2, "flagged", "TargetAccountFlagged"),
        (2, "deleted", "DeletedUser"),
    ],
)
async def test_an_unfit_account_is_refused_by_its_return_code(
    horde: Asker, number: int, mark: str, rc: str
) -> None:
    horde.stand_in.accounts[number].marks.add(mark)
    answer = await horde.transfer("2", 10)
    assert (answer.status, answer.rc, _moved(horde)) == (400, rc, [])


async def test_a_trusted_account_is_never_suspicious(horde: Asker) -> None:
    horde.stand_in.accounts[1].marks |= {"suspicious", "trusted"}
    assert (await horde.transfer("2", 10)).status == 200


@pytest.mark.parametrize(
    ("payee", "amount", "rc"),
    [
        ("2", 976, "KudosTransferNotEnough"),
        ("2", 2**63, "KudosTransferNotEnough"),
        ("nobody", 5, "InvalidTargetUsername"),
        ("ada#7", 5, "InvalidTargetUsername"),
        ("00000000-0000-4000-8000-000000000000", 5, "InvalidTargetUsername"),
        ("jury#1", 5, "KudosTransferToSelf"),
        ("Anonymous#0", 5, "KudosTransferToAnon"),
        ("2", 0, "InvalidKudosTransferAmount"),
        ("2", 0.9, "InvalidKudosTransferAmount"),
        ("2", -5, "NegativeKudosTransfer"),
        ("2\0", 5, "NulByteInPayload"),
    ],
)
async def test_refusals_name_a_return_code(
    horde: Asker, payee: str, amount: object, rc: str
) -> None:
    answer = await horde.transfer(payee, amount)
    assert (answer.status, answer.rc, _moved(horde)) == (400, rc, [])


async def test_the_order_of_checks(horde: Asker) -> None:
    everything = {"suspicious", "flagged", "education", "deleted"}
    sender, payee = horde.stand_in.accounts[1], horde.stand_in.accounts[2]
    sender.marks |= everything
    payee.marks |= everything
    seen = []
    for account in (sender, payee):
        for mark in ("suspicious", "flagged", "education", "deleted"):
            if account is payee and mark == "education":
                continue
            seen.append((await horde.transfer("2", -1)).rc)
            account.marks.discard(mark)
            if account is sender and mark == "education":
                break
    seen += [(await horde.transfer("2", amount)).rc for amount in (-1, 976)]
    assert seen == [
        "FaultWhenKudosSending",
        "SourceAccountFlagged",
        "EducationCannotSendKudos",
        "FaultWhenKudosReceiving",
        "TargetAccountFlagged",
        "DeletedUser",
        "DeletedUser",
        "DeletedUser",
    ]


async def test_nobody_pays_with_an_unknown_the_anonymous_or_no_key(horde: Asker) -> None:
    unknown = await horde.transfer("2", 1, sender="nobody")
    assert (unknown.status, unknown.rc) == (401, "InvalidAPIKey")
    anonymous = await horde.ask(
        "POST", TRANSFER, json={"username": "2"}, headers={"apikey": "0000000000"}
    )
    assert (anonymous.status, anonymous.rc) == (400, "KudosTransferFromAnon")
    without = await horde.ask("POST", TRANSFER, json={"username": "2"})
    assert (without.status, set(without.body), set(without.body["errors"])) == (
        400,
        {"errors", "message"},
        {"apikey"},
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"json": {"amount": 5}}, "username"),
        ({"json": {"username": "2", "amount": "five"}}, "amount"),
        ({"json": {"username": "2", "amount": [5]}}, "amount"),
        ({"data": "{"}, "username"),
        ({"data": '{"username": "2"}', "type": "text/plain"}, "username"),
        ({"json": ["2"]}, "username"),
    ],
)
async def test_a_misshapen_request_has_no_return_code(
    horde: Asker, body: dict[str, object], field: str
) -> None:
    kind = str(body.pop("type", "application/json"))
    headers = {"apikey": key_of("jury"), "Content-Type": kind}
    answer = await horde.ask("POST", TRANSFER, headers=headers, **body)
    assert (answer.status, answer.rc, set(answer.body["errors"])) == (400, None, {field})
    assert _moved(horde) == []


async def test_who_was_just_paid_cannot_pay_back_for_a_minute(horde: Asker) -> None:
    assert (await horde.transfer("2", 100)).status == 200
    horde.clock.turn(59)
    answer = await horde.transfer_now("1", 10, sender="ada")
    assert (answer.status, answer.rc) == (400, "TooFastKudosTransfers")
    horde.clock.turn(1)
    assert (await horde.transfer_now("1", 10, sender="ada")).status == 200


async def test_one_call_a_second_even_if_it_is_refused(horde: Asker) -> None:
    assert (await horde.transfer("2", 0)).status == 400
    horde.clock.turn(0.9)
    answer = await horde.transfer_now("2", 1)
    assert (answer.status, answer.body) == (429, {"message": "1 per 1 second"})
    assert (answer.headers["X-Ratelimit-Limit"], answer.headers["Retry-After"]) == ("1", "1")
    horde.clock.turn(0.1)
    assert (await horde.transfer_now("2", 1)).status == 200
    assert (await horde.transfer_now("2", 1, sender="ada")).status != 429


async def test_ninety_calls_an_hour_in_a_window_that_begins_with_the_first(horde: Asker) -> None:
    for _ in range(90):
        horde.clock.turn(1)
        assert (await horde.transfer_now("2", 0)).status == 400
    horde.clock.turn(11)
    answer = await horde.transfer_now("2", 1)
    assert (answer.status, answer.body) == (429, {"message": "90 per 1 hour"})
    assert answer.headers["X-Ratelimit-Limit"] == "90"
    assert answer.headers["X-Ratelimit-Remaining"] == "0"
    assert answer.headers["Retry-After"] == "3500"
    assert int(answer.headers["X-Ratelimit-Reset"]) == horde.clock.now().timestamp() + 3500
    horde.clock.turn(3499)
    assert (await horde.transfer_now("2", 1)).status == 429
    horde.clock.turn(1)
    assert (await horde.transfer_now("2", 1)).status == 200


async def test_what_moved_before_can_be_told_to_another_stand_in(horde: Asker) -> None:
    await horde.transfer("2", 10, key="k")
    async with asking() as again:
        again.stand_in.transfers.replay(horde.stand_in.paid)
        assert again.stand_in.paid == horde.stand_in.paid
        assert again.stand_in.accounts[1].kudos == 990
        assert (await again.transfer("2", 10, key="k")).status == 200
        assert len(again.stand_in.paid) == 1


async def test_a_wiped_account_is_nobody() -> None:
    async with asking(Account(1, "jury", key_of("jury"), kudos=99), Account(2, "x", "y")) as horde:
        horde.stand_in.accounts.remove(2)
        assert (await horde.transfer("x#2", 5)).rc == "InvalidTargetUsername"
