"""Do ten coordinates, as the articles take them, say what all of them say?"""

from collections.abc import Mapping, Sequence

import numpy as np

from trendlib.evaluate import statistics
from trendlib.evaluate.protocol import Measured, NamedMethod, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.trend_pairs import CUT, WHOLE, TrendPairs, TrendPairsTask
from trendlib.evaluate.vectors import row_cosines
from trendlib.similarity import FIRST


class Slices(TrendPairsTask):
    """Ten coordinates, as the articles take them, or all."""

    name = "slices"
    question = "Do ten coordinates say what all of them say?"

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List the sum with and without its heaviest coordinates."""
        return WHOLE, CUT

    def measure(self, method: NamedMethod, prepared: TrendPairs) -> Measured:
        """Compute each pair's cosine over all coordinates, and over each slice of ten."""
        sums = prepared.sums_by(method)
        others = sums[prepared.partners]
        starts = range(0, sums.shape[1] - FIRST + 1, FIRST)
        slices = [
            row_cosines(sums[:, start : start + FIRST], others[:, start : start + FIRST])
            for start in starts
        ]
        return {"all": row_cosines(sums, others), "slices": np.stack(slices, axis=1)}

    def scores(self, measured: Mapping[NamedMethod, Measured]) -> list[Score]:
        """Compute the spread over slices, and how each slice's ranks follow those of all."""
        scores = []
        for method, found in measured.items():
            whole, slices = found["all"], found["slices"]
            scores.append(
                statistics.mean_score(method.name, "spread over slices", slices.std(axis=1, ddof=1))
            )
            measure = "Spearman with all coordinates"
            scores.append(
                statistics.spearman_score(
                    method.name, measure, slices[:, 0], whole, "the first ten"
                )
            )
            for number, column in enumerate(slices.T):
                value = statistics.spearman(column, whole)
                scores.append(
                    Score(
                        method.name,
                        measure,
                        value,
                        None,
                        None,
                        len(whole),
                        first_coordinate=FIRST * number,
                    )
                )
        return scores
