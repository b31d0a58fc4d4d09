"""Tables of what `make bench` measured."""

import pandas as pd

from trendlib.benchmark.results import Benchmark


def conditions_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate what was measured, and on which machine."""
    limit = f"{benchmark.loop_bound:.1f} times the speed of the article's loop"
    rows = {
        "model": benchmark.provenance.model,
        "number format": benchmark.provenance.dtype,
        "processor cores": f"{benchmark.cores}",
        "sentences": f"{benchmark.sentences:,}",
        "measured on": benchmark.measured,
        "limit set by arithmetic": limit,
    }
    return pd.DataFrame({"": rows})


def ratio_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate our wall time divided by that of others; below 1, ours takes less time."""
    return pd.DataFrame(
        {
            "compared with": ratio.peer,
            "our time / its time": f"{ratio.median:.2f}",
            "least": f"{ratio.least:.2f}",
            "most": f"{ratio.most:.2f}",
            "goal": f"{ratio.goal:.2f} at most",
            "reached": "yes" if ratio.is_reached else "no",
        }
        for ratio in benchmark.ratios
    )


def growth_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate time and memory of `trendlib embed` by the number of rows, and the time of Ray."""
    command = [
        ("trendlib embed", run.sentences, run.seconds, f"{run.peak_mib:,.0f}")
        for run in benchmark.growth
    ]
    ray = ("Ray Data, one worker", *benchmark.ray, "not measured")
    return pd.DataFrame(
        {
            "with": name,
            "rows": f"{rows:,}",
            "seconds": f"{seconds:.1f}",
            "rows a second": f"{rows / seconds:,.0f}",
            "peak memory (MiB)": memory,
        }
        for name, rows, seconds, memory in [*command, ray]
    )
