"""The folder of what is downloaded, and of what is computed once."""

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "TRENDLIB_CACHE"
"""Names the folder; if not set, it is in the system's cache."""


def cache_folder() -> Path:
    """Return the folder; it need not exist."""
    return Path(
        os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("trendlib")
    ).expanduser()
