"""Embeddings as a table: a row a sentence, null for everything that does not exist."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from trendlib.embedding import SentenceEmbedding
from trendlib.runs.records import words_of

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


def to_table(
    numbers: Sequence[int], embeddings: Sequence[SentenceEmbedding], width: int, dtype: str
) -> pa.Table:
    """Tabulate embeddings.

    Args:
        numbers: The number of each sentence's row in the file that it comes from.
        embeddings: The sentences' embeddings.
        width: How many coordinates an embedding has.
        dtype: "float32" or "float64".
    """
    columns = {
        "row": pa.array(numbers, pa.int64()),
        "sentence": pa.array([each.sentence for each in embeddings], pa.string()),
    }
    return pa.table({**columns, **columns_of(embeddings, width, dtype)})


def columns_of(
    embeddings: Sequence[SentenceEmbedding | None], width: int, dtype: str
) -> dict[str, pa.Array]:
    """Put embeddings into columns; a sentence that has none is null in each of them.

    Args:
        embeddings: The embeddings.
        width: How many coordinates an embedding has.
        dtype: "float32" or "float64".
    """
    words = [{} if each is None else words_of(each) for each in embeddings]
    models = [None if each is None else each.provenance.model for each in embeddings]
    return {
        **{
            name: pa.array([each.get(name) for each in words], kind) for name, kind in WORDS.items()
        },
        "embedding": _vectors(embeddings, width, dtype),
        "model": pa.array(models, pa.string()),
    }


def _vectors(embeddings: Sequence[SentenceEmbedding | None], width: int, dtype: str) -> pa.Array:
    values = np.zeros((len(embeddings), width), dtype)
    undefined = np.ones((len(embeddings), width), bool)
    for row, each in enumerate(embeddings):
        if each is not None:
            values[row] = each.values
            undefined[row] = ~each.defined
    flat = pa.array(values.ravel(), mask=undefined.ravel())
    missing = pa.array([each is None for each in embeddings], pa.bool_())
    return pa.FixedSizeListArray.from_arrays(flat, width, mask=missing)
