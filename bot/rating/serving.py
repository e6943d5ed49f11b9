"""What a private session shows next: an ordinary image, or in its place a check of the rater."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection

from bot.rating.choosing import choose
from bot.settings import Settings
from bot.trust.gold import lesson_images
from bot.trust.gold.mixing import REPEAT_BEHIND, Draw, Mix
from storage import checks, choosing, gold_times, risks
from storage.choosing import Seeker
from storage.gold_times import Twin
from storage.posts import Purpose


@dataclass(frozen=True, slots=True)
class Served:
    """An image, and what it is shown for; `twin` is that of a gold image."""

    image_id: int
    purpose: Purpose
    twin: Twin | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """Chooses for sessions. Where no ordinary image is left nothing is shown at all.

    Else whoever has rated everything would know that what still comes is a check. `lessons` is how
    many of them a new rater has: gold images are kept for these.
    """

    pool_size: int
    mix: Mix
    lessons: int

    @classmethod
    def of(cls, settings: Settings) -> Serving:
        """Return what the settings describe."""
        return cls(settings.pool_size, Mix.of(settings), settings.lessons)

    def begin(
        self, connection: Connection, seeker: Seeker, draw: Draw, now: datetime
    ) -> Served | None:
        """Return what is kept for the rater, else what `choose` says."""
        kept = choosing.reserved(connection, seeker, now)
        if kept is None:
            return self.choose(connection, seeker, draw, now, before=now)
        return _with_twin(connection, seeker, Served(*kept), draw, now)

    def choose(
        self,
        connection: Connection,
        seeker: Seeker,
        draw: Draw,
        now: datetime,
        *,
        before: datetime,
    ) -> Served | None:
        """Return what to show next, None if no ordinary image is left.

        The same for the same draw while nothing changes but the vote given since `before`.
        """
        ordinary = choose(connection, seeker, draw.start, now, self.pool_size)
        if ordinary is None or seeker.rater is None:
            return None
        purpose = self.mix.purpose(draw, risks.gold_percent(connection, seeker.rater))
        check = None
        if purpose == "gold":
            taught = lesson_images.kept_from(connection, seeker, self.lessons)
            check = checks.gold(connection, seeker, draw.start, now, but=taught)
        elif purpose == "repeat":
            check = checks.repeat(
                connection, seeker, draw.share, behind=REPEAT_BEHIND, before=before
            )
        if check is None:
            return Served(ordinary, "vote")
        return _with_twin(connection, seeker, Served(check, purpose), draw, now)


def _with_twin(
    connection: Connection, seeker: Seeker, served: Served, draw: Draw, now: datetime
) -> Served:
    """Return what is served, with a twin where it is gold: its own image closes with no votes."""
    if served.purpose != "gold":
        return served
    return replace(served, twin=gold_times.draw(connection, seeker.data_set_id, draw.share, now))
