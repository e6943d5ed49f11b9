"""The audit log, page by page, for moderators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import UnknownActionError, UnknownImageError
from bot.trust.access import AccessService
from bot.trust.acts import ACTIONS, LONGEST, REFUSED, refused
from bot.trust.moderation import find_image
from bot.trust.moments import parse_past
from bot.trust.people import known, people_in
from bot.trust.wording import quoted
from storage import audit
from storage.audit import AuditEntry, Filter, Who
from storage.database import Database

PAGE: Final = 10
"""Entries on a page."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first, and whom their numbers lead to; erased people have no entry there.

    `older` and `newer` are the ids to go on from, None at the ends.
    """

    wanted: Filter
    entries: tuple[AuditEntry, ...]
    people: Mapping[int, int]
    older: int | None
    newer: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a moderator asks the log; None leaves all.

    `actor`: managers are those of the home server; what managers of others did is left out unless
    they or a person are asked for. `action` is one of the log's own words in any case, or REFUSED
    for refusals of any act. `discord_id`: what a person did, and what was done to them. `image` is
    what names one: a key, a link, `#<id>`. `since` is a moment as moderators type it.
    """

    actor: Who | None = None
    action: str | None = None
    discord_id: int | None = None
    image: str | None = None
    since: str | None = None


class AuditService:
    """Shows the log; the role is checked at each look."""

    def __init__(self, database: Database, clock: Clock, access: AccessService) -> None:
        self._database = database
        self._clock = clock
        self._access = access

    async def search(self, caller: Caller, question: Question) -> AuditPage:
        """Return the newest entries that a question means.

        Raises NotAllowedError, NeverSeenError, UnknownImageError, UnknownActionError,
        UnknownMomentError, FutureMomentError.
        """
        await self._access.require_moderator(caller, "audit")
        since = None if question.since is None else parse_past(question.since, self._clock.now())
        return await self._database.read(
            lambda c: _look(c, _filter(c, question, since), None, None)
        )

    async def page(
        self,
        caller: Caller,
        wanted: Filter,
        *,
        before: int | None = None,
        after: int | None = None,
    ) -> AuditPage:
        """Return the newest entries, or those below or above one. Raises NotAllowedError."""
        await self._access.require_moderator(caller, "audit")
        return await self._database.read(lambda c: _look(c, wanted, before, after))


def _filter(connection: Connection, question: Question, since: datetime | None) -> Filter:
    rater = None if question.discord_id is None else known(connection, question.discord_id)
    image = None if question.image is None else find_image(connection, question.image)
    if question.image is not None and image is None:
        raise UnknownImageError
    action = None if question.action is None else _word(connection, question.action)
    every_refusal = action == REFUSED
    return Filter(
        actor=question.actor,
        action=None if every_refusal else action,
        refused=every_refusal,
        rater=None if rater is None else rater.number,
        image=None if image is None else image.id,
        since=since,
    )


def _word(connection: Connection, typed: str) -> str:
    """Return the log's word that was typed; raises UnknownActionError where there is none."""
    word = typed.strip().casefold()
    act = word.removeprefix(refused(""))
    if word == REFUSED or act in ACTIONS or (len(word) <= LONGEST and audit.has(connection, word)):
        return word
    raise UnknownActionError(action=quoted(typed.strip()))


def _look(
    connection: Connection, wanted: Filter, before: int | None, after: int | None
) -> AuditPage:
    """Return a page; one that would begin above the newest entry is the first one."""
    found = audit.search(connection, wanted, limit=PAGE + 1, before=before, after=after)
    more = len(found) > PAGE
    if after is not None and not more:
        return _look(connection, wanted, None, None)
    if after is not None:
        entries = found[1:]
        older: int | None = after + 1
        newer: int | None = entries[0].id
    else:
        entries = found[:PAGE]
        older = entries[-1].id if more else None
        newer = None if before is None else before - 1
    people = people_in(connection, entries)
    return AuditPage(wanted, tuple(entries), people, older, newer)
