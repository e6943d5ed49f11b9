"""The list of payouts beside the database, which outlives a restored backup.

Before a request leaves there is a line that it is about to be sent. Once it is certain that a
payout was not made, there is a line about that before its awards can be in another one.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from storage.durable import append_line
from storage.errors import DiskError, StorageError
from storage.times import from_microseconds, to_microseconds

What = Literal["sent", "paid", "unpaid"]


@dataclass(frozen=True, slots=True)
class ListedAward:
    """An award of a listed payout, so that its row can be made again; the amount in kudos."""

    image_id: int
    scale: str
    amount: int
    earned_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A payout that is about to be sent for the first time, with all that makes its row again."""

    key: str
    rater: int
    first_seen_at: datetime
    horde_id: int
    verified: bool
    amount: int
    server: str
    sender_id: int
    resendable: bool
    sent_at: datetime
    awards: tuple[ListedAward, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What the list says of one payout: its newest line.

    `payout` is None where the lines that were read do not say what it is, which an earlier one did.
    """

    key: str
    payout: Listed | None
    what: What
    answer: str
    at: datetime


class PayoutFile:
    """Append-only; each line is written whole and is durable when the method returns.

    Every method raises StorageError: nothing may be sent then, and no award freed.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.name}.payouts")

    def sends(self, payout: Listed) -> None:
        """Say that the first request of a payout is about to leave."""
        fields = {
            "rater": payout.rater,
            "seen": to_microseconds(payout.first_seen_at),
            "horde": payout.horde_id,
            "verified": payout.verified,
            "amount": payout.amount,
            "server": payout.server,
            "sender": payout.sender_id,
            "resendable": payout.resendable,
            "awards": [
                [award.image_id, award.scale, award.amount, to_microseconds(award.earned_at)]
                for award in payout.awards
            ],
        }
        self._append(payout.key, "sent", payout.sent_at, fields)

    def sends_again(self, key: str, now: datetime) -> None:
        """Say that the same request is about to leave once more."""
        self._append(key, "sent", now, {})

    def knows(self, key: str, now: datetime, answer: str, *, paid: bool) -> None:
        """Say what became of a payout for certain."""
        self._append(key, "paid" if paid else "unpaid", now, {"answer": answer})

    def check(self) -> None:
        """Say whether lines can be read and added, as far as that shows without adding one."""
        if self.path.exists() and not self.path.is_file():
            raise self._unusable(IsADirectoryError(errno.EISDIR, "it is no file"))
        if not os.access(self.path if self.path.exists() else self.path.parent, os.R_OK | os.W_OK):
            raise self._unusable(PermissionError(errno.EACCES, os.strerror(errno.EACCES)))

    def beginning(self) -> str:
        """Return a digest of the first line, which never changes; empty where there is none."""
        try:
            with self.path.open("rb") as file:
                first = next((line for line in file if line.strip()), b"")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise self._unusable(error) from error
        return sha256(first.strip()).hexdigest() if first else ""

    def size(self) -> int:
        """Return the file's length in bytes."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise self._unusable(error) from error

    def read(self, offset: int = 0) -> tuple[list[Told], int]:
        """Return what the lines after `offset` bytes say, a payout each, and where they end.

        In the order in which the payouts were first sent. A line cut short by a crash is passed
        over.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                content = file.read()
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise self._unusable(error) from error
        told: dict[str, Told] = {}
        for line in _parsed(content.splitlines()):
            _take_in(told, line)
        return list(told.values()), offset + len(content)

    def _append(self, key: str, what: What, at: datetime, fields: dict[str, Any]) -> None:
        line = {"key": key, "what": what, "at": to_microseconds(at), **fields}
        try:
            append_line(self.path, json.dumps(line, separators=(",", ":")))
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> StorageError:
        return DiskError(f"the list of payouts {self.path} cannot be used: {error.strerror}")


def _parsed(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        if isinstance(fields, dict):
            yield fields


def _take_in(told: dict[str, Told], line: dict[str, Any]) -> None:
    """Let one line replace what was said of its payout before."""
    try:
        key, what, at = str(line["key"]), line["what"], from_microseconds(line["at"])
        before = told[key].payout if key in told else None
        payout = _listed(key, at, line) if "rater" in line else before
    except (KeyError, TypeError, ValueError):
        return
    if what in {"sent", "paid", "unpaid"}:
        told[key] = Told(key, payout, what, str(line.get("answer", "")), at)


def _listed(key: str, at: datetime, line: dict[str, Any]) -> Listed:
    """Read the line of a first request; raises KeyError, TypeError or ValueError."""
    return Listed(
        key=key,
        rater=int(line["rater"]),
        first_seen_at=from_microseconds(line["seen"]),
        horde_id=int(line["horde"]),
        verified=bool(line["verified"]),
        amount=int(line["amount"]),
        server=str(line["server"]),
        sender_id=int(line["sender"]),
        resendable=bool(line["resendable"]),
        sent_at=at,
        awards=tuple(
            ListedAward(int(image), str(scale), int(amount), from_microseconds(earned_at))
            for image, scale, amount, earned_at in line["awards"]
        ),
    )
