"""`jury scores`: tables in, tables out, and what is said of a file that is none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.cli import main
from bot.trust.scoring.assessing import assess
from bot.trust.scoring.tables import read_votes
from tests.trust.scoring_crowd import HIGH, LOW, crowd

SCORES = ["item", "score", "standard_error", "votes", "plain_mean"]
RATERS = [
    "rater", "votes", "bias", "inconsistency", "reliability",
    "llr", "correlation_z", "mode_share", "residual_sd", "pair_score", "longest_run",
]  # fmt: skip

Run = Callable[..., str]


@pytest.fixture
def jury(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `jury scores`; returns what it printed, or its line on stderr where it refused."""

    def run(votes: Path, out: Path, low: float = LOW, high: float = HIGH, *more: str) -> str:
        arguments = ["--votes", votes, "--low", low, "--high", high, "--out", out, *more]
        monkeypatch.setattr(sys, "argv", ["jury", "scores", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        if left.value.code:
            assert left.value.code == 1
            assert said.err.startswith("jury: ")
            assert said.err.count("\n") == 1
            return said.err
        assert said.err == ""
        return said.out

    return run


def write(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def frame(seed: int = 31) -> pd.DataFrame:
    votes = crowd(seed, "uniform", raters=30, each=30).votes
    ids = [f"rater {number:02}" for number in range(votes.raters)]
    return pd.DataFrame({
        "score": votes.score.astype(int),
        "rater": [ids[number] for number in votes.rater],
        "item": votes.item + 2**62,
        "comment": "not read",
    })  # fmt: skip


def test_a_csv_gives_csvs(jury: Run, tmp_path: Path) -> None:
    made = frame()
    made.to_csv(tmp_path / "votes.csv", index=False)
    said = json.loads(jury(tmp_path / "votes.csv", tmp_path / "new" / "out", LOW, HIGH, "--json"))
    assert said["votes"] == len(made)
    assert (said["items"], said["raters"], said["repeated"]) == (180, 30, 0)
    scores = pd.read_csv(said["scores_file"])
    raters = pd.read_csv(said["raters_file"])
    assert list(scores) == SCORES
    assert list(raters) == RATERS
    assert sorted(scores["item"]) == sorted(set(made["item"]))
    assert sorted(raters["rater"]) == sorted(set(made["rater"]))
    mean = made.groupby("item")["score"].mean()
    assert scores.set_index("item")["plain_mean"].sort_index().to_numpy() == pytest.approx(mean)
    assert raters["longest_run"].isna().all()
    assert not raters.drop(columns="longest_run").isna().any(axis=None)
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == [
        "raters.csv", "scores.csv",
    ]  # fmt: skip


def test_a_parquet_gives_the_same_as_parquets(jury: Run, tmp_path: Path) -> None:
    made = frame()
    made.to_csv(tmp_path / "votes.csv", index=False)
    made.sample(frac=1, random_state=3).to_parquet(tmp_path / "votes.parquet", index=False)
    jury(tmp_path / "votes.csv", tmp_path)
    said = jury(tmp_path / "votes.parquet", tmp_path)
    assert "votes: 900\n" in said
    for name, key in (("scores", "item"), ("raters", "rater")):
        one = pd.read_csv(tmp_path / f"{name}.csv").sort_values(key, ignore_index=True)
        two = pd.read_parquet(tmp_path / f"{name}.parquet").sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(one, two, check_dtype=False, rtol=1e-9)
    schema = pq.read_schema(tmp_path / "scores.parquet")
    assert schema.field("item").type == pa.int64()
    assert schema.field("votes").type == pa.int64()


def test_it_is_what_the_functions_give(tmp_path: Path) -> None:
    votes = crowd(32, "fixed").votes
    pd.DataFrame({"rater": votes.rater, "item": votes.item, "score": votes.score}).to_parquet(
        tmp_path / "votes.parquet"
    )
    table = read_votes(tmp_path / "votes.parquet", LOW, HIGH)
    assert table.rater_ids.to_pylist() == list(range(60))
    one, two = assess(table.votes).scores, assess(votes).scores
    np.testing.assert_array_equal(one.score, two.score)


@pytest.mark.parametrize(
    "ids",
    [
        ["007", "7", "007 ", "Zoë", "=1+1", "a,b", 'a"b', "two\nlines"],
        [2**64 - 1, 0, 5, 2**63, 7, 8, 9, 10],
        [10**40, -(10**40), 1, 2, 3, 4, 5, 6],
    ],
    ids=["texts", "whole numbers", "longer than 64 bits"],
)
def test_ids_come_out_as_they_went_in(jury: Run, tmp_path: Path, ids: list[str | int]) -> None:
    made = pd.DataFrame({"rater": ids, "item": ids[::-1], "score": 3})
    made.to_csv(tmp_path / "votes.csv", index=False)
    jury(tmp_path / "votes.csv", tmp_path)
    written = pd.read_csv(tmp_path / "raters.csv", dtype=str)
    assert sorted(written["rater"]) == sorted(map(str, ids))
    if 10**40 not in ids:
        column = pa.array(ids, None if isinstance(ids[0], str) else pa.uint64())
        pq.write_table(
            pa.table({"rater": column, "item": column.dictionary_encode(), "score": [3] * 8}),
            tmp_path / "votes.parquet",
        )
        jury(tmp_path / "votes.parquet", tmp_path)
        assert pq.read_table(tmp_path / "raters.parquet")["rater"].to_pylist() == sorted(ids)
        assert set(pq.read_table(tmp_path / "scores.parquet")["item"].to_pylist()) == set(ids)


def test_categories_without_votes_are_no_raters(jury: Run, tmp_path: Path) -> None:
    rater = pd.Categorical(["b", "a", "b"], categories=["z", "b", "", "a"])
    made = pd.DataFrame({"rater": rater, "item": [1, 1, 2], "score": [3, 4, 5]})
    made.to_parquet(tmp_path / "votes.parquet")
    jury(tmp_path / "votes.parquet", tmp_path)
    written = pd.read_parquet(tmp_path / "raters.parquet")
    assert written["rater"].tolist() == ["a", "b"]
    assert written["votes"].tolist() == [1, 2]


def test_repeated_votes_are_said_and_count_once(jury: Run, tmp_path: Path) -> None:
    lines = ["rater,item,score", "a,x,1", "b,x,5", "a,x,4", "", "a,y,2"]
    said = jury(write(tmp_path / "votes.csv", lines), tmp_path)
    assert "votes: 3\nrepeated: 1\n" in said
    scores = pd.read_csv(tmp_path / "scores.csv")
    assert scores["plain_mean"].tolist() == [3.75, 2]


def test_the_order_gives_the_longest_run(jury: Run, tmp_path: Path) -> None:
    lines = ["rater,item,score,order", "a,1,4,3", "a,2,4,1", "a,3,2,2", "a,4,4,4", "b,1,4,0"]
    jury(write(tmp_path / "votes.csv", lines), tmp_path)
    assert pd.read_csv(tmp_path / "raters.csv")["longest_run"].tolist() == [2, 1]


@pytest.mark.parametrize("name", ["votes.csv", "votes.parquet"])
def test_no_votes_give_no_tables(jury: Run, tmp_path: Path, name: str) -> None:
    path, none = tmp_path / name, pd.DataFrame(columns=["rater", "item", "score"])
    none.to_csv(path, index=False) if name.endswith("csv") else none.to_parquet(path)
    said = jury(path, tmp_path / "out")
    assert said == f"jury: {path}: has no votes, only the names of columns\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("row", [1, 2, 20_000])
@pytest.mark.parametrize("column", ["rater", "item"])
def test_a_csv_in_another_encoding_is_told_by_row_and_column(
    jury: Run, tmp_path: Path, row: int, column: str
) -> None:
    made = pd.DataFrame({"rater": "a", "item": [f"i{n}" for n in range(20_001)], "score": 3})
    made.loc[row - 2, column] = "Zo\xeb"
    if row == 1:
        made = made.assign(größe=1)
    path = tmp_path / "votes.csv"
    made.to_csv(path, index=False, encoding="latin-1")
    where = "row 1" if row == 1 else f"row {row}, column {column}"
    said = jury(path, tmp_path / "out")
    assert said == f"jury: {path}: {where}: is no UTF-8 text; save the file as CSV in UTF-8\n"


def test_what_is_not_read_may_have_any_encoding(jury: Run, tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes(b"rater,item,comment,score\na,x,Zo\xeb,3\n")
    assert "votes: 1\n" in jury(path, tmp_path)


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_row_without_an_end_is_told(jury: Run, tmp_path: Path, quote: str) -> None:
    rows = ["rater,item,score", "a,x,3", "", f"b,{quote}{'y' * 5_000_000}{quote},3", "c,x,3"]
    said = jury(write(tmp_path / "votes.csv", rows), tmp_path / "out")
    assert "votes.csv: row 3 is longer than 1,048,576 bytes; is a quotation mark left" in said
    rows = ["rater,item,score", "a,x,3", 'b,"y,3', *["c,x,3"] * 500_000]
    said = jury(write(tmp_path / "votes.csv", rows), tmp_path / "out")
    assert "votes.csv: row 3 is longer than 1,048,576 bytes; is a quotation mark left" in said


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["rater,image,score", "a,x,1"], "column item is missing; there is: rater, image, score"),
        ([""], "column rater is missing; there is: none"),
        (["rater,item,score,score", "a,x,1,2"], "column score is there 2 times"),
        (["rater,item,score", "a,x,1", "a,y,"], "row 3, column score: is missing"),
        (["rater,item,score", ",x,1"], "row 2, column rater: is missing"),
        (["rater,item,score", "a,,1", "b,,1"], "row 2, column item: is missing (2 such rows)"),
        (["rater,item,score", "a,x,1", "b,x,good"], "row 3, column score: 'good' is no number"),
        (["rater,item,score", "a,x,nan"], "row 2, column score: 'nan' is no number"),
        (["rater,item,score", "a,x,1_0"], "row 2, column score: '1_0' is no number"),
        (["rater,item,score", "a,x,11"], "row 2, column score: '11' is not in 1 to 10"),
        (["rater,item,score", "a,x,0.5"], "row 2, column score: '0.5' is not in 1 to 10"),
        (["rater,item,score", "a,x,1e999"], "row 2, column score: '1e999' is not in 1 to 10"),
        (["rater,item,score", "a,x,1", "b,x"], "row 3 has 2 columns instead of 3"),
        (["rater,item,score,order", "a,x,1,soon"], "row 2, column order: 'soon' is no number"),
        (["rater;item;score", "a;x;1"], "column rater is missing; there is: rater;item;score"),
    ],
)
def test_a_csv_that_is_no_table_of_votes(
    jury: Run, tmp_path: Path, lines: list[str], fault: str
) -> None:
    path = write(tmp_path / "votes.csv", lines)
    assert jury(path, tmp_path / "out") == f"jury: {path}: {fault}\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"rater": ["a"], "item": [1]}, "column score is missing; there is: rater, item"),
        ({"rater": ["a"], "item": [1], "score": [None]}, "column score: "),
        ({"rater": [5, None], "item": [1, 2], "score": [3, 3]}, "row 2, column rater: is missing"),
        ({"rater": ["a"], "item": [1], "score": [float("nan")]}, "column score: nan is missing"),
        ({"rater": ["a"], "item": [1], "score": [True]}, "column score: bool is no number"),
        ({"rater": ["a"], "item": [1], "score": [12.0]}, "row 1, column score: 12.0 is not in"),
        ({"rater": [["a"]], "item": [1], "score": [3]}, "column rater: list<"),
    ],
)  # fmt: skip
def test_a_parquet_that_is_no_table_of_votes(
    jury: Run, tmp_path: Path, columns: dict[str, list[object]], fault: str
) -> None:
    path = tmp_path / "votes.parquet"
    pq.write_table(pa.table(columns), path)
    said = jury(path, tmp_path / "out")
    assert said.startswith(f"jury: {path}: ")
    assert fault in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["votes.csv", "votes.parquet"])
@pytest.mark.parametrize(
    "content",
    [b"\x00" * 100, b"\xff\xfe\x00rater", b"PAR1 and no more PAR1", b'rater,item,score\n"a,x,1\n'],
    ids=["zeros", "no utf-8", "cut parquet", "open quote"],
)
def test_what_is_no_table_at_all_is_one_line(
    jury: Run, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert jury(tmp_path / name, tmp_path / "out").startswith(f"jury: {tmp_path / name}: ")


def test_wrong_paths_and_bounds_are_one_line(jury: Run, tmp_path: Path) -> None:
    assert "No such file" in jury(tmp_path / "none.csv", tmp_path)
    assert "the name must end in .csv or .parquet" in jury(tmp_path / "votes.xlsx", tmp_path)
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    for each in (tmp_path, folder):
        said = jury(each, tmp_path)
        assert said == f"jury: {each}: is a folder; give one .csv or .parquet file\n"
    path = write(tmp_path / "votes.csv", ["rater,item,score", "a,x,1"])
    assert "--low must be below --high" in jury(path, tmp_path, 5, 5)
    assert "--low must be below --high" in jury(path, tmp_path, 5, float("nan"))
    assert "--low must be below --high" in jury(path, tmp_path, 1, float("inf"))
    assert "by 1e-100 to 1e+100, not -1e+308 and 1e+308" in jury(path, tmp_path, -1e308, 1e308)
    assert "not -1e+200 and 1e+200" in jury(path, tmp_path, -1e200, 1e200)
    assert "not 0 and 1e-200" in jury(path, tmp_path, 0, 1e-200)
    assert "Not a directory" in jury(path, path / "out")


def test_only_earlier_tables_are_replaced(jury: Run, tmp_path: Path) -> None:
    lines = ["rater,item,score", "a,x,1", "b,x,5"]
    path = write(tmp_path / "scores.csv", lines)
    assert "scores.csv: is no earlier table of this kind" in jury(path, tmp_path)
    assert path.read_text("utf-8").splitlines() == lines
    assert not (tmp_path / "raters.csv").exists()
    votes = path.rename(tmp_path / "votes.csv")
    first = jury(votes, tmp_path)
    assert jury(votes, tmp_path) == first


def test_a_byte_order_mark_and_line_ends_of_windows_are_no_fault(jury: Run, tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes("\ufeffrater,item,score\r\na,x, 1\r\nb,x,5\r\n".encode())
    assert "votes: 2\n" in jury(path, tmp_path)


def test_the_bot_does_not_load_what_reads_files() -> None:
    code = "import bot.cli, bot.app, sys; sys.exit('bot.trust.scoring.tables' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code
