"""Rules of accounts: who was made yesterday, and who came with many others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from bot.trust.rules.rule import Act, Before, Figure, Finding, Measure, Sight, acts

NEAR_FIRST_SEEN: Final = timedelta(minutes=30)
NEAR_MADE: Final = timedelta(days=3)
"""Others count as beside somebody who came and whose accounts were made so near, before or
after."""

MOST_BESIDE: Final = 99
"""No more others are counted."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The Discord account is only some days old; judgement, not measured."""

    name: ClassVar = "new_account"
    reads: ClassVar = frozenset({Measure.ACCOUNT})
    figure: ClassVar = Figure(1, 1)

    days: float = 7.0
    gold_percent: int = 10

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the age in days."""
        del before
        age = sight.account.age_days
        if age >= self.days:
            return None
        return Finding(self.name, age, acts(Act.CAPTCHA))


@dataclass(frozen=True, slots=True)
class Burst:
    """Many accounts of about the same age came at about the same time.

    Friends who come together have accounts of different ages; those of one maker do not.
    Judgement, not measured; the first votes alone are watched.
    """

    name: ClassVar = "burst"
    reads: ClassVar = frozenset({Measure.ACCOUNT})
    figure: ClassVar = Figure()

    others: int = 5
    votes: int = 100
    gold_percent: int = 10

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find how many others came beside this one."""
        del before
        if sight.votes > self.votes or sight.account.beside < self.others:
            return None
        wanted = acts(Act.CAPTCHA)
        return Finding(self.name, sight.account.beside, wanted)
