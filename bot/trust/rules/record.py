"""All that the rules keep of one rater, as one small record of constant size."""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from struct import Struct
from typing import Any, Final, Self

from bot.trust.rules.agreement import Agreement, Compared, Sums
from bot.trust.rules.answers import Gold, GoldSums, Repeats
from bot.trust.rules.buttons import Buttons
from bot.trust.rules.pace import Pace
from bot.trust.rules.rule import Account, PairFigure, Sight
from bot.trust.rules.scales import MAIN, RatedScale
from bot.trust.rules.yardstick import Yardsticks

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False)


@dataclass(frozen=True, slots=True)
class Record:
    """The measures of one rater; `votes` counts images with at least one answer."""

    votes: int = 0
    buttons: Mapping[str, Buttons] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    agreement: Mapping[str, Agreement] = field(default_factory=dict)
    gold: Gold = field(default_factory=Gold)
    repeats: Repeats = field(default_factory=Repeats)

    def pressed(
        self, scale: RatedScale, value: int, at: int, *, first: bool, shown_at: int | None
    ) -> Record:
        """Return the record after the first answer on a scale; `first`: also on the image.

        `at` and `shown_at` are in microseconds, the latter None for a public post.
        """
        before = self.buttons.get(scale.name) or Buttons.none(scale.levels)
        after = before.after(value - scale.low, usual=scale.usual_level)
        return Record(
            self.votes + first,
            {**self.buttons, scale.name: after},
            self.pace.after(at, first=first, shown_at=shown_at),
            self.agreement,
            self.gold,
            self.repeats,
        )

    def compared(self, scale: RatedScale, vote: Compared) -> Record:
        """Return the record after one more answer was compared with the others'."""
        before = self.agreement.get(scale.name) or Agreement.none(scale.levels)
        agreement = {
            **self.agreement,
            scale.name: before.after(vote, vote.score - scale.low, window=scale.usual is None),
        }
        return Record(self.votes, self.buttons, self.pace, agreement, self.gold, self.repeats)

    def sight(
        self,
        yards: Yardsticks,
        *,
        account: Account,
        pair: PairFigure | None = None,
        compared_anew: bool = False,
        doubted_before: bool = False,
        main: str = MAIN,
    ) -> Sight:
        """Return what the rules see of the rater beside this crowd; see `Sight`."""
        return Sight(
            self.votes,
            yards,
            self.buttons,
            self.pace,
            self.agreement,
            self.gold,
            self.repeats,
            account,
            pair,
            main,
            compared_anew,
            doubted_before,
        )

    @property
    def most_compared(self) -> int:
        """How many answers were compared, on the scale with the most of them."""
        return max((each.sums.n for each in self.agreement.values()), default=0)

    def pressed_as(self, other: Record) -> bool:
        """Tell whether nothing but the agreement may differ from a record that this came from."""
        return (
            self.buttons is other.buttons
            and self.pace is other.pace
            and self.gold is other.gold
            and self.repeats is other.repeats
        )

    def states(self) -> str:
        """Return as text what presses and answers change, without `votes` and agreement."""
        gold, repeats = self.gold, self.repeats
        return _ENCODER.encode(
            {
                "buttons": {
                    name: [each.pressed, each.last, each.run, each.long_run, each.long_run_at]
                    for name, each in self.buttons.items()
                },
                "pace": [self.pace.shown, self.pace.between, self.pace.last_at],
                "gold": [gold.images, gold.asked, gold.wrong, gold.sums],
                "repeats": [repeats.images, repeats.answers, repeats.off, repeats.last_at],
            }
        )

    def agreements(self) -> str:
        """Return the agreement as text."""
        return _ENCODER.encode(
            {
                name: [each.sums, _packed(each.table), _packed(each.recent), each.window]
                for name, each in self.agreement.items()
            }
        )

    @classmethod
    def of(cls, votes: int, states: str, agreements: str) -> Self:
        """Return the record of what was kept."""
        kept: dict[str, Any] = json.loads(states)
        images, asked, wrong, sums = kept["gold"]
        shown, between, last_at = kept["pace"]
        return cls(
            votes,
            {
                name: Buttons(tuple(pressed), *rest)
                for name, (pressed, *rest) in kept["buttons"].items()
            },
            Pace(tuple(shown), tuple(between), last_at),
            agreement_of(agreements),
            Gold(images, asked, wrong, {name: GoldSums(*each) for name, each in sums.items()}),
            Repeats(*kept["repeats"]),
        )


def agreement_of(kept: str) -> dict[str, Agreement]:
    """Return the agreement by scale of what was kept."""
    return {
        name: Agreement(Sums(*sums), _unpacked(table), _unpacked(recent), Sums(*window))
        for name, (sums, table, recent, window) in json.loads(kept).items()
    }


def _packed(numbers: tuple[int, ...]) -> str:
    """Return many small numbers as text: 32 bits each, the lowest byte first, in base64.

    As JSON they would take a fifth of the time that a vote may cost.
    """
    return b2a_base64(_layout(len(numbers)).pack(*numbers), newline=False).decode()


def _unpacked(text: str) -> tuple[int, ...]:
    kept = a2b_base64(text)
    return _layout(len(kept) // 4).unpack(kept)


@cache
def _layout(many: int) -> Struct:
    return Struct(f"<{many}I")
