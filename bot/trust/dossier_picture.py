"""A picture of one rater: headline figures, both histograms beside the crowd's, reliability, pace.

As wide as high in the proportion that Discord shows largest, with no letter below 12 pixels where
a phone shows it 400 wide. The rater's marks are coloured, everybody else's are a white outline, and
the words that name them have the same colours. Gold digits are such as honest raters rarely have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.images.drawing import FAINT, INK, PANEL, WARNING, Box, Point, Sheet
from bot.rating.scales import AESTHETIC, SCALES, Scale
from bot.texts import Texts
from bot.trust.dossier import PACE_DAYS, RELIABILITY_DAYS, Dossier
from storage.rater_records import ReliabilityPoint
from storage.times import day_of

WIDTH: Final = 1000
HEIGHT: Final = 640
FILENAME: Final = "rater.png"

COLOURS: Final = {"aesthetic": "#8790ff", "artifacts": "#4cc38a"}
OUTLINE: Final = "#ffffff"
DAYS: Final = "#6db3f2"

TOO_FAST: Final = 1.5
"""Seconds: no more than 1.6 % of honest raters are so fast (rater-quality study, section 5)."""

WEAK: Final = 0.2
"""A correlation that says that the votes hardly depend on the images: as the study's for gold."""

DOUBTED: Final = 0.5
"""A reliability below that is more likely none than some."""

_EDGE, _GAP, _PAD = 18, 14, 20
_TILES_HIGH: Final = 108
_CHARTS_HIGH: Final = 286
_CAPTION, _FIGURE, _TITLE, _DIGIT = 30, 50, 33, 30


@dataclass(frozen=True, slots=True)
class Words:
    """Says texts and numbers of the picture in one language."""

    texts: Texts
    language: str

    def say(self, key: str, **values: object) -> str:
        """Return a text of the picture."""
        return self.texts.say(f"dossier.picture.{key}", self.language, **values)

    def number(self, value: float, digits: int = 1) -> str:
        """Return a number that is short enough for a tile."""
        return self.texts.number(value, self.language, digits=digits)

    def whole(self, value: int) -> str:
        """Return a count: in full below a hundred thousand, then in thousands or millions."""
        for size, unit in ((10_000_000, "million"), (100_000, "thousand")):
            if value >= size:
                short = value // (1_000_000 if unit == "million" else 1000)
                return self.say(unit, n=short)
        return str(value)

    def percent(self, share: float) -> str:
        """Return a share as whole per cent."""
        return self.say("percent", n=round(100 * share))


@dataclass(frozen=True, slots=True)
class Headline:
    """One tile: a figure, what it is, and whether it is out of the ordinary."""

    figure: str
    caption: str
    striking: bool = False


def headlines(dossier: Dossier, words: Words) -> tuple[Headline, ...]:
    """Return the four figures that say most; a dash where nothing is known."""
    agreement = dossier.agreement.get(AESTHETIC.name)
    related = agreement.correlation if agreement else None
    flat = agreement is not None and related is None
    sound = min((one.reliability for one in dossier.scores.values()), default=None)
    seconds = dossier.pace.seconds
    dash = words.say("unknown")
    return (
        Headline(words.whole(dossier.judged), words.say("ratings")),
        Headline(
            dash if related is None else words.number(related, 2),
            words.say("agreement"),
            striking=flat or (related is not None and related < WEAK),
        ),
        Headline(
            dash if sound is None else words.percent(sound),
            words.say("reliability"),
            striking=sound is not None and sound < DOUBTED,
        ),
        Headline(
            dash if seconds is None else words.say("seconds", n=_seconds(seconds, words)),
            words.say("pace"),
            striking=seconds is not None and seconds < TOO_FAST,
        ),
    )


def describe(dossier: Dossier, words: Words) -> str:
    """Return the picture's alt text: its main figures in words."""
    told = [f"{one.caption}: {one.figure}" for one in headlines(dossier, words)]
    for scale in SCALES.values():
        own, crowd = mean(dossier.own[scale.name]), mean(dossier.crowd[scale.name])
        if own is not None:
            name = words.texts.say(f"scale.{scale.name}.name", words.language)
            others = words.say("unknown") if crowd is None else words.number(crowd)
            told.append(words.say("means", scale=name, own=words.number(own), others=others))
    told.append(words.say("month", n=words.whole(sum(dossier.pace.by_day))))
    return words.say("alt", figures="; ".join(told))


def draw(dossier: Dossier, words: Words) -> bytes:
    """Return a PNG of WIDTH x HEIGHT. Takes some 80 ms: not on the event loop."""
    sheet = Sheet(WIDTH, HEIGHT)
    top = float(_EDGE)
    tiles = headlines(dossier, words)
    for tile, box in zip(tiles, _columns(top, _TILES_HIGH, [1] * len(tiles)), strict=True):
        _tile(sheet, box, tile)
    top += _TILES_HIGH + _GAP
    widths = [len(scale.values) + 3 for scale in SCALES.values()]
    for scale, box in zip(SCALES.values(), _columns(top, _CHARTS_HIGH, widths), strict=True):
        _histogram(sheet, box, scale, dossier, words)
    top += _CHARTS_HIGH + _GAP
    left, right = _columns(top, HEIGHT - _EDGE - top, [1, 1])
    _reliability(sheet, left, dossier, words)
    _days(sheet, right, dossier.pace.by_day, words)
    return sheet.png()


def mean(histogram: Mapping[int, int]) -> float | None:
    """Return the mean of a histogram, None of an empty one."""
    many = sum(histogram.values())
    return sum(value * count for value, count in histogram.items()) / many if many else None


def shares(histogram: Mapping[int, int], scale: Scale) -> list[float]:
    """Return the share of each value of a scale, 0 of all without any votes."""
    many = sum(histogram.get(value, 0) for value in scale.values)
    return [histogram.get(value, 0) / max(many, 1) for value in scale.values]


def _columns(top: float, high: float, widths: Sequence[int]) -> list[Box]:
    """Divide a row into boxes of these relative widths."""
    room = WIDTH - 2 * _EDGE - _GAP * (len(widths) - 1)
    boxes: list[Box] = []
    left = float(_EDGE)
    for width in widths:
        right = left + room * width / sum(widths)
        boxes.append((left, top, right, top + high))
        left = right + _GAP
    return boxes


def _tile(sheet: Sheet, box: Box, tile: Headline) -> None:
    left, top, right, bottom = box
    sheet.box(box)
    room = right - left - 2 * _PAD
    size = sheet.fitting(tile.figure, room, size=_FIGURE, bold=True)
    colour = WARNING if tile.striking else INK
    sheet.text((left + _PAD, top + 56), tile.figure, size=size, colour=colour, bold=True)
    small = sheet.fitting(tile.caption, room, size=_CAPTION)
    sheet.text((left + _PAD, bottom - 18), tile.caption, size=small, colour=FAINT)


def _histogram(sheet: Sheet, box: Box, scale: Scale, dossier: Dossier, words: Words) -> None:
    """Draw a rater's bars, and everybody else's as an outline over them."""
    own, crowd = dossier.own[scale.name], dossier.crowd[scale.name]
    title = words.texts.say(f"scale.{scale.name}.name", words.language)
    _panel(sheet, box, title, *_means(scale, mean(own), mean(crowd), words))
    left, top, right, bottom = box[0] + _PAD, box[1] + 72, box[2] - _PAD, box[3] - 56
    mine, others = shares(own, scale), shares(crowd, scale)
    most = max(*mine, *others, 0.01)
    slot = (right - left) / len(mine)
    sheet.line([(left, bottom), (right, bottom)])
    outline: list[Point] = [(left, bottom)]
    for index, (value, one, other) in enumerate(zip(scale.values, mine, others, strict=True)):
        edge = left + slot * index
        if one:
            high = max(5.0, (bottom - top) * one / most)
            bar = (edge + slot * 0.14, bottom - high, edge + slot * 0.86, bottom)
            sheet.bar(bar, COLOURS[scale.name])
        level = bottom - (bottom - top) * other / most
        outline += [(edge, level), (edge + slot, level)]
        middle = edge + slot / 2, bottom + 7
        sheet.text(middle, str(value), size=_DIGIT, colour=FAINT, anchor="ma")
    if any(others):
        sheet.line([*outline, (right, bottom)], OUTLINE, 4)


def _means(
    scale: Scale, own: float | None, crowd: float | None, words: Words
) -> Iterator[tuple[str, str]]:
    """Give the notes of a histogram: both means, each in the colour of its marks."""
    if own is None and crowd is None:
        yield words.say("none"), FAINT
        return
    for key, value, colour in (("own", own, COLOURS[scale.name]), ("others", crowd, OUTLINE)):
        figure = words.say("unknown") if value is None else words.number(value)
        yield words.say(key, mean=figure), colour


def _reliability(sheet: Sheet, box: Box, dossier: Dossier, words: Words) -> None:
    """Draw the reliability of each scale over time, from none at the floor to full at the top."""
    note = words.say("weeks" if dossier.reliability else "none_yet", n=RELIABILITY_DAYS)
    _panel(sheet, box, words.say("over_time"), (note, FAINT))
    left, top, right, bottom = box[0] + _PAD, box[1] + 76, box[2] - _PAD, box[3] - 26
    labels = {share: words.percent(share) for share in (0.0, 1.0)}
    left += max(sheet.width(label, size=_DIGIT) for label in labels.values()) + 12
    for share in (0.0, 0.5, 1.0):
        level = bottom - (bottom - top) * share
        sheet.line([(left, level), (right, level)])
        place = left - 12, level
        sheet.text(place, labels.get(share, ""), size=_DIGIT, colour=FAINT, anchor="rm")
    last = day_of(dossier.now)
    for scale, points in dossier.reliability.items():
        path = [_place(point, last, (left, top, right, bottom)) for point in points]
        if len(path) > 1:
            sheet.line(path, COLOURS[scale], 5)
        if path:
            sheet.disc(path[-1], 8, COLOURS[scale])


def _place(point: ReliabilityPoint, last: int, chart: Box) -> Point:
    left, top, right, bottom = chart
    share = min(1.0, max(0.0, 1 - (last - point.day) / (RELIABILITY_DAYS - 1)))
    high = min(1.0, max(0.0, point.reliability))
    return left + (right - left - 8) * share, bottom - (bottom - top) * high


def _days(sheet: Sheet, box: Box, days: Sequence[int], words: Words) -> None:
    """Draw a bar a day, today's last."""
    note = words.say("most", n=words.whole(max(days))) if any(days) else words.say("none")
    _panel(sheet, box, words.say("days", n=PACE_DAYS), (note, FAINT))
    left, top, right, bottom = box[0] + _PAD, box[1] + 70, box[2] - _PAD, box[3] - 26
    sheet.line([(left, bottom), (right, bottom)])
    slot, most = (right - left) / len(days), max(*days, 1)
    for index, count in enumerate(days):
        if count:
            high = max(5.0, (bottom - top) * count / most)
            edge = left + slot * index
            sheet.bar((edge + 2, bottom - high, edge + slot - 2, bottom), DAYS)


def _panel(sheet: Sheet, box: Box, title: str, *notes: tuple[str, str]) -> None:
    """Draw a panel with its title, and coloured notes at the right that leave the title free."""
    sheet.box(box, PANEL)
    base = box[1] + 45
    sheet.text((box[0] + _PAD, base), title, size=_TITLE, bold=True)
    room = box[2] - box[0] - 2 * _PAD - sheet.width(title, size=_TITLE, bold=True)
    wide = sum(sheet.width(text, size=_CAPTION) + _GAP for text, _ in notes)
    size = _CAPTION * min(1.0, room / wide)
    at = box[2] - _PAD
    for text, colour in reversed(notes):
        sheet.text((at, base), text, size=size, colour=colour, anchor="rs")
        at -= sheet.width(text, size=size) + _GAP


def _seconds(seconds: float, words: Words) -> str:
    """Return seconds as precisely as they matter: parts of them below ten."""
    return words.number(seconds, 1 if seconds < 10 else 0)  # noqa: PLR2004 - as said
