"""What `make bench` measured, as the book shows it: the figures come from its file alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from trendlib.encoding import Provenance
from trendlib.errors import InputFileError


@dataclass(frozen=True)
class Ratio:
    """Our wall time, divided by a peer's, over the same sentences in turns.

    Attributes:
        peer: What it is compared with.
        median: The median of the repeats.
        least: The least of them.
        most: The most.
        goal: What the ratio was to be at most.
    """

    peer: str
    median: float
    least: float
    most: float
    goal: float

    @property
    def is_reached(self) -> bool:
        """Whether the goal is reached."""
        return self.median <= self.goal


@dataclass(frozen=True)
class Growth:
    """One run of `trendlib embed`.

    Attributes:
        sentences: How many rows.
        tokens: How many tokens they have.
        seconds: From the start of the command to its end.
        peak_mib: The most memory that it took.
    """

    sentences: int
    tokens: int
    seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Benchmark:
    """A run of the benchmark of batches.

    Attributes:
        provenance: The model.
        measured: The day.
        cores: How many processor cores there were.
        sentences: How many sentences were embedded.
        ratios: Against each peer.
        growth: With more and more rows.
        ray: How many rows Ray Data embedded on one node with one worker, and in how many seconds,
            the worker's start included.
        loop_bound: How many times as fast as the article's loop anything in this number format
            could be on that machine.
    """

    provenance: Provenance
    measured: str
    cores: int
    sentences: int
    ratios: tuple[Ratio, ...]
    growth: tuple[Growth, ...]
    ray: tuple[int, float]
    loop_bound: float


BOOK_FIGURES = Path(__file__).resolve().parent / "figures" / "encode.json"
"""The figures that are kept with the book.

:meta hide-value:
"""


def read_benchmark(path: Path = BOOK_FIGURES) -> Benchmark:
    """Read the file that the benchmark wrote.

    Raises:
        InputFileError: If it is no such file.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Benchmark(
            provenance=Provenance(**found["provenance"]),
            measured=found["measured"],
            cores=found["machine"]["cores"],
            sentences=found["sentences"],
            ratios=tuple(
                Ratio(peer, each["ratio"], each["least"], each["most"], found["goals"][peer])
                for peer, each in found["ratios"].items()
            ),
            growth=tuple(_growth(each) for each in found["growth"]),
            ray=(found["ray"]["sentences"], found["ray"]["seconds"]),
            loop_bound=found["bound_for_the_loop"]["loop_over_least"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputFileError(
            f"{path.name} holds no figures of the benchmark ({type(error).__name__}: {error}): "
            "`make bench` writes them"
        ) from error


def ratio_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate the ratios; below 1 means that ours takes less time."""
    rows = [
        {
            "ours, compared with": each.peer,
            "wall time": f"{each.median:.2f}",
            "repeats from": f"{each.least:.2f}",
            "to": f"{each.most:.2f}",
            "goal": f"{each.goal:g} at most",
            "reached": "yes" if each.is_reached else "no",
        }
        for each in benchmark.ratios
    ]
    return pd.DataFrame(rows).set_index("ours, compared with")


def ratio_text(benchmark: Benchmark) -> str:
    """Say in a sentence for each peer what was measured."""
    lines = [
        f"{benchmark.sentences:,} sentences on {benchmark.cores} cores, with "
        f"{benchmark.provenance}, measured on {benchmark.measured}:"
    ]
    lines += [f"- {_ratio_line(each)}" for each in benchmark.ratios]
    lines.append(
        f"\nAt that machine's top speed, the model's matrix products alone allow "
        f"{benchmark.loop_bound:.1f} times the speed of the article's loop, and no more."
    )
    return "\n".join(lines)


def growth_table(benchmark: Benchmark) -> pd.DataFrame:
    """Tabulate how time and memory grow with the number of rows."""
    rows = [
        {
            "rows": f"{each.sentences:,}",
            "tokens": f"{each.tokens:,}",
            "seconds": f"{each.seconds:.1f}",
            "tokens a second": f"{each.tokens / each.seconds:,.0f}",
            "peak memory, MiB": f"{each.peak_mib:,.0f}",
        }
        for each in benchmark.growth
    ]
    return pd.DataFrame(rows).set_index("rows")


def growth_text(benchmark: Benchmark) -> str:
    """Say how time and memory grew from the fewest rows to the most."""
    fewest, most = benchmark.growth[0], benchmark.growth[-1]
    return (
        f"From {fewest.sentences:,} to {most.sentences:,} rows, tokens grew "
        f"{most.tokens / fewest.tokens:.0f}-fold, time {most.seconds / fewest.seconds:.0f}-fold "
        f"(the start of the command is part of it), and peak memory "
        f"{most.peak_mib / fewest.peak_mib:.2f}-fold."
    )


def ray_text(benchmark: Benchmark) -> str:
    """Say what one node gives with Ray."""
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


def _growth(figures: Mapping[str, Any]) -> Growth:
    return Growth(figures["sentences"], figures["tokens"], figures["seconds"], figures["peak_mib"])
