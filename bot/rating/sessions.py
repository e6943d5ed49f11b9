"""Private sessions: one rater, one image after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from bot.caller import Caller
from bot.clock import Clock
from bot.settings import Settings
from storage.database import Database
from storage.images import Image

SkipReason = Literal["not_loading", "cannot_judge", "not_for_me"]


@dataclass(frozen=True, slots=True)
class Showing:
    """One image in a private session, as the card shows it.

    `scores` are those already given (after going back, or a half vote); `undone` says that they
    do not count at present. `previous_post_id` is where a step back leads, None if nowhere.
    `today`: this rater's complete votes since 00:00 UTC.
    """

    post_id: int
    image: Image
    data_set: str
    scores: Mapping[str, int]
    undone: bool
    previous_post_id: int | None
    today: int


class SessionService:
    """Serves images to one rater at a time and keeps a place of each image served."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, random: Random
    ) -> None: ...

    async def start(self, caller: Caller, data_set_name: str | None = None) -> Showing:
        """Show a first image; without a name from the channel's data set, else any usable one.

        Raises UnknownDataSetError, NotAllowedError, BannedError, NothingLeftError.
        """
        raise NotImplementedError

    async def advance(self, caller: Caller, post_id: int) -> Showing:
        """Show what follows `post_id`: always the same post for the same finished post.

        A post that still waits for this rater's scores is shown again instead. Raises
        NothingLeftError at the end, and the refusals of a press.
        """
        raise NotImplementedError

    async def skip(self, caller: Caller, post_id: int, reason: SkipReason) -> Showing:
        """Pass over the image for good and show the next; repeated, it does the same once."""
        raise NotImplementedError

    async def go_back(self, caller: Caller, interaction_id: int, post_id: int) -> Showing:
        """Take back the vote of `post_id` (a `previous_post_id`) and show it with its scores.

        Raises ClosedPostError once its image was closed, and the refusals of a press.
        """
        raise NotImplementedError

    async def keep(self, caller: Caller, interaction_id: int, post_id: int) -> Showing:
        """Give the undone vote of `post_id` again, unchanged, and show what follows."""
        raise NotImplementedError

    async def upcoming(self, caller: Caller, post_id: int) -> Image | None:
        """Return what `advance` would most likely show, to prepare its bytes; nothing is kept."""
        raise NotImplementedError
