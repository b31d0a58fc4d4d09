"""One name for the code that a result was computed with, so that a changed formula is noticed.

Only what computes counts. Comments, docstrings and the words of messages are left out, and so are
the modules that hold nothing but these (``errors``, ``language``, ``typing``) and all figures
(``show``).
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of this package.

:meta hide-value:
"""
LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "regex")
"""Other versions of these may compute something else."""
LEFT_OUT = ("trendlib.errors", "trendlib.language", "trendlib.typing", "trendlib.show")
TRANSLATED = {"_", "N_", "ngettext"}


@cache
def code_version(*modules: str) -> str:
    """Make a name of the code that some modules run: their own, and all that they import of ours.

    Args:
        modules: Full names of modules of this package, such as "trendlib.model.corpus".

    Returns:
        Sixteen hexadecimal digits, of the parsed code and of the versions of ``LIBRARIES``.

    Raises:
        ValueError: If there is no such module.

    >>> code_version("trendlib.trend") == code_version("trendlib.trend")
    True
    """
    digest = hashlib.sha256()
    for name, tree in sorted(_closure(modules).items()):
        digest.update(f"{name}\n{normalized(tree)}\n".encode())
    for library in LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    return digest.hexdigest()[:16]


def normalized(tree: ast.Module) -> str:
    r"""Reduce parsed Python to what computes: neither comments, nor docstrings, nor messages.

    A message is the text of an error, of a warning or of an ``assert``, or one that is translated.

    >>> normalized(ast.parse('def f(x):  # why\n    "Doc."\n    raise ValueError("wrong")'))
    "def f(x):\n    raise ValueError('')"
    """
    return ast.unparse(_WithoutWords().visit(tree))


def _closure(modules: tuple[str, ...]) -> dict[str, ast.Module]:
    """Parse the modules, and all modules of this package that they import, at any depth."""
    trees: dict[str, ast.Module] = {}
    waiting = list(modules)
    missing = [name for name in modules if not _file(name).is_file()]
    if missing:
        raise ValueError(f"no module {', '.join(missing)} in {PACKAGE.name}: use full names")
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if name in trees or not path.is_file() or _is_left_out(name):
            continue
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
        waiting += _imported(trees[name])
    return trees


def _imported(tree: ast.Module) -> Iterator[str]:
    """List what a module imports from this package: modules, and names that may be modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file(module: str) -> Path:
    if module.partition(".")[0] != PACKAGE.name:
        return Path("no file of ours")
    return PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")


def _is_left_out(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in LEFT_OUT)


class _WithoutWords(ast.NodeTransformer):
    """Takes out what is written for readers."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Drop a docstring, of whatever it is."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Drop its message."""
        node.msg = None
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Empty the texts that an error, a warning or a translation is made with."""
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in TRANSLATED or name.endswith(("Error", "Warning")):
            node.args = [_emptied(argument) for argument in node.args]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Keep a function that was nothing but a docstring."""
        return self._with_body(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Keep a class that was nothing but a docstring."""
        return self._with_body(node)

    def _with_body(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node


def _emptied(argument: ast.expr) -> ast.expr:
    if isinstance(argument, ast.JoinedStr):
        return ast.Constant("")
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return ast.Constant("")
    return argument
