"""Figures of one sentence: attention, the vote, trends. Every figure names the model.

The colour maps were made for colour-blind readers. Numbers, frames and hatching repeat what the
colours say, except in strips of all coordinates, which have no room for them.
"""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
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
    FEW,
    MARK,
    PLAIN,
    SEQUENTIAL,
    UNDEFINED_COLOUR,
    about_labels,
    draw_scale,
    draw_slices,
    end_of_scale,
    name_ticks,
    signed,
    subplots,
    word_labels,
    write_below,
    write_values,
)
from trendlib.trend import Trend
from trendlib.typing import Array, Mask, SliceCosines, UnitMatrix, Vector

MAX_WORDS = 24
"""A figure of more words would not be readable on a page."""
LONGEST_NAME, LINE = 40, 22
"""Of a longer name of a strip, such as a sentence, the beginning is shown, in lines."""
Strip = tuple[str, Vector, Mask]
"""A name, the values, and where they are defined."""


def attention_heatmap(encoding: Encoding, layer: int, head: int) -> Figure:
    """Draw one head's attention as a matrix with the words on both axes.

    Of a long sentence, only the words and special tokens that receive most are drawn.

    Args:
        encoding: The sentence.
        layer: The layer's number, from 0.
        head: The head's number, from 0.

    Raises:
        LayerOutOfRangeError: If the model does not have that layer.
        HeadOutOfRangeError: If the layer does not have that head.
    """
    check_layer(layer, encoding.attentions.shape[0])
    check_head(head, encoding.attentions.shape[1])
    whole = merge_pieces(encoding.attentions[[layer]], encoding.words)[0, head]
    shown = _highest(received_by_unit(whole))
    matrix = whole[np.ix_(shown, shown)]
    labels = _unit_labels(encoding)
    names = [labels[index] for index in shown]
    what = "each row" if len(shown) == len(whole) else f"each row of all {len(whole)}"
    figure, scale = _attention_grid(matrix, names, f"attention ({what} adds up to 1)")
    figure.axes[0].set_title(f"Attention in layer {layer}, head {head}")
    which = "those that receive most"
    left_out = _left_out(shown, len(whole), "words and special tokens", which)
    write_below(figure, [*left_out, *scale, *about_labels(names)])
    return signed(figure, encoding.provenance)


def printed_attention(matrix: UnitMatrix, tokens: Sequence[str]) -> Figure:
    """Draw an attention matrix that an article printed.

    Args:
        matrix: Array of shape (query, key).
        tokens: The tokens.
    """
    figure, _ = _attention_grid(matrix, tokens, "attention")
    return signed(figure, None)


def _attention_grid(
    matrix: UnitMatrix, names: Sequence[str], label: str
) -> tuple[Figure, list[str]]:
    """Draw a matrix of attention; return the figure and what must be said of its colours."""
    side = max(4.5, (0.5 if len(names) <= FEW else 0.28) * len(names))
    figure, axes = subplots((side + 1.2, side))
    axes.set_xlabel("attention to (key)")
    axes.set_ylabel("attention from (query)")
    axes.imshow(matrix, cmap=SEQUENTIAL, vmin=0, vmax=end_of_scale(matrix, usual=1.0))
    write_values(axes, matrix)
    name_ticks(axes, names, names)
    return figure, draw_scale(figure, matrix, label, shrink=0.8)


def received_attention(choice: Choice) -> Figure:
    """Draw the attention that the words receive in each row, with the row's leader framed.

    Of a long sentence, the focus word, the words that lead a row, those with most votes and those
    that receive most are drawn.
    """
    shown = _highest(_importance(choice))
    matrix = choice.received[:, shown]
    names = _chosen_labels(choice, shown)
    rows, columns = matrix.shape
    width = (0.36 if columns <= FEW else 0.21) * columns + 3
    height = max(0.36 * rows + 1.9, 3.4) + _room_below(names)
    figure, axes = subplots((max(5.5, width), height))
    heads = "heads" if rows > 1 else "head"
    where = "by layer" if choice.layer is None else f"in the {heads} of layer {choice.layer}"
    axes.set_title(f"Received attention {where}")
    end = end_of_scale(matrix, usual=float(matrix.max()))
    axes.imshow(matrix, cmap=SEQUENTIAL, aspect="auto", vmin=0, vmax=end)
    write_values(axes, matrix)
    for row, leader in enumerate(choice.leaders):
        corner = (shown.index(leader) - 0.47, row - 0.44)
        axes.add_patch(Rectangle(corner, 0.94, 0.88, fill=False, ec=MARK, lw=2.6))
    labels = [
        f"{choice.row_kind} {row}" + (" (names the focus)" if row == choice.focus_row else "")
        for row in range(rows)
    ]
    name_ticks(axes, names, labels)
    scale = draw_scale(figure, matrix, "received attention (column sum)")
    which = "the leaders, those with most votes, and those that receive most"
    left_out = _left_out(shown, len(choice.candidates), "words", which)
    write_below(figure, [*left_out, *scale, *about_labels(names)])
    return signed(figure, choice.provenance)


def votes(choice: Choice) -> Figure:
    """Draw the votes for each word, with the related word marked.

    Of a long sentence, only the focus word and the words with votes are drawn.
    """
    counts, related, focus = choice.vote.counts, choice.related, choice.focus.index
    shown = [
        index for index, count in enumerate(counts) if len(counts) <= FEW or count or index == focus
    ]
    figure, axes = subplots((6.5, max(2.0, 0.38 * len(shown) + 1.3)))
    winner = -1 if isinstance(related, NoRelated) else related.index
    names = _chosen_labels(choice, shown)
    focus_name = names[shown.index(focus)]
    labels = [
        f"{focus_name} (focus)" if index == focus else name
        for index, name in zip(shown, names, strict=True)
    ]
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
    led, kind = len(choice.vote.rows), choice.row_kind
    of = f"vote of the one {kind}" if led == 1 else f"votes of the {led} {kind}s"
    axes.set_xlabel(f"{of} that the focus word leads")
    axes.set_title(f"Which word goes with “{focus_name}”?", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    which = "the focus word and those with votes; the others have none"
    write_below(figure, [*_left_out(shown, len(counts), "words", which), *about_labels(names)])
    return signed(figure, choice.provenance)


def trend_strips(
    strips: Sequence[Strip],
    provenance: Provenance | None,
    first: int | None = None,
    kind: str = "log quotient",
) -> Figure:
    """Draw trends as strips of coordinates: undefined ones hatched, zeros white.

    Args:
        strips: The trends, named.
        provenance: The model that they come from; None for trends that an article printed.
        first: Draw only this many coordinates, with their values; all of them if left out.
        kind: What the values are, for the label of the colour scale.

    Raises:
        ArrayError: If there is no strip or no coordinate to draw.
    """
    if not strips or (first is not None and first < 1):
        raise ArrayError("nothing to draw: give at least one strip of at least one coordinate")
    names = word_labels([name for name, *_ in strips], range(len(strips)), LONGEST_NAME)
    values = np.stack([values[:first] for _, values, _ in strips])
    defined = np.stack([defined[:first] for _, _, defined in strips])
    figure, axes = subplots((7.2, 0.6 * len(strips) + 1.5))
    # The axes are about four inches wide: every coordinate gets at least one pixel.
    figure.set_dpi(max(DPI, values.shape[1] * 1.3 / 4))
    image = _draw_strips(axes, values, defined)
    if first is not None:
        _hatch_undefined(axes, defined)
        write_values(axes, values, defined)
        if values.shape[1] <= FEW:
            axes.set_xticks(range(values.shape[1]))
    lines = [textwrap.fill(name, LINE) for name in names]
    axes.set_yticks(range(len(lines)), lines, parse_math=False)
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
    """Draw the trends of focus and related word, with the sentence embedding below them.

    Args:
        embedding: The embedding.
        first: Draw only this many coordinates, with their values; all of them if left out.
    """
    choice = embedding.choice
    names = _chosen_labels(choice, [word.index for word in choice.chosen])
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
    """Return a trend as a named strip, for ``trend_strips``."""
    return name, trend.values, trend.defined


def slice_cosines(
    pairs: Sequence[tuple[str, SliceCosines, float]], width: int, provenance: Provenance
) -> Figure:
    """Draw how much a cosine over a few coordinates depends on which coordinates they are.

    Args:
        pairs: For each pair of vectors its name, the cosine of every slice, and the cosine over
            all coordinates.
        width: How many coordinates a slice has; the articles use the first slice.
        provenance: The model that the vectors come from.
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
    """List the words and special tokens in the order of the sentence."""
    texts = {word.tokens: word.text for word in encoding.words}
    units = unit_tokens(encoding.words, len(encoding.tokens))
    return [texts.get(unit, encoding.tokens[unit[0]]) for unit in units]


def _unit_labels(encoding: Encoding) -> list[str]:
    numbers = {word.tokens: number for number, word in enumerate(encoding.words)}
    units = unit_tokens(encoding.words, len(encoding.tokens))
    return word_labels(unit_names(encoding), [numbers.get(unit) for unit in units])


def _chosen_labels(choice: Choice, shown: Sequence[int]) -> list[str]:
    labels = word_labels(choice.candidates, choice.word_indices)
    return [labels[index] for index in shown]


def _room_below(names: Sequence[str]) -> float:
    """Estimate the height of long labels and of the notes below them, in inches."""
    longest = max(len(name) for name in names)
    return 0.1 * max(0, longest - 10) + (0.6 if len(names) > FEW else 0)


def _importance(choice: Choice) -> Array:
    """Rank the words that must be drawn above the others, and these by what they receive."""
    importance: Array = choice.received.sum(axis=0)
    most = importance.max()
    importance = importance + (1 + choice.vote.counts) * most * (choice.vote.counts > 0)
    importance[[*choice.leaders, *(word.index for word in choice.chosen)]] = np.inf
    return importance


def _highest(importance: Array) -> list[int]:
    """Select the places with the largest numbers, in the sentence's order.

    They are at most ``MAX_WORDS``, or as many as are infinite.
    """
    count = max(MAX_WORDS, int(np.isinf(importance).sum()))
    order = np.argsort(-importance, kind="stable")[:count]
    return sorted(int(index) for index in order)


def _left_out(shown: Sequence[int], total: int, what: str, which: str) -> list[str]:
    """Say how many words are drawn, and which, where not all are."""
    if len(shown) == total:
        return []
    return [f"{len(shown)} of {total} {what} are drawn, in reading order: {which}."]


def _hatch_undefined(axes: Axes, defined: Array) -> None:
    for row, column in np.argwhere(~defined):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="///", ec="0.35", lw=0))
