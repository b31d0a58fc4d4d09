"""The record of a sentence: what was found, or why nothing was."""

from typing import Any

import numpy as np

from trendlib.embedding import SentenceEmbedding
from trendlib.files.table import words_of
from trendlib.similarity import cosine
from trendlib.typing import Vector

Record = dict[str, Any]

DONE, FAILED = "done", "failed"


def record_of(embedding: SentenceEmbedding, cls: Vector, mean: Vector) -> Record:
    """Put what was found in a sentence into a record.

    The cosines compare the embedding, undefined coordinates as 0 as in the article, with the
    sentence's [CLS] vector and with the mean of its tokens.
    """
    return {
        "status": DONE,
        **words_of(embedding),
        "cosine_cls": _number(cosine(embedding.values, cls)),
        "cosine_mean": _number(cosine(embedding.values, mean)),
        "embedding": [
            float(value) if exists else None
            for value, exists in zip(embedding.values, embedding.defined, strict=True)
        ],
    }


def failure(error: str) -> Record:
    """Make the record of a sentence that has no result."""
    return {"status": FAILED, "error": error}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
