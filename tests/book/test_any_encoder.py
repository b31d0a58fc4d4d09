"""Chapters and explorer with encoders that are not BERT: nothing on a page is another model's."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import papermill
import pytest

import explorer_page
from chapters import Chapter, with_outputs
from explorer_data import explorer_data
from helpers.deno import run_script
from helpers.models import KINDS, make_encoder
from helpers.notebook_outputs import text_outputs
from helpers.paths import ROOT
from helpers.programs import warm_kernels
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.weights import MINILM, find_weights
from trendlib.show import report

NOTEBOOKS = ROOT / "notebooks"
SENTENCE = "The naïve paleontologist misfiled a fossil in a café."


@pytest.fixture(scope="module")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("models") / "tiny-roberta", KINDS["roberta"])


@pytest.fixture(scope="module")
def albert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("models") / "tiny-albert", KINDS["albert"])


def run(chapter: Chapter, out: Path, **parameters: str) -> str:
    """Run a chapter as the build does; returns its outputs."""
    source = out.with_name(f"source-{out.name}")
    nbformat.write(nbformat.from_dict(chapter.notebook), source)  # type: ignore[no-untyped-call]
    with warm_kernels():
        papermill.execute_notebook(
            source,
            out,
            parameters=chapter.parameters | parameters,
            kernel_name="python3",
            progress_bar=False,
        )
    return "\n".join(text_outputs(out))


def top_of(chapter: Chapter, out: Path) -> str:
    """Return what the page of an executed chapter says below its title."""
    cells = json.loads(with_outputs(chapter, out.read_bytes()))["cells"]
    return "".join(cells[1]["source"])


def test_the_walkthrough_names_the_tokens_of_the_model(roberta: Path, tmp_path: Path) -> None:
    chapter = Chapter(NOTEBOOKS / "03_with_a_model.ipynb", find_weights(roberta))
    out = tmp_path / "out.ipynb"
    shown = run(chapter, out, sentence=SENTENCE)
    assert "of all attention goes to <s> and </s>" in shown
    assert "“Ġ” stands for the space before a word." in shown
    assert "“naÃ¯ve” is “naïve”, written byte by byte." in shown
    assert "[CLS]" not in shown
    top = top_of(chapter, out)
    assert top.startswith("> This page was made with tiny-roberta (local folder).")
    assert "of another type, roberta:" in top
    assert "not tested on data sets" not in top  # there are none in this chapter


@pytest.mark.parametrize("number", ["07", "09"])
def test_a_chapter_on_data_says_whose_figures_it_shows(
    roberta: Path, tmp_path: Path, number: str
) -> None:
    """Its own sentence has words of several pieces here."""
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    chapter = Chapter(path, find_weights(roberta))
    shown = run(chapter, tmp_path / "out.ipynb")
    assert "tiny-roberta (local folder)" in shown
    assert MINILM.name in shown
    assert "It was not tested on data sets." in top_of(chapter, tmp_path / "out.ipynb")


def test_a_model_may_not_know_the_other_languages(tiny_folder: Path, tmp_path: Path) -> None:
    chapter = Chapter(NOTEBOOKS / "13_another_model.ipynb", find_weights(tiny_folder))
    shown = run(chapter, tmp_path / "out.ipynb")
    assert shown.count("NoWordsError: the vocabulary of tiny-bert (local folder)") == 2
    assert "of another type" not in top_of(chapter, tmp_path / "out.ipynb")


def test_a_copy_of_the_chapters_own_model_keeps_the_comments(tmp_path: Path) -> None:
    copied = shutil.copytree(find_weights(MINILM.name).folder, tmp_path / "copy")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        chapter = Chapter(path, find_weights(copied))
        own = json.loads(path.read_bytes())
        assert len(chapter.notebook["cells"]) == len(own["cells"])
        if chapter.own_model:
            assert chapter.own_model == MINILM.name
            assert chapter.parameters == {"model": str(copied)}
            other = replace(chapter.weights, name="another")
            assert len(replace(chapter, weights=other).notebook["cells"]) < len(own["cells"])


def test_unknown_words_are_found_however_the_token_is_called(albert: Path) -> None:
    encoding = load_encoder(albert, "float64").encode("I want an apple ☃ now.")
    assert "<unk>" in encoding.tokens
    told = report.words_text(encoding)
    assert "does not contain “☃”" in told
    assert told.endswith("“▁” marks where a word begins.")


def test_marks_are_explained_only_where_they_occur(minilm: Encoder, roberta: Path) -> None:
    goes_on = "“##” marks a piece that goes on with the word."
    assert report.marks_texts(minilm.encode("Embeddings, please.")) == [goes_on]
    assert report.marks_texts(minilm.encode("I want an apple.")) == []
    encoder = load_encoder(roberta, "float64")
    assert report.marks_texts(encoder.encode("I")) == []
    said = report.marks_texts(encoder.encode("Über an"))
    assert said == [
        "“Ãľber” is “Über”, written byte by byte.",
        "“Ġ” stands for the space before a word.",
    ]
    # A letter of Malta is no mark.
    assert report.marks_texts(encoder.encode("Ġan")) == ["“Äłan” is “Ġan”, written byte by byte."]


@pytest.mark.parametrize("name", ["roberta", "albert"])
def test_the_explorer_shows_any_encoder(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    encoder = load_encoder(request.getfixturevalue(name), "float64")
    data = explorer_page.data_of(encoder)
    assert data["provenance"]["model"] == f"tiny-{name} (local folder)"
    page = explorer_page.fragment(
        data | {"live": {"none": {"text": "The model is of another kind.", "values": {}}}}
    )
    assert f"tiny-{name} (local folder)" in page
    begin, end = ("<s>", "</s>") if name == "roberta" else ("[CLS]", "[SEP]")
    for sentence in data["sentences"].values():
        if "printed" in sentence:
            continue
        assert sentence["units"][0] == begin
        assert sentence["units"][-1] == end
        texts = [sentence["units"][word["unit"]] for word in sentence["words"]]
        assert texts == [
            sentence["sentence"][word["start"] : word["end"]] for word in sentence["words"]
        ]


def test_the_explorer_explains_the_marks_of_the_pieces_that_it_lists(roberta: Path) -> None:
    encoder = load_encoder(roberta, "float64")
    sentences = [encoder.encode("I"), encoder.encode("A *ïn* paleontologist")]
    found = list(explorer_data({"": sentences})["sentences"].values())
    one, other = run_script("texts.js", {"sentences": found, "messages": {}})
    assert one["marks"] == ""
    assert "“Ġ” stands for the space before a word." in other["marks"]
    assert "“Ã¯n” is “ïn”, written byte by byte." in other["marks"]
