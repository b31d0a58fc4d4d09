"""Errors whose messages say what is wrong, what is allowed, and what to do.

All of them derive from ``ValueError``, so code that does not know this package can catch them.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

OUT_OF_MEMORY = re.compile(
    r"out of memory|(can't|cannot) allocate memory|bad_alloc|failed to map segment"
    r"|can't start new thread",
    re.IGNORECASE,
)


class TrendlibError(ValueError):
    """Input that this package cannot use; the base class of all its errors."""


class SentenceError(TrendlibError):
    """A sentence that has no trend embedding."""


class NotTextError(SentenceError):
    """The sentence is not a string, or not valid Unicode text."""


class BlankSentenceError(SentenceError):
    """The sentence is empty, or only white space."""


class NoWordsError(SentenceError):
    """The sentence has no word: only punctuation, or only characters outside the vocabulary."""


class TooLongError(SentenceError):
    """The sentence has more tokens than the model has positions."""


class BadRowsError(TrendlibError):
    """Some sentences of a list have no trend embedding."""


class WordNotFoundError(TrendlibError):
    """The sentence does not contain the word."""


class ModelError(TrendlibError):
    """A model that cannot be used."""


class UnknownModelError(ModelError):
    """There is neither a folder nor a model of this name, here or on the hub."""


class ModelNotReachableError(ModelError):
    """The weights are not in the cache, and the hub cannot be reached."""


class MissingWeightsError(ModelError):
    """Files of the model are missing from its folder."""


class CorruptedWeightsError(ModelError):
    """The weights do not have the expected checksum, or cannot be read."""


class OtherModelError(ModelError):
    """The model is not the one that something was fitted or saved with."""


class UnsupportedModelError(ModelError):
    """The model is no encoder, or does not return what the method needs."""


class UnknownChoiceError(TrendlibError):
    """A reading, number format or other choice that does not exist."""


class CutterError(TrendlibError):
    """A word cutter that cannot be used, or that returned no words of the text."""


class LayerOutOfRangeError(TrendlibError):
    """The model does not have this layer."""


class HeadOutOfRangeError(TrendlibError):
    """The model does not have this attention head."""


class ArrayError(TrendlibError):
    """Arrays whose shapes or values do not fit together."""


class InputFileError(TrendlibError):
    """A file of sentences that cannot be read."""


class InputChangedError(InputFileError):
    """A file of sentences that changed while it was read."""


class ParameterError(TrendlibError):
    """A parameter that the notebook does not have, or a value of the wrong type."""


class DataError(TrendlibError):
    """A public data file that cannot be downloaded, or whose checksum is wrong."""


class EvaluationError(TrendlibError):
    """Data or results that would make an evaluation worthless."""


class MissingExtraError(TrendlibError, ModuleNotFoundError):
    """A library that an optional part of this package needs is not installed."""


class FiguresFileError(TrendlibError):
    """A file of an earlier run's figures that cannot be used."""


class OutputError(TrendlibError):
    """A file that cannot be written, or that belongs to another program."""


class RunFolderError(TrendlibError):
    """A folder that cannot be used for this run."""


class LanguageError(TrendlibError):
    """A catalogue of translations that cannot be read."""


def reason(error: Exception) -> str:
    """Format an error as tables and pages show it.

    >>> reason(NoWordsError("no word in '...'"))
    "NoWordsError: no word in '...'"
    """
    return f"{type(error).__name__}: {error}"


def counted(count: int, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "sentence"), counted(2_000, "sentence")
    ('1 sentence', '2,000 sentences')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


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
    """Check that a name is one of the choices.

    Args:
        what: What is chosen, for the message.
        given: The name.
        choices: The names that exist.

    Raises:
        UnknownChoiceError: If it is not one of them.

    >>> check_choice("dtype", "float8", ["float32", "float64"])
    Traceback (most recent call last):
    trendlib.errors.UnknownChoiceError: unknown dtype 'float8': choose one of 'float32', 'float64'
    """
    if given not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise UnknownChoiceError(f"unknown {what} {given!r}: choose one of {listed}")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out; every library words it differently.

    >>> is_out_of_memory(RuntimeError("unable to mmap 90 bytes: Cannot allocate memory (12)"))
    True
    """
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, (RuntimeError, ImportError, OSError)) and bool(
        OUT_OF_MEMORY.search(str(error))
    )
