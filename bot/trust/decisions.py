"""What becomes of an image that somebody looked at; one unit for commands and review alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from sqlite3 import Connection
from typing import Final, Literal, get_args

from bot.caller import Caller
from bot.clock import Clock
from bot.settings import Settings
from bot.trust.enrolment import Enrolment
from storage import audit, image_stages, reports, review_queue

Decision = Literal["hide", "restore", "dismiss"]
"""hide: nobody sees it any more. restore: it is rated again. dismiss: the reports were
unfounded, so an image that they hid is rated again."""

DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Carries out a moderator's decision; every open report and case of the image is settled."""

    clock: Clock
    settings: Settings
    enrolment: Enrolment

    def carry_out(
        self, connection: Connection, caller: Caller, image_id: int, decision: Decision
    ) -> bool:
        """Decide inside a unit; return whether the image came into sight or went out of it."""
        now = self.clock.now()
        by = self.enrolment.rater(connection, caller.discord_id, now).number
        if decision == "hide":
            changed = image_stages.hide(connection, image_id)
        else:
            delay = timedelta(seconds=self.settings.close_delay_seconds)
            changed = image_stages.restore(connection, image_id, now, delay)
        reports.settle(connection, image_id, now)
        review_queue.settle_image(connection, image_id, by=by, outcome=decision, now=now)
        audit.record(
            connection,
            at=now,
            actor="moderator",
            rater=by,
            action=f"image.{decision}",
            subject=f"image:{image_id}",
        )
        return changed
