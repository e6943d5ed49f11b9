"""What becomes of kudos when a moderator takes out a vote, or bans its rater for good."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection

from storage import awards, payouts


def void_unpaid(connection: Connection, rater: int, now: datetime) -> int:
    """Call off the payout that is planned for a rater who is banned; return the kudos now void.

    Nothing is written to the awards: they are not owed while the ban without an end lasts.
    """
    payouts.cancel_planned(connection, rater, now, answer="banned")
    return awards.unpaid(connection, rater)


def void_vote(connection: Connection, rater: int, image_id: int, now: datetime) -> int:
    """Take back what a vote earned that is taken out; return how much.

    What a payout pays, or may have paid, is written off with it; one that is only planned is
    called off, and planned again without it.
    """
    earned = awards.of_vote(connection, rater, image_id)
    if any(award.payout_id is not None for award in earned):
        payouts.cancel_planned(connection, rater, now, answer="void")
    return awards.set_void(connection, rater, image_id)


def restore_vote(connection: Connection, rater: int, image_id: int, *, undone: bool) -> int:
    """Give back what a vote earned that counts again, or is only `undone`; return how much."""
    return awards.restore(connection, rater, image_id, undone=undone)
