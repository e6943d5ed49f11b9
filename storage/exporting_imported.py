"""What an export reads of imported votes, as SQL text; see `storage.exporting`.

Parameters of all: the data set, and for votes the moments in microseconds from which and before
which they were given. An empty text and -1 stand for NULL, because a reader that takes types from
the first rows would stumble over other ones later.

Raters have their ids with a minus, and 0 who was not named, so that nobody is one of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ANONYMOUS_KUDOS: Final = -50
"""The AI Horde's own mark of a rater without an account."""

_COLLECTIONS: Final = """
    (SELECT id FROM imported_collections WHERE data_set_id = ?1 AND format = 'horde')
"""

RATERS: Final = f"""
SELECT -id AS number, name FROM imported_raters WHERE collection_id IN {_COLLECTIONS}
UNION ALL SELECT 0, '' ORDER BY number
"""  # noqa: S608 - constants
CLIENT_AGENTS: Final = f"""
SELECT id AS number, name FROM imported_client_agents
WHERE collection_id IN {_COLLECTIONS} ORDER BY id
"""  # noqa: S608 - constants

_OF_OURS: Final = "JOIN images i ON i.data_set_id = m.data_set_id AND i.key = m.key"
_OF_OTHERS: Final = """
    NOT EXISTS (SELECT 1 FROM images i WHERE i.data_set_id = m.data_set_id AND i.key = m.key)
"""

OTHER_COLLECTIONS: Final = f"""
SELECT name, format FROM imported_collections
WHERE data_set_id = ?1 AND NOT EXISTS {_COLLECTIONS} ORDER BY id
"""  # noqa: S608 - constants
"""All collections where there is none of AI Horde Ratings among them; else nothing."""

IMAGES_OF_OURS: Final = f"""
SELECT i.id AS image_id, m.key AS key FROM imported_images m {_OF_OURS}
WHERE m.data_set_id = ?1 ORDER BY i.id
"""  # noqa: S608 - constants
IMAGES_OF_OTHERS: Final = f"""
SELECT m.id AS image_id, m.key AS key FROM imported_images m
WHERE m.data_set_id = ?1 AND {_OF_OTHERS} ORDER BY m.id
"""  # noqa: S608 - constants
"""Images that the data set has, and those of which it knows only the key, each by rising id."""

KNOWN_IMAGES: Final = f"""
SELECT EXISTS (
    SELECT 1 FROM imported_images m {_OF_OURS} WHERE m.data_set_id = ?1 AND EXISTS (
        SELECT 1 FROM imported_votes WHERE image_id = m.id AND collection_id IN {_COLLECTIONS}
    )
) OR NOT EXISTS (SELECT 1 FROM imported_votes WHERE collection_id IN {_COLLECTIONS}) AS number
"""  # noqa: S608 - constants
"""1 if the data set has any of the images that these votes are on, or there are none; else 0."""

VOTES_EVER: Final = "SELECT count(*) AS number FROM imported_votes"
"""All imported votes, of every data set: a cheap upper bound for a progress bar."""

_FROM_VOTES: Final = f"""
FROM imported_votes v CROSS JOIN imported_images m ON m.id = v.image_id {{join}}
WHERE v.collection_id IN {_COLLECTIONS} AND v.created_at >= ?2 AND v.created_at < ?3 AND {{only}}
ORDER BY {{image_id}}, v.id
"""


@dataclass(frozen=True, slots=True)
class ImportedFilter:
    """Which imported votes are read.

    `linked`: only those that were given with an account of the AI Horde; `validated`: only those
    whose file says that moderators there had validated the rater; `safe`: only those on images that
    are, or are not, known to be safe. Of images that the data set does not have nothing is known.
    """

    linked: bool = False
    validated: bool = False
    safe: bool | None = None

    @property
    def on_ours(self) -> str:
        """The condition for votes on images that the data set has."""
        safe = [] if self.safe is None else [f"i.safe = {int(self.safe)}"]
        return " AND ".join([*self._of_votes(), *safe])

    @property
    def on_others(self) -> str:
        """The condition for votes on other images."""
        return " AND ".join([*self._of_votes(), _OF_OTHERS, *(["0"] if self.safe else [])])

    def _of_votes(self) -> list[str]:
        linked = f"coalesce(v.kudos, {ANONYMOUS_KUDOS}) <> {ANONYMOUS_KUDOS}"
        return [
            "1",
            *([linked] if self.linked else []),
            *(["v.validated"] if self.validated else []),
        ]


_ROWS: Final = """
SELECT {image_id} AS image_id, -coalesce(v.rater_id, 0) AS rater,
    coalesce(v.client_agent_id, 0) AS client_agent, v.created_at AS created_at,
    v.rating AS rating, coalesce(v.artifacts, -1.0) AS artifacts, v.kudos AS kudos,
    v.account_age AS account_age, v.usage_requests AS usage_requests, v.trusted AS trusted,
    v.validated AS validated, v.captchas_failed AS captchas_failed,
    coalesce(v.country, '') AS country
"""
_SCALES: Final = {
    "image_id": "i.id",
    "rater": "-coalesce(v.rater_id, 0)",
    "aesthetic": "CAST(v.rating AS INTEGER)",
    "artifacts": "CAST(v.artifacts AS INTEGER)",
}


def rows_on_ours(only: ImportedFilter) -> str:
    """Return what reads votes with all that a file told, on images that the data set has.

    Image by image, by one pass over the table and a sort.
    """
    return _ROWS.format(image_id="i.id") + _FROM_VOTES.format(
        image_id="i.id", join=_OF_OURS, only=only.on_ours
    )


def rows_on_others(only: ImportedFilter) -> str:
    """Return what reads the same of votes on other images."""
    return _ROWS.format(image_id="m.id") + _FROM_VOTES.format(
        image_id="m.id", join="", only=only.on_others
    )


def votes(columns: Sequence[str], only: ImportedFilter, rated: str | None = None) -> str:
    """Return what reads votes as `storage.exporting.votes` does, on images that the data set has.

    There are the columns image_id, rater and the scales. With `rated` only votes that give that
    scale.
    """
    wanted = ", ".join(f"{_SCALES[name]} AS {name}" for name in columns)
    given = "" if rated is None else f" AND {_SCALES[rated]} IS NOT NULL"
    return f"SELECT {wanted}" + _FROM_VOTES.format(
        image_id="i.id", join=_OF_OURS, only=only.on_ours + given
    )
