"""A plot in words and numbers, not yet drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.datasets.exports.reading import Integers

GENERATOR: Final = "Horde Jury"
"""Stands at the beginning of each picture and page, which are known by it."""


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a plot as people read them."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of `heights`, with a label below each; `along` and `up` name the axes.

    `alt` says in words what is to be seen; `nothing` stands where there is nothing to draw.
    """

    name: str
    title: str
    lead: str
    alt: str
    nothing: str
    along: str
    up: str
    labels: tuple[str, ...]
    heights: tuple[float, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Grid:
    """A field of cells, the darker the more; a row of `counts` is a step up.

    Cells begin at `left` and are `wide` along and `high` up from 0.
    """

    name: str
    title: str
    lead: str
    alt: str
    nothing: str
    along: str
    up: str
    left: float
    wide: float
    high: float
    counts: Integers
    table: Table


Plot = Bars | Grid
"""Nothing is to be drawn where `heights` or `counts` are empty or nothing but 0."""


def is_empty(plot: Plot) -> bool:
    """Tell whether there is nothing to draw."""
    return not plot.counts.any() if isinstance(plot, Grid) else not any(plot.heights)
