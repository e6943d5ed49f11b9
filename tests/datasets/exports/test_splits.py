"""Splits: by the set or the prompt, the same for ever."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.exports.splits import PER_MILLE, split_of

prompts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("prompt", "key", "split"),
    [
        ("a dog", "1", "train"),
        ("snow", "1", "validation"),
        ("an apple", "1", "test"),
        (None, "0001", "train"),
        ("", "0007", "validation"),
    ],
)
def test_published_splits_never_change(prompt: str | None, key: str, split: str) -> None:
    assert split_of(prompt, key) == split


@given(prompt=prompts.filter(str.strip), one=st.text(), other=st.text(), space=st.text(" \n\t"))
def test_images_of_one_prompt_are_together(prompt: str, one: str, other: str, space: str) -> None:
    assert split_of(prompt, one) == split_of(f"{space}{prompt}{space}", other)


@pytest.mark.parametrize(
    ("set_key", "split"), [("0", "train"), ("3", "validation"), ("26", "test")]
)
def test_published_splits_of_sets_never_change(set_key: str, split: str) -> None:
    assert split_of(None, "1", set_key) == split


@given(one=st.none() | prompts, other=st.none() | prompts, key=st.text(), set_key=prompts)
def test_images_of_a_set_are_together(
    one: str | None, other: str | None, key: str, set_key: str
) -> None:
    assert split_of(one, "1", set_key) == split_of(other, key, set_key)


@given(key=st.text(), space=st.text(" \n\t"))
def test_the_key_decides_where_there_is_no_prompt(key: str, space: str) -> None:
    assert split_of(None, key) == split_of(space, key)


def test_shares_are_as_they_are_said_to_be() -> None:
    found = Counter(split_of(f"prompt {number}", "") for number in range(20_000))
    for split, share in PER_MILLE.items():
        assert found[split] / 20 == pytest.approx(share, abs=15)


def test_half_a_character_of_utf_16_is_a_prompt_too() -> None:
    assert split_of("\ud800", "key") in PER_MILLE
