"""Trends of two words of a sentence: counted, summed, compared."""

import numpy as np

from trendlib.evaluate import (
    trend_pairs,
)
from trendlib.evaluate.conditions import AS_PRINTED, Conditioned
from trendlib.evaluate.protocol import NamedMethod
from trendlib.evaluate.tasks import complement, zeros


def pairs_of(focus: list[list[float]], related: list[list[float]]) -> trend_pairs.TrendPairs:
    one, other = np.array(focus), np.array(related)
    documents = np.arange(len(one)).astype(str)
    return trend_pairs.TrendPairs(one, other, one, one, documents, seed=0)


def printed(method: NamedMethod) -> trend_pairs.PairMethod:
    return Conditioned(method, AS_PRINTED)


def test_coordinates_are_counted() -> None:
    nan = np.nan
    pairs = {AS_PRINTED: pairs_of([[1, nan, 2, nan]] * 3, [[nan, nan, 3, 4]] * 3)}
    task = complement.Complement()
    found = task.measure(printed(task.ARTICLES), pairs)
    assert found["exactly one"].tolist() == [0.5] * 3
    assert found["both"].tolist() == [0.25] * 3
    assert task.measure(printed(task.RANDOM), pairs)["exactly one"].tolist() == [0] * 3
    assert task.measure(printed(task.CHANCE), pairs)["exactly one"].tolist() == [0.5] * 3


def test_every_sentence_is_compared_with_another() -> None:
    for count in (2, 3, 10):
        pairs = pairs_of([[1.0]] * count, [[1.0]] * count)
        assert sorted(pairs.partners) == list(range(count))
        assert (pairs.partners != np.arange(count)).all()


def test_zeros_change_no_cosine_where_nothing_is_undefined() -> None:
    rng = np.random.default_rng(0)
    trends = rng.normal(size=(4, 6, 30))
    pairs = {AS_PRINTED: trend_pairs.TrendPairs(*trends, np.arange(6).astype(str), seed=0)}
    found = zeros.Zeros().measure(printed(trend_pairs.WHOLE), pairs)
    assert np.allclose(found["cosine, undefined as 0"], found["cosine, defined in all"])
    assert (found["of one trend alone"] == 0).all()
    cut = zeros.Zeros().measure(printed(trend_pairs.CUT), pairs)
    assert (cut["carried by the heaviest"] == 0).all()
    assert (found["carried by the heaviest"] > 0).all()
