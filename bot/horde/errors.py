"""What can go wrong with the Horde, kept apart by what it proves.

No error holds a body, a header or a message of the Horde: some of them echo the key that was sent.
"""

from __future__ import annotations

from typing import Literal

from bot.errors import JuryError


class HordeError(JuryError):
    """The Horde did not do what was asked, as far as is known.

    `rc` is the Horde's return code, empty where it gave none; `status` the HTTP status, 0 without
    an answer; `retry_after` the seconds for which the Horde asked to be left alone, or 0.
    """

    def __init__(self, text: str, rc: str, status: int, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.rc = rc
        self.status = status
        self.retry_after = retry_after


class RefusedForGoodError(HordeError):
    """The Horde took nothing of this request, and the same request will not be taken later.

    Of a transfer that was sent before under the same key it proves nothing about that one.
    """

    def __init__(self, rc: str, status: int) -> None:
        super().__init__(f"the Horde refuses: {status} {rc}".rstrip(), rc, status)


class RefusedForNowError(HordeError):
    """The Horde took nothing of this request; the same one may be taken later."""

    def __init__(self, rc: str, status: int, retry_after: float = 0.0) -> None:
        super().__init__(
            f"the Horde refuses for now: {status} {rc}".rstrip(), rc, status, retry_after
        )


class NotSentError(RefusedForNowError):
    """No connection was made: nothing left this machine. `reason` is for operators."""

    def __init__(self, reason: str) -> None:
        super().__init__("", 0)
        self.args = (f"the Horde cannot be reached: {reason}",)
        self.reason = reason


class NotKnownError(HordeError):
    """The answer was lost or makes no sense: the Horde may have done what was asked, or not."""

    def __init__(self, reason: str, status: int = 0, retry_after: float = 0.0) -> None:
        super().__init__(f"the Horde's answer is not known: {reason}", "", status, retry_after)
        self.reason = reason


class UnfitKeyError(HordeError):
    """`HORDE_API_KEY` is no registered account's own key."""

    def __init__(self, fault: Literal["missing", "shared", "anonymous"]) -> None:
        super().__init__(f"HORDE_API_KEY: {fault}; a registered account's own is needed", "", 0)
        self.fault = fault
