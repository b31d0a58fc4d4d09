"""A word cutter of one's own, or jieba's, decides on words wherever they are cut."""

import copy
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.models import KINDS, make_encoder
from trendlib.embedding import RECIPES, embed_encoding
from trendlib.encoding import UNICODE
from trendlib.errors import CutterError, MissingExtraError, UnknownChoiceError
from trendlib.files.embed import embed_file, read_settings
from trendlib.model.corpus import embed, embed_array
from trendlib.model.cutters import WordCutter, find_cutter, jieba_words
from trendlib.model.encoder import Encoder, load_encoder

SENTENCES = ["我想要一个苹果。", "这是一本书，don't you?", "苹果", "I want an apple."]


def halves(text: str) -> list[tuple[int, int]]:
    middle = len(text) // 2
    return [span for span in ((0, middle), (middle, len(text))) if span[0] < span[1]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny"
    make_encoder(path, KINDS["bert-cased"])
    return path


@pytest.fixture(scope="module")
def chinese(folder: Path) -> Encoder:
    return load_encoder(folder, "float64", cutter="jieba")


def test_jieba_knows_words_of_chinese_and_leaves_the_rest_to_unicode() -> None:
    text = "我喜欢吃苹果，don't you? 2024年 3.5 👍"
    assert [text[start:end] for start, end in jieba_words(text)] == [
        "我", "喜欢", "吃", "苹果", "，", "don't", " ", "you", "?", " ", "2024", "年", " ", "3.5",
        " ", "👍",
    ]  # fmt: skip


def test_a_cutter_changes_words_and_nothing_else(folder: Path, chinese: Encoder) -> None:
    by_unicode = load_encoder(folder, "float64")
    before, after = (encoder.encode(SENTENCES[0]) for encoder in (by_unicode, chinese))
    assert before.word_texts == ("我", "想", "要", "一", "个", "苹", "果", "。")
    assert after.word_texts == ("我", "想要", "一个", "苹果", "。")
    assert before.tokens == after.tokens
    np.testing.assert_array_equal(before.hidden_states, after.hidden_states)
    assert chinese.model is by_unicode.model


def test_provenance_names_the_cutter(folder: Path, chinese: Encoder) -> None:
    assert chinese.provenance.cutter == "jieba"
    assert "rjieba" in chinese.provenance.versions
    assert str(chinese.provenance) == "tiny (local folder), float64, words cut by jieba"
    mine = chinese.with_cutter(halves).provenance
    assert mine.cutter == f"{__name__}.halves"
    again = chinese.with_cutter(UNICODE).provenance
    assert again == load_encoder(folder, "float64").provenance
    assert list(again.versions) == list(load_encoder(folder, "float64").provenance.versions)
    assert "rjieba" not in mine.versions


@pytest.mark.parametrize("cutter", ["jieba", halves])
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_batches_cut_words_as_the_reference_does(
    chinese: Encoder, cutter: object, recipe: object
) -> None:
    encoder = chinese.with_cutter(cutter)
    expected = [embed_encoding(encoder.encode(text), recipe).values for text in SENTENCES]
    np.testing.assert_allclose(embed_array(encoder, SENTENCES, recipe), expected, atol=1e-9)


def test_embed_takes_a_cutter(folder: Path, chinese: Encoder) -> None:
    expected = embed_encoding(chinese.encode(SENTENCES[0]))
    for model in (folder, load_encoder(folder, "float64"), chinese):
        found = embed(SENTENCES[0], model=model, cutter="jieba")
        np.testing.assert_array_equal(found.values, expected.values)
        assert found.provenance.cutter == "jieba"
    assert embed(SENTENCES[0], model=chinese).provenance.cutter == "jieba"


def test_copies_keep_the_cutter(chinese: Encoder) -> None:
    for encoder in (chinese, chinese.with_cutter(halves)):
        for made in (copy.deepcopy(encoder), pickle.loads(pickle.dumps(encoder))):
            assert made.cutter == encoder.cutter
            assert made.encode("我想要").word_texts == encoder.encode("我想要").word_texts


def test_a_kept_file_is_not_taken_for_one_with_other_words(
    folder: Path, chinese: Encoder, tmp_path: Path
) -> None:
    source, out = tmp_path / "a.txt", tmp_path / "a.parquet"
    source.write_text("\n".join(SENTENCES), encoding="utf-8")
    recipe = RECIPES["article"]
    embed_file(source, out, chinese, recipe)
    assert read_settings(out)["cutter"] == "jieba"
    with pytest.raises(ValueError, match="cutter 'jieba' instead of 'unicode'"):
        embed_file(source, out, load_encoder(folder, "float64"), recipe)


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ("mecab", UnknownChoiceError, "unknown word cutter 'mecab': .*'unicode', 'jieba'"),
        (5, CutterError, "the word cutter is 5: choose one of"),
        (lambda text: [], CutterError, "a function without a name"),
    ],
)
def test_what_is_no_cutter_is_refused(given: object, error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        find_cutter(given)  # type: ignore[arg-type]


def test_a_function_without_a_name_can_be_given_one(chinese: Encoder) -> None:
    encoder = chinese.with_cutter(WordCutter("one word", lambda text: [(0, len(text))]))
    assert encoder.encode("我想要").word_texts == ("我想要",)
    assert encoder.provenance.cutter == "one word"


def test_words_that_do_not_fit_the_text_are_told(chinese: Encoder) -> None:
    encoder = chinese.with_cutter(WordCutter("too far", lambda text: [(0, 99)]))
    for run in (encoder.encode, lambda text: embed_array(encoder, [text])):
        with pytest.raises(CutterError, match=r"'我想要', .*a word from 0 to 99"):
            run("我想要")


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'trendlib\[chinese\]'"):
        find_cutter("jieba")
