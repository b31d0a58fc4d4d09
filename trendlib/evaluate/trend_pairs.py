"""Trends of two words of each sentence of the treebank, which several tasks share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate import data
from trendlib.evaluate.protocol import NamedMethod, Task, Workbench
from trendlib.evaluate.treebank import usable_trees
from trendlib.evaluate.vectors import run_model
from trendlib.similarity import heaviest
from trendlib.trend import log_quotient

QUICK_SENTENCES = 100
HEAVIEST = 3
"""How many of the heaviest coordinates "without the heaviest" leaves out."""

WHOLE = NamedMethod("all coordinates", "the article's sum of two trends")
CUT = NamedMethod("without the heaviest", f"the {HEAVIEST} coordinates of most weight left out")

Trends = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class TrendPairs:
    """Trends of two words of each sentence, NaN where they are undefined.

    Attributes:
        focus: The trend of the focus word, one row per sentence.
        related: The trend of the related word.
        one: The trend of a random word.
        other: The trend of another random word of the same sentence.
        seed: The seed of every random choice.
    """

    focus: Trends
    related: Trends
    one: Trends
    other: Trends
    seed: int

    @property
    def sums(self) -> Trends:
        """The sentence embeddings, undefined as 0."""
        sums = np.nan_to_num(self.focus) + np.nan_to_num(self.related)
        return sums.astype(np.float64)

    @property
    def heaviest(self) -> list[int]:
        """The coordinates of the sums that are the largest over all sentences."""
        return heaviest(np.square(self.sums).mean(axis=0), HEAVIEST)

    @property
    def partners(self) -> NDArray[np.intp]:
        """For each sentence the number of another one."""
        order = np.random.default_rng(self.seed).permutation(len(self.focus))
        return order[(np.argsort(order) + 1) % len(order)]

    def sums_by(self, method: NamedMethod) -> Trends:
        """Return the sums, with 0 for the heaviest coordinates if the method leaves them out."""
        sums = self.sums
        if method == CUT:
            sums[:, self.heaviest] = 0
        return sums


class TrendPairsTask(Task[NamedMethod, TrendPairs]):
    """A question about the trends of two words of each sentence of the treebank."""

    sources = (data.EWT_DEV, data.EWT_TEST)

    def prepare(self, workbench: Workbench) -> TrendPairs:
        """Compute the trends."""
        trees = [tree for part in self.sources for tree in usable_trees(workbench, part)]
        texts = list(dict.fromkeys(tree.text for tree in trees))
        chosen = workbench.sample(texts, QUICK_SENTENCES)
        key = workbench.key("trend pairs", workbench.seed, chosen, computed_by=__name__)
        kept = workbench.store.keep(key, lambda: _compute(workbench, chosen))
        return TrendPairs(**kept, seed=workbench.seed)


def _compute(workbench: Workbench, texts: Sequence[str]) -> dict[str, Trends]:
    shape = len(texts), workbench.encoder.hidden_size
    rows = {
        name: np.full(shape, np.nan, workbench.encoder.dtype)
        for name in ("focus", "related", "one", "other")
    }
    has_two = np.zeros(len(texts), bool)
    rng = workbench.rng()
    for number, sentence in run_model(workbench, texts):
        chosen = sentence.choice.chosen_words
        if len(chosen) < 2:
            continue
        has_two[number] = True
        drawn = rng.choice(len(sentence.tokenized.words), 2, replace=False)
        for name, word in zip(rows, (*chosen, *drawn), strict=True):
            rows[name][number] = log_quotient(*(states[word] for states in sentence.words)).values
    return {name: trends[has_two] for name, trends in rows.items()}
