"""Do cosines of sentence vectors follow how similar people find sentences? STS benchmark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate import data, statistics
from trendlib.evaluate.classification import CONDITIONED, TFIDF, tfidf_vectorizer
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.vectors import (
    CLS,
    FOURIER,
    MEAN,
    TREND,
    TRENDS,
    USUAL,
    VectorMethod,
    row_cosines,
    usable,
    vectors,
)

QUICK_PAIRS = 200

Cosines = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SentencePairs:
    """SentencePairs of sentences, and how similar people found them (0 to 5)."""

    workbench: Workbench
    first: list[str]
    second: list[str]
    gold: NDArray[np.float64]
    left_out: int


@dataclass(frozen=True)
class SimilarityMethod:
    """A way to measure how similar two sentences are.

    Attributes:
        name: Its name in tables.
        note: What it does, in a sentence.
        cosines: Returns one cosine per pair.
        condition: The name of the condition that it is run under; empty for the article's choices.
        base: The method that it is under this condition; empty for the method itself.
    """

    name: str
    note: str
    cosines: Callable[[SentencePairs], Cosines]
    condition: str = ""
    base: str = ""

    def labelled(self, score: Score) -> Score:
        """Name a score after the method and the condition."""
        return replace(score, method=self.base or self.name, condition=self.condition)


def _vector_cosines(method: VectorMethod, pairs: SentencePairs) -> Cosines:
    rows = vectors(pairs.workbench, [method], [*pairs.first, *pairs.second])[method.name]
    return row_cosines(*np.split(rows, 2))


def _tfidf_cosines(pairs: SentencePairs) -> Cosines:
    vectorizer = tfidf_vectorizer().fit(data.sentences("stsb"))
    first, second = (vectorizer.transform(part) for part in (pairs.first, pairs.second))
    return np.asarray(first.multiply(second).sum(axis=1)).ravel()


def _of_vectors(method: VectorMethod, **options: str) -> SimilarityMethod:
    return SimilarityMethod(method.name, method.note, partial(_vector_cosines, method), **options)


VECTOR_METHODS = (*TRENDS, FOURIER, *USUAL, *CONDITIONED.values())
METHODS: tuple[SimilarityMethod, ...] = (
    *(_of_vectors(method) for method in (*TRENDS, FOURIER, *USUAL)),
    *(
        _of_vectors(method, condition=condition.name, base=TREND.name)
        for condition, method in CONDITIONED.items()
    ),
    SimilarityMethod(TFIDF.name, TFIDF.note, _tfidf_cosines),
)
REFERENCES = tuple(method for method in METHODS if method.name in (CLS.name, MEAN.name))
"""The baselines of every method.

:meta hide-value:
"""


class Sts(Task[SimilarityMethod, SentencePairs]):
    """The test part of the STS benchmark."""

    name = "stsb"
    question = "How alike are two sentences?"
    sources = (data.STSB_TEST, data.STSB)

    def methods(self, workbench: Workbench) -> Sequence[SimilarityMethod]:
        """List the methods."""
        return METHODS

    def prepare(self, workbench: Workbench) -> SentencePairs:
        """Read the pairs, and make all vectors."""
        pairs = data.read_sts(data.STSB_TEST)
        good = zip(
            usable(workbench, [pair.first for pair in pairs]),
            usable(workbench, [pair.second for pair in pairs]),
            strict=True,
        )
        kept = [pair for pair, both in zip(pairs, good, strict=True) if all(both)]
        chosen = workbench.sample(kept, QUICK_PAIRS)
        first, second = [pair.first for pair in chosen], [pair.second for pair in chosen]
        gold = np.array([pair.gold for pair in chosen])
        vectors(workbench, VECTOR_METHODS, [*first, *second])  # all at once, for the store
        return SentencePairs(workbench, first, second, gold, len(pairs) - len(kept))

    def facts(self, prepared: SentencePairs) -> dict[str, Any]:
        """Count the pairs."""
        return {"pairs": len(prepared.first), "left out": prepared.left_out}

    def measure(self, method: SimilarityMethod, prepared: SentencePairs) -> Measured:
        """Compute the cosines."""
        return {"cosine": method.cosines(prepared), "gold": prepared.gold}

    def scores(self, measured: Mapping[SimilarityMethod, Measured]) -> list[Score]:
        """Compute rank correlations, and their differences from CLS and mean pooling."""
        scores = [
            method.labelled(
                statistics.spearman_score(method.name, "Spearman", found["cosine"], found["gold"])
            )
            for method, found in measured.items()
        ]
        pairs = [
            (method, baseline)
            for baseline in REFERENCES
            for method in measured
            if method != baseline
        ]
        gold = measured[REFERENCES[0]]["gold"]

        def compare(one: SimilarityMethod, other: SimilarityMethod) -> statistics.Difference:
            cosines, baseline = measured[one]["cosine"], measured[other]["cosine"]
            return statistics.spearman_difference(cosines, baseline, gold)

        differences = statistics.difference_scores("Spearman", pairs, len(gold), compare)
        return scores + [
            method.labelled(score) for (method, _), score in zip(pairs, differences, strict=True)
        ]
