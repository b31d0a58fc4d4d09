"""The layout: files at the top of ``trendlib`` are the method, folders are everything else."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import trendlib
from helpers.paths import ROOT

PACKAGE = ROOT / "trendlib"
DOOR = {"__init__", "__main__"}
SERVANTS = {"errors", "typing", "language"}
METHOD = "method"

# What each folder may import of the package, beside itself.
BELOW = {
    METHOD: set(),
    "model": {METHOD},
    "show": {METHOD, "model"},
    "files": {METHOD, "model", "show"},
    "articles": {METHOD, "model", "show", "files"},
    "benchmark": {METHOD, "model", "show", "files"},
    "runs": {METHOD, "model", "show", "files"},
    "interfaces": {METHOD, "model", "show", "files"},
    "evaluate": {METHOD, "model", "show", "files"},
}
BELOW["cli"] = set(BELOW)

HEAVY = {"torch", "transformers"}
MAY_BE_HEAVY = ("model/", "interfaces/onnx.py", "interfaces/sentence_transformers.py")
OF_THE_METHOD = {"numpy", "regex", "jaxtyping"}


def folder_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else METHOD


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """List the modules that a file imports anywhere in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            # A folder's module, or a name of the module: the longer name is the more exact one.
            yield from ((node.lineno, f"{node.module}.{each.name}") for each in node.names)


def broken_rules(package: Path = PACKAGE) -> list[str]:
    """Say in a sentence what each wrong import breaks."""
    broken = []
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        if len(inside.parts) == 1 and path.stem in DOOR:
            continue
        folder = inside.parts[0] if len(inside.parts) > 1 else METHOD
        for line, module in imported(path):
            place = f"trendlib/{inside.as_posix()}, line {line}, imports {module}"
            top, *rest = module.split(".")
            if top == "trendlib" and rest:
                target = rest[0] if (package / rest[0]).is_dir() else METHOD
                if target not in BELOW[folder] | {folder}:
                    allowed = ", ".join(sorted(BELOW[folder])) or "nothing but NumPy and itself"
                    broken.append(f"{place}: arrows point down, and {folder} may import {allowed}")
            elif top in HEAVY and not inside.as_posix().startswith(MAY_BE_HEAVY):
                broken.append(
                    f"{place}: only {', '.join(MAY_BE_HEAVY)} know torch and transformers, so "
                    "that everything else loads at once"
                )
            elif folder == METHOD and top not in OF_THE_METHOD | sys.stdlib_module_names | {
                "trendlib"
            }:
                broken.append(
                    f"{place}: the method is NumPy alone ({', '.join(sorted(OF_THE_METHOD))})"
                )
    return broken


def test_arrows_point_down() -> None:
    assert broken_rules() == []


@pytest.mark.parametrize(
    ("file", "planted", "sentence"),
    [
        (
            "trend.py",
            "from trendlib.model.encoder import Encoder",
            "trendlib/trend.py, line 1, imports trendlib.model.encoder: arrows point down, and "
            "method may import nothing but NumPy and itself",
        ),
        (
            "show/plots.py",
            "from trendlib.evaluate import results",
            "trendlib/show/plots.py, line 1, imports trendlib.evaluate: arrows point down, and "
            "show may import method, model",
        ),
        (
            "files/table.py",
            "import torch",
            "trendlib/files/table.py, line 1, imports torch: only model/, interfaces/onnx.py, "
            "interfaces/sentence_transformers.py know torch and transformers, so that everything "
            "else loads at once",
        ),
        (
            "words.py",
            "import pandas",
            "trendlib/words.py, line 1, imports pandas: the method is NumPy alone (jaxtyping, "
            "numpy, regex)",
        ),
    ],
)
def test_a_wrong_import_is_told_with_the_reason(
    tmp_path: Path, file: str, planted: str, sentence: str
) -> None:
    for folder in BELOW:
        (tmp_path / folder).mkdir()
    (tmp_path / METHOD).rmdir()
    (tmp_path / file).write_text(planted + "\n", encoding="utf-8")
    assert sentence in broken_rules(tmp_path)


def test_the_top_is_the_method_in_reading_order() -> None:
    files = {path.stem for path in PACKAGE.glob("*.py")}
    assert len(files) <= 13
    listed = [
        line.split()[0]
        for line in (trendlib.__doc__ or "").split("::")[1].splitlines()
        if line.startswith("    ")
    ]
    assert files == {*listed, *SERVANTS, *DOOR}
    for place, name in enumerate(listed):
        modules = {
            module.split(".")[1]
            for _, module in imported(PACKAGE / f"{name}.py")
            if module.startswith("trendlib.")
        }
        assert modules <= {*listed[:place], *SERVANTS}, f"{name} imports what comes after it"


def test_every_folder_says_in_one_line_what_lives_there() -> None:
    folders = [path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    assert {folder_of(path) for path in folders} == BELOW.keys() - {METHOD}
    for path in folders:
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert docstring, path
        assert docstring.splitlines()[0].endswith((".", ":")), path


def light_modules() -> list[str]:
    names = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE).with_suffix("")
        if folder_of(path) in {METHOD, "show", "cli"} and path.stem not in DOOR:
            names.append(".".join(("trendlib", *inside.parts)))
    names += ["trendlib", "trendlib.model.weights", "trendlib.files.rows", "trendlib.files.table"]
    names += ["trendlib.runs.runner", "trendlib.runs.pages", "trendlib.evaluate.tables"]
    return names


def test_what_needs_no_model_loads_without_torch() -> None:
    code = "import sys\n"
    for module in light_modules():
        code += f"import {module}\nif 'torch' in sys.modules: sys.exit('{module} loads torch')\n"
    result = subprocess.run(
        [sys.executable, "-c", code], stdout=-1, stderr=-1, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_front_door_is_lazy() -> None:
    code = (
        "import sys, trendlib\n"
        "assert not {'torch', 'numpy', 'transformers'} & set(sys.modules), 'import trendlib'\n"
        "trendlib.READINGS, trendlib.RECIPES, trendlib.Recipe\n"
        "assert 'torch' not in sys.modules, 'READINGS, RECIPES, Recipe'\n"
        "embedding = trendlib.embed('I sold my car.')\n"
        "print(embedding.provenance.model, trendlib.load_encoder.__name__, trendlib.__version__)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], stdout=-1, stderr=-1, text=True, check=True
    )
    assert result.stdout.split() == ["all-MiniLM-L6-v2", "load_encoder", trendlib.__version__]
    with pytest.raises(AttributeError, match=r"no 'nothing': it has READINGS, RECIPES, Recipe"):
        trendlib.nothing  # noqa: B018
