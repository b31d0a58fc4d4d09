"""The book's editions: the English one, and the one that catalogues of translations make of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent / "locale"


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
        with self.catalogue(domain).open("rb") as written, path.open("wb") as compiled:
            write_mo(compiled, read_po(written))

    def configure(self, source: Path) -> None:
        """Put the edition's title and language into the configuration of staged sources."""
        config = source / "_config.yml"
        changes = LOCALE / self.language / "config.yml"
        merged = _merged(*(yaml.safe_load(each.read_text("utf-8")) for each in (config, changes)))
        config.write_text(yaml.safe_dump(merged, allow_unicode=True), encoding="utf-8")


ENGLISH = Edition("en", "en")
CHINESE = Edition("zh", "zh_CN")


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Merge what is nested, and replace the rest."""
    both = {
        key: _merged(old[key], value) if isinstance(value, dict) else value
        for key, value in new.items()
    }
    return old | both
