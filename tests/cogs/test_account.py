"""`/me`, `/language` and `/privacy`: people and themselves."""

from __future__ import annotations

import json

import pytest

from storage import raters
from tests.cogs.managing import actions, manager
from tests.cogs.stage import Stage, answer, custom_ids, score, text


async def test_me_shows_what_i_did_and_takes_the_last_one_back(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    await score(ada, post, "artifacts", 2)
    shown = await ada.slash(stage.channel, "me")
    assert shown.ephemeral
    said = text(answer(shown))
    assert "**1** rated today, **1** ever" in said
    assert post.jump_url in said
    assert "Liking: **7** \u00b7 Flaws: **2 small**" in said
    assert "press another score" in said
    assert custom_ids(answer(shown)) == ["undo:1"]

    undone = await ada.click(answer(shown), custom_id="undo:1")
    assert "Taken back" in text(answer(undone))
    again = answer(await ada.slash(stage.channel, "me"))
    assert "**0** rated today, **0** ever" in text(again)
    assert custom_ids(again) == ["keep:1"]


async def test_me_knows_nobody_else_and_works_for_newcomers(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    said = text(answer(await stage.member("bob").slash(stage.channel, "me")))
    assert "**0** rated today" in said
    assert "7" not in said
    assert "**0** rated today" in text(answer(await stage.member("bob").user.slash("me")))


async def test_language_is_kept_over_a_restart_and_back_to_automatic(stage: Stage) -> None:
    ada = stage.member("ada")
    chosen = answer(await ada.slash(stage.channel, "language", language="de"))
    assert chosen.content == "Ab jetzt spreche ich Deutsch mit dir."
    await stage.restart()
    assert "Was du getan hast" in text(answer(await ada.slash(stage.channel, "me")))
    back = answer(await ada.slash(stage.channel, "language", language="auto"))
    assert "I follow the language" in back.content
    assert "What you did" in text(answer(await ada.slash(stage.channel, "me")))


async def test_a_servers_language_is_its_managers_choice(stage: Stage) -> None:
    refused = await stage.member("ada").slash(
        stage.channel, "language", language="de", where="server"
    )
    assert answer(refused).content == "You cannot do that here."
    in_private = await manager(stage).user.slash("language", language="de", where="server")
    assert answer(in_private).content == "You cannot do that here."
    done = await manager(stage).slash(stage.channel, "language", language="de", where="server")
    assert "Deutsch" in answer(done).content
    post = await stage.open_post()
    assert "Wie gut gefällt dir" in text(post)


async def test_privacy_shows_and_hands_out_what_is_kept(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    shown = await ada.slash(stage.channel, "privacy show")
    assert shown.ephemeral
    assert "ratings: **1**" in text(answer(shown))
    assert "CC-BY-SA-4.0" in text(answer(shown))
    assert "7 days after your last rating" in text(answer(shown))

    handed = await ada.user.slash("privacy download")
    assert "7 days after your last rating" in (answer(handed).content or "")
    (file,) = answer(handed).attachments
    assert file.filename == "horde-jury-personal-data.json"
    data = json.loads(await file.read())
    assert data["votes"][0]["aesthetic"] == 7
    assert data["raters"][0]["discord_id"] == str(ada.id)


async def test_somebody_unknown_is_told_so(stage: Stage) -> None:
    for command in ("privacy show", "privacy download"):
        said = answer(await stage.member("bob").slash(stage.channel, command))
        assert said.content == "I keep nothing about you."


async def test_erase_asks_first(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    asked = answer(await ada.slash(stage.channel, "privacy erase"))
    assert "cannot be taken back" in text(asked)
    assert "a history of scores and times, under a number that no longer leads" in text(asked)
    kept = answer(await ada.click(asked, custom_id="privacy:keep"))
    assert kept.id == asked.id
    assert text(kept) == "Nothing was erased."
    assert custom_ids(kept) == []
    found = await stage.services.database.read(lambda c: raters.find(c, ada.id))
    assert found is not None


async def test_erase_deletes_votes_settings_and_the_link(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await ada.slash(stage.channel, "language", language="de")
    await score(ada, post, "aesthetic", 7)
    await score(ada, post, "artifacts", 2)
    asked = answer(await ada.slash(stage.channel, "privacy erase"))
    erased = answer(await ada.click(asked, custom_id="privacy:erase"))
    assert "Gelöscht: 1 Bewertung" in text(erased)
    assert custom_ids(erased) == []
    assert await stage.services.database.read(lambda c: raters.find(c, ada.id)) is None
    assert (await actions(stage))[0].action == "privacy.erase"
    # The language goes, too: Discord's own counts again.
    assert "What you did" in text(answer(await ada.slash(stage.channel, "me")))


async def test_a_forged_erase_button_erases_nobody_but_its_presser(stage: Stage) -> None:
    ada, eve = [await stage.member_who_agreed(name) for name in ("ada", "eve")]
    forged = await stage.offer("privacy:erase")
    await eve.click(forged, label="press me")
    read = stage.services.database.read
    assert await read(lambda c: raters.find(c, ada.id)) is not None
    assert await read(lambda c: raters.find(c, eve.id)) is None


@pytest.mark.parametrize(
    "custom_id",
    [
        *("privacy:keep", "privacy:erase", "horde:prove", "kudos:refresh", "payout:later:1"),
        *("review:dismiss:1", "agree:aesthetic:5:1", "undo:1", "keep:1", "back:1", "skip:1"),
        "more:1",
    ],
)
async def test_no_forged_press_changes_what_everybody_sees(stage: Stage, custom_id: str) -> None:
    post = await stage.open_post()
    eve = await stage.member_who_agreed("eve")
    before = custom_ids(post), text(post)
    result = await stage.press_absent(eve, post, custom_id)
    (now,) = stage.posts()
    assert (custom_ids(now), text(now)) == before
    assert result.modal is not None or result.ephemeral


@pytest.mark.parametrize("command", ["me", "privacy show", "privacy erase"])
async def test_german_is_spoken_everywhere(stage: Stage, command: str) -> None:
    ada = await stage.member_who_agreed("ada")
    english = text(answer(await ada.slash(stage.channel, command)))
    await ada.slash(stage.channel, "language", language="de")
    german = text(answer(await ada.slash(stage.channel, command)))
    assert english != german
    assert "dein" in german.casefold() or "du" in german.casefold()
