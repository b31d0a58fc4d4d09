"""Encodings: the arrays that BERT computes for one sentence, and where they come from.

The method starts from two outputs of the model. The *hidden states* are the vectors of the tokens
before, between and after the layers: the first is the static embedding, the last the contextual
one. The *attentions* say, for each head of each layer, how much each token (query) attends to
each token (key); a row sums to 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

from trendlib.errors import ArrayError, WordNotFoundError
from trendlib.typing import Attentions, HiddenStates, TokenStates, Vector, WordStates
from trendlib.words import Word, mean_over_pieces

DTYPES = ("float32", "float64")
"""The number formats that a model may compute in: the articles used the first one."""
UNICODE = "unicode"
"""The name of the word cutter that goes by Unicode's rules alone."""
TORCH = "torch"
"""The name of the engine that is the reference."""
FULL = "full"
"""The name of the precision in which every number has the number format of the model."""


class Rebuilt:
    """A base class of frozen dataclasses whose ``__post_init__`` makes something read-only.

    >>> import pickle
    >>> model = Provenance("a-model", "r1", "0" * 64, "float32", {"numpy": "2.0"})
    >>> pickle.loads(pickle.dumps(model)) == model
    True
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Give ``copy`` and ``pickle`` the arguments of the constructor."""
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        # Python cannot pickle a read-only view of a dictionary.
        plain = (dict(value) if isinstance(value, MappingProxyType) else value for value in values)
        return type(self), tuple(plain)


@dataclass(frozen=True)
class Provenance(Rebuilt):
    """The model and the library versions that figures were computed with.

    Attributes:
        model: Name of the model.
        revision: Commit of the hub's repository, or name and version of the package.
        weights_sha256: Checksum of ``model.safetensors``.
        dtype: "float32" or "float64".
        versions: Version of each library that the figures depend on.
        model_sha256: Checksum of weights, tokenizer and config together; empty in old files, which
            do not have it.
        cutter: Name of the word cutter: "unicode" unless another one was chosen.
        engine: What ran the network: "torch", the reference, or another of ``engines.ENGINES``.
        precision: "full"; or "bf16", where the vectors are approximate.
    """

    model: str
    revision: str
    weights_sha256: str
    dtype: str
    versions: Mapping[str, str]
    model_sha256: str = ""
    cutter: str = UNICODE
    engine: str = TORCH
    precision: str = FULL

    def __post_init__(self) -> None:
        """Make the versions read-only."""
        object.__setattr__(self, "versions", MappingProxyType(dict(self.versions)))

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes as a dictionary that can be written as JSON."""
        attributes = {field.name: getattr(self, field.name) for field in fields(self)}
        return attributes | {"versions": dict(self.versions)}

    def __str__(self) -> str:
        """Return the short form that captions show."""
        cut = "" if self.cutter == UNICODE else f", words cut by {self.cutter}"
        rounded = "" if self.precision == FULL else f", approximate ({self.precision})"
        return f"{self.model}, {self.dtype}{rounded}{cut}"


@dataclass(frozen=True)
class Tokenized:
    """A sentence after the tokenizer, before the model.

    Attributes:
        sentence: The text as it was typed.
        words: The words, with offsets into the sentence and the positions of their tokens.
        ids: The tokens' ids in the model's vocabulary, special tokens included.
    """

    sentence: str
    words: tuple[Word, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Encoding(Rebuilt):
    """The model's output for one sentence. Its arrays are read-only.

    Attributes:
        sentence: The text as it was typed.
        tokens: The word pieces and special tokens, as the vocabulary spells them.
        words: The words, with offsets into the sentence and the positions of their tokens.
        hidden_states: Array of shape (layers + 1, token, hidden): ``[0]`` is the embedding output,
            ``[l]`` the output of layer l - 1, ``[-1]`` that of the last layer.
        attentions: Array of shape (layer, head, query, key).
        provenance: The model, its revision, the library versions and the number format.
    """

    sentence: str
    tokens: tuple[str, ...]
    words: tuple[Word, ...]
    hidden_states: HiddenStates
    attentions: Attentions
    provenance: Provenance

    def __post_init__(self) -> None:
        """Check that the arrays fit together, and make them read-only.

        Raises:
            ArrayError: If the numbers of layers or of tokens do not agree.
        """
        states, attentions, tokens = self.hidden_states, self.attentions, len(self.tokens)
        if states.shape[0] != attentions.shape[0] + 1:
            raise ArrayError(
                f"{states.shape[0]} hidden states and {attentions.shape[0]} layers of attention: "
                "there must be one hidden state more than layers"
            )
        if states.shape[1] != tokens or attentions.shape[2:] != (tokens, tokens):
            raise ArrayError(
                f"{tokens} tokens, but hidden states of shape {states.shape} and attentions of "
                f"shape {attentions.shape}: the token axes must have one entry a token"
            )
        states.setflags(write=False)
        attentions.setflags(write=False)

    @property
    def word_texts(self) -> tuple[str, ...]:
        """The words as they were typed."""
        return tuple(word.text for word in self.words)

    @property
    def static(self) -> WordStates:
        """The words' vectors in hidden state 0, of shape (word, hidden)."""
        return mean_over_pieces(self.hidden_states[0], self.words)

    @property
    def contextual(self) -> WordStates:
        """The words' vectors in the last hidden state, of shape (word, hidden)."""
        return mean_over_pieces(self.hidden_states[-1], self.words)

    @property
    def mean(self) -> Vector:
        """The mean of the last hidden state over all tokens, the special ones included.

        This is the mean pooling of sentence-transformers.
        """
        return pool(self.hidden_states[-1], "mean")

    def index_of(self, text: str) -> int:
        """Find a word's index among ``words``, ignoring case.

        Returns:
            The index of its first occurrence.

        Raises:
            WordNotFoundError: If the sentence does not contain the word.
        """
        for index, word in enumerate(self.words):
            if word.text.casefold() == text.casefold():
                return index
        listed = ", ".join(repr(word) for word in self.word_texts)
        raise WordNotFoundError(f"no word {text!r} in {self.sentence!r}: its words are {listed}")


def pool(states: TokenStates, pooling: Literal["cls", "mean", "max"]) -> Vector:
    """Pool the vectors of a sentence's tokens into one, as is usual for sentence vectors.

    Args:
        states: One row per token, the special ones included.
        pooling: "cls" takes the first token's vector, "mean" the mean of all tokens, as
            sentence-transformers do, "max" the largest value of each coordinate.

    >>> import numpy as np
    >>> states = np.array([[1.0, 0.0], [3.0, 4.0]])
    >>> pool(states, "cls").tolist(), pool(states, "mean").tolist(), pool(states, "max").tolist()
    ([1.0, 0.0], [2.0, 2.0], [3.0, 4.0])
    """
    pooled: Vector
    if pooling == "cls":
        pooled = states[0].copy()
    else:
        pooled = states.mean(axis=0) if pooling == "mean" else states.max(axis=0)
    return pooled
