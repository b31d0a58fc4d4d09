"""The whole book on paper: one page of HTML, printed by a browser."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from trendlib.errors import TrendlibError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 300  # seconds; the book takes five


class PrintError(TrendlibError):
    """The book cannot be printed on this machine."""


def find_browser() -> str:
    """Find a browser that prints.

    Raises:
        PrintError: If there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise PrintError(
            f"a PDF needs a browser, and there is none of {', '.join(BROWSERS)}: install Chromium "
            "or Chrome, or print the pages of `make book` from the browser that you have"
        )
    return found


def print_page(page: Path, pdf: Path, browser: str) -> None:
    """Print a page of HTML, with page numbers and an outline.

    Args:
        page: The page.
        pdf: The file to write.
        browser: The browser's program.

    Raises:
        PrintError: If the browser wrote no PDF.
    """
    pdf.parent.mkdir(parents=True, exist_ok=True)
    pdf.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        options = [
            "--headless",
            "--disable-gpu",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            "--generate-pdf-document-outline",
            f"--print-to-pdf={pdf}",
        ]
        if os.geteuid() == 0:  # Chromium refuses to be root otherwise
            options.append("--no-sandbox")
        result = subprocess.run(
            [browser, *options, page.as_uri()],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    if result.returncode or not pdf.is_file():
        raise PrintError(f"{browser} printed no PDF of {page}:\n{result.stderr.strip()}")
