"""Intervals and tests."""

import numpy as np
import pytest

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
    low, high = statistics.clustered_interval(
        values, np.repeat(np.arange(12), 10), lambda drawn: float(drawn.mean())
    )
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
