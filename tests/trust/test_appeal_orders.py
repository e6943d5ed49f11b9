"""Appeals, answers, bans, erasures and deliveries in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.trust.appeal_cases import GRANT, REFUSE
from bot.trust.review import Idle
from tests.trust.appealing import LIMITED, Letters, appeal, ban
from tests.trust.home import Home, caller, open_home

HOUR = 3600.0
STEPS = st.sampled_from(
    ["appeal", "ban", "unban", "grant", "refuse", "erase", "hours", "day", "send", "fail", "come"]
)

TWO_OPEN = """
    SELECT count(*) FROM
    (SELECT 1 FROM appeals WHERE answered_at IS NULL GROUP BY rater HAVING count(*) > 1)
"""
TOO_CLOSE = """
    SELECT count(*) FROM appeals a JOIN appeals b
    ON a.rater = b.rater AND a.id < b.id AND b.opened_at - a.opened_at < 86400000000
"""
UNPAIRED = """
    SELECT count(*) FROM appeals a FULL JOIN
    (SELECT rater FROM review_queue WHERE kind = 'appeal' AND settled_at IS NULL) q
    ON a.rater = q.rater AND a.answered_at IS NULL
    WHERE (a.id IS NOT NULL AND a.answered_at IS NULL AND q.rater IS NULL)
        OR (a.id IS NULL AND q.rater IS NOT NULL)
"""
STILL_BANNED = """
    SELECT count(*) FROM raters r JOIN appeals a ON a.rater = r.number
    WHERE a.outcome = 'granted' AND r.status = 'banned' AND NOT EXISTS
        (SELECT 1 FROM audit_log l WHERE l.action = 'rater.ban' AND l.at >= a.answered_at
            AND l.subject = 'rater:' || r.number)
"""


async def decide(home: Home, decision: str) -> None:
    case = await home.services.review.next_case(home.moderator)
    if not isinstance(case, Idle):
        words = f"because {case.item.id}"
        await home.services.review.decide(home.moderator, case.item.id, decision, words)


async def step(home: Home, name: str, letters: Letters, told: list[str]) -> None:
    services = home.services
    match name:
        case "appeal":
            await appeal(home)
        case "ban":
            await ban(home)
        case "unban":
            await services.bans.unban(home.moderator, LIMITED)
        case "grant":
            await decide(home, GRANT)
        case "refuse":
            await decide(home, REFUSE)
        case "erase":
            await services.erasure.erase(caller(LIMITED))
        case "hours" | "day":
            home.world.clock.turn(9 * HOUR if name == "hours" else 24 * HOUR)
        case "send" | "fail":
            letters.refused = name == "fail"
            await services.answers.settle()
        case _:
            text = await services.answers.take(LIMITED, "en")
            told += [text] if text else []


async def run(steps: Sequence[str]) -> None:
    with TemporaryDirectory() as folder:
        async with open_home(Path(folder)) as home:
            letters, told = Letters(), list[str]()
            home.services.answers.connect(letters)
            for name in steps:
                home.world.clock.turn(1)
                with suppress(UserError):
                    await step(home, name, letters, told)
                for broken in (TWO_OPEN, TOO_CLOSE, UNPAIRED, STILL_BANNED):
                    assert await home.world.value(broken) == 0, (name, broken)
            heard = [*told, *(text for _, text in letters.sent)]
            assert len(set(heard)) == len(heard), "an answer came twice"


@settings(max_examples=25)
@example(["ban", "appeal", "refuse", "hours", "appeal"])
@example(["ban", "appeal", "refuse", "send", "fail", "come", "send"])
@example(["ban", "appeal", "refuse", "fail", "come", "come", "send", "come"])
@given(st.lists(STEPS, max_size=25).map(lambda steps: ["ban", "appeal", *steps]))
def test_any_order_leaves_appeals_cases_and_answers_in_line(steps: Sequence[str]) -> None:
    asyncio.run(run(steps))
