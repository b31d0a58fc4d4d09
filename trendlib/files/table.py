"""Embeddings as a table: one row per sentence, null for what does not exist.

The recipe decides about undefined coordinates: they are 0 with ``undefined="zero"``, so that tools
for vectors can read the column, and null with "keep".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from trendlib.choice import NoRelated
from trendlib.embedding import SentenceEmbedding
from trendlib.typing import SentenceVectors

WORDS = {
    "focus": pa.string(),
    "related": pa.string(),
    "no_related_because": pa.string(),
    "votes": pa.int64(),
    "voting_rows": pa.int64(),
    "tie": pa.bool_(),
    "decided_by": pa.string(),
    "defined_share": pa.float64(),
}
"""Columns that say what was found in a sentence."""


class EmbeddingColumns:
    """Columns for some sentences; a sentence without an embedding is null in all of them.

    Numbers are copied into one array at once: thousands of small arrays would fragment the memory.
    """

    def __init__(self, count: int, width: int, dtype: str) -> None:
        """Start with nulls.

        Args:
            count: How many sentences.
            width: How many coordinates an embedding has.
            dtype: "float32" or "float64".
        """
        self._values = np.zeros((count, width), dtype)
        self._words: list[dict[str, Any] | None] = [None] * count
        self._model: str | None = None

    def put(self, place: int, embedding: SentenceEmbedding) -> None:
        """Put a sentence's embedding into the row ``place``, counted from 0."""
        self._values[place] = embedding.values
        self._words[place] = words_of(embedding)
        self._model = embedding.provenance.model

    def arrays(self) -> dict[str, pa.Array]:
        """Return the columns as arrays of Arrow, by name: ``WORDS``, embedding and model."""
        missing = [found is None for found in self._words]
        words = [found or {} for found in self._words]
        models = [None if no else self._model for no in missing]
        return {
            **{
                name: pa.array([found.get(name) for found in words], kind)
                for name, kind in WORDS.items()
            },
            "embedding": vector_column(self._values, missing),
            "model": pa.array(models, pa.string()),
        }


def vector_column(values: SentenceVectors, missing: Sequence[bool]) -> pa.FixedSizeListArray:
    """Make the column of the vectors, in the type that tools for vectors expect.

    Args:
        values: One row per vector; NaN becomes null.
        missing: Which rows hold no vector; they become null as a whole.

    >>> vector_column(np.array([[0.5, np.nan], [0, 0]]), [False, True]).to_pylist()
    [[0.5, None], None]
    """
    return pa.FixedSizeListArray.from_arrays(
        pa.array(values.ravel(), from_pandas=True),
        values.shape[1],
        mask=pa.array(missing, pa.bool_()),
    )


def words_of(embedding: SentenceEmbedding) -> dict[str, Any]:
    """List the focus word and the related word under the names in ``WORDS``."""
    related = embedding.related
    found = {
        "focus": embedding.choice.focus.word,
        "defined_share": embedding.defined_share,
    }
    if isinstance(related, NoRelated):
        return found | {"no_related_because": related.reason.value}
    return found | {
        "related": related.word,
        "votes": related.votes,
        "voting_rows": len(embedding.choice.vote.rows),
        "tie": related.tied,
        "decided_by": related.decided_by,
    }


def embeddings_table(
    numbers: Sequence[int], sentences: Sequence[str | None], columns: EmbeddingColumns
) -> pa.Table:
    """Tabulate sentences that have embeddings.

    Args:
        numbers: The number of each sentence's row in the file that it comes from.
        sentences: The sentences; those without an embedding may be anything.
        columns: Their embeddings; sentences without one are left out of the table.
    """
    table = pa.table(
        {
            "row": pa.array(numbers, pa.int64()),
            "sentence": pa.array(sentences, pa.string()),
            **columns.arrays(),
        }
    )
    return table.filter(table["embedding"].is_valid())
