"""What the explorer says: word for word what ``report`` says, in both languages."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from nbconvert.filters import markdown2html

import explorer_page
from editions import CHINESE
from explorer_data import explorer_data, slug
from helpers.deno import run_script
from printed_sentence import PRINTED, printed_sentence
from trendlib.articles.published import printed_matrix
from trendlib.choice import choose_words
from trendlib.embedding import Recipe, embed_encoding
from trendlib.encoding import Encoding
from trendlib.language import CATALOGUE
from trendlib.model.encoder import Encoder
from trendlib.readings import READINGS
from trendlib.show import report

LANGUAGES = ("en", "zh")


@pytest.fixture(params=LANGUAGES)
def messages(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The messages of a language, which Python speaks too then."""
    monkeypatch.setenv(CATALOGUE, "")
    if request.param == "zh":
        catalogue = tmp_path / "zh.mo"
        catalogue.write_bytes(CHINESE.compiled("trendlib"))
        monkeypatch.setenv(CATALOGUE, str(catalogue))
    found = explorer_page.translated_messages()
    assert bool(found) == (request.param == "zh")
    return found


def plain(markdown: str) -> str:
    """A sentence as the reader sees it, but for the asterisks around what is strong."""
    text = markdown2html(markdown).strip()
    return html.unescape(re.sub("</?p>", "", re.sub("</?strong>", "**", text)))


def said_by_python(encoding: Encoding) -> dict[str, Any]:
    split = [word for word in encoding.words if len(word.tokens) > 1]
    said: dict[str, Any] = {"marks": plain(" ".join(report.marks_texts(encoding, split)))}
    for name, reading in READINGS.items():
        embedding = embed_encoding(encoding, Recipe(reading))
        texts = (
            report.focus_text(embedding.choice),
            report.related_text(embedding.choice),
            report.trend_text(embedding),
        )
        said[name] = [plain(text) for text in texts]
    return said


@pytest.fixture(scope="module")
def prepared(minilm: Encoder) -> tuple[list[Encoding], list[Any]]:
    """The prepared sentences, and what the page knows of them."""
    groups = explorer_page.sentence_groups().values()
    encodings = minilm.encode_many([each for group in groups for each in group])
    data = json.loads(json.dumps(explorer_data({"all": encodings})))
    return encodings, list(data["sentences"].values())


def test_the_page_says_what_the_package_says(
    prepared: tuple[list[Encoding], list[Any]], messages: dict[str, str]
) -> None:
    encodings, sentences = prepared
    given = {"sentences": sentences, "messages": messages}
    for encoding, said in zip(encodings, run_script("texts.js", given), strict=True):
        assert said == said_by_python(encoding), encoding.sentence


def test_the_page_explains_every_way_to_write_pieces(
    tiny: Encoder, messages: dict[str, str]
) -> None:
    """Vocabularies that the book's own model does not have, and words of markup."""
    encoding = tiny.encode("I want **an** <b>apple</b> {word}")
    (sentence,) = explorer_data({"all": [encoding]})["sentences"].values()
    sentence = json.loads(json.dumps(sentence))
    (said,) = run_script("texts.js", {"sentences": [sentence], "messages": messages})
    assert said == said_by_python(encoding)
    pieces = [["\u2581an", "d"], ["\u0120caf", "\u00c3\u00a9"], ["w", "##ord"]]
    words = [
        {"start": start, "end": end, "pieces": each, "unit": 0}
        for (start, end), each in zip([(0, 3), (4, 8), (9, 13)], pieces, strict=True)
    ]
    odd = {"sentence": "and café word", "words": words, "readings": {}}
    (said,) = run_script("texts.js", {"sentences": [odd], "messages": messages})
    marks = [
        report._("“{mark}” marks where a word begins.").format(mark="\u2581"),
        report._("“{mark}” stands for the space before a word.").format(mark="\u0120"),
        report._("{pieces} is {word}, written byte by byte.").format(
            pieces="“cafÃ©”", word="“café”"
        ),
        report._("“##” marks a piece that goes on with the word."),
    ]
    assert said["marks"] == " ".join(marks)


def test_the_printed_numbers_are_said_as_the_package_says_them(messages: dict[str, str]) -> None:
    given = {"sentences": [printed_sentence()], "messages": messages}
    (said,) = run_script("texts.js", given)
    choice = choose_words(printed_matrix()[0], ["I", "want", "an", "apple"])
    texts = [plain(report.focus_text(choice)), plain(report.related_text(choice))]
    assert said == {"marks": "", "article": texts}
    assert slug(PRINTED) == PRINTED
