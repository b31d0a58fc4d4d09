"""Figures of what `make bench` measured."""

import numpy as np
from matplotlib.figure import Figure

from trendlib.benchmark.results import Benchmark
from trendlib.show.figure import MARK, PLAIN, signed, subplots


def wall_times(benchmark: Benchmark) -> Figure:
    """Draw our wall time as a share of each peer's, with the range of the repeats and the goal."""
    ratios = benchmark.ratios[::-1]  # the first one on top
    figure, axes = subplots((7.2, 0.7 * len(ratios) + 1.4))
    places = range(len(ratios))
    medians = np.array([each.median for each in ratios])
    ranges = np.array([[each.median - each.least, each.most - each.median] for each in ratios])
    axes.barh(places, medians, height=0.55, color=PLAIN, xerr=ranges.T, ecolor="0.2", capsize=3)
    axes.axvline(1, color="0.4", lw=1)
    for place, each in zip(places, ratios, strict=True):
        axes.plot([each.goal] * 2, [place - 0.38, place + 0.38], color=MARK, lw=2)
        axes.text(each.most + 0.02, place, f"{each.median:.2f}", va="center", fontsize=9)
    axes.set_yticks(places, [each.peer for each in ratios])
    axes.set_xlabel("our wall time / the other's (red: the goal; 1: equal)")
    axes.set_xlim(0, max(1.2, 1.15 * max(each.most for each in ratios)))
    return signed(figure, benchmark.provenance)
