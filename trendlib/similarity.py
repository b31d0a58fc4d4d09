"""How alike two vectors are, over all coordinates or over a few of them."""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

import numpy as np

from trendlib.errors import ArrayError
from trendlib.typing import SliceCosines, Vector

FIRST = 10
"""The articles compare vectors by their first ten coordinates throughout."""


def cosine(first: Vector, second: Vector) -> float:
    """Compute the cosine similarity.

    Returns:
        A number from -1 to 1; NaN if a vector is all zeros and so has no direction.

    Raises:
        ArrayError: If the lengths differ, or a value is NaN or infinite.

    >>> cosine(np.array([1.0, 0.0]), np.array([1.0, 1.0])).__round__(4)
    0.7071
    """
    if first.shape != second.shape or first.size == 0:
        raise ArrayError(
            f"vectors of {len(first)} and {len(second)} coordinates: they must be of one length, "
            "and not empty"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ArrayError(
            "the cosine needs finite numbers: choose what becomes of undefined coordinates "
            "first (`undefined_as_zero` is the article's choice)"
        )
    sizes = np.abs(first).max(), np.abs(second).max()
    if 0 in sizes:
        return float("nan")
    # Scaled first, so that squares neither overflow nor vanish.
    one, other = first / sizes[0], second / sizes[1]
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def heaviest(vector: Vector, count: int) -> list[int]:
    """List the coordinates of largest magnitude, the largest one first.

    A log quotient has no upper bound: a few coordinates can decide every cosine.

    >>> heaviest(np.array([1.0, -9.0, 3.0]), 2)
    [1, 2]
    """
    order = np.argsort(-np.abs(vector), kind="stable")
    return [int(index) for index in order[:count]]


def share_of_square(vector: Vector, coordinates: Sequence[int]) -> float:
    """Compute which share of a vector's squared length some coordinates carry.

    Returns:
        A number from 0 to 1; NaN for a vector of zeros.

    >>> share_of_square(np.array([1.0, -3.0]), [1])
    0.9
    """
    squares = np.square(vector)
    total = squares.sum()
    return float(squares[list(coordinates)].sum() / total) if total > 0 else float("nan")


def without(vector: Vector, coordinates: Collection[int]) -> Vector:
    """Put 0 in some coordinates, which takes them out of every cosine.

    >>> without(np.array([1.0, -3.0]), [1])
    array([1., 0.])
    """
    kept = vector.copy()
    kept[list(coordinates)] = 0
    return kept


def pairwise_cosines(vectors: Mapping[str, Vector]) -> dict[str, float]:
    """Compute the cosine of each pair.

    Returns:
        The cosines, named by the two vectors' names.

    >>> pairwise_cosines({"a": np.array([1.0, 0.0]), "b": np.array([0.0, 2.0])})
    {'a-b': 0.0}
    """
    return {
        f"{first}-{second}": cosine(vectors[first], vectors[second])
        for first, second in combinations(vectors, 2)
    }


def cosine_by_slice(first: Vector, second: Vector, width: int) -> SliceCosines:
    """Compute the cosine over each run of ``width`` coordinates, one after the other.

    Returns:
        One cosine a slice; a shorter rest at the end is left out. NaN where a slice is all
        zeros in either vector.

    Raises:
        ArrayError: If no slice of that width fits, or as ``cosine``.

    >>> cosine_by_slice(np.array([1.0, 0.0, 1.0]), np.array([1.0, 0.0, 1.0]), width=1)
    array([ 1., nan,  1.])
    """
    if not 1 <= width <= len(first):
        raise ArrayError(f"slices of {width}: give a width of 1 to {len(first)} coordinates")
    starts = range(0, len(first) - width + 1, width)
    return np.array([cosine(first[i : i + width], second[i : i + width]) for i in starts])
