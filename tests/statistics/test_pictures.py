"""Pictures for everybody: kept for a while, made by one process at a time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.statistics.errors import StatisticsUnavailableError
from bot.statistics.pictures import AGAIN_AFTER, KEPT, StatisticsPictures
from bot.statistics.service import StatisticsService
from tests.datasets.exports.children import children, started_child
from tests.datasets.exports.votes_file import KEY, VOTED, VotesFile
from tests.rating.world import TurnedClock


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    file = VotesFile(tmp_path / "jury.db")
    file.data_set()
    file.vote(file.rater(), file.image("a"))
    yield file
    file.close()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(VOTED)


@pytest.fixture
def pictures(votes: VotesFile, clock: TurnedClock) -> StatisticsPictures:
    return StatisticsPictures(StatisticsService(votes.path, clock, KEY), clock)


async def test_a_flood_of_wishes_is_one_process(pictures: StatisticsPictures) -> None:
    before = children()
    wishes = [asyncio.create_task(pictures.of((), "en")) for _ in range(50)]
    await started_child(before)
    assert len(children() - before) == 1
    first, *others = await asyncio.gather(*wishes)
    assert all(other is first for other in others)
    assert first.data.startswith(b"\x89PNG")
    assert first.lines[0] == "votes: 1"


async def test_two_languages_are_made_one_after_the_other(pictures: StatisticsPictures) -> None:
    before = children()
    wishes = [asyncio.create_task(pictures.of((), one)) for one in ("en", "de")]
    await started_child(before)
    assert len(children() - before) == 1
    english, german = await asyncio.gather(*wishes)
    assert (english.lines[0], german.lines[0]) == ("votes: 1", "Bewertungen: 1")


async def test_a_picture_is_shown_for_a_while_and_then_made_anew(
    pictures: StatisticsPictures, votes: VotesFile, clock: TurnedClock
) -> None:
    first = await pictures.of((), "en")
    votes.vote(votes.rater(), votes.image("b"))
    clock.turn(KEPT.total_seconds() - 1)
    assert await pictures.of((), "en") is first
    clock.turn(1)
    assert (await pictures.of((), "en")).lines[0] == "votes: 2"
    assert len(list((votes.path.parent / "exports").iterdir())) == 1


async def test_a_picture_of_a_clock_that_was_ahead_is_made_anew(
    pictures: StatisticsPictures, votes: VotesFile, clock: TurnedClock
) -> None:
    first = await pictures.of((), "en")
    clock.turn(-1)
    assert await pictures.of((), "en") is not first


async def test_a_failure_is_tried_again_a_little_later(
    pictures: StatisticsPictures, votes: VotesFile, clock: TurnedClock
) -> None:
    folder = votes.path.parent / "exports"
    folder.write_text("in the way")
    with pytest.raises(StatisticsUnavailableError):
        await pictures.of((), "en")
    folder.unlink()
    before = children()
    with pytest.raises(StatisticsUnavailableError):
        await pictures.of((), "en")
    assert children() == before
    clock.turn(AGAIN_AFTER.total_seconds())
    assert (await pictures.of((), "en")).lines[0] == "votes: 1"


async def test_who_goes_away_takes_the_picture_from_nobody(pictures: StatisticsPictures) -> None:
    before = children()
    impatient, patient = (asyncio.create_task(pictures.of((), "en")) for _ in range(2))
    await started_child(before)
    impatient.cancel()
    assert (await patient).lines[0] == "votes: 1"


async def test_a_killed_process_is_a_failure(pictures: StatisticsPictures) -> None:
    before = children()
    wish = asyncio.create_task(pictures.of((), "en"))
    os.kill(await started_child(before), signal.SIGKILL)
    with pytest.raises(StatisticsUnavailableError):
        await wish


async def test_closing_ends_the_process(pictures: StatisticsPictures) -> None:
    before = children()
    wish = asyncio.create_task(pictures.of((), "en"))
    await started_child(before)
    await pictures.close()
    assert children() == before
    with pytest.raises(asyncio.CancelledError):
        await wish
