"""Reported images, one case after another, for moderators."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection

from bot.caller import Caller
from bot.errors import SettledError, WrongValueError
from bot.trust.access import AccessService
from bot.trust.decisions import DECISIONS, Decision, Decisions
from storage import data_sets, images, reports, review_queue
from storage.database import Database
from storage.images import Image
from storage.reports import Report
from storage.review_queue import REPORTED_IMAGE, QueueItem


@dataclass(frozen=True, slots=True)
class Case:
    """A reported image; `waiting` counts the open cases, this one included."""

    item: QueueItem
    image: Image
    data_set: str
    reports: tuple[Report, ...]
    waiting: int

    @property
    def hidden(self) -> bool:
        """Whether the reports have taken the image out of sight."""
        return self.image.stage == "hidden"


class ReviewService:
    """Shows the oldest cases and takes decisions; the role is checked at each of both."""

    def __init__(self, database: Database, access: AccessService, decisions: Decisions) -> None:
        self._database = database
        self._access = access
        self._decisions = decisions

    async def next_case(self, caller: Caller, *, after: int = 0) -> Case | None:
        """Return the case that has waited longest, `after` one that was left for later.

        Behind the newest comes the oldest again. Raises NotAllowedError.
        """
        await self._access.require_moderator(caller, "rater.review")
        return await self._database.read(lambda connection: _next(connection, after))

    async def decide(self, caller: Caller, item_id: int, decision: str) -> Image:
        """Settle a case and return its image.

        Raises NotAllowedError, WrongValueError for an unknown case or decision, SettledError.
        """
        await self._access.require_moderator(caller, f"review.{decision}")
        chosen = _decision(decision)

        def unit(connection: Connection) -> Image:
            item = review_queue.by_id(connection, item_id)
            if item is None or item.image_id is None:
                raise WrongValueError
            if item.outcome is not None:
                raise SettledError
            self._decisions.carry_out(connection, caller, item.image_id, chosen)
            return _image(connection, item.image_id)

        return await self._database.write(unit)


def _decision(name: str) -> Decision:
    for decision in DECISIONS:
        if decision == name:
            return decision
    raise WrongValueError


def _next(connection: Connection, after: int) -> Case | None:
    item = review_queue.next_open(connection, REPORTED_IMAGE, after=after)
    if item is None or item.image_id is None:
        return None
    image = _image(connection, item.image_id)
    data_set = data_sets.by_id(connection, image.data_set_id)
    return Case(
        item=item,
        image=image,
        data_set=data_set.name if data_set else "",
        reports=tuple(reports.open_of_image(connection, image.id)),
        waiting=review_queue.count_open(connection, REPORTED_IMAGE),
    )


def _image(connection: Connection, image_id: int) -> Image:
    image = images.by_id(connection, image_id)
    if image is None:
        raise LookupError(f"there is no image {image_id}")
    return image
