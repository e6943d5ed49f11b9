"""All that moderators are shown of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import UnknownImageError
from bot.trust.access import AccessService
from bot.trust.moderation import find_image
from bot.trust.people import people_in
from storage import audit, data_sets, gold_images, image_record
from storage.audit import AuditEntry
from storage.data_sets import DataSet
from storage.database import Database
from storage.gold_images import GoldImage
from storage.image_record import ImageScore, ImageVotes, PublicPost, Reported
from storage.images import Image

POSTS: Final = 5
HISTORY: Final = 5


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image: what it is, what raters said, where it was shown, and who did what to it.

    `people` leads from the numbers in `history` to Discord ids.
    """

    image: Image
    data_set: DataSet
    votes: ImageVotes
    histograms: Mapping[str, Mapping[int, int]]
    scores: Mapping[str, ImageScore]
    reported: Reported
    gold: GoldImage | None
    posts: tuple[PublicPost, ...]
    showings: Mapping[str, int]
    history: tuple[AuditEntry, ...]
    people: Mapping[int, int]


class ImageRecordService:
    """Shows images to moderators; the role is checked at each look."""

    def __init__(self, database: Database, access: AccessService, clock: Clock) -> None:
        self._database = database
        self._access = access
        self._clock = clock

    async def of(self, caller: Caller, reference: str) -> ImageRecord:
        """Return what is known of the image that a key, a message's link or id, or `#<id>` names.

        Raises NotAllowedError, UnknownImageError.
        """
        await self._access.require_moderator(caller, "image.info")

        def query(connection: Connection) -> ImageRecord:
            image = find_image(connection, reference)
            if image is None:
                raise UnknownImageError
            return _gather(connection, image, self._clock.now())

        return await self._database.read(query)


def _gather(connection: Connection, image: Image, now: datetime) -> ImageRecord:
    data_set = data_sets.by_id(connection, image.data_set_id)
    assert data_set is not None  # noqa: S101 - images reference their data set
    history = audit.search(connection, audit.Filter(image=image.id), limit=HISTORY)
    return ImageRecord(
        image=image,
        data_set=data_set,
        votes=image_record.count_votes(connection, image.id),
        histograms=image_record.histograms(connection, image.id),
        scores=image_record.scores(connection, image.id),
        reported=image_record.reported(connection, image.id, now),
        gold=gold_images.find(connection, image.id),
        posts=tuple(image_record.public_posts(connection, image.id, POSTS)),
        showings=image_record.count_posts(connection, image.id),
        history=tuple(history),
        people=people_in(connection, history),
    )
