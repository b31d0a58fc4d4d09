"""What earlier builds made, and whether it is still valid."""

import ast
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from day import build_date
from trendlib.files.atomic import replacing
from trendlib.files.code_version import PACKAGE

LIBRARIES = (
    "ipykernel",
    "ipython",
    "matplotlib",
    "matplotlib-inline",
    "nbclient",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "regex",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
)
"""Other versions of these may change what a chapter shows."""
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


@dataclass(frozen=True)
class Piece:
    """Something that an earlier build made.

    Attributes:
        content: What is in the file.
        seconds: How long it took to make.
        day: When it was made.
    """

    content: bytes
    seconds: float
    day: str


@dataclass(frozen=True)
class _Record:
    """What stands beside a kept file."""

    key: str
    sha256: str
    seconds: float
    day: str


class Kept:
    """A folder of files, each with a record of its key and its checksum beside it."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; the first file that is written makes it."""
        self.folder = folder

    def read(self, name: str, key: str) -> Piece | None:
        """Read a file; None if it is not there, was made from something else, or is damaged."""
        path = self.folder / name
        try:
            record = _Record(**json.loads(_record_of(path).read_text(encoding="utf-8")))
            content = path.read_bytes()
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        if record.key != key or record.sha256 != checksum(content):
            return None
        return Piece(content, record.seconds, record.day)

    def write(self, name: str, key: str, content: bytes, seconds: float = 0.0) -> None:
        """Keep a file.

        Args:
            name: Its name.
            key: What it was made from, see ``key_of``.
            content: What goes into it.
            seconds: How long it took to make.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        with replacing(path) as new:
            new.write_bytes(content)
        record = _Record(key, checksum(content), seconds, build_date())
        with replacing(_record_of(path)) as new:  # last: without it, the file does not count
            new.write_text(json.dumps(asdict(record)), encoding="utf-8")


def _record_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def checksum(content: bytes) -> str:
    """Return the sha256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def key_of(*parts: object) -> str:
    """Make a key of all that something is made from: texts, numbers, and lists or dicts of them.

    >>> key_of("chapter", ["numpy", "2.0"]) == key_of("chapter", ["numpy", "2.1"])
    False
    """
    return checksum(json.dumps(parts, sort_keys=True).encode())


@cache
def fingerprint(*paths: Path, docstrings: bool = False) -> str:
    """Return a checksum of files, and of all files in folders.

    Args:
        paths: The files and folders. Comments in Python do not count.
        docstrings: Whether docstrings count.
    """
    digest = hashlib.sha256()
    for root in paths:
        for path in [root] if root.is_file() else files_in(root):
            content = path.read_bytes()
            if path.suffix == ".py":
                content = _without_comments(content, docstrings).encode()
            digest.update(f"{path.relative_to(root.parent).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def chapters_code() -> str:
    """Return a checksum of all that a chapter may run or read of the package.

    Messages count, since chapters show them; docstrings do not.
    """
    return fingerprint(PACKAGE)


def versions(libraries: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """List the versions of Python and of libraries."""
    return {
        "python": platform.python_version(),
        **{library: version(library) for library in libraries},
    }


def files_in(folder: Path) -> Iterator[Path]:
    """List the files in a folder and in those within it, in an order that is always the same."""
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        yield from (Path(root, name) for name in sorted(names))


def folder_checksum(folder: Path, left_out: Sequence[str] = ()) -> str:
    """Return a checksum of all files in a folder, but for those in the folders ``left_out`` of it.

    A folder that is not there has a checksum too, which is that of an empty one.
    """
    digest = hashlib.sha256()
    for path in files_in(folder):
        name = path.relative_to(folder).as_posix()
        if not name.startswith(tuple(f"{each}/" for each in left_out)):
            digest.update(f"{name} {checksum(path.read_bytes())}\n".encode())
    return digest.hexdigest()


def link_files(source: Path, target: Path) -> None:
    """Make a folder hold the files of another one, without copying what they hold.

    Both names of a file lead to the same bytes, where the file system allows that.
    """
    wanted = {path.relative_to(source) for path in files_in(source)}
    for path in list(files_in(target)):
        if path.relative_to(target) not in wanted:
            path.unlink()
    for name in sorted(wanted):
        new = target / name
        if new.exists() and new.samefile(source / name):
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        try:
            new.hardlink_to(source / name)
        except OSError:
            shutil.copyfile(source / name, new)


def _without_comments(content: bytes, docstrings: bool) -> str:
    tree = ast.parse(content)
    for node in [] if docstrings else ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [part for part in node.body if not _is_text(part)]
    return ast.dump(tree)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and (
        isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    )
