"""`/rater review`: one case for one moderator at a time, as Discord shows it."""

from __future__ import annotations

import discord
from simcord import MemberActor

from cogs.reviewing import ASKING, CARDS
from cogs.ui.case import LATER
from storage import claims
from tests.cogs.stage import Stage, answer, custom_ids, find, text


def moderator(stage: Stage, name: str) -> MemberActor:
    return stage.member(name, roles=(stage.home.roles["moderators"],))


async def report(stage: Stage, name: str, post: discord.Message) -> None:
    member = await stage.member_who_agreed(name)
    shown = await member.click(post, custom_id=find(post, "report:"))
    await member.submit_modal(shown, {"reason": "bad hands"})


async def two_cases(stage: Stage) -> None:
    await stage.add_images(2)
    await stage.set_up(open_posts=2)
    await stage.publish()
    for post in stage.posts():
        await report(stage, "a", post)


async def review(stage: Stage, who: MemberActor) -> discord.Message:
    return answer(await who.slash(stage.channel, "rater review"))


async def test_every_kind_has_a_card_and_texts(stage: Stage) -> None:
    kinds = stage.services.review.kinds
    assert {kind.name for kind in kinds} == set(CARDS)
    asking = {decision for kind in kinds for decision in kind.decisions if decision in ASKING}
    assert asking == ASKING
    for kind in kinds:
        assert LATER not in kind.decisions
        assert stage.services.texts.has(f"review.kind.{kind.name}")
    for decision in ASKING:
        for part in ("title", "words", "hint"):
            assert stage.services.texts.has(f"review.ask.{decision}.{part}")


async def test_two_moderators_look_at_two_cases(stage: Stage) -> None:
    await two_cases(stage)
    ada, bob, cid = (moderator(stage, name) for name in ("ada", "bob", "cid"))
    of_ada, of_bob = await review(stage, ada), await review(stage, bob)
    assert "review:hide:1" in custom_ids(of_ada)
    assert custom_ids(of_bob) == ["review:hide:2", "review:dismiss:2"]
    until = int((stage.clock.now() + claims.LENGTH).timestamp())
    assert f"This one is yours until <t:{until}:t>" in text(of_ada)
    nothing = text(await review(stage, cid))
    assert "other moderators are looking at all 2 open cases" in nothing
    assert f"<t:{until}:R>" in nothing

    forged = await stage.offer("review:hide:1")
    refused = await bob.click(forged, label="press me")
    assert "Another moderator is looking at this case" in answer(refused).content
    await ada.click(of_ada, custom_id="review:hide:1")
    stage.clock.turn(claims.LENGTH.total_seconds())
    assert "review:hide:2" in custom_ids(await review(stage, cid))


async def test_a_card_is_still_pressed_after_a_restart(stage: Stage) -> None:
    await two_cases(stage)
    ada = moderator(stage, "ada")
    shown = await review(stage, ada)
    await stage.restart()
    following = answer(await ada.click(shown, custom_id="review:hide:1"))
    assert custom_ids(following) == ["review:hide:2", "review:dismiss:2"]
    end = answer(await ada.click(following, custom_id="review:dismiss:2"))
    assert "every case is settled" in text(end)
