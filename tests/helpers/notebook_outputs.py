"""Compare a notebook's outputs with committed ones: words exactly, numbers within a tolerance."""

import html
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


VERSION = re.compile(r"(version of \S+)\s+\S+")


def text_outputs(notebook: Path) -> list[str]:
    """List the text of each code cell's outputs, in every form that it is kept in.

    Pictures are left out, and so are the versions in the cells that say which ones were used (tag
    "provenance").
    """
    texts = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or "injected-parameters" in tags:
            continue
        text = "\n".join(part for output in cell.outputs for part in _parts(output))
        texts.append(VERSION.sub(r"\1", text) if "provenance" in tags else text)
    return texts


def _parts(output: Any) -> Iterator[str]:
    yield output.get("text", "")
    for kind, text in sorted(output.get("data", {}).items()):
        if kind == "text/html":
            yield html.unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL))
        elif kind.startswith("text/"):
            yield text
    yield from output.get("traceback", [])


def differences(committed: str, fresh: str, relative: float = 1e-3) -> list[str]:
    """List in what two texts differ, numbers taken with a tolerance.

    A number with decimals may be off by ``relative`` of itself, or by one in its last digit;
    a whole one counts something, and may not.
    """
    # Tables are padded to the width of their numbers.
    words = [" ".join(NUMBER.sub("#", text).split()) for text in (committed, fresh)]
    if words[0] != words[1]:
        return [f"text: {words[0]!r} became {words[1]!r}"]
    found = []
    pairs = zip(NUMBER.findall(committed), NUMBER.findall(fresh), strict=True)
    for before, after in pairs:
        mantissa, _, exponent = before.partition("e")
        decimals = len(mantissa.partition(".")[2])
        whole = decimals == 0 and not exponent
        near = 0 if whole else relative
        last_digit = 0 if decimals == 0 else 1.01 * 10.0 ** (int(exponent or 0) - decimals)
        if not math.isclose(float(before), float(after), rel_tol=near, abs_tol=last_digit):
            found.append(f"number: {before} became {after}")
    return found
