"""Taking a vote: every check and every row of one press, in one unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.caller import Caller
from bot.clock import Clock
from bot.settings import Settings
from storage.database import Database


@dataclass(frozen=True, slots=True)
class ScorePress:
    """One press of a score button.

    `message_id` is the message that holds the button if that is the post itself, None if the
    button sits on one of our ephemeral answers (consent, a private session).
    """

    interaction_id: int
    post_id: int
    scale: str
    value: int
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is recorded of one rater's vote on one image after a press.

    `changed`: a score replaced an earlier one. `completed_now`: this press made the vote
    complete. `image_full`: the image is at its target. `today`: this rater's complete votes
    since 00:00 UTC.
    """

    post_id: int
    image_id: int
    surface: Literal["public", "private"]
    scores: Mapping[str, int]
    missing: tuple[str, ...]
    state: Literal["given", "undone"]
    changed: bool
    completed_now: bool
    image_full: bool
    today: int


class VotingService:
    """Takes scores, undoes and keeps votes. Each call is idempotent by its interaction id."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None: ...

    async def agree(self, caller: Caller) -> None:
        """Record that the caller agreed to the current wording of the consent."""
        raise NotImplementedError

    async def take(self, caller: Caller, press: ScorePress) -> Receipt:
        """Record one score, durably, and return what is now recorded.

        Raises UnknownPostError, ForeignPostError, ClosedPostError, PlaceTakenError,
        WrongValueError, NotAllowedError, NotAgeRestrictedError, BannedError,
        ConsentNeededError, RateLimitedError(seconds=...).
        """
        raise NotImplementedError

    async def undo(self, caller: Caller, interaction_id: int, post_id: int) -> Receipt:
        """Take back the vote on the post's image; its scores stay and can be kept again.

        Raises NothingToUndoError and the refusals of `take` but RateLimitedError.
        """
        raise NotImplementedError

    async def keep(self, caller: Caller, interaction_id: int, post_id: int) -> Receipt:
        """Give an undone vote again, unchanged.

        Raises NothingToUndoError, PlaceTakenError and the refusals of `undo`.
        """
        raise NotImplementedError
