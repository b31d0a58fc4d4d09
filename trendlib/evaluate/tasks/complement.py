"""Do two trends complement each other?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trendlib.evaluate import statistics
from trendlib.evaluate.protocol import Measured, NamedMethod, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.trend_pairs import TrendPairs, TrendPairsTask


class Complement(TrendPairsTask):
    """Coordinates in which exactly one of two trends is defined."""

    name = "complement"
    question = "Is one trend defined where the other is not?"

    ARTICLES = NamedMethod("focus and related", "the two words of the article")
    RANDOM = NamedMethod("two random words", "two words of the same sentence, drawn")
    MIXED = NamedMethod("two sentences", "the focus word, and the related word of another sentence")
    CHANCE = NamedMethod(
        "independent masks", "what the two shares of defined coordinates make by chance"
    )
    NULLS = (RANDOM, MIXED, CHANCE)

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List the article's pair of words, and its baselines."""
        return self.ARTICLES, *self.NULLS

    def facts(self, prepared: TrendPairs) -> dict[str, Any]:
        """Count sentences."""
        return {"sentences": len(prepared.focus), "coordinates": prepared.focus.shape[1]}

    def measure(self, method: NamedMethod, prepared: TrendPairs) -> Measured:
        """Compute shares of each sentence's coordinates."""
        focus, related = ~np.isnan(prepared.focus), ~np.isnan(prepared.related)
        if method == self.CHANCE:
            one, other = focus.mean(axis=1), related.mean(axis=1)
            both = one * other
            return {"exactly one": one + other - 2 * both, "both": both}
        if method == self.RANDOM:
            focus, related = ~np.isnan(prepared.one), ~np.isnan(prepared.other)
        if method == self.MIXED:
            related = related[prepared.partners]
        return {
            "exactly one": (focus ^ related).mean(axis=1),
            "both": (focus & related).mean(axis=1),
        }

    def scores(self, measured: Mapping[NamedMethod, Measured]) -> list[Score]:
        """Average the shares, and subtract those of each baseline from the article's."""
        scores = []
        for method, found in measured.items():
            neither = 1 - found["exactly one"] - found["both"]
            for name, values in {**found, "neither": neither}.items():
                scores.append(statistics.mean_score(method.name, name, values))
        article = measured[self.ARTICLES]["exactly one"]
        return scores + [
            replace(
                statistics.mean_score(
                    self.ARTICLES.name, "exactly one", article - measured[null]["exactly one"]
                ),
                baseline=null.name,
            )
            for null in self.NULLS
        ]
