"""The few figures that say most."""

from __future__ import annotations

from bot.statistics.anonymity import FEWEST
from bot.statistics.figures import Figures
from bot.statistics.words import Words

Headline = tuple[str, str]
"""A figure, and what it is."""


def headlines(figures: Figures, words: Words) -> tuple[Headline, ...]:
    """Return them in the order of the page; kudos only where any were paid."""
    raters = words.say("few", n=FEWEST)
    if figures.raters is not None:
        raters = words.number(figures.raters)
    told = {
        "votes": words.number(figures.votes),
        "rated": words.number(figures.rated),
        "images": words.number(figures.images),
        "raters": raters,
    }
    if figures.paid:
        told["kudos"] = words.number(figures.paid)
    return tuple((figure, words.say(f"headline.{name}")) for name, figure in told.items())
