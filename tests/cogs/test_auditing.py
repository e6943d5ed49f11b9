"""`/audit`: the log in sentences, filtered, page by page."""

from __future__ import annotations

import discord
import pytest
from simcord import MemberActor

from bot.trust.acts import ACTIONS
from bot.trust.auditing import PAGE
from storage import audit as audit_log
from tests.cogs.managing import actions, set_roles, strangers_channel
from tests.cogs.stage import Stage, answer, custom_ids, find, text


async def audit(stage: Stage, who: MemberActor | None = None, **asked: object) -> discord.Message:
    return answer(await (who or stage.moderator).slash(stage.channel, "audit", **asked))


async def hide_often(stage: Stage, times: int) -> None:
    await stage.add_images(1)
    moderator = stage.moderator
    for _ in range(times):
        await moderator.slash(stage.channel, "image hide", image="#1")
        stage.clock.turn(60)
        await moderator.slash(stage.channel, "image restore", image="#1")


async def test_the_log_is_told_in_sentences(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    await hide_often(stage, 1)
    await stage.moderator.slash(stage.channel, "rater ban", user=ada, reason="secret words")
    await ada.slash(stage.channel, "privacy download")
    shown = await stage.moderator.slash(stage.channel, "audit")
    assert shown.ephemeral
    lines = text(answer(shown)).splitlines()
    moderator = f"Moderator #2 <@{stage.moderator.id}>"
    assert lines[0] == "### Audit log"
    downloaded = f"Rater #1 <@{ada.id}>: downloaded what is kept about them"
    assert lines[1].endswith(downloaded), "who did it to themselves is named once"
    banned = f"{moderator}: banned (rater #1 <@{ada.id}>)"
    for_good = f"{banned}, everywhere, their ratings count no more"
    assert for_good in lines[2], "no hours are told of a ban that has no end"
    assert f"{moderator}: restored a picture (picture #1)" in lines[3]
    assert f"{moderator}: hid a picture (picture #1)" in lines[4]
    assert "secret" not in text(answer(shown))


async def test_details_are_worded(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    moderator = stage.moderator
    await moderator.slash(
        stage.channel, "rater ban", user=ada, reason="why", length="day", place="here"
    )
    await moderator.slash(stage.channel, "language", language="de")
    said = text(await audit(stage))
    about = f"(Person #1 <@{ada.id}>)"
    assert f"{about}, für 24 h, nur auf einem Server, die Bewertungen zählen" in said


@pytest.mark.parametrize(
    ("action", "details", "told"),
    [
        ("language.server", {"locale": "de"}, "language `de`"),
        ("data_set.remove_votes", {"collection": "horde"}, "collection `horde`"),
        ("data_set.target", {"votes": 5}, "votes: 5"),
        ("payouts.pause", {"answer": "list_unusable"}, "reason: `list_unusable`"),
        ("payouts.restored", {"payouts": 1}, "payouts: 1"),
        ("horde.unlink", {"verified": False}, "which was not proved"),
        ("horde.unlink", {"verified": True}, "which was proved"),
    ],
)
async def test_every_detail_has_words(
    stage: Stage, action: str, details: audit_log.Details, told: str
) -> None:
    await stage.services.database.write(
        lambda c: audit_log.record(
            c, at=stage.clock.now(), actor="program", rater=None, action=action, details=details
        )
    )
    (line,) = text(await audit(stage)).splitlines()[1:]
    assert line.endswith(f", {told}")


async def test_prices_are_told_apart_from_scores(stage: Stage) -> None:
    await stage.add_images(1)
    await stage.services.data_sets.set_prices("samples", {"aesthetic": 5})
    assert text(await audit(stage)).endswith("(data set samples), kudos for Liking: 5")


async def test_moments_among_details_are_moments(stage: Stage) -> None:
    await stage.services.database.write(
        lambda c: audit_log.record(
            c,
            at=stage.clock.now(),
            actor="program",
            rater=None,
            action="rater.revert",
            details={"order": 1, "since": "1970-01-01T00:01:00+00:00"},
        )
    )
    assert "since a moment, decision 1, since <t:60:f>" in text(await audit(stage))


async def test_filters_are_combined_and_said(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    await hide_often(stage, 2)
    moderator = stage.moderator
    await moderator.slash(stage.channel, "rater ban", user=ada, reason="spam")
    hid = text(await audit(stage, actor="moderator", action="image.hide", image="#1"))
    assert hid.count("hid a picture") == 2
    assert "restored" not in hid
    assert "Only: Moderator, `image.hide`, picture #1" in hid
    about = text(await audit(stage, rater=ada))
    assert about.count("\n- ") == 1
    assert f"Only: rater #1 <@{ada.id}>" in about
    assert "No such entries." in text(await audit(stage, actor="operator"))


async def test_since_when_is_typed_as_elsewhere(stage: Stage) -> None:
    await hide_often(stage, 3)
    stage.clock.turn(30)
    said = text(await audit(stage, since="1m"))
    assert said.count("\n- ") == 1
    assert "Only: since <t:" in said
    assert text(await audit(stage, since="2026-03-01")).count("\n- ") == 6
    for wrong in ("yesterday", "2099-01-01"):
        assert "\n- " not in text(await audit(stage, since=wrong))


async def test_refusals_are_found(stage: Stage) -> None:
    ada = await stage.member_who_agreed("ada")
    forged = await stage.offer("review:hide:1")
    await ada.click(forged, label="press me")
    said = text(await audit(stage, action="refused"))
    assert f"Rater #1 <@{ada.id}>: wanted `review.hide` and was refused" in said
    assert "Only: refusals" in said


async def test_pages_go_on_after_a_restart_and_keep_their_filter(stage: Stage) -> None:
    await hide_often(stage, PAGE + 3)
    moderator = stage.moderator
    page = await audit(stage, action="image.hide")
    assert text(page).count("hid a picture") == PAGE
    await stage.restart()
    older = answer(await moderator.click(page, custom_id=find(page, "audit:older")))
    assert older.id == page.id
    assert text(older).count("hid a picture") == 3
    assert "restored" not in text(older)
    newer = answer(await moderator.click(older, custom_id=find(older, "audit:newer")))
    assert text(newer).count("hid a picture") == PAGE
    assert [each.split(":")[1] for each in custom_ids(newer)] == ["older"]


async def test_a_lost_role_turns_no_page(stage: Stage) -> None:
    await hide_often(stage, PAGE)
    moderator = stage.moderator
    page = await audit(stage)
    set_roles(stage, moderator)
    refused = answer(await moderator.click(page, custom_id=find(page, "audit:older")))
    assert refused.content == "You cannot do that here."
    assert (await actions(stage))[0].action == "refused:audit"


async def test_a_flood_of_refusals_is_one_line_with_its_number(stage: Stage) -> None:
    await hide_often(stage, PAGE)
    loser = stage.member("loser", roles=(stage.home.roles["moderators"],))
    page = await audit(stage, loser)
    set_roles(stage, loser)
    for _ in range(4):
        await loser.click(page, custom_id=find(page, "audit:older"))
    said = text(await audit(stage, action="refused"))
    assert said.count("wanted `audit` and was refused") == 1
    assert "refused (4 times within a minute)" in said


async def test_somebody_who_never_came_is_no_filter(stage: Stage) -> None:
    stranger = stage.member("stranger")
    assert "I know nothing of" in (await audit(stage, rater=stranger)).content
    assert "I know no such picture" in (await audit(stage, image="nothing like it")).content


async def test_actions_are_offered_by_what_is_typed(stage: Stage) -> None:
    offered = await stage.moderator.autocomplete(stage.channel, "audit", "action", "gold")
    assert [each["value"] for each in offered] == [a for a in ACTIONS if "gold" in a]
    every = await stage.moderator.autocomplete(stage.channel, "audit", "action", "")
    assert every[0]["value"] == "refused"
    assert len(every) == 25


@pytest.mark.parametrize("typed", ["refused:rater.ban", " Refused:Rater.BAN "])
async def test_refusals_of_one_act_are_paged_through(stage: Stage, typed: str) -> None:
    number = await stage.services.database.write(
        lambda c: stage.services.enrolment.rater(c, 5, stage.clock.now()).number
    )
    for _ in range(PAGE + 1):
        await stage.services.database.write(
            lambda c: audit_log.record(
                c, at=stage.clock.now(), actor="rater", rater=number, action="refused:rater.ban"
            )
        )
    page = await audit(stage, action=typed)
    assert text(page).count("wanted `rater.ban` and was refused") == PAGE
    older = find(page, "audit:older")
    following = answer(await stage.moderator.click(page, custom_id=older))
    assert text(following).count("wanted `rater.ban` and was refused") == 1
    back = answer(await stage.moderator.click(following, custom_id=find(following, "audit:newer")))
    assert text(back) == text(page)


@pytest.mark.parametrize("typed", ["rater.bann", "refused:", "refused:rater:ban", "`", "9"])
async def test_what_the_log_has_no_word_for_is_refused(stage: Stage, typed: str) -> None:
    said = (await audit(stage, action=typed)).content
    assert "The log has no act" in said
    assert "refused:rater.ban" in said


async def test_refusals_are_offered_too(stage: Stage) -> None:
    offered = await stage.moderator.autocomplete(stage.channel, "audit", "action", "Refused:rat")
    assert [each["value"] for each in offered] == [
        f"refused:{action}" for action in ACTIONS if action.startswith("rat")
    ]


async def test_what_is_right_on_gold_is_in_the_log(stage: Stage) -> None:
    await stage.add_images(1)
    for right in ("9-10", "1-10"):
        await stage.moderator.slash(stage.channel, "image gold", image="#1", aesthetic=right)
    said = text(await audit(stage, action="image.gold"))
    assert "marked gold (picture #1), Liking 9-10 → 1-10" in said
    assert "marked gold (picture #1), Liking - → 9-10" in said


async def test_an_act_without_a_text_is_shown_as_it_is(stage: Stage) -> None:
    await stage.services.database.write(
        lambda c: c.execute(
            "INSERT INTO audit_log (at, actor, action, subject, details)"
            """ VALUES (0, 'program', 'of.tomorrow', 'thing:7', '{"why": "so"}')"""
        )
    )
    assert "The program: `of.tomorrow` (thing\\:7), `why so`" in text(await audit(stage))


async def test_moderators_read_german(stage: Stage) -> None:
    await hide_often(stage, 1)
    await stage.moderator.slash(stage.channel, "language", language="de")
    said = text(await audit(stage, action="image.hide"))
    assert "### Protokoll" in said
    assert "hat ein Bild ausgeblendet (Bild #1)" in said


async def test_what_managers_of_other_servers_did_is_shown_where_it_is_looked_for(
    stage: Stage,
) -> None:
    """Anybody may have a server with the bot, and would fill the moderators' log."""
    await hide_often(stage, 1)
    eve, channel = strangers_channel(stage)
    for language in ("de", "en", "en", "de"):
        await eve.slash(channel, "language", language=language, where="server")
    ada = eve.guild.add_member(stage.env.create_user("ada"))
    await eve.slash(channel, "jury bar", user=ada)
    everything = text(await audit(stage))
    assert everything.count("\n- ") == 2
    assert "No such entries." in text(await audit(stage, actor="manager"))
    theirs = text(await audit(stage, actor="elsewhere"))
    assert "Only: Manager of another server" in theirs
    assert theirs.count("Manager of another server #") == 3
    assert f", server `{eve.guild.id}`" in theirs
    assert "(2 times within a minute)" in theirs
    visiting = stage.home.add_member(eve.user)
    assert text(await audit(stage, rater=visiting)).count("\n- ") == 3
