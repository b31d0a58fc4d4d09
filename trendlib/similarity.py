"""Similarity: cosines of two vectors, over all coordinates or over a few of them.

The articles compare vectors by the cosine of their first ten coordinates. The other functions here
show how much depends on that choice, and on the few coordinates that are largest: a log quotient
has no upper bound.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

import numpy as np

from trendlib.errors import ArrayError
from trendlib.typing import SliceCosines, Vector

FIRST = 10
"""How many coordinates the articles compare: the first ten."""


def cosine(first: Vector, second: Vector) -> float:
    """Compute the cosine similarity of two vectors.

    Returns:
        A number from -1 to 1; NaN if a vector is all zeros, since it has no direction then.

    Raises:
        ArrayError: If the vectors are empty or have different lengths, or if a value is NaN or
            infinite.

    >>> cosine(np.array([1.0, 0.0]), np.array([1.0, 1.0])).__round__(4)
    0.7071
    """
    if first.shape != second.shape or first.size == 0:
        raise ArrayError(
            f"vectors of {len(first)} and {len(second)} coordinates: they must have the same "
            "length, and not be empty"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ArrayError(
            "the cosine needs finite numbers: decide first how to treat undefined coordinates "
            "(`undefined_as_zero` is the article's choice)"
        )
    sizes = np.abs(first).max(), np.abs(second).max()
    if 0 in sizes:
        return float("nan")
    # Scale first, so that squares neither overflow nor underflow.
    one, other = first / sizes[0], second / sizes[1]
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def heaviest(vector: Vector, count: int) -> list[int]:
    """List the coordinates of largest magnitude, the largest one first.

    A few of them can decide every cosine.

    >>> heaviest(np.array([1.0, -9.0, 3.0]), 2)
    [1, 2]
    """
    order = np.argsort(-np.abs(vector), kind="stable")
    return [int(index) for index in order[:count]]


def share_of_square(vector: Vector, coordinates: Sequence[int]) -> float:
    """Compute the share of a vector's squared length that some of its coordinates contribute.

    Returns:
        A number from 0 to 1; NaN if the vector is all zeros.

    >>> share_of_square(np.array([1.0, -3.0]), [1])
    0.9
    """
    squares = np.square(vector)
    total = squares.sum()
    return float(squares[list(coordinates)].sum() / total) if total > 0 else float("nan")


def without(vector: Vector, coordinates: Collection[int]) -> Vector:
    """Return a copy with some coordinates set to 0, so that no cosine depends on them.

    >>> without(np.array([1.0, -3.0]), [1])
    array([1., 0.])
    """
    kept = vector.copy()
    kept[list(coordinates)] = 0
    return kept


def pairwise_cosines(vectors: Mapping[str, Vector]) -> dict[str, float]:
    """Compute the cosine of every pair of vectors.

    Returns:
        The cosines. The key of a pair is both names with a hyphen between them.

    >>> pairwise_cosines({"a": np.array([1.0, 0.0]), "b": np.array([0.0, 2.0])})
    {'a-b': 0.0}
    """
    return {
        f"{first}-{second}": cosine(vectors[first], vectors[second])
        for first, second in combinations(vectors, 2)
    }


def cosine_by_slice(first: Vector, second: Vector, width: int) -> SliceCosines:
    """Compute the cosine over consecutive slices of the vectors.

    Args:
        first: A vector.
        second: A vector of the same length.
        width: How many coordinates each slice has.

    Returns:
        Array of shape (slice,), in the vectors' order; NaN where either vector is all zeros in a
        slice. Coordinates at the end that do not fill a slice are left out.

    Raises:
        ArrayError: If no slice of that width fits, or for the reasons that ``cosine`` names.

    >>> cosine_by_slice(np.array([1.0, 0.0, 1.0]), np.array([1.0, 0.0, 1.0]), width=1)
    array([ 1., nan,  1.])
    """
    if not 1 <= width <= len(first):
        raise ArrayError(f"slices of {width}: choose a width of 1 to {len(first)} coordinates")
    starts = range(0, len(first) - width + 1, width)
    return np.array([cosine(first[i : i + width], second[i : i + width]) for i in starts])
