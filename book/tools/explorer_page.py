"""Make the sentence explorer's part of its page: one piece of HTML that holds all it needs.

A page that is opened from a file may not read other files, and its reader may be offline. So the
data, the style and the script are in the piece itself.
"""

import json
import tomllib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from explorer_data import Data, explorer_data
from trendlib.model.encoder import Encoder
from trendlib.show.style import variables

PARTS = Path(__file__).resolve().parents[1] / "explorer"


def data_of(encoder: Encoder) -> Data:
    """Run the explorer's sentences through a model."""
    return explorer_data(
        {name: encoder.encode_many(sentences) for name, sentences in sentence_groups().items()}
    )


def sentence_groups() -> dict[str, list[str]]:
    """Read the explorer's sentences."""
    content = tomllib.loads((PARTS / "sentences.toml").read_text(encoding="utf-8"))
    return {group["name"]: group["sentences"] for group in content["groups"]}


def fragment(data: Data) -> str:
    """Put data, style and script into the piece of HTML."""
    parts = Environment(loader=FileSystemLoader(PARTS), autoescape=True, trim_blocks=True)
    # In a script, the text "</script>" would end it, whatever is around it.
    safe = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return parts.get_template("page.html.j2").render(
        data=safe, provenance=data["provenance"], colours=variables()
    )
