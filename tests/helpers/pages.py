"""The pages of the book, built, served, and opened in a browser."""

import http.server
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from helpers.paths import BOOK


class Reader:
    """Goes from one page to the next, in one tab: a new tab costs a second of processor time.

    Attributes:
        page: The tab.
        requested: Every address that the page that was opened last has asked for, its own first.
        failed: What failed in it, or was reported as an error.
    """

    def __init__(self, browser: Browser, **context: Any) -> None:
        """Open a tab, with the options of ``Browser.new_page``."""
        self.page = browser.new_page(**context)
        self.requested: list[str] = []
        self.failed: list[str] = []
        page = self.page
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("requestfailed", lambda request: self.failed.append(request.url))
        page.on("pageerror", lambda error: self.failed.append(str(error)))
        page.on("console", lambda said: self._reported(said.type, said.text))
        page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def open(self, url: str) -> None:
        """Open a page, and wait until it asks for nothing more."""
        self.requested, self.failed = [], []
        self.page.goto(url, wait_until="networkidle")

    def _reported(self, kind: str, text: str) -> None:
        if kind == "error":
            self.failed.append(text)

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.failed.append(url)


def open_page(browser: Browser, url: str, **context: Any) -> tuple[Page, list[str], list[str]]:
    """Open a page; list what it requested, and what failed or was reported as an error."""
    reader = Reader(browser, **context)
    reader.open(url)
    return reader.page, reader.requested, reader.failed


def build_site(out: Path, index: Path) -> None:
    program = BOOK / "tools" / "build.py"
    command = [sys.executable, program, "--model", "all-MiniLM-L6-v2", "--out", out]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.strip().splitlines()[-1] == f"The book is ready: {index}"


def html_pages(folder: Path, *apart: str) -> list[str]:
    """List the pages of the book in a folder: not the index, which leads on, nor what is apart.

    The page for addresses without one is no page of the book: it is served anywhere.
    """
    pages = [path.relative_to(folder) for path in folder.rglob("*.html")]
    others = ("_static", "_sources", "index.html", "404.html", *apart)
    return sorted(page.as_posix() for page in pages if page.parts[0] not in others)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
