"""The folder of the book's sources, which is kept, so that Sphinx reads only what changed."""

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

from kept import files_in

BOOK = Path(__file__).resolve().parents[1]
APART = ("tools/*", "*.j2", "_build/*")

Files = dict[str, bytes]
"""What is in the files of a folder, by their paths within it."""


def book_files() -> Files:
    """Read the committed sources of the book, with the notebooks, but not what builds it."""
    names = {path.relative_to(BOOK).as_posix(): path for path in files_in(BOOK)}
    return {
        name: path.read_bytes()
        for name, path in names.items()
        if not any(fnmatch(name, pattern) for pattern in APART)
    }


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Make a folder hold these files and no others; those that are there already are not touched.

    Sphinx reads again what was written after it read it last.
    """
    for path in list(files_in(folder)):
        # Sphinx compiles catalogues to .mo files itself, and pages depend on these.
        if path.relative_to(folder).as_posix() not in files and path.suffix != ".mo":
            path.unlink()
    for name, content in files.items():
        path = folder / name
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
