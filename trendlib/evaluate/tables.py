"""Tables of results, from the files of results.

A figure and its interval stand in columns of their own. The model stands once, above the names of
the rows; if a task was run with several models, a column tells them apart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from trendlib.evaluate.conditions import Condition
from trendlib.evaluate.results import TaskResult, results_of
from trendlib.evaluate.scores import Score
from trendlib.evaluate.verdicts import CLASSIFICATION, TITLES
from trendlib.evaluate.wording import (
    AS_THE_ARTICLE,
    Format,
    hundredths,
    interval,
    p_text,
    percent,
)

Column = tuple[str, Mapping[str, str]]
"""The head of a column, and its cells by the name of the row."""

INTERVAL = "95 % interval"
P = "adjusted p"
HEADS = {
    "both": "both trends defined",
    "both kept": "both words stay",
    "carried by the dead": "length in dead coordinates",
    "carried by the heaviest": "length in the three heaviest",
    "change of the cosine": "mean change of the cosine",
    "exactly one": "one trend defined",
    "focus kept": "focus word stays",
    "focus word changed by the condition": "another focus word",
    "focus word of several pieces": "focus word is split",
    "joined": "joined by an edge",
    "joined, not by punct": "joined, punctuation aside",
    "neither": "no trend defined",
    "no vote": "nobody votes",
    "of no trend": "from neither trend",
    "of one trend alone": "from one trend alone",
    "other focus word": "another focus word",
    "other related word": "another related word",
    "related word changed by the condition": "another related word",
    "Spearman of the cosines": "rank correlation",
    "times the state's own": "times that of the hidden state",
}
"""What tables call a measure, where its name in the results is too short to be understood."""
FACTS = {
    "adjacent edges": "edges between neighbours",
    "candidates": "words to choose from",
    "candidates of several pieces": "of them split",
    "changed": "changed sentences",
    "contradictory": "with two labels",
    "dev": "development part",
    "folds": "folds of the cross-validation",
    "removed": "texts left out",
    "train": "texts to train on",
    "train, drawn from": "drawn from",
    "with two words": "of them with both words",
}
"""What tables call a fact about the data, for the same reason."""
IF_ANY = ("folds", "test")
"""Facts that are worth a row only if they are not zero."""

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
PUBLISHED_HEADS = {"obj": ("86.8 %", "40.0 %"), "all": ("34.5 %", "26.3 %")}
"""Best head and best fixed offset of bert-base-uncased on another treebank (Clark et al. 2019)."""


def run_table(task: str) -> pd.DataFrame:
    """Tabulate how a task was measured: the model, the day, the machine and the data."""
    columns = {}
    for result in results_of(task):
        rows = {
            "number format": result.provenance.dtype,
            "day": result.measured,
            "processor cores": str(result.cores),
            "seconds": f"{result.seconds:,.0f}",
        }
        if result.quick:
            rows["data"] = "a quick sample, not all of it"
        columns[result.provenance.model] = rows | dict(_facts(result.facts))
    frame = pd.DataFrame(columns or {"not run": {"to run it": f"trendlib evaluate --task {task}"}})
    return frame.fillna("").rename_axis(index=None, columns="model")


def score_table(
    task: str,
    measures: Sequence[str],
    methods: Iterable[str] | None = None,
    *,
    group: str = "",
    write: Format = interval,
    counts: str = "",
) -> pd.DataFrame:
    """Tabulate measures by method.

    Args:
        task: The task.
        measures: The measures; each has a column, and another one for its interval.
        methods: The methods; all of them if left out.
        group: The part of the data.
        write: How figures are written.
        counts: What a figure is about, such as sentences; their number gets a column of this name.
    """
    chosen = None if methods is None else list(methods)
    parts = []
    for result in results_of(task):
        found = {measure: result.by_method(measure, group=group) for measure in measures}
        if chosen is not None:
            found = {
                measure: {name: scores[name] for name in chosen if name in scores}
                for measure, scores in found.items()
            }
        parts.append((_model(result), _measured(found, write, counts)))
    return _frame(parts, "method")


def condition_table(
    task: str,
    measures: Sequence[str],
    method: str,
    conditions: Iterable[Condition],
    *,
    write: Format = interval,
) -> pd.DataFrame:
    """Tabulate measures of one method by condition."""
    names = [condition.name for condition in conditions]
    parts = []
    for result in results_of(task):
        found: dict[str, dict[str, Score]] = {measure: {} for measure in measures}
        for measure, scores in found.items():
            for name in names:
                under = result.by_method(measure, condition=name)
                if method in under:
                    scores[name or AS_THE_ARTICLE] = under[method]
        parts.append((_model(result), _measured(found, write)))
    return _frame(parts, "condition")


def group_table(
    task: str,
    measure: str,
    methods: Sequence[str],
    *,
    write: Format = interval,
    counts: str = "",
) -> pd.DataFrame:
    """Tabulate a measure by grammatical relation, with a column for each method.

    Args:
        task: The task.
        measure: The measure.
        methods: The methods.
        write: How figures are written.
        counts: What a figure is about, such as sentences; their number gets a column of this name.
    """
    parts = []
    for result in results_of(task):
        columns: list[Column] = []
        for method in methods:
            found = {
                score.group: score
                for score in result.scores
                if score.is_overall
                and score.group
                and (score.method, score.measure, score.condition) == (method, measure, "")
            }
            if counts and not columns:
                columns.append((counts, _counts(found)))
            columns.append((method, {name: write(score) for name, score in found.items()}))
        parts.append((_model(result), columns))
    return _frame(parts, "relation")


def learning_curve_table(
    task: str, measure: str, methods: Sequence[str], *, write: Format = interval
) -> pd.DataFrame:
    """Tabulate a measure by the number of training texts, with a column for each method."""
    parts = []
    for result in results_of(task):
        curves = {method: result.learning_curve(method, measure) for method in methods}
        columns = [
            (method, {f"{size:,}": write(score) for size, score in curve.items()})
            for method, curve in curves.items()
        ]
        parts.append((_model(result), columns))
    return _frame(parts, "training texts")


def difference_table(
    task: str,
    measure: str,
    other: str,
    *,
    by_method: bool = True,
    group: str = "",
    write: Format = hundredths,
    counts: str = "",
) -> pd.DataFrame:
    """Tabulate differences from a method, with intervals and p-values where there are any.

    Args:
        task: The task.
        measure: What is measured.
        other: The baseline; or, if not ``by_method``, the method that is compared with several.
        by_method: Whether the rows are methods; else they are the baselines of ``other``.
        group: The part of the data.
        write: How figures are written; in hundredths if left out.
        counts: What a figure is about, such as sentences; their number gets a column of this name.
    """
    head = f"minus {other}" if by_method else f"{other}, minus it"
    parts = []
    for result in results_of(task):
        listed = {
            (score.method if by_method else score.baseline): score
            for score in result.scores
            if score.measure == measure
            and score.baseline
            and (score.group, score.condition) == (group, "")
            and other == (score.baseline if by_method else score.method)
        }
        parts.append((_model(result), _measured({head: listed}, write, counts)))
    return _frame(parts, "method" if by_method else "compared with")


def steps_table(task: str, measure: str, steps: Sequence[str], cost: str) -> pd.DataFrame:
    """Tabulate a measure step by step, with the gain of each step and what it costs.

    Args:
        task: The task.
        measure: What is measured.
        steps: The methods, in their order.
        cost: The measure of what a method costs.
    """
    parts = []
    for result in results_of(task):
        found, costs = result.by_method(measure), result.by_method(cost)
        gains = {
            after: result.score(after, measure, baseline=before)
            for before, after in pairwise(steps)
        }
        scores = {measure: {step: found[step] for step in steps}, "gain": gains}
        columns = _measured(scores, hundredths)
        columns.append((_head(cost), {step: f"{costs[step].value:g}" for step in steps}))
        parts.append((_model(result), columns))
    return _frame(parts, "step")


def chosen_table(task: str, measure: str) -> pd.DataFrame:
    """Tabulate what was chosen for each method on the development part."""
    parts = []
    for result in results_of(task):
        found = result.by_method(measure).items()
        notes = {method: score.note for method, score in found if score.note}
        parts.append((_model(result), [("chosen", notes)]))
    return _frame(parts, "method")


def methods_text(task: str) -> str:
    """List what each method does, in Markdown; the same under a condition is not listed again."""
    notes: dict[str, str] = {}
    for result in results_of(task):
        # Under a condition, a method's scores still bear its own name.
        own = {score.method for score in result.scores}
        notes |= {method: note for method, note in result.methods.items() if method in own}
    return "\n".join(f"- **{method}**: {note}." for method, note in notes.items())


def classification_table(methods: Sequence[str]) -> pd.DataFrame:
    """Tabulate the measure that decides, of every classification task, and STS-B's."""
    columns: dict[str, list[Column]] = {}
    for task, measure in (*CLASSIFICATION.items(), ("stsb", "Spearman")):
        for result in results_of(task):
            found = result.by_method(measure)
            cells = {name: hundredths(found[name]) for name in methods if name in found}
            columns.setdefault(_model(result), []).append((f"{TITLES[task]}, {measure}", cells))
    return _frame(list(columns.items()), "method")


def lead_table(methods: Sequence[str], baseline: str) -> pd.DataFrame:
    """Tabulate by how much methods lead a baseline, by the measure that decides each task."""
    columns: dict[str, list[Column]] = {}
    for task, measure in CLASSIFICATION.items():
        for result in results_of(task):
            cells = {
                name: hundredths(result.score(name, measure, baseline=baseline)) for name in methods
            }
            columns.setdefault(_model(result), []).append((f"{TITLES[task]}, {measure}", cells))
    return _frame(list(columns.items()), f"minus {baseline}")


def published_table() -> pd.DataFrame:
    """Tabulate what others published of bert-base-uncased, for the same ways to make vectors."""
    names = ["task", "measure", "method", "figure", "published by"]
    table = pd.DataFrame(PUBLISHED, columns=names).set_index("task")
    return table.rename_axis(index=None, columns="task (bert-base-uncased)")


def published_heads_table() -> pd.DataFrame:
    """Tabulate our heads, beside those of Clark et al."""
    methods = ("best head", "best fixed offset")
    parts = []
    for result in results_of("heads"):
        columns = []
        for method in methods:
            found = {
                score.group: interval(score)
                for score in result.scores
                if score.is_overall
                and (score.method, score.condition) == (method, "")
                and score.group in PUBLISHED_HEADS
            }
            columns.append((method, found))
        parts.append((_model(result), columns))
    published = [
        (method, {relation: figures[place] for relation, figures in PUBLISHED_HEADS.items()})
        for place, method in enumerate(methods)
    ]
    return _frame([*parts, ("bert-base-uncased, as published", published)], "relation")


def _measured(
    found: Mapping[str, Mapping[str, Score]], write: Format, counts: str = ""
) -> list[Column]:
    """Make columns of figures: up to two measures have their intervals and p-values beside them."""
    columns: list[Column] = []
    if counts:
        columns.append((counts, _counts(next(iter(found.values())))))
    for measure, scores in found.items():
        if len(found) > 2:  # too many columns for a page
            columns.append((_head(measure), {name: write(score) for name, score in scores.items()}))
            continue
        values = {name: write.value(score) for name, score in scores.items()}
        ends = {name: write.ends(score) for name, score in scores.items()}
        tested = {name: p_text(score.p) for name, score in scores.items()}
        columns.append((_head(measure), values))
        columns += [
            (head, cells) for head, cells in ((INTERVAL, ends), (P, tested)) if any(cells.values())
        ]
    return columns


def _counts(scores: Mapping[str, Score]) -> dict[str, str]:
    return {name: f"{score.count:,}" for name, score in scores.items()}


def _head(measure: str) -> str:
    return HEADS.get(measure, measure)


def _model(result: TaskResult) -> str:
    return result.provenance.model


def _frame(parts: Sequence[tuple[str, Sequence[Column]]], name: str) -> pd.DataFrame:
    """Make a table of what there is for each model.

    Args:
        parts: The models, and their columns. Two columns may have the same head.
        name: What the rows are.
    """
    frames = []
    for model, columns in parts:
        frame = pd.DataFrame([cells for _, cells in columns]).T.fillna("")
        frame.columns = pd.Index([head for head, _ in columns])
        if len(parts) > 1:
            frame.insert(0, "model", model)
        frames.append(frame)
    table = pd.concat(frames) if frames else pd.DataFrame()
    if len(parts) > 1:
        order = list(dict.fromkeys(table.index))
        table = table.iloc[np.argsort([order.index(row) for row in table.index], kind="stable")]
    corner = f"{name} ({parts[0][0]})" if len(parts) == 1 else name
    # The name of the columns stands in the same line as their heads; that of the rows would not.
    return table.rename_axis(index=None, columns=corner)


def _facts(facts: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        label = before + FACTS.get(name, name)
        if isinstance(value, Mapping):
            yield from _facts(value, f"{FACTS.get(name, name)}, ")
        elif isinstance(value, float):
            yield label, percent(value)
        elif value or name not in IF_ANY:
            yield label, f"{value:,}" if isinstance(value, int) else str(value)
