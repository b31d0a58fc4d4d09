"""Ways to make a sentence vector, all from the same run of the model.

A new way is a ``VectorMethod``: a name, a note and a function.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize
from tqdm import tqdm

from trendlib.choice import Choice, find_words_in
from trendlib.embedding import ARTICLE_RECIPE, compose
from trendlib.encoding import Tokenized, pool
from trendlib.errors import SentenceError
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.store import key_of
from trendlib.model.batch import run_whole
from trendlib.model.corpus import tokenize_windows
from trendlib.readings import ARTICLE
from trendlib.trend import Kind, fourier_magnitude, trend
from trendlib.typing import HiddenStates, SentenceVectors, Vector, WordStates
from trendlib.words import mean_over_pieces


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence that the model has run.

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

    def trend_embedding(self, kind: Kind = ARTICLE_RECIPE.kind) -> Vector:
        """Make the trend embedding from focus and related word; the article's way if left out."""
        recipe = replace(ARTICLE_RECIPE, kind=kind)
        static, contextual = (states[list(self.choice.chosen_words)] for states in self.words)
        return compose(self.tokenized.sentence, self.choice, static, contextual, recipe).values


@dataclass(frozen=True)
class VectorMethod:
    """A way to make a sentence vector.

    Attributes:
        name: Its name in tables.
        note: What it does, in a sentence.
        vector: Returns the vector of a sentence.
    """

    name: str
    note: str
    vector: Callable[[Sentence], Vector]


def _all_words(sentence: Sentence) -> Vector:
    pairs = zip(*sentence.words, strict=True)
    mean: Vector = np.mean([trend(*pair).undefined_as_zero for pair in pairs], axis=0)
    return mean


def _clipped(sentence: Sentence) -> Vector:
    clipped: Vector = np.clip(sentence.trend_embedding(), -LIMIT, LIMIT)
    return clipped


def _first_and_last(sentence: Sentence) -> Vector:
    mean: Vector = sentence.states[[1, -1]].mean(axis=(0, 1))
    return mean


LIMIT = 5.0
"""Where "trend, clipped" cuts coordinates off: a log quotient has no bounds."""
TREND = VectorMethod(
    "trend",
    "log quotient of focus word plus that of related word, undefined as 0: the article's way",
    Sentence.trend_embedding,
)
TRENDS: tuple[VectorMethod, ...] = (
    TREND,
    VectorMethod(
        "trend, clipped",
        f"as trend, but each coordinate kept within -{LIMIT:g} and {LIMIT:g}",
        _clipped,
    ),
    VectorMethod(
        "trend, all words", "mean of the log quotients of all words, undefined as 0", _all_words
    ),
    VectorMethod(
        "trend, difference",
        "as trend, but contextual minus static vector: defined everywhere",
        lambda sentence: sentence.trend_embedding(kind="difference"),
    ),
    VectorMethod(
        "trend, signed log-abs",
        "as trend, but sign(q) log|q| of the quotient q: defined where its sign is negative too",
        lambda sentence: sentence.trend_embedding(kind="signed log-abs"),
    ),
)
CLS = VectorMethod(
    "CLS",
    "vector of the first token, [CLS], in the last hidden state",
    lambda sentence: pool(sentence.states[-1], "cls"),
)
MEAN = VectorMethod(
    "mean",
    "mean of all tokens in the last hidden state",
    lambda sentence: pool(sentence.states[-1], "mean"),
)
USUAL: tuple[VectorMethod, ...] = (
    CLS,
    MEAN,
    VectorMethod(
        "max",
        "largest value of each coordinate over all tokens in the last hidden state",
        lambda sentence: pool(sentence.states[-1], "max"),
    ),
    VectorMethod(
        "first + last",
        "mean of all tokens in the outputs of the first block and of the last one",
        _first_and_last,
    ),
    VectorMethod(
        "mean of layer 0",
        "mean of all tokens in hidden state 0, before any block",
        lambda sentence: pool(sentence.states[0], "mean"),
    ),
)
FOURIER = VectorMethod(
    "trend, Fourier",
    "magnitudes of the Fourier transform of trend, as the third article compares words",
    lambda sentence: fourier_magnitude(sentence.trend_embedding()),
)


def vectors(
    workbench: Workbench, methods: Sequence[VectorMethod], texts: Sequence[str]
) -> dict[str, SentenceVectors]:
    """Make sentence vectors, or read those that were made before.

    Args:
        workbench: The model, and the store of vectors.
        methods: The ways to make them.
        texts: The sentences; each must have a word (see ``usable``).

    Returns:
        By the name of the method, an array with one row per sentence.
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
    """For each text, tell whether the model can embed it."""
    return [not isinstance(found, SentenceError) for found in workbench.encoder.tokenize(texts)]


def run_model(workbench: Workbench, texts: Sequence[str]) -> Iterator[tuple[int, Sentence]]:
    """Run sentences through the model, in batches.

    Yields:
        The number of a sentence, from 0, and its states and words; not in their order.

    Raises:
        SentenceError: If the model cannot embed one of them.
    """
    encoder = workbench.encoder
    with progress(len(texts), "sentences") as bar:
        for window in tokenize_windows(encoder, texts, size=len(texts)):
            for error in window.refused.values():
                raise error
            for batch in window.batches:
                outputs = run_whole(encoder, list(batch.values()), ARTICLE)
                for (number, tokenized), output in zip(batch.items(), outputs, strict=True):
                    attention, states = output
                    choice = find_words_in(attention, tokenized.words, ARTICLE)
                    yield number, Sentence(tokenized, choice, states)
                bar.update(len(batch))


def row_cosines(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Compute the cosine of each row with the same row of another array.

    >>> row_cosines(np.array([[1.0, 0.0], [2.0, 2.0]]), np.array([[0.0, 3.0], [1.0, 1.0]])).round(6)
    array([0., 1.])
    """
    one, other = (normalize(rows.astype(np.float64)) for rows in (first, second))
    cosines: NDArray[np.float64] = (one * other).sum(axis=1)
    return cosines


def progress(total: int, what: str) -> "tqdm[NoReturn]":
    """Make a progress bar for a part of the work; it shows in a terminal only."""
    return tqdm(total=total, desc=f"  {what}", unit="", leave=False, disable=None)


def _make(
    workbench: Workbench, methods: Sequence[VectorMethod], texts: Sequence[str]
) -> dict[str, SentenceVectors]:
    shape = len(texts), workbench.encoder.hidden_size
    rows = {method.name: np.empty(shape, workbench.encoder.dtype) for method in methods}
    for number, sentence in run_model(workbench, texts):
        for method in methods:
            rows[method.name][number] = method.vector(sentence)
    return rows
