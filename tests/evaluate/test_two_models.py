"""The results of a second model, measured by separate jobs: they are those of one run, and count.

The second model is a random one in the place of bert-base-uncased.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from transformers import BertTokenizerFast

from helpers.models import KINDS, fill_cache, make_encoder
from helpers.workflows import read
from trendlib.evaluate import claims, runner
from trendlib.evaluate.claims import ClaimVerdict
from trendlib.evaluate.results import BOOK_FIGURES, read_result
from trendlib.model import weights
from trendlib.model.agreement import tokenizer_sha256
from trendlib.model.weights import BERT_BASE, MINILM

JOBS = read("evaluate")["jobs"]["measure"]["strategy"]["matrix"]["include"]
TRIED = ("readings", "complement", "zeros", "syntax", "syntax-gum", "stsb")
"""Tasks of three jobs, which take a second each; those of three claims are among them."""


@pytest.fixture
def stand_in(empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A random model as bert-base-uncased, in the hub's cache."""
    folder = make_encoder(tmp_path / "stand-in", KINDS["bert-uncased"])
    pinned = replace(
        BERT_BASE,
        sha256=weights.sha256_of(folder / weights.WEIGHTS_FILE),
        tokenizer_sha256=tokenizer_sha256(BertTokenizerFast.from_pretrained(folder)),
        settings={},
    )
    monkeypatch.setattr(weights, "BERT_BASE", pinned)
    fill_cache(empty_cache, folder, BERT_BASE.name)


def measure(tasks: list[str], store: Path, out: Path) -> None:
    """Do what `trendlib evaluate --quick` does."""
    if not tasks:
        return
    bench = runner.open_workbench(BERT_BASE.name, quick=True, folder=store)
    told: list[str] = []
    report = runner.run_tasks(bench, [runner.TASKS[name] for name in tasks], out, told.append)
    assert list(report.done) == tasks, told


@pytest.mark.usefixtures("files", "stand_in")
def test_what_the_jobs_find_is_what_one_run_finds(tmp_path: Path) -> None:
    whole, joined = tmp_path / "whole", tmp_path / "joined"
    measure(list(TRIED), tmp_path / "store", whole)
    for job in JOBS:
        tasks = [task for task in job["tasks"].split() if task in TRIED]
        parts = tmp_path / f"results-{job['name']}"
        measure(tasks, tmp_path / f"store-{job['name']}", parts)
        if parts.is_dir():
            shutil.copytree(parts, joined, dirs_exist_ok=True)  # as download-artifact merges them
    for task in TRIED:
        one, other = (read_result(it / BERT_BASE.name / f"{task}.json") for it in (whole, joined))
        assert one.scores
        assert repr(replace(one, seconds=0)) == repr(replace(other, seconds=0))  # NaN is not NaN
    assert len(list(joined.rglob("*.json"))) == len(TRIED)

    # The claims have a line for each model then, and the article's own comes first.
    shutil.copytree(BOOK_FIGURES / MINILM.name, joined / MINILM.name)
    decided = [claim for claim in claims.CLAIMS if set(claim.tasks) <= set(TRIED)]
    assert len(decided) >= 3
    for claim in decided:
        found = claims.findings(claim, joined)
        assert [it.model for it in found] == [BERT_BASE.name, MINILM.name]
        assert all(it.verdict != ClaimVerdict.NOT_RUN for it in found)
        assert found[1] == claims.findings(claim)[1]
        table = claims.finding_text(claim, joined)
        assert f"| {BERT_BASE.name} |" in table
        assert f"| {MINILM.name} |" in table
    assert f"about {BERT_BASE.name}, which was run for this copy" in claims.claims_note(joined)
