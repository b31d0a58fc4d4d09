"""SBERT-WK: a sentence vector from how each word moves through the layers (Wang and Kuo 2020).

Of all published methods it is the nearest to a trend: it, too, reads what the layers change. It
keeps the vectors, though, and takes from their movement only how much each layer and each word
counts. This is written from the formulas of the article (https://arxiv.org/abs/2002.06652).
"""

import numpy as np

from trendlib.errors import ArrayError
from trendlib.typing import TokenStates, Vector

WINDOW = 2
"""How many layers on either side a layer is compared with; the article's value."""
SKIPPED = 3
"""The first third of the hidden states is left out, as the article does with four of BERT's."""


def first_used(n_layers: int) -> int:
    """Return the first hidden state that is used.

    >>> first_used(12), first_used(6)
    (4, 2)
    """
    return n_layers // SKIPPED


def sentence_vector(states: TokenStates) -> Vector:
    """Weigh layers by alignment and novelty, then tokens by how unevenly they move.

    Args:
        states: Array of shape (state, token, hidden): the hidden states that are used, of the
            tokens that are words or pieces of words.

    Returns:
        The vector, of shape (hidden,), which is the sum of the tokens' vectors, with weights that
        add up to 1. A token's weight is proportional to the variance of its cosines between a state
        and the next one; if no token moves unevenly, all weigh the same.

    Raises:
        ArrayError: If there are fewer than three states, or if a vector is zero.
    """
    count = len(states)
    if count < 3:
        raise ArrayError(f"{count} hidden states: SBERT-WK needs three or more")
    tokens = np.asarray(states, np.float64).transpose(1, 0, 2)
    lengths = np.linalg.norm(tokens, axis=2, keepdims=True)
    if not (lengths > 0).all():
        raise ArrayError("a token's vector is zero: it has no direction to compare")
    directions = tokens / lengths
    cosines = directions @ directions.transpose(0, 2, 1)  # (token, state, state)
    weights = layer_weights(cosines)
    words = (weights[:, :, None] * tokens).sum(axis=1)
    uneven = np.diagonal(cosines, offset=1, axis1=1, axis2=2).var(axis=1)
    total = uneven.sum()
    importance = uneven / total if total > 0 else np.full(len(words), 1 / len(words))
    vector: Vector = importance @ words
    return vector


def layer_weights(cosines: TokenStates) -> TokenStates:
    """Compute how much each layer counts for each token.

    *Inverse alignment* is large where a state is unlike its neighbours: the inverse of its mean
    cosine with them. *Novelty* is the share of a state's length that its neighbours do not span.
    Each is scaled to add up to 1 over the states, and the weights are the mean of the two.

    Args:
        cosines: Array of shape (token, state, state): each token's cosines between its states.

    Returns:
        Array of shape (token, state); each row adds up to 1.
    """
    count = cosines.shape[1]
    alignment, novelty = np.empty(cosines.shape[:2]), np.empty(cosines.shape[:2])
    for state in range(count):
        near = range(max(0, state - WINDOW), min(count, state + WINDOW + 1))
        neighbours = [other for other in near if other != state]
        own = cosines[:, state, neighbours]
        among = cosines[:, neighbours][:, :, neighbours]
        alignment[:, state] = 1 / own.mean(axis=1)
        # The squared length of the projection onto the neighbours, by their Gram matrix; it is the
        # last column of the triangular factor of a QR factorization, without its last number.
        spanned = (
            own[:, None, :] @ np.linalg.pinv(among, hermitian=True) @ own[:, :, None]
        ).ravel()
        novelty[:, state] = np.sqrt(np.clip(1 - spanned, 0, None))
    scaled = [found / found.sum(axis=1, keepdims=True) for found in (alignment, novelty)]
    weights: TokenStates = np.mean(scaled, axis=0)
    return weights
