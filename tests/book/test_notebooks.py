"""The notebooks: fresh outputs equal the committed ones, and new sentences run."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml
from papermill.exceptions import PapermillExecutionError

import committed
from helpers.notebook_outputs import differences, text_outputs
from helpers.paths import ROOT
from helpers.programs import warm_kernels
from trendlib.embedding import Recipe, embed_encoding
from trendlib.model.encoder import Encoder
from trendlib.model.weights import MINILM
from trendlib.readings import reading_named
from trendlib.show import report
from trendlib.show.captions import caption_in, description_of

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WALKTHROUGH = ROOT / "notebooks" / "03_with_a_model.ipynb"

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


@each_notebook
def test_fresh_outputs_equal_the_committed_ones(notebook: Path, site: Path) -> None:
    fresh = site.parent / "kept" / f"{notebook.stem}-en.ipynb"  # as the build has run it
    pairs = zip(text_outputs(notebook), text_outputs(fresh), strict=True)
    found = {
        number: different
        for number, (committed, now) in enumerate(pairs)
        if (different := differences(committed, now))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("committed", "fresh", "count"),
    [
        ("cosine 0.8475", "cosine 0.8475", 0),
        ("cosine 0.8475", "cosine 0.8476", 0),
        ("cosine 0.8475", "cosine 0.8575", 1),
        ("cosine 0.8475", "cosine -0.8475", 1),
        ("leads 4 of the 12 heads", "leads 5 of the 12 heads", 1),
        ("3000 rows", "3001 rows", 1),
        ("3000.0 seconds", "3001.0 seconds", 0),
        ("the focus word is “want”", "the focus word is “apple”", 1),
        ("-4.7e-02 equal", "-4.7e-01 equal", 1),
        ("error 1.01e-06", "error 4.01e-06", 1),
        ("1.0 2.0", "1.0", 1),
        ("defined in 60.2%", "defined in 61.2%", 1),
        ("0.0", "nan", 1),
        ("a   1.0\nb  10.0", "a  1.0\nb 10.0", 0),
        ("", "error", 1),
    ],
)
def test_the_comparison_finds_differences(committed: str, fresh: str, count: int) -> None:
    assert len(differences(committed, fresh)) == count


LONG = re.compile(r"\d\.\d{9,}")


@each_notebook
def test_what_nbval_compares_has_no_digits_that_a_processor_rounds(notebook: Path) -> None:
    """nbval compares texts; the last digits of a float64 are not the same on all processors."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        if "nbval-check-output" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                shown = [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
                assert not any(map(LONG.search, shown)), cell.source


SHOWN = {  # a number that the reader sees
    "stream": re.compile(r"(?<![\w.])\d"),
    "text/html": re.compile(r"(?<=<td>)\d"),
    "text/markdown": re.compile(r"(?<![\w.])\d"),
    "text/plain": re.compile(r"(?<![\w.])\d"),
}


@each_notebook
def test_an_altered_number_is_found_in_every_output(notebook: Path, tmp_path: Path) -> None:
    committed = text_outputs(notebook)
    kinds = set()
    for place, kind in outputs_with_numbers(notebook):
        altered = nbformat.read(notebook, as_version=4)
        cell, output = place
        shown = altered.cells[cell].outputs[output]
        holder, key = (shown, "text") if kind == "stream" else (shown.data, kind)
        # The number's first digit: no tolerance covers that.
        holder[key] = SHOWN[kind].sub(lambda digit: str((int(digit[0]) + 3) % 10), holder[key], 1)
        nbformat.write(altered, tmp_path / "altered.ipynb")
        pairs = zip(committed, text_outputs(tmp_path / "altered.ipynb"), strict=True)
        assert sum(bool(differences(*pair)) for pair in pairs) == 1, (place, kind)
        kinds.add(kind)
    assert kinds


def outputs_with_numbers(notebook: Path) -> Iterator[tuple[tuple[int, int], str]]:
    for cell, each in enumerate(nbformat.read(notebook, as_version=4).cells):
        if "provenance" in each.metadata.get("tags", []):
            continue
        for number, output in enumerate(each.get("outputs", [])):
            texts = {"stream": output.get("text", ""), **output.get("data", {})}
            for kind in SHOWN:
                if SHOWN[kind].search(texts.get(kind, "")):
                    yield (cell, number), kind


@each_notebook
def test_an_altered_provenance_is_found(notebook: Path, tmp_path: Path) -> None:
    """All but the versions must be what the run says."""
    text = notebook.read_text(encoding="utf-8")
    committed = text_outputs(notebook)
    for before, after, found in (
        (MINILM.sha256[:16], "0" * 16, True),
        (metadata.version("transformers"), "0.0.1", False),
    ):
        altered = tmp_path / "altered.ipynb"
        altered.write_text(text.replace(before, after), encoding="utf-8")
        different = text_outputs(altered) != committed
        assert different is (found and before in text)


def test_every_notebook_of_the_book_is_tested() -> None:
    listed = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    files = re.findall(r"'file': '([^']+)'", str(listed))
    paths = [(ROOT / "book" / f"{file}.ipynb").resolve() for file in files]
    assert sorted(path for path in paths if path.exists()) == NOTEBOOKS


@each_notebook
def test_committed_notebooks_are_whole_and_clean(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert str(Path.home()) not in text
    assert "/tmp/" not in text
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    assert list(committed.findings(notebook)) == []


@each_notebook
def test_every_figure_has_a_caption_and_an_alternative_text(notebook: Path) -> None:
    figures = list(figures_of(notebook))
    assert figures
    for caption, alt in figures:
        assert len(caption) > 20
        assert len(alt) > 40


def figures_of(notebook: Path) -> Iterator[tuple[str, str]]:
    """Go through the figures: caption and alternative text, in the output or in the metadata."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        outputs = cell.get("outputs", [])
        for output, following in zip(outputs, [*outputs[1:], {}], strict=False):
            if "image/png" not in output.get("data", {}):
                continue
            alt = description_of(output)
            if alt is not None:
                yield caption_in(following["data"]["text/markdown"]), alt
            else:
                settings = cell.metadata["mystnb"]
                yield settings["figure"]["caption"], settings["image"]["alt"]


@each_notebook
def test_cells_are_short_and_hold_no_helper_code(notebook: Path) -> None:
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 20
            assert "def " not in cell.source
            assert "class " not in cell.source


@each_notebook
def test_committed_outputs_are_the_embedded_models(notebook: Path) -> None:
    parameters = papermill.inspect_notebook(notebook)
    if not parameters:  # it runs no model
        assert "load_encoder" not in notebook.read_text(encoding="utf-8")
        return
    assert parameters["model"]["default"] == '"all-MiniLM-L6-v2"'
    assert all(each["help"] for each in parameters.values())


def run_walkthrough(out: Path, **parameters: str) -> str:
    with warm_kernels():
        papermill.execute_notebook(
            WALKTHROUGH, out, parameters=parameters, kernel_name="python3", progress_bar=False
        )
    return "\n".join(text_outputs(out))


def test_an_unseen_sentence_runs_from_the_command_line(minilm: Encoder, tmp_path: Path) -> None:
    """The command that README and notebook give."""
    sentence, out = (
        "The committee, surprisingly, didn't like 42 embeddings!",
        tmp_path / "out.ipynb",
    )
    command = [Path(sys.executable).with_name("papermill"), WALKTHROUGH, out, "-k", "python3"]
    options = ["-r", "sentence", sentence, "-r", "reading", "words-only"]
    subprocess.run([*command, *options], check=True, capture_output=True)
    output = "\n".join(text_outputs(out))
    embedding = embed_encoding(minilm.encode(sentence), Recipe(reading_named("words-only")))
    assert report.focus_text(embedding.choice) in output
    assert report.related_text(embedding.choice) in output
    assert report.trend_text(embedding) in output
    assert "I want" not in report.focus_text(embedding.choice)


def test_a_sentence_of_one_word_runs(tmp_path: Path) -> None:
    output = run_walkthrough(tmp_path / "out.ipynb", sentence="Hello", reading="layers")
    assert "There is no related word: the focus word is the only candidate" in output


def test_a_sentence_of_markup_and_money_runs(tmp_path: Path) -> None:
    """What it shows as HTML or Markdown holds no tag of the sentence's."""
    sentence, out = "Word embeddings cost $5<script>alert(1)</script>", tmp_path / "out.ipynb"
    output = run_walkthrough(out, sentence=sentence)
    assert "does not know" not in output
    code = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code"]
    shown = [output.get("data", {}) for cell in code for output in cell.outputs]
    for kind in ("text/html", "text/markdown"):
        texts = [data[kind] for data in shown if kind in data]
        assert texts
        assert not any("<script" in text for text in texts)


def test_a_long_sentence_runs(tmp_path: Path) -> None:
    output = run_walkthrough(tmp_path / "out.ipynb", sentence="many words of a text " * 100)
    assert "The related word is" in output


def test_another_model_or_sentence_may_be_typed_into_any_chapter(tmp_path: Path) -> None:
    """Comments on the default stay behind when a reader changes it, but they stop nothing."""
    output = run_walkthrough(
        tmp_path / "out.ipynb",
        sentence="The unbelievable storyteller, surprisingly, left.",
        reading="layers",
        dtype="float32",
    )
    assert "storyteller" in output


@pytest.mark.parametrize(
    ("parameters", "error", "advice"),
    [
        ({"reading": "the 12th layer"}, "UnknownChoiceError", "'article', 'words-only'"),
        ({"sentence": "..."}, "NoWordsError", "write at least one word"),
    ],
)
def test_wrong_parameters_stop_the_notebook_with_a_clear_error(
    tmp_path: Path, parameters: dict[str, str], error: str, advice: str
) -> None:
    with pytest.raises(PapermillExecutionError, match=error) as caught:
        run_walkthrough(tmp_path / "out.ipynb", **parameters)
    assert advice in caught.value.evalue
    assert error in (tmp_path / "out.ipynb").read_text(encoding="utf-8")
