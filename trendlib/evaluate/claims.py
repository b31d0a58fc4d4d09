"""What the articles claim, and what the results say of it: verdicts by rules, sentences by figures.

Every verdict is that of one model; another model may find another one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from trendlib.evaluate.results import BOOK_FIGURES, TaskResult, read_result
from trendlib.evaluate.scores import Score
from trendlib.language import N_, _
from trendlib.show.markdown import markdown_table

CLASSIFICATION = {"sms": "MCC", "trec": "test accuracy", "mr": "accuracy", "sst2": "test accuracy"}
"""The measure that decides, by task."""
TITLES = {"sms": "SMS Spam", "trec": "TREC", "mr": "MR", "sst2": "SST-2", "stsb": "STS-B"}
BASELINES = ("next word", "previous word", "random word", "nearest content word")
NULLS = ("two random words", "two sentences", "independent masks")
MATTERS = 0.05
"""Readings that find another focus word in more than this share of sentences are not the same."""
ALPHA = 0.05


class Verdict(StrEnum):
    """What became of a claim."""

    HOLDS = N_("holds")
    IN_PART = N_("holds in part")
    FAILS = N_("does not hold")
    NOT_RUN = N_("not run")


@dataclass(frozen=True)
class Finding:
    """What one model's results say of a claim.

    Attributes:
        model: The model.
        verdict: The verdict.
        why: The figures that it follows from, in a sentence or two.
    """

    model: str
    verdict: Verdict
    why: str


Results = Mapping[str, TaskResult]


@dataclass(frozen=True)
class Claim:
    """A claim of the articles, and how it is judged.

    Attributes:
        number: Its number.
        title: What is claimed, in our words.
        rule: When it holds.
        chapter: The notebook that tests it.
        tasks: The tasks that it is judged by.
        judge: Makes the verdict, and the sentence, of one model's results.
    """

    number: int
    title: str
    rule: str
    chapter: str
    tasks: tuple[str, ...]
    judge: Callable[[Results], tuple[Verdict, str]]

    def finding(self, model: str, results: Results) -> Finding:
        """Judge by one model's results."""
        missing = [task for task in self.tasks if task not in results]
        if missing:
            why = _("There are no results of {tasks}.").format(tasks=_(", ").join(missing))
            return Finding(model, Verdict.NOT_RUN, why)
        return Finding(model, *self.judge(results))


def percent(value: float) -> str:
    """Write a share.

    >>> percent(0.12345)
    '12.3 %'
    """
    return f"{_plain(value)} %"


def with_ends(score: Score, shown: str, write: Callable[[float], str]) -> str:
    """Write the ends of a figure's interval after it, if it has one.

    >>> with_ends(Score("a", "b", 0.5, 0.4, 0.6, 10), "half", "{:.1f}".format)
    'half (0.4 to 0.6)'
    """
    if score.low is None or score.high is None:
        return shown
    low, high = write(score.low), write(score.high)
    return _("{shown} ({low} to {high})").format(shown=shown, low=low, high=high)


def interval(score: Score) -> str:
    """Write a share with its interval.

    >>> interval(Score("a", "b", 0.5, 0.4, 0.6, 10))
    '50.0 % (40.0 to 60.0)'
    """
    return with_ends(score, percent(score.value), _plain)


def number(score: Score) -> str:
    """Write a figure with its interval.

    >>> number(Score("a", "b", 0.5, None, None, 10))
    '0.50'
    """
    return with_ends(score, f"{score.value:.2f}", "{:.2f}".format)


def is_more(score: Score) -> bool:
    """Say whether a difference's interval is above 0."""
    return score.low is not None and score.low > 0


def is_less(score: Score) -> bool:
    """Say whether a difference's interval is below 0."""
    return score.high is not None and score.high < 0


def _heads_or_layers(results: Results) -> tuple[Verdict, str]:
    found = results["readings"]
    other = found.score("layers", "other focus word")
    related = found.score("layers", "other related word")
    tied = found.score("article", "tied vote")
    if other.high is not None and other.high < MATTERS:
        verdict = Verdict.HOLDS
    else:
        verdict = (
            Verdict.FAILS if other.low is not None and other.low > MATTERS else Verdict.IN_PART
        )
    return verdict, _(
        "If layers vote, as the article says, instead of the heads of layer 0, as its code does, "
        "the focus word is another one in {focus} of the sentences, and the related word in "
        "{related}. The article's vote ties in {tied} of the sentences."
    ).format(focus=interval(other), related=interval(related), tied=percent(tied.value))


def _complementary(results: Results) -> tuple[Verdict, str]:
    found = results["complement"]
    share = found.score("focus and related", "exactly one")
    more = {null: found.score("focus and related", "exactly one", baseline=null) for null in NULLS}
    above = [null for null in NULLS if is_more(more[null])]
    verdict = _of_count(len(above), len(NULLS))
    by_chance = found.score("independent masks", "exactly one")
    random = found.score("two random words", "exactly one")
    return verdict, _(
        "Exactly one of the two trends is defined in {share} of the coordinates. By chance it "
        "would be {chance}, and for two random words of the sentence it is {random}."
    ).format(share=interval(share), chance=percent(by_chance.value), random=percent(random.value))


def _syntax(results: Results) -> tuple[Verdict, str]:
    found = results["syntax"]
    joined = found.of("joined")
    more = [found.score("article", "joined", baseline=each) for each in BASELINES]
    verdict = _of_count(sum(map(is_more, more)), len(more))
    if is_less(found.score("article", "joined", baseline="random word")):
        verdict = Verdict.FAILS
    return verdict, _(
        "An edge of the gold tree joins focus and related word in {article} of the sentences. A "
        "random word instead would be joined in {random}, the next word in {next}, the nearest "
        "content word in {nearest}, and the choice of the best single head in {head}."
    ).format(
        article=interval(joined["article"]),
        random=percent(joined["random word"].value),
        next=percent(joined["next word"].value),
        nearest=percent(joined["nearest content word"].value),
        head=percent(joined["best head"].value),
    )


def _alternative(results: Results) -> tuple[Verdict, str]:
    parts, not_worse = [], 0
    for task, measure in CLASSIFICATION.items():
        found = results[task]
        difference = found.score("trend", measure, baseline="CLS")
        not_worse += not _is_significantly_less(difference)
        trend, cls, mean = (found.score(each, measure).value for each in ("trend", "CLS", "mean"))
        parts.append(_against(TITLES[task], *map(_plain, (trend, cls, mean))))
    sts = results["stsb"].of("Spearman")
    ranks = (f"{sts[each].value:.2f}" for each in ("trend", "CLS", "mean"))
    return _of_count(not_worse, len(CLASSIFICATION)), _(
        "Trend embedding against [CLS] (and mean pooling): {tasks}. Rank correlation: {ranks}."
    ).format(tasks=_(", ").join(parts), ranks=_against(TITLES["stsb"], *ranks))


def _contexts(results: Results) -> tuple[Verdict, str]:
    found = results["contexts"]
    whole = "all coordinates"
    size = found.score(f"log quotient, {whole}", "effect size")
    plain = found.score(f"contextual, {whole}", "effect size")
    cut = found.score("log quotient, without the heaviest", "effect size")
    more = found.score(f"log quotient, {whole}", "effect size", baseline=f"contextual, {whole}")
    verdict = Verdict.FAILS
    if is_more(size):
        verdict = Verdict.HOLDS if is_more(more) else Verdict.IN_PART
    return verdict, _(
        "Like contexts are more alike than others with an effect size of {size} for log quotients "
        "({cut} without the heaviest coordinates), and {plain} for plain contextual vectors."
    ).format(size=number(size), cut=number(cut), plain=number(plain))


CLAIMS = (
    Claim(
        1,
        N_("The votes of BERT's layers name the focus word and the related word."),
        "Holds if layers and heads name the same focus word in all but 5 % of the sentences.",
        "06_heads_or_layers",
        ("readings",),
        _heads_or_layers,
    ),
    Claim(
        2,
        N_(
            "The trends of the two words complement each other: one is defined where the other is "
            "not."
        ),
        "Holds if that is so in more coordinates than for other pairs of words and by chance; in "
        "part, if more than for some of these.",
        "07_complementary_trends",
        ("complement",),
        _complementary,
    ),
    Claim(
        3,
        N_("The related word is the one that belongs to the focus word."),
        "Holds if an edge of the gold tree joins the two more often than focus word and next, "
        "previous, random or nearest content word; in part, if more often than some of these.",
        "08_related_by_syntax",
        ("syntax",),
        _syntax,
    ),
    Claim(
        4,
        N_("A trend embedding is an alternative to the [CLS] vector for classifying sentences."),
        "Holds if it is nowhere significantly worse; in part, if it is not worse in some tasks.",
        "09_alternative_to_cls",
        (*CLASSIFICATION, "stsb"),
        _alternative,
    ),
    Claim(
        5,
        N_("Trends tell contexts apart better than contextual vectors do."),
        "Holds if the effect size is above 0 and above that of contextual vectors; in part, if it "
        "is above 0 alone.",
        "10_contexts_told_apart",
        ("contexts",),
        _contexts,
    ),
)


def models(folder: Path = BOOK_FIGURES) -> list[str]:
    """List the folders of results, one a model."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def findings(claim: Claim, folder: Path = BOOK_FIGURES) -> list[Finding]:
    """Judge a claim by the results of each model."""
    return [claim.finding(model, _results(folder / model, claim.tasks)) for model in models(folder)]


def finding_text(claim: Claim, folder: Path = BOOK_FIGURES) -> str:
    """Say in Markdown what became of a claim, with each model."""
    lines = [f"**Claim.** {claim.title}", f"**Rule.** {claim.rule}"]
    lines += [
        f"**Verdict with {each.model}: {each.verdict}.** {each.why}"
        for each in findings(claim, folder)
    ]
    return "\n\n".join(lines)


def claims_table(folder: Path = BOOK_FIGURES, chapters: str = "notebooks") -> str:
    """Make the claims table, in Markdown.

    Args:
        folder: The results.
        chapters: Where the chapters are, as seen from the page that shows the table.
    """
    rows = [
        [
            f"[{_(claim.title)}]({chapters}/{claim.chapter}.ipynb)",
            f"**{_(each.verdict)}**",
            each.why,
            each.model,
        ]
        for claim in CLAIMS
        for each in findings(claim, folder)
    ]
    head = [_("claim"), _("verdict"), _("what was found"), _("model")]
    return markdown_table(head, rows) + "\n"


def _results(folder: Path, tasks: Iterable[str]) -> dict[str, TaskResult]:
    paths = {task: folder / f"{task}.json" for task in tasks}
    return {task: read_result(path) for task, path in paths.items() if path.is_file()}


def _of_count(good: int, count: int) -> Verdict:
    if good == count:
        return Verdict.HOLDS
    return Verdict.IN_PART if good else Verdict.FAILS


def _is_significantly_less(score: Score) -> bool:
    return score.value < 0 and score.p is not None and score.p < ALPHA


def _against(task: str, trend: str, cls: str, mean: str) -> str:
    return _("{task} {trend} against {cls} ({mean})").format(
        task=task, trend=trend, cls=cls, mean=mean
    )


def _plain(value: float) -> str:
    return f"{100 * value:.1f}"
