"""What the book's pages include, and the build makes: claims, explorer, pictures, figures, font.

They are made in a process of their own, since they need a model, and since the threads of the
build, which run the chapters meanwhile, must be the only ones there that parse Python.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from child import Child
from kept import LIBRARIES, Kept, chapters_code, fingerprint, key_of, versions
from trendlib.language import CATALOGUE
from trendlib.model.weights import Weights, find_weights

TOOLS = Path(__file__).resolve().parent
CLAIMS = "claims.md"
"""What the opening page includes: made of the files of results."""
TRANSLATED_CLAIMS = "claims-zh.md"
EXPLORER = "fragment.html"
"""What ``explorer.md`` includes; it is made, and never committed."""
PICTURE = "picture.md"
"""The drawing that the opening page includes; its words are translated with it."""
TRANSLATED_PICTURE = "picture-zh.md"
TRANSLATIONS = (TRANSLATED_CLAIMS, TRANSLATED_PICTURE)
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
        base = key_of(
            [weights.name, weights.revision, weights.model_sha256],
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

    def missing(self) -> list[str]:
        """List the parts that have to be made."""
        return sorted(MAKERS.keys() - self.read())

    def start(self, missing: list[str], log: Path) -> Child:
        """Begin to make parts."""
        asked = {
            "model": self._weights.choice,
            "catalogue": str(self._catalogue),
            "kept": str(self._kept.folder),
            "keys": {name: self._keys[name] for name in missing},
        }
        return Child("parts:main", [json.dumps(asked)], log)

    def read(self) -> dict[str, bytes]:
        """Read all parts that are there."""
        pieces = {name: self._kept.read(name, key) for name, key in self._keys.items()}
        return {name: piece.content for name, piece in pieces.items() if piece}


def main() -> int:
    """Make the parts that the first argument asks for, as JSON."""
    asked = json.loads(sys.argv[1])
    kept = Kept(Path(asked["kept"]))
    for name, key in asked["keys"].items():
        started = time.perf_counter()
        os.environ[CATALOGUE] = asked["catalogue"] if name in TRANSLATIONS else ""
        content = MAKERS[name](asked["model"])
        kept.write(name, key, content, time.perf_counter() - started)
    return 0


def _claims(_: str) -> bytes:
    from trendlib.evaluate.cards import claim_cards

    return claim_cards().encode()


def _explorer(model: str) -> bytes:
    from explorer_page import data_of, fragment
    from trendlib.model.encoder import load_encoder

    return fragment(data_of(load_encoder(model, "float64"))).encode()


def _picture(_: str) -> bytes:
    from picture import page_part

    return page_part().encode()


def _figures(model: str) -> bytes:
    from manifest import recomputed_figures

    return json.dumps(recomputed_figures(find_weights(model))).encode()


def _icon(_: str) -> bytes:
    from icons import icon_svg

    return icon_svg()


def _icon_png(_: str) -> bytes:
    from icons import icon_png

    return icon_png()


def _preview(_: str) -> bytes:
    from icons import preview_png

    return preview_png()


def _font(_: str) -> bytes:
    from fonts import math_font

    return math_font()


MAKERS: Mapping[str, Callable[[str], bytes]] = {
    CLAIMS: _claims,
    TRANSLATED_CLAIMS: _claims,
    EXPLORER: _explorer,
    PICTURE: _picture,
    TRANSLATED_PICTURE: _picture,
    FIGURES: _figures,
    FONT: _font,
    ICON: _icon,
    ICON_PNG: _icon_png,
    PREVIEW: _preview,
}
