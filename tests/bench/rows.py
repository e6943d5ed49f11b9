"""One line of the benchmark table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, and what is required of it.

    `required` is the least figure that will do, or with `at_most` the greatest; None where the
    figure only informs. `unit` is what the figure counts, such as "x raw sqlite3".
    """

    name: str
    figure: float
    required: float | None
    unit: str
    at_most: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure is as good as required."""
        if self.required is None:
            return True
        return self.figure <= self.required if self.at_most else self.figure >= self.required
