"""The manifest of the book: what it says, and that the page on trust says the same."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from prose import typed_into

from helpers.paths import ROOT
from trendlib.articles.published import Comparison, Verdict, article
from trendlib.evaluate.results import BOOK_FIGURES, read_result, write_result

sys.path.append(str(ROOT / "book"))
import day
import manifest

MADE_UP: dict[str, Any] = {
    "date": "2031-02-03",
    "commit": "c0ffee",
    "repository": "https://example.org/somebody/book",
    "branch": "a-branch",
    "platform": "Plan9 mips",
    "cores": 77,
    "model": {"name": "a-model", "revision": "r7", "weights_sha256": "ab12", "dtype": "float64"},
    "models": {
        "of_the_articles": "the-articles-model",
        "of_committed_outputs": "the-committed-model",
        "sha256_of_committed_outputs": "cd34",
    },
    "versions": {"python": "3.99.1", "numpy": "9.8.7"},
    "figures": [
        {
            "article": "token_trends",
            "recomputed_from": "a-model",
            "equal": 51,
            "differs": 52,
            "not run": 53,
            "why_not_run": ["because of a test"],
        }
    ],
    "notebooks": {"01_two_vectors": {"run": "2031-01-31", "seconds": 54.5}},
    "evaluation": [
        {
            "model": "an-evaluated-model",
            "weights_sha256": "ef56",
            "dtype": "float16",
            "measured": "2030-12-24",
            "sample": False,
            "cores": 78,
            "versions": {"python": "3.98.0"},
            "tasks": ["task-one", "task-two"],
        }
    ],
    "benchmark": {
        "model": "a-timed-model",
        "measured": "2030-11-23",
        "processor": "a slide rule",
        "cores": 79,
        "versions": {"python": "3.97.0"},
    },
}
TEMPLATE = (ROOT / "book" / "trust.md.j2").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def page_of(changes: dict[str, Any] | None = None) -> str:
    return manifest.manifest_files(MADE_UP | (changes or {}))["trust.md"].decode()


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [str(value)]


def compared(article: str, verdict: Verdict, basis: str = "a-model", why: str = "") -> Comparison:
    return Comparison(article, "group", "figure", 1.0, 1.0, 0.0, basis, verdict, why)


def test_the_page_says_all_that_the_manifest_says() -> None:
    files = manifest.manifest_files(MADE_UP)
    page = files["trust.md"].decode()
    assert json.loads(files["manifest.json"]) == MADE_UP
    for leaf in leaves({**MADE_UP, "figures": []}):
        assert leaf in page or leaf in ("False", "ef56")
    assert "| token trends | a-model | 51 | 52 | 53 |" in page
    assert page.count("with the verdict *not run*: because of a test.") == 1
    assert "[](notebooks/01_two_vectors.ipynb) | 2031-01-31 | 54.5 |" in page
    assert "| claims: task-one, task-two | 2030-12-24 | an-evaluated-model, float16 |" in page


SAMPLED = [run | {"sample": True} for run in MADE_UP["evaluation"]]
OF_THE_ARTICLES = [run | {"model": "the-articles-model"} for run in MADE_UP["evaluation"]]


@pytest.mark.parametrize(
    ("said", "if_not"),
    [
        (
            "`the-articles-model`, was not run for this copy",
            {"model": {**MADE_UP["model"], "name": "the-articles-model"}},
        ),
        (
            "that hold only for `the-committed-model` are left out",
            {"model": {**MADE_UP["model"], "name": "the-committed-model"}},
        ),
        ("were not tested with `the-articles-model`", {"evaluation": OF_THE_ARTICLES}),
        ("with the verdict *not run*:", {"figures": [MADE_UP["figures"][0] | {"why_not_run": []}]}),
        ("only a sample was used for: task-one, task-two", {}),
    ],
)
def test_the_page_says_what_was_not_run_and_nothing_else(said: str, if_not: dict[str, Any]) -> None:
    assert said in page_of({"evaluation": SAMPLED})
    assert said not in page_of(if_not)


def test_no_result_is_typed_into_the_page() -> None:
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", TEMPLATE)
    assert typed_into(text) == []
    assert not re.search(r"MiniLM|bert-base|\b20\d\d\b|\d seconds", text)


def test_what_the_page_leads_to_is_there() -> None:
    page = page_of()
    paths = re.findall(r"\]\(https://example.org/somebody/book/blob/a-branch/([^)]+)\)", page)
    assert len(paths) > 10
    for path in [*paths, *re.findall(r"(?:tests|notebooks|trendlib)/[\w/]+\.\w+", page)]:
        assert (ROOT / path).exists(), path
    targets = re.findall(r"(?:`|^)make ([\w-]+)", page, flags=re.MULTILINE)
    assert {"reproduce", "method", "nbval", "mutants", "evaluate", "bench"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:.*##", MAKEFILE, flags=re.MULTILINE), target


def test_the_calculation_by_hand_prints_what_the_page_says() -> None:
    """And it needs none of our code."""
    (code,) = re.findall(r"^```python\n(.*?)^```", page_of(), flags=re.MULTILINE | re.DOTALL)
    assert "trendlib." not in code
    ran = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"It prints `{ran.stdout.strip()}`" in page_of()
    printed = article("sentence_embedding")
    words = (printed["focus_word"]["word"], printed["related_word"]["word"])
    assert ran.stdout.split() == list(words)


def test_kept_results_are_listed_once_by_how_they_were_computed(tmp_path: Path) -> None:
    whole = manifest.evaluation()
    kept = [task for run in whole for task in run["tasks"]]
    files = sorted(BOOK_FIGURES.glob("*/*.json"))
    assert sorted(kept) == sorted(path.stem for path in files)
    assert all(run["model"] and run["versions"]["torch"] and not run["sample"] for run in whole)
    for path in files[:2]:
        result = read_result(path)
        write_result(replace(result, quick=path == files[0], measured="2031-01-01"), tmp_path)
    runs = manifest.evaluation(tmp_path)
    assert [(run["sample"], run["measured"]) for run in runs] == [
        (True, "2031-01-01"),
        (False, "2031-01-01"),
    ]
    assert [run["tasks"] for run in runs] == [[path.stem] for path in files[:2]]


def test_a_manifest_that_lacks_something_makes_no_page() -> None:
    lacking = {key: value for key, value in MADE_UP.items() if key != "commit"}
    with pytest.raises(UndefinedError, match="commit"):
        manifest.manifest_files(lacking)


def test_verdicts_are_counted_by_article_and_basis() -> None:
    rows = manifest.count_figures(
        [
            compared("fourier", Verdict.NOT_RUN, why="no weights"),
            compared("token_trends", Verdict.EQUAL),
            compared("token_trends", Verdict.DIFFERS),
            compared("token_trends", Verdict.EQUAL, "printed data"),
            compared("token_trends", Verdict.EQUAL),
        ]
    )
    assert [(row["article"], row["recomputed_from"]) for row in rows] == [
        ("token_trends", "a-model"),
        ("token_trends", "printed data"),
        ("fourier", "a-model"),
    ]
    assert [(row["equal"], row["differs"], row["not run"]) for row in rows] == [
        (2, 1, 0),
        (1, 0, 0),
        (0, 0, 1),
    ]
    assert [row["why_not_run"] for row in rows] == [[], [], ["no weights"]]


def test_the_date_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert day.build_date() == "2023-11-14"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before = datetime.now(UTC).date().isoformat()
    assert before <= day.build_date() <= datetime.now(UTC).date().isoformat()


def test_outside_git_the_commit_is_unknown(tmp_path: Path) -> None:
    assert manifest.commit(tmp_path) == "unknown"


def test_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert manifest.commit(ROOT) == "unknown"


@pytest.mark.skipif(shutil.which("git") is None, reason="not run: no git on this machine")
def test_the_commit_is_named_and_changes_are_told(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        settings = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", *settings, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "page.md").write_text("one", encoding="utf-8")
    git("add", "page.md")
    git("commit", "--quiet", "--message", "One")
    head = git("rev-parse", "HEAD")
    assert manifest.commit(tmp_path) == head
    (tmp_path / "page.md").write_text("two", encoding="utf-8")
    assert manifest.commit(tmp_path) == f"{head}, with changes"
