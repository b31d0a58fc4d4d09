"""What does it cost that undefined coordinates become 0?"""

from collections.abc import Mapping, Sequence

import numpy as np

from trendlib.evaluate import statistics
from trendlib.evaluate.protocol import Measured, NamedMethod, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.trend_pairs import CUT, WHOLE, TrendPairs, TrendPairsTask
from trendlib.evaluate.vectors import row_cosines


class Zeros(TrendPairsTask):
    """The sum with 0 for undefined, against coordinates that are defined in all four trends."""

    name = "zeros"
    question = "What does it cost that undefined becomes 0?"

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List the sum with and without its heaviest coordinates."""
        return WHOLE, CUT

    def measure(self, method: NamedMethod, prepared: TrendPairs) -> Measured:
        """Compute cosines with 0 for undefined, and over coordinates that are always defined."""
        sums, heavy = prepared.sums_by(method), prepared.heaviest
        focus, related = ~np.isnan(prepared.focus), ~np.isnan(prepared.related)
        other = prepared.partners
        both = focus & related
        shared = both & both[other]
        return {
            "of one trend alone": (focus ^ related).mean(axis=1),
            "of no trend": (~focus & ~related).mean(axis=1),
            "carried by the heaviest": np.square(sums[:, heavy]).sum(axis=1)
            / np.square(sums).sum(axis=1),
            "cosine, undefined as 0": row_cosines(sums, sums[other]),
            "cosine, defined in all": row_cosines(sums * shared, sums[other] * shared),
        }

    def scores(self, measured: Mapping[NamedMethod, Measured]) -> list[Score]:
        """Average the shares, and how far the two cosines are apart."""
        scores = []
        for method, found in measured.items():
            zero, defined = found["cosine, undefined as 0"], found["cosine, defined in all"]
            for name in ("of one trend alone", "of no trend", "carried by the heaviest"):
                scores.append(statistics.mean_score(method.name, name, found[name]))
            scores.append(
                statistics.mean_score(method.name, "change of the cosine", np.abs(zero - defined))
            )
            scores.append(
                statistics.spearman_score(method.name, "Spearman of the cosines", zero, defined)
            )
        return scores
