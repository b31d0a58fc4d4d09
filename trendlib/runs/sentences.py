"""Read the sentences of a run from a file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trendlib.errors import InputFileError
from trendlib.files.rows import COLUMN, InputRow, read_rows


@dataclass(frozen=True)
class Sentences:
    """The sentences of a run, each once, in the order in which they were given.

    Attributes:
        texts: The sentences.
        repeats: How many more times a sentence was given that is already there.
        blank: How many empty ones were passed over.
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
    """Read a file of sentences; every row must hold one, or nothing.

    Args:
        path: The file; see ``rows.read_rows``.
        column: The column, or the object's key, that holds the sentence.

    Raises:
        InputFileError: If the file cannot be read, holds no sentence, or has a row whose sentence
            is missing or no text. The message names the first such row.
    """
    texts = [_checked(path.name, row) for row in read_rows(path, column)]
    filled = [text for text in texts if text.strip()]
    if not filled:
        raise InputFileError(f"{path.name} holds no sentence: give at least one")
    return distinct(filled, len(texts) - len(filled))


def _checked(name: str, row: InputRow) -> str:
    if row.problem is not None:
        raise InputFileError(f"{name}, row {row.number}: {row.problem}")
    if not isinstance(row.text, str):
        raise InputFileError(
            f"{name}, row {row.number}: the sentence is {row.text!r}, of type "
            f"{type(row.text).__name__}: give a text"
        )
    return row.text
