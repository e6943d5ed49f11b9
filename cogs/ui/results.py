"""The card of a closed post: the scores as bars, their mean and median, and the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import discord
from discord import Colour, ui

from bot.rating.posts import ClosingPost
from bot.rating.results import Result, ScaleResult
from bot.rating.scales import SCALES, Scale
from bot.texts import Texts
from cogs.ui import scores
from cogs.ui.card import Card
from cogs.ui.cards import Picture

BAR_CHARACTERS: Final = 10
"""Length of the longest bar; with label and count a line still fits a phone."""

PROMPT_CHARACTERS: Final = 1500
"""Discord shows at most 4000 in a message; escaping may double this."""


class ResultCard(Card):
    """The last look of a public post. Without a picture where its bytes are gone.

    `may_show`: the channel may show picture and prompt.
    """

    def __init__(
        self,
        texts: Texts,
        language: str,
        post: ClosingPost,
        picture: Picture | None,
        *,
        may_show: bool,
    ) -> None:
        super().__init__()
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.dark_grey())
        if picture is not None and post.result is not None:
            box.add_item(picture.gallery(texts, language))
        if post.result is None:
            box.add_item(ui.TextDisplay(texts.say("result.removed", language)))
        else:
            for text in _told(texts, language, post.result):
                box.add_item(ui.TextDisplay(text))
            last = _prompt(texts, language, post) if may_show else _not_here(texts, language)
            box.add_item(ui.TextDisplay(last))
        self.add_item(box)


def _told(texts: Texts, language: str, result: Result) -> Iterator[str]:
    raters = texts.count("result.raters", result.raters, language)
    yield f"**{texts.say('result.title', language)}** · {raters}"
    for scale in SCALES.values():
        yield _distribution(texts, language, scale, result.scales[scale.name])


def _distribution(texts: Texts, language: str, scale: Scale, found: ScaleResult) -> str:
    name = f"**{scores.name(texts, language, scale)}**"
    if not found.raters:
        return f"{name} · {texts.say('result.none', language)}"
    figures = texts.say(
        "result.figures",
        language,
        mean=texts.number(found.mean, language, digits=2),
        median=texts.number(found.median, language, digits=0 if found.median % 1 == 0 else 1),
    )
    bars = "\n".join(_bars(texts, language, scale, found))
    return f"{name} · {figures}\n```\n{bars}\n```"


def _bars(texts: Texts, language: str, scale: Scale, found: ScaleResult) -> Iterator[str]:
    labels = {value: scores.label(texts, language, scale, value) for value in scale.values}
    width = max(map(len, labels.values()))
    most = max(found.counts.values())
    for value in scale.values:
        count = found.counts[value]
        bar = "█" * -(-count * BAR_CHARACTERS // most)
        pad = labels[value].ljust if scores.is_worded(texts, scale) else labels[value].rjust
        yield f"{pad(width)} {bar} {count}" if count else f"{pad(width)} ·"


def _not_here(texts: Texts, language: str) -> str:
    return f"-# {texts.say('result.not_here', language)}"


def _prompt(texts: Texts, language: str, post: ClosingPost) -> str:
    if not post.prompt:
        return f"-# {texts.say('result.no_prompt', language)}"
    text = " ".join(post.prompt.split())
    if len(text) > PROMPT_CHARACTERS:
        text = text[:PROMPT_CHARACTERS] + "…"
    text = discord.utils.escape_mentions(discord.utils.escape_markdown(text))
    shown = text if post.image.safe else f"||{text}||"
    return f"**{texts.say('result.prompt', language)}**\n> {shown}"
