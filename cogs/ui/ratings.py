"""A rater's votes, page by page, and the figures of a check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from discord import ButtonStyle, SelectOption, ui

from bot.rating.scales import SCALES
from bot.trust.ratings import Check, RatingsPage
from bot.trust.wording import escape
from cogs.ui import custom_ids
from cogs.ui.acts import named
from cogs.ui.card import Card
from cogs.ui.cards import Row, button
from cogs.ui.edge import Exchange
from cogs.ui.fitting import CHARACTERS, cut, fit
from cogs.ui.horde import moment
from storage.rater_listing import Listed, Sieve

KEY_CHARACTERS = 40

CHOICE: Final = re.compile(r"(?P<act>void|restore):(?P<image>[0-9]{1,18})")
"""What is chosen of one vote: to take it out, or to bring it back."""


class RatingsCard(Card):
    """One page of votes, newest first, with the ways on and back to the rater."""

    def __init__(self, exchange: Exchange, page: RatingsPage) -> None:
        super().__init__()
        lines = [*_heading(exchange, page), *(_line(exchange, page, v) for v in page.votes)]
        if not page.votes:
            lines.append(
                exchange.say("ratings.none" if page.older is None else "ratings.none_here")
            )
        self.add_item(ui.TextDisplay(fit(exchange, lines, CHARACTERS)))
        if page.votes:
            self.add_item(Row(_select(exchange, page)))
        self.add_item(Row(*_buttons(exchange, page)))


def check_text(exchange: Exchange, check: Check) -> str:
    """Return the six figures as lines, by the names of the Ratings API."""
    figures = {
        "ratings_in_timeframe": str(check.ratings_in_timeframe),
        "ratings_per_minute_in_timeframe": _rate(exchange, check.ratings_per_minute_in_timeframe),
        "ratings_past_three_hours": str(check.ratings_past_three_hours),
        "ratings_per_minute_for_past_three_hours": _rate(
            exchange, check.ratings_per_minute_for_past_three_hours
        ),
        "suspect_divergences": str(check.suspect_divergences),
        "captchas_failed": str(check.captchas_failed),
    }
    title = exchange.count(
        "check.title", check.minutes, rater=named(check.rater.number, check.rater.discord_id)
    )
    explained = exchange.count("check.divergence", check.divergence)
    lines = [f"`{name}` **{figure}**" for name, figure in figures.items()]
    return "\n".join((title, *lines, f"-# {explained} {exchange.say('check.captchas')}"))


def _rate(exchange: Exchange, rate: float) -> str:
    return exchange.texts.number(rate, exchange.language, digits=2)


def _heading(exchange: Exchange, page: RatingsPage) -> Iterator[str]:
    who = named(page.rater.number, page.rater.discord_id)
    yield f"### {exchange.count('ratings.title', page.total, rater=who)}"
    if not page.sieve.open:
        yield f"-# {exchange.say('ratings.sieve', conditions=_conditions(exchange, page.sieve))}"


def _conditions(exchange: Exchange, sieve: Sieve) -> str:
    told = (
        ("at_least", sieve.at_least),
        ("at_most", sieve.at_most),
        ("divergence", sieve.divergence),
    )
    scale = exchange.say(f"scale.{sieve.scale}.name")
    return ", ".join(
        exchange.say(f"ratings.{key}", scale=scale, n=value)
        for key, value in told
        if value is not None
    )


def _line(exchange: Exchange, page: RatingsPage, vote: Listed) -> str:
    """Say one vote in two lines: the image with all scores, and what else there is to know."""
    scores = ", ".join(_scores(exchange, vote))
    flags = [exchange.say(f"ratings.flag.{flag}") for flag in _flags(page, vote)]
    notes = [
        moment(vote.created_at, "R"),
        exchange.count("ratings.times", vote.times_rated),
        exchange.say(f"ratings.surface.{vote.surface}"),
        *flags,
    ]
    known = " \N{MIDDLE DOT} ".join(notes)
    return f"{_image(vote)}: {scores}\n-# {known}"


def _scores(exchange: Exchange, vote: Listed) -> Iterator[str]:
    """Give each score beside the mean of the others."""
    for scale in SCALES:
        own, others = getattr(vote, scale), getattr(vote, f"others_{scale}")
        if own is None:
            continue
        name = exchange.say(f"scale.{scale}.name")
        if others is None:
            yield f"{name} **{own}**"
        else:
            mean = exchange.texts.number(others, exchange.language)
            yield exchange.say("ratings.score", scale=name, own=own, others=mean)


def _flags(page: RatingsPage, vote: Listed) -> Iterator[str]:
    if vote.state != "given":
        yield vote.state
    if vote.image_id in page.changed:
        yield "changed"
    if vote.aesthetic is None or vote.artifacts is None:
        yield "half"
    if vote.gold:
        yield "gold"
    if vote.after_reveal:
        yield "after_reveal"


def _image(vote: Listed) -> str:
    """Name the image by our id, which links to its public post, and by its key."""
    name = f"#{vote.image_id}"
    if vote.guild_id is not None and vote.message_id is not None:
        place = f"{vote.guild_id}/{vote.channel_id}/{vote.message_id}"
        name = f"[{name}](https://discord.com/channels/{place})"
    return f"**{name}** {escape(cut(vote.key, KEY_CHARACTERS))}"


def _select(exchange: Exchange, page: RatingsPage) -> ui.Select[ui.LayoutView]:
    """Return what takes one vote out by itself, or ends that."""
    options = []
    for vote in page.votes:
        act, key = ("restore", "bring_back") if vote.taken_out else ("void", "take_out")
        scores = ", ".join(
            f"{exchange.say(f'scale.{scale}.name')} {own}"
            for scale in SCALES
            if (own := getattr(vote, scale)) is not None
        )
        options.append(
            SelectOption(
                label=f"#{vote.image_id} {cut(vote.key, KEY_CHARACTERS)}: {scores}",
                value=f"{act}:{vote.image_id}",
                description=exchange.say(f"ratings.{key}"),
            )
        )
    place = 0 if page.newer is None else page.votes[0].id + 1
    sieve = page.sieve
    return ui.Select(
        custom_id=custom_ids.rating(place, page.rater.number, sieve.scale, _bounds(sieve)),
        placeholder=exchange.say("ratings.decide"),
        options=options,
    )


def _bounds(sieve: Sieve) -> tuple[int | None, int | None, int | None]:
    return sieve.at_least, sieve.at_most, sieve.divergence


def _buttons(exchange: Exchange, page: RatingsPage) -> Iterator[ui.Button[ui.LayoutView]]:
    sieve = page.sieve
    bounds = _bounds(sieve)
    for way, place in (("newer", page.newer), ("older", page.older)):
        if place is not None:
            custom_id = custom_ids.ratings(way, place, page.rater.number, sieve.scale, bounds)
            yield _button(exchange, f"page.{way}", custom_id)
    back = custom_ids.rater("info", page.rater.discord_id or 0)
    yield _button(exchange, "ratings.back", back)


def _button(exchange: Exchange, key: str, custom_id: str) -> ui.Button[ui.LayoutView]:
    return button(exchange.texts, exchange.language, key, custom_id, ButtonStyle.secondary)
