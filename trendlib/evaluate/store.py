"""Arrays that were computed once, kept under a key made of everything that they follow from."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from trendlib.files.atomic import replacing


class Store:
    """A folder of arrays, one file for each key."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made when it is needed."""
        self.folder = folder

    def keep(self, key: str, compute: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Read arrays, or compute and write them."""
        found = self.find(key)
        if found is None:
            self.write(key, compute())
            found = self.find(key)
            assert found is not None  # it was just written
        return found

    def find(self, key: str) -> dict[str, Any] | None:
        """Read arrays; returns None if there are none, or if their file is damaged."""
        try:
            with np.load(self._path(key), allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except (OSError, ValueError, EOFError, BadZipFile):
            return None

    def write(self, key: str, arrays: Mapping[str, Any]) -> None:
        """Write arrays, all of them or none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(key)) as new, new.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def key_of(*parts: object) -> str:
    """Hash values that JSON can hold into a key of 32 hexadecimal digits.

    >>> key_of("a", 1) == key_of("a", 1), key_of("a", 1) == key_of("a1")
    (True, False)
    """
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
