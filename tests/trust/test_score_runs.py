"""Runs of the estimator over a database: what they write, and what they leave alone."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection

import numpy as np
import pytest

from bot.rating.scales import SCALES
from bot.trust.scoring.assessing import assess
from bot.trust.scoring.collecting import Ballots
from bot.trust.scoring.keeping import Keeping, Table
from bot.trust.scoring.votes import Votes
from storage import erasures, image_scores, score_runs
from storage.connections import connect
from storage.turns import Turns
from tests.trust.scored import (
    NOON,
    Shape,
    bring_back,
    change,
    history,
    image_rows,
    make,
    rater_rows,
    rows,
    run,
    take_out,
    vote,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="session")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a database with a crowd, a fifth of whom press at random, not scored yet."""
    path = make(tmp_path_factory.mktemp("crowd") / "jury.db", Shape(attackers=12))
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@pytest.fixture
def path(crowded: bytes, tmp_path: Path) -> Path:
    place = tmp_path / "jury.db"
    place.write_bytes(crowded)
    return place


@pytest.mark.parametrize("scale", SCALES)
def test_both_scales_are_what_the_estimator_finds(path: Path, scale: str) -> None:
    """The same by another way: the arrays are made from plain rows."""
    found = run(path)
    given = rows(path, f"SELECT rater, image_id, {scale} FROM votes ORDER BY id DESC")  # noqa: S608 - a name of ours
    homes: dict[int, int] = dict(rows(path, "SELECT id, data_set_id FROM images"))
    images = sorted({image for _, image, _ in given})
    votes = Votes.of(
        [rater - 1 for rater, _, _ in given],
        [images.index(image) for _, image, _ in given],
        [score for _, _, score in given],
        low=SCALES[scale].low, high=SCALES[scale].high,
        group=[homes[image] - 1 for image in images],
    )  # fmt: skip
    wanted = assess(votes)
    stored = image_rows(path)
    ours = np.array([stored[scale, image][:5] for image in images])
    assert ours[:, 0] == pytest.approx(wanted.scores.score, rel=1e-9)
    assert ours[:, 1] == pytest.approx(wanted.scores.standard_error, rel=1e-9)
    assert ours[:, 2].tolist() == wanted.scores.votes.tolist()
    assert ours[:, 3] == pytest.approx(wanted.scores.plain_mean)
    assert ours[:, 4] == pytest.approx(wanted.model.difficulty, rel=1e-9)
    raters = rater_rows(path)
    figures = np.array([raters[scale, 1 + number] for number in range(votes.raters)])
    assert figures[:, 1] == pytest.approx(wanted.raters.bias, rel=1e-6, abs=1e-9)
    assert figures[:, 2] == pytest.approx(wanted.model.weight, rel=1e-9)
    assert figures[:, 3] == pytest.approx(wanted.raters.reliability, rel=1e-9)
    assert figures[:, 4].astype(bool).tolist() == wanted.held.tolist()
    summary = found[scale]
    assert (summary.votes, summary.images, summary.raters) == (len(votes), len(images), 60)
    assert summary.held == wanted.held.sum()
    assert (summary.images_written, summary.raters_written) == (len(images), 60)


def test_every_detector_has_its_figure(path: Path) -> None:
    run(path)
    ((missing, shares),) = rows(
        path,
        "SELECT count(*) FILTER (WHERE llr IS NULL OR correlation_z IS NULL OR residual_sd IS NULL"
        " OR pair_score IS NULL), count(mode_share) FROM rater_scores",
    )
    assert (missing, shares) == (0, 120)


def test_a_second_run_writes_nothing(path: Path) -> None:
    run(path)
    before = image_rows(path), rater_rows(path)
    again = run(path, NOON + HOUR)
    assert [(one.images_written, one.raters_written) for one in again.values()] == [(0, 0)] * 2
    assert (image_rows(path), rater_rows(path)) == before
    with closing(connect(path)) as connection:
        seen = score_runs.seen(connection)
    assert {one.at for one in seen.values()} == {NOON + HOUR}


def test_one_more_vote_moves_few_rows(path: Path) -> None:
    run(path)
    with closing(connect(path)) as connection:
        vote(connection, 60, _unjudged(connection, 60), 9, None)
    again = run(path, NOON + HOUR)
    assert 1 <= again["aesthetic"].images_written < 120
    assert again["aesthetic"].raters_written >= 1
    assert again["artifacts"].images_written == again["artifacts"].raters_written == 0


def _unjudged(connection: Connection, rater: int) -> int:
    (image,) = connection.execute(
        "SELECT min(id) FROM images WHERE id NOT IN (SELECT image_id FROM votes WHERE rater = ?)",
        (rater,),
    ).fetchone()
    return int(image)


@pytest.mark.parametrize(
    "change_of_vote",
    ["state = 'undone', completed_at = NULL", "state = 'void'", "gold = 1"],
)
def test_votes_that_do_not_count_make_no_scores(path: Path, change_of_vote: str) -> None:
    change(path, f"UPDATE votes SET {change_of_vote} WHERE rater = 1 OR image_id = 7")  # noqa: S608 - constants
    run(path)
    assert not {(scale, 7) for scale in SCALES} & image_rows(path).keys()
    assert not {(scale, 1) for scale in SCALES} & rater_rows(path).keys()


def test_rows_without_votes_leave(path: Path) -> None:
    run(path)
    with closing(connect(path)) as connection:
        connection.execute("UPDATE votes SET state = 'void' WHERE rater = 1 OR image_id = 7")
        history(connection, 1, 7, "voided")
    run(path, NOON + HOUR)
    assert not {(scale, 7) for scale in SCALES} & image_rows(path).keys()
    assert not {(scale, 1) for scale in SCALES} & rater_rows(path).keys()
    ((kept,),) = rows(path, "SELECT count(*) FROM reliability_history WHERE rater = 1")
    assert kept == 2


def test_half_votes_score_their_scale(path: Path) -> None:
    with closing(connect(path)) as connection:
        image = _unjudged(connection, 60)
        before = connection.execute(
            "SELECT count(*) FROM votes WHERE image_id = ?", (image,)
        ).fetchone()[0]
        vote(connection, 60, image, 9, None)
    run(path)
    stored = image_rows(path)
    assert stored["aesthetic", image][2] == before + 1
    assert stored["artifacts", image][2] == before


def test_the_history_has_the_last_figure_of_each_day_on_which_it_changed(path: Path) -> None:
    sql = "SELECT day, votes, reliability FROM reliability_history WHERE rater = 60 AND scale = ?"
    run(path)
    ((first, votes, _),) = rows(path, sql, ("aesthetic",))
    with closing(connect(path)) as connection:
        for moment, aesthetic in ((NOON + HOUR, 2), (NOON + DAY, 3)):
            vote(connection, 60, _unjudged(connection, 60), aesthetic, None)
            run(path, moment)
    run(path, NOON + 2 * DAY)
    found = rows(path, sql, ("aesthetic",))
    assert [(day, many) for day, many, _ in found] == [(first, votes + 1), (first + 1, votes + 2)]
    assert found[-1][2] == rater_rows(path)["aesthetic", 60][3]
    assert len(rows(path, sql, ("artifacts",))) == 1


def test_a_database_without_votes_has_no_scores(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", Shape(raters=0))
    found = run(path)
    assert {(one.votes, one.images, one.raters, one.held) for one in found.values()} == {
        (0, 0, 0, 0)
    }
    assert image_rows(path) == rater_rows(path) == {}


def test_one_vote_is_a_score_near_what_it_says(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", Shape(raters=1, each=1, panel=1, data_sets=1))
    run(path)
    ((scale, _), (score, error, votes, mean, _, _)) = min(image_rows(path).items())
    assert scale == "aesthetic"
    assert votes == 1
    assert score == pytest.approx(mean)
    assert error > 0


def test_huge_numbers_are_no_others(tmp_path: Path) -> None:
    """Above 2^53 two neighbours are one and the same as floats."""
    path = make(tmp_path / "jury.db", Shape(raters=8, each=10, panel=4))
    huge = 2**62
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for table, column in (
            ("images", "id"), ("votes", "image_id"), ("raters", "number"), ("votes", "rater"),
            ("posts", "image_id"),
        ):  # fmt: skip
            for value in (f"-{column}", f"{huge} - {column}"):  # by steps that stay unique
                connection.execute(f"UPDATE {table} SET {column} = {value}")  # noqa: S608 - constants
    run(path)
    again = run(path, NOON + HOUR)
    assert {one.images_written for one in again.values()} == {0}
    numbers = {huge + number for number in range(1, 21)}
    assert {image for _, image in image_rows(path)} == numbers
    assert {rater for _, rater in rater_rows(path)} == {huge + number for number in range(1, 9)}


def rescore_all(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute("BEGIN")
        for (image,) in connection.execute("SELECT id FROM images").fetchall():
            image_scores.rescore(connection, image, NOON)
        connection.execute("COMMIT")


def test_an_image_that_is_scored_anew_keeps_its_score(path: Path) -> None:
    run(path)
    before = image_rows(path)
    rescore_all(path)
    after = image_rows(path)
    assert after.keys() == before.keys()
    for key, row in before.items():
        assert after[key] == pytest.approx(row, rel=1e-9), key


def test_after_many_small_changes_it_still_keeps_it_nearly(path: Path) -> None:
    """What is not written, because it moved too little, adds up to no more than that."""
    run(path)
    with closing(connect(path)) as connection:
        for hour in range(1, 6):
            for rater in range(20, 40):
                vote(connection, rater, _unjudged(connection, rater), 5 + hour % 3, hour % 4)
            run(path, NOON + hour * HOUR)
    before = image_rows(path)
    rescore_all(path)
    after = image_rows(path)
    off = [abs(after[key][0] - row[0]) for key, row in before.items()]
    assert max(off) < 0.05
    assert np.mean(off) < 0.01


def test_a_vote_that_leaves_and_comes_back_changes_nothing(path: Path) -> None:
    run(path)
    before = image_rows(path)
    with closing(connect(path)) as connection:
        (rater, image) = connection.execute("SELECT rater, image_id FROM votes LIMIT 1").fetchone()
        take_out(connection, rater, image)
        image_scores.rescore(connection, image, NOON)
        without = image_rows(path)["aesthetic", image]
        bring_back(connection, rater, image)
        image_scores.rescore(connection, image, NOON)
    assert without[2] == before["aesthetic", image][2] - 1
    assert without[1] > before["aesthetic", image][1]
    assert image_rows(path)["aesthetic", image] == pytest.approx(before["aesthetic", image])


def test_an_image_without_votes_has_no_score(path: Path) -> None:
    run(path)
    with closing(connect(path)) as connection:
        for (rater,) in connection.execute("SELECT rater FROM votes WHERE image_id = 7").fetchall():
            take_out(connection, rater, 7)
        image_scores.rescore(connection, 7, NOON)
        assert not {(scale, 7) for scale in SCALES} & image_rows(path).keys()
        bring_back(connection, rater, 7)
        image_scores.rescore(connection, 7, NOON)
    assert image_rows(path)["aesthetic", 7][2] == 1


def test_newcomers_count_as_the_crowd_and_new_data_sets_lie_where_all_do(path: Path) -> None:
    run(path)
    with closing(connect(path)) as connection:
        connection.execute(
            "INSERT INTO data_sets (id, name, target, created_at) VALUES (9, 'new', 5, 0)"
        )
        connection.execute("UPDATE images SET data_set_id = 9 WHERE id = 7")
        connection.execute("INSERT INTO raters (number, first_seen_at) VALUES (900, 0)")
        connection.execute("DELETE FROM votes WHERE image_id = 7")
        vote(connection, 900, 7, 10)
        image_scores.rescore(connection, 7, NOON)
        low, high, centre, spread, bias, weight = connection.execute(
            "SELECT low, high, centre, spread, crowd_bias, crowd_weight FROM score_runs"
            " WHERE scale = 'aesthetic'"
        ).fetchone()
    assert (low, high) == (1, 10)
    wanted = (weight * (10 - bias) + centre / spread) / (weight + 1 / spread)
    assert image_rows(path)["aesthetic", 7][0] == pytest.approx(wanted)
    run(path, NOON + HOUR)
    assert image_rows(path)["aesthetic", 7][0] == pytest.approx(wanted, abs=0.4)


def test_nothing_is_scored_before_the_first_run(path: Path) -> None:
    rescore_all(path)
    assert image_rows(path) == {}


def test_what_leaves_during_a_run_does_not_come_back(path: Path) -> None:
    """Votes are read; then a rater is erased, an image loses its votes, another gains one."""
    run(path)
    with closing(connect(path, for_units=True)) as connection:
        ballots = Ballots.read(connection)
        connection.execute("BEGIN")
        connection.execute("DELETE FROM image_scores")
        connection.execute("DELETE FROM rater_scores")
        erasures.cut_link(connection, 30, NOON)
        gone = erasures.delete_votes(connection, 30, NOON, limit=10_000)
        raters = connection.execute("SELECT rater FROM votes WHERE image_id = 7").fetchall()
        for (rater,) in raters:
            take_out(connection, rater, 7)
        vote(connection, 60, _unjudged(connection, 60), 9)
        connection.execute("COMMIT")
        keeping = Keeping(connection, Turns(connection, beside=False), ballots, NOON + HOUR)
        for scale in SCALES:
            votes = ballots.of(scale)
            for _ in keeping.keep(scale, votes, assess(votes), 1.0):
                pass
    assert len(gone) > 40
    assert rows(path, "SELECT * FROM rater_scores WHERE rater = 30") == []
    assert rows(path, "SELECT * FROM reliability_history WHERE rater = 30") == []
    stored = image_rows(path)
    assert ("aesthetic", 7) not in stored
    counted = rows(
        path,
        "SELECT 'aesthetic', image_id, count(*), avg(aesthetic) FROM votes WHERE state = 'given'"
        " GROUP BY image_id",
    )
    assert {key for key in stored if key[0] == "aesthetic"} == {row[:2] for row in counted}
    for scale, image, many, mean in counted:
        assert stored[scale, image][2:4] == (many, pytest.approx(mean))
    rescore_all(path)
    assert {key: row[0] for key, row in image_rows(path).items()} == pytest.approx(
        {key: row[0] for key, row in stored.items()}
    )
    finished = run(path, NOON + 2 * HOUR)
    assert finished["aesthetic"].raters == 59


def test_what_counts_votes_is_exact_however_many_there_are() -> None:
    old = Table(np.array([1, 2, 3, 4]), np.array([[1000.0, 5, 2, 9]] * 4))
    new = Table(
        np.array([1, 2, 3, 5]),
        np.array([[1001.0, 5, 2, 9], [1000, 5, 2.009, 9.04], [1000, 5, 2.011, 9], [1, 5, 2, 9]]),
    )
    assert new.ids[new.changed(old)].tolist() == [1, 3, 5]
    assert new.gone(old).tolist() == [4]


def test_a_figure_that_comes_or_goes_has_changed() -> None:
    old = Table(np.array([1, 2, 3]), np.array([[1, 0, np.nan], [1, 0, np.nan], [1, 0, 2]]))
    new = Table(np.array([1, 2, 3]), np.array([[1, 0, 2], [1, 0, np.nan], [1, 0, np.nan]]))
    assert new.ids[new.changed(old)].tolist() == [1, 3]
