"""Links and proofs: every way to name an account wrongly, and every trap of a shared key."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from uuid import uuid4

import pytest

from bot.demo.horde import faults
from bot.demo.horde.faults import Fault, Way
from bot.errors import (
    BannedError,
    HordeSilentError,
    RateLimitedError,
    RewardsOffError,
    UserError,
)
from bot.rewards import linking, refusals
from storage import erasures, horde_proofs, raters
from storage.erasure_file import Erasure
from storage.horde_proofs import Proof
from storage.signals import Signals
from tests.horde.asking import key_of
from tests.rating.world import caller
from tests.rewards.raters_world import ADA, BOB, EVE, Raters, raters_at


async def proof_of(world: Raters, discord_id: int) -> Proof | None:
    def query(connection: Connection) -> Proof | None:
        rater = raters.find(connection, discord_id)
        return None if rater is None else horde_proofs.find(connection, rater.number)

    return await world.database.read(query)


# --- /horde link


async def test_an_account_is_linked_by_name_and_number(world: Raters) -> None:
    link = await world.linking.link(caller(ADA), " Ada#7 ")
    assert (link.alias, link.verified_at, link.signals) == ("ada#7", None, None)
    assert await world.link_of(ADA) == link
    assert await world.actions() == [("horde.link", "rater:1")]


async def test_the_number_stands_after_the_last_sign(world: Raters) -> None:
    link = await world.linking.link(caller(ADA), "bob#9#8")
    assert (link.name, link.horde_id) == ("bob#9", 8)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("ada", refusals.BareNameError),
        ("7", refusals.BareNumberError),
        ("#7", refusals.BareNumberError),
        ("Anonymous#0", refusals.AnonymousAccountError),
        ("ada#000", refusals.AnonymousAccountError),
        ("0", refusals.BareNumberError),
        ("8d6a4b1c-5f7e-4c3a-9b2d-1e0f9a8b7c6d", refusals.SharedKeyNamedError),
        (key_of("ada"), refusals.ApiKeyGivenError),
        ("ada#", refusals.MisshapenAliasError),
        ("ada#-7", refusals.MisshapenAliasError),
        ("ada#7a", refusals.MisshapenAliasError),
        ("ada#07", refusals.MisshapenAliasError),
        ("ada#\u0667", refusals.MisshapenAliasError),
        ("ada#" + "9" * 30, refusals.MisshapenAliasError),
        ("", refusals.MisshapenAliasError),
        ("#", refusals.MisshapenAliasError),
    ],
)
async def test_what_names_no_account_is_asked_of_nobody(
    world: Raters, text: str, refusal: type[UserError]
) -> None:
    with pytest.raises(refusal):
        await world.linking.link(caller(ADA), text)
    assert world.horde.asked == []


async def test_a_number_with_another_name_is_refused_and_says_whose_it_is(world: Raters) -> None:
    with pytest.raises(refusals.OtherNameError) as raised:
        await world.linking.link(caller(ADA), "ada#8")
    assert raised.value.values == {"account": "bob#9#8", "typed": "ada#8"}
    assert await world.link_of(ADA) is None


@pytest.mark.parametrize(
    ("text", "mark", "refusal"),
    [
        ("ada#7", "deleted", refusals.DeletedAccountError),
        ("ada#7", "flagged", refusals.FlaggedAccountError),
        ("jury#1", None, refusals.OwnAccountError),
        ("ada#70", None, refusals.UnknownAccountError),
    ],
)
async def test_accounts_that_cannot_be_paid_are_refused(
    world: Raters, text: str, mark: str | None, refusal: type[UserError]
) -> None:
    if mark is not None:
        world.horde.accounts[7].marks.add(mark)
    with pytest.raises(refusal):
        await world.linking.link(caller(ADA), text)
    assert await world.link_of(ADA) is None


async def test_a_key_in_the_place_of_the_name_is_not_told_back(
    world: Raters, caplog: pytest.LogCaptureFixture
) -> None:
    key, name = key_of("ada"), "ada_" * 5 + "22"
    with pytest.raises(refusals.ApiKeyGivenError) as raised:
        await world.linking.link(caller(ADA), f"{key}#8")
    assert key not in f"{raised.value!r}{raised.value.values}{caplog.text}"
    world.horde.accounts[7].name = name
    assert (await world.linking.link(caller(ADA), f"{name}#7")).name == name


async def test_what_is_invisible_in_a_name_is_not_shown(world: Raters) -> None:
    world.horde.accounts[7].name = "\u202eev\u200bil\u2066"
    assert (await world.linking.link(caller(ADA), "evil#7")).alias == "evil#7"
    assert (await world.linking.link(caller(BOB), "e\u200dvil#7")).alias == "evil#7"


async def test_names_that_look_alike_are_the_same(world: Raters) -> None:
    world.horde.accounts[7].name = "\uff21da\ufb01"
    assert (await world.linking.link(caller(ADA), "adafi#7")).alias == "\uff21da\ufb01#7"


async def test_a_name_cannot_leave_its_backticks(world: Raters) -> None:
    world.horde.accounts[7].name = "a`@everyone`"
    with pytest.raises(refusals.OtherNameError) as raised:
        await world.linking.link(caller(ADA), "ada#7")
    assert raised.value.values["account"] == "a'@everyone'#7"


async def test_many_may_name_the_same_account(world: Raters) -> None:
    for person in (ADA, BOB, EVE):
        await world.linking.link(caller(person), "ada#7")
    links = [await world.link_of(person) for person in (ADA, BOB, EVE)]
    assert [link.alias for link in links if link] == ["ada#7"] * 3


async def test_an_account_that_somebody_proved_cannot_be_named(world: Raters) -> None:
    await world.prove(ADA, 7)
    with pytest.raises(refusals.TakenAccountError):
        await world.linking.link(caller(BOB), "ada#7")
    assert await world.link_of(BOB) is None


async def test_naming_ones_proved_account_keeps_it_proved_and_refused(world: Raters) -> None:
    proved = await world.prove(ADA, 7)
    await world.refuse_account(ADA, "TargetAccountFlagged")
    world.horde.accounts[7].kudos = 900
    link = await world.linking.link(caller(ADA), "ada#7")
    assert link.verified_at == proved.verified_at
    assert link.refused_answer == "TargetAccountFlagged"
    assert link.not_before is not None
    assert link.signals is not None
    assert link.signals.kudos == 900


async def test_naming_another_account_takes_the_place_of_a_proved_one(world: Raters) -> None:
    await world.prove(ADA, 7)
    link = await world.linking.link(caller(ADA), "bob#9#8")
    assert (link.horde_id, link.verified_at, link.signals) == (8, None, None)


async def test_without_rewards_nothing_is_linked(tmp_path: Path) -> None:
    async with raters_at(tmp_path, rewards=False) as world:
        with pytest.raises(RewardsOffError):
            await world.linking.link(caller(ADA), "ada#7")


async def test_a_silent_horde_links_nothing(world: Raters) -> None:
    world.horde.down = True
    with pytest.raises(HordeSilentError):
        await world.linking.link(caller(ADA), "ada#7")
    assert await world.link_of(ADA) is None


async def test_a_key_of_ours_that_does_not_work_keeps_nobody_from_linking(world: Raters) -> None:
    page = '{"message": "no", "rc": "UserNotFound"}'
    world.horde.fail("/v2/find_user", Fault(Way.ANSWER, status=404, body=page), times=9)
    assert (await world.linking.link(caller(ADA), "ada#7")).horde_id == 7


async def test_looks_at_the_horde_are_limited(world: Raters) -> None:
    for _ in range(linking.LOOKS_PER_MINUTE):
        await world.linking.link(caller(ADA), "ada#7")
    asked = len(world.horde.asked)
    with pytest.raises(RateLimitedError):
        await world.linking.link(caller(ADA), "ada#7")
    with pytest.raises(RateLimitedError):
        await world.linking.begin_proof(caller(ADA))
    assert len(world.horde.asked) == asked
    world.clock.turn(60 / linking.LOOKS_PER_MINUTE)
    await world.linking.link(caller(ADA), "ada#7")


# --- /horde verify


async def test_a_shared_key_with_the_name_proves_its_owners_account(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    assert re.fullmatch(r"jury(-[A-HJKMNP-Z2-9]{4}){3}", proof.nonce)
    assert proof.expires_at == world.clock.now() + timedelta(minutes=15)
    key = world.make_key(7, proof.nonce)
    proved = await world.linking.finish_proof(caller(ADA), f" {key.id.upper()}\n")
    assert not proved.spendable
    assert proved.link.alias == "ada#7"
    assert proved.link.verified_at == world.clock.now()
    assert proved.link.signals == Signals(500, 86_400, 12, trusted=False)
    assert await world.link_of(ADA) == proved.link
    assert await world.actions() == [("horde.verify", "rater:1")]


@pytest.mark.parametrize("around", ["https://artbot.site/create?api_key={}", "{}/../../users/8"])
async def test_a_shared_key_is_found_in_what_was_pasted(world: Raters, around: str) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    proved = await world.linking.finish_proof(caller(ADA), around.format(key.id))
    assert proved.link.alias == "ada#7"
    assert "/api/v2/users/8" not in [path for path, _ in world.horde.asked]


async def test_the_proof_sends_no_key_of_anybody(world: Raters) -> None:
    await world.prove(ADA, 7)
    keys = {path.split("/")[3]: key for path, key in world.horde.asked}
    assert keys == {"sharedkeys": None, "users": None, "find_user": key_of("jury")}


async def test_each_proof_has_a_name_of_its_own(world: Raters) -> None:
    names = {(await world.linking.begin_proof(caller(n))).nonce for n in range(50)}
    assert len(names) == 50


async def test_an_owners_name_may_have_a_sign(world: Raters) -> None:
    link = await world.prove(BOB, 8)
    assert (link.name, link.horde_id) == ("bob#9", 8)


async def test_it_works_without_rewards(tmp_path: Path) -> None:
    async with raters_at(tmp_path, rewards=False) as world:
        assert (await world.prove(ADA, 7)).signals is not None
        assert all(path.split("/")[3] != "find_user" for path, _ in world.horde.asked)


@pytest.mark.parametrize("kudos", [5000, -1])
async def test_a_key_that_can_spend_proves_too_and_is_told_of(world: Raters, kudos: int) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce, kudos=kudos)
    assert (await world.linking.finish_proof(caller(ADA), key.id)).spendable


async def test_an_unknown_key_is_refused_and_the_name_stays_good(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    with pytest.raises(refusals.UnknownSharedKeyError) as raised:
        await world.linking.finish_proof(caller(ADA), str(uuid4()))
    assert raised.value.values == {"left": 4}
    key = world.make_key(7, proof.nonce)
    await world.linking.finish_proof(caller(ADA), key.id)


async def test_an_expired_key_is_refused(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    key.expires = world.clock.now() - timedelta(seconds=1)
    with pytest.raises(refusals.SharedKeyExpiredError):
        await world.linking.finish_proof(caller(ADA), key.id)
    assert await world.link_of(ADA) is None


async def test_a_key_that_never_expires_is_taken(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce, expiry=-1)
    await world.linking.finish_proof(caller(ADA), key.id)


async def test_a_key_that_was_renamed_shows_so_a_minute_later(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, "holiday")
    with pytest.raises(refusals.OtherKeyNameError) as raised:
        await world.linking.finish_proof(caller(ADA), key.id)
    assert raised.value.values == {"nonce": proof.nonce, "left": 4}
    world.horde.shared_keys.change(key, key.owner, {"name": proof.nonce})
    with pytest.raises(refusals.OtherKeyNameError):
        await world.linking.finish_proof(caller(ADA), key.id)
    world.clock.turn(60)
    assert (await world.linking.finish_proof(caller(ADA), key.id)).link.horde_id == 7


@pytest.mark.parametrize("change", [str.lower, lambda nonce: nonce + " ", lambda nonce: nonce[:-1]])
async def test_the_name_must_be_exactly_that(world: Raters, change: object) -> None:
    assert callable(change)
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, change(proof.nonce))
    with pytest.raises(refusals.OtherKeyNameError):
        await world.linking.finish_proof(caller(ADA), key.id)


async def test_somebody_elses_name_proves_nothing(world: Raters) -> None:
    theirs = await world.linking.begin_proof(caller(BOB))
    await world.linking.begin_proof(caller(ADA))
    key = world.make_key(8, theirs.nonce)
    with pytest.raises(refusals.OtherKeyNameError):
        await world.linking.finish_proof(caller(ADA), key.id)
    assert (await world.linking.finish_proof(caller(BOB), key.id)).link.horde_id == 8


async def test_a_name_proves_once(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    await world.linking.finish_proof(caller(ADA), key.id)
    await world.linking.unlink(caller(ADA))
    for person in (ADA, BOB):
        with pytest.raises(refusals.NoProofError):
            await world.linking.finish_proof(caller(person), key.id)
    await world.linking.begin_proof(caller(ADA))
    with pytest.raises(refusals.OtherKeyNameError):
        await world.linking.finish_proof(caller(ADA), key.id)


async def test_a_new_name_takes_the_place_of_the_old(world: Raters) -> None:
    old = await world.linking.begin_proof(caller(ADA))
    new = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, old.nonce)
    with pytest.raises(refusals.OtherKeyNameError) as raised:
        await world.linking.finish_proof(caller(ADA), key.id)
    assert raised.value.values["nonce"] == new.nonce


async def test_a_name_lasts_15_minutes(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    world.clock.turn(15 * 60)
    with pytest.raises(refusals.ProofExpiredError):
        await world.linking.finish_proof(caller(ADA), key.id)
    assert world.horde.asked == []


async def test_an_anonymous_owner_proves_nothing_and_costs_no_try(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    key.owner = world.horde.accounts[0]
    with pytest.raises(HordeSilentError):
        await world.linking.finish_proof(caller(ADA), key.id)
    assert await world.link_of(ADA) is None
    assert await proof_of(world, ADA) == proof


async def test_our_own_account_is_nobodys(world: Raters) -> None:
    with pytest.raises(refusals.OwnAccountError):
        await world.prove(ADA, 1)


@pytest.mark.parametrize(
    ("mark", "refusal"),
    [("deleted", refusals.DeletedAccountError), ("flagged", refusals.FlaggedAccountError)],
)
async def test_an_account_that_cannot_be_paid_is_not_proved(
    world: Raters, mark: str, refusal: type[UserError]
) -> None:
    world.horde.accounts[7].marks.add(mark)
    with pytest.raises(refusal):
        await world.prove(ADA, 7)
    assert await world.link_of(ADA) is None


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (key_of("ada"), refusals.ApiKeyGivenError),
        (f" {key_of('ada')}\n", refusals.ApiKeyGivenError),
        ("0000000000", refusals.NotSharedKeyError),
        ("8d6a4b1c-5f7e-4c3a-9b2d-1e0f9a8b7c6", refusals.NotSharedKeyError),
        (
            "8608f59b-c569-4b20-b2fd-5a4459f5eb40 95a86f31-16ca-4ad7-af6f-8768d19b9444",
            refusals.NotSharedKeyError,
        ),
        ("8d6a4b1c5f7e4c3a9b2d1e0f9a8b7c6d", refusals.NotSharedKeyError),
        ("", refusals.NotSharedKeyError),
    ],
)
async def test_what_is_no_shared_key_is_sent_nowhere_and_costs_no_try(
    world: Raters, text: str, refusal: type[UserError], caplog: pytest.LogCaptureFixture
) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    with pytest.raises(refusal) as raised:
        await world.linking.finish_proof(caller(ADA), text)
    assert world.horde.asked == []
    assert await proof_of(world, ADA) == proof
    if text.strip():
        assert text.strip() not in f"{raised.value!r}{raised.value.values}{caplog.text}"


async def test_an_account_is_proved_by_one_person_alone(world: Raters) -> None:
    await world.prove(ADA, 7)
    with pytest.raises(refusals.TakenAccountError):
        await world.prove(BOB, 7)
    assert await world.link_of(BOB) is None
    link = await world.link_of(ADA)
    assert link is not None
    assert link.verified_at is not None


async def test_a_proof_takes_the_place_of_those_who_only_named_the_account(world: Raters) -> None:
    await world.linking.link(caller(BOB), "ada#7")
    await world.linking.link(caller(EVE), "bob#9#8")
    await world.prove(ADA, 7)
    assert await world.link_of(BOB) is None
    other = await world.link_of(EVE)
    assert other is not None
    assert (await world.actions())[-2:] == [
        ("horde.verify", "rater:3"),
        ("horde.displace", "rater:1"),
    ]


@pytest.mark.parametrize("until", ["linked", "proved", "unlinked", "erased"])
async def test_whose_account_was_proved_by_its_owner_is_told_until_then(
    world: Raters, until: str
) -> None:
    async def told() -> str | None:
        status = await world.status.of(caller(BOB))
        return status.displaced

    for who in (BOB, EVE):
        await world.linking.link(caller(who), "ada#7")
    assert await told() is None
    await world.prove(ADA, 7)
    assert await told() == "ada#7"
    status = await world.status.of(caller(BOB))
    assert (status.link, status.next_payout.outlook) == (None, "no_link")
    assert (await world.status.of(caller(ADA))).displaced is None
    if until == "linked":
        await world.linking.link(caller(BOB), "bob#9#8")
    elif until == "proved":
        await world.prove(BOB, 8)
    elif until == "unlinked":
        await world.linking.unlink(caller(BOB))
    else:
        await world.database.write(
            lambda connection: erasures.cut_link(connection, 1, world.clock.now())
        )
        rows = "SELECT count(*) FROM horde_displaced WHERE rater = 1"
        assert await world.database.read(lambda c: c.execute(rows).fetchone()) == (0,)
    assert await told() is None
    assert (await world.status.of(caller(EVE))).displaced == "ada#7", "the other is told still"


async def test_an_account_of_somebody_banned_stays_with_them(world: Raters) -> None:
    await world.prove(ADA, 7)
    await world.ban(ADA)
    with pytest.raises(refusals.TakenAccountError):
        await world.linking.link(caller(BOB), "ada#7")
    with pytest.raises(refusals.TakenAccountError):
        await world.prove(BOB, 7)
    with pytest.raises(BannedError):
        await world.linking.unlink(caller(ADA))


@pytest.mark.parametrize("banned", [True, False])
async def test_an_account_of_somebody_banned_and_erased_is_barred(
    world: Raters, *, banned: bool
) -> None:
    digest = world.enrolment.horde_digest(7)
    now = world.clock.now()
    erased = Erasure("hash of ada", now, banned, digest)
    await world.database.write(lambda c: erasures.remember(c, erased))
    if not banned:
        assert (await world.prove(BOB, 7)).horde_id == 7
        return
    with pytest.raises(refusals.BarredAccountError):
        await world.linking.link(caller(BOB), "ada#7")
    with pytest.raises(refusals.BarredAccountError):
        await world.prove(BOB, 7)


async def test_tries_are_limited(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    for left in reversed(range(linking.TRIES)):
        with pytest.raises(refusals.UnknownSharedKeyError) as raised:
            await world.linking.finish_proof(caller(ADA), str(uuid4()))
        assert raised.value.values == {"left": left}
        world.clock.turn(60 / linking.LOOKS_PER_MINUTE)
    key = world.make_key(7, proof.nonce)
    with pytest.raises(refusals.TriesSpentError):
        await world.linking.finish_proof(caller(ADA), key.id)


async def test_submitted_twice_it_is_proved_once(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    both = await asyncio.gather(
        *(world.linking.finish_proof(caller(ADA), key.id) for _ in range(2))
    )
    assert both[0] == both[1]
    assert await world.actions() == [("horde.verify", "rater:1")]


async def test_a_proof_is_finished_by_another_process(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    restarted = world.new_linking(seed=99)
    assert (await restarted.finish_proof(caller(ADA), key.id)).link.horde_id == 7


@pytest.mark.parametrize("path", ["/v2/sharedkeys", "/v2/users", "/v2/find_user"])
@pytest.mark.parametrize("fault", [faults.CRASHED, faults.DROPPED, faults.RUBBISH])
async def test_while_the_horde_is_silent_nothing_changes(
    world: Raters, path: str, fault: Fault
) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    world.horde.fail(path, fault, times=9)
    with pytest.raises(HordeSilentError):
        await world.linking.finish_proof(caller(ADA), key.id)
    assert await world.link_of(ADA) is None
    assert await proof_of(world, ADA) == proof
    world.horde.faults.clear()
    world.clock.turn(60)
    assert (await world.linking.finish_proof(caller(ADA), key.id)).link.horde_id == 7


async def test_whoever_is_banned_meanwhile_proves_nothing(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    await world.ban(ADA)
    with pytest.raises(BannedError):
        await world.linking.finish_proof(caller(ADA), key.id)
    with pytest.raises(BannedError):
        await world.linking.begin_proof(caller(ADA))
    with pytest.raises(BannedError):
        await world.linking.link(caller(ADA), "ada#7")
    assert world.horde.asked == []


async def test_a_name_that_was_replaced_meanwhile_proves_nothing(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    world.horde.meanwhile = partial(world.linking.begin_proof, caller(ADA))
    with pytest.raises(refusals.NoProofError):
        await world.linking.finish_proof(caller(ADA), key.id)
    assert await world.link_of(ADA) is None


async def test_whoever_is_banned_while_the_horde_is_asked_links_nothing(world: Raters) -> None:
    proof = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, proof.nonce)
    world.horde.meanwhile = partial(world.ban, ADA)
    with pytest.raises(BannedError):
        await world.linking.finish_proof(caller(ADA), key.id)
    world.horde.meanwhile = partial(world.ban, BOB)
    with pytest.raises(BannedError):
        await world.linking.link(caller(BOB), "ada#7")
    assert await world.link_of(ADA) is None
    assert await world.link_of(BOB) is None


async def test_of_two_who_prove_an_account_at_once_one_gets_it(world: Raters) -> None:
    mine = await world.linking.begin_proof(caller(ADA))
    key = world.make_key(7, mine.nonce)
    world.horde.meanwhile = partial(world.prove, BOB, 7)
    with pytest.raises(refusals.TakenAccountError):
        await world.linking.finish_proof(caller(ADA), key.id)
    link = await world.link_of(BOB)
    assert link is not None
    assert link.verified_at is not None


# --- /horde unlink


async def test_unlinking_forgets_link_and_proof(world: Raters) -> None:
    await world.prove(ADA, 7)
    await world.linking.begin_proof(caller(ADA))
    link = await world.linking.unlink(caller(ADA))
    assert link is not None
    assert link.alias == "ada#7"
    assert await world.link_of(ADA) is None
    assert await proof_of(world, ADA) is None
    assert (await world.linking.link(caller(BOB), "ada#7")).horde_id == 7
    assert await world.linking.unlink(caller(ADA)) is None
