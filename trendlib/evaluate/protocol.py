"""What a task, a method and a score are.

A new task is a class with five members, a new method a frozen dataclass with a name, a note and a
function: see ``Task``, ``Method`` and the smallest examples, ``tasks.contexts`` and ``vectors``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate.data import Source
from trendlib.evaluate.scores import Score
from trendlib.evaluate.store import Store, key_of
from trendlib.files.code_version import code_version
from trendlib.model.encoder import Encoder

Measured = Mapping[str, NDArray[Any]]
"""What was measured with a method, by name: one number per sentence, pair, fold or other unit."""
LIBRARIES = ("scikit-learn", "scipy", "conllu")
"""Other versions of these may measure something else; ``code_version`` knows those of the model."""


class Method(Protocol):
    """One way to do a task; it can be hashed, as a frozen dataclass is."""

    @property
    def name(self) -> str:
        """Its name in tables."""
        ...

    @property
    def note(self) -> str:
        """What it does, in a sentence."""
        ...


@dataclass(frozen=True)
class NamedMethod:
    """A method that its task knows by its name."""

    name: str
    note: str


@dataclass(frozen=True)
class Workbench:
    """A loaded model, a store and the settings of a run, for the tasks.

    Attributes:
        encoder: The model.
        exact: Loads the same model in float64, to measure rounding errors.
        store: Keeps what was computed.
        quick: Whether a sample is enough.
        seed: The seed of every random choice.
    """

    encoder: Encoder
    exact: Callable[[], Encoder]
    store: Store
    quick: bool = False
    seed: int = 0

    def rng(self) -> np.random.Generator:
        """Make a new random generator, always with the same seed."""
        return np.random.default_rng(self.seed)

    def key(self, *parts: object, computed_by: str) -> str:
        """Make a key for the store, of the model, the code and the data.

        Args:
            parts: What is computed, and from which data and settings.
            computed_by: The full name of the module that computes it.
        """
        model = self.encoder.provenance
        libraries = [version(library) for library in LIBRARIES]
        code = code_version(computed_by)
        return key_of(*parts, model.model_sha256, model.dtype, code, libraries)

    def sample(self, items: Sequence["Item"], quick_count: int) -> list["Item"]:
        """Return all items; or, if a sample is enough, ``quick_count`` of them, in their order."""
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
        name: Its name on the command line, and that of its file of results.
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
        """Measure one method; what it returns is kept in the store."""

    @abstractmethod
    def scores(self, measured: Mapping[M, Measured]) -> list[Score]:
        """Summarize what was measured with each method."""

    def facts(self, prepared: P) -> dict[str, Any]:
        """Describe the data, such as how many sentences were left out."""
        return {}
