"""Once a night: who goes with whom, found by a child process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection
from typing import Any, Final

import structlog

from bot.children.asking import ask
from bot.clock import Clock
from bot.errors import JuryError
from bot.trust.rules.company import Pair as PairRule
from bot.trust.rules.pair_lines import PAIR, PAIRED, RATER, PairRequest
from bot.trust.rules.rule import PairFigure
from bot.trust.rules.scales import MAIN
from bot.trust.rules.worker import RuleWorker
from storage import findings, paired_votes, remembered, rule_records
from storage.database import Database
from storage.paired_votes import Pair
from storage.times import day_of

CHILD: Final = "bot.trust.rules.pairing"

NIGHT: Final = timedelta(hours=3)
"""After midnight UTC; a bot that was off by night searches when it is back."""

LOOK_SECONDS: Final = 600.0

_DONE: Final = "rules.pairs"

_log = structlog.get_logger()


class PairSearch:
    """Searches once a day, and lets the rule on pairs look at whoever is close to others.

    Where nobody has enough votes there is nothing to search. A search that fails is tried again
    ten minutes later; one that a crash cuts short, at the next start: the day is noted last.
    """

    def __init__(self, database: Database, clock: Clock, rules: RuleWorker) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules

    async def run(self) -> None:
        """Search whenever it is due; ends by being cancelled, and its child with it."""
        while True:
            try:
                await self.search_if_due()
            except Exception:  # noqa: BLE001 - the edge of a worker: it must outlive every error
                _log.exception("pairs_failed")
            await self._clock.sleep(LOOK_SECONDS)

    async def search_if_due(self) -> bool:
        """Search if this night's search was not made yet; return whether it was due.

        A later night than this is of a clock that was set back since.
        """
        night = day_of(self._clock.now() - NIGHT)
        done = await self._database.read(partial(remembered.recall, name=_DONE))
        if done is not None and int(done) == night:
            return False
        if await self._database.read(partial(rule_records.has_judged, votes=PairRule().votes)):
            await self.search()
        await self._database.write(partial(remembered.remember, name=_DONE, value=str(night)))
        return True

    async def search(self) -> None:
        """Find the pairs of now. Raises JuryError where the child process finds nothing out."""
        raters: dict[int, float] = {}
        pairs: list[Pair] = []

        def hear(kind: str, values: Mapping[str, Any]) -> None:
            if kind == RATER:
                raters[values["rater"]] = values["score"]
            elif kind == PAIR:
                pairs.append(Pair(**values))

        request = PairRequest(str(self._database.path), MAIN)
        answer = await ask(CHILD, request.to_json(), hear)
        if answer.code or answer.kind != PAIRED:
            raise JuryError(
                f"the search for pairs failed: {answer.values.get('reason', 'no word')}"
            )
        limit = float(answer.values["limit"])
        now = self._clock.now()
        await self._database.write(partial(_keep, pairs=pairs, now=now))
        former = await self._database.read(partial(findings.raters_with, rule=PairRule.name))
        figures = dict.fromkeys(former, PairFigure(0.0, limit))
        figures |= {rater: PairFigure(score, limit) for rater, score in raters.items()}
        await self._rules.pair_up(figures)
        _log.info("pairs_searched", pairs=len(pairs), raters=len(raters), limit=round(limit, 2))


def _keep(connection: Connection, *, pairs: list[Pair], now: datetime) -> None:
    paired_votes.replace_all(connection, pairs, now)
