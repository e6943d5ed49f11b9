"""Where a picture lies in an export."""

import operator
import string
from collections.abc import Callable, Sequence
from itertools import combinations, product
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.datasets.exports.pictures import picture_path
from bot.datasets.exports.shards import opened, sample

NAMES = st.text(min_size=1, max_size=120)
ALIKE = st.lists(
    st.sampled_from(["a", "A", "x", ".", "..", ".png", ".json", "~", "~1", "%2E", "%", "/", "con"]),
    min_size=1,
    max_size=60,
).map("".join)
"""Names that differ in little, or in what paths and encodings make of them."""

IMAGES = st.tuples(NAMES | ALIKE, NAMES | ALIKE)
MEMBERS = st.sampled_from(["a.png", "b", "c.json", "d.JPG", "p. " + "猫" * 80])


@pytest.mark.parametrize(
    ("data_set", "key", "member", "path"),
    [
        ("diffusiondb", "0a-1", "0a-1.WebP", "diffusiondb/0a-1.webp"),
        ("my set", "../../x", "a/b.png", "my%20set/%2E.%2F..%2Fx.png"),
        ("a", "v1.5", "x.jpeg", "a/v1.5.jpeg"),
        ("a", "x.png", "x.png", "a/x.png.png"),
        ("a", "x.png", "none", "a/x.png.bin"),
        ("a", "..", "none", "a/%2E%2E.bin"),
        ("a.", "x.", "x.png", "a%2E/x%2E.png"),
        ("a", "x", "b.p/../ng", "a/x.bin"),
        ("a", "grün", "b.j?g", "a/gr%C3%BCn.bin"),
        ("a", "x", "b.json", "a/x.bin"),
        ("Mine", "IMG_1", "IMG_1.JPG", "Mine/IMG_1.jpg"),
        ("a", "xYz~1", "b.gif", "a/xYz%7E1.gif"),
        ("aux", "Con.1", "b.gif", "%61ux/%43on.1.gif"),
    ],
)
def test_a_path_is_made_of_harmless_names(data_set: str, key: str, member: str, path: str) -> None:
    assert picture_path(data_set, key, member) == path


@given(IMAGES, MEMBERS)
def test_a_path_stays_in_its_folder(image: tuple[str, str], member: str) -> None:
    path = picture_path(*image, member)
    assert set(path) <= {*string.ascii_letters, *string.digits, *"_.-~%/"}
    parts = PurePosixPath(path).parts
    assert len(parts) == 2
    assert not any(part.startswith(".") or part.endswith(".") for part in parts)


def names(image: tuple[str, str], member: str) -> list[str]:
    """Return what a picture is called by its folder, among those of a part, and as a sample."""
    path = picture_path(*image, member)
    plain = path.replace("/", "~")
    return [path, plain, ".".join(sample(plain))]


def shared(one: tuple[str, str], other: tuple[str, str], member: str, other_member: str) -> bool:
    """Tell whether two pictures have a name in common."""
    return any(map(operator.eq, names(one, member), names(other, other_member)))


@given(IMAGES, IMAGES, MEMBERS, MEMBERS)
def test_two_images_never_share_a_path(
    one: tuple[str, str], other: tuple[str, str], member: str, other_member: str
) -> None:
    assert shared(one, other, member, other_member) <= (one == other)


MADE_LIKE: Sequence[Callable[[str], str]] = (
    str.upper,
    str.swapcase,
    str.title,
    quote,
    unquote,
    lambda key: f"{key}.png",
    lambda key: f"{key}~1",
    lambda key: key.replace(".", "%2E"),
    lambda key: PurePosixPath(picture_path("a", key, "a.png")).stem,
    lambda key: PurePosixPath(picture_path("a", key, "b")).name,
)
"""Keys that somebody makes in order to meet the path of another one."""


@given(NAMES | ALIKE)
def test_no_key_can_be_made_to_meet_the_path_of_another(key: str) -> None:
    for like, member, other_member in product(MADE_LIKE, ("a.png", "b"), ("a.png", "b")):
        other = like(key)
        assert shared(("a", key), ("a", other), member, other_member) <= (key == other)


@given(st.lists(st.sampled_from(["a", "~", "%7E", "."]), min_size=3, max_size=8))
def test_what_is_a_data_set_and_what_is_a_key_is_told_apart(parts: list[str]) -> None:
    images = {
        ("".join(parts[:end]), "".join(parts[end + gap :]))
        for gap in (0, 1)
        for end in range(1, len(parts) - gap)
    }
    for one, other in combinations(images, 2):
        assert not shared(one, other, "a.png", "a.png")


@given(IMAGES, MEMBERS)
@example(("x" * 100, "x" * 100), "a.jpeg")
@example(("A" * 80, "A" * 79), "a.jpeg")
@example((f"x{'.' * 98}x", f"x{'.' * 98}x"), "a.jpeg")
@example((f"x{'.' * 98}x" * 2, f"x{'.' * 98}x" * 2), "a.jpeg")
def test_each_name_fits_into_a_file_system(image: tuple[str, str], member: str) -> None:
    for path in names(image, member):
        assert all(len(name) <= 255 - len(".json") for name in path.split("/"))


def test_long_names_that_begin_alike_differ() -> None:
    long = {picture_path("a", "x" * 400 + end, "a.png") for end in ("y", "z", "Z")}
    assert len({path.casefold() for path in long}) == 3


def test_no_picture_replaces_another_where_a_disk_takes_their_names_for_one(tmp_path: Path) -> None:
    """As a disk does that knows no capital letters: the name is there already."""
    with opened("folder", tmp_path, "part", pa.schema([])) as shard:
        shard.add("a.png", b"one", {})
        with pytest.raises(FileExistsError, match="takes capital letters for small ones"):
            shard.add("a.png", b"other", {})
    assert (tmp_path / "part" / "a.png").read_bytes() == b"one"
