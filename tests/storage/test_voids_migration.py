"""A database from before orders, in which a ban without an end alone took votes out."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from bot.services import Services, build_services
from storage.connections import connect
from storage.database import Database
from storage.image_stages import COUNTS
from storage.migrations import known_migrations, upgrade
from tests.rating.world import TurnedClock, World, make_settings
from tests.trust.home import MODERATORS, Home

EARLIER: Final = known_migrations()[:2]

BANNED, PAUSED, NORMAL, ERASED, RETURNED = 1, 2, 3, 4, 5
BANNED_AT = 5_000

FILL: Final = f"""
INSERT INTO data_sets (id, name, target, created_at, begun_images, full_images)
    VALUES (1, 'set', 2, 0, 3, 2);
INSERT INTO sources (id, data_set_id, kind, path) VALUES (1, 1, 'folder', '/set');
INSERT INTO client_agents (id, name) VALUES (1, 'HordeJury:0.1.0:a');
INSERT INTO raters (number, discord_id, status, status_until, first_seen_at, erased_at) VALUES
    ({BANNED}, 101, 'banned', NULL, 10, NULL),
    ({PAUSED}, 102, 'banned', 9000000000000000, 10, NULL),
    ({NORMAL}, 103, 'normal', NULL, 10, NULL), ({ERASED}, NULL, 'banned', NULL, 10, 20),
    ({RETURNED}, 105, 'banned', NULL, 10, NULL);
INSERT INTO audit_log (at, actor, action, subject) VALUES
    (4000, 'moderator', 'rater.ban', 'rater:{BANNED}'),
    ({BANNED_AT}, 'moderator', 'rater.ban', 'rater:{BANNED}'),
    (6000, 'moderator', 'rater.unban', 'rater:{NORMAL}');
INSERT INTO images (id, data_set_id, key, source_id, member, safe, stage, random_key,
        complete_votes, imported_at) VALUES
    (1, 1, 'a', 1, 'a.png', 1, 'begun', 1, 1, 0), (2, 1, 'b', 1, 'b.png', 1, 'full', 2, 2, 0),
    (3, 1, 'c', 1, 'c.png', 1, 'begun', 3, 0, 0), (4, 1, 'd', 1, 'd.png', 1, 'begun', 4, 1, 0),
    (5, 1, 'e', 1, 'e.png', 1, 'full', 5, 2, 0);
INSERT INTO posts (id, image_id, surface, guild_id, channel_id, state, shown_at)
    SELECT id, id, 'public', 1000, 2000, 'closed', 0 FROM images;
"""  # noqa: S608 - constants

MISCOUNTED: Final = f"""
SELECT id FROM images i WHERE complete_votes <> (
    SELECT count(*) FROM votes v WHERE v.image_id = i.id AND {COUNTS}
)
"""  # noqa: S608 - constants

GIVEN, HALF, UNDONE, VOID = (7, 1, "given"), (7, None, "given"), (7, 1, "undone"), (7, 1, "void")
HALF_UNDONE = (None, 1, "undone")
VOTES: Final = {
    (BANNED, 1): GIVEN, (BANNED, 2): UNDONE, (BANNED, 3): HALF, (BANNED, 4): HALF_UNDONE,
    (PAUSED, 1): GIVEN, (PAUSED, 2): GIVEN, (PAUSED, 5): GIVEN,
    (NORMAL, 2): GIVEN, (NORMAL, 3): UNDONE, (NORMAL, 4): GIVEN, (NORMAL, 5): GIVEN,
    (ERASED, 1): GIVEN, (NORMAL, 1): VOID,
}  # fmt: skip


def fill(path: Path) -> None:
    upgrade(path, known=EARLIER)
    with closing(connect(path)) as connection:
        connection.executescript(FILL)
        for number, ((rater, image), (aesthetic, artifacts, state)) in enumerate(VOTES.items()):
            at = 1000 + number
            complete = None not in {aesthetic, artifacts} and state != "undone"
            connection.execute(
                "INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at,"
                " artifacts_at, state, post_id, surface, locale, client_agent_id, shown_at,"
                " created_at, changed_at, completed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'public', 'en', 1, 0, ?, ?, ?)",
                (
                    rater, image, aesthetic, artifacts,
                    None if aesthetic is None else at, None if artifacts is None else at,
                    state, image, at, at + 500, at + 100 if complete else None,
                ),
            )  # fmt: skip
            connection.execute(
                "INSERT INTO awards (rater, image_id, scale, amount, standing, earned_at)"
                " VALUES (?, ?, 'artifacts', 5, ?, ?)",
                (rater, image, {"given": "stands"}.get(state, state), at),
            )
        connection.commit()


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    path = tmp_path / "jury.db"
    fill(path)
    return path


@pytest.fixture
def upgraded(earlier: Path) -> Iterator[sqlite3.Connection]:
    upgrade(earlier)
    with closing(connect(earlier)) as connection:
        yield connection


def votes_of(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT rater, image_id, aesthetic, artifacts, state, changed_at, completed_at"
        " FROM votes ORDER BY id"
    ).fetchall()


def awards_of(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT rater, image_id, standing FROM awards ORDER BY rater, image_id"
    ).fetchall()


def test_what_counted_counts_and_what_did_not_is_void(upgraded: sqlite3.Connection) -> None:
    found = {(rater, image): state for rater, image, _, _, state, *_ in votes_of(upgraded)}
    assert found == {
        who: "void" if who[0] in {BANNED, ERASED} else state for who, (_, _, state) in VOTES.items()
    }
    assert upgraded.execute(MISCOUNTED).fetchall() == []
    assert upgraded.execute("PRAGMA foreign_key_check").fetchall() == []


def test_each_void_vote_has_its_cause_and_what_it_was(upgraded: sqlite3.Connection) -> None:
    orders = upgraded.execute(
        "SELECT rater, cause, image_id, ordered_at, settled_at FROM void_orders ORDER BY id"
    ).fetchall()
    changed = 1500 + list(VOTES).index((NORMAL, 1))
    assert orders == [
        (BANNED, "ban", None, BANNED_AT, BANNED_AT),
        (ERASED, "ban", None, 10, 10),
        (NORMAL, "vote", 1, changed, changed),
    ]
    voids = upgraded.execute("SELECT rater, image_id, undone FROM voids").fetchall()
    assert set(voids) == {
        (rater, image, int(state == "undone"))
        for (rater, image), (_, _, state) in VOTES.items()
        if rater in {BANNED, ERASED} or state == "void"
    }


def test_void_votes_that_were_taken_back_are_not_complete(upgraded: sqlite3.Connection) -> None:
    complete = {
        (rater, image) for rater, image, *_, completed_at in votes_of(upgraded) if completed_at
    }
    assert complete == {who for who, vote in VOTES.items() if vote in {GIVEN, VOID}}


@pytest.mark.parametrize(
    ("state", "artifacts", "completed_at", "may_be"),
    [
        ("given", 1, 1, True),
        ("given", 1, None, False),
        ("given", None, 1, False),
        ("given", None, None, True),
        ("undone", 1, 1, False),
        ("undone", 1, None, True),
        ("void", 1, 1, True),
        ("void", 1, None, True),
        ("void", None, 1, False),
    ],
)
def test_a_vote_is_complete_only_where_it_can_be(
    upgraded: sqlite3.Connection,
    state: str,
    artifacts: int | None,
    completed_at: int | None,
    *,
    may_be: bool,
) -> None:
    change = (
        "UPDATE votes SET state = ?, completed_at = ?, aesthetic = 7, aesthetic_at = 1,"
        " artifacts = ?, artifacts_at = ? WHERE rater = ? AND image_id = 2"
    )
    values = (state, completed_at, artifacts, artifacts, NORMAL)
    with nullcontext() if may_be else pytest.raises(sqlite3.IntegrityError):
        assert upgraded.execute(change, values).rowcount == 1


def test_the_rows_that_were_published_are_listed(upgraded: sqlite3.Connection) -> None:
    listed = upgraded.execute(
        "SELECT v.rater, v.image_id, r.reason, r.removed_at FROM removed_rows r"
        " JOIN votes v ON v.row_id = r.row_id ORDER BY v.id"
    ).fetchall()
    changed = 1500 + list(VOTES).index((NORMAL, 1))
    assert listed == [
        (BANNED, 1, "voided", BANNED_AT),
        (BANNED, 3, "voided", BANNED_AT),
        (ERASED, 1, "voided", 10),
        (NORMAL, 1, "voided", changed),
    ]
    (names,) = upgraded.execute("SELECT count(DISTINCT row_id) FROM votes").fetchone()
    assert names == len(VOTES)


def test_awards_follow_their_votes(upgraded: sqlite3.Connection) -> None:
    wrong = upgraded.execute(
        "SELECT a.rater FROM awards a JOIN votes v USING (rater, image_id)"
        " WHERE a.standing <> CASE v.state WHEN 'given' THEN 'stands' ELSE v.state END"
    ).fetchall()
    assert wrong == []


def test_the_history_tells_of_it(upgraded: sqlite3.Connection) -> None:
    entries = upgraded.execute(
        "SELECT rater, image_id, aesthetic, artifacts, at FROM vote_history"
        " WHERE action = 'voided' ORDER BY id"
    ).fetchall()
    assert entries == [
        (rater, image, aesthetic, artifacts, BANNED_AT if rater == BANNED else 10)
        for (rater, image), (aesthetic, artifacts, _) in VOTES.items()
        if rater in {BANNED, ERASED}
    ]


@pytest.fixture
async def home(earlier: Path) -> AsyncIterator[Home]:
    folder = earlier.parent
    settings = make_settings(
        hash_key_file=folder / "hash.key",
        media_dir=folder / "media",
        moderator_role_id=MODERATORS,
    )
    world = World(await Database.open(earlier), settings, TurnedClock(), Random(1))
    services: Services = build_services(settings, world.database, world.clock, world.random)
    try:
        yield Home(world, services)
    finally:
        await services.images.close()
        await world.database.close()


async def test_lifting_an_earlier_ban_brings_back_exactly_what_was(
    home: Home, earlier: Path, tmp_path: Path
) -> None:
    fill(tmp_path / "before.db")
    with closing(connect(tmp_path / "before.db")) as connection:
        before = votes_of(connection), awards_of(connection)
    verdict = await home.services.bans.unban(home.moderator, 101)
    assert (verdict.changed, verdict.void) == (True, 0)
    assert (await home.services.bans.unban(home.moderator, 105)).changed, "without any vote"
    await home.services.voiding.restore_vote(home.moderator, 103, 1)
    await home.services.erasure.replay()
    with closing(connect(earlier)) as connection:
        assert [v for v in votes_of(connection) if v[:2] != (NORMAL, 1)] == [
            v for v in before[0] if v[0] != ERASED and v[:2] != (NORMAL, 1)
        ]
        stages = connection.execute("SELECT id, stage, complete_votes FROM images").fetchall()
    assert stages == [
        (1, "full", 3), (2, "full", 2), (3, "begun", 0), (4, "begun", 1), (5, "full", 2)
    ]  # fmt: skip
