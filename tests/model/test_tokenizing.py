"""Words keep the original text, whatever pieces BERT's tokenizer splits them into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlib.errors import SentenceError
from trendlib.model.encoder import Encoder


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("I want an apple.", ["I", "want", "an", "apple", "."]),
        ("  I\twant\n an apple .", ["I", "want", "an", "apple", "."]),
        ("Don't go!", ["Don't", "go", "!"]),
        ("Don’t go", ["Don’t", "go"]),
        ("U.S.A. 3.14", ["U.S.A", ".", "3.14"]),
        ("a well-known Café", ["a", "well", "-", "known", "Café"]),
        ("word embeddings", ["word", "embeddings"]),
        ("I like 👍 it", ["I", "like", "👍", "it"]),
        ("say hi👍", ["say", "hi👍"]),
        ("中文 ok", ["中", "文", "ok"]),
        ("typed [SEP] here", ["typed", "[", "SEP", "]", "here"]),
        ("a\u200bb c", ["a\u200bb", "c"]),
    ],
)
def test_words_of_a_sentence(minilm: Encoder, sentence: str, words: list[str]) -> None:
    encoding = minilm.encode(sentence)
    assert list(encoding.word_texts) == words
    for word in encoding.words:
        assert sentence[word.start : word.end] == word.text


def test_pieces_of_a_split_word(minilm: Encoder) -> None:
    encoding = minilm.encode("Word embeddings!")
    pieces = [[encoding.tokens[token] for token in word.tokens] for word in encoding.words]
    assert pieces == [["word"], ["em", "##bed", "##ding", "##s"], ["!"]]


@given(st.text(min_size=1, max_size=30))
def test_every_piece_is_in_one_word(minilm: Encoder, sentence: str) -> None:
    try:
        encoding = minilm.encode(sentence)
    except SentenceError:
        return
    in_words = [token for word in encoding.words for token in word.tokens]
    assert in_words == list(range(1, len(encoding.tokens) - 1))
    assert all(sentence[word.start : word.end] == word.text for word in encoding.words)
    ends = [0, *(word.end for word in encoding.words)]
    assert all(word.start >= end for word, end in zip(encoding.words, ends, strict=False))
