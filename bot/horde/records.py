"""What the Horde says, as typed records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from bot.horde.payee import Alias

FLOOR: Final = 25
"""Kudos that an account cannot give away. AI Horde, `horde/classes/base/user.py`."""
PSEUDONYMOUS_FLOOR: Final = 14
"""The same for accounts that were registered without a login of another service."""

_VERSION = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})")


class Version(NamedTuple):
    """The version of a Horde server, in the order of its releases."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read `5.1.5`; all else, as of a build between releases, is UNKNOWN_VERSION."""
        match = _VERSION.fullmatch(text)
        return cls(*map(int, match.groups())) if match else UNKNOWN_VERSION

    @property
    def idempotent(self) -> bool:
        """Whether a transfer that is sent again under its key is certain to pay only once."""
        return self >= IDEMPOTENT_SINCE

    def __str__(self) -> str:
        return ".".join(map(str, self))


UNKNOWN_VERSION: Final = Version(0, 0, 0)
IDEMPOTENT_SINCE: Final = Version(5, 1, 0)
"""Older servers ignore the Idempotency-Key silently."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Whether the server and its database work, and what it runs."""

    ok: bool
    version: Version


@dataclass(frozen=True, slots=True)
class Account:
    """A registered account as everybody sees it.

    `kudos` are whole and may be below 0, `account_age` is in seconds, `usage_requests` counts the
    pictures it asked for. `pseudonymous`: registered without a login of another service.
    """

    id: int
    name: str
    kudos: int
    account_age: int
    usage_requests: int
    trusted: bool
    flagged: bool
    deleted: bool
    pseudonymous: bool
    education: bool

    @property
    def alias(self) -> Alias:
        """The name and number by which people know the account."""
        return Alias(self.name, self.id)

    @property
    def spendable(self) -> int:
        """The kudos that the account can give away, at least 0; the Horde's caches may lag 30 s."""
        return max(0, self.kudos - (PSEUDONYMOUS_FLOOR if self.pseudonymous else FLOOR))


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A key that its owner made for others to use; `name` is the owner's choice.

    `kudos`: what may still be spent with it, -1 for no limit. `expires_at` is None for a key
    that never does; an expired one is still shown.
    """

    id: str
    name: str
    owner: Alias
    kudos: int
    expires_at: datetime | None = None
