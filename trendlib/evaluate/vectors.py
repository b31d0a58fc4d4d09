"""Ways to make a sentence vector, all from the same run of the model.

A new way is a ``VectorMethod``: a name, a note and a function.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize
from tqdm import tqdm

from trendlib.attention import AttentionStack
from trendlib.choice import Choice, find_words_in
from trendlib.embedding import ARTICLE_RECIPE, compose
from trendlib.encoding import Tokenized, pool
from trendlib.errors import SentenceError
from trendlib.evaluate import sbert_wk
from trendlib.evaluate.conditions import AS_PRINTED, Condition, Conditioned
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.store import key_of
from trendlib.model.batch import run_whole
from trendlib.model.corpus import tokenize_windows
from trendlib.readings import ARTICLE, Reading
from trendlib.similarity import without
from trendlib.trend import DISCOUNT, FIRST_STATES, Kind, angle, fourier_magnitude, trend
from trendlib.typing import HiddenStates, SentenceVectors, Vector, WordStates
from trendlib.words import mean_over_pieces


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence that the model has run.

    Attributes:
        tokenized: Its tokens and words.
        attention: The attention of the first layer, which the article's reading and those of the
            conditions read.
        states: All its hidden states.
        dead: The model's dead coordinates.
    """

    tokenized: Tokenized
    attention: AttentionStack
    states: HiddenStates
    dead: tuple[int, ...] = ()

    @cached_property
    def choice(self) -> Choice:
        """Its focus and related word, by the article's reading."""
        return self.choice_by(ARTICLE)

    def choice_by(self, reading: Reading) -> Choice:
        """Find its focus and related word by a reading of the first layer."""
        return find_words_in(self.attention, self.tokenized.words, reading)

    @cached_property
    def words(self) -> tuple[WordStates, WordStates]:
        """Each word's vector in hidden state 0, and in the last one."""
        first, last = self.states[0], self.states[-1]
        words = self.tokenized.words
        return mean_over_pieces(first, words), mean_over_pieces(last, words)

    def trend_embedding(
        self, kind: Kind = ARTICLE_RECIPE.kind, condition: Condition = AS_PRINTED
    ) -> Vector:
        """Make the trend embedding from focus and related word; the article's way if left out.

        Dead coordinates that are left out are 0: no cosine and no classifier sees them then.
        """
        recipe = replace(ARTICLE_RECIPE, kind=kind, reading=condition.reading)
        choice = self.choice if condition.reading == ARTICLE else self.choice_by(condition.reading)
        static, contextual = (states[list(choice.chosen_words)] for states in self.words)
        values = compose(self.tokenized.sentence, choice, static, contextual, recipe).values
        return without(values, self.dead) if condition.without_dead else values


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


def _difference_of_all_words(sentence: Sentence) -> Vector:
    static, contextual = sentence.words
    mean: Vector = (contextual - static).mean(axis=0)
    return mean


def _angle_of_all_words(sentence: Sentence, *, without_dead: bool = False) -> Vector:
    # An angle that is undefined stays NaN, which no cosine and no classifier takes.
    dead = sentence.dead if without_dead else ()
    pairs = zip(*sentence.words, strict=True)
    angles = [angle(*(without(vector, dead) for vector in pair)).values for pair in pairs]
    mean: Vector = np.mean(angles, axis=0)
    return mean


def _discounted(sentence: Sentence) -> Vector:
    base, last = (sentence.states[state].mean(axis=0) for state in (FIRST_STATES["discounted"], -1))
    return discounted(last, base, DISCOUNT)


def discounted(last: Vector, base: Vector, discount: float) -> Vector:
    """Take a share of the change from a base state away from the last state.

    Args:
        last: The last hidden state, or its mean over tokens; or rows of these.
        base: The state from which the change is counted, likewise.
        discount: The share; with 0 nothing is taken away, with 1 the base is left.

    >>> discounted(np.array([1.0, 2.0]), np.array([0.0, 4.0]), 0.5)
    array([0.5, 3. ])
    """
    left: Vector = last - discount * (last - base)
    return left


def _sbert_wk(sentence: Sentence) -> Vector:
    tokens = [token for word in sentence.tokenized.words for token in word.tokens]
    first = sbert_wk.first_used(len(sentence.states) - 1)
    return sbert_wk.sentence_vector(sentence.states[first:, tokens])


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
ALL_WORDS_QUOTIENT = VectorMethod(
    "trend, all words", "mean of the log quotients of all words, undefined as 0", _all_words
)
TRENDS: tuple[VectorMethod, ...] = (
    TREND,
    VectorMethod(
        "trend, clipped",
        f"as trend, but each coordinate kept within -{LIMIT:g} and {LIMIT:g}",
        _clipped,
    ),
    ALL_WORDS_QUOTIENT,
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


def trend_under(condition: Condition) -> VectorMethod:
    """Make the method that is the article's trend under a condition."""
    named = Conditioned(TREND, condition)
    make = partial(Sentence.trend_embedding, condition=condition)
    return VectorMethod(named.name, named.note, make)


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
MEAN_OF_STATE_0 = VectorMethod(
    "mean of layer 0",
    "mean of all tokens in hidden state 0, before any block",
    lambda sentence: pool(sentence.states[0], "mean"),
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
    MEAN_OF_STATE_0,
)
MEAN_OF_STATE_1 = VectorMethod(
    "mean of hidden state 1",
    "mean of all tokens in the output of the first block",
    lambda sentence: pool(sentence.states[1], "mean"),
)
ALL_WORDS_DIFFERENCE = VectorMethod(
    "difference, all words",
    "mean of contextual minus static vector over all words",
    _difference_of_all_words,
)
ALL_WORDS_ANGLE = VectorMethod(
    "angle, all words",
    "mean of the spherical logarithms of all words: how far, and which way, each vector turned",
    _angle_of_all_words,
)
ANGLE_WITHOUT_DEAD = VectorMethod(
    "angle, all words, without dead coordinates",
    "the same, of vectors without the model's dead coordinates",
    partial(_angle_of_all_words, without_dead=True),
)
SBERT_WK = VectorMethod(
    "SBERT-WK",
    "words weighed by how they move through the layers, as Wang and Kuo 2020 do",
    _sbert_wk,
)
IMPROVED: tuple[VectorMethod, ...] = (
    ALL_WORDS_DIFFERENCE,
    ALL_WORDS_ANGLE,
    VectorMethod(
        "discounted trend",
        f"mean of all tokens in the last hidden state, minus {DISCOUNT:g} times its difference "
        f"from hidden state {FIRST_STATES['discounted']}",
        _discounted,
    ),
    SBERT_WK,
)
"""What the task "sts" finds on the way from the article's formula to one that works, and the
method that is nearest to it."""
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
                    yield number, Sentence(tokenized, *output, encoder.dead_coordinates)
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
