"""Do the cosines of sentence vectors follow how alike people find two sentences? STS benchmark."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from trendlib import data
from trendlib.evaluate import statistics
from trendlib.evaluate.protocol import Lab, Measured, Task
from trendlib.evaluate.scores import Score
from trendlib.evaluate.vectors import FOURIER, TRENDS, USUAL, VectorMethod, usable, vectors

QUICK_PAIRS = 200
REFERENCES = ("CLS", "mean")

Cosines = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of sentences, and how alike people found them (0 to 5)."""

    lab: Lab
    first: list[str]
    second: list[str]
    gold: NDArray[np.float64]
    left_out: int


class Likeness(ABC):
    """A way to say how alike two sentences are."""

    name: str
    note: str

    @abstractmethod
    def cosines(self, pairs: Pairs) -> Cosines:
        """Compute a cosine for each pair."""


class OfVectors(Likeness):
    """The cosine of two sentence vectors."""

    def __init__(self, method: VectorMethod) -> None:
        """Take a way to make sentence vectors."""
        self.method = method
        self.name, self.note = method.name, method.note

    def cosines(self, pairs: Pairs) -> Cosines:
        """Compute a cosine for each pair."""
        rows = vectors(pairs.lab, [self.method], [*pairs.first, *pairs.second])[self.name]
        return row_cosines(*np.split(rows, 2))


class OfCounts(Likeness):
    """The cosine of weighted counts of words."""

    name = "TF-IDF"
    note = "counts of words, weighted by their rarity in the training part; no model"

    def cosines(self, pairs: Pairs) -> Cosines:
        """Compute a cosine for each pair."""
        counts = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]").fit(data.sentences("stsb"))
        first, second = (counts.transform(part) for part in (pairs.first, pairs.second))
        return np.asarray(first.multiply(second).sum(axis=1)).ravel()


METHODS: tuple[Likeness, ...] = (
    *(OfVectors(method) for method in (*TRENDS, FOURIER, *USUAL)),
    OfCounts(),
)


class Sts(Task[Likeness, Pairs]):
    """The test part of the STS benchmark."""

    name = "stsb"
    question = "How alike are two sentences?"
    sources = (data.STSB_TEST, data.STSB)

    def methods(self, lab: Lab) -> Sequence[Likeness]:
        """List the methods."""
        return METHODS

    def prepare(self, lab: Lab) -> Pairs:
        """Read the pairs, and make all vectors."""
        rows = [line.split("\t") for line in data.lines_of(data.STSB_TEST)]
        good = zip(*(usable(lab, [row[place] for row in rows]) for place in (5, 6)), strict=True)
        kept = [row for row, both in zip(rows, good, strict=True) if all(both)]
        chosen = lab.sample(kept, QUICK_PAIRS)
        first, second = ([row[place] for row in chosen] for place in (5, 6))
        vectors(lab, [*TRENDS, FOURIER, *USUAL], [*first, *second])  # in one go
        gold = np.array([float(row[4]) for row in chosen])
        return Pairs(lab, first, second, gold, len(rows) - len(kept))

    def facts(self, prepared: Pairs) -> dict[str, Any]:
        """Count the pairs."""
        return {"pairs": len(prepared.first), "left out": prepared.left_out}

    def measure(self, method: Likeness, prepared: Pairs) -> Measured:
        """Compute the cosines."""
        return {"cosine": method.cosines(prepared), "gold": prepared.gold}

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give the rank correlations, and what they are more than those of CLS and mean."""
        scores = []
        for method, found in measured.items():
            cosine, gold = found["cosine"], found["gold"]
            interval = statistics.spearman_interval(cosine, gold)
            value = statistics.spearman(cosine, gold)
            scores.append(Score(method, "Spearman", value, *interval, len(gold)))
        pairs = [(one, other) for other in REFERENCES for one in measured if one != other]
        found_differences = [
            statistics.spearman_difference(
                measured[one]["cosine"], measured[other]["cosine"], measured[one]["gold"]
            )
            for one, other in pairs
        ]
        p_values = statistics.adjusted([each[3] for each in found_differences])
        count = len(measured[pairs[0][0]]["gold"])
        return scores + [
            Score(one, "Spearman", *each[:3], count, other=other, p=p)
            for (one, other), each, p in zip(pairs, found_differences, p_values, strict=True)
        ]


def row_cosines(first: NDArray[Any], second: NDArray[Any]) -> Cosines:
    """Compute the cosine of each row with the same row of another array.

    >>> row_cosines(np.array([[1.0, 0.0], [2.0, 2.0]]), np.array([[0.0, 3.0], [1.0, 1.0]])).round(6)
    array([0., 1.])
    """
    both = (normalize(rows.astype(np.float64)) for rows in (first, second))
    one, other = both
    cosines: Cosines = (one * other).sum(axis=1)
    return cosines
