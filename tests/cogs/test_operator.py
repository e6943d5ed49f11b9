"""`/export`: operators, and those who are none."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from bot.datasets.exports.catalogue import FORMATS
from tests.cogs.managing import actions, let_run, strangers_channel
from tests.cogs.stage import Stage, answer, score


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
    done = await stage.operator.slash(stage.channel, "export", dataset="samples", file="csv")
    assert done.ephemeral
    assert "rows: 1, pictures: 1." in answer(done).content
    (file,) = answer(done).attachments
    (row,) = csv.DictReader(io.StringIO((await file.read()).decode()))
    assert row["rating"] == "7"
    entry = (await actions(stage))[0]
    assert (entry.actor, entry.action, entry.subject) == ("operator", "export", "data_set:1")
    assert entry.details == {"format": "horde"}


async def test_formats_and_what_of_the_votes_is_wanted(stage: Stage) -> None:
    await voted(stage)
    await let_run(stage, "export", stage.operator)
    offered = await stage.operator.autocomplete(stage.channel, "export", "format", "")
    assert [each["value"] for each in offered] == list(FORMATS)
    wanted = {"dataset": "samples", "format": "votes", "since": "1d", "surface": "public"}
    done = await stage.operator.slash(stage.channel, "export", **wanted, images="any")
    (file,) = answer(done).attachments
    frame = pd.read_parquet(io.BytesIO(await file.read()))
    assert list(zip(frame["aesthetic"], frame["surface"], strict=True)) == [(7, "public")]
    for other in (
        {"surface": "private"},
        {"raters": "validated"},
        {"linked_only": True},
        {"minimum_votes": 2},
    ):
        done = await stage.operator.slash(stage.channel, "export", **{**wanted, **other})
        assert "rows: 0, pictures: 0." in answer(done).content


async def test_scores_are_made_before_they_are_exported(stage: Stage) -> None:
    await voted(stage)
    await let_run(stage, "export", stage.operator)
    done = await stage.operator.slash(
        stage.channel, "export", dataset="samples", format="scores", file="jsonl"
    )
    assert "rows: 2, pictures: 1." in answer(done).content


async def test_a_folder_is_told_by_its_place(stage: Stage) -> None:
    await voted(stage)
    await let_run(stage, "export", stage.operator)
    done = await stage.operator.slash(stage.channel, "export", dataset="samples", format="prepared")
    assert "samples_prepared`" in answer(done).content
    assert answer(done).attachments == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "nothing"}, "There is no format `nothing`. Choose"),
        ({"format": "prepared", "file": "csv"}, "csv is no type of this format"),
        ({"since": "never"}, "3d"),
        ({"since": "1h", "until": "2h"}, "not after its beginning"),
    ],
)
async def test_what_cannot_be_exported_is_said(
    stage: Stage, options: dict[str, str], said: str
) -> None:
    await voted(stage)
    await let_run(stage, "export", stage.operator)
    refused = await stage.operator.slash(stage.channel, "export", dataset="samples", **options)
    assert said in answer(refused).content
    assert answer(refused).attachments == []


async def test_nobody_else_exports(stage: Stage) -> None:
    await voted(stage)
    ada = stage.member("ada")
    for member in (ada, stage.moderator):
        await let_run(stage, "export", member)
        refused = await member.slash(stage.channel, "export", dataset="samples")
        assert answer(refused).content == "You cannot do that here."
        assert answer(refused).attachments == []
        for option in ("dataset", "format"):
            assert await member.autocomplete(stage.channel, "export", option, "") == []
    eve, channel = strangers_channel(stage)
    assert "export" not in eve.available_commands(channel)


async def test_an_unknown_data_set_is_refused(stage: Stage) -> None:
    await let_run(stage, "export", stage.operator)
    refused = await stage.operator.slash(stage.channel, "export", dataset="nothing")
    assert "no such data set" in answer(refused).content
