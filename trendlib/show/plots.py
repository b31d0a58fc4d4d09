"""Figures. Each function returns a ``Figure`` that names the model in it.

Colours are from maps made for colour-blind readers. Numbers, frames and hatching say the same as
colours do, but for strips of all coordinates, which have no room for them.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from trendlib.attention import check_head, check_layer, merge_pieces, received_by_unit, unit_tokens
from trendlib.choice import Choice, NoRelated
from trendlib.embedding import SentenceEmbedding
from trendlib.encoding import Encoding, Provenance
from trendlib.errors import ArrayError
from trendlib.show.figure import (
    DIVERGING,
    DPI,
    MARK,
    PLAIN,
    SEQUENTIAL,
    UNDEFINED_COLOUR,
    draw_slices,
    name_ticks,
    signed,
    subplots,
    write_values,
)
from trendlib.trend import Trend
from trendlib.typing import Array, Mask, SliceCosines, Vector

MAX_WORDS = 24
"""A figure that shows more words is not readable on a page."""
Strip = tuple[str, Vector, Mask]


def attention_heatmap(encoding: Encoding, layer: int, head: int) -> Figure:
    """Draw one head's attention, words on both axes.

    Of a long sentence, the words and special tokens that receive most are drawn.

    Args:
        encoding: The sentence.
        layer: 0-based.
        head: 0-based.

    Raises:
        LayerOutOfRangeError: If there is no such layer.
        HeadOutOfRangeError: If there is no such head.
    """
    check_layer(layer, encoding.attentions.shape[0])
    check_head(head, encoding.attentions.shape[1])
    whole = merge_pieces(encoding.attentions[[layer]], encoding.words)[0, head]
    shown = _most_received(received_by_unit(whole))
    matrix = whole[np.ix_(shown, shown)]
    names = _labels(unit_names(encoding), shown)
    side = max(4.5, 0.5 * len(names))
    figure, axes = subplots((side + 1.2, side))
    image = axes.imshow(matrix, cmap=SEQUENTIAL, vmin=0, vmax=1)
    write_values(axes, matrix)
    name_ticks(axes, names, names)
    axes.set_xlabel("attention to (key)")
    axes.set_ylabel("attention from (query)")
    axes.set_title(f"Attention in layer {layer}, head {head}" + _cut(shown, len(whole)))
    figure.colorbar(image, ax=axes, label="attention (each row adds up to 1)", shrink=0.8)
    return signed(figure, encoding.provenance)


def received_attention(result: Choice) -> Figure:
    """Draw the attention that each word receives in each row, the winner of each row framed.

    Of a long sentence, the words that lead a row, and those that receive most, are drawn.
    """
    leads = np.zeros(len(result.candidates))
    leads[result.leaders] = np.inf
    shown = _most_received(result.received.sum(axis=0) + leads)
    matrix = result.received[:, shown]
    rows, columns = matrix.shape
    figure, axes = subplots((max(5.5, 0.45 * columns + 3.6), 0.36 * rows + 1.9))
    image = axes.imshow(matrix, cmap=SEQUENTIAL, aspect="auto", vmin=0)
    write_values(axes, matrix)
    for row, leader in enumerate(result.leaders):
        corner = (shown.index(leader) - 0.47, row - 0.44)
        axes.add_patch(Rectangle(corner, 0.94, 0.88, fill=False, ec=MARK, lw=2.6))
    labels = [
        f"{result.row_kind} {row}" + (" (names the focus)" if row == result.focus_row else "")
        for row in range(rows)
    ]
    name_ticks(axes, _labels(result.candidates, shown), labels)
    where = "by layer" if result.layer is None else f"in the heads of layer {result.layer}"
    axes.set_title(f"Received attention {where}" + _cut(shown, len(result.candidates)))
    figure.colorbar(image, ax=axes, label="received attention (column sum)")
    return signed(figure, result.provenance)


def votes(result: Choice) -> Figure:
    """Draw how many of the rows that the focus word leads vote for each word.

    Of a long sentence, the focus word and the words with most votes are drawn.
    """
    counts, related = result.vote.counts, result.related
    order = counts.astype(float)
    order[result.focus.index] = np.inf
    shown = _most_received(order)
    figure, axes = subplots((6.5, max(2.0, 0.38 * len(shown) + 1.3)))
    winner = -1 if isinstance(related, NoRelated) else related.index
    labels = _labels(result.candidates, shown)
    focus = labels[shown.index(result.focus.index)]
    labels[shown.index(result.focus.index)] = f"{focus} (focus)"
    bars = axes.barh(range(len(labels)), counts[shown], color=PLAIN, height=0.62)
    for place, (bar, index) in enumerate(zip(bars, shown, strict=True)):
        if index == winner:
            bar.set(facecolor=MARK, hatch="//", edgecolor="white")
        text = f"{counts[index]}" + (" (related word)" if index == winner else "")
        axes.annotate(text, (counts[index], place), (4, 0), textcoords="offset points", va="center")
    if isinstance(related, NoRelated):
        axes.text(0.5, 0.5, f"no vote: {related.reason}", transform=axes.transAxes, ha="center")
    axes.set_yticks(range(len(labels)), labels, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, max(1, counts.max()) * 1.35)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    led = f"{len(result.vote.rows)} {result.row_kind}s"
    axes.set_xlabel(f"votes of the {led} that the focus word leads")
    title = f"Which word goes with “{focus}”?" + _cut(shown, len(counts))
    axes.set_title(title, parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    return signed(figure, result.provenance)


def trend_strips(
    strips: Sequence[Strip],
    provenance: Provenance | None,
    first: int | None = None,
    kind: str = "log quotient",
) -> Figure:
    """Draw trends as strips of coordinates: undefined ones hatched, zeros white.

    Args:
        strips: For each a name, its values, and where they are defined.
        provenance: Where they come from.
        first: Draw this many coordinates only, with their numbers.
        kind: What the values are, for the scale of colours.

    Raises:
        ArrayError: If there is no strip, or no coordinate.
    """
    if not strips or (first is not None and first < 1):
        raise ArrayError("nothing to draw: give at least one strip of at least one coordinate")
    names = [name for name, _, _ in strips]
    values = np.stack([values[:first] for _, values, _ in strips])
    defined = np.stack([defined[:first] for _, _, defined in strips])
    figure, axes = subplots((7.2, 0.6 * len(strips) + 1.5))
    # The axes are some four inches wide: every coordinate gets a pixel of its own, and more.
    figure.set_dpi(max(DPI, values.shape[1] * 1.3 / 4))
    image = _draw_strips(axes, values, defined)
    if first is not None:
        _hatch_undefined(axes, defined)
        write_values(axes, values, defined)
        axes.set_xticks(range(values.shape[1]))
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_yticks(np.arange(0.5, len(names) - 1), minor=True)
    axes.grid(which="minor", axis="y", color="white", linewidth=6)
    axes.tick_params(which="minor", left=False)
    axes.set_xlabel("coordinate")
    patch = Patch(facecolor=UNDEFINED_COLOUR, hatch="///" if first else None, ec="0.35")
    patch.set_label("undefined")
    zero = Patch(facecolor="white", ec="0.35", label="zero")
    figure.legend(handles=[patch, zero], loc="outside upper right", ncols=2, frameon=False)
    figure.colorbar(image, ax=axes, label=kind, extend="both", aspect=8)
    return signed(figure, provenance)


def embedding_strips(embedding: SentenceEmbedding, first: int | None = None) -> Figure:
    """Draw the trends of focus and related word, and the sentence embedding under them.

    Args:
        embedding: The embedding.
        first: Draw this many coordinates only, with their numbers.
    """
    result = embedding.choice
    names = _labels(result.candidates, [word.index for word in result.chosen])
    strips = [
        strip(f"{name} ({role})", trend)
        for role, name, trend in zip(("focus", "related"), names, embedding.trends, strict=False)
    ]
    strips.append(("sentence embedding", embedding.values, embedding.defined))
    return trend_strips(strips, embedding.provenance, first, embedding.focus_trend.kind)


def thumbnail(embedding: SentenceEmbedding) -> Figure:
    """Draw the trends and the embedding as bare strips, for a list of many sentences."""
    trends = [(trend.values, trend.defined) for trend in embedding.trends]
    strips = [*trends, (embedding.values, embedding.defined)]
    figure = Figure(figsize=(2.4, 0.14 * len(strips)), dpi=100)
    for row, (values, defined) in enumerate(strips):
        axes = figure.add_axes((0, 1 - (row + 0.9) / len(strips), 1, 0.8 / len(strips)))
        _draw_strips(axes, values[np.newaxis], defined[np.newaxis])
        axes.set_axis_off()
    return figure


def strip(name: str, trend: Trend) -> Strip:
    """Name a trend for ``trend_strips``."""
    return name, trend.values, trend.defined


def slice_cosines(
    pairs: Sequence[tuple[str, SliceCosines, float]], width: int, provenance: Provenance
) -> Figure:
    """Draw how much a cosine over a few coordinates depends on which ones they are.

    Args:
        pairs: For each a name, the cosine of every slice, and that over all coordinates.
        width: How many coordinates a slice has; the first slice is the articles'.
        provenance: Where they come from.
    """
    figure, axes = subplots((7.2, 0.75 * len(pairs) + 1.6))
    draw_slices(axes, pairs, width)
    axes.plot([], [], "|", color="black", ms=14, mew=2.5, label="all coordinates")
    axes.set_xlabel("cosine similarity")
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    return signed(figure, provenance)


def _draw_strips(axes: Axes, values: Array, defined: Array) -> AxesImage:
    limit = float(np.percentile(np.abs(values[defined]), 98)) if defined.any() else 1.0
    return axes.imshow(
        np.ma.masked_array(values, ~defined),
        cmap=plt.get_cmap(DIVERGING).with_extremes(bad=UNDEFINED_COLOUR),
        vmin=-limit or -1,
        vmax=limit or 1,
        aspect="auto",
        interpolation="nearest",
    )


def unit_names(encoding: Encoding) -> list[str]:
    """List the words, and the special tokens, in the sentence's order."""
    texts = {word.tokens: word.text for word in encoding.words}
    units = unit_tokens(encoding.words, len(encoding.tokens))
    return [texts.get(unit, encoding.tokens[unit[0]]) for unit in units]


def _most_received(received: Array) -> list[int]:
    """Take at most ``MAX_WORDS`` places, those of the largest numbers, in the sentence's order."""
    order = np.argsort(-received, kind="stable")[:MAX_WORDS]
    return sorted(int(index) for index in order)


def _cut(shown: Sequence[int], total: int) -> str:
    return f"\n{len(shown)} of {total} are drawn" if len(shown) < total else ""


def _labels(names: Sequence[str], shown: Sequence[int]) -> list[str]:
    """Name words; what the font cannot draw becomes a box and the word's number."""
    font = get_font(findfont(FontProperties()))
    return [
        names[index]
        if all(font.get_char_index(ord(character)) for character in names[index])
        else f"□ {index}"
        for index in shown
    ]


def _hatch_undefined(axes: Axes, defined: Array) -> None:
    for row, column in np.argwhere(~defined):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="///", ec="0.35", lw=0))
