"""An executed notebook as a page: one file, which needs no network and runs no script."""

import re
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter

from trendlib.runs.index import SHOWN, templates

_FIGURE = re.compile(r" \(\{numref\}`[^`]+`\)")
_ROLE = re.compile(r"\{([\w:]+)\}`([^`<]+?)(?: *<[^>]*>)?`")
_KEY = re.compile(r"([a-z]+)(\d{4})\w*")
_EQUATION_LABEL = re.compile(r"\$\$ *\([\w-]+\)")
_EMPTY_LINK = re.compile(r"(?<!!)\[\]\(([^)]+)\)")


def notebook_page(path: Path, sentence: str) -> str:
    """Make the page of an executed notebook.

    Args:
        path: The notebook.
        sentence: The sentence that it was run with.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells = [cell for cell in notebook.cells if "remove-cell" not in _tags(cell)]
    for cell in notebook.cells:
        _caption(cell)
    body, _ = _exporter().from_notebook_node(notebook)
    return (
        templates()
        .get_template("page.html.j2")
        .render(
            sentence=sentence,
            limit=SHOWN,
            body=body,
            light=_highlighting("default"),
            dark=_highlighting("native"),
        )
    )


def forget_machine(path: Path, replaced: Mapping[str, str]) -> None:
    """Take out of a notebook what papermill and Python say about the machine that ran it.

    Args:
        path: The notebook; it is written anew.
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


def _caption(cell: Any) -> None:
    """Put the caption and the alternative text, which the book takes from a cell, to its image."""
    settings = cell.metadata.get("mystnb", {})
    for output in cell.get("outputs", []):
        if "image/png" not in output.get("data", {}):
            continue
        alt = settings.get("image", {}).get("alt", "A figure, with no description.")
        output.metadata["image/png"] = {"alt": alt}
        caption = settings.get("figure", {}).get("caption")
        if caption:
            text = nbformat.v4.new_output(  # type: ignore[no-untyped-call]
                "display_data", data={"text/markdown": f"*{caption}*"}
            )
            cell.outputs.append(text)
            return


class _Renderer(IPythonRenderer):
    """Formulas as MathML, which needs no script."""

    def block_math(self, body: str) -> str:
        return _mathml(body, "block")

    def multiline_math(self, text: str) -> str:
        return _mathml(text, "block")

    def inline_math(self, body: str) -> str:
        return _mathml(body, "inline")

    def link(self, text: str, url: str, title: str | None = None) -> str:
        # Other chapters are not beside this page.
        return super().link(text, url, title) if "://" in url else text


class _PageExporter(HTMLExporter):
    """Notebook to HTML, for a page that stands alone."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        text = _EQUATION_LABEL.sub("$$", source)
        text = _ROLE.sub(_role_text, _FIGURE.sub("", text))  # this page numbers no figures
        text = _EMPTY_LINK.sub(lambda match: Path(match[1]).stem.replace("_", " "), text)
        return MarkdownWithMath(renderer=_Renderer(escape=False)).render(text)


def _role_text(role: re.Match[str]) -> str:
    """Say what a role of the book would say, where there is no book to link to."""
    name, text = role[1], role[2]
    if name == "eq":
        return f"“{text.removeprefix('eq-')}”"
    if name.startswith("cite"):
        works = _KEY.sub(lambda key: f"{key[1].capitalize()} {key[2]}", text).replace(",", ", ")
        return f"({works})" if name == "cite:p" else works
    return text


@cache
def _highlighting(style: str) -> str:
    formatter = HtmlFormatter(style=style)
    return str(formatter.get_style_defs(".highlight"))  # type: ignore[no-untyped-call]


def _mathml(latex: str, display: str) -> str:
    return str(convert(latex.strip().strip("$"), display=display))


@cache
def _exporter() -> _PageExporter:
    return _PageExporter(template_name="basic")  # type: ignore[no-untyped-call]
