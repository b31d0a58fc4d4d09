"""Planted errors that the checks of a classification must find."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trendlib.errors import EvaluationError
from trendlib.evaluate import classification, runner
from trendlib.evaluate.protocol import Workbench


def relabel(path: Path, seed: int = 3) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    labels = np.random.default_rng(seed).permutation([line.split("\t")[0] for line in lines])
    texts = [line.split("\t", 1)[1] for line in lines]
    path.write_text("\n".join(f"{a}\t{b}" for a, b in zip(labels, texts, strict=True)) + "\n")


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


def test_the_same_text_in_two_folds_is_found(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files / "mr/rt-polarity.pos"
    path.write_text(path.read_text() * 2)
    monkeypatch.setattr(classification, "without_repeats", lambda train, test, _: (train, test, {}))
    with pytest.raises(EvaluationError, match="test texts are in the training part too"):
        runner.run_task(runner.TASKS["mr"], workbench)


def test_labels_among_the_features_are_found(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the control learns, it has seen what it should not have seen."""
    monkeypatch.setattr(classification, "shuffled", lambda labels: labels)
    with pytest.raises(EvaluationError, match="test labels leak into its features"):
        runner.run_task(runner.TASKS["sms"], workbench)


def test_what_goes_is_counted(files: Path, workbench: Workbench) -> None:
    result = runner.run_task(runner.TASKS["trec"], workbench)
    assert result.facts["removed"]["in the test part"] == 1
    result = runner.run_task(runner.TASKS["sms"], workbench)
    assert result.facts["removed"] == {
        "without a word": 1,
        "repeated": 1,
        "contradictory": 0,
        "in the test part": 0,
    }
