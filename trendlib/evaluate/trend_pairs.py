"""Trends of two words of each sentence of the treebank, which several tasks share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendlib.choice import candidate_indices, find_words
from trendlib.evaluate import data
from trendlib.evaluate.conditions import (
    AS_PRINTED,
    CONDITIONS,
    READING_CONDITIONS,
    Condition,
    Conditioned,
)
from trendlib.evaluate.protocol import NamedMethod, Task, Workbench
from trendlib.evaluate.treebank import Tree, usable_trees
from trendlib.evaluate.vectors import progress
from trendlib.readings import ARTICLE
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
    """Trends of two words of each sentence under a condition, NaN where they are undefined.

    Attributes:
        focus: The trend of the focus word, one row per sentence.
        related: The trend of the related word.
        one: The trend of a random candidate.
        other: The trend of another random candidate of the same sentence.
        documents: The id of each sentence's document.
        seed: The seed of every random choice.
        dead: The dead coordinates that the trends have; none if the condition leaves them out.
    """

    focus: Trends
    related: Trends
    one: Trends
    other: Trends
    documents: NDArray[Any]
    seed: int
    dead: tuple[int, ...] = ()

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


PairMethod = Conditioned[NamedMethod]
PairsUnder = Mapping[Condition, TrendPairs]
"""The trends under each condition."""


class TrendPairsTask(Task[PairMethod, PairsUnder]):
    """A question about the trends of two words of each sentence of the treebank."""

    sources = (data.EWT_DEV, data.EWT_TEST)

    def prepare(self, workbench: Workbench) -> PairsUnder:
        """Compute the trends; the model runs once for all conditions."""
        trees = [tree for part in self.sources for tree in usable_trees(workbench, part)]
        once = {tree.text: tree for tree in reversed(trees)}  # the first of equal sentences stays
        chosen = workbench.sample(list(reversed(once.values())), QUICK_SENTENCES)
        texts = [tree.text for tree in chosen]
        key = workbench.key("trend pairs", workbench.seed, texts, computed_by=__name__)
        kept = workbench.store.keep(key, lambda: _compute(workbench, chosen))
        return {
            condition: _under(condition, kept, workbench.encoder.dead_coordinates, workbench.seed)
            for condition in CONDITIONS
        }

    def facts(self, prepared: PairsUnder) -> dict[str, Any]:
        """Count sentences, coordinates and dead coordinates."""
        pairs = prepared[AS_PRINTED]
        return {
            "sentences": len(pairs.focus),
            "documents": len(set(pairs.documents)),
            "coordinates": pairs.focus.shape[1],
            "dead coordinates": len(pairs.dead),
        }


def _compute(workbench: Workbench, trees: Sequence[Tree]) -> dict[str, NDArray[Any]]:
    """Compute trends of two drawn candidates, and of the words that each reading chooses.

    The rows of a sentence in which a reading finds no two words stay NaN, and are marked.
    """
    shape = len(trees), workbench.encoder.hidden_size
    readings = [condition.reading for condition in READING_CONDITIONS]
    rows = {
        name: np.full(shape, np.nan, workbench.encoder.dtype)
        for name in (*PAIR, *(f"{reading.name} {word}" for reading in readings for word in WORDS))
    }
    found = {f"{reading.name} found": np.zeros(len(trees), bool) for reading in readings}
    rng = workbench.rng()
    with progress(len(trees), "sentences") as bar:
        for number, tree in enumerate(trees):
            encoding = workbench.encoder.encode(tree.text)
            static, contextual = encoding.static, encoding.contextual
            candidates = candidate_indices(encoding.words, ARTICLE)
            words: dict[str, int] = {}
            if len(candidates) > 1:
                words |= zip(PAIR, rng.choice(candidates, 2, replace=False), strict=True)
            for reading in readings:
                chosen = find_words(encoding, reading).chosen_words
                if len(chosen) == 2:
                    found[f"{reading.name} found"][number] = True
                    names = (f"{reading.name} {word}" for word in WORDS)
                    words |= zip(names, chosen, strict=True)
            for name, word in words.items():
                rows[name][number] = log_quotient(static[word], contextual[word]).values
            bar.update()
    return rows | found | {"document": np.array([tree.document for tree in trees])}


WORDS = ("focus", "related")
PAIR = ("one", "other")


def _under(
    condition: Condition, kept: Mapping[str, NDArray[Any]], dead: tuple[int, ...], seed: int
) -> TrendPairs:
    """Select the trends of a condition's words, in the sentences in which there are two."""
    reading = condition.reading.name
    has_two = kept[f"{reading} found"]
    removed, left = (dead, ()) if condition.without_dead else ((), dead)
    focus, related, one, other = (
        np.delete(kept[name][has_two], removed, axis=1)
        for name in (*(f"{reading} {word}" for word in WORDS), *PAIR)
    )
    return TrendPairs(focus, related, one, other, kept["document"][has_two], seed, left)
