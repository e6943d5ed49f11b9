"""What a finding means, in a sentence for a moderator."""

from __future__ import annotations

from bot.texts.catalogue import Texts
from bot.trust.rules.ruleset import BY_NAME


def explain(texts: Texts, rule: str, figure: float, locale: str) -> str:
    """Return the sentence of a rule with its figure; the bare word of a rule that is no more."""
    known = BY_NAME.get(rule)
    if known is None:
        return rule
    shown = texts.number(figure * known.figure.factor, locale, digits=known.figure.digits)
    return texts.say(f"rule.{rule}", locale, figure=shown)
