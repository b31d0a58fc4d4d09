"""The records of a run as tables."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from trendlib.encoding import Provenance
from trendlib.runs.records import Record

SCHEMA = pa.schema(
    [
        ("sentence", pa.string()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("focus", pa.string()),
        ("related", pa.string()),
        ("no_related_because", pa.string()),
        ("votes", pa.int64()),
        ("voting_rows", pa.int64()),
        ("tie", pa.bool_()),
        ("decided_by", pa.string()),
        ("defined_share", pa.float64()),
        ("cosine_cls", pa.float64()),
        ("cosine_mean", pa.float64()),
        ("embedding", pa.list_(pa.float64())),
        ("model", pa.string()),
        ("revision", pa.string()),
        ("weights_sha256", pa.string()),
        ("reading", pa.string()),
        ("dtype", pa.string()),
        ("notebook", pa.string()),
        ("parameters", pa.string()),
        ("code", pa.string()),
        ("cells", pa.string()),
        ("versions", pa.string()),
        ("folder", pa.string()),
    ]
)
"""The columns of a run's results. What does not exist is null, never 0: an undefined coordinate of
the embedding, the related word where there is none, everything of a sentence that failed."""


def provenance_of(record: Mapping[str, Any]) -> Provenance:
    """Say which model, of which dtype and versions, made a record or a row of the results."""
    return Provenance(
        model=record["model"],
        revision=record["revision"],
        weights_sha256=record["weights_sha256"],
        dtype=record["dtype"],
        versions=json.loads(record["versions"]),
    )


def records_table(records: Iterable[Record]) -> pa.Table:
    """Tabulate records; what a record lacks is null."""
    complete = [{name: record.get(name) for name in SCHEMA.names} for record in records]
    return pa.Table.from_pylist(complete, schema=SCHEMA)


def to_csv(table: pa.Table) -> str:
    """Write a table as CSV; the embedding is a JSON list, null where it is undefined.

    Texts are written as ``spreadsheet_text``; the Parquet file has them as they are.
    """
    columns = {
        name: [spreadsheet_text(value) for value in table[name].to_pylist()]
        for name in table.column_names
    }
    columns["embedding"] = [
        None if values is None else json.dumps(values) for values in columns["embedding"]
    ]
    return pd.DataFrame(columns, dtype=object).to_csv(index=False, lineterminator="\n")


def spreadsheet_text(value: object) -> object:
    """Put a ' before a text that a spreadsheet would take for a formula, and compute.

    >>> spreadsheet_text("=1+1"), spreadsheet_text("I sold my car."), spreadsheet_text(-0.5)
    ("'=1+1", 'I sold my car.', -0.5)
    """
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if formula else value


def to_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet, with checksums by which other programs notice a changed byte."""
    pyarrow.parquet.write_table(table, path, write_page_checksum=True)
