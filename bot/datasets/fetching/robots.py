"""What sites let robots fetch: robots.txt, as RFC 9309 has it.

https://www.rfc-editor.org/rfc/rfc9309: Python's own reader knows neither the patterns `*` and `$`,
which rules about pictures are made of, nor that the longest pattern decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

PRODUCT: Final = "horde-jury"
"""What sites call us in their rules, however it is capitalised."""
LARGEST: Final = 500 * 2**10
"""Bytes that are read; what comes after them is not known."""
MOST_RULES: Final = 10_000
"""Different patterns that are kept for us, and for everybody; the first ones of a file."""

_LINES: Final = re.compile(r"\r\n|\r|\n")
_PRODUCT: Final = re.compile(r"\*|[a-z_-]+")
_RULES: Final = {"allow": True, "disallow": False}
_ESCAPE: Final = re.compile(r"%[0-9a-fA-F]{2}")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Rules:
    """Patterns of paths and whether they may be fetched; the first that matches decides.

    Their length is that of all patterns.
    """

    patterns: tuple[tuple[str, bool], ...] = ()

    def __len__(self) -> int:
        return sum(len(pattern) for pattern, _ in self.patterns)

    def allow(self, path: str) -> bool:
        """Tell whether a path with its query may be fetched."""
        path = _plain(path)
        return next((allowed for each, allowed in self.patterns if _matches(each, path)), True)


def read_rules(data: bytes) -> Rules:
    """Return what a robots.txt says to us, else to everybody; other lines are skipped."""
    if len(data) > LARGEST:
        data = data[:LARGEST].rpartition(b"\n")[0]
    groups: dict[str, dict[str, bool]] = {}
    named: set[str] = set()
    ended = True
    for line in _LINES.split(data.decode("utf-8-sig", "replace")):
        name, _, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        if (name := name.lower()) == "user-agent":
            if ended:
                named, ended = set(), False
            product = _PRODUCT.match(value.lower())
            if product and product[0] in {PRODUCT, "*"}:
                named.add(product[0])
                groups.setdefault(product[0], {})
        elif name in _RULES:
            ended = True
            if value and named:
                _add([groups[each] for each in named], _plain(value), allowed=_RULES[name])
    found = groups.get(PRODUCT, groups.get("*", {}))
    return Rules(tuple(sorted(found.items(), key=lambda rule: (-len(rule[0]), not rule[1]))))


def _add(groups: Iterable[dict[str, bool]], pattern: str, *, allowed: bool) -> None:
    """Add a rule to groups that are not full; of two with one pattern that which allows counts."""
    for group in groups:
        if pattern in group or len(group) < MOST_RULES:
            group[pattern] = allowed or group.get(pattern, False)


def _plain(path: str) -> str:
    """Return the one spelling of a path: characters that need no escape have none."""
    return _ESCAPE.sub(_unescaped, quote(path, safe=_ASCII))


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


def _matches(pattern: str, path: str) -> bool:
    """Tell whether a path begins as the pattern says; in no more steps than both are long."""
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    last = others.pop() if others and pattern.endswith("$") else None
    for piece in others:
        if (found := path.find(piece, at)) < 0:
            return False
        at = found + len(piece)
    if last is not None:
        return path.endswith(last) and len(path) - len(last) >= at
    return at == len(path) or not pattern.endswith("$")
