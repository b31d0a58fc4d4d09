"""Draw the icons of the book, and the picture that other sites show of it, from its logo.

``images/logo.svg`` holds a mark and the book's name. The mark alone is the icon of browsers, as SVG
and, for those that take none, as PNG.
"""

import io
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

LOGO = Path(__file__).resolve().parents[1] / "images" / "logo.svg"
SVG = "http://www.w3.org/2000/svg"
SIDE = 52
"""The mark is a square with a side of 48 at (2, 8); the icon leaves an edge of 2 around it."""
LEFT, TOP = 0, 6
PNG_SIDE = 180
"""In pixels: what phones put on their first page; browsers make it smaller."""
FINER = 8
"""The PNG is drawn so many times as large, for smooth edges."""
PREVIEW = (1200, 630)
"""In pixels: what other sites ask for."""
BLUE, VERMILION = "#0072b2", "#d55e00"


def icon_svg() -> bytes:
    """Return the mark of the logo as a square SVG."""
    ElementTree.register_namespace("", SVG)
    icon = ElementTree.Element(f"{{{SVG}}}svg", viewBox=f"{LEFT} {TOP} {SIDE} {SIDE}")
    icon.extend(_mark())
    return ElementTree.tostring(icon)


def icon_png(side: int = PNG_SIDE) -> bytes:
    """Return the mark of the logo as PNG.

    Args:
        side: Its width and its height, in pixels.
    """
    content = io.BytesIO()
    _drawn(side).save(content, "PNG", optimize=True)
    return content.getvalue()


def preview_png() -> bytes:
    """Return the picture that other sites show of the book: mark, name, what it is about."""
    width, height = PREVIEW
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor="white")
    mark = figure.add_axes((0.06, 0.56, 0.3 * height / width, 0.3))
    mark.imshow(np.asarray(_drawn(400)))
    mark.set_axis_off()
    figure.text(0.25, 0.71, "trendbook", size=60, weight="bold", color=BLUE, va="center")
    figure.text(0.065, 0.42, "Trend embeddings, reproduced", size=34, va="center")
    words = {"I": "0.45", "want": VERMILION, "an": "0.45", "apple.": VERMILION}
    place = 0.065
    for word, colour in words.items():
        text = figure.text(place, 0.2, word, size=40, color=colour, va="center")
        place = text.get_window_extent().x1 / width + 0.02
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _mark() -> list[ElementTree.Element]:
    """List the shapes of the logo, without the name."""
    logo = ElementTree.parse(LOGO).getroot()
    return [shape for shape in logo if shape.tag != f"{{{SVG}}}text"]


def _drawn(side: int) -> Image.Image:
    """Draw the shapes that the mark has: a rectangle, a line with round ends, a circle."""
    image = Image.new("RGBA", (side * FINER, side * FINER))
    pen, scale = ImageDraw.Draw(image), side * FINER / SIDE
    for shape in _mark():
        kind, given = shape.tag.removeprefix(f"{{{SVG}}}"), shape.attrib
        if kind == "rect":
            x, y, wide, high, radius = (
                float(given[name]) for name in ("x", "y", "width", "height", "rx")
            )
            box = [*_placed(x, y, scale), *_placed(x + wide, y + high, scale)]
            pen.rounded_rectangle(box, radius * scale, fill=given["fill"])
        elif kind == "path":
            numbers = [float(part.strip("ML")) for part in given["d"].split()]
            points = [
                _placed(x, y, scale) for x, y in zip(numbers[::2], numbers[1::2], strict=True)
            ]
            thick = float(given["stroke-width"]) * scale
            pen.line(points, fill=given["stroke"], width=round(thick), joint="curve")
            for x, y in (points[0], points[-1]):
                _disc(pen, x, y, thick / 2, given["stroke"])
        else:
            x, y = _placed(float(given["cx"]), float(given["cy"]), scale)
            radius, edge = float(given["r"]) * scale, float(given["stroke-width"]) * scale
            _disc(pen, x, y, radius + edge / 2, given["stroke"])
            _disc(pen, x, y, radius - edge / 2, given["fill"])
    return image.resize((side, side), Image.Resampling.LANCZOS)


def _placed(x: float, y: float, scale: float) -> tuple[float, float]:
    return (x - LEFT) * scale, (y - TOP) * scale


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
