"""Embed a file of sentences into one Parquet file, part by part, so that nothing is lost."""

import ctypes
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
from filelock import FileLock, Timeout

from trendlib.embedding import Recipe
from trendlib.errors import InputFileError, OutputError, reason
from trendlib.files.atomic import replacing
from trendlib.files.code_version import code_version
from trendlib.files.rows import COLUMN, InputRow, read_rows
from trendlib.files.settings import differences
from trendlib.files.table import EmbeddingColumns, embeddings_table
from trendlib.model.corpus import Embedded, embed_many
from trendlib.model.encoder import Encoder
from trendlib.model.packing import batched
from trendlib.model.weights import sha256_of

PART_ROWS = 4096
"""A run that is killed loses at most the work on this many rows."""
METADATA = b"trendlib"
"""The key of the Parquet file's metadata that says what made it, as JSON."""
SETTINGS = "settings.json"
CODE = "code"
"""The key of the settings that holds the version of the code."""
COMPUTED_BY = ("trendlib.model.corpus", "trendlib.files.table", "trendlib.files.rows")
"""The modules that an embedding's row comes from: if their code changes, it is computed again."""


@dataclass(frozen=True)
class Refusal:
    """A row that has no embedding.

    Attributes:
        row: Its number in the file, from 1.
        reason: Why.
        text: What stands there, or its beginning.
    """

    row: int
    reason: str
    text: str


@dataclass(frozen=True)
class EmbedSummary:
    """What became of a file's rows.

    Attributes:
        embedded: How many rows have an embedding.
        refused: How many have none; ``side_file`` says why.
        earlier: How many of all rows were done before this call.
        out: The Parquet file.
        side_file: The file that lists the refused rows; None if there is none.
    """

    embedded: int
    refused: int
    earlier: int
    out: Path
    side_file: Path | None


def embed_file(
    source: Path,
    out: Path,
    encoder: Encoder,
    recipe: Recipe,
    column: str = COLUMN,
    *,
    on_rows: Callable[[int], object] = lambda _: None,
    say: Callable[[str], object] = lambda _: None,
) -> EmbedSummary:
    """Embed every row of a file that can be embedded.

    The rows are embedded part by part, each of which is written whole to a folder beside ``out``;
    in the end they are put together, in the order of the file. A run that was stopped goes on
    after its last part. What another version of the code has made is made again; an output of it
    stays until the new one is whole. Refused rows are listed in a file beside ``out``.

    Args:
        source: The file; see ``rows.read_rows``.
        out: The Parquet file to write; see ``table.embeddings_table`` for its columns.
        encoder: The model.
        recipe: How a sentence becomes a vector.
        column: The column of ``source`` that holds the sentences.
        on_rows: Called with a number of rows whenever they are done.
        say: Called with a sentence for the user if earlier work cannot be used.

    Raises:
        InputFileError: If the file cannot be read, or has no such column.
        OutputError: If ``out`` cannot be written to, or holds something else.
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        UnsupportedModelError: If the model cannot run batches.
    """
    if out.suffix != ".parquet":
        raise OutputError(f"{out.name!r} is to be written: give a name that ends with .parquet")
    if next(read_rows(source, column), None) is None:
        raise InputFileError(f"{source.name} holds no row: give at least one sentence")
    settings = _settings(source, encoder, recipe, column)
    if _is_done(out, settings, say):
        summary = _summary(out, 0)
        return replace(summary, earlier=summary.embedded + summary.refused)
    parts = out.with_name(f".{out.name}.parts")
    with _locked(parts, settings, say):
        earlier = 0
        for number, rows in enumerate(batched(read_rows(source, column), PART_ROWS)):
            part = parts / f"{number:06}.parquet"
            if part.exists():
                earlier += len(rows)
                on_rows(len(rows))
                continue
            table, refused = _embed_rows(rows, encoder, recipe, on_rows)
            with replacing(part.with_suffix(".jsonl")) as new:
                new.write_text("".join(json.dumps(asdict(row)) + "\n" for row in refused))
            with replacing(part) as new:  # last: it says that the part is done
                pyarrow.parquet.write_table(table, new)
            _give_memory_back()
        _put_together(parts, out, settings)
        shutil.rmtree(parts)
    return _summary(out, earlier)


def read_settings(path: Path) -> dict[str, Any]:
    """Say what made a Parquet file of embeddings: source, model, versions, recipe.

    Raises:
        OutputError: If ``embed_file`` did not write it.
    """
    try:
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
        settings: dict[str, Any] = json.loads(metadata[METADATA])
    except (KeyError, OSError, ValueError) as error:  # pyarrow's errors are among them
        raise OutputError(f"{path} was not written by `trendlib embed`") from error
    return settings


def _settings(source: Path, encoder: Encoder, recipe: Recipe, column: str) -> dict[str, Any]:
    return {
        "source_sha256": sha256_of(source),
        "column": column,
        **recipe.as_dict(),
        **encoder.provenance.as_dict(),
        CODE: code_version(*COMPUTED_BY),
    }


def _is_done(out: Path, settings: Mapping[str, Any], say: Callable[[str], object]) -> bool:
    if not out.exists():
        return False
    kept = read_settings(out)
    differing = differences(kept, settings, but=CODE)
    if differing:
        raise OutputError(
            f"{out} was made with {differing}: give another file with --out, or delete that one"
        )
    if kept.get(CODE) == settings[CODE]:
        return True
    say(
        f"{out} was made by another version of trendlib's code: its rows are embedded again, and "
        "it is replaced when all are done."
    )
    return False


@contextmanager
def _locked(
    parts: Path, settings: Mapping[str, Any], say: Callable[[str], object]
) -> Iterator[None]:
    parts.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(parts / ".lock").acquire(timeout=0):
            _check_parts(parts, settings, say)
            with replacing(parts / SETTINGS) as new:
                new.write_text(json.dumps(settings), encoding="utf-8")
            yield
    except Timeout:
        raise OutputError(
            f"another command is writing to {parts}: wait until it has ended, or give another "
            "file with --out"
        ) from None


def _check_parts(parts: Path, settings: Mapping[str, Any], say: Callable[[str], object]) -> None:
    """Refuse parts of other settings, and drop those that other code has made."""
    path = parts / SETTINGS
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else settings
    differing = differences(kept, settings, but=CODE)
    if differing:
        raise OutputError(
            f"the folder {parts} holds parts that were made with {differing}: give another file "
            "with --out, or delete that folder"
        )
    if kept.get(CODE) == settings[CODE]:
        return
    for part in (*parts.glob("*.parquet"), *parts.glob("*.jsonl")):
        part.unlink()
    say(f"{parts} held parts by another version of trendlib's code: they are embedded again.")


def embed_columns(
    encoder: Encoder,
    sentences: Sequence[str],
    recipe: Recipe,
    on_rows: Callable[[int], object] = lambda _: None,
) -> tuple[EmbeddingColumns, dict[int, str]]:
    """Embed sentences into the columns of a table.

    Args:
        encoder: The model.
        sentences: The sentences.
        recipe: How a sentence becomes a vector.
        on_rows: Called with 1 whenever a sentence is done.

    Returns:
        The columns, in the order of the sentences; and the reasons why some have no embedding, by
        their index among the sentences.
    """
    width = encoder.hidden_size
    columns = EmbeddingColumns(len(sentences), width, encoder.provenance.dtype)
    refused = {}
    for place, outcome in embed_many(encoder, sentences, recipe):
        if isinstance(outcome, Embedded):
            columns.put(place, outcome.embedding)
        else:
            refused[place] = reason(outcome)
        on_rows(1)
    return columns, refused


def _embed_rows(
    rows: Sequence[InputRow], encoder: Encoder, recipe: Recipe, on_rows: Callable[[int], object]
) -> tuple[pa.Table, list[Refusal]]:
    refused = [
        Refusal(row.number, row.problem, _shown(row)) for row in rows if row.problem is not None
    ]
    on_rows(len(refused))
    texts = [row for row in rows if row.problem is None]
    columns, reasons = embed_columns(encoder, [row.text for row in texts], recipe, on_rows)
    for place, why in reasons.items():
        refused.append(Refusal(texts[place].number, why, _shown(texts[place])))
    refused.sort(key=lambda refusal: refusal.row)
    numbers = [row.number for row in texts]
    # What is refused may be no text at all.
    sentences = [None if place in reasons else row.text for place, row in enumerate(texts)]
    return embeddings_table(numbers, sentences, columns), refused


def _give_memory_back() -> None:
    """Give memory that is free back to the system, where the C library can (glibc).

    Batches have arrays of ever other sizes. Left alone, glibc keeps what they leave between small
    objects, and the process grows with the file.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def _shown(row: InputRow) -> str:
    return "" if row.text is None else str(row.text)[:200]


def _put_together(parts: Path, out: Path, settings: Mapping[str, Any]) -> None:
    """Write the two files; the Parquet file last, since it says that all is done."""
    side_file = _side_file(out)
    with replacing(side_file) as new:
        with new.open("wb") as file:
            for part in sorted(parts.glob("*.jsonl")):
                file.write(part.read_bytes())
        empty = new.stat().st_size == 0
    if empty:
        side_file.unlink()
    files = sorted(parts.glob("*.parquet"))
    schema = pyarrow.parquet.read_schema(files[0])
    schema = schema.with_metadata({METADATA: json.dumps(settings)})
    with replacing(out) as new, pyarrow.parquet.ParquetWriter(new, schema) as writer:
        for part in files:
            writer.write_table(pyarrow.parquet.read_table(part).cast(schema))


def _side_file(out: Path) -> Path:
    return out.with_name(f"{out.stem}.refused.jsonl")


def _summary(out: Path, earlier: int) -> EmbedSummary:
    side_file = _side_file(out)
    embedded: int = pyarrow.parquet.read_metadata(out).num_rows
    if not side_file.exists():
        return EmbedSummary(embedded, 0, earlier, out, None)
    with side_file.open("rb") as file:
        return EmbedSummary(embedded, sum(1 for _ in file), earlier, out, side_file)
