"""Conditions: choices of ours, or traits of the model, that a verdict could depend on.

Three of them touch what the claims are judged by. *Dead coordinates*: a model's last layer
normalization can switch coordinates off, and their log quotients are huge and say nothing. *Split
words*: a word of several pieces receives the sum of their attention, so that it is chosen more
often; the article has no such word. *Ties*: the article takes the first of equal votes. Every task
that one of these touches is measured under each condition, and a verdict that is another one under
one of them says so.
"""

from dataclasses import dataclass

from trendlib.readings import ARTICLE, MASS_TIES, MEAN_PIECES, Reading


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


AS_PRINTED = Condition("")
WITHOUT_DEAD = Condition("without dead coordinates", without_dead=True)
MEAN_OVER_PIECES = Condition("mean over pieces", MEAN_PIECES)
TIES_BY_MASS = Condition("ties by attention mass", MASS_TIES)
BOTH_CHANGED = Condition("mean over pieces, without dead coordinates", MEAN_PIECES, True)

CONDITIONS = (AS_PRINTED, WITHOUT_DEAD, MEAN_OVER_PIECES, TIES_BY_MASS, BOTH_CHANGED)
"""All of them; for tasks whose figures follow from words and trends."""
READING_CONDITIONS = (AS_PRINTED, MEAN_OVER_PIECES, TIES_BY_MASS)
"""For tasks whose figures follow from the chosen words alone."""
TREND_CONDITIONS = (AS_PRINTED, WITHOUT_DEAD)
"""For tasks whose words are given, so that no reading is needed."""
