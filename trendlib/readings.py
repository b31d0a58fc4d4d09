"""Readings: the ways to find the focus word and the related word in the attentions.

The articles leave open what votes: their text says layers, their code reads the heads of the
first layer. A ``Reading`` describes one such interpretation. It is plain data; ``attention`` and
``choice`` follow it.
"""

from dataclasses import dataclass
from typing import Literal

from trendlib.errors import check_choice
from trendlib.language import N_

Last = Literal["last"]
Pieces = Literal["sum", "mean"]
"""What a word of several pieces receives: the sum over its pieces, or their mean."""
Ties = Literal["first", "attention mass"]
"""Which of several candidates with equally many votes wins."""


@dataclass(frozen=True)
class Reading:
    """Which attention matrices vote, and which of them names the focus word.

    Each matrix that votes is called a *row*, because its received attention is one row of a table
    with a column for each word.

    Attributes:
        name: The name that options and tables use.
        layer: The layer whose heads are the rows (0-based, or "last"). None if the layers are the
            rows, each the mean of its heads.
        focus_row: The row whose most attended word is the focus word (0-based, or "last").
        drop: Which words can be neither focus word nor related word: the "final period", or all
            "punctuation".
        note: A short description.
        pieces: The attention that a word of several pieces receives: the "sum" over its pieces,
            as in Clark et al. 2019, or their "mean". The article has no such word.
        ties: Who wins if several candidates have equally many votes: the "first" of them, as in the
            article, or the one with most "attention mass" in the rows that vote.
    """

    name: str
    layer: int | Last | None
    focus_row: int | Last
    drop: Literal["final period", "punctuation"]
    note: str
    pieces: Pieces = "sum"
    ties: Ties = "first"


ARTICLE = Reading(
    name="article",
    layer=0,
    focus_row="last",
    drop="final period",
    note=N_(
        "the heads of the first layer vote, and its last head names the focus word, "
        "as in the article's code (its text calls the heads “layers”)"
    ),
)

WORDS_ONLY = Reading(
    name="words-only",
    layer=0,
    focus_row="last",
    drop="punctuation",
    note=N_("like “article”, but punctuation marks are not candidates"),
)

LAYERS = Reading(
    name="layers",
    layer=None,
    focus_row="last",
    drop="final period",
    note=N_(
        "the layers vote, each as the mean of its heads, and the last one names the focus word, "
        "as the article's text says"
    ),
)

LAST_LAYER = Reading(
    name="last-layer",
    layer="last",
    focus_row="last",
    drop="final period",
    note=N_("the heads of the last layer vote, and its last head names the focus word"),
)

MEAN_PIECES = Reading(
    name="mean-pieces",
    layer=0,
    focus_row="last",
    drop="final period",
    note=N_("like “article”, but a word of several pieces receives their mean, not their sum"),
    pieces="mean",
)

MASS_TIES = Reading(
    name="mass-ties",
    layer=0,
    focus_row="last",
    drop="final period",
    note=N_("like “article”, but if votes are equal, more attention wins"),
    ties="attention mass",
)

READINGS = {
    reading.name: reading
    for reading in (ARTICLE, WORDS_ONLY, LAYERS, LAST_LAYER, MEAN_PIECES, MASS_TIES)
}


def reading_named(name: str) -> Reading:
    """Look up a reading by its name.

    Raises:
        UnknownChoiceError: If no reading has this name; the message lists those that exist.

    >>> reading_named("last-layer").layer
    'last'
    """
    check_choice("reading", name, READINGS)
    return READINGS[name]
