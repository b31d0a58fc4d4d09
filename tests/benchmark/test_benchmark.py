"""The figures of the benchmark, as the book shows them."""

import json
from pathlib import Path

import pytest

from helpers.figures import drawn_texts
from trendlib.benchmark import plots, tables
from trendlib.benchmark.results import (
    BOOK_FIGURES,
    Benchmark,
    Growth,
    Ratio,
    read_benchmark,
)
from trendlib.encoding import Provenance
from trendlib.errors import InputFileError
from trendlib.model.weights import MINILM

MADE_UP = Benchmark(
    provenance=Provenance("a-model", "r1", "0" * 64, "float32", {}),
    measured="2030-01-02",
    cores=3,
    sentences=1234,
    ratios=(Ratio("a slow one", 0.25, 0.2, 0.3, 1.05), Ratio("a fast one", 1.5, 1.4, 1.6, 1.1)),
    growth=(Growth(10, 100, 2.0, 500.0), Growth(1000, 10_000, 50.0, 550.0)),
    ray=(300, 60.0),
    loop_bound=4.5,
)


def test_tables_say_the_figures() -> None:
    conditions = tables.conditions_table(MADE_UP)[""]
    assert conditions["sentences"] == "1,234"
    assert conditions["processor cores"] == "3"
    assert "4.5 times" in conditions.iloc[-1]
    ratios = tables.ratio_table(MADE_UP)
    assert list(ratios["our time / its time"]) == ["0.25", "1.50"]
    assert list(ratios["reached"]) == ["yes", "no"]
    growth = tables.growth_table(MADE_UP)
    assert list(growth["rows a second"]) == ["5", "20", "5"]
    assert list(growth["peak memory (MiB)"]) == ["500", "550", "not measured"]
    assert growth["with"].iloc[-1] == "Ray Data, one worker"


def test_the_figure_names_the_model_and_the_peers() -> None:
    texts = drawn_texts(plots.wall_times(MADE_UP))
    assert {"a slow one", "a fast one", "0.25", "1.50", "model: a-model, float32"} <= texts


def test_the_kept_figures_are_those_of_the_embedded_model() -> None:
    kept = read_benchmark()
    assert kept.provenance.model == MINILM.name
    assert kept.provenance.weights_sha256 == MINILM.sha256
    written = json.loads(BOOK_FIGURES.read_text(encoding="utf-8"))
    assert [ratio.median for ratio in kept.ratios] == [
        ratio["ratio"] for ratio in written["ratios"].values()
    ]
    assert len(kept.growth) == len(written["growth"]) >= 3


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    for content in ("{half", '{"provenance": {}}', "[]"):
        (tmp_path / "x.json").write_text(content, encoding="utf-8")
        with pytest.raises(InputFileError, match="contains no figures of the benchmark"):
            read_benchmark(tmp_path / "x.json")
    for number in ("NaN", "Infinity", "-Infinity"):
        kept = json.loads(BOOK_FIGURES.read_text(encoding="utf-8"))
        kept["ratios"]["loop"] = {"ratio": float(number), "least": 0.5, "most": 0.5}
        kept["goals"]["loop"] = 1.0
        (tmp_path / "x.json").write_text(json.dumps(kept), encoding="utf-8")
        with pytest.raises(InputFileError, match=f"{number} is not a number"):
            read_benchmark(tmp_path / "x.json")
    with pytest.raises(InputFileError, match="`make bench` writes them"):
        read_benchmark(tmp_path / "none.json")
