"""What an export reads of imported votes, as SQL text; see `storage.exporting`.

Parameters of all: the data set, and for votes the moments in microseconds from which and before
which they were given. An empty text and -1 stand for NULL, because a reader that takes types from
the first rows would stumble over other ones later.
"""

from __future__ import annotations

from typing import Final

_COLLECTIONS: Final = """
    (SELECT id FROM imported_collections WHERE data_set_id = ?1 AND format = 'horde')
"""

RATERS: Final = f"""
SELECT id AS number, name FROM imported_raters WHERE collection_id IN {_COLLECTIONS} ORDER BY id
"""  # noqa: S608 - constants
CLIENT_AGENTS: Final = f"""
SELECT id AS number, name FROM imported_client_agents
WHERE collection_id IN {_COLLECTIONS} ORDER BY id
"""  # noqa: S608 - constants

_OF_OURS: Final = "JOIN images i ON i.data_set_id = m.data_set_id AND i.key = m.key"
_OF_OTHERS: Final = """
    NOT EXISTS (SELECT 1 FROM images i WHERE i.data_set_id = m.data_set_id AND i.key = m.key)
"""

IMAGES_OF_OURS: Final = f"""
SELECT i.id AS image_id, m.key AS key FROM imported_images m {_OF_OURS}
WHERE m.data_set_id = ?1 ORDER BY i.id
"""  # noqa: S608 - constants
IMAGES_OF_OTHERS: Final = f"""
SELECT m.id AS image_id, m.key AS key FROM imported_images m
WHERE m.data_set_id = ?1 AND {_OF_OTHERS} ORDER BY m.id
"""  # noqa: S608 - constants
"""Images that the data set has, and those of which it knows only the key, each by rising id."""

_VOTES: Final = """
SELECT {image_id} AS image_id, coalesce(v.rater_id, 0) AS rater,
    coalesce(v.client_agent_id, 0) AS client_agent, v.created_at AS created_at,
    v.rating AS rating, coalesce(v.artifacts, -1.0) AS artifacts, v.kudos AS kudos,
    v.account_age AS account_age, v.usage_requests AS usage_requests, v.trusted AS trusted,
    v.validated AS validated, v.captchas_failed AS captchas_failed,
    coalesce(v.country, '') AS country
FROM imported_votes v CROSS JOIN imported_images m ON m.id = v.image_id {join}
WHERE v.collection_id IN {collections} AND v.created_at >= ?2 AND v.created_at < ?3{only}
ORDER BY {image_id}, v.id
"""
VOTES_ON_OURS: Final = _VOTES.format(
    image_id="i.id", join=_OF_OURS, collections=_COLLECTIONS, only=""
)
VOTES_ON_OTHERS: Final = _VOTES.format(
    image_id="m.id", join="", collections=_COLLECTIONS, only=f" AND {_OF_OTHERS}"
)
"""Votes on these images, image by image, by one pass over the table and a sort."""
