"""Whatever moderators, raters and stops do in whatever order: votes are void, and reports out,
exactly as long as a decision in force wants it, and all that is made of votes is as if it were
counted anew."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Final, TypeVar, get_args

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bot.caller import Caller
from bot.errors import BannedError, BarredError, UserError
from bot.rating.scales import SCALES
from bot.rating.voting import ScorePress
from bot.services import build_services
from bot.trust import void_orders as carrying_out
from bot.trust.banning import Sentence
from bot.trust.refusals import ModeratorsBarError
from storage import image_stages, ledger, raters, reports, void_orders
from storage.bars import PlacedBy
from storage.database import Database
from storage.image_stages import COUNTS
from tests.rating.world import HOME, NOON, TurnedClock, World, caller, make_settings
from tests.trust.home import MODERATORS, STRANGE_SERVER, Home, visitor
from tests.trust.released import note_release

T = TypeVar("T")
Who = int
Image = int

PEOPLE: Final = range(1, 4)
PERSON = st.sampled_from(PEOPLE)
PLACES: Final = {1: HOME, 2: HOME, 3: STRANGE_SERVER, 4: HOME}
"""Images, and the servers in which each has its post; posts have the ids of their images."""

FIRST: Final = ((1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3), (3, 4))
"""Who has a vote on which image in the beginning."""

UNDONE: Final = (1, 2)
"""Which of these was taken back."""

HALF: Final = (2, 3)
"""Which of these lacks a score."""

GOLD: Final = ((1, 4), (2, 2))
"""Which of these were given on gold showings."""

IMAGE = st.sampled_from(sorted(PLACES))
SCALE = st.sampled_from(sorted(SCALES))
DAY: Final = timedelta(days=1)
SENTENCES = st.builds(
    Sentence,
    st.sampled_from([None, timedelta(hours=1), timedelta(hours=1), DAY]),
    st.sampled_from(["here", "everywhere"]),
    st.sampled_from([None, "keep", "void", "void"]),
)
WRONG: Final = {
    "the counter is not the number of votes that count": f"""
        SELECT i.id FROM images i WHERE complete_votes <> (
            SELECT count(*) FROM votes v WHERE v.image_id = i.id AND {COUNTS})
    """,  # noqa: S608 - constants
    "a stage does not follow from the votes": """
        SELECT i.id FROM images i JOIN data_sets d ON d.id = i.data_set_id
        WHERE stage <> iif(complete_votes >= target, 'full', 'begun')
    """,
    "a counter of the data set is wrong": """
        SELECT id FROM data_sets WHERE
            begun_images <> (SELECT count(*) FROM images WHERE stage = 'begun')
            OR full_images <> (SELECT count(*) FROM images WHERE stage = 'full')
    """,
    "only full images wait for their close": """
        SELECT id FROM images WHERE closes_at IS NOT NULL AND stage <> 'full'
    """,
    "the last entry of the history does not explain the vote": """
        SELECT v.id FROM votes v JOIN vote_history h ON h.id = (
            SELECT max(id) FROM vote_history WHERE rater = v.rater AND image_id = v.image_id)
        WHERE h.aesthetic IS NOT v.aesthetic OR h.artifacts IS NOT v.artifacts
            OR (h.action = 'voided') <> (v.state = 'void')
            OR (h.action = 'undone' AND v.state <> 'undone')
            OR (h.action IN ('given', 'changed', 'kept') AND v.state <> 'given')
    """,
    "an award does not stand as its vote does": """
        SELECT a.rater FROM awards a
        JOIN votes v ON v.rater = a.rater AND v.image_id = a.image_id
        WHERE a.standing <> CASE v.state WHEN 'given' THEN 'stands' ELSE v.state END
    """,
    "an erased rater is still owed something": """
        SELECT a.rater FROM awards a JOIN raters r ON r.number = a.rater
        WHERE r.erased_at IS NOT NULL AND a.standing = 'stands'
    """,
    "an order that is settled has votes left to do": """
        SELECT o.id FROM void_orders o JOIN voids v ON v.order_id = o.id
        WHERE o.lifted_at IS NOT NULL AND o.settled_at IS NOT NULL
    """,
    "a row leads nowhere": "SELECT * FROM pragma_foreign_key_check",
}


@dataclass
class VoteModel:
    """A vote as its rater left it."""

    undone: bool = False
    changed_at: datetime | None = None


@dataclass
class OrderModel:
    """A decision; `means` are images, `there` those with a vote when it was decided."""

    whose: Who
    cause: str
    there: set[Image]
    place: int | None = None
    since: datetime | None = None
    ordered_at: datetime = NOON
    image: Image | None = None
    means: set[Image] = field(default_factory=set)
    number: int = 0
    settled: bool = False
    lifted: bool = False


@dataclass
class PersonModel:
    """What is known of a person under their present number."""

    votes: dict[Image, VoteModel] = field(default_factory=dict)
    reports: dict[Image, datetime] = field(default_factory=dict)
    settled: set[Image] = field(default_factory=set)
    banned_until: datetime | None = None
    banned: bool = False
    barred: dict[tuple[int, PlacedBy], datetime | None] = field(default_factory=dict)


class Voiding(RuleBasedStateMachine):
    """Few people and images, so that decisions meet."""

    template: Path

    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(carrying_out, "BATCH", 2)
        patch.setattr(carrying_out, "PAUSE_SECONDS", 0)
        shutil.copytree(self.template, folder, dirs_exist_ok=True)
        self.people = {person: PersonModel() for person in PEOPLE}
        for person, image in FIRST:
            undone = (person, image) == UNDONE
            self.people[person].votes[image] = VoteModel(undone, NOON)
        self.orders: list[OrderModel] = []
        self.names: dict[bytes, tuple[int, Image]] = {}
        self.released: set[bytes] = set()
        self.there: set[bytes] = set()
        self.run(self._open(folder))

    async def _open(self, folder: Path) -> None:
        self.home = await furnished(folder)

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.run(self.home.services.images.close())
            self.run(self.home.world.database.close())
            self.runner.close()
            self.stack.close()

    def run(self, work: Coroutine[None, None, T]) -> T:
        return self.runner.run(work)

    @property
    def now(self) -> datetime:
        return self.home.world.clock.now()

    # What raters do

    @rule(person=PERSON, image=IMAGE, scale=SCALE, value=st.integers(1, 5))
    def press(self, person: Who, image: Image, scale: str, value: int) -> None:
        press = ScorePress(next(self.home.world.interactions), image, scale, value)
        self.do(
            person, image, self.home.services.voting.take(_at(person, image), press), undo=False
        )

    @rule(person=PERSON, image=IMAGE)
    def vote(self, person: Who, image: Image) -> None:
        for scale in sorted(SCALES):
            self.press(person, image, scale, 3)

    @rule(choice=st.integers(0, 3))
    def change_minds(self, choice: int) -> None:
        for person in PEOPLE:
            self.undo(person, choice)

    @rule(person=PERSON, choice=st.integers(0, 3))
    def undo(self, person: Who, choice: int) -> None:
        """Take a vote back, or give one again that was taken back."""
        votes = self.people[person].votes
        if votes:
            image = sorted(votes)[choice % len(votes)]
            voting = self.home.services.voting
            act = voting.keep if votes[image].undone else voting.undo
            undo = not votes[image].undone
            number = next(self.home.world.interactions)
            self.do(person, image, act(_at(person, image), number, image), undo=undo)

    def do(
        self, person: Who, image: Image, work: Coroutine[None, None, object], *, undo: bool
    ) -> None:
        """Do with a vote what may be refused, and must be where a decision is against it."""
        model = self.people[person]
        if self.allows(person, image, work):
            assert not self.causes(person, image)
            vote = model.votes.setdefault(image, VoteModel())
            vote.undone, vote.changed_at = undo, self.now

    def allows(self, person: Who, image: Image, work: Coroutine[None, None, object]) -> bool:
        """Let a rater do something, and tell whether it was done; not during a ban or bar."""
        barred = any(self.is_barred(person, PLACES[image], by) for by in get_args(PlacedBy))
        try:
            self.run(work)
        except BarredError:
            assert barred
        except BannedError:
            assert self.is_banned(person)
        except UserError:
            pass
        else:
            assert not barred
            assert not self.is_banned(person)
            return True
        return False

    def is_barred(self, person: Who, guild: int, by: PlacedBy) -> bool:
        barred = self.people[person].barred
        return (guild, by) in barred and _holds(barred[guild, by], self.now)

    def is_banned(self, person: Who) -> bool:
        model = self.people[person]
        return model.banned and _holds(model.banned_until, self.now)

    @rule(person=PERSON, image=IMAGE)
    def report(self, person: Who, image: Image) -> None:
        number = next(self.home.world.interactions)
        work = self.home.services.reports.report(_at(person, image), number, image, "no")
        model = self.people[person]
        if self.allows(person, image, work):
            reported_at = model.reports.setdefault(image, self.now)
            taken = any(_takes(order, reported_at) for order in self.in_force(person, "revert"))
            if taken and image not in model.settled:
                model.reports[image] = self.now

    @rule(person=PERSON, back_after=st.sampled_from([1, 90]))
    def erase(self, person: Who, back_after: int) -> None:
        services = self.home.services
        self.run(services.erasure.erase(caller(person)))
        for order in self.orders:
            if order.whose == person:
                order.lifted, order.means = True, set()
        model = self.people[person]
        for mine in (model.votes, model.reports, model.settled):
            mine.clear()
        model.barred = {
            bar: until for bar, until in model.barred.items() if _holds(until, self.now)
        }
        self.home.world.clock.turn(back_after)
        self.run(services.voting.agree(caller(person)))

    # What moderators do

    @rule(person=PERSON, sentence=SENTENCES)
    def ban(self, person: Who, sentence: Sentence) -> None:
        until = None if sentence.length is None else self.now + sentence.length
        model = self.people[person]
        if sentence.place == "here":
            model.barred[HOME, "moderator"] = until
        else:
            model.banned, model.banned_until = True, until
        place = HOME if sentence.place == "here" else None
        before = next((o for o in self.in_force(person, "ban") if o.place == place), None)
        if not sentence.takes_votes:
            if before is not None:
                before.lifted = True
        elif before is not None:
            before.there, before.settled = set(model.votes), False
        else:
            self.order(OrderModel(person, "ban", set(model.votes), place=place))
        bans = self.home.services.bans
        verdict = self.run(bans.ban(self.home.moderator, person, "why", sentence))
        self.settle()
        left = [o for o in self.in_force(person, "ban") if o.place == place]
        assert verdict.void == sum(len(order.means) for order in left)

    @rule()
    def pardon(self) -> None:
        for person in PEOPLE:
            self.unban(person)

    @rule(person=PERSON)
    def unban(self, person: Who) -> None:
        model = self.people[person]
        model.banned = False
        for by in get_args(PlacedBy):
            model.barred.pop((HOME, by), None)
        for order in self.in_force(person, "ban"):
            order.lifted = True
        verdict = self.run(self.home.services.bans.unban(self.home.moderator, person))
        self.settle()
        assert verdict.void == sum(bool(self.causes(person, image)) for image in model.votes)

    @rule(person=PERSON, hours=st.sampled_from([0, 1, 30]), stop=st.booleans())
    def revert(self, person: Who, hours: int, *, stop: bool) -> None:
        """Take out what is newer; the program may stop between the order and its carrying out."""
        since = self.now - timedelta(hours=hours)
        model = self.people[person]
        there = set(model.votes)
        order = OrderModel(person, "revert", there, since=since, ordered_at=self.now)
        if stop:
            order.number = self.run(self.home.world.database.write(
                lambda c: _give_order(c, person, since, self.now)
            ))  # fmt: skip
            self.orders.append(order)
            return
        done = self.run(self.home.services.voiding.revert(self.home.moderator, person, f"{hours}h"))
        order.number = done.id
        self.orders.append(order)
        self.settle()
        assert (done.since, done.votes) == (since, len(order.means))
        waiting = model.reports.keys() - model.settled
        assert done.reports == sum(_takes(order, model.reports[image]) for image in waiting)

    @rule(image=IMAGE)
    def look_at_reports(self, image: Image) -> None:
        self.run(self.home.services.moderation.restore(self.home.moderator, image))
        for model in self.people.values():
            if image in model.reports:
                model.settled.add(image)

    @rule(person=PERSON, choice=st.none() | st.integers(0, 3))
    def restore(self, person: Who, choice: int | None) -> None:
        reverts = self.in_force(person, "revert")
        chosen = reverts if choice is None else reverts[choice : choice + 1]
        number = chosen[0].number if choice is not None and chosen else None
        lifting = self.home.services.voiding.restore(self.home.moderator, person, number)
        if not chosen and choice is not None:
            lifting.close()
            return
        with suppress(UserError):
            done = self.run(lifting)
            assert done.reverts == len(chosen)
            for order in chosen:
                order.lifted = True
            self.settle()

    @rule(person=PERSON, image=IMAGE, back=st.booleans())
    def decide_on_one(self, person: Who, image: Image, *, back: bool) -> None:
        voiding, model = self.home.services.voiding, self.people[person]
        before = [o for o in self.in_force(person, "vote") if o.image == image]
        act = voiding.restore_vote if back else voiding.void_vote
        work = act(self.home.moderator, person, image)
        if image not in model.votes:
            with pytest.raises(UserError):
                self.run(work)
            return
        verdict = self.run(work)
        assert verdict.changed == (bool(before) if back else not before)
        for order in before:
            order.lifted = back
        if not back and not before:
            order = OrderModel(person, "vote", {image}, image=image, means={image}, settled=True)
            self.order(order)
        assert verdict.void == bool(self.causes(person, image))

    @rule(person=PERSON, guild=st.sampled_from([HOME, STRANGE_SERVER]), lift=st.booleans())
    def bar(self, person: Who, guild: int, *, lift: bool) -> None:
        bars, model = self.home.services.bars, self.people[person]
        manager = replace(self.home.manager, guild_id=guild, guild_ids=frozenset({guild}))
        there = self.is_barred(person, guild, "manager")
        if not lift:
            assert self.run(bars.bar(manager, person)) == (not there)
            model.barred[guild, "manager"] = None
            return
        kept_out = self.is_barred(person, guild, "moderator")
        with pytest.raises(ModeratorsBarError) if kept_out else nullcontext():
            assert self.run(bars.unbar(manager, person)) == there
        model.barred.pop((guild, "manager"), None)

    @rule(votes=st.integers(1, 4))
    def change_target(self, votes: int) -> None:
        self.run(self.home.services.data_sets.set_target("set", votes))

    @rule(hours=st.sampled_from([1, 1, 1, 25]))
    def wait(self, hours: int) -> None:
        self.home.world.clock.turn(hours * 3600)

    @rule()
    def release(self) -> None:
        """Let all rows of this moment be out; `there` are those that a release hears of too."""
        now = self.now
        self.run(self.home.world.database.write(lambda c: note_release(c, now)))
        there = self.run(self.home.world.database.read(lambda c: c.execute(_ROWS).fetchall()))
        self.there |= {row_id for row_id, _ in there}
        self.released |= {row_id for row_id, is_out in there if is_out}
        self.home.world.clock.turn(1)

    @rule()
    def start(self) -> None:
        self.run(self.home.services.bans.resume())
        self.settle()

    # The model

    def order(self, order: OrderModel) -> None:
        self.orders.append(order)

    def in_force(self, person: Who, cause: str) -> list[OrderModel]:
        return [o for o in self.orders if (o.whose, o.cause, o.lifted) == (person, cause, False)]

    def settle(self) -> None:
        for order in self.orders:
            if not order.settled:
                order.settled = True
                votes = self.people[order.whose].votes
                order.means |= {
                    image
                    for image in order.there & set(votes)
                    if order.place in {None, PLACES[image]}
                    and (
                        order.since is None or (votes[image].changed_at or self.now) >= order.since
                    )
                }

    def causes(self, person: Who, image: Image) -> int:
        """Return how many decisions want the vote void; one that was not carried out wants none."""
        return sum(
            image in order.means
            for order in self.orders
            if order.whose == person and not order.lifted
        )

    # What must hold

    @invariant()
    def rows_agree(self) -> None:
        if hasattr(self, "home"):
            self.run(self.home.world.database.read(self._check))

    def _check(self, connection: Connection) -> None:
        for what, query in WRONG.items():
            assert not connection.execute(query).fetchall(), what
        assert ledger.imbalances(connection) == []
        found, states = {}, {}
        for number, person, image, state, row_id, causes in connection.execute(_VOTES):
            found[person, image] = (state, causes)
            states[row_id] = state
            assert self.names.setdefault(row_id, (number, image)) == (number, image)
        assert found == {
            (person, image): (self.state(person, image), self.causes(person, image))
            for person, model in self.people.items()
            for image in model.votes
        }
        assert {
            (person, image) for image in PLACES for person in self._reporters(connection, image)
        } == {
            (person, image)
            for person, model in self.people.items()
            for image in model.reports
            if self.report_counts(person, image)
        }
        self._check_removed(dict(connection.execute(_REMOVED).fetchall()), states)

    def _check_removed(self, listed: dict[bytes, str], states: dict[bytes, str]) -> None:
        """What was out and is not as it was is listed with its reason, and nothing that never was.

        A row that was void at a release and came back may be listed when it is void again.
        """
        for row_id in self.released:
            if row_id not in listed:
                assert states[row_id] == "given"
        assert listed.keys() <= self.there
        for row_id, reason in listed.items():
            if row_id in states:
                assert (states[row_id], reason) == ("void", "voided")

    def _reporters(self, connection: Connection, image: Image) -> list[Who | None]:
        found = reports.open_of_image(connection, image, self.now)
        numbers = [raters.by_number(connection, report.rater) for report in found]
        return [None if rater is None else rater.discord_id for rater in numbers]

    def report_counts(self, person: Who, image: Image) -> bool:
        model = self.people[person]
        at = model.reports[image]
        reverted = any(_takes(order, at) for order in self.in_force(person, "revert"))
        return not (reverted or image in model.settled or self.is_banned(person))

    def state(self, person: Who, image: Image) -> str:
        if self.causes(person, image):
            return "void"
        return "undone" if self.people[person].votes[image].undone else "given"


_VOTES: Final = """
    SELECT v.rater, r.discord_id, v.image_id, v.state, v.row_id,
        (SELECT count(*) FROM voids o WHERE o.rater = v.rater AND o.image_id = v.image_id)
    FROM votes v JOIN raters r ON r.number = v.rater
"""
_ROWS: Final = """
    SELECT row_id, state = 'given' AND gold = 0 FROM votes
"""
_REMOVED: Final = "SELECT row_id, reason FROM removed_rows"


def _at(person: Who, image: Image) -> Caller:
    return caller(person) if PLACES[image] == HOME else visitor(person)


def _takes(order: OrderModel, reported_at: datetime) -> bool:
    """Tell whether a revert means a report of this moment."""
    return order.since is not None and order.since <= reported_at <= order.ordered_at


def _holds(until: datetime | None, now: datetime) -> bool:
    return until is None or now < until


def _give_order(connection: Connection, person: Who, since: datetime, now: datetime) -> int:
    rater = raters.find(connection, person)
    assert rater is not None
    return void_orders.add(connection, rater.number, "revert", now, since=since).id


async def furnished(folder: Path) -> Home:
    settings = make_settings(
        hash_key_file=folder / "hash.key",
        media_dir=folder / "media",
        moderator_role_id=MODERATORS,
        horde_api_key="k" * 22,
        kudos_daily_cap=100_000,
        reports_to_hide=9,  # more than there are people: stages follow from votes
        close_delay_seconds=86_400,  # so that raters can change their minds for long
    )
    world = World(await Database.open(folder / "jury.db"), settings, TurnedClock(), Random(1))
    world.interactions = count(1000)
    services = build_services(settings, world.database, world.clock, world.random)
    return Home(world, services)


async def make(folder: Path) -> None:
    home = await furnished(folder)
    opened = [
        await (home.post(target=3) if place == HOME else home.post_elsewhere())
        for place in PLACES.values()
    ]
    assert opened == list(PLACES)
    for image in PLACES:
        assert (await home.world.image(image)).id == image
    for person in PEOPLE:
        await home.services.voting.agree(caller(person))
    number = count(1)
    for person, image in FIRST:
        for scale in sorted(SCALES)[: 1 if (person, image) == HALF else 2]:
            press = ScorePress(next(number), image, scale, 4)
            await home.services.voting.take(_at(person, image), press)
    await home.services.voting.undo(_at(*UNDONE), next(number), UNDONE[1])
    await home.world.database.write(_turn_to_gold)
    await home.services.images.close()
    await home.world.database.close()


def _turn_to_gold(connection: Connection) -> None:
    """Have votes be those of gold showings, as if each had been given on one."""
    for person, image in GOLD:
        rater = raters.find(connection, person)
        assert rater is not None
        for table in ("votes", "awards"):
            connection.execute(
                f"UPDATE {table} SET gold = 1 WHERE rater = ? AND image_id = ?",  # noqa: S608
                (rater.number, image),
            )
        image_stages.recount(connection, image, NOON, DAY)


@pytest.mark.timeout(600)
def test_votes_are_void_as_long_as_a_decision_wants_it(tmp_path: Path) -> None:
    asyncio.run(make(tmp_path))
    machine = type("Machine", (Voiding,), {"template": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=profile(
            max_examples=60,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
