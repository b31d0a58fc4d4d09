"""Arrays that were computed once, kept under a key made of everything that they follow from."""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trendlib.files.atomic import replacing

DIGEST_BYTES = hashlib.sha256().digest_size


class Store:
    """A folder of arrays, one file for each key, which ends with a checksum of key and arrays."""

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
        path = self._path(key)
        content = memoryview(path.read_bytes() if path.is_file() else b"")
        arrays, checksum = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
        if checksum != _checksum(key, arrays):
            return None
        with np.load(io.BytesIO(arrays), allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}

    def write(self, key: str, arrays: Mapping[str, Any]) -> None:
        """Write arrays, all of them or none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays)
        with replacing(self._path(key)) as new, new.open("wb") as file:
            file.write(content.getbuffer())
            file.write(_checksum(key, content.getbuffer()))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def _checksum(key: str, content: memoryview) -> bytes:
    found = hashlib.sha256(key.encode())
    found.update(content)
    return found.digest()


def key_of(*parts: object) -> str:
    """Hash values that JSON can hold into a key of 32 hexadecimal digits.

    >>> key_of("a", 1) == key_of("a", 1), key_of("a", 1) == key_of("a1")
    (True, False)
    """
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
