"""The stand-in answers as the Horde was seen to answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.demo.horde import Account, HordeStandIn

Client = TestClient[web.Request, web.Application]
Transfer = Callable[..., Awaitable[tuple[int, dict[str, object]]]]


class Watch:
    """Seconds that a test turns by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def accounts() -> dict[str, Account]:
    people = [
        Account(1, "jury", "jury-key-0123456789ab", kudos=1000),
        Account(2, "ada#7", "ada-key-0123456789abc", kudos=30, requests=12, account_age=86_400),
        Account(3, "flo", "flo-key-0123456789abc", marks=frozenset({"flagged"})),
        Account(4, "sus", "sus-key-0123456789abc", marks=frozenset({"suspicious"})),
        Account(5, "gone", "gone-key-0123456789ab", marks=frozenset({"deleted"})),
    ]
    return {account.name: account for account in people}


@pytest.fixture
async def client(accounts: dict[str, Account], watch: Watch) -> AsyncIterator[Client]:
    app = HordeStandIn(list(accounts.values()), watch).app()
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
def transfer(client: Client, watch: Watch) -> Transfer:
    async def call(
        username: str, amount: int | None = None, *, key: str | None = None, sender: str = "jury"
    ) -> tuple[int, dict[str, object]]:
        watch.seconds += 1
        headers = {"apikey": f"{sender}-key-0123456789abc"[:21]}
        if key is not None:
            headers["Idempotency-Key"] = key
        body = {"username": username} | ({} if amount is None else {"amount": amount})
        answer = await client.post("/api/v2/kudos/transfer", json=body, headers=headers)
        return answer.status, await answer.json()

    return call


async def test_heartbeat_tells_the_version(client: Client) -> None:
    answer = await client.get("/api/v2/status/heartbeat")
    body = await answer.json()
    assert (body["message"], body["version"], body["db_connection"]) == ("OK", "5.1.5", True)


async def test_find_user_knows_keys_and_users_shows_only_what_is_public(
    client: Client,
) -> None:
    key = {"apikey": "ada-key-0123456789abc"}
    own = await (await client.get("/api/v2/find_user", headers=key)).json()
    assert (own["username"], own["id"], own["sharedkey_ids"]) == ("ada#7#2", 2, [])
    public = await (await client.get("/api/v2/users/2")).json()
    assert public["records"]["request"]["image"] == 12
    assert "sharedkey_ids" not in public
    assert (await client.get("/api/v2/find_user")).status == 401
    unknown = await client.get("/api/v2/find_user", headers={"apikey": "nobody"})
    assert (unknown.status, (await unknown.json())["rc"]) == (404, "UserNotFound")
    assert (await client.get("/api/v2/users/99")).status == 404


async def test_the_number_after_the_last_hash_is_paid(
    transfer: Transfer, accounts: dict[str, Account]
) -> None:
    assert await transfer("mallory#2", 10) == (200, {"transferred": 10.0})
    assert accounts["ada#7"].kudos == 40
    assert accounts["jury"].kudos == 990


async def test_a_key_pays_once_and_only_for_its_own_transfer(
    transfer: Transfer, accounts: dict[str, Account]
) -> None:
    for _ in range(2):
        assert (await transfer("ada#7#2", 40, key="k"))[0] == 200
    assert accounts["ada#7"].kudos == 70
    status, body = await transfer("ada#7#2", 41, key="k")
    assert (status, body["rc"]) == (400, "IdempotencyKeyConflict")


async def test_a_failed_transfer_leaves_its_key_free(transfer: Transfer) -> None:
    assert (await transfer("2", 5000, key="k"))[1]["rc"] == "KudosTransferNotEnough"
    assert (await transfer("2", 50, key="k"))[0] == 200


@pytest.mark.parametrize(
    ("username", "amount", "rc"),
    [
        ("2", 976, "KudosTransferNotEnough"),
        ("nobody", 5, "InvalidTargetUsername"),
        ("jury#1", 5, "KudosTransferToSelf"),
        ("flo#3", 5, "TargetAccountFlagged"),
        ("sus#4", 5, "FaultWhenKudosReceiving"),
        ("gone#5", 5, "DeletedUser"),
        ("2", 0, "InvalidKudosTransferAmount"),
        ("2", -5, "NegativeKudosTransfer"),
    ],
)
async def test_refusals_carry_the_return_codes(
    transfer: Transfer, username: str, amount: int, rc: str
) -> None:
    status, body = await transfer(username, amount)
    assert (status, body["rc"]) == (400, rc)


async def test_everything_above_the_floor_can_be_sent(
    transfer: Transfer, accounts: dict[str, Account]
) -> None:
    assert (await transfer("2", 975))[0] == 200
    assert accounts["jury"].kudos == 25


async def test_who_was_just_paid_cannot_pay_back_at_once(transfer: Transfer, watch: Watch) -> None:
    assert (await transfer("2", 100))[0] == 200
    assert (await transfer("1", 10, sender="ada"))[1]["rc"] == "TooFastKudosTransfers"
    watch.seconds += 60
    assert (await transfer("1", 10, sender="ada"))[0] == 200


async def test_one_call_a_second_and_ninety_an_hour(transfer: Transfer, watch: Watch) -> None:
    for _ in range(90):
        assert (await transfer("2", 0))[0] == 400
    assert await transfer("2", 1) == (429, {"message": "90 per 1 hour"})
    watch.seconds += 3600
    assert (await transfer("2", 1))[0] == 200
    watch.seconds -= 0.5
    watch.seconds -= 1
    assert await transfer("2", 1) == (429, {"message": "1 per 1 second"})


async def test_nobody_pays_with_an_unknown_key(transfer: Transfer) -> None:
    status, body = await transfer("2", 1, sender="nobody")
    assert (status, body["rc"]) == (401, "InvalidAPIKey")
