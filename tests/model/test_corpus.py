"""Batches give what the reference, one sentence at a time with everything, gives."""

import dataclasses
import pydoc_data.topics
import random
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.models import ODD, make_tiny_model
from helpers.modules import without_shape_checks
from trendlib import embedding
from trendlib.embedding import (
    RECIPES,
    UNDEFINED,
    WORDS,
    Recipe,
    SentenceEmbedding,
    Undefined,
    Words,
    embed_encoding,
)
from trendlib.encoding import Tokenized
from trendlib.errors import (
    BadRowsError,
    DataError,
    HeadOutOfRangeError,
    LayerOutOfRangeError,
    NotTextError,
    SentenceError,
    UnknownChoiceError,
    UnsupportedModelError,
)
from trendlib.evaluate import data
from trendlib.model import corpus
from trendlib.model.batch import start
from trendlib.model.corpus import Embedded, embed, embed_array, embed_many
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.packing import ENOUGH, WASTE, pack
from trendlib.model.weights import MINILM
from trendlib.readings import (
    ARTICLE,
    LAST_LAYER,
    LAYERS,
    MASS_TIES,
    MEAN_PIECES,
    READINGS,
    Reading,
)
from trendlib.trend import KINDS, Kind

ROUNDING = 1e-8
"""Log quotients amplify the rounding of float64 where a vector is close to zero; how close it gets
depends on the random weights, which other versions of transformers draw in another order."""


def real_sentences(count: int) -> list[str]:
    """Take sentences that every Python has: the texts of its own documentation."""
    found = []
    for text in pydoc_data.topics.topics.values():
        found += re.findall(r"[A-Z][^.!?\n]+(?:\n[^.!?\n]+)*[.!?](?=\s)", text)
    whole = sorted({" ".join(each.split()) for each in found if 3 <= len(each.split()) <= 40})
    assert len(whole) >= 2 * count
    return random.Random(0).sample(whole, count)


def embeddings_of(
    encoder: Encoder, sentences: Sequence[str], recipe: Recipe, budget: int = 512
) -> list[SentenceEmbedding]:
    outcomes = dict(embed_many(encoder, sentences, recipe, budget=budget))
    assert sorted(outcomes) == list(range(len(sentences)))
    found = []
    for number in range(len(sentences)):
        outcome = outcomes[number]
        assert isinstance(outcome, Embedded)
        found.append(outcome.embedding)
    return found


def check_equal(ours: SentenceEmbedding, reference: SentenceEmbedding, tolerance: float) -> None:
    assert ours.choice.chosen_words == reference.choice.chosen_words
    assert ours.choice.candidates == reference.choice.candidates
    np.testing.assert_allclose(ours.choice.received, reference.choice.received, atol=1e-12, rtol=0)
    assert type(ours.related) is type(reference.related)
    np.testing.assert_array_equal(ours.defined, reference.defined)
    for one, other in zip(ours.trends, reference.trends, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=tolerance, rtol=0)
    np.testing.assert_allclose(ours.values, reference.values, atol=2 * tolerance, rtol=0)
    assert ours.provenance == reference.provenance


@pytest.mark.parametrize("reading", READINGS.values(), ids=lambda reading: reading.name)
@pytest.mark.parametrize("budget", [1, 24, 10_000])
def test_batches_are_the_reference(tiny: Encoder, reading: Reading, budget: int) -> None:
    found = embeddings_of(tiny, ODD, Recipe(reading), budget)
    for sentence, ours in zip(ODD, found, strict=True):
        check_equal(ours, embed_encoding(tiny.encode(sentence), Recipe(reading)), ROUNDING)


@pytest.mark.parametrize(
    ("reading", "sentence"),
    [
        (MEAN_PIECES, "to want good embeddings orange"),
        (MASS_TIES, "hello mother mother to"),
    ],
    ids=lambda each: getattr(each, "name", each),
)
def test_batches_split_words_and_break_ties_as_the_reference_does(
    tiny: Encoder, reading: Reading, sentence: str
) -> None:
    """In these sentences the reading finds other words than the article's."""
    encoding = tiny.encode(sentence)
    reference = embed_encoding(encoding, Recipe(reading))
    assert reference.choice.chosen_words != embed_encoding(encoding).choice.chosen_words
    for ours in embeddings_of(tiny, [*ODD, sentence, sentence], Recipe(reading))[-2:]:
        check_equal(ours, reference, ROUNDING)


@pytest.mark.parametrize("layer", range(5))
def test_every_layer_can_be_read(tiny: Encoder, layer: int) -> None:
    reading = dataclasses.replace(ARTICLE, layer=layer)
    for sentence, ours in zip(ODD, embeddings_of(tiny, ODD, Recipe(reading)), strict=True):
        check_equal(ours, embed_encoding(tiny.encode(sentence), Recipe(reading)), ROUNDING)


@pytest.mark.parametrize(
    ("kind", "words"),
    [(kind, words) for kind in KINDS for words in WORDS if (kind, words) != ("discounted", "two")],
)
@pytest.mark.parametrize("undefined", UNDEFINED)
def test_every_recipe_is_the_reference(
    tiny: Encoder, kind: Kind, words: Words, undefined: Undefined
) -> None:
    recipe = Recipe(LAYERS, kind, undefined, words)
    for sentence, ours in zip(ODD, embeddings_of(tiny, ODD, recipe), strict=True):
        check_equal(ours, embed_encoding(tiny.encode(sentence), recipe), ROUNDING)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("reading", READINGS.values(), ids=lambda reading: reading.name)
def test_every_recipe_that_has_a_name_is_the_reference(
    tiny: Encoder, name: str, reading: Reading
) -> None:
    recipe = dataclasses.replace(RECIPES[name], reading=reading)
    for sentence, ours in zip(ODD, embeddings_of(tiny, ODD, recipe, 60), strict=True):
        reference = embed_encoding(tiny.encode(sentence), recipe)
        check_equal(ours, reference, ROUNDING)
        if name != "article":  # no logarithm of a number close to zero
            np.testing.assert_allclose(ours.values, reference.values, atol=1e-9, rtol=0)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_first_layer_may_be_the_last_one(tmp_path: Path, layers: int) -> None:
    encoder = load_encoder(make_tiny_model(tmp_path / "model", layers=layers), "float64")
    recipe = RECIPES["discounted-trend"]
    for sentence, ours in zip(ODD, embeddings_of(encoder, ODD, recipe), strict=True):
        encoding = encoder.encode(sentence)
        check_equal(ours, embed_encoding(encoding, recipe), ROUNDING)
        if layers == 1:  # no change between them: mean pooling
            np.testing.assert_allclose(ours.values, encoding.mean, atol=1e-12)


def test_usual_vectors_beside_every_recipe(tiny: Encoder) -> None:
    for recipe in RECIPES.values():
        for number, outcome in embed_many(tiny, ODD, recipe, usual=True):
            encoding = tiny.encode(ODD[number])
            assert isinstance(outcome, Embedded)
            assert outcome.usual is not None
            np.testing.assert_allclose(outcome.usual.mean, encoding.mean, atol=1e-12)
            check_equal(outcome.embedding, embed_encoding(encoding, recipe), ROUNDING)


def test_neighbours_do_not_matter(tiny: Encoder) -> None:
    alone = [embeddings_of(tiny, [each], Recipe())[0] for each in ODD]
    turned = embeddings_of(tiny, ODD[::-1], Recipe())[::-1]
    for one, other in zip(alone, turned, strict=True):
        check_equal(one, other, ROUNDING)


def test_real_sentences_in_float64(minilm: Encoder) -> None:
    sentences = real_sentences(250)
    for sentence, ours in zip(sentences, embeddings_of(minilm, sentences, Recipe()), strict=True):
        check_equal(ours, embed_encoding(minilm.encode(sentence)), 1e-8)


@pytest.mark.parametrize("reading", [ARTICLE, LAST_LAYER], ids=lambda reading: reading.name)
def test_real_sentences_in_float32(reading: Reading) -> None:
    encoder = load_encoder(MINILM.name, "float32")
    sentences = real_sentences(250)
    tokenized = [each for each in encoder.tokenize(sentences) if isinstance(each, Tokenized)]
    batch = start(encoder, tokenized[:50], reading)
    all_tokens = [range(len(each.ids)) for each in tokenized[:50]]
    for each, (static, contextual) in zip(tokenized, batch.finish(all_tokens), strict=False):
        encoding = encoder.encode(each.sentence)
        np.testing.assert_allclose(static, encoding.hidden_states[0], atol=1e-6)
        np.testing.assert_allclose(contextual, encoding.hidden_states[-1], atol=1e-5)
    for sentence, ours in zip(
        sentences, embeddings_of(encoder, sentences, Recipe(reading), 2048), strict=True
    ):
        reference = embed_encoding(encoder.encode(sentence), Recipe(reading))
        assert ours.choice.chosen_words == reference.choice.chosen_words


def corpus_sample(count: int) -> list[str]:
    try:
        return [
            sentence
            for name in data.CORPORA
            for sentence in random.Random(0).sample(data.sentences(name), count)
        ]
    except DataError:
        pytest.skip("not run: data not reachable (SMS, TREC, STS benchmark)")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_thousand_sentences_of_corpora(dtype: str) -> None:
    encoder = load_encoder(MINILM.name, dtype)
    sentences = corpus_sample(700)
    outcomes = dict(embed_many(encoder, sentences))
    compared = 0
    for number, sentence in enumerate(sentences):
        outcome = outcomes[number]
        if isinstance(outcome, SentenceError):
            with pytest.raises(type(outcome)):
                encoder.encode(sentence)
            continue
        reference = embed_encoding(encoder.encode(sentence))
        compared += 1
        assert outcome.embedding.choice.chosen_words == reference.choice.chosen_words
        if dtype == "float64":
            check_equal(outcome.embedding, reference, ROUNDING)
    assert compared >= 2000


def test_pooled_vectors_are_the_encodings(minilm: Encoder) -> None:
    for number, outcome in embed_many(minilm, ODD, usual=True, budget=30):
        encoding = minilm.encode(ODD[number])
        assert isinstance(outcome, Embedded)
        assert outcome.usual is not None
        np.testing.assert_allclose(outcome.usual.cls, encoding.hidden_states[-1][0], atol=1e-12)
        np.testing.assert_allclose(outcome.usual.mean, encoding.mean, atol=1e-12)
        check_equal(outcome.embedding, embed_encoding(encoding), ROUNDING)


def test_sentences_stream(tiny: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a window of sentences is taken before the first results are given."""
    monkeypatch.setattr(corpus, "WINDOW", 8)
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield "I want an apple." if taken % 3 else "..."

    outcomes = embed_many(tiny, endless())
    numbers = [next(outcomes)[0] for _ in range(16)]
    assert sorted(numbers) == list(range(16))
    assert taken == 16


def test_bad_sentences_are_told_and_the_others_go_on(tiny: Encoder) -> None:
    sentences = ["I want an apple.", "...", "hello", "", "x " * 50, 5, "caf\udce9"]
    outcomes = dict(embed_many(tiny, sentences))
    for number, sentence in enumerate(sentences):
        outcome = outcomes[number]
        if number in (0, 2):
            assert isinstance(outcome, Embedded)
        else:
            assert isinstance(outcome, SentenceError)
            with pytest.raises(type(outcome), match=re.escape(str(outcome))):
                tiny.encode(sentence)


def test_rows_are_in_order_and_bad_ones_what_was_asked_for(tiny: Encoder) -> None:
    sentences = ["hello", "...", "I want an apple."]
    expected = [embed_encoding(tiny.encode(each)).values for each in (sentences[0], sentences[2])]
    for choice, value in (("nan", np.nan), ("zero", 0.0)):
        rows = embed_array(tiny, sentences, bad_rows=choice)
        assert rows.shape == (3, 24)
        np.testing.assert_allclose(rows[[0, 2]], expected, atol=ROUNDING)
        np.testing.assert_array_equal(rows[1], np.full(24, value))
    with pytest.raises(BadRowsError, match=r"1 sentence without an embedding .* row 1: no word in"):
        embed_array(tiny, sentences)
    with pytest.raises(BadRowsError, match="and 2 more"):
        embed_array(tiny, ["..."] * 7)
    with pytest.raises(UnknownChoiceError, match="'raise', 'nan', 'zero'"):
        embed_array(tiny, sentences, bad_rows="drop")


def test_no_sentences_are_no_rows(tiny: Encoder) -> None:
    assert embed_array(tiny, []).shape == (0, 24)


def test_one_string_is_refused(tiny: Encoder) -> None:
    with pytest.raises(NotTextError, match="pass a list of sentences"):
        next(embed_many(tiny, "hello"))


def test_readings_out_of_range_are_refused(tiny: Encoder) -> None:
    for layer in (-1, 5):
        with pytest.raises(LayerOutOfRangeError, match="5 layers"):
            embed_array(tiny, ODD, Recipe(dataclasses.replace(ARTICLE, layer=layer)))
    with pytest.raises(HeadOutOfRangeError):
        embed_array(tiny, ODD, Recipe(dataclasses.replace(ARTICLE, focus_row=3)))


def test_a_decoder_is_refused(tiny: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny.model.config, "is_decoder", True)
    with pytest.raises(UnsupportedModelError, match="is a decoder"):
        embed_array(tiny, ODD)


def test_the_name_of_a_recipe_is_none(tiny: Encoder) -> None:
    with pytest.raises(UnknownChoiceError, match=r"'angle': pass a Recipe, such as RECIPES\['ang"):
        embed_array(tiny, ODD, "angle")
    with pytest.raises(UnknownChoiceError, match="there are article, all-words-difference, angle"):
        embed("hello", "angle", tiny)


def test_unknown_choices_of_a_recipe_are_refused() -> None:
    unchecked = without_shape_checks(embedding)
    for wrong in ({"kind": "ratio"}, {"undefined": "drop"}, {"reading": "layers"}):
        with pytest.raises(UnknownChoiceError):
            unchecked.Recipe(**wrong)
    with pytest.raises(UnknownChoiceError, match="'article', 'words-only'"):
        Recipe.named("heads")


@given(st.lists(st.integers(1, 200), max_size=60), st.integers(1, 500))
def test_batches_hold_every_sentence_once_within_the_budget(
    lengths: list[int], budget: int
) -> None:
    batches = pack(lengths, budget)
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[number] for number in batch)
        padded = longest * len(batch)
        assert len(batch) == 1 or padded <= budget
        padding = padded - sum(lengths[number] for number in batch)
        assert padded <= ENOUGH or len(batch) == 1 or padding <= WASTE * padded
    in_order = [lengths[number] for batch in batches for number in batch]
    assert in_order == sorted(lengths, reverse=True)


def test_devices() -> None:
    assert load_encoder(MINILM.name, device="cpu").device.type == "cpu"
    with pytest.raises(UnknownChoiceError, match="unknown device 'tpu': choose one of 'auto', 'c"):
        load_encoder(MINILM.name, device="tpu")
