"""What follows from what was found: one decision a rater, and nothing that people must decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from bot.trust.asking import LOOK_AGAIN, LOOK_AGAIN_AT
from bot.trust.rules.looking import Disagreement
from bot.trust.rules.rule import DOUBTED, Act, Before, Finding
from bot.trust.rules.ruleset import BY_NAME
from storage.findings import KeptFinding
from storage.risks import UNSUSPECTED

LEAST_VOTES: Final = 20
"""Below so many votes nothing is held and nobody is queued."""

CAPTCHA_AGAIN: Final = 50
"""Votes that lie between two captchas that rules ask of one rater for, whichever they are."""

JUST_PASSED: Final = 10
"""Votes for which a captcha that a rater passed, whoever asked for it, spares them those of rules:
who was there a minute ago is there still, and another one would tell no more."""

Judged = Literal["normal", "validated"]


@dataclass(slots=True)
class Decision:
    """What is to be done for one rater.

    `kept` are the findings as they are from now on. `captcha` is the rule that asks for one now.
    `place` and `lift` are the rules whose holds begin and end, `look` those for which a person
    is to look. `changed`: a finding began or ended.
    """

    kept: dict[str, KeptFinding] = field(default_factory=dict)
    captcha: str | None = None
    place: list[str] = field(default_factory=list)
    lift: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)
    changed: bool = False

    @property
    def gold_percent(self) -> int:
        """How many showings in a hundred are to be gold: as the strictest finding asks, or none."""
        percents = (BY_NAME[name].gold_percent for name in self.kept if name in BY_NAME)
        return max(percents, default=UNSUSPECTED)


def before_of(kept: Mapping[str, KeptFinding]) -> dict[str, Before]:
    """Return what the rules are told of the last time."""
    return {name: Before(found=True, held=each.held) for name, each in kept.items()}


def was_doubted(kept: Mapping[str, KeptFinding]) -> bool:
    """Tell whether the reliability was below `DOUBTED` at the last look at the agreement."""
    disagreement = kept.get(Disagreement.name)
    return disagreement is not None and disagreement.figure < DOUBTED


def decide(
    before: Mapping[str, KeptFinding],
    looked: Mapping[str, Finding | None],
    *,
    votes: int,
    status: Judged,
    now: datetime,
    settled_at: int | None = None,
    asked_at: int | None = None,
    since_pass: int | None = None,
) -> Decision:
    """Return what follows for a rater with so many votes.

    `looked` is what the rules that looked found; the findings of others stand. Of somebody whom a
    moderator has validated nothing is held: what would be comes to the moderators, who vouched.
    `settled_at` is the number of votes in the rater's last case that people settled, `asked_at`
    that at which a rule asked for a captcha last; `since_pass` is how many votes were given since
    a captcha was passed.
    """
    spared = {
        Act.LOOK: settled_at is not None and votes - settled_at < LOOK_AGAIN,
        Act.CAPTCHA: (asked_at is not None and votes - asked_at < CAPTCHA_AGAIN)
        or (since_pass is not None and since_pass < JUST_PASSED),
    }
    at_rest = {act for act, is_spared in spared.items() if is_spared}
    decision = Decision({name: each for name, each in before.items() if name not in looked})
    for name, finding in looked.items():
        kept = before.get(name)
        if finding is not None:
            allowed = _allowed(finding.acts, votes, status) - at_rest
            _follow(decision, finding, kept, allowed, votes, now)
        elif kept is not None and kept.held:
            decision.lift.append(name)
    decision.changed = decision.kept.keys() != before.keys()
    return decision


def _allowed(acts: frozenset[Act], votes: int, status: Judged) -> frozenset[Act]:
    """Return the acts that may follow for such a rater."""
    if votes < LEAST_VOTES:
        return acts - {Act.HOLD, Act.LOOK}
    if status == "validated" and Act.HOLD in acts:
        return acts - {Act.HOLD} | {Act.LOOK}
    return acts


def _follow(  # noqa: PLR0917 - the parts of one step
    decision: Decision,
    finding: Finding,
    kept: KeptFinding | None,
    acts: frozenset[Act],
    votes: int,
    now: datetime,
) -> None:
    name = finding.rule
    queued_at = kept.queued_at if kept is not None else None
    held = kept is not None and kept.held
    if Act.CAPTCHA in acts:
        decision.captcha = decision.captcha or name
    if Act.HOLD in acts and not held:
        decision.place.append(name)
    elif held and Act.HOLD not in acts:
        decision.lift.append(name)
    if Act.LOOK in acts and (queued_at is None or votes >= LOOK_AGAIN_AT * queued_at):
        decision.look.append(name)
        queued_at = votes
    decision.kept[name] = KeptFinding(
        name,
        finding.figure,
        votes,
        now if kept is None else kept.since,
        held=Act.HOLD in acts,
        queued_at=queued_at,
    )
