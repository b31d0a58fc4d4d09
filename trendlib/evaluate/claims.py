"""The claims of the articles, and what was found of each with each model.

The articles are about ``bert-base-uncased``. What another model finds stands on a line of its own
and decides nothing about them. ``verdicts`` has the rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trendlib.errors import check_choice
from trendlib.evaluate import verdicts
from trendlib.evaluate.results import BOOK_FIGURES, TaskResult, read_result
from trendlib.evaluate.scores import Score
from trendlib.evaluate.verdicts import ClaimVerdict, Comparison, Results, Rule
from trendlib.evaluate.wording import AS_THE_ARTICLE
from trendlib.language import N_, _
from trendlib.model.weights import BERT_BASE, MINILM
from trendlib.show.markdown import markdown_table

TRAINED_FOR = {MINILM.name: N_("That model was trained for mean pooling.")}
"""What a reader has to know of a model before its figures are compared."""


@dataclass(frozen=True)
class Finding:
    """What was found of a claim with one model.

    Attributes:
        model: The model.
        verdict: The verdict.
        why: The figures that decide.
        depends: The conditions under which the verdict is another one, with that verdict.
    """

    model: str
    verdict: ClaimVerdict
    why: str
    depends: tuple[tuple[str, ClaimVerdict], ...] = ()


@dataclass(frozen=True)
class Claim:
    """A claim of the articles, and the rule that it is judged by.

    Attributes:
        name: A short name.
        title: What is claimed, in our words.
        chapter: The notebook that tests it.
        rule: The rule.
    """

    name: str
    title: str
    chapter: str
    rule: Rule

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that it is judged by."""
        return self.rule.tasks

    def finding(self, model: str, results: Results) -> Finding:
        """Judge by one model's results."""
        missing = [task for task in self.tasks if task not in results]
        if missing:
            why = _("Not run for this copy: {tasks}.").format(tasks=_(", ").join(missing))
            return Finding(model, ClaimVerdict.NOT_RUN, why)
        verdict = self.rule.judge(results)
        others = {
            condition.name: self.rule.judge(results, condition.name)
            for condition in self.rule.conditions[1:]
        }
        depends = tuple((name, other) for name, other in others.items() if other != verdict)
        rows = self.rule.comparisons
        figures = [_figure(row, row.score(results), row is rows[0]) for row in rows]
        why = _("; ").join(figures) + _(".")
        return Finding(model, verdict, why[0].upper() + why[1:], depends)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "heads or layers",
        N_("Layers vote, says the article; its code lets heads vote."),
        "07_heads_or_layers",
        verdicts.LAYERS_FOR_HEADS,
    ),
    Claim(
        "complementary trends",
        N_(
            "The trends of the two words complement each other: one is defined where the other is "
            "not."
        ),
        "08_complementary_trends",
        verdicts.COMPLEMENTARY,
    ),
    Claim(
        "related by syntax",
        N_("The related word is the one that belongs to the focus word."),
        "09_related_by_syntax",
        verdicts.JOINED,
    ),
    Claim(
        "alternative to CLS",
        N_("A trend embedding is an alternative to the [CLS] vector for classifying sentences."),
        "10_alternative_to_cls",
        verdicts.ALTERNATIVE,
    ),
    Claim(
        "contexts told apart",
        N_("Trends tell contexts apart better than contextual vectors do."),
        "11_contexts_told_apart",
        verdicts.TOLD_APART,
    ),
)


_SEVERAL_DECIDE = (
    ("found", N_("all are above")),
    ("in_part", N_("at least one is above, and none is below")),
    ("reversed", N_("at least one is below")),
    ("not_found", N_("anything else")),
)
_ONE_DECIDES = (
    ("found", N_("it is above")),
    ("not_found", N_("it is on both sides")),
    ("reversed", N_("it is below")),
)
"""The outcomes of a rule, and where its intervals are then."""
_WIDENED = N_("Where one of several is enough, the intervals are widened for their number.")


def claim(name: str) -> Claim:
    """Look up a claim.

    Raises:
        UnknownChoiceError: If there is no such claim.

    >>> claim("alternative to CLS").chapter
    '10_alternative_to_cls'
    """
    by_name = {claim.name: claim for claim in CLAIMS}
    check_choice("claim", name, by_name)
    return by_name[name]


def models(folder: Path = BOOK_FIGURES) -> list[str]:
    """List the models that have a line: the article's own first, then those with results."""
    found = sorted(path.name for path in folder.iterdir() if path.is_dir())
    return [BERT_BASE.name, *(name for name in found if name != BERT_BASE.name)]


def findings(claim: Claim, folder: Path = BOOK_FIGURES) -> list[Finding]:
    """Judge a claim by the results of each model; without results, the verdict is "not run"."""
    return [claim.finding(model, _results(folder / model, claim.tasks)) for model in models(folder)]


def rule_text(claim: Claim) -> str:
    """Write a claim and tabulate its rule, in Markdown, to be read before the results.

    The first table has the figures that decide, and what their intervals have to be above. The
    second one has the verdicts.
    """
    comparisons = claim.rule.comparisons
    margins = [[_name(row), _margin(row)] for row in comparisons]
    outcomes = _SEVERAL_DECIDE if len(comparisons) > 1 else _ONE_DECIDES
    verdicts = [[_(place), f"**{_(getattr(claim.rule.words, name))}**"] for name, place in outcomes]
    several = [_("the intervals"), _(_WIDENED)] if len(comparisons) > 1 else [_("the interval")]
    return "\n\n".join(
        [
            _("**Claim.** {claim}").format(claim=_(claim.title)),
            markdown_table([_("figure"), _("threshold")], margins),
            markdown_table([several[0], _("verdict")], verdicts),
            *several[1:],
        ]
    )


def finding_text(claim: Claim, folder: Path = BOOK_FIGURES) -> str:
    """Tabulate what was found of a claim, a row a model, in Markdown."""
    head = [_("model"), _("verdict"), _("figures that decide"), _("otherwise")]
    rows = []
    for finding in findings(claim, folder):
        others = [f"{_(condition)}: {_(verdict)}" for condition, verdict in finding.depends]
        rows.append([finding.model, f"**{_(finding.verdict)}**", finding.why, _("; ").join(others)])
    shown = 4 if any(row[3] for row in rows) else 3
    return markdown_table(head[:shown], [row[:shown] for row in rows])


def condition_table(claim: Claim, folder: Path = BOOK_FIGURES) -> str:
    """Tabulate the figures of a rule and its verdict under each condition, in Markdown."""
    parts = []
    for model in models(folder):
        results = _results(folder / model, claim.tasks)
        if set(claim.tasks) <= set(results):
            parts.append(_of_conditions(claim.rule, results, model))
    return "\n\n".join(parts)


def claims_note(folder: Path = BOOK_FIGURES) -> str:
    """Say which models were run, and that only the article's own decides about its claims."""
    article, *others = models(folder)
    text = _("The claims are about {model}, which was not run for this copy of the book.")
    if (folder / article).is_dir():
        text = _("The claims are about {model}, which was run for this copy of the book.")
    sentences = [text.format(model=article)]
    for name in others:
        rest = _("What was found with {model} does not decide them.")
        sentences.append(rest.format(model=name))
        if name in TRAINED_FOR:
            sentences.append(_(TRAINED_FOR[name]))
    return " ".join(sentences)


def _of_conditions(rule: Rule, results: Results, model: str) -> str:
    names = [condition.name for condition in rule.conditions]
    corner = _("figure ({model})").format(model=model)
    head = [corner, *(_(name or AS_THE_ARTICLE) for name in names)]
    rows = [
        [_name(row), *(row.write(row.score(results, name)) for name in names)]
        for row in (*rule.comparisons, *rule.reported)
    ]
    found = [f"**{_(rule.judge(results, name))}**" for name in names]
    return markdown_table(head, [*rows, [_("verdict"), *found]])


def _figure(row: Comparison, score: Score, first: bool) -> str:
    """Write a figure with its name; after the first one, where it is from is enough."""
    label = _name(row) if first or not row.where else row.where
    return _("{label}: {figure}").format(label=label, figure=row.write(score))


def _name(row: Comparison) -> str:
    label = _(row.label)
    return _("{label}: {figure}").format(label=row.where, figure=label) if row.where else label


def _margin(row: Comparison) -> str:
    """Write a margin in the units of its figure."""
    if row.margin == 0:
        return "0"
    no_interval = Score(row.method, row.measure, row.margin, None, None, 0, baseline=row.baseline)
    return row.write(no_interval)


def _results(folder: Path, tasks: Iterable[str]) -> dict[str, TaskResult]:
    paths = {task: folder / f"{task}.json" for task in tasks}
    return {task: read_result(path) for task, path in paths.items() if path.is_file()}
