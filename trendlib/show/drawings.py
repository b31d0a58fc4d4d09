"""Drawings that explain, with no data in them: what BERT does, and how far two ratios are apart."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from trendlib.errors import ArrayError, counted
from trendlib.show.figure import subplots
from trendlib.show.style import BLOCK, FOCUS, INK, LINE, RELATED, styled

CELLS = 4
"""A vector is drawn as so many cells."""


@styled
def bert(tokens: Sequence[str], marked: int, n_layers: int) -> Figure:
    """Draw how a model reads a sentence, from below: vectors of tokens and the layers between.

    At the end of a layer its numbers are normalized and multiplied with a gain.

    Args:
        tokens: The tokens, the special ones included.
        marked: The index of the token whose first and last vectors are marked.
        n_layers: How many layers the model has, two or more; the middle ones are left out.

    Raises:
        ArrayError: If there is no such token, or if there are fewer than two layers.
    """
    if not 0 <= marked < len(tokens) or n_layers < 2:
        raise ArrayError(
            f"token {marked} of {len(tokens)} and {counted(n_layers, 'layer')}: mark one of the "
            "tokens, and give at least two layers"
        )
    figure, axes = subplots((7.6, 6.6))
    count = len(tokens)
    for place, token in enumerate(tokens):
        colour, weight = (RELATED, "bold") if place == marked else (INK, "normal")
        axes.text(place, 0, token, ha="center", color=colour, weight=weight, parse_math=False)
    states = {0: 0.6, 1: 3.5, n_layers: 7.5}
    for state, height in states.items():
        for place in range(count):
            _vector(axes, place, height, place == marked and state != 1)
        axes.text(-0.7, height + 0.4, f"hidden state {state}", ha="right", va="center")
    for layer, below in ((0, states[0]), (n_layers - 1, states[n_layers] - 2.9)):
        _layer(axes, layer, below + 0.95, count, marked)
        _gain(axes, below + 2.35, count)
    axes.text((count - 1) / 2, states[1] + 1.05, "⋮", ha="center", va="center", fontsize=16)
    right = count - 0.35
    about = {
        0: "static: knows the\nword and its place",
        n_layers: "contextual: has seen\nthe whole sentence",
    }
    for state, text in about.items():
        axes.text(right, states[state] + 0.4, text, color=RELATED, va="center")
    axes.annotate(
        "",
        (right + 0.9, states[n_layers] - 0.1),
        (right + 0.9, states[0] + 1.0),
        arrowprops={"arrowstyle": "->", "color": RELATED, "lw": 1.8},
    )
    axes.text(right + 1.1, 4.1, "the change is\nthe word's trend", color=RELATED, va="center")
    axes.set_xlim(-2.7, count + 2.4)
    axes.set_ylim(-0.3, 8.5)
    axes.set_axis_off()
    return figure


def _vector(axes: Axes, place: int, height: float, marked: bool) -> None:
    colour = RELATED if marked else FOCUS
    for cell in range(CELLS):
        corner = (place - 0.12, height + 0.2 * cell)
        strength = 0.25 + 0.18 * ((place * 3 + cell * 2 + height) % 4)
        axes.add_patch(Rectangle(corner, 0.24, 0.2, fc=colour, alpha=float(strength), ec="none"))
    axes.add_patch(Rectangle((place - 0.12, height), 0.24, 0.2 * CELLS, fill=False, ec=colour))


def _layer(axes: Axes, layer: int, bottom: float, count: int, marked: int) -> None:
    """Draw a layer as a box in which each token looks at all tokens, the marked one in bold."""
    box = FancyBboxPatch(
        (-0.4, bottom), count - 0.2, 1.2, boxstyle="round,pad=0.05", fc=BLOCK, ec=LINE
    )
    axes.add_patch(box)
    for target in range(count):
        bold = target == marked
        for source in range(count):
            axes.plot(
                [source, target],
                [bottom, bottom + 1.2],
                color=RELATED if bold else LINE,
                lw=1.3 if bold else 0.4,
                alpha=0.9 if bold else 0.5,
                zorder=3 if bold else 2,
            )
    axes.text(-0.7, bottom + 0.6, f"layer {layer}", ha="right", va="center", weight="bold")


def _gain(axes: Axes, bottom: float, count: int) -> None:
    """Draw the end of a layer: the numbers of a vector, normalized, are multiplied with a gain."""
    box = FancyBboxPatch(
        (-0.4, bottom), count - 0.2, 0.32, boxstyle="round,pad=0.05", fc="none", ec=LINE
    )
    axes.add_patch(box)
    text = "layer normalization: the same scale for all, then each coordinate times its gain"
    axes.text((count - 1) / 2, bottom + 0.15, text, ha="center", va="center", fontsize=7.5)


@styled
def ratio_rulers(ratios: Sequence[int | float]) -> Figure:
    """Draw ratios on two rulers: as they are, and as logarithms.

    Args:
        ratios: Positive numbers.

    Raises:
        ArrayError: If one of them has no logarithm.
    """
    values = np.array(ratios, dtype=float)
    if not (values > 0).all():
        raise ArrayError("a ruler of ratios needs positive numbers: give no other")
    figure, axes = subplots((7.2, 2.3))
    logs = np.log(values)
    for height, places, name in ((1.0, values, "ratio"), (0.0, logs, "logarithm")):
        axes.plot([places.min(), places.max()], [height, height], color=LINE, lw=1, zorder=1)
        axes.plot(places, [height] * len(places), "o", color=FOCUS, ms=9, zorder=2)
        unchanged = 1.0 if name == "ratio" else 0.0
        axes.plot(unchanged, height, "o", color=RELATED, ms=11, zorder=3)
        for place, ratio in zip(places, values, strict=True):
            shown = f"{ratio:g}" if name == "ratio" else f"{place:+.2f}" if place else "0"
            axes.annotate(
                shown, (place, height), (0, 10), textcoords="offset points", ha="center", fontsize=9
            )
    axes.set_yticks([1.0, 0.0], ["ratio", "its logarithm"])
    axes.set_ylim(-0.4, 1.5)
    axes.set_xticks([])
    axes.tick_params(left=False)
    axes.spines[:].set_visible(False)
    axes.plot([], [], "o", color=RELATED, label="unchanged")
    figure.legend(loc="outside lower center")
    return figure
