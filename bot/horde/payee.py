"""How the Horde names an account, and what may be paid.

AI Horde, `horde/database/functions.py`: the number after the last `#` alone says who is meant.
Names are not unique, may be changed at any time, and may hold a `#` themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import category

LONGEST_NAME = 100
"""Characters; the Horde itself takes 30, and took more before."""

UNFIT = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of control characters, halves of characters, and ends of lines."""

INVISIBLE = "Cf"
"""Unicode's category of what is not seen itself, but turns or joins what stands around it."""

UNSEEN = "\N{REPLACEMENT CHARACTER}"
"""Stands for a name of which nothing is seen."""

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_UUID = re.compile(
    r"(?<![0-9a-z-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z-])",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Alias:
    """A registered account by name and number; the number alone identifies it."""

    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.name}#{self.number}"


def parse_alias(text: str) -> Alias:
    """Read `NAME#NUMBER`; the number follows the last `#`. What is invisible in a name is left out.

    Raises ValueError for a bare name or number, a shared key, and account 0, which is everybody who
    has no account.
    """
    name, _, number = text.strip().rpartition("#")
    if not name or len(name) > LONGEST_NAME or any(category(each) in UNFIT for each in name):
        raise ValueError("a Horde account is written NAME#NUMBER")
    if not _NUMBER.fullmatch(number):
        raise ValueError("after the last # stands the number of a registered account")
    seen = "".join(each for each in name if category(each) != INVISIBLE)
    return Alias(seen or UNSEEN, int(number))


def is_uuid(text: str) -> bool:
    """Return whether `text` is a UUID as the Horde writes the ids of shared keys."""
    return _UUID.fullmatch(text) is not None


def find_uuids(text: str) -> set[str]:
    """Return the UUIDs that stand in `text` by themselves, in lower case."""
    return {found.lower() for found in _UUID.findall(text)}
