"""Figures as text: shares, differences, p-values, each with its interval."""

from dataclasses import dataclass

from trendlib.evaluate.scores import Score
from trendlib.language import N_, _

AS_THE_ARTICLE = N_("as the article does")
"""What tables call the condition that has no name: the article's own choices."""


@dataclass(frozen=True)
class Format:
    """How a figure is written; a call writes it together with its interval.

    Attributes:
        digits: The format specification of the number.
        scale: What the number is multiplied by.
        unit: The text around the number.
        signed: Whether a difference is written with its sign.
    """

    digits: str
    scale: float = 1.0
    unit: str = "{number}"
    signed: bool = False

    def __call__(self, score: Score) -> str:
        """Write a figure and, in brackets, its interval if it has one.

        >>> number(Score("a", "b", 0.5, 0.4, 0.6, 10))
        '0.50 (0.40 to 0.60)'
        """
        value, ends = self.value(score), self.ends(score)
        return f"{value} ({ends})" if ends else value

    def value(self, score: Score) -> str:
        """Write a figure without its interval.

        >>> interval.value(Score("a", "b", 0.5, 0.4, 0.6, 10))
        '50.0 %'
        """
        return _(self.unit).format(number=self._number(score.value, score))

    def ends(self, score: Score) -> str:
        """Write both ends of the interval, without the unit; nothing if there is none.

        >>> hundredths.ends(Score("a", "b", -0.015, -0.02, -0.01, 10, baseline="c"))
        '-2.0 to -1.0'
        """
        if score.low is None or score.high is None:
            return ""
        low, high = (self._number(end, score) for end in (score.low, score.high))
        return _("{low} to {high}").format(low=low, high=high)

    def _number(self, value: float, score: Score) -> str:
        sign = "+" if self.signed and score.baseline else ""
        return format(self.scale * value, sign + self.digits)


interval = Format(".1f", 100, "{number} %")
"""A share, in percent."""
number = Format(".2f")
"""A figure with two decimals."""
short_number = Format(".3g")
"""A figure with three significant digits."""
hundredths = Format(".1f", 100, signed=True)
"""A figure, or a difference, in hundredths."""
points = Format("+.1f", 100, N_("{number} points"))
"""A difference in points: hundredths of accuracy, of a share or of a correlation."""


def percent(share: float) -> str:
    """Write a share that has no interval.

    >>> percent(0.1234)
    '12.3 %'
    """
    return f"{100 * share:.1f} %"


def p_text(p: float | None) -> str:
    """Write a p-value.

    >>> p_text(0.00012), p_text(0.034)
    ('< 0.001', '0.034')
    """
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
