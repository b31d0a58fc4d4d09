"""Trend embeddings: how BERT turns a word's static embedding into its contextual one.

The files beside this one are the method, in reading order::

    words       split a sentence into words
    encoding    what BERT computes for it: hidden states and attentions
    readings    the ways to read the attentions
    attention   merge word pieces, add up the attention that each word receives
    choice      the focus word, the vote, the related word
    trend       how a word's vector changes: the log quotient and others
    embedding   the sum of the two words' trends, and other recipes for a sentence's vector
    similarity  cosines of embeddings, and the coordinates that decide them

(``errors``, ``typing`` and ``language`` are their helpers.) They use only NumPy. The folders hold
everything else: ``model`` runs BERT, ``show`` makes figures and tables, and the others are about
files and many sentences, the articles' figures, the evaluation, and other libraries.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trendlib.embedding import RECIPES, Recipe
    from trendlib.model.corpus import embed
    from trendlib.model.encoder import load_encoder
    from trendlib.readings import READINGS

__all__ = ["READINGS", "RECIPES", "Recipe", "__version__", "embed", "load_encoder"]
__version__ = version("trendlib")

# Imported on first use: torch takes seconds to load.
_LAZY = {
    "READINGS": "trendlib.readings",
    "RECIPES": "trendlib.embedding",
    "Recipe": "trendlib.embedding",
    "embed": "trendlib.model.corpus",
    "load_encoder": "trendlib.model.encoder",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"trendlib has no {name!r}: it has {', '.join(__all__)}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return [*__all__, *globals()]
