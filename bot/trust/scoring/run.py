"""From a file of votes to the files of scores and raters. Slow to import, for commands only."""

from __future__ import annotations

from pathlib import Path

from bot.trust.scoring.assessing import assess
from bot.trust.scoring.results import write_results
from bot.trust.scoring.tables import read_votes


def score_file(path: Path, low: float, high: float, folder: Path) -> dict[str, object]:
    """Read votes, assess them, write both tables; return what was done. Raises JuryError."""
    table = read_votes(path, low, high)
    found = assess(table.votes)
    scores, raters = write_results(folder, path.suffix.lower(), table, found)
    return {
        "votes": len(table.votes),
        "repeated": table.repeated,
        "items": table.votes.items,
        "raters": table.votes.raters,
        "held": int(found.held.sum()),
        "scores_file": str(scores),
        "raters_file": str(raters),
    }
