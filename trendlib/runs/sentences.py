"""Read the sentences of a run from a file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trendlib.errors import InputFileError
from trendlib.files.rows import COLUMN, InputRow, Refusal, read_rows, refusal


@dataclass(frozen=True)
class Sentences:
    """The sentences of a run, each once, in the order of the input.

    Attributes:
        texts: The sentences.
        repeats: How many sentences repeat an earlier one.
        blank: How many empty lines were skipped.
        refused: The rows that hold no text.
    """

    texts: tuple[str, ...]
    repeats: int = 0
    blank: int = 0
    refused: tuple[Refusal, ...] = ()


def distinct(texts: Iterable[str], blank: int = 0, refused: tuple[Refusal, ...] = ()) -> Sentences:
    """Keep each sentence once: the same sentence has the same result.

    >>> distinct(["Hello.", "Hi.", "Hello."])
    Sentences(texts=('Hello.', 'Hi.'), repeats=1, blank=0, refused=())
    """
    counts = Counter(texts)
    return Sentences(tuple(counts), counts.total() - len(counts), blank, refused)


def read_sentences(path: Path, column: str = COLUMN) -> Sentences:
    """Read a file of sentences; rows that hold no text are refused, and the others are read.

    Args:
        path: The file; see ``rows.read_rows``.
        column: The column, or the object's key, that holds the sentence.

    Raises:
        InputFileError: If the file cannot be read, or none of its rows holds a sentence.
    """
    texts, refused, blank = [], [], 0
    for row in read_rows(path, column):
        why = _why_refused(row)
        if why is not None:
            refused.append(refusal(row, why))
        elif row.text.strip():
            texts.append(row.text)
        else:
            blank += 1
    if not texts:
        first = f" (row {refused[0].row}: {refused[0].reason})" if refused else ""
        raise InputFileError(f"{path.name} holds no sentence{first}: write at least one into it")
    return distinct(texts, blank, tuple(refused))


def _why_refused(row: InputRow) -> str | None:
    if row.problem is not None:
        return row.problem
    if not isinstance(row.text, str):
        return f"the sentence is {row.text!r}, of type {type(row.text).__name__}: it must be a text"
    try:
        row.text.encode("utf-8")
    except UnicodeEncodeError:
        return "not valid Unicode text (it holds half of a surrogate pair)"
    return None
