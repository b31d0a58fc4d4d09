"""Do trends tell contexts apart? The contrast of apple, orange and adventure, 240 times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from trendlib.evaluate import statistics
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.vectors import progress
from trendlib.similarity import FIRST, cosine, heaviest, without
from trendlib.trend import Kind, fourier_magnitude, trend
from trendlib.typing import Vector

QUICK_TRIPLES = 48
HEAVIEST = 3

ALIKE = (
    ("apple", "orange"), ("coffee", "tea"), ("car", "truck"), ("dog", "cat"),
    ("table", "chair"), ("shirt", "jacket"), ("guitar", "violin"), ("hammer", "saw"),
    ("knife", "fork"), ("pen", "pencil"), ("boat", "ship"), ("horse", "cow"),
    ("house", "apartment"), ("phone", "computer"), ("ring", "necklace"), ("cake", "pie"),
    ("rose", "tulip"), ("book", "magazine"), ("bus", "train"), ("sword", "shield"),
    ("potato", "carrot"), ("hat", "cap"), ("river", "lake"), ("lamp", "candle"),
)  # fmt: skip
"""Pairs of nouns of one kind: 24 kinds."""
UNLIKE = (
    "adventure", "idea", "holiday", "promise", "conversation", "chance", "rest", "answer",
    "secret", "change", "challenge", "surprise", "story", "dream", "plan", "childhood",
    "friendship", "meeting", "victory", "career", "memory", "argument", "lesson", "reputation",
)  # fmt: skip
"""A noun of another kind for each of them."""
TEMPLATES = (
    ("I want {}.", "want"), ("She needs {}.", "needs"), ("They had {}.", "had"),
    ("We got {}.", "got"), ("He remembers {}.", "remembers"), ("I had a very good {bare}.", "good"),
    ("This is a great {bare}.", "great"), ("My friend likes the {bare}.", "likes"),
    ("We talked about {}.", "about"), ("Nobody expected {}.", "expected"),
)  # fmt: skip
"""A sentence with a place for the noun, and the word whose vectors are compared."""

Coordinates = Literal["all coordinates", "first ten", "without the heaviest"]


@dataclass(frozen=True)
class Triple:
    """Three sentences that differ in a noun: two of a kind, and another.

    Attributes:
        sentences: The three sentences; the first two have nouns of one kind.
        word: The word whose vectors are compared.
        kind: The number of the kind of the first two nouns, from 0.
    """

    sentences: tuple[str, str, str]
    word: str
    kind: int


def triples() -> Iterator[Triple]:
    """List all triples.

    >>> made = list(triples())
    >>> len(made), made[0].sentences
    (240, ('I want an apple.', 'I want an orange.', 'I want an adventure.'))
    """
    for kind, (pair, other) in enumerate(zip(ALIKE, UNLIKE, strict=True)):
        for template, word in TEMPLATES:
            first, second, third = (
                template.format(_with_article(noun), bare=noun) for noun in (*pair, other)
            )
            yield Triple((first, second, third), word, kind)


StaticAndContextual = tuple[Vector, Vector]


@dataclass(frozen=True, eq=False)
class TripleVectors:
    """The vectors of the compared word in the three sentences of a triple."""

    triple: Triple
    vectors: tuple[StaticAndContextual, ...]


@dataclass(frozen=True)
class Representation:
    """What is computed from a word's static and contextual vector before the cosine.

    Attributes:
        kind: "contextual", "difference" or "log quotient".
        fourier: Whether the magnitudes of its Fourier transform are taken.
        coordinates: Which coordinates are used.
    """

    kind: Literal[Kind, "contextual"]
    fourier: bool
    coordinates: Coordinates

    @property
    def name(self) -> str:
        """Its name in tables."""
        return ("Fourier of " if self.fourier else "") + f"{self.kind}, {self.coordinates}"

    @property
    def note(self) -> str:
        """What it does, in a sentence."""
        return f"cosine of {self.name}"

    @property
    def reference(self) -> "Representation":
        """What it is compared with: the contextual vectors, of the same coordinates."""
        return replace(self, kind="contextual", fourier=False)

    def cosine(self, first: StaticAndContextual, second: StaticAndContextual) -> float:
        """Compute the cosine of two words."""
        one, other = self._vector(*first), self._vector(*second)
        if self.coordinates == "without the heaviest":
            most = heaviest(np.abs(one) + np.abs(other), HEAVIEST)
            one, other = without(one, most), without(other, most)
        if self.fourier:
            one, other = fourier_magnitude(one), fourier_magnitude(other)
        return cosine(one, other)

    def _vector(self, static: Vector, contextual: Vector) -> Vector:
        vector = contextual
        if self.kind != "contextual":
            vector = trend(static, contextual, self.kind).undefined_as_zero
        return vector[:FIRST] if self.coordinates == "first ten" else vector


KINDS: tuple[Literal[Kind, "contextual"], ...] = ("contextual", "difference", "log quotient")
COORDINATES: tuple[Coordinates, ...] = ("all coordinates", "first ten", "without the heaviest")


class Contexts(Task[Representation, list[TripleVectors]]):
    """Sentences of our own, made of templates."""

    name = "contexts"
    question = "Are a word's vectors more alike in like contexts?"

    def methods(self, workbench: Workbench) -> Sequence[Representation]:
        """List what can be computed from the two vectors."""
        return [
            Representation(kind, fourier, coordinates)
            for coordinates in COORDINATES
            for fourier in (False, True)
            for kind in KINDS
        ]

    def prepare(self, workbench: Workbench) -> list[TripleVectors]:
        """Run the sentences, each alone."""
        chosen = workbench.sample(list(triples()), QUICK_TRIPLES)
        found = []
        with progress(len(chosen), "triples") as bar:
            for triple in chosen:
                vectors = (_vectors(workbench, text, triple.word) for text in triple.sentences)
                found.append(TripleVectors(triple, tuple(vectors)))
                bar.update()
        return found

    def facts(self, prepared: list[TripleVectors]) -> dict[str, Any]:
        """Count triples and kinds."""
        kinds = {found.triple.kind for found in prepared}
        return {"triples": len(prepared), "kinds": len(kinds), "templates": len(TEMPLATES)}

    def measure(self, method: Representation, prepared: list[TripleVectors]) -> Measured:
        """Subtract the cosines with the other noun from that of the two that are of a kind."""
        contrasts = []
        for found in prepared:
            first, second, other = found.vectors
            alike = method.cosine(first, second)
            unlike = (method.cosine(first, other) + method.cosine(second, other)) / 2
            contrasts.append(alike - unlike)
        kinds = [found.triple.kind for found in prepared]
        return {"contrast": np.array(contrasts), "kind": np.array(kinds)}

    def scores(self, measured: Mapping[Representation, Measured]) -> list[Score]:
        """Compute effect sizes; kinds of nouns are drawn as a whole, as their triples are alike."""
        scores = []
        for method, found in measured.items():
            known = ~np.isnan(found["contrast"])
            contrast, kinds = found["contrast"][known], found["kind"][known]
            for measure, statistic in (
                ("effect size", statistics.effect_size),
                ("share above 0", lambda values: float((values > 0).mean())),
            ):
                interval = statistics.clustered_interval(contrast, kinds, statistic)
                value = statistic(contrast)
                scores.append(Score(method.name, measure, value, *interval, len(contrast)))
            if method != method.reference:
                scores.append(_difference(method, measured))
        return scores


def _vectors(workbench: Workbench, sentence: str, word: str) -> StaticAndContextual:
    encoding = workbench.encoder.encode(sentence)
    index = encoding.index_of(word)
    return encoding.static[index], encoding.contextual[index]


def _difference(method: Representation, measured: Mapping[Representation, Measured]) -> Score:
    reference = method.reference
    both = np.stack([measured[one]["contrast"] for one in (method, reference)], axis=1)
    known = ~np.isnan(both).any(axis=1)
    both, kinds = both[known], measured[method]["kind"][known]
    interval = statistics.clustered_interval(both, kinds, _size_difference)
    value = _size_difference(both)
    return Score(method.name, "effect size", value, *interval, len(both), baseline=reference.name)


def _size_difference(both: Vector) -> float:
    return statistics.effect_size(both[:, 0]) - statistics.effect_size(both[:, 1])


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
