"""Proposing gold: after each run of the estimator, as long as a data set lacks gold images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, zip_longest
from sqlite3 import Connection
from typing import Final

import structlog

from bot.clock import Clock
from bot.rating.scales import SCALES, Scale
from bot.trust.gold.judging import ENDS, TOLERANCE, around
from storage import data_sets, gold_candidates, gold_images, images, review_queue
from storage.database import Database
from storage.gold_candidates import Side
from storage.gold_images import GoldImage, Ranges

TARGET: Final = 25
"""Gold images that a data set is to have: five to learn by and twenty to meet. From 20 answers on
clear gold who presses at random is found with an AUC of .93 to .98 (the study of rater quality)."""

CERTAIN: Final = 2.0
"""So many standard errors must fit into the tolerance: the right scores are right for certain."""

SIDES: Final[tuple[Side, ...]] = ("high", "low")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Proposing:
    """Proposes closed images to the moderators, who decide; nothing becomes gold by itself."""

    database: Database
    clock: Clock

    async def propose(self) -> int:
        """Fill the queue of candidates up to what is lacking; return how many are new.

        Without scores there are none. What waits already is left alone, so it may be called as
        often as one likes.
        """
        found = await self.database.read(_lacking)
        now, new = self.clock.now(), 0
        for image_ids in found:
            new += await self.database.write(partial(_put, image_ids=image_ids, now=now))
        await self.database.write(partial(_put_again, now=now))
        if new:
            _log.info("gold_proposed", images=new)
        return new


def sure_ranges(connection: Connection, image_id: int) -> Ranges:
    """Return what is right on an image by its scores: on scales at whose end it surely lies."""
    return {
        name: around(SCALES[name], min(max(scored.score, SCALES[name].low), SCALES[name].high))
        for name, scored in gold_candidates.scores(connection, image_id).items()
        if scored.standard_error <= _error(SCALES[name])
        and any(_lies_beyond(SCALES[name], side, scored.score) for side in SIDES)
    }


def _lacking(connection: Connection) -> list[Sequence[int]]:
    """Return by data set the images to propose."""
    found: list[Sequence[int]] = []
    for data_set in data_sets.every(connection):
        lacking = TARGET - sum(gold_candidates.count(connection, data_set.id))
        if lacking > 0:
            found.append(list(_in_turn(connection, data_set.id, lacking)))
    return found


def _in_turn(connection: Connection, data_set_id: int, lacking: int) -> Iterator[int]:
    """Give the clearest images of all ends in turn, `lacking` at most, each once."""
    ends = [
        gold_candidates.clearest(
            connection,
            data_set_id,
            scale.name,
            side,
            beyond=_beyond(scale, side),
            error=_error(scale),
            limit=lacking,
        )
        for scale in SCALES.values()
        for side in SIDES
    ]
    in_turn = chain.from_iterable(zip_longest(*ends))
    once = dict.fromkeys(image_id for image_id in in_turn if image_id is not None)
    return iter(list(once)[:lacking])


def _put(connection: Connection, image_ids: Sequence[int], now: datetime) -> int:
    new = 0
    for image_id in image_ids:
        image = images.by_id(connection, image_id)
        ranges = sure_ranges(connection, image_id)
        if (
            image is None
            or image.stage != "full"
            or not gold_images.can_be_met(image)
            or not ranges
            or gold_images.find(connection, image_id) is not None
        ):
            continue
        gold_images.store(
            connection, GoldImage(image_id, "proposed", ranges, None, now, None, None)
        )
        review_queue.put(connection, review_queue.GOLD_CANDIDATE, image_id=image_id, now=now)
        new += 1
    return new


def _put_again(connection: Connection, now: datetime) -> None:
    """Open a case anew for what was out of sight when its case was looked at."""
    for image_id in gold_candidates.without_case(connection):
        review_queue.put(connection, review_queue.GOLD_CANDIDATE, image_id=image_id, now=now)


def _beyond(scale: Scale, side: Side) -> float:
    """Return where an end of the scale begins."""
    part = (scale.high - scale.low) / ENDS
    return scale.high - part if side == "high" else scale.low + part


def _lies_beyond(scale: Scale, side: Side, score: float) -> bool:
    beyond = _beyond(scale, side)
    return score >= beyond if side == "high" else score <= beyond


def _error(scale: Scale) -> float:
    """Return the largest standard error with which a score is certain enough."""
    return TOLERANCE[scale.name] / CERTAIN
