"""Tasks run once, go on where they stopped, and do not stop each other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trendlib.cli import main
from trendlib.evaluate import data, runner
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.results import (
    read_result,
    write_result,
)
from trendlib.model import cache
from trendlib.model.weights import MINILM


@pytest.mark.parametrize("name", runner.TASKS)
def test_a_task_runs_once_and_then_reads_what_it_found(
    name: str, files: Path, workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = runner.TASKS[name]
    result = runner.run_task(task, workbench)
    assert result.scores
    assert list(result.methods) == [method.name for method in task.methods(workbench)]
    assert {score.method for score in result.scores} <= set(result.methods)
    assert all(score.count > 0 for score in result.scores)
    for score in result.scores:
        if score.low is not None and score.high is not None and np.isfinite(score.low):
            assert score.low - 1e-9 <= score.value <= score.high + 1e-9
    if name == "readings":
        assert len(result.by_head("tied vote")) == 6 * 12
    if name == "mr":
        assert list(result.learning_curve("trend", "accuracy")) == [100]
    if name == "slices":
        measure = "Spearman with all coordinates"
        assert list(result.slices("all coordinates", measure)) == list(range(0, 380, 10))
    path = write_result(result, tmp_path / "out")
    again = read_result(path)
    assert again.provenance == result.provenance
    assert len(again.scores) == len(result.scores)
    assert write_result(again, tmp_path / "twice").read_text() == path.read_text()

    def never(*_: object) -> None:
        raise AssertionError("it was computed again")

    monkeypatch.setattr(type(task), "measure", never)
    monkeypatch.setattr(type(task), "prepare", never)
    assert runner.run_task(task, workbench).scores == result.scores


def test_other_code_other_seed_and_other_size_are_computed_anew(workbench: Workbench) -> None:
    task = runner.TASKS["contexts"]
    key = runner._key(task, workbench, "x")
    assert key != runner._key(task, replace(workbench, seed=1), "x")
    assert key != runner._key(task, replace(workbench, quick=False), "x")
    assert key != runner._key(runner.TASKS["stsb"], workbench, "x")


def test_a_task_without_data_does_not_stop_the_others(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(data.FOLDER_VARIABLE, str(tmp_path / "nothing"))
    told: list[str] = []
    tasks = [runner.TASKS["sms"], runner.TASKS["contexts"]]
    report = runner.run_tasks(workbench, tasks, tmp_path / "out", told.append)
    assert list(report.not_run) == ["sms"]
    assert list(report.done) == ["contexts"]
    assert told[0].startswith("sms: not run: data not reachable (the folder that TRENDLIB_DATA")


@pytest.mark.parametrize(("options", "status"), [([], 1), (["--skip-unreachable"], 0)])
def test_the_command_says_what_was_not_run(
    options: list[str],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(data.FOLDER_VARIABLE, str(tmp_path / "nothing"))
    command = ["evaluate", "--quick", "--model", MINILM.name, "--task", "sms"]
    assert main([*command, "--out", str(tmp_path), *options]) == status
    assert "0 tasks done, 1 not run, 0 failed" in capsys.readouterr().out


@pytest.mark.usefixtures("empty_cache")
def test_a_model_out_of_reach_is_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--model", "bert-base-uncased", "--task", "contexts"]
    assert main([*command, "--out", str(tmp_path)]) == 3
    assert "not run, because the weights cannot be reached" in capsys.readouterr().err
    assert list(tmp_path.glob("*/*.json")) == []


def test_the_command_refuses_an_unknown_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--task", "imdb"]) == 2
    assert "unknown task 'imdb': choose one of 'readings'" in capsys.readouterr().err


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, "/some/where")
    assert cache.cache_folder() == Path("/some/where")
    monkeypatch.delenv(cache.CACHE_VARIABLE)
    assert cache.cache_folder().name == "trendlib"
