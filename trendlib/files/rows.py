"""Read a file of sentences row by row; a bad row does not stop the others."""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlib.errors import InputFileError

COLUMN = "sentence"


@dataclass(frozen=True)
class InputRow:
    """A row of a file of sentences.

    Attributes:
        number: Counted from 1: the line of a ``.txt`` or ``.jsonl``, the record (without the
            header) of a ``.csv`` or ``.parquet``.
        text: The value where the sentence should be; whether it is one is not checked.
        problem: Why the row has no such value, or not all of it; None if it has one.
    """

    number: int
    text: Any
    problem: str | None = None


def read_rows(path: Path, column: str = COLUMN) -> Iterator[InputRow]:
    """Read a file, however long, without holding it in memory.

    Args:
        path: ``.txt`` with a sentence a line; ``.csv`` with a header; ``.jsonl``, where each line
            is a JSON object, or a JSON string; or ``.parquet``.
        column: The column, or the object's key, that holds the sentence.

    Raises:
        InputFileError: If the file cannot be read at all, or has no such column.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        listed = ", ".join(READERS)
        raise InputFileError(
            f"{path.name!r} ends with {path.suffix!r}: give a file that ends with one of {listed}"
        )
    try:
        yield from reader(path, column)
    except OSError as error:
        raise InputFileError(
            f"{path} cannot be read ({error.strerror or error}): give a file that exists and that "
            "you may read"
        ) from error


def _lines(path: Path) -> Iterator[str]:
    # Lines end at line feeds alone; a sentence may hold other characters that look like an end.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        for line in file:
            yield line.removesuffix("\n").removesuffix("\r")


def _read_lines(path: Path, column: str) -> Iterator[InputRow]:
    for number, line in enumerate(_lines(path), start=1):
        yield _row(number, line)


def _read_csv(path: Path, column: str) -> Iterator[InputRow]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        records = csv.reader(file, strict=True)
        header = next(records, [])
        place = _find(path, column, header)
        number = 0
        while True:
            try:
                record = next(records, None)
            except csv.Error as error:
                number += 1
                yield InputRow(number, None, f"not valid CSV ({error})")
                continue
            if record is None:
                return
            if not record:  # an empty line is no record
                continue
            number += 1
            if place < len(record):
                yield _row(number, record[place])
            else:
                short = f"{len(record)} fields, and the sentence is in field {place + 1}"
                yield InputRow(number, None, short)


def _read_json_lines(path: Path, column: str) -> Iterator[InputRow]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        row = _row(number, line)
        if row.problem is not None:
            yield row
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            yield InputRow(number, None, f"not valid JSON ({error})")
            continue
        if isinstance(value, dict) and column not in value:
            listed = ", ".join(repr(key) for key in value) or "none"
            yield InputRow(number, None, f"no key {column!r}, its keys are {listed}")
        else:
            yield InputRow(number, value[column] if isinstance(value, dict) else value)


def _read_parquet(path: Path, column: str) -> Iterator[InputRow]:
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(path)
    except ArrowInvalid as error:
        raise InputFileError(f"{path.name} is not a Parquet file ({error})") from error
    with file:
        _find(path, column, file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches(columns=[column]):
            for value in batch.column(0).to_pylist():
                number += 1
                yield InputRow(number, value)


def _row(number: int, text: str) -> InputRow:
    """Make a row of a line's text; its problem is a byte that is not UTF-8, if there is one."""
    wrong = re.search("[\udc80-\udcff]", text)
    if wrong is None:
        return InputRow(number, text)
    byte = ord(wrong[0]) - 0xDC00
    return InputRow(
        number,
        text,
        f"not valid UTF-8: the byte 0x{byte:02x} at position {wrong.start()}: save the file as "
        "UTF-8",
    )


def _find(path: Path, column: str, names: list[str]) -> int:
    if column not in names:
        listed = ", ".join(repr(name) for name in names) or "none"
        raise InputFileError(
            f"{path.name} has no column {column!r}: its columns are {listed}; name one with "
            "--column"
        )
    return names.index(column)


READERS: dict[str, Callable[[Path, str], Iterator[InputRow]]] = {
    ".txt": _read_lines,
    ".csv": _read_csv,
    ".jsonl": _read_json_lines,
    ".parquet": _read_parquet,
}
