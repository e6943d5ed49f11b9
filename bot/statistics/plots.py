"""Which plots there are, and what each says of the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bot.rating.scales import SCALES, Scale
from bot.statistics.anonymity import FEWEST
from bot.statistics.figures import SHARES, VOTE_BANDS, Figures, Month, ScaleFigures
from bot.statistics.plot import Bars, Grid, Plot, Table
from bot.statistics.words import Words
from storage.times import start_of

MOST_BARS: Final = 62
WIDTHS: Final = (1, 7, 28, 84, 364)
"""Days of which one bar of the votes a day is the mean."""


def plots(figures: Figures, words: Words) -> tuple[Plot, ...]:
    """Return all plots in the order in which they are shown, those of both scales in pairs."""
    return (
        *(_answers(scale, figures.scales[name], words) for name, scale in SCALES.items()),
        _days(figures.days, words),
        _image_votes(figures, words),
        *(_agreement(scale, figures.scales[name], words) for name, scale in SCALES.items()),
        *(_uncertainty(scale, figures.scales[name], words) for name, scale in SCALES.items()),
        _activity(figures, words),
        *(() if figures.kudos is None else (_kudos(figures.kudos, words),)),
    )


def _answers(scale: Scale, of: ScaleFigures, words: Words) -> Bars:
    labels = [str(value) for value in scale.values]
    return _bars("answers", words, labels, of.answers, scale=scale)


def _agreement(scale: Scale, of: ScaleFigures, words: Words) -> Bars:
    labels = [
        words.say("range", low=100 * step // SHARES, high=words.number(100 * (step + 1) // SHARES))
        for step in range(SHARES)
    ]
    return _bars("agreement", words, labels, of.agreement, scale=scale)


def _days(days: Mapping[int, int], words: Words) -> Bars:
    first, last = (min(days), max(days)) if days else (0, -1)
    width = next((one for one in WIDTHS if one * MOST_BARS > last - first), None)
    while width is None or width * MOST_BARS <= last - first:
        width = 2 * (width or WIDTHS[-1])
    sums = [0] * ((last - first) // width + 1)
    for day, votes in days.items():
        sums[(day - first) // width] += votes
    labels = [str(start_of(first + width * place).date()) for place in range(len(sums))]
    # The last bar may have days that are still to come.
    spans = [min(width, last + 1 - first - width * place) for place in range(len(sums))]
    means = [votes / span for votes, span in zip(sums, spans, strict=True)]
    lead = "" if width == 1 else words.say("days.each", n=width)
    return _bars("days", words, labels, means, lead=lead, digits=0 if width == 1 else 1)


def _image_votes(figures: Figures, words: Words) -> Bars:
    labels = [_band(low, high, words) for low, high in VOTE_BANDS]
    return _bars("image_votes", words, labels, figures.image_votes)


def _activity(figures: Figures, words: Words) -> Bars:
    labels = [_band(band.low, band.high, words) for band in figures.activity]
    heights = [band.raters for band in figures.activity]
    nothing = words.say("few_raters", n=FEWEST) if figures.votes else None
    return _bars("activity", words, labels, heights, nothing=nothing)


def _kudos(kudos: Sequence[Month], words: Words) -> Bars:
    labels = [f"{month.month // 12:04}-{month.month % 12 + 1:02}" for month in kudos]
    return _bars("kudos", words, labels, [month.amount for month in kudos])


def _uncertainty(scale: Scale, of: ScaleFigures, words: Words) -> Grid:
    found = of.uncertainty
    many = found.counts.sum(0)
    lows = [scale.low + found.step * place for place in range(len(many))]
    bands = [
        words.say("range", low=words.number(low, 2), high=words.number(low + found.step, 2))
        for low in lows
    ]
    means = {
        band: (images, errors / images)
        for band, images, errors in zip(bands, many.tolist(), found.errors, strict=True)
        if images
    }
    title, lead, along, up = _texts("uncertainty", words, scale)
    alt = words.say("alt.nothing", title=title)
    if means:
        band, (_, error) = max(means.items(), key=lambda item: item[1][1])
        alt = words.say("alt.grid", title=title, band=band, error=words.number(error, 2))
    return Grid(
        name=f"uncertainty-{scale.name}",
        title=title,
        lead=lead,
        alt=alt,
        nothing=words.say("nothing"),
        along=along,
        up=up,
        left=scale.low,
        wide=found.step,
        high=found.step / 4,
        counts=found.counts,
        table=Table(
            (along, words.say("uncertainty.images"), words.say("uncertainty.mean")),
            tuple(
                (band, words.number(images), words.number(error, 2))
                for band, (images, error) in means.items()
            ),
        ),
    )


def _bars(
    name: str,
    words: Words,
    labels: Sequence[str],
    heights: Sequence[float],
    *,
    scale: Scale | None = None,
    lead: str | None = None,
    nothing: str | None = None,
    digits: int = 0,
) -> Bars:
    title, usual, along, up = _texts(name, words, scale)
    rows = [(label, words.number(one, digits)) for label, one in zip(labels, heights, strict=True)]
    alt = words.say("alt.nothing", title=title)
    if any(heights):
        label, height = rows[max(range(len(heights)), key=heights.__getitem__)]
        alt = words.say("alt.bars", title=title, along=along, up=up, label=label, height=height)
    return Bars(
        name=name if scale is None else f"{name}-{scale.name}",
        title=title,
        lead=usual if lead is None else lead,
        alt=alt,
        nothing=nothing or words.say("nothing"),
        along=along,
        up=up,
        labels=tuple(labels),
        heights=tuple(heights),
        table=Table((along, up), tuple(rows)),
    )


def _texts(name: str, words: Words, scale: Scale | None) -> tuple[str, str, str, str]:
    """Return title, lead, and the names of both axes."""
    values = {} if scale is None else {"scale": words.scale(scale)}
    title, lead, along, up = (
        words.say(f"{name}.{part}", **values) for part in ("title", "lead", "along", "up")
    )
    return title, lead, along, up


def _band(low: int, high: int | None, words: Words) -> str:
    if high is None:
        return words.say("or_more", n=words.number(low))
    if low == high:
        return words.number(low)
    return words.say("range", low=words.number(low), high=words.number(high))
