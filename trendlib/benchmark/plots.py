"""Figures of the measurements of `make bench`."""

import numpy as np
from matplotlib.figure import Figure

from trendlib.benchmark.results import Benchmark
from trendlib.show.figure import signed, subplots
from trendlib.show.style import FOCUS, INK, LINE, RELATED, styled


@styled
def wall_times(benchmark: Benchmark) -> Figure:
    """Draw our wall time divided by each peer's, with the range of the repeats and the goal."""
    ratios = benchmark.ratios[::-1]  # the first one on top
    figure, axes = subplots((7.2, 0.7 * len(ratios) + 1.4))
    places = range(len(ratios))
    medians = np.array([ratio.median for ratio in ratios])
    ranges = np.array([[ratio.median - ratio.least, ratio.most - ratio.median] for ratio in ratios])
    axes.grid(axis="x")
    axes.barh(places, medians, height=0.55, color=FOCUS, xerr=ranges.T, ecolor=INK, capsize=3)
    axes.axvline(1, color=LINE, lw=1)
    for place, ratio in zip(places, ratios, strict=True):
        axes.plot([ratio.goal] * 2, [place - 0.38, place + 0.38], color=RELATED, lw=2)
        axes.text(ratio.most + 0.02, place, f"{ratio.median:.2f}", va="center", fontsize=9)
    axes.plot([], [], "|", color=RELATED, ms=12, mew=2, label="the goal")
    axes.set_yticks(places, [ratio.peer for ratio in ratios])
    axes.set_xlabel("our seconds for each second of the other's (1: as fast)")
    figure.legend(loc="outside upper right")
    axes.set_xlim(0, max(1.2, 1.15 * max(ratio.most for ratio in ratios)))
    return signed(figure, benchmark.provenance)
