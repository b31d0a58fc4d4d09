"""What a run says of each sentence: records, and the tables made of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from trendlib.attention import NoRelated
from trendlib.embedding import SentenceEmbedding
from trendlib.encoding import Encoding
from trendlib.similarity import cosine

Record = dict[str, Any]

DONE, FAILED = "done", "failed"

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
        ("versions", pa.string()),
        ("folder", pa.string()),
    ]
)
"""The columns of a run's results. What does not exist is null, never 0: an undefined coordinate of
the embedding, the related word where there is none, everything of a sentence that failed."""


def record_of(encoding: Encoding, embedding: SentenceEmbedding) -> Record:
    """Put what was found in a sentence into a record.

    The cosines compare the embedding, undefined coordinates as 0 as in the article, with the
    sentence's [CLS] vector and with the mean of its tokens.
    """
    related = embedding.related
    record: Record = {
        "status": DONE,
        "focus": embedding.attention.focus.word,
        "defined_share": embedding.defined_share,
        "cosine_cls": _number(cosine(embedding.values, encoding.cls)),
        "cosine_mean": _number(cosine(embedding.values, encoding.mean)),
        "embedding": [
            float(value) if exists else None
            for value, exists in zip(embedding.values, embedding.defined, strict=True)
        ],
    }
    if isinstance(related, NoRelated):
        return record | {"no_related_because": related.reason.value}
    return record | {
        "related": related.word,
        "votes": related.votes,
        "voting_rows": len(embedding.attention.vote.rows),
        "tie": related.tied,
        "decided_by": related.decided_by,
    }


def failure(error: str) -> Record:
    """Make the record of a sentence that has no result."""
    return {"status": FAILED, "error": error}


def to_table(records: Iterable[Record]) -> pa.Table:
    """Tabulate records; what a record lacks is null."""
    complete = [{name: record.get(name) for name in SCHEMA.names} for record in records]
    return pa.Table.from_pylist(complete, schema=SCHEMA)


def to_csv(table: pa.Table) -> str:
    """Write a table as CSV; the embedding is a JSON list, null where it is undefined."""
    columns = {name: table[name].to_pylist() for name in table.column_names}
    columns["embedding"] = [
        None if values is None else json.dumps(values) for values in columns["embedding"]
    ]
    return pd.DataFrame(columns, dtype=object).to_csv(index=False, lineterminator="\n")


def embeddings(table: pa.Table) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Stack the embeddings: one row a sentence that has one, NaN where they are undefined."""
    rows = [values for values in table["embedding"].to_pylist() if values is not None]
    return np.array(rows, dtype=np.float64)


def counts(records: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Count the sentences that are done, and those that failed."""
    failed = sum(record["status"] == FAILED for record in records)
    return len(records) - failed, failed


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
