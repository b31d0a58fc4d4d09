"""Ways to make a sentence vector, all from the same run of the model.

A new way is a class with a name, a note and ``vector``.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, NoReturn

import numpy as np
from tqdm import tqdm

from trendlib.choice import Choice, find_words_in
from trendlib.embedding import ARTICLE_RECIPE, Recipe, compose
from trendlib.encoding import Tokenized
from trendlib.errors import SentenceError
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.store import key_of
from trendlib.model.batch import run_whole
from trendlib.model.corpus import TOKEN_BUDGET
from trendlib.model.packing import pack
from trendlib.readings import ARTICLE
from trendlib.trend import fourier_magnitude, trend
from trendlib.typing import HiddenStates, SentenceVectors, Vector, WordStates
from trendlib.words import mean_over_pieces


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence after the model.

    Attributes:
        tokenized: Its tokens and words.
        choice: Its focus and related word, by the article's reading.
        states: All its hidden states.
    """

    tokenized: Tokenized
    choice: Choice
    states: HiddenStates

    @cached_property
    def words(self) -> tuple[WordStates, WordStates]:
        """Each word's vector in hidden state 0, and in the last one."""
        first, last = self.states[0], self.states[-1]
        words = self.tokenized.words
        return mean_over_pieces(first, words), mean_over_pieces(last, words)

    def trend_embedding(self, recipe: Recipe) -> Vector:
        """Make the trend embedding, from focus and related word."""
        static, contextual = (states[list(self.choice.chosen_words)] for states in self.words)
        return compose(self.tokenized.sentence, self.choice, static, contextual, recipe).values


class VectorMethod(ABC):
    """A way to make a sentence vector.

    Attributes:
        name: What tables call it.
        note: What it does, in a sentence.
    """

    name: ClassVar[str]
    note: ClassVar[str]

    @abstractmethod
    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""


class FocusAndRelated(VectorMethod):
    """The article's way."""

    name = "trend"
    note = "log quotient of focus word plus that of related word, undefined as 0: the article's way"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        return sentence.trend_embedding(ARTICLE_RECIPE)


class AllWords(VectorMethod):
    """Every word's trend instead of two."""

    name = "trend, all words"
    note = "mean of the log quotients of all words, undefined as 0"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        pairs = zip(*sentence.words, strict=True)
        mean: Vector = np.mean([trend(*pair).undefined_as_zero for pair in pairs], axis=0)
        return mean


class Difference(VectorMethod):
    """The article's way with a difference."""

    name = "trend, difference"
    note = "as trend, but contextual minus static vector: defined everywhere"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        return sentence.trend_embedding(replace(ARTICLE_RECIPE, kind="difference"))


class SignedLogAbs(VectorMethod):
    """The article's way with a logarithm that negative quotients have too."""

    name = "trend, signed log-abs"
    note = "as trend, but sign(q) log|q| of the quotient q: defined where its sign is negative too"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        return sentence.trend_embedding(replace(ARTICLE_RECIPE, kind="signed log-abs"))


class Clipped(VectorMethod):
    """The article's way without its outliers: a log quotient has no bounds."""

    LIMIT = 5.0
    name = "trend, clipped"
    note = f"as trend, but each coordinate kept within -{LIMIT:g} and {LIMIT:g}"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        values = sentence.trend_embedding(ARTICLE_RECIPE)
        clipped: Vector = np.clip(values, -self.LIMIT, self.LIMIT)
        return clipped


class FourierOfTrend(VectorMethod):
    """The third article's way with words, here with sentences."""

    name = "trend, Fourier"
    note = "magnitudes of the Fourier transform of trend, as the third article compares words"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        return fourier_magnitude(sentence.trend_embedding(ARTICLE_RECIPE))


class Cls(VectorMethod):
    """The usual vector that the article wants to replace."""

    name = "CLS"
    note = "vector of the first token, [CLS], in the last hidden state"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        first: Vector = sentence.states[-1, 0]
        return first


class Mean(VectorMethod):
    """What sentence-transformers do."""

    name = "mean"
    note = "mean of all tokens in the last hidden state"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        mean: Vector = sentence.states[-1].mean(axis=0)
        return mean


class Max(VectorMethod):
    """The largest instead of the mean."""

    name = "max"
    note = "largest value of each coordinate over all tokens in the last hidden state"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        most: Vector = sentence.states[-1].max(axis=0)
        return most


class FirstAndLast(VectorMethod):
    """The mean of two layers."""

    name = "first + last"
    note = "mean of all tokens in the outputs of the first block and of the last one"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        mean: Vector = sentence.states[[1, -1]].mean(axis=(0, 1))
        return mean


class StaticMean(VectorMethod):
    """What there is before the model looks at the sentence."""

    name = "mean of layer 0"
    note = "mean of all tokens in hidden state 0, before any block"

    def vector(self, sentence: Sentence) -> Vector:
        """Make the vector."""
        mean: Vector = sentence.states[0].mean(axis=0)
        return mean


TRENDS: tuple[VectorMethod, ...] = (
    FocusAndRelated(),
    Clipped(),
    AllWords(),
    Difference(),
    SignedLogAbs(),
)
USUAL: tuple[VectorMethod, ...] = (Cls(), Mean(), Max(), FirstAndLast(), StaticMean())
FOURIER = FourierOfTrend()


def vectors(
    workbench: Workbench, methods: Sequence[VectorMethod], texts: Sequence[str]
) -> dict[str, SentenceVectors]:
    """Make sentence vectors, or read those that were made before.

    Args:
        workbench: The model, and where vectors are kept.
        methods: The ways to make them.
        texts: The sentences; each must have a word (see ``usable``).

    Returns:
        For each method an array with a row a sentence.
    """
    named = {method.name: method for method in methods}
    texts_are = key_of(list(texts))
    keys = {name: workbench.key("vectors", name, texts_are, computed_by=__name__) for name in named}
    kept = {name: found["rows"] for name in named if (found := workbench.store.find(keys[name]))}
    missing = [method for name, method in named.items() if name not in kept]
    made = _make(workbench, missing, texts) if missing else {}
    for name, rows in made.items():
        workbench.store.write(keys[name], {"rows": rows})
    return kept | made


def usable(workbench: Workbench, texts: Sequence[str]) -> list[bool]:
    """Say which texts the model can take."""
    return [not isinstance(each, SentenceError) for each in workbench.encoder.tokenize(texts)]


def run(workbench: Workbench, texts: Sequence[str]) -> Iterator[tuple[int, Sentence]]:
    """Run sentences through the model, in batches.

    Yields:
        The number of a sentence, from 0, and what the model made of it; not in their order.

    Raises:
        SentenceError: If the model cannot take one of them.
    """
    encoder = workbench.encoder
    tokenized = []
    for outcome in encoder.tokenize(texts):
        if isinstance(outcome, SentenceError):
            raise outcome
        tokenized.append(outcome)
    with progress(len(texts), "sentences") as bar:
        for places in pack([len(each.ids) for each in tokenized], TOKEN_BUDGET):
            batch = [tokenized[place] for place in places]
            outputs = run_whole(encoder, batch, ARTICLE)
            for place, each, (attention, states) in zip(places, batch, outputs, strict=True):
                found = find_words_in(attention, each.words, ARTICLE)
                yield place, Sentence(each, found, states)
            bar.update(len(places))


def progress(total: int, what: str) -> "tqdm[NoReturn]":
    """Make a progress bar of a part of the work; none where nobody sees it move."""
    return tqdm(total=total, desc=f"  {what}", unit="", leave=False, disable=None)


def _make(
    workbench: Workbench, methods: Sequence[VectorMethod], texts: Sequence[str]
) -> dict[str, SentenceVectors]:
    shape = len(texts), workbench.encoder.hidden_size
    rows = {each.name: np.empty(shape, workbench.encoder.dtype) for each in methods}
    for place, sentence in run(workbench, texts):
        for method in methods:
            rows[method.name][place] = method.vector(sentence)
    return rows
