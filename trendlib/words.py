"""Words of a sentence, and how word pieces are put together into them.

Words are cut at Unicode's word boundaries (UAX #29), so that "don't" and "U.S.A" are one
word each although BERT's own first cut makes three and five parts of them. The original text is
kept through offsets: a word is always a slice of the sentence.
"""

import string
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex

from trendlib.typing import TokenStates, WordStates

_BOUNDARY = regex.compile(r"(?w)\b")


@dataclass(frozen=True)
class Word:
    """A word of the sentence: ``sentence[start:end] == text``, with the tokens it is made of.

    Attributes:
        text: The word as it was typed.
        start: Offset of its first character in the sentence.
        end: Offset after its last character.
        tokens: Positions of its word pieces among the sentence's tokens.
    """

    text: str
    start: int
    end: int
    tokens: tuple[int, ...]

    @property
    def is_punctuation(self) -> bool:
        """Whether every character is punctuation, as BERT's own tokenizer defines it."""
        return all(
            character in string.punctuation or unicodedata.category(character).startswith("P")
            for character in self.text
        )


def cut_words(sentence: str, offsets: Sequence[tuple[int, int] | None]) -> tuple[Word, ...]:
    """Cut a sentence into words and give each its word pieces.

    A boundary inside a piece is no boundary (BERT may read "hi👍" as one unknown piece). White
    space, and characters that the tokenizer drops, have no piece and so are no word.

    Args:
        sentence: The text.
        offsets: For each token the (start, end) of its characters; None for a special token.

    Returns:
        The words in their order.

    >>> [w.text for w in cut_words("I can't.", [None, (0, 1), (2, 5), (5, 6), (6, 7), (7, 8)])]
    ['I', "can't", '.']
    """
    spans = [span for span in offsets if span is not None]
    inside = {position for start, end in spans for position in range(start + 1, end)}
    cuts = {match.start() for match in _BOUNDARY.finditer(sentence)} - inside
    edges = sorted(cuts | {0, len(sentence)})
    tokens: dict[int, list[int]] = {}  # by the number of the piece of text that they are in
    for position, span in enumerate(offsets):
        if span is not None:
            tokens.setdefault(bisect_right(edges, span[0]) - 1, []).append(position)
    return tuple(
        Word(sentence[edges[n] : edges[n + 1]], edges[n], edges[n + 1], tuple(tokens[n]))
        for n in sorted(tokens)
    )


def mean_over_pieces(states: TokenStates, words: Sequence[Word]) -> WordStates:
    """Make one vector a word: the mean of its pieces' vectors.

    Args:
        states: One vector a token, as in one of the hidden states.
        words: The words, which say where their pieces are.

    Returns:
        One vector a word.

    >>> split = Word("apples", 0, 6, (1, 2))
    >>> mean_over_pieces(np.array([[9.0, 9.0], [1.0, 2.0], [3.0, 4.0]]), [split])
    array([[2., 3.]])
    """
    return np.stack([states[list(word.tokens)].mean(axis=0) for word in words])
