"""Drift: which of the recomputed figures have changed since the last run.

The weights are pinned, so a figure that changes was changed by a library or by this package.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from trendlib.articles.published import PRINTED_DATA, Comparison, Value, Verdict
from trendlib.articles.tables import summary_text
from trendlib.encoding import Provenance
from trendlib.errors import FiguresFileError
from trendlib.files.atomic import replacing
from trendlib.files.checksums import is_sealed, sealed
from trendlib.files.own import check_replaceable
from trendlib.files.settings import read_object
from trendlib.model.weights import BERT_BASE
from trendlib.show.markdown import markdown_table

TOLERANCE = 1e-6
"""The largest difference, relative or absolute, that rounding may cause between two runs."""


class Change(StrEnum):
    """How a figure has changed since the last run."""

    SAME = "no change"  # the value within TOLERANCE, and the verdict
    DRIFTED = "drifted"
    NEW = "new"
    VANISHED = "vanished"
    FIRST = "first run"
    UNLIKE_PRINTED = "differs from the printed figure"  # all that a first run can compare with


QUIET = (Change.SAME, Change.FIRST)
"""The changes that nobody needs to look at."""


class Outcome(StrEnum):
    """The result of a drift report."""

    NO_DRIFT = "no drift"
    DRIFT = "drift"
    FIRST_RUN = "first run"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Figures:
    """The figures of one run.

    Attributes:
        provenance: The model and the library versions.
        comparisons: Each figure with the printed one.
    """

    provenance: Provenance
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Row:
    """A figure in the last run and now.

    Attributes:
        last: The figure in the last run; None if that run did not have it.
        now: The figure in this run; None if it has vanished.
        change: How it has changed.
    """

    last: Comparison | None
    now: Comparison | None
    change: Change


@dataclass(frozen=True)
class Drift:
    """Two runs compared.

    Attributes:
        last: The last run's model and versions; None if this is the first run.
        now: This run's; None if nothing was run.
        rows: One row per figure; empty if nothing was run.
        why: Why nothing was run.
    """

    last: Provenance | None
    now: Provenance | None
    rows: tuple[Row, ...]
    why: str = ""

    @property
    def told(self) -> list[Row]:
        """The figures that somebody should look at."""
        return [row for row in self.rows if row.change not in QUIET]

    @property
    def outcome(self) -> Outcome:
        """The result. Without a run it is "not run", never "no drift"."""
        if self.now is None:
            return Outcome.NOT_RUN
        if self.told:
            return Outcome.DRIFT
        return Outcome.FIRST_RUN if self.last is None else Outcome.NO_DRIFT


def compare_with_last(last: Figures | None, now: Figures) -> Drift:
    """Compare a run's figures with the last run's.

    Args:
        last: The last run's; None if there was none.
        now: This run's.

    Raises:
        FiguresFileError: If the two runs used different weights, tokenizers or configs.
    """
    if last is None:
        rows = [Row(None, comparison, _first_change(comparison)) for comparison in now.comparisons]
        return Drift(None, now.provenance, tuple(rows))
    if last.provenance.model_sha256 != now.provenance.model_sha256:
        then, today = (
            f"{run.model} ({run.model_sha256[:16] or 'not known'})"
            for run in (last.provenance, now.provenance)
        )
        raise FiguresFileError(
            f"the last figures are from {then} and the new ones from {today}, and figures of two "
            "models are never compared (a model is its weights, tokenizer and config, of which "
            "these are the checksums): compare with figures of the same model, or omit --last"
        )
    before = {_key(comparison): comparison for comparison in last.comparisons}
    after = {_key(comparison): comparison for comparison in now.comparisons}
    rows = [
        Row(before.get(key), after.get(key), _change(before.get(key), after.get(key)))
        for key in {**after, **before}
    ]
    return Drift(last.provenance, now.provenance, tuple(rows))


def drift_not_run(last: Figures | None, why: str) -> Drift:
    """Report that nothing was compared.

    Args:
        last: The last run's figures; None if there are none.
        why: The reason.
    """
    return Drift(None if last is None else last.provenance, None, (), why)


def check_keepable(path: Path) -> None:
    """Check that figures can be written to a file: that it does not exist yet, or holds figures.

    Raises:
        OutputError: If it holds something else, or cannot be written.
    """
    check_replaceable(path, "drift --keep", read_figures)


def keep_figures(figures: Figures, path: Path) -> None:
    """Write figures to a file, so that the next run can be compared with them.

    Raises:
        OutputError: As ``check_keepable``.
    """
    check_keepable(path)
    content = {
        "provenance": figures.provenance.as_dict(),
        "figures": [asdict(comparison) for comparison in figures.comparisons],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as new:
        new.write_text(json.dumps(sealed(content), indent=1) + "\n", encoding="utf-8")


def read_figures(path: Path) -> Figures:
    """Read what ``keep_figures`` wrote.

    Raises:
        FiguresFileError: If the file does not exist, is not such a file, or has changed since.
    """
    try:
        content = read_object(path)
    except OSError as error:
        content, problem = None, f"cannot be read ({error})"
    else:
        problem = "does not hold the figures of an earlier run, or has changed since it was written"
    if content is None or not is_sealed(content):
        raise FiguresFileError(
            f"{path} {problem}: use the file as `trendlib drift --keep` wrote it, or omit --last "
            "in the first run"
        )
    comparisons = tuple(map(_read_comparison, content["figures"]))
    return Figures(Provenance(**content["provenance"]), comparisons)


def headline(drift: Drift) -> str:
    """State the result in a sentence."""
    match drift.outcome:
        case Outcome.NOT_RUN:
            return (
                f"Not run: {drift.why}. No figure was recomputed with the model, so nothing is "
                "known about drift."
            )
        case Outcome.FIRST_RUN:
            return (
                "First run: there are no earlier figures to compare with, and no figure differs "
                "from the printed one."
            )
        case Outcome.NO_DRIFT:
            return f"No drift: none of the {len(drift.rows)} recomputed figures has changed."
    counts = Counter(row.change for row in drift.told)
    listed = ", ".join(f"{counts[change]} {change}" for change in Change if counts[change])
    return f"Drift, in {len(drift.rows)} recomputed figures: {listed}."


def report_text(drift: Drift) -> str:
    """Write the report in Markdown: the figures to look at, and then all others, folded."""
    parts = [f"**{headline(drift)}**"]
    if drift.now is not None:
        told = drift.told
        others = [row for row in drift.rows if row.change in QUIET]
        parts += [
            summary_text([row.now for row in drift.rows if row.now is not None]),
            _origins(drift),
            f"A figure has drifted if it differs from the last one by more than {TOLERANCE:g}, "
            "both absolutely and relatively, or if its verdict against the printed figure has "
            "changed.",
            _figures_table(told) if told else "",
            f"<details><summary>Unchanged: {len(others)}</summary>",
            _figures_table(others) if others else "",
            "</details>",
        ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _read_comparison(stored: dict[str, Any]) -> Comparison:
    return Comparison(**{**stored, "verdict": Verdict(stored["verdict"])})


def _key(comparison: Comparison) -> tuple[str, str, str, bool]:
    of_printed_data = comparison.basis == PRINTED_DATA
    return (comparison.article, comparison.group, comparison.figure, of_printed_data)


def _first_change(now: Comparison) -> Change:
    return Change.UNLIKE_PRINTED if now.verdict is Verdict.DIFFERS else Change.FIRST


def _change(last: Comparison | None, now: Comparison | None) -> Change:
    if last is None:
        return Change.NEW
    if now is None:
        return Change.VANISHED
    same = last.verdict is now.verdict and _same(last.ours, now.ours)
    return Change.SAME if same else Change.DRIFTED


def _same(last: Value | None, now: Value | None) -> bool:
    if isinstance(last, float) and isinstance(now, float):
        both_nan = math.isnan(last) and math.isnan(now)
        return both_nan or math.isclose(last, now, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return last == now


def _origins(drift: Drift) -> str:
    rows = []
    runs = [drift.last, drift.now]
    for name in ("model", "revision", "dtype"):
        rows.append([name, *("" if run is None else getattr(run, name) for run in runs)])
    libraries = {name: None for run in runs if run is not None for name in run.versions}
    for name in libraries:
        versions = ["" if run is None else run.versions.get(name, "") for run in runs]
        rows.append([f"version of {name}", *versions])
    return markdown_table(["", "last", "now"], rows)


def _figures_table(rows: Sequence[Row]) -> str:
    head = ["article", "group", "figure", "computed from", f"as published: {BERT_BASE.name}"]
    head += ["last", "now", "since the last run", "verdict against the printed figure"]
    return markdown_table(head, [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    newest = row.now or row.last
    assert newest is not None
    values = [None if comparison is None else comparison.ours for comparison in (row.last, row.now)]
    return [
        newest.article,
        newest.group,
        newest.figure,
        newest.basis,
        _shown(newest.printed),
        *map(_shown, values),
        row.change,
        newest.verdict,
    ]


def _shown(value: Value | None) -> str:
    if value is None:
        return ""
    return f"{value:.8g}" if isinstance(value, float) else str(value)
