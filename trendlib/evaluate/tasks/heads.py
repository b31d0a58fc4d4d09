"""Single heads as parsers, as in Clark et al. 2019: does a word's head receive its attention?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate import data, statistics
from trendlib.evaluate.conditions import AS_PRINTED, MEAN_OVER_PIECES, Condition, Conditioned
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

CONDITIONS = (AS_PRINTED, MEAN_OVER_PIECES)
"""What a word of several pieces receives; no vote is taken here, and no trend."""

Count = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """How often a way to guess heads is right, in one part of the treebank.

    Attributes:
        relations: The relations, and ``ALL``.
        edges: How many edges each has, of shape (document, relation).
        by_head: By condition, right guesses, of shape (document, direction, layer, head, relation).
        by_offset: Right guesses of each of ``OFFSETS``, of shape (document, offset, relation).
    """

    relations: tuple[str, ...]
    edges: Count
    by_head: Mapping[Condition, Count]
    by_offset: Count


BEST_HEAD = NamedMethod(
    "best head", "of all heads and both directions, the one that is best on dev"
)
BEST_OFFSET = NamedMethod("best fixed offset", "the word so many places on, the number best on dev")


HeadMethod = Conditioned[NamedMethod]


class Heads(Task[HeadMethod, tuple[Tally, Tally]]):
    """For each relation: how often a dependent's head is found."""

    name = "heads"
    question = "Does a single attention head find a word's head in the tree?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    def methods(self, workbench: Workbench) -> Sequence[HeadMethod]:
        """List attention, under each condition, and its baseline, which reads none."""
        by_head = [Conditioned(BEST_HEAD, condition) for condition in CONDITIONS]
        return *by_head, Conditioned(BEST_OFFSET, AS_PRINTED)

    def prepare(self, workbench: Workbench) -> tuple[Tally, Tally]:
        """Count, in both parts, how often every head and every offset is right."""
        dev, test = (_guesses(workbench, part) for part in self.sources)
        names = sorted({edge.relation for guess in test for edge in guess.edges} - SKIPPED)
        relations = (ALL, *names)
        return tally(dev, relations), tally(test, relations)

    def measure(self, method: HeadMethod, prepared: tuple[Tally, Tally]) -> Measured:
        """Choose on the development part, count on the test part."""
        dev, test = (
            each.by_offset if method.method == BEST_OFFSET else each.by_head[method.condition]
            for each in prepared
        )
        n_relations = test.shape[-1]
        best = dev.sum(axis=0).reshape(-1, n_relations).argmax(axis=0)
        on_test = test.reshape(len(test), -1, n_relations)
        return {
            "hits": on_test[:, best, np.arange(n_relations)],
            "edges": prepared[1].edges,
            "relations": np.array(prepared[1].relations),
            "chosen": np.array(
                [_chosen(method.method, int(number), test.shape[1:]) for number in best]
            ),
        }

    def scores(self, measured: Mapping[HeadMethod, Measured]) -> list[Score]:
        """Compute the share of edges, by relation; documents are drawn as a whole."""
        scores = []
        for method, found in measured.items():
            columns = found["relations"], found["hits"].T, found["edges"].T, found["chosen"]
            for relation, hits, edges, chosen in zip(*columns, strict=True):
                if edges.sum() >= FEWEST or relation == ALL:
                    scores.append(
                        replace(
                            _share(method.method.name, hits, edges),
                            group=str(relation),
                            note=str(chosen),
                            condition=method.condition.name,
                        )
                    )
        return scores


@dataclass(frozen=True, eq=False)
class Guesses:
    """What each head guesses in a sentence.

    Attributes:
        document: The id of its document.
        edges: Its gold edges.
        heads: By condition, the guessed head of each unit, of shape (direction, layer, head, unit).
    """

    document: str
    edges: tuple[Edge, ...]
    heads: Mapping[Condition, NDArray[np.intp]]


def _guesses(workbench: Workbench, part: data.Source) -> list[Guesses]:
    guesses = []
    for tree, encoding in run_trees(workbench, part, QUICK_SENTENCES):
        aligned = align(encoding.words, tree)
        own = np.arange(len(aligned.units))
        if len(own) == 1:
            continue  # a word alone has no head
        heads = {}
        for condition in CONDITIONS:
            matrix = unit_attention(encoding, aligned, condition.reading.pieces).copy()
            matrix[..., own, own] = -1  # no word is its own head
            heads[condition] = np.stack([matrix.argmax(axis=-1), matrix.argmax(axis=-2)])
        guesses.append(Guesses(tree.document, aligned.edges, heads))
    return guesses


def tally(guesses: Sequence[Guesses], relations: tuple[str, ...]) -> Tally:
    """Count right guesses, by document and relation."""
    documents = list(dict.fromkeys(guess.document for guess in guesses))
    shape = guesses[0].heads[AS_PRINTED].shape[:-1]
    edges = np.zeros((len(documents), len(relations)), np.int64)
    by_head = {
        condition: np.zeros((len(documents), *shape, len(relations)), np.int64)
        for condition in CONDITIONS
    }
    by_offset = np.zeros((len(documents), len(OFFSETS), len(relations)), np.int64)
    for guess in guesses:
        row = documents.index(guess.document)
        for edge in guess.edges:
            if edge.relation in SKIPPED or edge.relation not in relations:
                continue
            places = [0, relations.index(edge.relation)]
            edges[row, places] += 1
            for condition, heads in guess.heads.items():
                right = heads[..., edge.dependent] == edge.head
                by_head[condition][row][..., places] += right[..., np.newaxis]
            offset = edge.head - edge.dependent
            if offset in OFFSETS:
                by_offset[row, OFFSETS.index(offset), places] += 1
    return Tally(relations, edges, by_head, by_offset)


def _share(method: str, hits: Count, edges: Count) -> Score:
    """Compute the share of right guesses, and its interval: one row a document."""
    table = np.stack([hits, edges], axis=1)
    added = statistics.clustered_sums(table, np.arange(len(table)))
    added = added[added[:, 1] > 0]  # a rare relation may be in no drawn document
    low, high = np.quantile(added[:, 0] / added[:, 1], [0.025, 0.975])
    value = hits.sum() / edges.sum()
    return Score(method, "head found", float(value), float(low), float(high), int(edges.sum()))


def _chosen(method: NamedMethod, number: int, shape: tuple[int, ...]) -> str:
    if method == BEST_OFFSET:
        return f"{OFFSETS[number]:+d}"
    direction, layer, head = np.unravel_index(number, shape[:-1])
    return f"layer {layer}, head {head}: {(FORWARD, BACKWARD)[direction]} its head"
