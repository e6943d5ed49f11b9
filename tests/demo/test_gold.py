"""The demo's gold is marked as a moderator does it, and teaches what there is to see."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from bot.caller import Caller
from bot.clock import SystemClock
from bot.demo.folder import GALLERY
from bot.demo.gold import GOLD, LESSONS, mark_gold
from bot.demo.personas import OUT_OF_SIGHT, Honest
from bot.demo.pictures.gallery import SAMPLES
from bot.demo.run import DemoOptions
from bot.demo.set_up import admit_people, demo_settings, import_samples
from bot.demo.stage import Cast, Stage
from bot.rating.scales import SCALES
from bot.services import Services, open_services
from bot.trust.gold.judging import ends_of, judge, typed_range
from bot.trust.gold.marking import Treasury
from storage.gold_images import Ranges


@pytest.fixture
def cast() -> Cast:
    return Stage(SystemClock(), ["ada", "bruno"]).cast


@pytest.fixture
async def services(cast: Cast, pictures: Path, tmp_path: Path) -> AsyncIterator[Services]:
    settings = demo_settings(DemoOptions(folder=tmp_path), cast, "http://127.0.0.1:1")
    async with open_services(settings) as services:
        await import_samples(services, pictures)
        await admit_people(services, cast)
        yield services


def _moderator(cast: Cast) -> Caller:
    return Caller(
        cast.moderator.id,
        guild_id=cast.guild.id,
        role_ids=frozenset({cast.moderator_role_id}),
    )


async def _gallery(services: Services, cast: Cast) -> Treasury:
    found = await services.gold.accepted(_moderator(cast))
    return next(each for each in found if each.data_set == GALLERY)


def _ranges() -> dict[str, Ranges]:
    return {
        known.key: {scale: typed_range(SCALES[scale], text) for scale, text in known.typed.items()}
        for known in GOLD
    }


async def test_the_moderator_marks_it_with_an_explanation_and_once(
    services: Services, cast: Cast
) -> None:
    await mark_gold(services, cast)
    marked = await _gallery(services, cast)
    assert {entry.image.key: entry.gold.ranges for entry in marked.gold} == _ranges()
    assert all(entry.gold.explanation for entry in marked.gold)
    await services.gold.retire(_moderator(cast), marked.gold[0].image.id)

    await mark_gold(services, cast)  # as a demo does that goes on
    assert await _gallery(services, cast) == Treasury(
        GALLERY, marked.gold[1:], met=len(GOLD) - 1, proposed=0
    )


async def test_a_visitors_first_session_is_lessons_and_the_crowds_is_not(
    services: Services, cast: Cast
) -> None:
    await mark_gold(services, cast)
    for actor, learns in ((cast.crowd[0], False), *((lead, True) for lead in cast.leads)):
        home = cast.guild.id
        caller = Caller(actor.id, guild_id=home, guild_ids=frozenset({home}))
        showing = await services.sessions.start(caller, GALLERY)
        assert (showing.lesson is not None) == learns
        if showing.lesson is not None:
            assert (showing.lesson.number, showing.lesson.of) == (1, LESSONS)


def test_both_ends_of_both_scales_are_taught_even_where_reports_hide_pictures() -> None:
    seen = {key: right for key, right in _ranges().items() if SAMPLES[key].spoilt <= OUT_OF_SIGHT}
    assert len(seen) >= LESSONS
    assert set().union(*map(ends_of, seen.values())) == {
        (scale, end) for scale in SCALES for end in ("low", "high")
    }


def test_who_looks_is_mostly_right() -> None:
    random, eye = Random(1), Honest(0, 0.8, reports=False)
    results: Counter[bool] = Counter()
    for key, right in _ranges().items():
        for _ in range(50):
            judged = judge(right, eye.scores(SAMPLES[key], random))
            results[True] += judged.asked - judged.wrong
            results[False] += judged.wrong
    assert results[True] > 0.9 * results.total()
