"""What statistics read beside votes, as SQL text: the child process has another SQLite library."""

from __future__ import annotations

from collections.abc import Sequence

from storage.exporting import Statement


def images(data_sets: Sequence[int], *, safe: bool | None) -> Statement:
    """Return what counts the images of these data sets that can be shown, rated or not.

    `safe` asks for those that are, or are not, known to be safe.
    """
    sql = f"""
        SELECT count(*) AS number FROM images
        WHERE data_set_id IN ({_places(data_sets)}) AND stage NOT IN ('hidden', 'broken')
            {"" if safe is None else "AND safe = ?"}
    """  # noqa: S608 - question marks
    return sql, (*data_sets, *(() if safe is None else (int(safe),)))


def kudos(data_sets: Sequence[int]) -> Statement:
    """Return what reads the kudos that were paid for these data sets, by UTC month.

    A payout pays its awards, those too that were written off later. `month` counts from year 0;
    `raters` is how many people were paid in it.
    """
    sql = f"""
        SELECT 12 * strftime('%Y', p.settled_at / 1000000, 'unixepoch')
                + strftime('%m', p.settled_at / 1000000, 'unixepoch') - 1 AS month,
            sum(a.amount) AS amount, count(DISTINCT a.rater) AS raters
        FROM payouts p JOIN awards a ON a.payout_id = p.id JOIN images i ON i.id = a.image_id
        WHERE p.state = 'paid' AND i.data_set_id IN ({_places(data_sets)})
        GROUP BY month ORDER BY month
    """  # noqa: S608 - question marks
    return sql, tuple(data_sets)


def _places(values: Sequence[int]) -> str:
    return ", ".join("?" * len(values))
