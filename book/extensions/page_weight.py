"""Say at the foot of each page how much a reader's browser loads for it."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx

PLACE = '<span class="page-weight"></span>'
NAMED = re.compile(r"(?:url\(|@import )[\"']?([^)\"';]+\.(?:woff2?|css))")
FORMULA, FORMULA_FONT = "<math", "math.woff"
"""Only pages with formulas load their font, which is the largest."""
LOADED_LINKS = {"stylesheet", "icon"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Weigh pages when they are all there; Sphinx calls this when it loads the extension."""
    app.connect("build-finished", _state_weights)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _state_weights(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if PLACE in text:
            stated = f'<span class="page-weight">{_weight(page, text) / 1e6:.1f} MB</span>'
            page.write_text(text.replace(PLACE, stated), encoding="utf-8")


def _weight(page: Path, text: str) -> int:
    """Add up a page, what it names, and what its styles may ask for, all uncompressed."""
    names = _Names()
    names.feed(text)
    files = {page, *(_beside(page, name) for name in names.found)}
    for style in [each for each in files if each.suffix == ".css"]:
        named = NAMED.findall(style.read_text(encoding="utf-8"))
        files |= {_beside(style, name) for name in named}
    if FORMULA not in text:
        files = {each for each in files if each.name != FORMULA_FONT}
    return sum(each.stat().st_size for each in files)


def _beside(file: Path, name: str) -> Path:
    return (file.parent / unquote(urlsplit(name).path)).resolve()


class _Names(HTMLParser):
    """The files that a page loads: scripts, styles, images."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        loads = tag == "link" and named.get("rel") in LOADED_LINKS
        source = named.get("href") if loads else named.get("src")
        if source and not source.startswith("data:"):
            self.found.add(source)
