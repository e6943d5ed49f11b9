"""Appeals as their raters write them: who may, how often, and what the moderators get."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import (
    AppealOpenError,
    AppealTooSoonError,
    ManagersMatterError,
    NotLimitedError,
    WordsNeededError,
)
from bot.trust.appeals import WORDS_LENGTH
from bot.trust.banning import Place, Sentence
from storage.limits import Limit
from tests.rating.world import NOON
from tests.trust import appealing
from tests.trust.appealing import LIMITED, appeal, ban
from tests.trust.home import STRANGE_SERVER, Home, caller, in_direct_messages

HOUR = 3600.0
DAY = 24 * HOUR


async def limits(home: Home, discord_id: int = LIMITED) -> tuple[Limit, ...]:
    return (await home.services.appeals.standing(caller(discord_id))).limits


async def count(home: Home, table: str) -> int:
    return await home.world.value(f"SELECT count(*) FROM {table}")  # noqa: S608 - a table of ours


async def test_whoever_is_not_limited_has_nothing_to_appeal_against(home: Home) -> None:
    await home.raters(1)
    standing = await home.services.appeals.standing(caller(1))
    assert (standing.limits, standing.latest) == ((), None)
    assert isinstance(standing.obstacle, NotLimitedError)
    with pytest.raises(NotLimitedError):
        await appeal(home, 1)
    assert await count(home, "appeals") == await count(home, "review_queue") == 0


async def test_whoever_was_never_seen_leaves_no_trace_by_asking(home: Home) -> None:
    standing = await home.services.appeals.standing(caller(99))
    assert isinstance(standing.obstacle, NotLimitedError)
    assert await count(home, "raters") == 0


async def test_every_limit_says_since_when_and_until_when(home: Home) -> None:
    await ban(home)
    home.world.clock.turn(60)
    await appealing.bar(home, STRANGE_SERVER)
    home.world.clock.turn(60)
    await home.services.holds.place(LIMITED, "review")
    await appealing.pause_captchas(home, 30)
    banned, held, barred, paused = await limits(home)
    assert (banned.kind, banned.since, banned.until) == ("banned", NOON, None)
    assert banned.reason == "pressed one button only"
    assert barred.since is not None
    assert (barred.kind, barred.guild_id, barred.reason) == ("barred", STRANGE_SERVER, "rude")
    assert (barred.since - NOON).total_seconds() == 60
    assert (held.kind, held.reason, held.since) == ("held", "review", home.world.clock.now())
    assert paused.until is not None
    assert (paused.kind, (paused.until - home.world.clock.now()).total_seconds()) == ("captcha", 30)
    home.world.clock.turn(30)
    assert [limit.kind for limit in await limits(home)] == ["banned", "held", "barred"]


async def test_a_ban_that_has_ended_limits_nobody(home: Home) -> None:
    await ban(home)
    number = await home.world.number(LIMITED)
    until = int((NOON.timestamp() + HOUR) * 1_000_000)
    await home.world.database.write(
        lambda c: (
            c.execute(
                "UPDATE raters SET status_until = ? WHERE number = ?", (until, number)
            ).rowcount
        )
    )
    (banned,) = await limits(home)
    assert banned.until is not None
    assert (banned.until - NOON).total_seconds() == HOUR
    home.world.clock.turn(HOUR)
    assert await limits(home) == ()
    with pytest.raises(NotLimitedError):
        await appeal(home)


@pytest.mark.parametrize("place", ["here", "everywhere"])
async def test_votes_that_stay_out_after_a_ban_are_a_limit(home: Home, place: Place) -> None:
    """As long as the ban lasts it says so itself."""
    post = await home.post()
    await home.raters(LIMITED)
    await home.world.vote(LIMITED, post)
    home.world.clock.turn(60)
    sentence = Sentence(timedelta(days=1), place, "void")
    await home.services.bans.ban(home.moderator, LIMITED, "spam", sentence)
    kind = "barred" if place == "here" else "banned"
    assert [limit.kind for limit in await limits(home)] == [kind]
    home.world.clock.turn(DAY)
    (voided,) = await limits(home)
    assert (voided.kind, voided.until, voided.reason) == ("voided", None, None)
    assert voided.since is not None
    assert (voided.since - NOON).total_seconds() == 60
    await appeal(home)
    await home.services.bans.unban(home.moderator, LIMITED)
    assert await limits(home) == ()


async def test_ratings_that_moderators_took_out_are_a_limit(home: Home) -> None:
    """A revert of reports alone, or of what counts anyway, is none."""
    await home.raters(LIMITED)
    posts = [await home.post() for _ in range(3)]
    await home.services.voiding.revert(home.moderator, LIMITED, "1h", "nothing there yet")
    home.world.clock.turn(60)
    assert await limits(home) == ()
    for post in posts:
        await home.world.vote(LIMITED, post)
    image = (await home.world.image(posts[0])).id
    await home.services.voiding.void_vote(home.moderator, LIMITED, image)
    (single,) = await limits(home)
    assert (single.kind, single.since, single.reason) == ("reverted", home.world.clock.now(), None)
    home.world.clock.turn(60)
    await home.services.voiding.revert(home.moderator, LIMITED, "1h", "asleep")
    assert [(limit.kind, limit.reason) for limit in await limits(home)] == [
        ("reverted", None),
        ("reverted", "asleep"),
    ]
    await appeal(home)
    await home.services.voiding.restore(home.moderator, LIMITED)
    await home.services.voiding.restore_vote(home.moderator, LIMITED, image)
    assert await limits(home) == ()


async def test_a_managers_bar_says_nothing_of_votes_that_a_ban_took(home: Home) -> None:
    post = await home.post()
    await home.raters(LIMITED)
    await home.world.vote(LIMITED, post)
    sentence = Sentence(timedelta(hours=1), "here", "void")
    await home.services.bans.ban(home.moderator, LIMITED, "spam", sentence)
    await home.services.bars.bar(home.manager, LIMITED)
    assert [limit.kind for limit in await limits(home)] == ["barred", "barred"]
    home.world.clock.turn(HOUR)
    assert [limit.kind for limit in await limits(home)] == ["voided", "barred"]


@pytest.mark.parametrize("limit", ["ban", "hold", "bar", "captcha"])
async def test_whoever_is_limited_may_appeal_also_in_direct_messages(
    home: Home, limit: str
) -> None:
    if limit == "ban":
        await ban(home)
    elif limit == "hold":
        await home.services.holds.place(LIMITED, "review")
    elif limit == "bar":
        await appealing.bar(home)
    else:
        await appealing.pause_captchas(home, 30)
    who = in_direct_messages(caller(LIMITED))
    await home.services.appeals.require_cause(who)
    opened = await home.services.appeals.open(who, 1, "please look", "de")
    assert (opened.words, opened.locale, opened.outcome) == ("please look", "de", None)
    assert await home.world.value("SELECT count(*) FROM review_queue WHERE kind = 'appeal'") == 1
    assert await home.world.value("SELECT count FROM alerts WHERE kind = 'appeal_opened'") == 1


async def test_what_only_managers_can_lift_is_their_matter(home: Home) -> None:
    await appealing.bar(home, STRANGE_SERVER)
    with pytest.raises(ManagersMatterError):
        await home.services.appeals.require_cause(caller(LIMITED))
    with pytest.raises(ManagersMatterError):
        await appeal(home)
    await home.services.holds.place(LIMITED, "review")
    await appeal(home)


async def test_an_interaction_that_comes_twice_opens_one_appeal(home: Home) -> None:
    await ban(home)
    first, second = await asyncio.gather(
        *(home.services.appeals.open(caller(LIMITED), 5, "once", "en") for _ in range(2))
    )
    assert first == second
    assert await count(home, "appeals") == 1
    assert await home.world.value("SELECT count FROM alerts WHERE kind = 'appeal_opened'") == 1


async def test_one_appeal_is_open_at_a_time(home: Home) -> None:
    await ban(home)
    answers = await asyncio.gather(
        *(appeal(home, words=f"try {n}") for n in range(5)), return_exceptions=True
    )
    refused = [each for each in answers if isinstance(each, AppealOpenError)]
    assert len(refused) == 4
    assert refused[0].values == {"opened": int(NOON.timestamp())}
    assert await count(home, "appeals") == await count(home, "review_queue") == 1


async def test_one_new_appeal_a_day(home: Home) -> None:
    await ban(home)
    await appeal(home)
    home.world.clock.turn(HOUR)
    await appealing.answer(home, grant=False)
    with pytest.raises(AppealTooSoonError) as refused:
        await appeal(home)
    assert refused.value.values == {"when": int(NOON.timestamp() + DAY)}
    home.world.clock.turn(23 * HOUR)
    await appeal(home)
    assert await count(home, "appeals") == 2


async def test_a_clock_that_was_set_back_shuts_nobody_out(home: Home) -> None:
    await ban(home)
    home.world.clock.turn(400 * DAY)
    await appeal(home)
    await appealing.answer(home, grant=False)
    home.world.clock.turn(-399 * DAY)
    newest = await appeal(home)
    assert (await appealing.latest(home)) == newest
    with pytest.raises(AppealOpenError):
        await appeal(home)
    await appealing.answer(home, grant=False)
    with pytest.raises(AppealTooSoonError):
        await appeal(home)


@pytest.mark.parametrize("words", ["", "  \n ", "\u202e\u200b\u0000", "\ud800"])
async def test_an_appeal_needs_words_that_can_be_read(home: Home, words: str) -> None:
    await ban(home)
    with pytest.raises(WordsNeededError):
        await appeal(home, words=words)
    assert await count(home, "appeals") == 0


async def test_words_are_tidied_and_kept_up_to_their_length(home: Home) -> None:
    await ban(home)
    kept = await appeal(home, words="\u202eone\ntwo " + "x" * 5000)
    assert kept.words is not None
    assert kept.words.startswith("one two xxx")
    assert len(kept.words) == WORDS_LENGTH


async def test_an_erasure_deletes_the_words_and_closes_the_appeal(home: Home) -> None:
    await ban(home)
    await appeal(home, words="my very own words")
    number = await home.world.number(LIMITED)
    await home.services.erasure.erase(caller(LIMITED))
    dump = await home.world.database.read(lambda c: "\n".join(c.iterdump()))
    assert "my very own words" not in dump
    open_cases = "SELECT count(*) FROM review_queue WHERE settled_at IS NULL"
    assert await home.world.value(open_cases) == 0
    query = "SELECT answered_at IS NOT NULL AND answer IS NULL FROM appeals WHERE rater = ?"
    assert await home.world.value(query, number) == 1


async def test_an_erasure_is_no_way_to_a_second_appeal(home: Home) -> None:
    await ban(home)
    await appeal(home)
    await home.services.erasure.erase(caller(LIMITED))
    home.world.clock.turn(HOUR)
    standing = await home.services.appeals.standing(caller(LIMITED))
    assert [limit.kind for limit in standing.limits] == ["banned"]
    with pytest.raises(AppealTooSoonError):
        await appeal(home)
    home.world.clock.turn(23 * HOUR)
    await appeal(home)


async def test_what_is_kept_of_an_appeal_is_handed_out(home: Home) -> None:
    await ban(home)
    await appeal(home, words="my very own words")
    await appealing.answer(home, grant=False, words="it was a robot")
    mine = await home.services.personal_data.download(caller(LIMITED), 10**7)
    theirs = await home.services.personal_data.download(home.moderator, 10**7)
    assert mine is not None
    assert theirs is not None
    assert b"my very own words" in mine.content
    assert b"it was a robot" in mine.content
    assert b"it was a robot" in theirs.content
    assert b"my very own words" not in theirs.content
