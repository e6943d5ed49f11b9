"""The publisher, step by step with a turned clock."""

from __future__ import annotations

import pytest

from bot.settings import Settings
from storage import channels, public_posts
from storage.channels import Channel
from storage.posts import PostState
from tests.cogs.stage import Stage, answer, custom_ids, score, text

DELAY = Settings.model_fields["close_delay_seconds"].default


async def channel_row(stage: Stage) -> Channel:
    found = await stage.services.database.read(lambda c: channels.by_id(c, stage.channel.id))
    assert found is not None
    return found


async def posts_in(stage: Stage, state: PostState) -> list[int]:
    found = await stage.services.database.read(lambda c: public_posts.in_state(c, state))
    return [message.post_id for message in found]


async def fill(stage: Stage, scores: dict[str, tuple[int, int]]) -> None:
    post = stage.posts()[-1]
    for name, (aesthetic, artifacts) in scores.items():
        member = await stage.member_who_agreed(name)
        await score(member, post, "aesthetic", aesthetic)
        await score(member, post, "artifacts", artifacts)


async def test_a_started_channel_shows_its_number_of_posts(stage: Stage) -> None:
    await stage.add_images(5)
    await stage.set_up(open_posts=3)
    await stage.publish()
    assert len(stage.posts()) == 3
    await stage.publish()
    assert len(stage.posts()) == 3


async def test_a_stopped_channel_gets_no_posts(stage: Stage) -> None:
    await stage.add_images(1)
    await stage.set_up()
    channel_id = stage.channel.id
    await stage.services.database.write(
        lambda c: channels.set_started(c, channel_id, started=False)
    )
    await stage.publish()
    assert stage.posts() == []


async def test_a_full_image_closes_with_its_result_and_the_next_follows(stage: Stage) -> None:
    await stage.open_post()
    await stage.add_images(1)
    await fill(stage, {"ada": (4, 0), "bob": (9, 2)})
    await stage.publish(turn=DELAY - 1)
    assert len(stage.posts()) == 1
    await stage.publish(turn=1)
    closed, following = stage.posts()
    said = text(closed)
    assert custom_ids(closed) == []
    assert "2 raters" in said
    assert "mean **6.50** · median **6.5**" in said
    assert "lighthouse" in said
    assert len(closed.attachments) == 1
    assert custom_ids(following)[0] == "vote:aesthetic:1:2"
    assert await posts_in(stage, "closing") == []


async def test_a_close_is_one_edit(stage: Stage) -> None:
    await stage.open_post()
    await fill(stage, {"ada": (4, 0), "bob": (9, 2)})
    await stage.publish(turn=DELAY)
    edits = [r for r in stage.env.http_requests if r.method == "PATCH"]
    assert len(edits) == 1


async def test_an_image_full_by_private_votes_closes_its_post_too(stage: Stage) -> None:
    post = await stage.open_post()
    await fill(stage, {"ada": (4, 0)})
    bob = await stage.member_who_agreed("bob")
    shown = answer(await bob.click(post, custom_id="more:1"))
    half = answer(await score(bob, shown, "aesthetic", 2))
    await score(bob, half, "artifacts", 5)
    await stage.publish(turn=DELAY)
    assert "2 raters" in text(stage.posts()[0])


async def test_an_undo_before_the_close_keeps_the_post_open(stage: Stage) -> None:
    post = await stage.open_post()
    await fill(stage, {"ada": (4, 0), "bob": (9, 2)})
    ada = stage.member("ada")
    receipt = answer(await score(ada, post, "aesthetic", 5))
    await ada.click(receipt, custom_id="undo:1")
    await stage.publish(turn=DELAY)
    assert custom_ids(stage.posts()[0]) != []


async def test_closing_says_results_in_the_servers_language(stage: Stage) -> None:
    await stage.bot.languages.set_for_server(stage.home.id, "de", by=stage.operator.id)
    await stage.open_post()
    await fill(stage, {"ada": (4, 0), "bob": (9, 2)})
    await stage.publish(turn=DELAY)
    said = text(stage.posts()[0])
    assert "Bewertung geschlossen" in said
    assert "Mittel **6,50** · Median **6,5**" in said


async def test_a_deleted_message_is_noticed_and_replaced(stage: Stage) -> None:
    post = await stage.open_post()
    await stage.add_images(1)
    await stage.delete(post)
    await stage.publish(turn=15 * 60)
    assert await posts_in(stage, "open") == [2]
    assert len(stage.posts()) == 1


async def test_a_message_deleted_before_its_close_is_given_up(stage: Stage) -> None:
    post = await stage.open_post()
    await fill(stage, {"ada": (4, 0), "bob": (9, 2)})
    await stage.delete(post)
    await stage.publish(turn=DELAY)
    assert await posts_in(stage, "closing") == []


async def test_a_missing_permission_is_noted_and_tried_again_later(stage: Stage) -> None:
    await stage.add_images(2)
    await stage.set_up()
    stage.env.inject_error(
        "POST", "/channels/*/messages", status=403, code=50013, message="Missing Permissions"
    )
    await stage.publish()
    assert (await channel_row(stage)).problem == "no_permission"
    assert await posts_in(stage, "pending") == []
    await stage.publish(turn=1)
    assert stage.posts() == []
    await stage.publish(turn=30)
    assert len(stage.posts()) == 1
    assert (await channel_row(stage)).problem is None


async def test_a_lasting_problem_is_tried_ever_more_rarely(stage: Stage) -> None:
    await stage.add_images(1)
    await stage.set_up()
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=None)
    for _ in range(120):
        await stage.publish(turn=30)
    tries = [r for r in stage.env.http_requests if r.path.endswith("/messages")]
    assert len(tries) <= 8


async def test_discord_out_of_order_is_no_crash(stage: Stage) -> None:
    await stage.open_post()
    await fill(stage, {"ada": (4, 0), "bob": (9, 2)})
    stage.env.inject_error("PATCH", "/channels/*/messages/*", status=500)
    await stage.publish(turn=DELAY)
    assert (await channel_row(stage)).problem == "discord_error"
    assert await posts_in(stage, "closing") == [1]
    await stage.publish(turn=30)
    assert await posts_in(stage, "closing") == []
    assert "2 raters" in text(stage.posts()[0])


async def test_a_channel_no_longer_age_restricted_gets_no_posts(stage: Stage) -> None:
    await stage.add_images(1, safe=False)
    await stage.set_up(safe_only=False)
    await stage.publish()
    assert (await channel_row(stage)).problem == "not_age_restricted"
    assert stage.posts() == []
    stage.restrict(stage.channel)
    stage.bot.publisher.wake(stage.channel.id)
    await stage.publish()
    assert len(stage.posts()) == 1


async def test_a_safe_channel_shows_safe_pictures_alone(stage: Stage) -> None:
    await stage.add_images(1, safe=False)
    await stage.set_up()
    await stage.publish()
    assert stage.posts() == []
    assert (await channel_row(stage)).problem is None


async def test_a_deleted_channel_is_noticed(stage: Stage) -> None:
    await stage.open_post()
    await stage.delete_channel()
    assert (await channel_row(stage)).problem == "no_channel"
    assert await posts_in(stage, "open") == []
    await stage.publish(turn=3600)
    assert (await channel_row(stage)).problem == "no_channel"


async def test_an_unreadable_picture_is_passed_over(stage: Stage) -> None:
    await stage.add_images(2)
    (stage.folder / "samples" / "0.png").write_bytes(b"no picture")
    (stage.folder / "samples" / "1.png").write_bytes(b"no picture")
    await stage.add_images(1)
    await stage.set_up()
    await stage.publish()
    assert len(stage.posts()) == 1


async def test_a_missing_media_folder_is_a_problem_of_the_channel(stage: Stage) -> None:
    await stage.add_images(1)
    (stage.folder / "samples").rename(stage.folder / "moved")
    await stage.set_up()
    await stage.publish()
    assert (await channel_row(stage)).problem == "unreadable_images"


async def test_posts_not_confirmed_before_a_stop_are_given_up(stage: Stage) -> None:
    await stage.add_images(2)
    await stage.set_up()
    await stage.services.posts.open_post(await channel_row(stage))
    await stage.restart()
    await stage.publish()
    assert await posts_in(stage, "pending") == []
    assert await posts_in(stage, "open") == [2]


@pytest.mark.parametrize("settings_changes", [{"votes_per_image": 1}])
async def test_a_prompt_cannot_format_or_mention(stage: Stage) -> None:
    await stage.add_images(1, prompt="@everyone **bold** " + "x" * 4000)
    await stage.set_up()
    await stage.publish()
    await fill(stage, {"ada": (4, 0)})
    await stage.publish(turn=DELAY)
    said = text(stage.posts()[0])
    assert "@everyone" not in said
    assert r"\*\*bold\*\*" in said
    assert len(said) <= 4000
