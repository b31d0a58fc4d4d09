"""The opening drawing shows the printed numbers, tells them in words, and follows the page."""

from xml.etree import ElementTree

import numpy as np
import pytest

from trendlib.articles.published import printed_matrix, printed_trends
from trendlib.choice import choose_words
from trendlib.embedding import add_trends
from trendlib.errors import ArrayError
from trendlib.show.hero import alone, hero

SVG = "{http://www.w3.org/2000/svg}"


def drawing() -> str:
    trends = printed_trends()
    return hero(choose_words(*printed_matrix()), trends, add_trends(*trends), "as printed")


def parsed() -> ElementTree.Element:
    return ElementTree.fromstring(alone(drawing()))


def texts(kind: str) -> list[str]:
    return [
        text.text or "" for text in parsed().iter(f"{SVG}text") if text.get("class", "") == kind
    ]


def test_the_words_have_their_roles() -> None:
    assert texts("word focus") == ["want"]
    assert texts("word related") == ["apple"]
    assert texts("word plain") == ["i", "an"]
    assert {"0.77", "0.80", "0.46", "0.37", "5 of 12 heads vote"} <= set(texts("soft"))


def test_a_bar_is_as_tall_as_the_attention_and_a_vote_is_a_dot() -> None:
    bars = [float(bar.get("height", "")) for bar in parsed() if bar.get("width") == "52"]
    received, _ = printed_matrix()
    np.testing.assert_allclose(np.array(bars) / bars[0], received[11] / received[11][0], atol=0.01)
    dots = [dot.get("class") for dot in parsed().iter(f"{SVG}circle")]
    assert dots == ["other"] * 2 + ["related"] * 3


def test_each_coordinate_has_a_cell_and_the_undefined_ones_no_number() -> None:
    trends = printed_trends()
    total, defined = add_trends(*trends)
    numbers = [
        f"{value:.1f}"
        for values, mask in (*((each.values, each.defined) for each in trends), (total, defined))
        for value in values[mask]
    ]
    assert texts("number") == numbers
    cells = [cell for cell in parsed() if cell.get("class") == "cell"]
    hatched = [cell for cell in parsed() if cell.get("fill") == "url(#hero-undefined)"]
    assert len(cells) == 30
    assert len(hatched) == 30 - len(numbers) + 1  # and the one of the legend
    grew = [cell for cell in parsed() if cell.get("class") == "grew"]
    assert len(grew) == sum(not number.startswith("-") for number in numbers) + 1


def test_it_is_told_in_words() -> None:
    told = parsed().get("aria-label", "")
    assert "i 0.77, want 0.80, an 0.46, apple 0.37" in told
    assert "5 heads that put it first: i 2, want 0, an 0, apple 3" in told
    assert "trend of “apple”: 3.75, 1.45, -0.56" in told
    assert told.endswith("as printed")


def test_in_the_book_the_page_decides_on_the_colours() -> None:
    assert "prefers-color-scheme" not in drawing()
    assert "--tb-focus: #" not in drawing()
    for colour in ("ink", "focus", "related", "grew", "shrank", "undefined"):
        assert f"var(--tb-{colour}, #" in drawing()
    assert "prefers-color-scheme: dark" in alone(drawing())


def test_a_sentence_without_a_related_word_cannot_be_drawn() -> None:
    choice = choose_words(np.array([[1.0]]), ["Hello"])
    with pytest.raises(ArrayError, match="take a sentence that has one"):
        hero(choice, printed_trends()[:1], (np.ones(10), np.ones(10, dtype=bool)), "")
