"""Verdicts follow the files of results."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trendlib.errors import UnknownChoiceError
from trendlib.evaluate import claims, verdicts
from trendlib.evaluate.results import (
    BOOK_FIGURES,
    TaskResult,
    read_result,
)
from trendlib.evaluate.scores import Score
from trendlib.files.checksums import SEAL, sealed
from trendlib.model.weights import MINILM


def made_result(task: str, scores: list[Score]) -> TaskResult:
    kept = read_result(BOOK_FIGURES / MINILM.name / f"{task}.json")
    return replace(kept, scores=tuple(scores))


def difference(value: float, **fields: Any) -> Score:
    return Score(
        fields.pop("method"), fields.pop("measure"), value, value - 0.01, value + 0.01, 10, **fields
    )


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ((0.1, 0.1, 0.1, 0.1), "holds"),
        ((0.1, -0.1, 0.1, 0.1), "holds in part"),
        ((-0.1, -0.1, -0.1, -0.1), "does not hold"),
        ((0.005, 0.005, 0.005, 0.005), "does not hold"),
    ],
)
def test_syntax_is_judged_by_its_baselines(more: tuple[float, ...], verdict: str) -> None:
    scores = [
        difference(value, method="article", measure="joined", baseline=other)
        for value, other in zip(more, verdicts.BASELINES, strict=True)
    ]
    names = ["article", "best head", *verdicts.BASELINES]
    scores += [Score(name, "joined", 0.5, 0.4, 0.6, 10) for name in names]
    found = claims.claim("related by syntax").finding(
        "m", {"syntax": made_result("syntax", scores)}
    )
    assert found.verdict == verdict


def test_a_claim_without_results_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "some-model").mkdir()
    for claim in claims.CLAIMS:
        (found,) = claims.findings(claim, tmp_path)
        assert found.verdict is verdicts.ClaimVerdict.NOT_RUN
    assert claims.claims_table(tmp_path).count("**not run**") == len(claims.CLAIMS)


def test_the_claims_table_follows_the_files(tmp_path: Path) -> None:
    """Another figure in a file is another figure in the table."""
    folder = tmp_path / MINILM.name
    folder.mkdir()
    for path in (BOOK_FIGURES / MINILM.name).glob("*.json"):
        (folder / path.name).write_text(path.read_text())
    before = claims.claims_table(tmp_path)
    assert before == claims.claims_table()
    path = folder / "readings.json"
    content = json.loads(path.read_text())
    for score in content["scores"]:
        if (score["method"], score["measure"]) == ("layers", "other focus word"):
            score |= {"value": 0.01, "low": 0.005, "high": 0.02}
    del content[SEAL]
    path.write_text(json.dumps(sealed(content)))
    after = claims.claims_table(tmp_path)
    assert "1.0 % (0.5 to 2.0)" in after
    assert after.splitlines()[2].count("**holds**") == 1


def test_claims_are_looked_up_by_name() -> None:
    assert claims.claim("contexts told apart").tasks == ("contexts",)
    with pytest.raises(UnknownChoiceError, match="unknown claim 'claim 3': choose one of 'heads"):
        claims.claim("claim 3")
    assert len({claim.name for claim in claims.CLAIMS}) == len(claims.CLAIMS)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.02, "holds"), (0.01, 0.06, "holds in part"), (0.06, 0.1, "does not hold")],
)
def test_heads_and_layers_are_judged_by_the_interval(low: float, high: float, verdict: str) -> None:
    other = Score("layers", "other focus word", (low + high) / 2, low, high, 100)
    results = {"readings": made_result("readings", [other])}
    assert verdicts.judge_heads_or_layers(results) == verdict
