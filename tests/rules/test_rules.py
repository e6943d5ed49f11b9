"""Each rule finds what it is for, and nothing before it may."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import LANGUAGES, Texts
from bot.trust.rules.accounts import Burst, NewAccount
from bot.trust.rules.answers import Gold, Repeats
from bot.trust.rules.company import Pair
from bot.trust.rules.controls import GoldFailures, OtherSecondAnswers
from bot.trust.rules.copying import TooGood
from bot.trust.rules.habits import FewValues, SameButton, SameInARow
from bot.trust.rules.haste import TooFast
from bot.trust.rules.looking import Disagreement, Independence, Lapse
from bot.trust.rules.record import Record
from bot.trust.rules.rule import Account, Act, Before, Finding, Measure, PairFigure, Rule, Sight
from bot.trust.rules.ruleset import BY_NAME, RULES, look, looking_again
from bot.trust.rules.solitude import Alone
from bot.trust.rules.wording import explain
from tests.rules.sights import compared, dice, looking, pressed, sight, timed, yards

NEVER, FOUND, HELD = Before(), Before(found=True), Before(found=True, held=True)
WORST = [(10 if expected < 5 else 1, expected) for _, expected in looking(60)]
"""Whoever answers the opposite of what is expected."""


def asked(rule: Rule, seen: Sight, before: Before = NEVER) -> set[Act] | None:
    """Return what the rule asks for, None where it finds nothing."""
    finding = rule.finding(seen, before)
    return None if finding is None else set(finding.acts)


def of_buttons(*values: int, scale: str = "aesthetic") -> Sight:
    return sight(pressed(Record(), *values, scale=scale))


def test_one_button_is_found_from_twenty_answers() -> None:
    assert asked(SameButton(), of_buttons(*[7] * 19)) is None
    assert asked(SameButton(), of_buttons(*[7] * 20)) == {Act.CAPTCHA}
    finding = SameButton().finding(of_buttons(*[7] * 17, 1, 2, 3), NEVER)
    assert finding == Finding("same_button", 0.85, frozenset({Act.CAPTCHA}))
    assert asked(SameButton(), of_buttons(*[7] * 16, 1, 2, 3, 4)) is None


def test_one_button_stays_found_a_little_longer() -> None:
    rarely = of_buttons(*[7] * 41, *[2] * 9)
    assert asked(SameButton(), rarely) is None
    assert asked(SameButton(), rarely, FOUND) == {Act.CAPTCHA}
    assert asked(SameButton(), of_buttons(*[7] * 39, *[2] * 11), FOUND) is None


def test_one_button_alone_holds_nothing() -> None:
    assert asked(SameButton(), of_buttons(*[7] * 200)) == {Act.CAPTCHA}


def test_one_button_and_no_agreement_hold_from_fifty() -> None:
    flat = [(7, expected) for _, expected in looking(60)]
    record = compared(pressed(Record(), *[7] * 60), *flat)
    assert asked(SameButton(), sight(record)) == {Act.CAPTCHA, Act.HOLD}
    once = sight(record, doubted_before=False)
    assert asked(SameButton(), once) == {Act.CAPTCHA}
    assert asked(SameButton(), once, HELD) == {Act.CAPTCHA, Act.HOLD}
    assert asked(SameButton(), sight(record, votes=49)) == {Act.CAPTCHA}
    few = compared(pressed(Record(), *[7] * 60), *flat[:49])
    assert asked(SameButton(), sight(few)) == {Act.CAPTCHA}
    assert asked(SameButton(), sight(record, votes=100)) == {Act.CAPTCHA, Act.HOLD, Act.LOOK}


def test_one_button_and_wrong_gold_hold_too() -> None:
    """Where agreement is low, too: who goes along and likes little gets the good half wrong."""
    flat = [(7, expected) for _, expected in looking(60)]
    habit = pressed(Record(), *[7] * 50)
    record = compared(habit, *flat[:30])
    wrong = Gold(images=5, asked=6, wrong=3)
    assert asked(SameButton(), sight(replace(record, gold=wrong))) == {Act.CAPTCHA, Act.HOLD}
    for gold in (replace(wrong, images=4), replace(wrong, wrong=2)):
        assert asked(SameButton(), sight(replace(record, gold=gold))) == {Act.CAPTCHA}
    for other in (habit, compared(habit, *flat[:19]), compared(habit, *looking(60))):
        assert asked(SameButton(), sight(replace(other, gold=wrong))) == {Act.CAPTCHA}


def test_flawless_pictures_are_no_habit() -> None:
    flawless = pressed(Record(), *[0] * 300, scale="artifacts")
    for rule in (SameButton(), SameInARow(), FewValues()):
        assert asked(rule, sight(flawless)) is None
    ruined = pressed(Record(), *[5] * 30, scale="artifacts")
    assert asked(SameButton(), sight(ruined)) == {Act.CAPTCHA}
    assert asked(SameInARow(), sight(ruined)) == {Act.CAPTCHA}


def test_a_row_of_one_button_is_noticed_for_a_while() -> None:
    row = [*[1, 2, 3] * 4, *[7] * 12]
    assert asked(SameInARow(), of_buttons(*row)) == {Act.CAPTCHA}
    finding = SameInARow().finding(of_buttons(*row, 7), NEVER)
    assert finding is not None
    assert finding.figure == 13
    assert asked(SameInARow(), of_buttons(*row, *[1, 2] * 9)) == {Act.CAPTCHA}
    assert asked(SameInARow(), of_buttons(*row, *[1, 2] * 10)) is None
    assert asked(SameInARow(), of_buttons(*[7] * 19)) is None
    assert asked(SameInARow(), of_buttons(*[7] * 11, *[1, 2] * 8)) is None


def test_whoever_uses_four_buttons_of_ten_is_found() -> None:
    four = of_buttons(*[1, 4, 7, 10] * 13)
    assert asked(FewValues(), four) == {Act.CAPTCHA}
    finding = FewValues().finding(four, NEVER)
    assert finding is not None
    assert finding.figure == 4
    assert asked(FewValues(), of_buttons(*[1, 4, 7, 10] * 12)) is None  # 48 answers
    assert asked(FewValues(), of_buttons(*[1, 3, 5, 7, 10] * 11)) is None
    slip = of_buttons(*[1, 4, 7, 10] * 25, 5)
    assert asked(FewValues(), slip) == {Act.CAPTCHA}


def test_who_answers_before_looking_is_too_fast() -> None:
    assert asked(TooFast(), sight(timed(*[1.4] * 10))) == {Act.CAPTCHA}
    assert asked(TooFast(), sight(timed(*[1.4] * 9))) is None
    assert asked(TooFast(), sight(timed(*[1.6] * 10))) is None
    assert asked(TooFast(), sight(timed(*[1.6] * 10)), FOUND) == {Act.CAPTCHA}
    assert asked(TooFast(), sight(timed(*[1.9] * 10)), FOUND) is None
    half = timed(*[0.5, 4.0] * 10)
    assert asked(TooFast(), sight(half)) == {Act.CAPTCHA}
    assert asked(TooFast(), sight(timed(*[0.5, 4.0, 5.0] * 7))) is None


def test_in_public_the_limit_is_lower() -> None:
    assert asked(TooFast(), sight(timed(*[1.2] * 20, private=False))) is None
    assert asked(TooFast(), sight(timed(*[0.9] * 20, private=False))) == {Act.CAPTCHA}
    finding = TooFast().finding(sight(timed(*[0.9] * 20, private=False)), NEVER)
    assert finding is not None
    assert finding.figure == 0.9


def test_low_agreement_raises_gold_alone() -> None:
    seen = sight(compared(Record(), *dice(60)), votes=60)
    assert asked(Disagreement(), seen) == set()
    assert Disagreement().gold_percent == 20
    assert asked(Disagreement(), sight(compared(Record(), *looking(60)))) is None
    assert asked(Disagreement(), sight(compared(Record(), *WORST[:19]))) is None
    assert asked(Disagreement(), sight(compared(Record(), *WORST[:20]))) == set()


def test_independence_wants_both_signals() -> None:
    seen = sight(compared(Record(), *WORST), votes=60)
    assert seen.belief("aesthetic").honest < 0.05
    assert asked(Independence(), seen) == {Act.CAPTCHA}
    assert asked(Independence(), seen, FOUND) == {Act.CAPTCHA, Act.HOLD}
    older = replace(seen, votes=100)
    assert asked(Independence(), older, FOUND) == {Act.CAPTCHA, Act.HOLD, Act.LOOK}
    flat = compared(Record(), *[(7, c) for _, c in looking(60)])
    seen = sight(flat, votes=60, crowd=yards(llr_low=-0.05))
    assert seen.belief("aesthetic").honest < 0.05
    assert abs(seen.llr("aesthetic")) < 0.05  # one button is neither for nor against
    assert asked(Independence(), seen) is None
    assert asked(Independence(), sight(compared(Record(), *looking(60)), votes=60)) is None


def test_independence_that_weakens_goes_on_and_begins_no_hold() -> None:
    seen = sight(compared(Record(), *dice(80, 11)), votes=90)
    assert 0.05 <= seen.belief("aesthetic").honest < 0.2
    assert seen.llr("aesthetic") < 0
    assert asked(Independence(), seen) is None
    assert asked(Independence(), seen, FOUND) == {Act.CAPTCHA}
    assert asked(Independence(), seen, HELD) == {Act.CAPTCHA, Act.HOLD}
    cleared = sight(compared(Record(), *dice(80, 11), *looking(200, 2)), votes=280)
    assert asked(Independence(), cleared, HELD) is None


def test_an_answer_on_gold_ends_a_hold_of_independence_and_begins_nothing() -> None:
    worst, weaker = compared(Record(), *WORST), compared(Record(), *dice(80, 11))
    right = Gold.of([{"aesthetic": (low + 1, low, low + 2)} for low in (1, 2, 7, 8)] * 3)
    for record in (worst, weaker):
        seen = sight(record, votes=90, compared_anew=False)
        assert asked(Independence(), seen) is None
        assert asked(Independence(), seen, FOUND) == set()
        assert asked(Independence(), seen, HELD) == {Act.HOLD}
        seen = sight(replace(record, gold=right), votes=100, compared_anew=False)
        assert asked(Independence(), seen, HELD) == {Act.LOOK}
    cleared = compared(Record(), *dice(80, 11), *looking(200, 2))
    assert asked(Independence(), sight(cleared, compared_anew=False), HELD) is None


def test_nobody_is_independent_before_fifty_answers() -> None:
    assert asked(Independence(), sight(compared(Record(), *WORST[:49]), votes=300)) is None
    assert asked(Independence(), sight(compared(Record(), *WORST[:50]), votes=50)) is not None


def test_independence_is_below_what_sound_raters_reach() -> None:
    record = compared(Record(), *WORST)
    llr = sight(record).llr("aesthetic")
    lower = yards(llr_low=llr - 0.01)
    assert asked(Independence(), sight(record, votes=60, crowd=lower)) is None
    assert asked(Independence(), sight(record, votes=60, crowd=lower), FOUND) is not None
    higher = yards(llr_low=0.5)  # evidence for looking is never held against anybody
    assert asked(Independence(), sight(record, votes=60, crowd=higher)) is not None
    sound = sight(compared(Record(), *looking(60)), votes=60, crowd=higher)
    assert asked(Independence(), sound) is None


def test_who_stops_looking_is_asked_and_not_held() -> None:
    record = compared(Record(), *looking(200), *WORST[:40])
    assert asked(Independence(), sight(record, votes=240)) is None
    assert asked(Lapse(), sight(record, votes=240)) == {Act.CAPTCHA}
    assert asked(Lapse(), sight(compared(Record(), *looking(240)), votes=240)) is None
    assert asked(Lapse(), sight(compared(Record(), *WORST[:39]), votes=240)) is None


def test_answers_nearer_than_people_come_are_too_good() -> None:
    copied = [(round(expected), expected) for _, expected in looking(60)]
    crowd = yards(residual_low=0.6, residual_middle=1.2)
    record = compared(Record(), *copied)
    assert asked(TooGood(), sight(record, crowd=crowd)) == {Act.CAPTCHA}
    assert asked(TooGood(), sight(compared(Record(), *looking(60)), crowd=crowd)) is None
    assert asked(TooGood(), sight(compared(Record(), *copied[:49]), crowd=crowd)) is None
    small = yards(residual_middle=1.2)
    assert asked(TooGood(), sight(record, crowd=small)) == {Act.CAPTCHA}
    assert asked(TooGood(), sight(record)) is None  # nobody to compare with


def test_unrelated_gold_answers_are_found_from_ten() -> None:
    unrelated = [{"aesthetic": (value, low, low + 2)} for value in (2, 9) for low in (1, 2, 7, 8)]
    gold = Gold.of([*unrelated, *unrelated])
    assert gold.correlation(10) == pytest.approx(0)
    record = replace(Record(votes=30), gold=gold)
    assert asked(GoldFailures(), sight(record)) == {Act.CAPTCHA}
    few = replace(record, gold=Gold.of([*unrelated, unrelated[0]]))
    assert asked(GoldFailures(), sight(few)) is None
    right = Gold.of([{"aesthetic": (low + 1, low, low + 2)} for low in (1, 2, 7, 8)] * 3)
    assert asked(GoldFailures(), sight(replace(record, gold=right))) is None


def test_half_of_gold_wrong_is_found_though_it_goes_along() -> None:
    high = [{"aesthetic": (low + 3, low, low + 2)} for low in (1, 2, 6, 7)] * 3
    record = replace(Record(votes=300), gold=Gold.of(high))
    assert asked(GoldFailures(), sight(record)) == {Act.CAPTCHA}
    near = [{"aesthetic": (low + 1, low, low + 2)} for low in (1, 2, 6, 7)] * 2
    few_wrong = replace(record, gold=Gold.of([*high[:6], *near[1:]]))
    assert 0.4 < few_wrong.gold.share_wrong < 0.5
    assert asked(GoldFailures(), sight(few_wrong)) is None
    assert asked(GoldFailures(), sight(few_wrong), FOUND) == {Act.CAPTCHA}


def test_flaws_at_random_are_found_beside_liking_that_is_right() -> None:
    liking = [{"aesthetic": (low + 1, low, low + 2)} for low in (1, 2, 7, 8)] * 3
    flaws = [{"artifacts": (5 * (n // 2 % 2), low, low + 1)} for n, low in enumerate((0, 4) * 6)]
    gold = Gold.of([{**one, **other} for one, other in zip(liking, flaws, strict=True)])
    assert gold.share_wrong < 0.4
    finding = GoldFailures().finding(sight(replace(Record(votes=99), gold=gold)), NEVER)
    assert finding == Finding("gold_failures", 0.5, frozenset({Act.CAPTCHA}))
    assert asked(GoldFailures(), sight(replace(Record(votes=100), gold=gold))) == {
        Act.CAPTCHA,
        Act.LOOK,
    }
    few = Gold.of(
        [*({**one, **other} for one, other in zip(liking[:9], flaws, strict=False)), *liking]
    )
    assert asked(GoldFailures(), sight(replace(Record(votes=100), gold=few))) is None


def test_a_person_looks_where_gold_and_agreement_both_fail() -> None:
    unrelated = [{"aesthetic": (value, low, low + 2)} for value in (2, 9) for low in (1, 2, 7, 8)]
    gold = Gold.of([*unrelated, *unrelated])
    record = replace(compared(Record(), *WORST), gold=gold)
    assert asked(GoldFailures(), sight(record, votes=50)) == {Act.CAPTCHA, Act.LOOK}
    assert asked(GoldFailures(), sight(record, votes=49)) == {Act.CAPTCHA}
    once = sight(record, votes=50, doubted_before=False)
    assert asked(GoldFailures(), once) == asked(GoldFailures(), once, FOUND) == {Act.CAPTCHA}
    agreeing = replace(compared(Record(), *looking(60)), gold=gold)
    assert asked(GoldFailures(), sight(agreeing, votes=60)) == {Act.CAPTCHA}


def test_a_person_looks_at_one_button_that_could_not_be_compared() -> None:
    flat = [(7, expected) for _, expected in looking(60)]
    habit = pressed(Record(), *[7] * 100)
    for few in (habit, compared(habit, *flat[:49])):
        assert asked(Alone(), sight(few)) == {Act.LOOK}
        assert asked(Alone(), sight(few, votes=99)) is None
    assert asked(Alone(), sight(compared(habit, *looking(60)))) is None
    assert asked(Alone(), of_buttons(*[7] * 84, *[2] * 16)) is None
    right = [{"aesthetic": (low + 1, low, low + 2)} for low in (1, 2, 7, 8)]
    assert asked(Alone(), sight(replace(habit, gold=Gold.of(right * 2)))) == {Act.LOOK}
    assert asked(Alone(), sight(replace(habit, gold=Gold.of(right * 3)))) is None


def test_a_person_looks_at_wrong_gold_that_nothing_can_be_compared_with() -> None:
    wrong = Gold.of([{"aesthetic": (9 - low, low, low)} for low in (1, 8)] * 5)
    record = replace(Record(votes=100), gold=wrong)
    assert asked(Alone(), sight(record)) == {Act.LOOK}
    assert asked(Alone(), sight(record, votes=99)) is None
    assert asked(Alone(), sight(replace(record, gold=replace(wrong, images=9)))) is None
    unrelated = [{"aesthetic": (value, low, low + 8)} for value in (2, 9) for low in (1, 2)] * 3
    assert not Gold.of(unrelated).wrong
    assert asked(Alone(), sight(replace(record, gold=Gold.of(unrelated)))) == {Act.LOOK}
    flawless = Gold.of([{"aesthetic": (5, 4, 6)}] * 12)  # of which no correlation says anything
    assert asked(Alone(), sight(replace(record, gold=flawless))) is None
    agreeing = replace(compared(Record(), *looking(60)), gold=wrong)
    assert asked(Alone(), sight(agreeing, votes=100)) is None


def test_wrong_answers_that_go_along_are_nobody_to_look_at() -> None:
    """Who is strict by some points gets gold wrong, and is no case by that."""
    strict = [{"aesthetic": (value - 4, value, value + 1)} for value in (5, 6, 7, 8, 9)]
    gold = Gold.of([*strict, *strict])
    assert gold.share_wrong == 1
    record = replace(compared(Record(), *WORST), gold=gold)
    assert asked(GoldFailures(), sight(record, votes=60)) == {Act.CAPTCHA}


def test_second_answers_far_from_the_first_raise_gold() -> None:
    off = Repeats(images=5, answers=10, off=2_800)
    assert asked(OtherSecondAnswers(), sight(Record(repeats=off))) == set()
    for nothing in (replace(off, images=4), replace(off, off=2_790)):
        assert asked(OtherSecondAnswers(), sight(Record(repeats=nothing))) is None
    assert (
        asked(OtherSecondAnswers(), sight(Record(repeats=replace(off, off=2_500))), FOUND) == set()
    )


def test_an_account_of_some_days_is_new() -> None:
    assert asked(NewAccount(), sight(Record(votes=1), account=Account(6.9))) == {Act.CAPTCHA}
    assert asked(NewAccount(), sight(Record(votes=1), account=Account(7.0))) is None
    assert NewAccount().gold_percent == 10


def test_many_beside_somebody_are_a_burst() -> None:
    assert asked(Burst(), sight(Record(votes=1), account=Account(900, 5))) == {Act.CAPTCHA}
    assert asked(Burst(), sight(Record(votes=1), account=Account(900, 4))) is None
    assert asked(Burst(), sight(Record(votes=101), account=Account(900, 50))) is None


def test_pairs_are_looked_at_from_a_hundred_votes() -> None:
    pair = PairFigure(9.0, 6.0)
    assert asked(Pair(), sight(Record(votes=100), pair=pair)) == {Act.LOOK}
    assert asked(Pair(), sight(Record(votes=99), pair=pair)) is None
    assert asked(Pair(), sight(Record(votes=100), pair=PairFigure(5.9, 6.0))) is None
    assert asked(Pair(), sight(Record(votes=100))) is None


ANSWERS = st.lists(st.tuples(st.integers(1, 10), st.floats(1, 10)), max_size=49)


@given(
    ANSWERS,
    st.lists(st.integers(0, 5), max_size=49),
    st.integers(0, 49),
    st.integers(0, 60),
    st.sampled_from([NEVER, FOUND, HELD]),
)
def test_no_rule_holds_or_asks_people_before_fifty(
    answers: list[tuple[int, float]], flaws: list[int], votes: int, gold: int, before: Before
) -> None:
    record = compared(pressed(Record(), *(score for score, _ in answers)), *answers)
    record = pressed(record, *flaws, scale="artifacts")
    record = replace(record, votes=votes, gold=Gold(gold, gold, gold), repeats=Repeats(9, 9, 9_000))
    seen = sight(record, account=Account(0.1, 90), pair=PairFigure(99, 1))
    for rule in RULES:
        finding = rule.finding(seen, before)
        assert finding is None or not finding.acts & {Act.HOLD, Act.LOOK}


@given(st.integers(0, 3_000))
def test_nothing_is_found_of_a_newcomer_with_an_old_account(days: int) -> None:
    seen = sight(pressed(Record(), 7), account=Account(7.0 + days))
    assert look(RULES, seen, {}) == {}


def test_every_rule_has_a_word_and_a_sentence() -> None:
    assert len(BY_NAME) == len(RULES)
    texts = Texts.load()
    for rule in RULES:
        assert rule.name.isidentifier()
        for language in LANGUAGES:
            said = explain(texts, rule.name, 0.85, language)
            shown = texts.number(0.85 * rule.figure.factor, language, digits=rule.figure.digits)
            assert shown in said
            assert len(said) <= 200
    assert explain(texts, "same_button", 0.854, "de").startswith("Ein einziger Knopf macht 85 %")
    assert explain(texts, "of_former_times", 1, "en") == "of_former_times"


def test_rules_look_again_where_something_changed() -> None:
    assert looking_again(frozenset()) == ()
    names = {rule.name for rule in looking_again(frozenset({Measure.BUTTONS}))}
    assert names == {"same_button", "same_in_a_row", "few_values", "alone"}
    every = looking_again(frozenset(Measure))
    assert every == RULES


def test_what_is_no_more_is_told_to_whom_it_was_told() -> None:
    seen = sight(pressed(Record(), *[1, 5, 9, 3, 7, 2] * 10))
    found = look(RULES, seen, {"same_button": FOUND})
    assert found == {"same_button": None}
