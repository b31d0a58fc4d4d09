"""The look of all pictures: one palette, in a light and a dark edition, and one style for plots.

A colour means the same wherever it stands: in plots, in drawings and in the sentence explorer.
Everything is drawn in the light edition. Pages that follow the reader's theme put a CSS variable
in the place of each colour (``svg.inline``), with the values that ``variables`` writes.
"""

from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.rcsetup import cycler


@dataclass(frozen=True)
class Colour:
    """A colour of the palette.

    Attributes:
        name: What it stands for.
        light: The colour on a light page.
        dark: The colour on a dark page.
    """

    name: str
    light: str
    dark: str


PALETTE = (
    # Not quite white: white numbers stay white in the dark cells of a scale.
    Colour("ground", "#fffffe", "#14181e"),
    Colour("ink", "#1d1f21", "#e6e8ea"),
    Colour("soft", "#545a60", "#b3bac1"),
    Colour("rule", "#dde0e3", "#3a4047"),
    Colour("line", "#767d84", "#8b939b"),
    Colour("block", "#e9eef4", "#232b34"),
    # Okabe and Ito's blue and vermilion, a little darker or lighter where they are text.
    Colour("focus", "#0069a6", "#6db8f0"),
    Colour("related", "#b64800", "#ff9f5f"),
    # The ends of ColorBrewer's PuOr, which colour-blind readers tell apart.
    Colour("grew", "#7f57c9", "#8e70d6"),
    Colour("shrank", "#c06508", "#c06812"),
    Colour("undefined", "#7d858d", "#8c949c"),
    Colour("green", "#00785a", "#46c79f"),
    Colour("pink", "#a83f86", "#e792c8"),
)
"""Every colour with a meaning; those of a scale of attention or shares are ``SEQUENTIAL``'s."""

(
    GROUND, INK, SOFT, RULE, LINE, BLOCK, FOCUS, RELATED, GREW, SHRANK, UNDEFINED, GREEN, PINK,
) = (colour.light for colour in PALETTE)  # fmt: skip
SERIES = (FOCUS, RELATED, GREEN, GREW, PINK, LINE, INK)
"""The colours of lines, in the order in which they are used."""
SEQUENTIAL = "cividis"
FRAME = "#d55e00"
"""What is framed in a scale of colours; as these are, it is the same in both editions."""
STEPS = 49
"""A scale has so many colours: few enough that its bar is drawn with lines, not as an image."""
HATCH = "////"
"""What is undefined is hatched."""

FONT = "DejaVu Sans"
"""The font that figures are laid out with; matplotlib brings it."""
OTHER_SCRIPTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Noto Sans CJK TC", "Noto Sans TC",
    "Noto Sans CJK JP", "Noto Sans JP", "Noto Sans CJK KR", "Noto Sans KR", "PingFang SC",
    "Hiragino Sans GB", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Yu Gothic",
    "Malgun Gothic", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Noto Sans Arabic",
    "Noto Sans Hebrew", "Noto Sans Thai", "Noto Sans Devanagari", "Leelawadee UI", "Nirmala UI",
    "Arial Unicode MS", "Noto Sans Symbols2", "Noto Emoji",
)  # fmt: skip
"""Fonts of systems and of Google's Noto, for what ``FONT`` lacks: first those of Chinese."""


def installed_fonts() -> list[str]:
    """List the fonts to draw with: ``FONT``, and those of ``OTHER_SCRIPTS`` that are installed.

    An SVG needs none of these, since the reader's browser has its own; a PNG does.

    >>> installed_fonts()[0]
    'DejaVu Sans'
    """
    installed = set(font_manager.get_font_names())
    return [FONT, *(name for name in OTHER_SCRIPTS if name in installed)]


STYLE: Any = {  # matplotlib names the type of each key
    "figure.facecolor": GROUND,
    "figure.edgecolor": "none",
    "figure.dpi": 144,
    "savefig.facecolor": "auto",
    "axes.facecolor": "none",
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=SERIES),
    "axes.axisbelow": True,
    "grid.color": RULE,
    "text.color": INK,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "hatch.color": UNDEFINED,
    "hatch.linewidth": 0.8,
    # Text stays text: it can be searched, and a screen enlarges it without a blur.
    "svg.fonttype": "none",
    "svg.hashsalt": "trendbook",
    "font.family": installed_fonts(),
}


styled = mpl.rc_context(STYLE)
"""Lets a function draw in the style of the book, whatever the reader's own settings are."""


def variables() -> str:
    """Write the palette as CSS variables that follow the theme of the page.

    >>> variables().splitlines()[0]
    '--tb-ground: light-dark(#fffffe, #14181e);'
    """
    return "\n".join(
        f"--tb-{colour.name}: light-dark({colour.light}, {colour.dark});" for colour in PALETTE
    )


def variable(colour: Colour) -> str:
    """Name a colour in CSS; a page that does not set the variable shows the light edition.

    >>> variable(PALETTE[0])
    'var(--tb-ground, #fffffe)'
    """
    return f"var(--tb-{colour.name}, {colour.light})"
