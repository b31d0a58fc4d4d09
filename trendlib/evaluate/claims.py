"""The claims of the articles, and the verdict on each by the results of each model.

A verdict is that of one model; with another model it may be another one. ``verdicts`` has the
rules, ``explanations`` the sentences.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from trendlib.errors import check_choice
from trendlib.evaluate import explanations, verdicts
from trendlib.evaluate.results import BOOK_FIGURES, TaskResult, read_result
from trendlib.evaluate.verdicts import ClaimVerdict, Results
from trendlib.language import N_, _
from trendlib.show.markdown import markdown_table


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim by the results of one model.

    Attributes:
        model: The model.
        verdict: The verdict.
        why: The figures that it follows from, in a sentence or two.
    """

    model: str
    verdict: ClaimVerdict
    why: str


@dataclass(frozen=True)
class Claim:
    """A claim of the articles, and how it is judged.

    Attributes:
        name: A short name.
        title: What is claimed, in our words.
        rule: When it holds.
        chapter: The notebook that tests it.
        tasks: The tasks that it is judged by.
        judge: Returns the verdict by one model's results.
        explain: Returns the figures that the verdict follows from, in a sentence or two.
    """

    name: str
    title: str
    rule: str
    chapter: str
    tasks: tuple[str, ...]
    judge: Callable[[Results], ClaimVerdict]
    explain: Callable[[Results], str]

    def finding(self, model: str, results: Results) -> Finding:
        """Judge by one model's results."""
        missing = [task for task in self.tasks if task not in results]
        if missing:
            why = _("There are no results of {tasks}.").format(tasks=_(", ").join(missing))
            return Finding(model, ClaimVerdict.NOT_RUN, why)
        return Finding(model, self.judge(results), self.explain(results))


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "heads or layers",
        N_("The votes of BERT's layers name the focus word and the related word."),
        "Holds if layers and heads name the same focus word in all but 5 % of the sentences.",
        "06_heads_or_layers",
        ("readings",),
        verdicts.judge_heads_or_layers,
        explanations.explain_heads_or_layers,
    ),
    Claim(
        "complementary trends",
        N_(
            "The trends of the two words complement each other: one is defined where the other is "
            "not."
        ),
        "Holds if that is so in more coordinates than for other pairs of words and by chance; in "
        "part, if more than for some of these.",
        "07_complementary_trends",
        ("complement",),
        verdicts.judge_complementary_trends,
        explanations.explain_complementary_trends,
    ),
    Claim(
        "related by syntax",
        N_("The related word is the one that belongs to the focus word."),
        "Holds if an edge of the gold tree joins the two more often than focus word and next, "
        "previous, random or nearest content word; in part, if more often than some of these.",
        "08_related_by_syntax",
        ("syntax",),
        verdicts.judge_related_by_syntax,
        explanations.explain_related_by_syntax,
    ),
    Claim(
        "alternative to CLS",
        N_("A trend embedding is an alternative to the [CLS] vector for classifying sentences."),
        "Holds if it is nowhere significantly worse; in part, if it is not worse in some tasks.",
        "09_alternative_to_cls",
        (*verdicts.CLASSIFICATION, "stsb"),
        verdicts.judge_alternative_to_cls,
        explanations.explain_alternative_to_cls,
    ),
    Claim(
        "contexts told apart",
        N_("Trends tell contexts apart better than contextual vectors do."),
        "Holds if the effect size is above 0 and above that of contextual vectors; in part, if it "
        "is above 0 alone.",
        "10_contexts_told_apart",
        ("contexts",),
        verdicts.judge_contexts_told_apart,
        explanations.explain_contexts_told_apart,
    ),
)


def claim(name: str) -> Claim:
    """Look up a claim.

    Raises:
        UnknownChoiceError: If there is no such claim.

    >>> claim("alternative to CLS").chapter
    '09_alternative_to_cls'
    """
    by_name = {claim.name: claim for claim in CLAIMS}
    check_choice("claim", name, by_name)
    return by_name[name]


def models(folder: Path = BOOK_FIGURES) -> list[str]:
    """List the folders of results, one per model."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def findings(claim: Claim, folder: Path = BOOK_FIGURES) -> list[Finding]:
    """Judge a claim by the results of each model."""
    return [claim.finding(model, _results(folder / model, claim.tasks)) for model in models(folder)]


def finding_text(claim: Claim, folder: Path = BOOK_FIGURES) -> str:
    """Write a claim, its rule and its verdict with each model, in Markdown."""
    lines = [f"**Claim.** {claim.title}", f"**Rule.** {claim.rule}"]
    lines += [
        f"**Verdict with {finding.model}: {finding.verdict}.** {finding.why}"
        for finding in findings(claim, folder)
    ]
    return "\n\n".join(lines)


def claims_table(folder: Path = BOOK_FIGURES, chapters: str = "notebooks") -> str:
    """Write the table of claims, in Markdown.

    Args:
        folder: The folder of results.
        chapters: The folder of the chapters, relative to the page that shows the table.
    """
    rows = [
        [
            f"[{_(claim.title)}]({chapters}/{claim.chapter}.ipynb)",
            f"**{_(finding.verdict)}**",
            finding.why,
            finding.model,
        ]
        for claim in CLAIMS
        for finding in findings(claim, folder)
    ]
    head = [_("claim"), _("verdict"), _("what was found"), _("model")]
    return markdown_table(head, rows) + "\n"


def _results(folder: Path, tasks: Iterable[str]) -> dict[str, TaskResult]:
    paths = {task: folder / f"{task}.json" for task in tasks}
    return {task: read_result(path) for task, path in paths.items() if path.is_file()}
