"""What can be done to sentence vectors once they are made: whiten them, or cut off the top.

Both learn from vectors alone, without a label. They are fitted on one set of sentences and applied
to others.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from trendlib.errors import ArrayError

Rows = NDArray[Any]
"""Sentence vectors, one a row."""
Transform = Callable[[Rows], Rows]


def principal_components(rows: Rows) -> PCA:
    """Fit all principal components of some vectors, in float64."""
    return PCA(svd_solver="full", random_state=0).fit(rows.astype(np.float64))


def whitening(fitted: PCA, size: int) -> Transform:
    """Make the transform that whitens: subtract the mean, and give each component the variance 1.

    Of the vectors that were fitted, the covariance becomes the identity (Su et al. 2021).

    Args:
        fitted: See ``principal_components``.
        size: How many components to keep, those of largest variance first.

    Raises:
        ArrayError: If a component that is kept does not vary, within rounding.
    """
    variances = fitted.explained_variance_[:size]
    if size > rank(fitted):
        raise ArrayError(f"{size} components: only {rank(fitted)} of them vary")
    matrix = fitted.components_[:size].T / np.sqrt(variances)
    return lambda rows: (rows - fitted.mean_) @ matrix


def rank(fitted: PCA) -> int:
    """Count the components that vary, within the precision of float32."""
    variances = fitted.explained_variance_
    return int((variances > variances[0] * np.finfo(np.float32).eps).sum())


def all_but_the_top(fitted: PCA, removed: int) -> Transform:
    """Make the transform that subtracts the mean and the largest components.

    What all vectors share is taken away, so that the rest can tell them apart (Mu and Viswanath
    2018).

    Args:
        fitted: See ``principal_components``.
        removed: How many components to remove.
    """
    top = fitted.components_[:removed]

    def apply(rows: Rows) -> Rows:
        centred = rows - fitted.mean_
        left: Rows = centred - centred @ top.T @ top
        return left

    return apply
