"""The measurements of `make bench` as tables and sentences."""

import pandas as pd

from trendlib.benchmark.results import Benchmark, Ratio


def ratio_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate the ratios; one below 1 means that ours takes less time."""
    rows = [
        {
            "ours, compared with": ratio.peer,
            "wall time": f"{ratio.median:.2f}",
            "repeats from": f"{ratio.least:.2f}",
            "to": f"{ratio.most:.2f}",
            "goal": f"{ratio.goal:g} at most",
            "reached": "yes" if ratio.is_reached else "no",
        }
        for ratio in benchmark.ratios
    ]
    return pd.DataFrame(rows).set_index("ours, compared with")


def ratio_text(benchmark: Benchmark) -> str:
    """State what was measured, in one sentence per peer."""
    lines = [
        f"{benchmark.sentences:,} sentences on {benchmark.cores} cores, with "
        f"{benchmark.provenance}, measured on {benchmark.measured}:"
    ]
    lines += [f"- {_ratio_line(ratio)}" for ratio in benchmark.ratios]
    lines.append(
        f"\nAt that machine's top speed, the model's matrix products alone allow "
        f"{benchmark.loop_bound:.1f} times the speed of the article's loop, and no more."
    )
    return "\n".join(lines)


def growth_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate how time and memory grow with the number of rows."""
    rows = [
        {
            "rows": f"{run.sentences:,}",
            "tokens": f"{run.tokens:,}",
            "seconds": f"{run.seconds:.1f}",
            "tokens a second": f"{run.tokens / run.seconds:,.0f}",
            "peak memory, MiB": f"{run.peak_mib:,.0f}",
        }
        for run in benchmark.growth
    ]
    return pd.DataFrame(rows).set_index("rows")


def growth_text(benchmark: Benchmark) -> str:
    """State how time and memory grew from the fewest rows to the most."""
    fewest, most = benchmark.growth[0], benchmark.growth[-1]
    return (
        f"From {fewest.sentences:,} to {most.sentences:,} rows, tokens grew "
        f"{most.tokens / fewest.tokens:.0f}-fold, time {most.seconds / fewest.seconds:.0f}-fold "
        f"(the start of the command is part of it), and peak memory "
        f"{most.peak_mib / fewest.peak_mib:.2f}-fold."
    )


def ray_text(benchmark: Benchmark) -> str:
    """State how many rows a second one node embeds with Ray."""
    rows, seconds = benchmark.ray
    return (
        f"With Ray Data on that one machine and one worker, {rows:,} rows took {seconds:.0f} "
        f"seconds, the start of the worker included: {rows / seconds:,.0f} rows a second."
    )


def _ratio_line(ratio: Ratio) -> str:
    if ratio.median < 1:
        speed = f"{1 / ratio.median:.1f} times as fast as"
    else:
        speed = f"{ratio.median:.2f} times the wall time of"
    goal = "within the goal" if ratio.is_reached else "short of the goal"
    return f"{speed} {ratio.peer} ({goal})."
