"""A database from before it was kept of a rater when rules asked for a captcha last."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

from storage import findings, risks
from storage.connections import connect
from storage.migrations import known_migrations, upgrade

EARLIER: Final = known_migrations()[:20]

FILL: Final = """
INSERT INTO raters (number, discord_id, first_seen_at) VALUES (1, 101, 10), (2, 102, 10);
INSERT INTO findings (rater, rule, figure, votes, since, asked_at, held, queued_at) VALUES
    (1, 'burst', 6, 20, 5, 20, 0, NULL), (1, 'same_button', 0.9, 70, 5, 70, 1, 100),
    (1, 'disagreement', 0.3, 70, 5, NULL, 0, NULL), (2, 'disagreement', 0.3, 40, 5, NULL, 0, NULL);
INSERT INTO risks (rater, gold_percent, captcha_because, changed_at) VALUES
    (1, 20, 'same_button', 7), (2, 20, NULL, 7);
"""


def test_the_last_captcha_of_any_rule_is_known(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    upgrade(path, known=EARLIER)
    with closing(connect(path)) as connection:
        connection.executescript(FILL)
    upgrade(path)
    with closing(connect(path)) as connection:
        asked = {rater: risks.captcha_asked_at(connection, rater) for rater in (1, 2, 3)}
        assert asked == {1: 70, 2: None, 3: None}
        assert risks.captcha_because(connection, 1) == "same_button"
        kept = findings.of_rater(connection, 1)
        assert sorted(kept) == ["burst", "disagreement", "same_button"]
        assert (kept["same_button"].held, kept["same_button"].queued_at) == (True, 100)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
