"""Sentence vectors are those of the encoder."""

import numpy as np
import pytest

from trendlib.embedding import Recipe, embed_encoding
from trendlib.evaluate import vectors
from trendlib.evaluate.conditions import CONDITIONS
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.sbert_wk import sentence_vector
from trendlib.trend import angle, fourier_magnitude, log_quotient, signed_log_abs


def test_vectors_are_what_the_encoder_gives_one_by_one(exact: Workbench) -> None:
    texts = ["The train left at noon.", "Stop!", "Word embeddings are vectors."]
    methods = [*vectors.TRENDS, vectors.FOURIER, *vectors.USUAL, *vectors.IMPROVED]
    methods += [vectors.MEAN_OF_STATE_1, vectors.ANGLE_WITHOUT_DEAD]
    methods += [vectors.trend_under(condition) for condition in CONDITIONS[1:]]
    dead = list(exact.encoder.dead_coordinates)
    assert len(dead) == 3
    rows = vectors.vectors(exact, methods, texts)
    for place, text in enumerate(texts):
        encoding = exact.encoder.encode(text)
        trend = embed_encoding(encoding).values
        words = zip(encoding.static, encoding.contextual, strict=True)
        last = encoding.hidden_states[-1]
        tokens = [token for word in encoding.words for token in word.tokens]
        cut = [np.delete(states, dead, axis=1) for states in (encoding.static, encoding.contextual)]
        angles = [angle(*pair).values for pair in zip(*cut, strict=True)]
        changed = {
            condition.name: embed_encoding(encoding, Recipe(condition.reading)).values.copy()
            for condition in CONDITIONS[1:]
        }
        for condition in CONDITIONS[1:]:
            if condition.without_dead:
                changed[condition.name][dead] = 0
        expected = {
            "trend": trend,
            "trend, clipped": np.clip(trend, -5, 5),
            "trend, all words": np.mean(
                [log_quotient(*pair).undefined_as_zero for pair in words], axis=0
            ),
            "trend, difference": embed_encoding(encoding, Recipe(kind="difference")).values,
            "trend, signed log-abs": embed_encoding(encoding, Recipe(kind="signed log-abs")).values,
            "trend, Fourier": fourier_magnitude(trend),
            "CLS": last[0],
            "mean": last.mean(axis=0),
            "max": last.max(axis=0),
            "first + last": (encoding.hidden_states[1] + last).mean(axis=0) / 2,
            "mean of layer 0": encoding.hidden_states[0].mean(axis=0),
            "mean of hidden state 1": encoding.hidden_states[1].mean(axis=0),
            "difference, all words": (encoding.contextual - encoding.static).mean(axis=0),
            "angle, all words": np.mean(
                [
                    angle(*pair).values
                    for pair in zip(encoding.static, encoding.contextual, strict=True)
                ],
                axis=0,
            ),
            "angle, all words, without dead coordinates": np.insert(
                np.mean(angles, axis=0), [place - n for n, place in enumerate(dead)], 0
            ),
            "discounted trend": (0.7 * last + 0.3 * encoding.hidden_states[1]).mean(axis=0),
            "SBERT-WK": sentence_vector(encoding.hidden_states[2:, tokens]),
            **{f"trend, {name}": vector for name, vector in changed.items()},
        }
        assert set(expected) == set(rows)
        for name, vector in expected.items():
            assert np.allclose(rows[name][place], vector, atol=1e-8), name


def test_vectors_are_made_once(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    first = vectors.vectors(workbench, [vectors.MEAN], ["Stop!"])
    monkeypatch.setattr(vectors, "_make", lambda *_: pytest.fail("made again"))
    again = vectors.vectors(workbench, [vectors.MEAN], ["Stop!"])
    assert np.array_equal(first["mean"], again["mean"])


def test_signed_log_abs_has_the_log_quotients_values_where_that_is_defined() -> None:
    rng = np.random.default_rng(0)
    static, contextual = rng.normal(size=(2, 50))
    quotient, signed = (kind(static, contextual) for kind in (log_quotient, signed_log_abs))
    assert signed.defined.all()
    both = quotient.defined
    assert np.allclose(signed.values[both], quotient.values[both])
    assert np.allclose(signed.values[~both], -log_quotient(static, -contextual).values[~both])
