"""Figures as SVG: the same bytes in every run, and a form of them that follows a page's theme."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import matplotlib as mpl
from matplotlib.figure import Figure

from trendlib.show.style import FONT, PALETTE, STYLE, variable

GROUND_ID = "ground"
_TAG = re.compile(r"<[^>]*>")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_GROUND = re.compile(rf'<g id="{GROUND_ID}">.*?</g>\s*', re.DOTALL)
_ID = re.compile(r'\bid="([^"]+)"|url\(#([^)]+)\)|href="#([^"]+)"')
_FAMILIES = re.compile(rf"'{FONT}'(, '[^']*')*")
_FONTS = f"'{FONT}', Verdana, sans-serif"
"""Verdana is as wide as the font that the figures are laid out with. For other scripts, a browser
takes fonts of the reader's machine, which need not be named."""


def drawn_svg(figure: Figure) -> str:
    """Draw a figure as SVG, with a light ground of its own and without a date.

    Args:
        figure: The figure. Its layout is not computed again when it is drawn once more.
    """
    figure.patch.set_gid(GROUND_ID)
    content = io.StringIO()
    with mpl.rc_context(STYLE), missing_glyphs_are_fine():
        figure.savefig(content, format="svg")
    figure.set_layout_engine("none")
    text = content.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = _TAG.sub(lambda tag: _LONG_NUMBER.sub(_shorter, tag[0]), text)
    return _FAMILIES.sub(_FONTS, text)


@contextmanager
def missing_glyphs_are_fine() -> Iterator[None]:
    """Draw without a warning of each character that no font of this machine has.

    In an SVG, the reader's browser draws it; in a PNG, a box stands in its place.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        yield


def inline(svg: str, alt: str, prefix: str) -> str:
    """Make HTML of a figure that takes the colours of the page around it.

    Args:
        svg: What ``drawn_svg`` returned.
        alt: What is to be seen, for somebody who does not see it.
        prefix: The beginning of its identifiers, which no other figure of the page may have.

    >>> inline('<svg><g id="a"><path style="fill: #1d1f21"/></g></svg>', "A dot.", "one")
    '<div class="drawn" role="img" tabindex="0" aria-label="A dot."><svg aria-hidden="true"><g id="one-a"><path style="fill: var(--tb-ink, #1d1f21)"/></g></svg></div>'
    """  # noqa: E501
    svg = _GROUND.sub("", svg, count=1)
    svg = _TAG.sub(lambda tag: _themed(_ID.sub(lambda found: _renamed(found, prefix), tag[0])), svg)
    svg = svg.replace("<svg", '<svg aria-hidden="true"', 1)
    return f'<div class="drawn" role="img" tabindex="0" aria-label="{escape(alt)}">{svg}</div>'


def _shorter(number: re.Match[str]) -> str:
    value = float(number[0])
    return f"{value:.2f}" if abs(value) >= 0.05 else f"{value:.4g}"


def _renamed(found: re.Match[str], prefix: str) -> str:
    name = next(filter(None, found.groups()))
    return found[0].replace(name, f"{prefix}-{name}")


def _themed(tag: str) -> str:
    for colour in PALETTE:
        tag = tag.replace(colour.light, variable(colour))
    return tag
