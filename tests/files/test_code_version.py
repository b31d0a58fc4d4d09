"""A changed formula gives the code another version; words for readers do not."""

import ast
import shutil
from pathlib import Path

import pytest

from helpers.paths import ROOT
from trendlib.files import code_version as module
from trendlib.files.code_version import code_version, normalized

MODULES = ("trendlib.model.corpus",)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, whose version is asked for."""
    package = shutil.copytree(ROOT / "trendlib", tmp_path / "trendlib")
    monkeypatch.setattr(module, "PACKAGE", package)
    return package


def version_with(package: Path, file: str, old: str, new: str) -> str:
    path = package / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (file, old)
    path.write_text(text.replace(old, new), "utf-8")
    return code_version.__wrapped__(*MODULES)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("trend.py", "(static != 0)", "(static > 0)"),
        (
            "attention.py",
            'if pieces == "sum" else received / counts',
            'if pieces == "sum" else received + counts',
        ),
        ("readings.py", '    pieces="mean",', '    pieces="sum",'),
        ("readings.py", '    ties="attention mass",', '    ties="first",'),
        ("similarity.py", "FIRST = 10", "FIRST = 12"),
        ("model/packing.py", "WASTE = 0.02", "WASTE = 0.1"),
        (
            "readings.py",
            'focus_row="last",\n    drop="punctuation"',
            'focus_row=0,\n    drop="punctuation"',
        ),
    ],
)
def test_a_changed_formula_is_another_version(copy: Path, file: str, old: str, new: str) -> None:
    before = code_version.__wrapped__(*MODULES)
    used = file != "similarity.py"  # an embedding needs no cosine
    assert (version_with(copy, file, old, new) != before) is used


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (
            "trend.py",
            "# log|a| - log|b| equals log(a/b), but",
            "# log|a| - log|b| is log(a/b), and",
        ),
        (
            "trend.py",
            '"""Compute log(contextual / static) for',
            '"""Take log(contextual / static) for',
        ),
        ("embedding.py", "pass one of each per word", "pass one of each"),
        ("errors.py", "unknown {what}", "there is no {what}"),
        ("show/style.py", '"figure.dpi": 144', '"figure.dpi": 100'),
        ("readings.py", "but punctuation marks are not candidates", "without punctuation"),
    ],
)
def test_words_and_figures_are_the_same_version(copy: Path, file: str, old: str, new: str) -> None:
    before = code_version.__wrapped__(*MODULES)
    assert version_with(copy, file, old, new) == before


def test_another_library_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_version.__wrapped__(*MODULES)
    monkeypatch.setattr(module, "version", lambda name: "0.0")
    assert code_version.__wrapped__(*MODULES) != before


def test_a_module_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no module trendlib\.nowhere"):
        code_version("trendlib.nowhere")


def test_texts_that_are_data_count() -> None:
    assert normalized(ast.parse('KIND = "a"')) != normalized(ast.parse('KIND = "b"'))
    assert normalized(ast.parse('f(x, "a")')) != normalized(ast.parse('f(x, "b")'))
