"""What moderators see of raters: the card with its picture, ratings, checks, validation."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import discord
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from simcord import MemberActor

from bot.trust.dossier_picture import HEIGHT, WIDTH
from storage import raters
from storage.times import to_microseconds
from tests.cogs.authority import Way, press_of
from tests.cogs.managing import actions, menu, set_roles
from tests.cogs.stage import Stage, answer, components, custom_ids, find, score, text
from tests.cogs.trying import Person, Said, use

REFUSED = "You cannot do that here."
CHARACTERS, COMPONENTS = 4000, 40
SELECT = 3
"""A component's type."""


async def rated(stage: Stage, name: str = "ada", *, pictures: int = 1) -> MemberActor:
    """Have somebody rate fresh pictures in public."""
    member = await stage.member_who_agreed(name)
    await stage.add_images(pictures)
    await stage.set_up(open_posts=pictures)
    await stage.publish()
    for number, post in enumerate(stage.posts()[-pictures:]):
        await score(member, post, "aesthetic", number % 10 + 1)
        await score(member, post, "artifacts", number % 6)
        stage.clock.turn(4)
    return member


async def look(stage: Stage, member: MemberActor) -> discord.Message:
    return answer(await stage.moderator.slash(stage.channel, "rater info", user=member))


async def status_of(stage: Stage, member: MemberActor) -> str:
    found = await stage.services.database.read(lambda c: raters.find(c, member.id))
    assert found is not None
    return found.status


async def write(stage: Stage, query: str, *values: object) -> None:
    await stage.services.database.write(lambda c: c.execute(query, values))


async def value(stage: Stage, query: str) -> int:
    (row,) = await stage.services.database.read(lambda c: c.execute(query).fetchall())
    return int(row[0])


async def test_a_rater_is_a_picture_and_words(stage: Stage) -> None:
    ada = await rated(stage, pictures=3)
    shown = await stage.moderator.slash(stage.channel, "rater info", user=ada)
    assert shown.ephemeral
    card = answer(shown)
    said = text(card)
    assert f"#1 <@{ada.id}>" in said
    assert "Normal rater." in said
    assert "**Ratings** 3 complete. 3 in the last hour" in said
    assert "3 in the last hour, 3 in the last day." in said
    assert "The rules find nothing against this rater." in said
    assert (
        "Nothing known yet: agreement, reliability, captchas, gold, pictures shown again." in said
    )
    (picture,) = card.attachments
    drawn = Image.open(BytesIO(await picture.read()))
    assert drawn.size == (WIDTH, HEIGHT)
    (gallery,) = [c for c in components(card) if c["type"] == 12]
    alt = gallery["items"][0]["description"]
    assert "ratings: 3" in alt
    assert "a rating: 4.0 s" in alt
    actions_ = ("ratings", "validate", "ban")
    assert custom_ids(card) == [f"rater:{action}:{ada.id}" for action in actions_]


async def test_the_context_menu_shows_the_same(stage: Stage) -> None:
    ada = await rated(stage)
    shown = await menu(stage, stage.moderator, "Rater: info", ada)
    assert shown.ephemeral
    assert text(answer(shown)) == text(await look(stage, ada))


async def test_nobody_else_sees_anything_by_the_menu(stage: Stage) -> None:
    ada = await rated(stage)
    moderator = stage.moderator
    set_roles(stage, moderator)
    refused = await menu(stage, moderator, "Rater: info", ada)
    assert answer(refused).content == REFUSED
    assert (await actions(stage))[0].action == "refused:rater.info"


async def test_somebody_who_never_came_or_left_is_unknown(stage: Stage) -> None:
    stranger, ada = stage.member("stranger"), await rated(stage)
    assert f"I know nothing of <@{stranger.id}>" in (await look(stage, stranger)).content
    await stage.services.erasure.erase(stage.caller(ada))
    for command in ("info", "ratings", "check", "validate", "unvalidate"):
        said = answer(await stage.moderator.slash(stage.channel, f"rater {command}", user=ada))
        assert f"I know nothing of <@{ada.id}>" in said.content


async def test_a_card_of_somebody_who_left_meanwhile_tells_nothing(stage: Stage) -> None:
    ada = await rated(stage)
    moderator = stage.moderator
    card = await look(stage, ada)
    page = answer(await moderator.slash(stage.channel, "rater ratings", user=ada))
    await stage.services.erasure.erase(stage.caller(ada))
    for shown, start in ((card, "rater:ratings"), (page, "rater:info")):
        result = await moderator.click(shown, custom_id=find(shown, start))
        assert f"I know nothing of <@{ada.id}>" in answer(result).content


async def test_buttons_lead_to_the_ratings_and_back_after_a_restart_too(stage: Stage) -> None:
    ada = await rated(stage, pictures=9)
    moderator = stage.moderator
    card = await look(stage, ada)
    await stage.restart()
    page = answer(await moderator.click(card, custom_id=find(card, "rater:ratings")))
    assert page.id == card.id
    assert page.attachments == []
    said = text(page)
    assert "9 ratings" in said
    assert said.count("Liking **") == 8
    older = answer(await moderator.click(page, custom_id=find(page, "ratings:older")))
    assert text(older).count("Liking **") == 1
    newer = answer(await moderator.click(older, custom_id=find(older, "ratings:newer")))
    assert text(newer) == said
    back = answer(await moderator.click(newer, custom_id=find(newer, "rater:info")))
    assert len(back.attachments) == 1
    assert "The rules find nothing" in text(back)


async def test_ratings_link_to_public_posts_and_are_sieved(stage: Stage) -> None:
    ada = await rated(stage, pictures=4)
    bob = await stage.member_who_agreed("bob")
    post = stage.posts()[-4]
    await score(bob, post, "aesthetic", 9)
    await score(bob, post, "artifacts", 0)
    command = "rater ratings"
    every = answer(await stage.moderator.slash(stage.channel, command, user=ada))
    assert post.jump_url in text(every)
    assert "Liking **1** (others 9.0), Flaws **0** (others 0.0)" in text(every)
    assert "rated 2 times" in text(every)
    few = answer(
        await stage.moderator.slash(stage.channel, command, user=ada, at_least=3, at_most=4)
    )
    assert text(few).count("Liking **") == 2
    assert "Only: Liking at least 3, Liking at most 4" in text(few)
    far = answer(await stage.moderator.slash(stage.channel, command, user=ada, divergence=8))
    assert text(far).count("Liking **") == 1
    none = answer(await stage.moderator.slash(stage.channel, command, user=ada, divergence=9))
    assert "No such ratings." in text(none)
    flaws = answer(
        await stage.moderator.slash(stage.channel, command, user=ada, scale="artifacts", at_least=3)
    )
    assert text(flaws).count("Liking **") == 1


def offered(page: discord.Message) -> list[tuple[str, str]]:
    """Return value and description of each choice below a page of ratings."""
    (select,) = [c for c in components(page) if c["type"] == SELECT]
    return [(option["value"], option["description"]) for option in select["options"]]


async def choose(stage: Stage, custom_id: str, choice: str, rater: MemberActor) -> Said:
    """Choose what the page may not offer, as an older page or a forged client would."""
    way = Way("press", "RatingSelect", press_of("moderator", custom_id, "", "", choice))
    return await use(stage.env, Person("moderator", stage.moderator, stage.channel), way, rater)


async def test_one_rating_is_taken_out_and_brought_back_where_it_is_listed(stage: Stage) -> None:
    ada = await rated(stage, pictures=9)
    moderator = stage.moderator
    first = answer(await moderator.slash(stage.channel, "rater ratings", user=ada))
    page = answer(await moderator.click(first, custom_id=find(first, "ratings:older")))
    out = "Take this one out: it counts no more"
    assert offered(page) == [("void:1", out)]
    (select,) = [c for c in components(page) if c["type"] == SELECT]
    assert [option["label"] for option in select["options"]] == ["#1 0: Liking 1, Flaws 0"]
    await stage.restart()
    voided = answer(await moderator.select(page, ["void:1"], custom_id=find(page, "rating:")))
    assert voided.id == page.id
    assert text(voided) == text(page).replace("public", "public \N{MIDDLE DOT} taken out").replace(
        "rated 1 time", "rated 0 times"
    )
    assert offered(voided) == [("restore:1", "Bring it back; a ban or revert may keep it out")]
    counted = "SELECT sum(complete_votes) FROM images"
    assert await value(stage, counted) == 8
    back = answer(await moderator.select(voided, ["restore:1"], custom_id=find(voided, "rating:")))
    assert (text(back), offered(back)) == (text(page), [("void:1", out)])
    assert await value(stage, counted) == 9
    assert [entry.action for entry in (await actions(stage))[:2]] == ["vote.restore", "vote.void"]


async def test_what_a_revert_wants_out_stays_out_and_can_be_taken_out_by_itself(
    stage: Stage,
) -> None:
    ada = await rated(stage, pictures=2)
    moderator = stage.moderator
    await moderator.slash(stage.channel, "rater revert", user=ada, since="1d")
    page = answer(await moderator.slash(stage.channel, "rater ratings", user=ada))
    assert text(page).count("taken out") == 2
    shown = answer(await moderator.select(page, ["void:1"], custom_id=find(page, "rating:")))
    assert [each for each, _ in offered(shown)] == ["void:2", "restore:1"]
    again = await choose(stage, find(page, "rating:"), "void:1", ada)
    assert "restore:1" in again.whole, "for whoever still sees the page of before"
    await moderator.slash(stage.channel, "rater restore", user=ada)
    page = answer(await moderator.slash(stage.channel, "rater ratings", user=ada))
    assert text(page).count("taken out") == 1
    assert await value(stage, "SELECT image_id FROM votes WHERE state = 'void'") == 1


@pytest.mark.parametrize("choice", ["void", "void:", "erase:1", "void:1:2", "void:-1"])
async def test_a_forged_choice_of_a_rating_does_nothing(stage: Stage, choice: str) -> None:
    ada = await rated(stage)
    page = answer(await stage.moderator.slash(stage.channel, "rater ratings", user=ada))
    told = await choose(stage, find(page, "rating:"), choice, ada)
    assert "do not know this button" in told.whole
    assert await value(stage, "SELECT count(*) FROM void_orders") == 0


async def test_a_rating_that_is_not_there_cannot_be_taken_out(stage: Stage) -> None:
    ada = await rated(stage)
    page = answer(await stage.moderator.slash(stage.channel, "rater ratings", user=ada))
    told = await choose(stage, find(page, "rating:"), "void:77", ada)
    assert "no rating of that picture" in told.whole


async def test_a_check_says_the_six_figures(stage: Stage) -> None:
    ada = await rated(stage, pictures=5)
    checked = await stage.moderator.slash(
        stage.channel, "rater check", user=ada, minutes=10, divergence=2
    )
    assert checked.ephemeral
    said = answer(checked).content
    assert "the last 10 minutes" in said
    for line in (
        "`ratings_in_timeframe` **5**",
        "`ratings_per_minute_in_timeframe` **0.50**",
        "`ratings_past_three_hours` **5**",
        "`ratings_per_minute_for_past_three_hours` **0.03**",
        "`suspect_divergences` **0**",
        "`captchas_failed` **0**",
    ):
        assert line in said


async def test_validation_by_command_and_by_button(stage: Stage) -> None:
    ada = await rated(stage)
    moderator = stage.moderator

    async def command(name: str) -> str:
        return answer(await moderator.slash(stage.channel, f"rater {name}", user=ada)).content

    assert "is validated." in await command("validate")
    assert "was validated already" in await command("validate")
    assert await status_of(stage, ada) == "validated"
    told = text(answer(await ada.slash(stage.channel, "me")))
    assert "Moderators have validated you" in told
    card = await look(stage, ada)
    assert "**Validated** by a moderator." in text(card)
    taken = answer(await moderator.click(card, custom_id=find(card, "rater:unvalidate")))
    assert "Normal rater." in text(taken)
    assert "was not validated" in await command("unvalidate")
    again = answer(await moderator.click(taken, custom_id=find(taken, "rater:validate")))
    assert "**Validated**" in text(again)
    assert "is validated no more" in await command("unvalidate")
    assert "validated" not in text(answer(await ada.slash(stage.channel, "me")))


async def test_a_banned_rater_is_unbanned_first(stage: Stage) -> None:
    ada = await rated(stage)
    moderator = stage.moderator
    await moderator.slash(stage.channel, "rater ban", user=ada, reason="**spam**")
    said = answer(await moderator.slash(stage.channel, "rater validate", user=ada)).content
    assert "Lift the ban first" in said
    card = await look(stage, ada)
    assert "**Banned** until a moderator lifts it." in text(card)
    assert "> \\*\\*spam\\*\\*" in text(card)
    assert not any("validate" in each for each in custom_ids(card))
    assert not any(each.startswith("rater:ban:") for each in custom_ids(card))


async def test_a_ban_here_is_lifted_from_the_card_or_made_one_everywhere(stage: Stage) -> None:
    ada = await rated(stage)
    moderator = stage.moderator
    assert not any("unban" in each for each in custom_ids(await look(stage, ada)))
    await moderator.slash(stage.channel, "rater ban", user=ada, reason="spam", place="here")
    card = await look(stage, ada)
    find(card, "rater:ban:")
    said = text(answer(await moderator.click(card, custom_id=find(card, "rater:unban"))))
    assert "may rate again" in said
    assert not any("unban" in each for each in custom_ids(await look(stage, ada)))


async def test_votes_of_a_ban_that_ended_are_brought_back_from_the_card(stage: Stage) -> None:
    ada = await rated(stage)
    ban = {"user": ada, "reason": "spam", "length": "hour", "votes": "void"}
    await stage.moderator.slash(stage.channel, "rater ban", **ban)
    stage.clock.turn(3601)
    card = await look(stage, ada)
    assert "1 taken out" in text(card)
    await stage.moderator.click(card, custom_id=find(card, "rater:unban"))
    card = await look(stage, ada)
    assert "taken out" not in text(card)
    assert not any("unban" in each for each in custom_ids(card))


async def test_a_role_that_is_lost_between_opening_and_pressing_counts_no_more(
    stage: Stage,
) -> None:
    ada = await rated(stage, pictures=9)
    moderator = stage.moderator
    card = await look(stage, ada)
    page = answer(await moderator.slash(stage.channel, "rater ratings", user=ada))
    set_roles(stage, moderator)
    for shown in (card, page):
        for custom_id in custom_ids(shown):
            if custom_id.startswith("rating:"):
                refused = await moderator.select(shown, ["void:9"], custom_id=custom_id)
            else:
                refused = await moderator.click(shown, custom_id=custom_id)
            assert answer(refused).content == REFUSED
    assert await status_of(stage, ada) == "normal"


@pytest.mark.parametrize(
    "custom_id",
    ["rater:explode:1", "rater:info:9999999999999999999", "ratings:older:5:999:aesthetic:::"],
)
async def test_a_forged_button_of_a_moderator_breaks_nothing(stage: Stage, custom_id: str) -> None:
    forged = await stage.offer(custom_id)
    said = answer(await stage.moderator.click(forged, label="press me")).content
    assert "I know nothing of" in said or "do not know this button" in said


async def test_a_forged_scale_is_refused(stage: Stage) -> None:
    ada = await rated(stage)
    forged = await stage.offer("ratings:older:5:1:status_reason:::")
    said = answer(await stage.moderator.click(forged, label="press me")).content
    assert "not a score of this scale" in said
    assert str(ada.id) not in said


async def test_moderators_read_german(stage: Stage) -> None:
    ada = await rated(stage)
    await stage.moderator.slash(stage.channel, "language", language="de")
    card = await look(stage, ada)
    assert "**Bewertungen** 1 vollständig" in text(card)
    page = answer(await stage.moderator.slash(stage.channel, "rater ratings", user=ada))
    assert "Gefallen **1**" in text(page)
    check = answer(await stage.moderator.slash(stage.channel, "rater check", user=ada))
    assert "`ratings_per_minute_in_timeframe` **0,02**" in check.content


WORDS = st.text(st.sampled_from("a*_`<@\n\\Ü#"), max_size=500)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    reason=WORDS,
    rules=st.lists(st.text("abc_", min_size=1, max_size=40), unique=True, max_size=30),
    acts=st.integers(0, 30),
    key=st.text(min_size=1, max_size=400).filter(lambda key: "\0" not in key),
)
async def test_whatever_is_known_fits_a_message(
    rated_stage: tuple[Stage, MemberActor], reason: str, rules: list[str], acts: int, key: str
) -> None:
    stage, ada = rated_stage
    moment = to_microseconds(stage.clock.now())
    for query in ("DELETE FROM findings", "DELETE FROM holds", "DELETE FROM bars"):
        await write(stage, query)
    await write(stage, "UPDATE raters SET status = 'banned', status_reason = ?", reason)
    await write(stage, "UPDATE images SET key = ? || id", key.encode("utf-8", "replace").decode())
    for number, rule in enumerate(rules):
        await write(
            stage,
            "INSERT INTO findings (rater, rule, figure, votes, since) VALUES (1, ?, 1e300, 9, ?)",
            rule,
            moment,
        )
        await write(stage, "INSERT INTO holds VALUES (1, ?, ?)", rule, moment)
        await write(
            stage,
            "INSERT INTO bars VALUES (?, 1, 'manager', NULL, NULL, ?)",
            2**62 + number,
            moment,
        )
    details = json.dumps({"reason": "x" * 300})
    for _ in range(acts):
        await write(
            stage,
            "INSERT INTO audit_log (at, actor, rater, action, subject, details)"
            " VALUES (?, 'moderator', 1, 'a.b', 'rater:1', ?)",
            moment,
            details,
        )
    for message in (
        await look(stage, ada),
        answer(await stage.moderator.slash(stage.channel, "rater ratings", user=ada)),
        answer(await stage.moderator.slash(stage.channel, "audit", rater=ada)),
    ):
        found: list[dict[str, Any]] = list(components(message))
        assert len(found) <= COMPONENTS
        assert sum(len(c["content"]) for c in found if c["type"] == 10) <= CHARACTERS
        assert found


@pytest.fixture
async def rated_stage(stage: Stage) -> tuple[Stage, MemberActor]:
    return stage, await rated(stage, pictures=10)
