"""An encoding finds its words, and refuses arrays that do not fit together."""

import dataclasses

import pytest

from helpers.encodings import make_encoding
from trendlib.encoding import Encoding
from trendlib.errors import ArrayError, WordNotFoundError


def test_index_of() -> None:
    encoding = make_encoding("I want an apple.")
    assert encoding.index_of("Want") == 1
    with pytest.raises(WordNotFoundError, match="'I', 'want', 'an', 'apple'"):
        encoding.index_of("pear")


def test_arrays_that_do_not_fit_are_refused() -> None:
    encoding = make_encoding("I want an apple.")
    with pytest.raises(ArrayError, match="one hidden state more"):
        dataclasses.replace(encoding, hidden_states=encoding.hidden_states[1:])
    with pytest.raises(ArrayError, match="7 tokens"):
        Encoding(
            encoding.sentence,
            encoding.tokens,
            encoding.words,
            encoding.hidden_states[:, :5],
            encoding.attentions,
            encoding.provenance,
        )
