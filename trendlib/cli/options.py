"""What the commands share: extras, options, exit statuses, and how a command is stopped.

Nothing here is imported but what ``trendlib --help`` needs.
"""

import argparse
import io
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TextIO

from trendlib.errors import OutputError

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

OK, DIFFERENT, FAILED, WRONG_USE, NOT_RUN, CLOSED_PIPE = 0, 1, 1, 2, 3, 141

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Terminated(KeyboardInterrupt):
    """The process was asked to end."""


def add_model(command: argparse.ArgumentParser, default: str | None = None, note: str = "") -> None:
    """Add ``--model``.

    Args:
        command: The command that gets it.
        default: The model that is used without the option; "auto" if left out.
        note: What else a user of this command has to know.
    """
    from trendlib.model.weights import AUTO, BERT_BASE, MINILM

    default = default or AUTO
    others = [name for name in (AUTO, BERT_BASE.name, MINILM.name) if name != default]
    command.add_argument(
        "--model",
        default=default,
        help=f"{default} (the default), {', '.join(others)}, the folder of an encoder, or an "
        "encoder on the Hugging Face hub: ORGANIZATION/NAME or ORGANIZATION/NAME@REVISION; "
        "without a revision, its newest commit is used, and the command says which one that is"
        + note,
    )


def add_cutter(command: argparse.ArgumentParser) -> None:
    """Add ``--cutter``."""
    from trendlib.encoding import UNICODE

    command.add_argument(
        "--cutter",
        default=UNICODE,
        help="where words begin and end: unicode (the default), or jieba for Chinese (extra "
        "trendlib[chinese]); Unicode's rules make nearly every character of Chinese, Japanese and "
        "Thai a word, and in Python, a function of your own can cut any language",
    )


def add_engine(command: argparse.ArgumentParser) -> None:
    """Add ``--engine`` and ``--precision``."""
    from trendlib.encoding import FULL, TORCH

    command.add_argument(
        "--engine",
        default=TORCH,
        help="what runs the network: torch (the default, and the reference); onnx (extra "
        "trendlib[onnx]) and openvino (extra trendlib[openvino]), which take less time on a "
        "processor; or auto, which is onnx where it is installed and can run the model",
    )
    command.add_argument(
        "--precision",
        default=FULL,
        help="full (the default); or bf16, which takes less time on processors that have it, and "
        "makes vectors that are approximate",
    )


def add_reading(command: argparse.ArgumentParser) -> None:
    """Add ``--reading``."""
    from trendlib.readings import ARTICLE, READINGS

    command.add_argument(
        "--reading", default=ARTICLE.name, help=f"{', '.join(READINGS)} (default: %(default)s)"
    )


@contextmanager
def fallback_told() -> Iterator[None]:
    """Print on one line each what should be known of the model: another one, or which commit."""
    from trendlib.model.weights import ModelWarning

    with warnings.catch_warnings(record=True, category=ModelWarning) as caught:
        yield
    for warning in caught:
        say(str(warning.message))


def check_installed(*libraries: str) -> None:
    """Check that libraries are installed which another process will load.

    Raises:
        ModuleNotFoundError: If one is not.
    """
    for library in libraries:
        if find_spec(library) is None:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)


@contextmanager
def signals_end_the_command() -> Iterator[list[int]]:
    """Let a termination signal end the command in order, as Ctrl-C does; yields what was received.

    A signal that is ignored, as in a shell's background, stays so.
    """
    received: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    defaults = (signal.SIG_DFL, signal.default_int_handler)
    earlier = {
        number: handler
        for number in (signal.SIGTERM, signal.SIGINT)
        if (handler := signal.getsignal(number)) in defaults
    }
    for number in earlier:
        signal.signal(number, end)
    try:
        yield received
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def make_printable() -> None:
    """Print what the terminal's encoding lacks as an escape: work is not lost to printing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    r"""Escape what a terminal would obey: control characters, and those that turn a text around.

    >>> printable("red: \x1b[31m")
    'red: \\x1b[31m'
    """
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(text: str) -> None:
    """Print a message, which may quote anything, as one of this command."""
    try:
        print(printable(f"trendlib: {text}"), file=sys.stderr)
    except OSError:  # nobody listens
        _drop(sys.stderr)


def show(text: str) -> None:
    """Print a result, which may quote anything; flushed, so that it stands before what follows."""
    print(printable(text), flush=True)


def local_path(text: str) -> Path:
    """Parse the path of a file or folder of this machine, before any work."""
    from trendlib.files.paths import local

    try:
        return local(text)
    except OutputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def flush_output() -> None:
    """Print what waits to be printed, while an error can still be told.

    Raises:
        OSError: If it cannot be printed.
    """
    if sys.stdout is not None:  # it is None where the output is closed
        sys.stdout.flush()


def drop_output() -> None:
    """Drop what cannot be printed; else the interpreter tries again when it ends."""
    try:
        flush_output()
    except OSError:
        _drop(sys.stdout)


def _drop(stream: TextIO) -> None:
    """Let all that is printed to a stream from now on, and what waits, go nowhere."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def stopped(error: KeyboardInterrupt, kept: str) -> int:
    """Say that the command was stopped, and what is kept; returns its exit status."""
    say(f"stopped. {kept}; run the same command again to continue.")
    return 143 if isinstance(error, Terminated) else 130


def cannot_go_on(what: str, error: Exception, kept: str) -> int:
    """Say that something outside ended the command, and what is kept; returns its exit status.

    Raises:
        BrokenPipeError: If that was a closed pipe, which wants no words.
    """
    if isinstance(error, BrokenPipeError):
        raise error
    say(
        f"the {what} cannot continue: {error}\n{kept}; once the cause is fixed, run the same "
        "command again to continue."
    )
    return FAILED


def positive(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
