"""The opening drawing: a sentence, the two words that attention chooses, their trends and the sum.

It is an SVG that takes its colours from the page, so that it follows light and dark. On its own, in
the README, it brings them itself.
"""

from collections.abc import Iterable, Sequence
from html import escape
from string import Template

import numpy as np

from trendlib.choice import Choice, Related
from trendlib.errors import ArrayError
from trendlib.language import _
from trendlib.show.numbers import fixed
from trendlib.show.style import PALETTE, variable
from trendlib.trend import Trend
from trendlib.typing import Mask, Vector

WIDTH, HEIGHT, EDGE = 480.0, 430.0, 10.0
LABELS = 78.0
"""The width that the names of the strips take; the cells share the rest."""
CELL, GAP = 32.0, 5.0
UNIT = 84.0
"""The height of a bar for a received attention of 1."""
BARS, WORDS, VOTES, STRIPS, LEGEND = 128.0, 152.0, 208.0, 268.0, 398.0
"""Where the bars stand, and where the other parts begin, from above."""
FAINT, STRONG = 0.12, 0.6
"""How opaque the smallest and the largest number of a strip are."""

_COLOURS = {colour.name: variable(colour) for colour in PALETTE}
STYLE = Template("""\
.hero-drawing { font: 16px system-ui, sans-serif; fill: $ink; }
.hero-drawing .step { font-weight: 600; }
.hero-drawing .soft { font-size: 14px; }
.hero-drawing .word { font-size: 24px; font-family: Georgia, serif; }
.hero-drawing .focus { fill: $focus; font-weight: 700; }
.hero-drawing .related { fill: $related; font-weight: 700; }
.hero-drawing .other { fill: $line; }
.hero-drawing .grew { fill: $grew; }
.hero-drawing .shrank { fill: $shrank; }
.hero-drawing .cell { fill: none; stroke: $undefined; }
.hero-drawing .line { stroke: $ink; stroke-dasharray: 3 3; }
.hero-drawing .hatch { stroke: $undefined; stroke-width: 2; }
.hero-drawing .number { font-size: 15px; font-variant-numeric: tabular-nums; }
""").substitute(_COLOURS)
"""The look of the drawing, in the colours of the book.

:meta hide-value:
"""
_DARK = "; ".join(f"--tb-{colour.name}: {colour.dark}" for colour in PALETTE)
ALONE = f"""\
@media (prefers-color-scheme: dark) {{
  svg {{ {_DARK}; }}
}}
.paper {{ fill: {_COLOURS["ground"]}; }}
"""
"""What a drawing outside the book adds: paper, and the colours of dark.

:meta hide-value:
"""


def hero(choice: Choice, trends: Sequence[Trend], total: tuple[Vector, Mask], source: str) -> str:
    """Draw the method on a sentence, as SVG within a page.

    Args:
        choice: The two words and the votes; its rows are heads.
        trends: The trends of both words, or their first coordinates.
        total: Their sum, with its mask.
        source: Where the numbers are from.

    Raises:
        ArrayError: If the sentence has no related word: there would be no sum to draw.
    """
    related = choice.related
    if not isinstance(related, Related):
        raise ArrayError(f"{choice.candidates} has no related word: take a sentence that has one")
    names = [choice.focus.word, f"+ {related.word}", _("= sum")]
    strips = [(trend.values, trend.defined) for trend in trends] + [total]
    parts = [
        *_attention(choice),
        *_votes(choice, related),
        *_strips(names, strips),
        *_legend(source),
    ]
    return _wrapped(parts, described(choice, trends, total, source))


def alone(drawing: str) -> str:
    """Make a drawing a file of its own, with paper, and with colours for light and dark."""
    head, style, rest = drawing.partition("<style>")
    head = head.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    paper = f'<rect class="paper" x="{-EDGE:g}" y="{-EDGE:g}" width="100%" height="100%"/>'
    rest = rest.replace("</style>", f"</style>{paper}", 1)
    return f"{head}{style}{ALONE}{rest}\n"


def described(
    choice: Choice, trends: Sequence[Trend], total: tuple[Vector, Mask], source: str
) -> str:
    """Tell what the drawing shows, for somebody who does not see it."""
    received = choice.received[choice.focus_row]
    related = choice.related.word if isinstance(choice.related, Related) else ""
    votes = choice.vote.counts
    strips = [*((trend.values, trend.defined) for trend in trends), total]
    return " ".join(
        [
            _("Attention that the words receive in the last head: {amounts}.").format(
                amounts=_pairs(choice.candidates, [fixed(float(amount), 2) for amount in received])
            ),
            _("“{focus}” receives most.").format(focus=choice.focus.word),
            _("Second choices of the {count} heads that put it first: {votes}.").format(
                count=len(choice.vote.rows), votes=_pairs(choice.candidates, votes)
            ),
            _("So “{related}” is the second word.").format(related=related),
            _("First coordinates of the trend of “{word}”: {numbers}.").format(
                word=choice.focus.word, numbers=_numbers(*strips[0])
            ),
            _("First coordinates of the trend of “{word}”: {numbers}.").format(
                word=related, numbers=_numbers(*strips[1])
            ),
            _("Their sum: {numbers}.").format(numbers=_numbers(*strips[2])),
            source,
        ]
    )


def _attention(choice: Choice) -> Iterable[str]:
    """Draw a bar above each word: the attention that it receives from the head that decides."""
    title = _("1. Which word does the last head look at most?")
    yield _text(0.0, 16.0, title, "step")
    yield f'<path class="line" d="M0 {BARS - UNIT:g}H{WIDTH:g}"/>'
    yield _text(WIDTH, BARS - UNIT - 5, _("a fair share"), "soft", "end")
    for middle, word, amount in zip(
        _middles(choice), choice.candidates, choice.received[choice.focus_row], strict=True
    ):
        role, tall = _role(choice, word), UNIT * amount
        plain = "focus" if role == "focus" else "other"
        yield (
            f'<rect class="{plain}" x="{middle - 26:g}" y="{BARS - tall:.1f}" width="52" '
            f'height="{tall:.1f}"/>'
        )
        yield _text(middle, BARS - tall - 5, fixed(float(amount), 2), "soft", "middle")
        yield _text(middle, WORDS, word, f"word {role}", "middle")


def _votes(choice: Choice, related: Related) -> Iterable[str]:
    """Draw a dot below a word for each head that puts it second."""
    title = _("2. Where “{focus}” is first, who is second?")
    yield _text(0.0, VOTES - 20, title.format(focus=choice.focus.word), "step")
    voting = _("{count} of {all} heads vote").format(
        count=len(choice.vote.rows), all=len(choice.received)
    )
    yield _text(WIDTH / 2, VOTES + 5, voting, "soft", "middle")
    for middle, word, votes in zip(
        _middles(choice), choice.candidates, choice.vote.counts, strict=True
    ):
        role = "related" if word == related.word else "other"
        start = middle - 8 * (int(votes) - 1)
        for vote in range(int(votes)):
            yield f'<circle class="{role}" cx="{start + 16 * vote:g}" cy="{VOTES:g}" r="6"/>'
        if votes:
            yield _text(middle, VOTES + 22, str(votes), "soft", "middle")


def _strips(names: Sequence[str], strips: Sequence[tuple[Vector, Mask]]) -> Iterable[str]:
    """Draw a row of cells for each trend, and one for their sum."""
    title = _("3. How did each word change? Add the two up.")
    yield _text(0.0, STRIPS - 8, title, "step")
    top = max(float(np.abs(values[defined]).max(initial=1e-9)) for values, defined in strips)
    width = (WIDTH - LABELS) / len(strips[0][0])
    for row, (name, role, (values, defined)) in enumerate(
        zip(names, ("focus", "related", "step"), strips, strict=True)
    ):
        y = STRIPS + row * (CELL + GAP)
        yield _text(0.0, y + 21, name, role)
        for column, (value, exists) in enumerate(zip(values, defined, strict=True)):
            x = LABELS + column * width
            yield from _cell(x, y, width, float(value) if exists else None, top)


def _cell(x: float, y: float, width: float, value: float | None, top: float) -> Iterable[str]:
    box = f'x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{CELL:g}"'
    if value is None:
        yield f'<rect {box} fill="url(#hero-undefined)"/>'
    else:
        opacity = FAINT + (STRONG - FAINT) * abs(value) / top
        role = "grew" if value > 0 else "shrank"
        yield f'<rect class="{role}" {box} fill-opacity="{opacity:.2f}"/>'
        yield _text(x + width / 2, y + 21, fixed(float(value), 1), "number", "middle")
    yield f'<rect class="cell" {box}/>'


def _legend(source: str) -> Iterable[str]:
    kinds = (
        ('class="grew" fill-opacity="0.5"', _("grew")),
        ('class="shrank" fill-opacity="0.5"', _("shrank")),
        ('fill="url(#hero-undefined)"', _("undefined")),
    )
    for place, (look, name) in enumerate(kinds):
        x = LABELS + 100 * place
        yield f'<rect {look} x="{x:g}" y="{LEGEND - 11:g}" width="14" height="14"/>'
        yield _text(x + 20, LEGEND, name, "soft")
    yield _text(WIDTH, LEGEND + 26, source, "soft", "end")


def _wrapped(parts: Iterable[str], description: str) -> str:
    hatch = (
        '<defs><pattern id="hero-undefined" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern></defs>'
    )
    head = (
        f'<svg class="hero-drawing" role="img" aria-label="{escape(description)}" '
        f'viewBox="{-EDGE:g} {-EDGE:g} {WIDTH + 2 * EDGE:g} {HEIGHT + 2 * EDGE:g}">'
    )
    return "\n".join([head, f"<style>{STYLE}</style>{hatch}", *parts, "</svg>"])


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _middles(choice: Choice) -> list[float]:
    column = WIDTH / len(choice.candidates)
    return [column * (place + 0.5) for place in range(len(choice.candidates))]


def _role(choice: Choice, word: str) -> str:
    words = [chosen.word for chosen in choice.chosen]
    return ("focus", "related")[words.index(word)] if word in words else "plain"


def _pairs(words: Sequence[str], amounts: Iterable[object]) -> str:
    return _(", ").join(f"{word} {amount}" for word, amount in zip(words, amounts, strict=True))


def _numbers(values: Vector, defined: Mask) -> str:
    shown = (
        fixed(float(value), 2) if exists else _("undefined")
        for value, exists in zip(values, defined, strict=True)
    )
    return _(", ").join(shown)
