"""What moderators see of gold: one image, all of them, and candidates to decide about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import discord
from discord import ButtonStyle, Colour, ui

from bot.rating.scales import SCALES
from bot.trust.gold.candidates import ACCEPT, REFUSE, Candidate
from bot.trust.gold.marking import Entry, Treasury
from bot.trust.review import Case
from bot.trust.wording import escape
from cogs.ui.card import Card
from cogs.ui.cards import Picture, Row
from cogs.ui.case import decision, heading, later
from cogs.ui.edge import Exchange
from cogs.ui.fitting import blocks, cut
from cogs.ui.reported_image import picture_of
from storage.gold_images import Ranges

KEY_CHARACTERS = 60
NAMES_CHARACTERS = 300


class GoldListCard(Card):
    """The gold images of every data set."""

    def __init__(self, exchange: Exchange, treasuries: Sequence[Treasury]) -> None:
        super().__init__()
        parts = [
            [
                f"### {exchange.say('gold.title')}",
                exchange.say("gold.hint"),
                *_without_candidates(exchange, treasuries),
            ]
        ]
        parts += [list(_treasury(exchange, each)) for each in treasuries]
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.gold())
        for text in blocks(exchange, parts):
            box.add_item(ui.TextDisplay(text))
        self.add_item(box)


class CandidateCard(Card):
    """What the jury says of a picture, the picture itself, as large as it goes, and the decisions.

    It is behind a spoiler unless it is known to be safe.
    """

    def __init__(
        self,
        exchange: Exchange,
        case: Case,
        candidate: Candidate,
        picture: discord.File | None,
    ) -> None:
        super().__init__()
        text = "\n".join((heading(exchange, case), *_candidate(exchange, candidate)))
        self.add_item(ui.TextDisplay(text))
        if picture is None:
            self.add_item(ui.TextDisplay(exchange.say("review.no_picture")))
        else:
            shown = Picture(picture.filename, spoiler=not candidate.image.safe)
            self.add_item(shown.gallery(exchange.texts, exchange.language))
        self.add_item(
            Row(
                decision(exchange, case, ACCEPT, ButtonStyle.success),
                decision(exchange, case, REFUSE, ButtonStyle.secondary),
                *later(exchange, case),
            )
        )


async def show_candidate(
    exchange: Exchange, case: Case
) -> tuple[CandidateCard, discord.File | None]:
    """Return the card of a case, with the picture to attach."""
    assert isinstance(case.about, Candidate)  # noqa: S101 - what this kind looks at
    picture = await picture_of(exchange, case.about.image)
    return CandidateCard(exchange, case, case.about, picture), picture


def gold_lines(exchange: Exchange, entry: Entry) -> Iterator[str]:
    """Say of one image what is right on it, how raters answered, and the explanation."""
    yield exchange.say(
        f"gold.{entry.gold.state}", id=entry.image.id, right=right(exchange, entry.gold.ranges)
    )
    if entry.gold.state == "accepted" and not entry.is_met:
        yield exchange.say("gold.unmet")
    if entry.tally.answers:
        yield exchange.count(
            "gold.answered", entry.tally.answers, wrong=entry.tally.wrong, asked=entry.tally.asked
        )
    if entry.gold.explanation is not None:
        yield f"> {escape(entry.gold.explanation)}"


def right(exchange: Exchange, ranges: Ranges) -> str:
    """Say what is right on each scale."""
    return ", ".join(
        exchange.say("picture.range", scale=exchange.say(f"scale.{scale}.name"), low=low, high=high)
        for scale, (low, high) in ranges.items()
    )


def _without_candidates(exchange: Exchange, treasuries: Sequence[Treasury]) -> Iterator[str]:
    """Say once of which data sets nothing can be proposed, however many they are."""
    names = ", ".join(treasury.data_set for treasury in treasuries if treasury.all_shown)
    if names:
        yield exchange.say("gold.all_shown", datasets=escape(cut(names, NAMES_CHARACTERS)))


def _treasury(exchange: Exchange, treasury: Treasury) -> Iterator[str]:
    yield exchange.say(
        "gold.set",
        dataset=escape(treasury.data_set),
        gold=treasury.met,
        target=treasury.target,
    )
    if treasury.proposed:
        yield exchange.count("gold.waiting", treasury.proposed)
    for entry in treasury.gold:
        told = f"- `#{entry.image.id}` {escape(cut(entry.image.key, KEY_CHARACTERS))}: "
        told += right(exchange, entry.gold.ranges)
        if entry.tally.asked:
            wrong, asked = entry.tally.wrong, entry.tally.asked
            told += f" ({exchange.say('gold.wrong', wrong=wrong, asked=asked)})"
        if not entry.is_met:
            told += f" ({exchange.say('gold.left_out')})"
        yield told


def _candidate(exchange: Exchange, candidate: Candidate) -> Iterator[str]:
    image = candidate.image
    yield exchange.say(
        "review.image",
        dataset=escape(candidate.data_set),
        key=escape(image.key[:200]),
        id=image.id,
    )
    number = exchange.texts.number
    for scale in SCALES:
        if scale in candidate.scores:
            scored = candidate.scores[scale]
            yield exchange.count(
                "gold.score",
                scored.votes,
                scale=exchange.say(f"scale.{scale}.name"),
                score=number(scored.score, exchange.language, digits=2),
                error=number(scored.standard_error, exchange.language, digits=2),
            )
    yield exchange.say("gold.would", right=right(exchange, candidate.gold.ranges))
    yield exchange.say(
        "gold.question", id=image.id, gold=candidate.accepted, target=candidate.target
    )
