"""Records that were written lately, so that they need not be made from text again."""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.trust.rules.record import Record
from storage.rule_records import KeptRecord

MOST_RECORDS: Final = 1_000

UNREADABLE: Final = (ValueError, LookupError, TypeError, AttributeError, struct.error)
"""What comes of a text that this program did not write."""

_log = structlog.get_logger()


@dataclass(slots=True)
class Shelf:
    """The newest records beside the very text that was written of them.

    The text decides: a record is taken from here only where the database has the same text, so
    that nothing here is ever out of date, whatever became of the unit that wrote it.
    """

    _kept: OrderedDict[int, tuple[KeptRecord, Record]] = field(default_factory=OrderedDict)

    def record(self, rater: int, kept: KeptRecord) -> Record | None:
        """Return the record of what the database has of a rater; None where that is damaged."""
        text, record = self._kept.get(rater, (None, None))
        if record is not None and text == kept:
            return record
        try:
            return Record.of(kept.votes, kept.states, kept.agreement)
        except UNREADABLE:
            _log.exception("rule_record_unreadable", rater=rater)
            return None

    def keep(self, rater: int, kept: KeptRecord, record: Record) -> None:
        """Keep a record as it is being written; the oldest makes room."""
        self._kept[rater] = (kept, record)
        self._kept.move_to_end(rater)
        if len(self._kept) > MOST_RECORDS:
            self._kept.popitem(last=False)
