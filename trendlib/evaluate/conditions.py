"""Conditions: choices of ours, or traits of the model, that a verdict could depend on.

Three of them touch what the claims are judged by. *Dead coordinates*: a model's last layer
normalization can switch coordinates off, and their log quotients are huge and say nothing. *Split
words*: a word of several pieces receives the sum of their attention, so that it is chosen more
often; the article has no such word. *Ties*: the article takes the first of equal votes. Every task
that one of these touches is measured under each condition, and a verdict that is another one under
one of them says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from trendlib.language import N_
from trendlib.readings import ARTICLE, MASS_TIES, MEAN_PIECES, Reading

if TYPE_CHECKING:  # the protocol of a method loads the model's libraries
    from trendlib.evaluate.protocol import Method

M = TypeVar("M", bound="Method", covariant=True)


@dataclass(frozen=True)
class Condition:
    """What is done in another way than the article does it.

    Attributes:
        name: Its name in tables and results; empty for the article's own choices.
        reading: How focus and related word are found.
        without_dead: Whether the model's dead coordinates are left out.
    """

    name: str
    reading: Reading = ARTICLE
    without_dead: bool = False

    def applied_to(self, reading: Reading) -> Reading:
        """Return another reading with this condition's pieces and ties.

        >>> from trendlib.readings import LAYERS
        >>> MEAN_OVER_PIECES.applied_to(LAYERS).pieces, AS_PRINTED.applied_to(LAYERS) == LAYERS
        ('mean', True)
        """
        return replace(reading, pieces=self.reading.pieces, ties=self.reading.ties)


AS_PRINTED = Condition("")
WITHOUT_DEAD = Condition(N_("without dead coordinates"), without_dead=True)
MEAN_OVER_PIECES = Condition(N_("mean over pieces"), MEAN_PIECES)
TIES_BY_MASS = Condition(N_("ties by attention mass"), MASS_TIES)
BOTH_CHANGED = Condition(N_("mean over pieces, without dead coordinates"), MEAN_PIECES, True)

CONDITIONS = (AS_PRINTED, WITHOUT_DEAD, MEAN_OVER_PIECES, TIES_BY_MASS, BOTH_CHANGED)
"""All of them; for tasks whose figures follow from words and trends."""
READING_CONDITIONS = (AS_PRINTED, MEAN_OVER_PIECES, TIES_BY_MASS)
"""For tasks whose figures follow from the chosen words alone."""
TREND_CONDITIONS = (AS_PRINTED, WITHOUT_DEAD)
"""For tasks whose words are given, so that no reading is needed."""


@dataclass(frozen=True)
class Conditioned(Generic[M]):
    """A method that is run under a condition.

    Attributes:
        method: The method; its scores bear its name.
        condition: The condition.
    """

    method: M
    condition: Condition

    @property
    def name(self) -> str:
        """The method's name, and that of the condition if it has one."""
        names = (self.method.name, self.condition.name)
        return ", ".join(name for name in names if name)

    @property
    def note(self) -> str:
        """What the method does, and what is changed."""
        notes = (self.method.note, self.condition.name)
        return "; ".join(note for note in notes if note)


def under(conditions: Sequence[Condition], methods: Sequence[M]) -> list[Conditioned[M]]:
    """Pair each condition with each method, one condition after the other.

    >>> from trendlib.evaluate.protocol import NamedMethod
    >>> methods = under(TREND_CONDITIONS, [NamedMethod("a", "does a"), NamedMethod("b", "does b")])
    >>> [method.name for method in methods[1:]]
    ['b', 'a, without dead coordinates', 'b, without dead coordinates']
    """
    return [Conditioned(method, condition) for condition in conditions for method in methods]
