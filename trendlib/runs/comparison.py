"""Compare two runs over the same sentences, with other models or other readings."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from trendlib.errors import RunFolderError
from trendlib.files.checksums import line_of
from trendlib.files.settings import differences
from trendlib.runs.folder import MANIFEST, PARQUET, read_manifest, results_checksums
from trendlib.runs.records import DONE

SHOWN = ("model", "dtype", "reading")
"""What a run's label tells of it."""


@dataclass(frozen=True)
class RunComparison:
    """Where two runs choose different words in the same sentences.

    Attributes:
        labels: Names of the two runs.
        differing: The sentences whose focus word or related word differs, one per row.
        shared: How many sentences have a result in both runs.
        focus: In how many of these the focus word differs.
        related: In how many the related word differs, or only one run found one.
        swapped: In how many they are the same two words, swapped.
        failed: How many sentences failed in either.
        only: How many sentences only the first run has, and only the second.
    """

    labels: tuple[str, str]
    differing: pd.DataFrame
    shared: int
    focus: int
    related: int
    swapped: int
    failed: int
    only: tuple[int, int]

    def __str__(self) -> str:
        """List the counts, one per line."""
        lines = [
            f"A: {self.labels[0]}",
            f"B: {self.labels[1]}",
            f"Sentences with a result in both runs: {self.shared:,}.",
        ]
        if self.shared:
            lines += [
                f"The focus word differs in {self._share(self.focus)}.",
                f"The related word differs in {self._share(self.related)}.",
                f"At least one of them differs in {self._share(len(self.differing))}; in "
                f"{self.swapped:,} of these, the same two words are swapped.",
            ]
        if self.failed:
            lines.append(f"Failed in A or B, and left out: {self.failed:,}.")
        if any(self.only):
            lines.append(f"Only in A: {self.only[0]:,}. Only in B: {self.only[1]:,}.")
        return "\n".join(lines)

    def _share(self, count: int) -> str:
        return f"{count:,} of {self.shared:,} ({count / self.shared:.1%})"


def compare_runs(first: Path, second: Path) -> RunComparison:
    """Compare two runs, sentence by sentence.

    Raises:
        RunFolderError: If a folder holds no results of a run, or damaged ones.
    """
    runs = [_load(first), _load(second)]
    joined = runs[0].merge(runs[1], on="sentence", suffixes=(" A", " B"))
    good = joined[(joined["status A"] == DONE) & (joined["status B"] == DONE)]
    words = good[["sentence", "focus A", "focus B", "related A", "related B"]].fillna("")
    focus = words["focus A"] != words["focus B"]
    related = words["related A"] != words["related B"]
    swapped = (words["focus A"] == words["related B"]) & (words["focus B"] == words["related A"])
    return RunComparison(
        labels=(_label(first, runs[0]), _label(second, runs[1])),
        differing=words[focus | related].replace("", "none").reset_index(drop=True),
        shared=len(good),
        focus=int(focus.sum()),
        related=int(related.sum()),
        swapped=int((swapped & focus).sum()),
        failed=len(joined) - len(good),
        only=(len(runs[0]) - len(joined), len(runs[1]) - len(joined)),
    )


def _load(folder: Path) -> pd.DataFrame:
    path = folder / PARQUET
    if not path.is_file():
        raise RunFolderError(
            f"{folder} holds no {PARQUET}: choose a folder that `trendlib run` has made; "
            "if it was killed, the same command completes it"
        )
    columns = ["sentence", "status", "focus", "related", *SHOWN]
    try:
        sums = results_checksums(folder)
        if line_of(path, PARQUET) not in sums.lines():
            raise ValueError(f"it has changed since: its checksum is not in {sums.path.name}")
        with path.open("rb") as file:  # pyarrow takes a name for an address where it can
            read = pyarrow.parquet.read_table(file, columns=columns)
        table: pd.DataFrame = read.to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RunFolderError(
            f"{path} cannot be read as the results of a run ({error}): the same `trendlib run` "
            "command writes it again from what is kept"
        ) from error
    return table


def _label(folder: Path, results: pd.DataFrame) -> str:
    found = {name: value for name, value in results.iloc[0].items() if name in SHOWN}
    differing = differences(read_manifest(folder), found)
    if differing:
        raise RunFolderError(
            f"{folder / MANIFEST} says {differing}, which is what {folder / PARQUET} says: one of "
            "them is damaged or another run's; the same `trendlib run` command, to a new folder, "
            "makes both again"
        )
    return f"{folder.name} ({found['model']}, {found['dtype']}, reading {found['reading']})"
