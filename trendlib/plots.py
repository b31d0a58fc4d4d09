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

from trendlib.attention import (
    AttentionResult,
    NoRelated,
    check_head,
    check_layer,
    merge_pieces,
    received_by_unit,
    unit_tokens,
)
from trendlib.benchmark import Benchmark
from trendlib.embedding import SentenceEmbedding
from trendlib.encoding import Encoding, Provenance
from trendlib.errors import ArrayError
from trendlib.evaluate.results import TaskResult
from trendlib.evaluate.scores import Score
from trendlib.published import FIRST
from trendlib.trend import Trend
from trendlib.typing import Array, Mask, SliceCosines, Vector
from trendlib.weights import BERT_BASE

DPI = 144
MAX_WORDS = 24
"""A figure that shows more words is not readable on a page."""

SEQUENTIAL = "cividis"
DIVERGING = "PuOr"
UNDEFINED_COLOUR = "0.6"
MARK = "#d55e00"  # Okabe and Ito's vermilion
PLAIN = "#0072b2"  # and their blue

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
    figure, axes = _subplots((side + 1.2, side))
    image = axes.imshow(matrix, cmap=SEQUENTIAL, vmin=0, vmax=1)
    _write_values(axes, matrix)
    _name_ticks(axes, names, names)
    axes.set_xlabel("attention to (key)")
    axes.set_ylabel("attention from (query)")
    axes.set_title(f"Attention in layer {layer}, head {head}" + _cut(shown, len(whole)))
    figure.colorbar(image, ax=axes, label="attention (each row adds up to 1)", shrink=0.8)
    return _signed(figure, encoding.provenance)


def received_attention(result: AttentionResult) -> Figure:
    """Draw the attention that each word receives in each row, the winner of each row framed.

    Of a long sentence, the words that lead a row, and those that receive most, are drawn.
    """
    leads = np.zeros(len(result.candidates))
    leads[result.leaders] = np.inf
    shown = _most_received(result.received.sum(axis=0) + leads)
    matrix = result.received[:, shown]
    rows, columns = matrix.shape
    figure, axes = _subplots((max(5.5, 0.45 * columns + 3.6), 0.36 * rows + 1.9))
    image = axes.imshow(matrix, cmap=SEQUENTIAL, aspect="auto", vmin=0)
    _write_values(axes, matrix)
    for row, leader in enumerate(result.leaders):
        corner = (shown.index(leader) - 0.47, row - 0.44)
        axes.add_patch(Rectangle(corner, 0.94, 0.88, fill=False, ec=MARK, lw=2.6))
    labels = [
        f"{result.row_kind} {row}" + (" (names the focus)" if row == result.focus_row else "")
        for row in range(rows)
    ]
    _name_ticks(axes, _labels(result.candidates, shown), labels)
    where = "by layer" if result.layer is None else f"in the heads of layer {result.layer}"
    axes.set_title(f"Received attention {where}" + _cut(shown, len(result.candidates)))
    figure.colorbar(image, ax=axes, label="received attention (column sum)")
    return _signed(figure, result.provenance)


def votes(result: AttentionResult) -> Figure:
    """Draw how many of the rows that the focus word leads vote for each word.

    Of a long sentence, the focus word and the words with most votes are drawn.
    """
    counts, related = result.vote.counts, result.related
    order = counts.astype(float)
    order[result.focus.index] = np.inf
    shown = _most_received(order)
    figure, axes = _subplots((6.5, max(2.0, 0.38 * len(shown) + 1.3)))
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
    return _signed(figure, result.provenance)


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
    figure, axes = _subplots((7.2, 0.6 * len(strips) + 1.5))
    # The axes are some four inches wide: every coordinate gets a pixel of its own, and more.
    figure.set_dpi(max(DPI, values.shape[1] * 1.3 / 4))
    image = _draw_strips(axes, values, defined)
    if first is not None:
        _hatch_undefined(axes, defined)
        _write_values(axes, values, defined)
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
    return _signed(figure, provenance)


def embedding_strips(embedding: SentenceEmbedding, first: int | None = None) -> Figure:
    """Draw the trends of focus and related word, and the sentence embedding under them.

    Args:
        embedding: The embedding.
        first: Draw this many coordinates only, with their numbers.
    """
    result = embedding.attention
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
    figure, axes = _subplots((7.2, 0.75 * len(pairs) + 1.6))
    _draw_slices(axes, pairs, width)
    axes.plot([], [], "|", color="black", ms=14, mew=2.5, label="all coordinates")
    axes.set_xlabel("cosine similarity")
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    return _signed(figure, provenance)


def wall_times(benchmark: Benchmark) -> Figure:
    """Draw our wall time as a share of each peer's, with the range of the repeats and the goal."""
    ratios = benchmark.ratios[::-1]  # the first one on top
    figure, axes = _subplots((7.2, 0.7 * len(ratios) + 1.4))
    places = range(len(ratios))
    medians = np.array([each.median for each in ratios])
    ranges = np.array([[each.median - each.least, each.most - each.median] for each in ratios])
    axes.barh(places, medians, height=0.55, color=PLAIN, xerr=ranges.T, ecolor="0.2", capsize=3)
    axes.axvline(1, color="0.4", lw=1)
    for place, each in zip(places, ratios, strict=True):
        axes.plot([each.goal] * 2, [place - 0.38, place + 0.38], color=MARK, lw=2)
        axes.text(each.most + 0.02, place, f"{each.median:.2f}", va="center", fontsize=9)
    axes.set_yticks(places, [each.peer for each in ratios])
    axes.set_xlabel("our wall time / the other's (red: the goal; 1: equal)")
    axes.set_xlim(0, max(1.2, 1.15 * max(each.most for each in ratios)))
    return _signed(figure, benchmark.provenance)


def scores(panels: Sequence[tuple[TaskResult, Sequence[Score]]], label: str) -> Figure:
    """Draw figures with their intervals, a row each, and a panel a model.

    Args:
        panels: For each model its results, and the figures to draw; named by group where they
            have one, else by method, or by what it is compared with where that is what differs.
        label: What they are.

    Raises:
        ArrayError: If there is nothing to draw.
    """
    rows = max((len(drawn) for _, drawn in panels), default=0)
    if not rows:
        raise ArrayError("nothing to draw: give at least one figure")
    size = (max(7.2, 3.0 + 3.6 * len(panels)), 0.27 * rows + 1.2)
    figure, row_of_axes = _panels(size, len(panels))
    for axes, (result, drawn) in zip(row_of_axes, panels, strict=True):
        places = np.arange(len(drawn))
        values = np.array([each.value for each in drawn])
        ends = (
            [(each.value if each.low is None else each.low) for each in drawn],
            [(each.value if each.high is None else each.high) for each in drawn],
        )
        axes.hlines(places, *ends, color=PLAIN, lw=2.5, alpha=0.5)
        axes.plot(values, places, "o", color=PLAIN, ms=5)
        axes.set_yticks(places, _names_of(drawn))
        axes.set_ylim(len(drawn) - 0.5, -0.5)
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        axes.set_xlabel(label)
        if min(values.min(), *ends[0]) < 0:
            axes.axvline(0, color="0.3", lw=1)
        axes.spines[["top", "right"]].set_visible(False)
        if len(panels) > 1:
            axes.set_title(str(result.provenance), fontsize=10)
    if len(panels) == 1:
        return _signed(figure, panels[0][0].provenance)
    return figure  # each panel names its model


def learning_curves(result: TaskResult, methods: Sequence[str], measure: str) -> Figure:
    """Draw how a measure grows with the number of training texts.

    Args:
        result: The results of a classification task.
        methods: The methods to draw.
        measure: The task's first measure.
    """
    figure, axes = _subplots((7.2, 3.8))
    groups = [group for group in result.groups(measure) if group.startswith("with ")]
    sizes = [int(group.removeprefix("with ")) for group in groups]
    markers = "osD^vPX*"
    for number, method in enumerate(methods):
        found = [result.score(method, measure, group=group) for group in groups]
        marker = markers[number % len(markers)]
        axes.plot(sizes, [each.value for each in found], marker=marker, ms=5, label=method)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("training texts")
    axes.set_ylabel(measure)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", frameon=False, fontsize=9)
    return _signed(figure, result.provenance)


def heads_grid(result: TaskResult, measure: str) -> Figure:
    """Draw a measure of the reading by each head of each layer, as a grid.

    Args:
        result: The results of the task "readings".
        measure: The measure; it need not be there for the article's own head.
    """
    found = result.of(measure)
    places = {name: _place(name) for name in found if name.startswith("layer ")}
    layers = 1 + max(layer for layer, _ in places.values())
    heads = 1 + max(head for _, head in places.values())
    grid = np.full((layers, heads), np.nan)
    for name, place in places.items():
        grid[place] = found[name].value
    if "article" in found:
        grid[0, heads - 1] = found["article"].value
    figure, axes = _subplots((0.55 * heads + 2.2, 0.42 * layers + 1.6))
    cells = np.ma.masked_invalid(grid)
    shades = plt.get_cmap(SEQUENTIAL).with_extremes(bad="white")
    image = axes.imshow(cells, cmap=shades, vmin=0, vmax=1, aspect="auto")
    _write_values(axes, grid, ~np.isnan(grid))
    axes.add_patch(Rectangle((heads - 1.5, -0.5), 1, 1, fill=False, ec=MARK, lw=2.6))
    _name_ticks(axes, [str(head) for head in range(heads)], [str(row) for row in range(layers)])
    axes.set_xlabel("head that names the focus word (framed: the article's)")
    axes.set_ylabel("layer")
    figure.colorbar(image, ax=axes, label=measure)
    return _signed(figure, result.provenance)


def slice_scores(result: TaskResult, measure: str) -> Figure:
    """Draw a measure over every slice of coordinates, the articles' first one marked.

    Args:
        result: The results of the task "slices".
        measure: The measure.
    """
    groups = [each for each in result.groups(measure) if each.startswith("from ")]
    rows = [
        (
            method,
            np.array([result.score(method, measure, group=each).value for each in groups]),
            None,
        )
        for method in result.methods
    ]
    figure, axes = _subplots((7.2, 0.8 * len(rows) + 1.6))
    _draw_slices(axes, rows, FIRST)
    axes.axvline(0, color="0.3", lw=1)
    axes.set_xlabel(measure)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    return _signed(figure, result.provenance)


def _draw_slices(
    axes: Axes, rows: Sequence[tuple[str, SliceCosines, float | None]], width: int
) -> None:
    """Draw each slice as a dot, the articles' one marked, and that of all coordinates as a bar."""
    for row, (_, values, whole) in enumerate(rows):
        # Spread the dots a little, always in the same way, so that equal ones can be told apart.
        spread = row + np.linspace(-0.18, 0.18, len(values))
        axes.plot(values, spread, "o", color=PLAIN, alpha=0.45, ms=5, mew=0)
        axes.plot(values[0], row, "D", color=MARK, ms=9, mec="white")
        if whole is not None:
            axes.plot(whole, row, "|", color="black", ms=30, mew=2.5)
    axes.plot([], [], "o", color=PLAIN, label=f"each slice of {width} coordinates")
    axes.plot([], [], "D", color=MARK, label=f"the first {width}, as in the articles")
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _names_of(drawn: Sequence[Score]) -> list[str]:
    if len({each.method for each in drawn}) == 1 < len({each.other for each in drawn}):
        return [each.other for each in drawn]
    return [each.group or each.method for each in drawn]


def _place(name: str) -> tuple[int, int]:
    layer, head = name.removeprefix("layer ").split(", head ")
    return int(layer), int(head)


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


def _subplots(size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure, (axes,) = _panels(size, 1)
    return figure, axes


def _panels(size: tuple[float, float], count: int) -> tuple[Figure, list[Axes]]:
    """Make a figure with panels side by side, on one scale."""
    figure, grid = plt.subplots(
        1, count, figsize=size, dpi=DPI, layout="constrained", squeeze=False, sharex=True
    )
    plt.close(figure)  # the caller shows it; a notebook would show it twice
    return figure, list(grid[0])


def _signed(figure: Figure, provenance: Provenance | None) -> Figure:
    source = f"as printed by the article: {BERT_BASE.name}"
    if provenance is not None:
        source = f"model: {provenance}"
    figure.supxlabel(source, fontsize=8, color="0.35", x=0.99, ha="right")
    return figure


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


def _name_ticks(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    # parse_math=False: a "$" in a sentence is a dollar.
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(len(rows)), rows, parse_math=False)


def _write_values(axes: Axes, matrix: Array, defined: Array | None = None) -> None:
    """Write each cell's number in it, in black or white, whichever reads better."""
    if matrix.shape[1] > 14:
        return  # the cells are too small
    (image,) = axes.images
    for (row, column), value in np.ndenumerate(matrix):
        if defined is not None and not defined[row, column]:
            continue
        colour = readable_on(image.to_rgba(value))
        text = axes.text(
            column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=colour
        )
        text.set_in_layout(False)  # it stays inside its cell; to measure hundreds takes long


def readable_on(background: Sequence[float] | Array) -> str:
    """Choose black or white by the contrast that WCAG 2 defines: over 4.5 for one of them."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in background[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"


def _hatch_undefined(axes: Axes, defined: Array) -> None:
    for row, column in np.argwhere(~defined):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="///", ec="0.35", lw=0))
