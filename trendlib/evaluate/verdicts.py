"""The rules of the verdicts: what the results of one model say of each claim.

The sentences that explain the verdicts are in ``explanations``.
"""

from collections.abc import Mapping
from enum import StrEnum

from trendlib.evaluate.results import TaskResult
from trendlib.evaluate.scores import Score
from trendlib.language import N_

CLASSIFICATION = {"sms": "MCC", "trec": "test accuracy", "mr": "accuracy", "sst2": "test accuracy"}
"""The measure that decides, by task."""
TITLES = {"sms": "SMS Spam", "trec": "TREC", "mr": "MR", "sst2": "SST-2", "stsb": "STS-B"}
"""What pages call these tasks, and the one of similarity."""
BASELINES = ("next word", "previous word", "random word", "nearest content word")
"""What the related word is compared with."""
NULLS = ("two random words", "two sentences", "independent masks")
"""What the two trends are compared with."""
MATTERS = 0.05
"""Readings that find another focus word in more than this share of sentences are not the same."""
ALPHA = 0.05

Results = Mapping[str, TaskResult]
"""The results of one model, by task."""


class ClaimVerdict(StrEnum):
    """Whether a claim holds with a model."""

    HOLDS = N_("holds")
    IN_PART = N_("holds in part")
    FAILS = N_("does not hold")
    NOT_RUN = N_("not run")


def judge_heads_or_layers(results: Results) -> ClaimVerdict:
    """Judge by how often layers and heads name the same focus word."""
    other = results["readings"].score("layers", "other focus word")
    if other.high is not None and other.high < MATTERS:
        return ClaimVerdict.HOLDS
    is_clear = other.low is not None and other.low > MATTERS
    return ClaimVerdict.FAILS if is_clear else ClaimVerdict.IN_PART


def judge_complementary_trends(results: Results) -> ClaimVerdict:
    """Judge by how many baselines have fewer coordinates with exactly one trend defined."""
    found = results["complement"]
    leads = [found.score("focus and related", "exactly one", baseline=null) for null in NULLS]
    return _by_count(sum(map(is_more, leads)), len(NULLS))


def judge_related_by_syntax(results: Results) -> ClaimVerdict:
    """Judge by how many baselines find words that are joined less often."""
    found = results["syntax"]
    leads = [found.score("article", "joined", baseline=baseline) for baseline in BASELINES]
    if is_less(found.score("article", "joined", baseline="random word")):
        return ClaimVerdict.FAILS
    return _by_count(sum(map(is_more, leads)), len(leads))


def judge_alternative_to_cls(results: Results) -> ClaimVerdict:
    """Judge by in how many tasks the trend embedding is not significantly worse than [CLS]."""
    differences = [
        results[task].score("trend", measure, baseline="CLS")
        for task, measure in CLASSIFICATION.items()
    ]
    not_worse = sum(not _is_significantly_less(difference) for difference in differences)
    return _by_count(not_worse, len(differences))


def judge_contexts_told_apart(results: Results) -> ClaimVerdict:
    """Judge by the effect size of log quotients, alone and against contextual vectors."""
    found = results["contexts"]
    method, baseline = "log quotient, all coordinates", "contextual, all coordinates"
    if not is_more(found.score(method, "effect size")):
        return ClaimVerdict.FAILS
    is_better = is_more(found.score(method, "effect size", baseline=baseline))
    return ClaimVerdict.HOLDS if is_better else ClaimVerdict.IN_PART


def is_more(score: Score) -> bool:
    """Tell whether a difference's interval is above 0."""
    return score.low is not None and score.low > 0


def is_less(score: Score) -> bool:
    """Tell whether a difference's interval is below 0."""
    return score.high is not None and score.high < 0


def _is_significantly_less(score: Score) -> bool:
    return score.value < 0 and score.p is not None and score.p < ALPHA


def _by_count(good: int, count: int) -> ClaimVerdict:
    if good == count:
        return ClaimVerdict.HOLDS
    return ClaimVerdict.IN_PART if good else ClaimVerdict.FAILS
