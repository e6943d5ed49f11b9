"""What a rule is: it reads what is known of a rater, and finds something or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, Protocol

from bot.trust.rules.agreement import Agreement
from bot.trust.rules.answers import Gold, Repeats
from bot.trust.rules.buttons import Buttons
from bot.trust.rules.crowd import Belief, ScaleCrowd
from bot.trust.rules.pace import Pace
from bot.trust.rules.scales import MAIN, RatedScale
from bot.trust.rules.yardstick import Yardsticks

DOUBTED: Final = 0.05
STILL_DOUBTED: Final = 0.2
"""A reliability below `DOUBTED` at two looks is one of the two signals that a hold needs; it goes
on as long as the reliability stays below `STILL_DOUBTED`."""

HELD_FROM: Final = 50
"""Compared answers, or votes, from which kudos may be held (facts, section 5)."""

TELLING_FROM: Final = 20
"""So many of these answers must tell something, as the estimator of scores wants it: where most
images are alike, agreement shows late."""

SHOWN_FROM: Final = 100
"""Votes from which whoever is held comes into the moderators' queue too: trustworthy for review
from there (facts, section 5), and nobody is held for ever without a person who looks."""


class Act(StrEnum):
    """What a finding asks for, beside more gold; a ban is none of it."""

    CAPTCHA = "captcha"
    HOLD = "hold"
    LOOK = "look"


class Measure(StrEnum):
    """What a rule reads; a change makes it look again."""

    BUTTONS = "buttons"
    PACE = "pace"
    AGREEMENT = "agreement"
    GOLD = "gold"
    REPEATS = "repeats"
    ACCOUNT = "account"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class Figure:
    """How a rule's figure is written: times `factor`, with so many digits behind the mark."""

    factor: float = 1.0
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: its figure, and what it asks for."""

    rule: str
    figure: float
    acts: frozenset[Act]


@dataclass(frozen=True, slots=True)
class Account:
    """What the Discord account tells: its age in days, and how many others came beside it.

    `beside` counts raters who were first seen about when this one was, with accounts made about
    when this one's was.
    """

    age_days: float = 36_500.0
    beside: int = 0


NO_PACE: Final = Pace()
NO_GOLD: Final = Gold()
NO_REPEATS: Final = Repeats()
UNSUSPECTED: Final = Account()


@dataclass(frozen=True, slots=True)
class PairFigure:
    """How closely a rater goes with others against everybody else, and from where it counts."""

    score: float
    limit: float


@dataclass(frozen=True, slots=True)
class Sight:
    """All that is known of one rater when a rule looks; `votes` counts images judged.

    `pair` is there only where it was worked out anew. `compared_anew`: answers were compared since
    the look before at the agreement. `doubted_before`: so they were, and at that look the
    reliability was below `DOUBTED`. What is believed by the agreement is worked out when a rule
    asks for it.
    """

    votes: int
    yards: Yardsticks
    buttons: Mapping[str, Buttons] = field(default_factory=dict)
    pace: Pace = NO_PACE
    agreement: Mapping[str, Agreement] = field(default_factory=dict)
    gold: Gold = NO_GOLD
    repeats: Repeats = NO_REPEATS
    account: Account = UNSUSPECTED
    pair: PairFigure | None = None
    main: str = MAIN
    compared_anew: bool = False
    doubted_before: bool = False
    _beliefs: dict[str, Belief] = field(default_factory=dict)

    def scale(self, name: str) -> RatedScale:
        """Return a scale by its name."""
        return self.yards[name].scale

    def crowd(self, name: str) -> ScaleCrowd:
        """Return the crowd on a scale."""
        return self.yards[name].crowd

    def belief(self, name: str) -> Belief:
        """Return what is believed by all compared answers on a scale."""
        found = self._beliefs.get(name)
        if found is None:
            found = self._beliefs[name] = self.yards[name].believe(self.agreement.get(name))
        return found

    def llr(self, name: str) -> float:
        """Return the evidence a vote that the answers on a scale depend on the images."""
        return self.yards[name].llr(self.agreement[name], self.belief(name))

    def newest(self, name: str) -> Belief | None:
        """Return what is believed by the newest answers alone; None for too few."""
        found = self.agreement.get(name)
        return None if found is None else self.yards[name].newest(found)

    def newest_llr(self, name: str, belief: Belief) -> float:
        """Return the evidence a vote of the newest answers, of which `belief` is."""
        return self.yards[name].newest_llr(self.agreement[name], belief)

    def is_comparable(self) -> bool:
        """Tell whether others say enough of the same images to doubt the rater by that."""
        belief = self.belief(self.main)
        return belief.answers >= HELD_FROM and belief.shown >= TELLING_FROM

    def button_share(self, least: int) -> float:
        """Return the largest share of one button on a scale with at least so many answers, or 0.

        A button that most images deserve is none.
        """
        shares = (
            buttons.share(but=self.scale(name).usual_level)
            for name, buttons in self.buttons.items()
            if buttons.answers >= least
        )
        return max(shares, default=0.0)

    def is_doubted(self, *, still: bool = False) -> bool:
        """Tell whether at least 50 compared answers hardly depend on the images, at two looks.

        Not of somebody whose gold is right. `still`: whether that may go on to be said.
        """
        if not self.is_comparable():
            return False
        belief = self.belief(self.main)
        if self.gold.speaks_for(self.main):
            return False
        if still:
            return belief.honest < STILL_DOUBTED
        return self.doubted_before and belief.honest < DOUBTED


@dataclass(frozen=True, slots=True)
class Before:
    """What a rule found the last time: anything, and whether it holds kudos since."""

    found: bool = False
    held: bool = False


class Rule(Protocol):
    """One rule; its fields are its settings. `finding` changes nothing."""

    name: ClassVar[str]
    """A word: the text `rule.<name>`, the reason of a hold, the key of the finding."""

    reads: ClassVar[frozenset[Measure]]
    figure: ClassVar[Figure]

    @property
    def gold_percent(self) -> int:
        """Return how many showings in a hundred are to be gold while the finding stands, or 0."""
        ...

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Return what the rule finds now.

        What was found `before` ends at a laxer limit than it began with, so that nobody is held
        and released by turns.
        """
        ...


def acts(*wanted: Act) -> frozenset[Act]:
    """Return what is asked for as a set."""
    return frozenset(wanted)


def held_acts(votes: int) -> frozenset[Act]:
    """Return what a hold asks for: after enough votes also that somebody looks."""
    return acts(Act.HOLD, Act.LOOK) if votes >= SHOWN_FROM else acts(Act.HOLD)
