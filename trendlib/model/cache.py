"""The folder of what is downloaded, and of what is computed once."""

import os
from pathlib import Path

from trendlib.errors import needs_extra

CACHE_VARIABLE = "TRENDLIB_CACHE"
"""Names the folder; if not set, it is in the system's cache."""


def cache_folder() -> Path:
    """Return the folder; it need not exist.

    Raises:
        MissingExtraError: If no folder is named, and a library that finds one is not installed.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser()
    with needs_extra("the folder of what is kept", "onnx"):
        import platformdirs  # only those who keep something need it

    return platformdirs.user_cache_path("trendlib")
