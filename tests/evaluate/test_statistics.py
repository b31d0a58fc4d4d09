"""Intervals and tests."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from trendlib.evaluate import statistics


def test_folds_are_compared_with_nadeau_and_bengios_correction() -> None:
    one, other = np.array([0.8, 0.7, 0.9, 0.6]), np.array([0.7, 0.7, 0.7, 0.6])
    mean, low, high, p = statistics.folds_difference(one, other, 1 / 3)
    spread = np.sqrt((1 / 4 + 1 / 3) * np.var(one - other, ddof=1))
    assert mean == pytest.approx(0.075)
    assert high - low == pytest.approx(2 * 3.182446 * spread, rel=1e-5)
    assert 0 < p < 1
    assert statistics.folds_difference(other, one, 1 / 3)[3] == pytest.approx(p)


def test_intervals_cover_what_they_should() -> None:
    """Of many intervals of 95 %, about 95 % hold the true mean."""
    rng = np.random.default_rng(5)
    drawn = rng.normal(1.0, 2.0, size=(200, 60))
    held = [low <= 1 <= high for low, high in (statistics.mean_interval(x, 300) for x in drawn)]
    assert 0.88 < np.mean(held) < 0.99


def test_clusters_make_intervals_wider() -> None:
    rng = np.random.default_rng(6)
    values = np.repeat(rng.normal(size=12), 10) + rng.normal(size=120) / 100
    alone = statistics.mean_interval(values)
    low, high = statistics.clustered_mean_interval(values, np.repeat(np.arange(12), 10))
    assert high - low > 2 * (alone[1] - alone[0])


def test_paired_correlations_are_compared() -> None:
    rng = np.random.default_rng(7)
    gold = rng.normal(size=120)
    good, bad = gold + rng.normal(size=120) / 2, rng.normal(size=120)
    difference, low, high, p = statistics.spearman_difference(good, bad, gold, 300)
    assert low < difference < high
    assert low > 0
    assert p < 0.05
    assert statistics.spearman_difference(good, good, gold, 300)[3] == 1


def exact_quantile(drawn: list[float], share: float) -> float:
    """The smallest figure with at least this share of the equally likely ones at or below it."""
    return sorted(drawn)[max(0, math.ceil(share * len(drawn)) - 1)]


def holm_by_hand(p_values: list[float]) -> list[float]:
    raised = [
        max(
            min(1.0, other * sum(again >= other for again in p_values))
            for other in p_values
            if other <= p
        )
        for p in p_values
    ]
    return raised


def mean_differences(
    cosines: dict[str, list[np.ndarray]], golds: list[np.ndarray], baseline: str
) -> dict[str, statistics.Difference]:
    methods = [method for method in cosines if method != baseline]
    pairs = [(method, baseline) for method in methods]
    drawn = statistics.spearman_resamples(cosines, golds)
    return dict(zip(methods, statistics.mean_spearman_differences(drawn, pairs), strict=True))


def test_means_of_correlations_are_compared_as_in_a_slow_bootstrap() -> None:
    """Ranked anew, by scipy, in each draw, with the same pairs for all methods."""
    rng = np.random.default_rng(3)
    golds = [rng.integers(0, 4, 30), rng.normal(size=20)]
    cosines = {
        "good": [gold + rng.normal(size=len(gold)) for gold in golds],
        "coarse": [np.round(gold + rng.normal(size=len(gold))) for gold in golds],
        "bad": [rng.normal(size=len(gold)) for gold in golds],
    }
    found = mean_differences(cosines, golds, "coarse")
    slow: dict[str, list[float]] = {"good": [], "bad": []}
    for _ in range(1500):
        units = [rng.integers(len(gold), size=len(gold)) for gold in golds]
        mean = {
            method: np.mean(
                [
                    stats.spearmanr(one[some], gold[some]).statistic
                    for one, gold, some in zip(figures, golds, units, strict=True)
                ]
            )
            for method, figures in cosines.items()
        }
        for method, drawn in slow.items():
            drawn.append(float(mean[method] - mean["coarse"]))
    assert list(found) == ["good", "bad"]
    for method, (difference, low, high, _p) in found.items():
        right = [
            stats.spearmanr(one, gold).statistic - stats.spearmanr(other, gold).statistic
            for one, other, gold in zip(cosines[method], cosines["coarse"], golds, strict=True)
        ]
        assert difference == pytest.approx(np.mean(right))
        assert [low, high] == pytest.approx(np.quantile(slow[method], [0.025, 0.975]), abs=0.03)
    raw = [
        2 * (1 + min(sum(x <= 0 for x in slow[method]), sum(x >= 0 for x in slow[method]))) / 1501
        for method in found
    ]
    for (*_, p), right_p in zip(found.values(), holm_by_hand(raw), strict=True):
        assert p == pytest.approx(right_p, abs=0.03)


def test_means_of_correlations_weigh_data_sets_alike_and_know_their_sign() -> None:
    """A large data set counts no more than a small one: 1 - (1 + -1) / 2 = 1."""
    small, large = np.arange(5.0), np.arange(50.0)
    cosines = {"right": [small, large], "half": [small, -large]}
    (found,) = mean_differences(cosines, [small, large], "half").values()
    assert found[:3] == pytest.approx((1, 1, 1))
    assert found[3] == pytest.approx(2 / (statistics.RESAMPLES + 1), rel=0.02)
    (turned,) = mean_differences(cosines, [small, large], "right").values()
    assert turned[:3] == pytest.approx((-1, -1, -1))
    assert turned[3] == found[3]


def test_holm_multiplies_the_smallest_by_the_number_of_tests() -> None:
    assert statistics.holm([0.02, 0.01, 0.04, 0.9]) == pytest.approx([0.06, 0.04, 0.08, 0.9])
    assert statistics.holm([0.3, 0.6]) == pytest.approx([0.6, 0.6])
    assert statistics.holm([]) == []


def test_documents_are_drawn_whole() -> None:
    """Three documents of unlike length: all 27 equally likely draws, listed."""
    one, other = np.array([1, 1, 1, 0, 0, 1]), np.array([0, 0, 0, 0, 1, 0])
    documents = np.array(["a", "a", "a", "b", "b", "c"])
    of_document = {"a": [1, 1, 1], "b": [0, -1], "c": [1]}
    right = [
        float(np.mean(np.concatenate([of_document[name] for name in names])))
        for names in itertools.product("abc", repeat=3)
    ]
    difference, low, high, p = statistics.clustered_difference(one, other, documents)
    assert difference == pytest.approx(0.5)
    assert low == pytest.approx(exact_quantile(right, 0.025))
    assert high == pytest.approx(exact_quantile(right, 0.975))
    # Two-sided: twice the share of draws at or below 0.
    assert p == pytest.approx(2 * np.mean(np.array(right) <= 0), abs=0.03)
    turned = statistics.clustered_difference(other, one, documents)
    assert turned == pytest.approx((-difference, -high, -low, p))


def test_rows_and_columns_are_drawn_both() -> None:
    """A unit for each of three rows and two columns: all 108 equally likely draws, listed."""
    table = np.array([[1.0, 2.0], [4.0, -3.0], [9.0, 7.0]])
    rows, columns = np.repeat(np.arange(3), 2), np.tile(np.arange(2), 3)
    right = [
        float(table[np.ix_(list(drawn), list(also))].mean())
        for drawn in itertools.product(range(3), repeat=3)
        for also in itertools.product(range(2), repeat=2)
    ]
    interval = statistics.crossed_interval(table.ravel(), rows, columns, statistics.drawn_mean)
    assert interval == pytest.approx(
        (exact_quantile(right, 0.025), exact_quantile(right, 0.975)), abs=0.2
    )
    other = np.zeros(6)
    found = statistics.crossed_difference(
        table.ravel(), other, rows, columns, statistics.drawn_mean
    )
    assert found[0] == pytest.approx(10 / 3)
    assert found[1:3] == pytest.approx(interval)
    assert found[3] == pytest.approx(2 * np.mean(np.array(right) <= 0), abs=0.03)
    turned = statistics.crossed_difference(
        other, table.ravel(), rows, columns, statistics.drawn_mean
    )
    assert turned == pytest.approx((-found[0], -found[2], -found[1], found[3]))


def test_crossed_intervals_cover_where_others_do_not() -> None:
    """Effects of rows, of columns and of the units; the true mean is 1."""
    rng = np.random.default_rng(11)
    n_rows, n_columns, held, held_by_units = 12, 12, 0, 0
    rows, columns = np.indices((n_rows, n_columns)).reshape(2, -1)
    for _ in range(40):
        values = 1 + rng.normal(size=n_rows)[rows] + rng.normal(size=n_columns)[columns]
        values += rng.normal(size=len(rows)) / 4
        low, high = statistics.crossed_interval(values, rows, columns, statistics.drawn_mean)
        held += low <= 1 <= high
        low, high = statistics.mean_interval(values, 300)
        held_by_units += low <= 1 <= high
    assert held >= 33
    assert held_by_units <= 25
