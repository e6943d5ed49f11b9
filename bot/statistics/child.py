"""The child process that makes statistics: a request on stdin, progress and outcome on stdout."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bot.children.answering import answer, asked
from bot.children.plotting import matplotlib_beside
from bot.datasets.exports.child import attempt, reading
from bot.datasets.exports.request import PROGRESS
from bot.datasets.exports.source import Progress
from bot.datasets.exports.target import replacing
from bot.statistics.anonymity import FEWEST
from bot.statistics.gathering import gather
from bot.statistics.headlines import headlines
from bot.statistics.plot import GENERATOR
from bot.statistics.plots import plots
from bot.statistics.request import MADE, StatisticsRequest, Summary
from bot.statistics.subject import subject
from bot.statistics.words import Words
from bot.texts.catalogue import Texts
from storage.times import from_microseconds

HEAD_BYTES: Final = 1024
"""Where an earlier page or picture names its generator."""


def main() -> int:
    """Serve the one request on stdin; returns the exit code, 0 when the file is in its place."""
    request = StatisticsRequest.parsed(asked())

    def work() -> None:
        summary = make(request, lambda done, most: answer(PROGRESS, done=done, most=most))
        answer(MADE, **asdict(summary))

    return attempt(work, request.export.database, request.export.target)


def make(request: StatisticsRequest, progress: Progress) -> Summary:
    """Write the page or picture in one piece; it takes the place of an earlier one alone.

    Raises one of the exports' FAULTS and NoSuchDataSetError.
    """
    target = Path(request.target)
    if target.exists() and not _is_ours(target):
        raise FileExistsError(None, "is no earlier page or picture, so it stays", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    words = Words(Texts.load(), request.language)
    with reading(request.export, progress) as source:
        figures = gather(source)
    told, drawn = headlines(figures, words), plots(figures, words)
    of = subject(request.selection, figures.data_sets, words)
    made = from_microseconds(request.now).strftime("%Y-%m-%d %H:%M")
    with replacing(target) as file, matplotlib_beside(target):
        # matplotlib looks for its folder as it loads
        from bot.statistics.drawing import png  # noqa: PLC0415
        from bot.statistics.page import page  # noqa: PLC0415

        if request.form == "picture":
            content = png(drawn, words, subject=of)
        else:
            content = page(
                told,
                drawn,
                words,
                subject=of,
                made=words.say("made", when=made, n=FEWEST),
            ).encode()
        file.write(content)
    return Summary(
        votes=figures.votes,
        images=figures.rated,
        lines=tuple(f"{name}: {figure}" for figure, name in told),
        alt=" ".join(plot.alt for plot in drawn),
    )


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return GENERATOR.encode() in file.read(HEAD_BYTES)


if __name__ == "__main__":
    sys.exit(main())
