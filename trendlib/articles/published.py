"""Every figure that the three articles printed, and how ours are compared with them.

The figures are copied into ``printed/*.json``, and ``groups.toml`` declares which of them belong
together. All of them come from bert-base-uncased. Figures of another model can be shown beside
them, but are never compared with them: the verdict is then "not run".
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from trendlib.encoding import Provenance
from trendlib.errors import check_choice, counted
from trendlib.model.weights import BERT_BASE
from trendlib.trend import Trend
from trendlib.typing import Received, ReceivedRow, UnitMatrix, Vector

Value = float | int | str

TOKEN_TRENDS = "token_trends"
SENTENCE_EMBEDDING = "sentence_embedding"
FOURIER = "fourier"
ARTICLES = (TOKEN_TRENDS, SENTENCE_EMBEDDING, FOURIER)

PRINTED_DATA = "printed data"
"""The basis of a figure that is computed from other printed ones."""

_FOLDER = files("trendlib.articles")


class Verdict(StrEnum):
    """The result of a comparison."""

    EQUAL = "equal"  # within the group's tolerance
    DIFFERS = "differs"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Recomputation:
    """How the figures of a group are recomputed.

    Attributes:
        function: The name of the function, in ``reproduce``.
        tolerance: The largest difference that counts as equal.
    """

    function: str
    tolerance: float


@dataclass(frozen=True)
class Group:
    """Figures that an article printed together.

    Attributes:
        article: One of ``ARTICLES``.
        name: What the figures are.
        labels: One label per figure.
        printed: The figures.
        from_model: How they are recomputed with the model; None if they do not need one.
        from_printed: How they are recomputed from other printed figures; None if they cannot be.
    """

    article: str
    name: str
    labels: tuple[str, ...]
    printed: tuple[Value, ...]
    from_model: Recomputation | None = None
    from_printed: Recomputation | None = None


@dataclass(frozen=True)
class Comparison:
    """A printed figure beside ours.

    Attributes:
        article: The article that printed it.
        group: The name of its group.
        figure: Its label in the group.
        printed: The printed figure, of bert-base-uncased.
        ours: The recomputed figure; None if it was not recomputed.
        difference: ours - printed, for numbers of the same model; otherwise None.
        basis: What ours was computed from: a model's name, or "printed data".
        verdict: Equal, differs, or not run.
        why: Why it was not run, or how it differs.
    """

    article: str
    group: str
    figure: str
    printed: Value
    ours: Value | None
    difference: float | None
    basis: str
    verdict: Verdict
    why: str = ""


@cache
def article(name: str) -> Mapping[str, Any]:
    """Read the file of what an article printed.

    Args:
        name: One of ``ARTICLES``.

    Raises:
        UnknownChoiceError: If there is no such article.
    """
    check_choice("article", name, ARTICLES)
    text = (_FOLDER / "printed" / f"{name}.json").read_text(encoding="utf-8")
    printed: Mapping[str, Any] = json.loads(text)
    return printed


@cache
def _declared() -> Mapping[str, Any]:
    return tomllib.loads((_FOLDER / "groups.toml").read_text(encoding="utf-8"))


def groups(name: str | None = None) -> tuple[Group, ...]:
    """List the printed figures, group by group, in the articles' order.

    Args:
        name: One of ``ARTICLES``; all of them if left out.

    Raises:
        UnknownChoiceError: If there is no such article.

    >>> sum(len(group.printed) for group in groups("sentence_embedding"))
    97
    """
    names = ARTICLES if name is None else (name,)
    return tuple(_group(source, entry) for source in names for entry in _declared()[source])


def _group(source: str, entry: Mapping[str, Any]) -> Group:
    printed, places = article(source), entry["printed"]
    if isinstance(places, str):
        figures = list(_figures(printed, places.split(".")))
    else:
        figures = [
            ((number, *keys), value)
            for number, place in enumerate(places)
            for keys, value in _figures(printed, place.split("."))
        ]
    recomputations = {
        basis: Recomputation(**entry[basis])
        for basis in ("from_model", "from_printed")
        if basis in entry
    }
    labels = tuple(_label(entry.get("labels"), keys) for keys, _ in figures)
    values = tuple(value for _, value in figures)
    return Group(source, entry["name"], labels, values, **recomputations)


Keys = tuple[str | int, ...]


def _figures(printed: Any, path: Sequence[str], keys: Keys = ()) -> Iterator[tuple[Keys, Value]]:
    """List the figures at a path, each with the keys that tell it apart from the others."""
    if path and path[0] != "*":
        key = int(path[0]) if isinstance(printed, list) else path[0]
        yield from _figures(printed[key], path[1:], keys)
    elif isinstance(printed, Mapping | list):
        entries = printed.items() if isinstance(printed, Mapping) else enumerate(printed)
        for key, entry in entries:
            yield from _figures(entry, path[1:], (*keys, key))
    else:
        yield keys, printed


def _label(declared: str | list[list[str]] | None, keys: Keys) -> str:
    if isinstance(declared, str):
        return declared.format(*keys)
    if declared is None:
        return ", ".join(map(str, keys))
    return ", ".join(axis[int(key)] for axis, key in zip(declared, keys, strict=True))


def is_article_model(provenance: Provenance) -> bool:
    """Whether figures come from the articles' own weights, whatever folder these are in."""
    return provenance.weights_sha256 == BERT_BASE.sha256


def compare(
    group: Group, ours: Sequence[Value] | None, basis: Provenance | str, why: str = ""
) -> list[Comparison]:
    """Compare a group of printed figures with ours.

    Args:
        group: The printed figures.
        ours: Ours, in the same order; None if they were not computed.
        basis: What ours come from: a model's provenance, or ``PRINTED_DATA``.
        why: Why ours were not computed.

    Returns:
        One comparison per figure. If ours are more or fewer, all of them differ.
    """
    name, recomputation = basis, group.from_printed
    if isinstance(basis, Provenance):
        name, recomputation = basis.model, group.from_model
        if not is_article_model(basis):
            why = why or f"{name} is not the article's model, {BERT_BASE.name}"
    comparable = ours is not None and not why
    values, expected = list(ours or ()), len(group.printed)
    tolerance: float | None = recomputation.tolerance if recomputation else 0.0
    if comparable and len(values) != expected:
        why, tolerance = f"{counted(len(values), 'value')} instead of {expected}", None
    padded = islice(chain(values, repeat(None)), expected)
    return [
        Comparison(
            article=group.article,
            group=group.name,
            figure=label,
            printed=printed,
            ours=value,
            difference=_difference(printed, value) if comparable else None,
            basis=str(name),
            verdict=_verdict(printed, value, tolerance) if comparable else Verdict.NOT_RUN,
            why=why,
        )
        for label, printed, value in zip(group.labels, group.printed, padded, strict=True)
    ]


def _verdict(printed: Value, ours: Value | None, tolerance: float | None) -> Verdict:
    difference = _difference(printed, ours)
    same = printed == ours if difference is None else abs(difference) <= (tolerance or 0.0)
    return Verdict.EQUAL if same and tolerance is not None else Verdict.DIFFERS  # NaN differs


def _difference(printed: Value, ours: Value | None) -> float | None:
    if ours is None or isinstance(printed, str) or isinstance(ours, str):
        return None
    return float(ours) - float(printed)


def printed_matrix() -> tuple[Received, tuple[str, ...]]:
    """Return the second article's matrix of received attention.

    Returns:
        Array of shape (head, word), of the 12 heads of layer 0, and the 4 words.
    """
    attention = article(SENTENCE_EMBEDDING)["received_attention"]
    return np.array(attention["values"]), tuple(attention["words"])


def printed_attention() -> tuple[UnitMatrix, tuple[str, ...]]:
    """Return the first article's attention matrix, rounded to two digits as it was printed.

    Returns:
        Array of shape (query, key), of head 11 of layer 0, and the 7 tokens.
    """
    values = article(TOKEN_TRENDS)["attention_layer0_head11_rounded"]["values"]
    return np.array(values), tuple(article(SENTENCE_EMBEDDING)["tokens"])


def printed_received() -> tuple[ReceivedRow, tuple[str, ...]]:
    """Return the attention that the words receive in that head, printed by the first article.

    Returns:
        Array of shape (word,), and the 5 words, of which the last one is the full stop.
    """
    received = article(TOKEN_TRENDS)["received_attention_layer0_head11"]
    return np.array(received["values"]), tuple(received["tokens"])


def printed_trends() -> tuple[Trend, Trend]:
    """Return the second article's trends of the focus word and of the related word.

    They are in float32, as the article computed them. It printed 0 where a trend is undefined.

    Returns:
        The first 10 coordinates of the trends of "want" and of "apple".

    >>> want, apple = printed_trends()
    >>> want.values[:5].round(2), apple.undefined_as_zero[5:7].round(2)
    (array([ nan,  nan,  nan,  nan, -0.8], dtype=float32), array([0.33, 0.  ], dtype=float32))
    """
    want, apple = (
        np.array(article(SENTENCE_EMBEDDING)[f"trend_{word}_first10"], dtype=np.float32)
        for word in ("want", "apple")
    )
    return _with_mask(want), _with_mask(apple)


def printed_embedding() -> Vector:
    """Return the first 10 coordinates of the second article's sentence embedding, in float32."""
    return np.array(article(SENTENCE_EMBEDDING)["sentence_embedding_first10"], dtype=np.float32)


def _with_mask(printed: Vector) -> Trend:
    return Trend(np.where(printed == 0, np.nan, printed), printed != 0, "log quotient")
