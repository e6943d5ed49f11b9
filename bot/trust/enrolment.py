"""Who a Discord id is to us, over erasures: no ban, bar, hold, pause or spent allowance ends so."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from sqlite3 import Connection
from typing import Final

from bot.keyed_hash import KeyedHash
from bot.trust import rate_limit
from storage import audit, bars, captchas, erasures, holds, horde_links, imported_raters, raters
from storage.audit import Details
from storage.captchas import CaptchaRecord
from storage.erasure_file import Erasure
from storage.raters import Rater

ERASURE: Final = "erasure"
"""The purpose under which erased Discord ids are hashed; changing it forgets every erasure."""

HORDE_ACCOUNT: Final = "horde account"
"""The same for verified Horde accounts."""

BEFORE_ERASURE: Final = "before_erasure"
"""The hold of whoever comes back and was held when erased, by the program or by nobody knows whom;
why is not known any more.

Moderators are asked to look once there are votes to look at, and may lift it.
"""

OPERATORS_BEFORE_ERASURE: Final = "operators_before_erasure"
"""The same for a hold of operators: they settle money, so they alone lift it then too."""

_ALLOWANCE: Final = timedelta(microseconds=rate_limit.MINUTE)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Finds the rater of a Discord id, or makes one."""

    hash_key: KeyedHash

    def digest(self, discord_id: int) -> str:
        """Return the hash under which an erased Discord id is kept."""
        return self.hash_key.digest(ERASURE, discord_id)

    def horde_digest(self, horde_id: int) -> str:
        """Return the hash under which the verified Horde account of an erased rater is kept."""
        return self.hash_key.digest(HORDE_ACCOUNT, horde_id)

    def bar(self, connection: Connection, horde_hashes: Collection[str], now: datetime) -> None:
        """End every link to the accounts with these hashes: their bans stay with them.

        Whoever linked one after its erased owner left, and before the ban, is no exception.
        """
        if not horde_hashes:
            return
        for number, horde_id in horde_links.accounts(connection):
            if self.horde_digest(horde_id) in horde_hashes:
                horde_links.remove(connection, number)
                _record(connection, "horde.bar", number, now)

    def rater(self, connection: Connection, discord_id: int, now: datetime) -> Rater:
        """Return the rater; one who was limited in any way when erased is made as such a one.

        Whoever was erased before earns nothing for what they earned by then.
        Whoever was erased within the last minute starts with what is left after a burst of
        everything, so that an erasure is no way around the limits.
        """
        rater = raters.find(connection, discord_id)
        if rater is not None:
            return rater
        rater = raters.get_or_create(connection, discord_id, now, number=self._number(connection))
        erased = erasures.by_hash(connection, self.digest(discord_id))
        if erased is None:
            return rater
        erasures.mark_returned(connection, rater.number)
        if erased.erased_at <= now < erased.erased_at + _ALLOWANCE:
            rate_limit.spend(connection, rater.number, now)
        for reason in held_again(erased):
            holds.place(connection, rater.number, reason, now)
            _record(connection, "hold.placed", rater.number, now, {"reason": reason})
        for bar in erased.bars:
            if bar.holds_at(now):
                bars.place(connection, rater.number, bar, now)
        if erased.captcha_fails:
            captchas.save(
                connection,
                rater.number,
                CaptchaRecord(
                    fails_in_a_row=erased.captcha_fails, not_before=erased.captcha_not_before
                ),
            )
        if not erased.banned_at(now):
            return rater
        raters.set_status(connection, rater.number, "banned", until=erased.banned_until)
        return raters.get_or_create(connection, discord_id, now)

    def _number(self, connection: Connection) -> int:
        """Return the next number whose pseudonym is the name of no imported rater.

        Numbers of another database under this hash key lead to its pseudonyms, and what was
        exported there, or here with what came from there, has them for its raters.
        """
        numbers = count(raters.newest(connection) + 1)
        return next(
            number
            for number in numbers
            if not imported_raters.is_name(connection, self.hash_key.pseudonym(number))
        )


def held_again(erased: Erasure) -> Iterator[str]:
    """Return the reasons for which the kudos of an erased person are held once they are back."""
    if erased.held:
        yield BEFORE_ERASURE
    if erased.held_by_operators:
        yield OPERATORS_BEFORE_ERASURE


def _record(
    connection: Connection, action: str, number: int, now: datetime, details: Details | None = None
) -> None:
    audit.record_program(connection, action, now, subject=f"rater:{number}", details=details)
