"""Whole sessions of people whom nobody can be compared with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from tests.trust.home import open_home
from tests.trust.sitting import Scorer, Sitting


def constant(_image: int, _random: Random) -> Mapping[str, int]:
    return {"aesthetic": 5, "artifacts": 0}


def at_random(_image: int, random: Random) -> Mapping[str, int]:
    return {"aesthetic": random.randint(1, 10), "artifacts": random.randint(0, 5)}


def looks_for_liking_alone(image: int, random: Random) -> Mapping[str, int]:
    """Gold are the first 25 images of `Sitting`, bad and good by turns."""
    liking = random.randint(1, 4) if image % 2 else random.randint(7, 10)
    return {"aesthetic": liking, "artifacts": random.randint(0, 5)}


def half(_image: int, _random: Random) -> Mapping[str, int]:
    return {"aesthetic": 5}


async def test_one_score_and_a_skip_avoid_no_gold(tmp_path: Path) -> None:
    async with open_home(tmp_path, gold_percent=20, lessons=0) as home:
        sitting = await Sitting.begin(home)
        await sitting.sit(130, half)
        answers = await sitting.gold_answers()
        assert len(answers) > 15
        assert all(answer.keys() == {"aesthetic"} for answer in answers)
        assert "gold_failures" in await sitting.found()
        assert await sitting.cases() == 1


@pytest.mark.parametrize(("images", "percent"), [(160, 20), (30, 100)])
async def test_no_gold_is_used_up_as_ordinary_images(
    tmp_path: Path, images: int, percent: int
) -> None:
    """Nor does an answer on it close with other gold, be it given before any vote."""
    async with open_home(tmp_path, gold_percent=percent, lessons=0) as home:
        sitting = await Sitting.begin(home, images=images)
        await sitting.sit(200, at_random)
        votes = await home.world.database.read(
            lambda c: c.execute(
                "SELECT v.gold, count(*) FROM votes v JOIN gold_images g"
                " ON g.image_id = v.image_id GROUP BY v.gold"
            ).fetchall()
        )
        assert votes == [(1, 25)]
        open_for_ever = await home.world.value(
            "SELECT count(*) FROM posts WHERE purpose = 'gold' AND twin_image_id IS NULL"
        )
        assert open_for_ever == 0
        on_gold = await home.world.value(
            "SELECT count(*) FROM posts WHERE twin_image_id IN (SELECT image_id FROM gold_images)"
        )
        assert on_gold == 0


async def test_a_person_looks_at_who_presses_flaws_at_random(tmp_path: Path) -> None:
    async with open_home(tmp_path, gold_percent=20) as home:
        sitting = await Sitting.begin(home)
        await sitting.sit(140, looks_for_liking_alone)
        assert (await sitting.found()).keys() == {"gold_failures", "alone"}
        assert await sitting.cases() == 1
        assert await sitting.holds() == []


@pytest.mark.parametrize("scorer", [constant, at_random])
async def test_a_person_looks_at_who_does_not_though_nothing_can_be_compared(
    tmp_path: Path, scorer: Scorer
) -> None:
    async with open_home(tmp_path) as home:
        sitting = await Sitting.begin(home)
        await sitting.sit(95, scorer)
        assert await sitting.cases() == 0
        await sitting.sit(35, scorer)
        assert await sitting.cases() == 1
        assert await sitting.holds() == []
