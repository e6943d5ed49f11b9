"""One rater by the crowd: the formulas of the estimator, for sums instead of votes."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trust.rules.agreement import GROUPS, WINDOW, Agreement, Sums
from bot.trust.rules.comparing import MOST_OTHERS, Answer, compare
from bot.trust.rules.crowd import Crowd, ScaleCrowd, believe, reliability, said
from bot.trust.rules.fitting import FEWEST_ANSWERS, fit
from bot.trust.rules.record import Record
from bot.trust.rules.scales import RATED
from bot.trust.rules.yardstick import Yardstick
from bot.trust.scoring import agreement, honesty
from bot.trust.scoring.consensus import Model
from bot.trust.scoring.consensus import Sums as VoteSums
from bot.trust.scoring.dependence import HISTOGRAM_SHRINKAGE, CrowdTable
from bot.trust.scoring.votes import Votes
from tests.rules.sights import AESTHETIC, ARTIFACTS, compared, dice, looking, yards

CROWD = Crowd.unknown()


def kept_of(*answers: tuple[int, float]) -> Agreement:
    return compared(Record(), *answers).agreement["aesthetic"]


@given(
    st.floats(-3, 3),
    st.integers(20, 2_000),
    st.floats(0.01, 2),
    st.floats(0.01, 0.5),
    st.floats(0, 1),
)
def test_reliability_is_that_of_the_estimator(
    z: float, n: int, mean: float, spread: float, contrast: float
) -> None:
    mixture = honesty.Crowd(mean, spread, 0.8)
    crowd = replace(ScaleCrowd.unknown(AESTHETIC), z_mean=mean, z_spread=spread, honest=0.8)
    error = 1 / (n - 3)
    (wanted,) = mixture.reliability(np.array([z]), np.array([error]), np.array([contrast]))
    assert reliability(z, error, contrast, crowd) == pytest.approx(float(wanted), abs=1e-9)


def test_beliefs_follow_from_the_votes() -> None:
    answers = looking(60)
    crowd = replace(yards()["aesthetic"].crowd, bias=0.4)
    belief = believe(kept_of(*answers).sums, crowd, AESTHETIC)
    y = np.array([score for score, _ in answers], float)
    c = np.round([expected for _, expected in answers], 3)
    bias = (y - c).sum() / 62 - crowd.bias
    square = ((y - c - bias) ** 2).sum()
    assert belief.z == pytest.approx(np.arctanh(np.corrcoef(y, c)[0, 1]))
    assert belief.bias == pytest.approx(bias)
    assert belief.residual == pytest.approx(math.sqrt(square / 60))
    assert belief.variance == pytest.approx((square - 60 * 0.5 + 8 * crowd.typical) / 68)
    telling, contrast = said(kept_of(*answers).sums, crowd)
    assert belief.honest == reliability(belief.z, 1 / (telling - 3), contrast, crowd)
    assert belief.shown == telling * contrast**2


@given(st.lists(st.tuples(st.integers(1, 10), st.floats(1, 10)), min_size=20, max_size=60))
def test_what_answers_tell_is_that_of_the_estimator(answers: list[tuple[int, float]]) -> None:
    noise, many = 2.0, len(answers)
    expected = np.round([each for _, each in answers], 3)
    crowd = replace(yards()["aesthetic"].crowd, typical=noise, spread=max(expected.std(), 1e-9))
    scores = np.repeat([score for score, _ in answers], 2)
    twice = Votes.of([0, 1] * many, np.repeat(range(many), 2), scores, low=1, high=10)
    judged = agreement.Judged.of(twice)
    wanted = agreement.Agreement.of(judged, np.repeat(expected, 2), noise)
    if expected.std() < 0.01:
        return
    telling, contrast = said(kept_of(*answers).sums, crowd)
    assert telling == pytest.approx(float(wanted.telling[0]), rel=1e-6)
    assert contrast == pytest.approx(float(wanted.contrast[0]), rel=1e-6) == 1
    belief = believe(kept_of(*answers).sums, crowd, AESTHETIC)
    assert belief.z == pytest.approx(float(wanted.z[0]), abs=1e-6)


def test_images_that_are_all_alike_show_nothing() -> None:
    crowd = yards()["aesthetic"].crowd
    alike = [(5 + n % 2, 5 + 0.1 * (n % 3)) for n in range(60)]
    belief = believe(kept_of(*alike).sums, crowd, AESTHETIC)
    assert belief.shown < 5
    assert belief.honest > 0.5
    one = [(5 + n % 2, 9.0 if n == 30 else 5.0) for n in range(60)]
    assert believe(kept_of(*one).sums, crowd, AESTHETIC).shown < 10


def test_below_twenty_answers_everybody_is_as_the_crowd() -> None:
    crowd = yards()["aesthetic"].crowd
    for answers in ([], dice(19), [(5, 5.0)] * 19):
        belief = believe(kept_of(*answers).sums if answers else Sums(), crowd, AESTHETIC)
        assert not belief.known
        assert (belief.honest, belief.variance) == (crowd.honest, crowd.typical)
    assert believe(kept_of(*dice(20)).sums, crowd, AESTHETIC).known


@pytest.mark.parametrize("answers", [[(5, 5.0 + n % 7) for n in range(30)], [(7, 6.0)] * 30])
def test_without_variation_there_is_no_correlation(answers: list[tuple[int, float]]) -> None:
    assert believe(kept_of(*answers).sums, CROWD.scales["aesthetic"], AESTHETIC).z == 0


def test_dice_are_doubted_and_looking_is_not() -> None:
    yard = yards()["aesthetic"]
    for seed in range(5):
        honest, fake = kept_of(*looking(150, seed)), kept_of(*dice(150, seed))
        one, two = yard.believe(honest), yard.believe(fake)
        assert one.honest > 0.9
        assert two.honest < 0.5
        assert yard.llr(honest, one) > 0 > yard.llr(fake, two)
        assert one.weight(yard.crowd) > 5 * two.weight(yard.crowd)


def test_the_newest_answers_are_believed_by_themselves() -> None:
    yard = yards()["aesthetic"]
    sleeper = kept_of(*looking(80), *dice(40))
    newest = yard.newest(sleeper)
    assert newest is not None
    assert newest.answers == WINDOW
    assert yard.newest_llr(sleeper, newest) < 0
    alone = kept_of(*dice(40))
    assert yard.newest_table(sleeper) == list(alone.table)
    assert newest.z == pytest.approx(yard.believe(alone).z)
    assert yard.newest(kept_of(*dice(39))) is None


def test_the_ratio_of_tables_is_that_of_votes() -> None:
    rng = np.random.default_rng(3)
    table = CrowdTable.of(rng.uniform(1, 9, (GROUPS, 10)))
    who, group, level = (rng.integers(0, most, 500) for most in (4, GROUPS, 10))
    cells = np.zeros((4, GROUPS, 10))
    np.add.at(cells, (who, group, level), 1)
    wanted = np.zeros(4)
    for rater, place, button in zip(who, group, level, strict=True):
        many = cells[rater].sum() + HISTOGRAM_SHRINKAGE
        shown = (cells[rater].sum(1) + HISTOGRAM_SHRINKAGE * table.mixed) / many
        pressed = (cells[rater].sum(0) + HISTOGRAM_SHRINKAGE * table.usual) / many
        expected = shown @ table.given
        tilted = table.given[place] * pressed / expected
        wanted[rater] += np.log(tilted[button] / tilted.sum() / pressed[button])
    assert table.log_ratio(cells) == pytest.approx(wanted)


def test_an_empty_table_says_nothing() -> None:
    table = CrowdTable.of(np.zeros((GROUPS, 6)))
    assert table.log_ratio(np.ones((1, GROUPS, 6))) == pytest.approx([0], abs=1e-9)


def test_groups_are_equally_filled_by_normal_expectations() -> None:
    crowd = replace(ScaleCrowd.unknown(AESTHETIC), expected=6.0, spread=1.5)
    groups = [crowd.group(each) for each in np.random.default_rng(4).normal(6, 1.5, 20_000)]
    assert np.bincount(groups, minlength=GROUPS) == pytest.approx([2_000] * GROUPS, rel=0.1)
    assert (crowd.group(-99), crowd.group(99)) == (0, GROUPS - 1)


@given(
    st.lists(
        st.tuples(st.integers(1, 10), st.floats(-2, 2), st.floats(0.01, 3)),
        min_size=2,
        max_size=12,
    )
)
def test_what_is_expected_is_that_of_the_estimator(rows: list[tuple[int, float, float]]) -> None:
    yard = yards()["aesthetic"]
    answers = [Answer(rater, *row) for rater, row in enumerate(rows)]
    found = compare(answers, yard)
    many = len(rows)
    votes = Votes.of(range(many), [0] * many, [row[0] for row in rows], low=1, high=10)
    model = Model(
        bias=np.array([row[1] for row in rows]),
        variance=np.ones(many),
        reliability=np.ones(many),
        weight=np.array([row[2] for row in rows]),
        difficulty=np.ones(1),
        centre=np.array([yard.crowd.centre]),
        between=yard.crowd.between,
    )
    expected, uncertainty = VoteSums.of(votes, model).without_own(votes, model)
    for rater, vote in found.items():
        assert vote.score == rows[rater][0]
        wanted = min(max(float(expected[rater]), 1), 10)
        assert vote.expected == pytest.approx(1_000 * wanted, abs=0.6)
        assert vote.uncertainty == pytest.approx(1_000 * float(uncertainty[rater]), abs=0.6)
        assert vote.group == yard.crowd.group(wanted)


def test_who_does_not_count_is_compared_and_tells_nothing() -> None:
    yard = yards()["aesthetic"]
    answers = [Answer(1, 2, 0, 1), Answer(2, 9, 0, 1, counts=False), Answer(3, 4, 0, 1)]
    found = compare(answers, yard)
    assert set(found) == {1, 2, 3}
    assert found[1].expected == compare([answers[0], answers[2]], yard)[1].expected
    assert found[2].expected < 5_000


def test_nobody_is_compared_with_nobody() -> None:
    yard = yards()["aesthetic"]
    assert compare([], yard) == {}
    assert compare([Answer(1, 2, 0, 1)], yard) == {}
    assert set(compare([Answer(1, 2, 0, 1), Answer(2, 9, 0, 1, counts=False)], yard)) == {2}


def test_only_those_asked_for_are_compared() -> None:
    answers = [Answer(rater, 5, 0, 1) for rater in range(60)]
    assert set(compare(answers, yards()["aesthetic"], frozenset({3, 50}))) == {3, 50}


def test_many_answers_cost_no_more_than_some() -> None:
    yard = yards()["aesthetic"]
    low = [Answer(rater, 2, 0, 1) for rater in range(MOST_OTHERS)]
    high = [Answer(100 + rater, 10, 0, 1) for rater in range(200)]
    found = compare([*low, *high], yard)
    assert max(vote.expected for vote in found.values()) < 3_000


def honest_crowd(raters: int, answers: int) -> list[dict[str, Agreement]]:
    return [{"aesthetic": kept_of(*looking(answers, seed))} for seed in range(raters)]


def test_the_crowd_is_learned_from_its_raters() -> None:
    kept = honest_crowd(40, 60)
    learned = fit(kept, CROWD, 2_400)
    crowd = learned.scales["aesthetic"]
    assert (learned.counted, learned.raters, crowd.sound) == (2_400, 40, 40)
    assert crowd.centre == pytest.approx(5.5, abs=0.2)
    assert crowd.expected == pytest.approx(5.5, abs=0.2)
    assert crowd.typical == pytest.approx(1.2**2 - 0.5, abs=0.3)
    assert crowd.between == pytest.approx(49 / 12, rel=0.2)
    assert sum(crowd.table) == pytest.approx(2_400, rel=0.05)
    assert crowd.llr_low is None  # one in a hundred of forty is nobody
    assert crowd.residual_middle == pytest.approx(1.2, abs=0.15)
    assert learned.scales["artifacts"] == CROWD.scales["artifacts"]


def test_quantiles_need_enough_sound_raters() -> None:
    crowd = fit(honest_crowd(120, 60), CROWD, 7_200).scales["aesthetic"]
    assert crowd.llr_low is not None
    assert crowd.recent_low is not None
    assert crowd.residual_low is None
    wider = fit(honest_crowd(220, 50), CROWD, 11_000).scales["aesthetic"]
    assert wider.residual_low is not None
    assert wider.residual_middle is not None
    assert wider.residual_low < wider.residual_middle


def test_dice_do_not_make_the_crowd() -> None:
    honest = honest_crowd(60, 60)
    fakes = [{"aesthetic": kept_of(*dice(60, 100 + seed))} for seed in range(15)]
    alone, mixed = (fit(each, CROWD, 1).scales["aesthetic"] for each in (honest, honest + fakes))
    assert mixed.honest == pytest.approx(0.8, abs=0.1)
    assert mixed.typical == pytest.approx(alone.typical, rel=0.35)
    yard = Yardstick.of(AESTHETIC, mixed)
    assert all(yard.believe(each["aesthetic"]).honest < 0.1 for each in fakes)
    assert all(yard.believe(each["aesthetic"]).honest > 0.9 for each in honest)


def test_few_answers_leave_the_crowd_as_it_was() -> None:
    few = honest_crowd(1, FEWEST_ANSWERS - 1)
    assert fit(few, CROWD, 99).scales == CROWD.scales
    assert fit([], CROWD, 0).scales == CROWD.scales


def test_raters_without_any_variation_break_nothing() -> None:
    flat = {
        "artifacts": compared(Record(), *[(0, 0.0)] * 50, scale="artifacts").agreement["artifacts"]
    }
    crowd = fit([flat] * 10, CROWD, 500).scales["artifacts"]
    figures = [
        crowd.centre,
        crowd.between,
        crowd.typical,
        crowd.spread,
        crowd.size,
        crowd.size_width,
    ]
    assert all(math.isfinite(each) for each in figures)
    belief = Yardstick.of(ARTIFACTS, crowd).believe(flat["artifacts"])
    assert math.isfinite(belief.weight(crowd))
    assert math.isfinite(Yardstick.of(ARTIFACTS, crowd).llr(flat["artifacts"], belief))


def test_a_crowd_is_the_same_from_its_text() -> None:
    learned = fit(honest_crowd(30, 40), CROWD, 1_200)
    assert Crowd.from_json(json.loads(json.dumps(learned.to_json()))) == learned
    assert Crowd.from_json(json.loads(json.dumps(CROWD.to_json()))) == CROWD


def test_every_scale_that_is_rated_has_a_crowd() -> None:
    assert set(CROWD.scales) == set(RATED)
