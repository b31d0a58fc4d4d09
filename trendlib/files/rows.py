"""Read a file of sentences row by row, whatever is wrong with single rows."""

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from trendlib.errors import InputFileError, counted

COLUMN = "sentence"
FIELD_LIMIT = 10_000_000
"""The most characters in a field of a CSV; what a quote that never closes takes into memory."""


@dataclass(frozen=True)
class InputRow:
    """A row of a file of sentences.

    Attributes:
        number: Counted from 1: the line of a ``.txt`` or ``.jsonl``, the record (without the
            header) of a ``.csv`` or ``.parquet``. In a ``.csv``, each invalid line counts as
            a record.
        text: The value in the sentence's column; it may be something other than a text.
        problem: Why this value is missing or incomplete; None if it is not.
    """

    number: int
    text: Any
    problem: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A row of a file that has no result.

    Attributes:
        row: Its number in the file, from 1.
        reason: Why.
        text: The text, or its beginning.
    """

    row: int
    reason: str
    text: str


def refusal(row: InputRow, why: str) -> Refusal:
    """Describe a row that has no result."""
    return Refusal(row.number, why, "" if row.text is None else str(row.text)[:200])


def read_rows(path: Path, column: str = COLUMN) -> Iterator[InputRow]:
    """Read a file, however long, without holding it in memory.

    Args:
        path: ``.txt`` with one sentence per line; ``.csv`` with a header; ``.jsonl`` with one JSON
            object or string per line; or ``.parquet``.
        column: The column, or the object's key, that holds the sentence.

    Raises:
        InputFileError: If the file cannot be read at all, or has no such column.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        listed = ", ".join(READERS)
        raise InputFileError(
            f"{path.name!r} ends with {path.suffix!r}: use a file that ends with one of {listed}"
        )
    try:
        yield from reader(path, column)
    except OSError as error:
        raise InputFileError(
            f"{path} cannot be read ({error.strerror or error}): choose a file that exists and "
            "that "
            "you may read"
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """Open a text whose lines end with LF, CR LF or CR, and with nothing else that looks so."""
    with path.open("rb") as file:
        start = file.read(1024)
        pairs = len(start) // 2
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputFileError(f"{path.name} is UTF-16: save it as UTF-8")
    # Every second byte of most Western texts is 0 there, and hardly any in another encoding.
    if 2 * max(start[part : 2 * pairs : 2].count(0) for part in (0, 1)) > pairs:
        raise InputFileError(f"{path.name} looks like UTF-16: save it as UTF-8")
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file_of_text:
        yield file_of_text


def _lines(path: Path) -> Iterator[str]:
    with _opened(path) as file:
        for line in file:
            yield line.removesuffix("\n").removesuffix("\r")


def _read_lines(path: Path, column: str) -> Iterator[InputRow]:
    for number, line in enumerate(_lines(path), start=1):
        yield _row(number, line)


def _read_csv(path: Path, column: str) -> Iterator[InputRow]:
    csv.field_size_limit(FIELD_LIMIT)
    with _opened(path) as file:
        taken: list[str] = []  # the lines of the record that is being read
        records = csv.reader(_noted(file, taken), strict=True)
        try:
            header = next(records, [])
        except csv.Error as error:
            raise InputFileError(
                f"the header of {path.name} is not valid CSV ({error}): write a quote within "
                "quotes twice"
            ) from error
        place = _find(path, column, header)
        number = 0
        while True:
            taken.clear()
            try:
                record = next(records, None)
                problem = None if record is None else _swallows(record, taken, header, place)
            except csv.Error as error:
                record, problem = [], f"{error}; a quote within quotes is written twice"
            if record is None:
                return
            if problem is not None:
                lines = [line.rstrip("\r\n") for line in taken if line.strip()]
                why = f"not valid CSV: {problem}"
                if len(lines) > 1:
                    why += f": the {len(lines)} rows from row {number + 1} on are one record"
                for line in lines:
                    number += 1
                    yield InputRow(number, line, why)
                continue
            if not record:  # an empty line is no record
                continue
            number += 1
            yield _csv_row(number, record, header, place)


def _noted(lines: TextIO, taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _csv_row(number: int, record: Sequence[str], header: Sequence[str], place: int) -> InputRow:
    if place >= len(record):
        short = f"{counted(len(record), 'field')}, and the sentence is in field {place + 1}"
        return InputRow(number, None, short)
    if any(record[len(header) :]):
        long = f"{len(record)} fields, and the header has {len(header)}: quote what holds a comma"
        return InputRow(number, ",".join(record), long)
    return _row(number, record[place])


def _swallows(
    record: Sequence[str], lines: Sequence[str], header: Sequence[str], place: int
) -> str | None:
    """Say why a record of several lines is rather several records and a stray quote.

    It is if each further line is a record too: as many fields, and next to the sentence the same
    kind of values. The last line can be judged only if it ends with the sentence.
    """
    further = lines[1:] if place == len(header) - 1 else lines[1:-1]
    if not further or len(header) < 2 or len(record) < len(header):
        return None
    kinds = [_kind(value) for value in record]
    for fields in csv.reader(further):
        if len(fields) != len(header):
            return None
        if any(_kind(fields[at]) != kinds[at] for at in range(len(header)) if at != place):
            return None
    return "a quote closes lines later"


def _kind(value: str) -> tuple[bool, bool]:
    """Tell a number from a name, and a name from a text."""
    return value.strip().isdecimal(), bool(value) and " " not in value.strip()


def _read_json_lines(path: Path, column: str) -> Iterator[InputRow]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        row = _row(number, line)
        if row.problem is not None:
            yield row
            continue
        try:
            value = json.loads(line, object_pairs_hook=_object)
        except ValueError as error:
            yield InputRow(number, line, f"not valid JSON ({error})")
            continue
        except RecursionError:
            yield InputRow(number, line, "not valid JSON (it is nested too deeply)")
            continue
        if isinstance(value, dict) and column not in value:
            listed = ", ".join(repr(key) for key in value) or "none"
            yield InputRow(number, None, f"no key {column!r}, its keys are {listed}")
        else:
            yield InputRow(number, value[column] if isinstance(value, dict) else value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} appears {names.count(twice)} times")
    return found


def _read_parquet(path: Path, column: str) -> Iterator[InputRow]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        # As an open file: pyarrow takes the name of a file for an address where it can.
        with (
            path.open("rb") as opened,
            ParquetFile(opened, page_checksum_verification=True) as file,
        ):
            _find(path, column, file.schema_arrow.names)
            for batch in file.iter_batches(columns=[column]):
                # By its name: that of a field of a structure may read the same, s.x beside s: {x}.
                for value in batch.column(column):
                    number += 1
                    yield _parquet_row(number, value)
            if number != file.metadata.num_rows:
                raise ValueError(f"it is said to hold {counted(file.metadata.num_rows, 'row')}")
    except InputFileError:
        raise
    except (ArrowException, OSError, ValueError, LookupError) as error:  # damage has many names
        if isinstance(error, OSError) and error.errno is not None:  # not pyarrow's
            raise
        where = f"after row {number:,}" if number else "at all"
        raise InputFileError(
            f"{path.name} is not a Parquet file, or is damaged: it cannot be read {where} ({error})"
        ) from error


def _parquet_row(number: int, value: Any) -> InputRow:
    try:
        return InputRow(number, value.as_py())
    except UnicodeDecodeError as error:
        return InputRow(number, None, f"not valid UTF-8 ({error})")


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
    listed = ", ".join(repr(name) for name in names) or "none"
    if column not in names:
        separated = [mark for mark in ";\t|" if column in "".join(names).split(mark)]
        advice = (
            f"separate them by commas instead of {separated[0]!r}"
            if separated
            else "name one with --column"
        )
        raise InputFileError(
            f"{path.name} has no column {column!r}: its columns are {listed}; {advice}"
        )
    if names.count(column) > 1:
        raise InputFileError(
            f"{path.name} has {names.count(column)} columns {column!r}: its columns are {listed}; "
            "rename all of them but one"
        )
    return names.index(column)


READERS: dict[str, Callable[[Path, str], Iterator[InputRow]]] = {
    ".txt": _read_lines,
    ".csv": _read_csv,
    ".jsonl": _read_json_lines,
    ".parquet": _read_parquet,
}
