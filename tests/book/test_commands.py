"""What the page on commands and models says of Chinese, and of the models that may be named."""

import re

import pytest

from helpers.paths import ROOT
from trendlib import embed
from trendlib.model import hub
from trendlib.model.architectures import ARCHITECTURES
from trendlib.model.encoder import load_encoder
from trendlib.model.weights import MINILM
from trendlib.show.architectures import architecture_table

PAGES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "book/commands.md", "notebooks/13_another_model.ipynb")
}
SENTENCE = "我想要一个苹果。"


def test_the_chinese_example_is_as_the_page_says() -> None:
    page = " ".join(PAGES["book/commands.md"].split())
    (said,) = re.findall(r"The words of this sentence are then (.*?) and the full stop", page)
    encoding = load_encoder(MINILM.name, cutter="jieba").encode(SENTENCE)
    assert encoding.word_texts == (*said.split(", "), "。")
    (chosen,) = re.findall(r"and chooses (\S+) and (\S+)\. Of its", page)
    found = embed(SENTENCE, model=MINILM.name, cutter="jieba")
    assert tuple(word.word for word in found.choice.chosen) == chosen
    (known,) = re.findall(r"it knows only (\S+), (\S+) and the full stop", page)
    assert [token for token in encoding.tokens[1:-1] if token != "[UNK]"] == [*known, "。"]


@pytest.mark.parametrize("name", PAGES)
def test_the_models_that_pages_name_are_names_of_the_hub(name: str) -> None:
    named = re.findall(r'(?:--model |MODEL=|load_encoder\(\\?")([\w./@-]+)', PAGES[name])
    assert named
    for model in named:
        assert hub.parse(model) or model.startswith(("./", "path/")), model


def test_the_table_of_architectures_names_each_once() -> None:
    rows = architecture_table().splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows] == [f"| `{name}`" for name in ARCHITECTURES]
    for row, each in zip(rows, ARCHITECTURES.values(), strict=True):
        assert row.split(" | ")[1] == each.static
