"""What a folder declares is what is run; a model is weights, tokenizer and config together."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from trendlib.errors import CorruptedWeightsError, ModelError, UnsupportedModelError
from trendlib.model.encoder import load_encoder
from trendlib.model.weights import MINILM, WEIGHTS_FILE, find_weights

CONFIG, TOKENIZER, SETTINGS = "config.json", "tokenizer.json", "tokenizer_config.json"


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model, to be changed."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "changed-bert"))


def change(path: Path, changed: Callable[[Any], object]) -> None:
    """Change a JSON file in place."""
    content = json.loads(path.read_text(encoding="utf-8"))
    changed(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def add_tensor(folder: Path, name: str) -> None:
    path = folder / WEIGHTS_FILE
    save_file({**load_file(path), name: np.zeros(3, np.float32)}, path, metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("file", "setting", "value"),
    [
        (CONFIG, "position_embedding_type", "relative_key"),
        (CONFIG, "position_embedding_type", "relative_key_query"),
        (CONFIG, "is_decoder", True),
        (CONFIG, "is_encoder_decoder", True),
        (CONFIG, "add_cross_attention", True),
        (CONFIG, "auto_map", {"AutoModel": "modeling.Other"}),
        (CONFIG, "quantization_config", {"quant_method": "gptq"}),
        (SETTINGS, "auto_map", {"AutoTokenizer": ["tokenization.Other", None]}),
        (CONFIG, "model_type", None),
        (CONFIG, "model_type", ["bert"]),
    ],
)
def test_settings_that_are_not_run_are_refused(
    folder: Path, file: str, setting: str, value: object
) -> None:
    change(folder / file, lambda settings: settings.update({setting: value}))
    with pytest.raises(UnsupportedModelError) as caught:
        find_weights(folder)
    assert repr(value) in str(caught.value)
    assert "changed-bert" in str(caught.value)


def set_normalizer(content: Any) -> None:
    content["normalizer"]["lowercase"] = False


def swap_two_words(content: Any) -> None:
    words = content["model"]["vocab"]
    words["apple"], words["orange"] = words["orange"], words["apple"]


def drop_special_tokens(content: Any) -> None:
    content["post_processor"] = None


def split_at_spaces(content: Any) -> None:
    content["pre_tokenizer"] = {"type": "WhitespaceSplit"}


def shorten_words(content: Any) -> None:
    content["model"]["max_input_chars_per_word"] = 3


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        (set_normalizer, "normalizer"),
        (swap_two_words, "vocabulary"),
        (drop_special_tokens, "special tokens"),
        (split_at_spaces, "pre-tokenizer"),
        (shorten_words, "word pieces"),
    ],
)
def test_a_tokenizer_that_is_not_run_is_refused(
    folder: Path, changed: Callable[[Any], object], part: str
) -> None:
    change(folder / TOKENIZER, changed)
    with pytest.raises(UnsupportedModelError, match=part):
        load_encoder(folder)


def test_settings_that_contradict_the_tokenizer_are_refused(folder: Path) -> None:
    change(folder / SETTINGS, lambda settings: settings.update(do_lower_case=False))
    with pytest.raises(UnsupportedModelError, match="another normalizer"):
        load_encoder(folder)


@pytest.mark.parametrize("name", ["bert.encoder.layer.5.output.dense.bias", "adapter.down.weight"])
def test_tensors_that_nothing_uses_are_refused(folder: Path, name: str) -> None:
    add_tensor(folder, name)
    with pytest.raises(UnsupportedModelError, match="1 tensor that nothing uses"):
        load_encoder(folder)


def test_a_head_is_left_out_where_it_is_declared(folder: Path) -> None:
    add_tensor(folder, "classifier.bias")
    with pytest.raises(UnsupportedModelError, match=r"classifier\.bias"):
        load_encoder(folder)
    declared = ["BertForSequenceClassification"]
    change(folder / CONFIG, lambda config: config.update(architectures=declared))
    assert load_encoder(folder).encode("hello").word_texts == ("hello",)


def test_fewer_layers_than_the_weights_have_are_refused(folder: Path) -> None:
    change(folder / CONFIG, lambda config: config.update(num_hidden_layers=3))
    with pytest.raises(UnsupportedModelError, match="32 tensors that nothing uses"):
        load_encoder(folder)


def test_tokens_without_a_row_in_the_table_are_refused(folder: Path) -> None:
    (folder / TOKENIZER).unlink()
    with (folder / "vocab.txt").open("a", encoding="utf-8") as file:
        file.write("pear\n")
    with pytest.raises(UnsupportedModelError, match=r"a token of number (\d+).*has \1 rows"):
        load_encoder(folder)


@pytest.mark.parametrize("content", ["{", "[]", "null", '{"model": 3}', ""])
def test_a_damaged_tokenizer_is_a_typed_error(folder: Path, content: str) -> None:
    for file in (TOKENIZER, SETTINGS):
        kept = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(content, encoding="utf-8")
        if (file, content) != (SETTINGS, '{"model": 3}'):  # which declares nothing
            with pytest.raises(ModelError, match="changed-bert"):
                load_encoder(folder)
        (folder / file).write_text(kept, encoding="utf-8")


def test_a_known_model_needs_its_own_tokenizer(tmp_path: Path) -> None:
    """All files agree with each other, and still two words are swapped."""
    folder = Path(shutil.copytree(find_weights(MINILM.name).folder, tmp_path / "copy"))
    assert load_encoder(folder).provenance.model == MINILM.name
    change(folder / TOKENIZER, lambda content: swap(content["model"]["vocab"], "cat", "dog"))
    with pytest.raises(UnsupportedModelError, match="vocabulary"):
        load_encoder(folder)
    words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    cat, dog = words.index("cat"), words.index("dog")
    words[cat], words[dog] = words[dog], words[cat]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    with pytest.raises(CorruptedWeightsError, match=MINILM.tokenizer_sha256):
        load_encoder(folder)


def swap(numbers: dict[str, int], one: str, other: str) -> None:
    numbers[one], numbers[other] = numbers[other], numbers[one]


@pytest.mark.parametrize("file", [CONFIG, SETTINGS, TOKENIZER, "vocab.txt"])
def test_a_model_is_weights_tokenizer_and_config_together(
    folder: Path, tiny_folder: Path, file: str
) -> None:
    before = find_weights(tiny_folder)
    assert find_weights(folder).model_sha256 == before.model_sha256
    with (folder / file).open("a", encoding="utf-8") as changed:
        changed.write("\n")
    after = find_weights(folder)
    assert after.sha256 == before.sha256
    assert after.model_sha256 != before.model_sha256
    assert load_encoder(folder).provenance.model_sha256 == after.model_sha256


# What no program writes


@pytest.mark.parametrize("setting", ["num_hidden_layers", "vocab_size", "intermediate_size"])
@pytest.mark.parametrize("value", [10**9, 10**30, 1e30, [1]])
def test_a_size_that_nothing_in_the_weights_has_is_refused_at_once(
    folder: Path, setting: str, value: object
) -> None:
    change(folder / CONFIG, lambda config: config.update({setting: value}))
    with pytest.raises(CorruptedWeightsError, match=f"declares {setting}=.* nothing in model.safe"):
        load_encoder(folder)


def test_a_model_that_cannot_run_is_refused_when_it_is_loaded(folder: Path) -> None:
    change(folder / CONFIG, lambda settings: settings.update(architectures=True))
    with pytest.raises(CorruptedWeightsError, match=r"cannot be read \(TypeError"):
        load_encoder(folder)


@pytest.mark.parametrize("value", ["many", "512", [5]])
def test_a_longest_sentence_that_is_no_number(folder: Path, value: object) -> None:
    change(folder / SETTINGS, lambda settings: settings.update(model_max_length=value))
    with pytest.raises(UnsupportedModelError, match=r"declares model_max_length=.* is no number"):
        load_encoder(folder)


def test_a_panic_of_the_tokenizers_library_is_an_error(folder: Path) -> None:
    def unlink(tokenizer: Any) -> None:
        tokenizer["post_processor"]["special_tokens"].clear()

    change(folder / TOKENIZER, unlink)
    with pytest.raises(CorruptedWeightsError, match=r"the tokenizer of .* cannot be read"):
        load_encoder(folder)


def test_weights_that_are_no_numbers_are_refused(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS_FILE)
    name = next(name for name in tensors if name.endswith("layer.0.intermediate.dense.bias"))
    tensors[name][0] = np.nan
    save_file(tensors, folder / WEIGHTS_FILE, metadata={"format": "pt"})
    with pytest.raises(CorruptedWeightsError, match="not finite numbers"):
        load_encoder(folder)


def test_a_header_longer_than_its_file_is_refused(folder: Path) -> None:
    path = folder / WEIGHTS_FILE
    path.write_bytes(b"\xff" * 7 + b"\x7f" + path.read_bytes()[8:])
    with pytest.raises(CorruptedWeightsError, match="cannot be read"):
        load_encoder(folder)
