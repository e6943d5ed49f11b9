"""Alerts in their channel."""

from __future__ import annotations

import pytest
from simcord import ChannelHandle

from cogs.alerts import DiscordAlerts
from tests.cogs.stage import Stage, score
from tests.cogs.test_moderation import report

ALERTS = 1_000_000_000_000_000_777


@pytest.fixture
def settings_changes() -> dict[str, object]:
    return {"alert_channel_id": ALERTS, "moderator_channel_id": ALERTS + 1}


async def test_the_settings_say_which_channel_is_whose(stage: Stage) -> None:
    for channel_id in (ALERTS, ALERTS + 1):
        stage.home.create_text_channel(f"channel-{channel_id}")
    await stage.services.alerts.notice("appeal_opened")
    await stage.services.alerts.notice("incident", incident="abcd")
    before = len(stage.env.http_requests)
    await stage.services.alerts.settle()
    tried = {r.path.split("/")[2] for r in stage.env.http_requests[before:]}
    assert tried == {str(ALERTS), str(ALERTS + 1)}


@pytest.fixture
def alerts(stage: Stage) -> ChannelHandle:
    """The channel of the setting, which the simulation made under another id."""
    channel = stage.home.create_text_channel("alerts")
    stage.services.alerts.connect(DiscordAlerts(stage.bot, channel.id))
    return channel


async def test_reports_are_one_message_with_a_count(stage: Stage, alerts: ChannelHandle) -> None:
    post = await stage.open_post()
    await report(stage, "a", post)
    await stage.services.alerts.settle()
    await report(stage, "b", post)
    await stage.services.alerts.settle()
    (message,) = alerts.history()
    assert "Picture #1 was reported" in message.content
    assert "**2** of this kind" in message.content
    await report(stage, "c", post)
    await stage.services.alerts.settle()
    assert "is hidden" in alerts.history()[-1].content
    assert len(alerts.history()) == 2


async def test_a_deleted_alert_is_posted_anew(stage: Stage, alerts: ChannelHandle) -> None:
    post = await stage.open_post()
    await report(stage, "a", post)
    await stage.services.alerts.settle()
    await alerts.history()[0].delete()
    await report(stage, "b", post)
    await stage.services.alerts.settle()
    (message,) = alerts.history()
    assert "**2** of this kind" in message.content


async def test_a_missing_channel_hurts_nobody(stage: Stage) -> None:
    post = await stage.open_post()
    await report(stage, "a", post)
    before = len(stage.env.http_requests)
    await stage.services.alerts.settle()
    assert len(stage.env.http_requests) == before + 1
    await report(stage, "b", post)


async def test_an_incident_is_an_alert(stage: Stage, alerts: ChannelHandle) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    stage.env.inject_error("POST", "/interactions/*/*/callback", status=500)
    await score(ada, post, "aesthetic", 3)
    stage.env.errors.clear()
    await stage.services.alerts.settle()
    assert "Something went wrong" in alerts.history()[-1].content
