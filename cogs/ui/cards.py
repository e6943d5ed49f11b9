"""The cards of rating: the public post, the private session, receipts and the consent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from discord import ButtonStyle, Colour, SelectOption, ui

from bot.images.store import Rendition
from bot.rating.scales import SCALES
from bot.rating.sessions import Showing
from bot.rating.voting import Receipt
from bot.rewards.earning import Earned
from bot.settings import Settings
from bot.texts import Texts
from bot.trust.captcha.keeping import MOST
from bot.trust.captcha.outcomes import Refused
from cogs.ui import custom_ids, earned, scores
from cogs.ui.card import Card
from storage.images import Image

SKIP_REASONS = ("not_loading", "cannot_judge", "not_for_me")

Row = ui.ActionRow[ui.LayoutView]


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture on a card: an attachment of its message, blurred unless known to be safe."""

    filename: str
    spoiler: bool

    @classmethod
    def of(cls, image: Image, rendition: Rendition) -> Picture:
        """Return how an image is shown."""
        return cls(rendition.filename, spoiler=not image.safe)

    def gallery(self, texts: Texts, language: str) -> ui.MediaGallery[ui.LayoutView]:
        """Return the picture as a component, with its alt text."""
        gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        return gallery.add_item(
            media=f"attachment://{self.filename}",
            description=texts.say("card.alt_text", language),
            spoiler=self.spoiler,
        )


def button(
    texts: Texts, language: str, key: str, custom_id: str, style: ButtonStyle
) -> ui.Button[ui.LayoutView]:
    """Return a button labelled with a text of the catalogue."""
    return ui.Button(label=texts.say(key, language), style=style, custom_id=custom_id)


class PublicCard(Card):
    """An open public post: the picture, every scale, and the two ways on."""

    def __init__(self, texts: Texts, language: str, post_id: int, picture: Picture) -> None:
        super().__init__()
        self.add_item(rating_box(texts, language, post_id, picture, {}))
        more, report = custom_ids.more(post_id), custom_ids.report(post_id)
        self.add_item(
            Row(
                button(texts, language, "card.more", more, ButtonStyle.success),
                button(texts, language, "card.report", report, ButtonStyle.secondary),
            )
        )


class SessionCard(Card):
    """One image of a private session, with what was already given and every way on."""

    def __init__(
        self,
        texts: Texts,
        language: str,
        showing: Showing,
        picture: Picture,
        note: str | None = None,
    ) -> None:
        super().__init__()
        why = earned.reason(texts, language, showing.earned)
        if showing.undone:
            said = (texts.say("session.undone", language), why)
            note = " ".join(filter(None, said))
        if note is not None:
            self.add_item(ui.TextDisplay(note))
        self.add_item(rating_box(texts, language, showing.post_id, picture, showing.scores))
        self.add_item(Row(*_ways_on(texts, language, showing)))
        self.add_item(Row(skip_select(texts, language, showing)))
        lines = [_session_progress(texts, language, showing)]
        if why is not None and not showing.undone:
            lines.append(why)
        lines.append(texts.say("session.expires", language))
        self.add_item(ui.TextDisplay("\n".join(f"-# {line}" for line in lines)))


class ReceiptCard(Card):
    """What is recorded of a vote, what is missing, and what one can do about it."""

    def __init__(self, texts: Texts, language: str, receipt: Receipt) -> None:
        super().__init__()
        undone = receipt.state == "undone"
        told = (
            texts.say("receipt.undone", language) if undone else _outcome(texts, language, receipt),
            earned.gain(texts, language, receipt.earned),
        )
        lines = [
            " ".join(filter(None, told)),
            " · ".join(score_lines(texts, language, receipt.scores)),
        ]
        why = earned.reason(texts, language, receipt.earned)
        if why is not None:
            lines.append(f"-# {why}")
        lines.extend(others(texts, language, receipt))
        if not undone:
            lines.append(f"-# {_progress(texts, language, receipt)}")
        self.add_item(ui.TextDisplay("\n".join(lines)))
        post = receipt.post_id
        row = Row()
        if undone:
            keep = custom_ids.keep(post)
            row.add_item(button(texts, language, "card.keep", keep, ButtonStyle.primary))
        elif not receipt.sent:
            undo = custom_ids.undo(post)
            row.add_item(button(texts, language, "card.undo", undo, ButtonStyle.secondary))
        more = button(texts, language, "card.more", custom_ids.more(post), ButtonStyle.success)
        self.add_item(row.add_item(more))


class ConsentCard(Card):
    """What is stored and published; one button agrees and counts the score just pressed."""

    def __init__(
        self,
        texts: Texts,
        language: str,
        settings: Settings,
        custom_id: str,
        score: tuple[str, int],
    ) -> None:
        super().__init__()
        scale = SCALES[score[0]]
        how = "exact" if settings.export_exact_signals else "rounded"
        told = (
            f"### {texts.say('consent.title', language)}",
            texts.say("consent.stored", language),
            *([texts.say("consent.earned", language)] if settings.rewards_on else ()),
            texts.say("consent.published", language, license=settings.dataset_license),
            texts.say("consent.horde", language, how=texts.say(f"horde.verify.{how}", language)),
            texts.say("consent.rights", language),
            texts.say(
                "consent.counts",
                language,
                scale=scores.name(texts, language, scale),
                value=scores.label(texts, language, scale, score[1]),
            ),
        )
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.green())
        self.add_item(box.add_item(ui.TextDisplay("\n\n".join(told))))
        self.add_item(Row(button(texts, language, "card.agree", custom_id, ButtonStyle.success)))


class PassedOverCard(Card):
    """Why an image cannot be rated, and the way to others that can be."""

    def __init__(self, texts: Texts, language: str, refusal: str, post_id: int) -> None:
        super().__init__()
        self.add_item(ui.TextDisplay(refusal))
        more = custom_ids.more(post_id)
        self.add_item(Row(button(texts, language, "card.more", more, ButtonStyle.success)))


class EndCard(Card):
    """The end of a session: nothing is left for this rater now; `last` is of the last press."""

    def __init__(
        self,
        texts: Texts,
        language: str,
        today: int | None,
        last: Earned | None = None,
        note: str | None = None,
    ) -> None:
        super().__init__()
        lines = [*filter(None, [note]), f"### {texts.say('session.end_title', language)}"]
        if today is not None:
            lines.append(texts.count("session.rated_today", today, language))
        told = (
            earned.gain(texts, language, last),
            earned.reason(texts, language, last),
            earned.today(texts, language, last),
        )
        if any(told):
            lines.append(" · ".join(filter(None, told)))
        lines.append(texts.say("session.end", language))
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.green())
        self.add_item(box.add_item(ui.TextDisplay("\n".join(lines))))


def rating_box(
    texts: Texts, language: str, post_id: int, picture: Picture, given: Mapping[str, int]
) -> ui.Container[ui.LayoutView]:
    """Return picture, questions and score buttons; scores already given stand out."""
    box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.blurple())
    box.add_item(picture.gallery(texts, language))
    for number, scale in enumerate(SCALES.values()):
        if number:
            box.add_item(ui.Separator())
        box.add_item(ui.TextDisplay(scores.question(texts, language, scale)))
        for row in scores.buttons(texts, language, scale, post_id, given.get(scale.name)):
            box.add_item(row)
    return box


def score_lines(texts: Texts, language: str, given: Mapping[str, int]) -> Iterator[str]:
    """Say each given score with the name of its scale."""
    for scale in SCALES.values():
        if scale.name in given:
            yield texts.say(
                "receipt.score",
                language,
                scale=scores.name(texts, language, scale),
                value=scores.label(texts, language, scale, given[scale.name]),
            )


def others(texts: Texts, language: str, receipt: Receipt) -> Iterator[str]:
    """Say what became of scores for other pictures that had waited with this one."""
    if receipt.others:
        yield texts.count("receipt.others", receipt.others, language)
    yield from unrecorded(texts, language, receipt)


def unrecorded(texts: Texts, language: str, outcome: Receipt | Refused) -> Iterator[str]:
    """Say how many scores that had waited were not recorded, and why."""
    if outcome.others_refused:
        yield texts.count("captcha.others_refused", outcome.others_refused, language)
    yield from dropped(texts, language, outcome.others_dropped)


def dropped(texts: Texts, language: str, number: int) -> Iterator[str]:
    """Say how many scores wait for no captcha any more, and why; nothing of none."""
    if number:
        yield texts.count("captcha.dropped", number, language, most=MOST)


def _progress(texts: Texts, language: str, receipt: Receipt) -> str:
    told = (
        texts.count("receipt.today", receipt.today, language) if receipt.today else None,
        earned.today(texts, language, receipt.earned),
        texts.say("receipt.open_hint", language),
    )
    return " · ".join(filter(None, told))


def _session_progress(texts: Texts, language: str, showing: Showing) -> str:
    values = {"data_set": showing.data_set, "today": showing.today}
    kudos = showing.earned.today if showing.earned is not None else 0
    told = (
        earned.gain(texts, language, showing.earned),
        texts.say("session.progress_kudos", language, kudos=kudos, **values)
        if kudos
        else texts.say("session.progress", language, **values),
    )
    return " · ".join(filter(None, told))


def _outcome(texts: Texts, language: str, receipt: Receipt) -> str:
    key = "receipt.changed" if receipt.changed else "receipt.complete"
    if not receipt.missing:
        return texts.say(key, language)
    missing = ", ".join(scores.name(texts, language, SCALES[scale]) for scale in receipt.missing)
    half = "receipt.changed_half" if receipt.changed else "receipt.half"
    return texts.say(half, language, missing=missing)


def _ways_on(texts: Texts, language: str, showing: Showing) -> Iterator[ui.Button[ui.LayoutView]]:
    post = showing.post_id
    if showing.undone:
        yield button(texts, language, "card.keep", custom_ids.keep(post), ButtonStyle.primary)
    if showing.previous_post_id is not None:
        back = custom_ids.back(showing.previous_post_id)
        yield button(texts, language, "card.back", back, ButtonStyle.secondary)
    yield button(texts, language, "card.report", custom_ids.report(post), ButtonStyle.secondary)


def skip_select(texts: Texts, language: str, showing: Showing) -> ui.Select[ui.LayoutView]:
    """Return the reasons to pass over an image; of a lesson, those for which it may be."""
    must_judge = showing.lesson is not None and not showing.lesson.may_skip
    # A score that was given before the skip is a rating all the same, and stays.
    key = "session.skip_rest" if showing.scores and not showing.undone else "session.skip"
    options = [
        SelectOption(label=texts.say(f"session.reason.{reason}", language), value=reason)
        for reason in SKIP_REASONS
        if not (must_judge and reason == "cannot_judge")
    ]
    return ui.Select(
        custom_id=custom_ids.skip(showing.post_id),
        placeholder=texts.say(key, language),
        options=options,
    )
