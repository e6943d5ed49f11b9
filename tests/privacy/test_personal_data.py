from __future__ import annotations

import gzip
import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from sqlite3 import Connection

import pytest

from bot.errors import NothingKeptError, NothingLeftError
from storage import audit, payout_attempts, personal_queries, review_queue
from storage.personal_data import RESTED_AFTER, collect, count
from tests.privacy.kudos import PRICE, link, open_paying, plan, send
from tests.rating.world import NOON
from tests.trust.home import Home, caller, in_direct_messages


async def busy_rater(home: Home, discord_id: int = 1) -> int:
    """Have somebody do one of everything; return their post."""
    await home.raters(discord_id)
    post = await home.post()
    await home.world.vote(discord_id, post, aesthetic=8, artifacts=2)
    other = await home.post()
    await home.services.reports.report(caller(discord_id), 7001, other, "my own words")
    await home.post()
    showing = await home.services.sessions.start(caller(discord_id))
    with suppress(NothingLeftError):
        await home.services.sessions.skip(caller(discord_id), showing.post_id, "cannot_judge")
    await home.services.bans.ban(home.moderator, discord_id, "for a test")
    await home.services.bans.unban(home.moderator, discord_id)
    return post


async def test_every_table_that_names_a_rater_is_handed_out(home: Home) -> None:
    def tables(connection: Connection) -> set[str]:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        return {
            name
            for name in names
            if any(
                key[2] == "raters"
                for key in connection.execute(f"PRAGMA foreign_key_list({name})").fetchall()
            )
        }

    naming = await home.world.database.read(tables)
    by_discord_id = {"raters", "erased_raters", "erased_bars"}
    by_payout = {"payout_attempts"}
    assert naming | by_discord_id | by_payout == set(personal_queries.QUERIES)


async def test_the_file_holds_everything_and_only_about_oneself(home: Home) -> None:
    await busy_rater(home, 1)
    await home.raters(2)
    await home.world.vote(2, 1, aesthetic=1, artifacts=5)
    await home.services.reports.report(caller(2), 7002, 1, "words of another")

    download = await home.services.personal_data.download(caller(1), 10**7)
    assert download is not None
    assert download.filename.endswith(".json")
    data = json.loads(download.content)
    assert data["raters"][0]["discord_id"] == "1"
    (vote,) = data["votes"]
    assert (vote["aesthetic"], vote["artifacts"], vote["data_set"]) == (8, 2, "set")
    assert vote["created_at"] == NOON.isoformat()
    actions = [entry["action"] for entry in data["vote_history"]]
    assert actions == ["given", "given", "voided", "restored"]
    (order,) = data["void_orders"]
    assert (order["cause"], order["ordered_at"]) == ("ban", NOON.isoformat())
    assert data["reports"][0]["reason"] == "my own words"
    assert data["skips"][0]["reason"] == "cannot_judge"
    assert {"rater.ban", "rater.unban"} <= {entry["action"] for entry in data["audit_log"]}
    assert b"words of another" not in download.content


async def test_a_moderator_learns_nothing_of_those_whom_they_decided_about(home: Home) -> None:
    await home.raters(1, 2)
    moderator, judged = await home.world.number(1), await home.world.number(2)

    then = NOON - RESTED_AFTER

    def decide(connection: Connection) -> None:
        for rater in (moderator, judged):
            case = review_queue.put(
                connection,
                "suspect",
                rater=rater,
                details={"lapse": rater / 8},
                now=then,
            )
            review_queue.settle(connection, case, by=moderator, outcome="clear", now=then)

    await home.world.database.write(decide)
    data = await home.world.database.read(lambda c: collect(c, moderator, "of nobody", NOON))
    told = [(case["details"], case["settled_by_you"]) for case in data["review_queue"]]
    assert told == [(json.dumps({"lapse": moderator / 8}), 1), (None, 1)]


async def test_a_file_that_is_too_large_is_compressed_or_refused(home: Home) -> None:
    await busy_rater(home)
    service = home.services.personal_data
    whole = await service.download(caller(1), 10**7)
    assert whole is not None
    packed = await service.download(caller(1), len(whole.content) - 1)
    assert packed is not None
    assert packed.filename.endswith(".json.gz")
    assert json.loads(gzip.decompress(packed.content))["votes"]
    home.world.clock.turn(60)
    assert await service.download(caller(1), 10) is None


async def test_the_overview_counts_what_is_kept(home: Home) -> None:
    await busy_rater(home)
    overview = await home.services.personal_data.overview(in_direct_messages(caller(1)))
    assert overview.rater.number == await home.world.number(1)
    assert overview.rows["votes"] == 1
    assert overview.rows["vote_history"] == 4
    assert overview.rows["void_orders"] == 1
    assert not overview.banned
    assert "erased_raters" not in overview.rows


async def test_the_overview_counts_what_the_download_holds(home: Home) -> None:
    await home.raters(1)
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(60)
    await busy_rater(home, 2)
    await busy_rater(home, 1)
    for person in (1, 2):
        number = await home.world.number(person)
        digest = home.services.enrolment.digest(person)
        whole = await home.world.database.read(
            partial(collect, number=number, discord_hash=digest, now=NOON)
        )
        counts = await home.world.database.read(
            partial(count, number=number, discord_hash=digest, now=NOON)
        )
        assert counts == {table: len(rows) for table, rows in whole.items()}
        assert counts["erased_raters"] == (person == 1)
        assert counts["audit_log"] >= 2


async def test_nothing_is_kept_about_somebody_who_never_came(home: Home) -> None:
    for question in (
        home.services.personal_data.overview(caller(9)),
        home.services.personal_data.download(caller(9), 10**7),
        home.services.erasure.erase(caller(9)),
    ):
        with pytest.raises(NothingKeptError):
            await question
    assert await home.world.value("SELECT count(*) FROM raters") == 0
    past = await home.services.personal_data.past(caller(9))
    assert (past.activity.today, past.activity.ever, past.votes) == (0, 0, ())


async def test_the_past_counts_today_from_midnight_in_utc(home: Home) -> None:
    await home.raters(1)
    posts = [await home.post() for _ in range(3)]
    await home.world.vote(1, posts[0])
    home.world.clock.turn(12 * 3600)
    await home.world.vote(1, posts[1])
    await home.world.press(1, posts[2], "aesthetic", 5)
    past = await home.services.personal_data.past(caller(1))
    assert (past.activity.today, past.activity.ever, past.activity.half) == (1, 2, 1)


async def test_the_last_votes_say_whether_they_may_still_change(home: Home) -> None:
    await home.raters(1)
    closed, opened = await home.post(target=1), await home.post(target=2)
    await home.world.vote(1, closed)
    home.world.clock.turn(61)
    await home.services.posts.due(home.world.clock.now())
    await home.world.vote(1, opened, aesthetic=4, artifacts=3)
    newest, oldest = (await home.services.personal_data.past(caller(1))).votes
    assert (newest.post.id, newest.open, newest.given) == (opened, True, True)
    assert (newest.aesthetic, newest.artifacts) == (4, 3)
    assert (oldest.post.id, oldest.open) == (closed, False)

    await home.services.voting.undo(caller(1), 9001, opened)
    newest, _ = (await home.services.personal_data.past(caller(1))).votes
    assert (newest.open, newest.given) == (True, False)


async def test_what_is_kept_about_money_is_handed_out(tmp_path: Path) -> None:
    async with open_paying(tmp_path) as home:
        await home.raters(1, 2)
        await link(home, 1, 7, verified=True)
        for person in (1, 2):
            await home.world.vote(person, await home.post())
        numbers = [await home.world.number(person) for person in (1, 2)]
        await home.services.holds.place(1, "checks")
        for number in numbers:
            payout = await plan(home, number)
            assert payout is not None
            assert await send(home, payout)
            await home.world.database.write(
                partial(payout_attempts.add, payout_id=payout.id, now=NOON)
            )
        download = await home.services.personal_data.download(caller(1), 10**7)
        overview = await home.services.personal_data.overview(caller(1))
    assert download is not None
    data = json.loads(download.content)
    (vote,) = data["votes"]
    assert (vote["horde_kudos"], vote["horde_account_age"]) == (987_654_321, 86_400)
    assert (vote["horde_usage_requests"], vote["horde_trusted"]) == (17, 1)
    (linked,) = data["horde_links"]
    assert (linked["horde_id"], linked["verified_at"]) == (7, NOON.isoformat())
    (hold,) = data["holds"]
    assert hold == {"reason": "checks", "since": NOON.isoformat()}
    assert [award["scale"] for award in data["awards"]] == ["aesthetic", "artifacts"]
    (payout,) = data["payouts"]
    assert (payout["amount"], payout["state"], payout["sender_id"]) == (2 * PRICE, "sending", 1)
    (attempt,) = data["payout_attempts"]
    assert (attempt["payout_id"], attempt["sent_at"]) == (payout["id"], NOON.isoformat())
    assert len(data["horde_proofs"]) == 1
    assert data["held_back_until"] == (NOON + RESTED_AFTER).isoformat()
    assert overview.rows == {
        table: len(rows) for table, rows in data.items() if isinstance(rows, list) and rows
    }
    assert (overview.kudos.paying, overview.kudos.held, overview.kudos.released) == (
        2 * PRICE,
        0,
        0,
    )
    assert not download.but_earned_before


async def test_nobody_is_told_the_number_of_anybody_else(home: Home) -> None:
    await home.raters(1, 2)
    one, two = [await home.world.number(person) for person in (1, 2)]

    def unit(connection: Connection) -> None:
        for subject in (f"rater:{one}", f"rater:{two}", "image:7", ""):
            audit.record(connection, at=NOON, actor="rater", rater=one, action="x", subject=subject)

    await home.world.database.write(unit)
    told = {}
    for person in (1, 2):
        download = await home.services.personal_data.download(caller(person), 10**7)
        assert download is not None
        rows = [row for row in json.loads(download.content)["audit_log"] if row["action"] == "x"]
        told[person] = [(row["subject"], row["done_by_you"]) for row in rows]
    assert told[1] == [(f"rater:{one}", 1), ("somebody", 1), ("image:7", 1), ("", 1)]
    assert told[2] == [(f"rater:{two}", 0)]


async def test_a_moderator_reads_of_their_acts_no_word_about_others_or_gold(home: Home) -> None:
    await home.raters(1, 2)
    one, two = [await home.world.number(person) for person in (1, 2)]
    whole = json.dumps({"reason": "of interest"})
    expected = [
        ("x", f"rater:{one}", f"rater:{one}", whole),
        ("x", "image:7", "image:7", whole),
        ("x", "", "", whole),
        ("x", f"rater:{two}", "somebody", None),
        ("x", "erased:0123abcd", "somebody", None),
        ("x", "unseen:0123abcd", "somebody", None),
        ("image.gold", "image:7", "image:7", None),
        ("image.gold_retired", "image:7", "image:7", None),
    ]

    def unit(connection: Connection) -> None:
        for action, subject, _, _ in expected:
            audit.record(
                connection,
                at=NOON,
                actor="moderator",
                rater=one,
                action=action,
                subject=subject,
                details={"reason": "of interest"},
            )

    await home.world.database.write(unit)
    data = await home.world.database.read(lambda c: collect(c, one, "of nobody", NOON))
    acts = [row for row in data["audit_log"] if row["actor"] == "moderator"]
    assert [(row["action"], row["subject"], row["details"]) for row in acts] == [
        (action, told, details) for action, _, told, details in expected
    ]
