"""Contrasts of like and unlike contexts."""

import numpy as np

from trendlib.evaluate.conditions import AS_PRINTED, Conditioned
from trendlib.evaluate.tasks import contexts


def test_triples_are_many_and_differ_in_their_nouns() -> None:
    made = list(contexts.triples())
    assert len(made) >= 200
    assert len({triple.sentences for triple in made}) == len(made)
    for triple in made:
        assert len(set(triple.sentences)) == 3
        assert all(
            triple.word in sentence.split() or triple.word in sentence
            for sentence in triple.sentences
        )
        assert not any(f" a {vowel}" in s for s in triple.sentences for vowel in "aeiou")


def test_a_contrast_is_found_where_there_is_one() -> None:
    rng = np.random.default_rng(2)
    like, other = rng.normal(size=(2, 40))
    prepared = []
    for number in range(12):
        noise = rng.normal(size=(3, 40)) / 10
        made = [like + noise[0], like + noise[1], other + noise[2]]
        triple = contexts.Triple(("a", "b", "c"), "x", number // 2, number % 2)
        vectors = tuple((np.ones(40), vector) for vector in made)
        prepared.append(contexts.TripleVectors(triple, vectors))
    plain = contexts.Representation("contextual", False, "all coordinates")
    method = Conditioned(plain, AS_PRINTED)
    measured = {method: contexts.Contexts().measure(method, prepared)}
    size, share, *_ = contexts.Contexts().scores(measured)
    assert share.value == 1
    assert size.low is not None
    assert size.low > 2
