"""Private sessions: one ephemeral message."""

from __future__ import annotations

import discord
from simcord import InteractionResult, MemberActor

from tests.cogs.stage import (
    Stage,
    answer,
    chosen,
    components,
    custom_ids,
    find,
    score,
    text,
)


async def rate_fully(
    member: MemberActor, shown: discord.Message, first: int, second: int
) -> discord.Message:
    """Give both scores of a session's image; return what is shown then."""
    half = answer(await score(member, shown, "aesthetic", first))
    return answer(await score(member, half, "artifacts", second))


async def start(stage: Stage, member: MemberActor, **options: str) -> InteractionResult:
    return await member.slash(stage.channel, "rate", **options)


def post_of(message: discord.Message) -> str:
    return find(message, "report:").removeprefix("report:")


async def test_rate_shows_one_picture_privately(stage: Stage) -> None:
    await stage.add_images(3)
    result = await start(stage, stage.member("ada"), dataset="samples")
    shown = answer(result)
    assert result.ephemeral
    assert [a.filename for a in shown.attachments] == ["picture.webp"]
    assert "samples · 0 today" in text(shown)
    assert find(shown, "skip:")
    assert [c for c in custom_ids(shown) if c.startswith("back:")] == []
    assert len(list(components(shown))) <= 40


async def test_score_and_score_bring_the_next_image_in_the_same_message(stage: Stage) -> None:
    await stage.add_images(3)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    half = answer(await score(ada, first, "aesthetic", 7))
    assert chosen(half) == [f"vote:aesthetic:7:{post_of(first)}"]
    assert [a.id for a in half.attachments] == [a.id for a in first.attachments]
    second = answer(await score(ada, half, "artifacts", 1))
    assert second.id == first.id
    assert post_of(second) != post_of(first)
    assert [a.id for a in second.attachments] != [a.id for a in first.attachments]
    assert chosen(second) == []
    assert "1 today" in text(second)


async def test_the_next_image_is_ready_before_it_is_needed(stage: Stage) -> None:
    await stage.add_images(2)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    (stage.folder / "samples").rename(stage.folder / "gone")
    second = await rate_fully(ada, first, 7, 1)
    assert post_of(second) != post_of(first)


async def test_a_thread_is_as_restricted_as_its_channel(stage: Stage) -> None:
    await stage.add_images(1, safe=False)
    ada = stage.member("ada")
    channel = stage.bot.get_channel(stage.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="aside", type=discord.ChannelType.public_thread)
    (thread,) = stage.channel.threads
    assert "last one for now" in text(answer(await ada.slash(thread, "rate")))
    stage.restrict(stage.channel)
    shown = answer(await ada.slash(thread, "rate"))
    (gallery,) = [c for c in components(shown) if c["type"] == 12]
    assert gallery["items"][0]["spoiler"]


async def test_consent_is_asked_for_inside_the_session(stage: Stage) -> None:
    await stage.add_images(2)
    ada = stage.member("ada")
    first = answer(await start(stage, ada))
    post = post_of(first)
    asked = answer(await score(ada, first, "aesthetic", 7))
    assert asked.id == first.id
    assert "Before your rating counts" in text(asked)
    agreed = answer(await ada.click(asked, custom_id=f"agree:aesthetic:7:{post}"))
    assert agreed.id == first.id
    assert chosen(agreed) == [f"vote:aesthetic:7:{post}"]
    assert len(agreed.attachments) == 1
    assert post_of(answer(await score(ada, agreed, "artifacts", 0))) != post


async def test_undo_goes_back_and_keep_goes_on(stage: Stage) -> None:
    await stage.add_images(3)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    post = post_of(first)
    second = await rate_fully(ada, first, 7, 1)
    next_post = post_of(second)
    back = answer(await ada.click(second, custom_id=f"back:{post}"))
    assert "Taken back" in text(back)
    assert chosen(back) == [f"vote:aesthetic:7:{post}", f"vote:artifacts:1:{post}"]
    kept = answer(await ada.click(back, custom_id=f"keep:{post}"))
    assert post_of(kept) == next_post
    assert "1 today" in text(kept)


async def test_undo_then_another_score_counts_with_the_other_kept(stage: Stage) -> None:
    await stage.add_images(3)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    second = await rate_fully(ada, first, 7, 1)
    back = answer(await ada.click(second, custom_id=find(second, "back:")))
    onward = answer(await score(ada, back, "aesthetic", 2))
    assert post_of(onward) == post_of(second)
    assert "1 today" in text(onward)


async def test_skip_needs_a_reason_and_shows_the_next(stage: Stage) -> None:
    await stage.add_images(2)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    skip = find(first, "skip:")
    second = answer(await ada.select(first, ["cannot_judge"], custom_id=skip))
    assert post_of(second) != post_of(first)
    end = answer(await ada.select(second, ["not_loading"], custom_id=find(second, "skip:")))
    assert "last one for now" in text(end)


async def test_a_session_goes_on_where_its_image_was_closed_meanwhile(stage: Stage) -> None:
    await stage.add_images(2)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    stage.clock.turn(11 * 60)
    for name in ("bob", "cleo"):
        other = await stage.member_who_agreed(name)
        shown = answer(await start(stage, other))
        while shown.attachments:
            shown = await rate_fully(other, shown, 5, 5)
    end = answer(await score(ada, first, "aesthetic", 7))
    assert end.id == first.id
    assert "last one for now" in text(end)


async def test_an_undone_vote_whose_place_is_gone_is_passed_over(stage: Stage) -> None:
    await stage.add_images(2)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    second = await rate_fully(ada, first, 7, 1)
    back = answer(await ada.click(second, custom_id=find(second, "back:")))
    stage.clock.turn(11 * 60)
    for name in ("bob", "cleo"):
        other = await stage.member_who_agreed(name)
        shown = answer(await start(stage, other))
        while shown.attachments:
            shown = await rate_fully(other, shown, 5, 5)
    kept = answer(await ada.click(back, custom_id=find(back, "keep:")))
    assert kept.id == first.id
    assert "last one for now" in text(kept)


async def test_a_report_moves_on_to_the_next_image(stage: Stage) -> None:
    await stage.add_images(2)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    shown = await ada.click(first, custom_id=find(first, "report:"))
    moved = answer(await ada.submit_modal(shown, {"reason": "disgusting"}))
    assert moved.id == first.id
    assert post_of(moved) != post_of(first)
    assert "Reported, thank you" in text(moved)


async def test_the_end_says_how_much_was_rated(stage: Stage) -> None:
    await stage.add_images(1)
    ada = await stage.member_who_agreed("ada")
    end = await rate_fully(ada, answer(await start(stage, ada)), 7, 1)
    assert "last one for now" in text(end)
    assert "You rated **1** picture today." in text(end)
    assert end.attachments == []
    assert custom_ids(end) == []


async def test_rate_with_nothing_left_says_so(stage: Stage) -> None:
    await stage.add_images(1)
    ada = await stage.member_who_agreed("ada")
    await rate_fully(ada, answer(await start(stage, ada)), 7, 1)
    assert "last one for now" in text(answer(await start(stage, ada)))


async def test_a_session_survives_a_restart(stage: Stage) -> None:
    await stage.add_images(2)
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    await stage.restart()
    second = await rate_fully(ada, first, 7, 1)
    assert post_of(second) != post_of(first)


async def test_an_unreadable_picture_is_passed_over(stage: Stage) -> None:
    await stage.add_images(2)
    for path in (stage.folder / "samples").iterdir():
        if path.name == "0.png":
            path.write_bytes(b"no picture")
    ada = await stage.member_who_agreed("ada")
    first = answer(await start(stage, ada))
    end = await rate_fully(ada, first, 7, 1)
    assert "last one for now" in text(end)


async def test_rating_goes_on_privately_from_a_public_post(stage: Stage) -> None:
    post = await stage.open_post()
    await stage.add_images(2)
    ada = await stage.member_who_agreed("ada")
    result = await ada.click(post, custom_id="more:1")
    assert result.ephemeral
    assert answer(result).id != post.id
    receipt = answer(await score(ada, post, "aesthetic", 3))
    gone_on = answer(await ada.click(receipt, custom_id="more:1"))
    assert gone_on.id == receipt.id
    assert len(gone_on.attachments) == 1


async def test_autocomplete_offers_usable_data_sets_alone(stage: Stage) -> None:
    await stage.add_images(1)
    await stage.add_images(1, data_set="other")
    ada = stage.member("ada")
    offered = await ada.autocomplete(stage.channel, "rate", "dataset", "sam")
    assert [choice["value"] for choice in offered] == ["samples"]

    strangers = stage.env.create_guild("Strangers")
    channel = strangers.create_text_channel("general")
    eve = strangers.add_member(stage.env.create_user("eve"))
    assert await eve.autocomplete(channel, "rate", "dataset", "") == []
    refused = answer(await eve.slash(channel, "rate", dataset="samples"))
    assert refused.content == "There is no such data set here."
    assert refused.attachments == []


async def test_direct_messages_serve_members_of_a_granted_server(stage: Stage) -> None:
    await stage.add_images(1, safe=False)
    await stage.add_images(1)
    ada, stranger = stage.member("ada"), stage.env.create_user("eve")
    shown = answer(await ada.user.slash("rate"))
    assert "samples" in text(shown)
    refused = await stranger.slash("rate")
    assert "samples" not in text(answer(refused))
    assert answer(refused).attachments == []


async def test_somebody_elses_session_is_refused(stage: Stage) -> None:
    await stage.add_images(1)
    ada, bob = [await stage.member_who_agreed(name) for name in ("ada", "bob")]
    shown = answer(await start(stage, ada))
    forged = await stage.offer(f"vote:aesthetic:5:{post_of(shown)}")
    refused = await bob.click(forged, label="press me")
    assert "not, or no longer, yours" in answer(refused).content


async def test_pictures_that_cannot_be_read_now_are_a_sentence_and_no_incident(
    stage: Stage,
) -> None:
    ada = await stage.member_who_agreed("ada")
    await stage.add_images(3)
    (stage.folder / "samples").rename(stage.folder / "unmounted")
    (stage.folder / "samples").mkdir()
    assert "cannot read the pictures" in answer(await start(stage, ada)).content
    counted = "SELECT count(*) FROM images WHERE stage = 'broken'"
    (broken,) = await stage.services.database.read(lambda c: c.execute(counted).fetchone())
    assert broken == 0
