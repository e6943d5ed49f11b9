"""Who in the demo has an account at the Horde, and what the bot paid them there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from bot.clock import Clock
from bot.demo.horde.accounts import Account
from bot.demo.horde.server import HordeStandIn
from bot.demo.horde.transfers import Transfer
from bot.demo.personas import NAMES

BOT = 1
VISITOR = 2
CROWD = 11
"""The account of the first of the crowd; the others follow."""
BOT_KEY = "demo-key-of-the-bot-00"
VISITOR_KEY = "demo-key-of-robin-0000"
FUNDS = 10_000
MEMBERS = 8
VERIFIED = 4
"""So many of the crowd have accounts. The first of them prove theirs, the others only name it."""
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Payments:
    """What the bot paid: kudos, in how many payouts, and the last of them, the newest first."""

    kudos: int
    payouts: int
    last: tuple[tuple[str, Transfer], ...]


class HordePeople:
    """The stand-in with the demo's accounts. `kept` is where what moved is written down.

    What an earlier time wrote there has moved already: a bot that goes on with its ledger finds the
    balances and the keys that belong to it.
    """

    def __init__(self, kept: Path, clock: Clock) -> None:
        self._kept = kept
        self.of_crowd = {name: _member(index, name) for index, name in enumerate(NAMES[:MEMBERS])}
        bot = Account(BOT, "horde-jury", BOT_KEY, kudos=FUNDS)
        robin = Account(
            VISITOR, "robin", VISITOR_KEY, kudos=250, account_age=90 * DAY, requests=412
        )
        self.stand_in = HordeStandIn([bot, robin, *self.of_crowd.values()], clock)
        self.stand_in.transfers.replay(_read(kept))
        self.stand_in.transfers.on_paid = self._write

    def proves(self, account: Account) -> bool:
        """Tell whether its owner proves the account; others only name theirs."""
        return account.number < CROWD + VERIFIED

    def payments(self, shown: int) -> Payments:
        """Return what the bot paid, with the last `shown` payouts."""
        paid = [each for each in self.stand_in.paid if each.sender == BOT]
        return Payments(
            kudos=sum(each.amount for each in paid),
            payouts=len(paid),
            last=tuple(
                (self.stand_in.accounts[each.payee].alias, each)
                for each in reversed(paid[len(paid) - min(shown, len(paid)) :])
            ),
        )

    def _write(self, transfer: Transfer) -> None:
        with self._kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(transfer), default=datetime.isoformat) + "\n")


def _member(index: int, name: str) -> Account:
    history = Random(name)  # noqa: S311 - play
    return Account(
        CROWD + index,
        name,
        f"demo-key-of-{name}".ljust(22, "0")[:22],
        kudos=history.randrange(20, 5000),
        account_age=history.randrange(10 * DAY, 900 * DAY),
        requests=history.randrange(0, 3000),
        marks={"trusted"} if index == 0 else set(),
    )


def _read(kept: Path) -> list[Transfer]:
    if not kept.exists():
        return []
    lines = map(json.loads, kept.read_text("utf-8").splitlines())
    return [Transfer(**(line | {"at": datetime.fromisoformat(line["at"])})) for line in lines]
