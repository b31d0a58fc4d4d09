"""What meets those who want to contribute: forms, hooks, and where the changelog is."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.paths import ROOT
from helpers.requirements import PROJECT

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def test_the_hook_runs_what_make_lint_runs() -> None:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"  # nothing is fetched from elsewhere
    (hook,) = repository["hooks"]
    assert hook["entry"] == "make lint"
    assert (hook["language"], hook["pass_filenames"], hook["always_run"]) == ("system", False, True)


def test_there_is_a_form_for_each_kind_of_issue() -> None:
    """`make lint` checks them against GitHub's schema."""
    assert {path.stem for path in FORMS} == {
        "config",
        "wrong-number",
        "wrong-word",
        "new-model",
        "new-chapter",
    }


def test_the_changelog_can_be_found() -> None:
    address = PROJECT["urls"]["Changelog"]
    assert address == f"{PROJECT['urls']['Repository']}/blob/main/book/changelog.md"
    assert (ROOT / "book" / "changelog.md").is_file()
    assert "](book/changelog.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["CODE_OF_CONDUCT.md", "PULL_REQUEST_TEMPLATE.md"])
def test_what_github_shows_is_where_it_looks(name: str) -> None:
    assert len((ROOT / ".github" / name).read_text(encoding="utf-8")) > 500
