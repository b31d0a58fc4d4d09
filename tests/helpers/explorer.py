"""The explorer's page in a browser, and all that it shows compared with the package."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from explorer_data import slug, stored_trend
from trendlib.attention import attention_rows, merge_pieces, unit_tokens
from trendlib.choice import NoRelated
from trendlib.embedding import Recipe, SentenceEmbedding, embed_encoding
from trendlib.encoding import Encoding
from trendlib.readings import reading_named
from trendlib.show.figure import word_labels
from trendlib.show.numbers import fixed
from trendlib.show.plots import embedding_groups

AXE_RULES = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]},
    "dark": {"runOnly": ["color-contrast"]},  # nothing but colours is different
}
WHOLE_PAGE = """<!DOCTYPE html>
<html lang="en" style="color-scheme: light dark"><head><meta charset="utf-8">
<title>Explore sentences</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="background: light-dark(#fff, #121212)">
<main><h1>Explore sentences</h1>
{}
</main></body></html>"""


def written(values: NDArray[np.float64], places: int) -> list[str]:
    return [fixed(value, places) for value in values.ravel().tolist()]


def view(sentence: str, reading: str = "article", **others: int) -> str:
    choices = {"sentence": slug(sentence), "reading": reading, **others}
    return "#" + "--".join(f"{name}-{value}" for name, value in choices.items())


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_text_contents()


def check_page(page: Page, encoding: Encoding, reading: str, row: int | None = None) -> None:
    """Compare all that a page shows with what the package returns now."""
    embedding = embed_encoding(encoding, Recipe(reading_named(reading)))
    result = embedding.choice
    row = result.focus_row if row is None else row
    assert texts(page, "#te-shown mark.focus .word") == [result.focus.word]
    related = [] if isinstance(result.related, NoRelated) else [result.related.word]
    assert texts(page, "#te-shown mark.related .word") == related
    plain = page.locator("#te-shown").evaluate(
        """shown => {
            const copy = shown.cloneNode(true);
            copy.querySelectorAll('.role').forEach((role) => role.remove());
            return copy.textContent;
        }"""
    )
    assert plain == encoding.sentence

    said = page.locator("#te-summary").inner_text()
    assert f"“{result.focus.word}”" in said
    assert page.locator("#te-model").inner_text() == encoding.provenance.model
    decided = page.locator("#te-votes .decided").inner_text()
    if isinstance(result.related, NoRelated):
        assert f"There is no related word: {result.related.reason}" in said
        assert decided == f"No related word: {result.related.reason}."
    else:
        assert re.search(rf"second (there|in {result.related.votes} of these)", said)
        assert decided.startswith(
            f"Decided by {result.related.decided_by}: {result.related.votes} of "
            f"{len(result.vote.rows)} votes, attention mass "
        )
        (mass,) = re.findall(r"mass (\d+\.\d{3})", decided)
        assert float(mass) == pytest.approx(result.related.mass, abs=6e-4)
        assert ("another word has as many votes" in decided) == result.related.tied
    rule = {
        "first": "the first of them wins",
        "attention mass": "the one with more attention wins",
    }
    caption = page.locator("#te-votes figcaption").inner_text()
    assert f"If votes are equal, {rule[result.reading.ties]}." in caption
    check_matrix(page, encoding, reading, row)
    check_received(page, embedding)
    check_strips(page, embedding)


def check_matrix(page: Page, encoding: Encoding, reading: str, row: int) -> None:
    rows = attention_rows(encoding.attentions, reading_named(reading))
    matrix = merge_pieces(rows[np.newaxis], encoding.words)[0, row]
    titles = texts(page, "#te-matrix .grid > svg title")
    assert len(titles) == matrix.size
    assert [title.rpartition(": ")[2] for title in titles] == written(matrix, 3)
    assert texts(page, "#te-matrix td") == written(matrix, 3)
    if numbers := texts(page, "#te-matrix .cell + .number"):
        assert numbers == written(matrix, 2)
    check_colours(page, "#te-matrix", matrix.ravel())
    units = unit_tokens(encoding.words, len(encoding.tokens))
    assert len(texts(page, "#te-matrix tbody tr")) == len(units)


def check_received(page: Page, embedding: SentenceEmbedding) -> None:
    result = embedding.choice
    titles = texts(page, "#te-received .grid > svg title")
    assert [title.rpartition(": ")[2] for title in titles] == written(result.received, 3)
    if numbers := texts(page, "#te-received .cell + .number"):
        assert numbers == written(result.received, 2)
    columns = len(result.candidates)
    leaders = [row * columns + column for row, column in enumerate(result.leaders)]
    assert framed_cells(page, "#te-received", "winner") == leaders
    voting = zip(result.vote.rows, result.vote.runners_up, strict=False)
    runners_up = [row * columns + column for row, column in voting]
    assert framed_cells(page, "#te-received", "second") == runners_up
    check_colours(page, "#te-received", result.received.ravel())
    assert texts(page, "#te-received tbody td:nth-last-child(2)") == [
        result.candidates[index] for index in result.leaders
    ]
    votes = texts(page, "#te-votes tbody td:nth-child(2)")
    assert votes == [str(count) for count in result.vote.counts]
    bars = page.locator("#te-votes .bar").evaluate_all(
        "bars => bars.map((bar) => Number(bar.querySelector('rect').getAttribute('width')) / 18)"
    )
    shown = [
        count
        for index, count in enumerate(result.vote.counts)
        if count or index == result.focus.index
    ]
    assert bars == shown


def framed_cells(page: Page, figure: str, kind: str) -> list[int]:
    """List which cells of a grid have a frame that begins where they do."""
    where = (
        "all => all.map((each) => [Number(each.getAttribute('x')), Number(each.getAttribute('y'))])"
    )
    cells = page.locator(f"{figure} .cell").evaluate_all(where)
    frames = page.locator(f"{figure} .frame.{kind}").evaluate_all(where)
    return [cells.index([x + 1, y + 1]) for x, y in frames]


def check_colours(page: Page, figure: str, values: NDArray[np.float64]) -> None:
    """Larger numbers are lighter, but for rounding to the next shade; the largest is yellow."""
    fills = page.locator(f"{figure} .cell").evaluate_all(
        "all => all.map((each) => getComputedStyle(each).fill)"
    )
    lights = np.array([luminance(fill) for fill in fills])[np.argsort(values, kind="stable")]
    assert (np.diff(lights) > -0.03).all()
    assert lights[-1] > 0.6


def check_strips(page: Page, embedding: SentenceEmbedding) -> None:
    masks = [trend.defined for trend in embedding.trends] + [embedding.defined]
    values = [trend.values for trend in embedding.trends] + [embedding.values]
    assert page.locator("#te-strips .strip svg").count() == len(masks)
    limit = page.evaluate("JSON.parse(document.querySelector('#te-data').textContent).trendLimit")
    labels = word_labels(embedding.choice.candidates, embedding.choice.word_indices)
    names = [labels[word.index] for word in embedding.choice.chosen]
    groups = embedding_groups(embedding, names)
    named = [f"{group.name}: {group.places.size}" for group in groups]
    assert page.locator("#te-strips .groups li").all_inner_texts() == named
    # Numbers that are equal as the page stores them stand in the order of the coordinates.
    sums = np.nan_to_num(stored_trend(embedding.values))
    members = [np.sort(group.places) for group in groups]
    order = np.concatenate([each[np.argsort(-sums[each], kind="stable")] for each in members])
    for place, (numbers, defined) in enumerate(zip(values, masks, strict=True)):
        strip = page.locator("#te-strips .strip").nth(place)
        said = f"defined in {defined.sum()} of {len(defined)} coordinates"
        assert said in strip.inner_text()
        columns = strip.locator(".undefined").get_attribute("d") or ""
        gaps = [int(each) for each in re.findall(r"M(\d+) 0", columns)]
        assert gaps == np.flatnonzero(~defined[order]).tolist()
        ups = strip.locator(".grew").get_attribute("d") or ""
        positive = [int(each) for each in re.findall(r"M(\d+) 24", ups)]
        ordered = np.nan_to_num(numbers[order])
        assert positive == np.flatnonzero(defined[order] & (ordered > 0)).tolist()
        sizes = [float(each) for each in re.findall(r"24v-(\d+\.\d)h1", ups)]
        expected = np.minimum(1, ordered[positive] / limit) * 24
        np.testing.assert_allclose(sizes, expected, atol=0.07)
    start = int(page.locator("#te-at").input_value())
    cells = texts(page, "#te-coordinates td")
    expected = [
        (numbers[place], defined[place])
        for place in range(start, min(start + 10, len(masks[0])))
        for numbers, defined in zip(values, masks, strict=True)
    ]
    assert len(cells) == len(expected)
    for cell, (number, exists) in zip(cells, expected, strict=True):
        assert (cell == "undefined") == (not exists)
        if exists:
            assert cell == fixed(number, 2)


def luminance(colour: str) -> float:
    parts = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert parts is not None, colour
    shares = [int(part) / 255 for part in parts.groups()]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))
