"""Standings: a rater before a post. All that a press must know, in one look at the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage import bars, captchas, posts, raters, votes
from storage.captchas import CaptchaStanding
from storage.posts import Purpose, Shown
from storage.raters import Rater
from storage.reservations import PLACE, moments
from storage.times import to_microseconds
from storage.votes import Vote

NOWHERE: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the presser and the post; `vote` is theirs on its image.

    `arrival_at` is as of `storage.rate_limits`. `others` counts the places of the image that are
    kept for anybody else, `completed` the rater's whole answers since the asked moment.
    `recorded`: the interaction is in the history of votes. `verified`: the rater has a verified
    Horde account. `explained`: the rater has answered the image as gold. `barred`: the servers from
    which the rater is barred. `captcha`: what decides whether a captcha is asked.
    """

    shown: Shown
    rater: Rater | None
    vote: Vote | None
    arrival_at: int | None
    others: int
    completed: int
    client_agent_id: int | None
    recorded: bool
    verified: bool
    explained: bool
    barred: frozenset[int]
    captcha: CaptchaStanding

    @property
    def purpose(self) -> Purpose:
        """What the press is for. What a vote began as it stays, through whatever post it goes on.

        Whoever was told what is right on an image gives no vote on it that counts.
        """
        purpose = self.shown.post.purpose
        if purpose in {"repeat", "lesson"}:
            return purpose
        if self.vote is not None:
            return "gold" if self.vote.gold else "vote"
        return "gold" if self.explained else purpose


def find(
    connection: Connection,
    post_id: int,
    discord_id: int,
    *,
    interaction_id: int,
    limit: str,
    client_agent: str,
    since: datetime,
    now: datetime,
) -> Found | None:
    """Return what there is to know; None for an unknown post.

    `limit` is the kind of rate limit to look up, `since` when `completed` begins.
    """
    values = {
        **moments(now),
        "post": post_id,
        "discord_id": discord_id,
        "interaction": interaction_id,
        "limit": limit,
        "agent": client_agent,
        "since": to_microseconds(since),
    }
    row = connection.execute(_FIND, values).fetchone()
    if row is None:
        return None
    rater, vote = row[_SHOWN_END:_RATER_END], row[_RATER_END:_VOTE_END]
    arrival_at, others, completed, agent_id, recorded, verified, explained, barred = row[
        _VOTE_END:_LAST_END
    ]
    return Found(
        posts.shown_of(row[:_SHOWN_END]),
        None if rater[0] is None else raters.rater_of(rater),
        None if vote[0] is None else votes.vote_of(vote),
        arrival_at,
        others,
        completed,
        agent_id,
        bool(recorded),
        bool(verified),
        bool(explained),
        NOWHERE if barred is None else frozenset(map(int, barred.split(","))),
        CaptchaStanding(*row[_LAST_END:]),
    )


_SHOWN_END = len(posts.SHOWN_NAMES)
_RATER_END = _SHOWN_END + len(raters.NAMES)
_VOTE_END = _RATER_END + len(votes.NAMES)
_LAST_END = _VOTE_END + 8
_COLUMNS = (
    *posts.SHOWN_NAMES,
    *(f"r.{name}" for name in raters.NAMES),
    *(f"v.{name}" for name in votes.NAMES),
)
_FIND = f"""
    SELECT {", ".join(_COLUMNS)},
        (SELECT l.arrival_at FROM rate_limits l WHERE l.rater = r.number AND l.kind = :limit),
        (SELECT count(*) FROM reservations o
            WHERE o.image_id = p.image_id AND o.rater <> r.number AND {PLACE}),
        (SELECT count(*) FROM votes c
            WHERE c.rater = r.number AND c.completed_at >= :since AND c.state = 'given')
            + (SELECT count(*) FROM repeat_answers c
                WHERE c.rater = r.number AND c.answered_at >= :since),
        (SELECT a.id FROM client_agents a WHERE a.name = :agent),
        EXISTS (SELECT 1 FROM vote_history h WHERE h.interaction_id = :interaction),
        EXISTS (SELECT 1 FROM horde_links l WHERE l.rater = r.number AND l.read_at IS NOT NULL),
        EXISTS (SELECT 1 FROM gold_answers g WHERE g.rater = r.number AND g.image_id = p.image_id),
        (SELECT group_concat(b.guild_id) FROM bars b WHERE b.rater = r.number AND {bars.LIVE}),
        {captchas.STANDING}
    FROM {posts.SHOWN_TABLES}
    LEFT JOIN raters r ON r.discord_id = :discord_id
    LEFT JOIN captcha_records k ON k.rater = r.number
    LEFT JOIN votes v ON v.rater = r.number AND v.image_id = p.image_id
    WHERE p.id = :post
"""  # noqa: S608 - constants
