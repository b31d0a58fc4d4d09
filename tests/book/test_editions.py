"""The Chinese edition: every message translated, nothing left in English, each page led to."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest
import yaml
from babel.messages.catalog import Catalog, Message
from matplotlib.figure import Figure
from playwright.sync_api import Browser, Page

import catalogues
import editions
from editions import CHINESE, TRANSLATED, Edition, read_catalogue
from helpers.pages import html_pages, open_page
from helpers.paths import ROOT
from trendlib import language
from trendlib.language import CATALOGUE, LanguageError, _, ngettext
from trendlib.show.captions import captioned

DOMAINS = ("book", "sphinx", "trendlib")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# What Markdown and formulas need intact, wherever in the sentence it comes to stand.
KEPT = re.compile(r"\{\w+:?\w?\}`[^`]*`|(?<!\})`[^`]+`|\]\([^)]*\)|\$[^$]+\$")
LABEL = re.compile(r"(\{term\}`)[^<`]*<([^`]*)>`")
# Five words in a row, none of them a name or a quotation, are a sentence that was forgotten.
ENGLISH = re.compile(r"(?:\b[a-z][a-z'’-]*[ ,;:]+){4}[a-z]+\b")
PROSE = """() => [...document.querySelectorAll(
    "main :is(h1, h2, h3, p, li, dt, dd, td, th, figcaption), .bd-sidebar-primary a"
  )].filter((each) => each.checkVisibility())
    .map((each) => {
      const copy = each.cloneNode(true);
      copy.querySelectorAll("code, pre, math, dl, ul, select, .citation")
        .forEach((part) => part.remove());
      return copy.textContent.replaceAll(/\\s+/g, " ").trim();
    })"""


def catalogue_of(domain: str) -> Catalog:
    return read_catalogue(CHINESE.catalogue(domain))


def messages_of(domain: str) -> list[Message]:
    return [message for message in catalogue_of(domain) if message.id]


def pairs(message: Message) -> list[tuple[str, str]]:
    """A message and its translations; of several forms, Chinese has one."""
    if isinstance(message.id, str):
        return [(message.id, message.string)]
    return [(message.id[-1], string) for string in message.string]


@pytest.fixture(scope="module")
def found(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Catalog]:
    """The messages that the book has now."""
    out = tmp_path_factory.mktemp("messages") / "_build"
    return catalogues.find_messages(site.parent / "source", out)


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_message_is_in_the_catalogue_and_translated(
    found: dict[str, Catalog], domain: str
) -> None:
    written = catalogue_of(domain)
    known = {message.id for message in written}
    lacking = [message.id for message in found[domain] if message.id not in known]
    untranslated = list(catalogues.untranslated(written))
    assert lacking + untranslated == [], (
        "translate these: `make catalogues` lists them in the files"
    )
    now = {message.id for message in found[domain]}
    assert known - now == set(), "gone from the book: `make catalogues` takes them out"
    assert len(now) > 4


def test_a_message_without_a_translation_is_found() -> None:
    catalogue = Catalog("zh_CN")
    catalogue.add("forgotten")
    catalogue.add("doubtful", "可疑", flags=["fuzzy"])
    catalogue.add(("one", "many"), ("",))
    catalogue.add("done", "完成")
    assert list(catalogues.untranslated(catalogue)) == ["forgotten", "doubtful", "('one', 'many')"]


def test_an_update_keeps_translations_and_drops_what_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editions, "LOCALE", tmp_path)
    edition = Edition("zh", "zh_CN")
    path = edition.catalogue("book")
    path.parent.mkdir(parents=True)
    catalogues.update(edition, "book", catalogue_with("one", "two"))
    translated = path.read_text("utf-8").replace('"two"\nmsgstr ""', '"two"\nmsgstr "二"')
    path.write_text(translated, encoding="utf-8")
    catalogues.update(edition, "book", catalogue_with("two", "three"))
    strings = {message.id: message.string for message in read_catalogue(path) if message.id}
    assert strings == {"two": "二", "three": ""}


def catalogue_with(*texts: str) -> Catalog:
    catalogue = Catalog()
    for text in texts:
        catalogue.add(text, locations=[("intro", 0)])
    return catalogue


def test_captions_and_descriptions_of_figures_are_messages() -> None:
    code = [
        "from trendlib.show import plots\n",
        'captioned(draw(), caption="A " "line.", alt="Up.")',
    ]
    cells = [
        {"cell_type": "markdown", "source": ["captioned(1, caption='said')"]},
        {"cell_type": "code", "source": ["print('captioned')"]},
        {"cell_type": "code", "source": code},
    ]
    notebook = json.dumps({"cells": cells}).encode()
    assert list(catalogues.captions(notebook)) == ["A line.", "Up."]


@pytest.mark.parametrize("name", [name for name in TRANSLATED if name.startswith("notebooks/")])
def test_every_figure_of_a_translated_chapter_has_a_caption_in_the_catalogue(name: str) -> None:
    catalogue = catalogue_of("trendlib")
    found = list(catalogues.captions((ROOT / f"{name}.ipynb").read_bytes()))
    assert len(found) >= 6
    assert [text for text in found if not catalogue.get(text) or not catalogue[text].string] == []


def test_a_part_without_a_translation_keeps_its_name() -> None:
    config, toc = ((ROOT / "book" / name).read_bytes() for name in ("_config.yml", "_toc.yml"))
    configured = CHINESE.configured(config, toc.replace(b"caption: Use it", b"caption: Brand new"))
    captions = [part["caption"] for part in yaml.safe_load(configured["_toc.yml"])["parts"]]
    assert captions == ["方法", "Brand new", "探索", "论断检验", "文章之外", "参考"]
    config = yaml.safe_load(configured["_config.yml"])
    settings = config["sphinx"]["config"]
    assert settings["language"] == "zh_CN"
    assert settings["html_context"]["default_mode"] == "auto"  # what it does not change stays


@pytest.mark.parametrize("domain", DOMAINS)
def test_translations_keep_what_is_no_language(domain: str) -> None:
    """References, code, formulas, and the places of values; no number is typed in."""
    for message in messages_of(domain):
        for text, translated in pairs(message):
            kept = [sorted(KEPT.findall(LABEL.sub(r"\1\2`", each))) for each in (text, translated)]
            assert kept[0] == kept[1], text
            assert set(NUMBER.findall(translated)) <= set(NUMBER.findall(text)), text
            if domain == "trendlib":
                places = [sorted(Formatter().parse(each), key=str) for each in (text, translated)]
                named = [[part[1:3] for part in each if part[1]] for each in places]
                assert sorted(named[0]) == sorted(named[1]), text


@pytest.mark.parametrize("name", TRANSLATED)
def test_no_sentence_of_a_translated_page_is_english(
    browser: Browser, site: Path, name: str
) -> None:
    page, _, _ = open_page(browser, (site / CHINESE.name / f"{name}.html").as_uri())
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    texts = page.evaluate(PROSE)
    assert len(texts) > 40
    assert [text for text in texts if ENGLISH.search(text)] == []
    pictures = page.locator(".bd-article :is(img, [role=img])")
    for place in range(pictures.count()):
        picture = pictures.nth(place)
        described = picture.get_attribute("alt") or picture.get_attribute("aria-label")
        assert re.search(r"[\u4e00-\u9fff]{4}", str(described))
    terms = page.locator(".glossary dt").all_inner_texts()
    assert [term for term in terms if not re.search(r"[\u4e00-\u9fff]", term)] == []
    folded = page.locator(".bd-article summary").all_inner_texts()
    assert [text for text in folded if re.search("Show|Hide", text)] == []
    page.close()


def test_english_sentences_are_found(browser: Browser, site: Path) -> None:
    page, _, _ = open_page(browser, (site / "intro.html").as_uri())
    assert sum(bool(ENGLISH.search(text)) for text in page.evaluate(PROSE)) > 10
    page.close()


def test_results_are_said_in_chinese_with_the_same_figures(browser: Browser, site: Path) -> None:
    name = "notebooks/03_with_a_model.html"
    english, chinese = (outputs(browser, site / folder / name) for folder in (".", CHINESE.name))
    assert len(english) == len(chinese) > 3
    for ours, theirs in zip(english, chinese, strict=True):
        assert re.search(r"[\u4e00-\u9fff]", theirs)
        assert sorted(NUMBER.findall(ours)) == sorted(NUMBER.findall(theirs))
    pages = [
        open_page(browser, (site / folder / "intro.html").as_uri())[0]
        for folder in (".", CHINESE.name)
    ]
    for part in (".claim", ".hero"):
        ours, theirs = ("\n".join(page.locator(part).all_inner_texts()) for page in pages)
        assert ours
        assert sorted(NUMBER.findall(ours)) == sorted(NUMBER.findall(theirs))


def outputs(browser: Browser, path: Path) -> list[str]:
    page, _, _ = open_page(browser, path.as_uri())
    texts = page.locator(".cell_output > .output.text_markdown, .cell_output > p").all_inner_texts()
    page.close()
    return texts


def test_every_page_leads_to_the_same_page_in_the_other_language(site: Path) -> None:
    chinese = site / CHINESE.name
    pages = html_pages(chinese)
    assert len(pages) > 25
    for page in pages:
        for folder, other in ((site, chinese), (chinese, site)):
            text = (folder / page).read_text(encoding="utf-8")
            (way,) = re.findall(r'<a class="language[^>]*href="([^"]*)"', text)
            assert ((folder / page).parent / way).resolve() == other / page
            assert re.search(r'<link[^>]*hreflang="(zh-CN|en)"', text)


def test_a_page_that_is_not_translated_says_so(browser: Browser, site: Path) -> None:
    for name, english in (("notebooks/04_printed_figures", 1), ("intro", 0), ("genindex", 0)):
        page, _, _ = open_page(browser, (site / CHINESE.name / f"{name}.html").as_uri())
        assert page.get_by_text("本页尚未译成中文").count() == english
        assert page.locator("[lang=en] article").count() == english
        page.close()


@pytest.mark.parametrize(
    ("query", "page_found"),
    [
        ("焦点词", "glossary"),
        ("所受注意力", "notebooks/02_walkthrough"),
        ("Devlin", "intro"),
    ],
)
def test_the_search_finds_chinese_from_a_file(
    browser: Browser, site: Path, query: str, page_found: str
) -> None:
    url = (site / CHINESE.name / "search.html").as_uri()
    page, _, _ = open_page(browser, f"{url}?q={query}")
    found = page.locator(f'#search-results li a[href^="{page_found}.html"]')
    found.first.wait_for(timeout=20_000)
    page.close()


def test_the_switch_leads_there_and_back(browser: Browser, address: str) -> None:
    url = f"{address}/notebooks/03_with_a_model.html"
    page, _, _ = open_page(browser, url)
    switch(page, "中文")
    assert page.url == f"{address}/zh/notebooks/03_with_a_model.html"
    assert "手头的模型" in page.title()
    switch(page, "English")
    assert page.url == url
    page.close()


def switch(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    page.wait_for_load_state()


def test_a_catalogue_changes_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _("not run") == "not run"
    (tmp_path / "trendlib.mo").write_bytes(CHINESE.compiled("trendlib"))
    monkeypatch.setenv(CATALOGUE, str(tmp_path / "trendlib.mo"))
    assert _("not run") == "未运行"
    assert _("never {said}").format(said="so") == "never so"
    assert "3 个头中的 2 个" in ngettext(
        "{focus} comes first in the only head.",
        "{focus} comes first in {led} of the {all} heads.",
        3,
    ).format(focus="I", led=2, all=3)


def test_a_figure_is_shown_with_its_translated_caption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda one, **options: shown.extend((getattr(one, "data", one), options)),
    )
    (tmp_path / "trendlib.mo").write_bytes(CHINESE.compiled("trendlib"))
    monkeypatch.setenv(CATALOGUE, str(tmp_path / "trendlib.mo"))
    caption, alt, *_others = catalogues.captions(
        (ROOT / "notebooks" / "02_walkthrough.ipynb").read_bytes()
    )
    captioned(Figure(), caption=caption, alt=alt)
    assert all(_(text) != text and _(text) in str(shown) for text in (caption, alt))
    assert caption not in str(shown)
    assert alt not in str(shown)


def test_the_readers_machine_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LANG"):
        monkeypatch.setenv(name, "zh_CN.UTF-8")
    assert _("not run") == "not run"


@pytest.mark.parametrize("content", [None, b"", b"no catalogue at all, but some bytes"])
def test_what_is_no_catalogue_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    path = tmp_path / "trendlib.mo"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(CATALOGUE, str(path))
    language.translations.cache_clear()
    with pytest.raises(LanguageError, match=r"use a \.mo file, or leave the variable unset"):
        _("not run")
