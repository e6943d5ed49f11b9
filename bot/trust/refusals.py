"""What moderators, managers and raters who report are told who ask for what cannot be done."""

from __future__ import annotations

from bot.errors import UserError


class OwnMatterError(UserError):
    """It is about the moderator who would decide it; another one has to."""

    key = "error.own_matter"


class ModeratorsBarError(UserError):
    """Moderators keep the person from rating in the home server; a manager cannot lift that."""

    key = "error.moderators_bar"


class ReportsOpenError(UserError):
    """So many reports of this rater, `n`, wait for a moderator that no more are taken."""

    key = "error.reports_open"


class UnknownVoteError(UserError):
    """The rater has no vote on this image."""

    key = "error.unknown_vote"


class UnknownMomentError(UserError):
    """What was typed names no moment."""

    key = "error.unknown_moment"


class FutureMomentError(UserError):
    """The moment is still to come."""

    key = "error.future_moment"


class NothingToRestoreError(UserError):
    """No revert of this rater is in force, or not that one."""

    key = "error.nothing_to_restore"
