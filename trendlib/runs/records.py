"""The record of a sentence: what was found in it, or why nothing was."""

from typing import Any

import numpy as np

from trendlib.attention import NoRelated
from trendlib.embedding import SentenceEmbedding
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


def words_of(embedding: SentenceEmbedding) -> Record:
    """Put focus and related word into a record; what does not exist is left out."""
    related = embedding.related
    found = {
        "focus": embedding.attention.focus.word,
        "defined_share": embedding.defined_share,
    }
    if isinstance(related, NoRelated):
        return found | {"no_related_because": related.reason.value}
    return found | {
        "related": related.word,
        "votes": related.votes,
        "voting_rows": len(embedding.attention.vote.rows),
        "tie": related.tied,
        "decided_by": related.decided_by,
    }


def failure(error: str) -> Record:
    """Make the record of a sentence that has no result."""
    return {"status": FAILED, "error": error}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
