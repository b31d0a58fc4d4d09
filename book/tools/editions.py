"""The book's editions: the English one, and the one that catalogues of translations make of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parents[1] / "locale"
TRANSLATED = ("intro", "glossary", "notation", "notebooks/02_sentence_embedding")
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
        """Give the file with the translations of the ``book``, of its theme, or of ``trendlib``."""
        return LOCALE / self.language / "LC_MESSAGES" / f"{domain}.po"

    def compile(self, domain: str, path: Path) -> None:
        """Write a catalogue as programs read it."""
        with path.open("wb") as compiled:
            write_mo(compiled, read_catalogue(self.catalogue(domain)))

    def configure(self, source: Path) -> None:
        """Put the edition's language into the configuration and the contents of staged sources."""
        config, contents = source / "_config.yml", source / "_toc.yml"
        merged = _merged(_read(config), _read(LOCALE / self.language / "config.yml"))
        merged["sphinx"]["config"]["html_context"]["translated"] = list(TRANSLATED)
        _write(config, merged)
        # Sphinx translates the names of the parts too late for the navigation.
        catalogue = read_catalogue(self.catalogue("book"))
        toc = _read(contents)
        for part in toc.get("parts", []):
            message = catalogue.get(part["caption"])
            if message and message.string:
                part["caption"] = message.string
        _write(contents, toc)


CHINESE = Edition("zh", "zh_CN")


def read_catalogue(path: Path) -> Catalog:
    """Read messages, and their translations if it has them."""
    with path.open("rb") as file:
        return read_po(file)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Merge what is nested, and replace the rest."""
    both = {
        key: _merged(old[key], value) if isinstance(value, dict) else value
        for key, value in new.items()
    }
    return old | both
