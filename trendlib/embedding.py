"""Embedding: the sum of the focus word's and the related word's trends, or a mean of more.

The second article's idea is that two words stand for their sentence. Their trends complement each
other: where one is undefined, the other may be defined. A ``Recipe`` says how a sentence becomes a
vector. The article's is one of several ``RECIPES``; the others use the trends of all words or of
all tokens, and other kinds of trend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from trendlib.choice import Choice, NoRelated, Related, find_words
from trendlib.encoding import Encoding, Provenance, Rebuilt
from trendlib.errors import ArrayError, UnknownChoiceError, check_choice
from trendlib.readings import ARTICLE, READINGS, Reading, reading_named
from trendlib.trend import DISCOUNT, FIRST_STATES, Kind, Trend, check_kind, trends
from trendlib.typing import Mask, PartStates, TokenStates, Vector, WordStates
from trendlib.words import Word, mean_over_pieces

Undefined = Literal["zero", "keep"]
"""How to treat undefined coordinates: see ``add_trends``."""
UNDEFINED: tuple[Undefined, ...] = get_args(Undefined)
Words = Literal["two", "all", "tokens"]
"""What a sentence's vector is made of: see ``Recipe``."""
WORDS: tuple[Words, ...] = get_args(Words)


@dataclass(frozen=True)
class Recipe:
    """How a sentence becomes a vector. The defaults are the article's choices.

    Attributes:
        reading: How focus and related word are found.
        kind: How a trend is computed: one of ``trend.KINDS``.
        undefined: How undefined coordinates are treated: "zero" or "keep"; see ``add_trends``.
        words: Whose trends are combined. "two": the sum over the focus word and the related word.
            "all": the mean over all words, including punctuation marks, whatever the reading
            drops. "tokens": the mean over all tokens, including the special ones, as in mean
            pooling; a word of three pieces counts three times.

    >>> Recipe(READINGS["layers"], kind="difference").as_dict()
    {'reading': 'layers', 'kind': 'difference', 'undefined': 'zero', 'words': 'two'}
    """

    reading: Reading = ARTICLE
    kind: Kind = "log quotient"
    undefined: Undefined = "zero"
    words: Words = "two"

    def __post_init__(self) -> None:
        """Check the choices.

        Raises:
            UnknownChoiceError: If one of them does not exist, if the reading is not a
                ``Reading``, or if the kind does not go with the words.
        """
        if not isinstance(self.reading, Reading):
            raise UnknownChoiceError(
                f"the reading is {self.reading!r}: pass a Reading, such as "
                f"READINGS[{ARTICLE.name!r}] (there are {', '.join(READINGS)})"
            )
        check_kind(self.kind)
        check_choice("choice for undefined coordinates", self.undefined, UNDEFINED)
        check_choice("choice of words", self.words, WORDS)
        if self.kind == "discounted" and self.words == "two":
            raise UnknownChoiceError(
                "the kind 'discounted' is no change, which two words could tell for their "
                "sentence, but a part of a mean: choose words 'all' or 'tokens' with it"
            )

    @classmethod
    def named(
        cls,
        reading: str,
        kind: Any = "log quotient",
        undefined: Any = "zero",
        words: Any = "two",
    ) -> "Recipe":
        """Build a recipe from the names of its choices, as a file states them.

        Raises:
            UnknownChoiceError: If one of them does not exist.
        """
        return cls(reading_named(reading), kind, undefined, words)

    def as_dict(self) -> Mapping[str, str]:
        """Return the choices by name, for JSON; ``named`` reads them back."""
        return {
            "reading": self.reading.name,
            "kind": self.kind,
            "undefined": self.undefined,
            "words": self.words,
        }

    @property
    def first_state(self) -> int:
        """The hidden state that the last one is compared with: 0 or 1."""
        return FIRST_STATES[self.kind]

    def __str__(self) -> str:
        """Describe the formula in one line.

        >>> print(RECIPES["discounted-trend"])
        mean over all tokens of: contextual - 0.3 (contextual - first layer)
        """
        return f"{_MADE_OF[self.words]} of: {_FORMULAS[self.kind]}"


_MADE_OF: dict[Words, str] = {
    "two": "sum over focus and related word",
    "all": "mean over all words",
    "tokens": "mean over all tokens",
}
_FORMULAS: dict[Kind, str] = {
    "log quotient": "log(contextual / static)",
    "difference": "contextual - static",
    "signed log-abs": "sign(q) log|q|, where q is contextual / static",
    "angle": "how static turns into contextual (spherical logarithm)",
    "discounted": f"contextual - {DISCOUNT:g} (contextual - first layer)",
}

ARTICLE_RECIPE = Recipe()

RECIPES = {
    "article": ARTICLE_RECIPE,
    "all-words-difference": Recipe(kind="difference", words="all"),
    "angle": Recipe(kind="angle", words="all"),
    "discounted-trend": Recipe(kind="discounted", words="tokens"),
}
"""The recipes that have a name, by which commands know them. Chapter 12 compares them."""


def recipe_named(name: str) -> Recipe:
    """Look up one of ``RECIPES``.

    Raises:
        UnknownChoiceError: If no recipe has this name; the message lists those that exist.

    >>> recipe_named("angle").words
    'all'
    """
    check_choice("recipe", name, RECIPES)
    return RECIPES[name]


def check_recipe(given: object) -> None:
    """Check that something is a recipe, and not only the name of one.

    Raises:
        UnknownChoiceError: If it is not; the message lists the named recipes.
    """
    if not isinstance(given, Recipe):
        raise UnknownChoiceError(
            f"the recipe is {given!r}: pass a Recipe, such as RECIPES['angle'] (there are "
            f"{', '.join(RECIPES)}) or Recipe(READINGS['layers'], kind='difference')"
        )


@dataclass(frozen=True)
class Overlap:
    """The numbers of coordinates in which two trends are defined.

    Attributes:
        both: Where both are defined.
        one: Where exactly one is: there they complement each other.
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
        choice: The focus word and the related word, and how they were found. Every recipe finds
            them, even one that does not use them.
        focus_trend: The focus word's trend, of the recipe's kind.
        related_trend: The related word's trend; None if there is no related word.
        values: Array of shape (hidden,). For the article's recipe and others with ``words="two"``,
            the sum of the two trends; without a related word, the focus word's trend. For
            "all-words-difference" and "angle", with ``words="all"``, the mean of all words'
            trends. For "discounted-trend", with ``words="tokens"``, the mean of all tokens'.
        defined: Mask of the same shape. Where it is False, the value is 0 with the recipe's
            ``undefined="zero"``, and NaN with "keep".
        recipe: How the sentence became this vector.
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
        """The trends of the two chosen words, in the order of ``choice.chosen``."""
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
        recipe: How the sentence becomes a vector; by default as in the article.

    Returns:
        The embedding. If the sentence has no related word, ``related`` says why, and a recipe for
        two words uses only the focus word's trend.

    Raises:
        LayerOutOfRangeError: If the model does not have a layer that the reading names.
        HeadOutOfRangeError: If it does not have a head that the reading names.
    """
    choice = find_words(encoding, recipe.reading)
    chosen = [encoding.words[index] for index in choice.chosen_words]
    first, last = (encoding.hidden_states[state] for state in (recipe.first_state, -1))
    return compose(
        encoding.sentence,
        choice,
        mean_over_pieces(first, chosen),
        mean_over_pieces(last, chosen),
        recipe,
        averaged_parts(first, last, encoding.words, recipe),
    )


def averaged_parts(
    first: TokenStates, last: TokenStates, words: Sequence[Word], recipe: Recipe
) -> tuple[PartStates, PartStates] | None:
    """Return the vectors of all words, or of all tokens, if a recipe averages their trends.

    Args:
        first: All tokens' vectors in the recipe's first state.
        last: Their vectors in the last hidden state.
        words: The sentence's words.
        recipe: Says what is averaged.

    Returns:
        One row per word or per token, in the first state and in the last one; None for a recipe
        that needs only the chosen words.
    """
    if recipe.words == "two":
        return None
    if recipe.words == "tokens":
        return first, last
    return mean_over_pieces(first, words), mean_over_pieces(last, words)


def compose(
    sentence: str,
    choice: Choice,
    static: WordStates,
    contextual: WordStates,
    recipe: Recipe,
    averaged: tuple[PartStates, PartStates] | None = None,
) -> SentenceEmbedding:
    """Compute a trend embedding from only the vectors that the recipe needs.

    Args:
        sentence: The text.
        choice: The chosen words, and how they were found.
        static: Array of shape (word, hidden): the chosen words' vectors in the recipe's first
            state, the focus word's first.
        contextual: Their vectors in the last hidden state, in the same order.
        recipe: Whose trends make the vector, the kind of trend, and how undefined coordinates are
            treated.
        averaged: What ``averaged_parts`` returns.

    Raises:
        ArrayError: If there is not one vector per chosen word, if the vectors that the recipe
            averages are missing, or if the choice names no model.
    """
    if not len(static) == len(contextual) == len(choice.chosen):
        raise ArrayError(
            f"{len(static)} static and {len(contextual)} contextual vectors for "
            f"{len(choice.chosen)} chosen words: pass one of each per word"
        )
    chosen = trends(static, contextual, recipe.kind)
    parts = None if averaged is None else trends(*averaged, recipe.kind)
    return combine(sentence, choice, chosen, recipe, parts)


def combine(
    sentence: str,
    choice: Choice,
    chosen: Sequence[Trend],
    recipe: Recipe,
    averaged: Sequence[Trend] | None = None,
) -> SentenceEmbedding:
    """Combine trends into a trend embedding; the last step of ``compose``.

    Args:
        sentence: The text.
        choice: The chosen words, and how they were found.
        chosen: The chosen words' trends, the focus word's first.
        recipe: Whose trends make the vector, and how undefined coordinates are treated.
        averaged: The trends of all that the recipe averages; None for a recipe for two words.

    Raises:
        ArrayError: If the trends that the recipe averages are missing, or if the choice names no
            model.
    """
    focus, *others = chosen
    related = others[0] if others else None
    if recipe.words == "two":
        values, defined = add_trends(focus, related, recipe.undefined)
    elif averaged is None:
        raise ArrayError(
            f"the recipe averages the trends of words {recipe.words!r}, but there are vectors of "
            "the chosen words alone: pass those that averaged_parts returns"
        )
    else:
        values, defined = mean_trend(averaged, recipe.undefined)
    if choice.provenance is None:
        raise ArrayError(
            "it is not known which model the attentions come from: an embedding has to name its "
            "model"
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
    return _total([focus] if related is None else [focus, related], undefined)


def mean_trend(trends: Sequence[Trend], undefined: Undefined = "zero") -> tuple[Vector, Mask]:
    """Average the trends of some words or tokens.

    Args:
        trends: The trends; at least one.
        undefined: As for ``add_trends``. "zero" counts an undefined coordinate as 0, so that it
            pulls the mean towards 0; with "keep", the mean is defined only where all trends are.

    Returns:
        The mean, and the mask of where it is defined, both of shape (hidden,).

    Raises:
        UnknownChoiceError: If ``undefined`` is neither of the two.
        ArrayError: If the trends have different lengths, or if there are none.

    >>> nan, kind = np.nan, "difference"
    >>> one = Trend(np.array([1.0, 2.0, nan]), np.array([True, True, False]), kind)
    >>> two = Trend(np.array([3.0, nan, nan]), np.array([True, False, False]), kind)
    >>> mean_trend([one, two], "zero")
    (array([2., 1., 0.]), array([ True,  True, False]))
    >>> mean_trend([one, two], "keep")
    (array([ 2., nan, nan]), array([ True, False, False]))
    """
    if not trends:
        raise ArrayError("there are no trends to average: pass at least one")
    total, defined = _total(trends, undefined)
    return total / len(trends), defined


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


def _total(trends: Sequence[Trend], undefined: Undefined) -> tuple[Vector, Mask]:
    check_choice("choice for undefined coordinates", undefined, UNDEFINED)
    for other in trends[1:]:
        _check_lengths(trends[0], other)
    masks = [each.defined for each in trends]
    if undefined == "keep":
        total: Vector = np.sum([each.values for each in trends], axis=0)
        return total, np.logical_and.reduce(masks)
    total = np.sum([each.undefined_as_zero for each in trends], axis=0)
    return total, np.logical_or.reduce(masks)


def _check_lengths(focus: Trend, related: Trend) -> None:
    if focus.values.shape != related.values.shape:
        raise ArrayError(
            f"trends of {len(focus.values)} and {len(related.values)} coordinates: they must have "
            "the same length, as trends of the same model do"
        )
