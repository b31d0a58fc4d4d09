"""Read the sentences of a run from a file."""

import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from trendlib.errors import InputFileError

COLUMN = "sentence"


@dataclass(frozen=True)
class Sentences:
    """The sentences of a run, each once, in the order in which they were given.

    Attributes:
        texts: The sentences.
        repeats: How many more times a sentence was given that is already there.
        blank: How many empty lines of a text file were passed over.
    """

    texts: tuple[str, ...]
    repeats: int = 0
    blank: int = 0


def distinct(texts: Iterable[str], blank: int = 0) -> Sentences:
    """Take each sentence once: the same sentence has the same result.

    >>> distinct(["Hello.", "Hi.", "Hello."])
    Sentences(texts=('Hello.', 'Hi.'), repeats=1, blank=0)
    """
    counts = Counter(texts)
    return Sentences(tuple(counts), counts.total() - len(counts), blank)


def read_sentences(path: Path, column: str = COLUMN) -> Sentences:
    """Read a file of sentences.

    Args:
        path: ``.txt`` with a sentence a line; ``.csv`` with a header; or ``.jsonl``, where each
            line is a JSON object, or a JSON string.
        column: The column, or the object's key, that holds the sentence.

    Raises:
        InputFileError: If the file cannot be read, is not UTF-8, holds no sentence, or has a row
            whose sentence is missing or no text. The message names the first such row.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        listed = ", ".join(READERS)
        raise InputFileError(
            f"{path.name!r} ends with {path.suffix!r}: give a file that ends with one of {listed}"
        )
    sentences = reader(path.name, _read_text(path), column)
    if not sentences.texts:
        raise InputFileError(f"{path.name} holds no sentence: give at least one")
    return sentences


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputFileError(
            f"{path} cannot be read ({error.strerror}): give a file that exists and that you may "
            "read"
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputFileError(
            f"{path.name} is not UTF-8: line {line} has the byte 0x{content[error.start]:02x} at "
            f"position {error.start} of the file: save it as UTF-8"
        ) from error


def _read_lines(name: str, text: str, column: str) -> Sentences:
    # Not splitlines(), which also cuts at characters that a sentence may hold (U+2028, ...).
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    filled = [line for line in lines if line.strip()]
    return distinct(filled, len(lines) - len(filled))


def _read_csv(name: str, text: str, column: str) -> Sentences:
    try:
        # na_filter: the sentence "NA" is a text like any other.
        table = pd.read_csv(io.StringIO(text), dtype=str, na_filter=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputFileError(f"{name} is no CSV with a header: {str(error).strip()}") from error
    if column not in table.columns:
        listed = ", ".join(repr(str(each)) for each in table.columns)
        raise InputFileError(
            f"{name} has no column {column!r}: its columns are {listed}; name one with --column"
        )
    values: Sequence[object] = table[column].tolist()
    return distinct(_checked(name, number, value) for number, value in enumerate(values, start=1))


def _read_json_lines(name: str, text: str, column: str) -> Sentences:
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise InputFileError(f"{name}, line {number}: no JSON ({error})") from error
        if isinstance(value, dict):
            if column not in value:
                listed = ", ".join(repr(key) for key in value) or "none"
                raise InputFileError(
                    f"{name}, line {number}: no key {column!r}, its keys are {listed}; name one "
                    "with --column"
                )
            value = value[column]
        found.append(_checked(name, number, value))
    return distinct(found)


def _checked(name: str, number: int, value: object) -> str:
    if not isinstance(value, str):
        raise InputFileError(
            f"{name}, row {number}: the sentence is {value!r}, of type {type(value).__name__}: "
            "give a text"
        )
    return value


READERS: dict[str, Callable[[str, str, str], Sentences]] = {
    ".txt": _read_lines,
    ".csv": _read_csv,
    ".jsonl": _read_json_lines,
}
