"""What is kept of a rater: constant in size, the same after a restart, the same in any order."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trust.rules.agreement import GROUPS, WINDOW, Agreement, Compared, Sums, decoded
from bot.trust.rules.answers import Gold, GoldSums, Repeats
from bot.trust.rules.buttons import LONG_RUN, Buttons
from bot.trust.rules.pace import KEPT, LONGEST, Pace
from bot.trust.rules.record import Record, agreement_of
from bot.trust.rules.scales import RATED
from bot.trust.rules.shelf import MOST_RECORDS, Shelf
from storage.rule_records import KeptRecord
from tests.rules.sights import SECOND, compared, looking, pressed

LEVELS = st.lists(st.integers(0, 9), max_size=60)
VOTES = st.builds(
    Compared,
    st.integers(1, 10),
    st.integers(1_000, 10_000),
    st.integers(0, 20_000),
    st.integers(0, GROUPS - 1),
)


def buttons(levels: list[int], usual: int | None = None) -> Buttons:
    found = Buttons.none(10)
    for level in levels:
        found = found.after(level, usual=usual)
    return found


@given(LEVELS)
def test_buttons_count_what_was_pressed(levels: list[int]) -> None:
    found = buttons(levels)
    assert list(found.pressed) == [levels.count(level) for level in range(10)]
    assert found.answers == len(levels)
    most = max(found.pressed)
    assert found.share() == (most / len(levels) if levels else 0)


@given(LEVELS, st.integers(0, 9))
def test_a_button_may_be_left_out_of_the_share(levels: list[int], but: int) -> None:
    others = [levels.count(level) for level in range(10) if level != but]
    assert buttons(levels).share(but) == (max(others) / len(levels) if levels else 0)


def test_a_long_run_is_noted_with_its_end() -> None:
    found = buttons([3] * (LONG_RUN - 1))
    assert found.long_run == 0
    found = buttons([1, *[3] * LONG_RUN])
    assert (found.long_run, found.long_run_at) == (LONG_RUN, LONG_RUN + 1)
    longer = found.after(3)
    assert (longer.long_run, longer.long_run_at) == (LONG_RUN + 1, LONG_RUN + 2)
    broken = longer.after(4).after(3)
    assert (broken.run, broken.long_run, broken.long_run_at) == (1, LONG_RUN + 1, LONG_RUN + 2)


def test_a_run_of_the_usual_button_is_none() -> None:
    assert buttons([0] * 50, usual=0).long_run == 0
    assert buttons([0] * 50, usual=1).long_run == 50
    assert buttons([*[0] * 30, *[2] * LONG_RUN], usual=0).long_run == LONG_RUN


def test_slips_are_no_used_buttons() -> None:
    found = buttons([1, 4, 7] * 40 + [9])
    assert found.used(0.02) == 3
    assert found.used(0.0) == 4


def test_private_times_count_from_the_showing() -> None:
    pace = Pace().after(10 * SECOND, first=True, shown_at=7 * SECOND)
    assert (pace.shown, pace.between) == ((300,), ())
    assert pace.after(12 * SECOND, first=False, shown_at=7 * SECOND).shown == (300,)


def test_public_times_count_from_the_answer_before() -> None:
    pace = Pace().after(10 * SECOND, first=True, shown_at=None)
    assert pace.between == ()  # nobody knows since when they looked
    pace = pace.after(11 * SECOND, first=False, shown_at=None)
    assert pace.after(15 * SECOND, first=True, shown_at=None).between == (400,)


def test_a_clock_set_back_makes_no_time() -> None:
    pace = Pace().after(10 * SECOND, first=True, shown_at=11 * SECOND)
    assert pace.shown == ()
    assert pace.after(9 * SECOND, first=True, shown_at=None).between == ()


def test_the_median_needs_enough_times() -> None:
    pace = Pace()
    for number in range(1, 11):
        assert pace.median_shown(10) is None
        pace = pace.after(number * 100 * SECOND, first=True, shown_at=number * 99 * SECOND)
    assert pace.median_shown(10) == 5
    assert pace.median_between(1) is None


@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_times_are_few_and_bounded(taken: list[int]) -> None:
    pace = Pace()
    for each in taken:
        pace = pace.after(10**10 + each, first=True, shown_at=10**10)
    assert len(pace.shown) <= KEPT
    assert all(0 <= each <= LONGEST for each in pace.shown)
    assert pace.shown[-1:] == tuple(min(each // 10_000, LONGEST) for each in taken[-1:])


@given(st.lists(VOTES, max_size=60), st.randoms(use_true_random=False))
def test_sums_and_table_are_the_same_in_any_order(votes: list[Compared], random: Random) -> None:
    one = two = Agreement.none(10)
    for vote in votes:
        one = one.after(vote, vote.score - 1)
    random.shuffle(votes)
    for vote in votes:
        two = two.after(vote, vote.score - 1)
    assert (one.sums, one.table) == (two.sums, two.table)
    assert sum(one.table) == one.sums.n == len(votes)


@given(st.lists(VOTES, max_size=90))
def test_the_window_has_the_newest_answers_alone(votes: list[Compared]) -> None:
    agreement = Agreement.none(10)
    for vote in votes:
        agreement = agreement.after(vote, vote.score - 1)
    newest = [(vote.score, vote.expected) for vote in votes[-WINDOW:]]
    assert [decoded(each) for each in agreement.recent] == newest
    assert agreement.window == Sums(
        len(newest),
        sum(y for y, _ in newest),
        sum(y * y for y, _ in newest),
        sum(c for _, c in newest),
        sum(c * c for _, c in newest),
        sum(c**3 for _, c in newest),
        sum(c**4 for _, c in newest),
        sum(y * c for y, c in newest),
    )


def test_gold_counts_what_is_known() -> None:
    gold = Gold.of(
        [{"aesthetic": (7, 8, 10), "artifacts": (0, 0, 1)}, {"aesthetic": (2, 1, 3)}, {}]
    )
    assert (gold.images, gold.asked, gold.wrong) == (2, 3, 1)
    assert gold.share_wrong == pytest.approx(1 / 3)
    assert Gold().share_wrong == 0


def test_the_correlation_with_gold_needs_answers_that_vary() -> None:
    right = [{"aesthetic": (low + 1, low, low + 2)} for low in (1, 2, 7, 8)]
    assert Gold.of(right).correlation(4) == pytest.approx(1)
    assert Gold.of(right).correlation(5) is None
    assert Gold.of([{"aesthetic": (5, low, low)} for low in (1, 2, 7, 8)]).correlation(4) == 0
    alike = [{"aesthetic": (value, 8, 10)} for value in (1, 5, 9, 10)]
    assert Gold.of(alike).correlation(4) is None  # nothing can be said
    mixed = [{**one, "artifacts": (3, 0, 0)} for one in right]
    assert Gold.of(mixed).correlation(4) == 1
    flat = [{**one, "aesthetic": (5, 1, 1 + n)} for n, one in enumerate(mixed)]
    assert Gold.of(flat).correlation(4) == 0


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 5), st.integers(5, 10)), min_size=1))
def test_correlations_stay_in_their_range(rows: list[tuple[int, int, int]]) -> None:
    sums = GoldSums()
    for row in rows:
        sums = sums.after(*row)
    found = sums.correlation()
    assert (found is None) == (len({low + high for _, low, high in rows}) == 1)
    assert found is None or -1.000001 <= found <= 1.000001


def test_repeats_add_up_shares_of_the_scale() -> None:
    widths = {"aesthetic": 9, "artifacts": 5}
    repeats = Repeats.of([{"aesthetic": 3, "artifacts": 0}, {}, {"artifacts": 1}], widths, 7)
    assert (repeats.images, repeats.answers, repeats.last_at) == (2, 3, 7)
    assert repeats.share_off == pytest.approx((1 / 3 + 1 / 5) / 3, abs=1e-3)
    assert Repeats.of([], widths, 0).share_off == 0


def full_record(votes: int) -> Record:
    record = Record()
    for number in range(votes):
        at = (number + 1) * 10**13
        record = record.pressed(
            RATED["aesthetic"], number % 10 + 1, at, first=True, shown_at=at - 10**9
        )
        record = record.pressed(RATED["artifacts"], 5, at + 1, first=False, shown_at=None)
        for scale in RATED.values():
            vote = Compared(scale.high, scale.high * 1_000, 30_000, number % GROUPS)
            record = record.compared(scale, vote)
    return record


def test_a_record_is_the_same_from_its_text() -> None:
    record = full_record(70)
    assert Record.of(record.votes, record.states(), record.agreements()) == record
    assert agreement_of(record.agreements()) == record.agreement
    assert Record.of(0, Record().states(), Record().agreements()) == Record()


def test_a_record_does_not_grow() -> None:
    def size(record: Record) -> int:
        return len(record.states()) + len(record.agreements())

    assert size(full_record(2_000)) <= size(full_record(60)) + 80  # digits of sums alone
    assert size(full_record(2_000)) < 2_500


def test_the_shelf_gives_what_the_database_has() -> None:
    shelf, record = Shelf(), compared(pressed(Record(), 1, 2, 3), *looking(3))
    kept = KeptRecord(record.votes, record.states(), record.agreements())
    shelf.keep(7, kept, record)
    assert shelf.record(7, kept) is record
    assert shelf.record(8, kept) == record
    assert shelf.record(7, KeptRecord(1, "[]", "{}")) is None
    older = KeptRecord(0, Record().states(), Record().agreements())
    assert shelf.record(7, older) == Record()


def test_the_shelf_is_bounded() -> None:
    shelf, record = Shelf(), Record()
    kept = KeptRecord(0, record.states(), record.agreements())
    for number in range(MOST_RECORDS + 5):
        shelf.keep(number, kept, record)
    assert shelf.record(0, kept) is not record
    assert shelf.record(5, kept) is record
