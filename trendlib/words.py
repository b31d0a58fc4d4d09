"""Words: split a sentence into words, and average vectors over their word pieces.

BERT's tokenizer turns a sentence into word pieces ("embeddings" becomes "em ##bed ##ding ##s"), but
the articles compare words. A sentence is therefore split at Unicode's word boundaries (UAX #29,
https://www.unicode.org/reports/tr29/), and each word knows the pieces that it consists of. "don't"
and "U.S.A" are one word each, although BERT first splits them into three and five parts. A word is
always a slice of the sentence: nothing is lower-cased or normalized.
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
    """A word of a sentence, such that ``sentence[start:end] == text``.

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


def split_words(sentence: str, offsets: Sequence[tuple[int, int] | None]) -> tuple[Word, ...]:
    """Split a sentence into words and assign each word its word pieces.

    White space, and characters that the tokenizer drops, have no piece and so belong to no word.
    A word boundary inside a piece is ignored: BERT may read "hi👍" as one unknown piece.

    Args:
        sentence: The text.
        offsets: One entry per token: the (start, end) of its characters, None for a special token.

    Returns:
        The words, in the order of the sentence.

    >>> [w.text for w in split_words("I can't.", [None, (0, 1), (2, 5), (5, 6), (6, 7), (7, 8)])]
    ['I', "can't", '.']
    """
    spans = [span for span in offsets if span is not None]
    inside_a_piece = {position for start, end in spans for position in range(start + 1, end)}
    boundaries = {match.start() for match in _BOUNDARY.finditer(sentence)} - inside_a_piece
    edges = sorted(boundaries | {0, len(sentence)})
    tokens: dict[int, list[int]] = {}  # segment between two edges -> the tokens in it
    for position, span in enumerate(offsets):
        if span is not None:
            tokens.setdefault(bisect_right(edges, span[0]) - 1, []).append(position)
    return tuple(
        Word(sentence[edges[n] : edges[n + 1]], edges[n], edges[n + 1], tuple(tokens[n]))
        for n in sorted(tokens)
    )


def mean_over_pieces(states: TokenStates, words: Sequence[Word]) -> WordStates:
    """Average the vectors of each word's pieces.

    Args:
        states: Array of shape (token, hidden), such as one of the hidden states.
        words: The words.

    Returns:
        Array of shape (word, hidden).

    >>> apples = Word("apples", 0, 6, tokens=(1, 2))
    >>> mean_over_pieces(np.array([[9.0, 9.0], [1.0, 2.0], [3.0, 4.0]]), [apples])
    array([[2., 3.]])
    """
    return np.stack([states[list(word.tokens)].mean(axis=0) for word in words])
