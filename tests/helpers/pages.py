"""The pages of the book, built, served, and opened in a browser."""

import http.server
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from helpers.paths import BOOK


def open_page(browser: Browser, url: str, **context: Any) -> tuple[Page, list[str], list[str]]:
    """Open a page; list what it requested, and what failed or was reported as an error."""
    page = browser.new_page(**context)
    requested: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("console", lambda said: failed.append(said.text) if said.type == "error" else None)
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.goto(url, wait_until="networkidle")
    return page, requested, failed


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
