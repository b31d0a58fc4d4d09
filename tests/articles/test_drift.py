"""The drift report: it finds what has changed, that alone, and never takes "not run" for a run."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from helpers.models import make_tiny_model
from trendlib.articles import drift, reproduce
from trendlib.articles.drift import Change, Figures, Outcome, compare_with_last
from trendlib.articles.published import Verdict
from trendlib.cli import main
from trendlib.errors import FiguresFileError
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.weights import BERT_BASE, MINILM

MODEL = ["--model", MINILM.name]


@pytest.fixture(scope="module")
def figures(minilm: Encoder) -> Figures:
    comparisons = [*reproduce.compare_printed(), *reproduce.compare_model(minilm)]
    return Figures(minilm.provenance, tuple(comparisons))


@pytest.fixture
def last_file(figures: Figures, tmp_path: Path) -> Path:
    path = tmp_path / "earlier" / "figures.json"
    drift.keep_figures(figures, path)
    return path


def changed(figures: Figures, places: dict[int, dict[str, Any]]) -> Figures:
    """Change some figures, as if a run had found others."""
    return dataclasses.replace(
        figures,
        comparisons=tuple(
            dataclasses.replace(each, **places.get(place, {}))
            for place, each in enumerate(figures.comparisons)
        ),
    )


def places_of(figures: Figures, kind: type) -> list[int]:
    return [place for place, each in enumerate(figures.comparisons) if type(each.ours) is kind]


def told(found: drift.Drift) -> set[tuple[str, str, str, str]]:
    rows = [row.now or row.last for row in found.told]
    return {(each.article, each.group, each.figure, each.basis) for each in rows if each}


def test_what_was_kept_is_read_again(figures: Figures, last_file: Path) -> None:
    assert drift.read_figures(last_file) == figures
    assert len(figures.comparisons) == 308


def test_nothing_changed(figures: Figures) -> None:
    found = compare_with_last(figures, figures)
    assert (found.outcome, found.told) == (Outcome.NO_DRIFT, [])
    assert {row.change for row in found.rows} == {Change.SAME}
    assert len(found.rows) == 308


def test_exactly_the_changed_figures_are_told(figures: Figures) -> None:
    number, count, word = (places_of(figures, kind)[1] for kind in (float, int, str))
    last = changed(
        figures,
        {
            number: {"ours": figures.comparisons[number].ours + 3e-6},
            count: {"ours": figures.comparisons[count].ours + 1},
            word: {"ours": "another"},
        },
    )
    found = compare_with_last(last, figures)
    assert found.outcome is Outcome.DRIFT
    expected = [figures.comparisons[place] for place in sorted((number, count, word))]
    assert [row.now for row in found.told] == expected
    assert {row.change for row in found.told} == {Change.DRIFTED}
    assert "3 drifted" in drift.headline(found)


@pytest.mark.parametrize(
    ("last", "now", "change"),
    [
        (1.0, 1.0 + 0.9e-6, Change.SAME),
        (1.0, 1.0 + 1.1e-6, Change.DRIFTED),
        (1.0, -1.0, Change.DRIFTED),
        (50.0, 50.0 + 40e-6, Change.SAME),
        (50.0, 50.0 + 60e-6, Change.DRIFTED),
        (0.0, 0.9e-6, Change.SAME),
        (0.0, 1.1e-6, Change.DRIFTED),
        (math.nan, math.nan, Change.SAME),
        (math.nan, 1.0, Change.DRIFTED),
        (1.0, math.nan, Change.DRIFTED),
        (1.0, math.inf, Change.DRIFTED),
        (1.0, None, Change.DRIFTED),
        (None, 1.0, Change.DRIFTED),
        (None, None, Change.SAME),
        ("want", "want", Change.SAME),
        ("want", "an", Change.DRIFTED),
        (3, 3, Change.SAME),
        (3, 4, Change.DRIFTED),
        (3, "3", Change.DRIFTED),
    ],
)
def test_the_tolerance(figures: Figures, tmp_path: Path, last: Any, now: Any, change: Any) -> None:
    """Through the file, which has to keep the last digit, and what is no number."""
    path = tmp_path / "figures.json"
    drift.keep_figures(changed(figures, {0: {"ours": last}}), path)
    found = compare_with_last(drift.read_figures(path), changed(figures, {0: {"ours": now}}))
    assert found.rows[0].change is change
    assert len(found.told) == (change is not Change.SAME)


def test_another_verdict_is_drift_too(figures: Figures) -> None:
    """A value that creeps away from the printed one crosses its tolerance some day."""
    last = changed(figures, {0: {"verdict": Verdict.EQUAL}})
    now = changed(figures, {0: {"verdict": Verdict.DIFFERS}})
    assert [row.now for row in compare_with_last(last, now).told] == [now.comparisons[0]]
    assert compare_with_last(now, now).outcome is Outcome.NO_DRIFT


def test_new_and_vanished_figures_are_told(figures: Figures) -> None:
    less = dataclasses.replace(figures, comparisons=figures.comparisons[2:])
    for last, now, change in (
        (less, figures, Change.NEW),
        (figures, less, Change.VANISHED),
    ):
        found = compare_with_last(last, now)
        assert [row.change for row in found.told] == [change] * 2
        assert told(found) == {
            (each.article, each.group, each.figure, each.basis) for each in figures.comparisons[:2]
        }
        assert found.outcome is Outcome.DRIFT
        assert f"2 {change}" in drift.headline(found)


def test_the_first_run(figures: Figures) -> None:
    found = compare_with_last(None, figures)
    assert (found.outcome, found.told) == (Outcome.FIRST_RUN, [])
    assert "no drift" not in drift.report_text(found).lower()
    differing = changed(figures, {3: {"verdict": Verdict.DIFFERS}})
    found = compare_with_last(None, differing)
    assert [row.now for row in found.told] == [differing.comparisons[3]]
    assert found.told[0].change is Change.UNLIKE_PRINTED
    assert found.outcome is Outcome.DRIFT


def test_another_models_figures_are_refused(figures: Figures, tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "other", layers=12, heads=12)
    other = load_encoder(folder, "float64")
    theirs = Figures(other.provenance, tuple(reproduce.compare_model(other)))
    with pytest.raises(FiguresFileError, match="never compared"):
        compare_with_last(theirs, figures)


def test_the_report_has_printed_last_and_now(figures: Figures) -> None:
    place = places_of(figures, float)[-1]
    figure = figures.comparisons[place]
    last = changed(figures, {place: {"ours": 0.125}})
    text = drift.report_text(compare_with_last(last, figures))
    above, unchanged = text.split("<details>")
    start = f"| {figure.article} | {figure.group} | {figure.figure} | {MINILM.name} "
    line = f"{start}| {figure.printed:.8g} | 0.125 | {figure.ours:.8g} | drifted | not run |"
    assert line in above
    assert start not in unchanged
    assert "as published: bert-base-uncased" in above
    assert MINILM.name in above
    assert sum(line.startswith("| ") for line in unchanged.splitlines()) == 307 + 2
    assert unchanged.count("no change") == 307
    assert len(text) < 65_536  # the most that an issue of GitHub takes


def test_the_command_says_no_drift(
    last_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, report = tmp_path / "new" / "kept.json", tmp_path / "sub" / "report.md"
    files = ["--last", str(last_file), "--keep", str(kept), "--report", str(report)]
    assert main(["drift", *MODEL, *files]) == 0
    assert capsys.readouterr().out.startswith("No drift: none of the 308 recomputed figures")
    assert report.read_text(encoding="utf-8").startswith("**No drift")
    again, before = drift.read_figures(kept), drift.read_figures(last_file)
    assert compare_with_last(before, again).outcome is Outcome.NO_DRIFT


def test_the_command_finds_a_figure_that_was_another(
    figures: Figures, last_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    altered = figures.comparisons[200]
    drift.keep_figures(changed(figures, {200: {"ours": 0.5}}), last_file)
    report = tmp_path / "report.md"
    files = ["--last", str(last_file), "--keep", str(last_file), "--report", str(report)]
    assert main(["drift", *MODEL, *files]) == 1
    assert "Drift, in 308 recomputed figures: 1 drifted." in capsys.readouterr().out
    told = report.read_text(encoding="utf-8").split("<details>")[0]
    assert f"| {altered.group} | {altered.figure} |" in told
    # What was kept is this run's: the same drift is told once.
    assert main(["drift", *MODEL, "--last", str(last_file)]) == 0


def test_the_first_run_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept.json"
    assert main(["drift", *MODEL, "--keep", str(kept)]) == 0
    assert capsys.readouterr().out.startswith("First run:")
    assert len(drift.read_figures(kept).comparisons) == 308


@pytest.mark.usefixtures("empty_cache")
def test_without_the_weights_it_is_not_run(
    last_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, report = tmp_path / "kept.json", tmp_path / "report.md"
    files = ["--last", str(last_file), "--keep", str(kept), "--report", str(report)]
    assert main(["drift", *files]) == 3
    output = capsys.readouterr()
    assert output.out.startswith("Not run: weights not reachable.")
    assert BERT_BASE.revision in output.err
    text = report.read_text(encoding="utf-8")
    assert "Not run: weights not reachable" in text
    assert "no drift" not in text.lower()
    assert not kept.exists()


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "[]",
        "{}",
        '{"provenance": {}, "figures": []}',
        '{"provenance": 3, "figures": [{"verdict": "equal"}]}',
    ],
)
def test_a_file_that_holds_no_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    path = tmp_path / "figures.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert main(["drift", *MODEL, "--last", str(path)]) == 2
    error = capsys.readouterr().err
    assert str(path) in error
    assert "--keep" in error


@pytest.mark.parametrize("damage", ["empty", "twice", "verdict", "value", "field", "figure"])
def test_a_damaged_file(last_file: Path, damage: str) -> None:
    content = json.loads(last_file.read_text(encoding="utf-8"))
    listed = content["figures"]
    if damage == "empty":
        listed.clear()
    elif damage == "twice":
        listed.append(listed[0])
    elif damage == "field":
        del listed[0]["ours"]
    else:
        name = "verdict" if damage == "verdict" else "ours"
        listed[0][name] = {"verdict": "fine", "value": [1.0], "figure": 0.5}[damage]
    last_file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(FiguresFileError, match=r"has changed since it was written.*--keep"):
        drift.read_figures(last_file)


def test_bert_base_gives_the_printed_figures_in_its_first_run(
    bert_base: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift"]) == 0
    assert capsys.readouterr().out.startswith("First run:")
