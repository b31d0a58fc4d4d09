"""Figures of results, from the files that `trendlib evaluate` wrote."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from trendlib.errors import ArrayError
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
    """Draw figures with their intervals, a row each, and a panel a model.

    Args:
        panels: For each model its results, and the figures to draw; named by group where they
            have one, else by method, or by what it is compared with where that is what differs.
        label: What they are.

    Raises:
        ArrayError: If there is nothing to draw.
    """
    rows = max((len(drawn) for _, drawn in panels), default=0)
    if not rows:
        raise ArrayError("nothing to draw: give at least one figure")
    size = (max(7.2, 3.0 + 3.6 * len(panels)), 0.27 * rows + 1.2)
    figure, row_of_axes = subplot_row(size, len(panels))
    for axes, (result, drawn) in zip(row_of_axes, panels, strict=True):
        places = np.arange(len(drawn))
        values = np.array([each.value for each in drawn])
        ends = (
            [(each.value if each.low is None else each.low) for each in drawn],
            [(each.value if each.high is None else each.high) for each in drawn],
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
    groups = [group for group in result.groups(measure) if group.startswith("with ")]
    sizes = [int(group.removeprefix("with ")) for group in groups]
    markers = "osD^vPX*"
    for number, method in enumerate(methods):
        found = [result.score(method, measure, group=group) for group in groups]
        marker = markers[number % len(markers)]
        axes.plot(sizes, [each.value for each in found], marker=marker, ms=5, label=method)
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
        measure: The measure; it need not be there for the article's own head.
    """
    found = result.of(measure)
    places = {name: _place(name) for name in found if name.startswith("layer ")}
    layers = 1 + max(layer for layer, _ in places.values())
    heads = 1 + max(head for _, head in places.values())
    grid = np.full((layers, heads), np.nan)
    for name, place in places.items():
        grid[place] = found[name].value
    if "article" in found:
        grid[0, heads - 1] = found["article"].value
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


def slice_scores(result: TaskResult, measure: str) -> Figure:
    """Draw a measure over every slice of coordinates, the articles' first one marked.

    Args:
        result: The results of the task "slices".
        measure: The measure.
    """
    groups = [each for each in result.groups(measure) if each.startswith("from ")]
    rows = [
        (
            method,
            np.array([result.score(method, measure, group=each).value for each in groups]),
            None,
        )
        for method in result.methods
    ]
    figure, axes = subplots((7.2, 0.8 * len(rows) + 1.6))
    draw_slices(axes, rows, FIRST)
    axes.axvline(0, color="0.3", lw=1)
    axes.set_xlabel(measure)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    return signed(figure, result.provenance)


def _names_of(drawn: Sequence[Score]) -> list[str]:
    if len({each.method for each in drawn}) == 1 < len({each.baseline for each in drawn}):
        return [each.baseline for each in drawn]
    return [each.group or each.method for each in drawn]


def _place(name: str) -> tuple[int, int]:
    layer, head = name.removeprefix("layer ").split(", head ")
    return int(layer), int(head)
