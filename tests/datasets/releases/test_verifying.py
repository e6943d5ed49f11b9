"""What was done to a release comes out, whoever did it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.datasets.releases.contents import CONTENTS
from bot.datasets.releases.sums import SUMS
from tests.datasets.releases.releasing import edit, problems, resum, verified

VOTES = "votes.parquet"
NO_FILE = "is an empty folder, a link or no plain file"
Harm = Callable[[Path], object]


def add_line(folder: Path, line: bytes) -> None:
    with (folder / SUMS).open("ab") as file:
        file.write(line)


def test_a_copy_is_as_good(copy: Path) -> None:
    verdict = verified(copy)
    assert verdict.problems == ()
    assert verdict.contents is not None
    assert verdict.contents.number == 1
    assert verdict.sums_digest == hashlib.sha256((copy / SUMS).read_bytes()).hexdigest()


def flip(folder: Path) -> None:
    path = folder / VOTES
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def link(folder: Path) -> None:
    (folder / VOTES).rename(folder.parent / VOTES)
    (folder / VOTES).symlink_to(folder.parent / VOTES)


def link_folder(folder: Path) -> None:
    (folder / "horde").rename(folder.parent / "horde")
    (folder / "horde").symlink_to(folder.parent / "horde")


def pipe(folder: Path) -> None:
    (folder / VOTES).unlink()
    os.mkfifo(folder / VOTES)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (
            lambda folder: (folder / "more/yet").mkdir(parents=True),
            [f"more/yet: {NO_FILE}"],
        ),
        (lambda folder: (folder / VOTES).unlink(), [f"{VOTES}: is missing"]),
        (flip, [f"{VOTES}: was changed, its sum is another"]),
        (lambda f: (f / "new\n\x1b[2J").write_text("x"), ["new\\n\\x1b[2J: is not of the release"]),
        (lambda f: (f / "horde" / "x").write_text("x"), ["horde/x: is not of the release"]),
        (link, [f"{VOTES}: {NO_FILE}"]),
        (pipe, [f"{VOTES}: {NO_FILE}"]),
        (
            lambda folder: (folder / CONTENTS).unlink(),
            [
                f"{CONTENTS}: is missing",
                f"{CONTENTS}: is not as it was, so no table was compared with it",
            ],
        ),
        (lambda folder: (folder / SUMS).unlink(), [f"{SUMS}: No such file or directory"]),
    ],
)
def test_what_was_done_to_files_is_told(copy: Path, harm: Harm, said: list[str]) -> None:
    harm(copy)
    assert problems(copy) == said


def test_a_folder_that_became_a_link_is_not_followed(copy: Path) -> None:
    link_folder(copy)
    found = problems(copy)
    assert found[0] == f"horde: {NO_FILE}"
    assert {line.split(": ")[1] for line in found[1:]} == {"is missing"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"%064d  ../jury.db\n" % 0, "names a file outside: ../jury.db"),
        (b"%064d  a/../../jury.db\n" % 0, "names a file outside: a/../../jury.db"),
        (b"%064d  /etc/passwd\n" % 0, "names a file outside: /etc/passwd"),
        (b"%064d  ./votes.parquet\n" % 0, "names a file outside: ./votes.parquet"),
        (b"%064d  votes.parquet\n" % 0, "names votes.parquet again"),
        (b"\\%064d  a\\nb\n" % 0, "is no sum and name"),
        (b"%064d  a\0b\n" % 0, "is no sum and name"),
        (b"0123  short\n", "is no sum and name"),
        (b"\n", "is no sum and name"),
    ],
)
def test_a_list_of_sums_that_cannot_be_gone_by_is_refused(
    copy: Path, line: bytes, said: str
) -> None:
    number = len((copy / SUMS).read_bytes().splitlines()) + 1
    add_line(copy, line)
    assert problems(copy) == [f"{SUMS}, line {number}: {said}"]


@pytest.mark.parametrize("name", [SUMS, CONTENTS])
@pytest.mark.parametrize("target", ["/dev/zero", "a pipe", "itself"])
def test_neither_sums_nor_description_are_read_elsewhere(
    copy: Path, name: str, target: str
) -> None:
    """Reading a pipe would take for ever, and reading zeros all memory."""
    (copy / name).rename(copy.parent / name)
    if target == "a pipe":
        os.mkfifo(copy / name)
    else:
        (copy / name).symlink_to(copy.parent / name if target == "itself" else target)
    first, second = problems(copy)
    assert first == f"{name}: {NO_FILE}"
    assert second.startswith(f"{name}: ")


def test_tables_that_were_replaced_together_with_their_sums_are_found(copy: Path) -> None:
    table = pq.read_table(copy / VOTES)
    pq.write_table(table.slice(1), copy / VOTES)
    resum(copy)
    assert problems(copy) == [f"{VOTES}: has {len(table) - 1} rows instead of {len(table)}"]
    pq.write_table(table.append_column("more", pa.nulls(len(table))), copy / VOTES)
    resum(copy)
    assert problems(copy) == [f"{VOTES}: has other columns than the release describes"]
    (copy / VOTES).write_bytes(b"PAR1 of something else PAR1")
    resum(copy)
    (problem,) = problems(copy)
    assert problem.startswith(f"{VOTES}: is no table that can be read")


def test_a_table_that_nobody_described_is_found(copy: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), copy / "more.parquet")
    resum(copy)
    assert problems(copy) == ["more.parquet: is a table that the release does not describe"]


def test_counts_that_disagree_are_found(copy: Path) -> None:
    edit(copy, lambda contents: contents.update(counts={"votes": 1}))
    assert problems(copy) == [f"{VOTES}: has another number of votes than the release counts"]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "null", "7", '{"tables": 1}', '{"tables": [1]}', '{"tables": []}', "[" * 100_000,
        '{"number": 1, "identity": 2, "released_at": "", "licence": "", "counts": 1, "tables": []}',
    ],
)  # fmt: skip
def test_a_release_that_says_nothing_of_use_is_told(copy: Path, text: str) -> None:
    (copy / CONTENTS).write_text(text)
    resum(copy)
    (problem,) = problems(copy)
    assert problem.startswith(CONTENTS)


def test_a_path_in_the_description_leads_nowhere_else(copy: Path) -> None:
    def point_outside(contents: dict[str, object]) -> None:
        tables = contents["tables"]
        assert isinstance(tables, list)
        tables.append({**tables[0], "path": "../../jury.db"})

    edit(copy, point_outside)
    assert problems(copy) == ["../../jury.db: is described, but has no sum"]


def test_a_column_whose_name_is_no_text_is_told(copy: Path) -> None:
    data = (copy / VOTES).read_bytes()
    (copy / VOTES).write_bytes(data.replace(b"client_agent", b"client\xffagent"))
    resum(copy)
    (problem,) = problems(copy)
    assert problem.startswith(f"{VOTES}: ")
