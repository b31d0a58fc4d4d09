"""Two runs side by side: other models, or other readings, of the same sentences."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from trendlib.errors import RunFolderError
from trendlib.runs.folder import PARQUET, read_manifest
from trendlib.runs.records import DONE


@dataclass(frozen=True)
class RunComparison:
    """Where two runs find other words in the same sentences.

    Attributes:
        labels: Names of the two runs.
        differing: The sentences whose focus or related word differs, a row for each.
        shared: How many sentences have a result in both runs.
        focus: In how many of these the focus word differs.
        related: In how many the related word differs; to have none differs from having one.
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
        """Say the counts, a line for each of them."""
        lines = [
            f"A: {self.labels[0]}",
            f"B: {self.labels[1]}",
            f"Sentences with a result in both: {self.shared:,}.",
        ]
        if self.shared:
            lines += [
                f"Focus word differs: {self._share(self.focus)}.",
                f"Related word differs: {self._share(self.related)}.",
                f"Either differs: {self._share(len(self.differing))}; of these, the same two words "
                f"are swapped in {self.swapped:,}.",
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
        labels=(_label(first), _label(second)),
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
            f"{folder} holds no {PARQUET}: give the folder of a run that `trendlib run` has made; "
            "if it was killed, the same command completes it"
        )
    columns = ["sentence", "status", "focus", "related"]
    try:
        with path.open("rb") as file:  # pyarrow takes a name for an address where it can
            read = pyarrow.parquet.read_table(
                file, columns=columns, page_checksum_verification=True
            )
        table: pd.DataFrame = read.to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RunFolderError(
            f"{path} cannot be read as the results of a run ({error}): the same `trendlib run` "
            "command writes it again from what is kept"
        ) from error
    return table


def _label(folder: Path) -> str:
    manifest = read_manifest(folder)
    model, dtype, reading = (manifest.get(name) for name in ("model", "dtype", "reading"))
    return f"{folder.name} ({model}, {dtype}, reading {reading})"
