"""Whom no online rule holds comes before a person, too: the estimator, or an erasure, did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from sqlite3 import Connection

from bot.clock import Clock
from bot.trust.alerts import AlertService
from bot.trust.asking import LOOK_AGAIN, LOOK_AGAIN_AT, ask_to_look
from bot.trust.enrolment import BEFORE_ERASURE
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
        now, shown = self.clock.now(), 0
        for reason in (REASON, BEFORE_ERASURE):
            look = partial(rater_scores.held_without_case, reason=reason, votes=SHOWN_FROM)
            for held in await self.database.read(partial(look, by_scores=reason == REASON)):
                ask = partial(_show, held=held, reason=reason, now=now)
                shown += await self.database.write(ask)
        if shown:
            self.alerts.wake()
        return shown


def _show(connection: Connection, held: HeldRater, reason: str, now: datetime) -> bool:
    rater = raters.by_number(connection, held.rater)
    if rater is None or rater.discord_id is None or rater.banned_at(now):
        return False
    settled = review_queue.last_settled(connection, review_queue.SUSPECT, held.rater)
    if settled is not None and held.votes < _asked_again_at(settled, reason):
        return False
    figures = {}
    if reason == REASON and held.reliability is not None:
        figures[REASON] = held.reliability
    ask_to_look(connection, held.rater, votes=held.votes, figures=figures, reason=reason, now=now)
    return True


def _asked_again_at(settled: QueueItem, reason: str) -> int:
    votes = settled.votes or 0
    # A hold from before an erasure is older than every case, so that each of them showed it.
    seen = reason == BEFORE_ERASURE or reason in settled.details
    watched = settled.outcome == WATCH and seen
    return max(votes + LOOK_AGAIN, votes * LOOK_AGAIN_AT if watched else 0)
