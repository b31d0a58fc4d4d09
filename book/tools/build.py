"""Build the book: run the notebooks with a model, and make HTML or a PDF of them.

Nothing that is committed is touched, and nothing that is still valid is made again: the folder
``_build/kept`` holds executed notebooks and computed parts, and ``_build/pages`` what Sphinx read.
"""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chapters import CHAPTER_SECONDS, Chapter, Failure, run_chapters, to_run, with_outputs
from child import Child
from day import SOURCE_DATE_EPOCH
from editions import CHINESE, TRANSLATED
from kept import Kept, checksum, key_of
from manifest import make_manifest, manifest_files
from pages import HtmlPages, PagesError, check, run_sphinx
from parts import (
    CLAIMS,
    EXPLORER,
    FIGURES,
    LIVE_FOLDER,
    PICTURE,
    STATIC,
    TRANSLATED_CLAIMS,
    TRANSLATED_EXPLORER,
    TRANSLATED_PICTURE,
    Parts,
)
from pdf import find_browser, print_page
from screen import Screen
from sources import BOOK, Files, book_files, write_files
from trendlib.cli.options import fallback_told, positive
from trendlib.errors import TrendlibError
from trendlib.model.weights import AUTO, Weights, find_weights

LOG = "book.log"
POLL_SECONDS = 0.2
CHILD_SECONDS = 3600.0
"""How long Sphinx, or what computes the parts of pages, may take."""
MANIFEST = "manifest.json"


class LockedError(TrendlibError):
    """Another build is writing to the folder."""


class FailedError(TrendlibError):
    """Something of the book is wrong: a chapter that fails, a warning of Sphinx."""


def main() -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args()
    out = options.out.resolve() / "_build"
    try:
        browser = find_browser() if options.pdf else None
        # Chosen once, here, so that every notebook names the same model in its parameters.
        with fallback_told():
            weights = find_weights(options.model)
        with _alone(out):
            build = Build(weights, out, options.timeout)
            if options.links:
                build.check_links()
                return 0
            page = build.pdf(browser) if browser else build.html(options.edition is not None)
    except (FailedError, PagesError) as error:
        print(f"build: {error}\nThe log is {out / LOG}.", file=sys.stderr)
        return 1
    except TrendlibError as error:
        print(f"build: {error}", file=sys.stderr)
        return 2
    print(f"The book is ready: {page}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Run the notebooks and build the book.")
    parser.add_argument(
        "--model", default=AUTO, help="model of the notebooks (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=BOOK.parent, help="folder that gets a folder _build"
    )
    parser.add_argument(
        "--timeout",
        type=positive,
        default=CHAPTER_SECONDS,
        metavar="SECONDS",
        help="how long a chapter may take (default: %(default)s)",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--edition",
        choices=(CHINESE.name,),
        help="make this edition of the HTML, beside the English one (default: both)",
    )
    instead.add_argument("--pdf", action="store_true", help="make a PDF, and no HTML")
    instead.add_argument(
        "--links",
        action="store_true",
        help="check the links that leave the book, and build nothing",
    )
    return parser


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Let no other build write to the folder, and begin a new log."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock").acquire(timeout=0):
            logging.basicConfig(
                filename=out / LOG, filemode="w", level=logging.INFO, force=True, encoding="utf-8"
            )
            logging.captureWarnings(True)
            yield
    except Timeout:
        raise LockedError(
            f"another build is writing to {out}: wait until it has ended, or choose another folder "
            "with --out"
        ) from None


class Build:
    """One build of the book, in a folder that may hold what earlier ones made."""

    def __init__(self, weights: Weights, out: Path, timeout: float = CHAPTER_SECONDS) -> None:
        """Read the sources.

        Args:
            weights: The model.
            out: The folder ``_build``.
            timeout: Seconds that a chapter may take.
        """
        self._timeout = timeout
        self._weights = weights
        self._out = out
        self._kept = Kept(out / "kept")
        self._screen = Screen()
        self._files = book_files()
        catalogue = out / "kept" / "catalogue" / f"{CHINESE.name}.mo"
        write_files(catalogue.parent, {catalogue.name: CHINESE.compiled("trendlib")})
        notebooks = sorted((BOOK / "notebooks").glob("*.ipynb"))
        self._english = [Chapter(path.resolve(), weights) for path in notebooks]
        self._chinese = [
            Chapter(chapter.path, weights, CHINESE.name, catalogue)
            for chapter in self._english
            if chapter.page in TRANSLATED
        ]
        self._parts = Parts(weights, catalogue, self._kept)

    def html(self, chinese_alone: bool = False) -> Path:
        """Make the HTML of both editions, each of whose pages leads to that of the other.

        Args:
            chinese_alone: Leave the English edition as it is, if it is there.

        Returns:
            The first page.
        """
        self._compute()
        english = HtmlPages(
            self._english_files(),
            self._out / "source",
            self._out / "pages" / "en",
            self._out / "html",
            (CHINESE.name, LIVE_FOLDER),
        )
        chinese = HtmlPages(
            self._chinese_files(),
            self._out / f"source-{CHINESE.name}",
            self._out / "pages" / CHINESE.name,
            english.html / CHINESE.name,
        )
        chinese_alone = chinese_alone and (english.html / "intro.html").is_file()
        self._make([chinese] if chinese_alone else [english, chinese])
        self._parts.place_live_files(english.html)
        self._screen.say(f"Done in {self._screen.seconds}. The log is {self._out / LOG}.")
        return (chinese if chinese_alone else english).html / "index.html"

    def pdf(self, browser: str) -> Path:
        """Make the PDF, of the English edition; returns its path."""
        self._compute()
        self._screen.say("Making one page of all, and printing it.")
        run_sphinx(
            write_files(self._out / "source", self._english_files()), self._out, "singlehtml"
        )
        pdf = self._out / "pdf" / "trendbook.pdf"
        print_page(self._out / "singlehtml" / "intro.html", pdf, browser)
        return pdf

    def check_links(self) -> None:
        """Check the links that leave the book; no notebook is run."""
        self._compute([])
        self._screen.say("Checking the links that leave the book.")
        manifest = make_manifest(self._weights, self._figures(), {})
        files = self._files | self._included() | manifest_files(manifest)
        run_sphinx(write_files(self._out / "source", files), self._out, "linkcheck")
        self._screen.say(
            f"No link is broken. They are in {self._out / 'linkcheck' / 'output.txt'}."
        )

    def _compute(self, chapters: Sequence[Chapter] | None = None) -> None:
        """Run the chapters, all if left out, and compute the parts, that are not kept."""
        chapters = [*self._english, *self._chinese] if chapters is None else chapters
        waiting = to_run(chapters, self._kept)
        missing = self._parts.missing()
        self._screen.say(f"Building the book with {self._weights.name}.")
        done = len(chapters) - len(waiting)

        def on_done(count: int = 1) -> None:
            nonlocal done
            done += count
            self._screen.count("chapters", done, len(chapters))

        on_done(0)
        child = self._parts.start(missing, self._out / "kept" / "parts.log") if missing else None
        try:
            failures = run_chapters(
                waiting, self._kept, self._out / "failed", self._out / LOG, on_done, self._timeout
            )
            self._wait([child] if child else [])
        finally:
            self._end([child] if child else [])
        if failures:
            raise FailedError("\n".join(map(_told, failures)))
        if child and child.status():
            raise FailedError(f"a part of the pages cannot be computed: {_last_line(child)}")

    def _make(self, editions: Sequence[HtmlPages]) -> None:
        """Make the pages of editions, side by side."""
        waiting = [edition for edition in editions if not edition.are_made()]
        self._screen.count("editions", len(editions) - len(waiting), len(editions))
        children = [edition.start() for edition in waiting]
        try:
            self._wait(children, "editions", len(editions))
        finally:
            self._end(children)
        for child in children:
            check(child)
        for edition in waiting:
            edition.finish()

    def _wait(self, children: Sequence[Child], what: str = "", of: int = 0) -> None:
        started = time.monotonic()
        while any(child.status() is None for child in children):
            if time.monotonic() - started > CHILD_SECONDS:
                raise FailedError(f"a part of the book was not done after {CHILD_SECONDS:,g} s")
            time.sleep(POLL_SECONDS)
            self._screen.tick()
            if what:
                running = sum(child.status() is None for child in children)
                self._screen.count(what, of - running, of)

    def _end(self, children: Sequence[Child]) -> None:
        self._screen.clear()
        for child in children:
            child.end()
            logging.info("%s\n%s", child.log, child.said())

    def _english_files(self) -> Files:
        """The sources of the English edition, with all that was computed."""
        files = self._files | self._included() | self._executed(self._english)
        return files | manifest_files(self._manifest())

    def _chinese_files(self) -> Files:
        """The same for the Chinese edition, whose results are said in Chinese."""
        files = self._english_files() | self._executed(self._chinese)
        files |= CHINESE.configured(files["_config.yml"], files["_toc.yml"])
        parts = self._parts.read()
        return files | {
            CLAIMS: parts[TRANSLATED_CLAIMS],
            f"explorer/{EXPLORER}": parts[TRANSLATED_EXPLORER],
            PICTURE: parts[TRANSLATED_PICTURE],
        }

    def _included(self) -> Files:
        parts = self._parts.read()
        return {
            CLAIMS: parts[CLAIMS],
            f"explorer/{EXPLORER}": parts[EXPLORER],
            PICTURE: parts[PICTURE],
        } | {f"styles/{name}": parts[name] for name in STATIC}

    def _executed(self, chapters: Sequence[Chapter]) -> Files:
        pieces = {chapter: self._kept.read(chapter.name, chapter.key) for chapter in chapters}
        return {
            f"{chapter.page}.ipynb": with_outputs(chapter, piece.content)
            for chapter, piece in pieces.items()
            if piece
        }

    def _figures(self) -> list[dict[str, Any]]:
        figures: list[dict[str, Any]] = json.loads(self._parts.read()[FIGURES])
        return figures

    def _manifest(self) -> dict[str, Any]:
        """The manifest; that of an earlier build if nothing has changed since, date included."""
        notebooks = {
            chapter.path.stem: {"run": piece.day, "seconds": round(piece.seconds, 1)}
            for chapter in self._english
            if (piece := self._kept.read(chapter.name, chapter.key))
        }
        new = make_manifest(self._weights, self._figures(), notebooks)
        sources = {name: checksum(content) for name, content in self._files.items()}
        undated = new if SOURCE_DATE_EPOCH in os.environ else new | {"date": ""}
        key = key_of(undated, sources)
        kept = self._kept.read(MANIFEST, key)
        if kept is None:
            self._kept.write(MANIFEST, key, json.dumps(new).encode())
            return new
        manifest: dict[str, Any] = json.loads(kept.content)
        return manifest


def _told(failure: Failure) -> str:
    told = f"chapter {failure.chapter.path.stem} ({failure.chapter.language}), {failure.reason}"
    return f"{told}; it is kept with its error: {failure.notebook}" if failure.notebook else told


def _last_line(child: Child) -> str:
    return child.said().strip().rpartition("\n")[2]


if __name__ == "__main__":
    sys.exit(main())
