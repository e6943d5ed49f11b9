"""People who are limited and appeal, for tests of what becomes of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from sqlite3 import Connection

from bot.trust.appeal_answers import NotSentError
from bot.trust.appeal_cases import GRANT, REFUSE, AppealCase
from bot.trust.review import Case
from storage import appeals, bars, holds, raters
from storage.appeals import Appeal
from storage.bars import Bar
from storage.times import to_microseconds
from tests.rating.world import HOME
from tests.trust.home import Home, caller

LIMITED = 7
RULE = "same_button"
_interactions = count(90_001)


async def ban(home: Home, discord_id: int = LIMITED) -> None:
    await home.services.bans.ban(home.moderator, discord_id, "pressed one button only")


async def appeal(home: Home, discord_id: int = LIMITED, words: str = "I did nothing") -> Appeal:
    return await home.services.appeals.open(caller(discord_id), next(_interactions), words, "en")


async def hold(home: Home, rule: str = RULE, discord_id: int = LIMITED) -> None:
    """Have a rule hold somebody's kudos."""
    now = home.world.clock.now()

    def unit(connection: Connection) -> None:
        holds.place(connection, raters.get_or_create(connection, discord_id, now).number, rule, now)

    await home.world.database.write(unit)


async def bar(home: Home, guild_id: int = HOME, discord_id: int = LIMITED) -> None:
    """Bar somebody in a server, past whoever does so."""
    now = home.world.clock.now()

    def unit(connection: Connection) -> None:
        number = raters.get_or_create(connection, discord_id, now).number
        bars.place(connection, number, Bar(guild_id, "manager", None), now, reason="rude")

    await home.world.database.write(unit)


async def pause_captchas(home: Home, seconds: float, discord_id: int = LIMITED) -> None:
    now = home.world.clock.now()

    def unit(connection: Connection) -> None:
        number = raters.get_or_create(connection, discord_id, now).number
        connection.execute(
            "INSERT INTO captcha_records (rater, failed, not_before) VALUES (?, 1, ?)",
            (number, to_microseconds(now) + int(seconds * 1_000_000)),
        )

    await home.world.database.write(unit)


async def next_appeal(home: Home) -> tuple[int, AppealCase]:
    """Have the moderator open the next case, which has to be an appeal."""
    case = await home.services.review.next_case(home.moderator)
    assert isinstance(case, Case)
    assert isinstance(case.about, AppealCase)
    return case.item.id, case.about


async def answer(home: Home, *, grant: bool, words: str = "looked again") -> None:
    """Have the moderator answer the next appeal."""
    item, _ = await next_appeal(home)
    decision = GRANT if grant else REFUSE
    await home.services.review.decide(home.moderator, item, decision, words)


async def latest(home: Home, discord_id: int = LIMITED) -> Appeal | None:
    number = await home.world.number(discord_id)
    return await home.world.database.read(lambda c: appeals.latest(c, number))


@dataclass
class Letters:
    """Direct messages that arrive, are refused, or fail for now."""

    refused: bool = False
    failing: bool = False
    sent: list[tuple[int, str]] = field(default_factory=list)
    tried: int = 0

    async def send(self, discord_id: int, text: str) -> bool:
        self.tried += 1
        if self.failing:
            raise NotSentError("Discord is down")
        if not self.refused:
            self.sent.append((discord_id, text))
        return not self.refused
