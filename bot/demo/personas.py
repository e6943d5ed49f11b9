"""What simulated raters make of a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from bot.demo.pictures.gallery import Sample
from bot.rating.scales import AESTHETIC, ARTIFACTS, Scale

NAMES = (
    "ada", "bruno", "chidi", "dora", "emre", "freya", "goran", "hana", "ivo", "june", "kofi",
    "lena", "mateo", "nadia", "otto", "priya", "quinn", "rosa", "sami", "tove", "umi", "vera",
    "wim", "xenia", "yusuf", "zoe",
)  # fmt: skip
OUT_OF_SIGHT = 3.8
"""How spoilt a picture must be before careful raters report it instead of rating it."""
CAREFUL = 3
"""How many of the crowd are careful: as many as hide a picture by their reports."""


class Persona(Protocol):
    """How somebody rates."""

    @property
    def reports(self) -> bool:
        """Whether what is beyond rating is reported instead."""
        ...

    def scores(self, sample: Sample, random: Random) -> Mapping[str, int]:
        """Return a value a scale."""
        ...


@dataclass(frozen=True, slots=True)
class Honest:
    """Looks, with a taste and a strictness of their own, and is never quite sure."""

    strictness: float
    spread: float
    reports: bool

    def scores(self, sample: Sample, random: Random) -> Mapping[str, int]:
        """Scatter around what there is to see."""
        # Everybody likes some pictures for reasons of their own, and always the same ones.
        fondness = Random(f"{self.strictness} {sample.key}").gauss(0, 0.9)  # noqa: S311 - play
        liking = random.gauss(sample.beauty - self.strictness + fondness, self.spread)
        return {
            AESTHETIC.name: _within(AESTHETIC, liking),
            ARTIFACTS.name: _within(ARTIFACTS, random.gauss(sample.spoilt, self.spread * 0.6)),
        }


@dataclass(frozen=True, slots=True)
class OneButton:
    """Presses the same buttons under every picture."""

    aesthetic: int
    artifacts: int
    reports: bool = False

    def scores(self, sample: Sample, random: Random) -> Mapping[str, int]:
        """Do not look."""
        del sample, random
        return {AESTHETIC.name: self.aesthetic, ARTIFACTS.name: self.artifacts}


@dataclass(frozen=True, slots=True)
class Dice:
    """Presses anything."""

    reports: bool = False

    def scores(self, sample: Sample, random: Random) -> Mapping[str, int]:
        """Do not look."""
        del sample
        return {scale.name: random.choice(scale.values) for scale in (AESTHETIC, ARTIFACTS)}


def personas(count: int, random: Random) -> list[Persona]:
    """Return `count` ways to rate: of six people four are honest, one lazy, one throws dice.

    Small crowds are all honest; three of the honest ones report what is beyond rating.
    """
    crowd: list[Persona] = []
    for index in range(count):
        match index % 6:
            case 4:
                crowd.append(random.choice((OneButton(10, 0), OneButton(1, 5), OneButton(5, 0))))
            case 5:
                crowd.append(Dice())
            case _:
                crowd.append(
                    Honest(random.gauss(0, 0.8), random.uniform(0.5, 1.2), index < CAREFUL)
                )
    return crowd


def names(count: int) -> list[str]:
    """Return `count` different names."""
    rounds = range(-(-count // len(NAMES)))
    return [name + (str(round_ + 1) if round_ else "") for round_ in rounds for name in NAMES][
        :count
    ]


def _within(scale: Scale, value: float) -> int:
    return min(max(round(value), scale.low), scale.high)
