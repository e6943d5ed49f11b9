"""The audit log as moderators page through it."""

from __future__ import annotations

import pytest

from bot.errors import NotAllowedError
from bot.trust.auditing import PAGE, AuditPage
from bot.trust.people import number_in
from storage.audit import Filter
from tests.trust.home import MODERATOR, Home, caller


async def hide_and_restore(home: Home, times: int) -> int:
    image = (await home.world.image(await home.post())).id
    for _ in range(times):
        await home.services.moderation.hide(home.moderator, image)
        await home.services.moderation.restore(home.moderator, image)
    return image


async def walk_down(home: Home, wanted: Filter) -> list[AuditPage]:
    pages = [await home.services.auditing.page(home.moderator, wanted)]
    while pages[-1].older is not None:
        pages.append(
            await home.services.auditing.page(home.moderator, wanted, before=pages[-1].older)
        )
    return pages


async def test_pages_lead_down_and_back(home: Home) -> None:
    image = await hide_and_restore(home, PAGE + 2)
    pages = await walk_down(home, Filter(image=image))
    assert [len(page.entries) for page in pages] == [PAGE, PAGE, 4]
    entries = [entry for page in pages for entry in page.entries]
    assert entries == await home.log()
    middle = await home.services.auditing.page(
        home.moderator, Filter(image=image), after=pages[2].newer
    )
    assert middle.entries == pages[1].entries
    last = await home.services.auditing.page(
        home.moderator, Filter(image=image), before=middle.older
    )
    assert last.entries == pages[2].entries
    first = await home.services.auditing.page(
        home.moderator, Filter(image=image), after=middle.newer
    )
    assert first.entries == pages[0].entries
    assert first.newer is None


async def test_numbers_lead_to_people_until_they_erase_themselves(home: Home) -> None:
    await home.raters(1)
    number = await home.world.number(1)
    await home.services.bans.ban(home.moderator, 1, "spam")
    moderator = await home.world.number(MODERATOR)
    page = await home.services.auditing.page(home.moderator, Filter(rater=number))
    assert page.people == {number: 1, moderator: MODERATOR}
    await home.services.erasure.erase(caller(1))
    page = await home.services.auditing.page(home.moderator, Filter(action="rater.ban"))
    assert page.people == {moderator: MODERATOR}
    assert [entry.subject for entry in page.entries] == [f"rater:{number}"]


async def test_an_empty_page_has_no_ways_on(home: Home) -> None:
    page = await home.services.auditing.page(home.moderator, Filter(actor="operator"))
    assert (page.entries, page.people, page.older, page.newer) == ((), {}, None, None)


async def test_only_moderators_read_the_log(home: Home) -> None:
    await home.raters(1)
    for nobody in (caller(1), caller(MODERATOR), home.manager):
        with pytest.raises(NotAllowedError):
            await home.services.auditing.page(nobody, Filter())
    assert set(await home.actions()) == {"refused:audit"}


def test_a_subject_names_a_rater_or_none() -> None:
    assert number_in("rater:7") == 7
    for other in ("", "rater:", "rater:x", "image:7", "erased:ab12", "rater:7 ", "xrater:7"):
        assert number_in(other) is None
