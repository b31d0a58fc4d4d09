"""The records of a run as tables."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from trendlib.encoding import Provenance
from trendlib.files.table import WORDS, vector_column
from trendlib.runs.records import Record

COLUMNS = {
    "sentence": pa.string(),
    "status": pa.string(),
    "error": pa.string(),
    **WORDS,
    "cosine_cls": pa.float64(),
    "cosine_mean": pa.float64(),
    "embedding": None,
    "model": pa.string(),
    "revision": pa.string(),
    "weights_sha256": pa.string(),
    "model_sha256": pa.string(),
    "reading": pa.string(),
    "dtype": pa.string(),
    "notebook": pa.string(),
    "parameters": pa.string(),
    "code": pa.string(),
    "cells": pa.string(),
    "versions": pa.string(),
    "folder": pa.string(),
}
"""The columns of a run's results. What does not exist is null: the related word where there is
none, everything of a sentence that failed. The embedding has the type that ``files.table`` makes,
and the run's dtype; its undefined coordinates are 0, as everywhere with ``undefined="zero"``, and
``defined_share`` counts the others. The sentence's record.json has null in their places."""

CSV_ROWS = 500
"""So many rows are turned into text at a time."""


def provenance_of(record: Mapping[str, Any]) -> Provenance:
    """Read which model, with which dtype and versions, made a record or a row of the results."""
    return Provenance(
        model=record["model"],
        revision=record["revision"],
        weights_sha256=record["weights_sha256"],
        model_sha256=record["model_sha256"],
        dtype=record["dtype"],
        versions=json.loads(record["versions"]),
    )


def records_table(records: Sequence[Record], dtype: str) -> pa.Table:
    """Tabulate records; what a record lacks is null.

    Args:
        records: The records, as ``RunFolder`` reads them.
        dtype: "float32" or "float64", of the embeddings.
    """
    return pa.table(
        {
            name: _vectors(records, dtype)
            if kind is None
            else pa.array([record.get(name) for record in records], kind)
            for name, kind in COLUMNS.items()
        }
    )


def _vectors(records: Sequence[Record], dtype: str) -> pa.FixedSizeListArray:
    vectors = [record.get("embedding") for record in records]
    width = next((vector.size for vector in vectors if vector is not None), 1)
    values = np.zeros((len(vectors), width), dtype)
    for row, vector in zip(values, vectors, strict=True):
        if vector is not None:
            row[:] = np.where(np.isnan(vector), 0, vector)
    return vector_column(values, [vector is None for vector in vectors])


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table as CSV; the embedding is a JSON list.

    Texts are written as ``spreadsheet_text``; the Parquet file has them as they are.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        # With these line ends, the default, Python 3.11 quotes both \r and \n inside a text.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(table.column_names)
        for batch in table.to_batches(CSV_ROWS):
            columns = [_csv_values(column) for column in batch.columns]
            writer.writerows(zip(*columns, strict=True))


def _csv_values(column: pa.Array) -> list[object]:
    if pa.types.is_fixed_size_list(column.type):
        numbers = pc.binary_join(column.cast(pa.list_(pa.string())), ", ")
        column = pc.binary_join_element_wise("[", numbers, "]", "")
    return [spreadsheet_text(value) for value in column.to_pylist()]


def spreadsheet_text(value: object) -> object:
    """Put a ' in front of a text that a spreadsheet would take for a formula.

    >>> spreadsheet_text("=1+1"), spreadsheet_text("I sold my car."), spreadsheet_text(-0.5)
    ("'=1+1", 'I sold my car.', -0.5)
    """
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if formula else value


def to_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet, with checksums by which other programs notice a changed byte."""
    # As an open file: pyarrow takes the name of a file for an address where it can.
    with path.open("wb") as file:
        pyarrow.parquet.write_table(table, file, write_page_checksum=True)
