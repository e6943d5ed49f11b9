"""What moderators see of an image."""

from __future__ import annotations

import pytest

from bot.errors import NotAllowedError, UnknownImageError
from bot.trust.image_record import POSTS
from storage.image_record import ImageScore, ImageVotes, Reported
from storage.times import to_microseconds
from tests.rating.world import NOON
from tests.trust.home import MODERATOR, Home, caller


async def test_everything_about_an_image_is_gathered(home: Home) -> None:
    await home.raters(1, 2, 3, 4)
    post = await home.post(target=9)
    image = await home.world.image(post)
    await home.world.vote(1, post, aesthetic=7, artifacts=0)
    await home.world.vote(2, post, aesthetic=9, artifacts=0)
    await home.world.press(3, post, "aesthetic", 1)
    await home.world.vote(4, post, aesthetic=1, artifacts=5)
    await home.services.bans.ban(home.moderator, 4, "spam")
    await home.services.reports.report(caller(1), 77, post, "no")
    await home.world.database.write(
        lambda c: c.execute(
            "INSERT INTO image_scores VALUES (?, 'aesthetic', 7.4, .6, 2, 8, 1, ?)",
            (image.id, to_microseconds(NOON)),
        )
    )
    await home.services.moderation.hide(home.moderator, image.id)

    record = await home.services.image_records.of(home.moderator, f"#{image.id}")
    assert record.image.stage == "hidden"
    assert record.data_set.name == "set"
    assert (record.votes.counted, record.votes.half) == (2, 1)
    assert record.histograms == {"aesthetic": {7: 1, 9: 1}, "artifacts": {0: 2}}
    assert record.scores == {"aesthetic": ImageScore(7.4, 0.6, 2, 8, NOON)}
    assert record.reported == Reported(ever=1, open=0)
    assert record.gold is None
    assert [each.id for each in record.posts] == [post]
    assert record.showings == {"public": 1}
    (hidden,) = record.history
    assert hidden.action == "image.hide"
    assert record.people[await home.world.number(MODERATOR)] == MODERATOR


async def test_reports_of_banned_raters_wait_for_nobody(home: Home) -> None:
    await home.raters(1, 2)
    post = await home.post(target=9)
    image = await home.world.image(post)
    for rater in (1, 2):
        await home.services.reports.report(caller(rater), 76 + rater, post, "no")
    await home.services.bans.ban(home.moderator, 2, "spam")
    record = await home.services.image_records.of(home.moderator, f"#{image.id}")
    assert record.reported == Reported(ever=2, open=1)


async def test_of_an_image_that_nobody_saw_nothing_is_known(home: Home) -> None:
    await home.world.data_set(1)
    record = await home.services.image_records.of(home.moderator, "#1")
    assert record.votes == ImageVotes(0, 0, 0, 0, 0)
    assert record.histograms == {"aesthetic": {}, "artifacts": {}}
    assert (record.scores, record.posts, record.history, record.showings) == ({}, (), (), {})


async def test_the_newest_posts_are_told(home: Home) -> None:
    post = await home.post(target=9)
    image = await home.world.image(post)
    await home.world.database.write(
        lambda c: c.executemany(
            "INSERT INTO posts (image_id, surface, channel_id, guild_id, state, shown_at)"
            " VALUES (?, 'public', ?, 1, 'lost', 0)",
            [(image.id, number) for number in range(20)],
        )
    )
    record = await home.services.image_records.of(home.moderator, f"#{image.id}")
    assert [each.channel_id for each in record.posts] == [19, 18, 17, 16, 15]
    assert len(record.posts) == POSTS
    assert record.showings == {"public": 21}


async def test_only_moderators_look_and_only_at_what_there_is(home: Home) -> None:
    await home.world.data_set(1)
    await home.raters(1)
    with pytest.raises(NotAllowedError):
        await home.services.image_records.of(caller(1), "#1")
    with pytest.raises(UnknownImageError):
        await home.services.image_records.of(home.moderator, "#999")
    assert await home.actions() == ["refused:image.info"]
