"""Bring the catalogues of translations up to date with the book, for translators.

A message that is new comes in empty; one that is gone is taken out. Sphinx finds the messages of
the pages, and Babel those that ``trendlib`` says. Of a page that is not translated, the title is,
for the navigation. What stands below a figure is in the code of its chapter, and is translated
when the figure is shown: it belongs to what ``trendlib`` says.
"""

import ast
import json
import re
import sys
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from chapters import Chapter, with_outputs
from editions import CHINESE, TRANSLATED, Edition, read_catalogue
from explorer_page import KEYWORDS, sentence_groups
from manifest import PAGE
from pages import run_sphinx
from parts import CLAIMS, EXPLORER, PICTURE, STATIC
from sources import Files, book_files, write_files
from trendlib.model.weights import MINILM

ROOT = Path(__file__).resolve().parents[2]
SAYING = {
    "trendlib": [],
    "book/tools": [],
    "book/explorer": [("**.js", "javascript"), ("**.j2", "jinja2")],
}
"""The folders of code whose messages are translated with ``trendlib``'s catalogue, each with the
files that are not Python."""
FORMULA = re.compile(r"\n.*\n", re.DOTALL)  # on lines of its own


def main() -> int:
    """Run the command; returns its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "_build"
        # The text of what is computed is not translated here.
        static = [f"styles/{name}" for name in STATIC]
        computed = [CLAIMS, PICTURE, PAGE, f"explorer/{EXPLORER}", *static]
        files = book_files() | dict.fromkeys(computed, b"# Can I trust this?\n")
        files |= kept_chapters()
        source = write_files(out / "source", files)
        for domain, messages in find_messages(source, out).items():
            update(CHINESE, domain, messages)
    return 0


def kept_chapters() -> Files:
    """Read the notebooks as the book shows them, with the outputs that are committed."""
    own = MINILM.find()
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    return {
        f"{chapter.page}.ipynb": with_outputs(chapter, chapter.path.read_bytes())
        for chapter in (Chapter(path, own) for path in paths)
    }


def find_messages(source: Path, out: Path) -> dict[str, Catalog]:
    """Find what is to be translated, by the domain of gettext.

    Args:
        source: The staged sources.
        out: A folder for what Sphinx writes.
    """
    run_sphinx(source, out, "gettext")
    book, templates = (
        read_catalogue(out / "gettext" / f"{name}.pot") for name in ("book", "sphinx")
    )
    shown = {page: list(_captions_of(source / f"{page}.ipynb")) for page in TRANSLATED}
    return {
        "book": _chosen(book, source, out, set(chain(*shown.values()))),
        "sphinx": _of_templates(templates),
        "trendlib": _said(shown),
    }


def captions(notebook: bytes) -> Iterator[str]:
    """Find the captions and descriptions that a notebook's cells give to ``captioned``."""
    for cell in json.loads(notebook)["cells"]:
        code = "".join(cell["source"])
        if cell["cell_type"] != "code" or "captioned(" not in code:
            continue
        for call in ast.walk(ast.parse(code)):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "captioned":
                for argument in call.keywords:
                    yield ast.literal_eval(argument.value)


def update(edition: Edition, domain: str, messages: Catalog) -> None:
    """Write a catalogue with the messages that were found, and keep its translations."""
    path = edition.catalogue(domain)
    catalogue = Catalog(
        edition.language,
        header_comment="# What trendbook is translated to; `make catalogues` keeps the messages.",
        project="trendbook",
        fuzzy=False,
    )
    if path.exists():
        catalogue = read_catalogue(path)
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = "trendbook"
    catalogue.update(messages, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, width=100, include_lineno=False)
    missing = list(untranslated(catalogue))
    print(f"{path.name}: {len(catalogue)} messages, {len(missing)} not translated")


def untranslated(catalogue: Catalog) -> Iterator[str]:
    """Find the messages of a catalogue that have no translation, or a doubtful one."""
    for message in catalogue:
        strings = [message.string] if isinstance(message.string, str) else message.string or [""]
        if message.id and (message.fuzzy or not all(strings)):
            yield str(message.id)


def _captions_of(notebook: Path) -> Iterator[str]:
    if notebook.exists():
        yield from captions(notebook.read_bytes())


def _chosen(book: Catalog, source: Path, out: Path, shown: Container[str]) -> Catalog:
    """Choose the messages of the translated pages, and the titles of the others.

    Args:
        book: All messages.
        source: The staged sources.
        out: The folder that Sphinx wrote to.
        shown: The captions, which are translated when they are shown.
    """
    on_page: dict[str, list[tuple[int, str]]] = {}
    for message in book:
        for page, line in _places(message, source, out):
            on_page.setdefault(page, []).append((line, str(message.id)))
    chosen = Catalog()
    for page, messages in sorted(on_page.items()):
        # Sphinx' own text has no line; nor has a glossary's first word, by mistake.
        title = min(message for message in messages if message[0])
        for _, text in sorted(messages) if page in TRANSLATED else [title]:
            if not FORMULA.fullmatch(text) and text not in shown:
                chosen.add(text, locations=[(page, 0)])
    return chosen


def _places(message: Message, source: Path, out: Path) -> Iterator[tuple[str, int]]:
    """Find where in which pages a message stands; docstrings are left out."""
    for file, line in message.locations:
        # Relative to where Sphinx wrote the messages, see ``pages.run_sphinx``.
        path = (out / "pages/gettext/_build/gettext" / file).resolve()
        if path.is_relative_to(source.resolve()):
            yield path.relative_to(source.resolve()).with_suffix("").as_posix(), line


def _of_templates(messages: Catalog) -> Catalog:
    templates = Catalog()
    for message in messages:
        if message.id:
            names = {Path(file).name for file, _ in message.locations}
            templates.add(
                message.id, locations=[(f"templates/{name}", 0) for name in sorted(names)]
            )
    return templates


def _said(shown: Mapping[str, Iterable[str]]) -> Catalog:
    """Collect the messages of code, and the captions of the translated chapters, by page."""
    said = Catalog()
    for folder, others in SAYING.items():
        methods = [("**.py", "python"), *others]
        found = extract_from_dir(ROOT / folder, methods, keywords=KEYWORDS)
        for file, _, message, _, _ in found:
            said.add(message, locations=[(f"{folder}/{file}", 0)])
    for text in sentence_groups():
        said.add(text, locations=[("book/explorer/sentences.toml", 0)])
    for page, texts in shown.items():
        for text in texts:
            said.add(text, locations=[(page, 0)])
    return said


if __name__ == "__main__":
    sys.exit(main())
