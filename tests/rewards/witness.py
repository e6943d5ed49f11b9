"""What leaves for the Horde and what moves there, noted from outside of the program."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from bot.demo.horde.server import HordeStandIn
from bot.demo.horde.transfers import Transfer
from storage.times import to_microseconds
from tests.rating.world import TurnedClock

Person = int
Scored = tuple[int, str]
Seen = tuple[int, int]
"""A rater's number with the time they were first seen: a restored backup gives numbers again."""


class WrongClock(TurnedClock):
    """A machine's clock: `moment` is the true time, of which it may be `ahead`."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return self.moment + self.ahead


@dataclass
class TrueClock:
    """The Horde's clock, which is right."""

    machine: WrongClock

    def now(self) -> datetime:
        return self.machine.moment

    async def sleep(self, seconds: float) -> None:
        self.machine.turn(seconds)


@dataclass(frozen=True)
class Request:
    """A request that is about to leave: all that its transfer must be."""

    key: str
    rater: Seen
    person: Person
    payee: int
    amount: int
    awards: frozenset[Scored]


@dataclass
class Witness:
    """Notes each request before it leaves, and finds for each transfer the request that made it."""

    stand_in: HordeStandIn
    clock: WrongClock
    people: dict[Seen, Person] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    listed: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    latest: str | None = None
    _read: int = 0

    def note_listed(self, file: Path) -> None:
        """Note the key of the newest line; a payout that was listed before may have been sent."""
        newest = json.loads(file.read_text().splitlines()[-1])
        self.listed[newest["key"]] += 1

    def expect(self, connection: Connection) -> None:
        """Note what is on its way; only one is at any time."""
        self.look()
        ((number, key, rater, seen, payee, amount, unfit),) = connection.execute(
            _ON_ITS_WAY, {"now": to_microseconds(self.clock.now())}
        ).fetchall()
        awards = connection.execute(
            "SELECT image_id, scale FROM awards WHERE payout_id = ?", (number,)
        ).fetchall()
        who = (rater, seen)
        assert not unfit or self.listed[key] > 1, "sent first to one who may not be paid"
        request = Request(key, who, self.people[who], payee, amount, frozenset(awards))
        assert self.requests.setdefault(key, request) == request, "a key with other parameters"
        self.latest = key

    def look(self) -> None:
        """Attribute what moved since to the latest request."""
        for transfer in self.stand_in.paid[self._read :]:
            assert self.latest is not None, "kudos moved without a request"
            self._attribute(transfer, self.requests[self.latest])
        self._read = len(self.stand_in.paid)

    def _attribute(self, transfer: Transfer, request: Request) -> None:
        assert (transfer.payee, transfer.amount) == (request.payee, request.amount)
        assert transfer.key in {request.key, None}
        self.moved[request.key] += 1
        assert self.moved[request.key] == 1, f"payout {request.key} was paid twice"

    def paid(self) -> list[Request]:
        """Return the requests that moved kudos."""
        return [self.requests[key] for key in self.moved]


_ON_ITS_WAY: Final = """
    SELECT p.id, p.key, p.rater, r.first_seen_at, p.horde_id, p.amount,
        l.horde_id IS NOT p.horde_id
        OR (r.status = 'banned' AND coalesce(r.status_until, :now + 1) > :now)
        OR EXISTS (SELECT 1 FROM holds h WHERE h.rater = p.rater)
        OR EXISTS (SELECT 1 FROM awards a WHERE a.payout_id = p.id AND a.standing <> 'stands')
        OR EXISTS (SELECT 1 FROM payout_pauses WHERE cause = 'operator')
    FROM payouts p JOIN raters r ON r.number = p.rater LEFT JOIN horde_links l ON l.rater = p.rater
    WHERE p.state = 'sending'
"""
