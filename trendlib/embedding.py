"""The sentence embedding: the trend of the focus word plus the trend of the related word."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from trendlib.choice import Choice, NoRelated, Related, find_words
from trendlib.encoding import Encoding, Provenance
from trendlib.errors import ArrayError, UnknownChoiceError, check_choice
from trendlib.readings import ARTICLE, READINGS, Reading, reading_named
from trendlib.trend import Kind, Trend, check_kind, trend
from trendlib.typing import Mask, Vector, WordStates
from trendlib.words import mean_over_pieces

Undefined = Literal["zero", "keep"]
"""What becomes of undefined coordinates: see ``add_trends``."""
UNDEFINED: tuple[Undefined, ...] = get_args(Undefined)


@dataclass(frozen=True)
class Recipe:
    """How a sentence becomes a vector; the article's way, unless something else is said.

    Attributes:
        reading: How focus and related word are found.
        kind: What a trend is: "log quotient", "difference" or "signed log-abs".
        undefined: What becomes of undefined coordinates: "zero" or "keep"; see ``add_trends``.

    >>> Recipe(READINGS["layers"], kind="difference").as_dict()
    {'reading': 'layers', 'kind': 'difference', 'undefined': 'zero'}
    """

    reading: Reading = ARTICLE
    kind: Kind = "log quotient"
    undefined: Undefined = "zero"

    def __post_init__(self) -> None:
        """Check the choices.

        Raises:
            UnknownChoiceError: If there is no such kind, or no such choice, or if the reading is
                not a ``Reading``.
        """
        if not isinstance(self.reading, Reading):
            raise UnknownChoiceError(
                f"the reading is {self.reading!r}: give a Reading, such as "
                f"READINGS[{ARTICLE.name!r}] (there are {', '.join(READINGS)})"
            )
        check_kind(self.kind)
        check_choice("choice for undefined coordinates", self.undefined, UNDEFINED)

    @classmethod
    def named(cls, reading: str, kind: Any = "log quotient", undefined: Any = "zero") -> "Recipe":
        """Make a recipe from names, as a command or a file gives them.

        Raises:
            UnknownChoiceError: If one of the names is unknown.
        """
        return cls(reading_named(reading), kind, undefined)

    def as_dict(self) -> Mapping[str, str]:
        """List the choices by name, ready for JSON; ``named`` takes them back."""
        return {"reading": self.reading.name, "kind": self.kind, "undefined": self.undefined}


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
        choice: Focus and related word, and how they were found.
        focus_trend: The focus word's trend.
        related_trend: The related word's trend; None where there is no related word.
        values: The embedding; the focus word's trend alone where there is no related word.
        defined: Where it is defined. With ``undefined="zero"`` the value elsewhere is 0.
        recipe: How the vector was made.
        provenance: Model, revision, versions, dtype.
    """

    sentence: str
    choice: Choice
    focus_trend: Trend
    related_trend: Trend | None
    values: Vector
    defined: Mask
    recipe: Recipe
    provenance: Provenance

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        self.values.setflags(write=False)
        self.defined.setflags(write=False)

    @property
    def related(self) -> Related | NoRelated:
        """The related word, or why there is none."""
        return self.choice.related

    @property
    def trends(self) -> tuple[Trend, ...]:
        """The trends of the chosen words, in the order of ``choice.chosen``."""
        if self.related_trend is None:
            return (self.focus_trend,)
        return self.focus_trend, self.related_trend

    @property
    def defined_share(self) -> float:
        """The share of the coordinates that are defined, 0 to 1."""
        return float(self.defined.mean())


def embed_encoding(encoding: Encoding, recipe: Recipe = ARTICLE_RECIPE) -> SentenceEmbedding:
    """Make a sentence's trend embedding.

    Args:
        encoding: The sentence.
        recipe: How it becomes a vector; the article's way if left out.

    Returns:
        The embedding. A sentence without a related word gets the focus word's trend alone, and
        ``related`` says why.

    Raises:
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        HeadOutOfRangeError: If it names a head that the model lacks.
    """
    choice = find_words(encoding, recipe.reading)
    words = [encoding.words[index] for index in choice.chosen_words]
    static, contextual = (
        mean_over_pieces(encoding.hidden_states[state], words) for state in (0, -1)
    )
    return compose(encoding.sentence, choice, static, contextual, recipe)


def compose(
    sentence: str, choice: Choice, static: WordStates, contextual: WordStates, recipe: Recipe
) -> SentenceEmbedding:
    """Make a sentence's trend embedding from the vectors of its chosen words.

    Args:
        sentence: The text.
        choice: The chosen words, and how they were found.
        static: Their vectors in hidden state 0, the focus word's first.
        contextual: Their vectors in the last hidden state.
        recipe: What is made of them.

    Raises:
        ArrayError: If there is not one vector for each chosen word, or no model to name.
    """
    if not len(static) == len(contextual) == len(choice.chosen):
        raise ArrayError(
            f"{len(static)} static and {len(contextual)} contextual vectors for "
            f"{len(choice.chosen)} chosen words: give one of each for each word"
        )
    focus, *others = (trend(*pair, recipe.kind) for pair in zip(static, contextual, strict=True))
    related = others[0] if others else None
    values, defined = add_trends(focus, related, recipe.undefined)
    if choice.provenance is None:
        raise ArrayError("attentions of no known model: an embedding must say whose it is")
    return SentenceEmbedding(
        sentence=sentence,
        choice=choice,
        focus_trend=focus,
        related_trend=related,
        values=values,
        defined=defined,
        recipe=recipe,
        provenance=choice.provenance,
    )


def add_trends(
    focus: Trend, related: Trend | None, undefined: Undefined = "zero"
) -> tuple[Vector, Mask]:
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

    >>> nan, kind = np.nan, "difference"
    >>> one = Trend(np.array([1.0, 2.0, nan, nan]), np.array([True, True, False, False]), kind)
    >>> two = Trend(np.array([1.0, nan, 3.0, nan]), np.array([True, False, True, False]), kind)
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
