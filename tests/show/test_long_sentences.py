"""Figures and tables of one sentence are readable from one token to 510."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from helpers.figures import drawn, drawn_texts, overlapping, sticks_out
from trendlib.choice import Choice, choose_words, find_words
from trendlib.embedding import SentenceEmbedding, embed_encoding
from trendlib.encoding import Encoding
from trendlib.model.encoder import Encoder
from trendlib.readings import LAYERS
from trendlib.show import plots, report
from trendlib.show.figure import FEW

TEXT = """
The old man and the sea went to the market, where the children of the town sold apples, pears and
extraordinarily expensive strawberries to the tourists; the mayor of the town had said that the
weather would be fine
"""
WORDS = {3: 1, 7: 5, 25: 20, 60: 49, 300: 249, 510: 420}
"""How many words of the text are so many tokens, the special ones included."""


@dataclass(frozen=True)
class Sample:
    """A sentence, what is found in it, and its figures by their names."""

    encoding: Encoding
    embedding: SentenceEmbedding
    figures: dict[str, Figure]

    @property
    def of_words(self) -> dict[str, Axes]:
        """The panels that name words, by the names of their figures."""
        return {n: f.axes[0] for n, f in self.figures.items() if not n.startswith("strips")}


@pytest.fixture(scope="module", params=WORDS)
def sample(minilm: Encoder, request: pytest.FixtureRequest) -> Sample:
    encoding = minilm.encode(" ".join(islice(cycle(TEXT.split()), WORDS[request.param])))
    assert abs(len(encoding.tokens) - request.param) <= 2
    return sample_of(encoding)


def sample_of(encoding: Encoding) -> Sample:
    embedding = embed_encoding(encoding)
    choice, layers = embedding.choice, find_words(encoding, LAYERS)
    figures = {
        "heatmap": plots.attention_heatmap(encoding, 0, 11),
        "received": plots.received_attention(choice),
        "received, layers": plots.received_attention(layers),
        "received, one head": plots.received_attention(of_one_head(choice)),
        "votes": plots.votes(choice),
        "votes, layers": plots.votes(layers),
        "votes, one head": plots.votes(of_one_head(choice)),
        "strips": plots.embedding_strips(embedding),
        "strips, ten": plots.embedding_strips(embedding, first=10),
        "strips, sixty": plots.embedding_strips(embedding, first=60),
    }
    return Sample(encoding, embedding, {name: drawn(figure) for name, figure in figures.items()})


def of_one_head(choice: Choice) -> Choice:
    """The same sentence, read by a model whose layers have one head."""
    found = choose_words(choice.received[:1], choice.candidates)
    return replace(found, word_indices=choice.word_indices, layer=0)


def texts_of(labels: Sequence[Text]) -> list[str]:
    return [label.get_text() for label in labels]


def words_of(axes: Axes) -> list[str]:
    """The labels of the axis that names words."""
    return texts_of(axes.get_xticklabels() if axes.collections else axes.get_yticklabels())


def test_nothing_overlaps_is_tiny_or_sticks_out(sample: Sample) -> None:
    for figure in sample.figures.values():
        axes = figure.axes[0]
        for axis in (axes.xaxis, axes.yaxis):
            labels = axis.get_ticklabels()
            assert overlapping(labels) == []
            assert len(set(texts_of(labels))) == len(labels)
        assert overlapping(axes.texts) == []  # the numbers in the cells of a row
        assert min(text.get_fontsize() for text in figure.findobj(Text)) >= 6
        assert not sticks_out(figure)
        width, height = figure.get_size_inches()
        assert width < 8.5
        assert height < 12


def test_a_figure_says_how_many_words_it_draws_and_which(sample: Sample) -> None:
    candidates, units = len(sample.embedding.choice.candidates), len(sample.encoding.words) + 2
    for figure, total, which in (
        ("heatmap", units, "those that receive most"),
        ("received", candidates, "the leaders, those with most"),
        ("votes", candidates, "the focus word and those with votes"),
    ):
        axes = sample.of_words[figure]
        said = " ".join(axes.get_xlabel().split())
        names = words_of(axes)
        if len(names) < total:
            assert f"{len(names)} of {total} words" in said
            assert which in said
        else:
            assert "drawn" not in said
        assert len(names) <= plots.MAX_WORDS
        assert ("place in the sentence" in said) == any(re.search(r"\(\d+\)", n) for n in names)


def test_a_repeated_word_has_its_place_in_the_table_of_words(sample: Sample) -> None:
    table = report.words_table(sample.encoding)["word"]
    for axes in sample.of_words.values():
        for label in words_of(axes):
            name, place = re.fullmatch(r"(.*?)(?: \((\d+)\))?(?: \(focus\))?", label).groups()
            if place:
                assert table[int(place)] == name
            else:
                assert (table == name).sum() <= 1


def test_the_chosen_words_and_the_leaders_are_drawn(sample: Sample) -> None:
    choice, axes = sample.embedding.choice, sample.of_words["received"]
    frames = [(round(p.get_y() + 0.44), round(p.get_x() + 0.47)) for p in axes.patches]
    names = words_of(axes)
    for (row, column), leader in zip(frames, choice.leaders, strict=True):
        assert names[column].split(" ")[0] == choice.candidates[leader]
        largest = axes.collections[0].get_array().reshape(-1, len(names))[row]
        assert largest[column] == largest.max()
    assert {word.word for word in choice.chosen} <= {name.split(" ")[0] for name in names}


def test_numbers_or_a_scale_that_is_not_dark(sample: Sample) -> None:
    for figure in list(sample.figures.values())[:4]:
        axes, scale = figure.axes
        (cells,) = axes.collections
        if len(words_of(axes)) <= FEW:
            assert len(axes.texts) == cells.get_array().size
        else:
            assert "Too many cells for numbers" in axes.get_xlabel().replace("\n", " ")
            colours = cells.to_rgba(cells.get_array())[:, :3]
            assert np.median(colours @ [0.2126, 0.7152, 0.0722]) > 0.25
            assert scale.get_ylabel()


def test_bars_of_no_vote_are_left_out_of_a_long_sentence(sample: Sample) -> None:
    choice = sample.embedding.choice
    for name, shown in (("votes", choice), ("votes, one head", of_one_head(choice))):
        bars = [bar.get_width() for bar in sample.of_words[name].patches]
        if len(shown.candidates) > FEW:
            assert bars.count(0) == 1  # the focus word's own
        assert sum(bars) == shown.vote.counts.sum()


def test_one_is_singular(sample: Sample) -> None:
    embedding = sample.embedding
    said = {text for figure in sample.figures.values() for text in drawn_texts(figure)}
    one = of_one_head(embedding.choice)
    said |= {report.focus_text(one), report.related_text(one), report.trend_text(embedding, 1)}
    wrong = re.compile(r"(?<![\d.])1 (heads|layers|votes|words|coordinates|heaviest)\b|the 1 ")
    assert [text for text in said if wrong.search(text)] == []


def test_the_words_of_a_long_sentence_are_cut_and_counted(sample: Sample) -> None:
    table = report.words_table(sample.encoding)
    html = table.to_html() if len(table) <= 60 else table._repr_html_()
    assert html.count("<tr") < 70
    assert (f"{len(table)} rows" in html) == (len(table) > 60)


@pytest.mark.filterwarnings("error", "ignore:Glyph .* missing from font")
@pytest.mark.parametrize(
    "sentence", ["a" * 90, f"an apple {'👍 ' * 20}", f"{'b' * 60}x {'b' * 60}y"]
)
def test_words_that_no_label_can_show(minilm: Encoder, sentence: str) -> None:
    sample = sample_of(minilm.encode(sentence))
    assert [name for name, figure in sample.figures.items() if sticks_out(figure)] == []
    for axes in sample.of_words.values():
        names = words_of(axes)
        assert len(set(names)) == len(names)
        assert max(len(name) for name in names) < 40


def test_long_names_of_strips_fit_and_are_told_apart() -> None:
    values = np.where(np.arange(384) % 2, 1.0, -1.0)
    names = [
        "Nobody told me about the meeting of yesterday",
        "Nobody told me about the meeting of today",
    ]
    figure = plots.trend_strips([(n * 9, values, np.ones(384, dtype=bool)) for n in names], None)
    axes = drawn(figure).axes[0]
    assert axes.get_window_extent().width > figure.bbox.width / 2
    assert not sticks_out(figure)
    assert len(set(texts_of(axes.get_yticklabels()))) == 2
