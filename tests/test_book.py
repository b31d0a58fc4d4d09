"""The built book, as a reader's browser shows it."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, open_page
from playwright.sync_api import Browser

PAGES = [
    "intro",
    "notation",
    "notebooks/01_token_trends",
    "notebooks/02_sentence_embedding",
    "notebooks/03_printed_figures",
    "notebooks/04_your_sentences",
    "notebooks/05_a_whole_corpus",
]


def test_the_build_leaves_the_sources_alone(site: Path) -> None:
    assert (site / "intro.html").is_file()
    assert not list(ROOT.glob("book/_build"))
    assert not list(ROOT.glob("book/**/*.woff"))


def test_no_page_names_this_machine(site: Path) -> None:
    for path in [*site.rglob("*.html"), *site.rglob("*.ipynb"), *site.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert str(site) not in text
        assert str(ROOT) not in text


def test_the_build_refuses_an_unknown_model(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "book" / "build.py", "--model", "no-such-model"]
    result = subprocess.run(
        [*command, "--out", tmp_path], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "unknown model 'no-such-model'" in result.stderr
    assert not (tmp_path / "_build").exists()


@pytest.mark.parametrize("name", PAGES)
def test_a_served_page_loads_whole_and_from_here_alone(
    browser: Browser, address: str, name: str
) -> None:
    page, requested, failed = open_page(browser, f"{address}/{name}.html")
    assert failed == []
    outside = [url for url in requested if not url.startswith((address, "data:"))]
    assert outside == []
    images = page.locator(".bd-article img")
    for index in range(images.count()):
        image = images.nth(index)
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
        assert len(image.get_attribute("alt") or "") > 40
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opened_from_a_file_asks_nobody(browser: Browser, site: Path, name: str) -> None:
    page, requested, _ = open_page(browser, (site / f"{name}.html").as_uri())
    assert [url for url in requested if not url.startswith(("file:", "data:"))] == []
    if name in ("notation", "notebooks/01_token_trends", "notebooks/02_sentence_embedding"):
        assert page.locator("main math").count() > 0
    page.close()


def test_the_walkthrough_is_readable(browser: Browser, address: str) -> None:
    page, _, _ = open_page(browser, f"{address}/notebooks/02_sentence_embedding.html")
    text = page.locator("main").inner_text()
    assert "Build a sentence embedding from two trends" in text
    assert "By all-MiniLM-L6-v2 and the reading “article”, the focus word is" in text
    assert "Traceback" not in text
    assert page.locator("main figure").count() == 6
    assert page.locator("main figcaption").count() == 6
    page.close()


def test_the_printed_figures_stand_beside_ours(browser: Browser, address: str) -> None:
    page, _, _ = open_page(browser, f"{address}/notebooks/03_printed_figures.html")
    text = page.locator("main").inner_text()
    assert "as published: bert-base-uncased" in text
    assert "By the printed matrix and the reading “article”, the focus word is “want”" in text
    page.close()


def test_the_index_leads_to_the_opening_page(browser: Browser, address: str) -> None:
    page, _, _ = open_page(browser, f"{address}/index.html")
    page.wait_for_url("**/intro.html")
    assert page.locator("h1").first.inner_text().startswith("Trend embeddings, reproduced")
    page.close()
