"""The Chinese edition: every message translated, nothing left in English, each page led to."""

import re
from pathlib import Path
from string import Formatter

import pytest
import yaml
from babel.messages.catalog import Catalog, Message
from playwright.sync_api import Browser, Page

import catalogues
import editions
from editions import CHINESE, TRANSLATED, Edition, read_catalogue
from helpers.pages import html_pages, open_page
from helpers.paths import ROOT
from trendlib import language
from trendlib.language import CATALOGUE, LanguageError, _, ngettext

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
      copy.querySelectorAll("code, pre, math, dl, ul, .citation").forEach((part) => part.remove());
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


def test_a_part_without_a_translation_keeps_its_name() -> None:
    config, toc = ((ROOT / "book" / name).read_bytes() for name in ("_config.yml", "_toc.yml"))
    configured = CHINESE.configured(config, toc.replace(b"caption: Use it", b"caption: Brand new"))
    captions = [part["caption"] for part in yaml.safe_load(configured["_toc.yml"])["parts"]]
    assert captions == ["方法", "Brand new", "探索", "论断检验", "参考"]
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
    alternatives = page.locator(".bd-article img")
    for place in range(alternatives.count()):
        assert re.search(r"[\u4e00-\u9fff]{4}", str(alternatives.nth(place).get_attribute("alt")))
    for figure in page.locator(".bd-article .drawn").all():
        assert re.search(r"[\u4e00-\u9fff]{4}", str(figure.get_attribute("aria-label")))
    page.close()


def test_english_sentences_are_found(browser: Browser, site: Path) -> None:
    page, _, _ = open_page(browser, (site / "intro.html").as_uri())
    assert sum(bool(ENGLISH.search(text)) for text in page.evaluate(PROSE)) > 10
    page.close()


def test_results_are_said_in_chinese_with_the_same_figures(browser: Browser, site: Path) -> None:
    name = "notebooks/03_with_a_model.html"
    english, chinese = (outputs(browser, site / folder / name) for folder in (".", CHINESE.name))
    assert len(english) == len(chinese) > 5
    for ours, theirs in zip(english, chinese, strict=True):
        assert re.search(r"[\u4e00-\u9fff]", theirs)
        assert sorted(NUMBER.findall(ours)) == sorted(NUMBER.findall(theirs))
    claims = [
        open_page(browser, (site / folder / "intro.html").as_uri())[0].locator("table").inner_text()
        for folder in (".", CHINESE.name)
    ]
    assert sorted(NUMBER.findall(claims[0])) == sorted(NUMBER.findall(claims[1]))


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
    for name, english in (("notebooks/01_two_vectors", 1), ("intro", 0), ("genindex", 0)):
        page, _, _ = open_page(browser, (site / CHINESE.name / f"{name}.html").as_uri())
        assert page.get_by_text("本页尚未译成中文").count() == english
        assert page.locator("[lang=en] article").count() == english
        page.close()


@pytest.mark.parametrize(
    ("query", "page_found"),
    [
        ("焦点词", "glossary"),
        ("所受注意力", "notebooks/03_with_a_model"),
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
    assert "句子嵌入" in page.title()
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
    assert "3 票" in ngettext(
        " The related word is **{word}**, with {votes} of {led} vote.",
        " The related word is **{word}**, with {votes} of {led} votes.",
        3,
    ).format(word="I", votes=2, led=3)


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
    language._translations.cache_clear()
    with pytest.raises(LanguageError, match=r"give a \.mo file, or leave the variable unset"):
        _("not run")
