"""Received attention, focus word, related word."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.encodings import make_encoding
from trendlib import attention
from trendlib.attention import merge_pieces, received_by_word
from trendlib.choice import (
    Focus,
    NoRelated,
    Reason,
    Related,
    choose_words,
    find_focus,
    find_related,
    find_words,
)
from trendlib.errors import (
    ArrayError,
    HeadOutOfRangeError,
    LayerOutOfRangeError,
    UnknownChoiceError,
)
from trendlib.readings import (
    ARTICLE,
    LAST_LAYER,
    LAYERS,
    MASS_TIES,
    MEAN_PIECES,
    READINGS,
    WORDS_ONLY,
    Reading,
    Ties,
    reading_named,
)
from trendlib.words import Word

WORDS = ("i", "want", "an", "apple")


def softmax_rows(scores: np.ndarray) -> np.ndarray:
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def test_merging_sums_over_keys_and_averages_over_queries() -> None:
    attentions = softmax_rows(np.random.default_rng(0).normal(size=(2, 3, 5, 5)))
    merged = merge_pieces(attentions, [Word("a", 0, 1, (1,)), Word("split", 2, 7, (2, 3))])
    assert merged.shape == (2, 3, 4, 4)
    one = attentions[1, 2]
    to_split = one[:, 2] + one[:, 3]
    np.testing.assert_allclose(merged[1, 2][[0, 1, 3], 2], to_split[[0, 1, 4]])
    np.testing.assert_allclose(merged[1, 2][2, 2], (to_split[2] + to_split[3]) / 2)
    np.testing.assert_allclose(merged[1, 2][2, 0], (one[2, 0] + one[3, 0]) / 2)


@given(
    arrays(np.float64, (1, 2, 7, 7), elements=st.floats(-5, 5)),
    st.sets(st.integers(1, 5), max_size=5),
)
def test_merged_rows_still_add_up_to_one(scores: np.ndarray, starts: set[int]) -> None:
    firsts = sorted(starts | {1})
    ends = [*firsts[1:], 6]
    words = [
        Word("w", 0, 1, tuple(range(first, end))) for first, end in zip(firsts, ends, strict=True)
    ]
    merged = merge_pieces(softmax_rows(scores), words)
    assert merged.shape[-1] == len(words) + 2
    np.testing.assert_allclose(merged.sum(axis=-1), 1, atol=1e-12)


def test_received_attention_is_the_column_sum() -> None:
    encoding = make_encoding("I want an apple.")
    by_hand = [
        [
            sum(encoding.attentions[0, head, query, key] for query in range(7))
            for key in (1, 2, 3, 4)
        ]
        for head in range(3)
    ]
    np.testing.assert_allclose(find_words(encoding, ARTICLE).received, by_hand)


def test_layers_and_heads_are_not_swapped() -> None:
    """Five layers of three heads: every shape and value tells which axis was taken."""
    attentions = make_encoding("I want an apple.").attentions
    in_layer_1 = attention.attention_rows(attentions, dataclasses.replace(ARTICLE, layer=1))
    assert in_layer_1.shape == (3, 7, 7)
    np.testing.assert_array_equal(in_layer_1[2], attentions[1][2])
    by_layer = attention.attention_rows(attentions, LAYERS)
    assert by_layer.shape == (5, 7, 7)
    np.testing.assert_allclose(by_layer[3], attentions[3].mean(axis=0))
    one = attention.received_by_unit(in_layer_1[2])
    np.testing.assert_array_equal(one, attentions[1][2].sum(axis=0))


def test_received_attention_is_that_of_the_merged_matrix() -> None:
    encoding = make_encoding("Unbelievable embeddings, quoth the antidisestablishmentarian.")
    assert any(len(word.tokens) > 2 for word in encoding.words)
    merged = merge_pieces(encoding.attentions, encoding.words)
    column_sums = merged.sum(axis=-2)[:, :, 1:-1]
    for layer, expected in enumerate(column_sums):
        received = attention.received_by_word(encoding.attentions[layer], encoding.words)
        np.testing.assert_allclose(received, expected, atol=1e-12)


@pytest.mark.parametrize("layer", [-1, 5, 100])
def test_layer_out_of_range(layer: int) -> None:
    attentions = make_encoding("hello").attentions
    with pytest.raises(LayerOutOfRangeError, match="5 layers; choose 0 to 4"):
        attention.check_layer(layer, len(attentions))
    with pytest.raises(LayerOutOfRangeError):
        attention.attention_rows(attentions, dataclasses.replace(ARTICLE, layer=layer))


@pytest.mark.parametrize("head", [-1, 3, 11])
def test_head_out_of_range(head: int) -> None:
    with pytest.raises(HeadOutOfRangeError, match="3 heads a layer; choose 0 to 2"):
        attention.check_head(head, make_encoding("hello").attentions.shape[1])


def test_a_reading_out_of_range() -> None:
    encoding = make_encoding("I want an apple.")
    with pytest.raises(LayerOutOfRangeError):
        find_words(encoding, dataclasses.replace(ARTICLE, layer=5))
    with pytest.raises(HeadOutOfRangeError):
        find_words(encoding, dataclasses.replace(ARTICLE, focus_row=3))
    with pytest.raises(HeadOutOfRangeError):
        find_words(encoding, dataclasses.replace(ARTICLE, focus_row=-1))
    with pytest.raises(LayerOutOfRangeError):
        find_words(encoding, dataclasses.replace(LAYERS, focus_row=5))


@pytest.mark.parametrize(
    ("reading", "rows", "focus_row"),
    [(ARTICLE, 3, 2), (WORDS_ONLY, 3, 2), (LAYERS, 5, 4), (LAST_LAYER, 3, 2)],
)
def test_rows_of_the_readings(reading: Reading, rows: int, focus_row: int) -> None:
    encoding = make_encoding("I want an apple.")
    choice = find_words(encoding, reading)
    assert len(choice.received) == rows
    assert choice.row_kind == ("layer" if reading is LAYERS else "head")
    assert choice.focus_row == focus_row
    layer = {"article": 0, "words-only": 0, "last-layer": 4}.get(reading.name)
    assert choice.layer == layer
    if layer is not None:
        expected = encoding.attentions[layer].sum(axis=1)[:, 1:5]
    else:
        expected = encoding.attentions.mean(axis=1).sum(axis=1)[:, 1:5]
    np.testing.assert_allclose(choice.received, expected)


def test_special_tokens_are_no_candidates() -> None:
    for reading in READINGS.values():
        choice = find_words(make_encoding("I want an apple"), reading)
        assert choice.candidates == ("I", "want", "an", "apple")
        assert choice.received.shape[1] == 4


@pytest.mark.parametrize(
    ("sentence", "article", "words_only"),
    [
        ("I want.", ("I", "want"), ("I", "want")),
        ("I want!", ("I", "want", "!"), ("I", "want")),
        ("I want. I want", ("I", "want", ".", "I", "want"), ("I", "want", "I", "want")),
        ("I, want", ("I", ",", "want"), ("I", "want")),
        ("I want...", ("I", "want", ".", "."), ("I", "want")),
    ],
)
def test_which_words_are_candidates(
    sentence: str, article: tuple[str, ...], words_only: tuple[str, ...]
) -> None:
    encoding = make_encoding(sentence)
    for reading, expected in ((ARTICLE, article), (WORDS_ONLY, words_only)):
        choice = find_words(encoding, reading)
        assert choice.candidates == expected
        assert tuple(encoding.word_texts[i] for i in choice.word_indices) == expected


def test_unknown_reading() -> None:
    with pytest.raises(UnknownChoiceError, match="'article', 'words-only', 'layers'"):
        reading_named("the 12th layer")


def test_focus_tie_takes_the_first_and_says_so() -> None:
    assert find_focus(np.array([0.5, 0.7, 0.7]), WORDS[:3]) == Focus(1, "want", 0.7, True)
    assert not find_focus(np.array([0.5, 0.7, 0.6]), WORDS[:3]).tied


def related(
    received: list[list[float]], focus: int = 1, ties: Ties = "first"
) -> Related | NoRelated:
    matrix = np.array(received, dtype=float)
    return find_related(matrix, WORDS[: matrix.shape[1]], focus, ties).outcome


def test_votes_decide_first() -> None:
    outcome = related([[5, 9, 0, 1], [0, 9, 0, 1], [0, 9, 0, 1]])
    assert isinstance(outcome, Related)
    assert (outcome.word, outcome.votes, outcome.tied) == ("apple", 2, False)
    assert outcome.decided_by == "votes"


def test_of_equal_votes_the_article_takes_the_first() -> None:
    outcome = related([[2, 9, 0, 1], [0, 9, 0, 5]])
    assert isinstance(outcome, Related)
    assert (outcome.word, outcome.votes, outcome.tied) == ("i", 1, True)
    assert (outcome.decided_by, outcome.mass) == ("position", 2.0)


def test_attention_mass_decides_if_the_reading_says_so() -> None:
    outcome = related([[2, 9, 0, 1], [0, 9, 0, 5]], ties="attention mass")
    assert isinstance(outcome, Related)
    assert (outcome.word, outcome.votes, outcome.tied) == ("apple", 1, True)
    assert (outcome.decided_by, outcome.mass) == ("attention mass", 6.0)


def test_position_decides_if_the_masses_are_equal_too() -> None:
    outcome = related([[3, 9, 0, 1], [1, 9, 0, 3]], ties="attention mass")
    assert isinstance(outcome, Related)
    assert (outcome.word, outcome.tied, outcome.decided_by) == ("i", True, "position")


def test_votes_decide_where_there_is_no_tie_whatever_the_mass() -> None:
    outcome = related([[1, 9, 0, 0], [1, 9, 0, 0], [0, 9, 0, 8]], ties="attention mass")
    assert isinstance(outcome, Related)
    assert (outcome.word, outcome.votes, outcome.decided_by) == ("i", 2, "votes")


def test_rows_that_another_word_leads_do_not_vote() -> None:
    outcome = related([[0, 9, 0, 1], [9, 1, 8, 0], [9, 1, 8, 0]])
    assert isinstance(outcome, Related)
    assert outcome.word == "apple"


def test_no_related_word_where_there_is_one_word() -> None:
    vote = find_related(np.array([[1.0], [2.0]]), ["hello"], 0)
    assert vote.outcome == NoRelated(Reason.ONE_WORD)
    assert vote.counts.tolist() == [0]
    assert vote.runners_up.size == 0


def test_no_related_word_where_the_focus_leads_no_row() -> None:
    vote = find_related(np.array([[3.0, 1, 2], [2, 1, 3]]), WORDS[:3], focus=1)
    assert vote.outcome == NoRelated(Reason.LEADS_NO_ROW)
    assert vote.rows.size == 0


def test_one_word_sentence() -> None:
    for sentence in ("hello", "hello.", "embeddings"):
        assert find_words(make_encoding(sentence)).related == NoRelated(Reason.ONE_WORD)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_attention_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ArrayError, match="NaN or infinity"):
        choose_words(np.array([[0.1, bad]]), WORDS[:2])


@pytest.mark.parametrize("shape", [(0, 2), (3, 0), (3, 5)])
def test_received_attention_of_a_wrong_shape_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ArrayError, match="candidates"):
        choose_words(np.zeros(shape), WORDS[: min(shape[1], 4)])


@given(
    arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 6)), elements=st.floats(0, 3))
)
def test_decisions_agree_with_the_articles_procedure(received: np.ndarray) -> None:
    """The article's own steps, written down again."""
    candidates = [f"word {index}" for index in range(received.shape[1])]
    choice = choose_words(received, candidates)
    focus = int(np.argmax(received[-1]))
    assert choice.focus.index == focus
    rows = received[received.argmax(axis=1) == focus]
    shortened = np.delete(rows, focus, axis=1).argmax(axis=1)
    counts = np.bincount(shortened, minlength=received.shape[1] - 1)
    assert isinstance(choice.related, Related)
    remaining = [name for index, name in enumerate(candidates) if index != focus]
    assert choice.related.word == remaining[counts.argmax()]
    assert choice.related.votes == counts.max()
    assert choice.related.tied == ((counts == counts.max()).sum() > 1)
    assert choice.related.index != focus


@given(
    arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.integers(0, 4))
)
def test_each_rule_for_ties_agrees_with_counting_by_hand(received: np.ndarray) -> None:
    """Whole numbers, so that votes and masses are often equal."""
    candidates = [f"word {index}" for index in range(received.shape[1])]
    focus = choose_words(received, candidates).focus.index
    first = find_related(received, candidates, focus).outcome
    heaviest = find_related(received, candidates, focus, "attention mass").outcome
    votes, masses = counted_by_hand(received.tolist(), focus)
    if not votes:
        assert first == heaviest
        assert isinstance(first, NoRelated)
        return
    assert isinstance(first, Related)
    assert isinstance(heaviest, Related)
    equal = [word for word in sorted(votes) if votes[word] == max(votes.values())]
    most = [word for word in equal if masses[word] == max(masses[each] for each in equal)]
    assert (first.index, heaviest.index) == (equal[0], most[0])
    assert (first.tied, heaviest.tied) == (len(equal) > 1, len(equal) > 1)
    assert first.decided_by == ("votes" if len(equal) == 1 else "position")
    if len(equal) == 1:
        assert heaviest == first
    else:
        assert heaviest.decided_by == ("attention mass" if len(most) == 1 else "position")


def counted_by_hand(
    received: list[list[float]], focus: int
) -> tuple[dict[int, int], dict[int, float]]:
    """Count votes and masses without NumPy, one row and one word after the other."""
    votes: dict[int, int] = {}
    masses = dict.fromkeys(range(len(received[0])), 0.0)
    for row in received:
        if row.index(max(row)) != focus:
            continue
        for word, value in enumerate(row):
            masses[word] += value
        others = [word for word in masses if word != focus]
        if others:
            second = max(others, key=lambda word: (row[word], -word))
            votes[second] = votes.get(second, 0) + 1
    return votes, masses


@given(st.data())
def test_the_mean_over_pieces_is_the_sum_divided_by_their_number(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    words, token = [], 1
    for length in lengths:
        words.append(Word("w", token, token + 1, tuple(range(token, token + length))))
        token += length
    size = token + 1
    rows = data.draw(arrays(np.float64, (2, size, size), elements=st.floats(0, 1)))
    total, mean = (received_by_word(rows, words, pieces) for pieces in ("sum", "mean"))
    for row in range(2):
        for column, word in enumerate(words):
            by_hand = received_by_hand(rows[row].tolist(), words, word)
            assert total[row, column] == pytest.approx(by_hand)
            assert mean[row, column] == pytest.approx(by_hand / len(word.tokens))
            assert mean[row, column] <= total[row, column]
            if len(word.tokens) == 1:
                assert mean[row, column] == total[row, column]


def received_by_hand(matrix: list[list[float]], words: list[Word], receiver: Word) -> float:
    """Add up what a word receives from each special token, and on average from a word's pieces."""
    groups = [list(word.tokens) for word in words] + [[0], [len(matrix) - 1]]
    total = 0.0
    for group in groups:
        given = [matrix[query][key] for query in group for key in receiver.tokens]
        total += sum(given) / len(group)
    return total


def test_the_readings_of_pieces_and_ties_find_other_words() -> None:
    """In each sentence, the two readings differ from the article's in what they are named for."""
    split = make_encoding("Greenhouses are cold")
    assert find_words(split).focus.word != find_words(split, MEAN_PIECES).focus.word
    article, mass = (
        find_words(make_encoding("cats dogs see the."), reading) for reading in (ARTICLE, MASS_TIES)
    )
    assert article.focus == mass.focus
    assert isinstance(article.related, Related)
    assert isinstance(mass.related, Related)
    assert article.related.tied
    assert mass.related.tied
    assert article.related.index < mass.related.index
    assert article.related.mass < mass.related.mass
