"""Sentences and tables say what the run found, and show a user's text as text."""

import html

import pytest
from markdown_it import MarkdownIt

from trendlib import report
from trendlib.attention import ARTICLE, READINGS, decide
from trendlib.embedding import embed
from trendlib.encoder import Encoder
from trendlib.published import printed_matrix


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "**bold** _it_ `code` [a](b) ![a](b)",
        "$x$ & &amp; \\ ~~no~~ # 1. - +",
        "a|b",
        "https://example.org",
        "plain",
    ],
)
def test_a_users_text_is_shown_as_it_was_typed(text: str) -> None:
    rendered = MarkdownIt("commonmark", {"linkify": True}).render(report.quoted(text))
    shown = html.unescape(rendered.removeprefix("<p>").removesuffix("</p>\n"))
    assert shown == f"“{text}”"


def test_sentences_about_the_printed_matrix() -> None:
    result = decide(*printed_matrix(), ARTICLE)
    assert report.focus_text(result) == (
        "By the printed matrix and the reading “article”, the focus word is **“want”**: in head 11 "
        "it receives 0.798, where every query gives 1 in all."
    )
    assert report.related_text(result) == (
        "By the printed matrix and the reading “article”, “want” leads 5 of the 12 heads. The "
        "related word is **“apple”**, with 3 of these 5 votes."
    )


def test_sentences_follow_the_run(minilm: Encoder) -> None:
    embedding = embed(minilm.encode("She sent a card."))
    result = embedding.attention
    assert f"**“{result.focus.word}”**" in report.focus_text(result)
    assert f"{result.focus.received:.3f}" in report.focus_text(result)
    assert "all-MiniLM-L6-v2" in report.focus_text(result)
    assert f"**“{result.related.word}”**" in report.related_text(result)
    assert f"{embedding.focus_trend.defined_share:.1%}" in report.trend_text(embedding)


def test_one_word(minilm: Encoder) -> None:
    embedding = embed(minilm.encode("hello"))
    assert "no related word: the focus word is the only" in report.related_text(embedding.attention)
    assert "there is no second trend" in report.trend_text(embedding)
    assert "none: the focus word" in report.readings_table([embedding]).to_string()
    assert list(report.embedding_table(embedding, 10)) == ["focus: hello", "sentence embedding"]


def test_readings_that_agree_and_that_do_not(minilm: Encoder) -> None:
    encoding = minilm.encode("I want an apple.")
    by_name = {name: embed(encoding, reading) for name, reading in READINGS.items()}
    chosen = by_name.pop("article")
    text = report.readings_text(chosen, list(by_name.values()))
    answers = {
        name: (each.attention.focus.word, each.related.word) for name, each in by_name.items()
    }
    own = (chosen.attention.focus.word, chosen.related.word)
    same, _, different = text.partition("another answer")
    for name, answer in answers.items():
        assert f"“{name}”" in (same if answer == own else different)


def test_tables(minilm: Encoder) -> None:
    encoding = minilm.encode("Word embeddings.")
    words = report.words_table(encoding)
    assert words["word pieces"].tolist() == ["word", "em ##bed ##ding ##s", "."]
    assert words["positions"].tolist() == ["1", "2, 3, 4, 5", "6"]
    provenance = report.provenance_table(encoding)[""]
    assert provenance["model"] == "all-MiniLM-L6-v2"
    embedding = embed(encoding)
    table = report.embedding_table(embedding, 10)
    assert ((table["sentence embedding"] == "undefined") == ~embedding.defined[:10]).all()
