"""Under which names exports tell of the raters of a collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from bot.keyed_hash import KeyedHash
from storage import imported_raters, raters
from storage.imported_collections import ImportedCollection

COLLECTION: Final = "rater of a collection"
"""The purpose under which a name is hashed that somebody else has."""


@dataclass(frozen=True, slots=True)
class RaterNames:
    """Gives each rater of a collection a name that nobody else of the data set has, for good.

    An equal `user_id` is not the same person. A pseudonym is a hash of a number, and a new database
    under the same HASH_KEY_FILE gives the numbers of the old one to others. So whoever is in a
    database first keeps the name: our own rater, whose pseudonym no imported one gets (here), or
    the imported one, whose name no rater of ours gets (`Enrolment`).

    `newest`: our rater with the highest number when the checks of the file began, who know those
    up to it; the others came while it was read.
    """

    keyed_hash: KeyedHash
    collection: ImportedCollection
    newest: int

    def ids(self, connection: Connection, keys: Sequence[str]) -> list[int]:
        """Return the ids of raters, of whom new ones are added with their names."""
        since = raters.numbers(connection, above=self.newest)
        return imported_raters.ids(
            connection,
            self.collection,
            keys,
            ours={self.keyed_hash.pseudonym(number) for number in since},
            other_name=self._other_name,
        )

    def _other_name(self, key: str) -> str:
        # No key has a NUL.
        return self.keyed_hash.digest(COLLECTION, f"{self.collection.name}\0{key}")
