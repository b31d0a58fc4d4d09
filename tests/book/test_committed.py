"""What `make lint` finds in notebooks before they are committed."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

import committed
from helpers.paths import ROOT

CHAPTER = ROOT / "notebooks" / "04_printed_figures.ipynb"
NOTEBOOKS = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "notebooks" / "template").iterdir()]


def provenance(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    (cell,) = (cell for cell in notebook.cells if "provenance" in cell.metadata.get("tags", []))
    return cell


def rename(notebook: nbformat.NotebookNode) -> None:
    (shown,) = (each.data for each in provenance(notebook).outputs if "data" in each)
    shown["text/plain"] = shown["text/plain"].replace("all-MiniLM-L6-v2", "bert-base-uncased")


def exchange(notebook: nbformat.NotebookNode) -> None:
    (shown,) = (each.data for each in provenance(notebook).outputs if "data" in each)
    shown["text/plain"] = shown["text/plain"].replace("53aa5117", "12345678")


def empty(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def run_one_again(notebook: nbformat.NotebookNode) -> None:
    provenance(notebook).execution_count = 99


def fail(notebook: nbformat.NotebookNode) -> None:
    error = nbformat.v4.new_output("error", ename="KeyError", evalue="x", traceback=[])
    provenance(notebook).outputs.append(error)


def warn(notebook: nbformat.NotebookNode) -> None:
    text = nbformat.v4.new_output("stream", name="stderr", text="UserWarning: beware")
    provenance(notebook).outputs.append(text)


def keep_times(notebook: nbformat.NotebookNode) -> None:
    provenance(notebook).metadata["execution"] = {"iopub.execute_input": "2026"}


def keep_folders(notebook: nbformat.NotebookNode) -> None:
    notebook.metadata["papermill"] = {"output_path": "/home/somebody"}


def test_the_notebooks_are_as_they_must_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert committed.main(list(map(str, NOTEBOOKS))) == 0
    said = capsys.readouterr().out
    assert said == f"committed notebooks: 0 findings in {len(NOTEBOOKS)} notebooks\n"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (rename, "has outputs of bert-base-uncased, and those of all-MiniLM-L6-v2 are committed"),
        (exchange, "has outputs of all-MiniLM-L6-v2, and those of"),
        (empty, "not every cell was run, once and in order"),
        (empty, "has outputs of no model"),
        (run_one_again, "not every cell was run, once and in order"),
        (fail, "has ended with KeyError"),
        (warn, "has written to the standard error (UserWarning: beware)"),
        (keep_times, "has the metadata 'execution': take it out"),
        (keep_folders, "the notebook has the metadata 'papermill'"),
    ],
)
def test_what_must_not_be_committed_is_told(
    change: Callable[[nbformat.NotebookNode], None],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notebook = nbformat.read(CHAPTER, as_version=4)
    change(notebook)
    path = tmp_path / "changed.ipynb"
    nbformat.write(notebook, path)
    assert committed.main([str(path)]) == 1
    said = capsys.readouterr().out
    assert told in said
    assert f"make notebooks NOTEBOOKS={path}" in said
