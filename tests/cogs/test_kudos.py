"""`/kudos`: what operators see, pause and decide, and those who are no operators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from sqlite3 import Connection
from typing import get_args

import discord
import pytest
from discord import ui
from simcord import MemberActor

from bot.demo.horde.accounts import Account
from bot.demo.horde.faults import ANSWER_LOST, CRASHED, DROPPED, Fault, Way, slow
from bot.demo.horde.server import HordeStandIn
from bot.rewards.list_guard import UNUSABLE
from bot.rewards.sending import LEASE
from bot.rewards.worker import LOOK_EVERY
from cogs.ui.card import Card
from cogs.ui.kudos import PAUSE_REASONS
from storage import horde_links, ledger, payout_list, payout_pauses, payouts, raters
from storage.payout_file import PayoutFile
from storage.payouts import Payout
from tests.cogs.managing import actions, let_run, manager, strangers_channel
from tests.cogs.stage import NOON, Stage, TurnedClock, answer, components, custom_ids, find, text
from tests.horde.asking import TRANSFER, key_of
from tests.horde.stage import serving
from tests.rewards.paying import give

REFUSED = "You cannot do that here."
HOUR = 3600.0


@pytest.fixture
def horde(clock: TurnedClock) -> HordeStandIn:
    accounts = [Account(n, name, key_of(name)) for n, name in enumerate(("jury", "ada", "ben"), 1)]
    accounts[0].kudos = 1000
    return HordeStandIn(accounts, clock)


@pytest.fixture
def kudos_settings() -> dict[str, object]:
    return {}


@pytest.fixture
async def settings_changes(
    horde: HordeStandIn, kudos_settings: dict[str, object]
) -> AsyncIterator[dict[str, object]]:
    async with serving(horde) as api_url:
        yield {
            "horde_api_url": api_url,
            "horde_api_key": key_of("jury"),
            "kudos_daily_budget": 400,
            **kudos_settings,
        }


async def earn(stage: Stage, name: str, *amounts: int, full: bool = True, at: int = 2) -> None:
    """Give a member, linked to the Horde account `at`, an award for each amount."""
    member = stage.member(name)
    added = await stage.add_images(len(amounts))
    now = stage.clock.now()

    def unit(connection: Connection) -> None:
        number = raters.get_or_create(connection, member.id, now).number
        horde_links.put(connection, number, horde_id=at, name=f"*{name}*", now=now)
        for image, amount in zip(added, amounts, strict=True):
            if full:
                connection.execute("UPDATE images SET stage = 'full' WHERE id = ?", (image,))
            give(connection, number, image, amount, now)

    await stage.services.database.write(unit)
    # Payouts wait for scores, and a run has its own tests.
    await stage.services.scores.refresh()


async def work(stage: Stage) -> None:
    """Let the worker do all that is due within a minute."""
    end = stage.clock.moment.timestamp() + 60
    while stage.clock.moment.timestamp() < end:
        moment = await stage.services.payouts.step()
        stage.clock.moment = max(moment, stage.clock.moment)


async def shown(stage: Stage) -> discord.Message:
    """Return the operator's card."""
    await let_run(stage, "kudos", stage.operator)
    result = await stage.operator.slash(stage.channel, "kudos")
    assert result.ephemeral
    return latest(stage)


async def pressed(stage: Stage, card: discord.Message, start: str) -> discord.Message:
    """Have the operator press a button of their own card and return what stands there then."""
    await stage.operator.click(card, custom_id=find(card, start))
    return latest(stage)


def latest(stage: Stage) -> discord.Message:
    """Return the operator's ephemeral message as it is now."""
    return [m for m in stage.channel.history(viewer=stage.operator) if m.flags.ephemeral][-1]


async def every_payout(stage: Stage) -> list[Payout]:
    found = await stage.services.database.read(lambda c: payouts.latest(c, 100))
    return found[::-1]


async def causes(stage: Stage) -> list[str]:
    found = await stage.services.database.read(payout_pauses.every)
    return [pause.cause for pause in found]


@asynccontextmanager
async def waiting(stage: Stage) -> AsyncIterator[None]:
    """Have the worker run that has looked, found nothing to do, and waits to look again."""
    stage.clock.turn(30)
    before = await _looked(stage)
    running = asyncio.create_task(stage.services.payouts.run())
    async with asyncio.timeout(10):
        while await _looked(stage) == before:  # noqa: ASYNC110 - it tells nobody that it looked
            await asyncio.sleep(0.01)
    yield
    running.cancel()
    await asyncio.wait([running])


async def _looked(stage: Stage) -> object:
    """Return what the worker changes whenever it looks."""
    query = "SELECT expires_at FROM leases WHERE name = ?"
    return await stage.services.database.read(lambda c: c.execute(query, (LEASE,)).fetchone())


async def until_paid(horde: HordeStandIn) -> None:
    """Wait for a payout, but not as long as a worker that nobody wakes sleeps."""
    async with asyncio.timeout(LOOK_EVERY.total_seconds() / 3):
        while not horde.paid:  # noqa: ASYNC110 - the stand-in tells nobody that it was paid
            await asyncio.sleep(0.01)


async def put_in_doubt(stage: Stage, horde: HordeStandIn, *names: str) -> None:
    """Make a case of a payout to each: the answer was lost, and the server knows no keys."""
    horde.version = "5.0.4"
    for horde_id, name in enumerate(names, 2):
        horde.fail(TRANSFER, ANSWER_LOST)
        await earn(stage, name, 60, at=horde_id)
        await work(stage)


async def test_an_operator_sees_everything_at_a_glance(stage: Stage) -> None:
    await earn(stage, "ada", 60, 10)
    await earn(stage, "ben", 5, full=False, at=3)
    card = await shown(stage)
    said = text(card)
    assert "**jury\\#1** with **975** kudos to give" in said
    assert "Owed: **75**, of it **5** held and **70** released" in said
    assert "Due now: **70** to 1 rater" in said
    assert "the budget is **400** for each" in said
    assert "Payouts go on. Next run: now" in said
    assert custom_ids(card) == ["kudos:pause", "kudos:refresh"]
    await work(stage)
    again = text(await pressed(stage, card, "kudos:refresh"))
    assert "**70** sent; the budget is **400**" in again
    assert "Paid so far: **70**" in again
    assert "with **905** kudos to give" in again
    assert "Next run: as soon as somebody with an account has **50** released" in again


async def test_who_shares_an_account_shares_what_it_may_get_today(stage: Stage) -> None:
    await earn(stage, "ada", *[100] * 7)
    await earn(stage, "ben", *[100] * 8)
    assert "Due now: **1000** to 2 raters" in text(await shown(stage))


async def test_a_pause_holds_until_somebody_resumes(stage: Stage, horde: HordeStandIn) -> None:
    await earn(stage, "ada", 60)
    card = await pressed(stage, await shown(stage), "kudos:pause")
    assert "**Paused** by an operator" in text(card)
    assert custom_ids(card) == ["kudos:resume", "kudos:refresh"]
    await stage.restart()
    await work(stage)
    stage.clock.turn(2 * HOUR)
    await work(stage)
    assert horde.paid == []
    card = await pressed(stage, card, "kudos:resume")
    assert "Payouts go on" in text(card)
    await work(stage)
    assert [transfer.amount for transfer in horde.paid] == [60]
    logged = [(e.actor, e.action) for e in await actions(stage) if e.action.startswith("kudos")]
    assert logged == [("operator", "kudos.resume"), ("operator", "kudos.pause")]


async def test_pausing_twice_is_one_pause(stage: Stage) -> None:
    card = await shown(stage)
    for _ in range(2):
        await stage.press_absent(stage.operator, card, "kudos:pause")
    assert await causes(stage) == ["operator"]
    assert len([e for e in await actions(stage) if e.action == "kudos.pause"]) == 1


async def test_what_the_horde_refused_is_tried_again_at_once(
    stage: Stage, horde: HordeStandIn
) -> None:
    await earn(stage, "ada", 60)
    horde.accounts[1].marks.add("flagged")
    await work(stage)
    assert await causes(stage) == ["horde"]
    card = await shown(stage)
    assert "has flagged the account. Ask its moderators" in text(card)
    assert "Next try <t:" in text(card)
    assert custom_ids(card) == ["kudos:resume", "kudos:pause", "kudos:refresh"]
    assert any(c.get("label") == "Try again now" for c in components(card))
    horde.accounts[1].marks.clear()
    await pressed(stage, card, "kudos:resume")
    await work(stage)
    assert [transfer.amount for transfer in horde.paid] == [60]
    assert await causes(stage) == []


async def test_resuming_lifts_both_causes(stage: Stage, horde: HordeStandIn) -> None:
    await earn(stage, "ada", 60)
    horde.accounts[1].kudos = 30
    await work(stage)
    card = await pressed(stage, await shown(stage), "kudos:pause")
    assert "too few kudos" in text(card)
    assert await causes(stage) == ["operator", "horde"]
    await pressed(stage, card, "kudos:resume")
    assert await causes(stage) == []


async def test_a_list_that_was_lost_is_said_and_taken_as_it_is(
    stage: Stage, horde: HordeStandIn
) -> None:
    await earn(stage, "ada", 60)
    await work(stage)
    file = PayoutFile(stage.services.database.path)
    file.path.unlink()
    await earn(stage, "ben", 70, at=3)
    await work(stage)
    assert await causes(stage) == ["list"]
    card = await shown(stage)
    assert "the list of payouts beside the database is missing" in text(card)
    assert custom_ids(card) == ["kudos:resume", "kudos:pause", "kudos:refresh"]
    card = await pressed(stage, card, "kudos:resume")
    assert "Payouts go on" in text(card)
    await work(stage)
    assert [transfer.amount for transfer in horde.paid] == [60, 70]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("fault", [*get_args(payout_list.Fault), UNUSABLE])
async def test_each_fault_of_the_list_has_words(stage: Stage, language: str, fault: str) -> None:
    await stage.services.database.write(lambda c: payout_pauses.begin(c, "list", fault, NOON))
    await stage.operator.slash(stage.channel, "language", language=language, where="me")
    said = text(await shown(stage))
    assert ("Angehalten" if language == "de" else "Paused") in said
    assert ("Liste der Auszahlungen" if language == "de" else "list of payouts") in said
    assert "{" not in said


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("rc", [*PAUSE_REASONS, "SomethingNew"])
async def test_every_pause_says_why_in_plain_words(stage: Stage, rc: str, language: str) -> None:
    await stage.services.database.write(
        lambda c: payout_pauses.begin(c, "horde", rc, NOON, stage.clock.now())
    )
    await stage.operator.slash(stage.channel, "language", language=language, where="me")
    said = text(await shown(stage))
    assert ("Angehalten" if language == "de" else "Paused") in said
    assert (rc in said) == (rc == "SomethingNew")
    assert "{" not in said


SHARED = Fault(Way.ANSWER, body='{"username": "jury#1 (Shared Key: spare)", "id": 1}')


@pytest.mark.parametrize("trouble", ["silent", "unknown_key", "unfit_key"])
async def test_why_the_balance_cannot_be_read(
    stage: Stage, horde: HordeStandIn, trouble: str
) -> None:
    if trouble == "silent":
        horde.fail("/v2/find_user", CRASHED, times=10)
    elif trouble == "unfit_key":
        horde.fail("/v2/find_user", SHARED)
    else:
        horde.accounts.remove(1)
    said = text(await shown(stage))
    words = {
        "silent": "does not say at the moment",
        "unknown_key": "knows no account with the key",
        "unfit_key": "is no registered account's own key",
    }
    assert words[trouble] in said
    assert "Owed: **0**" in said


async def test_a_slow_horde_keeps_no_operator_waiting(
    stage: Stage, horde: HordeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.rewards.overview.PATIENCE_SECONDS", 0.1)
    horde.fail("/v2/find_user", slow(1.0))
    overview = await stage.services.overview.of(stage.caller(stage.operator))
    assert (overview.account, overview.trouble) == (None, "silent")


async def test_resumed_payouts_are_made_at_once(stage: Stage, horde: HordeStandIn) -> None:
    paused = await pressed(stage, await shown(stage), "kudos:pause")
    await earn(stage, "ada", 60)
    async with waiting(stage):
        await pressed(stage, paused, "kudos:resume")
        await until_paid(horde)


async def test_what_was_settled_as_not_paid_is_paid_at_once(
    stage: Stage, horde: HordeStandIn
) -> None:
    horde.version = "5.0.4"
    horde.fail(TRANSFER, DROPPED)
    await earn(stage, "ada", 60)
    await work(stage)
    case = await pressed(stage, await shown(stage), "kudos:cases")
    async with waiting(stage):
        await pressed(stage, case, "payout:unpaid:")
        await until_paid(horde)


@pytest.mark.parametrize("kudos_settings", [{"horde_api_key": None}])
async def test_without_a_key_rewards_are_off(stage: Stage) -> None:
    await earn(stage, "ada", 60)
    card = await shown(stage)
    assert "Rewards are off" in text(card)
    assert "Owed: **60**" in text(card)
    assert "Payouts go on" not in text(card)
    paused = await pressed(stage, card, "kudos:pause")
    assert "**Paused** by an operator" in text(paused)


@pytest.mark.parametrize("kudos_settings", [{"kudos_daily_budget": 60}])
async def test_a_budget_that_is_used_up_goes_on_tomorrow(stage: Stage) -> None:
    await earn(stage, "ada", 60)
    await work(stage)
    await earn(stage, "ben", 55, at=3)
    tomorrow = int(NOON.timestamp()) + 12 * 3600
    said = text(await shown(stage))
    assert f"Today's budget is used up; payouts go on <t:{tomorrow}:R>" in said


async def test_a_case_says_what_is_known_and_what_each_answer_means(
    stage: Stage, horde: HordeStandIn
) -> None:
    await put_in_doubt(stage, horde, "ada")
    card = await shown(stage)
    assert "1 payout needs your word" in text(card)
    case = await pressed(stage, card, "kudos:cases")
    said = text(case)
    ada = stage.member("ada")
    assert f"**60** kudos for rater 1 (<@{ada.id}>), to **\\*ada\\*\\#2**" in said
    assert "not proved to be theirs" in said
    assert "no clear answer" in said
    assert "too old to know a repeated transfer" in said
    assert "will be paid with a new transfer" in said
    assert custom_ids(case) == ["payout:paid:1", "payout:unpaid:1", "payout:later:1"]


async def test_it_was_paid_settles_the_case(stage: Stage, horde: HordeStandIn) -> None:
    await put_in_doubt(stage, horde, "ada")
    case = await pressed(stage, await shown(stage), "kudos:cases")
    sums = await pressed(stage, case, "payout:paid:")
    assert "Paid so far: **60**" in text(sums)
    assert "needs your word" not in text(sums)
    await work(stage)
    stage.clock.turn(48 * HOUR)
    await work(stage)
    assert len(horde.paid) == 1
    assert [payout.state for payout in await every_payout(stage)] == ["paid"]
    entry = next(e for e in await actions(stage) if e.action == "payout.paid")
    assert (entry.actor, entry.subject) == ("operator", "payout:1")
    assert await stage.services.database.read(ledger.imbalances) == []


async def test_it_was_not_paid_pays_anew(stage: Stage, horde: HordeStandIn) -> None:
    horde.version = "5.0.4"
    horde.fail(TRANSFER, DROPPED)
    await earn(stage, "ada", 60)
    await work(stage)
    assert horde.paid == []
    case = await pressed(stage, await shown(stage), "kudos:cases")
    sums = await pressed(stage, case, "payout:unpaid:")
    assert "**60** released" in text(sums)
    await work(stage)
    first, second = await every_payout(stage)
    assert (first.state, second.state) == ("refused", "paid")
    assert first.key != second.key
    assert len(horde.paid) == 1
    assert await stage.services.database.read(ledger.imbalances) == []


@pytest.mark.parametrize("word", ["paid", "unpaid"])
async def test_a_case_that_is_settled_already_is_refused(
    stage: Stage, horde: HordeStandIn, word: str
) -> None:
    await put_in_doubt(stage, horde, "ada")
    case = await pressed(stage, await shown(stage), "kudos:cases")
    (payout,) = await every_payout(stage)
    await stage.services.cases.settle_by_id(payout.id, paid=True)
    refused = await stage.operator.click(case, custom_id=find(case, f"payout:{word}:"))
    assert "settled already" in answer(refused).content
    assert [payout.state for payout in await every_payout(stage)] == ["paid"]


async def test_later_leads_to_the_next_case_and_then_back(
    stage: Stage, horde: HordeStandIn
) -> None:
    await put_in_doubt(stage, horde, "ada", "ben")
    case = await pressed(stage, await shown(stage), "kudos:cases")
    assert "2 payouts are in doubt" in text(case)
    case = await pressed(stage, case, "payout:later:1")
    assert find(case, "payout:paid:") == "payout:paid:2"
    case = await pressed(stage, case, "payout:later:2")
    assert find(case, "payout:paid:") == "payout:paid:1"
    case = await pressed(stage, case, "payout:paid:1")
    assert find(case, "payout:paid:") == "payout:paid:2"
    sums = await pressed(stage, case, "payout:later:2")
    assert "1 payout needs your word" in text(sums)


async def test_a_payout_that_is_sent_again_settles_itself(
    stage: Stage, horde: HordeStandIn
) -> None:
    horde.fail(TRANSFER, ANSWER_LOST, times=100)
    await earn(stage, "ada", 60)
    for _ in range(8):
        await work(stage)
        stage.clock.turn(4 * HOUR)
    await work(stage)
    case = await pressed(stage, await shown(stage), "kudos:cases")
    assert "so that it cannot be paid twice" in text(case)
    assert "more before" in text(case)
    horde.faults.clear()
    stage.clock.turn(7 * HOUR)
    await work(stage)
    refused = await stage.operator.click(case, custom_id=find(case, "payout:unpaid:"))
    assert "settled already" in answer(refused).content
    assert len(horde.paid) == 1


BUTTONS = (
    "kudos:pause",
    "kudos:resume",
    "kudos:cases",
    "kudos:refresh",
    "payout:paid:1",
    "payout:unpaid:1",
    "payout:later:1",
)


@pytest.mark.parametrize("who", ["stranger", "rater", "moderator", "manager"])
async def test_nobody_else_sees_or_decides(stage: Stage, horde: HordeStandIn, who: str) -> None:
    await put_in_doubt(stage, horde, "ada")
    people = {
        "stranger": lambda: stage.member("eve"),
        "rater": lambda: stage.member("ada"),
        "moderator": lambda: stage.moderator,
        "manager": lambda: manager(stage),
    }
    member: MemberActor = people[who]()
    await let_run(stage, "kudos", member)
    assert answer(await member.slash(stage.channel, "kudos")).content == REFUSED
    for custom_id in BUTTONS:
        forged = await stage.offer(custom_id)
        refused = await member.click(forged, label="press me")
        assert answer(refused).content == REFUSED
    assert [payout.state for payout in await every_payout(stage)] == ["in_doubt"]
    assert await causes(stage) == []
    logged = {entry.action for entry in await actions(stage) if entry.actor == "rater"}
    assert logged == {
        "refused:kudos",
        "refused:kudos.pause",
        "refused:kudos.resume",
        "refused:payout.review",
        "refused:payout.settle",
    }


async def test_an_operator_is_none_in_another_server(stage: Stage, horde: HordeStandIn) -> None:
    await put_in_doubt(stage, horde, "ada")
    eve, channel = strangers_channel(stage)
    operator = eve.guild.add_member(stage.operator.user)
    assert "kudos" not in eve.available_commands(channel)
    place = stage.bot.get_channel(channel.id)
    assert isinstance(place, discord.TextChannel)
    for custom_id in BUTTONS:
        card = Card()
        card.add_item(ui.ActionRow(ui.Button(label="press me", custom_id=custom_id)))
        forged = await place.send(view=card)
        for member in (eve, operator):
            assert answer(await member.click(forged, label="press me")).content == REFUSED
    assert [payout.state for payout in await every_payout(stage)] == ["in_doubt"]
    assert await causes(stage) == []


async def test_who_is_an_operator_no_more_decides_nothing(
    stage: Stage, horde: HordeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_in_doubt(stage, horde, "ada")
    case = await pressed(stage, await shown(stage), "kudos:cases")
    monkeypatch.setitem(stage.services.settings.__dict__, "operator_ids", frozenset())
    refused = await stage.operator.click(case, custom_id=find(case, "payout:unpaid:"))
    assert answer(refused).content == REFUSED
    assert [payout.state for payout in await every_payout(stage)] == ["in_doubt"]
