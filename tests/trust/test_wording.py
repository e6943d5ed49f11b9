from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trust.wording import REASON_LENGTH, escape, quoted, tidy


@given(st.text(max_size=2000))
def test_what_is_kept_is_one_short_line_of_visible_characters(typed: str) -> None:
    kept = tidy(typed)
    if kept is None:
        return
    assert 1 <= len(kept) <= REASON_LENGTH
    assert kept == kept.strip()
    assert not {unicodedata.category(c) for c in kept} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert tidy(kept) == kept


@pytest.mark.parametrize("typed", [None, "", " \n\t", "\u200b\u200d", "\u202e"])
def test_nothing_visible_is_nothing(typed: str | None) -> None:
    assert tidy(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "@everyone",
        "<@123>",
        "**bold**",
        "||spoiler||",
        "[a](https://b.c)",
        "`code`",
        "<:x:1>",
        "# a",
    ],
)
def test_nothing_typed_acts_on_other_peoples_screens(typed: str) -> None:
    shown = escape(typed)
    for mark in "*_~`|<>[]()@#:":
        assert shown.count(mark) == shown.count(f"\\{mark}")
    assert shown.replace("\\", "") == typed


def test_what_is_quoted_stays_between_its_backticks() -> None:
    assert quoted("a`b``c") == "a'b''c"
