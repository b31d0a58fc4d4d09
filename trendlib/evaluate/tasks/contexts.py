"""Do trends tell contexts apart? The contrast of apple, orange and adventure, many times over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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

Shown = Literal["all coordinates", "first ten", "without the heaviest"]


@dataclass(frozen=True)
class Triple:
    """Three sentences that differ in a noun: two of a kind, and another.

    Attributes:
        sentences: Them.
        word: The word that is compared.
        kind: The number of the kind of the first two nouns.
    """

    sentences: tuple[str, str, str]
    word: str
    kind: int


def triples() -> Iterator[Triple]:
    """Make all triples.

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


@dataclass(frozen=True)
class Representation:
    """What is made of a word's two vectors before the cosine.

    Attributes:
        kind: "contextual", "difference" or "log quotient".
        fourier: Whether the magnitudes of its Fourier transform are taken.
        shown: Which coordinates count.
    """

    kind: Literal[Kind, "contextual"]
    fourier: bool
    shown: Shown

    @property
    def name(self) -> str:
        """What tables call it."""
        return ("Fourier of " if self.fourier else "") + f"{self.kind}, {self.shown}"

    @property
    def note(self) -> str:
        """What it does, in a sentence."""
        return f"cosine of {self.name}"

    def cosine(self, first: Sequence[Vector], second: Sequence[Vector]) -> float:
        """Compare two words, each given by its static and its contextual vector."""
        one, other = self._made(*first), self._made(*second)
        if self.shown == "without the heaviest":
            most = heaviest(np.abs(one) + np.abs(other), HEAVIEST)
            one, other = without(one, most), without(other, most)
        if self.fourier:
            one, other = fourier_magnitude(one), fourier_magnitude(other)
        return cosine(one, other)

    def _made(self, static: Vector, contextual: Vector) -> Vector:
        made = contextual
        if self.kind != "contextual":
            made = trend(static, contextual, self.kind).undefined_as_zero
        return made[:FIRST] if self.shown == "first ten" else made


KINDS: tuple[Literal[Kind, "contextual"], ...] = ("contextual", "difference", "log quotient")
SHOWN: tuple[Shown, ...] = ("all coordinates", "first ten", "without the heaviest")
REFERENCE = "contextual"

Run = tuple[Triple, list[tuple[Vector, Vector]]]


class Contexts(Task[Representation, list[Run]]):
    """Sentences of our own, made of templates."""

    name = "contexts"
    question = "Are a word's vectors more alike in like contexts?"

    def methods(self, workbench: Workbench) -> Sequence[Representation]:
        """List what can be made of two vectors."""
        return [
            Representation(kind, fourier, shown)
            for shown in SHOWN
            for fourier in (False, True)
            for kind in KINDS
        ]

    def prepare(self, workbench: Workbench) -> list[Run]:
        """Run the sentences, each alone."""
        made = workbench.sample(list(triples()), QUICK_TRIPLES)
        runs = []
        with progress(len(made), "triples") as bar:
            for triple in made:
                encodings = [workbench.encoder.encode(sentence) for sentence in triple.sentences]
                places = [encoding.index_of(triple.word) for encoding in encodings]
                runs.append(
                    (
                        triple,
                        [
                            (encoding.static[place], encoding.contextual[place])
                            for encoding, place in zip(encodings, places, strict=True)
                        ],
                    )
                )
                bar.update()
        return runs

    def facts(self, prepared: list[Run]) -> dict[str, Any]:
        """Count triples and kinds."""
        kinds = {triple.kind for triple, _ in prepared}
        return {"triples": len(prepared), "kinds": len(kinds), "templates": len(TEMPLATES)}

    def measure(self, method: Representation, prepared: list[Run]) -> Measured:
        """Subtract the cosines with the other noun from that of the two that are of a kind."""
        contrasts = []
        for _, (first, second, other) in prepared:
            alike = method.cosine(first, second)
            unlike = (method.cosine(first, other) + method.cosine(second, other)) / 2
            contrasts.append(alike - unlike)
        kinds = [triple.kind for triple, _ in prepared]
        return {"contrast": np.array(contrasts), "kind": np.array(kinds)}

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give effect sizes; kinds of nouns are drawn as a whole, as their triples are alike."""
        scores = []
        for method, found in measured.items():
            known = ~np.isnan(found["contrast"])
            contrast, kinds = found["contrast"][known], found["kind"][known]
            for measure, statistic in (
                ("effect size", statistics.effect_size),
                ("share above 0", lambda values: float((values > 0).mean())),
            ):
                interval = statistics.clustered_interval(contrast, kinds, statistic)
                scores.append(Score(method, measure, statistic(contrast), *interval, len(contrast)))
            reference = _reference(method)
            if reference != method:
                both = np.stack([found["contrast"], measured[reference]["contrast"]], axis=1)
                known = ~np.isnan(both).any(axis=1)
                both = both[known]
                interval = statistics.clustered_interval(both, found["kind"][known], _more)
                scores.append(
                    Score(
                        method, "effect size", _more(both), *interval, len(both), baseline=reference
                    )
                )
        return scores


def _reference(method: str) -> str:
    shown = method.rpartition(", ")[2]
    return f"{REFERENCE}, {shown}"


def _more(both: Vector) -> float:
    return statistics.effect_size(both[:, 0]) - statistics.effect_size(both[:, 1])


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
