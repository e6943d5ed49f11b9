"""Captchas: what came of each rater's, and the one that waits for an answer with its press."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Literal

from storage.times import from_microseconds, to_microseconds

CaptchaKind = Literal["picture", "audio", "question"]
CaptchaState = Literal["open", "passed", "failed", "expired", "unavailable", "replaced"]

STANDING = """
    coalesce(k.failed - k.passed, 0), coalesce(k.votes_left, 0), k.not_before,
    (SELECT x.captcha_because FROM risks x WHERE x.rater = r.number)
"""
"""The columns of a `CaptchaStanding`, of a rater `r` and their captcha record `k`."""


@dataclass(frozen=True, slots=True)
class CaptchaStanding:
    """What decides whether a rater is asked before a new vote.

    `balance`: fails less passes. `votes_left`: new votes until the next captcha, 0: now.
    `not_before`: until when none is offered, in microseconds. `because`: the rule that asks for
    one now, whatever is left.
    """

    balance: int
    votes_left: int
    not_before: int | None
    because: str | None


@dataclass(frozen=True, slots=True)
class CaptchaRecord:
    """What came of a rater's captchas; only `failed` counts against them.

    `kind` is the one passed last. `fails_in_a_row` ends with a pass.
    """

    failed: int = 0
    passed: int = 0
    expired: int = 0
    unavailable: int = 0
    votes_left: int = 0
    fails_in_a_row: int = 0
    not_before: datetime | None = None
    kind: CaptchaKind = "picture"


@dataclass(frozen=True, slots=True)
class KeptPress:
    """The score that was pressed, for when the captcha is passed."""

    post_id: int
    scale: str
    value: int
    interaction_id: int


@dataclass(frozen=True, slots=True)
class Captcha:
    """One captcha of one rater."""

    id: int
    rater: int
    kind: CaptchaKind
    answer_hash: str
    tries_left: int
    state: CaptchaState
    press: KeptPress
    made_at: datetime
    expires_at: datetime


def record(connection: Connection, rater: int) -> CaptchaRecord:
    """Return what came of the rater's captchas; an empty record before the first."""
    row = connection.execute(_RECORD, (rater,)).fetchone()
    if row is None:
        return CaptchaRecord()
    values = list(row)
    values[_NOT_BEFORE] = None if row[_NOT_BEFORE] is None else from_microseconds(row[_NOT_BEFORE])
    return CaptchaRecord(*values)


def save(connection: Connection, rater: int, kept: CaptchaRecord) -> None:
    """Write what came of the rater's captchas."""
    connection.execute(
        _SAVE,
        (
            rater,
            kept.failed,
            kept.passed,
            kept.expired,
            kept.unavailable,
            kept.votes_left,
            kept.fails_in_a_row,
            None if kept.not_before is None else to_microseconds(kept.not_before),
            kept.kind,
        ),
    )


def end_pause(connection: Connection, rater: int) -> None:
    """Let the rater be asked again at once, and the next pause be as short as the first."""
    connection.execute(
        "UPDATE captcha_records SET not_before = NULL, fails_in_a_row = 0 WHERE rater = ?", (rater,)
    )


def count_vote(connection: Connection, rater: int) -> None:
    """Note that the rater began a new vote."""
    connection.execute(
        "UPDATE captcha_records SET votes_left = votes_left - 1 WHERE rater = ? AND votes_left > 0",
        (rater,),
    )


def add(
    connection: Connection,
    rater: int,
    kind: CaptchaKind,
    press: KeptPress,
    *,
    tries_left: int,
    made_at: datetime,
    expires_at: datetime,
) -> int:
    """Insert an open captcha that nothing answers yet; return its id, for `set_answer`.

    sqlite3.IntegrityError where the rater has an open one.
    """
    row = connection.execute(
        "INSERT INTO captchas (rater, kind, answer_hash, tries_left, post_id, scale, value,"
        " interaction_id, made_at, expires_at) VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            rater,
            kind,
            tries_left,
            press.post_id,
            press.scale,
            press.value,
            press.interaction_id,
            to_microseconds(made_at),
            to_microseconds(expires_at),
        ),
    ).fetchone()
    return int(row[0])


def set_answer(connection: Connection, captcha_id: int, answer_hash: str) -> None:
    """Store the keyed hash of the right answer."""
    connection.execute(
        "UPDATE captchas SET answer_hash = ? WHERE id = ?", (answer_hash, captcha_id)
    )


def by_id(connection: Connection, captcha_id: int) -> Captcha | None:
    """Return the captcha with this id."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (captcha_id,)).fetchone()
    return None if row is None else _captcha(row)


def last(connection: Connection, rater: int) -> Captcha | None:
    """Return the rater's newest captcha; no other of theirs is open."""
    row = connection.execute(
        f"{_SELECT} WHERE rater = ? ORDER BY id DESC LIMIT 1", (rater,)
    ).fetchone()
    return None if row is None else _captcha(row)


def waiting(connection: Connection, rater: int, since: datetime) -> list[KeptPress]:
    """Return the presses that wait for the rater's next pass, the newest last.

    They are those of captchas made after `since` that gave way to another or ran out, since one
    had an outcome; the newest of each button row. What was recorded in another way since waits no
    more.
    """
    rows = connection.execute(_WAITING, {"rater": rater, "since": to_microseconds(since)})
    waiting: dict[tuple[int, str], KeptPress] = {}
    for row in rows:
        press = KeptPress(*row)
        waiting.pop((press.post_id, press.scale), None)
        waiting[press.post_id, press.scale] = press
    return list(waiting.values())


def votes_since_pass(connection: Connection, rater: int, most: int, now: datetime) -> int | None:
    """Count the complete votes since the captcha that the rater passed last, at most so many.

    None where none was passed by `now`, or was forgotten because others have been made since.
    """
    values = {"rater": rater, "most": most, "now": to_microseconds(now)}
    row = connection.execute(_VOTES_SINCE, values).fetchone()
    return None if row is None else int(row[0])


def overdue(connection: Connection, now: datetime, limit: int) -> list[Captcha]:
    """Return at most `limit` open captchas whose time is over, or by the clock has not begun."""
    at = to_microseconds(now)
    rows = connection.execute(
        f"{_SELECT} WHERE state = 'open' AND (expires_at <= ? OR made_at > ?) LIMIT ?",
        (at, at, limit),
    )
    return [_captcha(row) for row in rows]


def miss(connection: Connection, captcha_id: int) -> None:
    """Take one try."""
    connection.execute(
        "UPDATE captchas SET tries_left = tries_left - 1 WHERE id = ?", (captcha_id,)
    )


def settle(connection: Connection, captcha_id: int, state: CaptchaState, now: datetime) -> None:
    """End an open captcha."""
    connection.execute(
        "UPDATE captchas SET state = ?, settled_at = ? WHERE id = ? AND state = 'open'",
        (state, to_microseconds(now), captcha_id),
    )


def forget(connection: Connection, rater: int, before: datetime) -> None:
    """Delete the rater's captchas that ended before a moment; the record stays."""
    connection.execute(
        "DELETE FROM captchas WHERE rater = ? AND settled_at < ?",
        (rater, to_microseconds(before)),
    )


_NAMES = tuple(field.name for field in fields(CaptchaRecord))
_NOT_BEFORE = _NAMES.index("not_before")
_RECORD = f"SELECT {', '.join(_NAMES)} FROM captcha_records WHERE rater = ?"  # noqa: S608 - constants
_SELECT = (
    "SELECT id, rater, kind, answer_hash, tries_left, state, post_id, scale, value,"
    " interaction_id, made_at, expires_at FROM captchas"
)
_VOTES_SINCE = """
    SELECT (SELECT count(*) FROM (
        SELECT 1 FROM votes v WHERE v.rater = p.rater AND v.completed_at > p.settled_at LIMIT :most
    ))
    FROM captchas p WHERE p.rater = :rater AND p.state = 'passed' AND p.settled_at <= :now
    ORDER BY p.id DESC LIMIT 1
"""
_WAITING = """
    SELECT c.post_id, c.scale, c.value, c.interaction_id FROM captchas c
    WHERE c.rater = :rater AND c.made_at > :since AND c.id > coalesce(
        (SELECT max(o.id) FROM captchas o
         WHERE o.rater = :rater AND o.state IN ('passed', 'failed', 'unavailable')), 0)
    AND NOT EXISTS (
        SELECT 1 FROM posts p JOIN votes v ON v.image_id = p.image_id
        WHERE p.id = c.post_id AND v.rater = c.rater AND v.changed_at > c.made_at)
    ORDER BY c.id
"""
_SAVE = """
    INSERT INTO captcha_records (rater, failed, passed, expired, unavailable, votes_left,
        fails_in_a_row, not_before, kind)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (rater) DO UPDATE SET failed = excluded.failed, passed = excluded.passed,
        expired = excluded.expired, unavailable = excluded.unavailable,
        votes_left = excluded.votes_left, fails_in_a_row = excluded.fails_in_a_row,
        not_before = excluded.not_before, kind = excluded.kind
"""


def _captcha(row: tuple[Any, ...]) -> Captcha:
    number, rater, kind, answer_hash, tries_left, state, *press, made_at, expires_at = row
    return Captcha(
        number,
        rater,
        kind,
        answer_hash,
        tries_left,
        state,
        KeptPress(*press),
        from_microseconds(made_at),
        from_microseconds(expires_at),
    )
