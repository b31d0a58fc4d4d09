"""A figure of the cosines that the third article printed."""

import pandas as pd
from matplotlib.figure import Figure

from trendlib.show.figure import signed, subplot_row
from trendlib.show.style import RULE, SERIES, styled

LOOKS = tuple(zip("os^", SERIES, strict=False))
"""Shape and colour of each pair's dots."""


@styled
def cosines_by_word(cosines: pd.DataFrame) -> Figure:
    """Draw the cosines of all pairs as dots, with a panel for each word.

    Args:
        cosines: As ``tables.printed_cosines`` returns them.
    """
    words = cosines["word"].unique()
    figure, panels = subplot_row((7.2, 3.0), len(words))
    for axes, word in zip(panels, words, strict=True):
        rows = cosines[cosines["word"] == word].iloc[::-1]  # the first one on top
        axes.hlines(range(len(rows)), 0, 1, color=RULE, lw=1, zorder=0)
        for (shape, colour), pair in zip(LOOKS, cosines.columns[2:], strict=True):
            axes.plot(rows[pair], range(len(rows)), shape, color=colour, label=pair)
        axes.set_title(f"“{word}”")
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        axes.set_yticks(range(len(rows)), rows["vectors"] if axes is panels[0] else [])
        axes.set_xlabel("cosine similarity")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return signed(figure, None)
