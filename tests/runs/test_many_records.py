"""What a run does once for each of its records, however many they are, and how it lists them."""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from playwright.sync_api import Browser, Page

from helpers.pages import open_page
from trendlib.embedding import Recipe
from trendlib.files.embed import embed_columns
from trendlib.model.encoder import Encoder
from trendlib.runs import records, worker
from trendlib.runs.folder import RunFolder, folder_name
from trendlib.runs.index import PAGE_ROWS
from trendlib.runs.results import records_table
from trendlib.runs.runner import RunSummary, run
from trendlib.runs.settings import Settings, checked_settings

APPLE, BREAKS, NONE = "I want an apple.", "hello\ran apple", "!?"
DONE = [APPLE, BREAKS, *(f"hello {number} <&> it's day-{number % 7}" for number in range(1_850))]
FAILED = [f"failed {number}" for number in range(150)]
WITH_PAGE = 1_234
FILES = {"page.html": b"<title>its page</title>", "notebook.ipynb": b"its notebook"}


@pytest.fixture(scope="module")
def settings(tiny_folder: Path) -> Settings:
    return checked_settings(tiny_folder)


@pytest.fixture(scope="module")
def found(tiny_folder: Path, settings: Settings) -> list[records.Record]:
    """The records of three sentences, as a worker of the run makes them."""
    sentences, model = [APPLE, BREAKS, NONE], str(tiny_folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_model_sha256", settings.weights.model_sha256)
        described = worker.describe(sentences, model, "float64", "article", pictures=False)
    return [answer["record"] for answer in described]


@pytest.fixture(scope="module")
def many(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings, found: list[records.Record]
) -> RunFolder:
    """A folder of two thousand records: copies of two, under other sentences, and failures."""
    folder = RunFolder(tmp_path_factory.mktemp("many") / "run", settings)
    apple, breaks, failed = found
    with folder.opened():
        for sentence in DONE:
            folder.keep(
                sentence,
                breaks if sentence == BREAKS else apple,
                FILES if sentence == page_of() else {},
            )
        for sentence in FAILED:
            folder.keep(sentence, failed, {})
    return folder


def page_of() -> str:
    return DONE[WITH_PAGE + 2]


@pytest.fixture(scope="module")
def reads() -> Counter[Path]:
    return Counter()


@pytest.fixture(scope="module")
def summary(many: RunFolder, settings: Settings, reads: Counter[Path]) -> RunSummary:
    """A command that finds all its sentences done, and the failures as other sentences."""
    read_bytes = Path.read_bytes

    def counted(path: Path) -> bytes:
        reads[path] += 1
        return read_bytes(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", counted)
        return run(DONE, settings, many.path, notebooks=False)


def test_each_record_is_read_once(
    summary: RunSummary, many: RunFolder, reads: Counter[Path]
) -> None:
    assert (summary.done, summary.earlier, summary.failed) == (len(DONE), len(DONE), ())
    assert summary.others == len(FAILED)
    expected = [
        many.path / "sentences" / folder_name(text) / "record.json" for text in DONE + FAILED
    ]
    assert {path: reads[path] for path in expected} == dict.fromkeys(expected, 1)


def test_the_tables_hold_every_sentence_in_order(summary: RunSummary) -> None:
    table = pyarrow.parquet.read_table(summary.folder / "results.parquet")
    listed = table["sentence"].to_pylist()
    assert listed[: len(DONE)] == DONE
    assert set(listed[len(DONE) :]) == set(FAILED)
    with (summary.folder / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sentence"] for row in rows] == listed
    for row, vector in zip(rows, table["embedding"].to_pylist(), strict=True):
        assert (json.loads(row["embedding"]) if row["embedding"] else None) == vector


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_embeddings_have_the_type_that_embed_writes(
    tiny: Encoder, found: list[records.Record], dtype: str
) -> None:
    apple, _, failed = found
    whole = {**apple, "embedding": np.array(apple["embedding"], dtype=float)}
    column = records_table([whole, failed], dtype)["embedding"].combine_chunks()
    embedded = embed_columns(tiny, [APPLE], Recipe())[0].arrays()["embedding"]
    assert column.type == pa.list_(pa.type_for_alias(dtype), tiny.hidden_size)
    assert embedded.type == pa.list_(pa.float64(), tiny.hidden_size)
    assert column.is_null().to_pylist() == [False, True]
    assert None in apple["embedding"]  # undefined: the record keeps it, and the table has 0
    assert column[0].values.null_count == 0
    np.testing.assert_allclose(column[0].as_py(), embedded[0].as_py(), rtol=1e-6)


def test_a_table_of_failures_alone_has_no_vector(found: list[records.Record]) -> None:
    table = records_table([found[2]], "float64")
    assert table["embedding"].to_pylist() == [None]


# The index


@pytest.fixture
def page(browser: Browser, summary: RunSummary) -> Page:
    shown, requested, failed = open_page(browser, (summary.folder / "index.html").as_uri())
    assert len(requested) == 1
    assert failed == []
    return shown


def test_the_index_draws_a_page_of_rows_at_a_time(page: Page) -> None:
    failures, results = page.locator("section").all()
    assert failures.locator("tbody tr").count() == results.locator("tbody tr").count() == PAGE_ROWS
    said = results.get_by_role("status")
    assert said.inner_text() == "of 19: rows 1 to 100 of 1,852"
    results.get_by_role("button", name="Next").press("Enter")
    assert said.inner_text() == "of 19: rows 101 to 200 of 1,852"
    assert results.locator("tbody tr").first.inner_text().startswith(DONE[PAGE_ROWS])
    assert results.get_by_role("button", name="Next").evaluate(
        "it => it === document.activeElement"
    )
    for typed, rows in (("19", "1,801 to 1,852"), ("99", "1,801 to 1,852"), ("0", "1 to 100")):
        results.get_by_label("Page").fill(typed)
        results.get_by_label("Page").press("Enter")
        assert said.inner_text() == f"of 19: rows {rows} of 1,852"
        assert results.locator("tbody tr").count() <= PAGE_ROWS
    assert failures.get_by_role("status").inner_text() == "of 2: rows 1 to 100 of 150"
    page.close()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("HELLO 1234 ", [page_of()]),
        ("1234 &> It's", [page_of()]),
        ("apple.", [APPLE]),
        ("failed 149", ["failed 149"]),
        ("&amp;", []),
        ("notebook", []),
        ("href", []),
    ],
)
def test_a_search_finds_the_rows_with_all_words(
    page: Page, typed: str, expected: list[str]
) -> None:
    page.get_by_label("Search").fill(typed)
    texts = page.locator("tbody td.sentence").all_inner_texts()
    assert [text.removesuffix("\nnotebook") for text in texts] == expected
    assert page.locator("#count").inner_text() == f"{len(expected)} of 2,002 rows"
    links = page.locator("tbody td.sentence > a:not(.soft)")
    assert links.count() == expected.count(page_of())
    if links.count():
        links.click()
        assert page.title() == "its page"
    page.close()


def test_a_search_with_many_hits_draws_a_page_of_them(page: Page) -> None:
    page.get_by_label("Search").fill("it's day-6")
    assert page.locator("#count").inner_text() == "264 of 2,002 rows"
    rows = page.locator("tbody tr")
    assert rows.count() == PAGE_ROWS
    page.locator("section").nth(1).get_by_role("button", name="Next").click()
    assert rows.first.inner_text().startswith(f"hello {6 + 7 * PAGE_ROWS} ")
    page.get_by_label("Search").fill("")
    assert page.locator("#count").inner_text() == ""
    assert rows.count() == 2 * PAGE_ROWS
    page.close()


def test_without_scripts_the_index_has_the_first_rows_and_says_so(
    browser: Browser, summary: RunSummary
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((summary.folder / "index.html").as_uri())
    assert page.locator("tbody tr:visible").count() == 2 * PAGE_ROWS
    assert page.get_by_text("The first 100 of 1,852.").is_visible()
    assert page.get_by_text("The first 100 of 150.").is_visible()
    assert not page.locator("input:visible, button:visible").count()
    context.close()
