"""What pages say of themselves to other sites: where they are, and what they are about.

GitHub Pages serves a repository's book at an address that follows from the repository's. That one
stands in ``_config.yml``, where ``make address`` changes it.
"""

from html import escape
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

SHORTEST = 40
"""In letters: a shorter paragraph is a heading in disguise."""
LONGEST = 200
"""In letters: search engines show no more of a description."""
BEFORE_OPENGRAPH = 400  # whose priority is the usual one, 500


def setup(app: Sphinx) -> dict[str, bool]:
    """Work out the address, and describe pages; Sphinx calls this when it loads the extension."""
    app.connect("config-inited", _set_address)
    app.connect("html-page-context", _describe, priority=BEFORE_OPENGRAPH)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def site_address(repository: str) -> str:
    """Return where GitHub Pages serves a repository's book.

    >>> site_address("https://github.com/You/trendbook")
    'https://you.github.io/trendbook/'
    >>> site_address("https://github.com/You/you.github.io")
    'https://you.github.io/'
    """
    owner, name = urlsplit(repository).path.strip("/").split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def description(doctree: nodes.document) -> str:
    """Return the first whole paragraph of a page's text, or its beginning.

    sphinxext-opengraph would run the words around code and links together.
    """
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if isinstance(paragraph.parent, nodes.section) and len(text) >= SHORTEST:
            return shortened(text)
    return ""


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return a text, or the whole words of its beginning.

    >>> shortened("one two three", 9)
    'one two…'
    """
    if len(text) <= longest:
        return text
    beginning, space, _ = text[:longest].rpartition(" ")
    return (beginning if space else text[: longest - 1]).rstrip(",;:") + "…"


def _set_address(_: Sphinx, config: Config) -> None:
    address = site_address(config.html_theme_options["repository_url"])
    folder = config.html_context["edition_folder"]
    config.ogp_site_url = address + folder
    config.html_context["site_path"] = urlsplit(address).path
    # GitHub Pages shows one such page for all addresses: that of the edition at the top.
    config.html_additional_pages = {} if folder else {"404": "404.html"}


def _describe(
    _: Sphinx, _page: str, _template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is not None and (text := description(doctree)):
        context["metatags"] += f'<meta name="description" content="{escape(text)}">\n'
        context["meta"] = (context["meta"] or {}) | {"og:description": escape(text)}
