"""A sentence of the reader's own: its box, what it loads and says, and the link that holds it.

Most tests have a model that computes nothing and waits until the test lets it go on. The last ones
have the real one, in the book, from a file and from a server.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect

import explorer_page
import picture
from editions import CHINESE
from explorer_data import explorer_data
from helpers.deno import SCRIPTS
from helpers.explorer import AXE_RULES, WHOLE_PAGE, check_page, texts, view
from helpers.pages import open_page
from live_files import WhyNot
from printed_sentence import PRINTED, printed_sentence
from trendlib.language import CATALOGUE
from trendlib.model.encoder import Encoder

APPLE, SOUP, BANK = "I want an apple.", "The soup is cold.", "He sat on the bank of the river."
SMALL = {"words": 3e6, "all": 58e6, "rows": 63e6}
LARGE = {"words": 28e6, "all": 340e6, "rows": 94e6}
TYPED = {APPLE: "#typed-I_want_an_apple-2e-", BANK: "#typed-He_sat_on_the_bank_of_the_river-2e-"}
Opens = Callable[..., Page]


@pytest.fixture(scope="module")
def prepared(minilm: Encoder) -> dict[str, Any]:
    """A few sentences, of which the reader may type any: the stub knows no others."""
    groups = {"Short": minilm.encode_many([SOUP, APPLE, BANK])}
    data: dict[str, Any] = json.loads(json.dumps(explorer_data(groups)))
    data["groups"].append({"name": "The article's own numbers", "sentences": [PRINTED]})
    data["sentences"][PRINTED] = printed_sentence()
    return data


@pytest.fixture(scope="module")
def stubbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's parts, with a model that computes nothing."""
    parts = tmp_path_factory.mktemp("parts") / "explorer"
    shutil.copytree(explorer_page.PARTS, parts)
    stub = (SCRIPTS / "stub_model.js").read_text(encoding="utf-8")
    own = stub.replace("../../../book/explorer/live/", "./")
    (parts / "live" / "model.js").write_text(own, encoding="utf-8")
    (parts / "live" / "worker.js").write_text("", encoding="utf-8")
    return parts


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in which nothing may go wrong, and which may load nothing but itself."""
    wrong: list[str] = []
    opened = browser.new_page(viewport={"width": 1000, "height": 900})
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: wrong.append(f"request of {request.url}"))
    yield opened
    opened.close()
    assert len({each.partition("#")[0] for each in wrong}) <= 1


@pytest.fixture
def open_own(page: Page, prepared: dict[str, Any], stubbed: Path, tmp_path: Path) -> Opens:
    def opened(address: str = "", steps: dict[str, float] = SMALL) -> Page:
        live = {"model": "all-MiniLM-L6-v2", "steps": steps, "rowsPerFile": 64}
        content = explorer_page.fragment(prepared | {"live": live}, "live/", stubbed)
        file = tmp_path / "own.html"
        file.write_text(WHOLE_PAGE.format(content), encoding="utf-8")
        page.goto(file.as_uri() + address)
        return page

    return opened


@pytest.fixture
def in_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write what is written in the Chinese edition's language."""
    catalogue = tmp_path / "zh.mo"
    catalogue.write_bytes(CHINESE.compiled("trendlib"))
    monkeypatch.setenv(CATALOGUE, str(catalogue))


def type_and_run(page: Page, text: str) -> None:
    page.get_by_label("Type a sentence").fill(text)
    page.keyboard.press("Enter")


def let(page: Page, step: str) -> None:
    """Let the model go on."""
    page.evaluate(f"stub.gates.{step}.resolve()")


def expect_told(page: Page, text: str) -> None:
    expect(page.locator("#te-told")).to_contain_text(text)


# The box


def test_the_size_is_said_first_and_nothing_is_loaded(open_own: Opens) -> None:
    page = open_own()
    button = page.get_by_role("button", name="Load the model: 58 MB")
    assert button.is_visible()
    assert "Nothing is loaded before you press" in page.locator("#te-cost").inner_text()
    assert page.evaluate("[stub.loads, stub.base]") == [[], "live/"]
    assert page.locator("#te-progress").is_hidden()
    page.get_by_text("What others learn").click()
    assert page.get_by_label("Load the whole table of words too (63 MB)").is_checked() is False
    assert "files of 64 rows" in page.locator("#te-form").inner_text()


def test_the_two_words_come_first_and_the_trends_follow(open_own: Opens, minilm: Encoder) -> None:
    page = open_own()
    type_and_run(page, APPLE)
    expect_told(page, "The model is being loaded.")
    assert page.locator("#te-loaded").inner_text() == "12 MB of 58 MB are loaded"
    bar = page.get_by_role("progressbar", name="12 MB of 58 MB are loaded")
    assert bar.evaluate("bar => bar.value / bar.max") == 0.2
    let(page, "words")
    expect_told(page, "The two words are shown below. The trends follow")
    assert texts(page, "#te-shown mark .word") == ["I", "want"]
    assert page.locator("#te-trends").is_hidden()
    assert page.locator("#te-later").is_visible()
    assert page.get_by_role("radio", name="layers").is_disabled()
    assert texts(page, "#te-overview tbody th") == [
        "article",
        "words-only",
        "mean-pieces",
        "mass-ties",
    ]
    let(page, "all")
    expect_told(page, "The sentence is shown below, with its trends.")
    check_page(page, minilm.encode(APPLE), "article")
    page.get_by_role("radio", name="layers").check()
    check_page(page, minilm.encode(APPLE), "layers")
    assert page.locator("#te-progress").is_hidden()
    assert page.locator("#te-run").inner_text() == "Explore this sentence"
    assert page.evaluate("stub.loads") == [{"step": "all", "whole": False}]
    assert page.evaluate("document.activeElement.id") == "te-run" or focused_on_box(page)


def focused_on_box(page: Page) -> bool:
    inside: bool = page.evaluate(
        "document.activeElement.closest('#te-form, #te-readings') !== null"
    )
    return inside


def test_typed_sentences_are_a_group_of_their_own(open_own: Opens) -> None:
    page = open_own()
    for gate in ("words", "all"):
        let(page, gate)
    for text in (APPLE, BANK, APPLE):
        type_and_run(page, text)
        expect(page.locator("#te-shown")).to_contain_text(text.split()[-2])
        expect(page.locator("#te-link")).to_have_attribute("href", TYPED[text])
    own = page.locator("#te-sentence optgroup").first
    assert own.get_attribute("label") == "Your sentences"
    assert own.locator("option").all_text_contents() == [BANK, APPLE]
    assert page.locator("#te-sentence").input_value() == f"typed:{APPLE}"
    assert page.url.endswith(TYPED[APPLE])
    page.locator("#te-sentence").select_option("the-soup-is-cold")
    assert page.url.endswith("#sentence-the-soup-is-cold")


def test_the_trends_do_not_call_the_reader_back(open_own: Opens) -> None:
    page = open_own()
    type_and_run(page, APPLE)
    let(page, "words")
    expect_told(page, "two words")
    page.locator("#te-sentence").select_option("the-soup-is-cold")
    let(page, "all")
    expect_told(page, "with its trends")
    assert page.locator("#te-sentence").input_value() == "the-soup-is-cold"
    assert "soup" in page.locator("#te-shown").inner_text()
    page.locator("#te-sentence").select_option(f"typed:{APPLE}")
    assert page.locator("#te-trends").is_visible()


def test_a_large_model_asks_twice(open_own: Opens) -> None:
    page = open_own(steps=LARGE)
    assert page.locator("#te-run").inner_text() == "Load what the two words need: 28 MB"
    type_and_run(page, APPLE)
    let(page, "words")
    expect_told(page, "They need the first layer only; the trends need all.")
    rest = page.get_by_role("button", name="Load the other layers for the trends: 312 MB")
    assert rest.is_visible()
    assert page.evaluate("stub.loads") == [{"step": "words", "whole": False}]
    assert page.locator("#te-run").inner_text() == "Explore this sentence"
    assert page.locator("#te-trends").is_hidden()
    rest.click()
    let(page, "all")
    expect_told(page, "with its trends")
    assert page.evaluate("stub.loads.at(-1)") == {"step": "all", "whole": False}
    assert page.locator("#te-trends").is_visible()
    assert rest.is_hidden()


def test_the_whole_table_is_loaded_for_who_asks(open_own: Opens) -> None:
    page = open_own()
    page.get_by_text("What others learn").click()
    page.get_by_label("Load the whole table").check()
    type_and_run(page, APPLE)
    assert page.evaluate("stub.loads") == [{"step": "all", "whole": True}]


REFUSED = {
    "": "The sentence is empty or only white space: write at least one word.",
    "...": "There is no word in “...”, only punctuation or invisible characters: write at least",
    "zzz": "The vocabulary of all-MiniLM-L6-v2 does not know any word of “zzz” (all become [UNK])",
    "long": "The sentence has 300 tokens, including the special ones, but all-MiniLM-L6-v2 has "
    "room for 256: split the text.",
    "lost": "The file layer-3.js could not be loaded. Check your connection",
    "broken": "The file layer-3.js is damaged: its checksum is not that of the build.",
    "odd": "Something unexpected went wrong: something odd. Load this page anew",
    "alone": "Your browser did not start a worker, and the model needs one",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_says_what_to_do_and_keeps_the_place(open_own: Opens, text: str) -> None:
    page = open_own()
    for gate in ("words", "all"):
        let(page, gate)
    type_and_run(page, text)
    alert = page.locator("#te-refused[role=alert]")
    expect(alert).to_contain_text(REFUSED[text])
    box = page.get_by_label("Type a sentence")
    assert box.evaluate("box => box === document.activeElement")
    is_about_text = text not in ("lost", "broken", "odd", "alone")
    assert box.get_attribute("aria-invalid") == str(is_about_text).lower()
    assert "te-refused" in str(box.get_attribute("aria-describedby"))
    type_and_run(page, APPLE)
    expect_told(page, "with its trends")
    assert alert.is_hidden()


def test_a_page_without_a_model_says_why(
    page: Page, prepared: dict[str, Any], tmp_path: Path
) -> None:
    none = WhyNot("The words are cut by {cutter}, which runs only in Python.", {"cutter": "jieba"})
    content = explorer_page.fragment(prepared | {"live": {"none": none.as_data()}})
    file = tmp_path / "none.html"
    file.write_text(WHOLE_PAGE.format(content), encoding="utf-8")
    page.goto(file.as_uri() + TYPED[APPLE])
    assert page.get_by_label("Type a sentence").count() == 0
    assert (
        "you cannot type a sentence. The words are cut by jieba, which runs only in Python."
        in page.locator("#te-none").inner_text()
    )
    assert texts(page, "#te-shown mark .word") != []


@pytest.mark.usefixtures("in_chinese")
def test_a_page_without_a_model_says_why_in_chinese(
    page: Page, prepared: dict[str, Any], tmp_path: Path
) -> None:
    none = WhyNot("The words are cut by {cutter}, which runs only in Python.", {"cutter": "jieba"})
    file = tmp_path / "none.html"
    content = explorer_page.fragment(prepared | {"live": {"none": none.as_data()}})
    file.write_text(WHOLE_PAGE.format(content), encoding="utf-8")
    page.goto(file.as_uri())
    told = page.locator("#te-none").inner_text()
    assert told == "在本书的这一份里，不能输入句子。 词由 jieba 切分，而它只能在 Python 中运行。"


def test_a_browser_without_workers_is_told(
    browser: Browser, open_own: Opens, tmp_path: Path
) -> None:
    page = open_own()
    page.add_init_script("delete globalThis.Worker")
    page.reload()
    assert "Your browser runs no workers" in page.locator("#te-none").inner_text()
    assert page.get_by_label("Type a sentence").count() == 0
    assert texts(page, "#te-shown mark .word") != []


# The link


def test_a_link_fills_the_box_and_waits(open_own: Opens, minilm: Encoder) -> None:
    page = open_own(TYPED[BANK] + "--reading-last-layer--row-3--from-2--coordinate-17--at-10")
    assert page.get_by_label("Type a sentence").input_value() == BANK
    expect_told(page, "The link that you followed holds this sentence.")
    assert page.evaluate("stub.loads.concat(stub.texts)") == []
    assert page.get_by_role("alert").filter(visible=True).count() == 0
    page.locator("#te-run").click()
    let(page, "words")
    expect_told(page, "The two words")
    assert "Until they are there, this is “article”" in page.locator("#te-lacking").inner_text()
    let(page, "all")
    expect_told(page, "with its trends")
    check_page(page, minilm.encode(BANK), "last-layer", row=3)
    assert page.locator("#te-read").inner_text().startswith("Coordinate 17: “")
    wanted = TYPED[BANK] + "--reading-last-layer--row-3--from-2--at-10--coordinate-17"
    assert page.url.endswith(wanted)


def test_a_link_holds_two_typed_sentences(open_own: Opens) -> None:
    page = open_own(f"{TYPED[BANK]}--beside{TYPED[APPLE][1:]}")
    for gate in ("words", "all"):
        let(page, gate)
    page.locator("#te-run").click()
    expect(page.locator("#te-columns section")).to_have_count(2)
    names = page.locator("#te-columns section").evaluate_all(
        "all => all.map((each) => each.getAttribute('aria-label'))"
    )
    assert names == [BANK, APPLE]
    assert page.evaluate("stub.texts") == [APPLE, BANK]


def test_a_damaged_link_is_explained(open_own: Opens) -> None:
    page = open_own("#typed--110000-")
    assert "no sentence “-110000-”" in page.get_by_role("alert").filter(visible=True).inner_text()


def test_the_opening_page_leads_to_a_sentence_in_the_box(open_own: Opens) -> None:
    page = open_own(picture.TYPED.removeprefix("explorer.html"))
    assert (
        page.get_by_label("Type a sentence").input_value() == "My cat sleeps on the warm radiator."
    )


# What the article printed


def test_the_printed_numbers_are_shown_as_printed(open_own: Opens) -> None:
    page = open_own(f"#sentence-{PRINTED}")
    assert texts(page, "#te-shown mark.focus .word") == ["want"]
    assert texts(page, "#te-shown mark.related .word") == ["apple"]
    assert texts(page, "#te-votes tbody td:nth-child(2)") == ["2", "0", "0", "3"]
    shown = page.locator("#trend-explorer").inner_text()
    assert "bert-base-uncased" in shown
    assert "MiniLM" not in shown
    assert "float64" not in shown
    assert texts(page, "#te-matrix .cell + .number")[:3] == ["0.93", "0.02", "0.00"]
    assert texts(page, "#te-coordinates tbody tr:first-child td") == ["undefined", "3.75", "3.75"]
    assert "first 10 of 768 coordinates" in page.locator("#te-strips figcaption").inner_text()
    page.locator("#te-row").select_option("4")
    assert "printed one matrix only" in page.locator("#te-unprinted").inner_text()
    assert page.locator("#te-matrix svg:visible").count() == 0
    assert page.get_by_role("radio", name="layers").is_disabled()
    page.locator("#te-sentence").select_option("i-want-an-apple")
    assert "MiniLM" in page.locator("#te-matrix figcaption").inner_text()
    page.goto(page.url.partition("#")[0] + f"#sentence-{PRINTED}--reading-layers")
    assert "printed nothing for the reading “layers”" in page.locator("#te-lacking").inner_text()


# Clicks


def test_a_click_in_the_grid_chooses_the_matrix(open_own: Opens, minilm: Encoder) -> None:
    page = open_own(view(BANK))
    page.locator("#te-received").get_by_role("button", name="head 3 of layer 0").click()
    check_page(page, minilm.encode(BANK), "article", row=3)
    assert page.url.endswith("--row-3")
    page.locator("#te-received [data-row] > .cell").nth(14).click(force=True)
    row = int(page.locator("#te-row").input_value())
    assert row == 14 // len(texts(page, "#te-votes tbody tr"))
    pressed = page.locator("#te-received [aria-pressed=true]").get_attribute("aria-label")
    assert pressed == f"head {row} of layer 0"


def test_the_keys_choose_a_row_and_a_word(open_own: Opens) -> None:
    page = open_own(view(BANK))
    heads = page.get_by_role("toolbar", name="Heads: choose the one whose matrix is shown")
    heads.get_by_role("button", name="head 11 of layer 0").focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.locator("#te-row").input_value() == "8"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "head 8 of layer 0"
    words = page.get_by_role("toolbar", name="Words: choose")
    words.get_by_role("button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#te-from").input_value() == "2"
    assert (
        page.locator("#te-matrix .looks").inner_text().startswith("From “sat” in head 8 of layer 0")
    )
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "sat"
    assert page.url.endswith("--row-8--from-2")
    page.keyboard.press("Enter")
    assert page.locator("#te-matrix .looks").inner_text() == ""


def test_the_keys_read_one_coordinate_after_the_other(open_own: Opens) -> None:
    page = open_own(view(BANK))
    strip = page.locator("#te-strips").get_by_role("slider").first
    strip.focus()
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    last = page.locator("#te-strips .cross").first.get_attribute("d")
    assert last == "M374.5 0v54"
    said = page.locator("#te-read").inner_text()
    coordinate = int(said.split(":")[0].removeprefix("Coordinate "))
    assert strip.get_attribute("aria-valuenow") == "374"
    assert strip.get_attribute("aria-valuetext") == f"coordinate {coordinate}"
    read = page.locator("#te-coordinates tr:has([aria-current])")
    assert read.locator("th").inner_text() == str(coordinate)
    numbers = read.locator("td").all_inner_texts()
    assert len(numbers) == 3
    assert [each.rsplit(" ", 1)[1] for each in said.removesuffix(".").split("; ")] == numbers
    page.wait_for_url(f"**--coordinate-{coordinate}")
    assert f"--at-{coordinate - coordinate % 10}--" in page.url


def test_the_pointer_reads_a_coordinate(open_own: Opens) -> None:
    page = open_own(view(BANK))
    reader = page.locator("#te-strips .reader").nth(2)
    reader.scroll_into_view_if_needed()
    box = reader.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 100.5 / 384, box["y"] + 20)
    assert page.locator("#te-strips .cross").nth(1).get_attribute("d") == "M100.5 0v54"
    assert page.locator("#te-read").inner_text().startswith("Coordinate ")


def test_two_sentences_stand_side_by_side(open_own: Opens) -> None:
    page = open_own(view(BANK, "last-layer"))
    page.locator("#te-beside").select_option("i-want-an-apple")
    assert page.url.endswith("--reading-last-layer--beside-i-want-an-apple")
    columns = page.locator("#te-columns section")
    left, right = boxes(columns)
    assert left["y"] == right["y"]
    chosen = columns.nth(0).locator("mark .word").all_text_contents()
    assert chosen == texts(page, "#te-shown mark .word")
    assert columns.locator(".strip svg").count() == 6
    page.set_viewport_size({"width": 390, "height": 800})
    first, second = boxes(columns)
    assert first["y"] + first["height"] <= second["y"]
    page.reload()
    assert columns.count() == 2


def boxes(columns: Locator) -> list[dict[str, float]]:
    """Where both columns are."""
    found: list[dict[str, float]] = columns.evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect().toJSON())"
    )
    assert len(found) == 2
    return found


# For every reader

STATES = ["start", "loading", "words", "refused", "beside", "printed", "large"]


def bring_to(state: str, open_own: Opens) -> Page:
    if state == "printed":
        return open_own(f"#sentence-{PRINTED}")
    if state == "beside":
        return open_own(view(BANK) + "--coordinate-5--beside-i-want-an-apple")
    page = open_own(steps=LARGE if state == "large" else SMALL)
    if state == "refused":
        type_and_run(page, "...")
        expect(page.locator("#te-refused")).to_be_visible()
    elif state != "start":
        type_and_run(page, APPLE)
        if state != "loading":
            let(page, "words")
            expect_told(page, "two words")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_to_complain_of(
    open_own: Opens, state: str, scheme: Any, page: Page
) -> None:
    page.emulate_media(color_scheme=scheme)
    bring_to(state, open_own)
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    found = Axe().run(page, options=AXE_RULES[scheme])
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("state", STATES)
def test_every_state_fits_a_small_phone(open_own: Opens, state: str, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    bring_to(state, open_own)
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.usefixtures("in_chinese")
def test_the_box_works_in_chinese(
    page: Page, prepared: dict[str, Any], stubbed: Path, tmp_path: Path
) -> None:
    live = {"model": "all-MiniLM-L6-v2", "steps": SMALL, "rowsPerFile": 64}
    content = explorer_page.fragment(prepared | {"live": live}, "../live/", stubbed)
    file = tmp_path / "own.html"
    file.write_text(WHOLE_PAGE.format(content), encoding="utf-8")
    page.goto(file.as_uri())
    assert page.locator("#te-run").inner_text() == "加载模型：58 MB"
    assert page.evaluate("stub.base") == "../live/"
    page.locator("#te-typed").fill("...")
    page.keyboard.press("Enter")
    expect(page.locator("#te-refused")).to_contain_text("请至少写一个词")
    page.locator("#te-typed").fill(APPLE)
    page.keyboard.press("Enter")
    let(page, "words")
    expect_told(page, "两个词已显示在下面")
    assert page.locator("#te-shown mark .role").all_inner_texts() == ["◇ 关联", "◆ 焦点"]
    assert "焦点词是" in page.locator("#te-summary").inner_text()


# The real model, in the book

SENTENCES = [
    "My cat sleeps on the warm radiator.",
    "Don't 'whisper', she said: the naïve café-owner hears 3.5 times more!",
    "İstanbul 👍🏽 はとても遠い ﬁne\u200dprint ½ [SEP] ...",
    "The old keeper, who had not slept, watched the storm; " * 2 + "no one else did.",
]


@pytest.fixture(params=["file", "http"])
def explorer(request: pytest.FixtureRequest, site: Path) -> str:
    """The explorer's page, in a folder and under a sub-path of a server."""
    if request.param == "file":
        return (site / "explorer.html").as_uri()
    return f"{request.getfixturevalue('address')}/explorer.html"


def run_and_wait(page: Page, text: str) -> None:
    page.locator("#te-typed").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_function(
        """text => document.querySelector('#te-sentence').value === `typed:${text}`
            && !document.querySelector('#te-trends').hidden""",
        arg=text,
    )
    expect(page.locator("#te-progress")).to_be_hidden()


def test_a_typed_sentence_shows_what_the_package_returns(
    browser: Browser, explorer: str, minilm: Encoder
) -> None:
    page, requested, failed = open_page(browser, explorer)
    assert [url for url in requested if "/live/" in url] == []
    for text in SENTENCES:
        run_and_wait(page, text)
        encoding = minilm.encode(text)
        for reading in ("article", "last-layer"):
            page.locator(f"#te-readings [value={reading}]").check()
            check_page(page, encoding, reading)
    assert failed == []
    folder = explorer.removesuffix("explorer.html")
    assert [url for url in requested if not url.startswith((folder, "data:", "blob:"))] == []
    # All but the rows of words came once, and the rows that were not needed did not come.
    loaded = [url for url in requested if "/live/" in url]
    assert len(loaded) == len(set(loaded))
    assert 8 < len(loaded) < 120
    page.close()


def test_both_editions_share_the_model(browser: Browser, site: Path, minilm: Encoder) -> None:
    page, requested, failed = open_page(
        browser, (site / CHINESE.name / "explorer.html").as_uri() + TYPED[BANK]
    )
    assert page.locator("#te-typed").input_value() == BANK
    page.locator("#te-run").click()
    expect_told(page, "这个句子连同它的趋势都显示在下面。")
    assert texts(page, "#te-coordinates tbody th") == [str(number) for number in range(10)]
    live = {url.rpartition("/live/")[0] for url in requested if "/live/" in url}
    assert live == {site.as_uri()}
    assert not (site / CHINESE.name / "live").exists()
    assert failed == []
    page.close()


def test_a_missing_and_a_damaged_file_are_told(browser: Browser, site: Path, address: str) -> None:
    page = browser.new_page()
    broken = ["missing"]

    def answer(route: Route) -> None:
        if broken == ["missing"]:
            route.abort()
        elif broken == ["damaged"]:
            content = (site / "live" / "layer-2.js").read_text(encoding="utf-8")
            middle = len(content) // 2
            other = "B" if content[middle] == "A" else "A"
            damaged = content[:middle] + other + content[middle + 1 :]
            route.fulfill(body=damaged, content_type="text/javascript")
        else:
            route.continue_()

    page.route("**/live/layer-2.js", answer)
    page.goto(f"{address}/explorer.html")
    alert = page.locator("#te-refused")
    for state, said in (("missing", "could not be loaded"), ("damaged", "is damaged")):
        broken[0] = state
        page.locator("#te-typed").fill(BANK)
        page.keyboard.press("Enter")
        expect(alert).to_contain_text(said)
        expect(alert).to_contain_text("layer-2")
        assert texts(page, "#te-shown mark .word") != []
    broken[0] = ""
    run_and_wait(page, BANK)
    assert alert.is_hidden()
    page.close()


def test_the_page_answers_while_the_model_works(browser: Browser, address: str) -> None:
    """No frame takes over 100 ms, of the shortest of three runs: the machine has other work too."""
    page = browser.new_page()
    page.goto(f"{address}/explorer.html")
    page.evaluate(
        """() => {
            globalThis.longest = [0];
            new PerformanceObserver((list) => {
                for (const { duration } of list.getEntries()) longest[longest.length - 1] =
                    Math.max(longest.at(-1), duration);
            }).observe({ type: "longtask" });
        }"""
    )
    for text in SENTENCES[:3]:
        page.evaluate("longest.push(0)")
        run_and_wait(page, text)
        page.wait_for_timeout(100)
    assert min(page.evaluate("longest.slice(1)")) < 100
    page.close()
