"""The list of erasures beside the database, which outlives a restored backup."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from storage.bars import Bar, PlacedBy
from storage.durable import append_line
from storage.errors import StorageError


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is kept of an erased rater: a keyed hash of the Discord id, when, and whether banned.

    `horde_hash` is that of the Horde account that they had proved to be theirs, if any. `held`:
    the program held their kudos, or nobody knows who did, for earlier versions did not say;
    `held_by_operators`: by a hold that they alone lift. `banned_until` ends the ban by itself.
    `bars`: the servers from which they were barred. `captcha_fails`: captchas failed in a row; none
    is offered before `captcha_not_before`.
    """

    discord_hash: str
    erased_at: datetime
    banned: bool
    horde_hash: str | None = None
    held: bool = False
    held_by_operators: bool = False
    banned_until: datetime | None = None
    bars: tuple[Bar, ...] = ()
    captcha_fails: int = 0
    captcha_not_before: datetime | None = None

    def banned_at(self, moment: datetime) -> bool:
        """Tell whether the person may not rate at this moment."""
        return self.banned and (self.banned_until is None or moment < self.banned_until)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line; raises ValueError, KeyError or TypeError for one that is damaged."""
        fields = json.loads(line)
        return cls(
            str(fields["hash"]),
            datetime.fromisoformat(fields["at"]),
            bool(fields["banned"]),
            str(fields["horde"]) if "horde" in fields else None,
            held=bool(fields.get("held", False)),
            held_by_operators=bool(fields.get("held_by_operators", False)),
            banned_until=_moment(fields.get("until")),
            bars=tuple(_bar(bar) for bar in fields.get("bars", ())),
            captcha_fails=int(fields.get("captcha_fails", 0)),
            captcha_not_before=_moment(fields.get("captcha_not_before")),
        )

    def line(self) -> str:
        """Return the line that `parse` reads."""
        fields: dict[str, object] = {
            "hash": self.discord_hash,
            "at": self.erased_at.isoformat(),
            "banned": self.banned,
        }
        if self.horde_hash is not None:
            fields["horde"] = self.horde_hash
        if self.held:
            fields["held"] = True
        if self.held_by_operators:
            fields["held_by_operators"] = True
        if self.banned_until is not None:
            fields["until"] = self.banned_until.isoformat()
        if self.bars:
            fields["bars"] = [
                {
                    "server": bar.guild_id,
                    "by": bar.placed_by,
                    "until": None if bar.until is None else bar.until.isoformat(),
                }
                for bar in self.bars
            ]
        if self.captcha_fails:
            fields["captcha_fails"] = self.captcha_fails
        if self.captcha_not_before is not None:
            fields["captcha_not_before"] = self.captcha_not_before.isoformat()
        return json.dumps(fields)


class ErasureFile:
    """Append-only; each line is written whole and is durable when `append` returns."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.name}.erasures")

    def append(self, erasure: Erasure) -> None:
        """Add a line. Raises OSError; a part of the line may then be there, and spoils no other."""
        append_line(self.path, erasure.line())

    def read(self) -> dict[str, Erasure]:
        """Return the last line of each hash; a line cut short by a crash is passed over.

        Raises StorageError for a file that cannot be read or is no text.
        """
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise StorageError(
                f"the list of erasures {self.path} cannot be read: {reason}"
            ) from error
        erasures = {}
        for line in lines:
            try:
                erasure = Erasure.parse(line)
            except (ValueError, KeyError, TypeError):
                continue
            erasures[erasure.discord_hash] = erasure
        return erasures


def _bar(fields: dict[str, Any]) -> Bar:
    by: PlacedBy = "moderator" if fields["by"] == "moderator" else "manager"
    return Bar(int(fields["server"]), by, _moment(fields["until"]))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
