"""Verdicts are computed from rules, on each side of every border, and follow the results' files."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from trendlib.encoding import Provenance
from trendlib.errors import InputFileError, UnknownChoiceError
from trendlib.evaluate import cards, claims
from trendlib.evaluate.results import BOOK_FIGURES, TaskResult, read_result, write_result
from trendlib.evaluate.scores import Score
from trendlib.evaluate.verdicts import Comparison, Rule, widened
from trendlib.model.weights import BERT_BASE, MINILM

HALF = 0.01
"""Half of the width of each interval; that of one among four is 1.274 times as wide."""
Values = tuple[float, ...]


def figure(row: Comparison, value: float, condition: str = "") -> Score:
    return Score(
        row.method,
        row.measure,
        value,
        value - HALF,
        value + HALF,
        100,
        row.group,
        row.baseline,
        condition=condition,
    )


def provenance(model: str) -> Provenance:
    kept = read_result(BOOK_FIGURES / MINILM.name / "stsb.json").provenance
    return replace(kept, model=model)


def results_for(
    rule: Rule, values: Values, under: Mapping[str, Values] | None = None, model: str = MINILM.name
) -> dict[str, TaskResult]:
    """Plant the figures that decide, as printed and under conditions; those reported are 0."""
    planted: dict[str, list[Score]] = {task: [] for task in rule.tasks}
    for condition in (condition.name for condition in rule.conditions):
        deciding = (under or {}).get(condition, values)
        for row, value in zip(rule.comparisons, deciding, strict=True):
            planted[row.task].append(figure(row, value, condition))
        for row in rule.reported:
            planted[row.task].append(figure(row, 0.0, condition))
    made = provenance(model)
    return {
        task: TaskResult(task, "?", made, False, 0, {}, {}, 1.0, 1, "2026-01-01", {}, tuple(scores))
        for task, scores in planted.items()
    }


JUST = 0.0101
"""An interval around a figure this far from a border is just on one side of it."""
WIDE = {2: 0.0115, 3: 0.0123, 4: 0.0130}
"""The same for an interval that is widened for so many comparisons, by t with 99 degrees."""

BORDERS: list[tuple[str, Values, str]] = [
    ("heads or layers", (0.05 + JUST,), "mislabelled, and it matters"),
    ("heads or layers", (0.05 + 0.0099,), "mislabelled; open whether it matters"),
    ("heads or layers", (0.05 - 0.0099,), "mislabelled; open whether it matters"),
    ("heads or layers", (0.05 - JUST,), "mislabelled, without consequence"),
    ("complementary trends", (JUST, JUST, JUST), "found"),
    ("complementary trends", (JUST, JUST, 0.0099), "not found"),
    ("complementary trends", (WIDE[3], 0, 0), "found in part"),
    ("complementary trends", (WIDE[3] - 0.0002, 0, 0), "not found"),
    ("complementary trends", (0.5, 0.5, -WIDE[3]), "reversed"),
    ("complementary trends", (0.5, 0.5, -WIDE[3] + 0.0002), "found in part"),
    ("related by syntax", (JUST, JUST), "found"),
    ("related by syntax", (0.0099, 0.0099), "not found"),
    ("related by syntax", (WIDE[2], 0), "found in part"),
    ("related by syntax", (0, WIDE[2]), "found in part"),
    ("related by syntax", (WIDE[2] - 0.0002, 0), "not found"),
    ("related by syntax", (0.5, -WIDE[2]), "reversed"),
    ("related by syntax", (0.5, -WIDE[2] + 0.0002), "found in part"),
    ("alternative to CLS", (-0.02 + JUST,) * 4, "found"),
    ("alternative to CLS", (-0.02 + 0.0099,) * 4, "not found"),
    ("alternative to CLS", (0.5, -0.02, -0.02, -0.02), "found in part"),
    ("alternative to CLS", (-0.02 + WIDE[4], -0.02, -0.02, -0.02), "found in part"),
    ("alternative to CLS", (-0.02 + WIDE[4] - 0.0002, -0.02, -0.02, -0.02), "not found"),
    ("alternative to CLS", (0.5, 0.5, 0.5, -0.02 - WIDE[4]), "reversed"),
    ("alternative to CLS", (0.5, 0.5, 0.5, -0.02 - WIDE[4] + 0.0002), "found in part"),
    ("alternative to CLS", (-0.015, 0.5, 0.5, 0.5), "found in part"),
    ("contexts told apart", (JUST,), "found"),
    ("contexts told apart", (0.0099,), "not found"),
    ("contexts told apart", (-0.0099,), "not found"),
    ("contexts told apart", (-JUST,), "reversed"),
]


@pytest.mark.parametrize(("name", "values", "verdict"), BORDERS)
def test_a_verdict_changes_at_its_borders(name: str, values: Values, verdict: str) -> None:
    rule = claims.claim(name).rule
    assert rule.judge(results_for(rule, values)) == verdict


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.name)
def test_what_is_reported_decides_nothing(claim: claims.Claim) -> None:
    results = results_for(claim.rule, (0.5,) * len(claim.rule.comparisons))
    before = claim.rule.judge(results)
    for row in claim.rule.reported:
        found = results[row.task]
        scores = [replace(one, value=-1.0, low=-1.1, high=-0.9) for one in found.scores]
        kept = {figure(other, 0.5) for other in claim.rule.comparisons}
        mixed = [old if old in kept else new for old, new in zip(found.scores, scores, strict=True)]
        assert mixed != list(found.scores)
        assert claim.rule.judge(results | {row.task: replace(found, scores=tuple(mixed))}) == (
            before
        )


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.name)
def test_each_condition_that_flips_a_verdict_is_named(claim: claims.Claim) -> None:
    count = len(claim.rule.comparisons)
    for condition in claim.rule.conditions[1:]:
        flipped = {condition.name: (-0.5,) * count}
        found = claim.finding("m", results_for(claim.rule, (0.5,) * count, flipped))
        assert found.verdict == claim.rule.words.found
        assert found.depends == ((condition.name, claim.rule.words.reversed),)
    same = claim.finding("m", results_for(claim.rule, (0.5,) * count))
    assert same.depends == ()


def test_the_margins_are_those_that_were_fixed() -> None:
    borders = {
        claim.name: {row.margin for row in claim.rule.comparisons} for claim in claims.CLAIMS
    }
    assert borders == {
        "heads or layers": {0.05},
        "complementary trends": {0.0},
        "related by syntax": {0.0},
        "alternative to CLS": {-0.02},
        "contexts told apart": {0.0},
    }
    syntax = claims.claim("related by syntax").rule.comparisons
    assert [(row.task, row.baseline) for row in syntax] == [
        ("syntax", "random word of the same kind"),
        ("syntax-gum", "random word of the same kind"),
    ]


def test_a_figure_without_an_interval_decides_nothing() -> None:
    rule = claims.claim("contexts told apart").rule
    bare = replace(figure(rule.comparisons[0], 5.0), low=None, high=None)
    assert rule.comparisons[0].outcome(bare) == "open"
    assert widened(bare, 2) == (float("-inf"), float("inf"))


def test_a_figure_that_a_rule_needs_is_not_skipped() -> None:
    claim = claims.claim("related by syntax")
    results = results_for(claim.rule, (0.5, 0.5))
    found = results["syntax-gum"]
    scores = [score for score in found.scores if score.condition != "mean over pieces"]
    with pytest.raises(InputFileError, match="mean over pieces"):
        claim.finding("m", results | {"syntax-gum": replace(found, scores=tuple(scores))})


def fill(folder: Path, model: str) -> None:
    for claim in claims.CLAIMS:
        values = (0.5,) * len(claim.rule.comparisons)
        for result in results_for(claim.rule, values, model=model).values():
            write_result(result, folder)


def test_the_articles_model_has_a_line_of_its_own_even_if_it_was_not_run(tmp_path: Path) -> None:
    fill(tmp_path, MINILM.name)
    for claim in claims.CLAIMS:
        own, other = claims.findings(claim, tmp_path)
        assert (own.model, own.verdict) == (BERT_BASE.name, "not run")
        assert (other.model, other.verdict) == (MINILM.name, claim.rule.words.found)
    note = claims.claims_note(tmp_path)
    assert f"about {BERT_BASE.name}, which was not run" in note
    assert f"found with {MINILM.name} does not decide them. That model was trained for" in note
    shown = cards.claim_cards(tmp_path)
    assert shown.startswith(note)
    assert shown.count(f"\n{BERT_BASE.name}\n: **not run**\n") == len(claims.CLAIMS)
    assert shown.count(f"\n{MINILM.name}\n: **found**\n") == len(claims.CLAIMS) - 1


def test_every_claim_and_every_condition_has_a_sentence() -> None:
    assert set(cards.SAID) == {claim.name for claim in claims.CLAIMS}
    named = {condition.name for claim in claims.CLAIMS for condition in claim.rule.conditions}
    assert set(cards.IF) == named - {""}
    baselines = {row.baseline for row in claims.claim("complementary trends").rule.comparisons}
    assert set(cards.BASELINES) == baselines


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (
            (0.30, 0.20, 0.40),
            "often than for two words of different sentences: **+20.0 points",
        ),
        ((0.30, -0.20, -0.40), "less often than by chance: **-40.0 points"),
        ((0.30, 0.001, -0.001), "more often than for two random words: **+30.0 points"),
    ],
    ids=["found", "reversed", "found in part"],
)
def test_a_card_shows_the_figure_that_decides(tmp_path: Path, values: Values, shown: str) -> None:
    claim = claims.claim("complementary trends")
    for result in results_for(claim.rule, values).values():
        write_result(result, tmp_path)
    verdict = claim.rule.judge(results_for(claim.rule, values))
    assert shown in cards.decisive(claim, verdict, tmp_path / MINILM.name)


def test_a_card_says_when_the_verdict_would_be_another_one(tmp_path: Path) -> None:
    claim = claims.claim("contexts told apart")
    changed = {"without dead coordinates": (0.0,)}
    for result in results_for(claim.rule, (0.5,), changed).values():
        write_result(result, tmp_path)
    shown = cards.claim_cards(tmp_path)
    assert "It would be **not found** if dead coordinates were left out." in shown
    assert shown.count("It would be") == 1


def test_the_articles_model_decides_once_it_was_run(tmp_path: Path) -> None:
    for model in (MINILM.name, BERT_BASE.name):
        fill(tmp_path, model)
    assert f"about {BERT_BASE.name}, which was run" in claims.claims_note(tmp_path)
    assert claims.findings(claims.CLAIMS[1], tmp_path)[0].verdict == "found"
    assert claims.models(tmp_path) == [BERT_BASE.name, MINILM.name]


def test_a_second_treebank_is_needed(tmp_path: Path) -> None:
    fill(tmp_path, MINILM.name)
    (tmp_path / MINILM.name / "syntax-gum.json").unlink()
    _own, other = claims.findings(claims.claim("related by syntax"), tmp_path)
    assert other.verdict == "not run"
    assert other.why == "Not run for this copy: syntax-gum."


def rows_of(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_a_rule_is_a_table_of_its_figures_and_one_of_its_verdicts() -> None:
    text = claims.rule_text(claims.claim("alternative to CLS"))
    assert [row for row in rows_of(text) if row[0].startswith("MR")] == [
        ["MR, accuracy: trend embedding, minus [CLS]", "-2.0 points"]
    ]
    assert ["at least one is below", "**reversed**"] in rows_of(text)
    assert "widened for their number" in text
    assert "STS-B" not in text  # it decides nothing
    text = claims.rule_text(claims.claim("heads or layers"))
    assert ["it is below", "**mislabelled, without consequence**"] in rows_of(text)
    assert "widened" not in text


def test_what_was_found_is_a_table_with_a_row_a_model(tmp_path: Path) -> None:
    claim = claims.claim("contexts told apart")
    changed = {claim.rule.conditions[1].name: (-0.5,)}
    for result in results_for(claim.rule, (0.5,), changed).values():
        write_result(result, tmp_path)
    head, _line, article, other = rows_of(claims.finding_text(claim, tmp_path))
    assert head == ["model", "verdict", "figures that decide", "otherwise"]
    assert article[:3] == [BERT_BASE.name, "**not run**", "Not run for this copy: contexts."]
    assert other[:2] == [MINILM.name, "**found**"]
    assert "0.50 (0.49 to 0.51)" in other[2]
    assert other[3] == "without dead coordinates: reversed"
    by_condition = rows_of(claims.condition_table(claim, tmp_path))
    assert by_condition[0][0] == f"figure ({MINILM.name})"
    assert by_condition[-1] == ["verdict", "**found**", "**reversed**"]


def test_claims_are_looked_up_by_name() -> None:
    assert claims.claim("contexts told apart").tasks == ("contexts",)
    with pytest.raises(UnknownChoiceError, match="unknown claim 'claim 3': choose one of 'heads"):
        claims.claim("claim 3")
    assert len({claim.name for claim in claims.CLAIMS}) == len(claims.CLAIMS)
