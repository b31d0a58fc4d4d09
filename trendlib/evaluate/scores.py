"""A figure with its uncertainty."""

import math
from dataclasses import asdict, dataclass
from typing import Any

DIGITS = 6
"""How many significant digits of a figure are kept."""
OWN = "I want ..."
"""The group of figures that are of the article's own sentences alone."""


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
        group: The part of the data that it is about; empty for all of it.
        baseline: If the figure is a difference, the method that is subtracted.
        p: The p-value of a difference, adjusted for the number of comparisons.
        note: What else there is to know, such as which head was chosen.
        layer: The layer that the method reads, if it reads a single one.
        head: The head that the method reads, if it reads a single one.
        train_size: How many training texts were used, if not all of them.
        first_coordinate: Where the slice of coordinates begins, if not all of them are used.
        condition: The name of the condition that it was measured under (``conditions``); empty for
            the article's own choices.
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
    layer: int | None = None
    head: int | None = None
    train_size: int | None = None
    first_coordinate: int | None = None
    condition: str = ""

    @property
    def is_overall(self) -> bool:
        """Whether it is a method's own figure, with all training texts and coordinates."""
        return not self.baseline and self.train_size is None and self.first_coordinate is None

    def as_dict(self) -> dict[str, Any]:
        """List the attributes that are set, ready for JSON."""
        listed = {name: _json_value(value) for name, value in asdict(self).items()}
        return {name: value for name, value in listed.items() if value not in ("", None)}


def _json_value(value: Any) -> Any:
    """Round a float, and make it None if it is not a number: JSON has no NaN."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
