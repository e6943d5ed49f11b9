"""Presses on public posts."""

from __future__ import annotations

from sqlite3 import Connection

import discord
import pytest

from storage import images, raters, votes
from tests.cogs.stage import Stage, answer, custom_ids, find, score, text


async def vote_of(stage: Stage, discord_id: int) -> votes.Vote | None:
    def query(connection: Connection) -> votes.Vote | None:
        rater = raters.find(connection, discord_id)
        return votes.find(connection, rater.number, 1) if rater else None

    return await stage.services.database.read(query)


async def test_a_post_shows_the_picture_the_questions_and_every_button(stage: Stage) -> None:
    post = await stage.open_post()
    assert custom_ids(post) == [
        *(f"vote:aesthetic:{value}:1" for value in range(1, 11)),
        *(f"vote:artifacts:{value}:1" for value in range(6)),
        "more:1",
        "report:1",
    ]
    assert "How much do you like this picture?" in text(post)
    assert "1 distasteful · 10 most pleasing" in text(post)
    assert "lighthouse" not in text(post)
    assert [a.description for a in post.attachments] == ["AI-generated picture to rate"]


async def test_a_first_press_asks_for_consent_and_then_counts_at_once(stage: Stage) -> None:
    post = await stage.open_post()
    ada = stage.member("ada")
    asked = await score(ada, post, "aesthetic", 7)
    assert asked.ephemeral
    assert "CC-BY-SA-4.0" in text(answer(asked))
    assert custom_ids(answer(asked)) == ["agree:aesthetic:7:1"]
    assert await vote_of(stage, ada.id) is None

    agreed = await ada.click(answer(asked), custom_id="agree:aesthetic:7:1")
    assert answer(agreed).id == answer(asked).id
    assert "Still missing at this moment: **Flaws**" in text(answer(agreed))
    vote = await vote_of(stage, ada.id)
    assert vote is not None
    assert vote.scores == {"aesthetic": 7}


@pytest.mark.parametrize("order", [("aesthetic", "artifacts"), ("artifacts", "aesthetic")])
async def test_both_orders_complete_a_rating(stage: Stage, order: tuple[str, str]) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    values = {"aesthetic": 7, "artifacts": 2}
    first = await score(ada, post, order[0], values[order[0]])
    assert "Still missing" in text(answer(first))
    second = await score(ada, post, order[1], values[order[1]])
    said = text(answer(second))
    assert "Recorded. Thank you!" in said
    assert "Liking: **7**" in said
    assert "Flaws: **2 small**" in said
    assert "1 rated today" in said
    assert second.ephemeral


async def test_a_press_again_changes_the_score(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    await score(ada, post, "artifacts", 0)
    changed = await score(ada, post, "aesthetic", 3)
    assert "Changed. Thank you!" in text(answer(changed))
    vote = await vote_of(stage, ada.id)
    assert vote is not None
    assert vote.scores == {"aesthetic": 3, "artifacts": 0}


async def test_undo_takes_the_vote_back_and_keep_gives_it_again(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    receipt = answer(await score(ada, post, "artifacts", 2))

    undone = answer(await ada.click(receipt, custom_id="undo:1"))
    assert "Taken back" in text(undone)
    vote = await vote_of(stage, ada.id)
    assert vote is not None
    assert vote.state == "undone"

    kept = answer(await ada.click(undone, custom_id="keep:1"))
    assert kept.id == receipt.id
    assert "Liking: **7**" in text(kept)
    vote = await vote_of(stage, ada.id)
    assert vote is not None
    assert vote.state == "given"


async def test_nobody_sees_a_score_of_others(stage: Stage) -> None:
    post = await stage.open_post()
    ada, bob = [await stage.member_who_agreed(name) for name in ("ada", "bob")]
    await score(ada, post, "aesthetic", 9)
    said = text(answer(await score(bob, post, "aesthetic", 1)))
    assert "9" not in said
    assert text(stage.posts()[-1]) == text(post)


async def test_a_closed_post_is_refused_politely(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await stage.services.posts.lost(1, "for the test")
    refused = answer(await score(ada, post, "aesthetic", 9))
    assert refused.flags.ephemeral
    assert "no longer open" in text(refused)
    assert custom_ids(refused) == ["more:1"]


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_full_image_takes_no_new_raters_and_leads_them_to_others(
    stage: Stage, *, agreed: bool
) -> None:
    post = await stage.open_post()
    for name in ("ada", "bob"):
        member = await stage.member_who_agreed(name)
        await score(member, post, "aesthetic", 5)
        await score(member, post, "artifacts", 1)
    if agreed:
        late = await stage.member_who_agreed("cleo")
        refused = answer(await score(late, post, "aesthetic", 9))
    else:
        late = stage.member("cleo")
        asked = answer(await score(late, post, "aesthetic", 9))
        refused = answer(await late.click(asked, custom_id="agree:aesthetic:9:1"))
        assert refused.id == asked.id
    assert refused.flags.ephemeral
    assert "Enough people" in text(refused)
    assert custom_ids(refused) == ["more:1"]
    await stage.add_images(1)
    other = answer(await late.click(refused, custom_id="more:1"))
    assert find(other, "vote:aesthetic:9:") == "vote:aesthetic:9:2"


async def test_a_report_asks_for_its_reason(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    shown = await ada.click(post, custom_id="report:1")
    assert shown.modal is not None
    assert shown.modal["custom_id"] == "report:reason:1"
    thanked = await ada.submit_modal(shown, {"reason": "a real person"})
    assert thanked.ephemeral
    assert "Reported, thank you" in answer(thanked).content
    eve = stage.member("eve")
    refused = await eve.submit_modal(await eve.click(post, custom_id="report:1"), {"reason": "no"})
    assert "Nothing was recorded, for I need your consent first" in answer(refused).content


async def test_reports_hide_an_image_and_its_post_closes_without_result(stage: Stage) -> None:
    post = await stage.open_post()
    for name in ("ada", "bob", "cleo"):
        member = await stage.member_who_agreed(name)
        shown = await member.click(post, custom_id="report:1")
        await member.submit_modal(shown, {"reason": "no"})
    await stage.publish()
    closed = stage.posts()[0]
    assert custom_ids(closed) == []
    assert "taken out of the rating" in text(closed)
    assert closed.attachments == []


async def test_a_restarted_bot_answers_old_buttons(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    shown = await ada.click(post, custom_id="report:1")
    receipt = answer(await score(ada, post, "aesthetic", 4))
    await stage.restart()
    said = text(answer(await score(ada, post, "artifacts", 1)))
    assert "Recorded. Thank you!" in said
    assert "Taken back" in text(answer(await ada.click(receipt, custom_id="undo:1")))
    thanked = await ada.submit_modal(shown, {"reason": "opened before the restart"})
    assert "Reported, thank you" in answer(thanked).content


async def test_an_unsafe_picture_is_blurred_and_needs_an_age_restricted_channel(
    stage: Stage,
) -> None:
    stage.restrict(stage.channel)
    post = await stage.open_post(safe=False)
    (gallery,) = [c for c in _children(post) if isinstance(c, discord.MediaGalleryComponent)]
    assert gallery.items[0].spoiler
    ada = await stage.member_who_agreed("ada")
    stage.restrict(stage.channel, restricted=False)
    refused = answer(await score(ada, post, "aesthetic", 4))
    assert "age-restricted" in refused.content


@pytest.mark.parametrize("settings_changes", [{"rate_limit_per_minute": 1}])
async def test_the_rate_limit_names_the_seconds_to_wait(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    said = [text(answer(await score(ada, post, "aesthetic", value))) for value in range(1, 11)]
    assert "Still missing" in said[0]
    assert "Please wait" in said[-1]
    stage.clock.turn(60)
    assert "Still missing" in text(answer(await score(ada, post, "aesthetic", 4)))


def _children(message: discord.Message) -> list[object]:
    (box, _) = message.components
    assert isinstance(box, discord.Container)
    return list(box.children)


async def test_the_card_is_said_in_the_servers_language(stage: Stage) -> None:
    await stage.bot.languages.set_for_server(stage.home.id, "de", by=stage.operator.id)
    post = await stage.open_post()
    assert "Wie gut gefällt dir dieses Bild?" in text(post)
    assert post.attachments[0].description == "KI-erzeugtes Bild zum Bewerten"


async def test_answers_are_said_in_the_raters_language(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await stage.bot.languages.set_for_rater(ada.id, "de")
    said = text(answer(await score(ada, post, "aesthetic", 4)))
    assert "Gespeichert. In diesem Moment noch offen: **Fehler**" in said


async def test_votes_count_on_the_image(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 4)
    await score(ada, post, "artifacts", 4)
    image = await stage.services.database.read(lambda c: images.by_id(c, 1))
    assert image is not None
    assert image.complete_votes == 1
    assert find(post, "more:") == "more:1"


@pytest.mark.parametrize(
    ("custom_id", "said"),
    [
        ("vote:aesthetic:11:1", "not a score of this scale"),
        ("vote:artifacts:6:1", "not a score of this scale"),
        ("vote:beauty:5:1", "not a score of this scale"),
        ("agree:beauty:5:1", "not a score of this scale"),
        ("vote:aesthetic:5:1", "I do not know this picture"),
        ("vote:aesthetic:5:77", "I do not know this picture"),
        ("undo:77", "I do not know this picture"),
        ("keep:77", "I do not know this picture"),
        ("back:77", "I do not know this picture"),
        ("rate:1:5", "I do not know this button"),
        ("vote:aesthetic:5", "I do not know this button"),
    ],
)
async def test_forged_and_unknown_buttons_are_refused_politely(
    stage: Stage, custom_id: str, said: str
) -> None:
    await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    refused = await ada.click(await stage.offer(custom_id), label="press me")
    assert refused.ephemeral
    assert said in answer(refused).content
    assert await vote_of(stage, ada.id) is None
