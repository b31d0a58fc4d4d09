"""Every page of the built book, as readers meet it: served, from a file, on a phone, on paper."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from editions import CHINESE, TRANSLATED
from helpers.pages import html_pages, open_page
from helpers.paths import ROOT

HEAVIEST = 3_000_000  # bytes
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
A4 = {"width": 680, "height": 986}  # less the margins, in CSS pixels
WELL_FORMED = re.compile(r"https://[\w.-]+\.\w+(/\S*)?")
GRAVE = ("serious", "critical")

# What the theme does and we cannot mend, as (rule, selector) with the reason. Nothing so far.
EXCUSED: dict[tuple[str, str], str] = {}

FACTS = """() => {
  const all = (selector, of) => [...document.querySelectorAll(selector)].map(of);
  const seen = (element) => element.checkVisibility();
  return {
    links: all("a[href]", (link) => link.href),
    anchors: all("[id], a[name]", (each) => each.id || each.name),
    headings: all("main :is(h1, h2, h3, h4, h5, h6)", (each) => each)
      .filter(seen).map((heading) => Number(heading.tagName[1])),
    unnamed: all("img", (each) => each)
      .filter((image) => seen(image) && !image.alt.trim()).map((image) => image.src),
    vague: all(".bd-article :is(img, .drawn)", (each) => [each, each.alt ?? each.ariaLabel])
      .filter(([each, alt]) => alt.length <= (each.closest(":lang(zh)") ? 15 : 40))
      .map(([each, alt]) => `${each.src ?? "a figure"}: ${alt}`),
    unseen: all(".bd-article img", (each) => each)
      .filter((image) => !image.complete || !image.naturalWidth).map((image) => image.src),
  };
}"""
SPILLED = """() => {
  const edge = document.documentElement.clientWidth + 1;
  const scrolls = (each) => ["auto", "scroll"].includes(getComputedStyle(each).overflowX);
  const within = (each) => each && (scrolls(each) || within(each.parentElement));
  return [...document.querySelectorAll("main *")]
    .filter((each) => each.checkVisibility() && !each.closest(".bd-sidebar-secondary"))
    .filter((each) => each.getBoundingClientRect().right > edge && !within(each.parentElement))
    .map((each) => each.outerHTML.slice(0, 100));
}"""
CUT = """() => {
  const edge = document.documentElement.clientWidth + 1;
  const hides = (each) => getComputedStyle(each).overflowX !== "visible"
    && each.scrollWidth > each.clientWidth + 1;
  const hangs = (each) => getComputedStyle(each).overflowY !== "visible"
    && each.scrollHeight > each.clientHeight + 1;
  return [...document.querySelectorAll(".bd-article *")]
    .filter((each) => each.checkVisibility() && !each.closest("math"))
    .filter((each) => each.getBoundingClientRect().right > edge || hides(each) || hangs(each))
    .map((each) => each.outerHTML.slice(0, 100));
}"""


@dataclass(frozen=True)
class Visit:
    """What a reader's browser met on one page.

    Attributes:
        requested: Every address that was asked for, the page's own first.
        failed: What failed, or was reported as an error.
        links: Where links lead.
        anchors: Where links can lead to.
        headings: The levels of the headings, in their order.
        images: Images without an alternative text, figures with a short one, or not shown.
        violations: Grave findings of axe-core, by light and dark.
        spilled: What is wider than a phone and does not scroll by itself.
        cut: What paper would cut.
    """

    requested: list[str]
    failed: list[str]
    links: list[str]
    anchors: set[str]
    headings: list[int]
    images: list[str]
    violations: list[str]
    spilled: list[str]
    cut: list[str]


def pages_of(site: Path) -> list[str]:
    """List every page; of the other edition, what is translated."""
    return html_pages(site, CHINESE.name) + [f"{CHINESE.name}/{page}.html" for page in TRANSLATED]


@pytest.fixture(scope="module")
def visits(browser: Browser, site: Path, address: str) -> dict[str, Visit]:
    """Each page, visited once."""
    return {name: visit(browser, f"{address}/{name}") for name in pages_of(site)}


def visit(browser: Browser, url: str) -> Visit:
    page, requested, failed = open_page(browser, url, viewport=PHONE, reduced_motion="reduce")
    # What axe-core itself asks for is not the page's doing.
    requested, failed = list(requested), list(failed)
    spilled = page.evaluate(SPILLED)
    page.evaluate(AXE_SCRIPT)
    violations = [f"phone: {each}" for each in judge(page)]
    page.set_viewport_size(DESKTOP)
    facts = page.evaluate(FACTS)
    violations += [f"desktop: {each}" for each in judge(page)]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    violations += [f"dark: {each}" for each in judge(page, ["color-contrast"])]
    page.set_viewport_size(A4)
    page.emulate_media(media="print")
    cut = page.evaluate(CUT)
    page.close()
    return Visit(
        requested=requested,
        failed=failed,
        links=facts["links"],
        anchors=set(facts["anchors"]),
        headings=facts["headings"],
        images=[*facts["unnamed"], *facts["vague"], *facts["unseen"]],
        violations=violations,
        spilled=spilled,
        cut=cut,
    )


def judge(page: Page, rules: list[str] | None = None) -> Iterator[str]:
    """Let axe-core judge a page as it is shown; yields what is grave."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = rules
    for found in page.evaluate("options => axe.run(options)", options)["violations"]:
        if found["impact"] not in GRAVE:
            continue
        for node in found["nodes"]:
            if (found["id"], selector := node["target"][-1]) not in EXCUSED:
                yield f"{found['id']} ({found['impact']}): {selector}"


def faults(
    visits: dict[str, Visit], find: Callable[[str, Visit], list[str]]
) -> dict[str, list[str]]:
    """List what is wrong, by page."""
    found = {name: find(name, each) for name, each in visits.items()}
    return {name: wrong for name, wrong in found.items() if wrong}


def test_there_are_pages_for_every_chapter_and_for_search(visits: dict[str, Visit]) -> None:
    chapters = {f"notebooks/{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {"intro.html", "search.html", "genindex.html"} | chapters <= set(visits)


def test_no_request_leaves_the_book(visits: dict[str, Visit], address: str) -> None:
    def outside(_: str, each: Visit) -> list[str]:
        return [url for url in each.requested if not url.startswith((f"{address}/", "data:"))]

    assert faults(visits, outside) == {}


def test_nothing_fails_and_nothing_is_reported_as_an_error(visits: dict[str, Visit]) -> None:
    assert faults(visits, lambda _, each: each.failed) == {}


def test_from_a_file_a_page_asks_nobody_and_works(browser: Browser, site: Path) -> None:
    found = {}
    for name in pages_of(site):
        page, requested, failed = open_page(browser, (site / name).as_uri())
        inside = (f"{site.as_uri()}/", "data:")
        wrong = [url for url in requested if not url.startswith(inside)] + failed
        if wrong:
            found[name] = wrong
        page.close()
    assert found == {}


def test_the_search_works_from_a_file(browser: Browser, site: Path) -> None:
    page, requested, _ = open_page(browser, f"{(site / 'search.html').as_uri()}?q=attention")
    page.locator("#search-results li a").first.wait_for(timeout=20_000)
    assert all(url.startswith(f"{site.as_uri()}/") for url in requested)
    page.close()


def test_icons_and_formulas_have_their_fonts_from_a_file(browser: Browser, site: Path) -> None:
    name = "notebooks/01_two_vectors.html"
    page, _, _ = open_page(browser, (site / name).as_uri())
    loaded = page.evaluate(
        "[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family)"
    )
    assert {"Formulas", "Font Awesome 6 Free"} <= set(loaded)
    assert page.locator("main math").count() > 0
    page.close()


def test_accessibility_has_no_grave_violation(visits: dict[str, Visit]) -> None:
    assert faults(visits, lambda _, each: each.violations) == {}


def test_headings_are_in_order(visits: dict[str, Visit]) -> None:
    def disorder(_: str, each: Visit) -> list[str]:
        levels = each.headings
        skipped = [f"h{one} then h{two}" for one, two in pairwise(levels) if two > one + 1]
        return skipped + ([] if Counter(levels)[1] == 1 and levels[0] == 1 else [f"{levels}"])

    assert faults(visits, disorder) == {}


def test_every_image_is_shown_and_has_an_alternative_text(visits: dict[str, Visit]) -> None:
    assert faults(visits, lambda _, each: each.images) == {}


def test_a_phone_shows_every_page_whole(visits: dict[str, Visit]) -> None:
    assert faults(visits, lambda _, each: each.spilled) == {}


def test_paper_cuts_nothing(visits: dict[str, Visit]) -> None:
    assert faults(visits, lambda _, each: each.cut) == {}


def test_no_page_is_heavy(visits: dict[str, Visit], site: Path, address: str) -> None:
    weights = {name: weight(each, site, address) for name, each in visits.items()}
    assert min(weights.values()) > 100_000
    assert {name: f"{size / 1e6:.1f} MB" for name, size in weights.items() if size > HEAVIEST} == {}


def test_a_page_states_its_weight(visits: dict[str, Visit], site: Path, address: str) -> None:
    """It counts fonts that the page may not need, hence "at most"."""

    def misstated(name: str, each: Visit) -> list[str]:
        text = (site / name).read_text(encoding="utf-8")
        found = re.search(r'class="page-weight">([\d.]+) MB<', text)
        measured = weight(each, site, address) / 1e6
        right = found and measured - 0.05 <= float(found[1]) <= measured + 0.5
        return [] if right else [f"{found and found[1]}, but {measured:.2f}"]

    assert faults(visits, misstated) == {}


def weight(each: Visit, site: Path, address: str) -> int:
    """Add up a page's files, as they are before any compression."""
    files = {urlsplit(url).path.removeprefix(urlsplit(address).path) for url in each.requested}
    return sum((site / file.lstrip("/")).stat().st_size for file in files if file)


def test_links_within_the_book_lead_somewhere(
    visits: dict[str, Visit], site: Path, address: str
) -> None:
    def broken(_: str, each: Visit) -> list[str]:
        inside = sorted({link for link in each.links if link.startswith(f"{address}/")})
        return [link for link in inside if not leads_somewhere(link)]

    def leads_somewhere(link: str) -> bool:
        url, fragment = urldefrag(link)
        file = urlsplit(url).path.removeprefix(urlsplit(address).path).lstrip("/")
        if not fragment or file not in visits:
            return (site / file).is_file()
        # The explorer reads a view off its address; its own tests follow such links.
        view = file == "explorer.html" and fragment.startswith("sentence-")
        return view or fragment in visits[file].anchors

    assert sum(len(each.links) for each in visits.values()) > 100
    assert faults(visits, broken) == {}


def test_links_out_of_the_book_are_well_formed(visits: dict[str, Visit], address: str) -> None:
    def malformed(_: str, each: Visit) -> list[str]:
        outside = {link for link in each.links if not link.startswith(f"{address}/")}
        return [link for link in sorted(outside) if not WELL_FORMED.fullmatch(link)]

    assert faults(visits, malformed) == {}
