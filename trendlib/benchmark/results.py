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
    """The wall time of one of our engines divided by another one's, for the same sentences.

    Both took turns, and the times of a turn were divided.

    Attributes:
        ours: The engine.
        peer: The program, or the engine, that it is compared with.
        median: The median of the repeats.
        least: The smallest of them.
        most: The largest of them.
        goal: The goal: the largest ratio that is good enough.
    """

    ours: str
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
class Agreement:
    """How an engine's words and vectors agree with those of torch in float64.

    Attributes:
        engine: The engine, and the precision if it is not full.
        sentences: The number of sentences that were compared.
        same_words: In how many of them both words are the same.
        median_error: The median of the difference in a coordinate, of the sentences with the same
            words; dead coordinates and undefined ones are left out.
        median_cosine: The median of the cosines of the two vectors of a sentence, of the same
            sentences, without the dead coordinates.
    """

    engine: str
    sentences: int
    same_words: int
    median_error: float
    median_cosine: float


@dataclass(frozen=True)
class Growth:
    """A run over many rows.

    Attributes:
        sentences: The number of rows.
        tokens: The number of their tokens.
        seconds: The wall time.
        peak_mib: The peak memory, in MiB; of several processes, the sum of their peaks.
    """

    sentences: int
    tokens: int
    seconds: float
    peak_mib: float


@dataclass(frozen=True)
class RayRun:
    """Rows that Ray Data embedded on one node with one worker, whose start does not count.

    Attributes:
        sentences: The number of rows.
        seconds: The wall time.
        plain_seconds: That of the same rows without Ray, on the same cores.
    """

    sentences: int
    seconds: float
    plain_seconds: float


@dataclass(frozen=True)
class Benchmark:
    """A run of the benchmark of batches.

    Attributes:
        provenance: The model, as the reference runs it.
        measured: The date.
        processor: The name of the processor, with the instructions that matter here.
        cores: The number of processor cores.
        sentences: The number of sentences that were embedded.
        seconds: The median wall time of each engine and each other program, by name.
        ratios: The comparisons that have a goal.
        agreement: How each engine agrees with float64.
        growth: Runs of `trendlib embed` with more and more rows, including their start.
        pool: A run of sentence-transformers' pool of processes, without its start.
        ray: A run of Ray Data.
        loop_bound: The largest speed-up over the article's loop that the machine's arithmetic
            allows in float32.
    """

    provenance: Provenance
    measured: str
    processor: str
    cores: int
    sentences: int
    seconds: dict[str, float]
    ratios: tuple[Ratio, ...]
    agreement: tuple[Agreement, ...]
    growth: tuple[Growth, ...]
    pool: Growth
    ray: RayRun
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
            processor=found["machine"]["processor"],
            cores=found["machine"]["cores"],
            sentences=found["sentences"],
            seconds=dict(found["seconds"]),
            ratios=tuple(
                Ratio(*(each[name] for name in ("ours", "peer", "ratio", "least", "most", "goal")))
                for each in found["ratios"]
            ),
            agreement=tuple(
                Agreement(engine, **figures) for engine, figures in found["agreement"].items()
            ),
            growth=tuple(_growth(run) for run in found["growth"]),
            pool=_growth(found["pool"]),
            ray=RayRun(*(found["ray"][name] for name in ("sentences", "seconds", "plain_seconds"))),
            loop_bound=found["bound_for_the_loop"]["loop_over_least"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputFileError(
            f"{path.name} contains no figures of the benchmark ({type(error).__name__}: {error}): "
            "`make bench` writes them"
        ) from error


def _growth(run: dict[str, Any]) -> Growth:
    return Growth(*(run[name] for name in ("sentences", "tokens", "seconds", "peak_mib")))
