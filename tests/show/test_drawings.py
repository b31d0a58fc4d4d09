"""Drawings and captions: what they show, and what they refuse."""

import numpy as np
import pytest
from matplotlib.text import Text

from trendlib.articles.published import printed_attention
from trendlib.errors import ArrayError
from trendlib.show import drawings, plots
from trendlib.show.style import RELATED

TOKENS = ["[CLS]", "i", "want", "[SEP]"]


def texts(figure: object) -> list[str]:
    return [each.get_text() for each in figure.findobj(Text)]  # type: ignore[attr-defined]


def test_the_drawing_of_bert_names_what_it_shows() -> None:
    figure = drawings.bert(TOKENS, marked=2, n_layers=12)
    shown = texts(figure)
    assert set(TOKENS) <= set(shown)
    assert {"hidden state 0", "hidden state 1", "hidden state 12", "layer 0", "layer 11"} <= set(
        shown
    )
    marked = [each.get_text() for each in figure.findobj(Text) if each.get_color() == RELATED]
    assert "want" in marked
    assert not {"i", "[CLS]", "[SEP]"} & set(marked)
    assert sum("times its gain" in each for each in texts(figure)) == 2  # of the first and the last


@pytest.mark.parametrize(("marked", "layers"), [(4, 6), (-1, 6), (0, 1)])
def test_what_cannot_be_drawn_is_refused(marked: int, layers: int) -> None:
    with pytest.raises(ArrayError, match="mark one of the tokens, and give at least two layers"):
        drawings.bert(TOKENS, marked, layers)


def test_on_the_ruler_of_logarithms_doubling_and_halving_are_equally_far() -> None:
    figure = drawings.ratio_rulers([0.5, 1, 2])
    points = {
        line.get_ydata()[0]: line.get_xdata()
        for line in figure.axes[0].lines
        if line.get_marker() == "o" and len(line.get_xdata()) == 3
    }
    np.testing.assert_allclose(np.diff(points[1.0]), [0.5, 1.0])
    np.testing.assert_allclose(np.diff(points[0.0]), np.log(2))
    assert {"0.5", "2", "-0.69", "+0.69"} <= set(texts(figure))
    with pytest.raises(ArrayError, match="positive"):
        drawings.ratio_rulers([0.5, -1])


def test_the_printed_attention_is_drawn_with_its_numbers() -> None:
    matrix, tokens = printed_attention()
    shown = texts(plots.printed_attention(matrix, tokens))
    assert shown.count("0.93") == 1
    assert set(tokens) <= set(shown)
    assert "as printed by the article: bert-base-uncased" in shown
