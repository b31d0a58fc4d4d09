"""Trends: how the model changed each coordinate of a word's vector.

The articles use the log quotient ``log(contextual / static)``: 0 for an unchanged coordinate,
positive for one that grew in magnitude, negative for one that shrank. It exists only where both
numbers are finite, not zero and of the same sign. Every other coordinate is *undefined*, which is
not the same as *unchanged*: its value is NaN, and the mask says False.

===================  ===============  ============================================
contextual           static           log quotient
===================  ===============  ============================================
same sign as static  not 0            log(contextual / static)
equal to static      not 0            0: unchanged
opposite sign        not 0            undefined (the log of a negative number)
0                    not 0            undefined (the log of 0)
not 0                0                undefined (a division by 0)
0                    0                undefined (0 / 0)
NaN or infinite      anything         undefined
anything             NaN or infinite  undefined
===================  ===============  ============================================

The other kinds of trend are undefined more rarely: each function says where. The *angle* looks at
the two vectors as wholes, and so it is defined in all coordinates or in none. The *discounted* kind
is no change, but a vector from which a part of its change is taken away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trendlib.encoding import Rebuilt
from trendlib.errors import ArrayError, check_choice
from trendlib.typing import Mask, PartStates, Vector

Kind = Literal["log quotient", "difference", "signed log-abs", "angle", "discounted"]


@dataclass(frozen=True, eq=False)
class Trend(Rebuilt):
    """A word's trend vector.

    Attributes:
        values: Array of shape (hidden,); NaN where the trend is undefined.
        defined: Mask of the same shape: True where the trend is defined.
        kind: "log quotient", "difference", "signed log-abs", "angle" or "discounted".
    """

    values: Vector
    defined: Mask
    kind: Kind

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        self.values.setflags(write=False)
        self.defined.setflags(write=False)

    @property
    def defined_share(self) -> float:
        """The share of coordinates that are defined, from 0 to 1."""
        return float(self.defined.mean())

    @property
    def undefined_as_zero(self) -> Vector:
        """The values, with 0 in place of NaN: the article's choice.

        A 0 then means "undefined" as well as "unchanged"; only ``defined`` tells them apart.
        """
        return np.where(self.defined, self.values, 0)


def log_quotient(static: Vector, contextual: Vector) -> Trend:
    """Compute log(contextual / static) for each coordinate.

    Args:
        static: A word's vector in hidden state 0.
        contextual: The same word's vector in the last hidden state.

    Returns:
        The trend; the table at the top of this module says where it is undefined.

    Raises:
        ArrayError: If the vectors have different lengths.

    >>> log_quotient(np.array([1.0, 1.0, 0.0]), np.array([1.0, -1.0, 2.0])).values
    array([ 0., nan, nan])
    """
    _check_lengths(static, contextual)
    finite = np.isfinite(static) & np.isfinite(contextual)
    # Compare signs instead of multiplying: a product of tiny numbers would underflow to 0.
    defined = finite & (static != 0) & (np.sign(static) == np.sign(contextual))
    values = np.full(static.shape, np.nan, dtype=np.result_type(static, contextual))
    # log|a| - log|b| equals log(a/b), but a/b could overflow.
    values[defined] = np.log(np.abs(contextual[defined])) - np.log(np.abs(static[defined]))
    return Trend(values, defined, "log quotient")


def difference(static: Vector, contextual: Vector) -> Trend:
    """Compute contextual - static for each coordinate.

    Returns:
        The trend; undefined where a number, or the difference, is NaN or infinite.

    Raises:
        ArrayError: If the vectors have different lengths.

    >>> difference(np.array([1.0, 1.0]), np.array([0.5, -1.0])).values
    array([-0.5, -2. ])
    """
    _check_lengths(static, contextual)
    defined = np.isfinite(static) & np.isfinite(contextual)
    values = np.full(static.shape, np.nan, dtype=np.result_type(static, contextual))
    with np.errstate(over="ignore"):  # a difference that overflows is undefined
        np.subtract(contextual, static, out=values, where=defined)
    defined &= np.isfinite(values)
    return Trend(np.where(defined, values, np.nan), defined, "difference")


def signed_log_abs(static: Vector, contextual: Vector) -> Trend:
    """Compute sign(q) log|q| for the quotient q = contextual / static of each coordinate.

    Unlike the log quotient it is defined where the sign changed. The price is that it is not
    one-to-one: a coordinate that was halved and one that was doubled with its sign changed get the
    same value.

    Returns:
        The trend; undefined where a number is 0, NaN or infinite.

    Raises:
        ArrayError: If the vectors have different lengths.

    >>> signed_log_abs(np.array([1.0, 1.0, 0.0]), np.array([0.5, -2.0, 2.0])).values.round(4)
    array([-0.6931, -0.6931,     nan])
    """
    _check_lengths(static, contextual)
    quotient = log_quotient(np.abs(static), np.abs(contextual))
    signs = np.sign(static) * np.sign(contextual)
    return Trend(signs * quotient.values, quotient.defined, "signed log-abs")


def angle(static: Vector, contextual: Vector) -> Trend:
    """Compute the spherical logarithm: how far, and which way, the vector has turned.

    With the unit vectors s and c of the two, and theta the angle between them, it is
    theta / sin(theta) * (c - cos(theta) s). This is the shortest way from s to c on the sphere, as
    an arrow at s: it is orthogonal to s, and its length is theta. The lengths of the two vectors
    play no role. It is the inverse of the exponential map (do Carmo 1992, "Riemannian Geometry",
    chapter 3).

    Returns:
        The trend; zeros for vectors of one direction. It is undefined in all coordinates if a
        vector is zero or holds NaN or infinity, or if the two are opposite, within rounding: then
        no way is the shortest one.

    Raises:
        ArrayError: If the vectors have different lengths.

    >>> angle(np.array([2.0, 0.0]), np.array([0.0, 3.0])).values.round(4)
    array([0.    , 1.5708])
    >>> angle(np.array([2.0, 0.0]), np.array([-1.0, 0.0])).values
    array([nan, nan])
    """
    _check_lengths(static, contextual)
    dtype = np.result_type(static, contextual)
    undefined = _whole(np.full(static.shape, np.nan, dtype))
    if not all(np.isfinite(vector).all() and vector.any() for vector in (static, contextual)):
        return undefined
    start, end = _unit(static), _unit(contextual)
    cosine = start @ end
    way = end - cosine * start
    way -= (way @ start) * start  # what rounding has left; once more is enough
    sine = np.linalg.norm(way)
    if sine <= NOISE * np.finfo(dtype).eps:  # the direction of `way` is nothing but rounding
        return undefined if cosine < 0 else _whole(np.zeros(static.shape, dtype))
    # Unlike the arc cosine, this is exact for small angles.
    return _whole(np.arctan2(sine, cosine) / sine * way)


NOISE = 8
"""Two unit vectors are taken for parallel, or for opposite, if the sine of their angle is at most
so many times the number format's precision."""


def discounted(first: Vector, contextual: Vector) -> Trend:
    """Compute contextual - DISCOUNT * (contextual - first) for each coordinate.

    It takes a part of the vector's change away from it, and so it lies between the two vectors:
    with the discount 0.3 it equals 0.7 contextual + 0.3 first.

    Args:
        first: A word's, or a token's, vector in hidden state 1, behind the first layer.
        contextual: The same one's vector in the last hidden state.

    Returns:
        The vector; undefined where the difference is.

    Raises:
        ArrayError: If the vectors have different lengths.

    >>> discounted(np.array([1.0, 0.0]), np.array([1.0, 10.0])).values
    array([1., 7.])
    """
    change = difference(first, contextual)
    return Trend(contextual - DISCOUNT * change.values, change.defined, "discounted")


DISCOUNT = 0.3
"""The part of the change that ``discounted`` takes away: chosen on the development part of STS-B
alone (chapter 12)."""


KINDS: dict[Kind, Callable[[Vector, Vector], Trend]] = {
    "log quotient": log_quotient,
    "difference": difference,
    "signed log-abs": signed_log_abs,
    "angle": angle,
    "discounted": discounted,
}

FIRST_STATES: dict[Kind, int] = {**dict.fromkeys(KINDS, 0), "discounted": 1}
"""The hidden state that each kind compares the last one with: 0, the static one, or the output of
the first layer."""


def trend(static: Vector, contextual: Vector, kind: Kind = "log quotient") -> Trend:
    """Compute a trend of the given kind.

    Args:
        static: A word's vector in the hidden state that ``FIRST_STATES`` names.
        contextual: The same word's vector in the last hidden state.
        kind: One of ``KINDS``.

    Raises:
        UnknownChoiceError: If there is no such kind.
        ArrayError: If the vectors have different lengths.

    >>> trend(np.array([1.0, 2.0]), np.array([3.0, 2.0]), "difference").values
    array([2., 0.])
    """
    check_kind(kind)
    return KINDS[kind](static, contextual)


def trends(static: PartStates, contextual: PartStates, kind: Kind = "log quotient") -> list[Trend]:
    """Compute the trends of several words, or tokens, at once.

    Args:
        static: One row per word: its vector in the hidden state that ``FIRST_STATES`` names.
        contextual: Their vectors in the last hidden state.
        kind: One of ``KINDS``.

    Returns:
        What ``trend`` returns for each row.

    Raises:
        UnknownChoiceError: If there is no such kind.
        ArrayError: If the arrays have different shapes.

    >>> [each.values for each in trends(np.array([[1.0], [2.0]]), np.array([[3.0], [2.0]]))]
    [array([1.09861229]), array([0.])]
    """
    check_kind(kind)
    if static.shape != contextual.shape:
        raise ArrayError(
            f"static vectors of shape {static.shape} and contextual ones of {contextual.shape}: "
            "pass one of each per word, of the same length"
        )
    if kind == "angle":  # which looks at a vector as a whole
        return [trend(*pair, kind) for pair in zip(static, contextual, strict=True)]
    # The others look at one coordinate at a time, so that all rows may be one long vector.
    joined = trend(static.ravel(), contextual.ravel(), kind)
    parts = joined.values.reshape(static.shape), joined.defined.reshape(static.shape)
    return [Trend(values, defined, kind) for values, defined in zip(*parts, strict=True)]


def check_kind(given: object) -> None:
    """Check that a kind of trend exists.

    Raises:
        UnknownChoiceError: If it does not; the message lists those that do.
    """
    check_choice("kind of trend", given, KINDS)


def fourier_magnitude(values: Vector) -> Vector:
    """Compute the magnitudes of the discrete Fourier transform, divided by the length.

    The third article compares words by these, taken of their trends.

    Args:
        values: Array of shape (hidden,), without NaN: see ``Trend.undefined_as_zero``.

    Raises:
        ArrayError: If a value is NaN or infinite.

    >>> fourier_magnitude(np.array([1.0, -1.0]))
    array([0., 1.])
    """
    if not np.isfinite(values).all():
        raise ArrayError(
            "the Fourier transform needs finite numbers: take `undefined_as_zero`, the "
            "article's choice"
        )
    return np.abs(np.fft.fft(values) / len(values))


def _check_lengths(static: Vector, contextual: Vector) -> None:
    if static.shape != contextual.shape:
        raise ArrayError(
            f"a static vector of {len(static)} coordinates and a contextual one of "
            f"{len(contextual)}: they must have the same length"
        )


def _unit(vector: Vector) -> Vector:
    largest = vector / np.abs(vector).max()  # squares of huge or tiny numbers leave the range
    unit: Vector = largest / np.linalg.norm(largest)
    return unit


def _whole(values: Vector) -> Trend:
    return Trend(values, np.isfinite(values), "angle")
