"""Whatever people do, nobody earns for the same image and scale twice, erased or not."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.privacy import earnings, erasure
from bot.rewards.earning import award_digest
from storage import payouts, raters
from tests.privacy.kudos import PRICE, balanced, digests, open_paying, plan, send, settle
from tests.trust.home import Home, caller

PEOPLE = (1, 2)
IMAGES = 2
SCALES = {"aesthetic": 5, "artifacts": 2}

people, posts = st.sampled_from(PEOPLE), st.integers(1, IMAGES)
acts = st.one_of(
    st.tuples(st.just("press"), people, posts, st.sampled_from(sorted(SCALES))),
    st.tuples(st.just("undo"), people, posts),
    st.tuples(st.just("keep"), people, posts),
    st.tuples(st.sampled_from(["plan", "send", "pay", "refuse", "come_back"]), people),
    st.tuples(st.sampled_from(["erase", "erase_and_stop"]), people),
    st.tuples(st.sampled_from(["erase_and_return", "erase_while_rating"]), people, posts),
)


@dataclass
class Life:
    """Who has which number, and what each person ever earned, in the order of events."""

    home: Home
    numbers: dict[int, list[int]] = field(default_factory=lambda: {one: [] for one in PEOPLE})

    async def present(self, person: int) -> int | None:
        found = await self.home.world.database.read(lambda c: raters.find(c, person))
        return None if found is None else found.number

    async def press(self, person: int, post: int, scale: str) -> None:
        await self.home.world.press(person, post, scale, SCALES[scale])

    async def undo(self, person: int, post: int) -> None:
        interaction = 10**6 + next(self.home.world.interactions)
        await self.home.services.voting.undo(caller(person), interaction, post)

    async def keep(self, person: int, post: int) -> None:
        interaction = 10**6 + next(self.home.world.interactions)
        await self.home.services.voting.keep(caller(person), interaction, post)

    async def plan(self, person: int) -> None:
        number = await self.present(person)
        if number is not None:
            await plan(self.home, number)

    async def send(self, person: int) -> None:
        await self._settle(person, "send")

    async def pay(self, person: int) -> None:
        await self._settle(person, "pay")

    async def refuse(self, person: int) -> None:
        await self._settle(person, "refuse")

    async def _settle(self, person: int, how: str) -> None:
        """Let a payout of any number that the person ever had go on."""
        for number in self.numbers[person]:
            payout = await self.home.world.database.read(
                lambda c, number=number: payouts.unsettled_of(c, number)  # type: ignore[misc]
            )
            if payout is None:
                continue
            if how == "send" and payout.state == "planned":
                await send(self.home, payout)
            elif how != "send" and payout.state == "sending":
                await settle(self.home, payout, paid=how == "pay")

    async def come_back(self, person: int) -> None:
        self.home.world.clock.turn(61)
        await self.home.services.voting.agree(caller(person))
        number = await self.present(person)
        assert number is not None
        if number not in self.numbers[person]:
            self.numbers[person].append(number)

    async def erase(self, person: int) -> None:
        await self.home.services.erasure.erase(caller(person))

    async def erase_and_return(self, person: int, post: int) -> None:
        """Rate the same again at once."""
        await self.erase(person)
        await self.come_back(person)
        for scale in SCALES:
            await self.press(person, post, scale)

    async def erase_and_stop(self, person: int) -> None:
        """Stop somewhere in the middle, and start again."""
        erasing = asyncio.create_task(self.home.services.erasure.erase(caller(person)))
        for _ in range(self.home.world.random.randrange(1, 40)):
            await asyncio.sleep(0)
        erasing.cancel()
        with suppress(asyncio.CancelledError, UserError):
            await erasing
        await self.home.services.erasure.replay()

    async def erase_while_rating(self, person: int, post: int) -> None:
        await asyncio.gather(
            self.home.services.erasure.erase(caller(person)),
            *(self.press(person, post, scale) for scale in SCALES),
            return_exceptions=True,
        )


async def check(life: Life) -> None:
    home = life.home
    assert await balanced(home)
    kept = set(await digests(home))
    for person in PEOPLE:
        earned: Counter[tuple[int, str]] = Counter()
        for number in life.numbers[person]:
            rows = await home.world.database.read(
                lambda c, number=number: c.execute(  # type: ignore[misc]
                    "SELECT image_id, scale, amount, standing, payout_id FROM awards"
                    " WHERE rater = ?",
                    (number,),
                ).fetchall()
            )
            erased = number != await life.present(person)
            payout = await home.world.database.read(
                lambda c, number=number: payouts.unsettled_of(c, number)  # type: ignore[misc]
            )
            assert payout is None or not erased or payout.state == "sending"
            for image, scale, amount, standing, payout_id in rows:
                assert amount == PRICE
                earned[image, scale] += 1
                if erased:
                    digest = award_digest(home.services.hash_key, person, image, scale)
                    assert digest in kept
                    assert payout_id is not None or standing != "stands"
        assert max(earned.values(), default=0) <= 1


async def live(folder: Path, plot: list[tuple[str, int]]) -> None:
    async with open_paying(folder) as home:
        life = Life(home)
        for _ in range(IMAGES):
            await home.post()
        for person in PEOPLE:
            await life.come_back(person)
        for act, *values in plot:
            with suppress(UserError):
                await getattr(life, act)(*values)
        await check(life)


@settings(max_examples=40)
@given(plot=st.lists(acts, min_size=4, max_size=25))
def test_nobody_earns_for_the_same_twice(plot: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(earnings, "BATCH", 2)
        patch.setattr(erasure, "BATCH", 1)
        asyncio.run(live(Path(folder), plot))
