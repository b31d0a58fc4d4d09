"""Figures as text: shares, differences, p-values, each with its interval."""

from collections.abc import Callable

from trendlib.evaluate.scores import Score
from trendlib.language import _

Write = Callable[[Score], str]
"""Writes a figure."""


def percent(value: float) -> str:
    """Write a share.

    >>> percent(0.12345)
    '12.3 %'
    """
    return f"{per_hundred(value)} %"


def with_ends(score: Score, shown: str, write: Callable[[float], str]) -> str:
    """Write a figure, and the ends of its interval if it has one.

    >>> with_ends(Score("a", "b", 0.5, 0.4, 0.6, 10), "half", "{:.1f}".format)
    'half (0.4 to 0.6)'
    """
    if score.low is None or score.high is None:
        return shown
    low, high = write(score.low), write(score.high)
    return _("{shown} ({low} to {high})").format(shown=shown, low=low, high=high)


def interval(score: Score) -> str:
    """Write a share with its interval.

    >>> interval(Score("a", "b", 0.5, 0.4, 0.6, 10))
    '50.0 % (40.0 to 60.0)'
    """
    return with_ends(score, percent(score.value), per_hundred)


def number(score: Score) -> str:
    """Write a figure with its interval, to two decimal places.

    >>> number(Score("a", "b", 0.5, None, None, 10))
    '0.50'
    """
    return with_ends(score, f"{score.value:.2f}", "{:.2f}".format)


def hundredths(score: Score) -> str:
    """Write a figure, or a difference, in hundredths.

    >>> hundredths(Score("a", "b", -0.015, -0.02, -0.01, 10, baseline="c"))
    '-1.5 (-2.0 to -1.0)'
    """
    write = ("{:+.1f}" if score.baseline else "{:.1f}").format
    return with_ends(score, write(100 * score.value), lambda value: write(100 * value))


def points(score: Score) -> str:
    """Write a difference in points: hundredths of accuracy, of a share or of a correlation.

    >>> points(Score("a", "b", -0.015, -0.02, -0.01, 10, baseline="c"))
    '-1.5 points (-2.0 to -1.0)'
    """
    write = "{:+.1f}".format
    shown = _("{number} points").format(number=write(100 * score.value))
    return with_ends(score, shown, lambda value: write(100 * value))


def p_text(p: float | None) -> str:
    """Write a p-value.

    >>> p_text(0.00012), p_text(0.034)
    ('< 0.001', '0.034')
    """
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def short_number(score: Score) -> str:
    """Write a figure with its interval, to three significant digits.

    >>> short_number(Score("a", "b", 0.000123, 0.0001, 0.0002, 10))
    '0.000123 (0.0001 to 0.0002)'
    """
    return with_ends(score, f"{score.value:.3g}", "{:.3g}".format)


def per_hundred(value: float) -> str:
    """Write a share in percent, without the sign.

    >>> per_hundred(0.12345)
    '12.3'
    """
    return f"{100 * value:.1f}"
