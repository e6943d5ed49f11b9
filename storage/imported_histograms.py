"""Votes of other collections of which only their numbers are known: a histogram an image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from sqlite3 import Connection
from typing import NamedTuple

from storage.imported_votes import Stored


class ImportedHistogram(NamedTuple):
    """How many people gave an image each score, from the lowest of its collection's to the highest.

    `key` is the image's; the last four are what AVA tells besides.
    """

    collection_id: int
    file_id: int
    image_id: int
    key: str
    counts: tuple[int, ...]
    number: int | None
    first_tag: int | None
    second_tag: int | None
    challenge: int | None


def insert_new(connection: Connection, histograms: Sequence[ImportedHistogram]) -> Stored:
    """Insert those of images that have none in their collection; one that is there stays."""
    added, others = 0, []
    for each in histograms:
        counts = json.dumps(each.counts)
        row = (*each[:3], counts, *each[5:])
        if connection.execute(_INSERT, row).rowcount:
            added += 1
        else:
            (there,) = connection.execute(_COUNTS, (each.image_id, each.collection_id)).fetchone()
            if there != counts:
                others.append(each.key)
    return Stored(added, others=tuple(others))


_INSERT = """
    INSERT INTO imported_histograms (collection_id, file_id, image_id, counts, number, first_tag,
        second_tag, challenge)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (image_id, collection_id) DO NOTHING
"""
_COUNTS = "SELECT counts FROM imported_histograms WHERE image_id = ? AND collection_id = ?"
