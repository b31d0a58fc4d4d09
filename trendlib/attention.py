"""Attention matrices: word pieces merged into words, and the attention that each word receives.

Attention *from* a split word is the mean over its pieces, attention *to* it the sum (Clark et al.
2019, "What Does BERT Look At?"), so that rows still add up to 1. Special tokens send attention as
every token does, but are no words: their columns are dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trendlib.encoding import Encoding, Provenance
from trendlib.errors import HeadOutOfRangeError, LayerOutOfRangeError
from trendlib.readings import Last, Reading
from trendlib.typing import (
    AttentionRows,
    Attentions,
    Received,
    UnitAttentions,
    UnitMatrix,
    UnitRow,
)
from trendlib.words import Word


@dataclass(frozen=True, eq=False)
class AttentionStack:
    """The attention matrices that a reading is about, on top of each other.

    Attributes:
        matrices: One matrix a row of the reading: a head of one layer, or a layer.
        layer: The layer whose heads the rows are; None where the rows are layers.
        provenance: The model that they come from; None for printed ones.
    """

    matrices: AttentionRows
    layer: int | None
    provenance: Provenance | None = None


def stack_attention(encoding: Encoding, reading: Reading) -> AttentionStack:
    """Take from a sentence the attention matrices that a reading is about.

    Args:
        encoding: The sentence.
        reading: Says which matrices.

    Raises:
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
    """
    matrices = attention_rows(encoding.attentions, reading)
    layer = layer_of(reading, len(encoding.attentions))
    return AttentionStack(matrices, layer, encoding.provenance)


def attention_rows(attentions: Attentions, reading: Reading) -> AttentionRows:
    """Take the attention matrices that have a row each in a reading.

    Returns:
        One matrix a head of the reading's layer; or one a layer, the mean of its heads.

    Raises:
        LayerOutOfRangeError: If the reading names a layer that the model lacks.

    >>> from trendlib.readings import LAYERS
    >>> attention_rows(np.ones((6, 12, 3, 3)), LAYERS).shape
    (6, 3, 3)
    """
    layer = layer_of(reading, len(attentions))
    rows: AttentionRows = attentions.mean(axis=1) if layer is None else attentions[layer]
    return rows


def layer_of(reading: Reading, n_layers: int) -> int | None:
    """Say which layer's heads are the rows of a reading; None where the layers are.

    Raises:
        LayerOutOfRangeError: If the model lacks that layer.
    """
    if reading.layer is None:
        return None
    layer = row_number(reading.layer, n_layers)
    check_layer(layer, n_layers)
    return layer


def merge_pieces(attentions: Attentions, words: Sequence[Word]) -> UnitAttentions:
    """Put word pieces together: sum over key pieces, mean over query pieces.

    Args:
        attentions: One row and one column a token.
        words: The words; tokens in no word (the special ones) stay as they are.

    Returns:
        One row and one column a unit (word or special token), in the sentence's order.

    >>> attention = np.array([[[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4], [0.6, 0.1, 0.3]]]])
    >>> merge_pieces(attention, [Word("apples", 0, 6, (1, 2))])
    array([[[[0.5, 0.5],
             [0.4, 0.6]]]])
    """
    units = unit_tokens(words, attentions.shape[-1])
    member = np.zeros((len(units), attentions.shape[-1]), dtype=attentions.dtype)
    for row, tokens in zip(member, units, strict=True):
        row[list(tokens)] = 1
    mean = member / member.sum(axis=1, keepdims=True)
    merged: UnitAttentions = mean @ attentions @ member.T
    return merged


def unit_tokens(words: Sequence[Word], n_tokens: int) -> list[tuple[int, ...]]:
    """List each unit's tokens: the words', and every other token alone, in order.

    >>> unit_tokens([Word("apples", 0, 6, (1, 2))], n_tokens=4)
    [(0,), (1, 2), (3,)]
    """
    in_words = {token for word in words for token in word.tokens}
    alone: list[tuple[int, ...]] = [(token,) for token in range(n_tokens) if token not in in_words]
    return sorted([word.tokens for word in words] + alone)


def received_by_unit(attention: UnitMatrix) -> UnitRow:
    """Sum the attention that each unit receives from all units (column sums).

    >>> received_by_unit(np.array([[0.9, 0.1], [0.4, 0.6]]))
    array([1.3, 0.7])
    """
    total: UnitRow = attention.sum(axis=0)
    return total


def received_by_word(rows: AttentionRows, words: Sequence[Word]) -> Received:
    """Sum the attention that each word receives from all units, in each of several matrices.

    These are the column sums of the merged matrices, without those of the special tokens, got
    without merging: a query piece counts as its share of a word, and key pieces add up.

    >>> attention = np.array([[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4], [0.6, 0.1, 0.3]]])
    >>> received_by_word(attention, [Word("apples", 0, 6, (1, 2))])
    array([[1.1]])
    """
    weights = np.ones(rows.shape[-1], dtype=rows.dtype)
    member = np.zeros((rows.shape[-1], len(words)), dtype=rows.dtype)
    for column, word in enumerate(words):
        pieces = list(word.tokens)
        weights[pieces] = 1 / len(pieces)
        member[pieces, column] = 1
    received: Received = (weights @ rows) @ member
    return received


def received_in_head(attentions: UnitAttentions, layer: int, head: int) -> UnitRow:
    """Sum the attention that each unit receives in one head of one layer.

    Raises:
        LayerOutOfRangeError: If there is no such layer.
        HeadOutOfRangeError: If there is no such head.
    """
    check_layer(layer, attentions.shape[0])
    check_head(head, attentions.shape[1])
    return received_by_unit(attentions[layer, head])


def rollout(attentions: Attentions) -> AttentionRows:
    """Follow attention through the layers (Abnar and Zuidema 2020, "Quantifying Attention Flow").

    The mean of a layer's heads, and the residual connection beside it with the same weight, are
    multiplied from the first layer on.

    Returns:
        For each layer, how much of each token there is in each token after it.

    >>> attention = np.array([[[[0.0, 1.0], [0.0, 1.0]]]] * 2)
    >>> rollout(attention)[1]
    array([[0.25, 0.75],
           [0.  , 1.  ]])
    """
    steps = (attentions.mean(axis=1) + np.eye(attentions.shape[-1])) / 2
    products = [steps[0]]
    for step in steps[1:]:
        products.append(step @ products[-1])
    rolled: AttentionRows = np.stack(products)
    return rolled


def check_layer(layer: int, n_layers: int) -> None:
    """Check a layer's number.

    Raises:
        LayerOutOfRangeError: If there is no such layer.
    """
    if not 0 <= layer < n_layers:
        raise LayerOutOfRangeError(
            f"layer {layer}: this model has {n_layers} layers, give 0 to {n_layers - 1}"
        )


def check_head(head: int, n_heads: int) -> None:
    """Check a head's number.

    Raises:
        HeadOutOfRangeError: If there is no such head.
    """
    if not 0 <= head < n_heads:
        raise HeadOutOfRangeError(
            f"head {head}: this model has {n_heads} heads a layer, give 0 to {n_heads - 1}"
        )


def row_number(number: int | Last, count: int) -> int:
    """Give the number of a row, counted from 0; "last" is the last of ``count``.

    >>> row_number("last", 12), row_number(3, 12)
    (11, 3)
    """
    return count - 1 if number == "last" else number
