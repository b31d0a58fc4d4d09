"""The ways to read attention: which rows vote, and which of them names the focus word.

A reading is a value and no code: ``attention`` and ``choice`` do what it says.
"""

from dataclasses import dataclass
from typing import Literal

from trendlib.errors import check_choice
from trendlib.language import N_

Last = Literal["last"]


@dataclass(frozen=True)
class Reading:
    """A way to read focus and related word off the attentions.

    Attributes:
        name: The name to choose it by.
        layer: The layer whose heads vote (0-based, or "last"). None lets the layers vote, each
            the mean of its heads.
        focus_row: The row whose most attended word is the focus word (0-based, or "last").
        drop: Words that are no candidates: the "final period", or all "punctuation".
        note: What it is, in a sentence.
    """

    name: str
    layer: int | Last | None
    focus_row: int | Last
    drop: Literal["final period", "punctuation"]
    note: str


ARTICLE = Reading(
    name="article",
    layer=0,
    focus_row="last",
    drop="final period",
    note=N_(
        "the heads of the first layer vote and its last head names the focus word, "
        'as the article computed it (it calls the heads "layers")'
    ),
)


WORDS_ONLY = Reading(
    name="words-only",
    layer=0,
    focus_row="last",
    drop="punctuation",
    note=N_("as the article's, but no punctuation mark is a candidate"),
)


LAYERS = Reading(
    name="layers",
    layer=None,
    focus_row="last",
    drop="final period",
    note=N_(
        "the layers vote, each the mean of its heads, and the last one names the focus word, "
        "as the article's text says"
    ),
)


LAST_LAYER = Reading(
    name="last-layer",
    layer="last",
    focus_row="last",
    drop="final period",
    note=N_("the heads of the last layer vote and its last head names the focus word"),
)


READINGS = {reading.name: reading for reading in (ARTICLE, WORDS_ONLY, LAYERS, LAST_LAYER)}


def reading_named(name: str) -> Reading:
    """Look a reading up.

    Raises:
        UnknownChoiceError: If there is none of that name.
    """
    check_choice("reading", name, READINGS)
    return READINGS[name]
