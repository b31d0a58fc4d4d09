"""Compares the settings that results were made with and those that are wanted now."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from trendlib.encoding import FULL, TORCH, UNICODE

ADDED_LATER = {"words": "two", "cutter": UNICODE, "engine": TORCH, "precision": FULL}
"""Settings that files of before do not name, and what they were then."""


def read_object(path: Path) -> dict[str, Any] | None:
    """Read a file that holds a JSON object; None if it holds anything else.

    Raises:
        OSError: If it cannot be read.
    """
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and infinity, which are not JSON; for ``parse_constant`` of ``json.loads``.

    Raises:
        ValueError: Always.

    >>> json.loads('{"score": NaN}', parse_constant=refuse_constant)
    Traceback (most recent call last):
    ValueError: NaN is not a number that JSON has
    """
    raise ValueError(f"{name} is not a number that JSON has")


def differences(kept: Mapping[str, Any], wanted: Mapping[str, Any], but: str = "") -> str:
    """Describe how stored settings differ from the wanted ones; empty if they do not.

    Args:
        kept: The settings that results were made with.
        wanted: Those that are wanted now; settings that are not among them do not count.
        but: A setting that does not count either.

    >>> differences({"reading": "layers", "dtype": "float64"}, {"reading": "article"})
    "reading 'layers' instead of 'article'"
    """
    known = {**ADDED_LATER, **kept}
    return ", ".join(
        f"{name} {_shown(known.get(name))} instead of {_shown(value)}"
        for name, value in wanted.items()
        if name != but and known.get(name) != value
    )


def _shown(value: object) -> str:
    """Show a value that may be anything that JSON can hold."""
    try:
        return textwrap.shorten(repr(value), 120)
    except RecursionError:
        return "a value that is nested too deeply"
