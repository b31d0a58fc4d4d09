"""Settings that were kept with results, beside those that are wanted now."""

from collections.abc import Mapping
from typing import Any


def differences(kept: Mapping[str, Any], wanted: Mapping[str, Any], but: str = "") -> str:
    """Say in what kept settings differ from the wanted ones; an empty text if in nothing.

    Args:
        kept: The settings that were kept with results.
        wanted: Those that are wanted now; what these do not name does not count.
        but: A name that does not count either.

    >>> differences({"reading": "layers", "dtype": "float64"}, {"reading": "article"})
    "reading 'layers' instead of 'article'"
    """
    return ", ".join(
        f"{name} {kept.get(name)!r} instead of {value!r}"
        for name, value in wanted.items()
        if name != but and kept.get(name) != value
    )
