"""Many votes at once, past the path of a press: rows as it would have left them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection

from storage import image_stages, votes
from storage.times import to_microseconds
from tests.trust.home import CHANNEL, Home

SECONDS_APART = 10


async def images(home: Home, count: int, *, target: int = 9) -> list[int]:
    """Make that many images, each with a closed public post of its own; return their ids."""
    await home.world.data_set(count, target=target)

    def unit(connection: Connection) -> list[int]:
        found = [
            image
            for (image,) in connection.execute(
                "SELECT id FROM images ORDER BY id DESC LIMIT ?", (count,)
            )
        ][::-1]
        connection.executemany(
            "INSERT INTO posts (id, image_id, surface, guild_id, channel_id, message_id, state,"
            " shown_at) VALUES (?, ?, 'public', 1000, ?, ?, 'closed', 0)",
            [(10**6 + image, image, CHANNEL, 5 * 10**6 + image) for image in found],
        )
        return found

    return await home.world.database.write(unit)


async def cast(
    home: Home,
    discord_id: int,
    image_ids: Sequence[int],
    aesthetic: Sequence[int],
    artifacts: Sequence[int] = (1,),
    *,
    until: datetime | None = None,
) -> None:
    """Have a rater vote on the images, SECONDS_APART, the last one at `until`; scores repeat."""
    number = await home.world.number(discord_id)
    last = until or home.world.clock.now()
    step = timedelta(seconds=SECONDS_APART)

    def unit(connection: Connection) -> None:
        agent = votes.client_agent_id(connection, "test")
        for place, image in enumerate(image_ids):
            at = to_microseconds(last - step * (len(image_ids) - 1 - place))
            connection.execute(
                "INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at,"
                " artifacts_at, post_id, surface, locale, client_agent_id, shown_at, created_at,"
                " changed_at, completed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'public', 'en', ?, ?, ?, ?, ?)",
                (
                    number,
                    image,
                    aesthetic[place % len(aesthetic)],
                    artifacts[place % len(artifacts)],
                    at,
                    at,
                    10**6 + image,
                    agent,
                    *(at,) * 4,
                ),
            )
            image_stages.recount(connection, image, home.world.clock.now(), timedelta(0))

    await home.world.database.write(unit)
