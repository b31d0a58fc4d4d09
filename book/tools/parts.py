"""What the book's pages include, and the build makes: claims, explorer, pictures, figures, font.

They are made in a process of their own, since they need a model, and since the threads of the
build, which run the chapters meanwhile, must be the only ones there that parse Python.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from child import Child
from kept import (
    LIBRARIES,
    Kept,
    chapters_code,
    fingerprint,
    folder_checksum,
    key_of,
    link_files,
    versions,
)
from trendlib.language import CATALOGUE
from trendlib.model.weights import Weights, find_weights

TOOLS = Path(__file__).resolve().parent
CLAIMS = "claims.md"
"""What the opening page includes: made of the files of results."""
TRANSLATED_CLAIMS = "claims-zh.md"
EXPLORER = "fragment.html"
"""What ``explorer.md`` includes; it is made, and never committed."""
TRANSLATED_EXPLORER = "fragment-zh.html"
LIVE, LIVE_FOLDER = "live.json", "live"
"""What the explorer knows of the model's files, and the folder of these. Both editions share it."""
PICTURE = "picture.md"
"""The drawing that the opening page includes; its words are translated with it."""
TRANSLATED_PICTURE = "picture-zh.md"
TRANSLATIONS = (TRANSLATED_CLAIMS, TRANSLATED_EXPLORER, TRANSLATED_PICTURE)
FIGURES = "figures.json"
"""How many of the articles' figures were recomputed, for the manifest."""
FONT = "math.woff"
ICON, ICON_PNG, PREVIEW = "favicon.svg", "favicon.png", "preview.png"
STATIC = (FONT, ICON, ICON_PNG, PREVIEW)
"""What goes to the files that all pages share."""


class Parts:
    """The parts that earlier builds kept, and those that have to be made."""

    def __init__(self, weights: Weights, catalogue: Path, kept: Kept) -> None:
        """Look at what is kept.

        Args:
            weights: The model.
            catalogue: The compiled catalogue of the Chinese edition.
            kept: Where parts are kept.
        """
        self._weights = weights
        self._catalogue = catalogue
        self._kept = kept
        model = [weights.name, weights.revision, weights.model_sha256]
        base = key_of(
            model,
            chapters_code(),
            fingerprint(*sorted(TOOLS.glob("*.py"))),
            fingerprint(TOOLS.with_name("explorer")),
            fingerprint(TOOLS.with_name("images")),
            versions((*LIBRARIES, "fonttools", "pillow", "ziamath")),
        )
        self._keys = {
            name: key_of(base, name, fingerprint(catalogue) if name in TRANSLATIONS else "")
            for name in MAKERS
        }
        self._keys[LIVE] = key_of(
            model,
            chapters_code(),
            fingerprint(*(TOOLS / name for name in PACKERS)),
            fingerprint(TOOLS.with_name("explorer") / "licenses"),
            versions(LIBRARIES),
        )

    def missing(self) -> list[str]:
        """List the parts that have to be made, in the order in which they need each other."""
        there = self.read()
        if LIVE in there and _packed(there[LIVE])["sha256"] != folder_checksum(self._live):
            del there[LIVE]
        return [name for name in MAKERS if name not in there]

    def start(self, missing: list[str], log: Path) -> Child:
        """Begin to make parts."""
        asked = {
            "model": self._weights.choice,
            "catalogue": str(self._catalogue),
            "kept": str(self._kept.folder),
            "keys": self._keys,
            "missing": missing,
        }
        return Child("parts:main", [json.dumps(asked)], log)

    def read(self) -> dict[str, bytes]:
        """Read all parts that are there."""
        pieces = {name: self._kept.read(name, key) for name, key in self._keys.items()}
        return {name: piece.content for name, piece in pieces.items() if piece}

    def place_live_files(self, html: Path) -> None:
        """Put the model's files beside the pages; they take no more room there."""
        link_files(self._live, html / LIVE_FOLDER)

    @property
    def _live(self) -> Path:
        return self._kept.folder / LIVE_FOLDER


@dataclass(frozen=True)
class Asked:
    """What parts are made of.

    Attributes:
        model: What ``find_weights`` finds the model by.
        kept: Where parts are kept.
        keys: The key of each part.
    """

    model: str
    kept: Kept
    keys: Mapping[str, str]


def main() -> int:
    """Make the parts that the first argument asks for, as JSON."""
    told = json.loads(sys.argv[1])
    asked = Asked(told["model"], Kept(Path(told["kept"])), told["keys"])
    for name in told["missing"]:
        started = time.perf_counter()
        os.environ[CATALOGUE] = told["catalogue"] if name in TRANSLATIONS else ""
        content = MAKERS[name](asked)
        asked.kept.write(name, asked.keys[name], content, time.perf_counter() - started)
    return 0


def _claims(_: Asked) -> bytes:
    from trendlib.evaluate.cards import claim_cards

    return claim_cards().encode()


def _live(asked: Asked) -> bytes:
    from live_files import pack
    from trendlib.model.encoder import load_encoder

    folder = asked.kept.folder / LIVE_FOLDER
    weights = find_weights(asked.model)
    described = pack(load_encoder(asked.model, "float64"), weights, folder)
    return json.dumps({"data": described, "sha256": folder_checksum(folder)}).encode()


def _packed(content: bytes) -> dict[str, Any]:
    packed: dict[str, Any] = json.loads(content)
    return packed


def _explorer(asked: Asked) -> bytes:
    return _fragment(asked, f"{LIVE_FOLDER}/")


def _translated_explorer(asked: Asked) -> bytes:
    return _fragment(asked, f"../{LIVE_FOLDER}/")


def _fragment(asked: Asked, live: str) -> bytes:
    from explorer_page import fragment

    packed = asked.kept.read(LIVE, asked.keys[LIVE])
    assert packed is not None, "the model's files are packed before the page that names them"
    data = _explorer_data(asked.model) | {"live": _packed(packed.content)["data"]}
    return fragment(data, live).encode()


@cache
def _explorer_data(model: str) -> dict[str, Any]:
    from explorer_page import data_of
    from trendlib.model.encoder import load_encoder

    return data_of(load_encoder(model, "float64"))


def _picture(_: Asked) -> bytes:
    from picture import page_part

    return page_part().encode()


def _figures(asked: Asked) -> bytes:
    from manifest import recomputed_figures

    return json.dumps(recomputed_figures(find_weights(asked.model))).encode()


def _icon(_: Asked) -> bytes:
    from icons import icon_svg

    return icon_svg()


def _icon_png(_: Asked) -> bytes:
    from icons import icon_png

    return icon_png()


def _preview(_: Asked) -> bytes:
    from icons import preview_png

    return preview_png()


def _font(_: Asked) -> bytes:
    from fonts import math_font

    return math_font()


MAKERS: Mapping[str, Callable[[Asked], bytes]] = {
    LIVE: _live,
    CLAIMS: _claims,
    TRANSLATED_CLAIMS: _claims,
    EXPLORER: _explorer,
    TRANSLATED_EXPLORER: _translated_explorer,
    PICTURE: _picture,
    TRANSLATED_PICTURE: _picture,
    FIGURES: _figures,
    FONT: _font,
    ICON: _icon,
    ICON_PNG: _icon_png,
    PREVIEW: _preview,
}
"""How each part is made; those that others need come first."""
PACKERS = ("live_files.py", "live_tables.py", "explorer_data.py")
"""What packs the model's files."""
