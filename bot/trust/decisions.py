"""What becomes of an image that somebody looked at; one unit for commands and review alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from sqlite3 import Connection
from typing import Final, Literal, get_args

from bot.caller import Caller
from bot.clock import Clock
from bot.settings import Settings
from bot.trust.access import AccessService
from storage import image_stages, reports, review_queue

Decision = Literal["hide", "restore", "dismiss"]
"""hide: nobody sees it any more. restore: it is rated again. dismiss: the reports were
unfounded, so an image that they hid is rated again."""

DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Carries out a moderator's decision; every open report and case of the image is settled."""

    clock: Clock
    settings: Settings
    access: AccessService

    def carry_out(
        self, connection: Connection, caller: Caller, image_id: int, decision: Decision
    ) -> bool:
        """Decide inside a unit; return whether the image came into sight or went out of it."""
        now = self.clock.now()
        action, subject = f"image.{decision}", f"image:{image_id}"
        by = self.access.record(connection, caller, action, subject)
        if decision == "hide":
            changed = image_stages.hide(connection, image_id)
        else:
            delay = timedelta(seconds=self.settings.close_delay_seconds)
            changed = image_stages.restore(connection, image_id, now, delay)
        reports.settle(connection, image_id, now, upheld=decision == "hide")
        review_queue.settle_image(connection, image_id, by=by, outcome=decision, now=now)
        return changed
