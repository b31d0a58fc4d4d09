"""What stands in a figure, and where."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def drawn_texts(figure: Figure) -> set[str]:
    """List every text that stands in a figure."""
    return {text.get_text() for text in figure.findobj(Text)}


def drawn(figure: Figure) -> Figure:
    """Draw a figure: the canvas of one that was closed draws nothing."""
    FigureCanvasAgg(figure).draw()
    return figure


def sticks_out(figure: Figure) -> bool:
    """Whether something of a figure that was drawn is outside of it."""
    (left, bottom), (right, top) = figure.get_tightbbox().get_points()
    width, height = figure.get_size_inches()
    return bool(min(left, bottom, width - right, height - top) < -0.01)


def overlapping(texts: Sequence[Text]) -> list[tuple[str, str]]:
    """List the neighbours among texts of one angle that lie on one another."""
    shown = [text for text in texts if text.get_text()]
    return [
        (one.get_text(), other.get_text()) for one, other in pairwise(shown) if _overlap(one, other)
    ]


def _overlap(one: Text, other: Text) -> bool:
    """Compare two texts turned back by their angle, where they are upright rectangles."""
    angle = one.get_rotation()
    (centre, half), (other_centre, other_half) = _rectangle(one), _rectangle(other)
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    between = np.array([[cosine, sine], [-sine, cosine]]) @ (other_centre - centre)
    return bool((np.abs(between) < half + other_half).all())


def _rectangle(text: Text) -> tuple[np.ndarray, np.ndarray]:
    """Return the centre of a text, and half its size before it was turned, in pixels."""
    angle, box = text.get_rotation(), text.get_window_extent()
    text.set_rotation(0)
    size = text.get_window_extent().size
    text.set_rotation(angle)
    return (box.p0 + box.p1) / 2, size / 2
