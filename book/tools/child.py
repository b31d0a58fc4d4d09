"""Call a function in a process that ends when the build does, even if the build is killed.

A Sphinx that went on alone would write into the folder of the next build.
"""

import gc
import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name

COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Child:
    """A running process. All that it says goes to a file."""

    def __init__(self, function: str, arguments: Sequence[str | Path], log: Path) -> None:
        """Start it.

        Args:
            function: Such as "package.module:function"; it reads its arguments from ``sys.argv``.
            arguments: The arguments.
            log: The file.
        """
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, __file__, function, *arguments],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        """Return what it has written so far, without colours."""
        return COLOURS.sub("", self.log.read_text(encoding="utf-8", errors="replace"))

    def status(self) -> int | None:
        """Return its exit status, or None if it is still running."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait until it ends, and return its exit status."""
        return self._process.wait()

    def end(self) -> None:
        """End it if it is still running."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def main() -> int:
    """Call the function that the first argument names; returns the exit status."""
    threading.Thread(target=_end_with_the_build, daemon=True).start()
    # A third of Sphinx's time goes into looking for cycles among the parts of pages, all in use.
    gc.disable()
    function = resolve_name(sys.argv.pop(1))
    return int(function() or 0)


def _end_with_the_build() -> None:
    """Wait for the end of standard input, which only the build holds open."""
    with suppress(OSError):
        os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
