"""What was computed once: arrays under a name made of everything that they follow from."""

import ast
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from trendlib.files.atomic import replacing

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of this package.

:meta hide-value:
"""


class Store:
    """A folder of arrays, each found by the content that it was made of."""

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
        """Read arrays; None if there are none, or damaged ones: then they are made again."""
        try:
            with np.load(self._path(key), allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except (OSError, ValueError, EOFError, BadZipFile):
            return None

    def write(self, key: str, arrays: Mapping[str, Any]) -> None:
        """Write arrays, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(key)) as new, new.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def key_of(*parts: object) -> str:
    """Make a key of everything that something follows from.

    >>> key_of("a", 1) == key_of("a", 1), key_of("a", 1) == key_of("a1")
    (True, False)
    """
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


@cache
def code_key(module: str) -> str:
    """Make a key of the source code that a module runs: its own, and all that it imports of ours.

    Other code may compute something else.
    """
    sources: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if name not in sources and path.is_file():
            sources[name] = path.read_text(encoding="utf-8")
            waiting += _imported(sources[name])
    return key_of(sources)


def _imported(source: str) -> list[str]:
    """List what a module's source imports from this package: modules, and names that may be."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name):
            found += [str(node.module), *(f"{node.module}.{each.name}" for each in node.names)]
    return found


def _file_of(module: str) -> Path:
    return PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
