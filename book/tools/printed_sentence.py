"""The numbers that an article printed about a sentence, as an entry of the explorer.

They are those of bert-base-uncased, whatever model the book is built with. The two words and the
votes are not copied: they are chosen from the printed matrix. What was not printed is left out.
"""

import re

import numpy as np

from explorer_data import TREND_DTYPE, Data, packed, reading_data, strip_key
from trendlib.articles import published
from trendlib.choice import choose_words
from trendlib.embedding import add_trends
from trendlib.model.weights import BERT_BASE
from trendlib.typing import Mask, Vector

PRINTED = "printed-in-the-article"
"""Its name in addresses."""
COORDINATES = 768
ROW = 11
"""The head whose matrix was printed."""


def printed_sentence() -> Data:
    """Collect what was printed, in the form of the explorer's other sentences."""
    sentence = published.article(published.SENTENCE_EMBEDDING)["sentence"]
    matrix, _ = published.printed_matrix()
    attention, tokens = published.printed_attention()
    spans = [match.span() for match in re.finditer(r"\w+|[^\w\s]", sentence)]
    words = [sentence[start:end] for start, end in spans]
    choice = choose_words(matrix, words[: matrix.shape[1]])
    trends = published.printed_trends()
    _, defined = add_trends(*trends)
    focus, related = choice.chosen_words
    strips = {
        strip_key([focus]): _strip(trends[0].values, trends[0].defined),
        strip_key([related]): _strip(trends[1].values, trends[1].defined),
        strip_key([focus, related]): _strip(published.printed_embedding(), defined),
    }
    return {
        "sentence": sentence,
        "words": [
            {"start": start, "end": end, "pieces": [tokens[place]], "unit": place}
            for place, (start, end) in enumerate(spans, start=1)
        ],
        "units": [tokens[0], *words, tokens[-1]],
        "attentions": {},
        "strips": strips,
        "readings": {choice.reading.name: reading_data(choice) | {"largest": None}},
        "printed": {
            "model": BERT_BASE.name,
            "coordinates": COORDINATES,
            "row": ROW,
            "attention": attention.tolist(),
        },
    }


def _strip(values: Vector, defined: Mask) -> str:
    return packed(np.where(defined, values, np.nan), TREND_DTYPE)
