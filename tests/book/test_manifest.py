"""The manifest of the book: what it says, and that the page says the same."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from helpers.paths import ROOT
from trendlib.articles.published import Comparison, Verdict

sys.path.append(str(ROOT / "book"))
import manifest

MADE_UP: dict[str, Any] = {
    "date": "2031-02-03",
    "commit": "c0ffee",
    "platform": "Plan9 mips",
    "model": {"name": "a-model", "revision": "r7", "weights_sha256": "ab12", "dtype": "float64"},
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
    "notebooks": {"01_two_vectors": 54.5},
}


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
    page = files["built.md"].decode()
    assert json.loads(files["manifest.json"]) == MADE_UP
    for leaf in leaves({**MADE_UP, "figures": []}):
        assert leaf in page
    assert "| token trends | a-model | 51 | 52 | 53 |" in page
    assert page.count("Not run: because of a test.") == 1
    assert "[](notebooks/01_two_vectors.ipynb) | 54.5 |" in page


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
    assert manifest.build_date() == "2023-11-14"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before = datetime.now(UTC).date().isoformat()
    assert before <= manifest.build_date() <= datetime.now(UTC).date().isoformat()


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
