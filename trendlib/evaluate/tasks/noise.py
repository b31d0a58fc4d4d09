"""How much larger does a log quotient make rounding errors?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trendlib.evaluate import data, statistics
from trendlib.evaluate.protocol import Measured, NamedMethod, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.treebank import usable_trees
from trendlib.evaluate.trend_pairs import Trends
from trendlib.trend import log_quotient

SENTENCES, QUICK_SENTENCES = 500, 30


class Noise(Task[NamedMethod, dict[str, Trends]]):
    """The same sentences in float32 and float64."""

    name = "noise"
    question = "How much larger does a log quotient make rounding errors?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    STATE = NamedMethod("contextual", "the last hidden state of a sentence's first word")
    DIFFERENCE = NamedMethod("difference", "contextual minus static vector")
    QUOTIENT = NamedMethod("log quotient", "where it is defined in both number formats")

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List the state, and the trends that are computed from it."""
        return self.STATE, self.DIFFERENCE, self.QUOTIENT

    def prepare(self, workbench: Workbench) -> dict[str, Trends]:
        """Run the same sentences in float32 and in float64."""
        trees = usable_trees(workbench, data.EWT_DEV)
        count = QUICK_SENTENCES if workbench.quick else SENTENCES
        numbers = workbench.rng().permutation(len(trees))[:count]
        encoders = {"single": workbench.encoder, "double": workbench.exact()}
        rows: dict[str, list[Trends]] = {"single": [], "double": []}
        for number in numbers:
            for name, encoder in encoders.items():
                encoding = encoder.encode(trees[number].text)
                first = np.stack([encoding.static[0], encoding.contextual[0]])
                rows[name].append(first.astype(np.float64))
        return {name: np.stack(vectors) for name, vectors in rows.items()}

    def facts(self, prepared: dict[str, Trends]) -> dict[str, Any]:
        """Count sentences."""
        return {"sentences": len(prepared["single"])}

    def measure(self, method: NamedMethod, prepared: dict[str, Trends]) -> Measured:
        """Compute the largest error among the coordinates of each sentence's first word."""
        errors = []
        for single, double in zip(prepared["single"], prepared["double"], strict=True):
            one, other = (self._values(method, *vectors) for vectors in (single, double))
            errors.append(np.nanmax(np.abs(one - other)))
        return {"largest error": np.array(errors)}

    def scores(self, measured: Mapping[NamedMethod, Measured]) -> list[Score]:
        """Compute the median, and its ratio to the error of the state itself."""
        scores = []
        own = measured[self.STATE]["largest error"]
        for method, found in measured.items():
            errors = found["largest error"]
            scores.append(statistics.median_score(method.name, "largest error", errors))
            scores.append(
                statistics.median_score(method.name, "times the state's own", errors / own)
            )
        return scores

    def _values(self, method: NamedMethod, static: Trends, contextual: Trends) -> Trends:
        if method == self.STATE:
            return contextual
        if method == self.DIFFERENCE:
            return contextual - static
        return log_quotient(static, contextual).values
