"""`/image info`: what moderators see of an image, and where they see the picture."""

from __future__ import annotations

from tests.cogs.stage import Stage, answer, components, score, text


async def test_an_image_is_a_picture_and_its_record(stage: Stage) -> None:
    post = await stage.open_post()
    for name, value in (("ada", 7), ("bob", 9)):
        member = await stage.member_who_agreed(name)
        await score(member, post, "aesthetic", value)
        await score(member, post, "artifacts", 0)
    shown = await stage.moderator.slash(stage.channel, "image info", image=post.jump_url)
    assert shown.ephemeral
    card = answer(shown)
    said = text(card)
    assert "**samples** · `#1` · 0" in said
    assert "Has all its votes. Known to be safe." in said
    assert "> a lighthouse in a storm" in said
    assert "Votes that count: 2 of 2." in said
    assert "**Liking**: 1\u00d7 **7**, 1\u00d7 **9** (mean 8.0)" in said
    assert "**Flaws**: 2\u00d7 **0** (mean 0.0)" in said
    assert "Shown: 1 in public, 0 in private." in said
    assert post.jump_url in said
    (picture,) = [c for c in components(card) if c["type"] == 11]
    assert not picture.get("spoiler")
    assert len(card.attachments) == 1


async def test_a_hidden_picture_is_behind_a_spoiler_and_says_who_hid_it(stage: Stage) -> None:
    await stage.open_post()
    moderator = stage.moderator
    await moderator.slash(stage.channel, "image hide", image="#1")
    card = answer(await moderator.slash(stage.channel, "image info", image="#1"))
    assert "**Hidden.**" in text(card)
    (line,) = [each for each in text(card).splitlines() if "hid a picture" in each]
    assert line.endswith(f"<@{moderator.id}>: hid a picture"), "which one, the card says already"
    (picture,) = [c for c in components(card) if c["type"] == 11]
    assert picture["spoiler"] is True


async def test_an_unsafe_picture_is_shown_only_where_it_may_be_and_behind_a_spoiler(
    stage: Stage,
) -> None:
    stage.restrict(stage.channel)
    await stage.open_post(safe=False)
    office = stage.home.create_text_channel("office")
    blind = answer(await stage.moderator.slash(office, "image info", image="#1"))
    assert blind.attachments == []
    assert "cannot be shown here" in text(blind)
    assert "Not known to be safe." in text(blind)
    seen = answer(await stage.moderator.slash(stage.channel, "image info", image="#1"))
    (picture,) = [c for c in components(seen) if c["type"] == 11]
    assert picture["spoiler"] is True


async def test_an_unknown_image_is_none(stage: Stage) -> None:
    said = answer(await stage.moderator.slash(stage.channel, "image info", image="#7"))
    assert "I know no such picture" in said.content


async def test_what_importers_wrote_is_shown_as_it_is_and_fits(stage: Stage) -> None:
    await stage.open_post()
    await stage.services.database.write(
        lambda c: c.execute("UPDATE images SET prompt = ?", ("@everyone **x** \n# y" * 500,))
    )
    said = text(answer(await stage.moderator.slash(stage.channel, "image info", image="#1")))
    assert len(said) < 4000
    assert "\\@everyone \\*\\*x\\*\\*" in said


async def test_moderators_read_german(stage: Stage) -> None:
    await stage.open_post()
    await stage.moderator.slash(stage.channel, "language", language="de")
    said = text(answer(await stage.moderator.slash(stage.channel, "image info", image="#1")))
    assert "Wird gerade bewertet. Als unbedenklich bekannt." in said
    assert "Gezeigt: öffentlich 1" in said
