"""What moderators are told about their decisions on raters and their ratings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.trust.banning import Sentence, Verdict
from bot.trust.voiding import Restored, Revert
from cogs.ui.edge import Exchange


def banned(exchange: Exchange, user: str, sentence: Sentence, verdict: Verdict) -> str:
    """Say whom a ban concerns, where, for how long, and what becomes of their ratings."""
    return " ".join(_ban(exchange, user, sentence, verdict))


def _ban(exchange: Exchange, user: str, sentence: Sentence, verdict: Verdict) -> Iterator[str]:
    key = "rater.banned_here" if sentence.place == "here" else "rater.banned"
    if verdict.until is None:
        yield exchange.say(key, user=user)
    else:
        yield exchange.say(f"{key}_until", user=user, until=_moment(verdict.until))
    if not verdict.changed:
        yield exchange.say("rater.banned_before")
    if not sentence.takes_votes:
        yield exchange.say("rater.votes_kept")
    elif not verdict.void:
        yield exchange.say("rater.votes_none")
    else:
        yield exchange.count("rater.votes_void", verdict.void)
        if verdict.until is not None:
            yield exchange.say("rater.votes_stay_void")
    if verdict.images:
        yield exchange.count("rater.images_back", verdict.images)


def unbanned(exchange: Exchange, user: str, verdict: Verdict) -> str:
    """Say whether a ban was lifted, and what stays out all the same."""
    if not verdict.changed:
        return exchange.say("rater.not_banned", user=user)
    said = exchange.say("rater.unbanned", user=user)
    if verdict.trusted:
        said += f" {exchange.say('rater.trusted_again')}"
    return said + _still_void(exchange, verdict.void)


def reverted(exchange: Exchange, user: str, revert: Revert) -> str:
    """Say how many ratings and reports since when are out."""
    return " ".join(_revert(exchange, user, revert))


def _revert(exchange: Exchange, user: str, revert: Revert) -> Iterator[str]:
    since = _moment(revert.since)
    if revert.votes:
        yield exchange.count("rater.reverted", revert.votes, user=user, since=since)
    else:
        yield exchange.say("rater.reverted_none", user=user, since=since)
    if revert.reports:
        yield exchange.count("rater.reports_reverted", revert.reports)
    if revert.images:
        yield exchange.count("rater.images_back", revert.images)
    if revert.votes or revert.reports:
        yield exchange.say("rater.revert_ends")


def restored(exchange: Exchange, user: str, done: Restored) -> str:
    """Say that reverts were lifted, and what stays out all the same."""
    said = exchange.count("rater.restored", done.reverts, user=user)
    return said + _still_void(exchange, done.void)


def revert_name(exchange: Exchange, revert: Revert) -> str:
    """Name a revert in a list, where Discord shows no moments."""
    since = f"{revert.since:%Y-%m-%d %H:%M} UTC"
    return exchange.count("rater.revert_choice", revert.votes, since=since)


def _still_void(exchange: Exchange, void: int) -> str:
    return f" {exchange.count('rater.still_void', void)}" if void else ""


def _moment(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:f>"
