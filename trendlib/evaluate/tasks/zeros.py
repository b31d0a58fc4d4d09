"""What does it cost that undefined coordinates become 0?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from trendlib.evaluate import statistics
from trendlib.evaluate.conditions import CONDITIONS, under
from trendlib.evaluate.protocol import Measured, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.trend_pairs import CUT, WHOLE, PairMethod, PairsUnder, TrendPairsTask
from trendlib.evaluate.vectors import row_cosines


class Zeros(TrendPairsTask):
    """The sum with 0 for undefined, against coordinates that are defined in all four trends."""

    name = "zeros"
    question = "What does it cost that undefined becomes 0?"

    def methods(self, workbench: Workbench) -> Sequence[PairMethod]:
        """List the sum with and without its heaviest coordinates, under each condition."""
        return under(CONDITIONS, (WHOLE, CUT))

    def measure(self, method: PairMethod, prepared: PairsUnder) -> Measured:
        """Compute cosines with 0 for undefined, and over coordinates that are always defined."""
        pairs = prepared[method.condition]
        sums, heavy = pairs.sums_by(method.method), pairs.heaviest
        focus, related = ~np.isnan(pairs.focus), ~np.isnan(pairs.related)
        other = pairs.partners
        both = focus & related
        shared = both & both[other]
        squares = np.square(sums)
        measured = {
            "of one trend alone": (focus ^ related).mean(axis=1),
            "of no trend": (~focus & ~related).mean(axis=1),
            "carried by the heaviest": squares[:, heavy].sum(axis=1) / squares.sum(axis=1),
            "cosine, undefined as 0": row_cosines(sums, sums[other]),
            "cosine, defined in all": row_cosines(sums * shared, sums[other] * shared),
            "document": pairs.documents,
        }
        if pairs.dead and method.method == WHOLE:
            carried = squares[:, list(pairs.dead)].sum(axis=1) / squares.sum(axis=1)
            measured[BY_DEAD] = carried
        return measured

    def scores(self, measured: Mapping[PairMethod, Measured]) -> list[Score]:
        """Average the shares, and how far the two cosines are apart."""
        return [
            replace(score, condition=method.condition.name)
            for method, found in measured.items()
            for score in _scores(method.method.name, found)
        ]


BY_DEAD = "carried by the dead"
"""The share of a sum's squared length that its dead coordinates contribute."""


def _scores(method: str, found: Measured) -> Iterator[Score]:
    zero, defined = found["cosine, undefined as 0"], found["cosine, defined in all"]
    values = {"change of the cosine": np.abs(zero - defined)}
    for name in ("of one trend alone", "of no trend", "carried by the heaviest", BY_DEAD):
        if name in found:
            values[name] = found[name]
    for name, numbers in values.items():
        yield statistics.clustered_mean_score(method, name, numbers, found["document"])
    yield statistics.spearman_score(method, "Spearman of the cosines", zero, defined)
