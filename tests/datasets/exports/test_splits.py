"""Splits: by the prompt, the set or the file, the same for ever."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.exports.prompts import group_of
from bot.datasets.exports.splits import PER_MILLE, split_of

SUMS = [
    (f"{0:064x}", "train"),
    (f"{13:064x}", "test"),
    (f"{35:064x}", "validation"),
]

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


@pytest.mark.parametrize(("sha256", "split"), SUMS)
def test_published_splits_of_files_never_change(sha256: str, split: str) -> None:
    assert split_of(None, "1", None, sha256) == split


@dataclass(frozen=True, slots=True)
class Picture:
    """What an image of any data set says of itself."""

    data_set: str
    key: str
    prompt: str | None
    set_key: str | None
    sha256: str | None

    @property
    def split(self) -> str:
        return split_of(self.prompt, self.key, self.set_key, self.sha256)

    @property
    def group(self) -> str:
        return group_of(self.data_set, self.prompt, self.key, self.set_key)

    @property
    def words(self) -> str:
        return (self.prompt or "").strip()


def test_a_set_is_no_prompt_of_another_set_whatever_its_key() -> None:
    assert group_of("d", "b", "1", "a") != group_of("d", None, "2", '["a", "b"]')


FEW = st.sampled_from(["a dog", "snow", " snow", "an apple\n", "an apple", "", " "])
"""Here and below each kind has names of every split."""

pictures = st.builds(
    Picture,
    data_set=st.sampled_from(["one", "other"]),
    key=st.integers(0, 60).map("{:04}".format),
    prompt=st.none() | FEW | prompts,
    set_key=st.none() | st.sampled_from(["0", "3", "26"]),
    sha256=st.none() | st.sampled_from([sha256 for sha256, _ in SUMS]),
)
many = st.lists(
    pictures, min_size=2, max_size=40, unique_by=lambda image: (image.data_set, image.key)
)


def together(images: Iterable[Picture], name: Callable[[Picture], Hashable]) -> bool:
    """Tell whether images that share this, where they have it, share their split."""
    splits: dict[Hashable, set[str]] = {}
    for image in images:
        if (shared := name(image)) is not None:
            splits.setdefault(shared, set()).add(image.split)
    return all(len(found) == 1 for found in splits.values())


@given(images=many)
def test_no_prompt_is_in_two_splits_whatever_its_data_set(images: list[Picture]) -> None:
    assert together(images, lambda image: image.words or None)


@given(images=many)
def test_no_set_is_in_two_splits_without_prompts(images: list[Picture]) -> None:
    assert together((image for image in images if not image.words), lambda image: image.set_key)


@given(images=many)
def test_no_file_is_in_two_splits_without_prompts_and_sets(images: list[Picture]) -> None:
    alone = (image for image in images if not image.words and image.set_key is None)
    assert together(alone, lambda image: image.sha256)


@given(images=many)
def test_what_is_compared_is_in_one_split(images: list[Picture]) -> None:
    assert together(images, lambda image: image.group)
    for group in {image.group for image in images}:
        inside = [image for image in images if image.group == group]
        assert len({(image.data_set, image.set_key, image.words) for image in inside}) == 1


@given(key=st.text(), space=st.text(" \n\t"))
def test_the_key_decides_where_there_is_no_prompt(key: str, space: str) -> None:
    assert split_of(None, key) == split_of(space, key)


def test_shares_are_as_they_are_said_to_be() -> None:
    found = Counter(split_of(f"prompt {number}", "") for number in range(20_000))
    for split, share in PER_MILLE.items():
        assert found[split] / 20 == pytest.approx(share, abs=15)


def test_half_a_character_of_utf_16_is_a_prompt_too() -> None:
    assert split_of("\ud800", "key") in PER_MILLE
