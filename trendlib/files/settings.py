"""Settings that were kept with results, beside those that are wanted now."""

from collections.abc import Mapping
from typing import Any


def differences(kept: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Say in what kept settings differ from the wanted ones; an empty text if in nothing.

    >>> differences({"reading": "layers", "dtype": "float64"}, {"reading": "article"})
    "reading 'layers' instead of 'article'"
    """
    return ", ".join(
        f"{name} {kept.get(name)!r} instead of {value!r}"
        for name, value in wanted.items()
        if kept.get(name) != value
    )
