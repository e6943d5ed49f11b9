"""What the stand-in tells of accounts, of itself, and of shared keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.horde.asking import Asker, asking, key_of

KEYS = "/v2/sharedkeys"


@pytest.fixture
async def horde() -> AsyncIterator[Asker]:
    async with asking() as asker:
        yield asker


async def _make(horde: Asker, owner: str = "ada", **wanted: object) -> str:
    horde.clock.turn(60)
    headers = {"apikey": key_of(owner)}
    answer = await horde.ask("PUT", KEYS, json=wanted, headers=headers)
    assert answer.status == 200, answer.body
    made: str = answer.body["id"]
    return made


async def test_the_heartbeat_says_200_even_when_it_is_down(horde: Asker) -> None:
    for down, message in ((False, "OK"), (True, "DOWN")):
        horde.stand_in.down = down
        answer = await horde.get("/v2/status/heartbeat")
        assert (answer.status, answer.body["message"]) == (200, message)
        assert (answer.body["version"], answer.body["db_connection"]) == ("5.1.5", not down)
        assert answer.headers["Horde-Node"].endswith(":5.1.5")
    for broken in (await horde.get("/v2/users/2"), await horde.transfer("2", 5, key="k")):
        assert (broken.status, broken.body) == (500, {"message": "Internal Server Error"})
    horde.stand_in.down = False
    assert (await horde.transfer("2", 5, key="k")).status == 200
    assert len(horde.stand_in.paid) == 1


async def test_an_account_shows_to_everybody_what_is_public(horde: Asker) -> None:
    horde.stand_in.accounts[2].marks |= {"trusted", "suspicious"}
    public = (await horde.get("/v2/users/2")).body
    assert (public["username"], public["id"], public["kudos"]) == ("ada#7#2", 2, 30)
    assert (public["records"]["request"]["image"], public["account_age"]) == (12, 86_400)
    assert (public["trusted"], public["flagged"], public["deleted"]) == (True, False, False)
    assert public["usage"]["requests"] is None
    assert not public.keys() & {"suspicious", "sharedkey_ids"}
    assert "sharedkey_ids" not in (await horde.get("/v2/users/2", key_of("ben"))).body
    assert "sharedkey_ids" in (await horde.get("/v2/users/2", key_of("ada"))).body


async def test_who_is_not_there(horde: Asker) -> None:
    for number in ("99", "ada"):
        answer = await horde.get(f"/v2/users/{number}")
        assert (answer.status, answer.rc) == (404, "UserNotFound")
    answer = await horde.get("/v2/users/2", "a wrong key")
    assert (answer.status, answer.rc) == (401, "InvalidAPIKey")


async def test_find_user_tells_whose_key_it_is_and_echoes_one_that_is_nobodys(
    horde: Asker,
) -> None:
    own = (await horde.get("/v2/find_user", key_of("ada"))).body
    assert (own["username"], own["id"], own["sharedkey_ids"]) == ("ada#7#2", 2, [])
    without = await horde.get("/v2/find_user")
    assert (without.status, without.rc) == (401, "InvalidAPIKey")
    unknown = await horde.get("/v2/find_user", key_of("nobody"))
    assert (unknown.status, unknown.rc) == (404, "UserNotFound")
    assert key_of("nobody") in unknown.body["message"]
    assert (await horde.get("/v2/find_user", "0000000000")).body["username"] == "Anonymous#0"


async def test_figures_are_half_a_minute_late(horde: Asker) -> None:
    first = (await horde.get("/v2/users/1")).body["kudos"]
    await horde.transfer_now("2", 10)
    horde.clock.turn(29)
    assert (await horde.get("/v2/users/1")).body["kudos"] == first
    horde.clock.turn(1)
    assert (await horde.get("/v2/users/1")).body["kudos"] == first - 10


async def test_an_address_asks_sixty_times_a_minute_for_an_account(horde: Asker) -> None:
    statuses = [(await horde.get("/v2/users/1")).status for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    assert (await horde.get("/v2/users/2")).status == 200
    horde.clock.turn(60)
    assert (await horde.get("/v2/users/1")).status == 200


async def test_a_shared_key_is_read_by_whoever_knows_it(horde: Asker) -> None:
    made = await _make(horde, name="nonce-1", kudos=0, expiry=1)
    answer = await horde.get(f"{KEYS}/{made}")
    assert answer.body == {
        "id": made,
        "username": "ada#7#2",
        "name": "nonce-1",
        "kudos": 0,
        "expiry": "Mon, 02 Mar 2026 12:01:00 -0000",
        "utilized": 0,
        "max_image_pixels": -1,
        "max_image_steps": -1,
        "max_text_tokens": -1,
    }
    assert (await horde.get(f"{KEYS}/{made.upper()}")).status == 200
    plain = (await horde.get(f"{KEYS}/{await _make(horde)}")).body
    assert (plain["kudos"], plain.keys() & {"name", "expiry"}) == (5000, set())


async def test_find_user_takes_a_shared_key_for_its_owner(horde: Asker) -> None:
    made = await _make(horde, name="nonce-1", kudos=0)
    found = (await horde.get("/v2/find_user", made)).body
    assert (found["id"], found["username"]) == (2, "ada#7#2 (Shared Key: nonce-1)")
    assert "sharedkey_ids" not in found
    unnamed = (await horde.get("/v2/find_user", await _make(horde))).body
    assert unnamed["username"] == "ada#7#2 (Shared Key)"


async def test_an_account_lists_its_shared_keys_at_once(horde: Asker) -> None:
    for path in ("/v2/find_user", "/v2/users/2"):
        ids: list[str] = []
        assert (await horde.get(path, key_of("ada"))).body["sharedkey_ids"] == ids
        ids.append(await _make(horde))
        assert (await horde.get(path, key_of("ada"))).body["sharedkey_ids"] == ids
        await horde.ask("DELETE", f"{KEYS}/{ids[0]}", headers={"apikey": key_of("ada")})
        assert (await horde.get(path, key_of("ada"))).body["sharedkey_ids"] == []


async def test_an_unknown_shared_key_is_a_401(horde: Asker) -> None:
    for text in ("00000000-0000-4000-8000-000000000000", "nonsense"):
        answer = await horde.get(f"{KEYS}/{text}")
        assert (answer.status, answer.rc) == (401, "InvalidAPIKey")


async def test_changes_of_a_shared_key_show_a_minute_late(horde: Asker) -> None:
    made = await _make(horde, name="before")
    await horde.get(f"{KEYS}/{made}")
    headers = {"apikey": key_of("ada")}
    changed = await horde.ask("PATCH", f"{KEYS}/{made}", json={"name": "after"}, headers=headers)
    assert changed.body["name"] == "after"
    horde.clock.turn(59)
    assert (await horde.get(f"{KEYS}/{made}")).body["name"] == "before"
    horde.clock.turn(1)
    assert (await horde.get(f"{KEYS}/{made}")).body["name"] == "after"
    assert (await horde.ask("DELETE", f"{KEYS}/{made}", headers=headers)).body == {"message": "OK"}
    assert (await horde.get(f"{KEYS}/{made}")).status == 200
    horde.clock.turn(60)
    assert (await horde.get(f"{KEYS}/{made}")).status == 401


async def test_a_shared_key_is_its_owners_alone(horde: Asker) -> None:
    made = await _make(horde)
    for method in ("PATCH", "DELETE"):
        headers = {"apikey": key_of("ben")}
        answer = await horde.ask(method, f"{KEYS}/{made}", json={"name": "mine"}, headers=headers)
        assert (answer.status, answer.rc) == (403, "Forbidden")
    nothing = await horde.ask("PATCH", f"{KEYS}/{made}", json={}, headers={"apikey": key_of("ada")})
    assert (nothing.status, nothing.rc) == (400, "NoSharedKeyModSelected")


@pytest.mark.parametrize(("mark", "most"), [(None, 3), ("trusted", 10)])
async def test_an_account_has_so_many_shared_keys(
    horde: Asker, mark: str | None, most: int
) -> None:
    horde.stand_in.accounts[2].marks |= {mark} if mark else set()
    for _ in range(most):
        await _make(horde)
    horde.clock.turn(60)
    answer = await horde.ask("PUT", KEYS, json={}, headers={"apikey": key_of("ada")})
    assert (answer.status, answer.rc) == (403, "Forbidden")


async def test_an_address_makes_five_shared_keys_a_minute(horde: Asker) -> None:
    statuses = [
        (await horde.ask("PUT", KEYS, json={}, headers={"apikey": key_of(name)})).status
        for name in ("ada", "ada", "ada", "ben", "ben", "ben")
    ]
    assert statuses == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("key", "wanted", "status", "rc"),
    [
        ("0000000000", {}, 403, "AnonForbidden"),
        ("unknown", {}, 401, "InvalidAPIKey"),
        (key_of("ada"), {"name": "ab"}, 400, None),
        (key_of("ada"), {"kudos": -2}, 400, None),
        (key_of("ada"), {"expiry": "soon"}, 400, None),
    ],
)
async def test_a_shared_key_that_is_not_made(
    horde: Asker, key: str, wanted: dict[str, object], status: int, rc: str | None
) -> None:
    answer = await horde.ask("PUT", KEYS, json=wanted, headers={"apikey": key})
    assert (answer.status, answer.rc) == (status, rc)


async def test_a_payment_to_a_shared_key_goes_to_its_owner_and_raises_what_it_may_spend(
    horde: Asker,
) -> None:
    made, endless = await _make(horde, kudos=0, expiry=1), await _make(horde, kudos=-1)
    assert (await horde.transfer(made, 10)).status == 200
    assert (await horde.transfer(endless, 10)).status == 200
    assert [each.payee for each in horde.stand_in.paid] == [2, 2]
    assert horde.stand_in.shared_keys.get(made).kudos == 10
    assert horde.stand_in.shared_keys.get(endless).kudos == -1
    horde.clock.turn(86_400)
    assert (await horde.transfer(made, 10)).rc == "SharedKeyExpired"
    assert (await horde.get(f"{KEYS}/{made}")).status == 200


async def test_a_shared_key_pays_nobody(horde: Asker) -> None:
    made = await _make(horde, owner="jury")
    horde.clock.turn(60)
    answer = await horde.ask(
        "POST", "/v2/kudos/transfer", json={"username": "2"}, headers={"apikey": made}
    )
    assert (answer.status, answer.rc) == (401, "InvalidAPIKey")
