"""Turn the Markdown of a notebook, which may use MyST, into HTML for a page on its own.

The book has numbered figures, a bibliography and other chapters. Such a page has none of these, so
links to them become plain text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

ATTACHMENTS = "attachments"
ATTACHED = "attachment:"

Attachments = Mapping[str, Mapping[str, str]]
"""Pictures inside a cell: by their name and their MIME type, the content in base64."""


def to_html(source: str, attachments: Attachments | None = None) -> str:
    """Render Markdown; formulas become MathML, which needs no script.

    Args:
        source: The Markdown. HTML in it is kept.
        attachments: The pictures inside the cell that it comes from.

    >>> print(to_html("See [the notation](notation.md) ({numref}`fig-a`)."), end="")
    <p>See the notation.</p>
    """
    return str(_reader().render(source, {ATTACHMENTS: attachments or {}}))


@cache
def _reader() -> MarkdownIt:
    reader = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .use(myst_role_plugin)
        .use(
            dollarmath_plugin,
            allow_digits=False,  # "$5 or $6" is money
            double_inline=True,
            renderer=_formula,
            label_renderer=lambda _: "",
        )
        .use(amsmath_plugin, renderer=lambda latex: _formula(latex, {"display_mode": True}))
    )
    reader.core.ruler.push("one_page", _for_one_page)
    reader.add_render_rule("fence", _highlighted)
    return reader


def _formula(latex: str, options: Mapping[str, bool]) -> str:
    return str(convert(latex, display="block" if options["display_mode"] else "inline"))


def _highlighted(_: object, tokens: Sequence[Token], place: int, *__: object) -> str:
    language = tokens[place].info.partition(" ")[0]
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = TextLexer()
    return str(highlight(tokens[place].content, lexer, HtmlFormatter()))


def _for_one_page(state: StateCore) -> None:
    for block in state.tokens:
        if block.children:
            children = _without_figure_numbers(block.children)
            block.children = list(_without_dead_links(children))
            for token in block.children:
                if token.type == "image":
                    _embed(token, state.env[ATTACHMENTS])


def _without_figure_numbers(tokens: Sequence[Token]) -> list[Token]:
    """Put text in the place of roles; a figure's number in brackets goes with its brackets."""
    kept: list[Token] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type != "myst_role":
            kept.append(token)
            continue
        before, after = kept[-1].content if kept else "", following.content if following else ""
        if token.meta["name"] == "numref" and before.endswith("(") and after.startswith(")"):
            assert following is not None
            kept[-1].content, following.content = before[:-1].rstrip(), after[1:]
            if len(kept) > 1 and not kept[-1].content and kept[-2].type == "softbreak":
                del kept[-2:]  # the line would begin with the comma or full stop that follows
        else:
            kept.append(_text(_role_text(token.meta["name"], token.content)))
    return kept


def _role_text(name: str, content: str) -> str:
    """Say what a role of the book would say, where there is no book to link to."""
    text = content.strip("`").partition(" <")[0].strip()
    if name == "numref":
        return "the figure"
    if name == "eq":
        return f"“{text.removeprefix('eq-')}”"
    if name.startswith("cite"):
        works = ", ".join(_work(key.strip()) for key in text.split(","))
        return f"({works})" if name == "cite:p" else works
    return text


def _work(key: str) -> str:
    """Name a work by its key: the author's name, the year, and a word or a letter.

    >>> _work("vasiliev2023sentence")
    'Vasiliev 2023'
    """
    parts = re.fullmatch(r"([a-z]+)(\d{4})\w*", key)
    return f"{parts[1].capitalize()} {parts[2]}" if parts else key


def _without_dead_links(tokens: Sequence[Token]) -> Iterator[Token]:
    """Keep links to the web; of others, which lead to files beside the notebook, keep the text."""
    to_web = True
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "link_open":
            address = str(token.attrs["href"])
            to_web = "://" in address
            if to_web:
                yield token
            if following is not None and following.type == "link_close":
                yield _text(Path(address).stem.replace("_", " "))
        elif token.type != "link_close" or to_web:
            yield token


def _embed(image: Token, attachments: Attachments) -> None:
    name = str(image.attrs["src"]).removeprefix(ATTACHED)
    for kind, content in attachments.get(name, {}).items():
        image.attrs["src"] = f"data:{kind};base64,{content}"


def _text(content: str) -> Token:
    token = Token("text", "", 0)
    token.content = content
    return token
