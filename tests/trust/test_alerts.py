from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.services import build_services
from bot.trust.alerts import WINDOW, AlertService, AlertsUndeliverableError
from storage import servers
from storage.alerts import undelivered
from tests.rating.world import HOME
from tests.trust.home import Home


@dataclass
class Board:
    """A channel that keeps messages; `missing` refuses everything."""

    messages: dict[int, str] = field(default_factory=dict)
    writes: int = 0
    missing: bool = False
    refused: str = "\0"
    posted: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, text: str) -> int:
        self._write()
        if self.refused in text:
            raise AlertsUndeliverableError("too long, or whatever it has against it")
        number = 100 + self.writes
        self.messages[number] = text
        self.posted.set()
        return number

    async def edit(self, message_id: int, text: str) -> bool:
        self._write()
        if message_id not in self.messages:
            return False
        self.messages[message_id] = text
        return True

    def _write(self) -> None:
        self.writes += 1
        if self.missing:
            raise AlertsUndeliverableError("no such channel")


@pytest.fixture
def board(home: Home) -> Board:
    made = Board()
    home.services.alerts.connect(made)
    return made


@pytest.fixture
def alerts(home: Home) -> AlertService:
    return home.services.alerts


async def test_a_flood_of_one_kind_is_one_message_and_one_edit(
    alerts: AlertService, board: Board
) -> None:
    await alerts.notice("image_reported", image=1)
    await alerts.settle()
    for number in range(2, 500):
        await alerts.notice("image_reported", image=number)
    await alerts.settle()
    (text,) = board.messages.values()
    assert "#499" in text
    assert "**499**" in text
    assert board.writes == 2


async def test_another_kind_is_another_message(alerts: AlertService, board: Board) -> None:
    await alerts.notice("image_reported", image=1)
    await alerts.notice("image_hidden", image=1)
    await alerts.settle()
    assert len(board.messages) == 2
    assert not any("**" in text for text in board.messages.values())


async def test_nothing_new_writes_nothing(alerts: AlertService, board: Board) -> None:
    await alerts.notice("incident", incident="abcd")
    await alerts.settle()
    await alerts.settle()
    assert board.writes == 1


async def test_after_an_hour_a_kind_begins_anew(
    home: Home, alerts: AlertService, board: Board
) -> None:
    await alerts.notice("image_reported", image=1)
    await alerts.settle()
    home.world.clock.turn(WINDOW.total_seconds())
    await alerts.notice("image_reported", image=2)
    await alerts.settle()
    assert len(board.messages) == 2


async def test_an_alert_of_a_clock_that_was_ahead_silences_no_other(
    home: Home, alerts: AlertService, board: Board
) -> None:
    home.world.clock.turn(86_400)
    await alerts.notice("image_reported", image=1)
    await alerts.settle()
    board.missing = True
    await alerts.notice("incident", incident="abcd")
    await alerts.settle()
    board.missing = False
    home.world.clock.turn(-86_400)
    await alerts.notice("image_reported", image=2)
    await alerts.settle()
    ahead, now, incident = board.messages.values()
    assert ("#1" in ahead, "abcd" in incident, "#2" in now) == (True, True, True)
    await alerts.notice("image_reported", image=3)
    await alerts.settle()
    assert len(board.messages) == 3, "from then on it is folded as ever"


async def test_what_was_not_delivered_within_an_hour_is_told_with_what_comes_then(
    home: Home, alerts: AlertService, board: Board
) -> None:
    board.missing = True
    for image in (1, 2):
        await alerts.notice("image_reported", image=image)
        await alerts.settle()
    home.world.clock.turn(2 * WINDOW.total_seconds())
    board.missing = False
    await alerts.notice("image_reported", image=3)
    await alerts.settle()
    (text,) = board.messages.values()
    assert "**3**" in text
    assert "#3" in text
    await alerts.notice("image_reported", image=4)
    await alerts.settle()
    assert len(board.messages) == 2


async def test_an_old_message_is_not_edited_for_what_was_not_delivered(
    home: Home, alerts: AlertService, board: Board
) -> None:
    """Discord caps edits of messages that are older than an hour."""
    await alerts.notice("image_reported", image=1)
    await alerts.settle()
    board.missing = True
    await alerts.notice("image_reported", image=2)
    await alerts.settle()
    home.world.clock.turn(WINDOW.total_seconds())
    board.missing = False
    await alerts.notice("image_reported", image=3)
    await alerts.settle()
    first, second = board.messages.values()
    assert "#1" in first
    assert "#3" in second
    assert "**3**" in second


async def test_a_deleted_message_is_sent_again(alerts: AlertService, board: Board) -> None:
    await alerts.notice("image_reported", image=1)
    await alerts.settle()
    board.messages.clear()
    await alerts.notice("image_reported", image=2)
    await alerts.settle()
    (text,) = board.messages.values()
    assert "**2**" in text


async def test_a_missing_channel_is_tried_once_an_alert_and_hurts_nobody(
    alerts: AlertService, board: Board
) -> None:
    board.missing = True
    await alerts.notice("image_reported", image=1)
    await alerts.settle()
    assert board.writes == 1
    board.missing = False
    await alerts.notice("image_hidden", image=1)
    await alerts.settle()
    assert len(board.messages) == 2


async def test_an_alert_outlives_a_restart(home: Home) -> None:
    await home.services.alerts.notice("image_reported", image=1)
    world = home.world
    again = build_services(world.settings, world.database, world.clock, world.random)
    board = Board()
    again.alerts.connect(board)
    await again.alerts.settle()
    assert len(board.messages) == 1
    await again.images.close()


async def test_an_alert_never_raises_into_its_caller(home: Home) -> None:
    await home.world.database.close()
    await home.services.alerts.notice("incident", incident="abcd")
    await home.services.alerts.settle()


async def test_an_alert_without_words_holds_nothing_up_and_is_not_tried_again(
    home: Home, alerts: AlertService, board: Board
) -> None:
    await alerts.notice("no_such_kind", image=1)
    await alerts.notice("image_reported", wrong="placeholder")
    await alerts.notice("image_hidden", image=1)
    loop = asyncio.create_task(alerts.run())
    await board.posted.wait()
    board.posted.clear()
    await alerts.notice("incident", incident="abcd")
    await board.posted.wait()
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
    assert len(board.messages) == 2
    waiting = {alert.kind for alert in await home.world.database.read(undelivered)}
    assert waiting <= {"incident"}


async def test_what_one_kind_is_refused_does_not_hold_up_the_others(
    alerts: AlertService, board: Board
) -> None:
    board.refused = "reported"
    await alerts.notice("image_reported", image=1)
    await alerts.notice("image_hidden", image=1)
    await alerts.settle()
    assert len(board.messages) == 1


async def test_the_loop_delivers_what_comes(alerts: AlertService, board: Board) -> None:
    loop = asyncio.create_task(alerts.run())
    await alerts.notice("image_reported", image=1)
    await board.posted.wait()
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


async def test_alerts_speak_the_home_servers_language(
    home: Home, alerts: AlertService, board: Board
) -> None:
    now = home.world.clock.now()
    await home.world.database.write(lambda c: servers.set_locale(c, HOME, "de", now))
    await alerts.notice("image_reported", image=1)
    await alerts.settle()
    (text,) = board.messages.values()
    assert "wurde gemeldet" in text


async def test_moderators_have_a_channel_of_their_own(alerts: AlertService) -> None:
    operators, moderators = Board(), Board()
    alerts.connect(operators, moderators)
    await alerts.notice("image_reported", image=1)
    await alerts.notice("incident", incident="abcd")
    await alerts.settle()
    assert ["#1" in text for text in moderators.messages.values()] == [True]
    assert ["abcd" in text for text in operators.messages.values()] == [True]


async def test_what_has_no_channel_waits_for_one(alerts: AlertService, home: Home) -> None:
    moderators = Board()
    alerts.connect(None, moderators)
    await alerts.notice("incident", incident="abcd")
    await alerts.notice("rater_suspect", rater=3, rule="too_fast")
    await alerts.settle()
    assert len(moderators.messages) == 1
    waiting = await home.world.database.read(undelivered)
    assert [alert.kind for alert in waiting] == ["incident"]
    operators = Board()
    alerts.connect(operators, moderators)
    await alerts.settle()
    assert len(operators.messages) == 1
    assert len(moderators.messages) == 1


async def test_one_channel_that_refuses_does_not_keep_alerts_from_the_other(
    alerts: AlertService,
) -> None:
    operators, moderators = Board(missing=True), Board()
    alerts.connect(operators, moderators)
    await alerts.notice("incident", incident="abcd")
    await alerts.notice("appeal_opened")
    await alerts.settle()
    assert len(moderators.messages) == 1
