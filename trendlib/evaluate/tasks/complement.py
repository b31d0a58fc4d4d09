"""Do two trends complement each other?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from trendlib.evaluate import statistics
from trendlib.evaluate.conditions import CONDITIONS, under
from trendlib.evaluate.protocol import Measured, NamedMethod, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.trend_pairs import PairMethod, PairsUnder, TrendPairs, TrendPairsTask


class Complement(TrendPairsTask):
    """Coordinates in which exactly one of two trends is defined."""

    name = "complement"
    question = "Is one trend defined where the other is not?"

    ARTICLES = NamedMethod("focus and related", "the two words of the article")
    RANDOM = NamedMethod("two random words", "two candidates of the same sentence, drawn")
    MIXED = NamedMethod("two sentences", "the focus word, and the related word of another sentence")
    CHANCE = NamedMethod(
        "independent masks", "what the two shares of defined coordinates make by chance"
    )
    NULLS = (RANDOM, MIXED, CHANCE)

    def methods(self, workbench: Workbench) -> Sequence[PairMethod]:
        """List the article's pair of words, and its baselines, under each condition."""
        return under(CONDITIONS, (self.ARTICLES, *self.NULLS))

    def measure(self, method: PairMethod, prepared: PairsUnder) -> Measured:
        """Compute shares of each sentence's coordinates."""
        pairs = prepared[method.condition]
        return {**self._shares(method.method, pairs), "document": pairs.documents}

    def _shares(self, method: NamedMethod, pairs: TrendPairs) -> Measured:
        focus, related = ~np.isnan(pairs.focus), ~np.isnan(pairs.related)
        if method == self.CHANCE:
            one, other = focus.mean(axis=1), related.mean(axis=1)
            both = one * other
            return {"exactly one": one + other - 2 * both, "both": both}
        if method == self.RANDOM:
            focus, related = ~np.isnan(pairs.one), ~np.isnan(pairs.other)
        if method == self.MIXED:
            related = related[pairs.partners]
        return {
            "exactly one": (focus ^ related).mean(axis=1),
            "both": (focus & related).mean(axis=1),
        }

    def scores(self, measured: Mapping[PairMethod, Measured]) -> list[Score]:
        """Average the shares, and subtract those of each baseline from the article's.

        Documents are drawn as a whole, and p-values are adjusted for the number of baselines.
        """
        return [
            replace(score, condition=condition.name)
            for condition in CONDITIONS
            for score in self._scores(
                {
                    method.method: found
                    for method, found in measured.items()
                    if method.condition == condition
                }
            )
        ]

    def _scores(self, measured: Mapping[NamedMethod, Measured]) -> Iterator[Score]:
        article = measured[self.ARTICLES]
        documents = article["document"]
        for method, found in measured.items():
            one, both = found["exactly one"], found["both"]
            shares = {"exactly one": one, "both": both, "neither": 1 - one - both}
            for name, values in shares.items():
                yield statistics.clustered_mean_score(method.name, name, values, documents)
        yield from statistics.difference_scores(
            "exactly one",
            [(self.ARTICLES, null) for null in self.NULLS],
            len(documents),
            lambda one, null: statistics.clustered_difference(
                measured[one]["exactly one"], measured[null]["exactly one"], documents
            ),
        )
