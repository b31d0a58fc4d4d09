"""Tables of what `make bench` measured."""

import pandas as pd

from trendlib.benchmark.results import Benchmark


def conditions_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate what was measured, and on which machine."""
    limit = f"{benchmark.loop_bound:.1f} times the speed of the article's loop"
    rows = {
        "model": benchmark.provenance.model,
        "processor": benchmark.processor,
        "processor cores": f"{benchmark.cores}",
        "sentences": f"{benchmark.sentences:,}",
        "measured on": benchmark.measured,
        "limit set by arithmetic, in float32": limit,
    }
    return pd.DataFrame({"": rows})


def ratio_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate the time of our engines divided by that of others; below 1, ours takes less."""
    return pd.DataFrame(
        {
            "our engine": ratio.ours,
            "compared with": ratio.peer,
            "our time / its time": f"{ratio.median:.2f}",
            "least": f"{ratio.least:.2f}",
            "most": f"{ratio.most:.2f}",
            "goal": f"{ratio.goal:.2f} at most",
            "reached": "yes" if ratio.is_reached else "no",
        }
        for ratio in benchmark.ratios
    )


def agreement_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate how the engines' words and vectors agree with those of torch in float64."""
    return pd.DataFrame(
        {
            "engine": each.engine,
            "same two words": f"{each.same_words:,} of {each.sentences:,}",
            "error of a coordinate": f"{each.median_error:.1e}",
            "cosine": f"{each.median_cosine:.4f}",
        }
        for each in benchmark.agreement
    )


def growth_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate time and memory by the number of rows, for `trendlib embed` and for others."""
    runs = [("trendlib embed", run) for run in benchmark.growth]
    runs.append(("sentence-transformers, a process a core", benchmark.pool))
    measured = [
        {
            "with": name,
            "rows": f"{run.sentences:,}",
            "seconds": f"{run.seconds:.1f}",
            "tokens a second": f"{run.tokens / run.seconds:,.0f}",
            "peak memory (MiB)": f"{run.peak_mib:,.0f}",
        }
        for name, run in runs
    ]
    ray = benchmark.ray
    for name, seconds in (("Ray Data", ray.seconds), ("the same without Ray", ray.plain_seconds)):
        measured.append(
            {
                "with": name,
                "rows": f"{ray.sentences:,}",
                "seconds": f"{seconds:.1f}",
                "tokens a second": "not counted",
                "peak memory (MiB)": "not measured",
            }
        )
    return pd.DataFrame(measured)
