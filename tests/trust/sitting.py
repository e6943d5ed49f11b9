"""Somebody alone in private sessions with gold, lessons, repeats and rules, as a script would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from bot.errors import LessonsOverError, NothingLeftError
from bot.rating.sessions import Showing
from bot.rating.voting import ScorePress
from storage import findings, holds, rule_queue
from storage.findings import KeptFinding
from tests.trust.home import Home, caller

OLD = 10**17
"""A Discord id of 2015."""

LOW, HIGH = ((1, 4), (3, 5)), ((7, 10), (0, 1))
"""What is right on bad gold images, and on good ones: liking, and flaws."""

Scorer = Callable[[int, Random], Mapping[str, int]]
"""What is pressed on an image."""


@dataclass
class Sitting:
    """One rater; who passes over an image after half of a vote goes on by a skip."""

    home: Home
    person: int = OLD
    random: Random = field(default_factory=lambda: Random(3))
    showing: Showing | None = None
    given: int = 0

    @classmethod
    async def begin(cls, home: Home, *, images: int = 400, gold: int = 25) -> Sitting:
        """Make a data set with so much gold, of both ends by turns, and a rater."""
        await home.world.data_set(images, target=5)
        ids = await home.world.database.read(
            lambda c: c.execute("SELECT id FROM images ORDER BY id").fetchall()
        )
        for place, (image,) in enumerate(ids[:gold]):
            liking, flaws = HIGH if place % 2 else LOW
            await home.world.mark_gold(image, aesthetic=liking, artifacts=flaws)
        await home.raters(OLD)
        return cls(home)

    async def sit(self, showings: int, scorer: Scorer) -> None:
        """Answer so many showings, or all that there are; the rules read now and then."""
        services, world, who = self.home.services, self.home.world, caller(self.person)
        try:
            for _ in range(showings):
                if self.showing is None:
                    self.showing = await services.sessions.start(who)
                world.clock.turn(4)
                await self._answer(self.showing, scorer(self.showing.image.id, self.random))
                if not self.given % 5:
                    await services.rules.settle()
        except NothingLeftError:
            pass
        await services.rules.settle()

    async def _answer(self, showing: Showing, scores: Mapping[str, int]) -> None:
        services, who, post = self.home.services, caller(self.person), showing.post_id
        for scale, value in scores.items():
            press = ScorePress(next(self.home.world.interactions), post, scale, value)
            await services.voting.take(who, press)
        self.given += 1
        try:
            if len(scores) == 1:
                self.showing = await services.sessions.skip(who, post, "cannot_judge")
            else:
                self.showing = await services.sessions.advance(who, post)
            if self.showing.post_id == post and showing.lesson is not None:
                self.showing = await services.sessions.next_lesson(who, post)
        except LessonsOverError:
            self.showing = await services.sessions.leave_lessons(who, post)

    async def number(self) -> int:
        return await self.home.world.number(self.person)

    async def found(self) -> dict[str, KeptFinding]:
        number = await self.number()
        return await self.home.world.database.read(lambda c: findings.of_rater(c, number))

    async def holds(self) -> list[str]:
        number = await self.number()
        return await self.home.world.database.read(lambda c: holds.of_rater(c, number))

    async def cases(self) -> int:
        rows = await self.home.world.database.read(
            lambda c: c.execute("SELECT 1 FROM review_queue WHERE kind = 'suspect'").fetchall()
        )
        return len(rows)

    async def gold_answers(self) -> list[dict[str, tuple[int, int, int]]]:
        """Return what counts of the rater's answers on gold, lessons included."""
        number = await self.number()
        return await self.home.world.database.read(
            lambda c: rule_queue.gold_answers(c, number, 200)
        )
