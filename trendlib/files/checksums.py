"""A command recognizes its own files by their checksums, and touches no others."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from trendlib.errors import OutputError
from trendlib.files.atomic import replacing

LINE = re.compile("[0-9a-f]{64}  .+")
SEAL = "sha256"
"""The key of a JSON object that holds the checksum of all its other values."""


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add a checksum to values that are stored as a JSON object.

    >>> is_sealed(sealed({"a": 1})), is_sealed(sealed({"a": 1}) | {"a": 2})
    (True, False)
    """
    return {**values, SEAL: hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()}


def is_sealed(kept: Mapping[str, Any]) -> bool:
    """Whether a stored JSON object is unchanged since it was written."""
    return dict(kept) == sealed({name: value for name, value in kept.items() if name != SEAL})


def file_sha256(path: Path) -> str:
    """Compute the checksum of a file as it is now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Checksums:
    """The checksums of the files that a command wrote, in a file that ``sha256sum -c`` reads.

    A file may have two while it is being replaced: the old one and the new one.
    """

    def __init__(self, out: Path, command: str) -> None:
        """Name the file that holds them, beside ``out``.

        Args:
            out: The first of the files that they are of.
            command: The command that writes them, such as "embed".
        """
        self.path = out.with_name(f".{out.name}.sha256")
        self._command = f"`trendlib {command}`"

    def lines(self) -> list[str]:
        """Return a line for each checksum; none if there is no such file.

        Raises:
            OutputError: If it holds something else.
        """
        if not self.path.exists() and not self.path.is_symlink():
            return []
        read = self.path.read_bytes() if self.path.is_file() else b""
        lines = read.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
        if self.path.is_symlink() or not all(LINE.fullmatch(line) for line in lines):
            raise OutputError(
                f"{self.path} is damaged, or not by {self._command}: choose another file to write, "
                "or move that one away"
            )
        return lines

    def write(self, lines: Iterable[str]) -> None:
        """Replace all of them."""
        with replacing(self.path) as new:
            new.write_text("".join(f"{line}\n" for line in lines), "utf-8", "surrogateescape")

    def check(self, path: Path) -> None:
        """Check that a file, if there is one, was written by us and has not changed since.

        Raises:
            OutputError: If it was not written by us, or has changed.
        """
        check_place(path)
        lines = self.lines()
        if path.exists() and (not path.is_file() or line_of(path, path.name) not in lines):
            raise OutputError(
                f"{path} was not written by {self._command}, or has changed since (its checksum "
                f"is not in {self.path}): choose another file to write, or move that one away"
            )


def check_place(path: Path) -> None:
    """Check before the work, as far as possible, that a file can be written somewhere.

    Raises:
        OutputError: If it is a link, or its folder cannot be created or written to.
    """
    if path.is_symlink():
        raise OutputError(
            f"{path} is a link to {path.readlink()}: choose a file that is not a link"
        )
    folder = next(parent for parent in path.absolute().parents if os.path.lexists(parent))
    if not folder.is_dir():
        raise OutputError(f"{path} cannot be written: {folder} is not a folder; choose another")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path} cannot be written: {folder} is read-only; choose another folder")


def line_of(path: Path, name: str) -> str:
    """Make the line of a file that has, or will have, a name."""
    escaped = name.replace("\n", "\\n")
    return f"{file_sha256(path)}  {escaped}"
