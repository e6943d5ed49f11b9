"""What `/privacy` and the consent say about kudos and Horde accounts."""

from __future__ import annotations

import json
from sqlite3 import Connection

import discord
import pytest
from simcord import MemberActor

from storage import horde_links, payouts, raters
from storage.payouts import Sender
from storage.signals import Signals
from tests.cogs.stage import Stage, answer, custom_ids, score, text
from tests.horde.asking import key_of

REWARDS: dict[str, object] = {"horde_api_key": key_of("jury")}
OFF: dict[str, object] = {}
EXACT: dict[str, object] = {"export_exact_signals": True}


@pytest.fixture
def settings_changes() -> dict[str, object]:
    return REWARDS


async def link(stage: Stage, member: MemberActor, *, verified: bool) -> None:
    signals = Signals(1234, 86_400, 17, trusted=True) if verified else None

    def unit(connection: Connection) -> None:
        rater = raters.find(connection, member.id)
        assert rater is not None
        horde_links.put(
            connection,
            rater.number,
            horde_id=7,
            name="ada`s",
            now=stage.clock.now(),
            signals=signals,
        )

    await stage.services.database.write(unit)


async def pay_aesthetic(stage: Stage) -> None:
    """Begin a payout of everybody's scores of that scale, of whom there is one."""

    def unit(connection: Connection) -> None:
        owed = connection.execute(
            "SELECT image_id, scale FROM awards WHERE scale = 'aesthetic'"
        ).fetchall()
        (rater,) = connection.execute("SELECT max(rater) FROM awards").fetchone()
        now = stage.clock.now()
        key = "9c0a7e2c-0000-4000-8000-000000000001"
        payout = payouts.create(
            connection, key=key, rater=rater, horde_id=7, verified=True, awards=owed, now=now
        )
        payouts.begin_first(connection, payout.id, Sender("https://horde.example", 1, True), now)  # noqa: FBT003 - whether keys are honoured

    await stage.services.database.write(unit)


async def rated(stage: Stage) -> MemberActor:
    """Return a member who earned 5 and 5 kudos."""
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    await score(ada, post, "artifacts", 2)
    return ada


async def test_a_vote_whose_kudos_are_on_their_way_offers_no_way_back(stage: Stage) -> None:
    ada = await rated(stage)
    assert "undo:1" in custom_ids(answer(await ada.slash(stage.channel, "me")))
    post = stage.posts()[-1]
    assert custom_ids(answer(await score(ada, post, "artifacts", 3))) == ["undo:1", "more:1"]
    await pay_aesthetic(stage)
    assert custom_ids(answer(await score(ada, post, "artifacts", 4))) == ["more:1"]
    me = answer(await ada.slash(stage.channel, "me"))
    assert custom_ids(me) == []
    assert "it cannot be taken back" in text(me)


async def test_a_session_steps_back_to_no_vote_whose_kudos_are_on_their_way(stage: Stage) -> None:
    await stage.add_images(3)
    ada = await stage.member_who_agreed("ada")
    first = answer(await ada.slash(stage.channel, "rate"))
    second = answer(await score(ada, await half(ada, first), "artifacts", 1))
    assert [each for each in custom_ids(second) if each.startswith("back:")]
    await pay_aesthetic(stage)
    again = await half(ada, second)
    assert not [each for each in custom_ids(again) if each.startswith("back:")]


async def half(member: MemberActor, shown: discord.Message) -> discord.Message:
    return answer(await score(member, shown, "aesthetic", 7))


async def asked(stage: Stage, member: MemberActor, command: str) -> discord.Message:
    return answer(await member.slash(stage.channel, f"privacy {command}"))


async def test_erase_says_what_it_costs_and_how_to_get_it_before(stage: Stage) -> None:
    ada = await rated(stage)
    said = text(await asked(stage, ada, "erase"))
    assert "**10 kudos that you earned are not paid yet and would be lost.**" in said
    assert "link your AI Horde account with `/horde link`" in said
    await link(stage, ada, verified=False)
    said = text(await asked(stage, ada, "erase"))
    assert "erase it once `/horde status` says that they are paid" in said
    assert "`/horde link`" not in said

    await pay_aesthetic(stage)
    card = await asked(stage, ada, "erase")
    assert "**5 kudos that you earned" in text(card)
    assert "A payout of **5** is under way and goes on." in text(card)
    erased = text(answer(await ada.click(card, custom_id="privacy:erase")))
    assert "5 kudos that were not paid are lost." in erased
    assert "A payout of **5** is under way and goes on." in erased


async def test_erase_speaks_of_no_kudos_where_there_are_none(stage: Stage) -> None:
    said = text(await asked(stage, await stage.member_who_agreed("ada"), "erase"))
    assert "would be lost" not in said
    assert "under way" not in said
    always, with_kudos = said.split("Also, if you earned kudos")
    assert "an AI Horde account that you verified" in always
    assert "verified" not in with_kudos


async def test_show_tells_of_kudos_and_the_account(stage: Stage) -> None:
    ada = await rated(stage)
    await link(stage, ada, verified=True)
    await pay_aesthetic(stage)
    said = text(await asked(stage, ada, "show"))
    assert "Kudos: **5** not paid yet, **5** being paid, **0** paid." in said
    assert "Account: `ada's#7`, verified" in said
    assert "With them, rounded: the kudos, age" in said
    for line in ("the AI Horde account that you linked: **1**", "payouts: **1**"):
        assert line in said
    assert "scores that earned kudos: **2**" in said


async def test_download_says_what_it_cannot_list(stage: Stage) -> None:
    ada = await rated(stage)
    await link(stage, ada, verified=True)
    handed = await asked(stage, ada, "download")
    assert "cannot be listed" not in handed.content
    data = json.loads(await handed.attachments[0].read())
    assert [award["amount"] for award in data["awards"]] == [5, 5]
    assert data["horde_links"][0]["horde_id"] == 7

    await stage.services.erasure.erase(stage.caller(ada))
    stage.clock.turn(61)
    await stage.services.voting.agree(stage.caller(ada))
    handed = await asked(stage, ada, "download")
    assert "cannot be listed" in handed.content


@pytest.mark.parametrize("settings_changes", [REWARDS, OFF, EXACT])
async def test_the_consent_covers_what_is_stored_and_published(
    stage: Stage, settings_changes: dict[str, object]
) -> None:
    post = await stage.open_post()
    said = text(answer(await score(stage.member("ada"), post, "aesthetic", 7)))
    assert ("kudos that your ratings earn" in said) == (settings_changes == REWARDS)
    how = "exactly as they are" if settings_changes == EXACT else "rounded"
    assert f"are published with your votes, {how}." in said


async def test_who_agreed_to_less_is_asked_once_more(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await stage.services.database.write(
        lambda c: c.execute("UPDATE raters SET consent_version = 1").rowcount
    )
    card = answer(await score(ada, post, "aesthetic", 7))
    assert "Before your rating counts" in text(card)
    assert "Before your rating counts" not in text(answer(await ada.click(card, label="I agree")))
    assert "Before your rating counts" not in text(answer(await score(ada, post, "artifacts", 2)))
