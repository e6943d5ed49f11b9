"""What an export reads, as SQL text: a child process runs it through another SQLite library.

Every statement names its columns, and gives them in the types of the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from storage.votes import Surface

Statement = tuple[str, tuple[int | str, ...]]
"""SQL and its parameters."""

DATA_SETS = "SELECT id, name FROM data_sets ORDER BY id"

CLIENT_AGENTS = "SELECT id, name FROM client_agents ORDER BY id"

RATERS = """
SELECT number,
    status = 'validated' AND coalesce(status_until > ?1, 1) AS validated,
    status = 'banned' AND coalesce(status_until > ?1, 1) AS banned,
    (SELECT min(reliability) FROM rater_scores WHERE rater = number) AS reliability
FROM raters WHERE erased_at IS NULL
ORDER BY number
"""
"""Raters whose votes are published, those who are banned too: what of theirs does not count is
void. Reliability is the lowest of all scales, NULL for who was never scored. Parameter: now, in
microseconds."""

VOTES_EVER = "SELECT COUNT(*) AS number FROM votes"
"""All votes, of every state: a cheap upper bound for a progress bar."""


@dataclass(frozen=True, slots=True)
class VoteFilter:
    """Which votes are read: begun at `since` or later and before `until`, in microseconds.

    `linked`: only those given with a proved account of the AI Horde. `gold` adds those on gold
    images, `void` those that moderators took out.
    """

    since: int | None = None
    until: int | None = None
    surface: Surface | None = None
    linked: bool = False
    gold: bool = False
    void: bool = False


_VOTE_COLUMNS: Final = {
    "is_public": "surface = 'public'",
    "is_void": "state = 'void'",
    "row_id": "lower(hex(row_id))",
}
"""What is shorter as a number, and a text, empty for NULL, since a reader that takes types from the
first rows would stumble over bytes later. Every other column is as in the table."""


def votes(columns: Sequence[str], only: VoteFilter, rated: str | None = None) -> Statement:
    """Return what reads votes of every data set and rater, image by image.

    With `rated` only those that give that scale. The plus keeps the planner from the index on
    image_id: one pass over the table and a sort of these few numbers takes a third of the time of a
    jump into the table for each row. For the same reason raters and data sets are sorted out by the
    caller: a test for each row costs more than it saves.
    """
    conditions = ["state IN ('given', 'void')" if only.void else "state = 'given'"]
    parameters: list[int | str] = []
    if rated is not None:
        conditions.append(f"{rated} IS NOT NULL")
    if not only.gold:
        conditions.append("gold = 0")
    if only.linked:
        conditions.append("horde_kudos IS NOT NULL")
    for condition, value in (
        ("created_at >= ?", only.since),
        ("created_at < ?", only.until),
        ("surface = ?", only.surface),
    ):
        if value is not None:
            conditions.append(condition)
            parameters.append(value)
    wanted = ", ".join(f"{_VOTE_COLUMNS.get(name, name)} AS {name}" for name in columns)
    sql = f"""
        SELECT {wanted} FROM votes
        WHERE {" AND ".join(conditions)} ORDER BY +image_id
    """  # noqa: S608 - names of columns and constants
    return sql, tuple(parameters)


_IMAGE_COLUMNS: Final = {
    "image_id": "i.id",
    "prompt": "coalesce(i.prompt, s.prompt, '')",
    "parameters": "coalesce(i.parameters, '')",
    "part_id": """CASE WHEN json_valid(i.parameters)
        AND json_type(i.parameters, '$.part_id') = 'integer'
        AND json_extract(i.parameters, '$.part_id') BETWEEN 0 AND 65535
        THEN json_extract(i.parameters, '$.part_id') END""",
    "sha256": "coalesce(lower(hex(i.sha256)), '')",
    "set_key": "coalesce(s.key, '')",
    "source_kind": "o.kind",
    "source_path": "o.path",
}
"""Texts are empty for NULL; every other column is as in the table of images."""

_TOUCHED: Final = "SELECT DISTINCT image_id FROM votes"
_TOUCHED_BY_IMPORTED: Final = """
    SELECT image_id FROM votes UNION SELECT o.id FROM imported_images m
    JOIN images o ON o.data_set_id = m.data_set_id AND o.key = m.key
"""
_IMAGES: Final = """
    FROM ({touched}) AS touched CROSS JOIN images i
    LEFT JOIN sets s ON s.id = i.set_id LEFT JOIN sources o ON o.id = i.source_id
    WHERE i.id = touched.image_id AND i.data_set_id IN ({data_sets}){safe}
"""
"""Written as a cross join so that an untouched image is never read: there may be millions. SQLite
leaves out the other joins where none of their columns is only."""


def images(
    columns: Sequence[str], data_sets: Sequence[int], *, safe: bool | None, imported: bool
) -> Statement:
    """Return what reads the images of these data sets that have any vote, by rising id.

    `safe` asks for those that are, or are not, known to be safe, `imported` also for those that
    imported votes are on.
    """
    touched = _TOUCHED_BY_IMPORTED if imported else _TOUCHED
    where, parameters = _touched(data_sets, safe=safe, touched=touched)
    wanted = ", ".join(f"{_IMAGE_COLUMNS.get(name, f'i.{name}')} AS {name}" for name in columns)
    return f"SELECT {wanted} {where} ORDER BY touched.image_id", parameters


def ambiguous_key(data_sets: Sequence[int], *, safe: bool | None) -> Statement:
    """Return what reads one key that two of these images have, or nothing."""
    where, parameters = _touched(data_sets, safe=safe)
    return f"SELECT i.key AS key {where} GROUP BY i.key HAVING count(*) > 1 LIMIT 1", parameters


def _touched(data_sets: Sequence[int], *, safe: bool | None, touched: str = _TOUCHED) -> Statement:
    where = _IMAGES.format(
        touched=touched,
        data_sets=", ".join("?" * len(data_sets)),
        safe="" if safe is None else " AND i.safe = ?",
    )
    return where, (*data_sets, *(() if safe is None else (int(safe),)))


SCORE_RUN = (
    "SELECT spread, crowd_bias, crowd_weight, centre, position FROM score_runs WHERE scale = ?"
)
SCORE_CENTRES = "SELECT data_set_id, centre FROM score_centres WHERE scale = ?"
RATER_SCORES = """
SELECT rater, bias, reliability, weight FROM rater_scores WHERE scale = ? ORDER BY rater
"""
IMAGE_SCORES = """
SELECT image_id, votes, score, standard_error, difficulty FROM image_scores
WHERE scale = ? ORDER BY image_id
"""
"""What runs of the estimator left. Parameter: the scale."""

TOUCHED_SINCE = """
SELECT DISTINCT image_id AS number FROM vote_history WHERE id > ? ORDER BY image_id
"""
"""Images whose votes changed since a position in their history. Parameter: the position."""
