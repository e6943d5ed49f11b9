"""What the rows of tables give, and taking all of it into a data set."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.datasets.imports.batches import BATCH, Batches
from bot.datasets.imports.candidates import Candidate
from bot.datasets.imports.summary import Reason
from bot.errors import ImportRefusedError
from storage.leases import Lease

HELD: Final = 2**26
"""Bytes of pictures in memory after which a batch is stored, however few they are."""
REFUSED: Final = 10_000
"""Rows without a picture after which progress is reported."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that gives no candidate; `name` is for people."""

    reason: Reason
    name: str


Item = Candidate | Refused


async def take_items(
    items: Iterator[Item],
    batches: Batches,
    total: int | None,
    lease: Lease | None = None,
) -> None:
    """Take all items in their order; what comes before a damaged row is taken first.

    `total` is how many there are where that is known. It ends where `lease` is lost.

    Raises ImportRefusedError, SourceUnavailableError and StorageError.
    """
    tally, progress = batches.tally, batches.sink.progress
    gathering = _Gathering(items)
    while not gathering.over:
        progress(tally.read, total)
        for refused in await asyncio.to_thread(gathering.gather):
            tally.leave_out(refused.reason, [refused.name])
        if lease is not None and lease.lost.is_set():
            raise ImportRefusedError("another import took this one's place")
        await batches.take(gathering.candidates)
    if gathering.error is not None:
        raise gathering.error
    progress(tally.read, tally.read)


@dataclass(slots=True)
class _Gathering:
    """Gathers batches of candidates; `error` is what ended the items before their end."""

    source: Iterator[Item]
    candidates: list[Candidate] = field(default_factory=list)
    error: ImportRefusedError | None = None
    over: bool = False

    def gather(self) -> list[Refused]:
        """Put the next batch into `candidates` and return what was refused on the way."""
        self.candidates = []
        refused: list[Refused] = []
        held = 0
        while len(self.candidates) < BATCH and held < HELD and len(refused) < REFUSED:
            try:
                item = next(self.source)
            except StopIteration:
                self.over = True
                break
            except ImportRefusedError as error:
                self.over, self.error = True, error
                break
            if isinstance(item, Refused):
                refused.append(item)
            else:
                self.candidates.append(item)
                held += item.held
        return refused
