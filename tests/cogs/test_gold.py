"""`/image gold`, and candidates in `/rater review`."""

from __future__ import annotations

from sqlite3 import Connection

import discord
import pytest

from storage import gold_answers, gold_images, image_stages
from storage.gold_images import GoldImage
from storage.review_queue import GOLD_CANDIDATE, put
from tests.cogs.stage import NOON, Stage, answer, components, custom_ids, find, text


async def gold(stage: Stage, **options: object) -> str:
    return text(answer(await stage.moderator.slash(stage.channel, "image gold", **options)))


async def candidate(stage: Stage, *, safe: bool = True) -> int:
    """Have an image proposed; return its id."""
    (image,) = await stage.add_images(1, safe=safe)

    def unit(connection: Connection) -> None:
        ranges = {"aesthetic": (6, 10), "artifacts": (0, 1)}
        gold_images.store(connection, GoldImage(image, "proposed", ranges, None, NOON, None, None))
        for scale, score in (("aesthetic", 8.76), ("artifacts", 0.31)):
            connection.execute(
                "INSERT INTO image_scores VALUES (?, ?, ?, 0.25, 5, ?, 1, 0)",
                (image, scale, score, score),
            )
        put(connection, GOLD_CANDIDATE, image_id=image, now=NOON)

    await stage.services.database.write(unit)
    return image


async def review(stage: Stage) -> discord.Message:
    return answer(await stage.moderator.slash(stage.channel, "rater review"))


async def test_an_image_is_marked_looked_at_and_retired(stage: Stage) -> None:
    await stage.add_images(2)
    assert "is no gold image" in await gold(stage, image="0")
    marked = await gold(
        stage, image="0", aesthetic="9", artifacts="0-1", explanation="See the *light*."
    )
    assert "Picture #1 is gold. Right is: Liking 6 to 10, Flaws 0 to 1." in marked
    assert r"> See the \*light\*\." in marked
    changed = await gold(stage, image="#1", artifacts="-")
    assert "Right is: Liking 6 to 10." in changed

    def answered(connection: Connection) -> None:
        gold_answers.store(
            connection,
            1,
            1,
            {"aesthetic": 2, "artifacts": 0},
            asked=1,
            wrong=1,
            lesson=False,
            now=NOON,
        )

    await stage.services.database.write(answered)
    looked = await gold(stage, image="#1")
    assert "1 answer so far; 1 of 1 scores wrong." in looked
    listed = await gold(stage)
    assert "**samples**: 1 of 25" in listed
    assert "`#1` 0: Liking 6 to 10 (1 of 1 scores wrong)" in listed
    assert "not gold any more" in await gold(stage, image="#1", retire=True)
    assert "is no gold image" in await gold(stage, image="#1", retire=True)
    assert "**samples**: 0 of 25" in await gold(stage)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"aesthetic": "11"}, "This scale goes from 1 to 10"),
        ({"artifacts": "good"}, "This scale goes from 0 to 5"),
        ({"explanation": "why not"}, "on one scale at least"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_can(
    stage: Stage, options: dict[str, str], told: str
) -> None:
    await stage.add_images(1)
    assert told in await gold(stage, image="#1", **options)
    assert "no gold image" in await gold(stage, image="#1")


async def test_an_explanation_alone_is_added_to_what_is_gold(stage: Stage) -> None:
    await stage.add_images(1)
    await gold(stage, image="#1", aesthetic="2")
    told = await gold(stage, image="#1", explanation="Rather dull.")
    assert "Liking 1 to 5" in told
    assert r"Rather dull\." in told


async def test_gold_that_nobody_meets_says_so(stage: Stage) -> None:
    await stage.add_images(2)
    await gold(stage, image="#1", aesthetic="9")
    assert "Nobody meets it" not in await gold(stage, image="#1")
    await stage.services.database.write(lambda c: image_stages.reveal(c, 1, NOON))
    await gold(stage, image="#2", aesthetic="9")
    assert "Nobody meets it as gold: its result was shown" in await gold(stage, image="#1")
    listed = await gold(stage)
    assert "**samples**: 1 of 25" in listed
    assert "`#1` 0: Liking 6 to 10 (not met: result shown, or out of sight)" in listed


async def test_it_says_why_nothing_can_be_proposed(stage: Stage) -> None:
    """Where every closed image was posted: not before one is closed, nor once one was not shown."""
    why = "none of **samples**: every picture there that has all its ratings was posted"
    first, second = await stage.add_images(2)
    assert why not in await gold(stage)

    async def close(image: int) -> None:
        await stage.services.database.write(
            lambda c: c.execute("UPDATE images SET stage = 'full' WHERE id = ?", (image,)).rowcount
        )

    await close(first)
    assert why not in await gold(stage), "it can be proposed"
    await stage.services.database.write(lambda c: image_stages.reveal(c, first, NOON))
    assert why in await gold(stage)
    await close(second)
    assert why not in await gold(stage)


async def test_images_are_offered_and_the_list_fits_a_message(stage: Stage) -> None:
    numbers = await stage.add_images(25)
    for number in numbers:
        await gold(stage, image=f"#{number}", aesthetic="9", artifacts="0")
    shown = answer(await stage.moderator.slash(stage.channel, "image gold"))
    assert "**samples**: 25 of 25" in text(shown)
    assert len(text(shown)) <= 4000
    offered = await stage.moderator.autocomplete(stage.channel, "image gold", "image", "2")
    assert {choice["value"] for choice in offered} >= {"#3"}


async def test_a_candidate_is_shown_with_its_scores_and_becomes_gold(stage: Stage) -> None:
    first, second = await candidate(stage), await candidate(stage)
    shown = await review(stage)
    assert "Candidate for gold" in text(shown)
    assert "Liking: **8.76** ± 0.25, by 5 votes" in text(shown)
    assert "As gold, right would be: **Liking 6 to 10, Flaws 0 to 1**." in text(shown)
    assert "0 of 25 gold images" in text(shown)
    assert len(shown.attachments) == 1
    (gallery,) = [c for c in components(shown) if c["type"] == 12]
    assert [item["spoiler"] for item in gallery["items"]] == [False]
    following = answer(
        await stage.moderator.click(shown, custom_id=find(shown, "review:gold_accept:"))
    )
    assert "1 of 25 gold images" in text(following)
    end = answer(
        await stage.moderator.click(following, custom_id=find(following, "review:gold_refuse:"))
    )
    assert custom_ids(end) == []
    states = await stage.services.database.read(
        lambda c: [gold_images.find(c, number) for number in (first, second)]
    )
    assert [each.state for each in states if each is not None] == ["accepted", "refused"]


async def test_an_unsafe_candidate_hides_behind_a_spoiler_or_stays_away(stage: Stage) -> None:
    await candidate(stage, safe=False)
    assert (await review(stage)).attachments == []
    stage.restrict(stage.channel)
    shown = await review(stage)
    (gallery,) = [c for c in components(shown) if c["type"] == 12]
    assert [item["spoiler"] for item in gallery["items"]] == [True]


async def test_gold_is_marked_in_german(stage: Stage) -> None:
    await candidate(stage)
    await stage.moderator.slash(stage.channel, "language", language="de")
    assert "Vorschlag für ein Goldbild" in text(await review(stage))
    marked = await gold(stage, image="#1", aesthetic="9")
    assert "Bild #1 ist ein Goldbild. Richtig ist: Gefallen 6 bis 10" in marked
    assert "1 von 25" in await gold(stage)
