"""Looking through the audit log: every filter alone and together, page by page, both ways."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import audit, raters
from storage.audit import Actor, AuditEntry, Filter, Who
from storage.migrations import upgrade
from tests.rating.world import NOON

ACTIONS = ("image.hide", "rater.ban", "refused:rater.ban", "refuser.b", "horde.link")
RATERS = (1, 2, 3)
IMAGES = (1, 11)

moments = st.integers(0, 60).map(lambda minutes: NOON + timedelta(minutes=minutes))
wanted = st.builds(
    Filter,
    actor=st.none() | st.sampled_from(get_args(Who)),
    action=st.none() | st.sampled_from(ACTIONS),
    refused=st.booleans(),
    rater=st.none() | st.sampled_from(RATERS),
    image=st.none() | st.sampled_from(IMAGES),
    since=st.none() | moments,
    everywhere=st.booleans(),
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """A log of 300 entries, some of a clock that was set back."""
    path: Path = tmp_path_factory.mktemp("audit") / "jury.db"
    upgrade(path, create=True)
    connection = sqlite3.connect(path)
    for discord_id in RATERS:
        raters.get_or_create(connection, discord_id, NOON)
    subjects = ["", *(f"rater:{n}" for n in RATERS), *(f"image:{n}" for n in IMAGES), "image:111"]
    for number in range(300):
        audit.record(
            connection,
            at=NOON + timedelta(minutes=number * 7 % 61),
            actor=get_args(Actor)[number % 5],
            rater=(None, *RATERS)[number * 3 % 4 if number % 7 else 0],
            action=ACTIONS[number * 11 % len(ACTIONS)],
            subject=subjects[number * 5 % len(subjects)],
            elsewhere=number % 10 == 1,
        )
    connection.commit()
    return connection


def acted(entry: AuditEntry, one: Filter) -> bool:
    who: Who = "elsewhere" if entry.elsewhere else entry.actor
    if one.rater is not None or one.image is not None or one.everywhere:
        return one.actor in {None, who, entry.actor}
    return one.actor == who or (one.actor is None and not entry.elsewhere)


def matches(entry: AuditEntry, one: Filter) -> bool:
    since: datetime | None = one.since
    return (
        acted(entry, one)
        and (one.action is None or entry.action == one.action)
        and (not one.refused or entry.action.startswith("refused:"))
        and (one.rater is None or one.rater == entry.rater or entry.subject == f"rater:{one.rater}")
        and (one.image is None or entry.subject == f"image:{one.image}")
        and (since is None or entry.at >= since)
    )


@settings(max_examples=300)
@given(one=wanted, size=st.integers(1, 40))
def test_pages_down_and_up_are_all_that_a_filter_means(
    log: sqlite3.Connection, one: Filter, size: int
) -> None:
    expected = [entry for entry in audit.latest(log, 1000) if matches(entry, one)]
    down: list[AuditEntry] = []
    while page := audit.search(log, one, limit=size, before=down[-1].id if down else None):
        assert len(page) <= size
        down += page
    assert down == expected
    up: list[AuditEntry] = []
    last = 0
    while page := audit.search(log, one, limit=size, after=last):
        up = [*page, *up]
        last = page[0].id
    assert up == expected


def test_the_newest_come_first(log: sqlite3.Connection) -> None:
    newest = audit.latest(log, 3)
    assert [entry.id for entry in newest] == [300, 299, 298]


def test_what_managers_of_other_servers_did_is_apart(log: sqlite3.Connection) -> None:
    entries = audit.search(log, Filter(), limit=1000)
    apart = audit.search(log, Filter(actor="elsewhere"), limit=1000)
    assert (len(entries), len(apart)) == (270, 30)
    assert all(entry.elsewhere and entry.actor == "manager" for entry in apart)
    assert not any(entry.elsewhere for entry in entries)


@pytest.mark.parametrize(
    ("one", "index"),
    [
        (Filter(rater=2), "audit_log_by_rater"),
        (Filter(rater=2, actor="rater", action="image.hide", since=NOON), "audit_log_by_rater"),
        (Filter(image=1, action="image.hide"), "audit_log_by_subject"),
        (
            Filter(action="image.hide", actor="moderator", since=NOON),
            "audit_log_by_action (action=? AND elsewhere=?",
        ),
        (Filter(actor="operator", since=NOON), "audit_log_by_actor (actor=? AND elsewhere=?"),
        (Filter(actor="elsewhere"), "audit_log_by_actor (actor=? AND elsewhere=?"),
        (Filter(), "audit_log_by_place"),
    ],
)
def test_the_narrowest_index_is_taken(log: sqlite3.Connection, one: Filter, index: str) -> None:
    asked: list[str] = []
    log.set_trace_callback(asked.append)
    audit.search(log, one, limit=5)
    log.set_trace_callback(None)
    plan = log.execute(f"EXPLAIN QUERY PLAN {asked[-1]}").fetchall()
    assert any(index in step[3] for step in plan), plan
    assert not any(step[3].startswith("SCAN audit_log") for step in plan), plan


@pytest.mark.parametrize("rater", [None, 2])
def test_since_after_the_last_entry_looks_at_none(
    log: sqlite3.Connection, rater: int | None
) -> None:
    steps: list[None] = []
    log.set_progress_handler(lambda: steps.append(None), 1)
    assert audit.search(log, Filter(rater=rater, since=NOON + timedelta(days=1)), limit=5) == []
    log.set_progress_handler(None, 1)
    assert len(steps) < 300, "one step of the machine an entry would be more"


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_repeats",
        "UPDATE audit_repeats SET times = 2",
        "UPDATE audit_repeats SET entry = 2",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET action = 'nothing'",
    ],
)
def test_nothing_is_taken_out_of_the_log(log: sqlite3.Connection, change: str) -> None:
    entry = next(each for each in audit.latest(log, 300) if each.rater == 1)
    for subject, is_there in ((entry.subject, True), (entry.subject, True), ("image:9", False)):
        repeated = audit.repeat(
            log,
            rater=1,
            action=entry.action,
            subject=subject,
            now=entry.at,
            within=timedelta(minutes=1),
        )
        assert repeated == is_there
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        log.execute(change)
    log.rollback()


def test_what_is_not_in_the_log_is_no_repeat(log: sqlite3.Connection) -> None:
    for action, now in (("never.done", NOON), (ACTIONS[0], NOON + timedelta(days=1))):
        assert not audit.repeat(log, rater=1, action=action, now=now, within=timedelta(hours=1))
