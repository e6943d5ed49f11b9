"""Where a picture lies in an export."""

import string
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.exports.pictures import picture_path

NAMES = st.text(min_size=1, max_size=120)


@pytest.mark.parametrize(
    ("data_set", "key", "member", "path"),
    [
        ("diffusiondb", "0a-1", "0a-1.WebP", "diffusiondb/0a-1.webp"),
        ("my set", "../../x", "a/b.png", "my%20set/%2E.%2F..%2Fx.png"),
        ("a", "..", "none", "a/%2E."),
        ("a", "x", "b.p/../ng", "a/x"),
        ("a", "grün", "b.j?g", "a/gr%C3%BCn.j%3Fg"),
    ],
)
def test_a_path_is_made_of_harmless_names(data_set: str, key: str, member: str, path: str) -> None:
    assert picture_path(data_set, key, member) == path


@given(NAMES, NAMES, NAMES)
def test_a_path_stays_in_its_folder(data_set: str, key: str, member: str) -> None:
    path = picture_path(data_set, key, f"{member}.png")
    assert set(path) <= {*string.ascii_letters, *string.digits, *"_.-~%/"}
    parts = PurePosixPath(path).parts
    assert len(parts) == 2
    assert not any(part.startswith(".") for part in parts)
    assert all(len(part) < 200 for part in parts)


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_images_never_share_a_path(
    data_set: str, key: str, other_set: str, other_key: str
) -> None:
    same = (data_set, key) == (other_set, other_key)
    one = picture_path(data_set, key, "a.png")
    assert (one == picture_path(other_set, other_key, "a.png")) == same


def test_long_names_that_begin_alike_differ() -> None:
    paths = {picture_path("a", "x" * 400 + end, "a.png") for end in ("y", "z")}
    assert len(paths) == 2
