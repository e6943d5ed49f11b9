from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.datasets.imports.batches import BATCH
from bot.datasets.imports.scanning import find_files
from bot.datasets.imports.summary import Tally
from bot.errors import ImportRefusedError
from storage.database import Database
from tests.datasets.imports.importing import (
    PICTURE,
    bring_folder,
    data_set_names,
    left_out,
    names_of,
    stored,
    write_files,
)
from tests.images.pictures import animated, drawn, encoded, noise, png_claiming

OTHER = encoded(drawn(20, 11))


async def test_every_format_is_found_in_every_folder(database: Database, tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "in",
        {
            "a.png": PICTURE,
            "b.WEBP": encoded(drawn(30, 20), "WEBP"),
            "deep/c.jpg": encoded(drawn(31, 20), "JPEG"),
            "deep/down/d.JPEG": encoded(drawn(32, 20), "JPEG"),
            "deep/e.gif": encoded(drawn(33, 20), "GIF"),
        },
    )
    reports: list[tuple[int, int | None]] = []
    summary = await bring_folder(
        database, folder, progress=lambda done, total: reports.append((done, total))
    )
    assert (summary.read, summary.added, summary.safe) == (5, 5, 0)
    assert (summary.left_out, summary.notes) == ((), ())
    assert reports[-1] == (5, 5)
    images = stored(database, "member, width, height, safe, stage, sha256")
    digest = hashlib.sha256(PICTURE).digest()
    assert images["a"] == ("a.png", 20, 10, 0, "waiting", digest)
    assert images["d"][:3] == ("deep/down/d.JPEG", 32, 20)
    assert sorted(images) == list("abcde")


async def test_the_flag_alone_makes_images_safe(database: Database, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", {"a.png": PICTURE, "a.json": '{"safe": true}'})
    await bring_folder(database, folder)
    await bring_folder(database, folder, safe=True, name="other")
    (tmp_path / "b").mkdir()
    summary = await bring_folder(database, write_files(tmp_path / "b", {"b.png": OTHER}), safe=True)
    assert summary.safe == 1
    assert stored(database, "safe")["b"] == (1,)


async def test_importing_again_with_the_flag_changes_what_is_safe(
    database: Database, tmp_path: Path
) -> None:
    folder = write_files(tmp_path / "in", {"a.png": PICTURE, "b.png": OTHER})
    await bring_folder(database, folder)
    write_files(folder, {"b.png": noise_png(), "c.png": OTHER})

    first = await bring_folder(database, folder, safe=True)
    assert (first.added, first.already_there, first.now_safe, first.now_unsafe) == (1, 1, 1, 0)
    assert "  now safe: 1" in first.lines()
    # b has other bytes than those that were imported, so nobody said that they are safe.
    assert stored(database, "safe") == {"a": (1,), "b": (0,), "c": (1,)}
    again = await bring_folder(database, folder, safe=True)
    assert (again.already_there, again.now_safe) == (2, 0)
    await bring_folder(database, folder)
    assert stored(database, "safe") == {"a": (1,), "b": (0,), "c": (1,)}

    back = await bring_folder(database, folder, safe=False)
    assert (back.now_safe, back.now_unsafe) == (0, 2)
    assert "  no longer safe: 2" in back.lines()
    assert set(stored(database, "safe").values()) == {(0,)}


async def test_stems_that_occur_twice_become_paths(database: Database, tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "in", {"x/a.png": PICTURE, "y/a.png": OTHER, "b.png": PICTURE, "b.jpg": OTHER}
    )
    await bring_folder(database, folder)
    assert sorted(stored(database, "id")) == ["b.jpg", "b.png", "x/a.png", "y/a.png"]


async def test_importing_again_adds_only_what_is_new(database: Database, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", {"x/a.png": PICTURE, "b.png": OTHER})
    await bring_folder(database, folder)
    before = stored(database, "id, key, member, random_key")
    again = await bring_folder(database, folder)
    assert (again.added, again.already_there, again.left_out) == (0, 2, ())
    assert stored(database, "id, key, member, random_key") == before
    # The stem is no longer unique, yet what is there keeps its key.
    write_files(folder, {"y/a.png": noise_png()})
    third = await bring_folder(database, folder)
    assert (third.added, third.already_there) == (1, 2)
    assert sorted(stored(database, "id")) == ["a", "b", "y/a.png"]


async def test_a_moved_folder_is_known_by_its_bytes(database: Database, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", {"x/a.png": PICTURE, "b.png": OTHER})
    await bring_folder(database, folder)
    write_files(folder, {"y/a.png": noise_png()})
    await bring_folder(database, folder)
    moved = folder.rename(tmp_path / "moved")
    again = await bring_folder(database, moved)
    assert (again.added, again.already_there) == (0, 3)
    query = "(SELECT path FROM sources WHERE id = source_id), member"
    assert stored(database, query)["a"] == (str(moved), "x/a.png")


async def test_keys_do_not_depend_on_how_a_system_writes_accents(
    database: Database, tmp_path: Path
) -> None:
    await bring_folder(database, write_files(tmp_path / "mac", {"cafe\u0301.png": PICTURE}))
    again = await bring_folder(database, write_files(tmp_path / "pc", {"caf\u00e9.png": PICTURE}))
    assert (again.added, again.already_there) == (0, 1)
    assert list(stored(database, "id")) == ["caf\u00e9"]


async def test_other_bytes_under_a_key_are_refused_and_named(
    database: Database, tmp_path: Path
) -> None:
    folder = write_files(tmp_path / "in", {"a.png": PICTURE, "b.png": PICTURE})
    await bring_folder(database, folder)
    write_files(folder, {"a.png": OTHER})
    elsewhere = write_files(tmp_path / "else", {"b.png": OTHER})
    first, second = await bring_folder(database, folder), await bring_folder(database, elsewhere)
    assert (first.added, first.already_there, left_out(first)) == (0, 1, {"key_taken": 1})
    assert names_of(first, "key_taken") == ("a.png",)
    assert (second.added, left_out(second)) == (0, {"key_taken": 1})
    digest = hashlib.sha256(PICTURE).digest()
    assert stored(database, "sha256") == {"a": (digest,), "b": (digest,)}


async def test_a_key_wanted_by_stem_and_by_path_is_given_once(
    database: Database, tmp_path: Path
) -> None:
    folder = write_files(
        tmp_path / "in", {"a.png": PICTURE, "x/a.png": OTHER, "a.png.png": noise_png()}
    )
    summary = await bring_folder(database, folder)
    assert (summary.added, left_out(summary)) == (2, {"key_taken": 1})


async def test_prompts_beside_pictures_are_read(database: Database, tmp_path: Path) -> None:
    fields = {"prompt": " a cat ", "set": "cats", "seed": 5, "model": "x", "safe": True}
    folder = write_files(
        tmp_path / "in",
        {
            "a.png": PICTURE,
            "a.json": json.dumps(fields),
            "a.txt": "not this one",
            "b.png": OTHER,
            "b.json": '{"set": "cats", "x": NaN}',
            "c.png": noise_png(),
            "c.txt": "\ufeffein Haus\nam See\n",
            "lonely.txt": "belongs to nothing",
        },
    )
    summary = await bring_folder(database, folder)
    assert (summary.read, summary.added, summary.notes) == (3, 3, ())
    query = "prompt, parameters, (SELECT key || '|' || prompt FROM sets WHERE id = set_id)"
    images = stored(database, query)
    assert images["a"][0] == "a cat"
    assert json.loads(images["a"][1]) == {"seed": 5, "model": "x", "safe": True}
    assert images["a"][2] == images["b"][2] == "cats|a cat"
    assert (images["b"][0], json.loads(images["b"][1])) == (None, {"x": None})
    assert images["c"] == ("ein Haus\nam See", None, None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"{"),
        ("a.json", b"[1]"),
        ("a.json", b'{"prompt": 5}'),
        ("a.json", b'{"set": ["x"]}'),
        ("a.json", b"[" * 100_000),
        ("a.json", b'{"x": 1' + b"0" * 5000 + b"}"),
        ("a.json", b'"' + b"x" * 2**20 + b'"'),
        ("a.txt", b"\xff\xfe\xfa"),
    ],
)
async def test_an_unreadable_sidecar_is_noted(
    database: Database, tmp_path: Path, name: str, content: bytes
) -> None:
    folder = write_files(tmp_path / "in", {"a.png": PICTURE, name: content})
    summary = await bring_folder(database, folder)
    assert summary.added == 1
    assert [(note.reason, note.names) for note in summary.notes] == [
        ("sidecar_unreadable", ("a.png",))
    ]
    assert stored(database, "prompt, parameters, set_id") == {"a": (None, None, None)}


async def test_halves_of_characters_do_not_stop_the_import(
    database: Database, tmp_path: Path
) -> None:
    sidecar = r'{"prompt": "a \ud800 b", "set": "\udfff", "k": "\ud800"}'
    folder = write_files(tmp_path / "in", {"a.png": PICTURE, "a.json": sidecar})
    assert (await bring_folder(database, folder)).added == 1
    assert stored(database, "prompt")["a"] == ("a ? b",)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
async def test_what_is_hostile_is_left_out_and_named(database: Database, tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "in",
        {
            "good.png": PICTURE,
            "empty.png": b"",
            "text.jpg": "no picture",
            "page.html": "<html>",
            "broken.png": PICTURE[:60],
            "cut.jpg": encoded(drawn(200, 200), "JPEG")[:2000],
            "bomb.png": png_claiming(30_000, 30_000),
            "line\nbreak.png": PICTURE,
            "a\u202egnp.png": PICTURE,
            "zero\u200bwidth.png": PICTURE,
            "\u05d0\u05d1.png": OTHER,
        },
    )
    with (folder / "huge.png").open("wb") as file:
        file.truncate(5 * 2**30)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.png").write_bytes(PICTURE)
    (folder / "link.png").symlink_to(tmp_path / "outside" / "secret.png")
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "circle.png").symlink_to("circle.png")
    (folder / "linked").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "pipe.png")
    write_files(folder, {os.fsdecode(b"bytes\xff.png"): PICTURE})
    summary = await bring_folder(database, folder)
    assert sorted(stored(database, "id")) == ["good", "\u05d0\u05d1"]
    assert left_out(summary) == {
        "not_a_picture": 4,
        "broken": 2,
        "too_many_pixels": 1,
        "too_many_bytes": 1,
        "unprintable_name": 4,
        "outside": 1,
        "missing": 2,
        "linked_folder": 1,
    }
    assert summary.read == 2 + sum(left_out(summary).values())
    assert set(names_of(summary, "unprintable_name")) == {
        "line\\nbreak.png",
        "a\\u202egnp.png",
        "zero\\u200bwidth.png",
        "bytes\\udcff.png",
    }
    assert all(line.isprintable() for line in summary.lines())
    json.dumps(summary.as_dict())


async def test_the_first_frame_of_an_animation_is_noted(database: Database, tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "in", {"a.gif": animated("GIF"), "b.webp": animated("WEBP"), "c.png": PICTURE}
    )
    summary = await bring_folder(database, folder)
    assert summary.added == 3
    assert [(note.reason, note.count) for note in summary.notes] == [("animated", 2)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_what_may_not_be_read_is_named(database: Database, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", {"a.png": PICTURE, "shut/b.png": PICTURE})
    (folder / "a.png").chmod(0)
    (folder / "shut").chmod(0)
    try:
        summary = await bring_folder(database, folder)
    finally:
        (folder / "shut").chmod(0o700)
    assert left_out(summary) == {"not_allowed": 1, "unreadable_folder": 1}


async def test_an_empty_folder_changes_nothing(database: Database, tmp_path: Path) -> None:
    summary = await bring_folder(database, write_files(tmp_path / "in", {}))
    assert (summary.read, summary.added) == (0, 0)
    assert await data_set_names(database) == []


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "a b", "x" * 65, "x" * 10**6, "a\n", "-a", "a\u202eb"]
)
async def test_a_bad_name_is_refused(database: Database, tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportRefusedError, match="cannot name a data set") as refusal:
        await bring_folder(database, write_files(tmp_path / "in", {"a.png": PICTURE}), name=name)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400
    assert await data_set_names(database) == []


async def test_what_is_no_folder_is_refused(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(PICTURE)
    for path, said in (
        ("file", "is not a folder$"),
        ("nothing", "^there is no folder /.*/nothing$"),
    ):
        with pytest.raises(ImportRefusedError, match=said):
            await bring_folder(database, tmp_path / path)


async def test_many_files_take_several_batches(database: Database, tmp_path: Path) -> None:
    count = BATCH * 2 + 3
    files: dict[str, bytes | str] = {f"{number}.png": PICTURE for number in range(count)}
    summary = await bring_folder(database, write_files(tmp_path / "in", files))
    assert summary.added == count
    assert len({key for (key,) in stored(database, "random_key").values()}) == count


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(
        st.tuples(
            st.sampled_from(["", "x/", "y/", "x/y/"]),
            st.sampled_from(["a", "b", "a.png", "\u00e9", "e\u0301"]),
            st.sampled_from([".png", ".jpg"]),
        )
    )
)
def test_keys_are_unique_or_a_path(tmp_path: Path, names: set[tuple[str, str, str]]) -> None:
    folder = tmp_path / os.urandom(8).hex()
    write_files(folder, {"".join(parts): b"" for parts in names})
    found = find_files(folder, Tally("x"))
    assert len(found) == len(names)
    stems = [file.key for file in found if file.is_stem_unique]
    assert len(stems) == len(set(stems))
    assert all(file.key == file.path for file in found if not file.is_stem_unique)


def noise_png() -> bytes:
    return encoded(noise(9, 9))
