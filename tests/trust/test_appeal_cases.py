"""Appeals as moderators decide them, and what that changes."""

from __future__ import annotations

from datetime import timedelta
from sqlite3 import Connection

import pytest

from bot.errors import (
    ClaimedError,
    NotAllowedError,
    SettledError,
    WordsNeededError,
)
from bot.trust.appeal_cases import GRANT, REFUSE
from bot.trust.banning import Place, Sentence, Votes
from bot.trust.review import Idle
from storage import raters, review_queue
from tests.trust import appealing
from tests.trust.appealing import LIMITED, appeal, ban, latest, next_appeal
from tests.trust.home import MODERATORS, STRANGE_SERVER, Home, caller, elsewhere


async def kinds(home: Home) -> list[str]:
    standing = await home.services.appeals.standing(caller(LIMITED))
    return [limit.kind for limit in standing.limits]


async def test_granting_lifts_the_ban_and_brings_the_votes_back(home: Home) -> None:
    post = await home.post()
    await home.raters(LIMITED)
    await home.world.vote(LIMITED, post)
    await ban(home)
    assert (await home.world.image(post)).complete_votes == 0
    await appeal(home)
    await appealing.answer(home, grant=True)
    assert await kinds(home) == []
    assert (await home.world.image(post)).complete_votes == 1
    answered = await latest(home)
    assert answered is not None
    assert (answered.outcome, answered.answer) == ("granted", "looked again")
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)


@pytest.mark.parametrize("place", ["here", "everywhere"])
async def test_granting_after_the_ban_has_ended_brings_the_votes_back(
    home: Home, place: Place
) -> None:
    """The appeal may be older than the end of the ban, and be answered after it."""
    post = await home.post()
    await home.raters(LIMITED)
    await home.world.vote(LIMITED, post)
    sentence = Sentence(timedelta(hours=1), place, "void")
    await home.services.bans.ban(home.moderator, LIMITED, "spam", sentence)
    await appeal(home)
    home.world.clock.turn(3600)
    _, about = await next_appeal(home)
    assert [limit.kind for limit in about.limits] == ["voided"]
    await appealing.answer(home, grant=True)
    assert await kinds(home) == []
    assert (await home.world.image(post)).complete_votes == 1
    assert "rater.unban" in await home.actions()


@pytest.mark.parametrize("votes", ["keep", "void"])
@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("grant", [False, True])
async def test_granting_brings_validation_back_and_the_case_says_so(
    home: Home, votes: Votes, *, ended: bool, grant: bool
) -> None:
    """As an unban does, also where the ban has ended by itself since."""
    await home.raters(LIMITED)
    await home.services.validation.validate(home.moderator, LIMITED)
    sentence = Sentence(timedelta(hours=1), "everywhere", votes)
    await home.services.bans.ban(home.moderator, LIMITED, "spam", sentence)
    await appeal(home)
    home.world.clock.turn(3600 * ended)
    _, about = await next_appeal(home)
    assert about.brings_trust_back
    await appealing.answer(home, grant=grant)
    rater = await home.world.database.read(lambda c: raters.find(c, LIMITED))
    assert rater is not None
    assert rater.status == ("validated" if grant else "banned")


async def test_a_case_promises_no_validation_to_whoever_was_not_validated(home: Home) -> None:
    await ban(home)
    await appeal(home)
    _, about = await next_appeal(home)
    assert not about.brings_trust_back


async def test_refusing_leaves_everything_as_it_is(home: Home) -> None:
    await ban(home)
    await appealing.hold(home)
    await appeal(home)
    await appealing.answer(home, grant=False)
    assert await kinds(home) == ["banned", "held"]
    answered = await latest(home)
    assert answered is not None
    assert answered.outcome == "refused"


async def test_granting_lifts_no_bar_of_another_server(home: Home) -> None:
    await ban(home)
    await appealing.bar(home, STRANGE_SERVER)
    await appeal(home)
    await appealing.answer(home, grant=True)
    assert await kinds(home) == ["barred"]


async def test_granting_lifts_what_rules_hold_and_not_what_operators_do(home: Home) -> None:
    await appealing.hold(home)
    await home.services.holds.place(LIMITED, "review")
    await appeal(home)
    _, about = await next_appeal(home)
    assert about.lasting_holds == ("review",)
    await appealing.answer(home, grant=True)
    assert await home.services.holds.of_rater(LIMITED) == ("review",)


@pytest.mark.parametrize(("grant", "left"), [(True, []), (False, ["captcha"])])
async def test_granting_ends_a_pause_after_captchas(
    home: Home, *, grant: bool, left: list[str]
) -> None:
    await appealing.pause_captchas(home, 3000)
    await appeal(home)
    await appealing.answer(home, grant=grant)
    assert await kinds(home) == left


async def test_the_log_says_who_did_what_and_no_words(home: Home) -> None:
    await ban(home)
    await appealing.hold(home)
    await appeal(home, words="words of the rater")
    await appealing.answer(home, grant=True, words="words of the moderator")
    number = await home.world.number(LIMITED)
    entries = [each for each in await home.log() if each.action != "rater.ban"]
    assert {each.action for each in entries} == {
        "appeal.grant", "hold.lifted", "rater.unban",
    }  # fmt: skip
    assert {each.subject for each in entries} == {f"rater:{number}"}
    assert "words" not in str(entries)


async def test_the_case_shows_what_limits_the_rater_now(home: Home) -> None:
    await ban(home)
    await appeal(home, words="please")
    _, about = await next_appeal(home)
    assert about.appeal.words == "please"
    assert about.rater.discord_id == LIMITED
    assert [limit.kind for limit in about.limits] == ["banned"]
    await home.services.bans.unban(home.moderator, LIMITED)
    item, about = await next_appeal(home)
    assert about.limits == ()
    await home.services.review.decide(home.moderator, item, GRANT, "done already")


@pytest.mark.parametrize("words", ["", " \n", "\u202e"])
async def test_without_words_nothing_is_decided(home: Home, words: str) -> None:
    await ban(home)
    await appeal(home)
    item, _ = await next_appeal(home)
    with pytest.raises(WordsNeededError):
        await home.services.review.decide(home.moderator, item, GRANT, words)
    assert await kinds(home) == ["banned"]
    await home.services.review.decide(home.moderator, item, REFUSE, "no")


async def test_only_a_moderator_who_has_the_case_decides(home: Home) -> None:
    await ban(home)
    await appeal(home)
    item, _ = await next_appeal(home)
    for nobody in (caller(LIMITED), home.manager, elsewhere(home.moderator)):
        with pytest.raises(NotAllowedError):
            await home.services.review.decide(nobody, item, GRANT, "let me in")
    other = caller(32, roles=(MODERATORS,))
    with pytest.raises(ClaimedError):
        await home.services.review.decide(other, item, GRANT, "yes")
    assert await kinds(home) == ["banned"]
    await home.services.review.decide(home.moderator, item, REFUSE, "no")
    with pytest.raises(SettledError):
        await home.services.review.decide(home.moderator, item, GRANT, "or yes")
    assert await kinds(home) == ["banned"]


async def test_who_is_erased_meanwhile_is_no_case_any_more(home: Home) -> None:
    await ban(home)
    await appeal(home)
    item, _ = await next_appeal(home)
    await home.services.erasure.erase(caller(LIMITED))
    with pytest.raises(SettledError):
        await home.services.review.decide(home.moderator, item, GRANT, "yes")
    back = home.services.enrolment
    now = home.world.clock.now()
    returned = await home.world.database.write(lambda c: back.rater(c, LIMITED, now))
    assert returned.status == "banned"


async def test_whoever_was_erased_and_came_back_may_be_granted_it(home: Home) -> None:
    await ban(home)
    await home.services.erasure.erase(caller(LIMITED))
    home.world.clock.turn(24 * 3600)
    await appeal(home)
    await appealing.answer(home, grant=True)
    found = await home.world.database.read(lambda c: raters.find(c, LIMITED))
    assert found is not None
    assert found.status == "normal"
    assert await home.world.value("SELECT banned FROM erased_raters") == 0


@pytest.mark.parametrize("grant", [True, False])
async def test_granting_brings_back_what_moderators_took_out(home: Home, *, grant: bool) -> None:
    await home.raters(LIMITED)
    posts = [await home.post() for _ in range(3)]
    for post in posts:
        await home.world.vote(LIMITED, post)
    image = (await home.world.image(posts[0])).id
    await home.services.voiding.void_vote(home.moderator, LIMITED, image)
    home.world.clock.turn(60)
    await home.services.voiding.revert(home.moderator, LIMITED, "1h", "asleep")
    await appeal(home)
    before = len(await home.log())
    await appealing.answer(home, grant=grant)
    void = await home.world.value("SELECT count(*) FROM votes WHERE state = 'void'")
    assert void == (0 if grant else 3)
    acts = (await home.actions())[: len(await home.log()) - before]
    if grant:
        assert sorted(acts) == ["appeal.grant", "rater.restore", "vote.restore"]
        assert (await home.world.image(posts[0])).complete_votes == 1
        assert await home.services.voiding.reverts(home.moderator, LIMITED) == []
    else:
        assert acts == ["appeal.refuse"]
    found = await appealing.latest(home)
    assert found is not None
    assert found.outcome == ("granted" if grant else "refused")


async def test_what_a_stop_left_of_a_granted_appeal_goes_on(home: Home) -> None:
    """The orders are lifted with the answer, in one unit; votes follow."""
    await home.raters(LIMITED)
    await home.world.vote(LIMITED, await home.post())
    home.world.clock.turn(60)
    await home.services.voiding.revert(home.moderator, LIMITED, "1h")
    await appeal(home)
    item, _ = await appealing.next_appeal(home)
    (kind,) = [each for each in home.services.review.kinds if each.name == "appeal"]

    def unit(connection: Connection) -> None:
        case = review_queue.by_id(connection, item)
        assert case is not None
        kind.carry_out(connection, home.moderator, case, GRANT, "looked again")

    await home.world.database.write(unit)
    assert await home.world.value("SELECT count(*) FROM votes WHERE state = 'void'") == 1
    await home.services.bans.resume()
    assert await home.world.value("SELECT count(*) FROM votes WHERE state = 'void'") == 0
