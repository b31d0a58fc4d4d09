"""What the commands share: extras, options, exit statuses, and how a command is stopped.

Nothing here is imported but what ``trendlib --help`` needs.
"""

import argparse
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import FrameType

EXTRAS = {
    "run": "run",
    "embed": "files",
    "compare": "run",
    "export": "onnx",
    "reproduce": "show",
    "evaluate": "evaluate",
    "drift": "show",
}
"""The extra of this package that each command needs."""

OK, DIFFERENT, FAILED, WRONG_USE, NOT_RUN = 0, 1, 1, 2, 3


class Terminated(KeyboardInterrupt):
    """The process was asked to end."""


def add_model(command: argparse.ArgumentParser) -> None:
    """Add ``--model``."""
    from trendlib.model.weights import AUTO, BERT_BASE, MINILM

    command.add_argument(
        "--model",
        default=AUTO,
        help=f"{AUTO} (the default), {BERT_BASE.name}, {MINILM.name}, or a folder that holds a "
        "BERT model",
    )


def add_reading(command: argparse.ArgumentParser) -> None:
    """Add ``--reading``."""
    from trendlib.readings import ARTICLE, READINGS

    command.add_argument(
        "--reading", default=ARTICLE.name, help=f"{', '.join(READINGS)} (default: %(default)s)"
    )


@contextmanager
def fallback_told() -> Iterator[None]:
    """Print on one line that another model was taken."""
    from trendlib.model.weights import ModelFallbackWarning

    with warnings.catch_warnings(record=True, category=ModelFallbackWarning) as caught:
        yield
    for warning in caught:
        print(f"trendlib: {warning.message}", file=sys.stderr)


def check_installed(*libraries: str) -> None:
    """Check that libraries are installed which another process will load.

    Raises:
        ModuleNotFoundError: If one is not.
    """
    for library in libraries:
        if find_spec(library) is None:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)


def end_on_termination() -> None:
    """Let a termination signal end the command in order, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _terminate)


def stopped(error: KeyboardInterrupt, kept: str) -> int:
    """Say that the command was stopped, and what is kept; returns its exit status."""
    print(f"trendlib: stopped. {kept}; the same command goes on.", file=sys.stderr)
    return 143 if isinstance(error, Terminated) else 130


def cannot_go_on(what: str, error: Exception, kept: str) -> int:
    """Say that something outside ended the command, and what is kept; returns its exit status."""
    print(
        f"trendlib: the {what} cannot go on: {error}\n{kept}; when the cause is fixed, the same "
        "command goes on.",
        file=sys.stderr,
    )
    return FAILED


def positive(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is given: give a whole number from 1")
    return int(text)


def shorten(text: str, length: int) -> str:
    """Cut a text to a length; an ellipsis says that it went on."""
    return text if len(text) <= length else text[: length - 1] + "…"


def counted(count: int, noun: str) -> str:
    """Say how many there are.

    >>> counted(1, "sentence"), counted(2_000, "sentence")
    ('1 sentence', '2,000 sentences')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
