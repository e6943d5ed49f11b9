"""Why a release is not made."""

from __future__ import annotations

from bot.errors import UserError


class ReleaseBusyError(UserError):
    """A release of this database is being made; one at a time."""

    key = "error.release_busy"


class ReleaseExistsError(UserError):
    """Something is at `path` already, and a release is never changed."""

    key = "error.release_exists"


class ReleaseInsideError(UserError):
    """The folder would be inside the release at `path`, to which nothing is added."""

    key = "error.release_inside"


class ReleaseFailedError(UserError):
    """The release came to nothing; `reason` is one plain line for an operator."""

    key = "error.release_failed"
