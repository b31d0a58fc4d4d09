"""The built book, as a reader's browser shows it."""

import ast
import html
import inspect
import json
import os
import re
import subprocess
import sys
from collections import Counter
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from matplotlib.colors import to_hex
from playwright.sync_api import Browser
from pybtex.database import parse_file

from helpers.pages import open_page
from helpers.paths import ROOT
from trendlib.articles import reproduce
from trendlib.evaluate import cards, claims
from trendlib.evaluate.results import BOOK_FIGURES
from trendlib.model.weights import BERT_BASE, MINILM, find_weights
from trendlib.show.style import PALETTE

PAGES = [
    "intro",
    "explorer",
    "notation",
    "glossary",
    "bibliography",
    "trust",
    "changelog",
    "api/index",
    "api/attention",
    "api/encoding",
    "notebooks/01_two_vectors",
    "notebooks/02_walkthrough",
    "notebooks/03_with_a_model",
    "notebooks/04_printed_figures",
    "notebooks/05_your_sentences",
    "notebooks/06_a_whole_corpus",
    "notebooks/07_heads_or_layers",
    "notebooks/08_complementary_trends",
    "notebooks/09_related_by_syntax",
    "notebooks/10_alternative_to_cls",
    "notebooks/11_contexts_told_apart",
    "notebooks/12_what_would_work",
    "notebooks/13_another_model",
    "api/evaluation",
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


def test_the_opening_page_has_a_card_of_the_results_for_each_claim(site: Path) -> None:
    page = html.unescape((site / "intro.html").read_text(encoding="utf-8"))
    shown = " ".join(re.sub(r"<[^>]+>", "", page).replace("’", "'").split())
    assert claims.claims_note() in shown
    for claim in claims.CLAIMS:
        assert f'href="notebooks/{claim.chapter}.html"' in page
        found = {finding.model: finding for finding in claims.findings(claim)}
        assert set(found) >= {BERT_BASE.name, MINILM.name}
        assert found[MINILM.name].verdict is not claims.ClaimVerdict.NOT_RUN
        verdict = found[MINILM.name].verdict
        decided = cards.decisive(claim, verdict, BOOK_FIGURES / MINILM.name)
        assert decided.replace("**", "") in shown


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("no/such/model", "unknown model 'no/such/model'"),
        ("no-such-model", "no-such-model@main is not in the cache"),
    ],
)
def test_the_build_refuses_an_unknown_model(tmp_path: Path, model: str, told: str) -> None:
    command = [sys.executable, ROOT / "book" / "tools" / "build.py", "--model", model]
    result = subprocess.run(
        [*command, "--out", tmp_path],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert told in result.stderr
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
    for figure in page.locator(".bd-article .drawn").all():
        assert len(figure.get_attribute("aria-label") or "") > 40
        assert figure.locator("svg").bounding_box()["height"] > 100
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opened_from_a_file_asks_nobody(browser: Browser, site: Path, name: str) -> None:
    page, requested, _ = open_page(browser, (site / f"{name}.html").as_uri())
    assert [url for url in requested if not url.startswith(("file:", "data:"))] == []
    if name == "notation":
        assert page.locator("main math").count() > 0
    page.close()


def test_the_walkthrough_is_readable(browser: Browser, address: str) -> None:
    page, _, _ = open_page(browser, f"{address}/notebooks/03_with_a_model.html")
    text = page.locator("main").inner_text()
    assert "The same with a model you have" in text
    assert "The focus word is “want”" in text
    assert "Traceback" not in text
    assert page.locator("main figure").count() == 3
    assert page.locator("main figcaption").count() == 3
    page.close()


def test_the_printed_figures_stand_beside_ours(browser: Browser, address: str) -> None:
    page, _, _ = open_page(browser, f"{address}/notebooks/04_printed_figures.html")
    text = page.locator("main").inner_text()
    assert "as published: bert-base-uncased" in text
    assert re.search(r"focus\s+word\s+want\s+want\s+equal", text)
    page.close()


def test_the_index_leads_to_the_opening_page(browser: Browser, address: str) -> None:
    page, _, _ = open_page(browser, f"{address}/index.html")
    page.wait_for_url("**/intro.html")
    assert page.locator("h1").first.inner_text().startswith("Trend embeddings, reproduced")
    page.close()


def words_of(page: Path) -> str:
    """Read what a page shows, as one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.read_text("utf-8"))).split())


@pytest.fixture(scope="module")
def manifest(site: Path) -> dict[str, Any]:
    (path,) = site.glob("_downloads/*/manifest.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_the_manifest_is_true(manifest: dict[str, Any]) -> None:
    weights = find_weights(MINILM.name)
    assert manifest["model"] == {
        "name": weights.name,
        "revision": weights.revision,
        "weights_sha256": weights.sha256,
        "dtype": "float64",
    }
    for name, found in manifest["versions"].items():
        if name != "python":
            assert found == version(name)
    assert set(manifest["notebooks"]) == {path.stem for path in ROOT.glob("notebooks/*.ipynb")}
    for run in manifest["notebooks"].values():
        assert run["seconds"] > 0
        assert run["run"] <= manifest["date"]


def test_the_manifest_counts_what_was_reproduced(manifest: dict[str, Any]) -> None:
    """The embedded model is not the articles' own: what needs a model was not run."""
    counts = Counter()
    for row in manifest["figures"]:
        for verdict in ("equal", "differs", "not run"):
            counts[row["recomputed_from"], verdict] += row[verdict]
    assert +counts == {
        ("printed data", "equal"): len(reproduce.compare_printed()),
        (MINILM.name, "not run"): len(reproduce.comparisons_not_run("")),
    }


def test_the_page_says_what_the_manifest_says(site: Path, manifest: dict[str, Any]) -> None:
    text = words_of(site / "trust.html")
    for value in (manifest["date"], manifest["commit"], *manifest["model"].values()):
        assert value in text
    for name, found in manifest["versions"].items():
        assert f"{name} {found}" in text
    for run in manifest["notebooks"].values():
        assert f"{run['run']} {run['seconds']}" in text
    for row in manifest["figures"]:
        article = row["article"].replace("_", " ")
        numbers = " ".join(str(row[verdict]) for verdict in ("equal", "differs", "not run"))
        assert f"{article} {row['recomputed_from']} {numbers}" in text


def test_every_work_is_listed_once_as_cited_or_as_further_reading(site: Path) -> None:
    page = (site / "bibliography.html").read_text(encoding="utf-8")
    entries = parse_file(ROOT / "book" / "references.bib").entries
    assert page.count('class="citation"') == len(entries)
    for entry in entries.values():
        number = entry.fields.get("doi") or entry.fields.get("eprint") or entry.fields.get("url")
        if number:
            assert page.count(f"{number}</a>") == 1


def calls_of(notebook: Path) -> set[str]:
    """List the functions and classes of trendlib that a page shows, by their full names."""
    shown = [
        cell.source
        for cell in nbformat.read(notebook, as_version=4).cells
        if cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", [])
    ]
    code = "\n".join(shown)
    tree = ast.parse(TransformerManager().transform_cell(code))  # "%pip" is no Python
    full: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("trendlib"):
            full |= {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    used = {
        full[node.id] for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in full
    }
    used |= {
        f"{full[node.value.id]}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in full
    }
    return {name for name in used if is_function_or_class(name)}


def is_function_or_class(name: str) -> bool:
    found = resolve_name(name)
    if inspect.isclass(found) and issubclass(found, Enum):
        return False  # its members are what is named
    return (inspect.isfunction(found) or inspect.isclass(found)) and name == (
        f"{found.__module__}.{found.__name__}"
    )


@pytest.mark.parametrize("notebook", sorted(ROOT.glob("notebooks/*.ipynb")), ids=lambda p: p.stem)
def test_code_leads_to_the_reference_and_the_reference_back(site: Path, notebook: Path) -> None:
    chapter = (site / "notebooks" / f"{notebook.stem}.html").read_text(encoding="utf-8")
    reference = {path: path.read_text("utf-8") for path in site.glob("api/*.html")}
    calls = calls_of(notebook)
    assert len(calls) > 3
    for name in calls:
        (page,) = [path for path, text in reference.items() if f'id="{name}"' in text]
        assert f'href="../api/{page.name}#{name}"' in chapter, name
        explained = reference[page].split(f'id="{name}"')[1].split("</details>")[0]
        assert f"notebooks/{notebook.stem}.html" in explained, name


def test_the_reference_is_readable(site: Path) -> None:
    for path in site.glob("api/*.html"):
        text = words_of(path)
        for internal in ("ndarray, '", "PosixPath", "object at 0x", "typing.Annotated"):
            assert internal not in text, path.name
    signature = words_of(site / "api" / "trend.html")
    assert "log_quotient ( static : Vector , contextual : Vector , ) → Trend" in signature
    assert "Floating-point numbers, with the axes state, token, hidden." in words_of(
        site / "api" / "encoding.html"
    )


def test_equations_and_figures_have_numbers(site: Path) -> None:
    text = words_of(site / "notebooks" / "03_with_a_model.html")
    assert all(f"Fig. 3.{number}" in text for number in range(1, 4))
    glossary = words_of(site / "glossary.html")
    assert re.search(r"equation \(\d+\) \.", glossary)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_take_the_colours_of_the_theme(browser: Browser, site: Path, theme: Any) -> None:
    url = (site / "notebooks" / "03_with_a_model.html").as_uri()
    page, *_ = open_page(browser, url, color_scheme=theme)
    assert page.locator(".drawn svg").count() == 3
    palette = {getattr(colour, theme): colour.name for colour in PALETTE}
    text = page.locator(".drawn text", has_text="attention to (key)").first
    fill = text.evaluate("text => getComputedStyle(text).fill")
    assert palette[to_hex([int(part) / 255 for part in re.findall(r"\d+", fill)])] == "ink"
    ground = "svg => getComputedStyle(svg).backgroundColor"
    assert page.locator(".drawn svg").first.evaluate(ground) == "rgba(0, 0, 0, 0)"
    assert page.locator("#ground, [id$='-ground']").count() == 0
    names = page.locator("[id]").evaluate_all("all => all.map((each) => each.id)")
    assert len(names) == len(set(names))
    page.close()


def test_links_of_chapters_lead_to_the_books_pages(site: Path) -> None:
    """In the repository, and so in the notebooks, those pages are in a folder of their own."""
    page = (site / "notebooks" / "01_two_vectors.html").read_text(encoding="utf-8")
    for target in ("../glossary.html", "../notation.html", "../bibliography.html"):
        assert f'href="{target}"' in page
    assert "../book/" not in page


def test_the_opening_page_tells_the_idea_in_one_screen(browser: Browser, address: str) -> None:
    page, _, _ = open_page(browser, f"{address}/intro.html")
    page.set_viewport_size({"width": 1280, "height": 800})
    box = page.locator("main figure svg").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 800
    assert page.locator("main figure").count() == 1
    page.close()


@pytest.mark.parametrize("name", ["api/corpora", "api/interfaces", "trust", "glossary", "notation"])
def test_reference_pages_fit_a_phone(browser: Browser, site: Path, name: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((site / f"{name}.html").as_uri())
    too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(too_wide) <= 0
    page.close()
