"""Files of results: one folder per model, one file per task. The book shows nothing else."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlib.encoding import Provenance
from trendlib.errors import InputFileError, OutputError
from trendlib.evaluate.scores import Score
from trendlib.files.atomic import replacing
from trendlib.files.checksums import SEAL, is_sealed, sealed
from trendlib.files.own import check_replaceable
from trendlib.files.settings import refuse_constant

BOOK_FIGURES = Path(__file__).resolve().parent / "figures"
"""The folder of the results that the book shows.

:meta hide-value:
"""


@dataclass(frozen=True)
class TaskResult:
    """The results of a task with one model.

    Attributes:
        task: The name of the task.
        question: What was asked.
        provenance: The model.
        quick: Whether only a sample was used: then the figures are for trying things out.
        seed: The seed of every random choice.
        sources: The titles of the data, and their checksums.
        facts: A description of the data, such as how many sentences there are.
        seconds: How long it took to compute everything, in one run or in several.
        cores: How many processor cores there were.
        measured: The day, as YYYY-MM-DD.
        methods: By name, what each method does.
        scores: The figures.
    """

    task: str
    question: str
    provenance: Provenance
    quick: bool
    seed: int
    sources: Mapping[str, str]
    facts: Mapping[str, Any]
    seconds: float
    cores: int
    measured: str
    methods: Mapping[str, str]
    scores: tuple[Score, ...]

    def score(
        self,
        method: str,
        measure: str,
        *,
        group: str = "",
        baseline: str = "",
        condition: str = "",
    ) -> Score:
        """Look up a figure that is about all training texts and coordinates.

        Raises:
            InputFileError: If there is none.
        """
        wanted = (method, measure, group, baseline, condition)
        for score in self.scores:
            found = (score.method, score.measure, score.group, score.baseline, score.condition)
            if found == wanted and score.train_size is None and score.first_coordinate is None:
                return score
        raise InputFileError(
            f"the results of {self.task} have no figure {wanted}: `trendlib evaluate` makes them"
        )

    def by_method(self, measure: str, *, group: str = "", condition: str = "") -> dict[str, Score]:
        """Map each method to its figure of a measure, without differences."""
        return {
            score.method: score
            for score in self.scores
            if score.is_overall
            and (score.measure, score.group, score.condition) == (measure, group, condition)
        }

    def by_head(self, measure: str) -> dict[tuple[int, int], Score]:
        """Map each layer and head to the figure of the method that reads this head."""
        return {
            (score.layer, score.head): score
            for score in self.by_method(measure).values()
            if score.layer is not None and score.head is not None
        }

    def learning_curve(self, method: str, measure: str) -> dict[int, Score]:
        """Map numbers of training texts to a method's figures."""
        return {
            score.train_size: score
            for score in self.scores
            if score.train_size is not None and (score.method, score.measure) == (method, measure)
        }

    def slices(self, method: str, measure: str, *, condition: str = "") -> dict[int, Score]:
        """Map the first coordinate of each slice to a method's figure."""
        wanted = (method, measure, condition)
        return {
            score.first_coordinate: score
            for score in self.scores
            if score.first_coordinate is not None
            and (score.method, score.measure, score.condition) == wanted
        }


def result_file(task: str, model: Provenance, folder: Path) -> Path:
    """Name the file of a task's results, and check that it is none, or holds those of this model.

    Raises:
        OutputError: If it holds something else or is damaged, or if it cannot be written.
    """
    path = _place(task, model.model, folder)
    there = check_replaceable(path, "evaluate", read_result)
    if there is not None and there.provenance.model_sha256 != model.model_sha256:
        raise OutputError(
            f"{path} holds the results of another model that is called {model.model}, too: give "
            "another folder with --out, or move that file away"
        )
    return path


def _place(task: str, model: str, folder: Path) -> Path:
    return folder / _folder_name(model) / f"{task}.json"


def write_result(result: TaskResult, folder: Path) -> Path:
    """Write the results of a task, and return the path of the file.

    Raises:
        OutputError: As ``result_file``.
    """
    path = result_file(result.task, result.provenance, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        **vars(result),
        "provenance": result.provenance.as_dict(),
        "seconds": round(result.seconds, 1),
        "scores": [score.as_dict() for score in result.scores],
    }
    with replacing(path) as new:
        new.write_text(
            json.dumps(sealed(content), ensure_ascii=False, indent=1, allow_nan=False) + "\n",
            encoding="utf-8",
        )
    return path


def read_result(path: Path) -> TaskResult:
    """Read the results of a task.

    Raises:
        InputFileError: If the file is not one of results, or has changed since it was written.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse_constant)
        if not is_sealed(found):
            raise ValueError("its checksum is another one")
        del found[SEAL]
        scores = tuple(Score(**_NO_FIGURE | fields) for fields in found["scores"])
        provenance = Provenance(**found["provenance"])
        result = TaskResult(**found | {"scores": scores, "provenance": provenance})
        place = _place(result.task, provenance.model, path.parent.parent)
        if place != path:
            raise ValueError(f"those of {result.task} with {provenance.model} belong in {place}")
        return result
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputFileError(
            f"{path} holds no results of a task, or is damaged ({type(error).__name__}: {error}): "
            "`trendlib evaluate` writes them"
        ) from error


_NO_FIGURE = {"value": float("nan"), "low": None, "high": None}


def results_of(task: str, folder: Path = BOOK_FIGURES) -> list[TaskResult]:
    """Read the results of a task with every model that it was run with."""
    return [read_result(path) for path in sorted(folder.glob(f"*/{task}.json"))]


def result_with(task: str, model: str, folder: Path = BOOK_FIGURES) -> TaskResult:
    """Read the results of a task with one model, or with another one if it was not run with that.

    A plot shows one model, and names it.

    Raises:
        InputFileError: If the task has not been run with any model.
    """
    found = results_of(task, folder)
    if not found:
        raise InputFileError(f"there are no results of {task}: `trendlib evaluate` makes them")
    return next((result for result in found if result.provenance.model == model), found[0])


def is_evaluated(model: str, folder: Path = BOOK_FIGURES) -> bool:
    """Whether there are results with a model of this name.

    >>> is_evaluated("all-MiniLM-L6-v2"), is_evaluated("a model of mine (local folder)")
    (True, False)
    """
    return any((folder / _folder_name(model)).glob("*.json"))


def _folder_name(model: str) -> str:
    """Turn the name of a model into that of a folder.

    >>> _folder_name("bert-base-uncased"), _folder_name("my models/tiny")
    ('bert-base-uncased', 'my-models-tiny')
    """
    return re.sub(r"[^\w.-]+", "-", model)
