"""Tables in Markdown, and quotations that show a reader's text as it was typed."""

import html
import re
from collections.abc import Sequence

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:^@])")


def quoted(text: str) -> str:
    r"""Quote a text so that nothing in it is taken for Markdown, math or HTML.

    >>> print(quoted("<b>5 * $x$</b>"))
    “&lt;b&gt;5 \* \$x\$&lt;/b&gt;”
    """
    escaped = _MARKDOWN.sub(r"\\\1", html.escape(text, quote=False))
    return f"“{escaped}”"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Format a table in Markdown.

    >>> print(markdown_table(["a", "b"], [["1", "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    lines = [head, ["---"] * len(head), *rows]
    escaped = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)
