"""Load a model's tokenizer, and say which characters each of its tokens is made of."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from trendlib.errors import UnsupportedModelError
from trendlib.model import without_garbage_collection
from trendlib.model.agreement import check_tokenizer
from trendlib.model.weights import Weights

with without_garbage_collection():
    import transformers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast
    from transformers.models.auto.tokenization_auto import (
        get_tokenizer_config,
        tokenizer_class_from_name,
    )

MARK = "\u2581"
"""How Unigram writes that a word begins."""
PLAIN = ("vocab.txt", "vocab.json")
"""Vocabularies that are read without another library."""


def load_tokenizer(weights: Weights, config: Any, rows: int) -> Any:
    """Load a model's own tokenizer.

    Args:
        weights: The model's files.
        config: The model's settings.
        rows: The number of rows of the model's table of embeddings.

    Raises:
        CorruptedWeightsError: If a model that this package names has another tokenizer.
        UnsupportedModelError: If its class is not installed, does not say which characters a
            token is made of, or is not what the folder declares.
    """
    _check_class(weights, config)
    _check_sentencepiece(weights)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            weights.folder, config=config, local_files_only=True, trust_remote_code=False
        )
    except ImportError as error:
        raise UnsupportedModelError(
            f"the tokenizer of the model {weights.name} needs a library that is not installed "
            f"({str(error).strip().splitlines()[0]}): install it, or give a folder with a "
            "tokenizer.json"
        ) from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise _is_slow(weights, type(tokenizer).__name__)
    _check_vocabulary(tokenizer, weights)
    check_tokenizer(tokenizer, weights, rows)
    return tokenizer


def _check_class(weights: Weights, config: Any) -> None:
    """Check that the declared class is one of transformers, and runs in ``tokenizers``."""
    settings = get_tokenizer_config(weights.folder, local_files_only=True)
    name = settings.get("tokenizer_class") or getattr(config, "tokenizer_class", None)
    if name is None:
        return
    # transformers 4.57 has two classes of most, and takes the fast one if it can.
    found = tokenizer_class_from_name(f"{name}Fast") or tokenizer_class_from_name(str(name))
    if found is None:
        raise UnsupportedModelError(
            f"the model {weights.name} declares tokenizer_class={name!r}, which transformers "
            f"{transformers.__version__} does not have: install a newer one, or declare "
            "'PreTrainedTokenizerFast', which runs tokenizer.json as it is"
        )
    # Where a library is missing, transformers puts a class in its place that says so when used.
    if getattr(found, "_backends", None) is None and not issubclass(found, PreTrainedTokenizerFast):
        raise _is_slow(weights, str(name))


def _check_sentencepiece(weights: Weights) -> None:
    """Check that a vocabulary of sentencepiece can be read; transformers would blame tiktoken."""
    folder = weights.folder
    others = any((folder / name).is_file() for name in ("tokenizer.json", *PLAIN))
    found = sorted(file.name for file in folder.glob("*.model"))
    if found and not others and find_spec("sentencepiece") is None:
        raise UnsupportedModelError(
            f"the tokenizer of the model {weights.name} is only there as {found[0]}, which needs a "
            "library that is not installed: run `pip install sentencepiece protobuf`, or write a "
            'tokenizer.json where it is, with `python -c "from transformers import AutoTokenizer '
            f'as A; A.from_pretrained({str(folder)!r}).save_pretrained({str(folder)!r})"`'
        )


def _is_slow(weights: Weights, name: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"the model {weights.name} declares tokenizer_class={name!r}, which is written in Python "
        "and does not say which characters a token is made of, so that no words can be found: give "
        "a model whose tokenizer runs in the library tokenizers (a tokenizer.json)"
    )


def _check_vocabulary(tokenizer: Any, weights: Weights) -> None:
    """Check that the tokenizer had a file to read; transformers makes an empty one without."""
    names = [name for name in tokenizer.vocab_files_names.values() if name]
    if not any((weights.folder / name).is_file() for name in [*names, "tokenizer.json"]):
        raise UnsupportedModelError(
            f"the model {weights.name} has no file that {type(tokenizer).__name__} reads "
            f"({', '.join(dict.fromkeys([*names, 'tokenizer.json']))}): copy or download one to "
            f"{weights.folder}"
        )


def word_spans(
    sentence: str, spans: Sequence[tuple[int, int]], skipped: Sequence[bool]
) -> list[tuple[int, int] | None]:
    """Say which characters of words each token is made of, without the white space around them.

    Byte-level BPE and Unigram count the space before a word to its first token, and give some
    white space a token of its own.

    Args:
        sentence: The text.
        spans: The (start, end) of each token, as the tokenizer says.
        skipped: Whether a token is not of the text.

    Returns:
        The (start, end) of each token; None if there is nothing but white space, or no text.

    >>> word_spans("an apple", [(0, 0), (0, 2), (2, 8)], [True, False, False])
    [None, (0, 2), (3, 8)]
    """
    found: list[tuple[int, int] | None] = []
    for (start, end), skip in zip(spans, skipped, strict=True):
        text = sentence[start:end]
        without = text.strip()
        begin = start + len(text) - len(text.lstrip())
        found.append((begin, begin + len(without)) if without and not skip else None)
    return found
