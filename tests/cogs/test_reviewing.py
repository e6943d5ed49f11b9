"""`/rater review`: one case for one moderator at a time, as Discord shows it."""

from __future__ import annotations

from sqlite3 import Connection

import discord
from simcord import MemberActor

from cogs.reviewing import ASKING, CARDS
from cogs.ui.case import LATER
from storage import claims, findings, holds, raters, review_queue
from storage.findings import KeptFinding
from tests.cogs.managing import set_roles
from tests.cogs.stage import Stage, answer, custom_ids, find, score, text


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


async def suspect(stage: Stage, name: str) -> MemberActor:
    """Have the rules suspect somebody who rated a picture."""
    post = await stage.open_post()
    member = await stage.member_who_agreed(name)
    await score(member, post, "aesthetic", 7)
    await score(member, post, "artifacts", 0)

    def unit(connection: Connection) -> None:
        now = stage.clock.now()
        found = [
            KeptFinding("same_button", 0.97, 60, now, held=True, queued_at=60),
            KeptFinding("too_fast", 0.8, 60, now, queued_at=60),
        ]
        findings.store(connection, 1, found)
        holds.place(connection, 1, "same_button", now)
        review_queue.put(connection, review_queue.SUSPECT, rater=1, now=now)

    await stage.services.database.write(unit)
    return member


async def test_a_suspect_is_a_picture_findings_and_decisions(stage: Stage) -> None:
    ada = await suspect(stage, "ada")
    shown = await stage.moderator.slash(stage.channel, "rater review")
    assert shown.ephemeral
    card = answer(shown)
    said = text(card)
    assert "### Suspected rater" in said
    assert f"#1 <@{ada.id}>" in said
    assert "One button makes up 97 % of the scores of a scale." in said
    assert "Scores 0.8 s after seeing a picture" in said
    assert "**Held** `same_button`" in said
    assert "**Looks honest:** what I hold of their kudos is released, what operators" in said
    assert len(card.attachments) == 1
    assert custom_ids(card) == ["review:honest:1", "review:watch:1", "review:ban:1"]
    assert "**Keep held:** nothing changes" in said, "named as its button"


async def test_an_honest_suspect_is_let_go(stage: Stage) -> None:
    await suspect(stage, "ada")
    moderator_ = stage.moderator
    card = await review(stage, moderator_)
    end = answer(await moderator_.click(card, custom_id="review:honest:1"))
    assert "every case is settled" in text(end)
    assert end.attachments == []
    assert await stage.services.database.read(lambda c: holds.of_rater(c, 1)) == []


async def test_a_suspect_is_banned_with_a_reason_after_a_restart_too(stage: Stage) -> None:
    ada = await suspect(stage, "ada")
    moderator_ = stage.moderator
    card = await review(stage, moderator_)
    form = await moderator_.click(card, custom_id="review:ban:1")
    await stage.restart()
    end = answer(await moderator_.submit_modal(form, {"words": "one button"}))
    assert "every case is settled" in text(end)
    found = await stage.services.database.read(lambda c: raters.find(c, ada.id))
    assert found is not None
    assert (found.status, found.status_reason) == ("banned", "one button")


async def test_a_role_lost_between_form_and_answer_bans_nobody(stage: Stage) -> None:
    ada = await suspect(stage, "ada")
    moderator_ = stage.moderator
    card = await review(stage, moderator_)
    form = await moderator_.click(card, custom_id="review:ban:1")
    set_roles(stage, moderator_)
    refused = await moderator_.submit_modal(form, {"words": "one button"})
    assert "You cannot do that here." in str([each.content for each in refused.followups])
    found = await stage.services.database.read(lambda c: raters.find(c, ada.id))
    assert found is not None
    assert found.status == "normal"


async def test_moderators_read_of_suspects_in_german(stage: Stage) -> None:
    await suspect(stage, "ada")
    await stage.moderator.slash(stage.channel, "language", language="de")
    said = text(await review(stage, stage.moderator))
    assert "### Verdacht gegen eine Person" in said
    assert "Ein einziger Knopf macht 97 % der Noten einer Skala aus." in said
