"""The queue: one case for one moderator at a time, of any kind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from sqlite3 import Connection

import pytest

from bot.caller import Caller
from bot.errors import ClaimedError, NotAllowedError, SettledError, UserError, WrongValueError
from bot.trust.refusals import OwnMatterError
from bot.trust.review import Case, CaseKind, Idle, ReviewService
from storage import claims, review_queue
from storage.review_queue import QueueItem
from tests.trust.home import MODERATOR, MODERATORS, OPERATOR, Home, caller

LENGTH = claims.LENGTH.total_seconds()


class Riddle(CaseKind):
    """A kind of our own: nothing but an answer, with words or without."""

    name = "riddle"
    decisions = ("solved", "explained")

    def __init__(self) -> None:
        self.gone = False
        self.refusal: UserError | None = None
        self.said: list[tuple[int, str, str]] = []
        self.finished = 0

    def look(self, connection: Connection, item: QueueItem) -> object | None:
        return None if self.gone else item.details

    def carry_out(
        self, connection: Connection, caller: Caller, item: QueueItem, decision: str, words: str
    ) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.said.append((item.id, decision, words))
        now = item.opened_at + timedelta(hours=1)
        review_queue.settle(connection, item.id, by=None, outcome=decision, now=now)

    async def follow_up(self) -> None:
        self.finished += 1


@pytest.fixture
def riddle() -> Riddle:
    return Riddle()


@pytest.fixture
def review(home: Home, riddle: Riddle) -> ReviewService:
    services = home.services
    return ReviewService(
        home.world.database,
        home.world.clock,
        access=services.access,
        enrolment=services.enrolment,
        kinds=(riddle,),
    )


def moderator(number: int) -> Caller:
    return caller(MODERATOR + number, roles=(MODERATORS,))


ADA, BOB, CID = (moderator(number) for number in range(3))


async def put(home: Home, count: int = 1, kind: str = "riddle") -> list[int]:
    """Open that many cases; each is about an image of its own."""
    ids = []
    for _ in range(count):
        image = (await home.world.image(await home.post())).id

        def unit(connection: Connection, image: int = image) -> int:
            now = home.world.clock.now()
            return review_queue.put(connection, kind, image_id=image, now=now)

        ids.append(await home.world.database.write(unit))
    return ids


async def opened(review: ReviewService, who: Caller, *, after: int = 0) -> int | None:
    case = await review.next_case(who, after=after)
    return case.item.id if isinstance(case, Case) else None


async def test_each_moderator_gets_a_case_of_their_own(home: Home, review: ReviewService) -> None:
    first, second = await put(home, 2)
    assert await opened(review, ADA) == first
    assert await opened(review, BOB) == second
    assert await opened(review, ADA) == first
    idle = await review.next_case(CID)
    assert isinstance(idle, Idle)
    assert (idle.waiting.cases, idle.waiting.claimed) == (2, 2)
    assert idle.waiting.free_at == home.world.clock.now() + claims.LENGTH


async def test_moderators_who_open_at_once_never_get_the_same_case(
    home: Home, review: ReviewService
) -> None:
    cases = await put(home, 6)
    asking = [opened(review, moderator(number)) for number in range(8)]
    got = await asyncio.gather(*asking)
    assert sorted(one for one in got if one is not None) == cases
    assert got.count(None) == 2


async def test_nobody_decides_what_another_has_in_hand(
    home: Home, review: ReviewService, riddle: Riddle
) -> None:
    (case,) = await put(home)
    await opened(review, ADA)
    with pytest.raises(ClaimedError) as refused:
        await review.decide(BOB, case, "solved")
    until = home.world.clock.now() + claims.LENGTH
    assert refused.value.values == {"until": int(until.timestamp())}
    with pytest.raises(ClaimedError):
        await review.hold(BOB, case, "explained")
    assert riddle.said == []
    await review.decide(ADA, case, "solved")
    assert riddle.said == [(case, "solved", "")]
    assert riddle.finished == 1


async def test_a_claim_ends_by_itself(home: Home, review: ReviewService, riddle: Riddle) -> None:
    (case,) = await put(home)
    await opened(review, ADA)
    home.world.clock.turn(LENGTH - 1)
    assert await opened(review, BOB) is None
    home.world.clock.turn(1)
    assert await opened(review, BOB) == case
    with pytest.raises(ClaimedError):
        await review.decide(ADA, case, "solved")


async def test_an_ended_claim_is_no_obstacle_where_nobody_else_took_over(
    home: Home, review: ReviewService, riddle: Riddle
) -> None:
    (case,) = await put(home)
    await opened(review, ADA)
    home.world.clock.turn(3 * LENGTH)
    await review.decide(ADA, case, "solved")
    assert len(riddle.said) == 1


async def test_asking_for_words_renews_the_claim(home: Home, review: ReviewService) -> None:
    (case,) = await put(home)
    await opened(review, ADA)
    home.world.clock.turn(LENGTH - 1)
    await review.hold(ADA, case, "explained")
    home.world.clock.turn(LENGTH - 1)
    with pytest.raises(ClaimedError):
        await review.decide(BOB, case, "solved")
    await review.decide(ADA, case, "explained", "because")


async def test_a_clock_that_is_set_back_keeps_no_case_from_others(
    home: Home, review: ReviewService
) -> None:
    (case,) = await put(home)
    home.world.clock.turn(10**6)
    await opened(review, ADA)
    home.world.clock.turn(-(10**6))
    assert await opened(review, BOB) == case


async def test_later_frees_the_case_and_goes_round(home: Home, review: ReviewService) -> None:
    first, second = await put(home, 2)
    assert await opened(review, ADA) == first
    assert await opened(review, ADA, after=first) == second
    assert await opened(review, BOB) == first
    assert await opened(review, ADA, after=second) == second


async def test_later_on_the_case_of_another_frees_nothing(
    home: Home, review: ReviewService
) -> None:
    (case,) = await put(home)
    await opened(review, ADA)
    assert await opened(review, BOB, after=case) is None
    with pytest.raises(ClaimedError):
        await review.decide(BOB, case, "solved")


async def test_a_case_with_nothing_left_to_decide_is_settled_on_the_way(
    home: Home, review: ReviewService, riddle: Riddle
) -> None:
    cases = await put(home, 3)
    riddle.gone = True
    idle = await review.next_case(ADA)
    assert isinstance(idle, Idle)
    assert idle.waiting.cases == 0
    with pytest.raises(SettledError):
        await review.decide(ADA, cases[0], "solved")


async def test_a_refused_decision_leaves_the_case_open_and_claimed(
    home: Home, review: ReviewService, riddle: Riddle
) -> None:
    (case,) = await put(home)
    riddle.refusal = WrongValueError()
    with pytest.raises(WrongValueError):
        await review.decide(ADA, case, "solved")
    assert riddle.finished == 0
    riddle.refusal = None
    assert await opened(review, ADA) == case


async def test_kinds_of_others_are_neither_shown_nor_decided(
    home: Home, review: ReviewService
) -> None:
    (foreign,) = await put(home, kind=review_queue.PAYOUT_IN_DOUBT)
    assert await opened(review, ADA) is None
    for decision in ("solved", "paid"):
        with pytest.raises(WrongValueError):
            await review.decide(ADA, foreign, decision)


async def test_a_decision_of_another_kind_is_refused(home: Home, review: ReviewService) -> None:
    (case,) = await put(home)
    for forged in (case, case + 1, 10**17):
        with pytest.raises(WrongValueError):
            await review.decide(ADA, forged, "hide")


async def test_two_decisions_at_once_are_one(
    home: Home, review: ReviewService, riddle: Riddle
) -> None:
    (case,) = await put(home)
    outcomes = await asyncio.gather(
        *(review.decide(who, case, "solved") for who in (ADA, BOB, CID, ADA)),
        return_exceptions=True,
    )
    assert len(riddle.said) == 1
    assert sum(isinstance(one, QueueItem) for one in outcomes) == 1
    # Whoever comes second finds the case in somebody's hand, or decided.
    assert all(isinstance(one, QueueItem | SettledError | ClaimedError) for one in outcomes)


async def test_a_claim_does_not_outlive_the_erasure_of_its_holder(
    home: Home, review: ReviewService
) -> None:
    (case,) = await put(home)
    await opened(review, ADA)
    await home.services.erasure.erase(ADA)
    assert await opened(review, BOB) == case
    query = "SELECT count(*) FROM review_queue WHERE claimed_by IS NOT NULL"
    await review.decide(BOB, case, "solved")
    assert await home.world.value(query) == 0


@pytest.mark.parametrize(
    "act",
    [
        lambda review, case: review.next_case(caller(MODERATOR)),
        lambda review, case: review.hold(caller(MODERATOR), case, "explained"),
        lambda review, case: review.decide(caller(MODERATOR), case, "solved"),
    ],
)
async def test_whoever_lost_the_role_gets_and_decides_nothing(
    home: Home, review: ReviewService, riddle: Riddle, act: Callable[..., Awaitable[object]]
) -> None:
    (case,) = await put(home)
    await opened(review, ADA)
    with pytest.raises(NotAllowedError):
        await act(review, case)
    assert riddle.said == []
    assert (await home.actions())[0].startswith("refused:r")


async def about(home: Home, who: Caller) -> int:
    """Open a case about somebody."""
    await home.raters(who.discord_id)
    number = await home.world.number(who.discord_id)
    now = home.world.clock.now()
    return await home.world.database.write(
        lambda c: review_queue.put(c, "riddle", rater=number, now=now)
    )


async def test_nobody_is_handed_a_case_about_themselves(home: Home, review: ReviewService) -> None:
    case = await about(home, ADA)
    idle = await review.next_case(ADA)
    assert isinstance(idle, Idle)
    assert (idle.waiting.cases, idle.waiting.claimed) == (0, 0)
    (other,) = await put(home)
    assert await opened(review, ADA) == other
    assert await opened(review, ADA, after=other) == other
    assert await opened(review, BOB) == case


@pytest.mark.parametrize("operator", [False, True])
async def test_nobody_decides_a_case_about_themselves(
    home: Home, review: ReviewService, riddle: Riddle, *, operator: bool
) -> None:
    who = caller(OPERATOR, roles=(MODERATORS,)) if operator else ADA
    case = await about(home, who)
    for refused in (review.decide, review.hold):
        with pytest.raises(OwnMatterError):
            await refused(who, case, "solved")
    (entry,) = await home.log()
    assert (entry.action, entry.times) == ("refused:review.solved", 2)
    assert entry.rater == await home.world.number(who.discord_id)
    assert riddle.said == []
    number, now = await home.world.number(who.discord_id), home.world.clock.now()
    assert not await home.world.database.write(lambda c: claims.take(c, case, by=number, now=now))
    assert await opened(review, BOB) == case, "and has not claimed it"
    await review.decide(BOB, case, "solved")
