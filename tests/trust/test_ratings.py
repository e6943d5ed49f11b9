"""A rater's votes as moderators page through them, and the figures of the Ratings API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import NeverSeenError, NotAllowedError, WrongValueError
from bot.trust.ratings import MOST_MINUTES, PAGE, RatingsPage
from storage import rater_listing
from storage.rater_listing import Sieve
from tests.trust.home import Home, caller
from tests.trust.many import SECONDS_APART, cast, images

EVERY = Sieve()


async def walk_down(home: Home, sieve: Sieve, discord_id: int = 1) -> list[RatingsPage]:
    service = home.services.ratings
    pages = [await service.of(home.moderator, discord_id, sieve)]
    while pages[-1].older is not None:
        number = pages[-1].rater.number
        pages.append(await service.page(home.moderator, number, sieve, before=pages[-1].older))
    return pages


def seen(pages: list[RatingsPage]) -> list[int]:
    return [vote.image_id for page in pages for vote in page.votes]


async def test_a_thousand_votes_are_paged_newest_first_and_back(home: Home) -> None:
    await home.raters(1)
    ids = await images(home, 1000)
    await cast(home, 1, ids, range(1, 11))
    pages = await walk_down(home, EVERY)
    assert len(pages) == 1000 // PAGE
    assert seen(pages) == ids[::-1]
    assert {page.total for page in pages} == {1000}
    assert pages[0].newer is None

    up, last = [pages[-1]], pages[-1]
    while last.newer is not None:
        last = await home.services.ratings.page(
            home.moderator, last.rater.number, EVERY, after=last.newer
        )
        up.insert(0, last)
    assert [page.votes for page in up] == [page.votes for page in pages]
    down = await home.services.ratings.page(
        home.moderator, last.rater.number, EVERY, before=up[3].older
    )
    assert down.votes == pages[4].votes


async def test_the_last_page_of_any_number_of_votes_is_an_end(home: Home) -> None:
    await home.raters(1)
    for ever in (1, PAGE, PAGE + 1):
        await cast(home, 1, await images(home, ever), [5])
    pages = await walk_down(home, EVERY)
    assert [len(page.votes) for page in pages] == [PAGE, PAGE, 2]
    first = await home.services.ratings.page(
        home.moderator, pages[0].rater.number, EVERY, after=pages[0].votes[0].id
    )
    assert first.votes == pages[0].votes
    assert first.newer is None


async def test_a_vote_is_beside_what_the_others_say(home: Home) -> None:
    await home.raters(1, 2, 3, 4)
    ids = await images(home, 2)
    await cast(home, 1, ids, [9], [0])
    await cast(home, 2, ids[:1], [4], [2])
    await cast(home, 3, ids[:1], [5], [3])
    await cast(home, 4, ids, [10], [5])
    await home.services.bans.ban(home.moderator, 4, "spam")
    alone, both = (await home.services.ratings.of(home.moderator, 1, EVERY)).votes
    assert (alone.others_aesthetic, alone.others_artifacts, alone.times_rated) == (None, None, 1)
    assert (both.others_aesthetic, both.others_artifacts) == (4.5, 2.5)
    assert (both.aesthetic, both.artifacts, both.times_rated) == (9, 0, 3)
    assert both.message_id == 5 * 10**6 + both.image_id
    assert not both.gold


async def test_half_undone_void_and_changed_votes_say_so(home: Home) -> None:
    await home.raters(1)
    half = await home.post()
    await home.world.press(1, half, "aesthetic", 4)
    undone = await home.post()
    await home.world.vote(1, undone)
    await home.services.voting.undo(caller(1), 10**6, undone)
    changed = await home.post()
    await home.world.vote(1, changed, aesthetic=2)
    await home.world.press(1, changed, "aesthetic", 8)
    page = await home.services.ratings.of(home.moderator, 1, EVERY)
    newest, middle, oldest = page.votes
    assert page.changed == {newest.image_id}
    assert (newest.aesthetic, newest.state) == (8, "given")
    assert middle.state == "undone"
    assert (oldest.artifacts, oldest.state) == (None, "given")


# The votes of the fixture are but read, so that every example may have the same.
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    scale=st.sampled_from(["aesthetic", "artifacts"]),
    low=st.none() | st.integers(0, 10),
    high=st.none() | st.integers(0, 10),
    divergence=st.none() | st.integers(0, 9),
)
async def test_a_sieve_leaves_what_it_means(
    shared_home: Home, scale: str, low: int | None, high: int | None, divergence: int | None
) -> None:
    everything = [vote for page in await walk_down(shared_home, EVERY) for vote in page.votes]
    sieve = Sieve(scale, low, high, divergence)
    expected = []
    for vote in everything:
        own, others = getattr(vote, scale), getattr(vote, f"others_{scale}")
        far = others is not None and divergence is not None and abs(own - others) >= divergence
        if (
            (low is None or own >= low)
            and (high is None or own <= high)
            and (divergence is None or far)
        ):
            expected.append(vote)
    pages = await walk_down(shared_home, sieve)
    assert [vote for page in pages for vote in page.votes] == expected


@pytest.fixture
async def shared_home(home: Home) -> Home:
    """Two raters; the other has judged every second image."""
    await home.raters(1, 2)
    ids = await images(home, 60)
    await cast(home, 1, ids, range(1, 11), range(6))
    await cast(home, 2, ids[::2], [3, 8, 5], [0, 4])
    return home


async def test_a_rare_match_is_searched_for_piece_by_piece(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rater_listing, "LOOKED", 50)
    await home.raters(1)
    ids = await images(home, 230)
    await cast(home, 1, ids, [10, *[5] * 114])
    pages = await walk_down(home, Sieve("aesthetic", at_least=10))
    assert seen(pages) == [ids[115], ids[0]]
    assert len(pages) == 5
    assert [len(page.votes) for page in pages] == [0, 0, 1, 0, 1]


async def test_votes_of_others_are_on_no_page(home: Home) -> None:
    await home.raters(1, 2)
    ids = await images(home, 3)
    await cast(home, 2, ids, [5])
    page = await home.services.ratings.of(home.moderator, 1, EVERY)
    assert (page.votes, page.total, page.older, page.newer) == ((), 0, None, None)


async def test_a_check_has_the_fields_of_the_ratings_api(home: Home) -> None:
    await home.raters(1, 2)
    ids = await images(home, 120)
    await cast(home, 2, ids, [5])
    await cast(home, 1, ids, [5, 6, 9])
    await home.world.database.write(
        lambda c: c.execute(
            "INSERT INTO captcha_records (rater, failed, passed)"
            " SELECT number, 2, 5 FROM raters WHERE discord_id = 1"
        )
    )
    check = await home.services.ratings.check(home.moderator, 1, 10, 4)
    recent = 10 * 60 // SECONDS_APART + 1
    assert check.ratings_in_timeframe == recent
    assert check.ratings_per_minute_in_timeframe == recent / 10
    assert check.ratings_past_three_hours == 120
    assert check.ratings_per_minute_for_past_three_hours == 120 / 180
    assert check.suspect_divergences == 21
    assert check.captchas_failed == -3
    suspects = {
        points: (
            await home.services.ratings.check(home.moderator, 1, 30, points)
        ).suspect_divergences
        for points in (0, 1, 2, 5)
    }
    assert suspects == {0: 120, 1: 80, 2: 40, 5: 0}


async def test_votes_that_nobody_else_gave_diverge_from_nothing(home: Home) -> None:
    await home.raters(1)
    await cast(home, 1, await images(home, 3), [1])
    check = await home.services.ratings.check(home.moderator, 1, 60, 0)
    assert (check.ratings_in_timeframe, check.suspect_divergences) == (3, 0)


@pytest.mark.parametrize(
    ("minutes", "divergence"), [(0, 0), (-1, 0), (1, -1), (MOST_MINUTES + 1, 0)]
)
async def test_a_check_refuses_what_makes_no_sense(
    home: Home, minutes: int, divergence: int
) -> None:
    await home.raters(1)
    with pytest.raises(WrongValueError):
        await home.services.ratings.check(home.moderator, 1, minutes, divergence)


async def test_an_old_vote_is_out_of_the_timeframe(home: Home) -> None:
    await home.raters(1)
    now = home.world.clock.now()
    await cast(home, 1, await images(home, 1), [1], until=now - timedelta(hours=2))
    check = await home.services.ratings.check(home.moderator, 1, 60, 0)
    assert (check.ratings_in_timeframe, check.ratings_past_three_hours) == (0, 1)


@pytest.mark.parametrize(
    "look",
    [
        lambda service, who: service.of(who, 1, EVERY),
        lambda service, who: service.page(who, 1, EVERY),
        lambda service, who: service.check(who, 1, 60, 3),
    ],
)
async def test_only_moderators_look(home: Home, look: Callable[..., object]) -> None:
    await home.raters(1)
    with pytest.raises(NotAllowedError):
        await partial(look, home.services.ratings, caller(1))()  # type: ignore[misc]


async def test_nothing_is_told_of_who_never_came_or_left(home: Home) -> None:
    service = home.services.ratings
    await home.raters(1)
    number = await home.world.number(1)
    await home.services.erasure.erase(caller(1))
    for look in (
        service.of(home.moderator, 1, EVERY),
        service.page(home.moderator, number, EVERY),
        service.page(home.moderator, 99, EVERY),
        service.check(home.moderator, 2, 60, 3),
    ):
        with pytest.raises(NeverSeenError):
            await look


async def test_a_forged_scale_is_refused(home: Home) -> None:
    await home.raters(1)
    with pytest.raises(WrongValueError):
        await home.services.ratings.of(home.moderator, 1, Sieve("aesthetic; --"))
