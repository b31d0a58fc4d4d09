"""Figures as SVG: the same in every run, readable in both themes, and drawn from one palette."""

import re
from collections.abc import Callable
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from helpers.paths import BOOK
from trendlib.embedding import embed_encoding
from trendlib.model.encoder import Encoder
from trendlib.show import drawings, plots
from trendlib.show.style import PALETTE, SERIES, variables
from trendlib.show.svg import drawn_svg, inline

TEXT = {"ink", "soft", "focus", "related"}
THEMES = ("light", "dark")


def luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def in_theme(theme: str) -> dict[str, tuple[float, float, float]]:
    return {colour.name: to_rgb(getattr(colour, theme)) for colour in PALETTE}


def blended(
    colour: tuple[float, ...], share: float, ground: tuple[float, ...]
) -> tuple[float, ...]:
    return tuple(share * np.array(colour) + (1 - share) * np.array(ground))


@pytest.fixture(scope="module")
def figures(minilm: Encoder) -> list[Callable[[], Figure]]:
    encoding = minilm.encode("I want an apple.")
    embedding = embed_encoding(encoding)
    return [
        lambda: plots.attention_heatmap(encoding, 0, 11),
        lambda: plots.received_attention(embedding.choice),
        lambda: plots.votes(embedding.choice),
        lambda: plots.embedding_strips(embedding),
        lambda: plots.embedding_strips(embedding, first=10),
        lambda: drawings.bert(encoding.tokens, 2, 6),
        lambda: drawings.ratio_rulers([0.5, 1, 2]),
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_the_palette_stands_out_in_both_themes(theme: str) -> None:
    """Contrast after WCAG 2: 4.5 to 1 for text, 3 to 1 for what is drawn."""
    colours = in_theme(theme)
    ground = colours["ground"]
    for name in colours.keys() - {"ground", "rule", "block"}:
        assert contrast(colours[name], ground) >= (4.5 if name in TEXT else 3), name
    for end in ("grew", "shrank"):
        for share in np.linspace(0, plots.STRONGEST, 9):
            cell = blended(colours[end], share, ground)
            assert contrast(colours["ink"], cell) >= 4.5, (end, share)


def test_every_colour_is_told_from_the_others() -> None:
    """Each is replaced by its hexadecimal number, so that no two may have the same."""
    assert len({colour.light for colour in PALETTE}) == len(PALETTE)
    assert not {"#ffffff", "#000000"} & {colour.light for colour in PALETTE}  # those of numbers
    for one, other in combinations(SERIES, 2):
        assert np.abs(np.subtract(to_rgb(one), to_rgb(other))).max() > 0.1


def test_a_figure_has_the_same_bytes_in_every_run(figures: list[Callable[[], Figure]]) -> None:
    for draw in figures:
        assert drawn_svg(draw()) == drawn_svg(draw())


def test_in_a_page_every_text_has_a_colour_of_the_theme(
    figures: list[Callable[[], Figure]],
) -> None:
    """Or it is black or white, in a cell whose colour is the same in both themes."""
    for number, draw in enumerate(figures):
        html = inline(drawn_svg(draw()), "What is seen.", f"n{number}")
        fills = re.findall(r"<text [^>]*?fill: ([^;\"]+)", html)
        assert set(fills) <= {"var(--tb-ink, #1d1f21)", "#ffffff"} | {
            f"var(--tb-{each.name}, {each.light})" for each in PALETTE if each.name in TEXT
        }
        assert fills.count("#ffffff") == 0 or number < 2
        assert "#fffffe" not in html.replace("var(--tb-ground, #fffffe)", "")


def test_no_identifier_comes_twice_in_a_page(figures: list[Callable[[], Figure]]) -> None:
    html = "".join(inline(drawn_svg(draw()), "x", f"n{n}") for n, draw in enumerate(figures))
    names = re.findall(r' id="([^"]+)"', html)
    assert len(names) == len(set(names))
    for used in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', html):
        assert set(filter(None, used)) <= set(names)


def test_a_description_and_texts_are_escaped() -> None:
    figure = drawings.bert(["<b>", "&", "x"], 0, 2)
    html = inline(drawn_svg(figure), 'A "thing" of <b>.', "a")
    root = ElementTree.fromstring(html)
    assert root.get("aria-label") == 'A "thing" of <b>.'
    texts = {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"<b>", "&"} <= texts
    assert "metadata" not in html


def test_the_books_style_has_the_colours_of_the_palette() -> None:
    style = (BOOK / "styles" / "figures.css").read_text(encoding="utf-8")
    assert re.findall(r"--tb-.*", style) == variables().splitlines()
