"""Try a model out when it is loaded: whether it gives what the method needs, and batches the same.

It is run on tokens of two lengths. What an encoder must give is checked first; then the batch is
compared with the reference, one sentence at a time.
"""

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch

from trendlib.encoding import Encoding, Tokenized
from trendlib.errors import ModelError, UnsupportedModelError, is_out_of_memory
from trendlib.model.architectures import ARCHITECTURES, UNLIMITED, Architecture
from trendlib.model.batch import run_whole, start
from trendlib.model.encoder import Encoder, exact
from trendlib.model.weights import ModelWarning
from trendlib.readings import ARTICLE, LAYERS

LENGTHS = (4, 11)
"""How many tokens, beside the special ones, the sentences have that a model is tried on."""
LONGEST = 1024
"""Up to this many tokens, an unknown architecture is tried on the longest sentence."""
ROUNDING = {"float32": 1e-4, "float64": 1e-9}
"""The largest difference of a batch from the reference, as a share of the largest value."""

EXACT_SUM = 1e-12
"""How far the sum of a row of attention may be from 1 if it is computed in float64."""


class SlowBatchesWarning(ModelWarning):
    """A model runs sentences one by one, since a batch would not give the same."""


def try_out(encoder: Encoder) -> Architecture:
    """Run a model on a few tokens.

    Returns:
        What is known of the architecture then: how its positions count, and how batches run.

    Raises:
        UnsupportedModelError: If it does not give what the method needs.
    """
    with _refused_if_unknown(encoder):
        architecture = _with_positions(encoder)
    encoder.architecture = architecture
    _check_room(encoder)
    encoder.tokenize(["a sentence"])
    sentences = [Tokenized("", (), tuple(ids)) for ids in _probes(encoder)]
    with _refused_if_unknown(encoder):
        encodings = [encoder.encode_tokens(sentence.ids) for sentence in sentences]
    for encoding in encodings:
        _check(encoder, encoding)
    reason = _why_alone(encoder, sentences, encodings)
    if reason is None:
        return architecture
    warnings.warn(
        f"{encoder.provenance.model} (type {architecture.model_type}) does not give the same in a "
        f"batch as alone ({reason}): its sentences are run one by one, which is slower",
        SlowBatchesWarning,
        stacklevel=2,
    )
    return replace(architecture, batch="single")


def _why_alone(
    encoder: Encoder, sentences: list[Tokenized], encodings: list[Encoding]
) -> str | None:
    """Say why sentences are to be run one by one; None if a batch gives the same."""
    dtype = encoder.provenance.dtype
    rounded = max(float(np.abs(each.attentions.sum(axis=-1) - 1).max()) for each in encodings)
    if dtype == "float64" and rounded > EXACT_SUM:
        # How the last digit is rounded then depends on the length, by chance.
        return "it rounds attention to float32, whatever the number format"
    difference = _difference(encoder, sentences, encodings)
    if difference <= ROUNDING[dtype]:
        return None
    return f"the largest difference is {difference:.0e} of the largest value"


def _probes(encoder: Encoder) -> Iterator[list[int]]:
    """Make up sentences of ordinary tokens, between the special ones."""
    special = encoder.tokenizer("")["input_ids"]
    half = (len(special) + 1) // 2
    left_out = {*encoder.tokenizer.all_special_ids, encoder.padding}
    numbers = sorted(set(encoder.tokenizer.get_vocab().values()) - left_out) or [special[0]]
    for length in LENGTHS:
        room = min(length, encoder.max_tokens - len(special))
        step = max(1, len(numbers) // length)
        middle = itertools.islice(itertools.cycle(numbers[::step]), max(room, 0))
        yield [*special[:half], *middle, *special[half:]]


@contextmanager
def _refused_if_unknown(encoder: Encoder) -> Iterator[None]:
    """Say of an architecture that the table does not have that it cannot be run, and why."""
    try:
        yield
    except Exception as error:  # whatever a network raises that is not made for this
        known = encoder.architecture.known
        if known or isinstance(error, UnsupportedModelError) or is_out_of_memory(error):
            raise
        hint = "; it may run in float32" * (encoder.provenance.dtype == "float64")
        raise _unsupported(encoder, f"{type(error).__name__}: {error}{hint}") from error


def _unsupported(encoder: Encoder, reason: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"{encoder.provenance.model} is of type {encoder.architecture.model_type!r}, which does "
        f"not give what the method needs ({reason}): give an encoder such as "
        f"{', '.join(ARCHITECTURES)}"
    )


def _with_positions(encoder: Encoder) -> Architecture:
    """Find out how an unknown architecture counts positions, by its longest sentence."""
    architecture = encoder.architecture
    longest = encoder.max_tokens
    if architecture.known or not 0 < longest <= LONGEST:
        return architecture
    number = encoder.tokenizer("")["input_ids"][0]
    try:
        _run_bare(encoder, [number] * longest)
    except (IndexError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        architecture = replace(architecture, positions="after padding")
        encoder.architecture = architecture
        _run_bare(encoder, [number] * encoder.max_tokens)
    return architecture


def _check_room(encoder: Encoder) -> None:
    """Check that there is a limit to the number of tokens, with room for a word."""
    name, longest = encoder.provenance.model, encoder.max_tokens
    if longest >= UNLIMITED:
        raise UnsupportedModelError(
            f"{name} is of type {encoder.architecture.model_type!r}, and neither its config.json "
            "(max_position_embeddings) nor its tokenizer_config.json (model_max_length) sets a "
            "limit to the number of tokens: set model_max_length to the number that it was "
            "trained with"
        )
    special = len(encoder.tokenizer("")["input_ids"])
    if longest <= special:
        raise UnsupportedModelError(
            f"{name} has room for {longest} tokens, and its tokenizer adds {special} special ones "
            "to each sentence, so that no word fits: check max_position_embeddings in config.json "
            "and model_max_length in tokenizer_config.json"
        )


def _run_bare(encoder: Encoder, ids: list[int]) -> None:
    with exact(encoder.device):
        encoder.model(input_ids=torch.tensor([ids], device=encoder.device))


def _check(encoder: Encoder, encoding: Encoding) -> None:
    """Check that there are vectors of the model's size, and attention in both directions."""
    tokens, size, attentions = len(encoding.tokens), encoder.hidden_size, encoding.attentions
    if encoding.hidden_states.shape[1:] != (tokens, size):
        raise _unsupported(encoder, f"its hidden states are not all of {size} numbers a token")
    if attentions.shape[1:] != (encoder.n_heads, tokens, tokens):
        raise _unsupported(
            encoder,
            f"its attention is of shape {attentions.shape[1:]} for {tokens} tokens, and "
            f"config.json declares {encoder.n_heads} heads",
        )
    if not np.allclose(attentions.sum(axis=-1), 1, atol=1e-5):  # which float32 allows for
        raise _unsupported(encoder, "the rows of its attention do not sum to 1")
    if not np.triu(attentions, 1).any(axis=(1, 2, 3)).all():
        raise _unsupported(encoder, "its tokens attend only backwards: it is a decoder")


def _difference(encoder: Encoder, sentences: list[Tokenized], encodings: list[Encoding]) -> float:
    """Return a batch's largest difference from the reference, as a share of the largest value."""
    try:
        started = start(encoder, sentences, ARTICLE)
        finished = started.finish([range(len(sentence.ids)) for sentence in sentences])
        few = started.finish([[1]] * len(sentences))  # which goes another way than all tokens
        whole = run_whole(encoder, sentences, LAYERS)
    except ModelError:
        raise
    except Exception as error:  # whatever a network raises that cannot run batches
        if is_out_of_memory(error):
            raise
        return float("inf")
    worst = 0.0
    for encoding, stack, pair, (_, last), (layers, states) in zip(
        encodings, started.attention, finished, few, whole, strict=True
    ):
        reference = encoding.hidden_states
        scale = max(1.0, float(np.abs(reference).max()))
        worst = max(
            worst,
            float(np.abs(stack.matrices - encoding.attentions[0]).max()),
            float(np.abs(layers.matrices - encoding.attentions.mean(axis=1)).max()),
            float(np.abs(pair[0] - reference[0]).max()) / scale,
            float(np.abs(pair[1] - reference[-1]).max()) / scale,
            float(np.abs(last - reference[-1][[1]]).max()) / scale,
            float(np.abs(states - reference).max()) / scale,
        )
    return worst if np.isfinite(worst) else float("inf")
