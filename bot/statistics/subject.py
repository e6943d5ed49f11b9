"""What a page is of, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.datasets.exports.selection import ANY_RELIABILITY, Selection
from bot.statistics.words import Words
from storage.times import from_microseconds


def subject(selection: Selection, data_sets: Sequence[str], words: Words) -> list[str]:
    """Return a line for the data sets, and one for whatever else is asked for."""
    names = ", ".join(data_sets) or words.say("nothing")
    return [words.say("of_data_sets", names=names), *_narrowed(selection, words)]


def _narrowed(wanted: Selection, words: Words) -> Iterator[str]:
    if wanted.since is not None:
        yield words.say("of.since", when=_moment(wanted.since))
    if wanted.until is not None:
        yield words.say("of.until", when=_moment(wanted.until))
    if wanted.raters != "all":
        yield words.say(f"of.{wanted.raters}")
    if wanted.linked:
        yield words.say("of.linked")
    if wanted.minimum_reliability > ANY_RELIABILITY:
        yield words.say("of.reliability", least=words.number(wanted.minimum_reliability, 2))
    if wanted.surface is not None:
        yield words.say(f"of.{wanted.surface}")
    if wanted.safety != "any":
        yield words.say(f"of.{wanted.safety}")
    if wanted.minimum_votes > 1:
        yield words.say("of.minimum_votes", n=wanted.minimum_votes)


def _moment(microseconds: int) -> str:
    return from_microseconds(microseconds).strftime("%Y-%m-%d %H:%M:%S")
