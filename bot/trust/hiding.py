"""Hiding images by their reports, and bringing them back where these count no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from bot.settings import Settings
from storage import audit, image_stages, reports
from storage.reports import Standing

_DECISIONS: Final = ("image.hide", "image.restore", "image.dismiss")


@dataclass(frozen=True, slots=True)
class Hiding:
    """Both in a unit of the caller's, and in the log as the program's."""

    settings: Settings

    def hide(self, connection: Connection, image_id: int, now: datetime) -> bool:
        """Hide an image that REPORTS_TO_HIDE reports want hidden; tell whether that is news."""
        standing = Standing(self.settings.report_votes, captcha=self.settings.captcha_every > 0)
        count = reports.count_hiding(connection, image_id, standing, now)
        if count < self.settings.reports_to_hide or not image_stages.hide(connection, image_id):
            return False
        _record(connection, "image.hide", image_id, count, now)
        return True

    def bring_back(self, connection: Connection, rater: int, now: datetime) -> int:
        """Restore what reports of this rater that count no more had hidden, if too few others do.

        These may be of anybody: while in doubt an image stays hidden. So does what a person hid, or
        decided about. Return how many images came back.
        """
        delay = timedelta(seconds=self.settings.close_delay_seconds)
        back = 0
        for image_id in reports.hidden_images(connection, rater, now):
            count = len(reports.open_of_image(connection, image_id, now))
            if count >= self.settings.reports_to_hide or not _hid(connection, image_id):
                continue
            image_stages.restore(connection, image_id, now, delay)
            _record(connection, "image.restore", image_id, count, now)
            back += 1
        return back


def _hid(connection: Connection, image_id: int) -> bool:
    """Tell whether what was last decided about the image was decided by the program."""
    last = audit.last_of(connection, f"image:{image_id}", _DECISIONS)
    return last is not None and last[0] == "program"


def _record(connection: Connection, action: str, image_id: int, count: int, now: datetime) -> None:
    audit.record_program(
        connection, action, now, subject=f"image:{image_id}", details={"reports": count}
    )
