"""Gold images as moderators see them: marked, looked at, retired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import NoGoldScoresError, NotGoldError, UnknownImageError
from bot.rating.scales import SCALES
from bot.trust.access import AccessService
from bot.trust.gold.candidates import ACCEPT, store_decision
from bot.trust.gold.judging import NOTHING, changes, typed_range
from bot.trust.gold.proposing import TARGET
from bot.trust.wording import tidy
from storage import (
    data_sets,
    gold_answers,
    gold_candidates,
    gold_images,
    images,
)
from storage.data_sets import DataSet
from storage.database import Database
from storage.gold_answers import Tally
from storage.gold_images import GoldImage, Ranges
from storage.images import Image

ACTION: Final = "image.gold"


@dataclass(frozen=True, slots=True)
class Entry:
    """A gold image with its picture, and how raters answered it."""

    gold: GoldImage
    image: Image
    data_set: str
    tally: Tally

    @property
    def is_met(self) -> bool:
        """Whether raters meet it as gold."""
        return self.gold.state == "accepted" and gold_images.can_be_met(self.image)


@dataclass(frozen=True, slots=True)
class Treasury:
    """The accepted gold images of a data set, the newest first, and how many are proposed.

    `met` of them can be met by raters. `all_shown`: more are lacking, and none can be proposed,
    because the result of every image that is closed was shown.
    """

    data_set: str
    gold: list[Entry]
    met: int
    proposed: int
    all_shown: bool = False
    target: int = TARGET


class GoldService:
    """Every call asks for the moderators' role; every change is audited."""

    def __init__(self, database: Database, clock: Clock, access: AccessService) -> None:
        self._database = database
        self._clock = clock
        self._access = access

    async def mark(
        self,
        caller: Caller,
        image_id: int,
        typed: Mapping[str, str],
        explanation: str | None = None,
    ) -> Entry:
        """Make an image gold, or say anew what is right on it.

        `typed` has by scale an expected score, a range or NOTHING. What is left out stays as it
        was; NOTHING takes an explanation away, too. Answers that were given before are judged
        again. Votes that raters gave on it as an ordinary image stay ordinary. Raises
        NotAllowedError, UnknownImageError, GoldRangeError, NoGoldScoresError.
        """
        await self._access.require_moderator(caller, ACTION)
        given = {
            scale: None if text.strip() == NOTHING else typed_range(SCALES[scale], text)
            for scale, text in typed.items()
        }
        now = self._clock.now()

        def unit(connection: Connection) -> Entry:
            known = gold_images.find(connection, image_id)
            ranges = _merged(known, given)
            if not ranges:
                raise NoGoldScoresError
            if images.by_id(connection, image_id) is None:
                raise UnknownImageError
            before = known.ranges if known is not None and known.state == "accepted" else {}
            by = self._access.record(
                connection, caller, ACTION, f"image:{image_id}", changes(before, ranges)
            )
            gold = GoldImage(
                image_id,
                "accepted",
                ranges,
                _explained(known, tidy(explanation)),
                now if known is None else known.proposed_at,
                now,
                by,
            )
            store_decision(connection, gold, ACCEPT, now)
            return _entry(connection, gold)

        return await self._database.write(unit)

    async def retire(self, caller: Caller, image_id: int) -> Entry:
        """Show a gold image as gold no more; what was answered stays in the raters' records.

        Raises NotAllowedError, NotGoldError.
        """
        await self._access.require_moderator(caller, ACTION)
        now = self._clock.now()

        def unit(connection: Connection) -> Entry:
            known = gold_images.find(connection, image_id)
            if known is None or known.state != "accepted":
                raise NotGoldError
            by = self._access.record(connection, caller, "image.gold_retired", f"image:{image_id}")
            gold = replace(known, state="retired", decided_at=now, decided_by=by)
            gold_images.store(connection, gold)
            return _entry(connection, gold)

        return await self._database.write(unit)

    async def look(self, caller: Caller, image_id: int) -> Entry:
        """Return what is known of an image as gold. Raises NotAllowedError, NotGoldError."""
        await self._access.require_moderator(caller, ACTION)

        def query(connection: Connection) -> Entry:
            gold = gold_images.find(connection, image_id)
            if gold is None:
                raise NotGoldError
            return _entry(connection, gold)

        return await self._database.read(query)

    async def accepted(self, caller: Caller) -> list[Treasury]:
        """Return the gold images of each data set. Raises NotAllowedError."""
        await self._access.require_moderator(caller, ACTION)

        def query(connection: Connection) -> list[Treasury]:
            return [_treasury(connection, each) for each in data_sets.every(connection)]

        return await self._database.read(query)


def _merged(known: GoldImage | None, given: Mapping[str, tuple[int, int] | None]) -> Ranges:
    """Return what is right now: what was given, and on other scales what was right before."""
    merged = {**(known.ranges if known is not None else {}), **given}
    return {scale: right for scale in SCALES if (right := merged.get(scale)) is not None}


def _explained(known: GoldImage | None, given: str | None) -> str | None:
    """Return the explanation from now on."""
    if given is None:
        return None if known is None else known.explanation
    return None if given == NOTHING else given


def _treasury(connection: Connection, data_set: DataSet) -> Treasury:
    accepted = gold_images.accepted(connection, data_set.id)
    met, proposed = gold_candidates.count(connection, data_set.id)
    lacking = met + proposed < TARGET
    return Treasury(
        data_set.name,
        [_entry(connection, gold) for gold in accepted],
        met,
        proposed,
        all_shown=lacking and gold_candidates.are_all_shown(connection, data_set.id),
    )


def _entry(connection: Connection, gold: GoldImage) -> Entry:
    image = images.by_id(connection, gold.image_id)
    data_set = None if image is None else data_sets.by_id(connection, image.data_set_id)
    assert image is not None and data_set is not None  # noqa: S101, PT018 - foreign keys hold them
    return Entry(gold, image, data_set.name, gold_answers.of_image(connection, image.id))
