"""Planted errors that the checks of a classification must find."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from trendlib.errors import EvaluationError
from trendlib.evaluate import classification, runner
from trendlib.evaluate.conditions import CONDITIONS
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.tasks import sts
from trendlib.evaluate.vectors import MEAN


def relabel(path: Path, seed: int = 3) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    labels = np.random.default_rng(seed).permutation([line.split("\t")[0] for line in lines])
    texts = [line.split("\t", 1)[1] for line in lines]
    path.write_text("\n".join(f"{a}\t{b}" for a, b in zip(labels, texts, strict=True)) + "\n")


@pytest.fixture
def few_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the checks compare: no other one is trained, and no other vectors are made."""
    kept = classification.TFIDF, classification.MAJORITY, classification.CONTROL
    monkeypatch.setattr(classification, "CLASSIFIERS", kept)
    monkeypatch.setattr(classification, "VECTOR_METHODS", (MEAN,))


@pytest.mark.usefixtures("few_methods")
def test_shuffled_labels_are_found(files: Path, workbench: Workbench) -> None:
    relabel(files / "sms/sms.tsv")
    with pytest.raises(EvaluationError, match="check that each label is that of its text"):
        runner.run_task(runner.TASKS["sms"], workbench)


def test_test_texts_in_the_training_part_are_found(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(train: Any, test: Any, _: object) -> Any:
        return train, test, {}

    monkeypatch.setattr(classification, "without_repeats", careless)
    with pytest.raises(EvaluationError, match="1 of 36 test texts are in the training part too"):
        runner.run_task(runner.TASKS["trec"], workbench)


@pytest.mark.usefixtures("few_methods")
def test_the_same_text_in_two_folds_is_found(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files / "mr/rt-polarity.pos"
    path.write_text(path.read_text() * 2)
    monkeypatch.setattr(classification, "without_repeats", lambda train, test, _: (train, test, {}))
    with pytest.raises(EvaluationError, match="test texts are in the training part too"):
        runner.run_task(runner.TASKS["mr"], workbench)


@pytest.mark.usefixtures("few_methods")
def test_labels_among_the_features_are_found(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the control learns, it has seen what it should not have seen."""
    monkeypatch.setattr(classification, "shuffled", lambda labels: labels)
    with pytest.raises(EvaluationError, match="test labels leak into its features"):
        runner.run_task(runner.TASKS["sms"], workbench)


@pytest.mark.usefixtures("few_methods")
def test_what_goes_is_counted(files: Path, workbench: Workbench) -> None:
    assert removed("trec", workbench)["in the test part"] == 1
    assert removed("sms", workbench) == {
        "without a word": 1,
        "repeated": 1,
        "contradictory": 0,
        "in the test part": 0,
    }


def removed(name: str, workbench: Workbench) -> Any:
    task: Any = runner.TASKS[name]
    return task.facts(task.prepare(workbench))["removed"]


def gaussians(
    n_texts: int, apart: float, noise: float = 1.0, seed: int = 0
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Two classes of points whose first coordinate differs."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_texts) % 2
    rows = rng.normal(size=(n_texts, 3)) * noise
    rows[:, 0] += apart * labels
    return rows, labels


def planted(
    methods: dict[str, np.ndarray[Any, Any]],
    labels: np.ndarray[Any, Any],
    workbench: Workbench,
    n_test: int = 0,
) -> tuple[classification.Split, list[classification.Classifier]]:
    """Texts whose features are given; the last ones are the test part."""
    texts = [f"text {number}" for number in range(len(labels))]
    places = {text: number for number, text in enumerate(texts)}

    def of(rows: np.ndarray[Any, Any]) -> Any:
        return lambda _, given: np.array([rows[places[text]] for text in given])

    classifiers = [
        classification.Classifier(
            name, "planted", of(rows), classification._vector_estimator, has_curve=False
        )
        for name, rows in methods.items()
    ]
    whole = classification.LabelledTexts(texts, labels)
    n_train = len(texts) - n_test
    train = whole.take(range(n_train))
    test = whole.take(range(n_train, len(texts))) if n_test else None
    return classification.Split(workbench, train, test, {}, n_train), classifiers


class Planted(classification.Classification):
    """A task without files."""

    name = "planted"
    question = "Which class?"

    def read(self) -> Any:
        raise AssertionError("nothing is read")


class Recorder(DummyClassifier):  # type: ignore[misc]
    """Keeps the labels and the first coordinates that it is trained on, and those it is asked."""

    seen: ClassVar[list[tuple[list[float], list[int]]]] = []
    asked: ClassVar[list[list[float]]] = []

    def fit(self, rows: Any, labels: Any) -> Any:
        self.seen.append((rows[:, 0].tolist(), labels.tolist()))
        return super().fit(rows, labels)

    def predict(self, rows: Any) -> Any:
        self.asked.append(rows[:, 0].tolist())
        return super().predict(rows)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    monkeypatch.setattr(Recorder, "seen", [])
    monkeypatch.setattr(Recorder, "asked", [])
    return Recorder


def test_the_test_part_is_kept_apart(workbench: Workbench, recorder: type[Recorder]) -> None:
    labels = np.arange(90) % 2
    split, (method,) = planted({"a": np.arange(90.0)[:, None]}, labels, workbench, n_test=30)
    under = replace(method, estimator=recorder, condition="changed")  # the test part alone
    correct = Planted().measure(under, split)[classification.TEST_ACCURACY]
    assert recorder.seen == [(list(range(60)), labels[:60].tolist())]
    assert recorder.asked == [list(range(60, 90))]
    assert correct.tolist() == (labels[60:] == 0).tolist()  # the first of equally many classes


def test_each_fold_is_tested_on_what_it_was_not_trained_on(
    workbench: Workbench, recorder: type[Recorder]
) -> None:
    labels = np.arange(60) % 2
    split, (method,) = planted({"a": np.arange(60.0)[:, None]}, labels, workbench)
    found = Planted().measure(replace(method, estimator=recorder), split)["accuracy"]
    assert found.tolist() == [0.5] * classification.QUICK_FOLDS
    for (trained, given), asked in zip(recorder.seen, recorder.asked, strict=True):
        assert sorted([*trained, *asked]) == list(range(60))
        assert given == [number % 2 for number in trained]
    assert sorted(number for asked in recorder.asked for number in asked) == list(range(60))


def test_the_penalty_is_chosen_inside_the_training_part(workbench: Workbench) -> None:
    """Many coordinates of noise want a strong penalty, a clean one wants a weak one."""
    rng = np.random.default_rng(3)
    labels = np.arange(90) % 2
    noise = rng.normal(size=(90, 200))
    noise[:, 0] += 1.5 * labels
    clean = np.linspace(0, 1, 90)[:, None]
    chosen = []
    for rows, wanted in ((noise, labels), (clean, (clean[:, 0] > 0.8).astype(int))):
        estimator = classification._vector_estimator()
        estimator.fit(rows, wanted)
        chosen.append(float(estimator[-1].C_))
    assert chosen[0] < chosen[1]


def own_scores(
    rows: dict[str, np.ndarray[Any, Any]],
    labels: np.ndarray[Any, Any],
    workbench: Workbench,
    monkeypatch: pytest.MonkeyPatch,
    n_test: int = 0,
) -> tuple[list[Score], dict[str, Any]]:
    split, methods = planted(rows, labels, workbench, n_test)
    task = Planted()
    measured = {method: task.measure(method, split) for method in methods}
    monkeypatch.setattr(classification, "REFERENCES", (methods[0],))
    monkeypatch.setattr(classification, "CONTROL", methods[0])
    monkeypatch.setattr(Planted, "_check", lambda *_: None)
    return task.scores(measured), {method.name: found for method, found in measured.items()}


def of(scores: list[Score], method: str, measure: str, baseline: str = "") -> Score:
    (found,) = (
        score
        for score in scores
        if (score.method, score.measure, score.baseline) == (method, measure, baseline)
    )
    return found


def test_folds_are_summarized_with_nadeau_and_bengios_interval(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, labels = gaussians(150, apart=3.0)
    bad, _ = gaussians(150, apart=1.0, seed=1)
    scores, found = own_scores({"base": bad, "new": good}, labels, workbench, monkeypatch)
    values, lead = found["new"]["accuracy"], found["new"]["accuracy"] - found["base"]["accuracy"]
    count = classification.QUICK_FOLDS
    quantile = 4.302653  # of Student's t with two degrees of freedom, at 0.975
    reach = quantile * np.sqrt((1 / count + 1 / (count - 1)) * values.var(ddof=1))
    own = of(scores, "new", "accuracy")
    assert own.value == pytest.approx(values.mean())
    assert own.high == pytest.approx(values.mean() + reach, rel=1e-5)
    spread = np.sqrt((1 / count + 1 / (count - 1)) * lead.var(ddof=1))
    difference = of(scores, "new", "accuracy", "base")
    assert difference.value == pytest.approx(lead.mean())
    assert difference.value > 0
    assert difference.low == pytest.approx(lead.mean() - quantile * spread, rel=1e-5)
    # Two degrees of freedom have a closed form: P(|T| > t) = 1 - t / sqrt(t^2 + 2).
    t = lead.mean() / spread
    assert difference.p == pytest.approx(1 - t / np.sqrt(t**2 + 2))


def test_test_parts_are_compared_by_mcnemars_exact_test(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, labels = gaussians(160, apart=9.0)
    bad = good.copy()
    bad[150:156, 0] = 9 * (1 - labels[150:156])  # six of ten test texts are put on the wrong side
    scores, _ = own_scores({"base": bad, "new": good}, labels, workbench, monkeypatch, n_test=10)
    assert of(scores, "new", "test accuracy").value == 1
    assert of(scores, "base", "test accuracy").value == pytest.approx(0.4)
    difference = of(scores, "new", "test accuracy", "base")
    assert difference.value == pytest.approx(0.6)
    assert difference.p == pytest.approx(2 * 0.5**6)  # six heads in six tosses, on both sides
    assert difference.low is not None
    assert 0 < difference.low < 0.6


def test_a_condition_is_measured_by_what_decides_and_named_apart(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, labels = gaussians(90, apart=2.0)
    split, (method,) = planted({"trend, changed": rows}, labels, workbench, n_test=30)
    under = replace(method, condition="changed", base="trend")
    assert set(Planted().measure(under, split)) == {classification.TEST_ACCURACY}
    without_test = replace(split, test=None)
    assert set(Planted().measure(under, without_test)) == {"accuracy"}
    plain = replace(method, name="trend")
    measured = {each: Planted().measure(each, split) for each in (plain, under)}
    monkeypatch.setattr(classification, "REFERENCES", (plain,))
    monkeypatch.setattr(classification, "CONTROL", plain)
    monkeypatch.setattr(Planted, "_check", lambda *_: None)
    scores = Planted().scores(measured)
    named = {(score.method, score.measure, score.baseline, score.condition) for score in scores}
    assert named == {
        ("trend", "accuracy", "", ""),
        ("trend", "test accuracy", "", ""),
        ("trend", "test accuracy", "", "changed"),
        ("trend", "test accuracy", "trend", "changed"),
    }


def test_every_task_has_the_trend_under_every_condition() -> None:
    found = [method.condition for method in classification.CLASSIFIERS if method.base == "trend"]
    assert found == [condition.name for condition in CONDITIONS[1:]]
    found = [method.condition for method in sts.METHODS if method.base == "trend"]
    assert found == [condition.name for condition in CONDITIONS[1:]]


def test_the_control_is_trained_on_the_training_parts_labels_in_another_order(
    workbench: Workbench, recorder: type[Recorder]
) -> None:
    labels = np.arange(200) % 2
    split, (method,) = planted({"a": np.arange(200.0)[:, None]}, labels, workbench, n_test=50)
    plain = replace(method, estimator=recorder, condition="changed")
    for each in (plain, replace(plain, shuffles_labels=True)):
        Planted().measure(each, split)
    (_, first), (_, control) = recorder.seen
    assert first == labels[:150].tolist()
    assert sorted(control) == sorted(first)
    assert 0.4 < np.mean(np.equal(control, first)) < 0.6


def test_a_sample_keeps_the_shares_of_the_classes_and_is_always_the_same() -> None:
    labels = np.repeat([0, 1], [300, 100])
    drawn = classification.stratified(labels, 80, seed=0)
    assert np.bincount(labels[drawn]).tolist() == [60, 20]
    assert np.array_equal(drawn, classification.stratified(labels, 80, seed=0))
    assert not np.array_equal(drawn, classification.stratified(labels, 80, seed=1))
    assert (np.diff(drawn) > 0).all()


@pytest.mark.usefixtures("few_methods")
def test_a_training_part_that_is_too_large_is_sampled_and_that_is_told(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = runner.TASKS["sst2"]
    monkeypatch.setattr(type(task), "most_train", 60)
    facts = task.facts(task.prepare(workbench))
    assert facts["train"] == 60
    assert facts["train, drawn from"] == 150
