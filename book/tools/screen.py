"""What a build says: one line that is rewritten on a terminal, a few plain lines elsewhere."""

import sys
import time
from typing import TextIO


class Screen:
    """How far a build is, for whoever watches it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Begin to count the seconds.

        Args:
            stream: Where to write; standard output if left out.
        """
        self._stream = stream or sys.stdout
        self._started = time.perf_counter()
        self._counts: dict[str, tuple[int, int]] = {}
        self._is_terminal = self._stream.isatty()

    @property
    def seconds(self) -> str:
        """How long the build has been running."""
        return f"{time.perf_counter() - self._started:.0f} s"

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.clear()
        print(text, file=self._stream, flush=True)

    def count(self, what: str, done: int, of: int) -> None:
        """Show how many things of a kind are done."""
        changed = self._counts.get(what) != (done, of)
        self._counts[what] = done, of
        if self._is_terminal:
            self.tick()
        elif changed and done == of:
            self.say(f"{what} {done} of {of} | {self.seconds}")

    def tick(self) -> None:
        """Bring the seconds up to date."""
        if self._is_terminal and self._counts:
            counts = [f"{what} {done} of {of}" for what, (done, of) in self._counts.items()]
            line = " | ".join([*counts, self.seconds])
            print(f"\r\x1b[K{line}", end="", file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the line that is rewritten away."""
        if self._is_terminal and self._counts:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
