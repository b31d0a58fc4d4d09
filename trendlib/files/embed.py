"""Embed a file of sentences into one Parquet file, part by part, so that nothing is lost."""

import ctypes
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from trendlib.embedding import Recipe
from trendlib.errors import InputChangedError, InputFileError, OutputError, counted, reason
from trendlib.files.atomic import move
from trendlib.files.checksums import Checksums, file_sha256, line_of
from trendlib.files.code_version import code_version
from trendlib.files.parts import CODE, Parts
from trendlib.files.rows import COLUMN, InputRow, Refusal, read_rows, refusal
from trendlib.files.settings import differences
from trendlib.files.table import EmbeddingColumns, embeddings_table
from trendlib.model.corpus import Embedded, embed_many
from trendlib.model.encoder import Encoder
from trendlib.model.packing import batched

PART_ROWS = 4096
"""A run that is killed loses at most the work on this many rows."""
METADATA = b"trendlib"
"""The key of the Parquet file's metadata that says what made it, as JSON."""
ROWS = "rows"
"""The key of that metadata that holds how many rows were read."""
COMPUTED_BY = ("trendlib.model.corpus", "trendlib.files.table", "trendlib.files.rows")
"""The modules that an embedding's row comes from: if their code changes, it is computed again."""


@dataclass(frozen=True)
class EmbedSummary:
    """How many rows of a file were embedded.

    Attributes:
        embedded: How many rows have an embedding.
        refused: How many were not; ``side_file`` says why.
        earlier: How many of all rows an earlier call had done.
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

    The rows are embedded in parts, which are written to a folder beside ``out`` and joined in the
    end, in the order of the file. A run that was stopped continues after its last part. Results of
    another version of the code are recomputed; an old output stays until the new one is complete.
    Refused rows are listed in a file beside ``out``.

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
        InputChangedError: If it changes while it is read; then nothing is written.
        OutputError: If ``out`` cannot be written to, or is a file that we did not write.
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        UnsupportedModelError: If the model cannot run batches.
    """
    written = Written(out)
    written.check_not(source)
    written.check_ours()
    if next(read_rows(source, column), None) is None:
        raise InputFileError(f"{source.name} has no rows: write at least one sentence into it")
    settings = _settings(source, encoder, recipe, column)
    if _is_done(written, settings, say):
        summary = _summary(written, 0)
        return replace(summary, earlier=summary.embedded + summary.refused)
    parts = Parts(out)
    with parts.opened(settings, say):
        earlier = total = count = 0
        try:
            for number, rows in enumerate(batched(read_rows(source, column), PART_ROWS)):
                total, count = total + len(rows), number + 1
                if parts.is_kept(number, rows):
                    earlier += len(rows)
                    on_rows(len(rows))
                    continue
                table, refused = _embed_rows(rows, encoder, recipe, on_rows)
                parts.keep(number, rows, table, refused)
                _give_memory_back()
        except InputFileError:  # it could be read when the command began
            _check_unchanged(source, settings)
            raise
        _check_unchanged(source, settings)
        _put_together(parts, count, written, {**settings, ROWS: total})
        parts.remove()
    return _summary(written, earlier)


def read_settings(path: Path) -> dict[str, Any]:
    """Read how a Parquet file of embeddings was made: source, model, versions, recipe.

    Raises:
        OutputError: If ``embed_file`` did not write it.
    """
    try:
        with path.open("rb") as file:
            metadata = pyarrow.parquet.read_schema(file).metadata or {}
        settings: dict[str, Any] = json.loads(metadata[METADATA])
    except (KeyError, OSError, ValueError, pa.ArrowException) as error:
        raise OutputError(f"{path} was not written by `trendlib embed`") from error
    return settings


class Written:
    """The files that ``embed_file`` writes.

    Attributes:
        out: The Parquet file.
        side_file: The list of the refused rows.
        checksums: The checksums of both.
    """

    def __init__(self, out: Path) -> None:
        """Name the files.

        Raises:
            OutputError: If it is not a name for a Parquet file.
        """
        if out.suffix != ".parquet":
            raise OutputError(
                f"the output cannot be called {out.name!r}: choose a name that ends with .parquet"
            )
        self.out = out
        self.side_file = out.with_name(f"{out.stem}.refused.jsonl")
        self.checksums = Checksums(out, "embed")

    def check_not(self, source: Path) -> None:
        """Check that the input would not be overwritten.

        Raises:
            OutputError: If it is.
        """
        for path in (self.out, self.side_file, self.checksums.path):
            if path.exists() and source.exists() and path.samefile(source):
                raise OutputError(
                    f"{path} would overwrite the input {source}: choose another file with --out"
                )

    def check_ours(self) -> None:
        """Check that no file of another program would be overwritten.

        Raises:
            OutputError: If one would be, or if one of ours has changed.
        """
        self.checksums.check(self.out)
        self.checksums.check(self.side_file)
        Parts(self.out).check_ours()


def _settings(source: Path, encoder: Encoder, recipe: Recipe, column: str) -> dict[str, Any]:
    return {
        "source_sha256": file_sha256(source),
        "column": column,
        **recipe.as_dict(),
        **encoder.provenance.as_dict(),
        CODE: code_version(*COMPUTED_BY),
    }


def _check_unchanged(source: Path, settings: Mapping[str, Any]) -> None:
    if not source.is_file() or file_sha256(source) != settings["source_sha256"]:
        raise InputChangedError(
            f"{source} changed while it was read, so nothing was written: use a "
            "file that stays as it is, or the one of before, whose parts are kept"
        )


def _is_done(written: Written, settings: Mapping[str, Any], say: Callable[[str], object]) -> bool:
    out = written.out
    if not out.exists():
        return False
    kept = read_settings(out)
    differing = differences(kept, settings, but=CODE)
    if differing:
        raise OutputError(
            f"{out} was made with {differing}: choose another file with --out, or delete that one"
        )
    if kept.get(CODE) != settings[CODE]:
        say(
            f"{out} was made by another version of trendlib's code: its rows are embedded again, "
            "and it is replaced when all are done."
        )
        return False
    summary = _summary(written, 0)
    if summary.embedded + summary.refused != kept[ROWS]:
        raise OutputError(
            f"{out} lists {summary.embedded:,} of {counted(kept[ROWS], 'row')}, and "
            f"{written.side_file} {summary.refused:,}: delete both, and they are made again"
        )
    return True


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
    refused = [refusal(row, row.problem) for row in rows if row.problem is not None]
    on_rows(len(refused))
    texts = [row for row in rows if row.problem is None]
    columns, reasons = embed_columns(encoder, [row.text for row in texts], recipe, on_rows)
    for place, why in reasons.items():
        refused.append(refusal(texts[place], why))
    refused.sort(key=lambda found: found.row)
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


def _put_together(parts: Parts, count: int, written: Written, settings: Mapping[str, Any]) -> None:
    """Write the two files; the Parquet file last, since it says that all is done.

    Until both are in their places, their old checksums stay beside the new ones.
    """
    table, refused = (parts.folder / f"joined.{suffix}" for suffix in ("parquet", "jsonl"))
    with refused.open("wb") as file:
        file.writelines(parts.path(number, "jsonl").read_bytes() for number in range(count))
    _join_tables([parts.path(number, "parquet") for number in range(count)], table, settings)
    done = _rows_of(table) + _lines_of(refused)
    if done != settings[ROWS]:
        raise OutputError(
            f"{counted(settings[ROWS], 'row')} read, and {done:,} done: a fault of trendlib; "
            f"nothing is put together, and the parts are kept in {parts.folder}"
        )
    written.check_ours()  # hours may have passed
    lines = [line_of(table, written.out.name)]
    any_refused = refused.stat().st_size > 0
    if any_refused:
        lines.append(line_of(refused, written.side_file.name))
    written.checksums.write([*written.checksums.lines(), *lines])
    if any_refused:
        move(refused, written.side_file)
    else:
        written.side_file.unlink(missing_ok=True)
    move(table, written.out)
    written.checksums.write(lines)


def _join_tables(files: Sequence[Path], out: Path, settings: Mapping[str, Any]) -> None:
    with files[0].open("rb") as first:
        schema = pyarrow.parquet.read_schema(first)
    schema = schema.with_metadata({METADATA: json.dumps(settings)})
    with out.open("wb") as new, pyarrow.parquet.ParquetWriter(new, schema) as writer:
        for path in files:
            with path.open("rb") as part:
                writer.write_table(pyarrow.parquet.read_table(part).cast(schema))


def _rows_of(table: Path) -> int:
    with table.open("rb") as file:
        rows: int = pyarrow.parquet.read_metadata(file).num_rows
    return rows


def _lines_of(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _summary(written: Written, earlier: int) -> EmbedSummary:
    embedded = _rows_of(written.out)
    if not written.side_file.exists():
        return EmbedSummary(embedded, 0, earlier, written.out, None)
    refused = _lines_of(written.side_file)
    return EmbedSummary(embedded, refused, earlier, written.out, written.side_file)
