"""What an export reads, as SQL text: a child process runs it through another SQLite library.

Every statement names its columns, and gives them in the types of the tables.
"""

from __future__ import annotations

DATA_SET = "SELECT id AS number FROM data_sets WHERE name = ?"
"""Parameter: the name."""

CLIENT_AGENTS = "SELECT id, name FROM client_agents ORDER BY id"

RATERS = """
SELECT number,
    CASE WHEN status = 'validated' AND coalesce(status_until > ?, 1) THEN 1 ELSE 0 END AS validated
FROM raters WHERE erased_at IS NULL
ORDER BY number
"""
"""Raters whose votes are published, those who are banned too: what of theirs does not count is
void. Parameter: now, in microseconds."""

VOTES_EVER = "SELECT COUNT(*) AS number FROM votes"
"""All votes, of every state: a cheap upper bound for a progress bar."""

_VOTES = """
SELECT image_id, rater, aesthetic, artifacts, created_at, client_agent_id,
    horde_kudos, horde_account_age, horde_usage_requests, horde_trusted,
    captchas_failed
FROM votes
WHERE state = 'given' AND aesthetic IS NOT NULL{gold}
ORDER BY +image_id
"""
VOTES = _VOTES.format(gold=" AND gold = 0")
"""Votes that may be published, of every data set and rater, image by image.

The plus keeps the planner from the index on image_id: one pass over the table and a sort of these
few numbers takes a third of the time of a jump into the table for each row. For the same reason
raters and data sets are sorted out by the caller: a test for each row costs more than it saves.
"""

VOTES_WITH_GOLD = _VOTES.format(gold="")
"""The same with votes that were given on gold images, of which no other export knows."""

TOUCHED_IMAGES = """
SELECT image_id, key
FROM (SELECT DISTINCT image_id FROM votes) AS touched CROSS JOIN images
WHERE images.id = touched.image_id AND data_set_id = ?
ORDER BY image_id
"""
"""Images of a data set that have any vote. Parameter: the data set's id.

Written as a cross join so that an untouched image is never read: there may be millions.
"""
