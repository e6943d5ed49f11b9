"""Versions in their order, and what an account can give away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot
from bot.horde.records import IDEMPOTENT_SINCE, UNKNOWN_VERSION, Account, Version

PARTS = st.tuples(*[st.integers(0, 999_999)] * 3)


@given(PARTS, PARTS)
def test_versions_are_ordered_by_their_numbers(one: tuple[int, ...], two: tuple[int, ...]) -> None:
    first, second = (Version.parse(".".join(map(str, parts))) for parts in (one, two))
    assert (first < second) == (one < two)
    assert Version.parse(str(first)) == first


@pytest.mark.parametrize(
    ("text", "idempotent"),
    [
        ("5.1.0", True),
        ("5.1.5", True),
        ("5.10.0", True),
        ("6.0.0", True),
        ("10.0.0", True),
        ("5.0.4", False),
        ("5.0.99", False),
        ("4.9.9", False),
    ],
)
def test_keys_are_honoured_since_5_1_0(text: str, *, idempotent: bool) -> None:
    assert Version.parse(text).idempotent is idempotent


@pytest.mark.parametrize(
    "text",
    ["", "5", "5.1", "5.1.5.1", "v5.1.5", "5.1.0-rc1", "5.1.x", "\uff15.1.5", " 5.1.5", "5.1.5\n"],
)
def test_what_is_no_release_promises_nothing(text: str) -> None:
    assert Version.parse(text) == UNKNOWN_VERSION < IDEMPOTENT_SINCE
    assert not Version.parse(text).idempotent


@given(st.text())
def test_any_text_is_a_version_or_unknown(text: str) -> None:
    assert Version.parse(text) >= UNKNOWN_VERSION


@pytest.mark.parametrize(
    ("kudos", "pseudonymous", "spendable"),
    [
        (1000, False, 975),
        (1000, True, 986),
        (26, False, 1),
        (25, False, 0),
        (15, True, 1),
        (14, True, 0),
        (3, False, 0),
        (-50, False, 0),
    ],
)
def test_what_lies_above_the_floor_can_be_given_away(
    kudos: int, *, pseudonymous: bool, spendable: int
) -> None:
    account = Account(3, "ada", kudos, 0, 0, False, False, False, pseudonymous, False)  # noqa: FBT003 - a record of marks
    assert account.spendable == spendable
    assert str(account.alias) == "ada#3"


def test_the_client_agent_has_name_version_and_address() -> None:
    name, version, address = bot.CLIENT_AGENT.split(":", 2)
    assert name == "horde-jury"
    assert version == bot.__version__
    assert address == bot.PROJECT_ADDRESS
    assert address.startswith("https://")
