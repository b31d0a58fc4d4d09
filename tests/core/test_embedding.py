"""The sentence embedding, and cosines."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.encodings import make_encoding
from helpers.modules import without_shape_checks
from trendlib import embedding, similarity
from trendlib.choice import NoRelated, Reason, find_words
from trendlib.embedding import (
    RECIPES,
    Recipe,
    add_trends,
    compose,
    embed_encoding,
    mean_trend,
    overlap,
    recipe_named,
)
from trendlib.errors import ArrayError, UnknownChoiceError
from trendlib.readings import LAYERS, READINGS
from trendlib.similarity import cosine, cosine_by_slice, pairwise_cosines
from trendlib.trend import KINDS, Trend, log_quotient

nan = np.nan


def made(values: list[float]) -> Trend:
    array = np.array(values, dtype=float)
    return Trend(array, np.isfinite(array), "log quotient")


@pytest.mark.parametrize("reading", list(READINGS))
def test_the_embedding_is_the_sum_of_the_two_words_trends(reading: str) -> None:
    encoding = make_encoding("I want an apple.")
    choice = find_words(encoding, READINGS[reading])
    embedding = embed_encoding(encoding, Recipe(READINGS[reading]))
    assert not isinstance(choice.related, NoRelated)
    # No word of this sentence is split: a word's vector is its token's.
    focus, related = (
        log_quotient(encoding.hidden_states[0, i + 1], encoding.hidden_states[-1, i + 1])
        for i in (choice.focus.index, choice.related.index)
    )
    total = focus.undefined_as_zero + related.undefined_as_zero
    np.testing.assert_array_equal(embedding.values, total)
    np.testing.assert_array_equal(embedding.defined, focus.defined | related.defined)
    assert embedding.provenance is encoding.provenance


def test_the_two_words_are_found_again_behind_dropped_punctuation() -> None:
    """The candidates' indices are not the words': the first word is a bracket here."""
    encoding = make_encoding("[ I want an apple ]")
    embedding = embed_encoding(encoding, Recipe(READINGS["words-only"]))
    word = encoding.index_of(embedding.choice.focus.word)
    expected = log_quotient(encoding.static[word], encoding.contextual[word])
    np.testing.assert_array_equal(embedding.focus_trend.values, expected.values)


def test_a_split_word_has_the_mean_of_its_pieces() -> None:
    encoding = make_encoding("embeddings")
    expected = log_quotient(
        encoding.hidden_states[0, 1:3].mean(axis=0), encoding.hidden_states[-1, 1:3].mean(axis=0)
    )
    np.testing.assert_array_equal(embed_encoding(encoding).focus_trend.values, expected.values)


@pytest.mark.parametrize("undefined", ["zero", "keep"])
def test_without_a_related_word_the_focus_words_trend_is_the_embedding(undefined: str) -> None:
    embedding = embed_encoding(make_encoding("hello"), Recipe(undefined=undefined))
    assert embedding.related == NoRelated(Reason.ONE_WORD)
    assert embedding.related_trend is None
    np.testing.assert_array_equal(embedding.defined, embedding.focus_trend.defined)
    shown = embedding.values[embedding.defined]
    np.testing.assert_array_equal(shown, embedding.focus_trend.values[embedding.defined])
    rest = embedding.values[~embedding.defined]
    assert (rest == 0).all() if undefined == "zero" else np.isnan(rest).all()


def test_choices_for_undefined_coordinates() -> None:
    one, two = made([1, 2, nan, nan]), made([1, nan, 3, nan])
    values, defined = add_trends(one, two, "zero")
    assert values.tolist() == [2, 2, 3, 0]
    assert defined.tolist() == [True, True, True, False]
    values, defined = add_trends(one, two, "keep")
    np.testing.assert_array_equal(values, [2, nan, nan, nan])
    assert defined.tolist() == [True, False, False, False]
    with pytest.raises(UnknownChoiceError, match="'zero', 'keep'"):
        without_shape_checks(embedding).add_trends(one, two, "drop")
    assert overlap(one, two).__dict__ == {"both": 1, "one": 2, "neither": 1}


def test_trends_of_two_lengths() -> None:
    with pytest.raises(ArrayError, match="the same length"):
        add_trends(made([1]), made([1, 2]))


def test_unknown_kind() -> None:
    with pytest.raises(UnknownChoiceError, match="kind of trend"):
        without_shape_checks(embedding).Recipe(kind="ratio")


# Recipes other than the article's

SENTENCE = "Unbelievable embeddings, really."
"""Three words of two or three pieces, and two punctuation marks: the means over words, over words
without punctuation, and over tokens are three different ones."""


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def turned(static: np.ndarray, contextual: np.ndarray) -> np.ndarray:
    s, c = unit(static), unit(contextual)
    theta = np.arccos(s @ c)
    return theta / np.sin(theta) * (c - np.cos(theta) * s)


def test_the_recipes_by_hand() -> None:
    encoding = make_encoding(SENTENCE)
    words = [list(word.tokens) for word in encoding.words]
    assert len(words) == 5 < len(encoding.tokens) - 2
    first, last = encoding.hidden_states[0], encoding.hidden_states[-1]
    static, contextual = ([state[word].mean(axis=0) for word in words] for state in (first, last))
    pairs = list(zip(static, contextual, strict=True))
    by_hand = {
        "all-words-difference": np.mean([after - before for before, after in pairs], axis=0),
        "angle": np.mean([turned(before, after) for before, after in pairs], axis=0),
        "discounted-trend": 0.7 * last.mean(axis=0) + 0.3 * encoding.hidden_states[1].mean(axis=0),
    }
    for name, expected in by_hand.items():
        embedding = embed_encoding(encoding, recipe_named(name))
        np.testing.assert_allclose(embedding.values, expected, atol=1e-12)
        assert embedding.defined.all()
        assert embedding.choice.chosen_words == embed_encoding(encoding).choice.chosen_words
    assert set(RECIPES) == {"article", *by_hand}
    assert recipe_named("article") == Recipe()


def test_the_trends_of_the_two_words_are_of_the_recipes_kind() -> None:
    encoding = make_encoding("hello apple")
    embedding = embed_encoding(encoding, RECIPES["discounted-trend"])
    token = 1 + embedding.choice.focus.index
    first, last = encoding.hidden_states[1, token], encoding.hidden_states[-1, token]
    assert embedding.focus_trend.kind == "discounted"
    np.testing.assert_allclose(embedding.focus_trend.values, 0.7 * last + 0.3 * first)


def test_an_undefined_coordinate_is_zero_in_a_mean_or_undefined() -> None:
    encoding = make_encoding("I want an apple.")
    pairs = zip(encoding.static, encoding.contextual, strict=True)
    trends = [log_quotient(*pair) for pair in pairs]
    masks = np.stack([each.defined for each in trends])
    assert masks.any(axis=0).sum() > masks.all(axis=0).sum()
    zero = embed_encoding(encoding, Recipe(words="all"))
    expected = np.mean([each.undefined_as_zero for each in trends], axis=0)
    np.testing.assert_allclose(zero.values, expected, atol=1e-15)
    np.testing.assert_array_equal(zero.defined, masks.any(axis=0))
    keep = embed_encoding(encoding, Recipe(words="all", undefined="keep"))
    np.testing.assert_array_equal(keep.defined, masks.all(axis=0))
    np.testing.assert_array_equal(np.isnan(keep.values), ~keep.defined)
    with pytest.raises(ArrayError, match="at least one"):
        mean_trend([])
    with pytest.raises(ArrayError, match="the same length"):
        mean_trend([made([1]), made([1, 2])])


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("sentence", ["hello", "hello."])
def test_every_recipe_takes_a_sentence_of_one_word(name: str, sentence: str) -> None:
    embedding = embed_encoding(make_encoding(sentence), RECIPES[name])
    assert embedding.related == NoRelated(Reason.ONE_WORD)
    assert np.isfinite(embedding.values).all()


def test_recipes_are_read_back_from_their_names() -> None:
    recipes = [
        Recipe(reading, kind, undefined, words)
        for reading in READINGS.values()
        for kind in KINDS
        for undefined in embedding.UNDEFINED
        for words in embedding.WORDS
        if (kind, words) != ("discounted", "two")
    ]
    for recipe in (*recipes, *RECIPES.values()):
        assert Recipe.named(**json.loads(json.dumps(recipe.as_dict()))) == recipe
        assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert len({str(recipe.as_dict()) for recipe in recipes}) == len(recipes)
    lines = {str(recipe) for recipe in recipes}
    assert len(lines) == len(KINDS) * len(embedding.WORDS) - 1


def test_what_was_saved_before_there_were_recipes_for_more_words_is_read() -> None:
    before = {"reading": "layers", "kind": "difference", "undefined": "keep"}
    assert Recipe.named(**before) == Recipe(LAYERS, "difference", "keep", words="two")


def test_recipes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UnknownChoiceError, match="choose words 'all' or 'tokens' with it"):
        Recipe(kind="discounted")
    with pytest.raises(UnknownChoiceError, match="'two', 'all', 'tokens'"):
        without_shape_checks(embedding).Recipe(words="three")
    with pytest.raises(UnknownChoiceError, match="'article', 'all-words-difference', 'angle', 'd"):
        recipe_named("mean")


def test_a_mean_over_words_needs_their_vectors() -> None:
    encoding = make_encoding("I want an apple.")
    choice = find_words(encoding)
    words = list(choice.chosen_words)
    chosen = encoding.static[words], encoding.contextual[words]
    with pytest.raises(ArrayError, match="averages the trends of words 'all'"):
        compose(encoding.sentence, choice, *chosen, RECIPES["angle"])


def test_readings_can_lead_to_different_embeddings() -> None:
    encoding = make_encoding("I want an apple.")
    assert not np.array_equal(
        embed_encoding(encoding).values, embed_encoding(encoding, Recipe(LAYERS)).values
    )


VECTORS = arrays(np.float64, 6, elements=st.floats(-100, 100))


@given(VECTORS, VECTORS)
def test_cosine(first: np.ndarray, second: np.ndarray) -> None:
    value = cosine(first, second)
    if not (first.any() and second.any()):
        assert np.isnan(value)
    else:
        assert -1 - 1e-9 <= value <= 1 + 1e-9
        assert value == pytest.approx(cosine(second, first))


def test_cosine_of_known_vectors() -> None:
    assert cosine(np.array([1.0, 0]), np.array([0.0, 1])) == 0
    assert cosine(np.array([1.0, 1]), np.array([-2.0, -2])) == pytest.approx(-1)
    assert np.isnan(cosine(np.zeros(2), np.ones(2)))
    for size in (1e-200, 1e200):
        assert cosine(np.full(2, size), np.array([0.0, size])) == pytest.approx(0.5**0.5)


@pytest.mark.parametrize("bad", [nan, np.inf])
def test_cosine_needs_finite_numbers(bad: float) -> None:
    with pytest.raises(ArrayError, match="undefined_as_zero"):
        cosine(np.array([1.0, bad]), np.ones(2))


def test_cosine_by_slice() -> None:
    first, second = np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 2, -3, -4, 5])
    np.testing.assert_allclose(cosine_by_slice(first, second, 2), [1, -1])
    for width in (0, 6):
        with pytest.raises(ArrayError, match="1 to 5"):
            cosine_by_slice(first, second, width)


def test_cosine_of_vectors_of_two_lengths() -> None:
    with pytest.raises(ArrayError, match="2 and 3 coordinates"):
        without_shape_checks(similarity).cosine(np.ones(2), np.ones(3))
    with pytest.raises(ArrayError, match="not be empty"):
        cosine(np.array([]), np.array([]))


def test_pairwise_cosines() -> None:
    vectors = {"a": np.array([1.0, 0]), "b": np.array([1.0, 0]), "c": np.array([0.0, 1])}
    assert pairwise_cosines(vectors) == {"a-b": 1.0, "a-c": 0.0, "b-c": 0.0}
