"""Whatever raters do with captchas, in any order: the books hold at every moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.rating.voting import Receipt
from bot.trust.captcha.outcomes import Challenge, Failed, Outcome
from storage import risks
from storage.captchas import CaptchaKind, CaptchaRecord
from tests.trust.captchas import WRONG, CaptchaHome, open_captchas
from tests.trust.home import caller

RATERS, POSTS, STEPS, LONGEST_WAIT = (1, 2), 8, 40, 2000
"""All waits together are less than a day: no captcha is forgotten meanwhile."""
TRIES = 3

Act = Literal[
    "press", "right", "wrong", "stale", "another", "open", "lost", "wait", "sweep", "suspect"
]
Step = tuple[Act, int, int, CaptchaKind, int]
ANY_STEP = st.tuples(
    st.sampled_from(get_args(Act)),
    st.sampled_from(RATERS),
    st.integers(0, POSTS - 1),
    st.sampled_from(["picture", "question"]),  # sounds are slow to make
    st.sampled_from([1, 40, 301, LONGEST_WAIT]),
)


@dataclass(frozen=True)
class Books:
    """All that is written of one rater."""

    record: CaptchaRecord
    states: Counter[str]
    balances: tuple[int, ...]
    because: str | None


@dataclass
class Play:
    there: CaptchaHome
    posts: list[int]
    asked: dict[int, list[Challenge]] = field(default_factory=lambda: {each: [] for each in RATERS})
    wrong: Counter[int] = field(default_factory=Counter)

    async def step(self, act: Act, rater: int, post: int, kind: CaptchaKind, seconds: int) -> None:
        before = await self.books(rater)
        outcome: Outcome | str | None = None
        with suppress(UserError):
            outcome = await self._do(act, rater, post, kind, seconds)
        after = await self.books(rater)
        self._follow(rater, act, outcome)
        self._check(before, after)
        failed = after.record.failed - before.record.failed
        assert failed == isinstance(outcome, Failed)
        if failed:
            assert self.wrong[rater] >= TRIES
            self.wrong[rater] = 0

    async def _do(
        self, act: Act, rater: int, post: int, kind: CaptchaKind, seconds: int
    ) -> Outcome | str | None:
        service, world = self.there.service, self.there.home.world
        if act == "wait":
            world.clock.turn(seconds)
        elif act == "sweep":
            await self.there.home.services.captcha_expiry.settle()
        elif act == "suspect":
            number, now = await world.number(rater), world.clock.now()
            ask = partial(risks.ask_captcha, rater=number, because="a rule", votes=20, now=now)
            await world.database.write(ask)
        elif act == "press":
            return await self.there.press(rater, self.posts[post])
        if act in {"wait", "sweep", "suspect"} or not self.asked[rater]:
            return None
        newest, oldest = self.asked[rater][-1], self.asked[rater][0]
        if act == "another":
            return await service.another(caller(rater), newest.id, kind, "en")
        if act == "open":
            return await service.open(caller(rater), newest.id, "en")
        if act == "lost":
            return await service.not_shown(caller(rater), newest.id, "for the model")
        typed = WRONG if act == "wrong" else None
        return await self.there.answer(rater, oldest if act == "stale" else newest, typed)

    def _follow(self, rater: int, act: Act, outcome: Outcome | str | None) -> None:
        if isinstance(outcome, Challenge):
            self.asked[rater].append(outcome)
            self.wrong[rater] += outcome.told == "wrong"
            assert 1 <= outcome.tries_left <= TRIES
        self.wrong[rater] += isinstance(outcome, Failed)
        if act in {"right", "stale"} and isinstance(outcome, Receipt):
            self.wrong[rater] = 0

    def _check(self, before: Books, after: Books) -> None:
        record, states = after.record, after.states
        assert states["open"] <= 1
        for outcome in ("passed", "failed", "expired", "unavailable"):
            assert getattr(record, outcome) == states[outcome]
        new = len(after.balances) - len(before.balances)
        assert after.balances[: len(before.balances)] == before.balances
        let_on = sum(
            getattr(record, name) - getattr(before.record, name)
            for name in ("passed", "unavailable")
        )
        assert let_on in {0, 1}
        assert let_on <= new, "whoever may go on has the vote"
        if let_on:
            assert after.because is None
        elif new:
            assert new == 1, "others wait for an outcome"
            assert before.because is None, "a rule asked"
            assert record.votes_left == before.record.votes_left - 1
        assert set(after.balances[len(before.balances) :]) <= {record.failed - record.passed}

    async def books(self, rater: int) -> Books:
        world = self.there.home.world
        number = await world.number(rater)
        rows = await world.database.read(
            lambda c: c.execute(
                "SELECT captchas_failed FROM votes WHERE rater = ? ORDER BY id", (number,)
            ).fetchall()
        )
        return Books(
            await self.there.record(rater),
            Counter(await self.there.states(rater)),
            tuple(balance for (balance,) in rows),
            await world.database.read(partial(risks.captcha_because, rater=number)),
        )


@settings(max_examples=40)
@given(st.lists(ANY_STEP, max_size=STEPS))
def test_no_order_of_presses_answers_and_waits_breaks_the_books(steps: list[Step]) -> None:
    async def play() -> None:
        with TemporaryDirectory() as folder:
            async with open_captchas(Path(folder), *RATERS, captcha_every=2) as there:
                game = Play(there, [await there.home.post(target=9) for _ in range(POSTS)])
                for step in steps:
                    await game.step(*step)

    asyncio.run(play())
