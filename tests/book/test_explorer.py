"""The sentence explorer: its data are the package's figures, and its page shows them."""

import base64
import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

import explorer_page
from explorer_data import ATTENTION_STEP, attention_steps, explorer_data, slug, stored_trend
from helpers.explorer import (
    AXE_RULES,
    WHOLE_PAGE,
    check_page,
    framed_cells,
    luminance,
    texts,
    view,
    written,
)
from helpers.pages import open_page
from live_files import WhyNot
from printed_sentence import PRINTED
from trendlib.attention import attention_rows, merge_pieces
from trendlib.choice import NoRelated
from trendlib.embedding import Recipe, SentenceEmbedding, embed_encoding
from trendlib.encoding import Encoding
from trendlib.errors import ArrayError
from trendlib.model.encoder import Encoder
from trendlib.readings import READINGS
from trendlib.show.numbers import fixed
from trendlib.similarity import heaviest, share_of_square
from trendlib.words import Word

SENTENCES = [each for group in explorer_page.sentence_groups().values() for each in group]


@pytest.fixture(scope="module")
def data(minilm: Encoder) -> dict[str, Any]:
    """The data as a page holds them."""
    read: dict[str, Any] = json.loads(json.dumps(explorer_page.data_of(minilm)))
    return read


@pytest.fixture(scope="module")
def encodings(minilm: Encoder) -> dict[str, Encoding]:
    return {each: minilm.encode(each) for each in SENTENCES}


NOT_LIVE = {"none": WhyNot("The model is of another kind.", {}).as_data()}


def write_page(path: Path, data: Mapping[str, Any]) -> str:
    """Write a page with the prepared sentences alone; test_own_sentences.py has the others."""
    fragment = explorer_page.fragment({"live": NOT_LIVE, **data})
    path.write_text(WHOLE_PAGE.format(fragment), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def url(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The explorer alone in a page, as a file."""
    return write_page(tmp_path_factory.mktemp("explorer") / "page.html", data)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page; what goes wrong in it, or leaves it, fails the test."""
    wrong: list[str] = []
    opened = browser.new_page(viewport={"width": 1000, "height": 900})
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: wrong.append(f"request of {request.url}"))
    yield opened
    opened.close()
    assert [each for each in wrong if not each.startswith("request of file:")] == []
    assert len(set(wrong)) <= 1  # the page itself, which may have been loaded again


# The sentences


def test_the_sentences_are_many_and_of_many_kinds(encodings: dict[str, Encoding]) -> None:
    assert len(SENTENCES) == len(set(SENTENCES)) >= 30
    assert sum(sentence.endswith("?") for sentence in SENTENCES) >= 3
    assert sum(sentence[-1].isalpha() for sentence in SENTENCES) >= 3
    assert sum(bool(re.search(r"\d", sentence)) for sentence in SENTENCES) >= 3
    assert sum(bool(re.search(r"\w'\w", sentence)) for sentence in SENTENCES) >= 3
    words = [each.words for each in encodings.values()]
    assert min(len(each) for each in words) == 1
    assert max(len(each) for each in words) > 20
    assert any(len(word.tokens) > 2 for each in words for word in each)


@pytest.mark.parametrize(
    ("group", "fits"),
    [
        ("One word", lambda words: sum(not word.is_punctuation for word in words) == 1),
        ("Questions", lambda words: words[-1].text == "?"),
        ("Long", lambda words: len(words) > 15),
        ("No final full stop", lambda words: not words[-1].is_punctuation),
        ("Uncommon words", lambda words: any(len(w.tokens) > 1 for w in words)),
        ("Contractions", lambda words: any("'" in w.text for w in words)),
        ("Punctuation", lambda words: sum(w.is_punctuation for w in words) > 1),
        ("Numbers and signs", lambda words: any(not w.text.isalpha() for w in words[:-1])),
        (
            "A word that comes twice",
            lambda words: len({w.text.lower() for w in words}) < len(words),
        ),
    ],
)
def test_a_group_is_what_it_says(encodings: dict[str, Encoding], group: str, fits: Any) -> None:
    for sentence in explorer_page.sentence_groups()[group]:
        assert fits(encodings[sentence].words), sentence


def test_ties_and_sentences_without_a_related_word_are_there(data: dict[str, Any]) -> None:
    for name in READINGS:
        related = [
            each["readings"][name]["related"]
            for slugged, each in data["sentences"].items()
            if slugged != PRINTED
        ]
        assert any("none" in each for each in related)
        assert any(each.get("tied") for each in related)
        assert any(each.get("tied") is False for each in related)


# The data


def unpacked(text: str, dtype: str) -> NDArray[np.float64]:
    return np.frombuffer(base64.b64decode(text), dtype).astype(np.float64)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_data_are_what_the_package_returns(
    data: dict[str, Any], encodings: dict[str, Encoding], sentence: str
) -> None:
    encoding, kept = encodings[sentence], data["sentences"][slug(sentence)]
    assert kept["sentence"] == sentence
    texts = [sentence[word["start"] : word["end"]] for word in kept["words"]]
    assert texts == list(encoding.word_texts)
    assert [kept["units"][word["unit"]] for word in kept["words"]] == texts
    for word, its in zip(kept["words"], encoding.words, strict=True):
        assert word["pieces"] == [encoding.tokens[token] for token in its.tokens]
    assert list(kept["readings"]) == list(READINGS)
    for reading in READINGS.values():
        check_reading(kept, encoding, embed_encoding(encoding, Recipe(reading)))


def check_reading(kept: dict[str, Any], encoding: Encoding, embedding: SentenceEmbedding) -> None:
    result = embedding.choice
    read = kept["readings"][result.reading.name]
    words = [encoding.word_texts[index] for index in read["candidates"]]
    assert tuple(words) == result.candidates
    np.testing.assert_allclose(read["received"], result.received, atol=6e-5)
    assert [read["candidates"].index(word) for word in read["leaders"]] == result.leaders.tolist()
    assert read["focus"]["word"] == result.chosen_words[0]
    assert read["focus"]["received"] == pytest.approx(result.focus.received, abs=6e-5)
    assert read["votes"] == result.vote.counts.tolist()
    assert read["votingRows"] == result.vote.rows.tolist()
    runners_up = [read["candidates"].index(word) for word in read["runnersUp"]]
    assert runners_up == result.vote.runners_up.tolist()
    if isinstance(result.related, NoRelated):
        assert read["related"] == {"none": str(result.related.reason)}
    else:
        assert read["related"]["word"] == result.chosen_words[1]
        assert read["related"]["votes"] == result.related.votes
        assert read["related"]["decidedBy"] == result.related.decided_by
        assert read["related"]["mass"] == pytest.approx(result.related.mass, abs=6e-5)

    known = embedding.values[embedding.defined]
    assert read["largest"]["count"] == 3
    largest = share_of_square(known, heaviest(known, 3))
    assert read["largest"]["share"] == pytest.approx(largest, abs=1e-12)

    rows = attention_rows(encoding.attentions, result.reading)
    matrices = merge_pieces(rows[np.newaxis], encoding.words)[0]
    stored = unpacked(kept["attentions"][read["rows"]], "<u2").reshape(matrices.shape)
    np.testing.assert_allclose(stored * ATTENTION_STEP, matrices, atol=ATTENTION_STEP)
    for places in (2, 3):
        assert written(stored * ATTENTION_STEP, places) == written(matrices, places)
        assert written(np.array(read["received"]), places) == written(result.received, places)

    strips = [(trend.values, trend.defined) for trend in embedding.trends]
    strips.append((embedding.values, embedding.defined))
    names = [name for name in ("focus", "related", "sum") if read["strips"][name] is not None]
    for name, (values, defined) in zip(names, strips, strict=True):
        strip = unpacked(kept["strips"][read["strips"][name]], "<f4")
        assert (np.isfinite(strip) == defined).all()
        np.testing.assert_allclose(strip[defined], values[defined], rtol=3e-7)
        assert written(strip[defined], 2) == written(values[defined], 2)


def test_the_data_name_their_source(data: dict[str, Any], minilm: Encoder) -> None:
    assert data["provenance"] == minilm.provenance.as_dict()
    assert [(each["name"], each["note"], each["ties"]) for each in data["readings"]] == [
        (each.name, each.note, each.ties) for each in READINGS.values()
    ]


def test_no_sentence_is_refused() -> None:
    with pytest.raises(ArrayError, match="pass at least one"):
        explorer_data({"empty": []})


def test_sentences_of_two_models_are_refused(tiny: Encoder, minilm: Encoder) -> None:
    with pytest.raises(ArrayError, match="one encoder"):
        explorer_data({"a": [tiny.encode("hello")], "b": [minilm.encode("good")]})


@pytest.mark.parametrize("pair", [("I want.", "I want?"), ("I want.", "我 want")])
def test_sentences_of_one_name_are_refused(tiny: Encoder, pair: tuple[str, str]) -> None:
    encoded = tiny.encode_many(pair)
    if slug(pair[0]) != slug(pair[1]):
        encoded[1] = dataclasses.replace(
            encoded[1], sentence="我", words=(Word("我", 0, 1, encoded[1].words[0].tokens),)
        )
    with pytest.raises(ArrayError, match="name of its own"):
        explorer_data({"a": encoded})


NEAR_HALFWAY = [0.875, 0.125, 0.375, -0.005, 0.985, -0.985, 0.87496, 0.0625, -0.0001, 1.005, 2.5]


@pytest.mark.parametrize("places", [1, 2, 3])
def test_the_page_rounds_as_the_figures_do(page: Page, places: int) -> None:
    numbers = [*NEAR_HALFWAY, 0.0, 1.0, -12.345, 151.2249]
    numbers += np.random.default_rng(16).normal(size=500).tolist()
    numbers += (np.arange(-400, 400) / 256).tolist()
    source = (explorer_page.PARTS / "numbers.js").read_text(encoding="utf-8")
    (function,) = re.findall(r"^export (function fixed\(.*?^\})", source, re.MULTILINE | re.DOTALL)
    program = (
        f"([numbers, places]) => {{ {function}; return numbers.map((n) => fixed(n, places)); }}"
    )
    shown = page.evaluate(program, [numbers, places])
    assert shown == [fixed(number, places) for number in numbers]


def test_no_number_is_rounded_twice() -> None:
    boundaries = np.arange(0.0005, 1, 0.001)
    near = np.concatenate([boundaries + shift for shift in (-6e-6, -1e-9, 0, 1e-9, 6e-6)])
    for places in (2, 3):
        assert written(attention_steps(near) * ATTENTION_STEP, places) == written(near, places)
    for trends in (near, -near, near + 9, near + 150):
        assert written(stored_trend(trends), 2) == written(trends, 2)


# The page alone


SHOWN = [
    ("I want an apple.", "article"),
    ("Hello", "layers"),
    ("Run!", "words-only"),
    ("Embeddings puzzle newcomers.", "layers"),
    ("Embeddings puzzle newcomers.", "mean-pieces"),
    ("The soup is cold.", "article"),
    ("The soup is cold.", "mass-ties"),
    ("Well, well, well: look who came back!", "article"),
    ("The dog saw the other dog.", "last-layer"),
    ("The ticket cost $5 in 1998.", "words-only"),
    ("If x < y, then y > x.", "last-layer"),
    (SENTENCES[12], "layers"),
]


@pytest.mark.parametrize(("sentence", "reading"), SHOWN)
def test_the_page_shows_what_the_package_returns(
    page: Page, url: str, encodings: dict[str, Encoding], sentence: str, reading: str
) -> None:
    page.goto(url + view(sentence, reading))
    check_page(page, encodings[sentence], reading)


def test_the_keyboard_alone_reaches_everything(
    page: Page, url: str, encodings: dict[str, Encoding]
) -> None:
    page.goto(url)
    press = page.keyboard.press
    tab_to(page, "te-sentence")
    press("ArrowDown")
    check_page(page, encodings[SENTENCES[1]], "article")
    press("Tab")
    press("ArrowRight")
    press("ArrowRight")
    check_page(page, encodings[SENTENCES[1]], "layers")
    tab_to(page, "te-row")
    press("Home")
    press("ArrowDown")
    check_page(page, encodings[SENTENCES[1]], "layers", row=1)
    tab_to(page, "te-from")
    press("ArrowDown")
    press("ArrowDown")
    assert framed_cells(page, "#te-matrix", "chosen") == [10]  # the second row of ten begins there
    matrix = merge_pieces(encodings[SENTENCES[1]].attentions, encodings[SENTENCES[1]].words)
    said = page.locator("#te-matrix .looks").inner_text()
    assert said.startswith("From “She” in layer 1, the mean of its heads, the largest first: ")
    assert f": {matrix.mean(axis=1)[1, 1].max():.3f} to “" in said
    tab_to(page, "te-at")
    press("ArrowUp")
    assert texts(page, "#te-coordinates tbody th") == [str(each) for each in range(10, 20)]
    check_page(page, encodings[SENTENCES[1]], "layers", row=1)
    assert page.url == url + view(SENTENCES[1], "layers", row=1, **{"from": 1}, at=10)


def focused(page: Page) -> str:
    name: str = page.evaluate("document.activeElement.id")
    return name


def tab_to(page: Page, name: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"  # the reader sees where they are
        if focused(page) == name:
            return
    raise AssertionError(f"the tab key does not lead to {name}")


def test_the_table_of_readings_leads_to_each(
    page: Page, url: str, encodings: dict[str, Encoding]
) -> None:
    page.goto(url + view(SENTENCES[3]))
    lines = texts(page, "#te-overview tbody tr")
    for reading, line in zip(READINGS.values(), lines, strict=True):
        assert embed_encoding(encodings[SENTENCES[3]], Recipe(reading)).choice.focus.word in line
    link = page.get_by_role("link", name="layers", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**--reading-layers")
    check_page(page, encodings[SENTENCES[3]], "layers")
    assert link.get_attribute("aria-current") == "true"
    assert page.evaluate("document.activeElement.textContent") == "layers"


def test_a_view_can_be_linked(page: Page, url: str, encodings: dict[str, Encoding]) -> None:
    page.goto(url)
    page.locator("#te-sentence").select_option(slug(SENTENCES[20]))
    page.get_by_role("radio", name="last-layer").check()
    page.locator("#te-row").select_option("4")
    linked = page.locator("#te-link").get_attribute("href")
    assert linked == view(SENTENCES[20], "last-layer", row=4)
    assert page.url == url + linked
    page.goto("about:blank")
    page.goto(url + linked)
    check_page(page, encodings[SENTENCES[20]], "last-layer", row=4)


def test_an_address_of_something_else_is_explained(page: Page, url: str) -> None:
    page.goto(url + "#sentence-nothing--reading-backwards--row-99")
    problem = page.get_by_role("alert")
    assert problem.is_visible()
    for part in ("no sentence “nothing”", "no reading “backwards”", "no row “99”"):
        assert part in problem.inner_text()
    page.locator("#te-sentence").select_option(slug(SENTENCES[1]))
    assert problem.is_hidden()


def test_an_anchor_of_the_page_leaves_the_view_alone(page: Page, url: str) -> None:
    page.goto(url + view("Hello", "layers"))
    page.evaluate("location.hash = 'explore-sentences'")
    page.wait_for_timeout(50)
    assert texts(page, "#te-shown mark .word") == ["Hello"]
    assert page.get_by_role("radio", name="layers").is_checked()


def test_the_links_to_begin_with_lead_somewhere(page: Page, url: str) -> None:
    page.goto(url)
    links = page.locator("#te-start a")
    assert links.count() > 3
    for place in range(links.count()):
        links.nth(place).click()
        wanted = str(links.nth(place).get_attribute("href"))
        expect(page.locator("#te-link")).to_have_attribute("href", wanted)
        assert page.url == url + wanted
        assert page.get_by_role("alert").is_hidden()


def options_of(page: Page) -> dict[str, str]:
    """The text by which each prepared sentence is chosen."""
    groups = page.locator("#te-sentence optgroup")
    printed = groups.nth(1).locator("option").all_text_contents()
    shown = [text for text in texts(page, "#te-sentence option") if text not in printed]
    return dict(zip(SENTENCES, shown, strict=True))


def test_the_list_says_which_sentences_are_special(page: Page, url: str) -> None:
    page.goto(url + view("Hello"))
    options = options_of(page)
    assert options["Hello"] == "Hello (no related word)"
    assert options["I want an apple."] == "I want an apple."
    assert options["The soup is cold."] == "The soup is cold. (tie, the first one wins)"
    page.goto(url + view("Hello", "mass-ties"))
    options = options_of(page)
    assert options["The soup is cold."] == "The soup is cold. (tie, more attention wins)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of(page: Page, url: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(url + view(SENTENCES[8], "layers", **{"from": 2}))
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    found = Axe().run(page, options=AXE_RULES[scheme])
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > (15 if scheme == "light" else 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figures_colours_stand_out(page: Page, url: str, scheme: Any) -> None:
    """Axe does not judge what is drawn."""
    page.emulate_media(color_scheme=scheme)
    page.goto(url + view(SENTENCES[12], "layers", **{"from": 2}))
    ground = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    style = "(element, name) => getComputedStyle(element)[name]"
    for least, selectors in {
        4.5: [".label", ".label.focus", ".label.related", ".sum", ".dropped"],
        3: [".bar .other", ".bar .related", ".strip .grew", ".strip .shrank", ".strip .window"],
    }.items():
        for selector in selectors:
            fill = page.locator(f"#trend-explorer {selector}").first.evaluate(style, "fill")
            assert contrast(fill, ground) >= least, selector
    for selector in (".frame.winner", ".frame.second", ".frame.chosen", ".strip .hatch"):
        stroke = page.locator(f"#trend-explorer {selector}").first.evaluate(style, "stroke")
        assert contrast(stroke, ground) >= 3, selector


def test_the_numbers_in_the_cells_can_be_read(data: dict[str, Any]) -> None:
    inks = {"black": "rgb(0, 0, 0)", "white": "rgb(255, 255, 255)"}
    for fill, ink in data["shades"]:
        red, green, blue = (int(fill[place : place + 2], 16) for place in (1, 3, 5))
        assert contrast(f"rgb({red}, {green}, {blue})", inks[ink]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The ratio that WCAG 2 defines, of two colours as a browser names them."""
    lights = sorted(luminance(colour) + 0.05 for colour in (one, other))
    return lights[1] / lights[0]


def test_the_theme_of_the_book_comes_before_the_systems(page: Page, url: str) -> None:
    page.goto(url)
    colour = "getComputedStyle(document.querySelector('#te-shown')).color"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(colour)
    assert light != dark
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert page.evaluate(colour) == light
    page.emulate_media(color_scheme="light")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(colour) == dark
    page.emulate_media(media="print")
    assert page.evaluate(colour) == light


def test_paper_gets_no_controls(page: Page, url: str) -> None:
    page.goto(url)
    page.emulate_media(media="print")
    assert page.locator("select:visible, input:visible").count() == 0
    assert page.locator("#te-shown").is_visible()
    assert page.locator("svg:visible").count() == 8


def test_every_sentence_fits_a_phone(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(url)
    for sentence in SENTENCES:
        page.locator("#te-sentence").select_option(slug(sentence))
        assert page.evaluate("document.documentElement.scrollWidth") == 390, sentence


def test_nothing_moves_and_nothing_leaks(page: Page, url: str) -> None:
    page.goto(url)
    code = "".join(path.read_text(encoding="utf-8") for path in explorer_page.PARTS.glob("*.js"))
    kinds = "function|const|let|var|class"
    declared = set(re.findall(rf"^(?:export )?(?:{kinds}) (\w+)", code, re.MULTILINE))
    assert len(declared) > 40
    known = "names => names.filter((name) => (0, eval)(`typeof ${name}`) !== 'undefined')"
    assert page.evaluate(known, [*declared, "fetch"]) == ["fetch"]
    moving = """[...document.querySelectorAll('.trend-explorer *')].map(getComputedStyle).filter(
        (style) => style.animationName !== 'none' || style.transitionDuration !== '0s').length"""
    assert page.evaluate(moving) == 0


def test_a_sentence_of_markup_is_shown_as_it_was_typed(
    page: Page, tiny: Encoder, tmp_path: Path
) -> None:
    sentence = "I 👍 want</script><script>alert(1)</script> & <b>an</b> *apple* $5"
    encoding = tiny.encode(sentence)
    address = write_page(tmp_path / "markup.html", explorer_data({"<b>": [encoding]}))
    for reading in READINGS:
        page.goto("about:blank")
        page.goto(address + view(sentence, reading))
        check_page(page, encoding, reading)
        assert page.locator(".trend-explorer b").count() == 0


# The page in the book


def test_the_book_has_the_explorer_of_its_model(
    site: Path, data: dict[str, Any], minilm: Encoder
) -> None:
    text = (site / "explorer.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 1_500_000
    found = re.search(r'<script type="application/json" id="te-data">(.*?)</script>', text)
    assert found is not None
    built = json.loads(found[1])
    assert built["provenance"] == data["provenance"]
    assert list(built["sentences"]) == list(data["sentences"])
    assert built["sentences"][PRINTED] == data["sentences"][PRINTED]
    assert f"revision {minilm.provenance.revision}" in text
    for name, kept in data["sentences"].items():
        for reading, expected in kept["readings"].items():
            assert built["sentences"][name]["readings"][reading]["votes"] == expected["votes"]


def test_the_books_theme_and_the_explorer_get_along(
    browser: Browser, address: str, encodings: dict[str, Encoding]
) -> None:
    linked = view(SENTENCES[20], "layers")
    page, _, failed = open_page(browser, f"{address}/explorer.html{linked}")
    check_page(page, encodings[SENTENCES[20]], "layers")
    page.locator("#te-sentence").select_option(slug(SENTENCES[2]))
    check_page(page, encodings[SENTENCES[2]], "layers")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert failed == []  # before axe, which asks for style sheets of its own
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        found = Axe().run(page, context="#trend-explorer", options=AXE_RULES[theme])
        assert found.violations_count == 0, found.generate_report()
    page.close()
