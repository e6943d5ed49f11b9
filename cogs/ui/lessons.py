"""The cards of lessons: a gold image to be judged, what is right on it, and how it all went."""

from __future__ import annotations

from collections.abc import Iterator

from discord import ButtonStyle, Colour, ui

from bot.errors import LessonsOverError
from bot.rating.lessons import Explanation, Lesson, Mark
from bot.rating.scales import SCALES
from bot.rating.sessions import Showing
from bot.texts import Texts
from bot.trust.wording import escape
from cogs.ui import custom_ids, scores
from cogs.ui.card import Card
from cogs.ui.cards import Picture, Row, button, rating_box, skip_select
from cogs.ui.edge import Exchange

WELL, FAIRLY = 0.8, 0.5
"""From which share of right scores on somebody is told that they did well, or fairly well."""


class LessonCard(Card):
    """A lesson to be answered, like any image of a session."""

    def __init__(
        self,
        exchange: Exchange,
        showing: Showing,
        lesson: Lesson,
        picture: Picture,
        note: str | None,
    ) -> None:
        super().__init__()
        texts, language = exchange.texts, exchange.language
        lines = [_title(texts, language, lesson)]
        if lesson.number == 1:
            lines.append(texts.say("lesson.welcome", language, of=lesson.of))
        lines.append(note or texts.say("lesson.task", language))
        self.add_item(ui.TextDisplay("\n".join(lines)))
        post = showing.post_id
        self.add_item(rating_box(texts, language, post, picture, showing.scores))
        row = Row()
        if lesson.may_skip:
            skip = custom_ids.lesson("skip", post)
            row.add_item(button(texts, language, "lesson.skip", skip, ButtonStyle.primary))
        report = custom_ids.report(post)
        row.add_item(button(texts, language, "card.report", report, ButtonStyle.secondary))
        self.add_item(row)
        self.add_item(Row(skip_select(texts, language, showing)))


class ExplanationCard(Card):
    """What is right on the image just judged, and why; then the way on."""

    def __init__(
        self,
        exchange: Exchange,
        post_id: int,
        lesson: Lesson,
        explanation: Explanation,
        picture: Picture,
    ) -> None:
        super().__init__()
        texts, language = exchange.texts, exchange.language
        self.add_item(ui.TextDisplay(_title(texts, language, lesson)))
        fits = all(mark.fit == "fits" for mark in explanation.marks)
        box: ui.Container[ui.LayoutView] = ui.Container(
            accent_colour=Colour.green() if fits else Colour.gold()
        )
        box.add_item(picture.gallery(texts, language))
        for mark in explanation.marks:
            box.add_item(ui.TextDisplay("\n".join(_marked(texts, language, mark))))
        if explanation.words is not None:
            box.add_item(ui.Separator())
            box.add_item(ui.TextDisplay(escape(explanation.words)))
        self.add_item(box)
        last = lesson.number >= lesson.of
        key = "lesson.finish" if last else "lesson.next"
        row = Row(
            button(texts, language, key, custom_ids.lesson("next", post_id), ButtonStyle.success)
        )
        if lesson.may_skip and not last:
            skip = custom_ids.lesson("skip", post_id)
            row.add_item(button(texts, language, "lesson.skip", skip, ButtonStyle.secondary))
        self.add_item(row)


class LessonsOverCard(Card):
    """How the lessons went, kindly, and the way to the images that count."""

    def __init__(self, exchange: Exchange, result: LessonsOverError) -> None:
        super().__init__()
        texts, language = exchange.texts, exchange.language
        lines = [f"### {texts.say('lesson.over', language)}"]
        if result.asked:
            share = result.right / result.asked
            how = "well" if share >= WELL else "fairly" if share >= FAIRLY else "hardly"
            lines.append(
                texts.say("lesson.result", language, right=result.right, asked=result.asked)
            )
            lines.append(texts.say(f"lesson.outcome.{how}", language))
        lines.append(texts.say("lesson.from_now_on", language))
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.green())
        self.add_item(box.add_item(ui.TextDisplay("\n\n".join(lines))))
        begin = custom_ids.lesson("begin", result.post_id)
        self.add_item(Row(button(texts, language, "lesson.begin", begin, ButtonStyle.success)))


def _title(texts: Texts, language: str, lesson: Lesson) -> str:
    return f"### {texts.say('lesson.title', language, number=lesson.number, of=lesson.of)}"


def _marked(texts: Texts, language: str, mark: Mark) -> Iterator[str]:
    """Say of one scale what was pressed, what is right, and why that is so."""
    scale = SCALES[mark.scale]
    low, high = (scores.label(texts, language, scale, end) for end in (mark.low, mark.high))
    right = (
        low if mark.low == mark.high else texts.say("lesson.range", language, low=low, high=high)
    )
    yield texts.say(
        f"lesson.mark.{mark.fit}",
        language,
        scale=scores.name(texts, language, scale),
        score=scores.label(texts, language, scale, mark.score),
        right=right,
    )
    yield texts.say(f"lesson.why.{mark.scale}.{mark.end}", language)
