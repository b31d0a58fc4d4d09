"""Arrays that were computed once, kept under a key made of everything that they follow from."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np

from trendlib.files.atomic import replacing

DIGEST_BYTES = 32


class Store:
    """A folder of arrays: a file for each key, whose checksum stands at its end."""

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
            with self._path(key).open("rb") as file:
                if not _is_whole(file):
                    return None
                with np.load(file, allow_pickle=False) as kept:
                    return {name: kept[name] for name in kept.files}
        except (FileNotFoundError, ValueError, EOFError, BadZipFile):
            return None

    def write(self, key: str, arrays: Mapping[str, Any]) -> None:
        """Write arrays, all of them or none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(key)) as new, new.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            file.write(_digest(new, file.tell()))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def _is_whole(file: BinaryIO) -> bool:
    """Check the end of a file, and go back to its beginning."""
    size = file.seek(0, os.SEEK_END) - DIGEST_BYTES
    if size < 0:
        return False
    file.seek(size)
    kept = file.read()
    return kept == _digest(Path(file.name), size) and file.seek(0) == 0


def _digest(path: Path, size: int) -> bytes:
    """Compute the checksum of the first ``size`` bytes of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (part := file.read(min(size, 1 << 20))):
            digest.update(part)
            size -= len(part)
    return digest.digest()


def key_of(*parts: object) -> str:
    """Hash values that JSON can hold into a key of 32 hexadecimal digits.

    >>> key_of("a", 1) == key_of("a", 1), key_of("a", 1) == key_of("a1")
    (True, False)
    """
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
