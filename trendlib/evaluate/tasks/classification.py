"""Is a trend embedding an alternative to [CLS] for classification? The protocol of SentEval.

Features are frozen. A logistic regression is trained on them; its L2 penalty is chosen inside the
training part. Where a task has no test part of its own, or to compare methods fold by fold, the
score is that of a stratified cross-validation.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trendlib.evaluate import data, statistics
from trendlib.evaluate.checks import (
    check_disjoint,
    check_learnable,
    check_no_leak,
    same_to_the_model,
)
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.vectors import TRENDS, USUAL, Mean, VectorMethod, usable, vectors

FOLDS, QUICK_FOLDS = 10, 3
INNER_FOLDS = 5
QUICK_TEXTS = 1000
SIZES = (100, 300, 1000, 3000)
"""Sizes of training sets of the sample-size curve."""
CURVE_FOLDS = 5
TESTED = "test accuracy"
REFERENCES = ("CLS", "mean")
"""What every method is compared with."""

Labels = NDArray[np.int64]
Features = NDArray[Any]
Measure = Callable[[Labels, Labels], float]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Texts and the numbers of their classes."""

    texts: list[str]
    labels: Labels

    def take(self, numbers: Sequence[int] | NDArray[np.int64]) -> "Labelled":
        """Take some of them."""
        return Labelled([self.texts[number] for number in numbers], self.labels[list(numbers)])


class Classifier(ABC):
    """A way to classify texts: features, and what learns from them."""

    name: str
    note: str

    @abstractmethod
    def features(self, workbench: Workbench, texts: Sequence[str]) -> Features:
        """Make the features, without a look at any label."""

    @abstractmethod
    def estimator(self, seed: int) -> BaseEstimator:
        """Make what is trained; everything that is learned from data is learned there."""

    def training_labels(self, labels: Labels, seed: int) -> Labels:
        """Give the labels to train on: the true ones, but for a control."""
        return labels


class FromVectors(Classifier):
    """Logistic regression on sentence vectors."""

    def __init__(self, method: VectorMethod) -> None:
        """Take a way to make sentence vectors."""
        self.method = method
        self.name, self.note = method.name, method.note

    def features(self, workbench: Workbench, texts: Sequence[str]) -> Features:
        """Make the vectors."""
        return vectors(workbench, [self.method], texts)[self.method.name].astype(np.float64)

    def estimator(self, seed: int) -> BaseEstimator:
        """Make scaler and regression: with scaled coordinates, the same penalties suit all."""
        return make_pipeline(StandardScaler(), _regression(10.0 ** np.arange(-5, 1), seed))


class ShuffledLabels(FromVectors):
    """A control: what can be learned where there is nothing to learn."""

    def __init__(self, method: VectorMethod) -> None:
        """Take a way to make sentence vectors."""
        super().__init__(method)
        self.name = f"{method.name}, labels shuffled"
        self.note = f"control: as {method.name}, but trained on shuffled labels"

    def training_labels(self, labels: Labels, seed: int) -> Labels:
        """Shuffle the labels."""
        return np.random.default_rng(seed).permutation(labels)


def word_counts() -> TfidfVectorizer:
    """Make what weights words, and marks, by their rarity: "?" and "!" say much about a text."""
    return TfidfVectorizer(token_pattern=r"\w+|[^\w\s]")


class Tfidf(Classifier):
    """Logistic regression on counts of words."""

    name = "TF-IDF"
    note = "counts of words, weighted by their rarity in the training part; no model"

    def features(self, workbench: Workbench, texts: Sequence[str]) -> Features:
        """Give the texts themselves."""
        return np.array(texts, dtype=str)

    def estimator(self, seed: int) -> BaseEstimator:
        """Make vectorizer and regression."""
        return make_pipeline(word_counts(), _regression(10.0 ** np.arange(-2, 4), seed))


class Majority(Classifier):
    """What knows nothing of a text."""

    name = "majority"
    note = "always the most frequent class of the training part"

    def features(self, workbench: Workbench, texts: Sequence[str]) -> Features:
        """Give anything."""
        return np.zeros((len(texts), 1))

    def estimator(self, seed: int) -> BaseEstimator:
        """Make a classifier without features."""
        return DummyClassifier(strategy="most_frequent")


CONTROL = ShuffledLabels(Mean())
CLASSIFIERS: tuple[Classifier, ...] = (
    *(FromVectors(method) for method in (*TRENDS, *USUAL)),
    Tfidf(),
    Majority(),
    CONTROL,
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A task's texts.

    Attributes:
        workbench: What to work with.
        train: Training part, of which the folds are made too.
        test: Test part; None if the task has none.
        removed: How many texts were left out, by reason.
    """

    workbench: Workbench
    train: Labelled
    test: Labelled | None
    removed: Mapping[str, int]

    @property
    def texts(self) -> list[str]:
        """The texts of both parts."""
        return [*self.train.texts, *(self.test.texts if self.test else [])]

    def features(self, method: Classifier) -> tuple[Features, Features]:
        """Make a method's features of the training part, and of the test part."""
        rows, cut = method.features(self.workbench, self.texts), len(self.train.texts)
        return rows[:cut], rows[cut:]


class Classification(Task[Classifier, Prepared]):
    """Texts and classes.

    Attributes:
        measures: What is computed in each fold.
        uses_folds: Whether the training part is cross-validated.
    """

    measures: ClassVar[Mapping[str, Measure]] = {"accuracy": accuracy_score}
    uses_folds: ClassVar[bool] = True

    @abstractmethod
    def read(self) -> tuple[Labelled, Labelled | None]:
        """Read the training part and the test part, if there is one."""

    def methods(self, workbench: Workbench) -> Sequence[Classifier]:
        """List the methods."""
        return CLASSIFIERS

    def prepare(self, workbench: Workbench) -> Prepared:
        """Read the texts, take out what would spoil the test, and make all vectors."""
        train, test = self.read()
        train, test, removed = without_repeats(train, test, lambda texts: usable(workbench, texts))
        train = train.take(workbench.sample(range(len(train.texts)), QUICK_TEXTS))
        if test is not None:
            test = test.take(workbench.sample(range(len(test.texts)), QUICK_TEXTS))
            check_disjoint(train.texts, test.texts)
        prepared = Prepared(workbench, train, test, removed)
        of_vectors = [each.method for each in CLASSIFIERS if isinstance(each, FromVectors)]
        vectors(workbench, of_vectors, prepared.texts)  # in one go; then they are kept
        return prepared

    def facts(self, prepared: Prepared) -> dict[str, Any]:
        """Count texts and classes."""
        test = prepared.test
        return {
            "train": len(prepared.train.texts),
            "test": 0 if test is None else len(test.texts),
            "classes": len(np.unique(prepared.train.labels)),
            "folds": _fold_count(prepared.workbench) if self.uses_folds else 0,
            "removed": dict(prepared.removed),
        }

    def measure(self, method: Classifier, prepared: Prepared) -> Measured:
        """Train and test in each fold, on samples of several sizes, and on the test part."""
        found: dict[str, NDArray[Any]] = {}
        rows, test_rows = prepared.features(method)
        if self.uses_folds:
            found |= self._in_folds(method, prepared, rows)
            found |= self._with_sizes(method, prepared, rows)
        if prepared.test is not None:
            guessed = _guess(method, rows, prepared.train.labels, test_rows)
            found[TESTED] = guessed == prepared.test.labels
        return found

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give each method's figures, and what they are more than those of CLS and mean."""
        self._check(measured)
        scores: list[Score] = []
        for method, found in measured.items():
            scores += self._of_method(method, found)
        pairs = [
            (method, other)
            for other in REFERENCES
            for method in measured
            if method not in (other, CONTROL.name)
        ]
        known = measured[CONTROL.name]
        for measure in (*self.measures, TESTED):
            if measure in known:
                scores += _differences(pairs, measure, measured)
        return scores

    def _in_folds(
        self, method: Classifier, prepared: Prepared, rows: Features
    ) -> dict[str, NDArray[Any]]:
        train = prepared.train
        found: dict[str, list[float]] = {name: [] for name in self.measures}
        for fit, test in folds_of(
            train.labels, _fold_count(prepared.workbench), prepared.workbench.seed
        ):
            check_disjoint(train.take(fit).texts, train.take(test).texts)
            guessed = _guess(method, rows[fit], train.labels[fit], rows[test])
            for name, measure in self.measures.items():
                found[name].append(measure(train.labels[test], guessed))
        return {name: np.array(values, dtype=float) for name, values in found.items()}

    def _with_sizes(
        self, method: Classifier, prepared: Prepared, rows: Features
    ) -> dict[str, NDArray[Any]]:
        train = prepared.train
        measure = next(iter(self.measures.values()))
        found: dict[str, list[float]] = {}
        folds = folds_of(train.labels, _fold_count(prepared.workbench), prepared.workbench.seed)[
            :CURVE_FOLDS
        ]
        sizes = SIZES[:1] if prepared.workbench.quick else SIZES
        for number, (fit, test) in enumerate(folds):
            for size in (size for size in sizes if size < len(fit)):
                split = StratifiedShuffleSplit(1, train_size=size, random_state=number)
                (few, _), *_ = split.split(np.zeros(len(fit)), train.labels[fit])
                chosen = fit[few]
                guessed = _guess(method, rows[chosen], train.labels[chosen], rows[test])
                found.setdefault(f"with {size}", []).append(measure(train.labels[test], guessed))
        return {name: np.array(values, dtype=float) for name, values in found.items()}

    def _check(self, measured: Mapping[str, Measured]) -> None:
        measure = "accuracy" if self.uses_folds else TESTED
        known = {name: np.asarray(found[measure], float) for name, found in measured.items()}
        check_learnable(self.name, known[Tfidf.name], known[Majority.name])
        check_no_leak(self.name, known[CONTROL.name], known[Majority.name])

    def _of_method(self, method: str, found: Measured) -> list[Score]:
        scores = []
        for name, values in found.items():
            if name == TESTED:
                hits = int(values.sum())
                scores.append(statistics.share_score(method, TESTED, hits, len(values)))
                continue
            if name.startswith("with "):
                # Five samples that overlap more or less: too few, and too alike, for an interval.
                measure = next(iter(self.measures))
                mean = float(values.mean())
                scores.append(Score(method, measure, mean, None, None, len(values), name))
                continue
            low, high = statistics.folds_interval(values, _test_share(values))
            scores.append(Score(method, name, float(values.mean()), low, high, len(values)))
        return scores


class Sms(Classification):
    """Spam or ham."""

    name = "sms"
    question = "Is a text message spam?"
    sources = (data.SMS,)
    measures: ClassVar[Mapping[str, Measure]] = {
        "F1": f1_score,
        "MCC": matthews_corrcoef,
        "accuracy": accuracy_score,
    }

    def read(self) -> tuple[Labelled, Labelled | None]:
        """Read the messages; spam is the positive class."""
        return _split_lines(data.lines_of(data.SMS), "\t", ["ham", "spam"]), None


class Trec(Classification):
    """Six classes of questions."""

    name = "trec"
    question = "What does a question ask for?"
    sources = (data.TREC, data.TREC_TEST)
    classes = ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")

    def read(self) -> tuple[Labelled, Labelled | None]:
        """Read both parts; the fine classes are left out."""
        train, test = (
            Labelled(
                [line.split(" ", 1)[1] for line in lines],
                np.array([self.classes.index(line.split(":", 1)[0]) for line in lines]),
            )
            for lines in (data.lines_of(source, "latin-1") for source in self.sources)
        )
        return train, test


class MovieReviews(Classification):
    """Positive or negative sentences of film reviews."""

    name = "mr"
    question = "Is a sentence of a film review positive?"
    sources = (data.MR_NEGATIVE, data.MR_POSITIVE)

    def read(self) -> tuple[Labelled, Labelled | None]:
        """Read both files."""
        parts = [data.lines_of(source, "latin-1") for source in self.sources]
        labels = np.repeat([0, 1], [len(part) for part in parts])
        return Labelled([*parts[0], *parts[1]], labels), None


class Sst2(Classification):
    """Positive or negative phrases; those of one sentence repeat each other, so no folds."""

    name = "sst2"
    question = "Is a sentence of a film review positive, given labelled phrases?"
    sources = (data.SST2_TRAIN, data.SST2_TEST)
    uses_folds: ClassVar[bool] = False

    def read(self) -> tuple[Labelled, Labelled | None]:
        """Read the training phrases and the test sentences."""
        train, test = (
            Labelled(
                [line.rsplit("\t", 1)[0] for line in lines],
                np.array([int(line.rsplit("\t", 1)[1]) for line in lines]),
            )
            for lines in map(data.lines_of, self.sources)
        )
        return train, test


def without_repeats(
    train: Labelled,
    test: Labelled | None,
    can_be_used: Callable[[Sequence[str]], Sequence[bool]],
) -> tuple[Labelled, Labelled | None, dict[str, int]]:
    """Take out texts that the model cannot take, and those that it has seen before.

    Of texts that are the same to the model (``checks.same_to_the_model``) the first one stays;
    none does if their labels differ. A training text that is in the test part goes, so that the
    test part stays what it is for everybody.

    Returns:
        Both parts, and how many training texts went, by reason.

    >>> texts = ["Hi", "hi", "So", "so", "Yes", "..."]
    >>> train = Labelled(texts, np.array([0, 0, 0, 1, 1, 1]))
    >>> kept, _, removed = without_repeats(train, None, lambda given: [t != "..." for t in given])
    >>> kept.texts, removed
    (['Hi', 'Yes'], {'without a word': 1, 'repeated': 1, 'contradictory': 2, 'in the test part': 0})
    """
    good = [number for number, good in enumerate(can_be_used(train.texts)) if good]
    keys = [same_to_the_model(text) for text in train.texts]
    labels: dict[str, set[int]] = {}
    for number in good:
        labels.setdefault(keys[number], set()).add(int(train.labels[number]))
    clear = [number for number in good if len(labels[keys[number]]) == 1]
    first = list({keys[number]: number for number in reversed(clear)}.values())[::-1]
    if test is not None:
        test = test.take([n for n, good in enumerate(can_be_used(test.texts)) if good])
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
    """Cut into stratified folds, the same for every method."""
    cut = StratifiedKFold(count, shuffle=True, random_state=seed)
    return list(cut.split(np.zeros(len(labels)), labels))


def _fold_count(workbench: Workbench) -> int:
    return QUICK_FOLDS if workbench.quick else FOLDS


def _guess(method: Classifier, rows: Features, labels: Labels, test: Features) -> Labels:
    estimator = method.estimator(seed=0)
    with warnings.catch_warnings():
        # Of a hundred questions, one or two ask for an abbreviation: not every inner fold has one.
        warnings.filterwarnings("ignore", "The least populated class")
        estimator.fit(rows, method.training_labels(labels, seed=0))
    guessed: Labels = estimator.predict(test)
    return guessed


def _regression(penalties: NDArray[np.floating[Any]], seed: int) -> LogisticRegressionCV:
    return LogisticRegressionCV(
        Cs=penalties,
        cv=StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=seed),
        scoring="accuracy",
        l1_ratios=(0,),  # the penalty is L2 alone
        max_iter=500,
        use_legacy_attributes=False,
    )


def _test_share(values: NDArray[Any]) -> float:
    """Size of a fold's test part, divided by that of its training part."""
    return 1 / (len(values) - 1)


def _differences(
    pairs: Sequence[tuple[str, str]], measure: str, measured: Mapping[str, Measured]
) -> list[Score]:
    def compare(method: str, other: str) -> tuple[float, float, float, float]:
        one, two = (measured[name][measure] for name in (method, other))
        if measure == TESTED:
            return statistics.items_difference(one, two)
        return statistics.folds_difference(one, two, _test_share(one))

    count = len(measured[CONTROL.name][measure])
    return statistics.difference_scores(measure, pairs, count, compare)


def _split_lines(lines: Sequence[str], mark: str, classes: Sequence[str]) -> Labelled:
    pairs = [line.split(mark, 1) for line in lines]
    return Labelled([text for _, text in pairs], np.array([classes.index(c) for c, _ in pairs]))
