"""The rules of the verdicts, as data, and the one function that applies them.

A rule lists comparisons. Each names a figure and the margin that it has to be above, both fixed
before the results were seen. A comparison is *supported* if the whole interval of its figure is
above the margin, *reversed* if the whole interval is below it, and *open* otherwise.

The verdict follows from the comparisons that decide:

- *found*: every one is supported;
- *reversed*: at least one is reversed;
- *found in part*: none is reversed, and at least one is supported;
- *not found*: anything else.

"Every one" needs no correction for the number of comparisons, because chance would have to favour
all of them at once. "At least one" does: there, the intervals are those of 1 - 0.05/k instead of
95 %, for k comparisons (Bonferroni). A claim that compares two things is therefore never found in
part where a comparison goes clearly the other way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scipy import stats

from trendlib.evaluate.conditions import (
    CONDITIONS,
    READING_CONDITIONS,
    TREND_CONDITIONS,
    Condition,
)
from trendlib.evaluate.results import TaskResult
from trendlib.evaluate.scores import OWN, Score
from trendlib.evaluate.wording import Format, interval, number, points
from trendlib.language import N_

ALPHA = 0.05

CLASSIFICATION = {"sms": "MCC", "trec": "test accuracy", "mr": "accuracy", "sst2": "test accuracy"}
"""The measure that decides, by task."""
TITLES = {"sms": "SMS Spam", "trec": "TREC", "mr": "MR", "sst2": "SST-2", "stsb": "STS-B"}
"""What pages call these tasks, and the one of similarity."""
TREEBANKS = {"syntax": "EWT", "syntax-gum": "GUM"}
"""What pages call the treebank of a task."""
SAME_KIND = "random word of the same kind"
"""The control that decides whether the related word is related by syntax."""
CONTROLS = {
    "random word": N_("joined by an edge, minus any random word"),
    "random content word": N_("joined by an edge, minus a random content word"),
    "word of the same distance and length": N_(
        "joined by an edge, minus words of the same distance and length"
    ),
    "next word": N_("joined by an edge, minus the next word"),
}
"""The controls that are reported beside it, and what is compared; the chapter shows more."""
NULLS = ("two random words", "two sentences", "independent masks")
"""What the two trends are compared with."""
MATTERS = 0.05
"""Readings that find another focus word in more than this share of sentences are not the same."""
NOT_WORSE = -0.02
"""A vector that loses no more than two points of a hundred is an alternative."""

Results = Mapping[str, TaskResult]
"""The results of one model, by task."""


class Outcome(StrEnum):
    """Where the interval of a figure is: above the margin, below it, or around it."""

    SUPPORTED = "supported"
    OPEN = "open"
    REVERSED = "reversed"


class ClaimVerdict(StrEnum):
    """What was found of a claim with a model."""

    FOUND = N_("found")
    IN_PART = N_("found in part")
    NOT_FOUND = N_("not found")
    REVERSED = N_("reversed")
    NOT_RUN = N_("not run")
    MISLABELLED = N_("mislabelled, and it matters")
    MISLABELLED_OPEN = N_("mislabelled; open whether it matters")
    MISLABELLED_HARMLESS = N_("mislabelled, without consequence")


@dataclass(frozen=True)
class Comparison:
    """A figure that a rule looks at, and the margin that it has to be above.

    Attributes:
        label: What is compared, in a few words.
        task: The task that measures it.
        method: The method.
        measure: What is measured.
        baseline: What is subtracted; empty if the figure is no difference.
        group: The part of the data.
        margin: The margin.
        write: How the figure is written.
        where: The data, if the label does not say it: a name, such as that of a treebank.
    """

    label: str
    task: str
    method: str
    measure: str
    baseline: str = ""
    group: str = ""
    margin: float = 0.0
    write: Format = field(kw_only=True)
    where: str = ""

    def score(self, results: Results, condition: str = "") -> Score:
        """Look up the figure.

        Raises:
            InputFileError: If the results do not have it.
        """
        return results[self.task].score(
            self.method,
            self.measure,
            group=self.group,
            baseline=self.baseline,
            condition=condition,
        )

    def outcome(self, score: Score, among: int = 1) -> Outcome:
        """Say where the interval of a figure is.

        Args:
            score: The figure.
            among: Of how many comparisons one is enough; the interval is widened for their number.
        """
        low, high = widened(score, among)
        if low > self.margin:
            return Outcome.SUPPORTED
        return Outcome.REVERSED if high < self.margin else Outcome.OPEN


@dataclass(frozen=True)
class Words:
    """What the four outcomes of a rule are called."""

    found: ClaimVerdict = ClaimVerdict.FOUND
    in_part: ClaimVerdict = ClaimVerdict.IN_PART
    not_found: ClaimVerdict = ClaimVerdict.NOT_FOUND
    reversed: ClaimVerdict = ClaimVerdict.REVERSED


@dataclass(frozen=True)
class Rule:
    """How a claim is judged; see the top of this module.

    Attributes:
        comparisons: The comparisons that decide.
        reported: Comparisons that are shown beside them, and decide nothing.
        conditions: The conditions under which the verdict is found, the article's own first.
        words: What the outcomes are called.
    """

    comparisons: tuple[Comparison, ...]
    conditions: tuple[Condition, ...]
    reported: tuple[Comparison, ...] = ()
    words: Words = field(kw_only=True)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that it needs."""
        return tuple(dict.fromkeys(row.task for row in (*self.comparisons, *self.reported)))

    def judge(self, results: Results, condition: str = "") -> ClaimVerdict:
        """Judge by the results of one model, under a condition."""
        count = len(self.comparisons)
        scores = [row.score(results, condition) for row in self.comparisons]
        pairs = list(zip(self.comparisons, scores, strict=True))
        if all(row.outcome(score) is Outcome.SUPPORTED for row, score in pairs):
            return self.words.found
        widened_outcomes = [row.outcome(score, among=count) for row, score in pairs]
        if Outcome.REVERSED in widened_outcomes:
            return self.words.reversed
        if Outcome.SUPPORTED in widened_outcomes:
            return self.words.in_part
        return self.words.not_found


def widened(score: Score, among: int) -> tuple[float, float]:
    """Widen an interval of 95 % to one of 1 - 0.05/k.

    Each side is stretched as that of a t distribution is, with one degree of freedom less than
    there are units: with ten folds, an interval grows more than with a thousand sentences.

    Args:
        score: A figure with its interval.
        among: The number k of comparisons.

    Returns:
        Both ends; those of the whole line if the figure has no interval.

    >>> [round(end, 2) for end in widened(Score("a", "b", 0.0, -1.96, 1.96, 10_000), 5)]
    [-2.58, 2.58]
    >>> [round(end, 2) for end in widened(Score("a", "b", 0.0, -2.26, 2.26, 10), 4)]
    [-3.11, 3.11]
    """
    if score.low is None or score.high is None:
        return float("-inf"), float("inf")
    freedom = max(score.count - 1, 1)
    usual, wide = (stats.t.isf(ALPHA / 2 / count, freedom) for count in (1, among))
    stretch = float(wide / usual)
    low = score.value - stretch * (score.value - score.low)
    return low, score.value + stretch * (score.high - score.value)


def _joined(baseline: str, label: str) -> tuple[Comparison, ...]:
    return tuple(
        Comparison(label, task, "article", "joined", baseline, where=treebank, write=points)
        for task, treebank in TREEBANKS.items()
    )


LAYERS_FOR_HEADS = Rule(
    (
        Comparison(
            N_("sentences in which layers name another focus word than heads"),
            "readings",
            "layers",
            "other focus word",
            margin=MATTERS,
            write=interval,
        ),
    ),
    READING_CONDITIONS,
    words=Words(
        ClaimVerdict.MISLABELLED,
        ClaimVerdict.MISLABELLED,
        ClaimVerdict.MISLABELLED_OPEN,
        ClaimVerdict.MISLABELLED_HARMLESS,
    ),
)
COMPLEMENTARY = Rule(
    tuple(
        Comparison(label, "complement", "focus and related", "exactly one", null, write=points)
        for null, label in zip(
            NULLS,
            (
                N_("coordinates with one trend defined, minus those of two random words"),
                N_("minus those of words of two sentences"),
                N_("minus those of independent masks"),
            ),
            strict=True,
        )
    ),
    CONDITIONS,
    words=Words(),
)
JOINED = Rule(
    _joined(SAME_KIND, N_("joined by an edge, minus a random word of the same kind")),
    READING_CONDITIONS,
    words=Words(),
    reported=tuple(row for control, label in CONTROLS.items() for row in _joined(control, label)),
)
ALTERNATIVE = Rule(
    tuple(
        Comparison(
            N_("trend embedding, minus [CLS]"),
            task,
            "trend",
            measure,
            "CLS",
            margin=NOT_WORSE,
            where=f"{TITLES[task]}, {measure}",
            write=points,
        )
        for task, measure in CLASSIFICATION.items()
    ),
    CONDITIONS,
    words=Words(),
    reported=(
        Comparison(
            N_("trend embedding, minus [CLS]"),
            "stsb",
            "trend",
            "Spearman",
            "CLS",
            where="STS-B, Spearman",
            write=points,
        ),
    ),
)
_TREND, _PLAIN = "log quotient, all coordinates", "contextual, all coordinates"
_DIFFERENCE = N_("effect size of trends, minus that of contextual vectors")


def _effect_size(label: str, method: str, baseline: str = "", own: str = "") -> Comparison:
    return Comparison(
        label, "contexts", method, "effect size", baseline, own, write=number, where=own
    )


TOLD_APART = Rule(
    (_effect_size(_DIFFERENCE, _TREND, _PLAIN),),
    TREND_CONDITIONS,
    words=Words(),
    reported=(
        _effect_size(N_("effect size of trends"), _TREND),
        _effect_size(N_("effect size of contextual vectors"), _PLAIN),
        _effect_size(_DIFFERENCE, _TREND, _PLAIN, OWN),
        _effect_size(
            N_("the same difference, both without their heaviest coordinates"),
            "log quotient, without the heaviest",
            "contextual, without the heaviest",
        ),
    ),
)
