from __future__ import annotations

from sqlite3 import Connection

import pytest

from bot.errors import (
    GoldRangeError,
    NoGoldScoresError,
    NotAllowedError,
    NotGoldError,
    UnknownImageError,
)
from bot.trust.gold.marking import Entry, Treasury
from storage import gold_answers, gold_images, review_queue
from storage.gold_images import GoldImage
from storage.review_queue import GOLD_CANDIDATE
from tests.rating.world import NOON
from tests.trust.home import Home, caller, elsewhere, in_direct_messages


async def image(home: Home) -> int:
    return (await home.world.image(await home.post())).id


async def mark(home: Home, image_id: int, **typed: str) -> Entry:
    return await home.services.gold.mark(home.moderator, image_id, typed)


async def test_an_image_is_marked_with_a_score_a_range_and_an_explanation(home: Home) -> None:
    number = await image(home)
    entry = await home.services.gold.mark(
        home.moderator, number, {"aesthetic": "9", "artifacts": "0-2"}, " look at\nthe sky "
    )
    assert entry.gold.state == "accepted"
    assert entry.gold.ranges == {"aesthetic": (6, 10), "artifacts": (0, 2)}
    assert entry.gold.explanation == "look at the sky"
    assert (entry.image.id, entry.data_set) == (number, "set")
    assert await home.services.gold.accepted(home.moderator) == [Treasury("set", [entry], 1, 0)]
    (log,) = [each for each in await home.log() if each.action == "image.gold"]
    assert (log.actor, log.subject) == ("moderator", f"image:{number}")
    assert log.details == {"aesthetic": "- → 6-10", "artifacts": "- → 0-2"}


async def test_scales_left_out_stay_and_a_dash_takes_one_away(home: Home) -> None:
    number = await image(home)
    await mark(home, number, aesthetic="7-10")
    assert (await mark(home, number, artifacts="0-1")).gold.ranges == {
        "aesthetic": (7, 10),
        "artifacts": (0, 1),
    }
    assert (await mark(home, number, aesthetic="-")).gold.ranges == {"artifacts": (0, 1)}
    with pytest.raises(NoGoldScoresError):
        await mark(home, number, artifacts="-")
    kept = await home.services.gold.look(home.moderator, number)
    assert kept.gold.ranges == {"artifacts": (0, 1)}


async def test_the_log_has_what_was_right_before_and_is_from_now_on(home: Home) -> None:
    number = await image(home)
    for typed in (
        {"aesthetic": "9-10"}, {"aesthetic": "1-10"}, {"artifacts": "0"}, {"aesthetic": "-"},
    ):  # fmt: skip
        await mark(home, number, **typed)
    await home.services.gold.retire(home.moderator, number)
    await mark(home, number, artifacts="0-2")
    log = [each.details for each in reversed(await home.log()) if each.action == "image.gold"]
    assert log == [
        {"aesthetic": "- → 9-10"},
        {"aesthetic": "9-10 → 1-10"},
        {"aesthetic": "1-10", "artifacts": "- → 0-1"},
        {"aesthetic": "1-10 → -", "artifacts": "0-1"},
        {"artifacts": "- → 0-2"},
    ]


async def test_a_dash_takes_the_explanation_away(home: Home) -> None:
    number = await image(home)
    assert (await mark(home, number, aesthetic="9")).gold.explanation is None
    service = home.services.gold
    told = await service.mark(home.moderator, number, {}, "Look at the hands.")
    assert told.gold.explanation == "Look at the hands."
    assert (await mark(home, number, artifacts="0")).gold.explanation == "Look at the hands."
    assert (await service.mark(home.moderator, number, {}, " - ")).gold.explanation is None


async def test_nothing_changes_where_something_is_wrong(home: Home) -> None:
    number = await image(home)
    with pytest.raises(GoldRangeError):
        await mark(home, number, aesthetic="7-10", artifacts="6")
    with pytest.raises(NoGoldScoresError):
        await mark(home, number)
    with pytest.raises(UnknownImageError):
        await mark(home, number + 1, aesthetic="9")
    with pytest.raises(NotGoldError):
        await home.services.gold.look(home.moderator, number)
    assert "image.gold" not in await home.actions()


async def test_a_retired_image_is_gold_no_more_until_it_is_marked_again(home: Home) -> None:
    number = await image(home)
    with pytest.raises(NotGoldError):
        await home.services.gold.retire(home.moderator, number)
    await mark(home, number, aesthetic="9")
    assert (await home.services.gold.retire(home.moderator, number)).gold.state == "retired"
    assert await home.services.gold.accepted(home.moderator) == [Treasury("set", [], 0, 0)]
    with pytest.raises(NotGoldError):
        await home.services.gold.retire(home.moderator, number)
    again = await mark(home, number, artifacts="0-1")
    assert again.gold.ranges == {"aesthetic": (6, 10), "artifacts": (0, 1)}
    assert (await home.actions())[:3] == ["image.gold", "image.gold_retired", "image.gold"]


async def test_answers_are_judged_again_where_the_right_scores_change(home: Home) -> None:
    number = await image(home)
    await home.raters(1, 2)
    await mark(home, number, aesthetic="8-10", artifacts="0-1")

    def unit(connection: Connection) -> None:
        for rater, scores in ((2, {"aesthetic": 5, "artifacts": 1}), (3, {"aesthetic": 9})):
            gold_answers.store(
                connection, rater, number, scores, asked=0, wrong=0, lesson=True, now=NOON
            )

    await home.world.database.write(unit)
    entry = await mark(home, number, aesthetic="8-10")
    assert (entry.tally.answers, entry.tally.asked, entry.tally.wrong) == (1, 2, 1)
    assert (await mark(home, number, aesthetic="5-10")).tally.right == 2
    assert (await mark(home, number, aesthetic="-", artifacts="3-5")).tally.wrong == 1
    half = await home.world.value("SELECT asked FROM gold_answers WHERE rater = 3")
    assert half == 0, "an answer that lacks a score is no answer yet"


async def test_marking_a_candidate_settles_its_case(home: Home) -> None:
    number = await image(home)

    def propose(connection: Connection) -> None:
        gold_images.store(
            connection,
            GoldImage(number, "proposed", {"aesthetic": (8, 10)}, None, NOON, None, None),
        )
        review_queue.put(connection, GOLD_CANDIDATE, image_id=number, now=NOON)
        review_queue.put(connection, review_queue.REPORTED_IMAGE, image_id=number, now=NOON)

    await home.world.database.write(propose)
    home.world.clock.turn(60)
    entry = await mark(home, number, artifacts="0-1")
    assert entry.gold.ranges == {"aesthetic": (8, 10), "artifacts": (0, 1)}
    assert entry.gold.proposed_at == NOON
    read = home.world.database.read
    assert await read(lambda c: review_queue.count_open(c, GOLD_CANDIDATE)) == 0
    assert await read(lambda c: review_queue.count_open(c, review_queue.REPORTED_IMAGE)) == 1


async def test_only_moderators_at_home_have_to_do_with_gold(home: Home) -> None:
    number = await image(home)
    gold = home.services.gold
    strangers = (
        caller(1),
        home.manager,
        elsewhere(home.moderator),
        in_direct_messages(home.moderator),
    )
    for who in strangers:
        for attempt in (
            gold.mark(who, number, {"aesthetic": "9"}),
            gold.retire(who, number),
            gold.look(who, number),
            gold.accepted(who),
        ):
            with pytest.raises(NotAllowedError):
                await attempt
    assert set(await home.actions()) == {"refused:image.gold"}
