"""Every page of the built book, as readers meet it: served, from a file, on a phone, on paper."""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import Browser, Page, Route
from site_address import site_address

from address import repository
from editions import CHINESE, TRANSLATED
from helpers.pages import Reader, html_pages, open_page
from helpers.paths import ROOT

REPOSITORY = f"https://github.com/{repository(ROOT)}"
ADDRESS = site_address(REPOSITORY)
HEAVIEST = 3_000_000  # bytes
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
A4 = {"width": 680, "height": 986}  # less the margins, in CSS pixels
WELL_FORMED = re.compile(r"https://[\w.-]+\.\w+(/\S*)?")
GRAVE = ("serious", "critical")
CONTRAST = "color-contrast"
LONGEST_REFERENCE = 16_000  # pixels, on a desktop
UNDESCRIBED = {"search.html", "genindex.html"}  # what Sphinx writes from no page
LINES = range(60, 86)  # letters, in whichever font the machine has

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


# Words of tables that go on in another line without a sign or a place where they may break.
BROKEN = r"""() => {
  const range = document.createRange();
  const lines = (text, start, end) => {
    range.setStart(text, start);
    range.setEnd(text, end);
    return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
  };
  const found = [];
  for (const cell of document.querySelectorAll(".bd-article :is(td, th)")) {
    if (!cell.checkVisibility() || cell.closest(":lang(zh)")) continue;
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { currentNode: text } = texts;
      for (const word of text.data.matchAll(/[\p{L}\p{N}_.]+/gu)) {
        if (lines(text, word.index, word.index + word[0].length) > 1) found.push(word[0]);
      }
    }
  }
  return found;
}"""
# Boxes that scroll sideways, but cannot be reached or do not show that they go on.
UNMARKED = """() => [...document.querySelectorAll(".bd-article .pst-scrollable-table-container")]
  .filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
  .filter((box) => box.tabIndex !== 0 || getComputedStyle(box).maskImage === "none")
  .map((box) => box.textContent.slice(0, 60))"""
SETTLED = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await document.fonts.ready;
  await frame();
  await Promise.allSettled(document.getAnimations().map((each) => each.finished));
  await frame();
  await frame();
}"""
"""Fonts are there, the sidebar has slid in, and boxes are marked that follow from their sizes."""
# One text of each look: its colour, size and weight, and what lies behind it.
LOOKS = """(() => {
  const looks = new Map();
  const kept = new Map();
  const behind = (each) => {
    if (!each) return "";
    if (!kept.has(each)) {
      const style = getComputedStyle(each);
      const { backgroundColor, backgroundImage, opacity, position, zIndex } = style;
      const own = [backgroundColor, backgroundImage, opacity, position, zIndex].join();
      kept.set(each, `${behind(each.parentElement)};${own}`);
    }
    return kept.get(each);
  };
  for (const each of document.querySelectorAll("body, body *")) {
    const says = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!says || !each.checkVisibility()) continue;
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(each);
    const look = [color, fontSize, fontWeight, textShadow, behind(each)].join();
    if (!looks.has(look)) looks.set(look, each);
  }
  return [...looks.values()];
})()"""
LETTERS = """() => [...document.querySelectorAll(".bd-article section > p")].map((paragraph) => {
  const height = parseFloat(getComputedStyle(paragraph).lineHeight);
  return [paragraph.textContent.length, Math.round(paragraph.clientHeight / height)];
})"""


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
        broken: Words and numbers of tables that a phone would break.
        unmarked: Tables that go on beyond a phone's edge and do not show it.
        height: How long the page is, on a desktop.
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
    broken: list[str]
    unmarked: list[str]
    height: int


def pages_of(site: Path) -> list[str]:
    """List every page; of the other edition, what is translated."""
    return html_pages(site, CHINESE.name) + [f"{CHINESE.name}/{page}.html" for page in TRANSLATED]


@pytest.fixture(scope="module")
def visits(browser: Browser, site: Path, address: str) -> dict[str, Visit]:
    """Each page, visited once; those with formulas last, since a tab asks for their font again."""
    reader = Reader(browser, reduced_motion="reduce")
    pages = sorted(pages_of(site), key=lambda name: "<math" in (site / name).read_text("utf-8"))
    return {name: visit(reader, f"{address}/{name}") for name in pages}


def visit(reader: Reader, url: str) -> Visit:
    page = reader.page
    page.emulate_media(media="screen")
    page.set_viewport_size(PHONE)
    reader.open(url)
    page.evaluate(SETTLED)
    # What axe-core itself asks for is not the page's doing.
    requested, failed = list(reader.requested), list(reader.failed)
    spilled, broken = page.evaluate(SPILLED), page.evaluate(BROKEN)
    unmarked = page.evaluate(UNMARKED)
    page.evaluate(AXE_SCRIPT)
    # What a phone shows, a desktop shows too, in the same colours: contrast is judged there.
    violations = [f"phone: {each}" for each in judge(page, without=CONTRAST)]
    page.set_viewport_size(DESKTOP)
    page.evaluate(SETTLED)
    facts = page.evaluate(FACTS)
    height = page.evaluate("document.querySelector('main').scrollHeight")
    broken += page.evaluate(BROKEN)
    violations += [f"desktop: {each}" for each in judge(page)]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.evaluate(SETTLED)
    # Only colours are others in the dark, and of thousands of texts, axe-core takes seconds.
    violations += [f"dark: {each}" for each in judge(page, only=CONTRAST, what=LOOKS)]
    page.set_viewport_size(A4)
    page.emulate_media(media="print")
    cut = page.evaluate(CUT)
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
        broken=broken,
        unmarked=unmarked,
        height=height,
    )


def judge(
    page: Page, *, only: str = "", without: str = "", what: str = "document"
) -> Iterator[str]:
    """Let axe-core judge a page as it is shown, by all rules or some; yields what is grave."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if only:
        options["runOnly"] = [only]
    if without:
        options["rules"] = {without: {"enabled": False}}
    for found in page.evaluate(f"options => axe.run({what}, options)", options)["violations"]:
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
    reader = Reader(browser)
    inside = (f"{site.as_uri()}/", "data:")
    found = {}
    for name in pages_of(site):
        reader.open((site / name).as_uri())
        wrong = [url for url in reader.requested if not url.startswith(inside)] + reader.failed
        if wrong:
            found[name] = wrong
    reader.page.close()
    assert found == {}


def test_the_search_works_from_a_file(browser: Browser, site: Path) -> None:
    page, requested, _ = open_page(browser, f"{(site / 'search.html').as_uri()}?q=attention")
    page.locator("#search-results li a").first.wait_for(timeout=20_000)
    assert all(url.startswith(f"{site.as_uri()}/") for url in requested)
    page.close()


def test_icons_and_formulas_have_their_fonts_from_a_file(browser: Browser, site: Path) -> None:
    page, _, _ = open_page(browser, (site / "notation.html").as_uri())
    loaded = page.evaluate(
        "[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family)"
    )
    assert {"Formulas", "Font Awesome 6 Free"} <= set(loaded)
    assert page.locator("main math").count() > 0
    page.close()


def test_accessibility_has_no_grave_violation(visits: dict[str, Visit]) -> None:
    assert faults(visits, lambda _, each: each.violations) == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_text_that_is_hard_to_read_is_found(browser: Browser, address: str, theme: str) -> None:
    page, _, _ = open_page(browser, f"{address}/notation.html", viewport=DESKTOP)
    page.evaluate(AXE_SCRIPT)
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.evaluate(SETTLED)
    assert list(judge(page, only=CONTRAST, what=LOOKS)) == []
    page.add_style_tag(content=".bd-article td:last-child { color: #7777; }")
    found = judge(page, only=CONTRAST, what=LOOKS)
    assert {each.split()[0] for each in found} == {CONTRAST}
    page.close()


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


def test_no_word_or_number_of_a_table_is_broken(visits: dict[str, Visit]) -> None:
    assert faults(visits, lambda _, each: each.broken) == {}


def test_a_table_that_goes_on_shows_it_and_takes_the_keyboard(visits: dict[str, Visit]) -> None:
    assert faults(visits, lambda _, each: each.unmarked) == {}


def test_pages_of_the_reference_have_a_sensible_length(visits: dict[str, Visit]) -> None:
    heights = {name: each.height for name, each in visits.items() if name.startswith("api/")}
    assert len(heights) > 20
    assert {name: height for name, height in heights.items() if height > LONGEST_REFERENCE} == {}


@pytest.mark.parametrize("width", [1440, 1920])
def test_lines_of_text_are_neither_short_nor_long(
    browser: Browser, address: str, width: int
) -> None:
    page, _, _ = open_page(
        browser,
        f"{address}/notebooks/02_walkthrough.html",
        viewport={"width": width, "height": 900},
    )
    # The last line of a paragraph is half full, on the average.
    long = [letters / (lines - 0.5) for letters, lines in page.evaluate(LETTERS) if lines > 2]
    assert len(long) > 5
    assert round(sum(long) / len(long)) in LINES
    page.close()


def soup_of(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_headings_of_tables_are_not_stacked(site: Path) -> None:
    for path in [site / name for name in pages_of(site)]:
        for row in soup_of(path).select("thead tr"):
            texts = [cell.get_text(strip=True) for cell in row.find_all(["th", "td"])]
            assert not texts or any(texts), path.name
            # What names the rows has been put beside the names of the columns.
            below = row.find_previous_sibling("tr")
            assert below is None or len(texts) < 3 or any(texts[2:]), path.name


def test_the_magnifier_is_beside_the_words(browser: Browser, address: str) -> None:
    page, _, _ = open_page(browser, f"{address}/search.html")
    icon = page.locator(".bd-search-container .bd-search i").bounding_box()
    field = page.locator(".bd-search-container .bd-search input")
    box = field.bounding_box()
    padding = field.evaluate("field => parseFloat(getComputedStyle(field).paddingLeft)")
    assert icon is not None
    assert box is not None
    assert icon["x"] + icon["width"] < box["x"] + padding
    page.close()


def test_a_page_describes_itself_to_other_sites(site: Path) -> None:
    described = set()
    for name in set(pages_of(site)) - UNDESCRIBED:
        tags = soup_of(site / name).select("meta[content]")
        told = {tag.get("property") or tag.get("name"): str(tag["content"]) for tag in tags}
        assert 30 < len(told["description"]) <= 201, name
        assert told["og:description"] == told["description"]
        assert told["og:url"] == f"{ADDRESS}{name}"
        assert told["og:site_name"] == "trendbook"
        assert told["og:title"]
        image = told["og:image"].removeprefix(ADDRESS)
        assert Image.open(site / image).size == (1200, 630)
        assert len(told["og:image:alt"]) > 15
        described.add(told["description"])
    assert len(described) > 30  # and not the same everywhere


def test_icons_are_square(site: Path) -> None:
    page = soup_of(site / "notebooks" / "02_walkthrough.html")
    icons = {str(icon["href"]).partition("?")[0] for icon in page.select("link[rel=icon]")}
    assert icons == {"../_static/favicon.svg", "../_static/favicon.png"}
    assert Image.open(site / "_static" / "favicon.png").size == (180, 180)
    drawing = ElementTree.parse(site / "_static" / "favicon.svg").getroot()
    _, _, width, height = drawing.attrib["viewBox"].split()
    assert width == height


def test_a_reader_can_edit_a_page_and_open_an_issue(visits: dict[str, Visit]) -> None:
    for name, each in visits.items():
        if name in UNDESCRIBED:
            continue
        (edited,) = [link for link in each.links if link.startswith(f"{REPOSITORY}/edit/main/")]
        assert (ROOT / edited.removeprefix(f"{REPOSITORY}/edit/main/")).is_file(), name
        (issue,) = [link for link in each.links if link.startswith(f"{REPOSITORY}/issues/new?")]
        assert name.removeprefix("zh/").removesuffix(".html") in unquote(issue)


def test_the_page_for_no_page_leads_home_from_anywhere(browser: Browser, site: Path) -> None:
    """GitHub Pages shows it at whatever address was asked for, and its links must hold there."""
    page = browser.new_page()

    def serve(route: Route) -> None:
        asked = urlsplit(route.request.url).path.removeprefix(urlsplit(ADDRESS).path)
        file = site / asked
        found = file.is_file()
        route.fulfill(path=file if found else site / "404.html", status=200 if found else 404)

    page.route(f"{ADDRESS}**", serve)
    for way in ("intro.html", "zh/intro.html", "search.html", "zh/search.html"):
        page.goto(f"{ADDRESS}notebooks/no/such/page.html")
        page.locator(f"a[href$='{urlsplit(ADDRESS).path}{way}']").click()
        page.wait_for_url(f"{ADDRESS}{way}*")
    page.goto(f"{ADDRESS}nothing.html")
    page.evaluate(AXE_SCRIPT)
    assert list(judge(page)) == []
    page.emulate_media(color_scheme="dark")
    assert list(judge(page, only=CONTRAST)) == []
    page.close()


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
        view = file.endswith("explorer.html") and fragment.startswith(("sentence-", "typed-"))
        return view or fragment in visits[file].anchors

    assert sum(len(each.links) for each in visits.values()) > 100
    assert faults(visits, broken) == {}


def test_links_out_of_the_book_are_well_formed(visits: dict[str, Visit], address: str) -> None:
    def malformed(_: str, each: Visit) -> list[str]:
        outside = {link for link in each.links if not link.startswith(f"{address}/")}
        return [link for link in sorted(outside) if not WELL_FORMED.fullmatch(link)]

    assert faults(visits, malformed) == {}
