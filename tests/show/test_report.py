"""Sentences and tables say what the run found, and show a user's text as text."""

import html
from collections.abc import Callable

import numpy as np
import pytest
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from trendlib.articles.published import printed_matrix
from trendlib.choice import Related, choose_words
from trendlib.embedding import Recipe, embed_encoding
from trendlib.model.encoder import Encoder
from trendlib.readings import ARTICLE, MASS_TIES, READINGS
from trendlib.show import cosines, report
from trendlib.similarity import cosine


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
        "The focus word is **“want”**: it receives 0.798 in head 11 of layer 0, where a fair share "
        "is 1."
    )
    assert report.related_text(choice) == (
        "“want” comes first in 5 of the 12 heads. The related word is **“apple”**, with 3 of 5 "
        "votes."
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
    assert "There is no second trend" in report.trend_text(embedding)
    assert "none: the focus word" in report.readings_table([embedding]).to_string()
    assert list(report.embedding_table(embedding, 10)) == ["focus: hello", "sentence embedding"]


def test_readings_that_agree_and_that_do_not(minilm: Encoder) -> None:
    encoding = minilm.encode("I want an apple.")
    by_name = {
        name: embed_encoding(encoding, Recipe(reading)) for name, reading in READINGS.items()
    }
    chosen = by_name.pop("article")
    text = report.readings_text(chosen, list(by_name.values()))
    assert "the chosen words are “want” and “I”" in text
    assert "By “words-only”, “mean-pieces”, “mass-ties”: the same." in text
    assert "By “layers”, “last-layer”: others." in text


def test_the_same_word_elsewhere_is_another_word(minilm: Encoder) -> None:
    encoding = minilm.encode("want want want want.")
    chosen, *others = (embed_encoding(encoding, Recipe(reading)) for reading in READINGS.values())
    places = [
        (each.choice.focus.index, each.related.index)
        for each in (chosen, *others)
        if isinstance(each.related, Related)
    ]
    assert len(set(places)) > 1
    assert "others" in report.readings_text(chosen, others) or "swapped" in report.readings_text(
        chosen, others
    )


def test_swapped_words_are_said_to_give_the_same_sum(minilm: Encoder) -> None:
    embedding = embed_encoding(minilm.encode("I want"))
    other = embed_encoding(minilm.encode("I want"), Recipe(READINGS["layers"]))
    assert {embedding.choice.focus.word, other.choice.focus.word} == {"I", "want"}
    assert "swapped" in report.readings_text(embedding, [other])
    np.testing.assert_allclose(embedding.values, other.values)


def test_one_chosen_word(minilm: Encoder) -> None:
    embedding = embed_encoding(minilm.encode("hello"))
    text = report.readings_text(embedding, [embedding])
    assert "the only chosen word is “hello”. By “article”: the same." in text


def test_unknown_words_are_named(minilm: Encoder) -> None:
    assert "knows every word" in report.words_text(minilm.encode("I want [UNK]"))
    assert "does not know “🍎”" in report.words_text(minilm.encode("I want 🍎."))


def test_a_tie_and_a_single_vote_are_said() -> None:
    received, words = np.array([[2.0, 9, 0, 1], [0, 9, 0, 5]]), ("i", "want", "an", "apple")
    first, heaviest = choose_words(received, words), choose_words(received, words, MASS_TIES)
    assert report.related_text(first).endswith(
        "The related word is **“i”**, with 1 of 2 votes. That is a tie, and the first of the equal "
        "words is taken, as in the article."
    )
    assert report.related_text(heaviest).endswith(
        "The related word is **“apple”**, with 1 of 2 votes. That is a tie, and attention mass "
        "decides it."
    )
    single = choose_words(np.array([[2.0, 9, 0, 1]]), ("i", "want", "an", "apple"))
    assert report.related_text(single).endswith("with 1 of 1 vote.")


def test_the_table_of_readings_says_how_a_tie_was_decided(minilm: Encoder) -> None:
    encoding = minilm.encode("The soup is cold.")
    readings = ("article", "mass-ties")
    found = [embed_encoding(encoding, Recipe(READINGS[name])) for name in readings]
    table = report.readings_table(found)
    assert table["tied"].tolist() == ["yes, the first is taken", "yes, attention mass decides"]
    assert len(set(table["related word"])) == 2


def test_heavy_coordinates_are_reported(minilm: Encoder) -> None:
    """Some of this model's coordinates are dead at the end: the log quotient is huge there."""
    embedding = embed_encoding(minilm.encode("I want an apple."))
    vectors = {"one": embedding.values, "other": np.roll(embedding.values, 1)}
    table = cosines.heaviest_table(vectors, 1, minilm.provenance)
    heavy = int(table.loc["one", "heaviest coordinates"])
    assert abs(embedding.values[heavy]) == np.abs(embedding.values).max()
    assert float(table.loc["one", "share of the square"].rstrip("%")) > 90
    lightened = cosines.lightened_table(vectors, [0, 1], minilm.provenance)
    assert list(lightened) == ["all", "without 2 of them"]
    assert lightened["all"].item() == round(cosine(*vectors.values()), 4)
    assert "of the embedding's square" in report.trend_text(embedding)


def test_closest() -> None:
    text = cosines.closest_text({"a-b": 0.1, "a-c": 0.9, "b-c": -0.5}, "trends", "nobody")
    assert "closest two are **a-c** (0.900), the farthest **b-c** (-0.500)" in text


def test_tables(minilm: Encoder) -> None:
    encoding = minilm.encode("Word embeddings.")
    words = report.words_table(encoding)
    assert words["word pieces"].tolist() == ["word", "em ##bed ##ding ##s", "."]
    assert words["positions"].tolist() == ["1", "2, 3, 4, 5", "6"]
    provenance = report.provenance_table(encoding.provenance)[""]
    assert provenance["model"] == "all-MiniLM-L6-v2"
    embedding = embed_encoding(encoding)
    table = report.embedding_table(embedding, 10)
    assert ((table["sentence embedding"] == "undefined") == ~embedding.defined[:10]).all()


def test_tables_of_cosines(minilm: Encoder) -> None:
    vectors = {"a": np.array([1.0, 0, 1]), "b": np.array([1.0, 0, -1])}
    table = cosines.pairs_table({"trend": vectors}, 1, minilm.provenance)
    assert table.to_dict() == {"trend, first 1": {"a-b": 1.0}, "trend, all": {"a-b": 0.0}}
    assert table.columns.name == "all-MiniLM-L6-v2"
    slices = cosines.slices_table([("a-b", np.array([0.5, np.nan, -1]), 0.0)], minilm.provenance)
    assert slices.loc["a-b"].tolist() == [-1.0, 0.5, 0.0]
