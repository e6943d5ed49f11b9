"""What counts as a Horde account."""

from __future__ import annotations

from unicodedata import category
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.horde.payee import INVISIBLE, LONGEST_NAME, UNFIT, Alias, find_uuids, is_uuid, parse_alias

NAMES = st.text(min_size=1, max_size=LONGEST_NAME).filter(
    lambda name: (
        not any(category(each) in (*UNFIT, INVISIBLE) for each in name) and name == name.strip()
    )
)


@given(NAMES, st.integers(1, 10**18 - 1))
def test_an_alias_is_read_as_it_is_written(name: str, number: int) -> None:
    alias = Alias(name, number)
    assert parse_alias(str(alias)) == alias


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("admin#1#4", "admin#1", 4),
        ("  ada#7  ", "ada", 7),
        ("##3", "#", 3),
        ("a b#12", "a b", 12),
        ("ada # 7#7", "ada # 7", 7),
        ("\U0001f469\u200d\U0001f4bb#7", "\U0001f469\U0001f4bb", 7),
        ("ev\u202eil\u200b\u2066#7", "evil", 7),
        ("\u200b#7", "\ufffd", 7),
    ],
)
def test_the_number_follows_the_last_hash(text: str, name: str, number: int) -> None:
    assert parse_alias(text) == Alias(name, number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "7",
        "#7",
        "ada#",
        "ada#x",
        "ada#0",
        "Anonymous#0",
        "ada#-1",
        "ada#+1",
        "ada#1.0",
        "ada#1_0",
        "ada#007",
        "ada# 7",
        "ada#\uff17",
        "ada#²",
        "ada#1\n#x",
        "a\nda#7",
        "a\0da#7",
        "a\u2028da#7",
        "a\ud800da#7",
        "ada#" + "9" * 19,
        "x" * (LONGEST_NAME + 1) + "#7",
        "8d6a4b1c-5f7e-4c3a-9b2d-1e0f9a8b7c6d",
        "ada#8d6a4b1c-5f7e-4c3a-9b2d-1e0f9a8b7c6d",
    ],
)
def test_all_else_names_no_account(text: str) -> None:
    with pytest.raises(ValueError, match="#"):
        parse_alias(text)


@given(st.text())
def test_whatever_is_typed_gives_an_account_or_a_value_error(text: str) -> None:
    try:
        alias = parse_alias(text)
    except ValueError:
        return
    assert alias.number > 0
    assert parse_alias(str(alias)) == alias


@given(st.uuids())
def test_uuids_are_known_in_both_cases(uuid: UUID) -> None:
    assert is_uuid(str(uuid))
    assert is_uuid(str(uuid).upper())


@pytest.mark.parametrize(
    "change",
    [
        lambda uuid: uuid.replace("-", ""),
        lambda uuid: f"{{{uuid}}}",
        lambda uuid: f"urn:uuid:{uuid}",
        lambda uuid: f"{uuid}\n",
        lambda uuid: f" {uuid}",
        lambda uuid: f"{uuid[:-1]}g",
        lambda uuid: f"{uuid}/../../find_user",
        lambda uuid: f"../{uuid}",
        lambda uuid: uuid[:-1],
        lambda uuid: f"{uuid}?x",
    ],
)
def test_other_spellings_are_no_uuids(change: object) -> None:
    assert callable(change)
    assert not is_uuid(change(str(uuid4())))


KEY = "01234567-89ab-cdef-0123-456789abcdef"
OTHER = "76543210-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (KEY, {KEY}),
        (f"https://artbot.site/?api_key={KEY.upper()}&x=1", {KEY}),
        (f"{KEY}, {KEY}", {KEY}),
        (f"{KEY} {OTHER}", {KEY, OTHER}),
        (f"0{KEY}", set()),
        (f"{KEY}0", set()),
        (f"{KEY}-{OTHER}", set()),
        ("", set()),
    ],
)
def test_uuids_are_found_where_they_stand_by_themselves(text: str, found: set[str]) -> None:
    assert find_uuids(text) == found
