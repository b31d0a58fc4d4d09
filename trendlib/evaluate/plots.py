"""Plots of results, from the files that `trendlib evaluate` wrote."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from trendlib.errors import ArrayError
from trendlib.evaluate.conditions import AS_PRINTED, Condition
from trendlib.evaluate.results import TaskResult
from trendlib.evaluate.scores import Score
from trendlib.show.figure import (
    draw_cells,
    draw_slices,
    name_ticks,
    signed,
    subplot_row,
    subplots,
    write_values,
)
from trendlib.show.style import FOCUS, FRAME, LINE, styled
from trendlib.similarity import FIRST

PLAIN_NUMBERS = ("effect size", "F1", "largest error", "times the state's own")
"""Measures that are neither shares nor correlations."""
CORRELATIONS = ("Spearman", "MCC")
"""Words in the names of measures that lie between -1 and 1."""
MARKERS = "osD^vPX*"


@styled
def scores(
    panels: Sequence[tuple[TaskResult, Sequence[Score]]], label: str, in_order: bool = False
) -> Figure:
    """Draw scores with their intervals, one row per score and one panel per model.

    Shares are drawn in percent, differences of shares and of correlations in points.

    Args:
        panels: For each model its results, and the scores to draw. A row is named by the score's
            group if it has one, else by its method; by its baseline if only baselines differ.
        label: The label of the axis; the unit is added.
        in_order: Keep the order of the scores, where it has a meaning of its own. The score with
            the highest value stands on top if left out.

    Raises:
        ArrayError: If there is nothing to draw.
    """
    rows = max((len(drawn) for _, drawn in panels), default=0)
    if not rows:
        raise ArrayError("nothing to draw: give at least one score")
    size = (max(7.2, 3.0 + 3.6 * len(panels)), 0.27 * rows + 1.0)
    figure, row_of_axes = subplot_row(size, len(panels))
    for axes, (result, drawn) in zip(row_of_axes, panels, strict=True):
        ordered = drawn if in_order else sorted(drawn, key=lambda score: -score.value)
        _draw_scores(axes, ordered, _names_of(ordered))
        axes.set_xlabel(label + unit_of(drawn[0])[1])
        if len(panels) > 1:
            axes.set_title(str(result.provenance), fontsize=8)
    if len(panels) == 1:
        return signed(figure, panels[0][0].provenance)
    return figure  # each panel names its model


def unit_of(score: Score) -> tuple[float, str]:
    """Return the number to multiply a score with, and the name of the unit that it has then.

    >>> unit_of(Score("a", "accuracy", 0.5, None, None, 10))
    (100.0, ' (%)')
    >>> unit_of(Score("a", "Spearman", 0.5, None, None, 10, baseline="b"))
    (100.0, ' (points)')
    """
    if score.measure in PLAIN_NUMBERS:
        return 1.0, ""
    if score.baseline:
        return 100.0, " (points)"
    return (1.0, "") if any(name in score.measure for name in CORRELATIONS) else (100.0, " (%)")


def _draw_scores(axes: Axes, drawn: Sequence[Score], names: Sequence[str]) -> None:
    """Draw a dot a score, with its interval as a line."""
    factor, _ = unit_of(drawn[0])
    places = np.arange(len(drawn))
    values = factor * np.array([score.value for score in drawn])
    ends = factor * np.array(
        [
            [score.value if end is None else end for end in (score.low, score.high)]
            for score in drawn
        ]
    )
    axes.grid(axis="x")
    axes.hlines(places, ends[:, 0], ends[:, 1], color=FOCUS, lw=2.5, alpha=0.5)
    axes.plot(values, places, "o", color=FOCUS, ms=5)
    axes.set_yticks(places, names)
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10]))
    if ends.min() < 0:
        axes.axvline(0, color=LINE, lw=1)


@styled
def learning_curves(result: TaskResult, methods: Sequence[str], measure: str) -> Figure:
    """Draw how a measure grows with the number of training texts.

    Args:
        result: The results of a classification task.
        methods: The methods to draw.
        measure: The task's first measure.
    """
    figure, axes = subplots((7.2, 3.8))
    curves = [(method, result.learning_curve(method, measure)) for method in methods]
    curves.sort(key=lambda named: -list(named[1].values())[-1].value)  # as their ends stand
    sizes: list[int] = []
    for (method, curve), marker in zip(curves, cycle(MARKERS), strict=False):
        sizes, values = list(curve), [score.value for score in curve.values()]
        axes.plot(sizes, values, marker=marker, ms=5, label=method)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("training texts")
    axes.set_ylabel(measure)
    axes.grid()
    figure.legend(loc="outside right upper")
    return signed(figure, result.provenance)


@styled
def heads_grid(result: TaskResult, measure: str) -> Figure:
    """Draw a measure of the reading by each head of each layer, as a grid.

    Args:
        result: The results of the task "readings".
        measure: The measure; the article's own head may have none.
    """
    found = result.by_head(measure)
    # One head has no figure of its own, where the measure compares the others with it.
    layers = 1 + max(layer for layer, _ in found)
    heads = 1 + max(head for _, head in found)
    grid = np.full((layers, heads), np.nan)
    for place, score in found.items():
        grid[place] = score.value
    figure, axes = subplots((0.55 * heads + 2.2, 0.42 * layers + 1.6))
    percents, defined = 100 * grid, ~np.isnan(grid)
    ends = (float(np.nanmin(percents)), float(np.nanmax(percents)))
    cells = draw_cells(axes, percents, ends, defined=defined)
    write_values(axes, cells, percents, defined, places=0)
    axes.add_patch(Rectangle((heads - 1.5, -0.5), 1, 1, fill=False, ec=FRAME, lw=2.6))
    name_ticks(axes, [str(head) for head in range(heads)], [str(row) for row in range(layers)])
    axes.set_xlabel("head that names the focus word (framed: the article's)")
    axes.set_ylabel("layer")
    bar = figure.colorbar(cells, ax=axes, label=f"{measure} (% of the sentences)")
    bar.outline.set_visible(False)
    return signed(figure, result.provenance)


@styled
def slice_scores(
    result: TaskResult, measure: str, conditions: Sequence[Condition] = (AS_PRINTED,)
) -> Figure:
    """Draw a measure over every slice of coordinates, with a mark at the articles' slice.

    Args:
        result: The results of the task "slices".
        measure: The measure.
        conditions: The conditions; there is a row for each with each method.
    """
    methods = dict.fromkeys(score.method for score in result.scores)
    rows = []
    for condition in conditions:
        for method in methods:
            found = result.slices(method, measure, condition=condition.name)
            values = np.array([score.value for score in found.values()])
            rows.append((", ".join(filter(None, (method, condition.name))), values, None))
    figure, axes = subplots((7.2, 0.8 * len(rows) + 1.6))
    draw_slices(axes, rows, FIRST)
    axes.axvline(0, color=LINE, lw=1)
    axes.set_xlabel(measure)
    figure.legend(loc="outside upper center", ncols=2)
    return signed(figure, result.provenance)


def _names_of(drawn: Sequence[Score]) -> list[str]:
    methods, baselines = (
        {getattr(score, name) for score in drawn} for name in ("method", "baseline")
    )
    if len(methods) == 1 < len(baselines):
        return [score.baseline for score in drawn]
    return [score.group or score.method for score in drawn]
