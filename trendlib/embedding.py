"""The sentence embedding: the trend of the focus word plus the trend of the related word."""

from dataclasses import dataclass

import numpy as np

from trendlib.attention import ARTICLE, AttentionResult, NoRelated, Reading, Related, read
from trendlib.encoding import Encoding, Provenance
from trendlib.errors import ArrayError, check_choice
from trendlib.trend import KINDS, Trend, trend
from trendlib.typing import Mask, Vector, WordStates
from trendlib.words import mean_over_pieces

UNDEFINED = ("zero", "keep")
"""What becomes of undefined coordinates: see ``add_trends``."""
COMBINATIONS = ("sum", "concatenation", "focus")
"""What becomes of two trends: see ``combine_trends``."""


@dataclass(frozen=True)
class Recipe:
    """How a sentence becomes a vector; the article's way, unless something else is said.

    Attributes:
        reading: How focus and related word are found.
        kind: "log quotient", "difference" or "signed log-abs".
        undefined: "zero" or "keep"; see ``combine_trends``.
        combination: "sum", "concatenation" or "focus"; see ``combine_trends``.
    """

    reading: Reading = ARTICLE
    kind: str = "log quotient"
    undefined: str = "zero"
    combination: str = "sum"

    def __post_init__(self) -> None:
        """Check the choices.

        Raises:
            UnknownChoiceError: If there is no such kind, or no such choice.
        """
        check_choice("kind of trend", self.kind, KINDS)
        check_choice("choice for undefined coordinates", self.undefined, UNDEFINED)
        check_choice("combination", self.combination, COMBINATIONS)

    def width(self, hidden_size: int) -> int:
        """Say how many coordinates an embedding has, given how many a hidden state has."""
        return 2 * hidden_size if self.combination == "concatenation" else hidden_size


ARTICLE_RECIPE = Recipe()


@dataclass(frozen=True)
class Overlap:
    """In how many coordinates two trends are defined.

    Attributes:
        both: Where both are.
        one: Where exactly one is; the article's claim is that the two complement each other.
        neither: Where none is.
    """

    both: int
    one: int
    neither: int


@dataclass(frozen=True, eq=False)
class SentenceEmbedding:
    """A sentence as one vector, with all that led to it.

    Attributes:
        sentence: The text.
        attention: Focus and related word, and how they were found.
        focus_trend: The focus word's trend.
        related_trend: The related word's trend; None where there is no related word.
        values: The embedding; the focus word's trend alone where there is no related word.
        defined: Where it is defined. With ``undefined="zero"`` the value elsewhere is 0.
        undefined: "zero" or "keep".
        combination: "sum", "concatenation" or "focus".
        provenance: Model, revision, versions, dtype.
    """

    sentence: str
    attention: AttentionResult
    focus_trend: Trend
    related_trend: Trend | None
    values: Vector
    defined: Mask
    undefined: str
    combination: str
    provenance: Provenance

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        self.values.setflags(write=False)
        self.defined.setflags(write=False)

    @property
    def related(self) -> Related | NoRelated:
        """The related word, or why there is none."""
        return self.attention.related

    @property
    def trends(self) -> tuple[Trend, ...]:
        """The trends of the chosen words, in the order of ``attention.chosen``."""
        if self.related_trend is None:
            return (self.focus_trend,)
        return self.focus_trend, self.related_trend

    @property
    def defined_share(self) -> float:
        """The share of the coordinates that are defined, 0 to 1."""
        return float(self.defined.mean())


def embed(
    encoding: Encoding,
    reading: Reading = ARTICLE,
    kind: str = "log quotient",
    undefined: str = "zero",
    combination: str = "sum",
) -> SentenceEmbedding:
    """Make a sentence's trend embedding.

    Args:
        encoding: The sentence.
        reading: How focus and related word are found.
        kind: "log quotient", "difference" or "signed log-abs".
        undefined: "zero", the article's choice, or "keep"; see ``add_trends``.
        combination: "sum", the article's choice, "concatenation" or "focus"; see
            ``combine_trends``.

    Returns:
        The embedding. A sentence without a related word gets the focus word's trend alone, and
        ``related`` says why.

    Raises:
        UnknownChoiceError: If there is no such kind, or no such choice.
    """
    recipe = Recipe(reading, kind, undefined, combination)
    attention = read(encoding, reading)
    words = [encoding.words[index] for index in attention.chosen_words]
    static, contextual = (
        mean_over_pieces(encoding.hidden_states[state], words) for state in (0, -1)
    )
    return compose(encoding.sentence, attention, static, contextual, recipe)


def compose(
    sentence: str,
    attention: AttentionResult,
    static: WordStates,
    contextual: WordStates,
    recipe: Recipe,
) -> SentenceEmbedding:
    """Make a sentence's trend embedding from the vectors of its chosen words.

    Args:
        sentence: The text.
        attention: The chosen words, and how they were found.
        static: Their vectors in hidden state 0, the focus word's first.
        contextual: Their vectors in the last hidden state.
        recipe: What is made of them.

    Raises:
        ArrayError: If there is not one vector for each chosen word, or no model to name.
    """
    if not len(static) == len(contextual) == len(attention.chosen):
        raise ArrayError(
            f"{len(static)} static and {len(contextual)} contextual vectors for "
            f"{len(attention.chosen)} chosen words: give one of each for each word"
        )
    focus, *others = (trend(*pair, recipe.kind) for pair in zip(static, contextual, strict=True))
    related = others[0] if others else None
    values, defined = combine_trends(focus, related, recipe.combination, recipe.undefined)
    if attention.provenance is None:
        raise ArrayError("attentions of no known model: an embedding must say whose it is")
    return SentenceEmbedding(
        sentence=sentence,
        attention=attention,
        focus_trend=focus,
        related_trend=related,
        values=values,
        defined=defined,
        undefined=recipe.undefined,
        combination=recipe.combination,
        provenance=attention.provenance,
    )


def combine_trends(
    focus: Trend, related: Trend | None, combination: str = "sum", undefined: str = "zero"
) -> tuple[Vector, Mask]:
    """Make one vector of two trends.

    Args:
        focus: The focus word's trend.
        related: The related word's; None where there is no related word.
        combination: "sum", see ``add_trends``; "concatenation", the focus word's coordinates and
            then the related word's, which are undefined where there is no related word; or
            "focus", the focus word's alone.
        undefined: "zero" puts 0 where a coordinate is undefined, "keep" leaves it NaN; for sums
            see ``add_trends``.

    Returns:
        The vector, and where it is defined.

    Raises:
        UnknownChoiceError: If there is no such choice.

    >>> two = Trend(np.array([1.0, np.nan]), np.array([True, False]), "x")
    >>> combine_trends(two, None, "concatenation", "keep")
    (array([ 1., nan, nan, nan]), array([ True, False, False, False]))
    """
    check_choice("combination", combination, COMBINATIONS)
    if combination == "sum":
        return add_trends(focus, related, undefined)
    first = add_trends(focus, None, undefined)
    if combination == "focus":
        return first
    if related is None:
        nothing = np.full_like(focus.values, np.nan)
        related = Trend(nothing, np.zeros_like(focus.defined), focus.kind)
    second = add_trends(related, None, undefined)
    return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])


def add_trends(focus: Trend, related: Trend | None, undefined: str = "zero") -> tuple[Vector, Mask]:
    """Add two trends.

    Args:
        focus: The focus word's trend.
        related: The related word's; None leaves the first as it is.
        undefined: "zero" counts an undefined coordinate as 0, so that the sum is defined where
            at least one trend is (elsewhere it is 0, and False in the mask). "keep" leaves the
            sum undefined (NaN) unless both are defined.

    Returns:
        The sum, and where it is defined.

    Raises:
        UnknownChoiceError: If there is no such choice.
        ArrayError: If the trends are not of one length.

    >>> nan = np.nan
    >>> one = Trend(np.array([1.0, 2.0, nan, nan]), np.array([True, True, False, False]), "x")
    >>> two = Trend(np.array([1.0, nan, 3.0, nan]), np.array([True, False, True, False]), "x")
    >>> add_trends(one, two, "zero")
    (array([2., 2., 3., 0.]), array([ True,  True,  True, False]))
    >>> add_trends(one, two, "keep")
    (array([ 2., nan, nan, nan]), array([ True, False, False, False]))
    """
    check_choice("choice for undefined coordinates", undefined, UNDEFINED)
    if related is None:
        values = focus.undefined_as_zero if undefined == "zero" else focus.values
        return values, focus.defined
    _check_lengths(focus, related)
    if undefined == "keep":
        return focus.values + related.values, focus.defined & related.defined
    return focus.undefined_as_zero + related.undefined_as_zero, focus.defined | related.defined


def overlap(focus: Trend, related: Trend) -> Overlap:
    """Count where two trends are defined.

    Raises:
        ArrayError: If the trends are not of one length.
    """
    _check_lengths(focus, related)
    return Overlap(
        both=int(np.sum(focus.defined & related.defined)),
        one=int(np.sum(focus.defined ^ related.defined)),
        neither=int(np.sum(~focus.defined & ~related.defined)),
    )


def _check_lengths(focus: Trend, related: Trend) -> None:
    if focus.values.shape != related.values.shape:
        raise ArrayError(
            f"trends of {len(focus.values)} and {len(related.values)} coordinates: they must be "
            "of one length (trends of one model are)"
        )
