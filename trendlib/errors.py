"""Errors that say what was given, what is allowed, and what to do.

All are of the class ``ValueError``, so that code that does not know this package can catch them.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager


class TrendlibError(ValueError):
    """Any input that this package cannot use."""


class SentenceError(TrendlibError):
    """A sentence that has no trend embedding."""


class NotTextError(SentenceError):
    """The sentence is no string, or no valid Unicode text."""


class BlankSentenceError(SentenceError):
    """The sentence is empty, or white space only."""


class NoWordsError(SentenceError):
    """The sentence has no word: punctuation only, or nothing that the vocabulary knows."""


class TooLongError(SentenceError):
    """The sentence has more tokens than the model has positions."""


class BadRowsError(TrendlibError):
    """Among many sentences, some have no trend embedding."""


class WordNotFoundError(TrendlibError):
    """A word that was asked for is not in the sentence."""


class ModelError(TrendlibError):
    """A model that cannot be used."""


class UnknownModelError(ModelError):
    """No model has this name, and no folder either."""


class ModelNotReachableError(ModelError):
    """The weights are neither in the cache nor reachable on the hub."""


class MissingWeightsError(ModelError):
    """The model's folder lacks files that the model needs."""


class CorruptedWeightsError(ModelError):
    """The weights are not the ones that were promised, or cannot be read."""


class UnsupportedModelError(ModelError):
    """The model is no BERT, or does not return what the method needs."""


class UnknownChoiceError(TrendlibError):
    """A named choice (reading, dtype, ...) that does not exist."""


class LayerOutOfRangeError(TrendlibError):
    """There is no such layer."""


class HeadOutOfRangeError(TrendlibError):
    """There is no such head."""


class ArrayError(TrendlibError):
    """Arrays of shapes or values that do not fit together."""


class InputFileError(TrendlibError):
    """A file of sentences that cannot be read."""


class ParameterError(TrendlibError):
    """A notebook's parameter that does not exist, or has a value of another type."""


class DataError(TrendlibError):
    """A public file that cannot be had, or is another one."""


class EvaluationError(TrendlibError):
    """Data or results of an evaluation that would make it worthless."""


class MissingExtraError(TrendlibError, ModuleNotFoundError):
    """A library that an optional part of this package needs is not installed."""


class FiguresFileError(TrendlibError):
    """A file of an earlier run's figures that cannot be used."""


class OutputError(TrendlibError):
    """A file that cannot be written to, or that something else has written."""


class RunFolderError(TrendlibError):
    """A folder that cannot hold the run that was asked for."""


def reason(error: Exception) -> str:
    """Say why something has no result, as tables and pages show it.

    >>> reason(NoWordsError("no word in '...'"))
    "NoWordsError: no word in '...'"
    """
    return f"{type(error).__name__}: {error}"


@contextmanager
def needs_extra(what: str, extra: str) -> Iterator[None]:
    """Say which extra to install, if something that is imported inside is not installed.

    Args:
        what: The command, or the module, that needs it.
        extra: The extra of this package that brings it.

    Raises:
        MissingExtraError: If a library is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "trendlib").partition(".")[0]
        if library == "trendlib":
            raise  # a fault of this package, which no extra would fix
        missing = MissingExtraError(
            f"`{what}` needs {library}, which is not installed: run "
            f"`pip install 'trendlib[{extra}]'`"
        )
        missing.name = library
        raise missing from error


def check_choice(what: str, given: object, choices: Collection[str]) -> None:
    """Check that a name is among the choices.

    Raises:
        UnknownChoiceError: If it is not.

    >>> check_choice("dtype", "float8", ["float32", "float64"])
    Traceback (most recent call last):
    trendlib.errors.UnknownChoiceError: unknown dtype 'float8': choose one of 'float32', 'float64'
    """
    if given not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise UnknownChoiceError(f"unknown {what} {given!r}: choose one of {listed}")
