"""What moderators see of one image."""

from __future__ import annotations

from collections.abc import Iterator

import discord
from discord import Colour, ui

from bot.rating.scales import SCALES
from bot.trust.dossier_picture import mean
from bot.trust.image_record import ImageRecord
from bot.trust.wording import escape
from cogs.ui.acts import sentence
from cogs.ui.card import Card
from cogs.ui.edge import Exchange
from cogs.ui.fitting import CHARACTERS, blocks, cut
from cogs.ui.horde import moment

KEY_CHARACTERS = 200
PROMPT_CHARACTERS = 300


class ImageRecordCard(Card):
    """The picture, behind a spoiler unless it is known to be safe and in sight, and its record."""

    def __init__(
        self, exchange: Exchange, record: ImageRecord, picture: discord.File | None
    ) -> None:
        super().__init__()
        hidden = record.image.stage == "hidden"
        box: ui.Container[ui.LayoutView] = ui.Container(
            accent_colour=Colour.red() if hidden else Colour.blurple()
        )
        parts = (_what, _prompt, _votes, _posts, _history)
        found = [list(part(exchange, record)) for part in parts]
        first, *texts = blocks(exchange, found, CHARACTERS - 300)
        if picture is None:
            box.add_item(ui.TextDisplay(first))
            texts.append(exchange.say("review.no_picture"))
        else:
            thumbnail: ui.Thumbnail[ui.LayoutView] = ui.Thumbnail(
                media=f"attachment://{picture.filename}",
                description=exchange.say("card.alt_text"),
                spoiler=hidden or not record.image.safe,
            )
            box.add_item(ui.Section(first, accessory=thumbnail))
        for text in texts:
            box.add_item(ui.TextDisplay(text))
        self.add_item(box)


def _what(exchange: Exchange, record: ImageRecord) -> Iterator[str]:
    image = record.image
    key = escape(cut(image.key, KEY_CHARACTERS))
    yield "### " + exchange.say(
        "review.image", dataset=escape(record.data_set.name), key=key, id=image.id
    )
    safe = exchange.say("picture.safe" if image.safe else "picture.unsafe")
    yield f"{exchange.say(f'picture.stage.{image.stage}')} {safe}"


def _prompt(exchange: Exchange, record: ImageRecord) -> Iterator[str]:
    del exchange  # whoever generated the picture wrote it
    if record.image.prompt:
        yield f"> {escape(cut(' '.join(record.image.prompt.split()), PROMPT_CHARACTERS))}"


def _votes(exchange: Exchange, record: ImageRecord) -> Iterator[str]:
    votes = record.votes
    yield exchange.say(
        "picture.votes",
        counted=votes.counted,
        target=record.data_set.target,
        half=votes.half,
        undone=votes.undone,
        void=votes.void,
    )
    for scale in SCALES:
        yield from _scale(exchange, record, scale)
    if record.reported.ever:
        yield exchange.say("picture.reports", ever=record.reported.ever, open=record.reported.open)
    yield from _gold(exchange, record)


def _history(exchange: Exchange, record: ImageRecord) -> Iterator[str]:
    if record.history:
        yield f"**{exchange.say('dossier.history')}**"
        for entry in record.history:
            yield sentence(exchange, entry, record.people, about=f"image:{record.image.id}")


def _scale(exchange: Exchange, record: ImageRecord, scale: str) -> Iterator[str]:
    """Say how one scale was scored: each value with its votes, the mean, and the score."""
    name = f"**{exchange.say(f'scale.{scale}.name')}**"
    histogram = record.histograms[scale]
    average = mean(histogram)
    if average is None:
        return
    number = exchange.texts.number
    values = ", ".join(f"{histogram[value]}\u00d7 **{value}**" for value in sorted(histogram))
    plain = exchange.say("picture.mean", mean=number(average, exchange.language))
    yield f"{name}: {values} {plain}"
    score = record.scores.get(scale)
    if score is not None:
        yield exchange.say(
            "picture.score",
            score=number(score.score, exchange.language, digits=2),
            error=number(score.standard_error, exchange.language, digits=2),
            when=moment(score.scored_at, "R"),
        )


def _gold(exchange: Exchange, record: ImageRecord) -> Iterator[str]:
    gold = record.gold
    if gold is None:
        return
    told = [
        exchange.say("picture.range", scale=exchange.say(f"scale.{scale}.name"), low=low, high=high)
        for scale, (low, high) in gold.ranges.items()
    ]
    yield f"{exchange.say(f'picture.gold.{gold.state}')} {', '.join(told)}"


def _posts(exchange: Exchange, record: ImageRecord) -> Iterator[str]:
    shown = record.showings
    yield exchange.say(
        "picture.showings", public=shown.get("public", 0), private=shown.get("private", 0)
    )
    for post in record.posts:
        state = exchange.say(f"picture.post.{post.state}")
        where = f"<#{post.channel_id}>"
        if post.message_id is not None:
            place = f"{post.guild_id}/{post.channel_id}/{post.message_id}"
            where = f"https://discord.com/channels/{place}"
        yield f"- {where} {moment(post.shown_at, 'R')} ({state})"
