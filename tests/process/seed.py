"""What an operator would have done before `jury run`: images, and a started channel."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from storage import channels, data_sets, images, sources
from storage.connections import connect
from storage.images import NewImage
from storage.migrations import upgrade


def draw(folder: Path, count: int) -> list[Path]:
    """Write `count` small pictures of different colours."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"picture-{number}.png"
        Image.new("RGB", (48, 48), (number * 37 % 256, number * 91 % 256, 80)).save(path)
        paths.append(path)
    return paths


def seed(
    database: Path,
    pictures: Path,
    *,
    guild_id: int,
    channel_ids: Sequence[int],
    count: int = 6,
    target: int = 2,
    open_posts: int = 1,
    name: str = "drawn",
) -> None:
    """Make a data set of drawn pictures, and channels that show them."""
    upgrade(database)
    now = datetime.now(UTC)
    with closing(connect(database)) as connection:
        connection.execute("BEGIN")
        data_set = data_sets.create(connection, name, target=target, now=now)
        source = sources.create(connection, data_set.id, "folder", str(pictures))
        images.insert_new(
            connection,
            [
                NewImage(
                    data_set.id,
                    path.stem,
                    source.id,
                    path.name,
                    safe=True,
                    random_key=number << 30,
                    prompt="a square",
                    width=48,
                    height=48,
                )
                for number, path in enumerate(draw(pictures, count))
            ],
            now,
        )
        for channel_id in channel_ids:
            channels.set_up(
                connection,
                channel_id=channel_id,
                guild_id=guild_id,
                data_set_id=data_set.id,
                open_posts=open_posts,
                safe_only=True,
                now=now,
            )
            channels.set_started(connection, channel_id, started=True)
        connection.execute("COMMIT")
