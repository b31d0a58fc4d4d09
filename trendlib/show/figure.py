"""What all figures share: panels, cells, labels, the model's name."""

import re
import textwrap
from collections.abc import Sequence
from typing import Any
from unicodedata import bidirectional

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from trendlib.encoding import Provenance
from trendlib.errors import counted
from trendlib.model.weights import BERT_BASE
from trendlib.show.labels import LONGEST, numbered, shortened
from trendlib.show.numbers import fixed
from trendlib.show.style import (
    FOCUS,
    GROUND,
    HATCH,
    INK,
    LINE,
    RELATED,
    SEQUENTIAL,
    SOFT,
    STEPS,
    UNDEFINED,
)
from trendlib.typing import Array, SliceCosines

FEW = 14
"""A matrix of at most this many columns has room for numbers in its cells."""

BOX = "□"
"""Stands for a character that has no look of its own, such as one that turns a text around."""
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"
"""Unicode's marks around a text whose direction concerns nothing but itself."""
HARMLESS = f"\u200c\u200d{ISOLATE}{END_OF_ISOLATE}"
"""Invisible, too: what joins or parts two letters, and the marks of a label that is made anew."""


def subplots(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Create a figure with one panel; the size is in inches."""
    figure, (axes,) = subplot_row(size, 1)
    return figure, axes


def subplot_row(size: tuple[float, float], count: int) -> tuple[Figure, list[Axes]]:
    """Create a figure with panels side by side that share their horizontal axis."""
    figure, grid = plt.subplots(
        1, count, figsize=size, layout="constrained", squeeze=False, sharex=True
    )
    plt.close(figure)  # the caller shows it; a notebook would show it twice
    return figure, list(grid[0])


def signed(figure: Figure, provenance: Provenance | None) -> Figure:
    """Write below a figure which model its numbers come from, or that an article printed them."""
    source = f"as printed by the article: {BERT_BASE.name}"
    if provenance is not None:
        source = f"model: {provenance}"
    figure.supxlabel(source, fontsize=8, color=SOFT, x=0.99, ha="right")
    return figure


def word_labels(
    names: Sequence[str], numbers: Sequence[int | None], longest: int = LONGEST
) -> list[str]:
    """Label words so that they are short and told apart.

    Args:
        names: The words.
        numbers: Their numbers in the sentence, which repeated words show.
        longest: How many characters of a word to show.
    """
    shown = [_isolated(shortened(_visible(name), longest)) for name in names]
    return numbered(shown, numbers)


def _visible(name: str) -> str:
    return "".join(
        character if character.isprintable() or character in HARMLESS else BOX for character in name
    )


def _isolated(name: str) -> str:
    """Keep a word that is written from right to left from reordering the text around it."""
    if any(bidirectional(character) in ("R", "AL") for character in name):
        return f"{ISOLATE}{name}{END_OF_ISOLATE}"
    return name


def about_labels(labels: Sequence[str]) -> list[str]:
    """Explain the numbers and the boxes that stand in labels, if there are any."""
    notes = []
    if any(re.search(r" \(\d+\)$", label) for label in labels):
        notes.append("A number in brackets is a word's place in the sentence, from 0.")
    if any(BOX in label for label in labels):
        notes.append(f"{BOX} is an invisible character.")
    return notes


def write_below(figure: Figure, notes: Sequence[str]) -> None:
    """Write notes below a figure's first panel, in lines that fit the figure."""
    if not notes:
        return
    axes, width = figure.axes[0], int(9 * figure.get_figwidth())
    lines = [axes.get_xlabel(), *textwrap.wrap(" ".join(notes), width)]
    axes.set_xlabel("\n".join(line for line in lines if line), fontsize=9, parse_math=False)


def name_ticks(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    """Label the columns of a matrix below it and the rows beside it."""
    # parse_math=False: a "$" in a sentence is a dollar.
    if len(columns) <= FEW:
        turned: Any = {"rotation": 45, "rotation_mode": "anchor", "ha": "right", "va": "center"}
        axes.set_xticks(range(len(columns)), columns, parse_math=False, **turned)
    else:
        axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=8, parse_math=False)
    size = 8 if len(rows) > FEW else None
    axes.set_yticks(range(len(rows)), rows, fontsize=size, parse_math=False)


def end_of_scale(matrix: Array) -> float:
    """Choose where a matrix's colours end: at its maximum; in a large one, below the highest 5%.

    A single number would leave all others of a large matrix dark. In a small one, the cells show
    their numbers.
    """
    return float(matrix.max() if matrix.shape[1] <= FEW else np.percentile(matrix, 95))


def draw_cells(
    axes: Axes,
    matrix: Array,
    limits: tuple[float, float],
    colours: Colormap | None = None,
    defined: Array | None = None,
) -> PatchCollection:
    """Draw a matrix as coloured cells; those that are not defined are hatched.

    Args:
        axes: Where to draw.
        matrix: Array of shape (row, column).
        limits: The numbers at the ends of the colour scale.
        colours: The colour scale; that of attention and shares if left out.
        defined: Which cells have a number; all of them if left out.

    Returns:
        The coloured cells, from the first row to the last.
    """
    rows, columns = matrix.shape
    defined = np.ones(matrix.shape, dtype=bool) if defined is None else defined
    cells = PatchCollection(
        [_cell(row, column) for row, column in np.argwhere(defined).tolist()],
        cmap=colours or plt.get_cmap(SEQUENTIAL, STEPS),
        linewidths=0.0 if colours is None else 0.6,
        edgecolors="none" if colours is None else LINE,
    )
    cells.set_array(matrix[defined])
    cells.set_clim(*limits)
    axes.add_collection(cells)
    for row, column in np.argwhere(~defined).tolist():
        axes.add_patch(_cell(row, column, fill=False, hatch=HATCH, ec=UNDEFINED, lw=0.6))
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    return cells


def _cell(row: int, column: int, **look: Any) -> Rectangle:
    return Rectangle((column - 0.48, row - 0.47), 0.96, 0.94, **look)


def draw_scale(figure: Figure, cells: PatchCollection, large: bool, label: str) -> list[str]:
    """Draw the colour scale of a matrix; return what must be said of it below the figure.

    Args:
        figure: The figure, in whose first panel the cells are.
        cells: The cells.
        large: Whether the matrix is too large for numbers in its cells.
        label: What the numbers are.
    """
    bar = figure.colorbar(
        cells, ax=figure.axes[0], label=label, extend="max" if large else "neither", aspect=25
    )
    bar.outline.set_visible(False)
    return ["Too many cells for numbers: yellow is the highest 5%."] if large else []


def write_values(
    axes: Axes,
    cells: PatchCollection,
    matrix: Array,
    defined: Array | None = None,
    ink: str = "",
    places: int = 2,
) -> None:
    """Write the numbers into a matrix's cells.

    Args:
        axes: Where they are drawn.
        cells: The cells, as ``draw_cells`` returns them.
        matrix: The numbers.
        defined: Which cells have a number; all of them if left out.
        ink: The colour of the text; black or white, whichever is more readable, if left out.
        places: How many decimals to write.
    """
    if matrix.shape[1] > FEW:
        return  # the cells are too small
    for (row, column), value in np.ndenumerate(matrix):
        if defined is not None and not defined[row, column]:
            continue
        colour = ink or readable_on(cells.to_rgba(value))
        text = axes.text(
            column,
            row,
            fixed(float(value), places),
            ha="center",
            va="center",
            fontsize=8,
            color=colour,
        )
        text.set_in_layout(False)  # it stays inside its cell; to measure hundreds takes long


def readable_on(background: Sequence[float] | Array) -> str:
    """Choose black or white text: the one with a contrast of at least 4.5, as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in background[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"


def draw_slices(
    axes: Axes, rows: Sequence[tuple[str, SliceCosines, float | None]], width: int
) -> None:
    """Draw slices as dots, with the articles' slice marked, and all coordinates as a bar."""
    for row, (_, values, whole) in enumerate(rows):
        # Spread the dots a little, always in the same way, so that equal ones can be told apart.
        spread = row + np.linspace(-0.18, 0.18, len(values))
        axes.plot(values, spread, "o", color=FOCUS, alpha=0.45, ms=5, mew=0)
        axes.plot(values[0], row, "D", color=RELATED, ms=9, mec=GROUND)
        if whole is not None:
            axes.plot(whole, row, "|", color=INK, ms=30, mew=2.5)
    axes.plot([], [], "o", color=FOCUS, label=f"each slice of {counted(width, 'coordinate')}")
    axes.plot([], [], "D", color=RELATED, label=f"the first {width}, as in the articles")
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
