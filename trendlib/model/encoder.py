"""Run an encoder on sentences, one at a time: text in, NumPy arrays out.

This is where a model is loaded and its tokenizer is used. ``batch`` builds on it and computes many
sentences at once.
"""

import platform
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from trendlib.encoding import DTYPES, FULL, TORCH, UNICODE, Encoding, Provenance, Tokenized
from trendlib.errors import (
    BlankSentenceError,
    CorruptedWeightsError,
    NotTextError,
    NoWordsError,
    OtherModelError,
    SentenceError,
    TooLongError,
    TrendlibError,
    UnsupportedModelError,
    check_choice,
    is_out_of_memory,
)
from trendlib.model import without_garbage_collection
from trendlib.model.agreement import check_sizes
from trendlib.model.architectures import (
    ARCHITECTURES,
    Architecture,
    architecture_of,
    most_tokens,
)
from trendlib.model.cutters import CUTTERS, WordCutter, find_cutter
from trendlib.model.engines import (
    AUTO_ENGINE,
    by_torch,
    check_engine,
    choose_engine,
    engine_versions,
)
from trendlib.model.network import count_rows, load_config, load_network, without_pooler
from trendlib.model.tokenizer import MARK, load_tokenizer, word_spans
from trendlib.model.weights import AUTO, Weights, find_weights
from trendlib.words import Cutter, Word, split_words

with without_garbage_collection():
    import torch
    from transformers.utils import logging as transformers_logging

DEAD = 1e-3
"""A coordinate whose gain is below this share of the median gain is dead."""
LIBRARIES = ("torch", "transformers", "numpy", "trendlib")
"""The libraries whose versions are a part of the provenance."""
LOADED = 2
"""How many loaded models a process keeps in memory."""
_rounded: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()
"""The blocks in bfloat16, by the network that they are of."""


class Encoder:
    """An encoder with its tokenizer, which encodes sentences one at a time.

    A sentence is run alone and without padding, so that the result never depends on other
    sentences. This is the reference that the faster ``batch`` is tested against.

    Attributes:
        model: The network of transformers.
        tokenizer: The tokenizer of transformers that belongs to it.
        provenance: The model's name, its revision, the library versions and the number format.
        architecture: What is known of networks of its kind.
        cutter: Where words begin and end.
        reference: The provenance of what torch computes in full precision, as ``encode`` does.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        provenance: Provenance,
        architecture: Architecture | None = None,
        cutter: WordCutter = CUTTERS[UNICODE],
    ) -> None:
        """Wrap a loaded model; ``load_encoder`` loads one by its name."""
        self.provenance = provenance
        self.model = model
        self.tokenizer = tokenizer
        self.architecture = architecture or architecture_of(model.config.model_type)
        self.cutter = cutter
        self.reference = by_torch(provenance)
        self._mark = tokenizer.get_vocab().get(MARK)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle it by its tensors: transformers hangs hooks on a model that has run."""
        network = self.model
        parts = type(network), network.config, network.state_dict(), network.dtype, network.device
        return _rebuilt, (*parts, self.tokenizer, self.provenance, self.architecture, self.cutter)

    def with_engine(self, engine: str = AUTO_ENGINE, precision: str = FULL) -> "Encoder":
        """Return this model with another engine for many sentences; both share the network.

        ``encode`` runs one sentence at a time with torch, whatever the engine is.

        Args:
            engine: "torch", "onnx" or "openvino"; "auto" for ONNX Runtime where it is installed
                and can run this model, else torch. See ``engines``.
            precision: "full"; or "bf16", which takes less time and makes vectors approximate,
                though mostly of the same words.

        Raises:
            UnknownChoiceError: If there is no such engine or precision.
            MissingExtraError: If the engine is not installed.
            UnsupportedModelError: If it does not run this model, or not in this precision.
        """
        chosen = choose_engine(engine, precision, self._only_torch())
        versions = {**self.reference.versions, **engine_versions(chosen)}
        provenance = replace(self.reference, engine=chosen, precision=precision, versions=versions)
        return Encoder(self.model, self.tokenizer, provenance, self.architecture, self.cutter)

    def check_engine(self) -> None:
        """Check that the engine can run the network as it is now, wherever it was moved.

        Raises:
            UnsupportedModelError: If it cannot.
        """
        choose_engine(self.provenance.engine, self.provenance.precision, self._only_torch())

    def _only_torch(self) -> str | None:
        """Say why only torch can run this, and in full precision; None if others can."""
        name = self.provenance.model
        if self.architecture.batch != "blocks":
            return f"{name} (type {self.architecture.model_type}) has no blocks like BERT's"
        if self.dtype != np.float32:
            return f"{name} was loaded in {self.provenance.dtype}, and they compute in float32"
        if self.device.type != "cpu":
            return f"{name} is on the device {self.device}, and they use the CPU"
        if self.n_layers < 2:
            return f"{name} has a single layer"
        return None

    def rounded_blocks(self, first: int) -> dict[int, Any]:
        """Return blocks of the network in bfloat16, by their numbers.

        Args:
            first: The first of them.

        Returns:
            None of them, unless the precision is "bf16".
        """
        if self.provenance.precision == FULL:
            return {}
        if self.model not in _rounded:
            blocks = self.model.encoder.layer
            _rounded[self.model] = [deepcopy(block).to(torch.bfloat16) for block in blocks]
        return {
            number: block for number, block in enumerate(_rounded[self.model]) if number >= first
        }

    def with_cutter(self, cutter: str | Cutter | WordCutter) -> "Encoder":
        """Return this model with another word cutter; both share the network.

        Args:
            cutter: See ``cutters.find_cutter``.

        Raises:
            UnknownChoiceError: If no cutter has this name.
            CutterError: If it cannot be used.
        """
        found = find_cutter(cutter)
        if found == self.cutter:
            return self
        versions = dict(self.provenance.versions)
        versions.pop(self.cutter.library, None)
        versions |= found.versions
        provenance = replace(self.provenance, cutter=found.name, versions=versions)
        return Encoder(self.model, self.tokenizer, provenance, self.architecture, found)

    @property
    def device(self) -> torch.device:
        """The device that the model is on."""
        device: torch.device = self.model.device
        return device

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number format of the arrays that it returns."""
        return np.dtype(self.provenance.dtype)

    @property
    def hidden_size(self) -> int:
        """The number of coordinates of a token's vector."""
        return int(self.model.config.hidden_size)

    @property
    def dead_coordinates(self) -> tuple[int, ...]:
        """The coordinates that the last layer normalization multiplies by almost zero.

        There, the contextual vector of every word in every sentence is the same number, the bias,
        so that a trend says nothing of the sentence. They are found by their gains alone: below
        ``DEAD`` times the median gain of that layer normalization. Where that is in an architecture
        is told by ``architecture.normalization``; if it is empty, none is known and none found.
        """
        if not self.architecture.normalization:
            return ()
        module = self.model
        for part in self.architecture.normalization.split("."):
            module = module[int(part)] if part.lstrip("-").isdigit() else getattr(module, part)
        gains = module.weight.detach().abs()
        return tuple(int(index) for index in torch.nonzero(gains < DEAD * gains.median()).ravel())

    @property
    def n_layers(self) -> int:
        """The number of layers."""
        return int(self.model.config.num_hidden_layers)

    @property
    def n_heads(self) -> int:
        """The number of attention heads in each layer."""
        return int(self.model.config.num_attention_heads)

    @property
    def max_tokens(self) -> int:
        """The largest number of tokens in a sentence, special tokens included."""
        declared = self.tokenizer.model_max_length
        return most_tokens(self.architecture, self.model.config, self._counted_after, declared)

    @property
    def _counted_after(self) -> int | None:
        """The number after which positions are counted, where they are; MPNet's is always 1."""
        embeddings = getattr(self.model, "embeddings", None)
        number: int | None = getattr(embeddings, "padding_idx", self.model.config.pad_token_id)
        return number

    @property
    def padding(self) -> int:
        """The number of the token that fills a shorter sentence of a batch up."""
        numbers = self.model.config.pad_token_id, self.tokenizer.pad_token_id
        return next((number for number in numbers if number is not None and number >= 0), 0)

    def encode(self, sentence: str) -> Encoding:
        """Run one sentence through the model.

        Args:
            sentence: The text, which may be longer than one sentence. A special token typed in it
                ("[SEP]") is treated as ordinary text.

        Returns:
            The words, tokens, hidden states and attentions.

        Raises:
            NotTextError: If it is not a string, or not valid Unicode.
            BlankSentenceError: If it is empty or white space.
            NoWordsError: If it has no word, or none that is in the vocabulary.
            TooLongError: If it has too many tokens for the model.
            CutterError: If the word cutter returns no words of this text.
        """
        (tokenized,) = self.tokenize([sentence])
        if isinstance(tokenized, SentenceError):
            raise tokenized
        return self._run(tokenized)

    def encode_many(self, sentences: Sequence[str]) -> list[Encoding]:
        """Run several sentences one after the other.

        All of them are checked before the first one is run.

        Raises:
            SentenceError: For the same reasons as in ``encode``. The message begins with the
                sentence's number.
        """
        if isinstance(sentences, str):
            raise NotTextError(
                "encode_many got a single string: pass a list of sentences, or call encode"
            )
        tokenized = []
        for number, outcome in enumerate(self.tokenize(sentences)):
            if isinstance(outcome, SentenceError):
                raise type(outcome)(f"sentence {number}: {outcome}")
            tokenized.append(outcome)
        return [self._run(sentence) for sentence in tokenized]

    def tokenize(self, sentences: Sequence[str]) -> list[Tokenized | SentenceError]:
        """Split sentences into tokens and words.

        Returns:
            For each sentence its tokens and words, or the error that ``encode`` would raise.

        Raises:
            CutterError: If the word cutter returns no words of a text.
        """
        with without_garbage_collection():  # many small objects, and none of them is garbage
            return self._tokenized(sentences)

    def _tokenized(self, sentences: Sequence[str]) -> list[Tokenized | SentenceError]:
        sentences = [plain(sentence) for sentence in sentences]
        refused = [_refused(sentence) for sentence in sentences]
        texts = [text for text, error in zip(sentences, refused, strict=True) if error is None]
        if not texts:
            return [error for error in refused if error is not None]
        batch = self.tokenizer(
            texts,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            split_special_tokens=True,  # a typed "[SEP]" is text
            verbose=False,  # an error is raised where it would warn
        )
        parts = zip(
            texts,
            batch["input_ids"],
            batch["offset_mapping"],
            batch["special_tokens_mask"],
            strict=True,
        )
        return [self._checked(*next(parts)) if error is None else error for error in refused]

    def _checked(
        self, sentence: str, ids: list[int], spans: list[tuple[int, int]], special: list[int]
    ) -> Tokenized | SentenceError:
        if len(ids) > self.max_tokens:
            return TooLongError(
                f"the sentence has {len(ids)} tokens, including the special ones, but "
                f"{self.provenance.model} has room for {self.max_tokens}: split the text"
            )
        mark = self._mark
        skipped = [skip == 1 or number == mark for skip, number in zip(special, ids, strict=True)]
        words = split_words(sentence, word_spans(sentence, spans, skipped), self.cutter.cut)
        return self._without_words(sentence, words, ids) or Tokenized(sentence, words, tuple(ids))

    def _without_words(
        self, sentence: str, words: tuple[Word, ...], ids: list[int]
    ) -> NoWordsError | None:
        shown = sentence if len(sentence) <= 60 else sentence[:57] + "..."
        if all(word.is_punctuation for word in words):
            return NoWordsError(
                f"no word in {shown!r}, only punctuation or invisible characters: "
                "write at least one word"
            )
        unknown = self.tokenizer.unk_token_id
        pieces = (ids[token] for word in words if not word.is_punctuation for token in word.tokens)
        if all(piece == unknown for piece in pieces):
            return NoWordsError(
                f"the vocabulary of {self.provenance.model} does not know any word of {shown!r} "
                "(all become "
                f"{self.tokenizer.unk_token}): use at least one word that it knows"
            )
        return None

    def check(self) -> None:
        """Check that the model is a BERT encoder in the number format that it was loaded in.

        Raises:
            UnsupportedModelError: If it is a decoder, whose tokens attend only backwards, or if it
                was changed to another number format.
        """
        config, name = self.model.config, self.provenance.model
        if getattr(config, "is_decoder", False):
            raise UnsupportedModelError(
                f"{name} is a decoder: its tokens attend only backwards, and the method needs "
                "both directions; choose an encoder"
            )
        if self.model.dtype != getattr(torch, self.provenance.dtype):
            raise UnsupportedModelError(
                f"{name} was loaded in {self.provenance.dtype} and changed to {self.model.dtype}: "
                f"load it in one of {', '.join(DTYPES)}; trends need that precision"
            )

    def encode_tokens(self, ids: Sequence[int]) -> Encoding:
        """Run tokens that are of no text, and so make no words."""
        return self._run(Tokenized("", (), tuple(ids)))

    def _run(self, tokenized: Tokenized) -> Encoding:
        self.check()
        with exact(self.device):
            output = self.model(
                input_ids=torch.tensor([tokenized.ids], device=self.device),
                output_hidden_states=True,
                output_attentions=True,
            )
        attentions = getattr(output, "attentions", None) or ()
        if len(attentions) != self.n_layers:
            raise UnsupportedModelError(
                f"{self.provenance.model} is of type {self.architecture.model_type!r} and returned "
                f"{len(attentions)} layers of attention instead of {self.n_layers}: the method "
                "needs those of all layers; give an encoder that returns them, such as "
                f"{', '.join(ARCHITECTURES)}"
            )
        return Encoding(
            sentence=tokenized.sentence,
            tokens=tuple(self.tokenizer.convert_ids_to_tokens(list(tokenized.ids))),
            words=tokenized.words,
            hidden_states=self._stacked("hidden states", output.hidden_states),
            attentions=self._stacked("layers of attention", attentions),
            provenance=self.reference,
        )

    def _stacked(self, what: str, tensors: Sequence[torch.Tensor]) -> np.ndarray[Any, Any]:
        """Stack what the layers returned for the only sentence of a batch."""
        shapes = sorted({tuple(tensor.shape[1:]) for tensor in tensors})
        if len(shapes) != 1:
            listed = ", ".join(map(str, shapes)) or "none"
            raise UnsupportedModelError(
                f"{self.provenance.model} is of type {self.architecture.model_type!r} and its "
                f"{what} are not all of one shape ({listed}), as the method needs them: give an "
                f"encoder such as {', '.join(ARCHITECTURES)}"
            )
        return np.stack([tensor[0].cpu().numpy() for tensor in tensors])


def _rebuilt(
    network: Any,
    config: Any,
    tensors: dict[str, torch.Tensor],
    dtype: torch.dtype,
    device: torch.device,
    *parts: Any,
) -> Encoder:
    model = network(config, **without_pooler(network))
    model.load_state_dict(tensors, assign=True)
    return Encoder(model.to(device, dtype).eval(), *parts)


def check_same_model(what: str, expected: str, found: Provenance, name: str) -> None:
    """Check that a model is the one that something was made with.

    Args:
        what: How that was made: "fitted", "saved" or "begun".
        expected: The ``model_sha256`` at that time.
        found: The model now.
        name: The model's name at that time.

    Raises:
        OtherModelError: If it is another one.
    """
    if found.model_sha256 != expected:
        raise OtherModelError(
            f"this was {what} with {name} ({expected[:16]}), but the model is now {found.model} "
            f"({found.model_sha256[:16]}; checksums of weights, tokenizer and config): use the "
            "same model by its name or folder, or make it again with this one"
        )


def check_same_cutter(what: str, expected: str, found: Provenance) -> None:
    """Check that words are cut as they were when something was made.

    Args:
        what: How that was made: "fitted", "saved" or "begun".
        expected: The name of the word cutter at that time.
        found: The model and its cutter now.

    Raises:
        OtherModelError: If it is another one.
    """
    if found.cutter != expected:
        raise OtherModelError(
            f"this was {what} with words cut by {expected!r}, but the word cutter is now "
            f"{found.cutter!r}: use the same one, or make it again with this one"
        )


@contextmanager
def exact(device: torch.device) -> Iterator[None]:
    """Compute without gradients, in the model's own number format even under ``autocast``."""
    with torch.inference_mode(), torch.autocast(device.type, enabled=False):
        yield


def load_encoder(
    model: str | Path = AUTO,
    dtype: str = "float32",
    device: str = "cpu",
    cutter: str | Cutter | WordCutter = UNICODE,
    engine: str = TORCH,
    precision: str = FULL,
) -> Encoder:
    """Load a model and its tokenizer.

    The last ``LOADED`` models are cached, so that a process loads the same files only once. All
    callers share them: use ``load_own_encoder`` for a model that you want to change.

    Args:
        model: A name, a folder, or a model of the hub as ``organization/name`` or
            ``organization/name@revision``; see ``weights.find_weights``.
        dtype: "float32", which the articles used, or "float64", for reference figures.
        device: "cpu", where figures are the same on all machines; "auto" for the first
            accelerator, or the CPU if there is none; or a name that torch knows, such as "cuda:1".
        cutter: Where words begin and end: "unicode"; "jieba", for Chinese; or a function of your
            own. Unicode's rules make single characters the words of Chinese, Japanese and Thai;
            see ``cutters``.
        engine: What runs the network where many sentences are embedded; see
            ``Encoder.with_engine``.
        precision: "full" or "bf16"; see ``Encoder.with_engine``.

    Raises:
        ModelError: If the model cannot be found or used, or the engine does not run it.
        UnknownChoiceError: If the number format, the device, the cutter, the engine or the
            precision does not exist.
        CutterError: If the cutter cannot be used.
        MissingExtraError: If the engine is not installed.
    """
    check_choice("dtype", dtype, DTYPES)
    chosen = find_cutter(cutter)
    check_engine(engine, precision)
    loaded = _loaded(find_weights(model), dtype, _find_device(device, dtype)).with_cutter(chosen)
    return loaded if (engine, precision) == (TORCH, FULL) else loaded.with_engine(engine, precision)


def load_own_encoder(
    model: str | Path = AUTO, cutter: str | Cutter | WordCutter = UNICODE
) -> Encoder:
    """Load a model that the caller may move or change; in float32, on the CPU.

    Raises:
        ModelError: If the model cannot be found or used.
        UnknownChoiceError: If no cutter has this name.
        CutterError: If the cutter cannot be used.
    """
    chosen = find_cutter(cutter)
    return _load(find_weights(model), "float32", torch.device("cpu")).with_cutter(chosen)


def _find_device(name: str, dtype: str) -> torch.device:
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if name == "auto":
        if accelerator is None or (accelerator.type == "mps" and dtype == "float64"):
            return torch.device("cpu")
        return accelerator
    known = ["auto", "cpu"]
    if accelerator is not None:
        count = torch.accelerator.device_count()
        known += [accelerator.type, *(f"{accelerator.type}:{index}" for index in range(count))]
    check_choice("device", name, known)
    return torch.device(name)


def _load(weights: Weights, dtype: str, device: torch.device) -> Encoder:
    from trendlib.model.tryout import try_out  # it runs batches, which are built on this module

    with _quiet():
        with _readable("weights", weights):
            check_sizes(weights)
        with _readable("settings", weights):
            config = load_config(weights)
        with _readable("weights", weights):
            network = _load_network(weights, config, dtype).to(device).eval()
        with _readable("tokenizer", weights):
            tokenizer = load_tokenizer(weights, config, count_rows(network, weights))
    versions = {name: version(name) for name in LIBRARIES}
    provenance = Provenance(
        model=weights.name,
        revision=weights.revision,
        weights_sha256=weights.sha256,
        dtype=dtype,
        versions={"python": platform.python_version(), **versions},
        model_sha256=weights.model_sha256,
    )
    with _readable("settings", weights):
        encoder = Encoder(network, tokenizer, provenance)
        encoder.architecture = try_out(encoder)
    return encoder


def _load_network(weights: Weights, config: Any, dtype: str) -> Any:
    return load_network(weights, config, architecture_of(config.model_type), dtype)


_loaded = lru_cache(LOADED)(_load)


def _refused(sentence: object) -> SentenceError | None:
    try:
        check_text(sentence)
    except SentenceError as error:
        return error
    return None


def plain(sentence: Any) -> Any:
    """Turn an Arrow string into a Python string; everything else stays as it is."""
    return sentence.as_py() if hasattr(sentence, "as_py") else sentence


def check_text(sentence: object) -> None:
    """Check that something is a text with at least one visible character.

    Raises:
        NotTextError: If it is not a string, or contains half of a surrogate pair.
        BlankSentenceError: If it is empty or white space.
    """
    if not isinstance(sentence, str):
        number = isinstance(sentence, int | float)
        hint = " (papermill makes a number of `-p sentence 42`, a text of `-r`)" if number else ""
        raise NotTextError(
            f"the sentence is of type {type(sentence).__name__}: pass a string (str){hint}"
        )
    try:
        sentence.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotTextError(
            f"the sentence has half of a surrogate pair at position {error.start}: "
            "read it again with the right encoding"
        ) from None
    if not sentence.strip():
        raise BlankSentenceError(
            "the sentence is empty or only white space: write at least one word"
        )


@contextmanager
def _readable(what: str, weights: Weights) -> Iterator[None]:
    """Say whose files are damaged, whatever error the libraries raise: those share no base class.

    Raises:
        CorruptedWeightsError: Instead of an error that is none of this package's own.
    """
    try:
        yield
    except BaseException as error:
        # A panic of the tokenizers' library, which is written in Rust, is no Exception.
        ends = not isinstance(error, Exception) and type(error).__name__ != "PanicException"
        ours = isinstance(error, TrendlibError | Warning)  # a warning where they are made errors
        if ends or ours or is_out_of_memory(error):
            raise
        raise CorruptedWeightsError(
            f"the {what} of {weights.name} cannot be read ({type(error).__name__}: "
            f"{textwrap.shorten(str(error), 500)}): copy or download its files again (folder "
            f"{weights.folder})"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the progress bar and the report that transformers prints while loading."""
    verbosity = transformers_logging.get_verbosity()
    bar = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bar:
            transformers_logging.enable_progress_bar()
