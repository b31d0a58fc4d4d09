"""Word cutters: who decides where words begin and end, and how that is named in results.

Unicode's rules are the default. For Chinese, a dictionary can do it (``pip install
'trendlib[chinese]'``); for any other language, a function of your own:

>>> from trendlib.model.encoder import load_encoder
>>> def every_two(text):
...     return [(start, min(start + 2, len(text))) for start in range(0, len(text), 2)]
>>> load_encoder("all-MiniLM-L6-v2", cutter=every_two).encode("北京大学").word_texts
('北京', '大学')
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate, pairwise

import regex

from trendlib.encoding import UNICODE
from trendlib.errors import CutterError, check_choice, needs_extra
from trendlib.words import Cutter, unicode_words

_HAN = regex.compile(r"\p{Han}{2,}")


@dataclass(frozen=True)
class WordCutter:
    """A cutter and the name under which results are kept.

    Attributes:
        name: The name, which provenance and the settings of kept files hold. Change it, for
            example to "mine 2", when the function cuts in another way: older results then count
            as made with other settings.
        cut: The function.
        library: The library that decides, whose version is kept too; empty if there is none.
    """

    name: str
    cut: Cutter
    library: str = ""

    @property
    def versions(self) -> dict[str, str]:
        """The version of its library, by name."""
        return {self.library: version(self.library)} if self.library else {}


def jieba_words(sentence: str) -> list[tuple[int, int]]:
    """Cut runs of Chinese characters with jieba's dictionary, everything else as Unicode does.

    Raises:
        MissingExtraError: If the library is not installed.
    """
    with needs_extra("the word cutter 'jieba'", "chinese"):
        import rjieba  # only this cutter needs it, not all who cut words

    inside: set[int] = set()  # positions within a run at which no word begins
    for run in _HAN.finditer(sentence):
        starts = accumulate((len(word) for word in rjieba.cut(run[0])), initial=run.start())
        inside |= set(range(run.start(), run.end())) - set(starts)
    edges = {edge for span in unicode_words(sentence) for edge in span}
    return list(pairwise(sorted(edges - inside)))


CUTTERS = {
    UNICODE: WordCutter(UNICODE, unicode_words),
    "jieba": WordCutter("jieba", jieba_words, library="rjieba"),
}
"""The cutters that have a name, by which the commands know them."""


def find_cutter(given: str | Cutter | WordCutter) -> WordCutter:
    """Look up a cutter by its name, or name a function.

    Args:
        given: One of ``CUTTERS``, a function with a name of its own, or a ``WordCutter``.

    Raises:
        UnknownChoiceError: If no cutter has this name.
        CutterError: If it is neither a name nor a function, or a function without a name.
        MissingExtraError: If its library is not installed.

    >>> find_cutter("unicode").name, find_cutter(unicode_words).name
    ('unicode', 'trendlib.words.unicode_words')
    """
    if isinstance(given, WordCutter):
        return given
    if isinstance(given, str):
        check_choice("word cutter", given, CUTTERS)
        found = CUTTERS[given]
        found.cut("汉字")  # its library is loaded now, or is found missing
        return found
    if not callable(given):
        raise CutterError(
            f"the word cutter is {given!r}: choose one of {', '.join(map(repr, CUTTERS))}, or pass "
            "a function that returns the (start, end) of each word of a text"
        )
    return WordCutter(_name_of(given), given)


def _name_of(function: Callable[..., object]) -> str:
    name = getattr(function, "__qualname__", "<no name>")
    if name.endswith(">"):
        raise CutterError(
            "the word cutter is a function without a name, by which results could be told apart: "
            "define it with `def`, or pass WordCutter('a name', function)"
        )
    return f"{getattr(function, '__module__', '')}.{name}"
