"""kill -9 under load: what was acknowledged is there after the restart, and nothing twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import pytest

from tests.process.voter import TARGET, live, prepare

KILLS = 60
MOST_ACKNOWLEDGED = 300
PATIENCE_SECONDS = 60

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.process.voter"])


@dataclass
class Witness:
    """Remembers every acknowledgement: by interaction, who gave which score to what."""

    acknowledged: dict[int, tuple[int, int, str, int]] = field(default_factory=dict)

    def hear(self, pipe: Connection, *, at_most: int | None = None) -> int:
        """Note what the process says, `at_most` so many or until it is dead; return how many."""
        heard = 0
        while at_most is None or heard < at_most:
            assert pipe.poll(PATIENCE_SECONDS), "the process neither works nor ends"
            try:
                words = pipe.recv_bytes().decode().split()
            except (EOFError, OSError):
                break
            interaction, rater, post, scale, value = words
            said = (int(rater), int(post), scale, int(value))
            assert self.acknowledged.setdefault(int(interaction), said) == said
            heard += 1
        return heard

    def check(self, path: Path) -> None:
        """Compare the database with what was acknowledged."""
        with closing(sqlite3.connect(path)) as connection:
            history = connection.execute(
                "SELECT h.interaction_id, r.discord_id, h.post_id, h.aesthetic, h.artifacts"
                " FROM vote_history h JOIN raters r ON r.number = h.rater"
            ).fetchall()
            found = {row[0]: row[1:] for row in history}
            assert len(found) == len(history), "an interaction was written twice"
            assert self.acknowledged.keys() <= found.keys(), "an acknowledged vote is gone"
            for interaction, (rater, post, scale, value) in self.acknowledged.items():
                rater_written, post_written, aesthetic, artifacts = found[interaction]
                written = aesthetic if scale == "aesthetic" else artifacts
                assert (rater_written, post_written, written) == (rater, post, value)
            self._check_whole(connection)

    @staticmethod
    def _check_whole(connection: sqlite3.Connection) -> None:
        """Look for units that were written by half."""
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        votes = connection.execute(
            "SELECT rater, image_id, aesthetic, artifacts FROM votes ORDER BY rater, image_id"
        ).fetchall()
        last = connection.execute(
            "SELECT rater, image_id, aesthetic, artifacts FROM vote_history WHERE id IN"
            " (SELECT max(id) FROM vote_history GROUP BY rater, image_id)"
            " ORDER BY rater, image_id"
        ).fetchall()
        assert votes == last, "a vote and its history differ"
        miscounted = connection.execute(
            "SELECT id FROM images i WHERE complete_votes > ? OR complete_votes <>"
            " (SELECT count(*) FROM votes v WHERE v.image_id = i.id"
            " AND v.aesthetic IS NOT NULL AND v.artifacts IS NOT NULL)",
            (TARGET,),
        ).fetchall()
        assert miscounted == [], "an image's counter is wrong or above its target"


@pytest.mark.process
def test_what_was_acknowledged_outlives_sixty_kills(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    asyncio.run(prepare(path))
    witness, random, heard, killed_amid_work = Witness(), Random(20), 0, 0
    for life in range(1, KILLS + 1):
        listening, speaking = FORKING.Pipe(duplex=False)
        child = FORKING.Process(target=live, args=(path, life, heard, speaking))
        child.start()
        speaking.close()
        # From its very first moments to some hundred votes, and never quite after a vote.
        heard = witness.hear(listening, at_most=random.randint(0, MOST_ACKNOWLEDGED))
        time.sleep(random.random() * (0.004 if heard else 0.08))
        assert child.is_alive()
        child.kill()
        rest = witness.hear(listening)
        heard += rest
        killed_amid_work += rest > 0
        child.join()
        if life % 2 == 0:  # in between, the next process alone repairs what this one left
            witness.check(path)
    assert killed_amid_work > KILLS // 2
    assert len(witness.acknowledged) > KILLS * 10
