"""What a release had and is gone or other since: listed by a random name, with the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from storage import published_releases
from tests.rating.world import caller
from tests.trust.home import Home
from tests.trust.released import note_release

Act = Callable[[Home, int], Awaitable[object]]


async def release(home: Home) -> None:
    now = home.world.clock.now()
    await home.world.database.write(lambda c: note_release(c, now))
    home.world.clock.turn(1)


async def listed(home: Home) -> dict[bytes, str]:
    query = "SELECT row_id, reason FROM removed_rows"
    return dict(await home.world.database.read(lambda c: c.execute(query).fetchall()))


async def name(home: Home, image_id: int = 1) -> bytes:
    """Return the name of the row of person 1's vote."""
    query = "SELECT row_id FROM votes WHERE rater = ? AND image_id = ?"
    values = (await home.world.number(1), image_id)
    (row_id,) = await home.world.database.read(lambda c: c.execute(query, values).fetchone())
    return bytes(row_id)


async def change(home: Home, post: int) -> None:
    await home.world.press(1, post, "aesthetic", 2)


async def undo(home: Home, post: int) -> None:
    await home.services.voting.undo(caller(1), next(home.world.interactions), post)


async def keep(home: Home, post: int) -> None:
    await home.services.voting.keep(caller(1), next(home.world.interactions), post)


async def void(home: Home, post: int) -> None:
    del post
    await home.services.voiding.revert(home.moderator, 1, "1d")


async def erase(home: Home, post: int) -> None:
    del post
    await home.services.erasure.erase(caller(1))


@pytest.fixture
async def post(home: Home) -> int:
    """A post with one vote of person 1."""
    await home.raters(1, 2)
    opened = await home.post(target=2)
    await home.world.vote(1, opened)
    return opened


@pytest.mark.parametrize("act", [change, undo, void, erase])
async def test_without_a_release_nothing_is_listed(home: Home, post: int, act: Act) -> None:
    await act(home, post)
    assert await listed(home) == {}


@pytest.mark.parametrize("act", [change, undo, void, erase])
async def test_what_came_after_the_release_is_not_listed(home: Home, act: Act) -> None:
    await release(home)
    await home.raters(1)
    opened = await home.post()
    await home.world.vote(1, opened)
    await act(home, opened)
    assert await listed(home) == {}


@pytest.mark.parametrize(
    ("act", "reason"), [(change, "changed"), (undo, "changed"), (void, "voided"), (erase, "erased")]
)
async def test_a_row_that_was_out_is_listed_with_its_reason(
    home: Home, post: int, act: Act, reason: str
) -> None:
    row_id = await name(home)
    await release(home)
    await act(home, post)
    assert await listed(home) == {row_id: reason}


async def test_a_changed_vote_goes_on_under_a_new_name(home: Home, post: int) -> None:
    first = await name(home)
    await release(home)
    await change(home, post)
    second = await name(home)
    await undo(home, post)
    await keep(home, post)
    assert await name(home) == second, "nobody outside knows it"
    await release(home)
    await undo(home, post)
    third = await name(home)
    await keep(home, post)
    assert await listed(home) == {first: "changed", second: "changed"}
    assert len({first, second, third}) == 3
    assert await name(home) == third


@pytest.mark.parametrize(
    ("first", "second"), [("aesthetic", "artifacts"), ("artifacts", "aesthetic")]
)
async def test_a_half_vote_that_gets_its_other_score_is_another_row(
    home: Home, first: str, second: str
) -> None:
    await home.raters(1)
    post = await home.post()
    await home.world.press(1, post, first, 4)
    row_id = await name(home)
    await release(home)
    await home.world.press(1, post, second, 1)
    assert await listed(home) == {row_id: "changed"}


@pytest.mark.parametrize("act", [change, undo, void, erase])
async def test_rows_that_no_release_has_are_not_listed(home: Home, act: Act) -> None:
    """A vote that was taken back, one on gold."""
    await home.raters(1)
    undone, gold = [await home.post() for _ in range(2)]
    for post in (undone, gold):
        await home.world.vote(1, post)
    await undo(home, undone)
    await home.world.database.write(
        lambda c: c.execute("UPDATE votes SET gold = 1 WHERE post_id = ?", (gold,)).rowcount
    )
    await release(home)
    for post in (gold,) if act is undo else (gold, undone):
        await act(home, post)
        if act is erase:
            break  # all of them at once
    assert await listed(home) == {}


async def test_what_comes_back_is_taken_off_the_list(home: Home, post: int) -> None:
    row_id = await name(home)
    await release(home)
    await void(home, post)
    await home.services.voiding.restore(home.moderator, 1)
    assert await listed(home) == {}
    await void(home, post)
    assert await listed(home) == {row_id: "voided"}


async def test_a_release_that_took_long_does_not_forget_the_one_before(
    home: Home, post: int
) -> None:
    row_id = await name(home)
    await release(home)
    earlier = home.world.clock.now() - timedelta(hours=1)
    await home.world.database.write(lambda c: note_release(c, earlier))
    await change(home, post)
    assert await listed(home) == {row_id: "changed"}


async def test_while_a_release_is_made_every_row_may_be_in_it(home: Home, post: int) -> None:
    database, now = home.world.database, home.world.clock.now
    number = await database.write(lambda c: published_releases.begin(c, "one", "/nowhere", now()))
    home.world.clock.turn(1)
    row_id = await name(home)
    await change(home, post)
    assert await listed(home) == {row_id: "changed"}
    await database.write(lambda c: published_releases.note_reading(c, number, now()))
    home.world.clock.turn(1)
    row_id = await name(home)
    await change(home, post)
    assert len(await listed(home)) == 2
    await change(home, post)
    assert len(await listed(home)) == 2, "it is another row since"


async def test_a_release_that_came_to_nothing_has_no_rows(home: Home, post: int) -> None:
    database, now = home.world.database, home.world.clock.now
    number = await database.write(lambda c: published_releases.begin(c, "one", "/nowhere", now()))
    await database.write(lambda c: published_releases.give_up(c, number))
    await change(home, post)
    assert await listed(home) == {}
