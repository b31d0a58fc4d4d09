"""Figures of the measurements of `make bench`."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trendlib.benchmark.results import Benchmark
from trendlib.show.figure import signed, subplots
from trendlib.show.style import FOCUS, INK, LINE, RELATED, styled


@styled
def seconds(benchmark: Benchmark) -> Figure:
    """Draw the wall time of our engines and of other programs, the shortest first."""
    ordered = sorted(benchmark.seconds.items(), key=lambda named: named[1], reverse=True)
    ours = {each.engine for each in benchmark.agreement}
    figure, axes = subplots((7.2, 0.5 * len(ordered) + 1.4))
    colours = [FOCUS if name in ours else LINE for name, _ in ordered]
    axes.barh(range(len(ordered)), [taken for _, taken in ordered], height=0.6, color=colours)
    for place, (_, taken) in enumerate(ordered):
        axes.text(taken, place, f" {taken:.2f}", va="center", fontsize=9)
    _name_rows(axes, [name for name, _ in ordered])
    axes.set_xlabel(f"seconds for {benchmark.sentences:,} sentences, {benchmark.cores} cores")
    axes.set_xlim(0, 1.15 * ordered[0][1])
    return signed(figure, benchmark.provenance)


@styled
def wall_times(benchmark: Benchmark) -> Figure:
    """Draw our wall time divided by each peer's, with the range of the repeats and the goal."""
    ratios = benchmark.ratios[::-1]  # the first one on top
    figure, axes = subplots((7.2, 0.6 * len(ratios) + 1.4))
    places = range(len(ratios))
    medians = np.array([ratio.median for ratio in ratios])
    ranges = np.array([[ratio.median - ratio.least, ratio.most - ratio.median] for ratio in ratios])
    axes.barh(places, medians, height=0.55, color=FOCUS, xerr=ranges.T, ecolor=INK, capsize=3)
    axes.axvline(1, color=LINE, lw=1)
    for place, ratio in zip(places, ratios, strict=True):
        axes.plot([ratio.goal] * 2, [place - 0.38, place + 0.38], color=RELATED, lw=2)
        axes.text(ratio.most + 0.02, place, f"{ratio.median:.2f}", va="center", fontsize=9)
    axes.plot([], [], "|", color=RELATED, ms=12, mew=2, label="the goal")
    _name_rows(axes, [f"{ratio.ours} / {ratio.peer}" for ratio in ratios])
    axes.set_xlabel("our seconds for each second of the other's (1: as fast)")
    figure.legend(loc="outside upper right")
    axes.set_xlim(0, max(1.2, 1.15 * max(ratio.most for ratio in ratios)))
    return signed(figure, benchmark.provenance)


def _name_rows(axes: Axes, names: list[str]) -> None:
    axes.grid(axis="x")
    axes.set_yticks(range(len(names)), [textwrap.fill(name, 24) for name in names])
