"""Compare a notebook's outputs with committed ones: words exactly, numbers within a tolerance."""

import math
import re
from pathlib import Path

import nbformat

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


def text_outputs(notebook: Path) -> list[str]:
    """List the text of each code cell's outputs; pictures and HTML are left out.

    The cells that say which versions were used are left out too (tag "provenance").
    """
    texts = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type != "code" or "provenance" in cell.metadata.get("tags", []):
            continue
        if "injected-parameters" in cell.metadata.get("tags", []):
            continue
        parts = []
        for output in cell.outputs:
            data = output.get("data", {})
            parts.append(
                output.get("text") or data.get("text/markdown") or data.get("text/plain") or ""
            )
            parts.extend(output.get("traceback", []))
        texts.append("\n".join(parts))
    return texts


def differences(committed: str, fresh: str, relative: float = 1e-3) -> list[str]:
    """List in what two texts differ, numbers taken with a tolerance.

    A number may be off by ``relative`` of itself, or by one in its last printed digit.
    """
    # Tables are padded to the width of their numbers.
    words = [" ".join(NUMBER.sub("#", text).split()) for text in (committed, fresh)]
    if words[0] != words[1]:
        return [f"text: {words[0]!r} became {words[1]!r}"]
    found = []
    pairs = zip(NUMBER.findall(committed), NUMBER.findall(fresh), strict=True)
    for before, after in pairs:
        decimals = len(before.partition("e")[0].partition(".")[2])
        last_digit = 0 if decimals == 0 else 1.01 * 10.0**-decimals
        if not math.isclose(float(before), float(after), rel_tol=relative, abs_tol=last_digit):
            found.append(f"number: {before} became {after}")
    return found
