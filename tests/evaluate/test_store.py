"""What was computed is read again while data, settings and code are the same."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.paths import ROOT
from helpers.programs import warm_python
from trendlib.evaluate import protocol, vectors
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.store import Store

ROUNDS = """
import json, sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import evaluation_data
from trendlib.evaluate import data, runner, treebank
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.store import Store
from trendlib.model.encoder import load_encoder

folder = Path(sys.argv[2])
evaluation_data.write_all(folder / "data")
data.fetch = treebank.fetch = lambda source: folder / "data" / source.path
task = runner.TASKS[sys.argv[3]]
computed = []

def counted(name):
    compute = getattr(type(task), name)

    def call(*given):
        computed.append(name)
        return compute(*given)

    setattr(type(task), name, call)

counted("prepare")
counted("measure")
encoder = load_encoder("all-MiniLM-L6-v2", "float32")
workbench = Workbench(encoder, lambda: encoder, Store(folder / "store"), quick=True)
result = runner.run_task(task, workbench)
scores = [score.as_dict() for score in result.scores]
print(json.dumps([computed.count("prepare"), computed.count("measure"), scores]))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that can be changed."""
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(ROOT / "trendlib", tmp_path / "copy" / "trendlib", ignore=ignored)


def run_copy(package: Path, task: str) -> tuple[int, int, list[dict[str, Any]]]:
    """Run a task with the copy; returns how often it prepared and measured, and its scores."""
    given = [ROOT / "tests" / "evaluate", package.parent.parent, task]
    done = subprocess.run(
        [*warm_python(), "-c", ROUNDS, *map(str, given)],
        env=os.environ | {"PYTHONPATH": str(package.parent)},
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    prepared, measured, scores = json.loads(done.stdout.splitlines()[-1])
    return prepared, measured, scores


def change(package: Path, file: str, old: str, new: str) -> None:
    path = package / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (file, old)
    path.write_text(text.replace(old, new), "utf-8")


WORDS = [
    ("trend.py", "# log|a| - log|b| equals log(a/b), but", "# log|a| - log|b| is log(a/b), and"),
    ("evaluate/tasks/zeros.py", '"""What does it cost', '"""How much does it cost'),
    ("errors.py", "unknown {what}", "there is no {what}"),
    ("evaluate/data.py", "cannot be downloaded from", "cannot be had from"),
    ("show/style.py", '"figure.dpi": 144', '"figure.dpi": 100'),
    ("evaluate/plots.py", "(7.2, 3.8)", "(7.2, 4.8)"),
    ("evaluate/tables.py", '"training texts"', '"texts"'),
]
FORMULAS = [
    ("trend.py", "(static != 0)", "(static > 0)"),
    ("evaluate/trend_pairs.py", "HEAVIEST = 3", "HEAVIEST = 2"),
]


def test_a_task_is_computed_again_after_a_formula_but_not_after_words(package: Path) -> None:
    prepared, measured, scores = run_copy(package, "zeros")
    assert (prepared, measured) == (1, 10)
    for words in WORDS:
        change(package, *words)
    assert run_copy(package, "zeros") == (0, 0, scores)
    for formula in FORMULAS:
        change(package, *formula)
        prepared, measured, others = run_copy(package, "zeros")
        assert (prepared, measured) == (1, 10), formula
        assert others != scores, formula


def test_sentence_vectors_are_made_again_after_a_formula(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["The train left at noon."]
    vectors.vectors(workbench, [vectors.MEAN], texts)
    monkeypatch.setattr(protocol, "code_version", lambda module: f"another {module}")
    made: list[str] = []
    make = vectors._make

    def counted(*given: Any) -> Any:
        made.append("once")
        return make(*given)

    monkeypatch.setattr(vectors, "_make", counted)
    vectors.vectors(workbench, [vectors.MEAN], texts)
    vectors.vectors(workbench, [vectors.MEAN], texts)
    assert made == ["once"]


def test_another_version_of_a_library_is_another_key(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = workbench.key("x", computed_by="trendlib.evaluate.vectors")
    assert workbench.key("x", computed_by="trendlib.evaluate.vectors") == before
    monkeypatch.setattr(protocol, "version", lambda library: f"another {library}")
    assert workbench.key("x", computed_by="trendlib.evaluate.vectors") != before


def test_a_damaged_file_of_the_store_is_made_again(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    path = tmp_path / "a.npz"
    kept.write("a", {"x": np.arange(3)})
    whole = path.read_bytes()
    assert kept.keep("a", dict)["x"].tolist() == [0, 1, 2]
    flipped = [
        bytes([*whole[:place], whole[place] ^ 1, *whole[place + 1 :]])
        for place in range(len(whole))
    ]
    for damaged in (b"", b"PK", whole[:50], whole[:-1], whole + b"x", b"x" * len(whole), *flipped):
        path.write_bytes(damaged)
        assert kept.find("a") is None
    assert kept.keep("a", lambda: {"x": np.ones(2)})["x"].tolist() == [1, 1]
    assert kept.find("a") is not None


def test_arrays_of_another_key_are_not_taken(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    for key in ("a", "b"):
        kept.write(key, {key: np.arange(3)})
    shutil.copy(tmp_path / "b.npz", tmp_path / "a.npz")
    assert kept.find("a") is None
    assert kept.find("b") is not None
