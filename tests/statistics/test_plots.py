"""What plots say of figures."""

import numpy as np
import pytest

from bot.rating.scales import SCALES
from bot.statistics.anonymity import FEWEST, Band
from bot.statistics.figures import (
    SHARES,
    VOTE_BANDS,
    Figures,
    Month,
    ScaleFigures,
    Uncertainty,
)
from bot.statistics.headlines import headlines
from bot.statistics.plot import Bars, Plot, is_empty
from bot.statistics.plots import MOST_BARS, plots
from bot.statistics.words import Words
from bot.texts.catalogue import Texts

ENGLISH = Words(Texts.load(), "en")
GERMAN = Words(Texts.load(), "de")


def figures(days: dict[int, int], kudos: tuple[Month, ...] = (), raters: int = 0) -> Figures:
    return Figures(
        data_sets=("drawn",),
        votes=sum(days.values()),
        images=10,
        rated=0,
        raters=raters or None,
        days=days,
        image_votes=(0,) * len(VOTE_BANDS),
        activity=(Band(1, 9, raters),) if raters else (),
        kudos=kudos,
        scales={
            name: ScaleFigures(
                answers=(0,) * len(scale.values),
                agreement=(0,) * SHARES,
                uncertainty=Uncertainty(1.0, np.zeros((2, 3), np.int64), (0.0,) * 3),
            )
            for name, scale in SCALES.items()
        },
    )


def plot(name: str, of: Figures, words: Words = ENGLISH) -> Plot:
    return next(each for each in plots(of, words) if each.name == name)


def bars(name: str, of: Figures, words: Words = ENGLISH) -> Bars:
    found = plot(name, of, words)
    assert isinstance(found, Bars)
    return found


def test_days_without_votes_have_a_bar_too() -> None:
    days = bars("days", figures({0: 3, 2: 5}))
    assert days.labels == ("1970-01-01", "1970-01-02", "1970-01-03")
    assert days.heights == (3, 0, 5)
    assert days.lead == ""
    assert days.alt == "Votes a day. Highest is 1970-01-03 (Day) with 5 (Votes a day)."


def test_many_days_are_told_as_means_of_weeks() -> None:
    days = bars("days", figures(dict.fromkeys(range(100), 4)))
    assert days.heights == (4.0,) * 15
    assert days.labels[1] == "1970-01-08"
    assert "mean of 7 days" in days.lead


@pytest.mark.parametrize("last", [61, 62, 5_000, 20_000, 2_000_000])
def test_there_are_never_too_many_bars(last: int) -> None:
    days = bars("days", figures({0: 1, last: 1}))
    assert len(days.heights) <= MOST_BARS
    assert days.heights[0] > 0
    assert days.heights[-1] > 0


def test_nothing_is_said_to_be_nothing() -> None:
    for each in plots(figures({}), ENGLISH):
        assert is_empty(each)
        assert each.alt == f"{each.title}: there is nothing to show yet."
        assert each.nothing == "Nothing yet"


def test_few_raters_are_told_as_few() -> None:
    few = figures({0: 3})
    assert bars("activity", few).nothing == "Fewer than 5 raters"
    assert headlines(few, ENGLISH)[3] == ("Fewer than 5", "raters")
    assert headlines(figures({0: 9}, raters=FEWEST), ENGLISH)[3] == ("5", "raters")


def test_months_are_told_by_year_and_month() -> None:
    kudos = bars("kudos", figures({}, (Month(12 * 2026, 5_000), Month(12 * 2026 + 11, 1_234_567))))
    assert kudos.table.rows == (("2026-01", "5\u00a0000"), ("2026-12", "1\u00a0234\u00a0567"))


def test_numbers_are_short_on_axes_and_marked_as_the_language_does() -> None:
    shown = [ENGLISH.short(value) for value in (0, 0.25, 7, 2500, 25_000, 1_500_000, 3e9)]
    assert shown == ["0", "0.25", "7", "2500", "25 k", "1.5 M", "3000 M"]
    assert GERMAN.short(1_500_000) == "1,5 Mio."
    assert GERMAN.number(1234.5, 2) == "1\u00a0234,50"


@pytest.mark.parametrize("words", [ENGLISH, GERMAN])
def test_labels_of_many_bars_are_short(words: Words) -> None:
    """Longer ones run into each other below a plot, though they are slanted."""
    assert max(map(len, bars("image_votes", figures({}), words).labels)) <= len("51\u2013100")
