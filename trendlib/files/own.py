"""A single file that a command writes: it only replaces files that it wrote itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from trendlib.errors import OutputError
from trendlib.files.atomic import replacing
from trendlib.files.checksums import Checksums, check_place, line_of

Content = TypeVar("Content")


class OwnFile:
    """A file with its checksum beside it, so that its command recognizes it.

    ``check`` comes before the work, and again when the file is written.
    """

    def __init__(self, path: Path, command: str) -> None:
        """Name the file, and the command that writes it, such as "export"."""
        self.path = path
        self._checksums = Checksums(path, command)

    def check(self) -> None:
        """Check that no file of another program would be overwritten.

        Raises:
            OutputError: If one would be, or if the file cannot be written there.
        """
        self._checksums.check(self.path)

    @contextmanager
    def replacing(self) -> Iterator[Path]:
        """Replace the file: yields a path to write to. If that fails, the old file stays.

        Raises:
            OutputError: As ``check``.
        """
        self.check()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path) as new:
            yield new
            line = line_of(new, self.path.name)
            # Until the new file is in its place, the old one's checksum stays.
            self._checksums.write([*self._checksums.lines(), line])
        self._checksums.write([line])


def check_replaceable(path: Path, command: str, read: Callable[[Path], Content]) -> Content | None:
    """Check that a file, if there is one, is of the kind that a command writes.

    Args:
        path: The file.
        command: The command, such as "evaluate".
        read: Reads such a file; raises ``ValueError`` for other files.

    Returns:
        Its content; None if there is no file.

    Raises:
        OutputError: If it is not, or if no file can be written there.
    """
    check_place(path)
    if not path.exists():
        return None
    try:
        return read(path)
    except ValueError as error:
        raise OutputError(
            f"{path} was not written by `trendlib {command}`, or has changed since ({error}): "
            "choose another name, or move that file away"
        ) from error
