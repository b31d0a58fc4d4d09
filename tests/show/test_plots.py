"""Figures show what they should: words, winners, undefined coordinates, the model."""

import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch
from numpy.typing import NDArray

from helpers.figures import drawn, drawn_texts
from helpers.strict import no_warnings
from trendlib.choice import Related, find_words
from trendlib.embedding import Recipe, embed_encoding
from trendlib.errors import ArrayError, HeadOutOfRangeError, LayerOutOfRangeError
from trendlib.model.cutters import WordCutter
from trendlib.model.encoder import Encoder
from trendlib.readings import ARTICLE, READINGS, Reading
from trendlib.show import plots
from trendlib.show.figure import draw_cells, readable_on, subplots, write_values
from trendlib.show.numbers import fixed
from trendlib.show.style import GREW
from trendlib.show.svg import drawn_svg

SENTENCES = [
    "I want an apple.",
    "hello",
    "Costs $5 and $x$ more",
    "<b>embeddings</b>",
    "I like 👍",
    "我想要一个苹果",
    "a long sentence of many words " * 60,
]


CASES = [(sentence, ARTICLE) for sentence in SENTENCES]
CASES += [(SENTENCES[0], reading) for reading in READINGS.values() if reading is not ARTICLE]


@pytest.mark.filterwarnings("error::UserWarning", "ignore:Glyph .* missing from font")
@pytest.mark.parametrize(("sentence", "reading"), CASES)
def test_every_figure_draws_and_names_the_model(
    minilm: Encoder, sentence: str, reading: Reading
) -> None:
    encoding = minilm.encode(sentence)
    embedding = embed_encoding(encoding, Recipe(reading))
    for figure in (
        plots.attention_heatmap(encoding, 0, 11),
        plots.received_attention(embedding.choice),
        plots.votes(embedding.choice),
        plots.embedding_strips(embedding),
        plots.embedding_strips(embedding, first=10),
    ):
        assert isinstance(figure, Figure)
        drawn(figure)
        assert max(figure.get_size_inches()) < 16
        assert "model: all-MiniLM-L6-v2, float64" in drawn_texts(figure)


def test_the_heatmap_has_the_words_on_both_axes(minilm: Encoder) -> None:
    figure = plots.attention_heatmap(minilm.encode("Word embeddings $5"), 0, 11)
    units = ["[CLS]", "Word", "embeddings", "$", "5", "[SEP]"]
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == units
    assert [label.get_text() for label in axes.get_yticklabels()] == units


def test_of_a_long_sentence_the_words_that_receive_most_are_drawn(minilm: Encoder) -> None:
    encoding = minilm.encode(" ".join(f"word{index}" for index in range(60)))
    choice = find_words(encoding)
    axes = plots.received_attention(choice).axes[0]
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert len(shown) == plots.MAX_WORDS
    assert {choice.candidates[index] for index in choice.leaders} <= set(shown)
    assert "24 of 60 words are drawn" in axes.get_xlabel()
    assert choice.focus.word in {
        text.removesuffix(" (focus)") for text in drawn_texts(plots.votes(choice))
    }


def by_spaces(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"\S+", text)]


@pytest.mark.parametrize("word", ["👍", "苹果", "שלום", "مرحبا", "ไทย", "한국어", "نمی\u200cدانم"])
def test_words_of_every_script_stay_text_in_their_order(minilm: Encoder, word: str) -> None:
    whole = minilm.with_cutter(WordCutter("by spaces", by_spaces))
    encoding = whole.encode(f"I like {word}")
    figure = plots.attention_heatmap(encoding, 0, 0)
    with no_warnings():
        svg = drawn_svg(figure)
    labels = [text.strip("\u2068\u2069") for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
    assert labels.count(word) == 2  # as column and as row
    # Which fonts this machine has is not written, so that all machines draw the same.
    assert set(re.findall(r"font-family: ([^;]*)", svg)) == {"'DejaVu Sans', Verdana, sans-serif"}


def test_a_word_from_right_to_left_keeps_its_number_and_role_beside_it(minilm: Encoder) -> None:
    encoding = minilm.encode("שלום want שלום")
    axes = plots.attention_heatmap(encoding, 0, 0).axes[0]
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels[1:4] == ["\u2068שלום\u2069 (0)", "want", "\u2068שלום\u2069 (2)"]
    assert not any(
        "□" in text for text in drawn_texts(plots.embedding_strips(embed_encoding(encoding)))
    )


@pytest.mark.parametrize("invisible", ["\x01", "\u202e", "\u2066"])
def test_what_has_no_look_becomes_a_box(minilm: Encoder, invisible: str) -> None:
    axes = plots.attention_heatmap(minilm.encode(f"I li{invisible}ke it"), 0, 0).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()][2] == "li□ke"
    assert "□ is an invisible character." in axes.get_xlabel()


def bars_of(axes: Axes, row: int) -> NDArray[np.float64]:
    """The heights of a strip's bars, upwards, in shares of the largest; zero if there is none."""
    bars = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    of_row = [bar.get_data().values for bar in bars if bar.get_data().baseline == row]
    return np.nansum([row - values for values in of_row], axis=0) / 0.42


@pytest.mark.parametrize("coordinates", [384, 768, 1024])
def test_every_coordinate_is_drawn(coordinates: int) -> None:
    values = np.where(np.arange(coordinates) % 2, 1.0, -1.0)
    figure = plots.trend_strips([("trend", values, np.ones(coordinates, dtype=bool))], None)
    bars = bars_of(drawn(figure).axes[0], 0)
    np.testing.assert_allclose(bars, np.sort(values)[::-1])


def test_all_coordinates_are_grouped_and_sorted_by_the_sum(minilm: Encoder) -> None:
    embedding = embed_encoding(minilm.encode("I want an apple."))
    axes = drawn(plots.embedding_strips(embedding)).axes[0]
    one, two = embedding.trends
    both = one.defined & two.defined
    named = dict(text.get_text().rsplit(": ", 1) for text in axes.texts)
    assert int(named["both grew"]) == (both & (one.values > 0) & (two.values > 0)).sum()
    assert int(named["only want"]) == (one.defined & ~two.defined).sum()
    assert int(named["both undefined"]) == (~one.defined & ~two.defined).sum()
    assert sum(map(int, named.values())) == len(one.values)
    ends = np.cumsum([int(count) for count in named.values()])
    for part in np.split(bars_of(axes, 2), ends[:-1]):
        assert (np.diff(part) <= 1e-9).all()
    assert (bars_of(axes, 1)[: ends[0]] > 0).all()


def test_the_scale_says_what_the_values_are(minilm: Encoder) -> None:
    embedding = embed_encoding(minilm.encode("I want an apple."), Recipe(kind="difference"))
    for first in (None, 10):
        texts = " ".join(drawn_texts(plots.embedding_strips(embedding, first)))
        assert "difference" in texts
        assert "log quotient" not in texts


def test_the_layer_is_named(minilm: Encoder) -> None:
    encoding = minilm.encode("I want an apple.")
    for name, where in (("last-layer", "heads of layer 5"), ("layers", "by layer")):
        choice = find_words(encoding, READINGS[name])
        assert where in plots.received_attention(choice).axes[1].get_ylabel()
    assert "layer 3, head 2" in plots.attention_heatmap(encoding, 3, 2).axes[1].get_ylabel()


def test_no_title_repeats_the_caption(minilm: Encoder) -> None:
    encoding = minilm.encode("I want an apple.")
    choice = find_words(encoding)
    for figure in (
        plots.attention_heatmap(encoding, 0, 0),
        plots.received_attention(choice),
        plots.votes(choice),
    ):
        assert figure.axes[0].get_title() == ""


def test_the_heatmap_shows_the_head_that_was_asked_for(tiny: Encoder) -> None:
    encoding = tiny.encode("I want an apple.")
    (cells,) = plots.attention_heatmap(encoding, layer=3, head=1).axes[0].collections
    np.testing.assert_allclose(cells.get_array(), encoding.attentions[3, 1].ravel())
    assert cells.get_clim() == (0, encoding.attentions[3, 1].max())


def test_the_heatmap_refuses_what_is_out_of_range(tiny: Encoder) -> None:
    encoding = tiny.encode("hello")
    with pytest.raises(LayerOutOfRangeError):
        plots.attention_heatmap(encoding, 5, 0)
    with pytest.raises(HeadOutOfRangeError):
        plots.attention_heatmap(encoding, 0, 3)


def test_the_winner_of_each_row_is_framed(tiny: Encoder) -> None:
    choice = find_words(tiny.encode("I want an apple."))
    axes = plots.received_attention(choice).axes[0]
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    places = [(round(f.get_y() + 0.44), round(f.get_x() + 0.47)) for f in frames]
    assert places == list(enumerate(choice.leaders))


def test_votes_mark_the_related_word(minilm: Encoder) -> None:
    choice = find_words(minilm.encode("I want an apple."))
    assert isinstance(choice.related, Related)
    texts = drawn_texts(plots.votes(choice))
    assert f"{choice.related.votes} (related word)" in texts
    assert f"{choice.focus.word} (focus)" in texts


def test_votes_say_why_there_is_no_related_word(minilm: Encoder) -> None:
    texts = drawn_texts(plots.votes(find_words(minilm.encode("hello"))))
    assert "no vote: the focus word is the only candidate" in texts


def test_undefined_coordinates_are_not_drawn_as_zeros() -> None:
    values, defined = np.array([0.0, np.nan, 2.0]), np.array([True, False, True])
    axes = plots.trend_strips([("trend", values, defined)], None, first=3).axes[0]
    (cells,) = axes.collections
    zero, two = cells.to_rgba(cells.get_array())
    assert zero[3] == 0  # transparent
    np.testing.assert_allclose(two[:3], to_rgb(GREW), atol=0.01)
    hatched = [patch for patch in axes.patches if patch.get_hatch()]
    assert [round(patch.get_x()) for patch in hatched] == [1]
    assert {text.get_text() for text in axes.texts} == {"0.00", "2.00"}
    (bar,) = (
        p
        for p in plots.trend_strips([("t", values, defined)], None).axes[0].patches
        if p.get_hatch()
    )
    assert (bar.get_x(), bar.get_width()) == (1.5, 1)  # after those that are defined


def test_a_strip_with_nothing_defined(minilm: Encoder) -> None:
    nothing = np.full(4, np.nan), np.zeros(4, dtype=bool)
    drawn(plots.trend_strips([("nothing", *nothing)], minilm.provenance))


def test_nothing_to_draw() -> None:
    with pytest.raises(ArrayError, match="nothing to draw"):
        plots.trend_strips([], None)
    for first in (0, -1):
        with pytest.raises(ArrayError, match="nothing to draw"):
            plots.trend_strips([("x", np.ones(3), np.ones(3, dtype=bool))], None, first)


@pytest.mark.parametrize("grey", np.linspace(0, 1, 11))
def test_numbers_are_readable_on_every_colour(grey: float) -> None:
    """Contrast after WCAG 2, at least 4.5 to 1."""
    background = np.array([grey, grey, grey, 1.0])
    luminance = grey / 12.92 if grey <= 0.04045 else ((grey + 0.055) / 1.055) ** 2.4
    text = {"black": 0.0, "white": 1.0}[readable_on(background)]
    lighter, darker = max(text, luminance), min(text, luminance)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_slices_are_drawn_one_by_one(minilm: Encoder) -> None:
    """A dot a slice, a diamond on the first, a bar for all coordinates; NaN draws nothing."""
    cosines = np.array([0.5, np.nan, -0.25])
    axes = plots.slice_cosines([("a-b", cosines, 0.1)], 10, minilm.provenance).axes[0]
    dots, first, whole = axes.lines[:3]
    np.testing.assert_array_equal(dots.get_xdata(), cosines)
    assert first.get_xdata() == [0.5]
    assert whole.get_xdata() == [0.1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a-b"]


@pytest.mark.parametrize(("sentence", "count"), [("I want an apple.", 3), ("hello", 2)])
def test_a_thumbnail_has_a_strip_for_each_trend_and_for_their_sum(
    minilm: Encoder, sentence: str, count: int
) -> None:
    """They are in the order of the figure of all coordinates."""
    embedding = embed_encoding(minilm.encode(sentence))
    thumbnail, figure = plots.thumbnail(embedding), plots.embedding_strips(embedding)
    assert len(thumbnail.axes) == count
    for row, axes in enumerate(thumbnail.axes):
        signs = np.sign(bars_of(axes, 0))
        np.testing.assert_array_equal(signs, np.sign(bars_of(figure.axes[0], row)))


def test_numbers_in_cells_are_written_as_in_tables_and_in_the_explorer() -> None:
    _, axes = subplots((3.0, 2.0))
    matrix = np.array([[-0.001, 0.125]])
    cells = draw_cells(axes, matrix, (-1.0, 1.0))
    write_values(axes, cells, matrix)
    assert [text.get_text() for text in axes.texts] == [fixed(-0.001, 2), fixed(0.125, 2)]
    assert axes.texts[0].get_text() == "0.00"
