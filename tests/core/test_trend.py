"""Trend vectors: every case of two numbers, and what undefined means."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.modules import without_shape_checks
from helpers.strict import nothing_warns
from trendlib import trend as trend_module
from trendlib.errors import ArrayError, UnknownChoiceError
from trendlib.trend import (
    FIRST_STATES,
    KINDS,
    angle,
    difference,
    discounted,
    fourier_magnitude,
    log_quotient,
)

nan, inf = math.nan, math.inf
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
PAIRS = st.integers(1, 20).flatmap(
    lambda size: st.tuples(
        arrays(np.float64, size, elements=NUMBERS), arrays(np.float64, size, elements=NUMBERS)
    )
)


@pytest.mark.parametrize(
    ("contextual", "static", "expected"),
    [
        (2.0, 1.0, math.log(2)),
        (-2.0, -1.0, math.log(2)),
        (1.0, 2.0, -math.log(2)),
        (3.0, 3.0, 0.0),
        (-3.0, -3.0, 0.0),
        (1.0, -1.0, nan),
        (-1.0, 1.0, nan),
        (0.0, 1.0, nan),
        (0.0, -1.0, nan),
        (-0.0, -1.0, nan),
        (1.0, 0.0, nan),
        (1.0, -0.0, nan),
        (0.0, 0.0, nan),
        (nan, 1.0, nan),
        (1.0, nan, nan),
        (inf, 1.0, nan),
        (1.0, inf, nan),
        (inf, inf, nan),
        (-inf, -inf, nan),
        (1e300, 1e-300, math.log(1e300) - math.log(1e-300)),
        (5e-324, 5e-324, 0.0),
    ],
)
def test_every_case_of_the_log_quotient(contextual: float, static: float, expected: float) -> None:
    result = log_quotient(np.array([static]), np.array([contextual]))
    np.testing.assert_allclose(result.values, [expected], rtol=1e-15)
    assert result.defined.tolist() == [not math.isnan(expected)]


@nothing_warns
@given(PAIRS)
def test_values_and_mask_agree_and_nothing_warns(pair: tuple[np.ndarray, np.ndarray]) -> None:
    for kind in KINDS.values():
        result = kind(*pair)
        np.testing.assert_array_equal(np.isfinite(result.values), result.defined)
        assert np.isnan(result.values[~result.defined]).all()
        np.testing.assert_array_equal(result.undefined_as_zero[~result.defined], 0)
        np.testing.assert_array_equal(
            result.undefined_as_zero[result.defined], result.values[result.defined]
        )


@given(PAIRS)
def test_the_log_quotient_is_the_articles(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """Where log(contextual / static) is finite and not rounded away, it is the same number."""
    static, contextual = pair
    with np.errstate(all="ignore"):
        quotient = contextual / static
        naive = np.log(quotient)
    usual = np.isfinite(naive) & (quotient > 1e-300) & (np.abs(contextual) > 1e-300)
    usual &= (np.abs(static) > 1e-300) & np.isfinite(quotient)
    result = log_quotient(static, contextual)
    assert result.defined[usual].all()
    np.testing.assert_allclose(result.values[usual], naive[usual], rtol=1e-12, atol=1e-12)
    negative = np.isfinite(static) & np.isfinite(contextual) & (quotient < 0)
    assert not result.defined[negative].any()


@given(PAIRS)
def test_the_way_back_has_the_opposite_sign(pair: tuple[np.ndarray, np.ndarray]) -> None:
    there, back = log_quotient(*pair), log_quotient(*pair[::-1])
    np.testing.assert_array_equal(there.values, -back.values)


def test_the_toy_vectors_of_the_article() -> None:
    static = np.array([0.85, 0.6, 0.45])
    result = log_quotient(static, np.array([0.2, 1.0, 0.1]))
    assert result.values.round(1).tolist() == [-1.4, 0.5, -1.5]


def test_difference() -> None:
    result = difference(np.array([1.0, 0.0, nan, inf]), np.array([3.0, -1.0, 1.0, inf]))
    np.testing.assert_array_equal(result.values, [2, -1, nan, nan])
    assert result.defined.tolist() == [True, True, False, False]


@nothing_warns
def test_a_difference_that_overflows_is_undefined() -> None:
    result = difference(np.array([-1.7e308, 1.0]), np.array([1.7e308, 3.0]))
    np.testing.assert_array_equal(result.values, [nan, 2])
    assert result.defined.tolist() == [False, True]


# The angle

DIRECTIONS = st.integers(2, 20).flatmap(
    lambda size: st.tuples(*2 * [arrays(np.float64, size, elements=st.floats(-100, 100))])
)


def theta_of(static: np.ndarray, contextual: np.ndarray) -> float:
    """Compute the angle in the way of Kahan, from the chord and its counterpart."""
    start, end = (vector / np.linalg.norm(vector) for vector in (static, contextual))
    return float(2 * np.arctan2(np.linalg.norm(end - start), np.linalg.norm(end + start)))


def usable(pair: tuple[np.ndarray, np.ndarray]) -> bool:
    return all(np.abs(vector).max() > 1e-100 for vector in pair)


@pytest.mark.parametrize("degrees", [0, 1e-6, 30, 45, 90, 135, 179.9999])
def test_the_angle_of_vectors_in_a_plane(degrees: float) -> None:
    theta = np.radians(degrees)
    result = angle(np.array([3.0, 0, 0]), 7 * np.array([np.cos(theta), 0, np.sin(theta)]))
    np.testing.assert_allclose(result.values, [0, 0, theta], rtol=1e-9, atol=1e-15)
    assert result.defined.all()


@given(DIRECTIONS.filter(usable))
def test_the_angle_is_as_long_as_it_is_wide_and_orthogonal(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    static, contextual = pair
    theta = theta_of(static, contextual)
    result = angle(static, contextual)
    if theta > np.pi - 1e-14:
        return  # opposite within rounding: either answer is right
    assert result.defined.all()
    assert np.linalg.norm(result.values) == pytest.approx(theta, rel=1e-9, abs=1e-14)
    assert abs(result.values @ static) <= 1e-14 * np.linalg.norm(static)
    # The arrow leads from the one direction to the other.
    start = static / np.linalg.norm(static)
    sinc = np.sinc(theta / np.pi)
    reached = np.cos(theta) * start + sinc * result.values
    np.testing.assert_allclose(reached, contextual / np.linalg.norm(contextual), atol=1e-13)


def test_the_angle_of_almost_opposite_vectors_is_orthogonal_too() -> None:
    """Where one projection would leave rounding that is as large as what it has to find."""
    random = np.random.default_rng(0)
    for _ in range(20):
        static = random.normal(size=384)
        result = angle(static, -static + 1e-12 * random.normal(size=384))
        assert np.linalg.norm(result.values) == pytest.approx(np.pi)
        assert abs(result.values @ static) <= 1e-12 * np.linalg.norm(static)


@given(DIRECTIONS.filter(usable), st.floats(1e-50, 1e50), st.floats(1e-50, 1e50))
def test_the_angle_does_not_depend_on_the_lengths(
    pair: tuple[np.ndarray, np.ndarray], first: float, second: float
) -> None:
    if theta_of(*pair) < np.pi - 1e-6:  # close to it, the direction depends on rounding
        scaled = angle(first * pair[0], second * pair[1])
        np.testing.assert_allclose(scaled.values, angle(*pair).values, atol=1e-8)


@nothing_warns
@pytest.mark.parametrize(
    ("static", "contextual"),
    [
        ([0, 0, 0], [1, 2, 3]),
        ([1, 2, 3], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0]),
        ([1, nan, 3], [1, 2, 3]),
        ([1, 2, 3], [1, inf, 3]),
        ([1, 2, 3], [-1, -2, -3]),
        ([1, 2, 3], [-0.1, -0.2, -0.3]),
        ([1e300, 2e300, 3e300], [-1e-300, -2e-300, -3e-300]),
    ],
)
def test_an_angle_without_a_direction_is_undefined_in_all_coordinates(
    static: list[float], contextual: list[float]
) -> None:
    for dtype in (np.float32, np.float64):
        with np.errstate(over="ignore"):  # 1e300 is infinite in float32
            pair = np.array(static).astype(dtype), np.array(contextual).astype(dtype)
        result = angle(*pair)
        assert np.isnan(result.values).all()
        assert not result.defined.any()
        assert result.values.dtype == dtype


@nothing_warns
def test_the_angle_of_huge_and_tiny_vectors() -> None:
    for size in (1e-310, 1e-200, 1e200, 1.7e308):
        result = angle(np.array([size, 0]), np.array([size, size]))
        np.testing.assert_allclose(result.values, [0, np.pi / 4], atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_turn_is_zero_and_a_long_opposite_vector_is_undefined(dtype: type) -> None:
    """Whatever rounding leaves of the direction of 384 coordinates."""
    for seed in range(50):
        vector = np.random.default_rng(seed).normal(size=384).astype(dtype)
        unchanged, opposite = angle(vector, vector * dtype(0.3)), angle(vector, vector * dtype(-3))
        assert (unchanged.values == 0).all()
        assert unchanged.values.dtype == dtype
        assert not opposite.defined.any()


def test_a_discounted_vector_lies_between_the_two() -> None:
    result = discounted(np.array([1.0, 0.0, nan, 1.0]), np.array([1.0, 10.0, 1.0, inf]))
    np.testing.assert_allclose(result.values, [1, 7, nan, nan])
    assert result.defined.tolist() == [True, True, False, False]


def test_each_kind_begins_at_a_hidden_state() -> None:
    assert FIRST_STATES.keys() == KINDS.keys()
    assert {kind for kind, state in FIRST_STATES.items() if state == 1} == {"discounted"}


def test_defined_share() -> None:
    assert log_quotient(np.ones(4), np.array([1.0, -1, 2, 0])).defined_share == 0.5


def test_dtype_is_kept() -> None:
    ones = np.ones(3, dtype=np.float32)
    assert log_quotient(ones, ones).values.dtype == np.float32
    assert log_quotient(ones, ones).undefined_as_zero.dtype == np.float32


def test_results_are_frozen() -> None:
    with pytest.raises(ValueError, match="read-only"):
        log_quotient(np.ones(2), np.ones(2)).values[0] = 1


def test_unknown_kind() -> None:
    with pytest.raises(UnknownChoiceError, match="'log quotient', 'difference'"):
        without_shape_checks(trend_module).trend(np.ones(2), np.ones(2), "quotient")


@pytest.mark.parametrize("kind", ["log_quotient", "difference", "angle"])
def test_vectors_of_two_lengths(kind: str) -> None:
    with pytest.raises(ArrayError, match="2 coordinates and a contextual one of 3"):
        getattr(without_shape_checks(trend_module), kind)(np.ones(2), np.ones(3))


def test_shapes_are_checked_in_these_tests() -> None:
    with pytest.raises(TypeError, match="Type-check error"):
        log_quotient(np.ones(2), np.ones(3))


def test_fourier_magnitude() -> None:
    wave = np.cos(2 * np.pi * np.arange(8) / 8)
    np.testing.assert_allclose(fourier_magnitude(wave), [0, 0.5, 0, 0, 0, 0, 0, 0.5], atol=1e-12)
    with pytest.raises(ArrayError, match="undefined_as_zero"):
        fourier_magnitude(np.array([1.0, nan]))
