"""`/appeal`, its answer by a moderator, and how that reaches the rater, as Discord shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord import InteractionResult, MemberActor

from bot.caller import Caller
from bot.trust.banning import Sentence
from storage import appeals, holds
from storage.appeals import Appeal
from tests.cogs.managing import set_roles
from tests.cogs.stage import Stage, answer, components, custom_ids, find, score, text
from tests.cogs.trying import said

DENIED = 50007


def as_moderator(stage: Stage) -> Caller:
    role = stage.home.roles["moderators"].id
    return replace(stage.caller(stage.moderator), role_ids=frozenset({role}))


async def ban(stage: Stage, member: MemberActor) -> None:
    await stage.services.bans.ban(as_moderator(stage), member.id, "one **button** only")


async def banned(stage: Stage, name: str = "ada") -> MemberActor:
    member = await stage.member_who_agreed(name)
    await ban(stage, member)
    return member


async def write(
    stage: Stage, member: MemberActor, words: str = "It was my cat"
) -> InteractionResult:
    """Have a member appeal as a person would: command, button, modal."""
    card = answer(await member.slash(stage.channel, "appeal"))
    shown = await member.click(card, custom_id="appeal:write")
    return await member.submit_modal(shown, {"words": words})


async def decide(stage: Stage, decision: str, words: str = "We looked again") -> discord.Message:
    """Have the moderator answer the next appeal; return what stands in its place then."""
    moderator = stage.moderator
    card = answer(await moderator.slash(stage.channel, "rater review"))
    shown = await moderator.click(card, custom_id=find(card, f"review:appeal_{decision}:"))
    return answer(await moderator.submit_modal(shown, {"words": words}))


async def latest(stage: Stage) -> Appeal | None:
    return await stage.services.database.read(lambda c: appeals.latest(c, 1))


def letters(member: MemberActor) -> list[str]:
    return [each.content for each in member.user.dm_channel.history()]


def below(result: InteractionResult) -> list[str]:
    """Return what the bot added below its answer."""
    assert all(each.ephemeral for each in result.followups)
    return [each.content for each in result.followups]


async def test_an_appeal_from_the_first_card_to_the_answer(stage: Stage) -> None:
    ada = await banned(stage)
    asked = await ada.slash(stage.channel, "appeal")
    assert asked.ephemeral
    card = answer(asked)
    now = int(stage.clock.now().timestamp())
    assert f"**Banned from rating** since <t:{now}:D>, until somebody lifts that" in text(card)
    assert "> one \\*\\*button\\*\\* only" in text(card)
    assert "moderators read what you write" in text(card)

    sent = await write(stage, ada)
    assert "Moderators will read your appeal" in text(answer(sent))
    again = answer(await ada.slash(stage.channel, "appeal"))
    assert custom_ids(again) == []
    assert f"Your appeal of <t:{now}:f> waits for a moderator" in text(again)

    nothing = await decide(stage, "grant")
    assert "Nothing waits for you" in text(nothing)
    await stage.services.answers.settle()
    (letter,) = letters(ada)
    assert "was granted" in letter
    assert "> We looked again" in letter
    free = answer(await ada.slash(stage.channel, "appeal"))
    assert "Nothing: you may rate" in text(free)
    assert "We looked again" in text(free)
    post = await stage.open_post()
    assert "Recorded" in text(answer(await score(ada, post, "aesthetic", 7)))


async def test_a_refusal_says_when_one_may_write_again(stage: Stage) -> None:
    ada = await banned(stage)
    await write(stage, ada)
    await decide(stage, "refuse", "The buttons say otherwise")
    await stage.services.answers.settle()
    assert "was refused" in letters(ada)[0]
    card = answer(await ada.slash(stage.channel, "appeal"))
    assert "The buttons say otherwise" in text(card)
    again = int(stage.clock.now().timestamp()) + 24 * 3600
    assert f"the next one <t:{again}:R>" in text(card)
    assert custom_ids(card) == []
    old = await stage.offer("appeal:write")
    refused = await ada.click(old, label="press me")
    assert refused.modal is None
    assert "One appeal a day" in answer(refused).content


async def test_a_banned_rater_appeals_in_direct_messages(stage: Stage) -> None:
    ada = await banned(stage)
    card = answer(await ada.user.slash("appeal"))
    shown = await ada.user.click(card, custom_id="appeal:write")
    await ada.user.submit_modal(shown, {"words": "from home"})
    found = await latest(stage)
    assert found is not None
    assert found.words == "from home"


async def test_somebody_who_is_not_limited_is_told_so(stage: Stage) -> None:
    for member in (stage.member("new"), await stage.member_who_agreed("old")):
        card = answer(await member.slash(stage.channel, "appeal"))
        assert "Nothing: you may rate" in text(card)
        assert custom_ids(card) == []


async def test_the_modal_survives_a_restart(stage: Stage) -> None:
    ada = await banned(stage)
    card = answer(await ada.slash(stage.channel, "appeal"))
    shown = await ada.click(card, custom_id="appeal:write")
    await stage.restart()
    sent = await ada.submit_modal(shown, {"words": "still here"})
    assert "Moderators will read your appeal" in text(answer(sent))


async def test_the_moderators_card_shows_words_as_they_were_typed(stage: Stage) -> None:
    ada = await banned(stage)
    await write(stage, ada, "@everyone **look** <@1> \u202e [x](http://x)\n# title")
    card = answer(await stage.moderator.slash(stage.channel, "rater review"))
    said = text(card)
    assert f"<@{ada.id}>, rater 1, wrote" in said
    assert "\\@everyone \\*\\*look\\*\\* \\<\\@1\\>" in said
    assert "\u202e" not in said
    assert "\\# title" in said
    assert "**Banned from rating** since" in said
    assert [each.rpartition(":")[0] for each in custom_ids(card)] == [
        "review:appeal_grant", "review:appeal_refuse",
    ]  # fmt: skip


async def test_the_longest_and_worst_words_fit_into_the_cards(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    await stage.services.bans.ban(as_moderator(stage), ada.id, "*" * 500)
    now = int(stage.clock.now().timestamp() * 1_000_000)
    await stage.services.database.write(
        lambda c: (
            c.executemany(
                "INSERT INTO bars (guild_id, rater, reason, barred_at) VALUES (?, 1, ?, ?)",
                [(guild, "_" * 500, now) for guild in range(2, 12)],
            ).rowcount
        )
    )
    await write(stage, ada, "*" * 1000)
    for shown in (
        answer(await stage.moderator.slash(stage.channel, "rater review")),
        answer(await ada.slash(stage.channel, "appeal")),
    ):
        assert 1000 < len(text(shown)) < 4000
        assert "more" in text(shown)
    await decide(stage, "refuse", "*" * 500)
    card = answer(await ada.slash(stage.channel, "appeal"))
    assert len(text(card)) < 4000
    await stage.services.answers.settle()


@pytest.mark.parametrize(
    ("held", "left"), [("same_button", ()), ("review", ("operators_before_erasure",))]
)
async def test_a_hold_of_the_program_from_before_an_erasure_is_lifted_with_the_appeal(
    stage: Stage, held: str, left: tuple[str, ...]
) -> None:
    ada = await stage.member_who_agreed("ada")
    now = stage.clock.now()
    await stage.services.database.write(lambda c: holds.place(c, 1, held, now))
    await stage.services.erasure.erase_by_id(ada.id)
    stage.clock.turn(24 * 3600)
    await stage.services.voting.agree(stage.caller(ada))
    await write(stage, ada)
    said = text(answer(await stage.moderator.slash(stage.channel, "rater review")))
    assert "those from before an erasure too" in said
    assert ("Operators placed the hold `operators_before_erasure`" in said) == bool(left)
    await decide(stage, "grant", "Welcome back.")
    assert await stage.services.holds.of_rater(ada.id) == left


async def test_ratings_that_stay_out_after_a_ban_are_said(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    post = await stage.open_post()
    await score(ada, post, "aesthetic", 7)
    day = Sentence(timedelta(days=1), votes="void")
    await stage.services.bans.ban(as_moderator(stage), ada.id, "spam", day)
    stage.clock.turn(24 * 3600)
    card = answer(await ada.slash(stage.channel, "appeal"))
    assert "**Ratings that do not count** since" in text(card)
    await write(stage, ada)
    await decide(stage, "grant")
    assert "Nothing: you may rate" in text(answer(await ada.slash(stage.channel, "appeal")))


async def test_a_validation_that_comes_back_is_said(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    await stage.services.validation.validate(as_moderator(stage), ada.id)
    await ban(stage, ada)
    await write(stage, ada)
    card = answer(await stage.moderator.slash(stage.channel, "rater review"))
    assert "They were validated before the ban: granting validates them again" in text(card)


async def test_bars_name_their_server_and_who_decides(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    strange = stage.env.create_guild("*Strangers*")
    now = int(stage.clock.now().timestamp() * 1_000_000)
    await stage.services.database.write(
        lambda c: (
            c.executemany(
                "INSERT INTO bars (guild_id, rater, barred_at) VALUES (?, 1, ?)",
                [(strange.id, now), (4711, now)],
            ).rowcount
        )
    )
    card = answer(await ada.slash(stage.channel, "appeal"))
    assert "**Barred from rating in \\*Strangers\\***" in text(card)
    assert "**Barred from rating in another server**" in text(card)
    assert "up to the managers of that server" in text(card)
    assert "only they can lift that" in text(card)
    assert custom_ids(card) == []


async def test_whoever_takes_no_direct_message_is_told_at_the_next_press_once(
    stage: Stage,
) -> None:
    post = await stage.open_post()
    ada = await banned(stage)
    await ada.slash(stage.channel, "language", language="de")
    await write(stage, ada)
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=DENIED)
    await decide(stage, "refuse", "So bleibt es")
    await stage.services.answers.settle()
    assert letters(ada) == []
    bob = await stage.member_who_agreed("bob")
    assert below(await score(bob, post, "aesthetic", 5)) == []

    pressed = await score(ada, post, "aesthetic", 7)
    assert "ausgeschlossen" in answer(pressed).content
    (told,) = below(pressed)
    assert "wurde abgelehnt" in told
    assert "> So bleibt es" in told
    assert below(await score(ada, post, "aesthetic", 7)) == []
    found = await latest(stage)
    assert found is not None
    assert found.delivered_at is not None


@pytest.mark.parametrize("command", ["me", "rate", "privacy show", "appeal"])
async def test_whatever_is_used_next_brings_the_answer(stage: Stage, command: str) -> None:
    ada = await banned(stage)
    await write(stage, ada)
    stage.env.inject_error("POST", "/users/@me/channels", status=403, code=DENIED)
    await decide(stage, "grant")
    await stage.services.answers.settle()
    result = await ada.slash(stage.channel, command)
    everything = "\n".join([text(answer(result)), *below(result)])
    assert everything.count("We looked again") == 1
    assert below(await ada.slash(stage.channel, "me")) == []


async def test_a_modal_brings_no_answer_and_forgets_none(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await banned(stage)
    await write(stage, ada)
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=DENIED)
    await decide(stage, "grant")
    await stage.services.answers.settle()
    shown = await ada.click(post, custom_id=find(post, "report:"))
    assert shown.modal is not None
    sent = await ada.submit_modal(shown, {"reason": "bad hands"})
    assert len(below(sent)) == 1


async def test_discord_that_is_down_loses_no_answer(stage: Stage) -> None:
    ada = await banned(stage)
    await write(stage, ada)
    stage.env.inject_error("POST", "/channels/*/messages", status=400, code=40003)
    await decide(stage, "grant")
    await stage.services.answers.settle()
    assert letters(ada) == []
    await stage.services.answers.settle()
    assert len(letters(ada)) == 1


async def test_a_role_that_is_lost_before_the_words_are_sent_counts_no_more(stage: Stage) -> None:
    ada = await banned(stage)
    await write(stage, ada)
    moderator = stage.moderator
    card = answer(await moderator.slash(stage.channel, "rater review"))
    shown = await moderator.click(card, custom_id=find(card, "review:appeal_grant:"))
    set_roles(stage, moderator)
    refused = await moderator.submit_modal(shown, {"words": "yes"})
    assert any("You cannot do that here." in each for each in said(refused).texts)
    found = await latest(stage)
    assert found is not None
    assert found.outcome is None


async def test_two_presses_on_send_open_one_appeal(stage: Stage) -> None:
    ada = await banned(stage)
    card = answer(await ada.slash(stage.channel, "appeal"))
    shown = [await ada.click(card, custom_id="appeal:write") for _ in range(2)]
    first, second = [await ada.submit_modal(each, {"words": "please"}) for each in shown]
    assert "Moderators will read your appeal" in text(answer(first))
    assert any("waits for a moderator" in each for each in said(second).texts)


async def test_everything_is_said_in_german_too(stage: Stage) -> None:
    ada = await banned(stage)
    await ada.slash(stage.channel, "language", language="de")
    card = answer(await ada.slash(stage.channel, "appeal"))
    assert "**Vom Bewerten ausgeschlossen** seit" in text(card)
    labels: list[Any] = [each.get("label") for each in components(card) if each["type"] == 2]
    assert labels == ["An die Moderation schreiben"]
    shown = await ada.click(card, custom_id="appeal:write")
    assert shown.modal is not None
    assert shown.modal["title"] == "Einspruch bei der Moderation"
    sent = await ada.submit_modal(shown, {"words": "Es war die Katze"})
    assert "Die Moderation liest deinen Einspruch" in text(answer(sent))
