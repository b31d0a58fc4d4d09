"""Words keep the original text; pieces are put together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.encodings import make_encoding
from trendlib.words import Word, mean_over_pieces, split_words


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("I want an apple.", ["I", "want", "an", "apple", "."]),
        ("  I\twant\n an apple .", ["I", "want", "an", "apple", "."]),
        ("Don't go!", ["Don't", "go", "!"]),
        ("Don’t go", ["Don’t", "go"]),
        ("U.S.A. 3.14", ["U.S.A", ".", "3.14"]),
        ("a well-known Café", ["a", "well", "-", "known", "Café"]),
    ],
)
def test_words_of_pieces(sentence: str, words: list[str]) -> None:
    assert list(make_encoding(sentence).word_texts) == words


def test_pieces_of_a_split_word() -> None:
    encoding = make_encoding("Word embeddings!")
    pieces = [[encoding.tokens[token] for token in word.tokens] for word in encoding.words]
    assert pieces == [["word"], ["embed", "##dings"], ["!"]]


@given(st.text(min_size=1, max_size=30).filter(str.strip))
def test_every_piece_is_in_one_word(sentence: str) -> None:
    encoding = make_encoding(sentence)
    in_words = [token for word in encoding.words for token in word.tokens]
    assert in_words == list(range(1, len(encoding.tokens) - 1))
    assert all(sentence[word.start : word.end] == word.text for word in encoding.words)
    ends = [0, *(word.end for word in encoding.words)]
    assert all(word.start >= end for word, end in zip(encoding.words, ends, strict=False))


def test_a_boundary_inside_a_piece_is_none() -> None:
    (word,) = split_words("hi👍", [None, (0, 3), None])
    assert word == Word("hi👍", 0, 3, (1,))


@pytest.mark.parametrize(
    ("text", "is_punctuation"),
    [
        (".", True),
        ("…", True),
        ("$", True),
        ("--", True),
        ("a.", False),
        ("5", False),
        ("👍", False),
    ],
)
def test_punctuation(text: str, is_punctuation: bool) -> None:
    assert Word(text, 0, len(text), (1,)).is_punctuation is is_punctuation


def test_the_vector_of_a_word_is_the_mean_of_its_pieces() -> None:
    states = np.array([[9.0, 9], [1, 2], [3, 6], [5, 5]])
    words = [Word("split", 0, 5, (1, 2)), Word("whole", 6, 11, (3,))]
    np.testing.assert_array_equal(mean_over_pieces(states, words), [[2, 4], [5, 5]])
