"""Is a trend embedding an alternative to [CLS] for classification? The protocol of SentEval.

Features are frozen. A logistic regression is trained on them; its L2 penalty is chosen inside the
training part. Where a task has no test part of its own, or to compare methods fold by fold, the
score is that of a stratified cross-validation.
"""

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trendlib.evaluate import statistics
from trendlib.evaluate.checks import (
    check_disjoint,
    check_learnable,
    check_no_leak,
    same_to_the_model,
)
from trendlib.evaluate.conditions import CONDITIONS
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.vectors import (
    CLS,
    IMPROVED,
    MEAN,
    TREND,
    TRENDS,
    USUAL,
    VectorMethod,
    trend_under,
    usable,
    vectors,
)

FOLDS, QUICK_FOLDS = 10, 3
INNER_FOLDS = 5
QUICK_TEXTS = 1000
SIZES = (100, 300, 1000, 3000)
"""Sizes of the training sets of the learning curve."""
CURVE_FOLDS = 5
SEED = 0
"""Of the inner folds, and of the shuffled labels."""
TEST_ACCURACY = "test accuracy"
CURVE, CURVE_SIZES = "learning curve", "training texts"

Labels = NDArray[np.int64]
Features = NDArray[Any]
Measure = Callable[[Labels, Labels], float]


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """Texts and the numbers of their classes, from 0."""

    texts: list[str]
    labels: Labels

    @classmethod
    def from_pairs(
        cls, pairs: Sequence[tuple[str, str]], classes: Sequence[str]
    ) -> "LabelledTexts":
        """Number the classes of (class, text) pairs by their places in ``classes``."""
        labels = np.array([classes.index(label) for label, _ in pairs])
        return cls([text for _, text in pairs], labels)

    def take(self, numbers: Sequence[int] | NDArray[np.int64]) -> "LabelledTexts":
        """Return the texts with these numbers, and their labels."""
        return LabelledTexts([self.texts[number] for number in numbers], self.labels[list(numbers)])


@dataclass(frozen=True)
class Classifier:
    """A way to classify texts: features, and an estimator that is trained on them.

    Attributes:
        name: Its name in tables.
        note: What it does, in a sentence.
        features: Returns the features of texts, one row per text, without a look at any label.
        estimator: Returns a new estimator; everything that is learned from data is learned in it.
        shuffles_labels: Whether it is trained on shuffled labels, as a control.
        has_curve: Whether it is trained on samples of several sizes, too.
        condition: The name of the condition that it is run under; empty for the article's choices.
        base: The method that it is under this condition; empty for the method itself.
    """

    name: str
    note: str
    features: Callable[[Workbench, Sequence[str]], Features]
    estimator: Callable[[], BaseEstimator]
    shuffles_labels: bool = False
    has_curve: bool = True
    condition: str = ""
    base: str = ""

    def labelled(self, score: Score) -> Score:
        """Name a score after the method and the condition."""
        return replace(score, method=self.base or self.name, condition=self.condition)


def _vector_features(method: VectorMethod, workbench: Workbench, texts: Sequence[str]) -> Features:
    return vectors(workbench, [method], texts)[method.name].astype(np.float64)


def _vector_estimator() -> BaseEstimator:
    # With scaled coordinates, the same penalties suit all vectors.
    return make_pipeline(StandardScaler(), _regression(10.0 ** np.arange(-5, 1)))


def tfidf_vectorizer() -> TfidfVectorizer:
    """Make a vectorizer of words and marks: "?" and "!" say much about a text."""
    return TfidfVectorizer(token_pattern=r"\w+|[^\w\s]")


def _tfidf_estimator() -> BaseEstimator:
    return make_pipeline(tfidf_vectorizer(), _regression(10.0 ** np.arange(-2, 4)))


TFIDF = Classifier(
    "TF-IDF",
    "counts of words, weighted by their rarity in the training part; no model",
    lambda _workbench, texts: np.array(texts, dtype=str),
    _tfidf_estimator,
)
MAJORITY = Classifier(
    "majority",
    "always the most frequent class of the training part",
    lambda _workbench, texts: np.zeros((len(texts), 1)),
    lambda: DummyClassifier(strategy="most_frequent"),
)
CONTROL = Classifier(
    f"{MEAN.name}, labels shuffled",
    f"control: as {MEAN.name}, but trained on shuffled labels",
    partial(_vector_features, MEAN),
    _vector_estimator,
    shuffles_labels=True,
)


def _of_vectors(method: VectorMethod, **options: Any) -> Classifier:
    features = partial(_vector_features, method)
    return Classifier(method.name, method.note, features, _vector_estimator, **options)


CONDITIONED = {condition: trend_under(condition) for condition in CONDITIONS[1:]}
"""The article's trend under each condition but its own choices.

:meta hide-value:
"""
VECTOR_METHODS = (*TRENDS, *USUAL, *IMPROVED, *CONDITIONED.values())
CLASSIFIERS: tuple[Classifier, ...] = (
    *(_of_vectors(method) for method in (*TRENDS, *USUAL)),
    *(_of_vectors(method, has_curve=False) for method in IMPROVED),
    *(
        _of_vectors(method, has_curve=False, condition=condition.name, base=TREND.name)
        for condition, method in CONDITIONED.items()
    ),
    TFIDF,
    MAJORITY,
    CONTROL,
)
REFERENCES = tuple(method for method in CLASSIFIERS if method.name in (CLS.name, MEAN.name))
"""The baselines of every method.

:meta hide-value:
"""


@dataclass(frozen=True, eq=False)
class Split:
    """The texts of a task.

    Attributes:
        workbench: The model, the store and the settings.
        train: Training part, which is cross-validated too.
        test: Test part; None if the task has none.
        removed: How many texts were left out, by reason.
        found: How many training texts there were, before a sample was drawn.
    """

    workbench: Workbench
    train: LabelledTexts
    test: LabelledTexts | None
    removed: Mapping[str, int]
    found: int

    @property
    def texts(self) -> list[str]:
        """The texts of both parts."""
        return [*self.train.texts, *(self.test.texts if self.test else [])]

    def features(self, method: Classifier) -> tuple[Features, Features]:
        """Return a method's features of the training part, and of the test part."""
        rows, n_train = method.features(self.workbench, self.texts), len(self.train.texts)
        return rows[:n_train], rows[n_train:]

    def folds(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Split the training part into stratified folds, the same for every method."""
        return folds_of(self.train.labels, self.n_folds, self.workbench.seed)

    @property
    def n_folds(self) -> int:
        """How many folds there are."""
        return QUICK_FOLDS if self.workbench.quick else FOLDS


class Classification(Task[Classifier, Split]):
    """Texts and classes.

    Attributes:
        measures: What is computed in each fold.
        uses_folds: Whether the training part is cross-validated.
        most_train: How many training texts are used at most; all of them if None. They are drawn
            by class, always in the same way.
    """

    measures: ClassVar[Mapping[str, Measure]] = {"accuracy": accuracy_score}
    uses_folds: ClassVar[bool] = True
    most_train: ClassVar[int | None] = None

    @abstractmethod
    def read(self) -> tuple[LabelledTexts, LabelledTexts | None]:
        """Read the training part and the test part, if there is one."""

    def methods(self, workbench: Workbench) -> Sequence[Classifier]:
        """List the classifiers."""
        return CLASSIFIERS

    def prepare(self, workbench: Workbench) -> Split:
        """Read the texts, take out what would spoil the test, and make all vectors."""
        train, test = self.read()
        train, test, removed = without_repeats(train, test, partial(usable, workbench))
        found = len(train.texts)
        if self.most_train is not None and self.most_train < found:
            train = train.take(stratified(train.labels, self.most_train, workbench.seed))
        train = train.take(workbench.sample(range(len(train.texts)), QUICK_TEXTS))
        if test is not None:
            test = test.take(workbench.sample(range(len(test.texts)), QUICK_TEXTS))
            check_disjoint(train.texts, test.texts)
        split = Split(workbench, train, test, removed, found)
        vectors(workbench, VECTOR_METHODS, split.texts)  # all at once; then they are in the store
        return split

    def facts(self, prepared: Split) -> dict[str, Any]:
        """Count texts and classes."""
        test = prepared.test
        drawn = {} if self.most_train is None else {"train, drawn from": prepared.found}
        return {
            "train": len(prepared.train.texts),
            **drawn,
            "test": 0 if test is None else len(test.texts),
            "classes": len(np.unique(prepared.train.labels)),
            "folds": prepared.n_folds if self.uses_folds else 0,
            "removed": dict(prepared.removed),
        }

    def measure(self, method: Classifier, prepared: Split) -> Measured:
        """Train and test in each fold, on samples of several sizes, and on the test part.

        Under a condition, only what a verdict is computed from is measured: the test part, or the
        folds where there is none.
        """
        found: dict[str, NDArray[Any]] = {}
        rows, test_rows = prepared.features(method)
        if self.uses_folds and not (method.condition and prepared.test is not None):
            found |= self._cross_validate(method, prepared, rows)
        if self.uses_folds and method.has_curve:
            found |= self._learning_curve(method, prepared, rows)
        if prepared.test is not None:
            predicted = _predict(method, rows, prepared.train.labels, test_rows)
            found[TEST_ACCURACY] = predicted == prepared.test.labels
        return found

    def scores(self, measured: Mapping[Classifier, Measured]) -> list[Score]:
        """Summarize each method, and its differences from CLS and mean pooling."""
        self._check(measured)
        scores = [
            method.labelled(score)
            for method, found in measured.items()
            for score in self._own_scores(method, found)
        ]
        pairs = [
            (method, baseline)
            for baseline in REFERENCES
            for method in measured
            if method not in (baseline, CONTROL)
        ]
        for measure in (*self.measures, TEST_ACCURACY):
            # Under a condition, not every measure was taken.
            taken = [pair for pair in pairs if measure in measured[pair[0]]]
            if taken:
                scores += _differences(taken, measure, measured)
        return scores

    def _cross_validate(
        self, method: Classifier, split: Split, rows: Features
    ) -> dict[str, NDArray[Any]]:
        train = split.train
        found: dict[str, list[float]] = {name: [] for name in self.measures}
        for fit, test in split.folds():
            check_disjoint(train.take(fit).texts, train.take(test).texts)
            predicted = _predict(method, rows[fit], train.labels[fit], rows[test])
            for name, measure in self.measures.items():
                found[name].append(measure(train.labels[test], predicted))
        return {name: np.array(values, dtype=float) for name, values in found.items()}

    def _learning_curve(
        self, method: Classifier, split: Split, rows: Features
    ) -> dict[str, NDArray[Any]]:
        """Train on samples; the curve has one row per size, and one column per fold."""
        labels = split.train.labels
        measure = next(iter(self.measures.values()))
        folds = split.folds()[:CURVE_FOLDS]
        smallest = min(len(fit) for fit, _ in folds)
        wanted = SIZES[:1] if split.workbench.quick else SIZES
        sizes = [size for size in wanted if size < smallest]
        curve = np.empty((len(sizes), len(folds)))
        for number, (fit, test) in enumerate(folds):
            for row, size in enumerate(sizes):
                chosen = fit[stratified(labels[fit], size, seed=number)]
                predicted = _predict(method, rows[chosen], labels[chosen], rows[test])
                curve[row, number] = measure(labels[test], predicted)
        return {CURVE: curve, CURVE_SIZES: np.array(sizes, int)}

    def _check(self, measured: Mapping[Classifier, Measured]) -> None:
        measure = "accuracy" if self.uses_folds else TEST_ACCURACY
        tfidf, majority, control = (
            np.asarray(measured[method][measure], float) for method in (TFIDF, MAJORITY, CONTROL)
        )
        check_learnable(self.name, tfidf, majority)
        check_no_leak(self.name, control, majority)

    def _own_scores(self, method: Classifier, found: Measured) -> Iterator[Score]:
        if next(iter(self.measures)) in found:
            for measure in self.measures:
                values = found[measure]
                low, high = statistics.folds_interval(values, _test_share(values))
                yield Score(method.name, measure, float(values.mean()), low, high, len(values))
        if CURVE in found:
            # The samples are few and overlap: too few, and too alike, for an interval.
            measure = next(iter(self.measures))
            for size, values in zip(found[CURVE_SIZES], found[CURVE], strict=True):
                yield Score(
                    method.name, measure, float(values.mean()), None, None, len(values),
                    train_size=int(size),
                )  # fmt: skip
        if TEST_ACCURACY in found:
            correct = found[TEST_ACCURACY]
            yield statistics.share_score(
                method.name, TEST_ACCURACY, int(correct.sum()), len(correct)
            )


def without_repeats(
    train: LabelledTexts,
    test: LabelledTexts | None,
    can_embed: Callable[[Sequence[str]], Sequence[bool]],
) -> tuple[LabelledTexts, LabelledTexts | None, dict[str, int]]:
    """Remove texts that the model cannot embed, and those that repeat another one.

    Of texts that are the same to the model (``checks.same_to_the_model``) the first one is kept;
    none is if their labels differ. A training text that is in the test part is removed, so that
    the test part is the same for everybody.

    Returns:
        Both parts, and how many training texts were removed, by reason.

    >>> texts = ["Hi", "hi", "So", "so", "Yes", "..."]
    >>> train = LabelledTexts(texts, np.array([0, 0, 0, 1, 1, 1]))
    >>> kept, _, removed = without_repeats(train, None, lambda given: [t != "..." for t in given])
    >>> kept.texts, removed
    (['Hi', 'Yes'], {'without a word': 1, 'repeated': 1, 'contradictory': 2, 'in the test part': 0})
    """
    good = [number for number, good in enumerate(can_embed(train.texts)) if good]
    keys = [same_to_the_model(text) for text in train.texts]
    labels: dict[str, set[int]] = {}
    for number in good:
        labels.setdefault(keys[number], set()).add(int(train.labels[number]))
    clear = [number for number in good if len(labels[keys[number]]) == 1]
    first = list({keys[number]: number for number in reversed(clear)}.values())[::-1]
    if test is not None:
        test = test.take([n for n, good in enumerate(can_embed(test.texts)) if good])
    tested = set() if test is None else {same_to_the_model(text) for text in test.texts}
    kept = [number for number in first if keys[number] not in tested]
    removed = {
        "without a word": len(train.texts) - len(good),
        "repeated": len(clear) - len(first),
        "contradictory": len(good) - len(clear),
        "in the test part": len(first) - len(kept),
    }
    return train.take(kept), test, removed


def folds_of(
    labels: Labels, count: int, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Split into stratified folds, each a training and a test part."""
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(labels)), labels))


def stratified(labels: Labels, count: int, seed: int) -> NDArray[np.int64]:
    """Draw the numbers of texts by class, in the order of the texts.

    >>> stratified(np.array([0, 0, 0, 0, 1, 1]), 3, seed=0).size
    3
    """
    sampler = StratifiedShuffleSplit(1, train_size=count, random_state=seed)
    ((drawn, _),) = sampler.split(np.zeros(len(labels)), labels)
    return np.sort(drawn)


def shuffled(labels: Labels) -> Labels:
    """Shuffle labels, always in the same way."""
    return np.random.default_rng(SEED).permutation(labels)


def _predict(method: Classifier, rows: Features, labels: Labels, test: Features) -> Labels:
    estimator = method.estimator()
    with warnings.catch_warnings():
        # Of a hundred questions, one or two ask for an abbreviation: not every inner fold has one.
        warnings.filterwarnings("ignore", "The least populated class")
        estimator.fit(rows, shuffled(labels) if method.shuffles_labels else labels)
    predicted: Labels = estimator.predict(test)
    return predicted


def _regression(penalties: NDArray[np.floating[Any]]) -> LogisticRegressionCV:
    return LogisticRegressionCV(
        Cs=penalties,
        cv=StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=SEED),
        scoring="accuracy",
        l1_ratios=(0,),  # the penalty is L2 alone
        max_iter=500,
        use_legacy_attributes=False,
    )


def _test_share(values: NDArray[Any]) -> float:
    """Size of a fold's test part, divided by that of its training part."""
    return 1 / (len(values) - 1)


def _differences(
    pairs: Sequence[tuple[Classifier, Classifier]],
    measure: str,
    measured: Mapping[Classifier, Measured],
) -> list[Score]:
    def compare(method: Classifier, baseline: Classifier) -> statistics.Difference:
        one, other = measured[method][measure], measured[baseline][measure]
        if measure == TEST_ACCURACY:
            return statistics.items_difference(one, other)
        return statistics.folds_difference(one, other, _test_share(one))

    count = len(measured[CONTROL][measure])
    scores = statistics.difference_scores(measure, pairs, count, compare)
    return [method.labelled(score) for (method, _), score in zip(pairs, scores, strict=True)]
