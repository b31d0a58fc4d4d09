"""What a command has written is known again by its checksum; nothing else is touched."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from trendlib.errors import OutputError
from trendlib.files.atomic import replacing

SEAL = "sha256"
"""The key of a JSON object that holds the checksum of all its other values."""


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add the checksum of values that are to be kept as a JSON object.

    >>> is_sealed(sealed({"a": 1})), is_sealed(sealed({"a": 1}) | {"a": 2})
    (True, False)
    """
    return {**values, SEAL: hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()}


def is_sealed(kept: Mapping[str, Any]) -> bool:
    """Say whether a kept JSON object is as it was written."""
    return dict(kept) == sealed({name: value for name, value in kept.items() if name != SEAL})


def file_sha256(path: Path) -> str:
    """Compute the checksum of what a file holds now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Checksums:
    """The checksums of the files that a command wrote, in a file that ``sha256sum -c`` reads.

    A file may have two while it is being replaced: the old one and the new one.
    """

    def __init__(self, path: Path) -> None:
        """Name the file that holds them, beside the files that they are of."""
        self.path = path

    def lines(self) -> list[str]:
        """Return a line for each checksum; none if there is no such file."""
        if not self.path.is_file():
            return []
        return self.path.read_text("utf-8", "surrogateescape").removesuffix("\n").split("\n")

    def write(self, lines: Iterable[str]) -> None:
        """Replace all of them."""
        with replacing(self.path) as new:
            new.write_text("".join(f"{line}\n" for line in lines), "utf-8", "surrogateescape")

    def check(self, path: Path) -> None:
        """Check that a file, if there is one, was written by us and has not changed since.

        Raises:
            OutputError: If it is another's, or has changed.
        """
        if path.is_symlink():
            raise OutputError(
                f"{path} is a link to {path.readlink()}: give a file that is none, with --out"
            )
        if not path.exists():
            return
        if not path.is_file() or line_of(path, path.name) not in self.lines():
            raise OutputError(
                f"{path} was not written by `trendlib embed`, or has changed since (its checksum "
                f"is not in {self.path}): give another file with --out, or move that one away"
            )


def line_of(path: Path, name: str) -> str:
    """Make the line of a file that has, or will have, a name."""
    escaped = name.replace("\n", "\\n")
    return f"{file_sha256(path)}  {escaped}"
