"""Tables of printed figures, alone and beside ours."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from trendlib.articles.published import (
    ARTICLES,
    FOURIER,
    PRINTED_DATA,
    Comparison,
    Verdict,
    article,
    groups,
)
from trendlib.model.weights import BERT_BASE

VECTORS = {
    "contextual": "contextual vector",
    "diff": "difference",
    "log_quotient": "log quotient",
    "fourier": "Fourier transform",
}
"""The vectors that the third article compares, by their keys in its file."""


def scorecard(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Count the verdicts: one row for each article and for what its figures were checked against.

    >>> from trendlib.articles.reproduce import compare_printed
    >>> scorecard(compare_printed())[["article", "agrees", "differs"]].values.tolist()
    [['first', 62, 0], ['second', 33, 0], ['third', 3, 0]]
    """
    order = dict(zip(ARTICLES, ("first", "second", "third"), strict=True))
    counts = Counter((row.article, row.basis, row.verdict) for row in comparisons)
    checks = dict.fromkeys((row.article, row.basis) for row in comparisons)
    return pd.DataFrame(
        {
            "article": order[name],
            "checked against": "other printed figures" if basis == PRINTED_DATA else basis,
            "agrees": counts[name, basis, Verdict.EQUAL],
            "differs": counts[name, basis, Verdict.DIFFERS],
            "not run": counts[name, basis, Verdict.NOT_RUN],
        }
        for name, basis in sorted(checks, key=lambda check: ARTICLES.index(check[0]))
    )


def printed_cosines() -> pd.DataFrame:
    """Tabulate the cosines that the third article printed.

    Returns:
        A row for each kind of vector and each word, and a column for each pair of sentences.

    >>> print(*printed_cosines().round(2).iloc[6])
    log quotient a 0.43 0.54 0.72
    """
    printed = article(FOURIER)
    pairs = printed["cosine_first10"]
    return pd.DataFrame(
        {
            "vectors": vectors,
            "word": word,
            **{pair: cosines[key][word] for pair, cosines in pairs.items()},
        }
        for key, vectors in VECTORS.items()
        for word in printed["tokens"]
    )


def comparison_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Tabulate printed figures beside ours: one row per comparison, in the articles' order.

    A column that would be the same in all rows is left out: the article, the reason (which
    ``summary_text`` states), and the basis (which the heading of our figures states).
    """
    seen = {
        "article": {row.article for row in comparisons},
        "basis": {row.basis for row in comparisons},
        "why": {row.why for row in comparisons},
    }
    shared = [name for name, values in seen.items() if len(values) == 1]
    ours = f"ours: {next(iter(seen['basis']))}" if "basis" in shared else "ours"
    table = pd.DataFrame(
        {
            "article": row.article,
            "group": row.group,
            "figure": row.figure,
            f"as published: {BERT_BASE.name}": _figure(row.printed),
            ours: f"{row.ours:.8g}" if isinstance(row.ours, float) else _figure(row.ours),
            "basis": row.basis,
            "difference": _signed(row.difference),
            "verdict": row.verdict.value,
            "why": row.why,
        }
        for row in _in_order(comparisons)
    )
    index = [name for name in ("article", "group", "figure") if name not in shared]
    return table.drop(columns=shared).set_index(index)


def summary_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Count figures and verdicts: one row per group, one column per basis."""
    bases = dict.fromkeys(row.basis for row in comparisons)
    grouped: dict[tuple[str, str], list[Comparison]] = {}
    for row in _in_order(comparisons):
        grouped.setdefault((row.article, row.group), []).append(row)
    return pd.DataFrame(
        {
            "article": article,
            "group": group,
            "figures": len({row.figure for row in members}),
            **{
                f"from {basis}": _count([row for row in members if row.basis == basis])
                for basis in bases
            },
        }
        for (article, group), members in grouped.items()
    )


def summary_text(comparisons: Sequence[Comparison]) -> str:
    """Count figures and verdicts, in one line per basis, with the reasons for "not run"."""
    figures = {_key(row) for row in comparisons}
    lines = [f"{len(figures)} printed figures."]
    for basis in dict.fromkeys(row.basis for row in comparisons):
        of_basis = [row for row in comparisons if row.basis == basis]
        reasons = dict.fromkeys(row.why for row in of_basis if row.verdict is Verdict.NOT_RUN)
        why = "".join(f": {reason}" for reason in reasons)
        lines.append(f"Recomputed from {basis}: {_count(of_basis)}{why}.")
    return "\n\n".join(lines)


def headline(comparisons: Sequence[Comparison]) -> str:
    """State the result in one or two sentences, in which "not run" never counts as a success."""
    by_verdict = {
        verdict: {_key(row) for row in comparisons if row.verdict is verdict} for verdict in Verdict
    }
    total = len({_key(row) for row in comparisons})
    equal, differing, not_run = (len(by_verdict[verdict]) for verdict in Verdict)
    if differing:
        return f"Different: {differing} of {total} printed figures differ from ours."
    if not_run:
        return (
            f"Not run: {not_run} of {total} printed figures need {BERT_BASE.name}, which was not "
            f"run. Compared with what other printed figures say: {equal}, and all are equal."
        )
    return f"Equal: all {total} printed figures were recomputed, and none differs."


def _key(comparison: Comparison) -> tuple[str, str, str]:
    return comparison.article, comparison.group, comparison.figure


def _in_order(comparisons: Sequence[Comparison]) -> list[Comparison]:
    order = {(group.article, group.name): place for place, group in enumerate(groups())}
    return sorted(comparisons, key=lambda row: order[row.article, row.group])


def _count(comparisons: Sequence[Comparison]) -> str:
    counts = Counter(row.verdict for row in comparisons)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])


def _signed(difference: float | None) -> str:
    if difference is None:
        return ""
    return f"{difference:+.1e}" if difference else "0"


def _figure(value: float | int | str | None) -> str:
    return "" if value is None else str(value)
