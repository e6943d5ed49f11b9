"""Whom the estimator holds comes before a person, as those do whom the online rules hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from sqlite3 import Connection

from bot.clock import Clock
from bot.trust.alerts import AlertService
from bot.trust.asking import LOOK_AGAIN, LOOK_AGAIN_AT, ask_to_look
from bot.trust.rules.rule import SHOWN_FROM
from bot.trust.scoring.holding import REASON
from bot.trust.suspects import WATCH
from storage import rater_scores, raters, review_queue
from storage.database import Database
from storage.rater_scores import HeldRater
from storage.review_queue import QueueItem


@dataclass(frozen=True, slots=True)
class HeldRaters:
    """Opens cases after each run of the estimator; people decide, and nothing else follows."""

    database: Database
    clock: Clock
    alerts: AlertService

    async def show(self) -> int:
        """Ask people to look at whoever is held and was not looked at; return how many they are.

        From 100 votes on. After a case was settled the next one needs 100 more, and twice as many
        where a person saw this hold then and chose to watch.
        """
        found = await self.database.read(
            partial(rater_scores.held_without_case, reason=REASON, votes=SHOWN_FROM)
        )
        now, shown = self.clock.now(), 0
        for held in found:
            shown += await self.database.write(partial(_show, held=held, now=now))
        if shown:
            self.alerts.wake()
        return shown


def _show(connection: Connection, held: HeldRater, now: datetime) -> bool:
    rater = raters.by_number(connection, held.rater)
    if rater is None or rater.discord_id is None or rater.banned_at(now):
        return False
    settled = review_queue.last_settled(connection, review_queue.SUSPECT, held.rater)
    if settled is not None and held.votes < _asked_again_at(settled):
        return False
    ask_to_look(
        connection,
        held.rater,
        votes=held.votes,
        figures={REASON: held.reliability},
        reason=REASON,
        now=now,
    )
    return True


def _asked_again_at(settled: QueueItem) -> int:
    votes = settled.votes or 0
    watched = settled.outcome == WATCH and REASON in settled.details
    return max(votes + LOOK_AGAIN, votes * LOOK_AGAIN_AT if watched else 0)
