"""`/horde link|verify|status|unlink`, against a stand-in for the Horde on the loopback."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from sqlite3 import Connection
from typing import Any

import discord
import pytest
from PIL import Image
from simcord import InteractionResult, MemberActor
from simcord.backend.errors import SetupError

from bot.demo.horde.accounts import Account
from bot.demo.horde.server import HordeStandIn
from bot.demo.horde.shared_keys import SharedKey
from bot.rewards.cases import OPERATOR
from bot.texts import LANGUAGES, Texts
from cogs.ui.horde import CLIENT_PAGE
from storage import awards, holds, payout_due, payouts, raters
from storage.payouts import Sender
from tests.cogs.stage import NOON, Stage, TurnedClock, answer, components, custom_ids, score, text
from tests.horde.asking import key_of
from tests.horde.stage import serving

PROVE, KEY = "horde:prove", "horde:key"


@pytest.fixture
async def horde(clock: TurnedClock) -> HordeStandIn:
    accounts = [
        Account(1, "jury", key_of("jury"), kudos=1000),
        Account(7, "ada", key_of("ada"), kudos=500, account_age=86_400, requests=12),
        Account(8, "bob`#9", key_of("bob"), kudos=20),
    ]
    return HordeStandIn(accounts, clock)


@pytest.fixture
def api_key() -> str | None:
    """The key that the bot pays with: parametrize it with None to turn rewards off."""
    return key_of("jury")


@pytest.fixture
async def settings_changes(
    horde: HordeStandIn, api_key: str | None
) -> AsyncIterator[dict[str, object]]:
    async with serving(horde) as url:
        yield {"horde_api_url": url, "horde_api_key": api_key, "kudos_daily_cap": 300}


@pytest.fixture(autouse=True)
async def closed(stage: Stage) -> AsyncIterator[None]:
    yield
    await stage.services.horde.close()


async def slash(stage: Stage, member: MemberActor, name: str, **values: str) -> discord.Message:
    """Run a command of the group, and check that nobody else sees its answer."""
    result = await member.slash(stage.channel, f"horde {name}", **values)
    assert result.ephemeral
    return answer(result)


def nonce_of(message: discord.Message) -> str:
    """Return the name that a card asks to give to a shared key."""
    (found,) = re.findall(r"```\n(jury-[-A-Z0-9]+)\n```", text(message))
    return str(found)


def make_key(horde: HordeStandIn, account: int, name: str, kudos: int = 0) -> SharedKey:
    wanted = {"name": name, "kudos": kudos, "expiry": 1}
    return horde.shared_keys.make(horde.accounts[account], wanted)


async def submit(member: MemberActor, card: discord.Message, key: str) -> InteractionResult:
    """Press the card's button and enter a shared key."""
    shown = await member.click(card, custom_id=PROVE)
    return await member.submit_modal(shown, {"key": key})


def told(result: InteractionResult) -> str:
    """Return what was said besides the card, which stays."""
    (followup,) = result.followups
    return followup.message.content


async def earn(stage: Stage, member: MemberActor, *amounts: int, full: bool = True) -> None:
    """Give awards past the votes that earn them."""
    images = await stage.add_images(len(amounts), data_set=f"set{next(NUMBERS)}")
    now = stage.clock.now()

    def unit(connection: Connection) -> None:
        rater = stage.services.enrolment.rater(connection, member.id, now)
        for image, amount in zip(images, amounts, strict=True):
            awards.write(
                connection,
                rater=rater.number,
                image_id=image,
                scale="aesthetic",
                amount=amount,
                now=now,
            )
            if full:
                connection.execute("UPDATE images SET stage = 'full' WHERE id = ?", (image,))

    await stage.services.database.write(unit)


NUMBERS = iter(range(1000))


async def settle(stage: Stage, member: MemberActor, outcome: str) -> None:
    """Plan a payout of all that is released, and let it be paid or refused."""
    terms = payout_due.Terms(timedelta(hours=48), timedelta(hours=24), 1, 1000, 1000, 1)
    now = stage.clock.now()

    def unit(connection: Connection) -> None:
        rater = raters.find(connection, member.id)
        assert rater is not None
        picked = payout_due.pick(connection, rater.number, terms, now)
        assert picked is not None
        payout = payouts.create(
            connection,
            key=f"{next(NUMBERS):036}",
            rater=rater.number,
            horde_id=picked.horde_id,
            verified=picked.verified,
            awards=picked.awards,
            now=now,
        )
        if outcome != "planned":
            payouts.begin_first(connection, payout.id, Sender("here", 1, honours_keys=True), now)
        if outcome == "paid":
            payouts.pay(connection, payout.id, now)
        elif outcome not in {"planned", "sending"}:
            payouts.refuse(connection, payout.id, outcome, now)
            payout_due.refuse_account(
                connection,
                rater.number,
                picked.horde_id,
                answer=outcome,
                until=now + timedelta(days=7),
            )

    await stage.services.database.write(unit)


async def test_an_account_is_linked_and_unlinked(stage: Stage) -> None:
    ada = stage.member("ada")
    linked = text(await slash(stage, ada, "link", account="ada#7"))
    assert "**Linked: `ada#7`**" in linked
    assert "share 300 kudos a day" in linked
    assert "`ada#7`, not proved" in text(await slash(stage, ada, "status"))
    unlinked = await slash(stage, ada, "unlink")
    assert "`ada#7` is no longer linked" in unlinked.content
    assert "No AI Horde account is linked" in text(await slash(stage, ada, "status"))
    assert "No account was linked" in (await slash(stage, ada, "unlink")).content


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("ada", "The number is missing"),
        ("7", "The name is missing"),
        ("Anonymous#0", "anonymous account"),
        ("jury#1", "from which I pay"),
        ("ada#8", "belongs to `bob'#9#8`, not to `ada#8`"),
        ("ada#70", "no account with the number 70"),
        ("8d6a4b1c-5f7e-4c3a-9b2d-1e0f9a8b7c6d", "That is a shared key"),
        (key_of("ada"), "looks like an API key"),
    ],
)
async def test_a_wrong_account_is_refused_with_the_reason(
    stage: Stage, account: str, said: str
) -> None:
    ada = stage.member("ada")
    refused = await slash(stage, ada, "link", account=account)
    assert said in refused.content
    assert "No AI Horde account is linked" in text(await slash(stage, ada, "status"))


async def test_a_direct_message_does_too(stage: Stage) -> None:
    ada = stage.member("ada")
    linked = answer(await ada.user.slash("horde link", account="ada#7"))
    assert "**Linked: `ada#7`**" in text(linked)


async def test_the_steps_name_a_client_the_call_and_what_is_stored(
    stage: Stage, horde: HordeStandIn
) -> None:
    ada = stage.member("ada")
    await slash(stage, ada, "link", account="ada#7")
    card = await slash(stage, ada, "verify")
    said = text(card)
    assert "ArtBot calls it API key" in said
    assert f"({CLIENT_PAGE})" in said
    until = int((NOON + timedelta(minutes=15)).timestamp())
    assert f"until <t:{until}:t>" in said
    assert "3 shared keys" in said
    assert "Then delete the shared key" in said
    assert "published with your ratings, rounded" in said
    assert "`ada#7`" not in said, "it is most likely the one to be proved"
    assert custom_ids(card) == [PROVE]
    (line,) = re.findall(r"```sh\n(curl .*)\n```", said)
    words = shlex.split(line)
    assert words[:3] == ["curl", "-X", "PUT"]
    assert words[3] == f"{stage.services.settings.horde_api_url}/v2/sharedkeys"
    assert "apikey: YOUR_API_KEY" in words
    body: dict[str, Any] = json.loads(words[-1])
    assert body == {"name": nonce_of(card), "kudos": 0, "expiry": 1}
    horde.shared_keys.make(horde.accounts[7], body)


async def test_an_account_is_proved_with_button_and_modal(
    stage: Stage, horde: HordeStandIn
) -> None:
    ada = stage.member("ada")
    card = await slash(stage, ada, "verify")
    key = make_key(horde, 7, nonce_of(card))
    shown = await ada.click(card, custom_id=PROVE)
    assert shown.modal is not None
    assert shown.modal["custom_id"] == KEY
    proved = await ada.submit_modal(shown, {"key": key.id})
    assert answer(proved).id == card.id, "the steps make way for the outcome"
    said = text(answer(proved))
    assert "**Verified: `ada#7`**" in said
    assert "You can delete the shared key now" in said
    assert custom_ids(answer(proved)) == []
    assert "`ada#7`, verified" in text(await slash(stage, ada, "status"))
    again = text(await slash(stage, ada, "link", account="ada#7"))
    assert "You proved before" in again
    other = text(await slash(stage, ada, "verify"))
    assert "`ada#7` is linked now; if you prove another account" in other


async def test_who_had_only_named_an_account_is_told_that_its_owner_proved_it(
    stage: Stage, horde: HordeStandIn
) -> None:
    ada, bob = stage.member("ada"), stage.member("bob")
    await slash(stage, bob, "link", account="ada#7")
    card = await slash(stage, ada, "verify")
    await submit(ada, card, make_key(horde, 7, nonce_of(card)).id)
    said = text(await slash(stage, bob, "status"))
    assert "`ada#7` is no longer linked to you: its owner has proved" in said
    assert "`/horde link` says where to pay it" in said
    listed = text(answer(await bob.slash(stage.channel, "privacy show")))
    assert "until its owner proved it: **1**" in listed
    await slash(stage, bob, "unlink")
    assert "its owner" not in text(await slash(stage, bob, "status"))


async def test_a_key_that_can_spend_is_to_be_deleted_now(stage: Stage, horde: HordeStandIn) -> None:
    ada = stage.member("ada")
    card = await slash(stage, ada, "verify")
    key = make_key(horde, 7, nonce_of(card), kudos=5000)
    proved = await submit(ada, card, key.id)
    assert "**Delete the shared key now**" in text(answer(proved))


async def test_a_refused_key_leaves_the_steps_to_try_again(
    stage: Stage, horde: HordeStandIn
) -> None:
    ada = stage.member("ada")
    card = await slash(stage, ada, "verify")
    key = make_key(horde, 7, "holiday")
    refused = await submit(ada, card, key.id)
    assert f"not named `{nonce_of(card)}`" in told(refused)
    assert "wait a minute" in told(refused)
    assert "Tries left: 4" in told(refused)
    assert refused.followups[0].ephemeral
    assert custom_ids(card) == [PROVE]
    horde.shared_keys.change(key, key.owner, {"name": nonce_of(card)})
    stage.clock.turn(60)
    assert "**Verified" in text(answer(await submit(ada, card, key.id)))


async def test_the_button_works_after_a_restart_and_so_does_the_modal(
    stage: Stage, horde: HordeStandIn
) -> None:
    ada = stage.member("ada")
    card = await slash(stage, ada, "verify")
    key = make_key(horde, 7, nonce_of(card))
    await stage.restart()
    shown = await ada.click(card, custom_id=PROVE)
    await stage.restart()
    proved = await ada.submit_modal(shown, {"key": key.id})
    assert "**Verified" in text(answer(proved))


async def test_the_modal_lets_nobody_send_an_api_key(stage: Stage) -> None:
    ada = stage.member("ada")
    shown = await ada.click(await slash(stage, ada, "verify"), custom_id=PROVE)
    with pytest.raises(SetupError, match="shorter than min_length=36"):
        await ada.submit_modal(shown, {"key": key_of("ada")})


async def test_what_is_no_shared_key_leaves_the_steps(stage: Stage) -> None:
    ada = stage.member("ada")
    card = await slash(stage, ada, "verify")
    refused = await submit(ada, card, "x" * 36)
    assert "That is not a shared key" in told(refused)


async def test_a_silent_horde_changes_nothing(stage: Stage, horde: HordeStandIn) -> None:
    ada = stage.member("ada")
    horde.down = True
    assert "Nothing changed" in (await slash(stage, ada, "link", account="ada#7")).content
    card = await slash(stage, ada, "verify")
    key = make_key(horde, 7, nonce_of(card))
    assert "Nothing changed" in told(await submit(ada, card, key.id))
    horde.down = False
    assert "**Verified" in text(answer(await submit(ada, card, key.id)))


async def test_a_banned_rater_sees_their_status_and_links_nothing(stage: Stage) -> None:
    ada = stage.member("ada")
    await earn(stage, ada, 60)
    await stage.moderator.slash(stage.channel, "rater ban", user=ada, reason="why")
    for name, values in (("link", {"account": "ada#7"}), ("verify", {}), ("unlink", {})):
        assert "You are banned" in (await slash(stage, ada, name, **values)).content
    said = text(await slash(stage, ada, "status"))
    assert "You are banned, so what was not paid is void" in said
    assert "No AI Horde account is linked." in said
    assert "kept" not in said
    assert "/horde" not in said, "of what is refused"


async def test_who_is_banned_for_a_while_is_sent_to_no_command_that_refuses(stage: Stage) -> None:
    ada = stage.member("ada")
    await slash(stage, ada, "link", account="ada#7")
    assert "`/horde verify` proves it" in text(await slash(stage, ada, "status"))
    await stage.moderator.slash(
        stage.channel, "rater ban", user=ada, reason="why", length="day", place="everywhere"
    )
    said = text(await slash(stage, ada, "status"))
    assert "Account: `ada#7`, not proved to be yours." in said
    assert "/horde" not in said


@pytest.mark.parametrize("api_key", [None])
async def test_without_rewards_nothing_is_promised_but_an_account_can_be_proved(
    stage: Stage, horde: HordeStandIn
) -> None:
    ada = stage.member("ada")
    status = await slash(stage, ada, "status")
    assert "No kudos are paid here" in text(status)
    assert "payout" not in text(status).lower()
    assert status.attachments == []
    assert (await slash(stage, ada, "link", account="ada#7")).content == "No kudos are paid here."
    card = await slash(stage, ada, "verify")
    assert "paid" not in text(card)
    proved = await submit(ada, card, make_key(horde, 7, nonce_of(card)).id)
    assert "**Verified: `ada#7`**" in text(answer(proved))
    assert "paid" not in text(answer(proved))
    assert "`ada#7`, verified" in text(await slash(stage, ada, "status"))
    unlinked = (await slash(stage, ada, "unlink")).content
    assert unlinked == "`ada#7` is no longer linked. `/horde verify` proves an account again."


PROMISES = re.compile(r"(?i)\byou (?:will )?earn|\bpa(?:id|y)\b|payout|verdien|gezahlt|auszahl")
"""What nobody is told where nothing is earned."""


@pytest.mark.parametrize("api_key", [None])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_rewards_nothing_that_a_rater_meets_speaks_of_earning(
    stage: Stage, horde: HordeStandIn, language: str
) -> None:
    post = await stage.open_post()
    ada = stage.member("ada")
    await ada.slash(stage.channel, "language", language=language)
    said = [answer(await score(ada, post, "aesthetic", 7))]
    agreed = await ada.click(said[0], custom_id="agree:aesthetic:7:1")
    said += [answer(agreed), answer(await score(ada, post, "artifacts", 2))]
    said += [answer(await ada.click(said[-1], custom_id="undo:1"))]
    for command in ("rate", "me", "privacy show"):
        said.append(answer(await ada.slash(stage.channel, command)))
    card = await slash(stage, ada, "verify")
    proved = await submit(ada, card, make_key(horde, 7, nonce_of(card)).id)
    said += [card, answer(proved)]
    said += [await slash(stage, ada, name) for name in ("verify", "unlink", "unlink")]
    for message in said:
        assert text(message)
        assert not PROMISES.search(text(message)), text(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_commands_promises_nothing(language: str) -> None:
    texts = Texts.load()
    names = ("", "link.", "link.account.", "verify.", "status.", "unlink.")
    for name in names:
        said = texts.say(f"command.horde.{name}description", language)
        assert not PROMISES.search(said), said


async def test_the_status_tells_what_became_of_every_kudo(stage: Stage) -> None:
    ada = stage.member("ada")
    await slash(stage, ada, "link", account="ada#7")
    await earn(stage, ada, 70, 50)
    await settle(stage, ada, "paid")
    stage.clock.turn(86_400)
    await earn(stage, ada, 25)
    await earn(stage, ada, 10, full=False)
    status = await slash(stage, ada, "status")
    said = text(status)
    assert "Earned **155** \u00b7 paid **120**" in said
    assert "Ready to be paid: **25**" in said
    assert "Held: **10**\n- until their pictures have all ratings" in said
    latest = int((NOON + timedelta(days=3)).timestamp())
    assert f"<t:{latest}:R> at the latest" in said
    assert "Next payout: once **25** more can be paid" in said
    assert f"- <t:{int(NOON.timestamp())}:d> **120**: paid" in said
    assert "**March 2026**: 155 kudos" in said
    (attached,) = status.attachments
    assert attached.filename == "month.png"
    assert attached.description is not None
    assert "155 in all, most on one day: 120" in attached.description


async def test_the_picture_is_one_that_a_phone_can_read(stage: Stage) -> None:
    ada = stage.member("ada")
    await earn(stage, ada, 70)
    status = await slash(stage, ada, "status")
    picture = Image.open(BytesIO(await status.attachments[0].read()))
    assert picture.format == "PNG"
    assert picture.width == 1000
    (gallery,) = [c for c in components(status) if c["type"] == 12]
    (item,) = gallery["items"]
    assert item["description"] == status.attachments[0].description


async def test_a_month_without_kudos_has_no_picture(stage: Stage) -> None:
    ada = stage.member("ada")
    await earn(stage, ada, 70)
    stage.clock.turn(31 * 86_400)
    status = await slash(stage, ada, "status")
    assert "Earned **70**" in text(status)
    assert status.attachments == []
    assert not [c for c in components(status) if c["type"] == 12]


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ("SharedKeyExpired", "a shared key that has expired"),
        ("TargetAccountFlagged", "lets nobody pay this account"),
        ("FaultWhenKudosReceiving", "lets nobody pay this account"),
        ("InvalidTargetUsername", "no such account any more"),
        ("DeletedUser", "about to be deleted"),
        ("KudosTransferToSelf", "from which I pay"),
        ("SomethingNew", "the operators know"),
    ],
)
async def test_a_refusal_is_told_in_plain_words_and_another_account_clears_it(
    stage: Stage, answered: str, said: str
) -> None:
    ada = stage.member("ada")
    await slash(stage, ada, "link", account="ada#7")
    await earn(stage, ada, 70)
    await settle(stage, ada, answered)
    status = text(await slash(stage, ada, "status"))
    assert status.count(said) == 2, "beside the account and in the list"
    assert answered not in status
    assert "Ready to be paid: **70**" in status
    assert "not before" in status
    assert "or once you link another account" in status
    await slash(stage, ada, "link", account="ada#7")
    assert "not before" in text(await slash(stage, ada, "status")), "it is the same account"
    await slash(stage, ada, "link", account="bob`#9#8")
    assert "Next payout: **70**, soon" in text(await slash(stage, ada, "status"))


async def test_a_payout_that_an_operator_took_for_not_made_is_told_so(stage: Stage) -> None:
    ada = stage.member("ada")
    await slash(stage, ada, "link", account="ada#7")
    await earn(stage, ada, 70)
    await settle(stage, ada, OPERATOR)
    said = text(await slash(stage, ada, "status"))
    assert "**70**: not made, and kept for you: an operator found that it never arrived" in said


@pytest.mark.parametrize(
    ("state", "said"), [("planned", "about to be sent"), ("sending", "being sent")]
)
async def test_a_payout_under_way_is_told(stage: Stage, state: str, said: str) -> None:
    ada = stage.member("ada")
    await slash(stage, ada, "link", account="ada#7")
    await earn(stage, ada, 70)
    await settle(stage, ada, state)
    status = text(await slash(stage, ada, "status"))
    assert "Being paid: **70**" in status
    assert "Next payout: **70**, under way" in status
    assert f"**70**: {said}" in status


async def test_what_is_written_off_and_why_kudos_wait_are_told(stage: Stage) -> None:
    ada = stage.member("ada")
    await slash(stage, ada, "link", account="ada#7")
    await earn(stage, ada, 70)
    await settle(stage, ada, "paid")
    await earn(stage, ada, 60)
    until = stage.clock.now() + timedelta(days=1)

    def unit(connection: Connection) -> None:
        rater = raters.find(connection, ada.id)
        assert rater is not None
        connection.execute("UPDATE awards SET standing = 'void' WHERE amount = 70")
        holds.place(connection, rater.number, "risk", stage.clock.now())
        raters.set_status(connection, rater.number, "banned", until=until)

    await stage.services.database.write(unit)
    said = text(await slash(stage, ada, "status"))
    assert "70 of what was paid is for ratings that no longer count" in said
    assert "- until somebody has looked at your ratings" in said
    assert f"- until your ban ends, <t:{int(until.timestamp())}:R>" in said
    assert "Nothing is paid while you are banned" in said


async def test_ten_payouts_are_told_newest_first(stage: Stage) -> None:
    ada = stage.member("ada")
    await slash(stage, ada, "link", account="ada#7")
    for amount in range(1, 13):
        await earn(stage, ada, amount)
        await settle(stage, ada, "paid")
        stage.clock.turn(86_400)
    said = re.findall(r"\*\*([0-9]+)\*\*: paid", text(await slash(stage, ada, "status")))
    assert said == [str(amount) for amount in range(12, 2, -1)]


async def test_a_score_earns_and_the_status_shows_it(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    await score(ada, post, "artifacts", 2)
    assert "Earned **10** \u00b7 paid **0**" in text(await slash(stage, ada, "status"))


async def test_a_proved_accounts_signals_are_copied_onto_votes(
    stage: Stage, horde: HordeStandIn
) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    card = await slash(stage, ada, "verify")
    await submit(ada, card, make_key(horde, 7, nonce_of(card)).id)
    await score(ada, post, "aesthetic", 7)

    def query(connection: Connection) -> list[tuple[int, ...]]:
        return connection.execute(
            "SELECT horde_kudos, horde_account_age, horde_usage_requests, horde_trusted FROM votes"
        ).fetchall()

    assert await stage.services.database.read(query) == [(500, 86_400, 12, 0)]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_is_said_in_either_language(
    stage: Stage, horde: HordeStandIn, language: str
) -> None:
    ada = stage.member("ada")
    say = stage.services.texts.say
    await ada.slash(stage.channel, "language", language=language)
    refused = await slash(stage, ada, "link", account="ada")
    assert refused.content == say("error.horde.bare_name", language)
    linked = await slash(stage, ada, "link", account="ada#7")
    assert say("horde.linked", language, account="ada#7") in text(linked)
    await earn(stage, ada, 70, 5)
    await settle(stage, ada, "TargetAccountFlagged")
    status = await slash(stage, ada, "status")
    assert say("horde.status.title", language) in text(status)
    assert say("horde.refusal.flagged", language) in text(status)
    assert say("horde.month.3", language) in text(status)
    card = await slash(stage, ada, "verify")
    assert say("horde.verify.why", language) in text(card)
    assert len(text(card)) < 4000
    shown = await ada.click(card, custom_id=PROVE)
    assert shown.modal is not None
    assert shown.modal["title"] == say("horde.key_title", language)
    key = make_key(horde, 7, nonce_of(card))
    proved = answer(await ada.submit_modal(shown, {"key": key.id}))
    assert say("horde.verified", language, account="ada#7") in text(proved)
    unlinked = await slash(stage, ada, "unlink")
    assert unlinked.content == say("horde.unlinked", language, account="ada#7")
