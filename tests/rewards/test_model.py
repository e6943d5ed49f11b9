"""Whatever happens to votes, raters, accounts, clocks, answers, processes and disks, in whatever
order: each award is paid at most once, and what the ledger says is what really moved."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.demo.horde import faults
from bot.errors import UserError
from bot.rating.scales import SCALES
from bot.trust.banning import Sentence
from tests.horde.asking import TRANSFER, key_of
from tests.rewards.agreement import Agreement
from tests.rewards.bank import IMAGES, OURS, OURS_TOO, PAYEES, furnish, new_bank, settings
from tests.rewards.witness import Person
from tests.trust.home import caller

T = TypeVar("T")
Acts = dict[str, Callable[[], Coroutine[None, None, object]]]

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "60"))
"""Half a second each."""
EVERYBODY = range(1, 5)
PEOPLE = st.sampled_from(EVERYBODY)
IMAGE = st.integers(1, IMAGES)
"""Of images, and of posts: there is one for each image."""
SCORE = st.integers(1, 5)
STEPS = ("planned", "listed", "sending", "answered", "settled")
STEP = st.sampled_from((*STEPS, "sending", "answered"))
AFTER = st.sampled_from([0, 0, 90, 3700, 3700, 26 * 3600])
"""Seconds."""
ACCOUNT = st.sampled_from(PAYEES)
FAULTS: Final = {
    "lost": faults.ANSWER_LOST,
    "dropped": faults.DROPPED,
    "reset": faults.RESET,
    "reset after": faults.RESET_AFTER,
    "crashed": faults.CRASHED,
    "crashed after": faults.CRASHED_AFTER,
    "rubbish after": faults.RUBBISH_AFTER,
    "page": faults.page(),
    "page after": faults.page(404).once_done(),
    "too many": faults.too_many(retry_after=120),
    "new answer": faults.Fault(faults.Way.ANSWER, status=400, body='{"rc": "New", "message": ""}'),
}
FAULT = st.sampled_from(sorted(FAULTS))
MARKS = ("flagged", "suspicious", "deleted", "education")
OLD_VERSION = "5.0.4"
ACTS = ("ban", "shut out", "keep", "unban", "unban", "hold", "lift", "lift")
A_DAY = Sentence(timedelta(days=1), votes="keep")
FOR_GOOD = Sentence(votes="keep")
LONG_ENOUGH = 200
"""Times of seven hours until all is quiet."""


class Ledger(RuleBasedStateMachine):
    """Few people, images and accounts, so that they meet often."""

    template: Path

    @initialize(seed=st.integers(0, 1000))
    def open(self, seed: int) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        shutil.copytree(self.template, self.folder.name, dirs_exist_ok=True)
        self.bank = new_bank(Path(self.folder.name), seed, first_interaction=1000)
        self.bank.clock.turn(3600)
        self.agreement = Agreement(self.bank)
        self.run(self.bank.plug())
        self.run(self.bank.start())

    def teardown(self) -> None:
        if hasattr(self, "bank"):
            try:
                self.run(self.end())
            finally:
                self.run(self.bank.close())
                self.runner.close()
                self.folder.cleanup()

    def run(self, work: Coroutine[None, None, T]) -> T:
        return self.runner.run(work)

    def attempt(self, work: Coroutine[None, None, object]) -> None:
        """Run what may be refused."""
        with suppress(UserError):
            self.run(work)

    # What raters do

    @rule(person=PEOPLE, images=st.sets(IMAGE, min_size=1, max_size=3), value=SCORE)
    def vote(self, person: Person, images: set[int], value: int) -> None:
        for image in sorted(images):
            self.attempt(self.bank.world.vote(person, image, value, value))

    @rule(person=PEOPLE, image=IMAGE, scale=st.sampled_from(sorted(SCALES)), value=SCORE)
    def press(self, person: Person, image: int, scale: str, value: int) -> None:
        self.attempt(self.bank.world.press(person, image, scale, value))

    @rule(person=PEOPLE, image=IMAGE, keep=st.booleans())
    def undo(self, person: Person, image: int, *, keep: bool) -> None:
        """Take a vote back, or give one again that was taken back."""
        voting = self.bank.world.voting
        act = voting.keep if keep else voting.undo
        self.attempt(act(caller(person), next(self.bank.interactions), image))

    @rule(person=PEOPLE, back=st.booleans(), payee=ACCOUNT)
    def leave(self, person: Person, *, back: bool, payee: int) -> None:
        """Be erased, and perhaps come back to judge the same once more."""
        self.attempt(self.bank.erasure.erase(caller(person)))
        self.bank.clock.turn(1)  # else whoever comes back was there when it was done
        if back:
            self.come(person, payee)
            self.vote(person, set(range(1, IMAGES + 1)), value=1)

    @rule(person=PEOPLE, payee=ACCOUNT)
    def come(self, person: Person, payee: int) -> None:
        self.attempt(self.bank.world.voting.agree(caller(person)))
        self.link(person, payee, proved=False)

    @rule(person=PEOPLE, payee=ACCOUNT, proved=st.booleans())
    def link(self, person: Person, payee: int, *, proved: bool) -> None:
        self.bank.clock.turn(30)  # nobody may ask more often
        naming = self.bank.linking.link(caller(person), f"payee{payee}#{payee}")
        self.attempt(self.bank.prove(caller(person), payee) if proved else naming)
        naming.close()

    @rule(person=PEOPLE)
    def unlink(self, person: Person) -> None:
        self.attempt(self.bank.linking.unlink(caller(person)))

    # What moderators and operators do

    @rule(person=PEOPLE, act=st.sampled_from(ACTS))
    def judge(self, person: Person, act: str) -> None:
        bank = self.bank
        acts: Acts = {
            "ban": lambda: bank.bans.ban(bank.moderator, person, "why"),
            "shut out": lambda: bank.bans.ban(bank.moderator, person, "why", A_DAY),
            "keep": lambda: bank.bans.ban(bank.moderator, person, "why", FOR_GOOD),
            "unban": lambda: bank.bans.unban(bank.moderator, person),
            "hold": lambda: bank.holds.place(person, "review"),
            "lift": lambda: bank.holds.lift(person),
        }
        self.attempt(acts[act]())

    @rule(person=PEOPLE, image=IMAGE, void=st.booleans())
    def take_out(self, person: Person, image: int, *, void: bool) -> None:
        """Take a vote out, or let it count again."""
        voiding = self.bank.voiding
        act = voiding.void_vote if void else voiding.restore_vote
        self.attempt(act(self.bank.moderator, person, image))

    @rule(act=st.sampled_from(["pause", "resume", "resume", "settle", "hurry"]))
    def operate(self, act: str) -> None:
        bank = self.bank
        acts: Acts = {
            "pause": lambda: bank.overview.pause(bank.operator),
            "resume": lambda: bank.overview.resume(bank.operator),
            "settle": bank.settle_cases,
            "hurry": bank.hurry,
        }
        self.attempt(acts[act]())

    # What the Horde does

    @rule(account=st.sampled_from((OURS, *PAYEES)), mark=st.sampled_from(MARKS))
    def mark(self, account: int, mark: str) -> None:
        self.bank.stand_in.accounts[account].marks.add(mark)

    @rule(
        trouble=st.sampled_from(["poor", "nearly poor", "old", "old", "old", "down", "key", "line"])
    )
    def trouble(self, trouble: str) -> None:
        stand_in = self.bank.stand_in
        match trouble:
            case "poor" | "nearly poor":
                stand_in.accounts[OURS].kudos = 0 if trouble == "poor" else 40
            case "old":
                stand_in.version = OLD_VERSION
            case "down":
                stand_in.down = True
            case "key":
                stand_in.accounts[OURS].key = key_of("other")
            case "line" if self.bank.served:
                self.run(self.bank.unplug())

    @rule()
    def mend(self) -> None:
        self.run(self.bank.mend())

    @rule(fault=st.sampled_from(sorted(FAULTS)), path=st.sampled_from(["/v2/status", "/v2/find"]))
    def fail_to_answer(self, fault: str, path: str) -> None:
        self.bank.stand_in.fail(path, FAULTS[fault], times=3)

    # What time does

    @rule(hours=st.sampled_from([-48, -1, 0, 1, 24]))
    def set_clock(self, hours: int) -> None:
        self.bank.clock.ahead = timedelta(hours=hours)

    # What the program does

    @rule(after=AFTER, steps=st.integers(1, 8))
    def pay(self, after: int, steps: int) -> None:
        self.bank.clock.turn(after)
        self.run(self.bank.work(steps))

    @rule(after=AFTER, fault=FAULT, times=st.integers(1, 2), steps=st.integers(1, 4))
    def pay_with_faults(self, after: int, fault: str, times: int, steps: int) -> None:
        self.bank.stand_in.fail(TRANSFER, FAULTS[fault], times)
        self.pay(after, steps)

    @rule(after=AFTER, last=STEP, backup=st.none() | STEP, steps=st.integers(1, 4))
    def pay_until_killed(self, after: int, last: str, backup: str | None, steps: int) -> None:
        self.bank.last_step, self.bank.backup_step = last, backup
        self.pay(after, steps)
        self.bank.last_step = self.bank.backup_step = None

    @rule(after=AFTER, last=STEP, fault=FAULT, steps=st.integers(1, 4))
    def pay_with_faults_until_killed(self, after: int, last: str, fault: str, steps: int) -> None:
        self.bank.stand_in.fail(TRANSFER, FAULTS[fault])
        self.pay_until_killed(after, last, None, steps)

    @rule(killed=st.booleans(), sender=st.sampled_from([OURS, OURS, OURS_TOO]))
    def restart(self, *, killed: bool, sender: int) -> None:
        """Also with the key of another account of ours."""
        key = key_of(f"jury{sender}")
        self.run(self.bank.restart(killed=killed, horde_api_key=key))

    @rule()
    def back_up(self) -> None:
        self.run(self.bank.back_up())

    @precondition(lambda self: self.bank.backups)
    @rule(age=st.integers(0, 2))
    def restore(self, age: int) -> None:
        backups = self.bank.backups
        self.run(self.bank.restore(backups[-1 - age % len(backups)]))
        self.run(self.agreement.forget_unknown())

    # What must hold

    @invariant()
    def ledger_agrees(self) -> None:
        if hasattr(self, "bank"):
            self.run(self.agreement.check())

    async def end(self) -> None:
        """Mend everything on the Horde's side; then all that can be paid is paid, and proved."""
        bank = self.bank
        await bank.mend()
        await bank.overview.resume(bank.operator)
        for _ in range(LONG_ENOUGH):
            bank.clock.turn(7 * 3600)
            await bank.work(12)
            await bank.settle_cases()
            if await self.agreement.is_quiet():
                break
        await self.agreement.check_end()


def furnished(folder: Path) -> Path:
    """Make what every run begins with."""

    async def make() -> None:
        bank = new_bank(folder)
        bank.settings = settings(kudos_daily_budget=1000)  # all of it earned on one day
        await bank.plug()
        await bank.start()
        try:
            await furnish(bank, EVERYBODY)
        finally:
            await bank.stop(killed=False)
            await bank.close()

    asyncio.run(make())
    return folder


@pytest.mark.timeout(1800)
def test_what_was_earned_is_paid_once_whatever_happens(tmp_path: Path) -> None:
    machine = type("Machine", (Ledger,), {"template": furnished(tmp_path)})
    run_state_machine_as_test(
        machine,
        settings=profile(
            max_examples=EXAMPLES,
            stateful_step_count=50,
            suppress_health_check=list(HealthCheck),
        ),
    )
