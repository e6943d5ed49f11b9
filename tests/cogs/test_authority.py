"""Whatever is privileged, tried by everybody who may not; and strangers, who get nothing.

What there is comes from the bot itself. Something new fails `test_everything_is_classified` until
it stands in the table of `authority.py`, whose docstring says how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from sqlite3 import Connection
from typing import Any

import discord
import pytest
from discord import app_commands
from simcord import GuildHandle, MemberActor

from bot import discord_internals
from bot.caller import Caller
from bot.client import JuryBot
from bot.trust.access import FOLDED
from cogs.ui import custom_ids
from storage import findings, gold_images, holds, raters, review_queue, void_orders
from storage.findings import KeptFinding
from storage.gold_images import GoldImage
from storage.review_queue import GOLD_CANDIDATE, SUSPECT
from tests.cogs import managing
from tests.cogs.authority import (
    APPEALED,
    CANDIDATE,
    COMMANDS,
    DATA_SET,
    EVERYBODYS,
    IN_DOUBT,
    MODALS,
    PRESSES,
    PRIVILEGED,
    REPORTED,
    REVERT,
    SUSPECTED,
    TYPING,
    WAYS,
    Rank,
    Way,
)
from tests.cogs.stage import HOME, Stage, find
from tests.cogs.trying import Person, Said, type_into, use
from tests.trust.rows import Rows, dump, news

REFUSED = "You cannot do that here."
LOSER = "one who lost the role a second ago"
PROMPT = "a lighthouse nobody may see"


@pytest.fixture
def settle_seconds() -> float:
    return 60.0  # statistics are drawn by a child process, on a busy machine not at once


@dataclass
class Scene:
    """A home server with something to decide, and a stranger's server with the bot in it."""

    stage: Stage
    victim: MemberActor
    strange: GuildHandle

    @classmethod
    async def build(cls, stage: Stage) -> Scene:
        await stage.add_images(2, data_set=DATA_SET, prompt=PROMPT)
        await stage.set_up(data_set=DATA_SET)
        await stage.publish()
        (post,) = stage.posts()
        victim = await stage.member_who_agreed("victim")
        await victim.click(post, custom_id=find(post, "vote:aesthetic:3:"))
        await victim.click(post, custom_id=find(post, "more:"))
        shown = await victim.click(post, custom_id=find(post, "report:"))
        await victim.submit_modal(shown, {"reason": "words of the victim"})
        scene = cls(stage, victim, stage.env.create_guild("strangers"))
        await stage.services.database.write(scene._leave_in_doubt)
        await stage.services.database.write(scene._leave_reverted)
        await scene._limit_and_appeal()
        await scene._suspect()
        await stage.services.database.write(scene._propose)
        return scene

    def _leave_in_doubt(self, connection: Connection) -> None:
        (number,) = connection.execute(
            "SELECT number FROM raters WHERE discord_id = ?", (self.victim.id,)
        ).fetchone()
        (payout,) = connection.execute(
            "INSERT INTO payouts (key, rater, horde_id, verified, amount, state, planned_at,"
            " first_sent_at) VALUES (?, ?, 4711, 1, 25, 'in_doubt', 1, 1) RETURNING id",
            ("k" * 36, number),
        ).fetchone()
        case = review_queue.put(
            connection,
            review_queue.PAYOUT_IN_DOUBT,
            payout_id=payout,
            rater=number,
            now=self.stage.clock.now(),
        )
        reported = review_queue.next_open(connection, review_queue.REPORTED_IMAGE)
        assert reported is not None
        assert (reported.id, case) == (REPORTED, IN_DOUBT)

    async def _limit_and_appeal(self) -> None:
        """Have somebody banned and held, who appeals."""
        stage, limited = self.stage, self.stage.member("limited")
        moderator = replace(
            stage.caller(stage.moderator),
            role_ids=frozenset({stage.home.roles["moderators"].id}),
        )
        await stage.services.bans.ban(moderator, limited.id, "words of the moderators")
        await stage.services.database.write(lambda c: self._hold(c, limited.id))
        await stage.services.appeals.open(stage.caller(limited), 1, "words of the limited", "en")
        case = await stage.services.database.read(
            lambda c: review_queue.next_open(c, review_queue.APPEAL)
        )
        assert case is not None
        assert case.id == APPEALED

    def _leave_reverted(self, connection: Connection) -> None:
        rater = raters.find(connection, self.victim.id)
        assert rater is not None
        now = self.stage.clock.now()
        later = now + timedelta(days=1)
        order = void_orders.add(connection, rater.number, "revert", now, since=later)
        void_orders.settle(connection, order.id, now)
        assert order.id == REVERT

    async def _suspect(self) -> None:
        """Have the rules find something of somebody."""
        stage, suspected = self.stage, await self.stage.member_who_agreed("suspected")

        def unit(connection: Connection) -> int:
            rater = raters.find(connection, suspected.id)
            assert rater is not None
            now = stage.clock.now()
            findings.store(connection, rater.number, [KeptFinding("too_fast", 0.5, 60, now)])
            return review_queue.put(connection, SUSPECT, rater=rater.number, now=now)

        assert await stage.services.database.write(unit) == SUSPECTED

    def _propose(self, connection: Connection) -> None:
        """Have an image proposed as gold."""
        now = self.stage.clock.now()
        gold = GoldImage(2, "proposed", {"aesthetic": (7, 10)}, None, now, None, None)
        gold_images.store(connection, gold)
        case = review_queue.put(connection, GOLD_CANDIDATE, image_id=2, now=now)
        assert case == CANDIDATE

    def _hold(self, connection: Connection, discord_id: int) -> None:
        """Have a rule hold somebody's kudos."""
        now = self.stage.clock.now()
        number = raters.get_or_create(connection, discord_id, now).number
        holds.place(connection, number, "same_button", now)

    def here(self, name: str, *roles: str) -> Person:
        """Return a member of the home server with these roles."""
        stage = self.stage
        if "managers" in roles and "managers" not in stage.home.roles:
            stage.home.create_role("managers", permissions=managing.MANAGE)
        given = tuple(stage.home.roles[role] for role in roles)
        return Person(name, stage.member(name, roles=given), stage.channel)

    def away(self, name: str, member: MemberActor | None = None) -> Person:
        """Return somebody, or a member of the home server, in a server of their own."""
        user = member.user if member is not None else self.stage.env.create_user(name)
        roles = self.strange.roles
        # A role is its id: one of the same name elsewhere is another.
        manages = roles.get("moderators") or self.strange.create_role(
            "moderators", permissions=discord.Permissions(manage_guild=True, manage_messages=True)
        )
        channels = self.strange.channels
        channel = channels.get("general") or self.strange.create_text_channel("general")
        return Person(name, self.strange.add_member(user, roles=(manages,)), channel)

    def directly(self, name: str, member: MemberActor | None = None) -> Person:
        """Return somebody, or a member of the home server, in direct messages."""
        user = member.user if member is not None else self.stage.env.create_user(name)
        return Person(name, user, user.dm_channel)

    def rightful(self, rank: Rank) -> Person:
        if rank == "operator":
            return Person("operator", self.stage.operator, self.stage.channel)
        return self.here(f"the {rank}", f"{rank}s")

    def wrongful(self, rank: Rank) -> Iterator[Person]:
        """Give everybody who may not use what is of this rank, where they may not."""
        yield self.directly("a stranger without a server")
        yield self.here("a rater")
        yield self.here(LOSER, *_roles_of(rank))
        for other in ("manager", "moderator"):
            if other != rank:
                yield self.here(f"a {other}", f"{other}s")
        if rank != "operator":
            yield Person("an operator without that role", self.stage.operator, self.stage.channel)
        who = self.rightful(rank).actor
        assert isinstance(who, MemberActor)
        yield self.directly(f"the {rank} in direct messages", who)
        if rank != "manager":
            yield self.away("the manager of another server")
            yield self.away(f"the {rank} in another server", who)

    async def settle_in(self, person: Person, rank: Rank = "everybody") -> None:
        """Have the bot know a person, give whoever loses a role that role, and take it at once."""
        services, stage = self.stage.services, self.stage
        stage.clock.turn(FOLDED.total_seconds() + 1)
        now = stage.clock.now()
        await services.database.write(
            lambda c: services.enrolment.rater(c, person.actor.id, now).number
        )
        if person.name == LOSER:
            assert isinstance(person.actor, MemberActor)
            roles = [stage.home.roles[role] for role in _roles_of(rank)]
            managing.set_roles(stage, person.actor, *roles)
            managing.set_roles(stage, person.actor)

    async def leave_to_do(self, way: Way, caller: Caller) -> None:
        """Have the act change something, or the log has nothing of it."""
        services, manager = self.stage.services, replace(caller, manages_server=True)
        if way.use.custom_id == "kudos:resume":
            await services.overview.pause(caller)
        elif way.name == "/jury unbar":
            await services.bars.bar(manager, self.victim.id)
        elif way.name == "/jury start":
            await services.channels.stop(manager)

    async def try_out(self, person: Person, way: Way) -> Said:
        return await use(self.stage.env, person, way, self.victim)

    async def rows(self) -> Rows:
        return await dump(self.stage.services.database)

    async def number(self, person: Person) -> int:
        (row,) = [r for r in (await self.rows())["raters"] if r["discord_id"] == person.actor.id]
        return int(row["number"])


def _roles_of(rank: Rank) -> tuple[str, ...]:
    """Return the role that makes somebody that, or for operators, who have none, the next best."""
    return ("moderators", "managers") if rank == "operator" else (f"{rank}s",)


@pytest.fixture
async def scene(stage: Stage) -> Scene:
    return await Scene.build(stage)


def usable(bot: JuryBot) -> Iterator[str]:
    """Give every command and context menu, wherever it is registered."""
    for guild in (None, bot.home):
        for command in bot.tree.walk_commands(guild=guild):
            if isinstance(command, app_commands.Command):
                yield f"/{command.qualified_name}"
        for kind in (discord.AppCommandType.user, discord.AppCommandType.message):
            yield from (f"menu {m.name}" for m in bot.tree.get_commands(guild=guild, type=kind))


def typable(bot: JuryBot) -> Iterator[str]:
    """Give every option that completes what is typed."""
    for guild in (None, bot.home):
        for command in bot.tree.walk_commands(guild=guild):
            if isinstance(command, app_commands.Command):
                for name, parameter in discord_internals.parameters(command).items():
                    if parameter.autocomplete:
                        yield f"/{command.qualified_name} {name}"


def templates_of(bot: JuryBot) -> dict[str, re.Pattern[str]]:
    """Return the template of every button, select and modal by the name of its class."""
    templates = {item.__name__: item.template for item in bot.items}
    return {**templates, **{modal.__name__: modal.template for modal in bot.modals}}


async def test_everything_is_classified(stage: Stage) -> None:
    bot = stage.bot
    there: dict[str, Iterable[str]] = {
        "COMMANDS": usable(bot),
        "PRESSES": (item.__name__ for item in bot.items),
        "MODALS": (modal.__name__ for modal in bot.modals),
        "TYPING": typable(bot),
    }
    tables: Mapping[str, Mapping[str, object]] = {
        "COMMANDS": COMMANDS,
        "PRESSES": PRESSES,
        "MODALS": MODALS,
        "TYPING": TYPING,
    }
    for name, found in there.items():
        why = f"{name} in tests/cogs/authority.py has to say who may use what; see there"
        assert sorted(tables[name]) == sorted(found), why
    templates = {template.pattern for template in templates_of(bot).values()}
    assert templates == set(custom_ids.TEMPLATES)


async def test_every_sample_is_of_what_it_stands_for(stage: Stage) -> None:
    templates = templates_of(stage.bot)
    for way in WAYS:
        if way.kind != "command":
            assert templates[way.name].fullmatch(way.use.custom_id), way
        assert bool(way.use.refused) == (way.use.rank != "everybody"), way


@pytest.mark.parametrize("rank", ["manager", "moderator", "operator"])
async def test_whoever_may_not_is_refused_and_logged(scene: Scene, rank: Rank) -> None:
    ways = [way for way in PRIVILEGED if way.use.rank == rank]
    assert ways
    faults = []
    for person in scene.wrongful(rank):
        for way in ways:
            if person.can_name(way):
                faults += [f"{way}: {fault}" for fault in await _faults(scene, person, way)]
    assert faults == []


async def _faults(scene: Scene, person: Person, way: Way) -> list[str]:
    """Have somebody try twice what they may not; return what went wrong."""
    await scene.settle_in(person, way.use.rank)
    number, before = await scene.number(person), await scene.rows()
    said = [await scene.try_out(person, way) for _ in range(2)]
    changed = news(before, await scene.rows())
    logged = [
        (row["actor"], row["rater"], row["action"], row["subject"], row["details"])
        for row in changed.pop("audit_log", [])
    ]
    refusal = Said((REFUSED,), ephemeral=True, attachments=0, modal=False)
    wanted = [("rater", number, f"refused:{way.use.refused}", "", "{}")]
    found: tuple[tuple[object, object], ...] = (
        (said, [refusal, refusal]),
        (logged, wanted),
        ([row["times"] for row in changed.pop("audit_repeats", [])], [2]),
        (changed, {}),
    )
    return [f"{person.name} got {got}" for got, right in found if got != right]


@pytest.mark.parametrize("way", PRIVILEGED, ids=str)
async def test_whoever_may_is_not_refused_and_the_act_is_logged(scene: Scene, way: Way) -> None:
    person = scene.rightful(way.use.rank)
    await scene.settle_in(person)
    await scene.leave_to_do(
        way, Caller(person.actor.id, guild_id=HOME, guild_ids=frozenset({HOME}))
    )
    before = await scene.rows()
    said = await scene.try_out(person, way)
    assert REFUSED not in said.whole
    assert said.ephemeral
    assert said.texts or said.modal
    changed = news(before, await scene.rows())
    assert "alerts" not in changed, "an incident"
    logged = changed.get("audit_log", [])
    assert sorted(row["action"] for row in logged) == way.use.act.split()
    for row in logged:
        assert (row["actor"], row["rater"]) == (way.use.rank, await scene.number(person))


@pytest.mark.parametrize("name", [n for n, rank in TYPING.items() if rank != "everybody"])
async def test_nothing_is_offered_to_whoever_may_not(scene: Scene, name: str) -> None:
    rank = TYPING[name]
    for person in scene.wrongful(rank):
        await scene.settle_in(person, rank)
        before = await scene.rows()
        typed = await type_into(scene.stage.env, person, name, whose=scene.victim.id)
        assert typed == [], person
        assert news(before, await scene.rows()) == {}
    assert await type_into(scene.stage.env, scene.rightful(rank), name, whose=scene.victim.id)


SECRETS = (DATA_SET, "lighthouse", "victim", "words of", "4711", str(HOME))


def about_others(changed: Rows, number: int, digest: str, guild_id: int) -> Rows:
    """Leave out the rows that are about this person, or of this server."""
    mine: list[tuple[str, Any]] = [
        ("rater", number), ("number", number), ("discord_hash", digest), ("guild_id", guild_id),
    ]  # fmt: skip
    others = {
        table: [r for r in rows if not any(k in r and r[k] == v for k, v in mine)]
        for table, rows in changed.items()
    }
    return {table: rows for table, rows in others.items() if rows}


async def test_a_stranger_gets_nothing_of_anybody_elses(scene: Scene) -> None:
    owner = scene.away("the owner of another server")
    somebody = scene.directly("somebody without a server")
    managers = [way for way in PRIVILEGED if way.use.rank == "manager"]
    faults = []
    for person, ways in ((owner, (*EVERYBODYS, *managers)), (somebody, EVERYBODYS)):
        for way in ways:
            faults += [f"{way}: {fault}" for fault in await _leaks(scene, person, way)]
    assert faults == []


async def _leaks(scene: Scene, person: Person, way: Way) -> list[str]:
    """Have a stranger use something; return what of others they saw or changed."""
    await scene.settle_in(person)
    number, before = await scene.number(person), await scene.rows()
    said = await scene.try_out(person, way)
    given = [str(value) for value in way.use.options.values()]
    leaked = [each for each in SECRETS if each in said.whole and each not in given]
    digest = scene.stage.services.enrolment.digest(person.actor.id)
    changed = about_others(news(before, await scene.rows()), number, digest, scene.strange.id)
    found: tuple[tuple[object, object], ...] = (
        (leaked, []),
        (changed, {}),
        (said.ephemeral, True),
        (said.attachments, 1 if way.name == "/privacy download" else 0),
    )
    return [f"{person.name} got {got}" for got, right in found if got != right]


@pytest.mark.parametrize("name", [n for n, r in TYPING.items() if r in {"everybody", "manager"}])
async def test_no_data_set_is_offered_to_a_stranger(scene: Scene, name: str) -> None:
    for person in (scene.away("the owner"), scene.directly("somebody")):
        assert await type_into(scene.stage.env, person, name) == []
    offered = await type_into(scene.stage.env, scene.rightful("manager"), name)
    assert [choice["value"] for choice in offered] == [DATA_SET]


async def test_a_role_lost_while_the_card_is_on_screen_counts_no_more(scene: Scene) -> None:
    moderator = scene.here("mika", "moderators")
    assert isinstance(moderator.actor, MemberActor)
    shown = await moderator.actor.slash(scene.stage.channel, "rater review")
    assert shown.response is not None
    card = shown.response.message
    managing.set_roles(scene.stage, moderator.actor)
    before = await scene.rows()
    refused = await moderator.actor.click(card, custom_id=f"review:hide:{REPORTED}")
    assert refused.followups == []
    assert refused.response is not None
    assert refused.response.content == REFUSED
    (logged,) = news(before, await scene.rows())["audit_log"]
    assert logged["action"] == "refused:review.hide"
