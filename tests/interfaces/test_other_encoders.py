"""The interfaces with encoders that are no BERT: they work, or say in words why they do not."""

from pathlib import Path

import numpy as np
import pytest

from helpers.models import KINDS, make_encoder
from trendlib.errors import UnsupportedModelError
from trendlib.interfaces.onnx import TOLERANCE, export
from trendlib.interfaces.sentence_transformers import TrendTransformer
from trendlib.model.corpus import embed_array
from trendlib.model.encoder import load_encoder
from trendlib.readings import ARTICLE, LAYERS

SENTENCES = ["I want an apple.", "She sent a card to her mother."]


def test_electra_is_exported_with_its_projection(tmp_path: Path) -> None:
    encoder = load_encoder(make_encoder(tmp_path / "electra", KINDS["electra"]))
    for reading in (ARTICLE, LAYERS):
        assert export(encoder, reading, tmp_path / f"{reading.name}.onnx") < TOLERANCE


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("roberta", "type roberta, tokenizer BPE"),
        ("bert-unigram", "type bert, tokenizer Unigram"),
        ("distilbert", "type distilbert, tokenizer WordPiece"),
    ],
)
def test_what_an_onnx_file_cannot_say_is_refused(tmp_path: Path, kind: str, told: str) -> None:
    encoder = load_encoder(make_encoder(tmp_path / kind, KINDS[kind]))
    with pytest.raises(UnsupportedModelError, match=rf"{told}\) cannot be exported"):
        export(encoder, ARTICLE, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_weights_in_several_files_are_saved_with_the_module(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "parts", KINDS["xlm-roberta"], shard_size="30KB")
    module = TrendTransformer(folder)
    saved = tmp_path / "saved"
    saved.mkdir()
    module.save(str(saved))
    assert sorted(path.name for path in saved.glob("model*")) == sorted(
        path.name for path in folder.glob("model*")
    )
    again = TrendTransformer.load(str(saved))
    expected = embed_array(load_encoder(folder), SENTENCES)
    found = again.forward(again.preprocess(SENTENCES))["sentence_embedding"]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
