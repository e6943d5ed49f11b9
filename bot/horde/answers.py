"""What the Horde's refusals prove: one table of its return codes.

The codes are those that AI Horde 5.1.5 raises in `horde/apis/v2/base.py` (TransferKudos),
`horde/database/functions.py` (transfer_kudos) and `horde/exceptions.py`. Its own list,
`README_return_codes.md`, lacks some, and two of its messages name the wrong account: only the code
is ever looked at.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import datetime
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from bot.horde.errors import HordeError, NotKnownError, RefusedForGoodError, RefusedForNowError
from bot.horde.headers import retry_after
from bot.horde.transport import Answer


class Concern(Enum):
    """Whose matter a refused transfer is."""

    PAYEE = auto()
    """Nobody can pay this account."""
    SENDER = auto()
    """Our own account cannot pay anybody until its owner mends it."""
    EITHER = auto()
    """One of the two accounts; only a look at them tells which."""
    MOMENT = auto()
    """It passes by itself."""
    REQUEST = auto()
    """The request itself is wrong: a fault of this program."""


CONCERNS: Final[Mapping[str, Concern]] = MappingProxyType(
    {
        "InvalidTargetUsername": Concern.PAYEE,
        "SharedKeyExpired": Concern.PAYEE,
        "KudosTransferToSelf": Concern.PAYEE,
        "KudosTransferToAnon": Concern.PAYEE,
        "FaultWhenKudosReceiving": Concern.PAYEE,
        "TargetAccountFlagged": Concern.PAYEE,
        "DeletedUser": Concern.EITHER,
        "InvalidAPIKey": Concern.SENDER,
        "KudosTransferFromAnon": Concern.SENDER,
        "KudosTransferNotEnough": Concern.SENDER,
        "FaultWhenKudosSending": Concern.SENDER,
        "SourceAccountFlagged": Concern.SENDER,
        "EducationCannotSendKudos": Concern.SENDER,
        "TooFastKudosTransfers": Concern.MOMENT,
        "IdempotencyKeyConflict": Concern.REQUEST,
        "InvalidKudosTransferAmount": Concern.REQUEST,
        "NegativeKudosTransfer": Concern.REQUEST,
        "NulByteInPayload": Concern.REQUEST,
    }
)
"""Every return code of a transfer. One that is not here is taken for a refusal for good."""

TRANSFERS_LATER: Final = frozenset(
    rc for rc, concern in CONCERNS.items() if concern in {Concern.SENDER, Concern.MOMENT}
)
"""The return codes after which the same transfer may be taken later."""

LONGEST_TROUBLE: Final = 15 * 60.0
"""However many seconds a server in trouble asks for, it is asked again after these."""
TOO_MANY: Final = 429
_OK: Final = 200
_REFUSED: Final = range(400, 500)
_WRONG_SHAPE: Final = 400
_RC = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


def whole(answer: Answer, now: datetime, later: Container[str] = ()) -> Mapping[str, object]:
    """Return the object that a 200 carries.

    Raises RefusedForNowError for return codes in `later` and for a limit that was reached,
    RefusedForGoodError for other refusals in the Horde's own form, and NotKnownError for all else:
    redirects, proxies' pages, crashes, and what is no JSON object.
    """
    body = own(answer)
    if answer.status == _OK and body is not None:
        return body
    raise _refusal(answer, pause(answer, now), later)


def own(answer: Answer) -> Mapping[str, object] | None:
    """Return the object in which the Horde itself answers; None for proxies' pages and crashes."""
    if not isinstance(answer.body, dict):
        return None
    told = answer.status in _REFUSED and isinstance(answer.body.get("message"), str)
    return answer.body if told or answer.status == _OK else None


def pause(answer: Answer, now: datetime) -> float:
    """Return the seconds for which the server wants to be left alone, as far as it is let.

    After all but a limit that was reached that is no longer than LONGEST_TROUBLE.
    """
    seconds = retry_after(answer.headers, now)
    return seconds if answer.status == TOO_MANY else min(seconds, LONGEST_TROUBLE)


def _refusal(answer: Answer, seconds: float, later: Container[str]) -> HordeError:
    status, body = answer.status, own(answer)
    if status in _REFUSED and body is not None:
        code = body.get("rc")
        rc = code if isinstance(code, str) and _RC.fullmatch(code) else ""
        if status == TOO_MANY:
            return RefusedForNowError(rc, status, seconds)
        if rc:
            return (
                RefusedForNowError(rc, status) if rc in later else RefusedForGoodError(rc, status)
            )
        if status == _WRONG_SHAPE and isinstance(body.get("errors"), dict):
            return RefusedForGoodError("", status)
    return NotKnownError(f"status {status}, not in the Horde's own form", status, seconds)
