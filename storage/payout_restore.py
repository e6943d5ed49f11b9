"""Payouts of a restored backup's future: what is listed and not in the tables is put back."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection

from storage import audit, payouts, remembered, review_queue
from storage.payout_file import Listed, ListedAward, Told
from storage.payouts import Payout, Sender
from storage.times import day_of, from_microseconds, to_microseconds

_READ_UP_TO = "payouts.listed"
_LOST = "payouts.lost:"


def listing(connection: Connection, payout: Payout, sender: Sender, now: datetime) -> Listed:
    """Return what the list is to say of a payout that is about to be sent for the first time."""
    row = connection.execute(
        "SELECT first_seen_at FROM raters WHERE number = ?", (payout.rater,)
    ).fetchone()
    return Listed(
        key=payout.key,
        rater=payout.rater,
        first_seen_at=from_microseconds(row[0]),
        horde_id=payout.horde_id,
        verified=payout.verified,
        amount=payout.amount,
        server=sender.server,
        sender_id=sender.account,
        resendable=sender.honours_keys,
        sent_at=now,
        awards=tuple(ListedAward(*award) for award in payouts.awards_of(connection, payout.id)),
    )


def read_up_to(connection: Connection) -> int:
    """Return how many bytes of the list the tables are known to agree with."""
    return int(remembered.recall(connection, _READ_UP_TO) or 0)


def lost(connection: Connection) -> tuple[int, int]:
    """Return how many listed payouts could not be put back, and of how many kudos they were.

    Their raters are not in the backup; as somebody new they can earn for the same images again.
    """
    number, kudos = connection.execute(
        "SELECT count(*), coalesce(sum(CAST(value AS INTEGER)), 0) FROM remembered"
        " WHERE substr(name, 1, length(:prefix)) = :prefix",
        {"prefix": _LOST},
    ).fetchone()
    return int(number), int(kudos)


def read_anew(connection: Connection) -> None:
    """Let all of the list be read the next time."""
    remembered.remember(connection, _READ_UP_TO, "0")


def restore(connection: Connection, told: list[Told], end: int, now: datetime) -> int:
    """Bring the tables to what the list says and return how many payouts were changed or put back.

    `told` is in the order of the list, of which the first `end` bytes are taken in by that. No
    request may be on its way. A rater had one payout at a time, and whatever was found unpaid was
    listed as such before its awards went into another; so an earlier one was paid, unless the list
    says otherwise.
    """
    changed = 0
    for each in told:
        payout = payouts.by_key(connection, each.key)
        if payout is not None:
            changed += _agree(connection, payout, each)
        elif each.payout is not None and each.what != "unpaid":
            changed += _put_back(connection, each.payout, each)
    remembered.remember(connection, _READ_UP_TO, str(end))
    if changed:
        review_queue.follow_payouts(connection, now)
        audit.record(
            connection,
            at=now,
            actor="program",
            rater=None,
            action="payouts.restored",
            details={"payouts": changed},
        )
    return changed


def _agree(connection: Connection, payout: Payout, told: Told) -> bool:
    """Let a payout of the tables become what the list says of it, unless it is paid."""
    if payout.state in {"refused", "cancelled"}:
        return told.payout is not None and _revive(connection, payout, told.payout, told)
    if payout.state not in payouts.OPEN:
        return False
    if payout.state == "planned":
        if told.what == "unpaid" or told.payout is None:
            return False  # it is planned since, and the next request is the first one
        _mark_sent(connection, payout.id, told.payout)
    if told.what == "paid":
        payouts.pay(connection, payout.id, told.at)
    elif told.what == "unpaid":
        payouts.refuse(connection, payout.id, told.answer, told.at)
    return told.what != "sent" or payout.state == "planned"


def _revive(connection: Connection, payout: Payout, listed: Listed, told: Told) -> bool:
    """Take back that a payout was settled as unpaid, for it was sent after that.

    So it is where an older backup was restored in between. False where that is not so, or where
    another payout has its awards by now.
    """
    assert payout.settled_at is not None  # noqa: S101 - of a settled one, for the type checker
    if told.what == "unpaid" or told.at <= payout.settled_at:
        return False
    later = payouts.unsettled_of(connection, payout.rater)
    if later is not None and not payouts.cancel(connection, later.id, "restored", told.at):
        return False
    if any(_is_bound(connection, payout.rater, award) for award in listed.awards):
        return False
    _mark_sent(connection, payout.id, listed)
    _put_awards_back(connection, payout.id, listed)
    if told.what == "paid":
        payouts.pay(connection, payout.id, told.at)
    return True


def _is_bound(connection: Connection, rater: int, award: ListedAward) -> bool:
    row = connection.execute(
        "SELECT 1 FROM awards"
        " WHERE rater = ? AND image_id = ? AND scale = ? AND payout_id IS NOT NULL",
        (rater, award.image_id, award.scale),
    ).fetchone()
    return row is not None


def _put_back(connection: Connection, listed: Listed, told: Told) -> bool:
    """Make the row of a payout again; False where its rater is somebody else, or nobody."""
    known = connection.execute(
        "SELECT 1 FROM raters WHERE number = ? AND first_seen_at = ?",
        (listed.rater, to_microseconds(listed.first_seen_at)),
    ).fetchone()
    if known is None:
        remembered.remember(connection, f"{_LOST}{listed.key}", str(listed.amount))
        return False
    earlier = payouts.unsettled_of(connection, listed.rater)
    if earlier is not None:
        _settle_earlier(connection, earlier, listed)
    sent_at = to_microseconds(listed.sent_at)
    cursor = connection.execute(
        "INSERT INTO payouts (key, rater, horde_id, verified, amount, state, server, sender_id,"
        " resendable, planned_at, first_sent_at, next_try_at)"
        " VALUES (?, ?, ?, ?, ?, 'in_doubt', ?, ?, ?, ?, ?, ?)",
        (
            listed.key,
            listed.rater,
            listed.horde_id,
            int(listed.verified),
            listed.amount,
            listed.server,
            listed.sender_id,
            int(listed.resendable),
            sent_at,
            sent_at,
            sent_at,
        ),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT sets it, for the type checker
    _put_awards_back(connection, cursor.lastrowid, listed)
    if told.what == "paid":
        payouts.pay(connection, cursor.lastrowid, told.at)
    return True


def _settle_earlier(connection: Connection, earlier: Payout, later: Listed) -> None:
    """Settle what the tables still have open, although a later payout of this rater was sent."""
    again = {(award.image_id, award.scale) for award in later.awards}
    awards = {(image, scale) for image, scale, _, _ in payouts.awards_of(connection, earlier.id)}
    if earlier.state == "planned":
        payouts.cancel(connection, earlier.id, "restored", later.sent_at)
    elif awards & again:
        payouts.refuse(connection, earlier.id, "restored", later.sent_at)
    else:
        payouts.pay(connection, earlier.id, later.sent_at, answer="restored")


def _put_awards_back(connection: Connection, payout_id: int, listed: Listed) -> None:
    """Bind the awards of a payout to it; rows that are gone are made again where they can be."""
    for award in listed.awards:
        earned_at = to_microseconds(award.earned_at)
        key = (listed.rater, award.image_id, award.scale)
        made = connection.execute(
            "INSERT INTO awards (rater, image_id, scale, amount, earned_at)"
            " SELECT ?, id, ?, ?, ? FROM images WHERE id = ? ON CONFLICT DO NOTHING",
            (listed.rater, award.scale, award.amount, earned_at, award.image_id),
        )
        if made.rowcount == 1:
            connection.execute(
                "INSERT INTO award_days (day, amount) VALUES (?, ?)"
                " ON CONFLICT (day) DO UPDATE SET amount = amount + excluded.amount",
                (day_of(award.earned_at), award.amount),
            )
        connection.execute(
            "UPDATE awards SET payout_id = ?"
            " WHERE rater = ? AND image_id = ? AND scale = ? AND payout_id IS NULL",
            (payout_id, *key),
        )


def _mark_sent(connection: Connection, payout_id: int, listed: Listed) -> None:
    connection.execute(
        "UPDATE payouts SET state = 'in_doubt', server = ?, sender_id = ?, resendable = ?,"
        " first_sent_at = ?, next_try_at = ?, settled_at = NULL WHERE id = ?",
        (
            listed.server,
            listed.sender_id,
            int(listed.resendable),
            to_microseconds(listed.sent_at),
            to_microseconds(listed.sent_at),
            payout_id,
        ),
    )
