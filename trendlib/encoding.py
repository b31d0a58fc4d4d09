"""What the encoder returns: a sentence as arrays, and where the arrays come from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

from trendlib.errors import ArrayError, WordNotFoundError
from trendlib.typing import Attentions, HiddenStates, TokenStates, Vector, WordStates
from trendlib.words import Word, mean_over_pieces

DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Provenance:
    """Where figures come from: without it, a figure belongs to no model.

    Attributes:
        model: Name of the model.
        revision: Commit of the hub's repository, or name and version of the package.
        weights_sha256: Checksum of ``model.safetensors``.
        dtype: "float32" or "float64".
        versions: Version of each library that the figures depend on.
    """

    model: str
    revision: str
    weights_sha256: str
    dtype: str
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        """Freeze the mapping."""
        object.__setattr__(self, "versions", MappingProxyType(dict(self.versions)))

    def as_dict(self) -> dict[str, Any]:
        """List the attributes by name, ready for JSON."""
        listed = {each.name: getattr(self, each.name) for each in fields(self)}
        return listed | {"versions": dict(self.versions)}

    def __str__(self) -> str:
        """Short form, for the caption of a figure."""
        return f"{self.model}, {self.dtype}"


@dataclass(frozen=True)
class Tokenized:
    """A sentence cut up, ready for the model.

    Attributes:
        sentence: The text as it was given.
        words: The words, with offsets into the sentence and the positions of their tokens.
        ids: Numbers of the word pieces and special tokens in the vocabulary.
    """

    sentence: str
    words: tuple[Word, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Encoding:
    """One sentence, run alone through the model.

    Attributes:
        sentence: The text as it was given.
        tokens: Word pieces and special tokens.
        words: The words, with offsets into the sentence and the positions of their tokens.
        hidden_states: ``[0]`` is the embedding output, ``[-1]`` the last block's output.
        attentions: ``[l, h]`` is head h of block l; rows are queries, columns are keys.
        provenance: Model, revision, versions, dtype.
    """

    sentence: str
    tokens: tuple[str, ...]
    words: tuple[Word, ...]
    hidden_states: HiddenStates
    attentions: Attentions
    provenance: Provenance

    def __post_init__(self) -> None:
        """Check that the arrays fit together, and freeze them."""
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
        """Each word's vector in hidden state 0, the embedding output."""
        return mean_over_pieces(self.hidden_states[0], self.words)

    @property
    def contextual(self) -> WordStates:
        """Each word's vector in the last hidden state."""
        return mean_over_pieces(self.hidden_states[-1], self.words)

    @property
    def mean(self) -> Vector:
        """The mean of the last hidden state over all tokens, the special ones included.

        This is the mean pooling of sentence-transformers.
        """
        return pool(self.hidden_states[-1], "mean")

    def index_of(self, text: str) -> int:
        """Find a word of the sentence; capitals do not matter.

        Returns:
            Its index among ``words``; the first one, if the word occurs more than once.

        Raises:
            WordNotFoundError: If the sentence has no such word.
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
