"""Do the cosines of sentence vectors follow how alike people find two sentences? STS benchmark."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize

from trendlib.evaluate import data, statistics
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.tasks.classification import REFERENCES, Tfidf, word_counts
from trendlib.evaluate.vectors import FOURIER, TRENDS, USUAL, VectorMethod, usable, vectors

QUICK_PAIRS = 200

Cosines = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of sentences, and how alike people found them (0 to 5)."""

    workbench: Workbench
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
        rows = vectors(pairs.workbench, [self.method], [*pairs.first, *pairs.second])[self.name]
        return row_cosines(*np.split(rows, 2))


class OfCounts(Likeness):
    """The cosine of weighted counts of words."""

    name, note = Tfidf.name, Tfidf.note

    def cosines(self, pairs: Pairs) -> Cosines:
        """Compute a cosine for each pair."""
        counts = word_counts().fit(data.sentences("stsb"))
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

    def methods(self, workbench: Workbench) -> Sequence[Likeness]:
        """List the methods."""
        return METHODS

    def prepare(self, workbench: Workbench) -> Pairs:
        """Read the pairs, and make all vectors."""
        rows = [line.split("\t") for line in data.lines_of(data.STSB_TEST)]
        good = zip(
            *(usable(workbench, [row[place] for row in rows]) for place in (5, 6)), strict=True
        )
        kept = [row for row, both in zip(rows, good, strict=True) if all(both)]
        chosen = workbench.sample(kept, QUICK_PAIRS)
        first, second = ([row[place] for row in chosen] for place in (5, 6))
        of_vectors = [each.method for each in METHODS if isinstance(each, OfVectors)]
        vectors(workbench, of_vectors, [*first, *second])  # in one go; then they are kept
        gold = np.array([float(row[4]) for row in chosen])
        return Pairs(workbench, first, second, gold, len(rows) - len(kept))

    def facts(self, prepared: Pairs) -> dict[str, Any]:
        """Count the pairs."""
        return {"pairs": len(prepared.first), "left out": prepared.left_out}

    def measure(self, method: Likeness, prepared: Pairs) -> Measured:
        """Compute the cosines."""
        return {"cosine": method.cosines(prepared), "gold": prepared.gold}

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give the rank correlations, and what they are more than those of CLS and mean."""
        scores = [
            statistics.spearman_score(method, "Spearman", found["cosine"], found["gold"])
            for method, found in measured.items()
        ]
        pairs = [(one, other) for other in REFERENCES for one in measured if one != other]
        gold = measured[REFERENCES[0]]["gold"]

        def compare(one: str, other: str) -> tuple[float, float, float, float]:
            first, second = (measured[name]["cosine"] for name in (one, other))
            return statistics.spearman_difference(first, second, gold)

        return scores + statistics.difference_scores("Spearman", pairs, len(gold), compare)


def row_cosines(first: NDArray[Any], second: NDArray[Any]) -> Cosines:
    """Compute the cosine of each row with the same row of another array.

    >>> row_cosines(np.array([[1.0, 0.0], [2.0, 2.0]]), np.array([[0.0, 3.0], [1.0, 1.0]])).round(6)
    array([0., 1.])
    """
    one, other = (normalize(rows.astype(np.float64)) for rows in (first, second))
    cosines: Cosines = (one * other).sum(axis=1)
    return cosines
