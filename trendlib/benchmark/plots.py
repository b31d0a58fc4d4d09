"""Figures of the measurements of `make bench`."""

import numpy as np
from matplotlib.figure import Figure

from trendlib.benchmark.results import Benchmark
from trendlib.show.figure import MARK, PLAIN, signed, subplots


def wall_times(benchmark: Benchmark) -> Figure:
    """Draw our wall time divided by each peer's, with the range of the repeats and the goal."""
    ratios = benchmark.ratios[::-1]  # the first one on top
    figure, axes = subplots((7.2, 0.7 * len(ratios) + 1.4))
    places = range(len(ratios))
    medians = np.array([ratio.median for ratio in ratios])
    ranges = np.array([[ratio.median - ratio.least, ratio.most - ratio.median] for ratio in ratios])
    axes.barh(places, medians, height=0.55, color=PLAIN, xerr=ranges.T, ecolor="0.2", capsize=3)
    axes.axvline(1, color="0.4", lw=1)
    for place, ratio in zip(places, ratios, strict=True):
        axes.plot([ratio.goal] * 2, [place - 0.38, place + 0.38], color=MARK, lw=2)
        axes.text(ratio.most + 0.02, place, f"{ratio.median:.2f}", va="center", fontsize=9)
    axes.set_yticks(places, [ratio.peer for ratio in ratios])
    axes.set_xlabel("our wall time / the other's (red: the goal; 1: equal)")
    axes.set_xlim(0, max(1.2, 1.15 * max(ratio.most for ratio in ratios)))
    return signed(figure, benchmark.provenance)
