"""Attention: from matrices over word pieces to the attention that each word receives.

BERT attends between word pieces, but a word may have several. The attention *from* a split word is
the mean over its pieces, the attention *to* it the sum (Clark et al. 2019, "What Does BERT Look
At?", https://aclanthology.org/W19-4828/), so that rows still sum to 1. A word's *received
attention* is then its column sum. Special tokens attend like all other tokens, so their rows count.
But they are not words, so their columns are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trendlib.encoding import Encoding, Provenance
from trendlib.errors import HeadOutOfRangeError, LayerOutOfRangeError
from trendlib.readings import Last, Pieces, Reading
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
    """The attention matrices that vote in a reading, stacked.

    Attributes:
        matrices: Array of shape (row, query, key): one matrix per head, or one per layer.
        layer: The layer that the heads belong to; None if the rows are layers.
        provenance: The model that they come from; None for matrices that an article printed.
    """

    matrices: AttentionRows
    layer: int | None
    provenance: Provenance | None = None


def stack_attention(encoding: Encoding, reading: Reading) -> AttentionStack:
    """Select the attention matrices that vote in a reading.

    Raises:
        LayerOutOfRangeError: If the model does not have the reading's layer.
    """
    matrices = attention_rows(encoding.attentions, reading)
    layer = layer_of(reading, len(encoding.attentions))
    return AttentionStack(matrices, layer, encoding.provenance)


def attention_rows(attentions: Attentions, reading: Reading) -> AttentionRows:
    """Select the matrices that vote from an array of attentions.

    Args:
        attentions: Array of shape (layer, head, query, key).
        reading: Says whether heads or layers vote.

    Returns:
        Array of shape (row, query, key), with the heads of the reading's layer, or with the
        layers, each the mean of its heads.

    Raises:
        LayerOutOfRangeError: If the model does not have the reading's layer.

    >>> from trendlib.readings import LAYERS
    >>> attention_rows(np.ones((6, 12, 3, 3)), LAYERS).shape
    (6, 3, 3)
    """
    layer = layer_of(reading, len(attentions))
    rows: AttentionRows = attentions.mean(axis=1) if layer is None else attentions[layer]
    return rows


def layer_of(reading: Reading, n_layers: int) -> int | None:
    """Return the number of the layer whose heads vote; None if the layers vote.

    Raises:
        LayerOutOfRangeError: If the model does not have that layer.

    >>> from trendlib.readings import LAST_LAYER
    >>> layer_of(LAST_LAYER, 6)
    5
    """
    if reading.layer is None:
        return None
    layer = row_number(reading.layer, n_layers)
    check_layer(layer, n_layers)
    return layer


def received_by_word(
    rows: AttentionRows, words: Sequence[Word], pieces: Pieces = "sum"
) -> Received:
    """Sum the attention that each word receives, in each of several matrices.

    With the sum over key pieces, the result equals the column sums of the merged matrices (see
    ``merge_pieces``) without the special tokens, but no matrix has to be merged. Each of a
    word's n pieces counts 1/n as a query.

    Args:
        rows: Array of shape (row, query, key), with one query and one key per token.
        words: The sentence's words.
        pieces: Whether a word of several pieces receives the "sum" over them, or their "mean".

    Returns:
        Array of shape (row, word). In each row, every word and special token gives away 1.

    >>> attention = np.array([[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4], [0.6, 0.1, 0.3]]])
    >>> received_by_word(attention, [Word("apples", 0, 6, tokens=(1, 2))])
    array([[1.1]])
    """
    counts = np.array([len(word.tokens) for word in words])
    tokens = [token for word in words for token in word.tokens]
    weights = np.ones(rows.shape[-1], dtype=rows.dtype)
    weights[tokens] = np.repeat(1 / counts, counts)
    by_token = weights @ rows
    received: Received = np.add.reduceat(by_token[:, tokens], np.cumsum(counts) - counts, axis=1)
    return received if pieces == "sum" else received / counts.astype(rows.dtype)


def merge_pieces(
    attentions: Attentions, words: Sequence[Word], pieces: Pieces = "sum"
) -> UnitAttentions:
    """Merge word pieces: sum over key pieces, mean over query pieces.

    Args:
        attentions: Array of shape (layer, head, query, key), with one query and key per token.
        words: The sentence's words; tokens outside all words (the special ones) stay as they are.
        pieces: Whether a word of several key pieces receives the "sum" over them, or their "mean".

    Returns:
        Array of shape (layer, head, unit, unit). A unit is a word or a special token; they are in
        the order of the sentence.

    >>> attention = np.array([[[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4], [0.6, 0.1, 0.3]]]])
    >>> merge_pieces(attention, [Word("apples", 0, 6, tokens=(1, 2))])
    array([[[[0.5, 0.5],
             [0.4, 0.6]]]])
    """
    units = unit_tokens(words, attentions.shape[-1])
    member = np.zeros((len(units), attentions.shape[-1]), dtype=attentions.dtype)
    for row, tokens in zip(member, units, strict=True):
        row[list(tokens)] = 1
    mean = member / member.sum(axis=1, keepdims=True)
    merged: UnitAttentions = mean @ attentions @ (member if pieces == "sum" else mean).T
    return merged


def unit_tokens(words: Sequence[Word], n_tokens: int) -> list[tuple[int, ...]]:
    """List the tokens of each unit: of each word, and each special token on its own.

    >>> unit_tokens([Word("apples", 0, 6, tokens=(1, 2))], n_tokens=4)
    [(0,), (1, 2), (3,)]
    """
    in_words = {token for word in words for token in word.tokens}
    alone: list[tuple[int, ...]] = [(token,) for token in range(n_tokens) if token not in in_words]
    return sorted([word.tokens for word in words] + alone)


def received_by_unit(attention: UnitMatrix) -> UnitRow:
    """Sum the attention that each unit receives: the column sums of one matrix.

    >>> received_by_unit(np.array([[0.9, 0.1], [0.4, 0.6]]))
    array([1.3, 0.7])
    """
    total: UnitRow = attention.sum(axis=0)
    return total


def check_layer(layer: int, n_layers: int) -> None:
    """Check that a model has a layer of this number.

    Raises:
        LayerOutOfRangeError: If it does not.

    >>> check_layer(6, n_layers=6)
    Traceback (most recent call last):
    trendlib.errors.LayerOutOfRangeError: layer 6: this model has 6 layers; choose 0 to 5
    """
    if not 0 <= layer < n_layers:
        raise LayerOutOfRangeError(
            f"layer {layer}: this model has {n_layers} layers; choose 0 to {n_layers - 1}"
        )


def check_head(head: int, n_heads: int) -> None:
    """Check that a model's layers have a head of this number.

    Raises:
        HeadOutOfRangeError: If they do not.

    >>> check_head(-1, n_heads=12)
    Traceback (most recent call last):
    trendlib.errors.HeadOutOfRangeError: head -1: this model has 12 heads a layer; choose 0 to 11
    """
    if not 0 <= head < n_heads:
        raise HeadOutOfRangeError(
            f"head {head}: this model has {n_heads} heads a layer; choose 0 to {n_heads - 1}"
        )


def row_number(number: int | Last, count: int) -> int:
    """Return a row's number, counted from 0; "last" is the last of ``count``.

    >>> row_number("last", 12), row_number(3, 12)
    (11, 3)
    """
    return count - 1 if number == "last" else number
