"""A figure with its uncertainty."""

import math
from dataclasses import asdict, dataclass
from typing import Any

DIGITS = 6
"""How many digits that count are kept of a figure."""


@dataclass(frozen=True)
class Score:
    """A figure with its uncertainty.

    Attributes:
        method: The method.
        measure: What is measured.
        value: The figure.
        low: Lower end of its 95 % interval; None if it has none.
        high: Upper end.
        count: How many sentences, pairs, folds or other units it is about.
        group: The part of the data that it is about; empty for all of them.
        baseline: If the figure is a difference, the method that is subtracted.
        p: The p-value of a difference, adjusted for the number of comparisons.
        note: What else there is to know, such as which head was chosen.
    """

    method: str
    measure: str
    value: float
    low: float | None
    high: float | None
    count: int
    group: str = ""
    baseline: str = ""
    p: float | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """List the attributes that say something, ready for JSON."""
        listed = {name: _plain(each) for name, each in asdict(self).items()}
        return {name: each for name, each in listed.items() if each not in ("", None)}


def _plain(value: Any) -> Any:
    """Round a float, and make it None if it is no number: JSON has no NaN."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
