"""Make the sentence explorer's part of its page: one piece of HTML that holds all it needs.

A page that is opened from a file may not read other files, and its reader may be offline. So the
data, the style and the scripts are in the piece itself. What it says is in the language that
``trendlib.language`` speaks now.
"""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_dir
from jinja2 import Environment, FileSystemLoader

from explorer_data import Data, explorer_data
from live_files import said
from printed_sentence import PRINTED, printed_sentence
from scripts import joined
from trendlib.choice import Reason
from trendlib.language import N_, _
from trendlib.model.encoder import Encoder
from trendlib.readings import READINGS
from trendlib.show.style import variables

PARTS = Path(__file__).resolve().parents[1] / "explorer"
KEYWORDS = {"_": None, "ngettext": (1, 2), "N_": None}
GROUP_OF_THE_PRINTED = N_("The article's own numbers")
PRIVACY = N_(
    "Your sentence never leaves this page: the model runs in your browser. The vocabulary comes in "
    "files of {rows} rows, and a sentence asks for those that it needs. Whoever hosts this page "
    "could log which ones. In a test with 3,000 sentences, guesses made from such a log got 3 in "
    "100 of the less common words right, and no whole sentence. But a log can show whether a "
    "sentence that somebody already suspects may have been typed. If you load the whole table, "
    "typing asks for nothing more."
)
"""What a host can learn; the figures are those of tests/benchmark/row_files.py."""


def data_of(encoder: Encoder) -> Data:
    """Run the explorer's sentences through a model, and add what the article printed."""
    data = explorer_data(
        {name: encoder.encode_many(sentences) for name, sentences in sentence_groups().items()}
    )
    data["groups"].insert(1, {"name": GROUP_OF_THE_PRINTED, "sentences": [PRINTED]})
    data["sentences"][PRINTED] = printed_sentence()
    return data


def sentence_groups() -> dict[str, list[str]]:
    """Read the explorer's sentences."""
    content = tomllib.loads((PARTS / "sentences.toml").read_text(encoding="utf-8"))
    return {group["name"]: group["sentences"] for group in content["groups"]}


def fragment(data: Data, live: str = "live/", parts: Path = PARTS) -> str:
    """Put data, style and scripts into the piece of HTML.

    Args:
        data: What ``data_of`` returns, with the description of the model's files as "live".
        live: Where the model's files are, from the page.
        parts: The folder of modules and template.
    """
    templates = Environment(loader=FileSystemLoader(parts), autoescape=True, trim_blocks=True)
    templates.globals["_"] = _
    return templates.get_template("page.html.j2").render(
        data=_in_script(data),
        messages=_in_script(translated_messages(parts)),
        script=joined(parts / "page.js"),
        worker="" if "none" in data["live"] else joined(parts / "live" / "worker.js"),
        live=data["live"],
        why_not=said(data["live"]["none"]) if "none" in data["live"] else "",
        base=live,
        printed=PRINTED,
        privacy=_(PRIVACY).format(rows=data["live"].get("rowsPerFile")),
        provenance=data["provenance"],
        colours=variables(),
    )


def messages(parts: Path = PARTS) -> Iterator[str | tuple[str, ...]]:
    """Find what the scripts say, and what they say of what stands in the data."""
    for _file, _line, message, _comments, _context in extract_from_dir(
        parts, [("**.js", "javascript")], keywords=KEYWORDS
    ):
        yield message
    yield from (reading.note for reading in READINGS.values())
    yield from map(str, Reason)
    yield from sentence_groups()
    yield GROUP_OF_THE_PRINTED


def translated_messages(parts: Path = PARTS) -> dict[str, str]:
    """Translate what the scripts say; of a message with a plural, its singular is the key."""
    ids = (message if isinstance(message, str) else message[0] for message in messages(parts))
    both = {each: _(each) for each in ids}
    return {each: text for each, text in both.items() if text != each}


def _in_script(content: Any) -> str:
    # In a script, the text "</script>" would end it, whatever is around it.
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
