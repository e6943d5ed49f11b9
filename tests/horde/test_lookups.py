"""Accounts, shared keys and the heartbeat, as the Horde tells of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import cast
from uuid import uuid4

import pytest

from bot.demo.horde import faults
from bot.demo.horde.faults import Fault, Way
from bot.horde.client import ATTEMPTS, LONGEST_PATIENCE
from bot.horde.errors import (
    NotKnownError,
    NotSentError,
    RefusedForGoodError,
    RefusedForNowError,
    UnfitKeyError,
)
from bot.horde.payee import Alias
from bot.horde.records import UNKNOWN_VERSION, Account, Heartbeat, SharedKey, Version
from tests.horde.asking import key_of
from tests.horde.clients import Horde, SkippingClock, answering, http, json_of, talking_to

HEARTBEAT = "/v2/status/heartbeat"
FIND_USER = "/v2/find_user"
UUID = "8d6a4b1c-5f7e-4c3a-9b2d-1e0f9a8b7c6d"


def says(**fields: object) -> Fault:
    return Fault(Way.ANSWER, body=json.dumps(fields))


async def test_a_heartbeat_tells_the_version(horde: Horde) -> None:
    assert await horde.client.heartbeat() == Heartbeat(ok=True, version=Version(5, 1, 5))
    horde.stand_in.version = "5.0.4"
    assert (await horde.client.heartbeat()).version == Version(5, 0, 4)


async def test_a_server_whose_database_is_down_is_not_ok(horde: Horde) -> None:
    horde.stand_in.down = True
    assert await horde.client.heartbeat() == Heartbeat(ok=False, version=Version(5, 1, 5))


@pytest.mark.parametrize(
    ("fields", "ok"),
    [
        ({"message": "OK", "db_connection": True}, True),
        ({"message": "OVERLOADED", "db_connection": True}, True),
        ({"message": "OK"}, True),
        ({"message": "DOWN", "db_connection": True}, False),
        ({"message": "OK", "db_connection": False}, False),
        ({"message": "OK", "db_connection": "no"}, False),
        ({"message": "OK", "db_connection": []}, False),
        ({"message": ["OK"], "db_connection": True}, False),
        ({"db_connection": True}, False),
        ({}, False),
    ],
)
async def test_a_heartbeat_of_200_is_ok_only_by_what_it_says(
    horde: Horde, fields: dict[str, object], *, ok: bool
) -> None:
    horde.stand_in.fail(HEARTBEAT, says(**fields))
    assert await horde.client.heartbeat() == Heartbeat(ok, UNKNOWN_VERSION)


async def test_an_account_is_read_as_everybody_sees_it(horde: Horde) -> None:
    horde.mark(2, "trusted", "pseudonymous")
    assert await horde.client.account(2) == Account(
        id=2,
        name="ada#7",
        kudos=30,
        account_age=86_400,
        usage_requests=12,
        trusted=True,
        flagged=False,
        deleted=False,
        pseudonymous=True,
        education=False,
    )


async def test_nobody_is_refused_for_good(horde: Horde) -> None:
    with pytest.raises(RefusedForGoodError) as raised:
        await horde.client.account(99)
    assert (raised.value.rc, raised.value.status) == ("UserNotFound", 404)
    assert horde.clock.slept == [], "it was not asked again"


@pytest.mark.parametrize("number", [0, -1, 2.0, True, "2", "2/../../find_user", None])
async def test_only_numbers_of_registered_accounts_are_asked_for(number: object) -> None:
    async with answering(b"") as server, talking_to(server.url) as client:
        with pytest.raises(ValueError, match="number"):
            await client.account(cast("int", number))
    assert server.requests == []


async def test_nulls_and_what_is_left_out_count_as_nothing(horde: Horde) -> None:
    nothing = Account(2, "ada", 0, 0, 0, *[False] * 5)
    left_out = {"username": "ada#2", "id": 2}
    nulls = dict.fromkeys(
        ("kudos", "records", "account_age", "trusted", "flagged", "deleted", "pseudonymous")
    )
    for fields in (left_out, left_out | nulls, left_out | {"records": {"request": None}}):
        horde.stand_in.fail("/v2/users", says(**fields))
        assert await horde.client.account(2) == nothing


@pytest.mark.parametrize(
    ("kudos", "read"), [(30.4, 30), (30.6, 31), (-50.0, -50), (-3.2, -3), (7, 7), (1e15, 10**15)]
)
async def test_kudos_are_rounded(horde: Horde, kudos: float, read: int) -> None:
    horde.stand_in.fail("/v2/users", says(username="ada#2", id=2, kudos=kudos))
    account = await horde.client.account(2)
    assert account.kudos == read
    assert type(account.kudos) is int


async def test_what_cannot_be_below_nothing_is_not(horde: Horde) -> None:
    fields = says(username="ada#2", id=2, account_age=-5, records={"request": {"image": -1}})
    horde.stand_in.fail("/v2/users", fields)
    account = await horde.client.account(2)
    assert (account.account_age, account.usage_requests) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "ada"},
        {"username": None},
        {"username": 3},
        {"username": "Anonymous#0", "id": 0},
        {"username": "ada#3"},
        {"id": "2"},
        {"id": None},
        {"id": True},
        {"kudos": "30"},
        {"kudos": True},
        {"kudos": float("nan")},
        {"kudos": float("inf")},
        {"kudos": 10**400},
        {"kudos": 2**63},
        {"account_age": []},
        {"records": []},
        {"records": {"request": 3}},
        {"records": {"request": {"image": "12"}}},
        {"trusted": "yes"},
        {"trusted": 1},
        {"flagged": {}},
    ],
    ids=str,
)
async def test_fields_of_wrong_types_make_no_account(
    horde: Horde, wrong: dict[str, object]
) -> None:
    horde.stand_in.fail("/v2/users", says(**({"username": "ada#2", "id": 2} | wrong)))
    with pytest.raises(NotKnownError):
        await horde.client.account(2)
    assert horde.clock.slept == [], "asking again would not help"


async def test_the_paying_account_is_found_by_its_key(horde: Horde) -> None:
    account = await horde.client.own_account()
    assert (account.id, account.name, account.spendable) == (1, "jury", 975)


async def test_a_shared_key_pays_for_nobody(horde: Horde) -> None:
    """It finds its owner, who is another than whom transfers would be taken from."""
    key = horde.stand_in.shared_keys.make(horde.stand_in.accounts[2], {"name": "verify-7f3a9c"})
    fields = horde.stand_in._whose(key.id)  # noqa: SLF001 - what the Horde says of a shared key
    assert fields["username"] == "ada#7#2 (Shared Key: verify-7f3a9c)"
    for answer in (fields, fields | {"sharedkey_ids": []}, fields | {"username": "ada#2"}):
        horde.stand_in.fail(FIND_USER, says(**answer))
        with pytest.raises(UnfitKeyError) as raised:
            await horde.client.own_account()
        assert raised.value.fault == "shared"


async def test_the_anonymous_account_pays_for_nobody(horde: Horde) -> None:
    fields = {"username": "Anonymous#0", "id": 0, "sharedkey_ids": []}
    horde.stand_in.fail(FIND_USER, says(**fields))
    with pytest.raises(UnfitKeyError) as raised:
        await horde.client.own_account()
    assert raised.value.fault == "anonymous"


@pytest.mark.parametrize(
    ("key", "fault"), [(None, "missing"), ("0000000000", "anonymous"), (UUID, "shared")]
)
async def test_keys_that_cannot_pay_are_not_even_sent(key: str | None, fault: str) -> None:
    async with answering(b"") as server, talking_to(server.url, key=key) as client:
        with pytest.raises(UnfitKeyError) as raised:
            await client.own_account()
    assert raised.value.fault == fault
    assert server.requests == []


async def test_a_wrong_key_is_refused_for_good(horde: Horde) -> None:
    horde.stand_in.accounts.remove(1)
    with pytest.raises(RefusedForGoodError) as raised:
        await horde.client.own_account()
    assert (raised.value.rc, raised.value.status) == ("UserNotFound", 404)


async def test_a_shared_key_tells_its_owner(horde: Horde) -> None:
    wanted = {"name": "verify-7f3a9c", "kudos": 0, "expiry": 1}
    key = horde.stand_in.shared_keys.make(horde.stand_in.accounts[2], wanted)
    expires_at = horde.clock.now() + timedelta(days=1)
    read = SharedKey(key.id, "verify-7f3a9c", Alias("ada#7", 2), 0, expires_at)
    assert await horde.client.shared_key(key.id) == read
    assert await horde.client.shared_key(key.id.upper()) == read


async def test_a_shared_key_that_lasts_for_ever_has_no_end(horde: Horde) -> None:
    owner = horde.stand_in.accounts[2]
    key = horde.stand_in.shared_keys.make(owner, {"kudos": -1, "expiry": -1})
    assert await horde.client.shared_key(key.id) == SharedKey(key.id, "", Alias("ada#7", 2), -1)


async def test_an_unknown_shared_key_is_refused_for_good_with_401(horde: Horde) -> None:
    with pytest.raises(RefusedForGoodError) as raised:
        await horde.client.shared_key(str(uuid4()))
    assert (raised.value.rc, raised.value.status) == ("InvalidAPIKey", 401)


@pytest.mark.parametrize(
    "text",
    ["", "x", UUID[:-1], f"{UUID}/", f"../find_user?{UUID}", f"{UUID}#", UUID.replace("-", "")],
)
async def test_only_a_uuid_is_asked_for(text: str) -> None:
    async with answering(b"") as server, talking_to(server.url) as client:
        with pytest.raises(ValueError, match="UUID"):
            await client.shared_key(text)
    assert server.requests == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "33d8ddfc-b094-48f3-ac62-0fd35958b720"},
        {"id": None},
        {"username": "Anonymous#0"},
        {"username": None},
        {"name": 3},
        {"kudos": "0"},
        {"expiry": "soon"},
        {"expiry": 3},
    ],
    ids=str,
)
async def test_fields_of_wrong_types_make_no_shared_key(
    horde: Horde, wrong: dict[str, object]
) -> None:
    fields = {"id": UUID, "username": "ada#2", "name": "nonce", "kudos": 0}
    horde.stand_in.fail("/v2/sharedkeys", says(**(fields | wrong)))
    with pytest.raises(NotKnownError):
        await horde.client.shared_key(UUID)


async def test_what_everybody_may_read_is_read_without_a_key() -> None:
    answer = json_of("404 NOT FOUND", '{"message": "x", "rc": "UserNotFound"}')
    async with answering(answer) as server, talking_to(server.url) as client:
        for lookup in (client.account(2), client.shared_key(UUID), client.heartbeat()):
            with pytest.raises(RefusedForGoodError):
                await lookup
        assert not any(b"apikey" in request.lower() for request in server.requests)
        assert not any(key_of("jury").encode() in request for request in server.requests)
        with pytest.raises(RefusedForGoodError):
            await client.own_account()
        assert f"apikey: {key_of('jury')}".encode() in server.requests[-1]
    assert [request.split(b" ")[1] for request in server.requests] == [
        b"/api/v2/users/2",
        f"/api/v2/sharedkeys/{UUID}".encode(),
        b"/api/v2/status/heartbeat",
        b"/api/v2/find_user",
    ]


@pytest.mark.parametrize(
    "fault", [faults.CRASHED, faults.page(502), faults.RESET, faults.too_many(1), faults.RUBBISH]
)
async def test_reading_is_tried_again(horde: Horde, fault: Fault) -> None:
    horde.stand_in.fail("/v2/users", fault, times=ATTEMPTS - 1)
    assert (await horde.client.account(2)).kudos == 30
    # aiohttp asks again at once, and once, where a connection broke before any answer.
    assert len(horde.clock.slept) == (1 if fault is faults.RESET else ATTEMPTS - 1)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(faults.CRASHED, NotKnownError), (faults.too_many(1), RefusedForNowError)],
)
async def test_reading_gives_up_in_the_end(
    horde: Horde, fault: Fault, kind: type[Exception]
) -> None:
    horde.stand_in.fail("/v2/users", fault, times=ATTEMPTS)
    with pytest.raises(kind):
        await horde.client.account(2)
    assert (await horde.client.account(2)).kudos == 30, "it was asked no more often"


async def test_the_pauses_grow_and_are_random() -> None:
    crash = json_of("500 X", '{"message": "Internal Server Error"}')
    slept: list[list[float]] = []
    async with answering(crash) as server:
        for seed in range(20):
            clock = SkippingClock()
            async with talking_to(server.url, clock, seed=seed) as client:
                with pytest.raises(NotKnownError):
                    await client.heartbeat()
            slept.append(clock.slept)
    assert all(0 <= first <= 0.5 and 0 <= second <= 1 for first, second in slept)
    assert max(second for _, second in slept) > 0.5
    assert len({first for first, _ in slept}) == 20


@pytest.mark.parametrize("value", ["5", "Sun, 01 Mar 2026 12:00:05 GMT"])
async def test_reading_waits_as_long_as_the_horde_wants(clock: SkippingClock, value: str) -> None:
    busy = json_of("429 X", '{"message": "90 per 1 minute"}', f"Retry-After: {value}")
    fine = json_of("200 OK", '{"message": "OK"}')
    async with answering(busy, fine) as server, talking_to(server.url, clock) as client:
        assert (await client.heartbeat()).ok
    assert len(clock.slept) == 1
    assert 5 <= clock.slept[0] <= 5.5


async def test_nobody_is_let_wait_longer_than_they_have_patience(clock: SkippingClock) -> None:
    busy = json_of("429 X", '{"message": "x"}', f"Retry-After: {LONGEST_PATIENCE + 1}")
    page = http("503 X", "<html>", f"Retry-After: {LONGEST_PATIENCE + 1}")
    async with answering(busy, page) as server, talking_to(server.url, clock) as client:
        for kind in (RefusedForNowError, NotKnownError):
            with pytest.raises(kind) as raised:
                await client.heartbeat()
            assert raised.value.retry_after == LONGEST_PATIENCE + 1
    assert clock.slept == []
    assert len(server.requests) == 2


async def test_lookups_keep_off_the_pace_of_transfers(horde: Horde) -> None:
    horde.stand_in.fail("/v2/users", faults.too_many(3000))
    with pytest.raises(RefusedForNowError):
        await horde.client.account(2)
    assert horde.client.pace.next_turn() == horde.clock.now()


async def test_after_the_end_nothing_is_sent(horde: Horde) -> None:
    await horde.client.account(2)
    await horde.client.close()
    for call in (horde.client.heartbeat(), horde.client.transfer(2, 10, "key")):
        with pytest.raises(NotSentError):
            await call
    assert horde.moved() == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://aihorde.net/api", "https://aihorde.net"),
        ("https://AIHorde.net/api", "https://aihorde.net"),
        ("http://127.0.0.1:7001/api", "http://127.0.0.1:7001"),
        ("http://[::1]:7001/api", "http://[::1]:7001"),
        ("https://name:password@aihorde.net/api", "https://aihorde.net"),
    ],
)
async def test_the_server_is_known_by_its_origin(url: str, server: str) -> None:
    async with talking_to(url) as client:
        assert client.server == server
