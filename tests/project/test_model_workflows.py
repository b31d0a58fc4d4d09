"""What the workflows do with the weights of a model: fetch and keep them, and test the claims."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.file_download import repo_folder_name

import fetch
from helpers.paths import ROOT
from helpers.workflows import WORKFLOWS, Machine, read
from trendlib import cli
from trendlib.evaluate.runner import TASKS
from trendlib.model.weights import BERT_BASE, MINILM

FIGURES = Path("trendlib/evaluate/figures")
RESULTS = Path("_build/results")
WEIGHTS = [("pages", "build"), ("evaluate", "weights")]
"""The jobs that fetch weights."""


def steps(workflow: str, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(workflow)["jobs"][job]["steps"]
    return found


def using(action: str, workflow: str, job: str) -> list[tuple[int, dict[str, Any]]]:
    """The steps that use an action, each with its place."""
    found = enumerate(steps(workflow, job))
    return [(place, step) for place, step in found if step.get("uses", "").startswith(f"{action}@")]


# the weights


@pytest.mark.parametrize(("workflow", "job"), WEIGHTS)
def test_the_weights_are_kept_once_they_have_been_checked(workflow: str, job: str) -> None:
    """A cache is never written again: what is kept under a key must be whole."""
    ((restored, restore),) = using("actions/cache/restore", workflow, job)
    ((saved, save),) = using("actions/cache/save", workflow, job)
    fetched = [step.get("name") for step in steps(workflow, job)].index("Fetch the weights")
    assert restored < fetched < saved
    assert save["with"] == restore["with"]
    assert f"steps.{restore['id']}.outputs.cache-hit != 'true'" in save["if"]
    assert "always" not in save["if"]
    assert "continue-on-error" not in steps(workflow, job)[fetched]


def test_there_is_one_cache_of_the_weights_which_names_the_commit() -> None:
    kept = [
        step["with"]
        for workflow in ("pages", "evaluate")
        for job in read(workflow)["jobs"]
        for _, step in using("actions/cache/restore", workflow, job)
        if "huggingface" in step["with"]["path"]
    ]
    assert len(kept) == 4
    folder = repo_folder_name(repo_id=BERT_BASE.repositories[0], repo_type="model")
    key = f"weights-{BERT_BASE.name}-{BERT_BASE.revision}"
    assert all(it == {"path": f"~/.cache/huggingface/hub/{folder}", "key": key} for it in kept)
    # The action that does both at once saves whatever is there.
    assert not any("actions/cache@" in path.read_text("utf-8") for path in WORKFLOWS.values())


@pytest.mark.parametrize(("workflow", "job"), WEIGHTS)
def test_the_weights_are_fetched_with_patience(machine: Machine, workflow: str, job: str) -> None:
    machine.environment["MODEL"] = BERT_BASE.name
    machine.stand_in("make", "exit 3")
    assert machine.step(job, "Fetch the weights", workflow) != 0
    assert machine.called() == [f"make weights MODEL={BERT_BASE.name} ATTEMPTS=6"]
    waits = fetch.FIRST_WAIT * (2**5 - 1)
    assert 60 * read(workflow)["jobs"][job]["timeout-minutes"] > waits + 1800


@pytest.mark.parametrize(
    ("statuses", "last", "pauses"),
    [([0], 0, []), ([3, 3, 0], 0, [30, 60]), ([3, 2], 2, [30]), ([3, 3, 3], 3, [30, 60])],
)
def test_only_a_hub_that_cannot_be_reached_is_asked_again(
    statuses: list[int], last: int, pauses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    asked: list[list[str]] = []

    def run(command: list[str], check: bool) -> "subprocess.CompletedProcess[str]":
        asked.append(command)
        return subprocess.CompletedProcess(command, statuses[len(asked) - 1])

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("time.sleep", waited.append)
    options = ["--model", BERT_BASE.name, "--attempts", "3"]
    monkeypatch.setattr(sys, "argv", ["fetch.py", *options])
    assert fetch.main() == last
    assert waited == pauses
    assert asked == [[sys.executable, fetch.__file__, *options[:2]]] * len(statuses)


# the book


@pytest.mark.parametrize(
    ("models", "passes"),
    [([BERT_BASE.name] * 2, True), ([BERT_BASE.name, MINILM.name], False), ([], False)],
)
def test_no_other_models_book_is_published(
    machine: Machine, models: list[str], passes: bool
) -> None:
    for number, model in enumerate(models):
        manifest = machine.checkout / f"_build/html/_downloads/{number}/manifest.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(json.dumps({"model": {"name": model}}), encoding="utf-8")
    machine.stand_in("python", f'exec "{sys.executable}" "$@"')
    assert (machine.step("build", "Check whose book it is", "pages") == 0) is passes


def test_the_book_is_checked_before_it_is_uploaded() -> None:
    """The name never leads to another model, as "auto" may."""
    names = [
        step.get("name") or step.get("run") or step["uses"] for step in steps("pages", "build")
    ]
    build = names.index("make book MODEL=bert-base-uncased")
    assert names[build + 1] == "Check whose book it is"
    assert names[build + 2].startswith("actions/upload-pages-artifact")
    assert read("pages")["jobs"]["deploy"]["needs"] == "build"


# the claims


def groups() -> list[dict[str, str]]:
    found: list[dict[str, str]] = read("evaluate")["jobs"]["measure"]["strategy"]["matrix"][
        "include"
    ]
    return found


def test_each_task_is_measured_by_one_job() -> None:
    assert sorted(task for it in groups() for task in it["tasks"].split()) == sorted(TASKS)


@pytest.mark.parametrize("group", groups(), ids=lambda group: group["name"])
def test_a_job_measures_its_tasks(machine: Machine, group: dict[str, str]) -> None:
    machine.environment |= {"MODEL": BERT_BASE.name, "TASKS": group["tasks"]}
    machine.stand_in("trendlib", "exit 0")
    assert machine.step("measure", "Measure", "evaluate") == 0
    (call,) = machine.called()
    options = cli.command_line().parse_args(shlex.split(call)[1:])
    assert options.model == BERT_BASE.name
    assert options.task == group["tasks"].split()
    assert (options.out, options.quick, options.skip_unreachable) == (RESULTS, False, False)
    machine.stand_in("trendlib", "exit 1")
    assert machine.step("measure", "Measure", "evaluate") == 1


def test_what_was_measured_is_kept_even_if_the_time_is_over() -> None:
    job = read("evaluate")["jobs"]["measure"]
    (measure,) = (step for step in job["steps"] if step.get("name") == "Measure")
    assert measure["timeout-minutes"] + 15 < job["timeout-minutes"]
    (_, (_, restore)) = using("actions/cache/restore", "evaluate", "measure")
    ((_, save),) = using("actions/cache/save", "evaluate", "measure")
    folder = job["env"]["TRENDLIB_CACHE"]
    assert restore["with"]["path"] == save["with"]["path"] == folder
    assert save["if"] == "always()"
    # Each attempt has a key of its own, and begins with the newest of the others.
    assert save["with"]["key"] == restore["with"]["key"]
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert {"run_id", "run_attempt"} <= set(save["with"]["key"].replace(" ", ".").split("."))
    assert job["strategy"]["fail-fast"] is False


JOIN = ("join", "Put the results in their place, and check them", "evaluate")
PROPOSE = ("propose", "Open a pull request with the results", "evaluate")


@pytest.fixture
def joined(machine: Machine) -> Machine:
    """A checkout with old results of two models, and new ones of one."""
    machine.environment |= {"MODEL": BERT_BASE.name, "GIT_AUTHOR_NAME": "somebody"}
    for model in (BERT_BASE.name, MINILM.name):
        old = machine.checkout / FIGURES / model / "old.json"
        old.parent.mkdir(parents=True)
        old.write_text("old", encoding="utf-8")
    new = machine.checkout / RESULTS / BERT_BASE.name / "new.json"
    new.parent.mkdir(parents=True)
    new.write_text("new", encoding="utf-8")
    (machine.checkout / ".gitignore").write_text("_build\n.venv\n", encoding="utf-8")
    author = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    machine.git("add", ".")
    machine.git(*author, "commit", "--quiet", "-m", "Old results")
    return machine


@pytest.mark.parametrize("status", [0, 1])
def test_the_results_of_the_jobs_are_put_together_and_checked(joined: Machine, status: int) -> None:
    joined.stand_in("pytest", f"exit {status}")
    assert joined.step(*JOIN) == status
    assert joined.called() == ["pytest -q tests/evaluate/test_kept_results.py"]
    placed = sorted((joined.checkout / FIGURES).rglob("*.json"))
    assert [str(path.relative_to(joined.checkout / FIGURES)) for path in placed] == [
        f"{MINILM.name}/old.json",
        f"{BERT_BASE.name}/new.json",
    ]
    assert (ROOT / "tests/evaluate/test_kept_results.py").is_file()


def test_without_results_nothing_is_put_together(joined: Machine) -> None:
    (joined.checkout / RESULTS / BERT_BASE.name / "new.json").unlink()
    (joined.checkout / RESULTS / BERT_BASE.name).rmdir()
    joined.stand_in("pytest", "exit 0")
    assert joined.step(*JOIN) != 0


def test_the_results_are_proposed_once(joined: Machine) -> None:
    origin, branch = joined.folder / "origin", f"evaluate-{BERT_BASE.name}"
    base = joined.git("rev-parse", "--abbrev-ref", "HEAD").strip()
    results = joined.checkout / "_build" / "joined"
    results.mkdir()
    for number, listed in enumerate(("", "echo 17")):
        (results / "new.json").write_text(f"new {number}", encoding="utf-8")
        joined.stand_in("gh", f'if [ "$2" = list ]; then {listed or ":"}; fi')
        assert joined.step(*PROPOSE) == 0
        place = f"{branch}:{FIGURES}/{BERT_BASE.name}"
        assert joined.git("ls-tree", "--name-only", place, at=origin).split() == ["new.json"]
        assert joined.git("show", f"{place}/new.json", at=origin) == f"new {number}"
        joined.git("checkout", "--quiet", base)
    created = [call for call in joined.called() if call.startswith("gh pr create")]
    assert len(created) == 1  # the second time, there is one
    assert f"--base {base} --head {branch}" in created[0]
    main = joined.git("ls-tree", "-r", "--name-only", "main", at=origin)
    assert "new.json" not in main


def test_results_that_are_there_already_are_not_proposed(joined: Machine) -> None:
    results = joined.checkout / "_build" / "joined"
    results.mkdir()
    (results / "old.json").write_text("old", encoding="utf-8")
    joined.stand_in("gh", "exit 1")
    assert joined.step(*PROPOSE) == 0
    assert joined.called() == []
    assert "evaluate" not in joined.git("branch", "--list", at=joined.folder / "origin")
