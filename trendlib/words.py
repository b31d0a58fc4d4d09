"""Words: split a sentence into words, and average vectors over their word pieces.

BERT's tokenizer turns a sentence into word pieces ("embeddings" becomes "em ##bed ##ding ##s"), but
the articles compare words. A sentence is therefore split at Unicode's word boundaries (UAX #29,
https://www.unicode.org/reports/tr29/), and each word knows the pieces that it consists of. "don't"
and "U.S.A" are one word each, although BERT first splits them into three and five parts. A word is
always a slice of the sentence: nothing is lower-cased or normalized.

Unicode's rules hold for every script, but Chinese, Japanese and Thai are written without spaces:
there, they make nearly every character a word. A ``Cutter`` that knows the words of the language
can take their place.
"""

import re
import string
import textwrap
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import index

import numpy as np
import regex

from trendlib.errors import CutterError
from trendlib.typing import TokenStates, WordStates

Cutter = Callable[[str], Sequence[tuple[int, int]]]
"""Returns the (start, end) of each word of a text, in order. What lies between two words, such as
white space or a comma, need not be listed."""

_LETTER = r"\p{WB=ALetter}\p{WB=Hebrew_Letter}"
_NUMBER = r"\p{WB=Numeric}"
_KATAKANA = r"\p{WB=Katakana}"
_JOINS = r"\p{WB=ExtendNumLet}"
_QUOTE = r"\p{WB=MidNumLet}\p{WB=Single_Quote}"
_LINE = r"\r\n\p{WB=Newline}"
_MARKS = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*"  # rule 4: they belong to what they follow
WORD = rf"""(?x)
  \r\n | [{_LINE}]                                                      # rules 3, 3a, 3b
| (?: (?: \p{{WB=Regional_Indicator}} {_MARKS} ){{2}}                     # rules 15, 16: a flag
    | \p{{WB=WSegSpace}}++ {_MARKS}                                       # rule 3d
    | [^{_LINE}] {_MARKS} )
  (?: (?<= \u200d ) \p{{Extended_Pictographic}} {_MARKS}                  # rule 3c
    | (?<= [{_LETTER}] {_MARKS} )
      (?: [{_LETTER}{_NUMBER}{_JOINS}] {_MARKS}                         # rules 5, 9, 13a
        | [\p{{WB=MidLetter}}{_QUOTE}] {_MARKS} [{_LETTER}] {_MARKS} )    # rules 6, 7
    | (?<= \p{{WB=Hebrew_Letter}} {_MARKS} )
      (?: \p{{WB=Single_Quote}} {_MARKS}                                  # rule 7a
        | \p{{WB=Double_Quote}} {_MARKS} \p{{WB=Hebrew_Letter}} {_MARKS} )  # rules 7b, 7c
    | (?<= {_NUMBER} {_MARKS} )
      (?: [{_LETTER}{_NUMBER}{_JOINS}] {_MARKS}                         # rules 8, 10, 13a
        | [\p{{WB=MidNum}}{_QUOTE}] {_MARKS} {_NUMBER} {_MARKS} )         # rules 11, 12
    | (?<= {_KATAKANA} {_MARKS} ) [{_KATAKANA}{_JOINS}] {_MARKS}        # rules 13, 13a
    | (?<= {_JOINS} {_MARKS} )
      [{_LETTER}{_NUMBER}{_KATAKANA}{_JOINS}] {_MARKS}                  # rules 13a, 13b
  )*+
"""
"""What stands between two word boundaries of UAX #29, as a pattern of the library ``regex``. The
boundaries of ``regex`` itself (``(?w)\\b``) are others, such as none after the quote of 'it'.

:meta hide-value:
"""
_WORD = regex.compile(WORD)
_ASCII_WORD = re.compile(
    r"""(?sx)
  [A-Za-z0-9_]+
  (?: (?: (?<= [A-Za-z] ) [:.'] (?= [A-Za-z] ) | (?<= [0-9] ) [.,;'] (?= [0-9] ) ) [A-Za-z0-9_]+ )*
| [ ]+ | \r\n | .
"""
)
"""What ``WORD`` comes to in a text of ASCII alone, where it is found in a third of the time."""


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


def unicode_words(sentence: str) -> list[tuple[int, int]]:
    """Cut a text at every word boundary of UAX #29; this is the default ``Cutter``.

    >>> text = "'It' isn't 3.5!"
    >>> [text[start:end] for start, end in unicode_words(text)]
    ["'", 'It', "'", ' ', "isn't", ' ', '3.5', '!']
    """
    pattern = _ASCII_WORD if sentence.isascii() else _WORD
    return [match.span() for match in pattern.finditer(sentence)]


def check_spans(sentence: str, spans: object) -> list[tuple[int, int]]:
    """Check what a cutter returned, and return it as a list.

    Raises:
        CutterError: If it is no sequence of pairs of integers, or if a word is empty, reaches out
            of the text, or begins before the last one has ended.

    >>> check_spans("我喜欢你", [(0, 1), (1, 3)])
    [(0, 1), (1, 3)]
    """
    shown = textwrap.shorten(repr(sentence), 60)
    try:
        checked = [(index(start), index(end)) for start, end in spans]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise CutterError(
            f"for {shown}, the word cutter returned {textwrap.shorten(repr(spans), 120)}: it must "
            "return the (start, end) of each word, as integers"
        ) from None
    last = 0
    for start, end in checked:
        if not last <= start < end <= len(sentence):
            raise CutterError(
                f"for {shown}, the word cutter returned a word from {start} to {end}, where the "
                f"last one ended at {last} and the text ends at {len(sentence)}: words must be in "
                "order, within the text, not empty, and not overlap"
            )
        last = end
    return checked


def split_words(
    sentence: str, offsets: Sequence[tuple[int, int] | None], cut: Cutter = unicode_words
) -> tuple[Word, ...]:
    """Split a sentence into words and assign each word its word pieces.

    White space, and characters that the tokenizer drops, have no piece and so belong to no word.
    A word boundary inside a piece is ignored: BERT may read "hi👍" as one unknown piece. What the
    cutter leaves between two words counts as a word if it has pieces, so that none is lost.

    Args:
        sentence: The text.
        offsets: One entry per token: the (start, end) of its characters, None for a special token.
        cut: Finds the words of the text.

    Returns:
        The words, in the order of the sentence.

    Raises:
        CutterError: If the cutter returns no words of this text; see ``check_spans``.

    >>> [w.text for w in split_words("I can't.", [None, (0, 1), (2, 5), (5, 6), (6, 7), (7, 8)])]
    ['I', "can't", '.']
    """
    spans = [span for span in offsets if span is not None]
    found = cut(sentence)
    words = found if cut is unicode_words else check_spans(sentence, found)
    edges = sorted({0, len(sentence)}.union(*words))
    inside_a_piece = {
        edge
        for start, end in spans
        for edge in edges[bisect_right(edges, start) : bisect_left(edges, end)]
    }
    if inside_a_piece:
        edges = [edge for edge in edges if edge not in inside_a_piece]
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
    counts = np.array([len(word.tokens) for word in words])
    # All words at once: the sum of each run of pieces, divided by their number.
    pieces = states[[token for word in words for token in word.tokens]]
    sums = np.add.reduceat(pieces, np.cumsum(counts) - counts, axis=0)
    means: WordStates = sums / counts.astype(states.dtype)[:, None]
    return means
