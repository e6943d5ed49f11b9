"""All rules, in the order in which moderators read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from bot.trust.rules.accounts import Burst, NewAccount
from bot.trust.rules.company import Pair
from bot.trust.rules.controls import GoldFailures, OtherSecondAnswers
from bot.trust.rules.copying import TooGood
from bot.trust.rules.habits import FewValues, SameButton, SameInARow
from bot.trust.rules.haste import TooFast
from bot.trust.rules.looking import Disagreement, Independence, Lapse
from bot.trust.rules.rule import Before, Finding, Measure, Rule, Sight
from bot.trust.rules.solitude import Alone

RULES: Final[tuple[Rule, ...]] = (
    Independence(),
    Lapse(),
    SameButton(),
    SameInARow(),
    FewValues(),
    GoldFailures(),
    Alone(),
    OtherSecondAnswers(),
    Disagreement(),
    TooGood(),
    Pair(),
    TooFast(),
    NewAccount(),
    Burst(),
)

NOTHING: Final = Before()

BY_NAME: Final[Mapping[str, Rule]] = {rule.name: rule for rule in RULES}


@cache
def looking_again(changed: frozenset[Measure]) -> tuple[Rule, ...]:
    """Return the rules that read something of what changed."""
    return tuple(rule for rule in RULES if rule.reads & changed)


def look(
    rules: Iterable[Rule], sight: Sight, before: Mapping[str, Before]
) -> dict[str, Finding | None]:
    """Return what these rules find now, by name; None where there was something before."""
    found: dict[str, Finding | None] = {}
    for rule in rules:
        past = before.get(rule.name)
        finding = rule.finding(sight, past or NOTHING)
        if finding is not None or past is not None:
            found[rule.name] = finding
    return found
