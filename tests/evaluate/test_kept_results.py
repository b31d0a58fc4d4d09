"""Files of results, and those that the book shows."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trendlib.errors import InputFileError, OutputError
from trendlib.evaluate import claims, plots, runner, tables, wording
from trendlib.evaluate.conditions import (
    AS_PRINTED,
    MEAN_OVER_PIECES,
    READING_CONDITIONS,
    WITHOUT_DEAD,
)
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.results import (
    BOOK_FIGURES,
    TaskResult,
    read_result,
    result_with,
    write_result,
)
from trendlib.evaluate.scores import Score
from trendlib.evaluate.store import Store
from trendlib.files.checksums import SEAL, sealed
from trendlib.model.encoder import Encoder
from trendlib.model.weights import BERT_BASE, MINILM


def test_results_of_two_models_stand_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = read_result(BOOK_FIGURES / MINILM.name / "stsb.json")
    other = replace(kept, provenance=replace(kept.provenance, model="another-model"))
    for result in (kept, other):
        write_result(result, tmp_path)
    monkeypatch.setattr(tables, "results_of", lambda task: [kept, other])
    table = tables.score_table("stsb", ["Spearman"], ["CLS", "mean"])
    assert list(table.columns) == ["model", "Spearman", "95 % interval"]
    assert list(table.index) == ["CLS", "CLS", "mean", "mean"]
    assert list(table["model"]) == [MINILM.name, "another-model"] * 2
    assert table.columns.name == "method"
    assert list(tables.run_table("stsb").columns) == [MINILM.name, "another-model"]
    assert result_with("stsb", "another-model", tmp_path).provenance.model == "another-model"
    found = claims.findings(claims.claim("contexts told apart"), tmp_path)
    assert [one.model for one in found] == ["bert-base-uncased", MINILM.name, "another-model"]


def test_a_figure_that_is_not_there_is_told() -> None:
    result = read_result(BOOK_FIGURES / MINILM.name / "stsb.json")
    with pytest.raises(InputFileError, match="have no figure"):
        result.score("trend", "F1")
    with pytest.raises(InputFileError, match="holds no results of a task, or is"):
        read_result(BOOK_FIGURES / "nothing.json")


KEPT = sorted(path.name for path in BOOK_FIGURES.iterdir() if path.is_dir())


@pytest.mark.parametrize("model", KEPT)
@pytest.mark.parametrize("name", runner.TASKS)
def test_the_kept_results_are_whole(name: str, model: str, request: pytest.FixtureRequest) -> None:
    """Of each model whose results are kept, and all of one and the same model."""
    task, result = runner.TASKS[name], read_result(BOOK_FIGURES / model / f"{name}.json")
    assert not result.quick
    assert result.seed == 0
    assert result.provenance.model == model
    assert result.sources == {source.what: source.sha256 for source in task.sources}
    assert result.question == task.question
    encoder = request.getfixturevalue({MINILM.name: "minilm", BERT_BASE.name: "bert_base"}[model])
    assert result.provenance.model_sha256 == encoder.provenance.model_sha256
    workbench = Workbench(encoder, lambda: encoder, Store(Path("nowhere")))
    assert result.methods == {method.name: method.note for method in task.methods(workbench)}


def test_nothing_else_is_kept() -> None:
    assert MINILM.name in KEPT
    for model in KEPT:
        assert {path.name for path in (BOOK_FIGURES / model).iterdir()} == {
            f"{name}.json" for name in runner.TASKS
        }


def test_what_is_kept_is_what_comes_out_again(minilm: Encoder, tmp_path: Path) -> None:
    """The task that needs no data, run whole, in float64 instead of float32."""
    workbench = Workbench(minilm, lambda: minilm, Store(tmp_path))
    fresh = runner.run_task(runner.TASKS["contexts"], workbench)
    kept = read_result(BOOK_FIGURES / MINILM.name / "contexts.json")
    for one, other in zip(fresh.scores, kept.scores, strict=True):
        assert (one.method, one.measure, one.baseline) == (
            other.method,
            other.measure,
            other.baseline,
        )
        assert one.value == pytest.approx(other.value, abs=0.02)


def a_result(scores: list[Score]) -> TaskResult:
    return replace(read_result(BOOK_FIGURES / MINILM.name / "slices.json"), scores=tuple(scores))


def test_figures_are_found_by_their_fields(tmp_path: Path) -> None:
    """A part of the figures is never taken for the whole, and nothing is read off a name."""
    overall = Score("m", "F1", 0.9, 0.8, 1.0, 10)
    result = a_result(
        [
            Score("m", "F1", 0.5, None, None, 5, train_size=100),
            overall,
            Score("m", "F1", 0.6, None, None, 5, train_size=300),
            Score("m", "F1", 0.4, None, None, 5, first_coordinate=10),
            Score("m", "F1", 0.1, 0.0, 0.2, 10, baseline="n"),
            Score("layer 9, head 9", "F1", 0.7, 0.6, 0.8, 10, layer=2, head=0),
        ]
    )
    read = read_result(write_result(result, tmp_path))
    assert read.scores == result.scores
    assert read.score("m", "F1") == overall
    assert read.by_method("F1")["m"] == overall
    assert {size: score.value for size, score in read.learning_curve("m", "F1").items()} == {
        100: 0.5,
        300: 0.6,
    }
    assert {first: score.value for first, score in read.slices("m", "F1").items()} == {10: 0.4}
    assert {place: score.value for place, score in read.by_head("F1").items()} == {(2, 0): 0.7}


@pytest.mark.parametrize("place", ["bert-base-uncased/slices.json", f"{MINILM.name}/stsb.json"])
def test_results_are_read_only_where_they_belong(tmp_path: Path, place: str) -> None:
    """A file that is copied is not taken for another model's, or for another task's."""
    (tmp_path / place).parent.mkdir()
    shutil.copy(BOOK_FIGURES / MINILM.name / "slices.json", tmp_path / place)
    with pytest.raises(InputFileError, match=r"those of slices with all-MiniLM-L6-v2 belong in"):
        read_result(tmp_path / place)


def test_results_of_two_models_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    result = a_result([Score("m", "F1", 0.9, 0.8, 1.0, 10)])
    path = write_result(result, tmp_path)
    before = path.read_bytes()
    other = replace(result, provenance=replace(result.provenance, model_sha256="0" * 64))
    with pytest.raises(OutputError, match="another model that is called all-MiniLM-L6-v2, too"):
        write_result(other, tmp_path)
    assert path.read_bytes() == before
    assert write_result(result, tmp_path) == path


def test_plots_place_figures_by_their_fields() -> None:
    scores = [
        Score("any name", "tied vote", 0.25, 0.2, 0.3, 10, layer=1, head=0),
        Score("another", "tied vote", 0.5, 0.4, 0.6, 10, layer=0, head=1),
    ]
    figure = plots.heads_grid(a_result(scores), "tied vote")
    axes = figure.axes[0]
    assert np.asarray(axes.collections[0].get_array()).tolist() == [50, 25]  # percent
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert places == {"50": (1, 0), "25": (0, 1)}
    hatched = [patch for patch in axes.patches if patch.get_hatch()]
    assert [(round(p.get_x()), round(p.get_y())) for p in hatched] == [(0, 0), (1, 1)]
    curve = [
        Score("m", "F1", 0.5, None, None, 5, train_size=100),
        Score("m", "F1", 0.6, None, None, 5, train_size=300),
    ]
    (line,) = plots.learning_curves(a_result(curve), ["m"], "F1").axes[0].lines
    assert np.asarray(line.get_xydata()).tolist() == [[100, 0.5], [300, 0.6]]


@pytest.mark.parametrize(("in_order", "names"), [(False, ["b", "c", "a"]), (True, ["a", "b", "c"])])
def test_scores_are_sorted_unless_their_order_means_something(
    in_order: bool, names: list[str]
) -> None:
    found = [("a", 0.1), ("b", 0.9), ("c", 0.5)]
    drawn = [Score(name, "accuracy", value, None, None, 9) for name, value in found]
    axes = plots.scores([(a_result(drawn), drawn)], "accuracy", in_order=in_order).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    assert axes.get_xlabel() == "accuracy (%)"
    values = dict(found)
    assert axes.lines[0].get_xdata().tolist() == [100 * values[name] for name in names]


def test_the_kept_figures_say_their_heads_sizes_and_slices() -> None:
    folder = BOOK_FIGURES / MINILM.name
    readings = read_result(folder / "readings.json")
    assert set(readings.by_head("tied vote")) == {(a, b) for a in range(6) for b in range(12)}
    assert set(readings.by_head("tied vote")) - set(readings.by_head("other focus word")) == {
        (0, 11)
    }
    curve = read_result(folder / "sms.json").learning_curve("trend", "F1")
    assert list(curve) == [100, 300, 1000, 3000]
    slices = read_result(folder / "slices.json")
    measure = "Spearman with all coordinates"
    assert list(slices.slices("all coordinates", measure)) == list(range(0, 380, 10))


def test_results_with_a_number_that_is_not_json_are_refused(tmp_path: Path) -> None:
    kept = json.loads((BOOK_FIGURES / MINILM.name / "stsb.json").read_text(encoding="utf-8"))
    del kept[SEAL]
    kept["scores"][0]["value"] = float("nan")
    path = tmp_path / MINILM.name / "stsb.json"
    path.parent.mkdir()
    path.write_text(json.dumps(sealed(kept)), encoding="utf-8")
    with pytest.raises(InputFileError, match="NaN is not a number"):
        read_result(path)


def test_a_table_shows_the_articles_own_condition_unless_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was measured under a condition, or of a part, never stands in for the whole."""
    plain = [
        Score("best head", "head found", 0.5, None, None, 9, group="obj"),
        Score("best head", "head found", 0.25, None, None, 9),
        Score("best head", "head found", 0.125, None, None, 9, baseline="n"),
    ]
    changed = [replace(score, value=0.9, condition=MEAN_OVER_PIECES.name) for score in plain]
    part = replace(plain[2], value=0.8, group="obj")
    offset = Score("best fixed offset", "head found", 0.375, None, None, 9, group="obj")
    under = f"best head, {MEAN_OVER_PIECES.name}"
    result = replace(
        a_result([*plain, part, *changed, offset]),
        methods={"best head": "as it is", under: "changed"},
    )
    monkeypatch.setattr(tables, "results_of", lambda task: [result])

    def cells(table: pd.DataFrame) -> list[list[str]]:
        return [[name, *row] for name, row in zip(table.index, table.to_numpy(), strict=True)]

    assert cells(tables.group_table("t", "head found", ["best head"])) == [["obj", "50.0 %"]]
    assert cells(tables.score_table("t", ["head found"])) == [["best head", "25.0 %"]]
    assert cells(tables.difference_table("t", "head found", "n")) == [["best head", "+12.5"]]
    of_part = tables.difference_table("t", "head found", "n", group="obj")
    assert cells(of_part) == [["best head", "+80.0"]]
    assert cells(tables.published_heads_table())[:2] == [
        ["obj", MINILM.name, "50.0 %", "37.5 %"],
        ["obj", "bert-base-uncased, as published", "86.8 %", "40.0 %"],
    ]
    by_condition = tables.condition_table("t", ["head found"], "best head", READING_CONDITIONS)
    assert cells(by_condition) == [
        ["as the article does", "25.0 %"],
        [MEAN_OVER_PIECES.name, "90.0 %"],
    ]
    assert tables.methods_text("t") == "- **best head**: as it is."


def test_a_table_of_one_model_has_one_line_of_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is named there, and figure, interval and p-value have columns of their own."""
    scores = [
        Score("a", "joined", 0.5, 0.4, 0.6, 1234, baseline="b", p=0.0001),
        Score("a", "joined", 0.25, 0.125, 0.5, 1234),
    ]
    monkeypatch.setattr(tables, "results_of", lambda task: [a_result(scores)])
    for table, head, cells in (
        (
            tables.score_table("t", ["joined"], counts="sentences"),
            ["sentences", "joined by an edge", "95 % interval"],
            ["1,234", "25.0 %", "12.5 to 50.0"],
        ),
        (
            tables.difference_table("t", "joined", "b", write=wording.points),
            ["minus b", "95 % interval", "adjusted p"],
            ["+50.0 points", "+40.0 to +60.0", "< 0.001"],
        ),
    ):
        assert list(table.columns) == head
        assert table.loc["a"].tolist() == cells
        assert table.to_html().count("<th>") == len(head) + 2
        assert f"method ({MINILM.name})" in table.to_html()


def test_how_it_was_measured_has_a_row_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"train": 1234, "test": 0, "removed": {"repeated": 0}, "adjacent edges": 0.25}
    result = replace(a_result([]), facts=facts, quick=True, cores=2, seconds=61.2)
    monkeypatch.setattr(tables, "results_of", lambda task: [result])
    (column,) = tables.run_table("t").items()
    assert column[0] == MINILM.name
    assert dict(column[1]) == {
        "number format": "float32",
        "day": result.measured,
        "processor cores": "2",
        "seconds": "61",
        "data": "a quick sample, not all of it",
        "texts to train on": "1,234",
        "texts left out, repeated": "0",
        "edges between neighbours": "25.0 %",
    }
    monkeypatch.setattr(tables, "results_of", lambda task: [])
    assert "trendlib evaluate --task t" in tables.run_table("t").to_html()
    assert tables.score_table("t", ["F1"]).empty


def test_slices_are_drawn_under_each_condition_that_is_asked_for() -> None:
    own = [Score("m", "F1", value, None, None, 9, first_coordinate=0) for value in (0.25, 0.5)]
    scores = [own[0], replace(own[1], condition=WITHOUT_DEAD.name)]
    for conditions, names in (
        ((AS_PRINTED,), ["m"]),
        ((AS_PRINTED, WITHOUT_DEAD), ["m", "m, without dead coordinates"]),
    ):
        figure = plots.slice_scores(a_result(scores), "F1", conditions)
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == names
