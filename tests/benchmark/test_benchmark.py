"""The figures of the benchmark, as the book shows them."""

import json
from pathlib import Path

import pytest

from helpers.figures import drawn_texts
from trendlib.benchmark import plots, tables
from trendlib.benchmark.results import (
    BOOK_FIGURES,
    Agreement,
    Benchmark,
    Growth,
    Ratio,
    RayRun,
    read_benchmark,
)
from trendlib.encoding import Provenance
from trendlib.errors import InputFileError
from trendlib.model.weights import MINILM

MADE_UP = Benchmark(
    provenance=Provenance("a-model", "r1", "0" * 64, "float32", {}),
    measured="2030-01-02",
    processor="a chip",
    cores=3,
    sentences=1234,
    seconds={"torch": 2.5, "onnx": 1.25, "a slow one": 5.0},
    ratios=(
        Ratio("onnx", "a slow one", 0.25, 0.2, 0.3, 1.05),
        Ratio("torch", "a fast one", 1.5, 1.4, 1.6, 1.1),
    ),
    agreement=(
        Agreement("torch", 3000, 3000, 0.0000123, 0.99999),
        Agreement("onnx", 3000, 2998, 0.5, 0.75),
    ),
    growth=(Growth(10, 100, 2.0, 500.0), Growth(1000, 10_000, 50.0, 550.0)),
    pool=Growth(100, 1000, 4.0, 900.0),
    ray=RayRun(300, 60.0, 50.0),
    loop_bound=4.5,
)


def test_tables_say_the_figures() -> None:
    conditions = tables.conditions_table(MADE_UP)[""]
    assert conditions["sentences"] == "1,234"
    assert conditions["processor cores"] == "3"
    assert conditions["processor"] == "a chip"
    assert "4.5 times" in conditions.iloc[-1]
    ratios = tables.ratio_table(MADE_UP)
    assert list(ratios["our time / its time"]) == ["0.25", "1.50"]
    assert list(ratios["reached"]) == ["yes", "no"]
    growth = tables.growth_table(MADE_UP)
    assert list(growth["tokens a second"][:3]) == ["50", "200", "250"]
    assert list(growth["peak memory (MiB)"][:4]) == ["500", "550", "900", "not measured"]
    assert list(growth["with"][-2:]) == ["Ray Data", "the same without Ray"]
    assert list(growth["seconds"][-2:]) == ["60.0", "50.0"]
    agreement = tables.agreement_table(MADE_UP)
    assert list(agreement["same two words"]) == ["3,000 of 3,000", "2,998 of 3,000"]
    assert list(agreement["error of a coordinate"]) == ["1.2e-05", "5.0e-01"]
    assert list(agreement["cosine"]) == ["1.0000", "0.7500"]


def test_the_figure_names_the_model_and_the_peers() -> None:
    texts = drawn_texts(plots.wall_times(MADE_UP))
    named = {"onnx / a slow one", "torch / a fast one"}
    assert named | {"0.25", "1.50", "model: a-model, float32"} <= texts
    texts = drawn_texts(plots.seconds(MADE_UP))
    assert {"torch", "onnx", "a slow one", "seconds for 1,234 sentences, 3 cores"} <= texts
    bars = plots.seconds(MADE_UP).axes[0].patches
    assert [bar.get_width() for bar in bars] == [5.0, 2.5, 1.25]
    assert len({bar.get_facecolor() for bar in bars[1:]}) == 1  # ours
    assert bars[0].get_facecolor() != bars[1].get_facecolor()


def test_the_kept_figures_are_those_of_the_embedded_model() -> None:
    kept = read_benchmark()
    assert kept.provenance.model == MINILM.name
    assert kept.provenance.weights_sha256 == MINILM.sha256
    written = json.loads(BOOK_FIGURES.read_text(encoding="utf-8"))
    assert [ratio.median for ratio in kept.ratios] == [
        ratio["ratio"] for ratio in written["ratios"]
    ]
    assert len(kept.growth) == len(written["growth"]) >= 3


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    for content in ("{half", '{"provenance": {}}', "[]"):
        (tmp_path / "x.json").write_text(content, encoding="utf-8")
        with pytest.raises(InputFileError, match="contains no figures of the benchmark"):
            read_benchmark(tmp_path / "x.json")
    for number in ("NaN", "Infinity", "-Infinity"):
        kept = json.loads(BOOK_FIGURES.read_text(encoding="utf-8"))
        kept["ratios"][0]["ratio"] = float(number)
        (tmp_path / "x.json").write_text(json.dumps(kept), encoding="utf-8")
        with pytest.raises(InputFileError, match=f"{number} is not a number"):
            read_benchmark(tmp_path / "x.json")
    with pytest.raises(InputFileError, match="`make bench` writes them"):
        read_benchmark(tmp_path / "none.json")
