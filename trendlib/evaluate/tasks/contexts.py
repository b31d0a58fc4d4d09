"""Do trends tell contexts apart? The contrast of apple, orange and adventure, 240 times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate import statistics
from trendlib.evaluate.conditions import TREND_CONDITIONS, Condition, Conditioned, under
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import OWN, Score
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
        template: The number of its template, from 0.
    """

    sentences: tuple[str, str, str]
    word: str
    kind: int
    template: int


def triples() -> Iterator[Triple]:
    """List all triples.

    >>> made = list(triples())
    >>> len(made), made[0].sentences
    (240, ('I want an apple.', 'I want an orange.', 'I want an adventure.'))
    """
    for kind, (pair, other) in enumerate(zip(ALIKE, UNLIKE, strict=True)):
        for number, (template, word) in enumerate(TEMPLATES):
            first, second, third = (
                template.format(_with_article(noun), bare=noun) for noun in (*pair, other)
            )
            yield Triple((first, second, third), word, kind, number)


StaticAndContextual = tuple[Vector, Vector]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TripleVectors:
    """The vectors of the compared word in the three sentences of a triple.

    Attributes:
        triple: The triple.
        vectors: The word's static and contextual vector in each sentence.
        dead: The coordinates that the model's last layer normalization switches off.
    """

    triple: Triple
    vectors: tuple[StaticAndContextual, ...]
    dead: tuple[int, ...] = ()

    def under(self, condition: Condition) -> tuple[StaticAndContextual, ...]:
        """Return the vectors; without the dead coordinates if the condition leaves them out."""
        if not condition.without_dead:
            return self.vectors
        return tuple(
            (np.delete(static, self.dead), np.delete(contextual, self.dead))
            for static, contextual in self.vectors
        )


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
        """What it is compared with: the contextual vectors, trimmed or cut as it is."""
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


ContextMethod = Conditioned[Representation]


class Contexts(Task[ContextMethod, list[TripleVectors]]):
    """Sentences of our own, made of templates."""

    name = "contexts"
    question = "Are a word's vectors more alike in like contexts?"

    def methods(self, workbench: Workbench) -> Sequence[ContextMethod]:
        """List what can be computed from the two vectors, with and without dead coordinates."""
        return under(
            TREND_CONDITIONS,
            [
                Representation(kind, fourier, coordinates)
                for coordinates in COORDINATES
                for fourier in (False, True)
                for kind in KINDS
            ],
        )

    def prepare(self, workbench: Workbench) -> list[TripleVectors]:
        """Run the sentences, each alone."""
        chosen = workbench.sample(list(triples()), QUICK_TRIPLES)
        dead = workbench.encoder.dead_coordinates
        found = []
        with progress(len(chosen), "triples") as bar:
            for triple in chosen:
                vectors = (_vectors(workbench, text, triple.word) for text in triple.sentences)
                found.append(TripleVectors(triple, tuple(vectors), dead))
                bar.update()
        return found

    def facts(self, prepared: list[TripleVectors]) -> dict[str, Any]:
        """Count triples, kinds, templates and dead coordinates."""
        return {
            "triples": len(prepared),
            "kinds": len({found.triple.kind for found in prepared}),
            "templates": len({found.triple.template for found in prepared}),
            "dead coordinates": len(prepared[0].dead),
        }

    def measure(self, method: ContextMethod, prepared: list[TripleVectors]) -> Measured:
        """Subtract the cosines with the other noun from that of the two that are of a kind."""
        contrasts, cosine_of = [], method.method.cosine
        for found in prepared:
            first, second, other = found.under(method.condition)
            alike = cosine_of(first, second)
            unlike = (cosine_of(first, other) + cosine_of(second, other)) / 2
            contrasts.append(alike - unlike)
        return {
            "contrast": np.array(contrasts),
            "kind": np.array([found.triple.kind for found in prepared]),
            "template": np.array([found.triple.template for found in prepared]),
        }

    def scores(self, measured: Mapping[ContextMethod, Measured]) -> list[Score]:
        """Compute effect sizes, of all templates and of the article's own alone.

        Templates and kinds of nouns are both drawn, as the triples of either are alike.
        """
        scores = []
        for method, found in measured.items():
            reference = measured[replace(method, method=method.method.reference)]
            own = found["template"] == 0
            for group, chosen in (("", np.ones(len(own), bool)), (OWN, own)):
                scores += [
                    replace(score, group=group, condition=method.condition.name)
                    for score in _scores(method.method, found, reference, chosen)
                ]
        return scores


def _scores(
    method: Representation, found: Measured, reference: Measured, chosen: Flags
) -> Iterator[Score]:
    """Compute the scores of the chosen triples in which both contrasts are defined."""
    known = chosen & ~np.isnan(found["contrast"]) & ~np.isnan(reference["contrast"])
    contrast, plain = found["contrast"][known], reference["contrast"][known]
    factors = found["template"][known], found["kind"][known]
    for measure, statistic in MEASURES.items():
        interval = statistics.crossed_interval(contrast, *factors, statistic)
        value = statistics.as_it_is(contrast, statistic)
        yield Score(method.name, measure, value, *interval, len(contrast))
    if method != method.reference:
        difference = statistics.crossed_difference(
            contrast, plain, *factors, statistics.drawn_effect_size
        )
        yield Score(
            method.name,
            "effect size",
            *difference[:3],
            len(contrast),
            baseline=method.reference.name,
            p=difference[3],
        )


def _share_above_zero(contrasts: Vector, times: Vector) -> Vector:
    return statistics.drawn_mean(contrasts > 0, times)


MEASURES = {"effect size": statistics.drawn_effect_size, "share above 0": _share_above_zero}


def _vectors(workbench: Workbench, sentence: str, word: str) -> StaticAndContextual:
    encoding = workbench.encoder.encode(sentence)
    index = encoding.index_of(word)
    return encoding.static[index], encoding.contextual[index]


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
