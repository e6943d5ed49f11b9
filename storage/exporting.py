"""What an export reads, as SQL text: a child process runs it through another SQLite library.

Every statement names its columns, and gives them in the types of the tables.
"""

from __future__ import annotations

DATA_SET = "SELECT id AS number FROM data_sets WHERE name = ?"
"""Parameter: the name."""

CLIENT_AGENTS = "SELECT id, name FROM client_agents ORDER BY id"

RATERS = """
SELECT number,
    CASE WHEN status = 'validated' AND (status_until IS NULL OR status_until > ?)
        THEN 1 ELSE 0 END AS validated
FROM raters ORDER BY number
"""
"""Parameter: now, in microseconds."""

VOTES_EVER = "SELECT COUNT(*) AS number FROM votes"
"""All votes, of every state: a cheap upper bound for a progress bar."""

VOTES = """
SELECT image_id, rater, aesthetic, artifacts, created_at, client_agent_id
FROM votes
WHERE state = 'given' AND aesthetic IS NOT NULL AND rater NOT IN (
    SELECT number FROM raters
    WHERE erased_at IS NOT NULL
        OR (status = 'banned' AND (status_until IS NULL OR status_until > ?))
)
ORDER BY +image_id
"""
"""Votes that are published, of every data set, image by image. Parameter: now, in microseconds.

The plus keeps the planner from the index on image_id: one pass over the table and a sort of these
few numbers takes a third of the time of a jump into the table for each row.
"""

TOUCHED_IMAGES = """
SELECT image_id, key
FROM (SELECT DISTINCT image_id FROM votes) AS touched CROSS JOIN images
WHERE images.id = touched.image_id AND data_set_id = ?
ORDER BY image_id
"""
"""Images of a data set that have any vote. Parameter: the data set's id.

Written as a cross join so that an untouched image is never read: there may be millions.
"""
