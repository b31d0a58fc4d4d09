"""The measurements of `make bench`, read from its file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlib.encoding import Provenance
from trendlib.errors import InputFileError
from trendlib.files.settings import refuse_constant


@dataclass(frozen=True)
class Ratio:
    """Our wall time divided by a peer's, for the same sentences, measured in turns.

    Attributes:
        peer: The program that ours is compared with.
        median: The median of the repeats.
        least: The smallest of them.
        most: The largest of them.
        goal: The goal: the largest ratio that is good enough.
    """

    peer: str
    median: float
    least: float
    most: float
    goal: float

    @property
    def is_reached(self) -> bool:
        """Whether the median is within the goal."""
        return self.median <= self.goal


@dataclass(frozen=True)
class Growth:
    """One run of `trendlib embed`.

    Attributes:
        sentences: The number of rows.
        tokens: The number of their tokens.
        seconds: The wall time of the command, including its start.
        peak_mib: The peak memory, in MiB.
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
        measured: The date.
        cores: The number of processor cores.
        sentences: The number of sentences that were embedded.
        ratios: The comparison with each peer.
        growth: Runs with more and more rows.
        ray: The number of rows that Ray Data embedded on one node with one worker, and the
            seconds that it took, including the worker's start.
        loop_bound: The largest speed-up over the article's loop that the machine's arithmetic
            allows in this number format.
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
"""The figures that the book shows.

:meta hide-value:
"""


def read_benchmark(path: Path = BOOK_FIGURES) -> Benchmark:
    """Read a file that the benchmark wrote.

    Raises:
        InputFileError: If the file does not exist, or is not such a file.
    """
    try:
        found: dict[str, Any] = json.loads(
            path.read_text(encoding="utf-8"), parse_constant=refuse_constant
        )
        return Benchmark(
            provenance=Provenance(**found["provenance"]),
            measured=found["measured"],
            cores=found["machine"]["cores"],
            sentences=found["sentences"],
            ratios=tuple(
                Ratio(peer, ratio["ratio"], ratio["least"], ratio["most"], found["goals"][peer])
                for peer, ratio in found["ratios"].items()
            ),
            growth=tuple(
                Growth(run["sentences"], run["tokens"], run["seconds"], run["peak_mib"])
                for run in found["growth"]
            ),
            ray=(found["ray"]["sentences"], found["ray"]["seconds"]),
            loop_bound=found["bound_for_the_loop"]["loop_over_least"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputFileError(
            f"{path.name} contains no figures of the benchmark ({type(error).__name__}: {error}): "
            "`make bench` writes them"
        ) from error
