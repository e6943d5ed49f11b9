"""Plain figures of votes, against the plain meaning of the words."""

import statistics
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.exports.tally import Tally
from bot.rating.scales import SCALES, Scale

IMAGES = 4

Given = tuple[Scale, list[tuple[int, int]]]


@st.composite
def votes(draw: st.DrawFn) -> Given:
    scale = draw(st.sampled_from(list(SCALES.values())))
    vote = st.tuples(st.integers(0, IMAGES - 1), st.sampled_from(scale.values))
    return scale, draw(st.lists(vote, max_size=30))


@given(votes())
def test_figures_are_those_of_each_images_votes(cast: Given) -> None:
    scale, pairs = cast
    image, answers = np.array(pairs, np.int64).reshape(-1, 2).T
    tally = Tally.of(scale, image, answers, IMAGES)
    for place in range(IMAGES):
        own = [answer for where, answer in pairs if where == place]
        assert tally.votes[place] == len(own)
        assert list(tally.histogram[place]) == [own.count(value) for value in scale.values]
        close = [abs(one - two) <= 1 for one, two in combinations(own, 2)]
        expected = (
            statistics.fmean(own) if own else np.nan,
            statistics.median(own) if own else np.nan,
            statistics.fmean(close) if close else np.nan,
        )
        found = tally.mean[place], tally.median[place], tally.agreement[place]
        np.testing.assert_allclose(found, expected)
