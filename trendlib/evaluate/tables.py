"""Tables and lists of results, models side by side, from the files of results."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import pandas as pd

from trendlib.errors import counted
from trendlib.evaluate.conditions import Condition
from trendlib.evaluate.results import TaskResult, results_of
from trendlib.evaluate.verdicts import CLASSIFICATION, TITLES
from trendlib.evaluate.wording import Write, hundredths, interval, p_text

Column = tuple[str, str]
"""The header of a column: a model, and what the column shows."""

PUBLISHED = (
    ("MR", "accuracy", "CLS", "78.68", "Reimers and Gurevych 2019"),
    ("SST-2", "test accuracy", "CLS", "84.13", "Reimers and Gurevych 2019"),
    ("TREC", "test accuracy", "CLS", "91.4", "Reimers and Gurevych 2019"),
    ("MR", "accuracy", "mean", "78.66", "Reimers and Gurevych 2019"),
    ("SST-2", "test accuracy", "mean", "84.40", "Reimers and Gurevych 2019"),
    ("TREC", "test accuracy", "mean", "92.8", "Reimers and Gurevych 2019"),
    ("STS-B", "Spearman in hundredths", "CLS", "20.30", "Huang et al. 2021"),
    ("STS-B", "Spearman in hundredths", "mean", "47.29", "Huang et al. 2021"),
    ("STS-B", "Spearman in hundredths", "first + last", "59.05", "Huang et al. 2021"),
)
"""Figures of bert-base-uncased that others published: task, measure, method, figure, by whom."""
PUBLISHED_HEADS = (
    ("obj", "best head", "86.8"),
    ("obj", "best fixed offset", "40.0"),
    ("all", "best head", "34.5"),
    ("all", "best fixed offset", "26.3"),
)
"""Figures of bert-base-uncased on another treebank (Clark et al. 2019), in percent."""


def run_text(task: str) -> str:
    """List with which models a task was run, when, and on how much data, in Markdown."""
    lines = []
    for result in results_of(task):
        sample = "; **a quick sample, not the whole data**" if result.quick else ""
        facts = ", ".join(_fact(*item) for item in result.facts.items())
        lines.append(
            f"- {result.provenance}, measured on {result.measured} on "
            f"{counted(result.cores, 'core')} in {result.seconds:,.0f} seconds{sample}. {facts}."
        )
    return "\n".join(lines) or _missing(task)


def score_table(
    task: str,
    measures: Sequence[str],
    methods: Iterable[str] | None = None,
    *,
    group: str = "",
    write: Write = interval,
) -> pd.DataFrame:
    """Tabulate measures by method, models side by side.

    Args:
        task: The task.
        measures: The measures, one column per measure and model.
        methods: The methods; all of them if left out.
        group: The part of the data.
        write: Writes a figure.
    """
    columns = {}
    for result in results_of(task):
        for measure in measures:
            found = result.by_method(measure, group=group)
            chosen = [method for method in methods or found if method in found]
            columns[_column(result, measure)] = {method: write(found[method]) for method in chosen}
    return _frame(columns, "method")


def condition_table(
    task: str,
    measures: Sequence[str],
    method: str,
    conditions: Iterable[Condition],
    *,
    write: Write = interval,
) -> pd.DataFrame:
    """Tabulate measures of one method by condition, models side by side."""
    columns: dict[Column, dict[str, str]] = {}
    for result in results_of(task):
        for measure in measures:
            column = columns[_column(result, measure)] = {}
            for condition in conditions:
                found = result.by_method(measure, condition=condition.name)
                if method in found:
                    column[condition.name or "as the article does"] = write(found[method])
    return _frame(columns, "condition")


def group_table(
    task: str, measure: str, methods: Sequence[str], *, write: Write = interval
) -> pd.DataFrame:
    """Tabulate a measure by group (such as a relation), methods and models side by side."""
    columns = {}
    for result in results_of(task):
        for method in methods:
            columns[_column(result, method)] = {
                score.group: write(score)
                for score in result.scores
                if score.is_overall
                and score.group
                and (score.method, score.measure, score.condition) == (method, measure, "")
            }
    return _frame(columns, "group")


def learning_curve_table(
    task: str, measure: str, methods: Sequence[str], *, write: Write = interval
) -> pd.DataFrame:
    """Tabulate a measure by the number of training texts, methods and models side by side."""
    columns = {}
    for result in results_of(task):
        for method in methods:
            curve = result.learning_curve(method, measure)
            columns[_column(result, method)] = {
                f"{size:,}": write(score) for size, score in curve.items()
            }
    return _frame(columns, "training texts")


def difference_table(
    task: str,
    measure: str,
    other: str,
    *,
    by_method: bool = True,
    group: str = "",
    write: Write = hundredths,
) -> pd.DataFrame:
    """Tabulate differences from a method, with intervals and p-values where there are any.

    Args:
        task: The task.
        measure: What is measured.
        other: The baseline; or, if not ``by_method``, the method that is compared with several.
        by_method: Whether the rows are methods; else they are the baselines of ``other``.
        group: The part of the data.
        write: Writes a figure; in hundredths if left out.
    """
    columns: dict[Column, dict[str, str]] = {}
    for result in results_of(task):
        listed = {
            (score.method if by_method else score.baseline): score
            for score in result.scores
            if score.measure == measure
            and score.baseline
            and (score.group, score.condition) == (group, "")
            and other == (score.baseline if by_method else score.method)
        }
        columns[_column(result, "difference")] = {
            name: write(score) for name, score in listed.items()
        }
        if any(score.p is not None for score in listed.values()):
            columns[_column(result, "p")] = {
                name: p_text(score.p) for name, score in listed.items()
            }
    return _frame(columns, f"compared with {other}")


def steps_table(task: str, measure: str, steps: Sequence[str], cost: str) -> pd.DataFrame:
    """Tabulate a measure step by step, with the gain of each step and what it costs.

    Args:
        task: The task.
        measure: What is measured.
        steps: The methods, in their order.
        cost: The measure of what a method costs.
    """
    columns: dict[Column, dict[str, str]] = {}
    for result in results_of(task):
        found, costs = result.by_method(measure), result.by_method(cost)
        gains = {
            after: result.score(after, measure, baseline=before)
            for before, after in pairwise(steps)
        }
        columns |= {
            _column(result, measure): {step: hundredths(found[step]) for step in steps},
            _column(result, "gain"): {step: hundredths(gain) for step, gain in gains.items()},
            _column(result, "p"): {step: p_text(gain.p) for step, gain in gains.items()},
            _column(result, cost): {step: f"{costs[step].value:g}" for step in steps},
        }
    return _frame(columns, "step")


def chosen_text(task: str, measure: str) -> str:
    """List what was chosen for each method on the development part, in Markdown."""
    return "\n".join(
        f"- {result.provenance.model}, **{method}**: {score.note}."
        for result in results_of(task)
        for method, score in result.by_method(measure).items()
        if score.note
    )


def methods_text(task: str) -> str:
    """List what each method does, in Markdown; the same under a condition is not listed again."""
    notes: dict[str, str] = {}
    for result in results_of(task):
        # Under a condition, a method's scores still bear its own name.
        own = {score.method for score in result.scores}
        notes |= {method: note for method, note in result.methods.items() if method in own}
    return "\n".join(f"- **{method}**: {note}." for method, note in notes.items())


def instead_text(method: str, other: str) -> str:
    """Write what one way to make vectors scores instead of another, in every task and model."""
    lines = []
    for task, measure in (*CLASSIFICATION.items(), ("stsb", "Spearman")):
        for result in results_of(task):
            one, two = (100 * result.score(name, measure).value for name in (method, other))
            lines.append(
                f"{TITLES[task]} {one:.1f} instead of {two:.1f} ({result.provenance.model})"
            )
    return f"“{method}” instead of “{other}”: {'; '.join(lines)}."


def classification_table(methods: Sequence[str]) -> pd.DataFrame:
    """Tabulate the measure that decides, of every classification task, and STS-B's."""
    columns: dict[Column, dict[str, str]] = {}
    for task, measure in (*CLASSIFICATION.items(), ("stsb", "Spearman")):
        for result in results_of(task):
            found = result.by_method(measure)
            columns[_column(result, f"{TITLES[task]}, {measure}")] = {
                method: hundredths(found[method]) for method in methods if method in found
            }
    return _frame(columns, "method")


def lead_table(methods: Sequence[str], baseline: str) -> pd.DataFrame:
    """Tabulate by how much methods lead a baseline, by the measure that decides each task."""
    columns: dict[Column, dict[str, str]] = {}
    for task, measure in CLASSIFICATION.items():
        for result in results_of(task):
            columns[_column(result, f"{TITLES[task]}, {measure}")] = {
                method: hundredths(result.score(method, measure, baseline=baseline))
                for method in methods
            }
    return _frame(columns, f"compared with {baseline}")


def published_table() -> pd.DataFrame:
    """Tabulate what others published of bert-base-uncased, for the same ways to make vectors."""
    names = ["task", "measure", "method", "figure", "published by"]
    table = pd.DataFrame(PUBLISHED, columns=names)
    return table.assign(model="bert-base-uncased, as published").set_index("task")


def published_heads_table() -> pd.DataFrame:
    """Tabulate our heads, beside those of Clark et al."""
    columns: dict[Column, dict[str, str]] = {}
    for result in results_of("heads"):
        for method in ("best head", "best fixed offset"):
            found = {
                score.group: score
                for score in result.scores
                if score.is_overall
                and (score.method, score.condition) == (method, "")
                and score.group in {row[0] for row in PUBLISHED_HEADS}
            }
            columns[_column(result, f"{method}, EWT")] = {
                group: interval(score) for group, score in found.items()
            }
    for method in ("best head", "best fixed offset"):
        columns["bert-base-uncased, as published", method] = {
            relation: f"{figure} %" for relation, name, figure in PUBLISHED_HEADS if name == method
        }
    return _frame(columns, "relation")


def _column(result: TaskResult, what: str) -> Column:
    return str(result.provenance.model), what


def _frame(columns: Mapping[Column, Mapping[str, str]], name: str) -> pd.DataFrame:
    """Make a table with the names of the models above the columns."""
    frame = pd.DataFrame(columns).fillna("").rename_axis(name)
    return frame.rename_axis(columns=["model", ""])


def _fact(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"{name}: " + ", ".join(_fact(*item) for item in value.items())
    if isinstance(value, float):
        return f"{name} {100 * value:.1f} %"
    return f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"


def _missing(task: str) -> str:
    return f"Not run: there are no results of {task}; `trendlib evaluate` makes them."
