"""Make pages of the book's sources with Sphinx, which reads only what changed since it ran last.

It writes every page all the same: navigation, numbers and references of a page depend on others.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from child import Child
from kept import fingerprint, folder_checksum, key_of, versions
from sources import BOOK, Files, write_files
from trendlib.errors import TrendlibError
from trendlib.files.code_version import PACKAGE

LIBRARIES = (
    "beautifulsoup4",
    "docutils",
    "jaxtyping",
    "jupyter-book",
    "latex2mathml",
    "myst-nb",
    "myst-parser",
    "pydata-sphinx-theme",
    "pygments",
    "sphinx",
    "sphinx-book-theme",
    "sphinx-codeautolink",
    "sphinx-copybutton",
    "sphinx-design",
    "sphinx-external-toc",
    "sphinx-multitoc-numbering",
    "sphinx-togglebutton",
    "sphinxcontrib-bibtex",
    "sphinxext-opengraph",
)
"""Other versions of these may make other pages."""
PAGES = (".md", ".ipynb", ".json", ".png", ".svg", ".html")
"""Sphinx notices when these change; whatever else changes, it reads the book anew."""
PARTS_OF_THE_THEME = "templates/"
WARNINGS_SHOWN = 20


class PagesError(TrendlibError):
    """Sphinx could not make the pages."""


@dataclass(frozen=True)
class HtmlPages:
    """The HTML of one edition, which is kept as long as nothing that it is made of changes.

    Attributes:
        files: Its sources.
        source: The folder that they are put into.
        work: A folder of its own for Sphinx.
        html: Where its pages go.
        inside: The folders in ``html`` that are made apart, such as those of another edition.
    """

    files: Files
    source: Path
    work: Path
    html: Path
    inside: Sequence[str] = ()

    @cached_property
    def frame(self) -> str:
        """All that makes Sphinx read every page anew: configuration, extensions, docstrings."""
        code = fingerprint(PACKAGE, BOOK / "extensions", Path(__file__), docstrings=True)
        others = {
            name: content.decode("latin-1")
            for name, content in self.files.items()
            if name.startswith(PARTS_OF_THE_THEME)
            or (not name.endswith(PAGES) and not name.startswith("extensions/"))
        }
        # Sphinx does not find out by itself that a page is gone, or new in the place of another.
        return key_of(code, others, sorted(self.files), versions(LIBRARIES))

    @cached_property
    def key(self) -> str:
        """All that the pages are made of."""
        contents = {name: content.decode("latin-1") for name, content in self.files.items()}
        return key_of(self.frame, contents)

    def are_made(self) -> bool:
        """Say whether the pages are there, made of these sources, and undamaged."""
        record = self._record()
        return record.get("key") == self.key and record.get("html") == folder_checksum(
            self.html, self.inside
        )

    def start(self) -> Child:
        """Begin to make the pages."""
        kept = self._record()
        trees, pages = self._built / ".doctrees", self._built / "html"
        valid = kept.get("frame") == self.frame and kept.get("trees") == folder_checksum(trees)
        # Until the pages are made nothing counts: of a page that was read before the build was
        # stopped, Sphinx would not repeat its warnings.
        self._record_file.unlink(missing_ok=True)
        shutil.rmtree(pages if valid else self.work, ignore_errors=True)
        write_files(self.source, self.files)
        return start_sphinx(self.source, self.work, "html")

    def finish(self) -> None:
        """Put the pages that were made in the place of the old ones."""
        new = self._built / "html"
        record = {
            "key": self.key,
            "frame": self.frame,
            "trees": folder_checksum(self._built / ".doctrees"),
            "html": folder_checksum(new),
        }
        for name in self.inside:
            if (self.html / name).is_dir():
                (self.html / name).rename(new / name)
        shutil.rmtree(self.html, ignore_errors=True)
        self.html.parent.mkdir(parents=True, exist_ok=True)
        new.rename(self.html)
        self._record_file.write_text(json.dumps(record), encoding="utf-8")

    @property
    def _built(self) -> Path:
        return self.work / "_build"

    @property
    def _record_file(self) -> Path:
        return self.work / "record.json"

    def _record(self) -> dict[str, str]:
        try:
            record: dict[str, str] = json.loads(self._record_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return record


def run_sphinx(source: Path, out: Path, builder: str) -> None:
    """Make something else than HTML pages, from nothing.

    Args:
        source: The sources.
        out: The folder that gets a folder with the builder's name.
        builder: Sphinx's name of what to make.

    Raises:
        PagesError: If there is an error or a warning.
    """
    work = out / "pages" / builder
    shutil.rmtree(work, ignore_errors=True)
    child = start_sphinx(source, work, builder)
    child.wait()
    check(child)
    shutil.rmtree(out / builder, ignore_errors=True)
    # Jupyter Book puts what it makes for checking links where pages go.
    (work / "_build" / ("html" if builder == "linkcheck" else builder)).rename(out / builder)


def start_sphinx(source: Path, work: Path, builder: str) -> Child:
    """Begin to run Sphinx, by Jupyter Book; warnings are errors."""
    chosen = ["custom", "--custom-builder", builder] if builder == "gettext" else [builder]
    options: Sequence[str | Path] = ["--path-output", work, "--builder", *chosen, source]
    arguments = ["build", "-W", "-n", "--keep-going", *options]
    return Child("jupyter_book.cli.main:main", arguments, work / "sphinx.log")


def check(child: Child) -> None:
    """Check how Sphinx ended.

    Raises:
        PagesError: If there was an error or a warning.
    """
    if child.status() == 0:
        return
    lines = child.said().splitlines()
    wrong = [line for line in lines if "WARNING" in line or "ERROR" in line] or lines[-5:]
    raise PagesError("\n".join(["Sphinx found something wrong:", *wrong[:WARNINGS_SHOWN]]))
