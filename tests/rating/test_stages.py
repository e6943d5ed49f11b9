from __future__ import annotations

from datetime import timedelta

import pytest

from storage import choosing, data_sets, image_stages
from storage.choosing import Seeker
from tests.rating.world import NOON, World

DELAY = timedelta(seconds=60)


async def counters(world: World) -> tuple[int, int]:
    begun = await world.value("SELECT begun_images FROM data_sets")
    return begun, await world.value("SELECT full_images FROM data_sets")


async def restore(world: World, image_id: int) -> bool:
    return await world.database.write(
        lambda connection: image_stages.restore(connection, image_id, NOON, DELAY)
    )


async def test_counters_follow_an_image_through_its_stages(world: World) -> None:
    await world.data_set(2, target=1)
    await world.agree(1)
    assert await counters(world) == (0, 0)
    showing = await world.start(1)
    assert await counters(world) == (1, 0)
    await world.vote(1, showing.post_id)
    assert await counters(world) == (0, 1)
    image = showing.image.id
    assert await world.database.write(lambda connection: image_stages.hide(connection, image))
    assert not await world.database.write(lambda connection: image_stages.hide(connection, image))
    assert await counters(world) == (0, 0)
    assert (await world.image(showing.post_id)).closes_at is None
    assert await restore(world, image)
    assert not await restore(world, image)
    assert await counters(world) == (0, 1)
    assert (await world.image(showing.post_id)).closes_at == NOON + DELAY


async def test_an_image_that_nobody_saw_is_restored_to_waiting(world: World) -> None:
    await world.data_set(1)
    await world.database.write(lambda connection: image_stages.mark_broken(connection, 1))
    assert await restore(world, 1)
    assert await world.value("SELECT stage = 'waiting' FROM images") == 1
    assert await counters(world) == (0, 0)


async def test_unknown_images_have_no_stage(world: World) -> None:
    with pytest.raises(LookupError):
        await world.database.write(
            lambda connection: image_stages.recount(connection, 1, NOON, DELAY)
        )


@pytest.mark.parametrize(("target", "full"), [(1, 2), (2, 1), (3, 0)])
async def test_stages_follow_a_changed_target(world: World, target: int, full: int) -> None:
    data_set = await world.data_set(2, target=2)
    await world.agree(1, 2)
    for rater in (1, 1, 2):
        await world.vote(rater, (await world.start(rater)).post_id)
    assert await counters(world) == (1, 1)
    await world.database.write(
        lambda connection: data_sets.set_target(connection, data_set.id, target)
    )
    await world.database.write(
        lambda connection: image_stages.follow_target(connection, data_set.id, NOON, DELAY)
    )
    assert await counters(world) == (2 - full, full)
    assert await world.value("SELECT count(*) FROM images WHERE closes_at IS NOT NULL") == full


async def test_a_long_run_of_votes_is_walked_in_bounds(world: World) -> None:
    """The window bounds how many begun images are looked at; without it all are."""
    await world.data_set(40, target=50)
    await world.agree(1)
    for _ in range(19):
        await world.vote(1, (await world.start(1)).post_id)
    left = (await world.start(2)).image
    seeker = Seeker(1, safe_only=True, rater=1)

    async def seek(start: int, window: int) -> int | None:
        return await world.database.read(
            lambda connection: choosing.begun(connection, seeker, start, NOON, window=window)
        )

    before = await world.value(
        "SELECT count(*) FROM images WHERE stage = 'begun' AND random_key < ?", left.random_key
    )
    assert before > 0
    assert await seek(left.random_key, 1) == left.id
    assert await seek(left.random_key + 1, choosing.EVERY) == left.id, "round to the beginning"
    assert await seek(0, before + 1) == left.id
    assert await seek(0, before) is None
