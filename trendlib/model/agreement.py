"""Whether what a model's folder declares agrees with its weights, and is what is run.

transformers builds most tokenizers from a vocabulary and a few settings, and passes over what else
``tokenizer.json`` declares. A tokenizer is compared by what it does to text: the vocabulary, how
text is cleaned and split into words and word pieces, and the tokens that are added.
"""

import hashlib
import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trendlib.errors import CorruptedWeightsError, UnsupportedModelError
from trendlib.model.architectures import architecture_of
from trendlib.model.hub import SETTINGS_FILES
from trendlib.model.tensors import read_tensors, weight_files
from trendlib.model.weights import TOKENIZER_FILES, Weights

VOCABULARY = "vocabulary"
PIECES = ("type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word")
"""The settings of WordPiece for splitting a word into pieces."""
OTHER_PIECES = ("unk_id", "end_of_word_suffix", "byte_fallback", "merges", "dropout")
"""Those that only BPE and Unigram have."""
TEXTS = (
    "I want an apple.",
    "  two  spaces, a\ttab\nand a line ",
    "ÀÉÎ naïve café Cafe\u0301 ﬁ Ⅷ ½ \uff46\uff55\uff4c\uff4c",
    "don't DON\u2019T U.S.A. 3,14 #tag a_b x@y.z --",
    "我想要一个苹果。これは本です。ภาษาไทย 한국어",
    "أريد تفاحة אני רוצה תפוח Я хочу हिन्दी",
    "👍 👩‍👩‍👧 \u200b \ufeff \x07 \xa0 ``quoted'' …",
    "supercalifragilisticexpialidocious",
)
"""What two tokenizers are compared on that say the same in different words."""
NOWHERE = "\U00013000"
"""A character that no vocabulary has, of the hieroglyphs."""
UNUSED = 0.01
"""The largest share of a table's rows that no token of the tokenizer may have ..."""
PADDED = 128
"""... or their largest number: tables are padded for the hardware, and keep rows for later."""

SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "embedding_size",
    "type_vocab_size",
)
"""The settings in config.json that say how much memory a model takes, whatever its weights are."""
POSITIONS = "max_position_embeddings"
OTHER_NAMES = {
    "dim": "hidden_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "hidden_dim": "intermediate_size",
}
"""What DistilBERT and XLM call them."""


def check_sizes(weights: Weights) -> None:
    """Check that no size in config.json is larger than every size in the weights.

    Raises:
        MissingWeightsError: If a file of the weights is missing.
        CorruptedWeightsError: If it does, or if a file of the weights is not whole.
    """
    config = json.loads((weights.folder / "config.json").read_bytes())
    shapes = read_tensors(weights.folder).values()
    largest = max(len(shapes), *(size for shape in shapes for size in shape), 0)
    # Positions that are no table take no memory.
    is_table = architecture_of(str(config.get("model_type"))).positions != "relative"
    positions = (POSITIONS,) if is_table else ()
    for name in (*SIZES, *positions, *OTHER_NAMES):
        declared = config.get(name) or 0
        if not isinstance(declared, int) or declared > largest:
            raise CorruptedWeightsError(
                f"config.json of the model {weights.name} declares {name}="
                f"{textwrap.shorten(repr(declared), 80)}, and nothing in "
                f"{weight_files(weights.folder).shown} is larger than {largest}: use the config "
                "that belongs to the weights"
            )


def check_tokenizer(tokenizer: Any, weights: Weights, rows: int) -> None:
    """Check a loaded tokenizer against what the folder declares and the model knows.

    Args:
        tokenizer: The tokenizer, one that runs in the library ``tokenizers``.
        weights: The model's files.
        rows: The number of rows of the model's table of embeddings.

    Raises:
        CorruptedWeightsError: If a model that this package names has another tokenizer.
        UnsupportedModelError: If another tokenizer is declared than the one that is run, one that
            adds no special tokens, one that is not certain of its tokens, or one of another size
            than the model's table.
    """
    backend = tokenizer.backend_tokenizer
    run = _parts(backend)
    for file, part in _differing(run, weights, backend):
        raise UnsupportedModelError(
            f"{file} of the model {weights.name} declares another {part} than "
            f"{type(tokenizer).__name__} runs with the folder's other files: let them agree "
            "(do_lower_case, strip_accents and tokenize_chinese_chars in tokenizer_config.json, "
            "the tokens in vocab.txt), or declare the tokenizer_class 'PreTrainedTokenizerFast', "
            "which runs tokenizer.json as it is"
        )
    if not run["set of special tokens"]:
        raise UnsupportedModelError(
            f"the tokenizer of the model {weights.name} adds no special token to a sentence, such "
            "as [CLS] and [SEP]: take the tokenizer that the model was trained with (in "
            "tokenizer.json, 'post_processor' adds them)"
        )
    _check_certain(run["splitting into word pieces"], backend, weights)
    _check_rows(tokenizer, weights, rows)
    expected = weights.tokenizer_sha256
    if expected is not None and _sha256(run) != expected:
        raise CorruptedWeightsError(
            f"{weight_files(weights.folder).shown} is that of {weights.name}, but the tokenizer "
            f"beside it has sha256 {_sha256(run)} instead of {expected}: delete its files, and "
            f"copy or download them again ({', '.join(map(str, _tokenizer_files(weights)))})"
        )


def _tokenizer_files(weights: Weights) -> list[Path]:
    """List the files that a tokenizer is made from; in the hub's cache, links lead to them."""
    names = (*TOKENIZER_FILES, *SETTINGS_FILES)
    return [(weights.folder / name).resolve() for name in names if (weights.folder / name).exists()]


def _check_certain(pieces: Mapping[str, Any], backend: Any, weights: Weights) -> None:
    """Check that a text always has tokens, and always the same ones."""
    if pieces.get("dropout"):
        raise UnsupportedModelError(
            f"the tokenizer of the model {weights.name} splits words at random (dropout="
            f"{pieces['dropout']!r}), as it does for training: set dropout to null in "
            "tokenizer.json"
        )
    try:
        plain_tokenizer(backend).encode(NOWHERE)
    except Exception as error:  # the library has no class of its own for it
        raise UnsupportedModelError(
            f"the tokenizer of the model {weights.name} has no token for what its vocabulary does "
            f"not know, such as [UNK] ({error}): take the tokenizer that the model was trained with"
        ) from error


def _check_rows(tokenizer: Any, weights: Weights, rows: int) -> None:
    """Check that each token has a row in the table, and that not many rows have no token."""
    numbers = tokenizer.get_vocab().values()
    largest = max(numbers)
    if largest >= rows:
        raise UnsupportedModelError(
            f"the tokenizer of the model {weights.name} has a token of number {largest}, but the "
            f"model's table has {rows} rows (0 to {rows - 1}): take the tokenizer that the model "
            "was trained with"
        )
    unused = rows - len(set(numbers))
    if unused > max(PADDED, UNUSED * rows):
        raise UnsupportedModelError(
            f"the tokenizer of the model {weights.name} has {rows - unused} tokens, but the "
            f"model's table has {rows} rows: take the tokenizer that the model was trained with"
        )


def tokenizer_sha256(tokenizer: Any) -> str:
    """Compute the checksum of what a loaded tokenizer does to text."""
    return _sha256(_parts(tokenizer.backend_tokenizer))


def _sha256(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _parts(tokenizer: Any) -> dict[str, Any]:
    content = json.loads(tokenizer.to_str())
    model = content["model"]
    pieces = {name: model.get(name) for name in PIECES}
    pieces |= {name: model[name] for name in OTHER_PIECES if model.get(name)}
    return {
        VOCABULARY: model["vocab"],
        "splitting into word pieces": pieces,
        "normalizer": content["normalizer"],
        "pre-tokenizer": content["pre_tokenizer"],
        "set of special tokens": plain_tokenizer(tokenizer).encode("").ids,
        "set of added tokens": sorted(
            (token["id"], token["content"]) for token in content["added_tokens"]
        ),
    }


def plain_tokenizer(tokenizer: Any) -> Any:
    """Copy a tokenizer of the library ``tokenizers``, without truncation and padding."""
    copy = type(tokenizer).from_str(tokenizer.to_str())
    copy.no_padding()
    copy.no_truncation()
    return copy


def _differing(run: Mapping[str, Any], weights: Weights, backend: Any) -> list[tuple[str, str]]:
    """Return the files that declare something else, and what it is."""
    found = []
    file = weights.folder / "tokenizer.json"
    if file.is_file():
        other = type(backend).from_file(str(file))
        declared = _parts(other)
        # More tokens may be added by other files; those must not.
        added = set(declared.pop("set of added tokens")) - set(run["set of added tokens"])
        parts = [part for part in declared if not _agree(declared[part], run[part])]
        if parts and not (_is_words_alone(parts, run) and _do_the_same(backend, other)):
            found += [(file.name, part) for part in parts]
        found += [(file.name, "set of added tokens")] * bool(added)
    numbers = _listed(weights, run["splitting into word pieces"]["type"])
    if numbers is not None and numbers != run[VOCABULARY]:
        found.append(("vocab.txt", VOCABULARY))
    return found


def _agree(declared: Any, run: Any) -> bool:
    """Whether two parts are the same, but for the last digit of Unigram's scores.

    The library that reads them from JSON does not round them as Python does.
    """
    if not isinstance(declared, list) or not isinstance(run, list) or len(declared) != len(run):
        return bool(declared == run)
    return all(
        one == other
        or (isinstance(one, list) and one[0] == other[0] and math.isclose(one[1], other[1]))
        for one, other in zip(declared, run, strict=True)
    )


def _is_words_alone(parts: Sequence[str], run: Mapping[str, Any]) -> bool:
    """Whether two tokenizers may do the same, though they say it in different words.

    BERT's settings have one way to be said, so that other words there are another tokenizer.
    """
    is_bert = (run["normalizer"] or {}).get("type") == "BertNormalizer"
    return not is_bert and VOCABULARY not in parts and "set of special tokens" not in parts


def _do_the_same(one: Any, other: Any) -> bool:
    """Whether two tokenizers make the same tokens of ``TEXTS``, from the same characters."""
    coded = [plain_tokenizer(tokenizer).encode_batch(TEXTS) for tokenizer in (one, other)]
    return all(
        (first.ids, first.offsets) == (second.ids, second.offsets)
        for first, second in zip(*coded, strict=True)
    )


def _listed(weights: Weights, kind: str) -> dict[str, int] | None:
    """Read the numbers of tokens in vocab.txt, if the tokenizer is of the kind that it is for."""
    file = weights.folder / "vocab.txt"
    if kind != "WordPiece" or not file.is_file():
        return None
    lines = file.read_text(encoding="utf-8").split("\n")
    return {line: number for number, line in enumerate(lines) if line}
