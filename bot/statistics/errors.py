"""Why there are no statistics."""

from __future__ import annotations

from bot.errors import UserError


class StatisticsFailedError(UserError):
    """No page or picture came about; `reason` is one plain line for an operator."""

    key = "error.statistics_failed"


class StatisticsUnavailableError(UserError):
    """There is no picture of the statistics at the moment."""

    key = "error.statistics_unavailable"
