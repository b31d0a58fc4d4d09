"""Sentences and tables say what the run found, and show a user's text as text."""

import html
import re
from collections.abc import Callable

import numpy as np
import pytest
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from trendlib.articles.published import printed_matrix
from trendlib.choice import choose_words
from trendlib.embedding import Recipe, embed_encoding
from trendlib.model.encoder import Encoder
from trendlib.readings import ARTICLE, MASS_TIES, READINGS
from trendlib.show import report


def book_markdown() -> MarkdownIt:
    """Markdown as the book reads it."""
    extensions = {"amsmath", "colon_fence", "deflist", "dollarmath"}
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def lab_markdown() -> MarkdownIt:
    """Markdown as JupyterLab reads it: with tables, strikethrough and bare links."""
    return MarkdownIt("gfm-like")


@pytest.mark.parametrize("markdown", [book_markdown, lab_markdown])
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "**bold** _it_ `code` [a](b) ![a](b)",
        "$x$ and $$y$$ & &amp; \\ # 1. - +",
        "~~struck~~",
        "a|b",
        "{ref}`x` (a)= :::",
        "https://example.org www.example.org me@example.org",
        "plain",
    ],
)
def test_a_users_text_is_shown_as_it_was_typed(
    markdown: Callable[[], MarkdownIt], text: str
) -> None:
    rendered = markdown().render(report.quoted(text))
    shown = html.unescape(rendered.removeprefix("<p>").removesuffix("</p>\n"))
    assert shown == f"“{text}”"


def test_sentences_about_the_printed_matrix() -> None:
    choice = choose_words(*printed_matrix(), ARTICLE)
    assert report.focus_text(choice) == (
        "The focus word is **“want”**. It receives 0.798 in head 11 of layer 0; a fair share would "
        "be 1."
    )
    assert report.related_text(choice) == (
        "“want” comes first in 5 of the 12 heads. The related word is **“apple”**, which "
        "comes second in 3 of these 5."
    )


def test_sentences_follow_the_run(minilm: Encoder) -> None:
    embedding = embed_encoding(minilm.encode("She sent a card."))
    choice = embedding.choice
    assert f"**“{choice.focus.word}”**" in report.focus_text(choice)
    assert f"{choice.focus.received:.3f}" in report.focus_text(choice)
    assert f"**“{choice.related.word}”**" in report.related_text(choice)
    assert f"{embedding.focus_trend.defined_share:.1%}" in report.trend_text(embedding)


def test_one_word(minilm: Encoder) -> None:
    embedding = embed_encoding(minilm.encode("hello"))
    assert "no related word: the focus word is the only" in report.related_text(embedding.choice)
    assert "this trend alone is the embedding" in report.trend_text(embedding)
    assert "none: the focus word" in report.readings_table([embedding]).to_string()


def test_unknown_words_are_named(minilm: Encoder) -> None:
    assert "Every word is in the model's vocabulary" in report.words_text(
        minilm.encode("I want [UNK]")
    )
    assert "does not contain “🍎”" in report.words_text(minilm.encode("I want 🍎."))


def test_a_tie_and_a_single_vote_are_said() -> None:
    received, words = np.array([[2.0, 9, 0, 1], [0, 9, 0, 5]]), ("i", "want", "an", "apple")
    first, heaviest = choose_words(received, words), choose_words(received, words, MASS_TIES)
    assert report.related_text(first).endswith(
        "The related word is **“i”**, which comes second in 1 of these 2. Another word has as many "
        "votes; the first one wins, as in the article."
    )
    assert report.related_text(heaviest).endswith(
        "The related word is **“apple”**, which comes second in 1 of these 2. Another word has as "
        "many votes; the one that receives more attention in these wins."
    )
    single = choose_words(np.array([[2.0, 9, 0, 1]]), ("i", "want", "an", "apple"))
    assert report.related_text(single).endswith("which comes second there.")


def test_the_table_of_readings_says_how_a_tie_was_decided(minilm: Encoder) -> None:
    encoding = minilm.encode("The soup is cold.")
    readings = ("article", "mass-ties")
    found = [embed_encoding(encoding, Recipe(READINGS[name])) for name in readings]
    table = report.readings_table(found)
    assert table["tied"].tolist() == ["yes; the first one wins", "yes; more attention wins"]
    assert len(set(table["related word"])) == 2


def test_heavy_coordinates_are_reported(minilm: Encoder) -> None:
    """Some of this model's coordinates are dead at the end: the log quotient is huge there."""
    embedding = embed_encoding(minilm.encode("I want an apple."))
    share = re.search(r"make up ([\d.]+)% of the embedding's square", report.trend_text(embedding))
    assert share
    assert float(share[1]) > 90


def test_tables(minilm: Encoder) -> None:
    encoding = minilm.encode("Word embeddings.")
    words = report.words_table(encoding)
    assert words["word pieces"].tolist() == ["word", "em ##bed ##ding ##s", "."]
    assert words["positions"].tolist() == ["1", "2, 3, 4, 5", "6"]
    provenance = report.provenance_table(encoding.provenance)[""]
    assert provenance["model"] == "all-MiniLM-L6-v2"
