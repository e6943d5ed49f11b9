"""Votes that passed the checks, and how they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from sqlite3 import Connection
from typing import Any

from bot.datasets.imports.votes.columns import Names
from bot.datasets.imports.votes.place import Place
from storage import imported_votes
from storage.imported_votes import ImportedVote, Stored


@dataclass(frozen=True, slots=True)
class VoteRows:
    """Votes: names that many share, and of each a tuple of the other fields of an ImportedVote."""

    images: Names
    raters: Names
    client_agents: Names
    facts: list[tuple[Any, ...]]

    def __len__(self) -> int:
        return len(self.facts)

    def part(self, begin: int, end: int) -> VoteRows:
        """Return some of the votes, with the names that they have."""
        return VoteRows(
            self.images.part(begin, end),
            self.raters.part(begin, end),
            self.client_agents.part(begin, end),
            self.facts[begin:end],
        )

    def store(self, connection: Connection, *, place: Place) -> Stored:
        """Store those that are new."""
        collection = place.collection
        images = imported_votes.image_ids(connection, collection.data_set_id, self.images.values)
        raters = place.rater_names.ids(connection, self.raters.values)
        agents = imported_votes.client_agent_ids(
            connection, collection.id, self.client_agents.values
        )
        votes = [
            ImportedVote(collection.id, place.file_id, image, rater, agent, *facts)
            for image, rater, agent, facts in zip(
                self.images.of(images),
                self.raters.of(raters),
                self.client_agents.of(agents),
                self.facts,
                strict=True,
            )
        ]
        # Neighbours in the index are written together; equal votes stay in the order of the file.
        votes.sort(key=attrgetter("image_id"))
        return imported_votes.insert_new(
            connection, votes, named=place.named, complete=place.complete
        )
