"""Intervals and tests, from scipy; every interval is one of 95 %."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trendlib.errors import ArrayError
from trendlib.evaluate.protocol import Method
from trendlib.evaluate.scores import Score

RESAMPLES = 2000
SEED = 0

Numbers = NDArray[Any]
Interval = tuple[float, float]
Difference = tuple[float, float, float, float]
"""The difference of two methods, both ends of its interval, and its p-value."""
Compared = TypeVar("Compared", bound=Method)
Statistic = Callable[[Numbers, Numbers], Numbers]
"""A statistic in each resample, given the units' values and how often each unit was drawn."""


def mean_interval(values: Numbers, resamples: int = RESAMPLES) -> Interval:
    """Bootstrap the mean of units (percentile interval).

    >>> mean_interval(np.array([1.0, 1.0, 1.0]))
    (1.0, 1.0)
    """
    return _bootstrap(values, np.mean, resamples)


def median_interval(values: Numbers, resamples: int = RESAMPLES) -> Interval:
    """Bootstrap the median of units (percentile interval)."""
    return _bootstrap(values, np.median, resamples)


def proportion_interval(hits: int, count: int) -> Interval:
    """Compute Wilson's interval of a share; (nan, nan) if the count is 0.

    >>> [round(end, 3) for end in proportion_interval(5, 10)]
    [0.237, 0.763]
    """
    if count == 0:
        return float("nan"), float("nan")
    found = stats.binomtest(hits, count).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def spearman(first: Numbers, second: Numbers) -> float:
    """Compute Spearman's rank correlation.

    >>> spearman(np.array([1, 2, 3]), np.array([1, 4, 9]))
    1.0
    """
    return float(stats.spearmanr(first, second).statistic)


def spearman_interval(first: Numbers, second: Numbers, resamples: int = RESAMPLES) -> Interval:
    """Bootstrap Spearman's rank correlation over the pairs."""
    drawn = spearman_resamples({"": [first]}, [second], resamples)[""][0]
    _, low, high, _ = resampled_difference(float(drawn[0]), drawn[1:])
    return low, high


def spearman_difference(
    one: Numbers, other: Numbers, gold: Numbers, resamples: int = RESAMPLES
) -> Difference:
    """Compare two methods' rank correlations with the same gold scores, over the same pairs.

    Returns:
        The difference, its bootstrap interval, and a two-sided p-value from the same resamples.
    """
    drawn = spearman_resamples({"one": [one], "other": [other]}, [gold], resamples)
    (differences,) = drawn["one"] - drawn["other"]
    return resampled_difference(float(differences[0]), differences[1:])


def spearman_resamples(
    scores: Mapping[str, Sequence[Numbers]], golds: Sequence[Numbers], resamples: int = RESAMPLES
) -> dict[str, Numbers]:
    """Correlate the ranks of several methods with gold scores, and resample the pairs of each set.

    All methods get the same resamples, so that their correlations can be compared pair by pair.

    Args:
        scores: By method, its score of each pair, set by set.
        golds: The gold scores of each set.
        resamples: How many resamples to draw.

    Returns:
        By method, an array of shape (set, 1 + resamples), with the correlations of the sets as they
        are, then those of each resample; NaN where one does not vary.

    Raises:
        ArrayError: If a score is NaN: it has no rank.
    """
    if any(np.isnan(rows).any() for rows in chain(golds, *scores.values())):
        raise ArrayError("a score is NaN: leave out pairs without a score before they are ranked")
    found: dict[str, list[Numbers]] = {method: [] for method in scores}
    for number, gold in enumerate(golds):
        count = len(gold)
        rng = np.random.default_rng([SEED, number])
        times = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
        times = np.concatenate([np.ones((1, count), times.dtype), times])
        blocks = np.array_split(times, max(1, len(times) // BLOCK))
        wanted = [_weighted_ranks(gold, block) for block in blocks]
        for method, sets in scores.items():
            own = (_weighted_ranks(sets[number], block) for block in blocks)
            found[method].append(
                np.concatenate(
                    [_weighted_pearson(*three) for three in zip(own, wanted, blocks, strict=True)]
                )
            )
    return {method: np.stack(rows) for method, rows in found.items()}


BLOCK = 100
"""How many resamples are computed at once: few enough for memory."""


def _weighted_ranks(values: Numbers, times: Numbers) -> Numbers:
    """Rank values that are repeated: equal ones share the mean of their ranks.

    Args:
        values: Array of shape (unit,).
        times: Array of shape (resample, unit): how often each unit was drawn.

    Returns:
        Array of shape (resample, unit): each unit's rank, minus the mean rank.
    """
    order = np.argsort(values, kind="stable")
    _, starts, groups = np.unique(values[order], return_index=True, return_inverse=True)
    drawn = np.add.reduceat(times[:, order], starts, axis=1)
    ranks = np.cumsum(drawn, axis=1) - (drawn - 1) / 2 - (len(values) + 1) / 2
    placed = np.empty(times.shape)
    placed[:, order] = ranks[:, groups]
    return placed


def _weighted_pearson(one: Numbers, other: Numbers, times: Numbers) -> Numbers:
    """Correlate centred ranks of repeated units, a correlation per resample."""
    joint, own, others = (
        np.einsum("ru,ru,ru->r", times, *pair)
        for pair in ((one, other), (one, one), (other, other))
    )
    with np.errstate(invalid="ignore"):
        correlations: Numbers = joint / np.sqrt(own * others)
    return correlations


def mean_spearman_differences(
    resamples: Mapping[str, Numbers], pairs: Sequence[tuple[str, str]]
) -> list[Difference]:
    """Compare pairs of methods by their rank correlation, averaged over sets of pairs.

    Args:
        resamples: See ``spearman_resamples``.
        pairs: The methods and their baselines.

    Returns:
        For each pair the difference, its bootstrap interval, and a two-sided p-value from the same
        resamples, adjusted for the number of pairs (see ``holm``).
    """
    found = []
    for one, other in pairs:
        differences = (resamples[one] - resamples[other]).mean(axis=0)
        found.append(resampled_difference(float(differences[0]), differences[1:]))
    p_values = holm([difference[3] for difference in found])
    return [(*difference[:3], p) for difference, p in zip(found, p_values, strict=True)]


def folds_difference(one: Numbers, other: Numbers, test_share: float) -> Difference:
    """Compare two methods over the same folds of a cross-validation.

    The folds share training data, so that their differences are not independent; Nadeau and
    Bengio's corrected t-test allows for it.

    Args:
        one: One method's figure in each fold.
        other: The other's.
        test_share: Size of a fold's test part, divided by that of its training part.

    Returns:
        The mean difference, its interval, and a two-sided p-value.

    >>> same = np.array([0.5, 0.6])
    >>> folds_difference(same, same, 1 / 9)
    (0.0, 0.0, 0.0, 1.0)
    """
    differences = one - other
    mean, count = float(differences.mean()), len(differences)
    spread = float(np.sqrt((1 / count + test_share) * differences.var(ddof=1)))
    if spread == 0:
        return mean, mean, mean, float(mean == 0)
    reach = float(stats.t.ppf(0.975, count - 1)) * spread
    p = 2 * float(stats.t.sf(abs(mean) / spread, count - 1))
    return mean, mean - reach, mean + reach, p


def folds_interval(values: Numbers, test_share: float) -> Interval:
    """Compute the interval of a mean over folds, corrected as ``folds_difference`` is."""
    _, low, high, _ = folds_difference(values, np.zeros_like(values), test_share)
    return low, high


def items_difference(one: Numbers, other: Numbers) -> Difference:
    """Compare two methods that were each right or wrong on the same items.

    Returns:
        The difference of their shares, its bootstrap interval, and the p-value of McNemar's exact
        test.

    >>> items_difference(np.array([1, 1, 0]), np.array([1, 1, 0]))
    (0.0, 0.0, 0.0, 1.0)
    """
    differences = one.astype(float) - other.astype(float)
    low, high = mean_interval(differences)
    better, worse = int((differences > 0).sum()), int((differences < 0).sum())
    p = 1.0 if better + worse == 0 else float(stats.binomtest(better, better + worse).pvalue)
    return float(differences.mean()), low, high, p


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number (Benjamini and Hochberg).

    >>> adjusted([0.01, 0.04])
    [0.02, 0.04]
    """
    if not p_values:
        return []
    return [float(p) for p in stats.false_discovery_control(np.minimum(p_values, 1.0))]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number (Holm): no false finding at all with 95 %.

    >>> holm([0.03, 0.01, 0.5])
    [0.06, 0.03, 0.5]
    """
    order = np.argsort(p_values)
    factors = np.arange(len(order), 0, -1)
    raised = np.maximum.accumulate(np.asarray(p_values, float)[order] * factors)
    return [float(p) for p in np.minimum(raised, 1.0)[np.argsort(order)]]


def drawn_mean(values: Numbers, times: Numbers) -> Numbers:
    """Compute the mean of the units of each resample; NaN where none was drawn.

    Args:
        values: One number per unit.
        times: Array of shape (resample, unit): how often each unit was drawn.

    >>> drawn_mean(np.array([1.0, 4.0]), np.array([[1, 1], [2, 1]]))
    array([2.5, 2. ])
    """
    with np.errstate(invalid="ignore"):
        means: Numbers = times @ values / times.sum(axis=1)
    return means


def effect_size(contrasts: Numbers) -> float:
    """Compute Cohen's d of paired contrasts: their mean in units of their standard deviation.

    Returns:
        The effect size; NaN if the contrasts do not differ, or are fewer than two.

    >>> effect_size(np.array([1.0, 3.0])).__round__(3), effect_size(np.array([1.0, 1.0]))
    (1.414, nan)
    """
    return as_it_is(contrasts, drawn_effect_size)


def drawn_effect_size(contrasts: Numbers, times: Numbers) -> Numbers:
    """Compute the effect size of each resample; NaN where its contrasts do not differ.

    Args:
        contrasts: One number per unit.
        times: Array of shape (resample, unit): how often each unit was drawn.

    >>> drawn_effect_size(np.array([1.0, 3.0]), np.array([[1, 1], [2, 0]])).round(3)
    array([1.414,   nan])
    """
    means, drawn = drawn_mean(contrasts, times), times > 0
    largest = np.where(drawn, contrasts, -np.inf).max(axis=1, initial=-np.inf)
    smallest = np.where(drawn, contrasts, np.inf).min(axis=1, initial=np.inf)
    squares = np.einsum("ru,ru->r", times, (contrasts - means[:, None]) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        sizes = means / np.sqrt(squares / (times.sum(axis=1) - 1))
    return np.where(largest > smallest, sizes, np.nan)


def clustered_sums(table: Numbers, clusters: Numbers, resamples: int = RESAMPLES) -> Numbers:
    """Draw whole clusters of units, with replacement, and add up the rows of each draw.

    Ratios of the columns are resampled means, so that one draw serves many statistics.

    Args:
        table: Array of shape (unit, column).
        clusters: The cluster of each unit.
        resamples: How many draws to make.

    Returns:
        Array of shape (draw, column).

    >>> clustered_sums(np.array([[1.0, 5.0], [2.0, 5.0]]), np.array(["a", "a"]), resamples=1)
    array([[ 3., 10.]])
    """
    names, numbers = np.unique(clusters, return_inverse=True)
    sums = np.zeros((len(names), table.shape[1]))
    np.add.at(sums, numbers, table)
    added: Numbers = _times_drawn(len(names), resamples) @ sums
    return added


def clustered_mean_interval(values: Numbers, clusters: Numbers) -> Interval:
    """Bootstrap the mean of units that come in clusters: whole clusters are drawn."""
    _, low, high, _ = clustered_difference(values, np.zeros_like(values), clusters)
    return low, high


def clustered_difference(one: Numbers, other: Numbers, clusters: Numbers) -> Difference:
    """Compare two methods over the same units, which come in clusters: whole clusters are drawn.

    Args:
        one: One method's figure of each unit.
        other: The other's.
        clusters: The cluster of each unit.

    Returns:
        The mean difference, its bootstrap interval, and a two-sided p-value from the same
        resamples.

    >>> same = np.array([0.0, 1.0])
    >>> clustered_difference(same, same, np.array([1, 2]))
    (0.0, 0.0, 0.0, 1.0)
    """
    differences = np.asarray(one, float) - other
    table = np.stack([differences, np.ones(len(differences))], axis=1)
    added = clustered_sums(table, clusters)
    return resampled_difference(float(differences.mean()), added[:, 0] / added[:, 1])


def crossed_interval(
    values: Numbers, rows: Numbers, columns: Numbers, statistic: Statistic
) -> Interval:
    """Bootstrap a statistic of units that two random factors cross: both are drawn.

    Args:
        values: One number per unit.
        rows: The level of one factor that each unit has, such as its template.
        columns: The level of the other, such as its kind of nouns.
        statistic: Returns the statistic of each resample, as ``drawn_effect_size`` does.
    """
    drawn = statistic(values, _crossed(tuple(rows), tuple(columns)))
    _, low, high, _ = resampled_difference(as_it_is(values, statistic), drawn)
    return low, high


def crossed_difference(
    one: Numbers,
    other: Numbers,
    rows: Numbers,
    columns: Numbers,
    statistic: Statistic,
) -> Difference:
    """Compare a statistic of two methods over the same units, resampled as ``crossed_interval``.

    Returns:
        The difference, its bootstrap interval, and a two-sided p-value from the same resamples.
    """
    times = _crossed(tuple(rows), tuple(columns))
    difference = as_it_is(one, statistic) - as_it_is(other, statistic)
    return resampled_difference(difference, statistic(one, times) - statistic(other, times))


def as_it_is(values: Numbers, statistic: Statistic) -> float:
    """Compute the statistic of all units, each taken once."""
    return float(statistic(values, np.ones((1, len(values))))[0])


def resampled_difference(difference: float, drawn: Numbers) -> Difference:
    """Add to a difference the interval and the two-sided p-value that resamples give it.

    Args:
        difference: The difference.
        drawn: The difference in each resample; those in which it is undefined are left out.

    >>> resampled_difference(1.0, np.array([0.5, 1.0, 1.5]))[::3]
    (1.0, 0.5)
    """
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    # The share of resamples on the far side of 0, counted so that it is never 0.
    beyond = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (beyond + 1) / (len(drawn) + 1))
    return difference, float(low), float(high), float(p)


def clustered_mean_score(
    method: str, measure: str, values: Numbers, clusters: Numbers, group: str = ""
) -> Score:
    """Compute the mean of units that come in clusters, and its interval."""
    interval = clustered_mean_interval(values, clusters)
    return Score(method, measure, float(values.mean()), *interval, len(values), group)


def mean_score(method: str, measure: str, values: Numbers, group: str = "") -> Score:
    """Compute the mean of units and its interval."""
    interval = mean_interval(values)
    return Score(method, measure, float(values.mean()), *interval, len(values), group)


def median_score(method: str, measure: str, values: Numbers) -> Score:
    """Compute the median of units and its interval."""
    interval = median_interval(values)
    return Score(method, measure, float(np.median(values)), *interval, len(values))


def share_score(method: str, measure: str, hits: int, count: int, group: str = "") -> Score:
    """Compute a share and its interval; NaN if the count is 0.

    >>> share_score("a", "b", 5, 10).value
    0.5
    """
    value = hits / count if count else float("nan")
    return Score(method, measure, value, *proportion_interval(hits, count), count, group)


def spearman_score(
    method: str, measure: str, first: Numbers, second: Numbers, group: str = ""
) -> Score:
    """Compute a rank correlation and its interval."""
    value, interval = spearman(first, second), spearman_interval(first, second)
    return Score(method, measure, value, *interval, len(first), group)


def difference_scores(
    measure: str,
    pairs: Sequence[tuple[Compared, Compared]],
    count: int,
    compare: Callable[[Compared, Compared], Difference],
) -> list[Score]:
    """Compare pairs of methods, with p-values adjusted for the number of pairs.

    Args:
        measure: What is measured.
        pairs: The methods and their baselines.
        count: How many units were measured.
        compare: Returns the difference of a pair.
    """
    differences = [compare(*pair) for pair in pairs]
    p_values = adjusted([difference[3] for difference in differences])
    return [
        Score(method.name, measure, *difference[:3], count, baseline=baseline.name, p=p)
        for (method, baseline), difference, p in zip(pairs, differences, p_values, strict=True)
    ]


@lru_cache(maxsize=8)
def _times_drawn(count: int, resamples: int) -> Numbers:
    """Draw ``count`` clusters in each resample, and say how often each one was drawn."""
    chances = np.full(count, 1 / count)
    drawn: Numbers = np.random.default_rng(SEED).multinomial(count, chances, size=resamples)
    # As floats: numpy multiplies those matrices fast.
    return drawn.astype(float)


@lru_cache(maxsize=4)
def _crossed(rows: tuple[Any, ...], columns: tuple[Any, ...]) -> Numbers:
    """Draw the levels of two factors in each resample, and say how often each unit was drawn."""
    rng = np.random.default_rng(SEED)
    levels = [np.unique(factor, return_inverse=True) for factor in (rows, columns)]
    times = np.ones((RESAMPLES, len(rows)))
    for resample in times:
        for names, number in levels:
            drawn = rng.integers(len(names), size=len(names))
            resample *= np.bincount(drawn, minlength=len(names))[number]
    return times


def _percentiles(
    samples: tuple[Numbers, ...], statistic: Callable[..., float], resamples: int
) -> Interval:
    low, high = np.quantile(_resampled(samples, statistic, resamples), [0.025, 0.975])
    return float(low), float(high)


def _resampled(
    samples: tuple[Numbers, ...], statistic: Callable[..., float], resamples: int
) -> Numbers:
    drawn = stats.bootstrap(
        samples,
        statistic,
        paired=True,
        vectorized=False,
        n_resamples=resamples,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    return np.asarray(drawn.bootstrap_distribution)


def _bootstrap(values: Numbers, statistic: Callable[..., Any], resamples: int) -> Interval:
    if len(values) < 2:
        return float("nan"), float("nan")
    found = stats.bootstrap(
        (values,),
        statistic,
        vectorized=True,
        n_resamples=resamples,
        method="percentile",
        batch=100,
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(found.low), float(found.high)
