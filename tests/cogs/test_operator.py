"""`/export`: operators, and those who are none."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from storage import alerts
from tests.cogs.managing import actions, let_run, strangers_channel
from tests.cogs.stage import Stage, answer, score


async def rows(stage: Stage, sql: str) -> list[tuple[Any, ...]]:
    return await stage.services.database.read(lambda c: c.execute(sql).fetchall())


async def voted(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    await score(ada, post, "artifacts", 2)


async def test_an_operator_gets_the_file(stage: Stage) -> None:
    await voted(stage)
    await let_run(stage, "export", stage.operator)
    offered = await stage.operator.autocomplete(stage.channel, "export", "dataset", "sam")
    assert [each["value"] for each in offered] == ["samples"]
    done = await stage.operator.slash(stage.channel, "export", dataset="samples", format="csv")
    assert done.ephemeral
    assert "1 ratings of 1 pictures" in answer(done).content
    (file,) = answer(done).attachments
    (row,) = csv.DictReader(io.StringIO((await file.read()).decode()))
    assert row["rating"] == "7"
    entry = (await actions(stage))[0]
    assert (entry.actor, entry.action, entry.subject) == ("operator", "export", "data_set:1")


async def test_an_export_has_fresh_scores_made_first(stage: Stage) -> None:
    await voted(stage)
    await let_run(stage, "export", stage.operator)
    scores = "SELECT score, votes FROM image_scores ORDER BY scale"
    assert await rows(stage, scores) == []
    done = await stage.operator.slash(stage.channel, "export", dataset="samples")
    assert "1 ratings of 1 pictures" in answer(done).content
    (liked, flawed) = before = await rows(stage, scores)
    assert [votes for _, votes in before] == [1, 1]
    assert liked[0] > flawed[0]
    assert await stage.services.scores.is_fresh(timedelta(0))


async def test_an_export_does_without_scores_that_cannot_be_had(stage: Stage) -> None:
    await voted(stage)
    await let_run(stage, "export", stage.operator)
    await stage.services.database.write(
        lambda c: c.execute("ALTER TABLE image_scores RENAME TO away").rowcount
    )
    done = await stage.operator.slash(stage.channel, "export", dataset="samples")
    assert "1 ratings of 1 pictures" in answer(done).content
    told = await stage.services.database.read(alerts.undelivered)
    assert "scores_failed" in [alert.kind for alert in told]


async def test_nobody_else_exports(stage: Stage) -> None:
    await voted(stage)
    ada = stage.member("ada")
    for member in (ada, stage.moderator):
        await let_run(stage, "export", member)
        refused = await member.slash(stage.channel, "export", dataset="samples")
        assert answer(refused).content == "You cannot do that here."
        assert answer(refused).attachments == []
        assert await member.autocomplete(stage.channel, "export", "dataset", "") == []
    eve, channel = strangers_channel(stage)
    assert "export" not in eve.available_commands(channel)


async def test_an_unknown_data_set_is_refused(stage: Stage) -> None:
    await let_run(stage, "export", stage.operator)
    refused = await stage.operator.slash(stage.channel, "export", dataset="nothing")
    assert "no such data set" in answer(refused).content
