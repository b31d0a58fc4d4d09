"""What would make a result worthless, looked for before it is believed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trendlib.errors import EvaluationError


def same_to_the_model(text: str) -> str:
    """Reduce a text to what an uncased model sees of it: neither capitals nor the spaces between.

    >>> same_to_the_model("Call  NOW ")
    'call now'
    """
    return " ".join(text.casefold().split())


def check_disjoint(train: Sequence[str], test: Sequence[str]) -> None:
    """Check that no text of the test part is in the training part.

    Raises:
        EvaluationError: If one is: the score would reward memory.

    >>> check_disjoint(["Call now"], ["call NOW", "Hello"])
    Traceback (most recent call last):
    trendlib.errors.EvaluationError: 1 of 2 test texts are in the training part too, ...
    """
    known = {same_to_the_model(text) for text in train}
    shared = [text for text in test if same_to_the_model(text) in known]
    if shared:
        raise EvaluationError(
            f"{len(shared)} of {len(test)} test texts are in the training part too, such as "
            f"{shared[0][:60]!r}: take them out of one of the parts"
        )


def check_learnable(
    task: str, baseline: NDArray[np.float64], majority: NDArray[np.float64]
) -> None:
    """Check that labels follow from texts: counts of words must do better than the majority class.

    Args:
        task: Its name, for the message.
        baseline: Accuracy of TF-IDF, in each fold.
        majority: Accuracy of always saying the most frequent class.

    Raises:
        EvaluationError: If not: the labels are probably not those of the texts.

    >>> check_learnable("trec", np.array([0.5, 0.4]), np.array([0.5, 0.5]))
    Traceback (most recent call last):
    trendlib.errors.EvaluationError: trec: TF-IDF is right in 45.0 %, no more than the most ...
    """
    if baseline.mean() <= majority.mean() + 2 * _standard_error(baseline - majority):
        raise EvaluationError(
            f"{task}: TF-IDF is right in {100 * baseline.mean():.1f} %, no more than the most "
            f"frequent class ({100 * majority.mean():.1f} %): check that each label is that of "
            "its text"
        )


def check_no_leak(task: str, shuffled: NDArray[np.float64], majority: NDArray[np.float64]) -> None:
    """Check that what was trained on shuffled labels knows nothing.

    Args:
        task: Its name, for the message.
        shuffled: Accuracy in each fold, after training on shuffled labels.
        majority: Accuracy of always saying the most frequent class.

    Raises:
        EvaluationError: If it is better than the majority class: the test labels leak.
    """
    if shuffled.mean() > majority.mean() + 0.02 + 2 * _standard_error(shuffled - majority):
        raise EvaluationError(
            f"{task}: trained on shuffled labels, a classifier is right in "
            f"{100 * shuffled.mean():.1f} %, more than the most frequent class "
            f"({100 * majority.mean():.1f} %): test labels leak into its features"
        )


def _standard_error(differences: NDArray[np.float64]) -> float:
    return float(differences.std(ddof=1) / np.sqrt(len(differences)))
