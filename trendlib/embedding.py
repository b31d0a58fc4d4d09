"""Embedding: the sum of the focus word's and the related word's trends.

The second article's idea is that two words stand for their sentence. Their trends complement each
other: where one is undefined, the other may be defined. A ``Recipe`` keeps the choices that lead
from a sentence to a vector.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from trendlib.choice import Choice, NoRelated, Related, find_words
from trendlib.encoding import Encoding, Provenance, Rebuilt
from trendlib.errors import ArrayError, UnknownChoiceError, check_choice
from trendlib.readings import ARTICLE, READINGS, Reading, reading_named
from trendlib.trend import Kind, Trend, check_kind, trend
from trendlib.typing import Mask, Vector, WordStates
from trendlib.words import mean_over_pieces

Undefined = Literal["zero", "keep"]
"""How to treat undefined coordinates: see ``add_trends``."""
UNDEFINED: tuple[Undefined, ...] = get_args(Undefined)


@dataclass(frozen=True)
class Recipe:
    """How a sentence becomes a vector. The defaults are the article's choices.

    Attributes:
        reading: How focus and related word are found.
        kind: How a trend is computed: "log quotient", "difference" or "signed log-abs".
        undefined: How undefined coordinates are treated: "zero" or "keep"; see ``add_trends``.

    >>> Recipe(READINGS["layers"], kind="difference").as_dict()
    {'reading': 'layers', 'kind': 'difference', 'undefined': 'zero'}
    """

    reading: Reading = ARTICLE
    kind: Kind = "log quotient"
    undefined: Undefined = "zero"

    def __post_init__(self) -> None:
        """Check the choices.

        Raises:
            UnknownChoiceError: If one of them does not exist, or if the reading is not a
                ``Reading``.
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
        """Look up the choices by their names, as a command or a file states them.

        Raises:
            UnknownChoiceError: If one of them does not exist.
        """
        return cls(reading_named(reading), kind, undefined)

    def as_dict(self) -> Mapping[str, str]:
        """Return the choices' names, ready for JSON; ``named`` reads them back."""
        return {"reading": self.reading.name, "kind": self.kind, "undefined": self.undefined}


ARTICLE_RECIPE = Recipe()


@dataclass(frozen=True)
class Overlap:
    """The numbers of coordinates in which two trends are defined.

    Attributes:
        both: Where both are defined.
        one: Where exactly one is: there the two complement each other.
        neither: Where neither is.
    """

    both: int
    one: int
    neither: int


@dataclass(frozen=True, eq=False)
class SentenceEmbedding(Rebuilt):
    """A sentence's trend embedding, with every step that led to it. Its arrays are read-only.

    Attributes:
        sentence: The text.
        choice: Focus and related word, and how they were found.
        focus_trend: The focus word's trend.
        related_trend: The related word's trend; None if there is no related word.
        values: Array of shape (hidden,): the sum of the trends. Without a related word it is the
            focus word's trend.
        defined: Mask of the same shape. Where it is False, the value is 0 with the recipe's
            ``undefined="zero"``, and NaN with "keep".
        recipe: The choices that led to it.
        provenance: The model, its revision, the library versions and the number format.
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
        """Make the arrays read-only."""
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
        """The share of coordinates that are defined, from 0 to 1."""
        return float(self.defined.mean())


def embed_encoding(encoding: Encoding, recipe: Recipe = ARTICLE_RECIPE) -> SentenceEmbedding:
    """Compute a sentence's trend embedding.

    Args:
        encoding: The sentence.
        recipe: The choices on the way; the article's by default.

    Returns:
        The embedding. If the sentence has no related word, it is the focus word's trend, and
        ``related`` says why.

    Raises:
        LayerOutOfRangeError: If the model does not have a layer that the reading names.
        HeadOutOfRangeError: If it does not have a head that the reading names.
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
    """Compute a trend embedding from nothing but the vectors of the chosen words.

    Args:
        sentence: The text.
        choice: The chosen words, and how they were found.
        static: Array of shape (word, hidden): the chosen words' vectors in hidden state 0, the
            focus word's first.
        contextual: Their vectors in the last hidden state, in the same order.
        recipe: The kind of trend, and how undefined coordinates are treated.

    Raises:
        ArrayError: If there is not one vector per chosen word, or if the choice names no model.
    """
    if not len(static) == len(contextual) == len(choice.chosen):
        raise ArrayError(
            f"{len(static)} static and {len(contextual)} contextual vectors for "
            f"{len(choice.chosen)} chosen words: give one of each per word"
        )
    focus, *others = (trend(*pair, recipe.kind) for pair in zip(static, contextual, strict=True))
    related = others[0] if others else None
    values, defined = add_trends(focus, related, recipe.undefined)
    if choice.provenance is None:
        raise ArrayError(
            "the attentions come from no known model: an embedding has to name its model"
        )
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
    """Add the trends of the focus word and the related word.

    Args:
        focus: The focus word's trend.
        related: The related word's trend; None if there is none.
        undefined: "zero", the article's choice, counts an undefined coordinate as 0: the sum is
            defined where at least one trend is, and 0 elsewhere. With "keep", the sum is defined
            only where both trends are, and NaN elsewhere.

    Returns:
        The sum, and the mask of where it is defined, both of shape (hidden,).

    Raises:
        UnknownChoiceError: If ``undefined`` is neither of the two.
        ArrayError: If the trends have different lengths.

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
    """Count the coordinates in which both trends, one of them, or neither is defined.

    Raises:
        ArrayError: If the trends have different lengths.

    >>> one = Trend(np.array([1.0, np.nan]), np.array([True, False]), "difference")
    >>> two = Trend(np.array([3.0, 4.0]), np.array([True, True]), "difference")
    >>> overlap(one, two)
    Overlap(both=1, one=1, neither=0)
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
            f"trends of {len(focus.values)} and {len(related.values)} coordinates: they must have "
            "the same length, as trends of the same model do"
        )
