"""Posts: showings of images, public in a channel or private to one rater."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Literal

from storage import gold_times
from storage.image_stages import Stage
from storage.times import from_microseconds, to_microseconds
from storage.votes import Surface

PostState = Literal["pending", "open", "closing", "closed", "lost"]

Purpose = Literal["vote", "gold", "repeat", "lesson"]
"""Why an image is shown: to be judged, because its scores are known, because the rater has judged
it before, or to be explained. Public posts are for votes."""

COLUMNS = (
    "id, image_id, surface, guild_id, channel_id, message_id, rater, previous_id, state, "
    "purpose, shown_at, closed_at"
)
_POST_NAMES = COLUMNS.split(", ")
_POST_LENGTH = len(_POST_NAMES)
SHOWN_NAMES = (
    *(f"p.{name}" for name in _POST_NAMES),
    "i.data_set_id",
    "d.target",
    "i.safe",
    "i.stage",
    "i.complete_votes",
    "i.closes_at",
    "i.revealed_at",
    *gold_times.COLUMNS,
)
"""The columns of a `Shown`, out of SHOWN_TABLES; `shown_of` builds the record."""

SHOWN_TABLES = "posts p JOIN images i ON i.id = p.image_id JOIN data_sets d ON d.id = i.data_set_id"


@dataclass(frozen=True, slots=True)
class Post:
    """One showing of an image.

    `rater` and `previous_id` (the post after which it was shown) belong to private posts,
    `message_id` to public ones whose message is confirmed. A private post stays open; what
    closes it is its image.
    """

    id: int
    image_id: int
    surface: Surface
    guild_id: int | None
    channel_id: int | None
    message_id: int | None
    rater: int | None
    previous_id: int | None
    state: PostState
    purpose: Purpose
    shown_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A post with what a press must know of its image and data set.

    `twinned` and `over_at` are of gold showings: the answer is open as long as another vote, until
    then; see `storage.gold_times`.
    """

    post: Post
    data_set_id: int
    target: int
    safe: bool
    stage: Stage
    complete_votes: int
    closes_at: datetime | None
    revealed_at: datetime | None
    twinned: bool
    over_at: datetime | None

    def closed(self, now: datetime) -> bool:
        """Nobody may give, change or undo a vote through this post any more.

        Its time is over, its image is out of sight or had its time after becoming full, or the
        scores were shown since; only a private post may be newer than that.
        """
        return self.post.state in {"closing", "closed", "lost"} or self.image_closed(now)

    def image_closed(self, now: datetime) -> bool:
        """As `closed`, but for a vote that is reached without its post: by what its image is."""
        if self.out_of_sight:
            return True
        match self.post.purpose:
            case "vote":
                return self.votes_closed
            case "gold":
                return self.gold_closed(now)
            case _:
                return False

    def gold_closed(self, now: datetime) -> bool:
        """Nobody may give, change or undo an answer on gold here, as if it were a vote."""
        if not self.twinned:
            return self.votes_closed
        return self.over_at is not None and self.over_at <= now

    @property
    def out_of_sight(self) -> bool:
        """Nobody is shown the image, for whatever purpose."""
        return self.stage in {"hidden", "broken"}

    @property
    def votes_closed(self) -> bool:
        """The image had its time: no votes on it that count are given or changed any more."""
        if self.stage == "full" and self.closes_at is None:
            return True
        return self.revealed_at is not None and (
            self.post.surface == "public" or self.post.shown_at < self.revealed_at
        )


def add_public(
    connection: Connection, image_id: int, guild_id: int, channel_id: int, now: datetime
) -> int:
    """Insert a pending post for a channel; return its id."""
    row = connection.execute(
        "INSERT INTO posts (image_id, surface, guild_id, channel_id, state, shown_at)"
        " VALUES (?, 'public', ?, ?, 'pending', ?) RETURNING id",
        (image_id, guild_id, channel_id, to_microseconds(now)),
    ).fetchone()
    return int(row[0])


def add_private(
    connection: Connection,
    image_id: int,
    rater: int,
    *,
    guild_id: int | None,
    channel_id: int | None,
    previous_id: int | None,
    purpose: Purpose,
    now: datetime,
) -> int:
    """Insert an open post for one rater; sqlite3.IntegrityError for a second successor."""
    row = connection.execute(
        "INSERT INTO posts"
        " (image_id, surface, guild_id, channel_id, rater, previous_id, state, purpose, shown_at)"
        " VALUES (?, 'private', ?, ?, ?, ?, 'open', ?, ?) RETURNING id",
        (image_id, guild_id, channel_id, rater, previous_id, purpose, to_microseconds(now)),
    ).fetchone()
    return int(row[0])


def by_id(connection: Connection, post_id: int) -> Post | None:
    """Return the post with this id."""
    row = connection.execute(_BY_ID, (post_id,)).fetchone()
    return _post(row) if row else None


def shown(connection: Connection, post_id: int) -> Shown | None:
    """Return the post with this id and what is true of its image now."""
    row = connection.execute(_SHOWN, (post_id,)).fetchone()
    return shown_of(row) if row else None


def shown_of(row: tuple[Any, ...]) -> Shown:
    """Build the record of a row of SHOWN_NAMES."""
    data_set_id, target, safe, stage, complete_votes, *rest = row[_POST_LENGTH:]
    closes_at, revealed_at, twinned, over_at = rest
    return Shown(
        _post(row[:_POST_LENGTH]),
        data_set_id,
        target,
        bool(safe),
        stage,
        complete_votes,
        _moment(closes_at),
        _moment(revealed_at),
        bool(twinned),
        _moment(over_at),
    )


def successor(connection: Connection, post_id: int) -> int | None:
    """Return the private post that was shown after this one."""
    row = connection.execute("SELECT id FROM posts WHERE previous_id = ?", (post_id,)).fetchone()
    return row[0] if row else None


def previous_voted(connection: Connection, post_id: int, rater: int) -> int | None:
    """Return the nearest earlier post of this session that the rater has answered.

    By a vote, or by a second answer where the image was repeated.
    """
    values = {"post": post_id, "rater": rater}
    row = connection.execute(_PREVIOUS_VOTED, values).fetchone()
    return row[0] if row else None


_BY_ID = f"SELECT {COLUMNS} FROM posts WHERE id = ?"  # noqa: S608 - constants
_SHOWN = f"SELECT {', '.join(SHOWN_NAMES)} FROM {SHOWN_TABLES} WHERE p.id = ?"  # noqa: S608 - constants
_PREVIOUS_VOTED = """
    WITH RECURSIVE earlier (id, image_id, purpose, previous_id, steps) AS (
        SELECT p.id, p.image_id, p.purpose, p.previous_id, 1 FROM posts p
        WHERE p.id = (SELECT previous_id FROM posts WHERE id = :post)
        UNION ALL
        SELECT p.id, p.image_id, p.purpose, p.previous_id, e.steps + 1
        FROM earlier e JOIN posts p ON p.id = e.previous_id
        WHERE e.steps < 20
    )
    SELECT e.id FROM earlier e WHERE CASE e.purpose
        WHEN 'repeat' THEN EXISTS (
            SELECT 1 FROM repeat_answers a WHERE a.image_id = e.image_id AND a.rater = :rater
        )
        WHEN 'lesson' THEN 0
        ELSE EXISTS (
            SELECT 1 FROM votes v
            WHERE v.image_id = e.image_id AND v.rater = :rater AND v.state <> 'void'
        )
    END
    ORDER BY e.steps LIMIT 1
"""


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else from_microseconds(microseconds)


def _post(row: tuple[Any, ...]) -> Post:
    values = list(row)
    values[-2:] = [from_microseconds(row[-2]), _moment(row[-1])]
    return Post(*values)
