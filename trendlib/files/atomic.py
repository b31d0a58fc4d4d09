"""Files that are written whole or not at all, even if the machine stops."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Replace a file: yields a path to write to. If that fails, the old file stays as it was."""
    # A name that nobody else uses: what stands beside the file is not ours to overwrite.
    new = path.with_name(f".{path.name[:40]}.{token_hex(4)}.new")
    try:
        yield new
        move(new, path)
    finally:
        new.unlink(missing_ok=True)


def move(new: Path, path: Path) -> None:
    """Move a new file to its place, once its content is on the disk."""
    _sync(new)
    new.replace(path)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
