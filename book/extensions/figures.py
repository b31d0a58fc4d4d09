"""Figures of chapters within the pages, so that they take the colours of the reader's theme."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from trendlib.show.svg import inline

OUTPUTS = "jupyter_execute"
"""The folder in which myst-nb puts what notebooks show."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Put figures into the pages; Sphinx calls this when it loads the extension."""
    app.connect("doctree-resolved", _put_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _put_figures(app: Sphinx, doctree: nodes.document, _name: str) -> None:
    if app.builder.format != "html":
        return
    for number, (image, path) in enumerate(_drawn(app, doctree)):
        # On one page of all chapters, too, each figure has a name of its own: that of its file.
        prefix = f"f{path.stem[:8]}-{number}"
        html = inline(path.read_text(encoding="utf-8"), image.get("alt", ""), prefix)
        image.replace_self(nodes.raw("", html, format="html"))


def _drawn(app: Sphinx, doctree: nodes.document) -> list[tuple[Any, Path]]:
    """List the figures that notebooks show, with their files."""
    images = [(image, Path(app.srcdir, image["uri"])) for image in doctree.findall(nodes.image)]
    return [(i, path) for i, path in images if OUTPUTS in path.parts and path.suffix == ".svg"]
