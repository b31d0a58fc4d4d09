"""Sentences to type into the live explorer, and what its JavaScript makes of them."""

import json
import random
import re
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from helpers.paths import BOOK, NOTEBOOKS, ROOT

DENO = Path(sysconfig.get_path("scripts")) / "deno"
EXPLORE = ROOT / "tests" / "book" / "scripts" / "explore.js"

HARD = (
    "'It' isn't 3.5, o'clock's ’twas rock ’n’ roll!",
    "L’été d’avant, l'œuvre n'a pas été lue.",
    "naïve café CAFÉ cafe\u0301 e\u0301\u0323 A\u030angström",
    "İstanbul ısı ẞ ß ΑΣΟΣ ς ǅ ﬁ ﬂ Ⅷ ① ℃",
    "我喜欢你。これは本です。カタカナ_カナ ｶﾀｶﾅ",
    "ภาษาไทยไม่มีวรรค",
    "צה\"ל אמר ש'לום",
    "السَّلامُ عليكم ٣٫٥ \u06d4",
    "मैं घर जाता हूँ।",
    "안녕하세요 각각 \u1100\u1161\u11a8",
    "🇩🇪🇫🇷🇮 flags 👨‍👩‍👧‍👦 family 👍🏽 thumbs 1️⃣ hi👍 ❤️ word",
    "zero\u200bwidth soft\u00adhyphen join\u200der \ufeffmark \u202eleft\u202c word",
    "nul\0bell\x07file\x1cunit\x1fnext\x85line\u2028paragraph\u2029end",
    " \t tabs\r\nand\xa0spaces\u3000wide ",
    "[SEP] [MASK] [CLS] ##ing [UNK] [PAD] typed",
    f"{'a' * 100} {'b' * 101} {'é' * 100} {'x' * 100}y",
    "U.S.A. e.g. 1.000.000,5 3:4 a:b a.b x_y _z_ 5'6\" don''t 'tis'",
    "ろ\u302e\u200d\u0333\u0348\u0368, accents in another order a\u302e\u0323\u0301b",
    "private \ue000use \U000f0000 unassigned \u0378 replaced \ufffd last \U0010ffff",
    "𝐀𝐁 𐐀𐐁 𠀀 豈 \U00030000 \U0001d15e\U0001d16d \u302e",
    "-- dash — em… “quotes” «guillemets» ‹› ¿qué? ¡no! §5 $5 €5 <b>&amp;</b>",
    "Word. One.",
    "a",
)
"""Sentences in which something is easily done in another way than in Python."""

_SCRIPTS = (
    (0x41, 0x7A), (0xC0, 0x17F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x5FF),
    (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1EFF),
    (0x2000, 0x206F), (0x20A0, 0x2BFF), (0x3000, 0x30FF), (0x4E00, 0x4EFF), (0xAC00, 0xAD00),
    (0xFE00, 0xFFFF), (0x1F1E6, 0x1F1FF), (0x1F300, 0x1F6FF), (0x20000, 0x20020), (0, 0x10FFFF),
)  # fmt: skip
_BETWEEN = (
    " ",
    " ",
    " ",
    "",
    "'",
    "’",
    "-",
    ".",
    ",",
    ":",
    "_",
    "\u200d",
    "\u00ad",
    "\u0301",
    "\n",
)
_CONTRACTED = ("don't", "she's", "I'd", "o'clock", "y'all", "we’ve", "rock'n'roll", "'tis")
_MEANT = ("[SEP]", "[CLS]", "[MASK]", "##s", "3.5", "1,000", "5'6\"", "U.S.A.", "e.g.", "x_y")


def prose() -> list[str]:
    """Return the sentences of the book's own pages, without their markup, in order."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(BOOK.glob("*.md"))]
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        texts += [cell.source for cell in cells if cell.cell_type == "markdown"]
    plain = [
        re.sub(r"```.*?```|[`*#|{}]|\]\([^)]*\)|\[", " ", text, flags=re.DOTALL) for text in texts
    ]
    found = [part.strip() for text in plain for part in re.split(r"(?<=[.?!])\s+|\n\n+", text)]
    return [" ".join(part.split()) for part in found if 3 <= len(part.split()) <= 25]


def drawn(source: random.Random, count: int) -> list[str]:
    """Draw sentences: of the book, of the book with something put into it, and of mixed scripts."""
    of_the_book = prose()
    makers = (
        lambda: source.choice(of_the_book),
        lambda: _with_more(source, source.choice(of_the_book)),
        lambda: _mixed(source),
    )
    return [makers[number % len(makers)]() for number in range(count)]


def _with_more(source: random.Random, sentence: str) -> str:
    words = sentence.split()
    for _ in range(source.randint(1, 4)):
        more = source.choice((*_CONTRACTED, *_MEANT, _run(source), source.choice(words).upper()))
        words.insert(source.randint(0, len(words)), more)
    return "".join(f"{word}{source.choice(_BETWEEN)}" for word in words)


def _mixed(source: random.Random) -> str:
    return "".join(f"{_run(source)}{source.choice(_BETWEEN)}" for _ in range(source.randint(1, 8)))


def _run(source: random.Random) -> str:
    first, last = source.choice(_SCRIPTS)
    codes = (source.randint(first, last) for _ in range(source.randint(1, 6)))
    return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)


def explored(
    folder: Path, live: Mapping[str, Any], full: Sequence[str], cut: Sequence[str] = ()
) -> dict[str, Any]:
    """Let the engine explore sentences, and only cut others.

    Args:
        folder: The model's files.
        live: What the page knows of them.
        full: Sentences to explore.
        cut: Sentences to cut into tokens and words.
    """
    return run_script(EXPLORE, {"live": live, "full": full, "cut": cut}, folder)


def run_script(script: Path, given: object, *arguments: str | Path) -> dict[str, Any]:
    """Run a script that reads JSON and writes JSON."""
    command = [DENO, "run", "--quiet", "--no-check", "--allow-read", script, *arguments]
    result = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def differences(got: Any, want: Any, place: str = "") -> Iterator[str]:
    """List where two pieces of data differ, with what leads there."""
    if isinstance(got, dict) and isinstance(want, dict):
        for key in got.keys() | want.keys():
            yield from differences(got.get(key), want.get(key), f"{place}.{key}")
    elif isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
        for number, pair in enumerate(zip(got, want, strict=True)):
            yield from differences(*pair, f"{place}[{number}]")
    elif got != want:
        yield f"{place}: {got!r}, not {want!r}"
