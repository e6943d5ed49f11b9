"""The demo's gold: pictures whose right scores its moderator knows, and says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Connection

from bot.caller import Caller
from bot.demo.folder import GALLERY
from bot.demo.stage import Cast
from bot.rating.scales import AESTHETIC, ARTIFACTS
from bot.services import Services
from storage import data_sets, gold_images, images


@dataclass(frozen=True, slots=True)
class Known:
    """What Mika types into `/image gold` for a sample picture."""

    key: str
    aesthetic: str
    artifacts: str
    why: str

    @property
    def typed(self) -> Mapping[str, str]:
        """The right score or range by scale."""
        return {AESTHETIC.name: self.aesthetic, ARTIFACTS.name: self.artifacts}


LESSONS = 5
GOLD = (
    Known("northern-lights", "9", "0", "Soft light, colours that go together, and not one slip."),
    Known("evening-peaks", "9", "0", "Ridge behind ridge up to the sun, and each edge is clean."),
    Known("cherry-tree", "8", "0", "Every twig grows out of another, every blossom has its twig."),
    Known("ringed-planet", "8", "0", "The rings run behind the planet and in front of it."),
    Known("rose-window", "8", "0", "Every pane has its frame of lead, out to the corners."),
    Known("torn-peaks", "3", "4", "Strips of it slid sideways. Look at the sun: it is torn apart."),
    Known("wiped-tree", "3", "4", "The crown is smeared, as if somebody had wiped over wet paint."),
    Known("two-suns", "2-6", "4", "One sun belongs there. The others were put on top of the sea."),
    Known("broken-window", "2-6", "2-5", "Coarse blocks cover the panes: nothing is left there."),
    Known("unfinished-moon", "2", "4", "Grain covers all of it: it was never finished."),
)
"""Twice as many as there are lessons, for both ends of both scales: some may be hidden by reports,
some be judged by a visitor before, and what is left over is mixed into private sessions."""


async def mark_gold(services: Services, cast: Cast) -> None:
    """Mark the pictures as the moderator would by command; what was decided before stays."""
    caller = Caller(
        cast.moderator.id,
        guild_id=cast.guild.id,
        role_ids=frozenset({cast.moderator_role_id}),
    )

    def query(connection: Connection) -> list[tuple[Known, int]]:
        gallery = data_sets.by_name(connection, GALLERY)
        if gallery is None:
            raise LookupError(GALLERY)
        found = [(known, images.by_key(connection, gallery.id, known.key)) for known in GOLD]
        return [
            (known, image.id)
            for known, image in found
            if image is not None and gold_images.find(connection, image.id) is None
        ]

    for known, image_id in await services.database.read(query):
        await services.gold.mark(caller, image_id, known.typed, known.why)
