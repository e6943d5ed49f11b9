"""All services of the program, wired once from the settings; free of Discord.

Fields, in the order in which they are wired: settings, database, clock, random, hash_key, texts,
images, voting, sessions, posts, access, channels, moderation, reports, alerts, personal_data,
erasure, exports.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from bot.clock import Clock
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a cog may call; one instance a process."""

    settings: Settings
    clock: Clock
    random: Random
