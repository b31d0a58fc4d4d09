"""Check notebooks as they are committed, without running them: ``committed.py NOTEBOOK...``.

``make lint`` does this, and so do the hooks of pre-commit. The tests compare the outputs with those
of a fresh run; this finds in a second what must not be committed: outputs of another model, outputs
that are missing or out of order, and what is true of one run only.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from trendlib.model.weights import MINILM

SAVE = "run `make notebooks NOTEBOOKS={path}`"
"""What to do about outputs."""
CLEAN = "take it out, or save the notebook with `make notebooks NOTEBOOKS={path}`"
OF_ONE_RUN = ("execution", "papermill", "ExecuteTime")
"""Metadata with times and folders, which programs write when they run a notebook."""


def main(paths: list[str]) -> int:
    """Print what is wrong; returns an exit status."""
    found = [line for path in paths for line in findings(Path(path))]
    print(*found, sep="\n", end="\n" * bool(found))
    print(f"committed notebooks: {len(found)} findings in {len(paths)} notebooks")
    return 1 if found else 0


def findings(path: Path) -> Iterator[str]:
    """Find what must not be committed; yields a line for each."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)):
        yield f"{path}: not every cell was run, once and in order: {SAVE.format(path=path)}"
    for place, metadata in [("the notebook", notebook.metadata), *_of_cells(notebook)]:
        for name in sorted(set(metadata) & set(OF_ONE_RUN)):
            yield f"{path}: {place} has the metadata {name!r}: {CLEAN.format(path=path)}"
    for cell in code:
        for wrong in _wrong_outputs(cell):
            yield f"{path}: cell {cell.id} {wrong}: {SAVE.format(path=path)}"


def _of_cells(notebook: nbformat.NotebookNode) -> list[tuple[str, dict[str, Any]]]:
    return [(f"cell {cell.id}", cell.metadata) for cell in notebook.cells]


def _wrong_outputs(cell: nbformat.NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"has ended with {output.ename}"
        elif output.get("name") == "stderr":
            yield f"has written to the standard error ({output.text.strip()[:60]})"
    if "provenance" in cell.metadata.get("tags", []):
        shown = "".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        if MINILM.name not in shown or MINILM.sha256[:16] not in shown:
            model = (shown.partition("model ")[2].split() or ["no model"])[0]
            yield f"has outputs of {model}, and those of {MINILM.name} are committed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
