"""The accounts of the stand-in, and how they are found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

ANONYMOUS_KEY = "0000000000"
FLOOR = 25
"""Kudos that an account which was registered by OAuth cannot give away."""
PSEUDONYMOUS_FLOOR = 14
MARKS = ("trusted", "flagged", "pseudonymous", "education", "deleted", "service", "moderator")
"""What an account's details say of it; `suspicious` is a mark too, which they do not say."""


@dataclass(slots=True)
class Account:
    """An account: `account_age` in seconds, `requests` counts pictures made, `gifted` is negative.

    `marks` are of MARKS and `suspicious`; a test may add to them at any time.
    """

    number: int
    name: str
    key: str
    kudos: float = 0.0
    account_age: int = 0
    requests: int = 0
    gifted: float = 0.0
    donated: float = 0.0
    received: float = 0.0
    marks: set[str] = field(default_factory=set)

    @property
    def alias(self) -> str:
        """The name by which the Horde knows the account; its number follows the last `#`."""
        return f"{self.name}#{self.number}"

    @property
    def floor(self) -> int:
        """What cannot be given away."""
        return PSEUDONYMOUS_FLOOR if "pseudonymous" in self.marks else FLOOR

    @property
    def suspicious(self) -> bool:
        """Whether the Horde distrusts the account; never one that it calls trusted."""
        return "suspicious" in self.marks and "trusted" not in self.marks

    def details(self) -> dict[str, object]:
        """Return what everybody may know."""
        return {
            "username": self.alias,
            "id": self.number,
            "kudos": self.kudos,
            "kudos_details": {
                "accumulated": 0.0,
                "gifted": self.gifted,
                "donated": self.donated,
                "admin": 0.0,
                "received": self.received,
                "recurring": 0.0,
                "awarded": 0.0,
                "styled": 0.0,
            },
            "usage": {"requests": None, "megapixelsteps": None},
            "records": {
                "request": {"image": self.requests, "text": 0, "interrogation": 0},
                "usage": {"megapixelsteps": 0.0},
            },
            "concurrency": 30,
            "worker_invited": 0,
            "worker_count": 0,
            "account_age": self.account_age,
            "styles": [],
            **{mark: mark in self.marks for mark in MARKS},
        }


class Accounts:
    """All accounts; `Anonymous#0` is always among them."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        anonymous = Account(0, "Anonymous", ANONYMOUS_KEY)
        self._by_number = {account.number: account for account in (anonymous, *accounts)}

    def __getitem__(self, number: int) -> Account:
        return self._by_number[number]

    def add(self, account: Account) -> None:
        """Let an account register."""
        self._by_number[account.number] = account

    def remove(self, number: int) -> None:
        """Wipe an account, as happens some time after its owner deleted it."""
        del self._by_number[number]

    def find(self, number: int) -> Account | None:
        """Return the account of that number."""
        return self._by_number.get(number)

    def by_alias(self, text: str) -> Account | None:
        """Return the account whose number follows the last `#`; what precedes it is not looked at.

        A number alone will do.
        """
        try:
            return self.find(int(text.rpartition("#")[2]))
        except ValueError:
            return None

    def by_key(self, key: str) -> Account | None:
        """Return the account that `key` is the own key of."""
        return next((each for each in self._by_number.values() if each.key == key), None)
