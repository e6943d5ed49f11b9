from __future__ import annotations

import pytest

from bot.rating.scales import SCALES
from bot.rewards.prices import Prices
from tests.rating.world import make_settings


def prices(**settings: int) -> Prices:
    return Prices.of(make_settings(**settings))


def test_every_scale_has_a_price() -> None:
    found = prices(kudos_per_aesthetic=5, kudos_per_artifacts=7)
    assert dict(found.usual) == {"aesthetic": 5, "artifacts": 7}
    assert found.usual.keys() == SCALES.keys()


@pytest.mark.parametrize(("own", "expected"), [(None, 5), (9, 9), (0, 0)])
def test_the_data_sets_price_goes_before_the_settings(own: int | None, expected: int) -> None:
    assert prices().price("aesthetic", own, validated=False, trusted=False) == expected


@pytest.mark.parametrize(
    ("validated", "trusted", "expected"),
    [(False, False, 7), (True, False, 8), (False, True, 3), (True, True, 8)],
)
def test_special_raters_get_their_percents_rounded_down(
    *, validated: bool, trusted: bool, expected: int
) -> None:
    found = prices(kudos_percent_validated=120, kudos_percent_trusted=50)
    assert found.price("artifacts", 7, validated=validated, trusted=trusted) == expected


def test_a_percent_may_leave_nothing() -> None:
    found = prices(kudos_percent_trusted=0)
    assert found.price("aesthetic", None, validated=False, trusted=True) == 0
