"""Make the docstrings and signatures of trendlib readable in the API pages.

Arrays are shown by their names in ``trendlib.typing``; without this, Sphinx shows the class that
jaxtyping makes of each.
"""

from typing import Any

from jaxtyping import AbstractArray
from sphinx.application import Sphinx

from trendlib import typing

VALUES = {"Float": "Floating-point numbers", "Int": "Integers", "Bool": "True or False"}
BEFORE_NAPOLEON = 400  # whose priority is the usual one, 500


def setup(app: Sphinx) -> dict[str, bool]:
    """Name the arrays; Sphinx calls this when it loads the extension."""
    for name, array in vars(typing).items():
        if _is_array(array):
            _introduce(array, name)
    app.connect("autodoc-process-signature", _without_arguments)
    app.connect("autodoc-skip-member", _skip_parts)
    app.connect("autodoc-process-docstring", _keep_colons, priority=BEFORE_NAPOLEON)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _introduce(array: Any, name: str) -> None:
    values, axes = VALUES[array.dtype.__name__], ", ".join(array.dim_str.split())
    array.__module__, array.__qualname__, array.__name__ = typing.__name__, name, name
    array.__doc__ = f"{values}, with the axes {axes}."


def _is_array(what: object) -> bool:
    return isinstance(what, type) and issubclass(what, AbstractArray)


def _without_arguments(
    _: Sphinx, _what: str, _name: str, obj: object, *_others: object
) -> tuple[str, None] | None:
    return ("", None) if _is_array(obj) else None


def _skip_parts(_: Sphinx, _what: str, name: str, obj: object, *_others: object) -> bool | None:
    """Skip what jaxtyping keeps in an array's class."""
    return True if name in {"array_type", "dtype"} and isinstance(obj, type) else None


def _keep_colons(
    _: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Keep napoleon from taking what stands before the first line's colon for a type."""
    if what in {"attribute", "data", "property"}:
        lines[:0] = ["..", ""]  # an empty comment
