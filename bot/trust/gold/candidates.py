"""Candidates for gold, as cases for moderators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import WrongValueError
from bot.trust.access import AccessService
from bot.trust.gold.judging import changes
from bot.trust.gold.proposing import TARGET
from bot.trust.review import CaseKind
from storage import (
    data_sets,
    gold_answers,
    gold_candidates,
    gold_images,
    images,
    review_queue,
)
from storage.gold_candidates import Scored
from storage.gold_images import GoldImage
from storage.images import Image
from storage.review_queue import GOLD_CANDIDATE, QueueItem

ACCEPT: Final = "gold_accept"
REFUSE: Final = "gold_refuse"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A closed image, what is right on it by its scores, and how much gold can be met by now."""

    image: Image
    data_set: str
    gold: GoldImage
    scores: Mapping[str, Scored]
    accepted: int
    target: int = TARGET


class GoldCandidates(CaseKind):
    """Make the image gold, or never propose it again."""

    name = GOLD_CANDIDATE
    decisions = (ACCEPT, REFUSE)

    def __init__(self, clock: Clock, access: AccessService) -> None:
        self._clock = clock
        self._access = access

    def look(self, connection: Connection, item: QueueItem) -> Candidate | None:
        """Return the candidate; None once it cannot be met as gold, or was decided by command."""
        image = None if item.image_id is None else images.by_id(connection, item.image_id)
        gold = None if image is None else gold_images.find(connection, image.id)
        if image is None or gold is None or gold.state != "proposed":
            return None
        data_set = data_sets.by_id(connection, image.data_set_id)
        if data_set is None or not gold_images.can_be_met(image):
            return None
        accepted, _ = gold_candidates.count(connection, data_set.id)
        scores = gold_candidates.scores(connection, image.id)
        return Candidate(image, data_set.name, gold, scores, accepted)

    def carry_out(
        self, connection: Connection, caller: Caller, item: QueueItem, decision: str, words: str
    ) -> None:
        """Accept or refuse the image; raises WrongValueError for what is no candidate any more."""
        del words  # neither decision needs any
        candidate = self.look(connection, item)
        if candidate is None:
            raise WrongValueError
        now, accept = self._clock.now(), decision == ACCEPT
        action = "image.gold" if accept else "image.gold_refused"
        subject = f"image:{candidate.image.id}"
        details = changes({}, candidate.gold.ranges) if accept else None
        by = self._access.record(connection, caller, action, subject, details)
        gold = replace(
            candidate.gold,
            state="accepted" if accept else "refused",
            decided_at=now,
            decided_by=by,
        )
        store_decision(connection, gold, decision, now)


def store_decision(connection: Connection, gold: GoldImage, decision: str, now: datetime) -> None:
    """Store what a moderator decided of an image, by command or in the queue.

    Answers that were given before are judged by it, and the image is no open case any more.
    """
    gold_images.store(connection, gold)
    gold_answers.judge_again(connection, gold.image_id, gold.ranges)
    review_queue.settle_kind(
        connection, GOLD_CANDIDATE, gold.image_id, by=gold.decided_by, outcome=decision, now=now
    )
