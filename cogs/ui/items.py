"""The one base of every button and select that answers presses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from cogs.ui.edge import Exchange


class JuryItem:
    """A component that is known by its custom_id alone, so that it survives every restart.

    A subclass names its template and says in `press` what a press does. Errors, language,
    counting and draining are the edge's; `groups` are the named parts of the custom_id,
    `choices` what was chosen in a select.

    Not a DynamicItem: discord.py would first rebuild every component of the pressed message,
    which takes longer than all else that a press needs, and drops a press that it cannot place.
    """

    template: ClassVar[re.Pattern[str]]

    def __init_subclass__(cls, *, template: str) -> None:
        cls.template = re.compile(template)

    def __init__(self, groups: Mapping[str, str], choices: Sequence[str]) -> None:
        self.groups = groups
        self.choices = choices

    async def press(self, exchange: Exchange) -> None:
        """Do what the component is for, and answer."""
        raise NotImplementedError

    @property
    def post_id(self) -> int:
        """The post that the custom_id names."""
        return int(self.groups["post"])


def find_item(items: Sequence[type[JuryItem]], data: Mapping[str, Any]) -> JuryItem | None:
    """Return what the data of a press names; None for a custom_id that no template knows."""
    for item in items:
        match = item.template.fullmatch(data["custom_id"])
        if match is not None:
            return item(match.groupdict(), data.get("values", ()))
    return None
