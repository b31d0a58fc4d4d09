"""Single heads as parsers, as in Clark et al. 2019: does a word's head receive its attention?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate import data, statistics
from trendlib.evaluate.protocol import Measured, NamedMethod, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.treebank import (
    BACKWARD,
    FORWARD,
    Edge,
    align,
    run_trees,
    unit_attention,
)

QUICK_SENTENCES = 60
FEWEST = 50
"""Relations with fewer edges in the test part are left out."""
OFFSETS = tuple(offset for offset in range(-6, 7) if offset)
ALL = "all"
SKIPPED = frozenset({"punct"})
"""Relations that say nothing of syntax."""

Count = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """How often a way to guess heads is right, in one part of the treebank.

    Attributes:
        relations: The relations, and ``ALL``.
        edges: How many edges each has.
        by_head: Right guesses, of shape (direction, layer, head, relation).
        by_offset: Right guesses of each of ``OFFSETS``, of shape (offset, relation).
    """

    relations: tuple[str, ...]
    edges: Count
    by_head: Count
    by_offset: Count


BEST_HEAD = NamedMethod(
    "best head", "of all heads and both directions, the one that is best on dev"
)
BEST_OFFSET = NamedMethod("best fixed offset", "the word so many places on, the number best on dev")


class Heads(Task[NamedMethod, tuple[Tally, Tally]]):
    """For each relation: how often a dependent's head is found."""

    name = "heads"
    question = "Does a single attention head find a word's head in the tree?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List attention and its baseline."""
        return BEST_HEAD, BEST_OFFSET

    def prepare(self, workbench: Workbench) -> tuple[Tally, Tally]:
        """Count, in both parts, how often every head and every offset is right."""
        dev, test = (self._guesses(workbench, part) for part in (data.EWT_DEV, data.EWT_TEST))
        names = sorted({edge.relation for _, edges in test for edge in edges} - SKIPPED)
        relations = (ALL, *names)
        return _tally(dev, relations), _tally(test, relations)

    def measure(self, method: NamedMethod, prepared: tuple[Tally, Tally]) -> Measured:
        """Choose on the development part, count on the test part."""
        dev, test = prepared
        pair = (dev.by_head, test.by_head)
        if method == BEST_OFFSET:
            pair = (dev.by_offset, test.by_offset)
        on_dev, on_test = (counts.reshape(-1, counts.shape[-1]) for counts in pair)
        best = on_dev.argmax(axis=0)
        return {
            "hits": on_test[best, np.arange(len(best))],
            "edges": test.edges,
            "relations": np.array(test.relations),
            "chosen": np.array([_chosen(method, int(number), pair[0].shape) for number in best]),
        }

    def scores(self, measured: Mapping[NamedMethod, Measured]) -> list[Score]:
        """Compute the share of edges, by relation."""
        scores = []
        for method, found in measured.items():
            columns = (found[name] for name in ("relations", "hits", "edges", "chosen"))
            for relation, hits, edges, chosen in zip(*columns, strict=True):
                if edges >= FEWEST or relation == ALL:
                    share = statistics.share_score(
                        method.name, "head found", int(hits), int(edges), str(relation)
                    )
                    scores.append(replace(share, note=str(chosen)))
        return scores

    def _guesses(self, workbench: Workbench, part: data.Source) -> list["Guesses"]:
        trees, encodings = run_trees(workbench, part, QUICK_SENTENCES)
        guesses = []
        for encoding, tree in zip(encodings, trees, strict=True):
            aligned = align(encoding.words, tree)
            matrix = unit_attention(encoding, aligned).copy()
            own = np.arange(len(aligned.units))
            if len(own) == 1:
                continue  # a word alone has no head
            matrix[..., own, own] = -1  # no word is its own head
            both = np.stack([matrix.argmax(axis=-1), matrix.argmax(axis=-2)])
            guesses.append((both, aligned.edges))
        return guesses


Guesses = tuple[NDArray[np.intp], tuple[Edge, ...]]


def _tally(guesses: Sequence[Guesses], relations: tuple[str, ...]) -> Tally:
    shape = guesses[0][0].shape[:-1]
    edges = np.zeros(len(relations), np.int64)
    by_head = np.zeros((*shape, len(relations)), np.int64)
    by_offset = np.zeros((len(OFFSETS), len(relations)), np.int64)
    for guessed, of_sentence in guesses:
        for edge in of_sentence:
            if edge.relation in SKIPPED or edge.relation not in relations:
                continue
            places = [0, relations.index(edge.relation)]
            edges[places] += 1
            by_head[..., places] += (guessed[..., edge.dependent] == edge.head)[..., np.newaxis]
            offset = edge.head - edge.dependent
            if offset in OFFSETS:
                by_offset[OFFSETS.index(offset), places] += 1
    return Tally(relations, edges, by_head, by_offset)


def _chosen(method: NamedMethod, number: int, shape: tuple[int, ...]) -> str:
    if method == BEST_OFFSET:
        return f"{OFFSETS[number]:+d}"
    direction, layer, head = np.unravel_index(number, shape[:-1])
    return f"layer {layer}, head {head}: {(FORWARD, BACKWARD)[direction]} its head"
