"""The book's editions: the English one, and the one that catalogues of translations make of it."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parents[1] / "locale"
TRANSLATED = (
    "intro",
    "explorer",
    "glossary",
    "notation",
    "notebooks/01_two_vectors",
    "notebooks/02_walkthrough",
    "notebooks/03_with_a_model",
)
"""The pages that are translated."""


@dataclass(frozen=True)
class Edition:
    """One language of the book.

    Attributes:
        name: What to choose it by, and the folder of its pages within those of the book.
        language: The language, as Sphinx names it.
    """

    name: str
    language: str

    def catalogue(self, domain: str) -> Path:
        """Return the file of translations of the ``book``, of its theme, or of ``trendlib``."""
        return LOCALE / self.language / "LC_MESSAGES" / f"{domain}.po"

    def compiled(self, domain: str) -> bytes:
        """Return a catalogue in the format that programs read."""
        content = BytesIO()
        write_mo(content, read_catalogue(self.catalogue(domain)))
        return content.getvalue()

    def configured(self, config: bytes, contents: bytes) -> dict[str, bytes]:
        """Put the edition's language into the book's configuration and table of contents.

        Args:
            config: What is in ``_config.yml``.
            contents: What is in ``_toc.yml``.

        Returns:
            Both files, by name, as this edition has them.
        """
        changes = _parsed((LOCALE / self.language / "config.yml").read_bytes())
        merged = _merged(_parsed(config), changes)
        merged["sphinx"]["config"]["html_context"]["translated"] = list(TRANSLATED)
        # Sphinx translates the names of the parts too late for the navigation.
        catalogue = read_catalogue(self.catalogue("book"))
        toc = _parsed(contents)
        for part in toc.get("parts", []):
            message = catalogue.get(part["caption"])
            if message and message.string:
                part["caption"] = message.string
        return {"_config.yml": _written(merged), "_toc.yml": _written(toc)}


CHINESE = Edition("zh", "zh_CN")


def read_catalogue(path: Path) -> Catalog:
    """Read messages, and their translations if it has them."""
    with path.open("rb") as file:
        return read_po(file)


def _parsed(content: bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(content)
    return parsed


def _written(content: dict[str, Any]) -> bytes:
    text: str = yaml.safe_dump(content, allow_unicode=True)
    return text.encode()


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Merge what is nested, and replace the rest."""
    both = {
        key: _merged(old[key], value) if isinstance(value, dict) else value
        for key, value in new.items()
    }
    return old | both
