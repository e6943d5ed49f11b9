"""What the online rules have still to read: the history of votes, and images that closed.

How far the history is read, and how many answers were compared so far, is remembered in the unit
that used it, so that nothing is counted twice or never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any, Final

from storage import remembered
from storage.gold_answers import COUNTS
from storage.vote_history import Action
from storage.votes import SCALES, Surface

_PROGRESS: Final = "rules.progress"


@dataclass(frozen=True, slots=True)
class Progress:
    """The last entry of the history that was read, and how many answers were compared."""

    entry: int = 0
    compared: int = 0


@dataclass(frozen=True, slots=True)
class Pressed:
    """An entry of the history, with the vote as it is now; times in microseconds.

    `scored_at` has the scales whose scores the vote has. Without a vote (erased) it is empty and
    `created_at` None.
    """

    id: int
    rater: int
    image_id: int
    action: Action
    scores: Mapping[str, int]
    at: int
    scored_at: Mapping[str, int]
    created_at: int | None
    shown_at: int
    surface: Surface
    gold: bool


@dataclass(frozen=True, slots=True)
class ImageAnswer:
    """A vote on a closed image; `counts` as of `storage.image_stages.COUNTS`.

    `known` is what the estimator of scores said of the rater last, where it knows them: bias in
    points and the weight of a vote, by scale.
    """

    rater: int
    scores: Mapping[str, int]
    counts: bool
    compared: bool
    known: Mapping[str, tuple[float, float]]


def progress(connection: Connection) -> Progress:
    """Return how far everything is."""
    kept = remembered.recall(connection, _PROGRESS)
    return Progress() if kept is None else Progress(*map(int, kept.split()))


def set_progress(connection: Connection, reached: Progress) -> None:
    """Note how far everything is."""
    remembered.remember(connection, _PROGRESS, f"{reached.entry} {reached.compared}")


def waits(connection: Connection) -> bool:
    """Tell whether anything is still to be read."""
    (last,) = connection.execute("SELECT max(id) FROM vote_history").fetchone()
    return (last or 0) > progress(connection).entry or bool(closed_images(connection, 1))


def entries(connection: Connection, after: int, limit: int) -> list[Pressed]:
    """Return the next entries of the history, the oldest first."""
    return [_pressed(row) for row in connection.execute(_ENTRIES, (after, limit))]


def scores_before(connection: Connection, entry: Pressed) -> Mapping[str, int]:
    """Return the scores of the vote before an entry; none where it is the first one.

    Looks back until the vote's last entry: for a vote that has one.
    """
    row = connection.execute(_BEFORE, (entry.rater, entry.id, entry.image_id)).fetchone()
    return {} if row is None else _given(row)


def closed_images(connection: Connection, limit: int) -> list[int]:
    """Return images that closed and have votes which were not compared."""
    rows = connection.execute("SELECT image_id FROM closed_images LIMIT ?", (limit,))
    return [image_id for (image_id,) in rows]


def settle_image(connection: Connection, image_id: int) -> None:
    """Note that all votes of the image were compared."""
    connection.execute("DELETE FROM closed_images WHERE image_id = ?", (image_id,))


def answers(connection: Connection, image_id: int) -> list[ImageAnswer]:
    """Return the votes on an image that their raters stand by, the oldest first.

    Votes of erased raters, who are about to go, and answers on gold are left out.
    """
    many = len(SCALES)
    return [
        ImageAnswer(
            rater,
            _given(tuple(rest[:many])),
            bool(counts),
            bool(compared),
            {
                scale: (bias, weight)
                for scale, bias, weight in zip(
                    SCALES, rest[many::2], rest[many + 1 :: 2], strict=True
                )
                if bias is not None
            },
        )
        for rater, counts, compared, *rest in connection.execute(_ANSWERS, (image_id,))
    ]


def mark_compared(connection: Connection, image_id: int, raters: Iterable[int]) -> None:
    """Note that these raters' votes on the image were compared."""
    connection.executemany(
        "UPDATE votes SET compared = 1 WHERE rater = ? AND image_id = ?",
        [(rater, image_id) for rater in raters],
    )


def gold_answers(
    connection: Connection, rater: int, limit: int
) -> list[dict[str, tuple[int, int, int]]]:
    """Return the rater's newest answers on gold images, half ones too, and whole lessons.

    Each is answer, lowest and highest right score by scale, where the right scores are known.
    """
    return [
        {
            scale: (answer, low, high)
            for scale, answer, low, high in zip(
                SCALES, row[0::3], row[1::3], row[2::3], strict=True
            )
            if answer is not None and low is not None
        }
        for row in connection.execute(_GOLD, (rater, limit))
    ]


def repeated(connection: Connection, rater: int, limit: int) -> list[dict[str, int]]:
    """Return points of difference by scale of the rater's newest whole second answers."""
    return [
        {
            scale: abs(second - first)
            for scale, second, first in zip(SCALES, row[0::2], row[1::2], strict=True)
            if first is not None
        }
        for row in connection.execute(_REPEATED, (rater, limit))
    ]


_ENTRIES: Final = f"""
    SELECT h.id, h.rater, h.image_id, h.action, h.at, v.created_at, v.shown_at, v.surface, v.gold,
        {", ".join(f"h.{scale}" for scale in SCALES)},
        {", ".join(f"v.{scale}_at" for scale in SCALES)}
    FROM vote_history h LEFT JOIN votes v ON v.rater = h.rater AND v.image_id = h.image_id
    WHERE h.id > ? ORDER BY h.id LIMIT ?
"""  # noqa: S608 - constants
_BEFORE: Final = f"""
    SELECT {", ".join(SCALES)} FROM vote_history
    WHERE rater = ? AND id < ? AND image_id = ? ORDER BY id DESC LIMIT 1
"""  # noqa: S608 - constants
_ANSWERS: Final = f"""
    SELECT v.rater, v.completed_at IS NOT NULL, v.compared, {
    ", ".join(f"v.{scale}" for scale in SCALES)
},
        {", ".join(f"s_{scale}.bias, s_{scale}.weight" for scale in SCALES)}
    FROM votes v JOIN raters r ON r.number = v.rater
    {
    " ".join(
        f"LEFT JOIN rater_scores s_{scale} ON s_{scale}.rater = v.rater"
        f" AND s_{scale}.scale = '{scale}'"
        for scale in SCALES
    )
}
    WHERE v.image_id = ? AND v.state = 'given' AND v.gold = 0 AND r.erased_at IS NULL
    ORDER BY v.id
"""  # noqa: S608 - constants
_GOLD: Final = f"""
    SELECT {", ".join(f"a.{scale}, g.{scale}_low, g.{scale}_high" for scale in SCALES)}
    FROM gold_answers a JOIN gold_images g ON g.image_id = a.image_id
    WHERE a.rater = ? AND {COUNTS}
    ORDER BY a.answered_at DESC LIMIT ?
"""  # noqa: S608 - constants
_REPEATED: Final = f"""
    SELECT {", ".join(f"{scale}, first_{scale}" for scale in SCALES)} FROM repeat_answers
    WHERE rater = ? AND answered_at IS NOT NULL ORDER BY answered_at DESC LIMIT ?
"""  # noqa: S608 - constants


def _given(row: tuple[Any, ...]) -> dict[str, int]:
    return {scale: score for scale, score in zip(SCALES, row, strict=True) if score is not None}


def _pressed(row: tuple[Any, ...]) -> Pressed:
    number, rater, image_id, action, at, created, shown, surface, gold, *rest = row
    scores, times = rest[: len(SCALES)], rest[len(SCALES) :]
    return Pressed(
        number,
        rater,
        image_id,
        action,
        _given(tuple(scores)),
        at,
        _given(tuple(times)),
        created,
        shown or 0,
        surface or "public",
        bool(gold),
    )
