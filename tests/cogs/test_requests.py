"""Request bodies against Discord's own API description."""

from __future__ import annotations

import pytest
from simcord import HttpLogEntry

from tests.cogs.openapi import ApiDescription
from tests.cogs.stage import Stage, answer, find, score


@pytest.fixture
def described(api_description: ApiDescription | None) -> ApiDescription:
    if api_description is None:
        pytest.skip("Discord's API description does not lie beside the repository")
    return api_description


def request(method: str, path: str, body: object) -> HttpLogEntry:
    return HttpLogEntry(method=method, path=path, params={}, json=body, reason=None)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/channels/1/messages", {"components": [{"type": 2, "style": 1}]}),
        ("POST", "/channels/1/messages", {"attachments": [{"id": 0, "filename": "a"}]}),
        ("POST", "/interactions/1/token/callback", {"type": 4, "data": {"content": "x" * 4001}}),
        ("POST", "/no/such/path", {}),
        ("GET", "/channels/1/messages", {}),
    ],
)
def test_wrong_bodies_are_noticed(
    described: ApiDescription, method: str, path: str, body: object
) -> None:
    assert described.fault(request(method, path, body)) is not None


async def test_a_whole_life_of_a_post_sends_described_bodies(
    described: ApiDescription, stage: Stage
) -> None:
    post = await stage.open_post()
    await stage.add_images(2)
    ada, bob = stage.member("ada"), await stage.member_who_agreed("bob")
    asked = answer(await score(ada, post, "aesthetic", 7))
    await ada.click(asked, custom_id=find(asked, "agree:"))
    receipt = answer(await score(ada, post, "artifacts", 2))
    undone = answer(await ada.click(receipt, custom_id="undo:1"))
    await ada.click(undone, custom_id="keep:1")
    shown = answer(await ada.click(receipt, custom_id="more:1"))
    half = answer(await score(ada, shown, "aesthetic", 1))
    await ada.select(half, ["not_loading"], custom_id=find(half, "skip:"))
    await bob.submit_modal(await bob.click(post, custom_id="report:1"), {"reason": "why not"})
    for scale in ("aesthetic", "artifacts"):
        await score(bob, post, scale, 3)
    await stage.publish(turn=60)
    bodies = [r for r in stage.env.http_requests if r.json is not None]
    assert len(bodies) > 10
    assert described.faults(bodies) == []
