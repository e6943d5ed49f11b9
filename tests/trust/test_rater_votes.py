"""What is read of one rater's votes: which of them are compared with others'."""

from __future__ import annotations

from functools import partial

from storage import rater_votes
from tests.trust import many
from tests.trust.home import Home


async def test_answers_on_gold_are_compared_with_nobody(home: Home) -> None:
    """Neither the rater's own, nor as what others say."""
    images = await many.images(home, 3)
    await home.raters(1, 2, 3)
    for rater, scores in ((1, (2, 4, 6)), (2, (5,)), (3, (7,))):
        await many.cast(home, rater, images, scores)
    number = await home.world.number(1)
    read = partial(rater_votes.compared, rater=number, limit=10, others=2)
    assert len(await home.world.database.read(read)) == 3
    await home.world.database.write(
        lambda c: (
            c.execute(
                "UPDATE votes SET gold = 1 WHERE rater = ? AND image_id = ?", (number, images[0])
            ).rowcount
        )
    )
    other = await home.world.number(3)
    await home.world.database.write(
        lambda c: (
            c.execute(
                "UPDATE votes SET gold = 1 WHERE rater = ? AND image_id = ?", (other, images[1])
            ).rowcount
        )
    )
    (left,) = await home.world.database.read(read)
    assert left.aesthetic == 6
