"""Plots of results, from the files that `trendlib evaluate` wrote."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from trendlib.errors import ArrayError
from trendlib.evaluate.conditions import AS_PRINTED, Condition
from trendlib.evaluate.results import TaskResult
from trendlib.evaluate.scores import Score
from trendlib.show.figure import (
    MARK,
    PLAIN,
    SEQUENTIAL,
    draw_slices,
    name_ticks,
    signed,
    subplot_row,
    subplots,
    write_values,
)
from trendlib.similarity import FIRST


def scores(panels: Sequence[tuple[TaskResult, Sequence[Score]]], label: str) -> Figure:
    """Draw scores with their intervals, one row per score and one panel per model.

    Args:
        panels: For each model its results, and the scores to draw. A row is named by the score's
            group if it has one, else by its method; by its baseline if only baselines differ.
        label: The label of the axis.

    Raises:
        ArrayError: If there is nothing to draw.
    """
    rows = max((len(drawn) for _, drawn in panels), default=0)
    if not rows:
        raise ArrayError("nothing to draw: give at least one score")
    size = (max(7.2, 3.0 + 3.6 * len(panels)), 0.27 * rows + 1.2)
    figure, row_of_axes = subplot_row(size, len(panels))
    for axes, (result, drawn) in zip(row_of_axes, panels, strict=True):
        places = np.arange(len(drawn))
        values = np.array([score.value for score in drawn])
        ends = (
            [(score.value if score.low is None else score.low) for score in drawn],
            [(score.value if score.high is None else score.high) for score in drawn],
        )
        axes.hlines(places, *ends, color=PLAIN, lw=2.5, alpha=0.5)
        axes.plot(values, places, "o", color=PLAIN, ms=5)
        axes.set_yticks(places, _names_of(drawn))
        axes.set_ylim(len(drawn) - 0.5, -0.5)
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        axes.set_xlabel(label)
        if min(values.min(), *ends[0]) < 0:
            axes.axvline(0, color="0.3", lw=1)
        axes.spines[["top", "right"]].set_visible(False)
        if len(panels) > 1:
            axes.set_title(str(result.provenance), fontsize=10)
    if len(panels) == 1:
        return signed(figure, panels[0][0].provenance)
    return figure  # each panel names its model


def learning_curves(result: TaskResult, methods: Sequence[str], measure: str) -> Figure:
    """Draw how a measure grows with the number of training texts.

    Args:
        result: The results of a classification task.
        methods: The methods to draw.
        measure: The task's first measure.
    """
    figure, axes = subplots((7.2, 3.8))
    sizes: list[int] = []
    markers = "osD^vPX*"
    for number, method in enumerate(methods):
        curve = result.learning_curve(method, measure)
        sizes, values = list(curve), [score.value for score in curve.values()]
        axes.plot(sizes, values, marker=markers[number % len(markers)], ms=5, label=method)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("training texts")
    axes.set_ylabel(measure)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", frameon=False, fontsize=9)
    return signed(figure, result.provenance)


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
    cells = np.ma.masked_invalid(grid)
    shades = plt.get_cmap(SEQUENTIAL).with_extremes(bad="white")
    image = axes.imshow(cells, cmap=shades, vmin=0, vmax=1, aspect="auto")
    write_values(axes, grid, ~np.isnan(grid))
    axes.add_patch(Rectangle((heads - 1.5, -0.5), 1, 1, fill=False, ec=MARK, lw=2.6))
    name_ticks(axes, [str(head) for head in range(heads)], [str(row) for row in range(layers)])
    axes.set_xlabel("head that names the focus word (framed: the article's)")
    axes.set_ylabel("layer")
    figure.colorbar(image, ax=axes, label=measure)
    return signed(figure, result.provenance)


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
    axes.axvline(0, color="0.3", lw=1)
    axes.set_xlabel(measure)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    return signed(figure, result.provenance)


def _names_of(drawn: Sequence[Score]) -> list[str]:
    methods, baselines = (
        {getattr(score, name) for score in drawn} for name in ("method", "baseline")
    )
    if len(methods) == 1 < len(baselines):
        return [score.baseline for score in drawn]
    return [score.group or score.method for score in drawn]
