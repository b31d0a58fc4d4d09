"""Turn an executed notebook into a page: a single file, without scripts, that works offline."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter

from trendlib.runs.index import templates
from trendlib.runs.markdown import to_html
from trendlib.show.captions import caption_in, description_of
from trendlib.show.style import variables
from trendlib.show.svg import inline


def notebook_page(path: Path, sentence: str) -> str:
    """Make the page of an executed notebook.

    Args:
        path: The notebook.
        sentence: The sentence that it was run with.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells = [cell for cell in notebook.cells if "remove-cell" not in _tags(cell)]
    _put_figures(notebook.cells)
    body, _ = _exporter().from_notebook_node(notebook)
    return (
        templates()
        .get_template("page.html.j2")
        .render(
            sentence=sentence,
            body=body,
            colours=variables(),
            light=_highlighting("default"),
            dark=_highlighting("native"),
        )
    )


def forget_machine(path: Path, replaced: Mapping[str, str]) -> None:
    """Remove from a notebook what papermill and Python say about the machine that ran it.

    Args:
        path: The notebook; it is overwritten.
        replaced: Texts to replace wherever they stand, such as the path of a model.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    notebook.metadata.pop("papermill", None)
    # Messages and tracebacks name files. What a cell shows does not, and may hold a sentence that
    # looks like a path.
    in_messages = {**_places(), **replaced}
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        cell.source = _replace(cell.source, replaced)
        for output in cell.get("outputs", []):
            for key in {"text", "evalue"} & set(output):
                output[key] = _replace(output[key], in_messages)
            if "traceback" in output:
                output.traceback = [_replace(line, in_messages) for line in output.traceback]
            for kind, content in output.get("data", {}).items():
                if isinstance(content, str):
                    output.data[kind] = _replace(content, replaced)
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def _replace(text: str, replaced: Mapping[str, str]) -> str:
    # The longest first, so that a folder inside another one is found.
    for old in sorted(replaced, key=len, reverse=True):
        text = text.replace(old, replaced[old])
    return text


def _places() -> dict[str, str]:
    """List the folders of this machine that messages name."""
    package = Path(__file__).resolve().parents[1]
    places = {
        str(package): "trendlib",
        str(Path(nbformat.__file__).resolve().parents[1]): "site-packages",
        sys.prefix: "python",
        str(Path.cwd()): ".",
        str(Path.home()): "~",
        tempfile.gettempdir(): "tmp",
    }
    return {path: text for path, text in places.items() if len(path) > 1}


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _put_figures(cells: Sequence[Any]) -> None:
    """Put the figures that ``captioned`` showed into the page, with their captions below them."""
    shown = [cell.get("outputs", []) for cell in cells]
    pairs = chain.from_iterable(pairwise(outputs) for outputs in shown)
    for number, (output, below) in enumerate(pairs):
        alt = description_of(output)
        if alt is not None:
            html = inline(output.data["image/svg+xml"], alt, f"figure-{number}")
            output.data = {"text/html": html}
            below.data = {"text/markdown": f"*{caption_in(below.data['text/markdown'])}*"}


class _PageExporter(HTMLExporter):
    """Notebook to HTML, for a page that stands alone."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        return to_html(source, context.get("cell", {}).get("attachments", {}))


@cache
def _highlighting(style: str) -> str:
    formatter = HtmlFormatter(style=style)
    return str(formatter.get_style_defs(".highlight"))  # type: ignore[no-untyped-call]


@cache
def _exporter() -> _PageExporter:
    return _PageExporter(template_name="basic")  # type: ignore[no-untyped-call]
