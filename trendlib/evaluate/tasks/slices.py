"""Do ten coordinates, as the articles take them, say what all of them say?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from trendlib.evaluate import statistics
from trendlib.evaluate.conditions import CONDITIONS, under
from trendlib.evaluate.protocol import Measured, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.trend_pairs import CUT, WHOLE, PairMethod, PairsUnder, TrendPairsTask
from trendlib.evaluate.vectors import row_cosines
from trendlib.similarity import FIRST


class Slices(TrendPairsTask):
    """Ten coordinates, as the articles take them, or all."""

    name = "slices"
    question = "Do ten coordinates say what all of them say?"

    def methods(self, workbench: Workbench) -> Sequence[PairMethod]:
        """List the sum with and without its heaviest coordinates, under each condition."""
        return under(CONDITIONS, (WHOLE, CUT))

    def measure(self, method: PairMethod, prepared: PairsUnder) -> Measured:
        """Compute each pair's cosine over all coordinates, and over each slice of ten."""
        pairs = prepared[method.condition]
        sums = pairs.sums_by(method.method)
        others = sums[pairs.partners]
        starts = range(0, sums.shape[1] - FIRST + 1, FIRST)
        slices = [
            row_cosines(sums[:, start : start + FIRST], others[:, start : start + FIRST])
            for start in starts
        ]
        return {
            "all": row_cosines(sums, others),
            "slices": np.stack(slices, axis=1),
            "document": pairs.documents,
        }

    def scores(self, measured: Mapping[PairMethod, Measured]) -> list[Score]:
        """Compute the spread over slices, and how each slice's ranks follow those of all.

        Where a condition leaves coordinates out, the others move up.
        """
        return [
            replace(score, condition=method.condition.name)
            for method, found in measured.items()
            for score in _scores(method.method.name, found)
        ]


def _scores(method: str, found: Measured) -> Iterator[Score]:
    whole, slices = found["all"], found["slices"]
    spread = slices.std(axis=1, ddof=1)
    yield statistics.clustered_mean_score(method, "spread over slices", spread, found["document"])
    measure = "Spearman with all coordinates"
    yield statistics.spearman_score(method, measure, slices[:, 0], whole, "the first ten")
    for number, column in enumerate(slices.T):
        value = statistics.spearman(column, whole)
        start = FIRST * number
        yield Score(method, measure, value, None, None, len(whole), first_coordinate=start)
