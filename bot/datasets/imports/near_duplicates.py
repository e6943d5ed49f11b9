"""What an import does with a picture that looks like one that the data set has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from sqlite3 import Connection

from bot.datasets.imports.summary import Reason, Tally
from storage import data_sets, images
from storage.images import NewImage
from storage.perceptual_hashes import are_near, nearest


class NearDuplicates(StrEnum):
    """What is asked for: add and count them, add them without looking for them, or skip them."""

    COUNT = "count"
    KEEP = "keep"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a picture; `alike` is the key of the image that it looks like."""

    added: bool
    alike: str | None

    @property
    def is_skipped(self) -> bool:
        """Whether it is a near-duplicate that was not added."""
        return not self.added and self.alike is not None


def place(
    connection: Connection, image: NewImage, near_duplicates: NearDuplicates, now: datetime
) -> Placed:
    """Add the image unless it is a near-duplicate that is to be skipped.

    One that another import of the same folder has added just now is there already, like nothing.
    """
    if images.by_key(connection, image.data_set_id, image.key) is not None:
        return Placed(added=False, alike=None)
    alike = None
    if near_duplicates is not NearDuplicates.KEEP and image.perceptual_hash is not None:
        alike = nearest(connection, image.data_set_id, image.perceptual_hash)
    if alike is not None and near_duplicates is NearDuplicates.SKIP:
        return Placed(added=False, alike=alike)
    images.insert_new(connection, [image], now)
    return Placed(added=True, alike=alike)


def find(connection: Connection, data_set: str, hashes: Mapping[str, int | None]) -> dict[str, str]:
    """Return which of the new keys are near-duplicates, and of what: an image or one before them.

    `hashes` has the perceptual hash of each, in their order; None has no near-duplicate.
    """
    there = data_sets.by_name(connection, data_set)
    found: dict[str, str] = {}
    new: dict[str, int] = {}
    for key, perceptual_hash in hashes.items():
        if perceptual_hash is None:
            continue
        alike = next((k for k, each in new.items() if are_near(each, perceptual_hash)), None)
        if alike is None and there is not None:
            alike = nearest(connection, there.id, perceptual_hash)
        if alike is None:
            new[key] = perceptual_hash
        else:
            found[key] = alike
    return found


def count(tally: Tally, name: str, placed: Placed, *, safe: bool) -> None:
    """Count what became of the picture that operators know by this name."""
    if placed.added:
        tally.added += 1
        tally.safe += safe
    elif placed.is_skipped:
        tally.leave_out(Reason.NEAR_DUPLICATE, [f"{name} (like {placed.alike})"])
        return
    else:
        tally.already_there += 1
    if placed.alike is not None:
        tally.note(Reason.NEAR_DUPLICATE, f"{name} (like {placed.alike})")
