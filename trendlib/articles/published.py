"""Every figure that the three articles printed, and how one of ours is compared with it.

All of them are figures of bert-base-uncased. Another model's numbers can be shown beside them,
never compared with them: the verdict is then "not run".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from trendlib.encoding import Provenance
from trendlib.errors import check_choice
from trendlib.model.weights import BERT_BASE
from trendlib.typing import Received

Value = float | int | str

TOKEN_TRENDS = "token_trends"
SENTENCE_EMBEDDING = "sentence_embedding"
FOURIER = "fourier"
ARTICLES = (TOKEN_TRENDS, SENTENCE_EMBEDDING, FOURIER)

PRINTED_DATA = "printed data"
"""The basis of a figure that follows from others that the article printed."""

EXACT = 0.0
CONTEXTUAL = 1e-4
"""Tolerance of attentions and contextual vectors: the article's float32, our float64."""
LOG_QUOTIENT = 1e-3
"""Tolerance of log quotients, whose near-zero denominators amplify the rounding of float32."""


class Verdict(StrEnum):
    """What a comparison says."""

    EQUAL = "equal"  # within the group's tolerance
    DIFFERS = "differs"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Group:
    """Figures that an article printed together.

    Attributes:
        article: One of ``ARTICLES``.
        name: What the figures are.
        labels: One label a figure.
        printed: The figures.
        tolerance: The largest difference that counts as equal, recomputed with the model; None
            if no model has a part in the figures.
        tolerance_printed: The same, recomputed from printed data; None if that cannot be done.
    """

    article: str
    name: str
    labels: tuple[str, ...]
    printed: tuple[Value, ...]
    tolerance: float | None
    tolerance_printed: float | None = None


@dataclass(frozen=True)
class Comparison:
    """A printed figure beside ours.

    Attributes:
        article: The article that printed it.
        group: What kind of figure it is.
        figure: Which one of them.
        printed: As published, of bert-base-uncased.
        ours: Recomputed; None if it was not.
        difference: ours - printed, for numbers of the same model; else None.
        basis: What ours was computed with: a model's name, or "printed data".
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
    """Read what an article printed.

    Args:
        name: One of ``ARTICLES``.

    Raises:
        UnknownChoiceError: If there is no such article.
    """
    check_choice("article", name, ARTICLES)
    text = (files("trendlib.articles") / "printed" / f"{name}.json").read_text(encoding="utf-8")
    printed: Mapping[str, Any] = json.loads(text)
    return printed


def groups(name: str | None = None) -> tuple[Group, ...]:
    """List the printed figures, group by group, in the articles' order.

    Args:
        name: One of ``ARTICLES``; all of them if left out.

    >>> sum(len(group.printed) for group in groups("sentence_embedding"))
    97
    """
    makers = {
        TOKEN_TRENDS: _token_trends,
        SENTENCE_EMBEDDING: _sentence_embedding,
        FOURIER: _fourier,
    }
    chosen = ARTICLES if name is None else (name,)
    return tuple(group for each in chosen for group in makers[each](article(each)))


def is_article_model(provenance: Provenance) -> bool:
    """Whether figures come from the articles' own weights, wherever they were loaded from."""
    return provenance.weights_sha256 == BERT_BASE.sha256


def compare(
    group: Group, ours: Sequence[Value] | None, basis: Provenance | str, why: str = ""
) -> list[Comparison]:
    """Compare a group of printed figures with ours.

    Args:
        group: The printed figures.
        ours: Ours, in the same order; None if they were not computed.
        basis: Where ours come from: a model's provenance, or ``PRINTED_DATA``.
        why: Why ours were not computed.

    Returns:
        One comparison a figure.
    """
    if isinstance(basis, Provenance):
        name, tolerance = basis.model, group.tolerance
        if not is_article_model(basis):
            why = why or f"{name} is not the article's model, {BERT_BASE.name}"
    else:
        name, tolerance = basis, group.tolerance_printed
    comparable = ours is not None and not why
    wrong_count = ours is not None and len(ours) != len(group.printed)
    if comparable and wrong_count:
        why = f"{len(ours or ())} values instead of {len(group.printed)}"
    given = list(ours or ())[: len(group.printed)]
    values: list[Value | None] = [*given, *[None] * (len(group.printed) - len(given))]
    comparisons = []
    for label, printed, value in zip(group.labels, group.printed, values, strict=True):
        difference = _difference(printed, value) if comparable else None
        verdict = Verdict.NOT_RUN
        if comparable:
            same = not wrong_count and _same(printed, value, difference, tolerance or EXACT)
            verdict = Verdict.EQUAL if same else Verdict.DIFFERS
        comparisons.append(
            Comparison(
                article=group.article,
                group=group.name,
                figure=label,
                printed=printed,
                ours=value,
                difference=difference,
                basis=name,
                verdict=verdict,
                why=why,
            )
        )
    return comparisons


def _same(printed: Value, ours: Value | None, difference: float | None, tolerance: float) -> bool:
    if difference is None:
        return printed == ours
    return abs(difference) <= tolerance  # False for NaN


def _difference(printed: Value, ours: Value | None) -> float | None:
    if ours is None or isinstance(printed, str) or isinstance(ours, str):
        return None
    return float(ours) - float(printed)


def _coordinates(values: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"coordinate {index}" for index in range(len(values)))


def _cells(matrix: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str]) -> Any:
    labels = tuple(f"{row}, {column}" for row in rows for column in columns)
    return labels, tuple(value for row in matrix for value in row)


def _token_trends(printed: Mapping[str, Any]) -> list[Group]:
    name, word = TOKEN_TRENDS, printed["token"]["word"]
    toys = [value for toy in printed["toy_examples"] for value in toy["printed_log_quotient"]]
    vector = printed["contextual_want_sentence1_first10"]
    tokens = printed["received_attention_layer0_head11"]["tokens"]
    units = ("[CLS]", *tokens, "[SEP]")
    cells, matrix = _cells(
        printed["attention_layer0_head11_rounded"]["values"],
        [f"from {unit}" for unit in units],
        [f"to {unit}" for unit in units],
    )
    # Rounded to two decimals, each of the seven terms of a column sum is off by 0.005 at most.
    rounding = 0.005 * len(units)

    def cosines(key: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
        return tuple(printed[key]), tuple(printed[key].values())

    return [
        Group(name, "position of the token", (word,), (printed["token"]["index"],), EXACT),
        Group(
            name,
            "model size",
            ("hidden states", "coordinates"),
            (printed["num_hidden_states"], printed["hidden_size"]),
            EXACT,
        ),
        Group(
            name,
            "log quotients of the toy vectors",
            tuple(f"toy {toy}, coordinate {i}" for toy in (1, 2) for i in range(3)),
            tuple(toys),
            None,
            tolerance_printed=0.05,  # printed with one decimal
        ),
        Group(
            name, f"contextual vector of {word}", _coordinates(vector), tuple(vector), CONTEXTUAL
        ),
        Group(
            name, "cosines of contextual vectors", *cosines("cosine_first10_contextual"), CONTEXTUAL
        ),
        Group(name, "cosines of trends", *cosines("cosine_first10_trend"), LOG_QUOTIENT),
        Group(name, "attention, layer 0, head 11", cells, matrix, 0.005 + CONTEXTUAL),
        Group(
            name,
            "received attention, layer 0, head 11",
            tuple(tokens),
            tuple(printed["received_attention_layer0_head11"]["values"]),
            CONTEXTUAL,
            tolerance_printed=rounding,
        ),
        Group(
            name,
            "most important word",
            ("word",),
            (printed["most_important_word"],),
            EXACT,
            tolerance_printed=EXACT,
        ),
    ]


def _sentence_embedding(printed: Mapping[str, Any]) -> list[Group]:
    name = SENTENCE_EMBEDDING
    attention = printed["received_attention"]
    heads = [f"head {head}" for head in range(len(attention["values"]))]
    cells, matrix = _cells(attention["values"], heads, attention["words"])
    leaders = printed["leader_per_row"]
    vectors = [
        Group(name, title, _coordinates(printed[key]), tuple(printed[key]), LOG_QUOTIENT, tolerance)
        for title, key, tolerance in (
            ("trend of apple", "trend_apple_first10", None),
            ("trend of want", "trend_want_first10", None),
            # A sum of two numbers that were printed in float32.
            ("sentence embedding", "sentence_embedding_first10", 1e-6),
        )
    ]
    words = (printed["focus_word"]["word"], printed["related_word"]["word"])
    runners_up = tuple(printed["runner_up_where_focus_leads"]["values"])
    led = tuple(f"row {number} that it leads" for number in range(len(runners_up)))
    return [
        Group(name, "received attention, layer 0", cells, matrix, CONTEXTUAL),
        Group(name, "leading word of each head", tuple(heads), tuple(leaders), EXACT, EXACT),
        Group(name, "runner-up where the focus word leads", led, runners_up, EXACT, EXACT),
        Group(name, "words", ("focus word", "related word"), words, EXACT, EXACT),
        *vectors,
    ]


def _fourier(printed: Mapping[str, Any]) -> list[Group]:
    tokens, cosines = printed["tokens"], printed["cosine_first10"]
    tolerances = {
        "contextual": CONTEXTUAL,
        "diff": CONTEXTUAL,
        "log_quotient": LOG_QUOTIENT,
        "fourier": LOG_QUOTIENT,
    }
    positions = Group(
        FOURIER, "positions of the tokens", tuple(tokens), tuple(tokens.values()), EXACT
    )
    return [
        positions,
        *(
            Group(
                FOURIER,
                f"cosines, {kind}",
                tuple(f"{pair}, {token}" for pair in cosines for token in tokens),
                tuple(cosines[pair][kind][token] for pair in cosines for token in tokens),
                tolerance,
            )
            for kind, tolerance in tolerances.items()
        ),
    ]


def printed_matrix() -> tuple[Received, tuple[str, ...]]:
    """Take the article's printed matrix of received attention.

    Returns:
        Twelve rows (the heads of layer 0), four columns, and the columns' words.
    """
    attention = article(SENTENCE_EMBEDDING)["received_attention"]
    return np.array(attention["values"]), tuple(attention["words"])
