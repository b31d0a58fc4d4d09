"""`trendlib run`: what it makes of sentences, and what it does not do twice."""

import json
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from playwright.sync_api import Browser

from helpers.notebook_outputs import text_outputs
from helpers.pages import open_page
from helpers.paths import ROOT
from helpers.runs import make_notebook, records, trendlib_run, write_lines
from trendlib.choice import Related
from trendlib.embedding import Recipe, embed_encoding
from trendlib.errors import RunFolderError
from trendlib.model.encoder import Encoder
from trendlib.model.weights import MINILM
from trendlib.readings import reading_named
from trendlib.runs.comparison import compare_runs
from trendlib.runs.folder import folder_name
from trendlib.runs.results import provenance_of
from trendlib.show import report
from trendlib.similarity import cosine

SCRIPT = "<script>document.title = 'run'</script> I want <b>bold</b> apples for $5 & $6."
ODD = 'She said "no" to C:\\new {x} %s \\N and \'yes\' to 50% of r"x" 東京.'
MARKDOWN = "`code` *star* [link](javascript:alert(1)) <img src=x onerror=alert(1)> </title>"
GOOD = ["I sold my car.", "She sent a card.", SCRIPT, MARKDOWN, ODD, "Hello"]
NO_WORDS = "..."
TOO_LONG = "word " * 600
BAD = [NO_WORDS, TOO_LONG]
SECRET = "hf_not_for_publication"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the walkthrough over good and bad sentences, as the command makes it."""
    work = tmp_path_factory.mktemp("run")
    listed = write_lines(work / "sentences.txt", [*GOOD, *BAD, GOOD[0]])
    result = trendlib_run(
        *("--file", listed, "--out", work / "mine", "--model", MINILM.name),
        env={**os.environ, "HF_TOKEN": SECRET, "PAPERMILL_TOKEN": SECRET},
    )
    assert result.returncode == 1  # two sentences fail
    assert "8 sentences: 6 done (0 of them in an earlier run), 2 failed." in result.stdout
    assert "Left out 1 repeated sentence: each sentence is run once." in result.stdout
    assert "failed: '...': NoWordsError: no word in '...'" in result.stderr
    assert "sentences/s" not in result.stderr  # no progress bar where there is no terminal
    return work / "mine"


def of(folder: Path, sentence: str) -> Path:
    return folder / "sentences" / folder_name(sentence)


def test_each_sentence_has_its_files(folder: Path) -> None:
    assert {path.name for path in (folder / "sentences").iterdir()} == {
        folder_name(each) for each in GOOD + BAD
    }
    every = {"record.json", "notebook.ipynb", "page.html"}
    for sentence in GOOD:
        assert {path.name for path in of(folder, sentence).iterdir()} == every | {"thumbnail.png"}
    for sentence in BAD:
        assert {path.name for path in of(folder, sentence).iterdir()} == every
    listed = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert listed == {"run.json", "index.html", "results.csv", "results.parquet", "sentences"}
    assert not (folder / ".staging").exists()


@pytest.mark.parametrize("sentence", GOOD)
def test_a_record_is_what_the_package_finds(folder: Path, minilm: Encoder, sentence: str) -> None:
    record = records(folder)[sentence]
    encoding = minilm.encode(sentence)
    embedding = embed_encoding(encoding)
    result, related = embedding.choice, embedding.related
    assert record["status"] == "done"
    assert record["focus"] == result.focus.word
    assert record["defined_share"] == pytest.approx(embedding.defined_share)
    if isinstance(related, Related):
        assert record["related"] == related.word
        assert (record["votes"], record["voting_rows"]) == (related.votes, len(result.vote.rows))
        assert (record["tie"], record["decided_by"]) == (related.tied, related.decided_by)
    else:
        assert record["no_related_because"] == related.reason
        assert not {"related", "votes", "tie"} & set(record)
    assert [value is not None for value in record["embedding"]] == list(embedding.defined)
    values = np.array(record["embedding"], dtype=float)
    np.testing.assert_allclose(values[embedding.defined], embedding.values[embedding.defined])
    assert record["cosine_cls"] == pytest.approx(
        cosine(embedding.values, encoding.hidden_states[-1, 0]), abs=1e-9
    )
    assert record["cosine_mean"] == pytest.approx(
        cosine(embedding.values, encoding.hidden_states[-1].mean(axis=0)), abs=1e-9
    )
    assert provenance_of(record) == encoding.provenance
    assert (record["reading"], record["notebook"]) == ("article", "03_with_a_model.ipynb")


@pytest.mark.parametrize("sentence", GOOD)
def test_a_notebook_says_what_its_record_says(folder: Path, minilm: Encoder, sentence: str) -> None:
    embedding = embed_encoding(minilm.encode(sentence))
    output = "\n".join(text_outputs(of(folder, sentence) / "notebook.ipynb"))
    assert report.focus_text(embedding.choice) in output
    assert report.related_text(embedding.choice) in output
    assert report.trend_text(embedding) in output


def test_notebooks_are_whole_and_in_order(folder: Path) -> None:
    for sentence in GOOD:
        content = nbformat.read(of(folder, sentence) / "notebook.ipynb", as_version=4)
        nbformat.validate(content)
        code = [cell for cell in content.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
        outputs = [output for cell in code for output in cell.outputs]
        assert sum("image/svg+xml" in output.get("data", {}) for output in outputs) == 3
        assert not any(output.output_type == "error" for output in outputs)
        assert not any(output.get("name") == "stderr" for output in outputs)


@pytest.mark.parametrize(("sentence", "error"), [(NO_WORDS, "NoWords"), (TOO_LONG, "TooLong")])
def test_a_failed_sentence_keeps_its_notebook_with_the_error(
    folder: Path, sentence: str, error: str
) -> None:
    record = records(folder)[sentence]
    assert record["status"] == "failed"
    assert record["error"].startswith(f"{error}Error: ")
    assert not {"focus", "embedding", "defined_share"} & set(record)
    content = nbformat.read(of(folder, sentence) / "notebook.ipynb", as_version=4)
    assert "An Exception was encountered" in content.cells[0].source
    errors = [
        output
        for cell in content.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert [each.ename for each in errors] == [f"{error}Error"]
    assert record["error"] == f"{errors[0].ename}: {errors[0].evalue}"


def test_the_tables_hold_the_records(folder: Path) -> None:
    found = records(folder)
    parquet = pyarrow.parquet.read_table(folder / "results.parquet").to_pylist()
    csv = pd.read_csv(folder / "results.csv", keep_default_na=False).to_dict("records")
    assert [row["sentence"] for row in parquet] == GOOD + BAD
    for row, line in zip(parquet, csv, strict=True):
        assert list(row) == list(line)
        record = found[row["sentence"]]
        for name in ("status", "focus", "related", "error", "model", "code", "folder"):
            assert row[name] == record.get(name)
            assert line[name] == (record.get(name) or "")
        if record["status"] == "failed":
            assert (row["embedding"], line["embedding"]) == (None, "")
            continue
        assert row["embedding"] == [value or 0 for value in record["embedding"]]
        assert json.loads(line["embedding"]) == row["embedding"]
    # Two that failed, and the one that has no related word.
    assert [row["votes"] for row in parquet].count(None) == 3


def private_texts() -> set[str]:
    names = {str(ROOT), str(Path.home()), tempfile.gettempdir(), socket.gethostname()}
    return {name for name in names if len(name) > 4} | {'"papermill"', SECRET}


def test_no_file_names_this_machine(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.suffix in {".json", ".ipynb", ".html", ".csv"}:
            text = path.read_text("utf-8")
            assert [each for each in private_texts() if each in text] == [], path
    table = pd.read_parquet(folder / "results.parquet").astype(str).to_csv()
    assert [each for each in private_texts() if each in table] == []


def test_what_is_done_is_not_done_again(folder: Path) -> None:
    pages = {path: path.stat().st_mtime_ns for path in folder.glob("sentences/*/page.html")}
    result = trendlib_run(*GOOD, "--out", folder, "--model", MINILM.name)
    assert result.returncode == 0
    assert "6 sentences: 6 done (6 of them in an earlier run), 0 failed." in result.stdout
    assert {path: path.stat().st_mtime_ns for path in pages} == pages
    # The table begins with the sentences of the last command, and leaves no other one out.
    assert "The folder also holds 2 sentences from earlier commands" in result.stdout
    listed = list(pd.read_parquet(folder / "results.parquet")["sentence"])
    assert listed[:6] == GOOD
    assert set(listed[6:]) == set(BAD)
    assert "2 failed" in (folder / "index.html").read_text("utf-8")


def test_records_alone_are_the_same(folder: Path, tmp_path: Path) -> None:
    listed = write_lines(tmp_path / "s.txt", [*GOOD, *BAD])
    arguments = ["--file", listed, "--out", tmp_path / "run", "--model", MINILM.name]
    result = trendlib_run(*arguments, "--no-notebook", "--jobs", "1")
    assert result.returncode == 1
    with_notebooks, alone = records(folder), records(tmp_path / "run")
    assert set(alone) == set(GOOD + BAD)
    for sentence, record in alone.items():
        made = {"cells": None, "files": {}, "record_sha256": record["record_sha256"]}
        expected = with_notebooks[sentence] | made  # no notebook was run
        assert list(record) == list(expected)
        for name, value in record.items():
            if name == "embedding" or isinstance(value, float):
                ours, theirs = (np.array(each, dtype=float) for each in (value, expected[name]))
                np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
            else:
                assert value == expected[name]
    assert {path.name for path in (tmp_path / "run").rglob("sentences/*/*")} == {"record.json"}


LEAKY = """\
import os, matplotlib.pyplot as plt
assert "left" not in globals(), "a name was left by another sentence"
assert plt.rcParams["lines.linewidth"] != 77, "a setting was left by another sentence"
assert os.getcwd() != "/", "the folder was left by another sentence"
left = True
plt.rcParams["lines.linewidth"] = 77
os.chdir("/")
if "divide" in sentence:
    1 / 0
print(sentence, model, __import__("trendlib").__file__, file=__import__("sys").stderr)
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """A run of somebody's own notebook, with a model in a folder, on one worker."""
    work = tmp_path_factory.mktemp("own")
    notebook = make_notebook(work / "own.ipynb", LEAKY)
    sentences = ["I want an apple.", "divide a card", "She had an orange.", "hello"]
    arguments = [*sentences, "--notebook", notebook, "--model", tiny_folder, "--jobs", "1"]
    result = trendlib_run(*arguments, "--out", work / "run", "--reading", "layers")
    assert result.returncode == 1
    assert "3 done (0 of them in an earlier run), 1 failed" in result.stdout
    return work / "run"


def test_a_notebook_of_ones_own_sees_nothing_of_the_last_sentence(own: Path) -> None:
    found = records(own)
    assert {each["sentence"]: each["status"] for each in found.values()} == {
        "I want an apple.": "done",
        "divide a card": "failed",
        "She had an orange.": "done",
        "hello": "done",
    }
    assert found["divide a card"]["error"] == "ZeroDivisionError: division by zero"


def test_a_model_in_a_folder_and_its_errors_name_no_place(own: Path, tiny_folder: Path) -> None:
    for path in own.rglob("*"):
        if path.suffix in {".json", ".ipynb", ".html", ".csv"}:
            text = path.read_text("utf-8")
            hidden = private_texts() | {str(tiny_folder)}
            assert [each for each in hidden if each in text] == [], path
    notebook = (of(own, "hello") / "notebook.ipynb").read_text("utf-8")
    assert 'model = \\"tiny-bert (local folder)\\"' in notebook
    assert "hello tiny-bert (local folder) trendlib/__init__.py" in notebook


def test_the_reading_is_used(own: Path, tiny: Encoder) -> None:
    for sentence, record in records(own).items():
        if record["status"] == "done":
            expected = embed_encoding(tiny.encode(sentence), Recipe(reading_named("layers")))
            assert record["focus"] == expected.choice.focus.word
            assert record["reading"] == "layers"


def test_another_version_of_the_notebook_is_run_again(own: Path, tiny_folder: Path) -> None:
    notebook = make_notebook(own.parent / "own.ipynb", "print('new')")
    arguments = ["hello", "--notebook", notebook, "--model", tiny_folder, "--reading", "layers"]
    before = records(own)["hello"]["cells"]
    result = trendlib_run(*arguments, "--out", own)
    assert "1 sentence: 1 done (0 of them in an earlier run), 0 failed." in result.stdout
    assert records(own)["hello"]["cells"] != before
    assert "new" in (of(own, "hello") / "notebook.ipynb").read_text("utf-8")


def test_two_runs_are_compared(folder: Path, tmp_path: Path, minilm: Encoder) -> None:
    sentences = [*GOOD, NO_WORDS, "Only the second run has this one."]
    listed = write_lines(tmp_path / "s.txt", sentences)
    arguments = ["--file", listed, "--out", tmp_path / "layers", "--model", MINILM.name]
    trendlib_run(*arguments, "--reading", "layers", "--no-notebook")
    first, *_ = GOOD
    trendlib_run(*GOOD, *BAD, "--out", folder, "--model", MINILM.name)
    comparison = compare_runs(folder, tmp_path / "layers")

    def words(sentence: str, reading: str) -> tuple[str, str]:
        embedding = embed_encoding(minilm.encode(sentence), Recipe(reading_named(reading)))
        related = embedding.related
        named = related.word if isinstance(related, Related) else "none"
        return embedding.choice.focus.word, named

    pairs = {each: (words(each, "article"), words(each, "layers")) for each in GOOD}
    differing = {each: pair for each, pair in pairs.items() if pair[0] != pair[1]}
    assert first in differing
    assert comparison.shared == len(GOOD)
    assert comparison.focus == sum(a[0] != b[0] for a, b in pairs.values())
    assert comparison.related == sum(a[1] != b[1] for a, b in pairs.values())
    assert comparison.failed == 1
    assert comparison.only == (1, 1)
    rows: list[dict[str, Any]] = comparison.differing.to_dict("records")
    assert {
        row["sentence"]: ((row["focus A"], row["related A"]), (row["focus B"], row["related B"]))
        for row in rows
    } == differing


def test_compare_prints_counts_and_sentences(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from trendlib.cli import main

    assert main(["compare", str(folder), str(folder), "--csv", str(tmp_path / "c.csv")]) == 0
    printed = capsys.readouterr().out
    assert "At least one of them differs in 0 of 6 (0.0%)" in printed
    assert "A: mine (all-MiniLM-L6-v2, float64, reading article)" in printed
    assert (tmp_path / "c.csv").read_text() == "sentence,focus A,focus B,related A,related B\n"
    assert main(["compare", str(folder), str(tmp_path)]) == 2
    assert "holds no results.parquet" in capsys.readouterr().err
    with pytest.raises(RunFolderError):
        compare_runs(tmp_path, folder)


def opened(browser: Browser, page: Path) -> Any:
    shown, requested, failed = open_page(browser, page.as_uri())
    assert [url for url in requested if not url.startswith(("file:", "data:"))] == []
    assert failed == []
    return shown


@pytest.mark.parametrize("sentence", GOOD + BAD)
def test_a_page_shows_its_sentence_as_text(browser: Browser, folder: Path, sentence: str) -> None:
    page = opened(browser, of(folder, sentence) / "page.html")
    assert page.title().startswith(sentence[:60].strip())
    assert page.locator("header .sentence").inner_text().startswith(sentence[:60].strip())
    assert page.locator("script, b, main img[onerror], a[href^=javascript]").count() == 0
    for image in page.locator("img").all():
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
        assert len(image.get_attribute("alt") or "") > 40
    if sentence in GOOD:
        assert page.locator("img").count() == 0
        for figure in page.locator(".drawn").all():
            assert len(figure.get_attribute("aria-label") or "") > 40
        assert page.locator(".drawn svg").count() == 3
        assert "The focus word is" in page.locator("main").inner_text()
    page.close()


def test_a_page_needs_no_other_file(browser: Browser, folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.html"
    alone.write_bytes((of(folder, GOOD[0]) / "page.html").read_bytes())
    page, requested, failed = open_page(browser, alone.as_uri())
    assert [url for url in requested if not url.startswith("data:")] == [alone.as_uri()]
    assert failed == []
    page.close()


def test_the_index_lists_failures_first_and_can_be_searched(browser: Browser, folder: Path) -> None:
    trendlib_run(*GOOD, *BAD, "--out", folder, "--model", MINILM.name)
    page = opened(browser, folder / "index.html")
    assert page.title() == "mine: trend embeddings"
    headings = page.locator("h2").all_inner_texts()
    assert headings == ["Failed: 2 sentences", "Done: 6 sentences"]
    text = page.locator("body").inner_text()
    assert SCRIPT in text
    assert MARKDOWN in text
    assert "8 sentences: 6 done, 2 failed." in text
    assert f"({len(TOO_LONG)} characters)" in text
    assert page.locator("b, img[onerror], tbody script").count() == 0
    images = page.locator("tbody img")
    assert images.count() == len(GOOD)
    assert images.first.evaluate("image => image.complete && image.naturalWidth > 0")
    rows = page.locator("tbody tr:visible")
    assert rows.count() == 8
    page.get_by_label("Search").fill("CARD she")
    assert rows.count() == 1
    assert "She sent a card." in rows.first.inner_text()
    assert page.locator("#count").inner_text() == "1 of 8 rows"
    page.get_by_label("Search").fill("")
    assert rows.count() == 8
    rows.last.get_by_role("link", name="Hello").click()
    assert page.locator("header .sentence").inner_text() == "Hello"
    page.get_by_role("link", name="All sentences").click()
    assert page.title() == "mine: trend embeddings"
    page.close()


def test_the_index_is_readable_without_scripts(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.locator("tbody tr:visible").count() == 8
    assert not page.get_by_label("Search").is_visible()
    context.close()
