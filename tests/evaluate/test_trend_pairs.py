"""Trends of two words of a sentence: counted, summed, compared."""

import numpy as np

from trendlib.evaluate import (
    trend_pairs,
)
from trendlib.evaluate.tasks import complement, zeros


def pairs_of(focus: list[list[float]], related: list[list[float]]) -> trend_pairs.TrendPairs:
    one, other = np.array(focus), np.array(related)
    return trend_pairs.TrendPairs(one, other, one, one, seed=0)


def test_coordinates_are_counted() -> None:
    nan = np.nan
    pairs = pairs_of([[1, nan, 2, nan]] * 3, [[nan, nan, 3, 4]] * 3)
    task = complement.Complement()
    found = task.measure(task.ARTICLES, pairs)
    assert found["exactly one"].tolist() == [0.5] * 3
    assert found["both"].tolist() == [0.25] * 3
    assert task.measure(task.RANDOM, pairs)["exactly one"].tolist() == [0] * 3
    assert task.measure(task.CHANCE, pairs)["exactly one"].tolist() == [0.5] * 3


def test_every_sentence_is_compared_with_another() -> None:
    for count in (2, 3, 10):
        pairs = pairs_of([[1.0]] * count, [[1.0]] * count)
        assert sorted(pairs.partners) == list(range(count))
        assert (pairs.partners != np.arange(count)).all()


def test_zeros_change_no_cosine_where_nothing_is_undefined() -> None:
    rng = np.random.default_rng(0)
    pairs = trend_pairs.TrendPairs(*rng.normal(size=(4, 6, 30)), seed=0)
    found = zeros.Zeros().measure(trend_pairs.WHOLE, pairs)
    assert np.allclose(found["cosine, undefined as 0"], found["cosine, defined in all"])
    assert (found["of one trend alone"] == 0).all()
    cut = zeros.Zeros().measure(trend_pairs.CUT, pairs)
    assert (cut["carried by the heaviest"] == 0).all()
    assert (found["carried by the heaviest"] > 0).all()
