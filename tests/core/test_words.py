"""Words keep the original text; pieces are put together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.encodings import make_encoding
from trendlib.errors import CutterError
from trendlib.words import Word, mean_over_pieces, split_words, unicode_words


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("I want an apple.", ["I", "want", "an", "apple", "."]),
        ("  I\twant\n an apple .", ["I", "want", "an", "apple", "."]),
        ("Don't go!", ["Don't", "go", "!"]),
        ("Don’t go", ["Don’t", "go"]),
        ("U.S.A. 3.14", ["U.S.A", ".", "3.14"]),
        ("a well-known Café", ["a", "well", "-", "known", "Café"]),
        ("the 'orange' and 'it'", ["the", "'", "orange", "'", "and", "'", "it", "'"]),
        ("I don't 'em", ["I", "don't", "'", "em"]),
    ],
)
def test_words_of_pieces(sentence: str, words: list[str]) -> None:
    assert list(make_encoding(sentence).word_texts) == words


def test_pieces_of_a_split_word() -> None:
    encoding = make_encoding("Word embeddings!")
    pieces = [[encoding.tokens[token] for token in word.tokens] for word in encoding.words]
    assert pieces == [["word"], ["embed", "##dings"], ["!"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\r\n\nb", ["a", "\r\n", "\n", "b"]),  # rules 3 to 3b
        ("👩\u200d👧a", ["👩\u200d👧", "a"]),  # 3c
        ("a  b", ["a", "  ", "b"]),  # 3d
        ("e\u0301t\u00ade", ["e\u0301t\u00ade"]),  # 4
        ("שלום", ["שלום"]),  # 5
        ("rock'n'roll l'art can’t", ["rock'n'roll", " ", "l'art", " ", "can’t"]),  # 6 and 7
        ("a:b a.b '", ["a:b", " ", "a.b", " ", "'"]),
        ("ג' צה\"ל", ["ג'", " ", "צה\"ל"]),  # 7a to 7c
        ("3.5 1,000 1'2 5,x2y", ["3.5", " ", "1,000", " ", "1'2", " ", "5", ",", "x2y"]),  # 8-12
        ("トヨタの車", ["トヨタ", "の", "車"]),  # 13
        ("a_1_ト", ["a_1_ト"]),  # 13a and 13b
        ("🇩🇪🇫🇷🇬", ["🇩🇪", "🇫🇷", "🇬"]),  # 15 and 16
        ("한국어 책", ["한국어", " ", "책"]),
        ("我喜欢", ["我", "喜", "欢"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
    ],
)  # fmt: skip
def test_words_end_where_unicode_says(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in unicode_words(text)] == words


@given(st.text())
def test_the_words_make_up_the_text(text: str) -> None:
    assert "".join(text[start:end] for start, end in unicode_words(text)) == text


@given(st.text(st.sampled_from("aZ09_:.,;'\" \n\r\t\x00\x0b-") | st.characters(max_codepoint=127)))
def test_the_short_pattern_for_ascii_is_the_same(text: str) -> None:
    """The line break and the letter behind the text, which are cut off, take the long pattern."""
    assert unicode_words(text) == unicode_words(f"{text}\v\u00e9")[:-2]


def test_a_cutter_decides_what_is_one_word() -> None:
    pieces = [None, (0, 1), (1, 2), (2, 3), (3, 4), (4, 5), None]
    words = split_words("我想要苹果", pieces, lambda text: [(1, 3), (3, 5)])
    assert [(word.text, word.tokens) for word in words] == [
        ("我", (1,)),  # it is not listed, and not lost
        ("想要", (2, 3)),
        ("苹果", (4, 5)),
    ]
    words = split_words("我想要苹果", pieces, lambda text: [(1, 3)])
    assert [word.text for word in words] == ["我", "想要", "苹果"]
    (word,) = split_words("我想要苹果", pieces, lambda text: [])
    assert word.text == "我想要苹果"


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        ([(0, 2), (1, 3)], "a word from 1 to 3, where the last one ended at 2"),
        ([(2, 3), (0, 1)], "a word from 0 to 1, where the last one ended at 3"),
        ([(0, 6)], "a word from 0 to 6, .*the text ends at 5"),
        ([(-1, 2)], "a word from -1 to 2"),
        ([(2, 2)], "a word from 2 to 2"),
        (["我", "想要"], "returned \\['我', '想要'\\]: it must return the \\(start, end\\)"),
        ([(0.0, 1.0)], "as integers"),
        (None, "returned None"),
        (5, "returned 5"),
    ],
)
def test_what_a_cutter_returns_is_checked(spans: object, told: str) -> None:
    with pytest.raises(CutterError, match=told):
        split_words("我想要苹果", [(0, 1)], lambda text: spans)  # type: ignore[arg-type,return-value]


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
