"""What follows from findings: the whole table."""

from __future__ import annotations

import ast
from datetime import timedelta
from itertools import chain, combinations, product
from pathlib import Path

import pytest

import bot.trust.rules
from bot.trust.rules.acting import (
    CAPTCHA_AGAIN,
    JUST_PASSED,
    LEAST_VOTES,
    Judged,
    before_of,
    decide,
)
from bot.trust.rules.rule import Act, Before, Finding
from storage.findings import KeptFinding
from tests.rating.world import NOON

RULE = "independence"
SETS = [frozenset(some) for many in range(4) for some in combinations(Act, many)]
BEFORE = [
    None,
    *(
        KeptFinding(RULE, 0.5, 10, NOON - timedelta(days=1), held=held, queued_at=queued)
        for held, queued in product((False, True), (None, 50))
    ),
]
VOTES = (0, 19, 20, 49, 50, 59, 60, 100, 1_000)


@pytest.mark.parametrize("status", ["normal", "validated"])
@pytest.mark.parametrize("votes", VOTES)
@pytest.mark.parametrize("acts", SETS, ids=lambda acts: "+".join(sorted(acts)) or "gold")
def test_every_case(acts: frozenset[Act], votes: int, status: Judged) -> None:
    for kept, asked in product(BEFORE, (None, 10)):
        before = {} if kept is None else {RULE: kept}
        finding = Finding(RULE, -0.3, acts)
        decision = decide(
            before, {RULE: finding}, votes=votes, status=status, now=NOON, asked_at=asked
        )
        young, vouched = votes < LEAST_VOTES, status == "validated"
        holds = Act.HOLD in acts and not young and not vouched
        looks = not young and (Act.LOOK in acts or (Act.HOLD in acts and vouched))
        held, queued = kept is not None and kept.held, None if kept is None else kept.queued_at
        asks = Act.CAPTCHA in acts and (asked is None or votes >= asked + CAPTCHA_AGAIN)
        assert decision.captcha == (RULE if asks else None)
        assert decision.place == ([RULE] if holds and not held else [])
        assert decision.lift == ([RULE] if held and not holds else [])
        calls = looks and (queued is None or votes >= 2 * queued)
        assert decision.look == ([RULE] if calls else [])
        assert decision.gold_percent == 20
        assert decision.changed == (kept is None)
        now = decision.kept[RULE]
        assert (now.figure, now.votes) == (-0.3, votes)
        assert now.since == (NOON if kept is None else kept.since)
        assert (now.held, now.queued_at) == (holds, votes if calls else queued)


@pytest.mark.parametrize("queued", [None, 50])
def test_a_person_is_asked_once_enough_votes_followed_a_settled_case(queued: int | None) -> None:
    """Whoever was not asked meanwhile does not wait for twice as many votes."""
    finding = Finding(RULE, -0.3, frozenset({Act.HOLD, Act.LOOK}))
    before = {} if queued is None else {RULE: KeptFinding(RULE, -0.3, 50, NOON, queued_at=queued)}
    early = decide(before, {RULE: finding}, votes=120, status="normal", now=NOON, settled_at=60)
    assert (early.look, early.place) == ([], [RULE])
    assert early.kept[RULE].queued_at == queued
    late = decide(early.kept, {RULE: finding}, votes=160, status="normal", now=NOON, settled_at=60)
    assert late.look == [RULE]
    assert late.kept[RULE].queued_at == 160


@pytest.mark.parametrize(
    ("since", "asks"),
    [(None, True), (0, False), (JUST_PASSED - 1, False), (JUST_PASSED, True), (60, True)],
)
@pytest.mark.parametrize("before", [{}, {RULE: KeptFinding(RULE, -0.3, 30, NOON)}])
def test_no_rule_asks_for_a_captcha_just_after_one_that_was_passed(
    before: dict[str, KeptFinding], since: int | None, *, asks: bool
) -> None:
    """Whoever asked for that one, and however many rules find something."""
    found = {
        name: Finding(name, 1.0, frozenset({Act.CAPTCHA})) for name in (RULE, "too_fast", "burst")
    }
    decision = decide(before, found, votes=90, status="normal", now=NOON, since_pass=since)
    assert (decision.captcha is not None) == asks
    assert decision.kept.keys() == found.keys()


@pytest.mark.parametrize(("votes", "asks"), [(79, False), (80, True)])
@pytest.mark.parametrize("before", [{}, {RULE: KeptFinding(RULE, 1.0, 30, NOON)}])
def test_rules_ask_once_in_fifty_votes(
    before: dict[str, KeptFinding], votes: int, *, asks: bool
) -> None:
    """Be it a finding that stands, or a new one where another one asked and has ended since."""
    finding = Finding(RULE, 1.0, frozenset({Act.CAPTCHA}))
    decision = decide(
        before, {RULE: finding}, votes=votes, status="normal", now=NOON, asked_at=30, since_pass=49
    )
    assert decision.captcha == (RULE if asks else None)


@pytest.mark.parametrize("kept", [kept for kept in BEFORE if kept is not None])
def test_a_finding_that_ends_lifts_its_own_hold(kept: KeptFinding) -> None:
    other = KeptFinding("new_account", 1.0, 10, NOON)
    before = {RULE: kept, "new_account": other}
    decision = decide(before, {RULE: None}, votes=80, status="normal", now=NOON)
    assert decision.kept == {"new_account": other}
    assert decision.lift == ([RULE] if kept.held else [])
    assert (decision.place, decision.look, decision.captcha) == ([], [], None)
    assert decision.gold_percent == 10
    assert decision.changed


def test_findings_of_rules_that_did_not_look_stand() -> None:
    kept = KeptFinding("pair", 9.0, 120, NOON, queued_at=120)
    decision = decide({"pair": kept}, {}, votes=130, status="normal", now=NOON)
    assert decision.kept == {"pair": kept}
    assert not decision.changed
    assert decision.gold_percent == 0


def test_one_captcha_answers_all_who_ask() -> None:
    found = {
        name: Finding(name, 1.0, frozenset({Act.CAPTCHA})) for name in ("too_fast", "same_button")
    }
    decision = decide({}, found, votes=30, status="normal", now=NOON)
    assert decision.captcha == "too_fast"


def test_a_hold_that_a_person_lifted_is_not_placed_again() -> None:
    held = KeptFinding(RULE, -0.3, 60, NOON, held=True)
    finding = Finding(RULE, -0.4, frozenset({Act.HOLD}))
    decision = decide({RULE: held}, {RULE: finding}, votes=70, status="normal", now=NOON)
    assert decision.place == []


def test_a_rater_who_is_validated_is_released_and_shown() -> None:
    held = KeptFinding(RULE, -0.3, 60, NOON, held=True)
    finding = Finding(RULE, -0.4, frozenset({Act.HOLD}))
    decision = decide({RULE: held}, {RULE: finding}, votes=70, status="validated", now=NOON)
    assert (decision.lift, decision.look) == ([RULE], [RULE])


def test_rules_hear_what_was_found_before() -> None:
    kept = {RULE: KeptFinding(RULE, 1.0, 5, NOON, held=True)}
    assert before_of(kept) == {RULE: Before(found=True, held=True)}


def test_a_rule_of_former_times_asks_for_no_gold() -> None:
    kept = {"former": KeptFinding("former", 1.0, 5, NOON)}
    assert decide(kept, {}, votes=9, status="normal", now=NOON).gold_percent == 0


def test_no_rule_can_ban() -> None:
    """The package knows `storage.raters` by its types alone, and nothing that takes votes out."""
    folder = Path(bot.trust.rules.__file__).parent
    trees = [ast.parse(path.read_text("utf-8")) for path in folder.glob("*.py")]
    nodes = list(chain.from_iterable(map(ast.walk, trees)))
    imported = {
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    imported |= {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    assert "storage.holds" in imported  # it is looked at what is there
    writing = ("storage.raters", "storage.void", "bot.trust.ban", "bot.trust.moderation")
    known = {"storage.raters.RaterStatus"}
    assert not [each for each in imported - known if each.startswith(writing)]
    called = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert not called & {"set_status", "ban", "void_vote"}
