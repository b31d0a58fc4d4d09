"""Check that the tokenizer that a model's folder declares is the one that runs.

transformers builds BERT's tokenizer from the vocabulary and a few settings, and ignores everything
else in ``tokenizer.json``. A tokenizer is compared by what it does to text: the vocabulary,
how text is cleaned and split into words and word pieces, and the tokens that are added.
"""

import hashlib
import json
import textwrap
from collections.abc import Mapping
from typing import Any

from trendlib.errors import CorruptedWeightsError, UnsupportedModelError
from trendlib.model.weights import WEIGHTS_FILE, Weights

PIECES = ("type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word")


SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
)
"""The settings in config.json that say how much memory a model takes, whatever its weights are."""


def check_sizes(weights: Weights) -> None:
    """Check that no size in config.json is larger than every size in the weights.

    Raises:
        CorruptedWeightsError: If it does.
    """
    config = json.loads((weights.folder / "config.json").read_bytes())
    path = weights.folder / WEIGHTS_FILE
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(min(length, path.stat().st_size)))
    shapes = [tensor["shape"] for name, tensor in header.items() if name != "__metadata__"]
    largest = max(len(shapes), *(size for shape in shapes for size in shape))
    for name in SIZES:
        declared = config.get(name, 0)
        if not isinstance(declared, int) or declared > largest:
            raise CorruptedWeightsError(
                f"config.json of the model {weights.name} declares {name}="
                f"{textwrap.shorten(repr(declared), 80)}, and nothing in {WEIGHTS_FILE} is larger "
                f"than {largest}: use the config that belongs to the weights"
            )


def check_tokenizer(tokenizer: Any, weights: Weights, rows: int) -> None:
    """Check a loaded tokenizer against what the folder declares and the model knows.

    Args:
        tokenizer: The ``BertTokenizerFast``.
        weights: The model's files.
        rows: The number of rows of the model's table of embeddings.

    Raises:
        CorruptedWeightsError: If a model that this package names has another tokenizer.
        UnsupportedModelError: If the declared tokenizer is not the one that runs, or has tokens
            that the model does not know.
    """
    backend = tokenizer.backend_tokenizer
    run = _parts(backend)
    for file, part in _differing(run, weights, type(backend)):
        raise UnsupportedModelError(
            f"{file} of the model {weights.name} declares another {part} than BertTokenizerFast "
            "runs with the folder's other files: let them agree (do_lower_case, strip_accents and "
            "tokenize_chinese_chars in tokenizer_config.json, the tokens in vocab.txt)"
        )
    largest = max(tokenizer.get_vocab().values())
    if largest >= rows:
        raise UnsupportedModelError(
            f"the tokenizer of the model {weights.name} has a token of number {largest}, but the "
            f"model's table has {rows} rows (0 to {rows - 1}): take the tokenizer that the model "
            "was trained with"
        )
    expected = weights.tokenizer_sha256
    if expected is not None and _sha256(run) != expected:
        raise CorruptedWeightsError(
            f"{WEIGHTS_FILE} is that of {weights.name}, but the tokenizer beside it has sha256 "
            f"{_sha256(run)} instead of {expected}: copy or download tokenizer.json, "
            f"tokenizer_config.json and vocab.txt again (folder {weights.folder})"
        )


def tokenizer_sha256(tokenizer: Any) -> str:
    """Compute the checksum of what a loaded tokenizer does to text."""
    return _sha256(_parts(tokenizer.backend_tokenizer))


def _sha256(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _parts(tokenizer: Any) -> dict[str, Any]:
    content = json.loads(tokenizer.to_str())
    copy = type(tokenizer).from_str(tokenizer.to_str())
    copy.no_padding()
    copy.no_truncation()
    model = content["model"]
    return {
        "vocabulary": model["vocab"],
        "splitting into word pieces": {name: model.get(name) for name in PIECES},
        "normalizer": content["normalizer"],
        "pre-tokenizer": content["pre_tokenizer"],
        "set of special tokens": copy.encode("").ids,
        "set of added tokens": sorted(
            (token["id"], token["content"]) for token in content["added_tokens"]
        ),
    }


def _differing(run: Mapping[str, Any], weights: Weights, reader: Any) -> list[tuple[str, str]]:
    """Return the files that declare something else, and what it is."""
    found = []
    file = weights.folder / "tokenizer.json"
    if file.is_file():
        declared = _parts(reader.from_file(str(file)))
        # More tokens may be added by other files; those must not.
        added = set(declared.pop("set of added tokens")) - set(run["set of added tokens"])
        found += [(file.name, part) for part in declared if declared[part] != run[part]]
        found += [(file.name, "set of added tokens")] * bool(added)
    file = weights.folder / "vocab.txt"
    if file.is_file():
        lines = file.read_text(encoding="utf-8").split("\n")
        numbers = {line: number for number, line in enumerate(lines) if line}
        if numbers != run["vocabulary"]:
            found.append((file.name, "vocabulary"))
    return found
