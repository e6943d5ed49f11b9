"""Payouts: who is due among 10,000 raters, what planning one payout costs, and what an award does.

Each rater has 20 awards to be paid, 50 with `--full`, and as many that were paid before.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median

from bot.keyed_hash import KeyedHash
from bot.rating.consent import CONSENT_VERSION
from bot.rating.revision import ScorePress
from bot.rating.scales import AESTHETIC
from bot.rating.voting import ballot_of
from bot.rewards.planning import Planning, terms_of
from bot.settings import Settings
from storage import payout_due
from storage.connections import connect
from storage.database import Database
from storage.migrations import upgrade
from storage.times import to_microseconds
from tests.bench.rows import Row
from tests.horde.asking import key_of
from tests.rating.world import CHANNEL, HOME, NOON, TurnedClock, caller, make_settings

RATERS = 10_000
AWARDS, FULL_AWARDS = 20, 50
VOTES_AN_IMAGE = 5
ROUNDS = 5
PLANNED = 300
SHOWN = 400
OUR_ACCOUNT = 9_999_999
MOST_SECONDS = 1.0

FILL = (
    """
    INSERT INTO data_sets (id, name, target, created_at) VALUES (1, 'bench', 5, 0)
    """,
    "INSERT INTO sources (id, data_set_id, kind, path) VALUES (1, 1, 'folder', '/')",
    """
    INSERT INTO images (id, data_set_id, key, source_id, member, safe, stage, random_key,
        complete_votes, imported_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :images)
    SELECT i, 1, i, 1, i || '.png', 1, 'full', 0, 5, 0 FROM n
    """,
    """
    INSERT INTO raters (number, discord_id, first_seen_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :raters)
    SELECT i, i, 0 FROM n
    """,
    """
    INSERT INTO horde_links (rater, horde_id, name, linked_at, verified_at, kudos, account_age,
        usage_requests, trusted, read_at)
    SELECT number, number, 'rater', 0, iif(number % 2, 0, NULL), iif(number % 2, 1, NULL),
        iif(number % 2, 1, NULL), iif(number % 2, 1, NULL), iif(number % 2, 0, NULL),
        iif(number % 2, 0, NULL)
    FROM raters
    """,
    """
    INSERT INTO payouts (key, rater, horde_id, verified, amount, state, server, sender_id,
        resendable, answer, planned_at, first_sent_at, settled_at)
    SELECT printf('%036d', number), number, number, number % 2, 5 * :awards, 'paid', 'bench', 1, 1,
        'paid', :earlier, :earlier, :earlier
    FROM raters
    """,
    """
    INSERT INTO awards (rater, image_id, scale, amount, payout_id, earned_at)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2 * :awards - 1)
    SELECT r.number, (r.number * 7919 + i / 2 * 104729) % :images + 1,
        iif(i % 2, 'aesthetic', 'artifacts'), 5, iif(i < :awards, p.id, NULL),
        :earned + (r.number * 7368787 % 10007 + i * 86400 * 2 / :awards) * 1000000
    FROM raters r JOIN payouts p ON p.rater = r.number CROSS JOIN n
    """,
    """
    INSERT INTO award_days (day, amount)
    SELECT earned_at / 86400000000, sum(amount) FROM awards GROUP BY 1
    """,
)
"""A half of the accounts is proved; the awards are of the last days, those of the last two released
by their images."""
SHOW = (
    """
    INSERT INTO images (data_set_id, key, source_id, member, safe, stage, random_key, imported_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :shown)
    SELECT 1, 'shown' || i, 1, '', 1, 'begun', 0, 0 FROM n
    """,
    """
    INSERT INTO posts (image_id, surface, guild_id, channel_id, message_id, state, shown_at)
    SELECT id, 'public', :home, :channel, id, 'open', 0 FROM images WHERE key LIKE 'shown%'
    """,
    "UPDATE raters SET consent_version = :consent, consented_at = 0 WHERE number = 1",
)
"""New images in public, for a rater who agreed."""


def fill(path: Path, awards: int) -> None:
    """Make a database in which everybody is due."""
    upgrade(path)
    images = RATERS * awards // VOTES_AN_IMAGE
    values = {
        "raters": RATERS,
        "awards": awards,
        "images": images,
        "earlier": to_microseconds(NOON) - 2 * 86_400_000_000,
        "earned": to_microseconds(NOON) - 5 * 86_400_000_000,
    }
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for statement in FILL:
            connection.execute(statement, values)
        connection.execute("COMMIT")


def seconds_to_look(path: Path, settings: Settings) -> float:
    """Return the median seconds of finding everybody who is due, in order."""
    terms = terms_of(settings, OUR_ACCOUNT)
    seconds = []
    with closing(connect(path, query_only=True)) as connection:
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            found = payout_due.due(connection, terms, NOON)
            seconds.append(time.perf_counter() - begun)
            if len(found) != RATERS:
                raise AssertionError(f"{len(found)} raters are due")
            if found != sorted(found, key=lambda due: (due.since, due.rater)):
                raise AssertionError("they are not in the order in which they wait")
    return median(seconds)


async def planning(path: Path, settings: Settings) -> tuple[float, float, float]:
    """Return seconds: the first answer, then the medians of who is next and of one durable unit."""
    database = await Database.open(path)
    try:
        plans = Planning(database, TurnedClock(), settings)
        begun = time.perf_counter()
        await plans.next(OUR_ACCOUNT)
        first = time.perf_counter() - begun
        looks, units = [], []
        for _ in range(PLANNED):
            begun = time.perf_counter()
            due = await plans.next(OUR_ACCOUNT)
            found = time.perf_counter()
            if due is None or await plans.plan(due, OUR_ACCOUNT) is None:
                raise AssertionError("nobody is due any more")
            looks.append(found - begun)
            units.append(time.perf_counter() - found)
        return first, median(looks), median(units)
    finally:
        await database.close()


def seconds_of_press(path: Path, settings: Settings) -> float:
    """Return the median seconds of a press's unit, of a rater who presses some hundred times."""
    ballot = ballot_of(settings, KeyedHash(bytes(32)))
    seconds = []
    with closing(connect(path)) as connection:
        connection.execute("BEGIN")
        for statement in SHOW:
            connection.execute(
                statement,
                {"home": HOME, "channel": CHANNEL, "shown": SHOWN, "consent": CONSENT_VERSION},
            )
        posts = [post for (post,) in connection.execute("SELECT id FROM posts ORDER BY id")]
        for number, post in enumerate(posts):
            press = ScorePress(number + 1, post, AESTHETIC.name, 7)
            begun = time.perf_counter()
            receipt = ballot.take(connection, caller(1), press, NOON + timedelta(seconds=number))
            seconds.append(time.perf_counter() - begun)
            if settings.rewards_on and (receipt.earned is None or not receipt.earned.amount):
                raise AssertionError("a press earned nothing")
        connection.execute("ROLLBACK")
    return median(seconds)


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the harness calls every benchmark so
    """Measure on one database."""
    awards = FULL_AWARDS if full else AWARDS
    most = 1_000_000_000
    settings = make_settings(
        horde_api_key=key_of("jury"), kudos_daily_budget=most, kudos_daily_cap=1_000_000
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jury.db"
        fill(path, awards)
        due = seconds_to_look(path, settings)
        paid, unpaid = seconds_of_press(path, settings), seconds_of_press(path, make_settings())
        first, next_, unit = asyncio.run(planning(path, settings))
    what = f"payouts, 10 thousand raters x {awards} awards"
    return [
        Row(f"{what}: who is due", due, MOST_SECONDS, "s", at_most=True),
        Row(f"{what}: to the first", first, MOST_SECONDS, "s", at_most=True),
        Row(f"{what}: to the next", next_ * 1000, None, "ms"),
        Row(f"{what}: planning one, durably", unit * 1000, None, "ms"),
        Row("a press with an award, its unit alone", paid * 1000, None, "ms"),
        Row("a press with an award, its unit alone", paid / unpaid, None, "x without rewards"),
    ]
