"""Figures of one sentence: attention, the vote, trends. Every figure names the model.

The colours were made for colour-blind readers (``style``). Numbers, frames, hatching and the
direction of bars repeat what they say.
"""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from trendlib.attention import check_head, check_layer, merge_pieces, received_by_unit, unit_tokens
from trendlib.choice import Choice, NoRelated
from trendlib.embedding import SentenceEmbedding
from trendlib.encoding import Encoding, Provenance
from trendlib.errors import ArrayError
from trendlib.show.coordinates import Group, coordinate_groups
from trendlib.show.figure import (
    FEW,
    about_labels,
    draw_cells,
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
from trendlib.show.style import (
    FOCUS,
    FRAME,
    GREW,
    HATCH,
    INK,
    LINE,
    RELATED,
    SHRANK,
    STEPS,
    UNDEFINED,
    styled,
)
from trendlib.trend import Trend
from trendlib.typing import Array, Mask, SliceCosines, UnitMatrix, Vector

MAX_WORDS = 24
"""A figure of more words would not be readable on a page."""
LONGEST_NAME, LINE_LENGTH = 40, 22
"""Of a longer name of a strip, such as a sentence, the beginning is shown, in lines."""
STRONGEST = 0.75
"""How opaque the strongest colour of a cell is: the numbers in it must stay readable."""
_DIVERGING = ListedColormap(
    [to_rgba(SHRANK, STRONGEST * share) for share in np.linspace(1, 0, STEPS // 2 + 1)]
    + [to_rgba(GREW, STRONGEST * share) for share in np.linspace(0, 1, STEPS // 2 + 1)[1:]]
)
Strip = tuple[str, Vector, Mask]
"""A name, the values, and where they are defined."""


@styled
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
    label = f"attention ({what} adds up to 1)\nlayer {layer}, head {head}"
    figure, scale = _attention_grid(matrix, names, label)
    which = "those that receive most"
    left_out = _left_out(shown, len(whole), "words and special tokens", which)
    write_below(figure, [*left_out, *scale, *about_labels(names)])
    return signed(figure, encoding.provenance)


@styled
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
    cells = draw_cells(axes, matrix, (0.0, end_of_scale(matrix)))
    axes.set_aspect("equal")
    write_values(axes, cells, matrix)
    name_ticks(axes, names, names)
    return figure, draw_scale(figure, cells, len(names) > FEW, label)


@styled
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
    where = "by layer" if choice.layer is None else f"{heads} of layer {choice.layer}"
    cells = draw_cells(axes, matrix, (0.0, end_of_scale(matrix)))
    write_values(axes, cells, matrix)
    for row, leader in enumerate(choice.leaders):
        corner = (shown.index(leader) - 0.47, row - 0.44)
        axes.add_patch(Rectangle(corner, 0.94, 0.88, fill=False, ec=FRAME, lw=2.6))
    labels = [
        f"{choice.row_kind} {row}" + (" (names the focus)" if row == choice.focus_row else "")
        for row in range(rows)
    ]
    name_ticks(axes, names, labels)
    label = f"received attention (column sums)\n{where}"
    scale = draw_scale(figure, cells, columns > FEW, label)
    which = "the leaders, those with most votes, and those that receive most"
    left_out = _left_out(shown, len(choice.candidates), "words", which)
    write_below(figure, [*left_out, *scale, *about_labels(names)])
    return signed(figure, choice.provenance)


@styled
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
    bars = axes.barh(range(len(labels)), counts[shown], color=FOCUS, height=0.62)
    for place, (bar, index) in enumerate(zip(bars, shown, strict=True)):
        if index == winner:
            bar.set(facecolor=RELATED)
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
    which = "the focus word and those with votes; the others have none"
    write_below(figure, [*_left_out(shown, len(counts), "words", which), *about_labels(names)])
    return signed(figure, choice.provenance)


@styled
def trend_strips(
    strips: Sequence[Strip],
    provenance: Provenance | None,
    first: int | None = None,
    kind: str = "log quotient",
) -> Figure:
    """Draw trends as strips of coordinates.

    The first few coordinates are drawn as cells with their values. All of them are drawn as bars,
    in groups of coordinates in which the trends behave alike, since the order of a vector's
    coordinates has no meaning.

    Args:
        strips: The trends, named.
        provenance: The model that they come from; None for trends that an article printed.
        first: Draw only this many coordinates, with their values; all of them if left out.
        kind: What the values are.

    Raises:
        ArrayError: If there is no strip or no coordinate to draw.
    """
    if not strips or (first is not None and first < 1):
        raise ArrayError("nothing to draw: give at least one strip of at least one coordinate")
    if first is None:
        groups = coordinate_groups(*_vectors_and_names(strips))
        return _grouped_strips(strips, groups, provenance, kind)
    values = np.stack([values[:first] for _, values, _ in strips])
    defined = np.stack([defined[:first] for _, _, defined in strips])
    figure, axes = subplots((7.2, 0.5 * len(strips) + 1.5))
    limit = float(np.abs(values[defined]).max()) if defined.any() else 1.0
    limits = (-limit or -1.0, limit or 1.0)
    cells = draw_cells(axes, values, limits, _DIVERGING, defined)
    write_values(axes, cells, values, defined, ink=INK)
    if values.shape[1] <= FEW:
        axes.set_xticks(range(values.shape[1]))
    _name_strips(axes, strips)
    axes.tick_params(length=0)
    axes.set_xlabel("coordinate")
    figure.colorbar(cells, ax=axes, label=kind, aspect=8).outline.set_visible(False)
    return signed(_with_legend(figure), provenance)


@styled
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
    kind = embedding.focus_trend.kind
    if first is not None:
        return trend_strips(strips, embedding.provenance, first, kind)
    return _grouped_strips(strips, embedding_groups(embedding, names), embedding.provenance, kind)


def embedding_groups(embedding: SentenceEmbedding, names: Sequence[str]) -> tuple[Group, ...]:
    """Group an embedding's coordinates by what the trends do there.

    Args:
        embedding: The embedding.
        names: The names of the words, for the groups in which only one trend is defined.
    """
    return coordinate_groups([(t.values, t.defined) for t in embedding.trends], names)


def thumbnail(embedding: SentenceEmbedding) -> Figure:
    """Draw the trends and the embedding as bare strips, for a list of many sentences.

    The ground is transparent, so that they can stand on a light page and on a dark one.
    """
    trends = [(trend.values, trend.defined) for trend in embedding.trends]
    order = _order(embedding_groups(embedding, [""] * len(trends)))
    vectors = [*trends, (embedding.values, embedding.defined)]
    figure = Figure(figsize=(2.4, 0.14 * len(vectors)), dpi=100, facecolor="none")
    for row, (values, defined) in enumerate(vectors):
        axes = figure.add_axes((0, 1 - (row + 0.95) / len(vectors), 1, 0.9 / len(vectors)))
        _draw_bars(axes, 0, values[order], defined[order], _bar_limit(values[defined]))
        axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_ylim(0.5, -0.5)
        axes.set_axis_off()
    return figure


def strip(name: str, trend: Trend) -> Strip:
    """Return a trend as a named strip, for ``trend_strips``."""
    return name, trend.values, trend.defined


@styled
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
    axes.plot([], [], "|", color=INK, ms=14, mew=2.5, label="all coordinates")
    axes.set_xlabel("cosine similarity")
    figure.legend(loc="outside upper center", ncols=3)
    return signed(figure, provenance)


def _grouped_strips(
    strips: Sequence[Strip], groups: Sequence[Group], provenance: Provenance | None, kind: str
) -> Figure:
    """Draw all coordinates of trends as bars, up where they grew and down where they shrank."""
    order = _order(groups)
    known = np.concatenate([values[defined] for _, values, defined in strips])
    limit = _bar_limit(known)
    figure, axes = subplots((7.2, 0.62 * len(strips) + 2.1))
    for row, (_, values, defined) in enumerate(strips):
        _draw_bars(axes, row, values[order], defined[order], limit)
    axes.set_xlim(-0.5, len(order) - 0.5)
    axes.set_ylim(len(strips) - 0.45, -0.55)
    _name_groups(axes, groups)
    _name_strips(axes, strips)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(f"{len(order)} coordinates, grouped by the trends, sorted by the sum")
    cut = "; longer bars are cut" if (np.abs(known) > limit).any() else ""
    write_below(figure, [f"Full height: {kind} ±{limit:.2g}{cut}."])
    return signed(_with_legend(figure), provenance)


def _draw_bars(axes: Axes, row: int, values: Vector, defined: Mask, limit: float) -> None:
    """Draw a vector as bars from a line at ``row``; upwards is towards smaller numbers."""
    edges = np.arange(len(values) + 1) - 0.5
    heights = np.where(defined, np.clip(values / limit, -1, 1) * 0.42, 0.0)
    for sign, colour in ((1, GREW), (-1, SHRANK)):
        bars = np.where(sign * heights > 0, row - heights, np.nan)
        if not np.isnan(bars).all():
            axes.stairs(bars, edges, baseline=row, fill=True, fc=colour, lw=0)
    axes.plot(edges[[0, -1]], [row, row], color=LINE, lw=0.6)
    for begin, end in _runs(~defined):
        box = (begin - 0.5, row - 0.42), end - begin, 0.84
        axes.add_patch(Rectangle(*box, fill=False, hatch=HATCH, ec=UNDEFINED, lw=0))


def _runs(marked: Mask) -> list[tuple[int, int]]:
    """List where a mask is true: the beginning of each run, and the place after its end."""
    changes = np.flatnonzero(np.diff(marked.astype(int), prepend=0, append=0))
    return [(int(begin), int(end)) for begin, end in changes.reshape(-1, 2)]


def _bar_limit(known: Array) -> float:
    """Choose what a bar of full height is: the few largest must not leave all others flat."""
    return (float(np.percentile(np.abs(known), 98)) if known.size else 0.0) or 1.0


def _name_groups(axes: Axes, groups: Sequence[Group]) -> None:
    """Write the names of groups of coordinates above them, with lines between the groups."""
    sizes = [group.places.size for group in groups]
    ends = np.cumsum(sizes)
    room, place = 0.045 * ends[-1], -np.inf
    for group, end in zip(groups, ends, strict=True):
        place = max(place + room, end - group.places.size / 2 - 0.5)
        axes.annotate(
            f"{group.name}: {group.places.size}", (place, -0.5), (0, 3),
            textcoords="offset points", rotation=35, rotation_mode="anchor", fontsize=8,
            parse_math=False,
        )  # fmt: skip
    for end in ends[:-1]:
        axes.axvline(end - 0.5, color=LINE, lw=0.6, ls=(0, (2, 2)))


def _order(groups: Sequence[Group]) -> Array:
    return np.concatenate([group.places for group in groups])


def _vectors_and_names(strips: Sequence[Strip]) -> tuple[list[tuple[Vector, Mask]], list[str]]:
    return [(values, defined) for _, values, defined in strips], _strip_names(strips)


def _strip_names(strips: Sequence[Strip]) -> list[str]:
    return word_labels([name for name, *_ in strips], range(len(strips)), LONGEST_NAME)


def _name_strips(axes: Axes, strips: Sequence[Strip]) -> None:
    lines = [textwrap.fill(name, LINE_LENGTH) for name in _strip_names(strips)]
    axes.set_yticks(range(len(lines)), lines, parse_math=False)


def _with_legend(figure: Figure) -> Figure:
    """Say above a figure of trends what its colours mean."""
    look: dict[str, Any] = {
        "grew": {"fc": GREW},
        "shrank": {"fc": SHRANK},
        "zero": {"fc": "none", "ec": LINE},
    }
    look["undefined"] = {"fc": "none", "hatch": HATCH, "ec": UNDEFINED}
    handles = [Patch(label=name, **colours) for name, colours in look.items()]
    figure.legend(handles=handles, loc="outside upper right", ncols=4)
    return figure


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
