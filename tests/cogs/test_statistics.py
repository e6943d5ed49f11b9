"""`/stats`: what the votes say, for everybody."""

from __future__ import annotations

from io import BytesIO
from sqlite3 import Connection

import pytest
from PIL import Image

from storage import data_sets
from tests.cogs.managing import strangers_channel
from tests.cogs.stage import Stage, answer, components, score, text


@pytest.fixture
def settle_seconds() -> float:
    return 60.0  # the plots are drawn by a child process, on a busy machine not at once


async def rated(stage: Stage) -> None:
    """Have two members rate one picture."""
    await stage.add_images(1)
    await stage.set_up()
    await stage.publish()
    (post,) = stage.posts()
    for name in ("ada", "bob"):
        member = await stage.member_who_agreed(name)
        await score(member, post, "aesthetic", 8)
        await score(member, post, "artifacts", 1)


async def test_everybody_sees_the_plots_of_what_is_rated_here(stage: Stage) -> None:
    await rated(stage)
    shown = await stage.member("eva").slash(stage.channel, "stats")
    assert shown.ephemeral
    card = answer(shown)
    assert "Data sets: samples" in text(card)
    assert "votes: 2 \u00b7 images rated: 1" in text(card).replace("\u00a0", " ")
    assert "raters: Fewer than 5" in text(card)
    (picture,) = card.attachments
    assert Image.open(BytesIO(await picture.read())).format == "PNG"
    (gallery,) = [one for one in components(card) if one["type"] == 12]
    alt = gallery["items"][0]["description"]
    assert alt.startswith("Liking: votes by score. Highest is 8 (Score) with 2 (Votes).")
    assert len(alt) <= 1024


async def test_another_server_sees_what_it_was_granted_alone(stage: Stage) -> None:
    await rated(stage)
    eve, channel = strangers_channel(stage)
    refused = answer(await eve.slash(channel, "stats"))
    assert refused.content == ("No data set may be used here, so there are no statistics to show.")
    now = stage.clock.now()
    guild = eve.guild.id

    def grant(connection: Connection) -> None:
        other = data_sets.create(connection, "granted", target=2, now=now)
        data_sets.grant(connection, other.id, guild, now)

    await stage.services.database.write(grant)
    card = answer(await eve.slash(channel, "stats"))
    assert "Data sets: granted\n" in text(card)
    assert "votes: 0" in text(card)


async def test_what_cannot_be_drawn_is_said_without_places(stage: Stage) -> None:
    await rated(stage)
    (stage.folder / "exports").write_text("in the way")
    refused = answer(await stage.member("eva").slash(stage.channel, "stats"))
    assert refused.content.startswith("The statistics cannot be drawn at the moment.")
