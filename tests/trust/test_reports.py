from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import (
    BannedError,
    ConsentNeededError,
    ForeignPostError,
    NotAllowedError,
    RateLimitedError,
    UnknownPostError,
)
from bot.trust.banning import Sentence
from bot.trust.reported_images import ReportedImage
from bot.trust.reports import PER_MINUTE
from bot.trust.review import Case
from bot.trust.wording import REASON_LENGTH
from storage import reports, review_queue
from storage.reports import Report
from tests.trust.home import CHANNEL, Home, caller, elsewhere


@pytest.fixture(autouse=True)
async def agreed(home: Home) -> None:
    await home.raters(1, 2, 3, 4, 5, 6)


async def reports_of(home: Home, image_id: int) -> list[Report]:
    return await home.world.database.read(
        lambda c: reports.open_of_image(c, image_id, home.world.clock.now())
    )


async def test_three_raters_hide_an_image_until_a_moderator_looks(home: Home) -> None:
    post = await home.post()
    service = home.services.reports
    for rater in (1, 2):
        receipt = await service.report(caller(rater), rater, post, "broken hands")
        assert receipt.new
        assert not receipt.hidden
    assert (await home.world.image(post)).stage == "begun"

    assert (await service.report(caller(3), 3, post, None)).hidden
    assert (await home.world.image(post)).stage == "hidden"
    (entry,) = await home.log()
    assert (entry.actor, entry.action, entry.rater) == ("program", "image.hide", None)

    case = await home.services.review.next_case(home.moderator)
    assert isinstance(case, Case)
    assert isinstance(case.about, ReportedImage)
    assert case.about.hidden
    assert case.waiting.cases == 1
    assert [report.reason for report in case.about.reports] == [
        "broken hands",
        "broken hands",
        None,
    ]


async def test_one_rater_counts_once_however_often_they_report(home: Home) -> None:
    post = await home.post()
    assert (await home.services.reports.report(caller(1), 1, post, "first")).new
    for interaction in (1, 2, 3, 4):
        again = await home.services.reports.report(caller(1), interaction, post, "again")
        assert not again.new
    image = await home.world.image(post)
    assert image.stage == "begun"
    assert [report.reason for report in await reports_of(home, image.id)] == ["first"]


async def test_reports_through_other_posts_of_the_image_count_together(home: Home) -> None:
    post = await home.post()
    for rater in (1, 2):
        await home.services.reports.report(caller(rater), rater, post, "no")
    await home.raters(3)
    showing = await home.world.start(3)
    assert showing.image.id == (await home.world.image(post)).id
    assert (await home.services.reports.report(caller(3), 3, showing.post_id, "no")).hidden


async def test_a_report_of_what_was_not_shown_here_is_refused(home: Home) -> None:
    post = await home.post()
    await home.raters(1)
    private = (await home.world.start(1)).post_id
    report = home.services.reports.report
    with pytest.raises(UnknownPostError):
        await report(caller(2), 1, 999, "no")
    with pytest.raises(ForeignPostError):
        await report(caller(2), 2, private, "no")
    with pytest.raises(NotAllowedError):
        await report(elsewhere(caller(2)), 3, post, "no")
    await home.services.bans.ban(home.moderator, 2, "spam")
    with pytest.raises(BannedError):
        await report(caller(2), 4, post, "no")
    assert await reports_of(home, 1) == []


async def test_reports_of_a_banned_rater_hide_nothing(home: Home) -> None:
    post = await home.post()
    for rater in (1, 2):
        await home.services.reports.report(caller(rater), rater, post, "no")
    await home.services.bans.ban(home.moderator, 1, "reports everything")
    assert not (await home.services.reports.report(caller(3), 3, post, "no")).hidden
    assert (await home.services.reports.report(caller(4), 4, post, "no")).hidden


async def test_reports_since_a_revert_began_are_out_until_it_is_lifted(home: Home) -> None:
    """Those before it and after it count, and one that somebody looked at stays looked at."""
    posts = [await home.post() for _ in range(4)]
    for number, post in enumerate(posts):
        if number == 3:
            done = await home.services.voiding.revert(home.moderator, 1, "90m")
            home.world.clock.turn(1)
        await home.services.reports.report(caller(1), number, post, "no")
        home.world.clock.turn(3600)
        if number == 1:
            image = await home.world.image(post)
            await home.services.moderation.restore(home.moderator, image.id)
    assert (done.votes, done.reports) == (0, 1)
    images = [(await home.world.image(post)).id for post in posts]
    assert [len(await reports_of(home, image)) for image in images] == [1, 0, 0, 1]
    await home.services.voiding.restore(home.moderator, 1)
    assert [len(await reports_of(home, image)) for image in images] == [1, 0, 1, 1]


async def waiting(home: Home) -> int:
    """Return how many cases a moderator finds, who leaves each for later."""
    found = await home.services.review.next_case(home.moderator)
    if isinstance(found, Case):
        await home.services.review.next_case(home.moderator, after=found.item.id)
    assert isinstance(found, Case) == (found.waiting.cases > 0)
    return found.waiting.cases


@pytest.mark.parametrize("act", ["ban", "revert", "erase"])
async def test_a_picture_in_sight_is_in_the_queue_as_long_as_a_report_of_it_counts(
    home: Home, act: str
) -> None:
    post = await home.post()
    services = home.services

    async def take_out(rater: int) -> None:
        if act == "ban":
            await services.bans.ban(home.moderator, rater, "spam")
        elif act == "revert":
            await services.voiding.revert(home.moderator, rater, "1h")
        else:
            await services.erasure.erase(caller(rater))

    await services.reports.report(caller(1), 1, post, "no")
    await services.reports.report(caller(2), 2, post, "no")
    await take_out(1)
    assert await waiting(home) == 1
    await take_out(2)
    assert await waiting(home) == 0
    if act == "ban":
        await services.bans.unban(home.moderator, 2)
    elif act == "revert":
        await services.voiding.restore(home.moderator, 2)
    else:
        await services.reports.report(caller(3), 3, post, "no")
    assert await waiting(home) == 1


async def test_a_picture_comes_back_into_the_queue_when_the_ban_of_its_reporter_ends(
    home: Home,
) -> None:
    post = await home.post()
    await home.services.reports.report(caller(1), 1, post, "no")
    await home.services.bans.ban(home.moderator, 1, "spam", Sentence(timedelta(hours=1)))
    assert await waiting(home) == 0
    home.world.clock.turn(3600)
    assert await waiting(home) == 1


async def test_what_reports_hid_is_in_the_queue_even_where_none_counts_any_more(home: Home) -> None:
    post = await home.post()
    for rater in (1, 2, 3):
        await home.services.reports.report(caller(rater), rater, post, "no")
    for rater in (1, 2, 3):
        await home.services.erasure.erase(caller(rater))
    assert await waiting(home) == 1


async def test_reverted_reports_hide_nothing(home: Home) -> None:
    post = await home.post()
    for rater in (1, 2):
        await home.services.reports.report(caller(rater), rater, post, "no")
    await home.services.voiding.revert(home.moderator, 1, "1h")
    assert not (await home.services.reports.report(caller(3), 3, post, "no")).hidden
    assert (await home.services.reports.report(caller(4), 4, post, "no")).hidden


async def test_who_reports_again_after_a_revert_is_heard(home: Home) -> None:
    """A report that stands, or one sent twice, is still taken once."""
    post = await home.post()
    image = (await home.world.image(post)).id
    assert (await home.services.reports.report(caller(1), 1, post, "no")).new
    assert not (await home.services.reports.report(caller(1), 2, post, "no")).new
    await home.services.voiding.revert(home.moderator, 1, "1h")
    home.world.clock.turn(60)
    assert not (await home.services.reports.report(caller(1), 1, post, "no")).new
    assert await reports_of(home, image) == []
    for interaction, new in ((3, True), (3, False), (4, False)):
        receipt = await home.services.reports.report(caller(1), interaction, post, "really")
        assert receipt.new == new
    (report,) = await reports_of(home, image)
    assert (report.reason, report.reported_at) == ("really", home.world.clock.now())
    case = await home.services.review.next_case(home.moderator)
    assert isinstance(case, Case)
    assert isinstance(case.about, ReportedImage)
    assert [report.reason for report in case.about.reports] == ["really"]
    await home.services.voiding.restore(home.moderator, 1)
    assert await reports_of(home, image) == [report]


async def test_reports_that_somebody_looked_at_are_not_renewed_after_a_revert(home: Home) -> None:
    """Or the same three would hide anew what a moderator has found fine."""
    post = await home.post()
    report = home.services.reports.report
    for rater in (1, 2, 3):
        await report(caller(rater), rater, post, "no")
    await home.services.moderation.restore(home.moderator, (await home.world.image(post)).id)
    for rater in (1, 2, 3):
        await home.services.voiding.revert(home.moderator, rater, "1h")
    home.world.clock.turn(60)
    for rater in (1, 2, 3):
        assert not (await report(caller(rater), 10 + rater, post, "again")).new
    assert (await home.world.image(post)).stage == "begun"


async def test_nobody_can_report_images_by_the_hundred(home: Home) -> None:
    posts = [await home.post() for _ in range(PER_MINUTE + 1)]
    here = [replace(caller(1), channel_id=CHANNEL + number // 10) for number in range(len(posts))]
    for number, post in enumerate(posts[:-1]):
        await home.services.reports.report(here[number], number + 1, post, "no")
    with pytest.raises(RateLimitedError):
        await home.services.reports.report(here[-1], 100, posts[-1], "no")
    home.world.clock.turn(60)
    assert (await home.services.reports.report(here[-1], 101, posts[-1], "no")).new


async def test_a_reason_is_kept_short_and_seen(home: Home) -> None:
    post = await home.post()
    await home.services.reports.report(caller(1), 1, post, "a\u202eb\u200b\n\n c" + "x" * 10_000)
    (report,) = await reports_of(home, (await home.world.image(post)).id)
    assert report.reason is not None
    assert report.reason.startswith("ab cxxx")
    assert len(report.reason) == REASON_LENGTH


@pytest.mark.parametrize("decision", ["restore", "dismiss"])
async def test_an_image_that_was_looked_at_needs_new_reporters_to_be_hidden(
    home: Home, decision: str
) -> None:
    post = await home.post()
    report = home.services.reports.report
    for rater in (1, 2, 3):
        await report(caller(rater), rater, post, "no")
    case = await home.services.review.next_case(home.moderator)
    assert isinstance(case, Case)
    await home.services.review.decide(home.moderator, case.item.id, decision)
    assert (await home.world.image(post)).stage == "begun"
    for rater in (1, 2, 3, 4, 5):
        assert not (await report(caller(rater), 10 + rater, post, "no")).hidden
    assert (await report(caller(6), 16, post, "no")).hidden


async def test_every_report_opens_one_case(home: Home) -> None:
    post = await home.post()
    for rater in (1, 2, 3):
        await home.services.reports.report(caller(rater), rater, post, "no")
    kind = review_queue.REPORTED_IMAGE
    assert await home.world.database.read(lambda c: review_queue.count_open(c, kind)) == 1


async def test_reports_of_erased_people_hide_nothing(home: Home) -> None:
    """Or one person would hide any image alone, by coming back."""
    post = await home.post()
    for interaction in range(4):
        home.world.clock.turn(60)
        await home.raters(1)
        receipt = await home.services.reports.report(caller(1), interaction, post, "no")
        assert receipt.new
        assert not receipt.hidden
        await home.services.erasure.erase(caller(1))


async def test_who_reports_has_agreed_first(home: Home) -> None:
    post = await home.post()
    with pytest.raises(ConsentNeededError):
        await home.services.reports.report(caller(77), 1, post, "no")
    assert await home.world.value("SELECT count(*) FROM reports") == 0


async def test_a_public_post_is_reported_from_its_channel_alone(home: Home) -> None:
    post = await home.post()
    with pytest.raises(UnknownPostError):
        await home.services.reports.report(replace(caller(1), channel_id=3), 1, post, "no")
