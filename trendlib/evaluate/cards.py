"""The claims as cards for the opening page: a claim, what was found of it, the figure that decides.

The sentences were written by a person, one for each sign of the figure. The figures, and which of
them is shown, come from the results.
"""

from collections.abc import Mapping
from pathlib import Path

from trendlib.evaluate.claims import CLAIMS, Claim, Finding, claims_note, findings
from trendlib.evaluate.conditions import (
    BOTH_CHANGED,
    MEAN_OVER_PIECES,
    TIES_BY_MASS,
    WITHOUT_DEAD,
)
from trendlib.evaluate.results import BOOK_FIGURES, read_result
from trendlib.evaluate.verdicts import ClaimVerdict, Comparison
from trendlib.language import N_, _

_READINGS = N_("Layers name another focus word than heads in {figure} of the sentences.")
SAID: Mapping[str, tuple[str, str]] = {
    "heads or layers": (_READINGS, _READINGS),
    "complementary trends": (
        N_("Exactly one of the two trends is defined more often than {baseline}: {figure}."),
        N_("Exactly one of the two trends is defined less often than {baseline}: {figure}."),
    ),
    "related by syntax": (
        N_(
            "Grammar links the two words more often than it links the focus word with a random "
            "word of the same kind: {figure} in {where}."
        ),
        N_(
            "Grammar links the two words less often than it links the focus word with a random "
            "word of the same kind: {figure} in {where}."
        ),
    ),
    "alternative to CLS": (
        N_("The trend embedding does better than the [CLS] vector: {figure} ({where})."),
        N_("The trend embedding does worse than the [CLS] vector: {figure} ({where})."),
    ),
    "contexts told apart": (
        N_("The effect size is larger for trends than for contextual vectors: {figure}."),
        N_("The effect size is smaller for trends than for contextual vectors: {figure}."),
    ),
}
"""What a claim's figure says if it is positive, and if it is negative.

:meta hide-value:
"""
BASELINES: Mapping[str, str] = {
    "two random words": N_("for two random words"),
    "two sentences": N_("for two words of different sentences"),
    "independent masks": N_("by chance"),
}
"""What a figure is compared with, in the middle of a sentence.

:meta hide-value:
"""
IF: Mapping[str, str] = {
    WITHOUT_DEAD.name: N_("if dead coordinates were left out"),
    MEAN_OVER_PIECES.name: N_("if the attention to a split word were the mean over its pieces"),
    TIES_BY_MASS.name: N_("if attention mass broke ties"),
    BOTH_CHANGED.name: N_("if pieces were averaged and dead coordinates left out"),
}
"""The conditions, at the end of a sentence.

:meta hide-value:
"""


def decisive(claim: Claim, verdict: ClaimVerdict, folder: Path) -> str:
    """Tell the figure that decides: the lowest one, or the highest if a claim holds in part.

    "Found" needs the lowest to be high enough, and "reversed" follows from it. "Found in part"
    follows from the highest.

    Args:
        claim: The claim.
        verdict: What was found of it.
        folder: The folder of one model's results.
    """
    results = {task: read_result(folder / f"{task}.json") for task in claim.tasks}

    def lead(row: Comparison) -> float:
        return row.score(results).value - row.margin

    choose = max if verdict is ClaimVerdict.IN_PART else min
    row = choose(claim.rule.comparisons, key=lead)
    score = row.score(results)
    figure, bracket, rest = row.write(score).partition(" (")
    positive, negative = SAID[claim.name]
    return _(positive if score.value >= 0 else negative).format(
        figure=f"**{figure}**{bracket}{rest}",
        where=row.where,
        baseline=_(BASELINES.get(row.baseline, row.baseline)) if row.baseline else "",
    )


def claim_cards(folder: Path = BOOK_FIGURES, chapters: str = "notebooks") -> str:
    """Write a card for each claim, in the book's Markdown, below a note on the models.

    Args:
        folder: The folder of results.
        chapters: The folder of the chapters, relative to the page that shows the cards.
    """
    cards = "\n".join(_card(claim, folder, chapters) for claim in CLAIMS)
    return f"{claims_note(folder)}\n\n:::::{{grid}} 1 1 2 2\n:gutter: 3\n\n{cards}\n:::::\n"


def _card(claim: Claim, folder: Path, chapters: str) -> str:
    title = _(claim.title)
    lines = [
        "::::{grid-item-card}",
        f":link: {chapters}/{claim.chapter}",
        ":link-type: doc",
        f":link-alt: {title}",
        ":class-card: claim",
        "",
        f"**{title}**",
        "",
    ]
    for finding in findings(claim, folder):
        lines += [finding.model, f": **{_(finding.verdict)}**", ""]
        if finding.verdict is not ClaimVerdict.NOT_RUN:
            lines += _why(claim, finding, folder)
    return "\n".join([*lines, "::::"])


def _why(claim: Claim, finding: Finding, folder: Path) -> list[str]:
    """Write what decided, and the conditions under which the verdict is another one."""
    lines = [f"  {decisive(claim, finding.verdict, folder / finding.model)}", ""]
    for condition, verdict in finding.depends:
        text = _("It would be **{verdict}** {condition}.")
        lines += [f"  {text.format(verdict=_(verdict), condition=_(IF[condition]))}", ""]
    return lines
