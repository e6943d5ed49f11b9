"""What a release reads beside its formats, as SQL text: a child process runs it through ADBC.

Votes are those that every format selects from: given, and not on gold.
"""

from __future__ import annotations

from typing import Final

_VOTES: Final = """
    FROM votes v JOIN raters r ON r.number = v.rater
    WHERE v.state = 'given' AND v.gold = 0 AND r.erased_at IS NULL
"""

VOTES = f"""
SELECT count(*) AS votes, count(DISTINCT v.image_id) AS images,
    count(*) FILTER (WHERE v.completed_at IS NOT NULL) AS complete,
    count(*) FILTER (WHERE v.surface = 'public') AS public,
    count(*) FILTER (WHERE v.after_reveal = 1) AS after_reveal,
    count(*) FILTER (WHERE v.horde_kudos IS NOT NULL) AS linked,
    coalesce(min(v.created_at), 0) AS first, coalesce(max(v.created_at), 0) AS last
{_VOTES}
"""
"""`first` and `last`: when the earliest and the latest vote began, in microseconds."""

UNSAFE = f"""
SELECT EXISTS (
    SELECT 1 {_VOTES} AND (SELECT safe FROM images WHERE id = v.image_id) = 0
) AS number
"""  # noqa: S608 - a constant
"""Whether an image with any vote is not known to be safe."""

RATERS = f"""
SELECT count(*) AS votes,
    max(r.status = 'validated' AND coalesce(r.status_until > ?1, 1)) AS validated
{_VOTES}
GROUP BY v.rater ORDER BY votes
"""
"""A row a rater, without saying who. Parameter: now, in microseconds."""

REMOVED = """
SELECT lower(hex(row_id)) AS row_id, reason FROM removed_rows WHERE told_in IS NULL ORDER BY row_id
"""
"""Rows that are gone or other since the last release. Their names are random, so their order says
nothing."""
