"""How often something else than an ordinary image is shown: pure rules, drawn by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Final, Self

from bot.settings import Settings
from storage.images import RANDOM_KEY_BITS
from storage.posts import Purpose

REPEAT_BEHIND: Final = 50
"""Complete votes that lie between an image and its repeat at least: long enough to forget a score,
and what a rater gives in a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Draw:
    """The chance of one showing: from where images are met, and what kind it is to be.

    `start` is a random key; `kind` and `share` are at least 0 and below 1.
    """

    start: int
    kind: float
    share: float

    @classmethod
    def of(cls, random: Random) -> Self:
        """Draw anew."""
        return cls(random.getrandbits(RANDOM_KEY_BITS), random.random(), random.random())

    @classmethod
    def after(cls, post_id: int, salt: bytes) -> Self:
        """Draw for what follows a post: the same each time, and nobody's guess without the salt."""
        digest = blake2b(post_id.to_bytes(8, "big"), key=salt, digest_size=24).digest()
        start, kind, share = (int.from_bytes(digest[i : i + 8], "big") for i in (0, 8, 16))
        return cls(start >> (64 - RANDOM_KEY_BITS), _share(kind), _share(share))


@dataclass(frozen=True, slots=True)
class Mix:
    """What the settings say, in percent of a session's showings.

    `gold` is for whoever is not suspected, `gold_risk` the most that risk makes of it.
    """

    gold: int
    gold_risk: int
    repeat: int

    @classmethod
    def of(cls, settings: Settings) -> Mix:
        """Return what the settings say."""
        return cls(settings.gold_percent, settings.gold_percent_risk, settings.repeat_percent)

    def gold_percent(self, risk: int | None) -> int:
        """Return a rater's share of gold, `risk` as of `storage.risks`: never below the least."""
        if not self.gold:
            return 0
        return max(self.gold, min(risk or 0, self.gold_risk))

    def purpose(self, draw: Draw, risk: int | None) -> Purpose:
        """Return what the showing is to be for."""
        gold = self.gold_percent(risk) / 100
        if draw.kind < gold:
            return "gold"
        return "repeat" if draw.kind < gold + self.repeat / 100 else "vote"


def _share(number: int) -> float:
    """Return 8 bytes as a number that is at least 0 and below 1."""
    return (number >> 11) / 2**53
