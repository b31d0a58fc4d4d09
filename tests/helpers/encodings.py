"""Made-up encodings: arrays of the right shapes, without a model."""

import re
import zlib

import numpy as np

from trendlib.encoding import Encoding, Provenance
from trendlib.words import split_words

LAYERS, HEADS, HIDDEN = 5, 3, 24
"""No two axes have the same length, so that none can be taken for another."""
PIECES = re.compile(r"\w{1,5}|[^\w\s]")
"""Words of more than five letters are split, as a small vocabulary would split them."""
PROVENANCE = Provenance("made-up", "r1", "0" * 64, "float64", {})


def make_encoding(sentence: str) -> Encoding:
    """Make up the output of a model with attention far from uniform; always the same one."""
    generator = np.random.default_rng(zlib.crc32(sentence.encode()))
    spans = [match.span() for match in PIECES.finditer(sentence)]
    words = split_words(sentence, [None, *spans, None])
    starts = {word.tokens[0] for word in words}
    pieces = [
        ("" if token in starts else "##") + sentence[start:end].lower()
        for token, (start, end) in enumerate(spans, start=1)
    ]
    n_tokens = len(spans) + 2
    scores = np.exp(2 * generator.normal(size=(LAYERS, HEADS, n_tokens, n_tokens)))
    return Encoding(
        sentence=sentence,
        tokens=("[CLS]", *pieces, "[SEP]"),
        words=words,
        hidden_states=generator.normal(size=(LAYERS + 1, n_tokens, HIDDEN)),
        attentions=scores / scores.sum(axis=-1, keepdims=True),
        provenance=PROVENANCE,
    )
