"""Draws plots with matplotlib: as SVG for a page, or several as one PNG.

matplotlib takes most of a second to load: for the child process only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from itertools import pairwise
from textwrap import shorten, wrap
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.images.drawing import FAINT, GROUND, INK, LINE
from bot.statistics.plot import GENERATOR, Bars, Grid, Plot, is_empty
from bot.statistics.words import Words

FONTS: Final = ("NotoSans-Regular.ttf", "NotoSans-SemiBold.ttf")
FAMILY: Final = "Noto Sans"

WIDE: Final = 4.7
HIGH: Final = 2.9
"""One plot, in inches; a page stretches it, and 72 of its units are an inch."""

LETTERS: Final = 11.5
"""Points."""

DOTS: Final = 130
"""Pixels an inch of the PNG."""

COLUMNS: Final = 2
LINE_LETTERS: Final = 90
"""Letters of usual width that fit above the plots in a line."""
LINE_HIGH: Final = 0.24
"""Inches of such a line."""
MOST_LETTERS: Final = 500
"""Letters that are told of one thing, as of very many data sets."""
MOST_LABELS: Final = 15
"""Labels below bars, before some are left out."""

SLOPE: Final = 55
"""Degrees of labels that are slanted: steep enough that those of many bars stay apart."""

SLANTED: Final = 36
"""Letters that fit below a plot side by side, so many a bar."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a plot."""

    ink: str
    faint: str
    line: str
    fill: str


PICTURE: Final = Palette(INK, FAINT, LINE, "#8790ff")

VARIABLES: Final = Palette("#010101", "#020202", "#030303", "#040404")
"""Stand for the variables of the page's style, which knows dark and light."""

NAMES: Final = {"#010101": "ink", "#020202": "faint", "#030303": "line", "#040404": "fill"}


def svg(plot: Plot, words: Words) -> str:
    """Return an `svg` element that is part of an HTML page, with text as text.

    Its colours are `var(--ink)`, `--faint`, `--line` and `--fill` of the page.
    """
    with _settings():
        figure = Figure(figsize=(WIDE, HIGH), layout="constrained")
        _draw(figure.add_subplot(), plot, VARIABLES, words)
        file = BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue().decode()
    return _part_of_a_page(text[text.index("<svg") :], plot.name)


def png(plots: Sequence[Plot], words: Words, *, subject: Sequence[str]) -> bytes:
    """Return all plots as one picture in two columns, on a dark ground.

    Above them it says, in the lines of `subject`, what it is of.
    """
    rows = -(-len(plots) // COLUMNS)
    head = [part for line in subject for part in _wrapped(line)]
    high = (HIGH + 0.35) * rows + LINE_HIGH * len(head)
    with _settings():
        figure = Figure(figsize=(WIDE * COLUMNS, high), layout="constrained", facecolor=GROUND)
        figure.get_layout_engine().set(w_pad=0.15, h_pad=0.15)  # type: ignore[union-attr, call-arg]
        figure.suptitle(
            "\n".join(head), color=PICTURE.ink, size=LETTERS + 1, linespacing=1.2, parse_math=False
        )
        for place, plot in enumerate(plots):
            axes = figure.add_subplot(rows, COLUMNS, place + 1)
            axes.set_title(plot.title, color=PICTURE.ink, weight=600, size=LETTERS + 3, pad=10)
            _draw(axes, plot, PICTURE, words)
        file = BytesIO()
        figure.savefig(file, format="png", dpi=DOTS, metadata={"Software": GENERATOR})
    return file.getvalue()


def _wrapped(line: str) -> list[str]:
    """Return the lines that a line takes; names of data sets with hyphens stay whole."""
    cut = " \N{HORIZONTAL ELLIPSIS}"
    shown = shorten(line, MOST_LETTERS, placeholder=cut, break_on_hyphens=False)
    return wrap(shown, LINE_LETTERS, break_on_hyphens=False)


@contextmanager
def _settings() -> Iterator[None]:
    folder = files("bot.images").joinpath("fonts")
    if FAMILY not in fontManager.get_font_names():
        for name in FONTS:
            fontManager.addfont(str(folder.joinpath(name)))
    with mpl.rc_context(
        {
            "font.family": FAMILY,
            "font.size": LETTERS,
            "svg.fonttype": "none",
            "svg.hashsalt": "plot",
        }
    ):
        yield


def _draw(axes: Axes, plot: Plot, palette: Palette, words: Words) -> None:
    axes.set_facecolor("none")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.line)
    axes.tick_params(colors=palette.faint, length=0, labelsize=LETTERS)
    if is_empty(plot):
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(
            0.5,
            0.5,
            plot.nothing,
            color=palette.faint,
            ha="center",
            va="center",
            transform=axes.transAxes,
        )
        return
    axes.set_xlabel(plot.along, color=palette.faint)
    axes.set_ylabel(plot.up, color=palette.faint)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.short(value)))
    if isinstance(plot, Grid):
        _grid(axes, plot, palette)
    else:
        _bars(axes, plot, palette)


def _bars(axes: Axes, plot: Bars, palette: Palette) -> None:
    axes.grid(visible=True, axis="y", color=palette.line, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.bar(range(len(plot.heights)), plot.heights, 0.82, color=palette.fill)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=max(plot.heights) >= 1))
    axes.set_ylim(0, 1.05 * max(plot.heights))
    axes.set_xlim(-0.7, max(len(plot.heights), 2) - 0.3)
    every = max(1, -(-len(plot.labels) // MOST_LABELS))
    places = range(0, len(plot.labels), every)
    shown = [plot.labels[place] for place in places]
    room = SLANTED * every / len(plot.labels)
    slanted = any(len(one) + len(next_one) > 2 * room for one, next_one in pairwise(shown))
    axes.set_xticks(
        places, shown, rotation=SLOPE if slanted else 0, ha="right" if slanted else "center"
    )
    if slanted:
        for label in axes.get_xticklabels():
            label.set_rotation_mode("anchor")


def _grid(axes: Axes, plot: Grid, palette: Palette) -> None:
    """Fill cells by the logarithm of their number, so that few beside many are seen."""
    columns = plot.counts.shape[1]
    used = int(np.flatnonzero(plot.counts.sum(1)).max()) + 1
    depth = np.log1p(plot.counts[:used]) / np.log1p(plot.counts.max())
    for row, column in np.argwhere(plot.counts[:used] > 0).tolist():
        axes.bar(
            plot.left + plot.wide * column,
            plot.high,
            plot.wide,
            bottom=plot.high * row,
            align="edge",
            color=to_rgba(palette.fill, 0.15 + 0.85 * float(depth[row, column])),
        )
    axes.set_xlim(plot.left, plot.left + plot.wide * columns)
    axes.set_ylim(0, plot.high * used)
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _part_of_a_page(text: str, name: str) -> str:
    """Make ids the page's only ones, take colours from its style, and leave the size to it."""
    text = re.sub(r'(?<=\bid=")(?=\w)|(?<=url\(#)|(?<=href="#)', f"{name}-", text)
    for colour, variable in NAMES.items():
        text = text.replace(colour, f"var(--{variable})")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r'(<svg\b[^>]*?) width="[^"]*" height="[^"]*"|(?<=<svg)', r"\1", text, count=1)
