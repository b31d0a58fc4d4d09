"""Printed figures beside ours, as tables."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from trendlib.articles.published import Comparison, Verdict, groups
from trendlib.model.weights import BERT_BASE


def comparison_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Tabulate printed figures beside ours, one row a comparison, in the articles' order.

    An article, a basis or a reason that all rows share is not repeated in each of them: the
    heading says the basis, ``summary_text`` the reason.
    """
    seen = {
        "article": {each.article for each in comparisons},
        "basis": {each.basis for each in comparisons},
        "why": {each.why for each in comparisons},
    }
    shared = [name for name, values in seen.items() if len(values) == 1]
    ours = f"ours: {next(iter(seen['basis']))}" if "basis" in shared else "ours"
    table = pd.DataFrame(
        {
            "article": each.article,
            "group": each.group,
            "figure": each.figure,
            f"as published: {BERT_BASE.name}": _figure(each.printed),
            ours: f"{each.ours:.8g}" if isinstance(each.ours, float) else _figure(each.ours),
            "basis": each.basis,
            "difference": "" if each.difference is None else f"{each.difference:+.1e}",
            "verdict": each.verdict.value,
            "why": each.why,
        }
        for each in _in_order(comparisons)
    )
    index = [name for name in ("article", "group", "figure") if name not in shared]
    return table.drop(columns=shared).set_index(index)


def summary_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Count the figures and their verdicts: one row a group, one column a basis."""
    bases = dict.fromkeys(each.basis for each in comparisons)
    grouped: dict[tuple[str, str], list[Comparison]] = {}
    for each in _in_order(comparisons):
        grouped.setdefault((each.article, each.group), []).append(each)
    return pd.DataFrame(
        {
            "article": article,
            "group": group,
            "figures": len({each.figure for each in members}),
            **{
                f"from {basis}": _count([each for each in members if each.basis == basis])
                for basis in bases
            },
        }
        for (article, group), members in grouped.items()
    )


def summary_text(comparisons: Sequence[Comparison]) -> str:
    """Count figures and verdicts in a line a basis, and say why figures were not run."""
    figures = {(each.article, each.group, each.figure) for each in comparisons}
    lines = [f"{len(figures)} printed figures."]
    for basis in dict.fromkeys(each.basis for each in comparisons):
        of_basis = [each for each in comparisons if each.basis == basis]
        reasons = dict.fromkeys(each.why for each in of_basis if each.verdict is Verdict.NOT_RUN)
        why = "".join(f": {reason}" for reason in reasons)
        lines.append(f"Recomputed from {basis}: {_count(of_basis)}{why}.")
    return "\n\n".join(lines)


def _in_order(comparisons: Sequence[Comparison]) -> list[Comparison]:
    order = {(group.article, group.name): place for place, group in enumerate(groups())}
    return sorted(comparisons, key=lambda each: order[each.article, each.group])


def _count(comparisons: Sequence[Comparison]) -> str:
    counts = Counter(each.verdict for each in comparisons)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])


def _figure(value: float | int | str | None) -> str:
    return "" if value is None else str(value)
