"""What a task, a method and a score are.

A new task is a class with five members, a new method one with two or three: see ``Task``,
``Method`` and the smallest examples, ``contexts`` and ``vectors``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate.data import Source
from trendlib.evaluate.scores import Score
from trendlib.evaluate.store import Store, code_key, key_of
from trendlib.model.encoder import Encoder

Measured = Mapping[str, NDArray[Any]]
"""What a method was found to do, by name: one number a sentence, pair, fold or other unit."""


class Method(Protocol):
    """One way to do a task.

    Attributes:
        name: What tables call it.
        note: What it does, in a sentence.
    """

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def note(self) -> str:
        """What it does, in a sentence."""
        ...


@dataclass(frozen=True)
class NamedMethod:
    """A method that is nothing but a name that its task knows."""

    name: str
    note: str


@dataclass(frozen=True)
class Workbench:
    """What tasks work with.

    Attributes:
        encoder: The model.
        exact: Loads the same model in float64, for what is about rounding.
        store: Where what was computed is kept.
        quick: Whether a sample is enough.
        seed: Of every random choice.
    """

    encoder: Encoder
    exact: Callable[[], Encoder]
    store: Store
    quick: bool = False
    seed: int = 0

    def rng(self) -> np.random.Generator:
        """Make a generator that always begins in the same way."""
        return np.random.default_rng(self.seed)

    def key(self, *parts: object, computed_by: str) -> str:
        """Make a key for the store, of the model and everything else that something follows from.

        Args:
            parts: What it is, and what it is made of.
            computed_by: The module that computes it.
        """
        model = self.encoder.provenance
        return key_of(*parts, model.weights_sha256, model.dtype, code_key(computed_by))

    def sample(self, items: Sequence["Item"], quick_count: int) -> list["Item"]:
        """Take all items; or, if a sample is enough, some of them, in their order."""
        if not self.quick or len(items) <= quick_count:
            return list(items)
        chosen = self.rng().choice(len(items), quick_count, replace=False)
        return [items[number] for number in sorted(chosen)]


Item = TypeVar("Item")
M = TypeVar("M", bound=Method)
P = TypeVar("P")


class Task(ABC, Generic[M, P]):
    """Data and a question.

    Attributes:
        name: What the command and the result file call it.
        question: What is asked.
        sources: The public files that it needs.
    """

    name: ClassVar[str]
    question: ClassVar[str]
    sources: ClassVar[tuple[Source, ...]] = ()

    @abstractmethod
    def methods(self, workbench: Workbench) -> Sequence[M]:
        """List the methods that are compared."""

    @abstractmethod
    def prepare(self, workbench: Workbench) -> P:
        """Read the data, and compute what all methods share."""

    @abstractmethod
    def measure(self, method: M, prepared: P) -> Measured:
        """Try a method."""

    @abstractmethod
    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Make figures of what was measured with each method."""

    def facts(self, prepared: P) -> dict[str, Any]:
        """Say what there is to know about the data, such as how many sentences were left out."""
        return {}
