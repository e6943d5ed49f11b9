"""Reported images, as cases for moderators."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection

from bot.caller import Caller
from bot.errors import WrongValueError
from bot.trust.decisions import DECISIONS, Decision, Decisions
from bot.trust.review import CaseKind
from storage import data_sets, images, reports
from storage.images import Image
from storage.reports import Report
from storage.review_queue import REPORTED_IMAGE, QueueItem


@dataclass(frozen=True, slots=True)
class ReportedImage:
    """A picture with its open reports, the oldest first; of a hidden one none may be left."""

    image: Image
    data_set: str
    reports: tuple[Report, ...]

    @property
    def hidden(self) -> bool:
        """Whether the reports have taken the image out of sight."""
        return self.image.stage == "hidden"


class ReportedImages(CaseKind):
    """Hide, restore, or dismiss the reports."""

    name = REPORTED_IMAGE
    decisions = DECISIONS

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    def look(self, connection: Connection, item: QueueItem) -> ReportedImage | None:
        """Return the image with its reports."""
        image = None if item.image_id is None else images.by_id(connection, item.image_id)
        if image is None:
            return None
        data_set = data_sets.by_id(connection, image.data_set_id)
        return ReportedImage(
            image=image,
            data_set=data_set.name if data_set else "",
            reports=tuple(reports.open_of_image(connection, image.id, self._decisions.clock.now())),
        )

    def carry_out(
        self, connection: Connection, caller: Caller, item: QueueItem, decision: str, words: str
    ) -> None:
        """Decide about the image; that settles every open case of it."""
        del words  # no decision about a picture needs any
        if item.image_id is None:
            raise WrongValueError
        self._decisions.carry_out(connection, caller, item.image_id, _decision(decision))


def _decision(name: str) -> Decision:
    for decision in DECISIONS:
        if decision == name:
            return decision
    raise WrongValueError
