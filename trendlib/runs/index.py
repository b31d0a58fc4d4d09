"""The index of a run: a page with its sentences and a search box.

It is a single file. A sentence is shown as text, whatever it contains. Browsers are slow with
thousands of rows, so the page has all of them as data, and shows a few at a time.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader

from trendlib.runs.records import FAILED, Record

SHOWN = 240
"""Of a longer sentence, this many characters are shown."""
PAGE_ROWS = 100
"""And of longer tables, this many rows at a time."""


@dataclass(frozen=True)
class Entry:
    """A sentence of the index.

    Attributes:
        record: The sentence's record.
        page: Address of its page, relative to the index; None where there is none.
        notebook: The same for its notebook.
        picture: The same for its picture.
    """

    record: Record
    page: str | None
    notebook: str | None
    picture: str | None

    @property
    def failed(self) -> bool:
        """Whether the sentence has no result."""
        return bool(self.record["status"] == FAILED)


def index_page(
    name: str, entries: Sequence[Entry], manifest: Mapping[str, object], waiting: int
) -> str:
    """Make the index of a run: first the failures, then all other sentences in their order.

    Args:
        name: Name of the run.
        entries: Its sentences.
        manifest: Its settings.
        waiting: How many sentences have not been run yet.
    """
    script = templates().get_template("index.js").render()
    rows: Any = templates().get_template("rows.html.j2", globals={"limit": SHOWN}).module
    has_pictures = any(entry.picture for entry in entries)
    return (
        templates()
        .get_template("index.html.j2")
        .render(
            name=name,
            page_rows=PAGE_ROWS,
            failures=[rows.failure(entry) for entry in entries if entry.failed],
            results=[rows.result(entry, has_pictures) for entry in entries if not entry.failed],
            manifest=manifest,
            waiting=waiting,
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            has_pictures=has_pictures,
        )
    )


@cache
def templates() -> Environment:
    """Load the templates of the pages; they escape whatever is filled in."""
    return Environment(
        loader=PackageLoader("trendlib.runs"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
