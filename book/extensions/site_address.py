"""What pages need to know of the address that they will have: previews, and the page for no page.

GitHub Pages serves a repository's book at an address that follows from the repository's. That one
stands in ``_config.yml``, where ``make address`` changes it.
"""

from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config


def setup(app: Sphinx) -> dict[str, bool]:
    """Work the address out; Sphinx calls this when it loads the extension."""
    app.connect("config-inited", _set_address)
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


def _set_address(_: Sphinx, config: Config) -> None:
    address = site_address(config.html_theme_options["repository_url"])
    folder = config.html_context["edition_folder"]
    config.ogp_site_url = address + folder
    config.html_context["site_path"] = urlsplit(address).path
    # GitHub Pages shows one such page for all addresses: that of the edition at the top.
    config.html_additional_pages = {} if folder else {"404": "404.html"}
