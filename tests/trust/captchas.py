"""A home server whose captchas are known to the tests: the real ones, with their answers noted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import get_args

from bot.errors import CaptchaNeededError
from bot.rating.voting import Receipt, ScorePress
from bot.services import Services
from bot.trust.captcha.challenges import Made, Maker
from bot.trust.captcha.outcomes import Challenge, Outcome
from bot.trust.captcha.service import CaptchaService
from bot.trust.captcha.workshop import Workshop, makers_of
from storage import captchas
from storage.captchas import CaptchaKind, CaptchaRecord
from tests.trust.home import Home, caller, open_home

WRONG = "nothing of the kind 0"
PATIENCE_SECONDS = 60.0


@dataclass
class Noted:
    """A maker that notes what it made last."""

    maker: Maker
    made: list[Made] = field(default_factory=list)

    def make(self, language: str) -> Made:
        made = self.maker.make(language)
        self.made.append(made)
        return made


def with_captchas(services: Services, makers: Mapping[CaptchaKind, Maker]) -> Services:
    """Return the same services, with captchas made by these makers, however long they take."""
    service = CaptchaService(
        services.database,
        services.clock,
        services.settings,
        services.random,
        enrolment=services.enrolment,
        alerts=services.alerts,
        texts=services.texts,
        workshop=Workshop(makers, PATIENCE_SECONDS),
    )
    return replace(services, captchas=service)


def noted_makers(services: Services) -> dict[CaptchaKind, Noted]:
    return {
        kind: Noted(maker) for kind, maker in makers_of(services.texts, services.random).items()
    }


@dataclass
class CaptchaHome:
    """A home server with captchas; post n of the raters is opened when first named."""

    home: Home
    makers: dict[CaptchaKind, Noted]

    @property
    def service(self) -> CaptchaService:
        return self.home.services.captchas

    def restart(self, makers: Mapping[CaptchaKind, Maker] | None = None) -> None:
        """Build the service anew, as a restarted program does; or with other makers."""
        self.home.services = with_captchas(self.home.services, makers or self.makers)

    async def press(
        self, rater: int, post: int, scale: str = "aesthetic", value: int = 7
    ) -> Outcome:
        """Press a score as the cog does: whatever needs a captcha is asked for one."""
        press = ScorePress(next(self.home.world.interactions), post, scale, value)
        try:
            return await self.home.services.voting.take(caller(rater), press)
        except CaptchaNeededError:
            return await self.service.ask(caller(rater), press, "en")

    async def asked(self, rater: int, post: int) -> Challenge:
        """Press where a captcha is due."""
        asked = await self.press(rater, post)
        assert isinstance(asked, Challenge), asked
        return asked

    def right(self, challenge: Challenge) -> str:
        """Return the answer to a captcha."""
        (made,) = [
            made
            for made in self.makers[challenge.kind].made
            if (made.data, made.question) == (challenge.data, challenge.question)
        ]
        return made.answer

    async def answer(self, rater: int, challenge: Challenge, typed: str | None = None) -> Outcome:
        """Answer a captcha; rightly unless something else is typed."""
        answer = self.right(challenge) if typed is None else typed
        return await self.service.answer(caller(rater), challenge.id, answer, "en")

    async def passed(self, rater: int, challenge: Challenge) -> Receipt:
        receipt = await self.answer(rater, challenge)
        assert isinstance(receipt, Receipt), receipt
        return receipt

    async def record(self, rater: int) -> CaptchaRecord:
        number = await self.home.world.number(rater)
        return await self.home.world.database.read(partial(captchas.record, rater=number))

    async def states(self, rater: int) -> list[str]:
        """Return the states of the rater's captchas, the oldest first."""
        number = await self.home.world.number(rater)
        rows = await self.home.world.database.read(
            lambda c: c.execute(
                "SELECT state FROM captchas WHERE rater = ? ORDER BY id", (number,)
            ).fetchall()
        )
        return [state for (state,) in rows]

    async def balance_on_vote(self, rater: int, image_id: int) -> int | None:
        vote = await self.home.world.stored(rater, image_id)
        return None if vote is None else vote.captchas_failed


@asynccontextmanager
async def open_captchas(
    folder: Path, *raters: int, **settings: object
) -> AsyncIterator[CaptchaHome]:
    """Open a home server with captchas before the first vote and after each 50."""
    async with open_home(folder, **{"captcha_every": 50, **settings}) as home:
        makers = noted_makers(home.services)
        assert set(makers) == set(get_args(CaptchaKind))
        home.services = with_captchas(home.services, makers)
        await home.raters(*raters)
        yield CaptchaHome(home, makers)
