"""Files of results: a folder a model, a file a task. The book shows them, and nothing else."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlib.encoding import Provenance
from trendlib.errors import InputFileError
from trendlib.evaluate.scores import Score
from trendlib.files.atomic import replacing

BOOK_FIGURES = Path(__file__).resolve().parent / "figures"
"""The results that are kept with the book.

:meta hide-value:
"""


@dataclass(frozen=True)
class TaskResult:
    """What a task found, with one model.

    Attributes:
        task: Its name.
        question: What was asked.
        provenance: The model.
        quick: Whether only a sample was taken: then the figures are for trying things out.
        seed: Of every random choice.
        sources: What the data are, and their checksums.
        facts: What there is to know about the data.
        seconds: How long it took, whenever that was.
        cores: How many processor cores there were.
        measured: The day.
        methods: The methods and what they do.
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

    def score(self, method: str, measure: str, *, group: str = "", baseline: str = "") -> Score:
        """Look a figure up.

        Raises:
            InputFileError: If there is none.
        """
        wanted = (method, measure, group, baseline)
        for each in self.scores:
            if (each.method, each.measure, each.group, each.baseline) == wanted:
                return each
        raise InputFileError(
            f"the results of {self.task} have no figure {wanted}: `trendlib evaluate` makes them"
        )

    def of(self, measure: str, *, group: str = "") -> dict[str, Score]:
        """List the figures of a measure by method, without differences."""
        return {
            each.method: each
            for each in self.scores
            if (each.measure, each.group, each.baseline) == (measure, group, "")
        }

    def groups(self, measure: str) -> list[str]:
        """List the groups that a measure was computed for."""
        return list(dict.fromkeys(each.group for each in self.scores if each.measure == measure))


def write_result(result: TaskResult, folder: Path) -> Path:
    """Write the results of a task; returns the file."""
    path = folder / _folder_name(result.provenance.model) / f"{result.task}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        **vars(result),
        "provenance": result.provenance.as_dict(),
        "seconds": round(result.seconds, 1),
        "scores": [each.as_dict() for each in result.scores],
    }
    with replacing(path) as new:
        new.write_text(
            json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
            encoding="utf-8",
        )
    return path


def read_result(path: Path) -> TaskResult:
    """Read the results of a task.

    Raises:
        InputFileError: If it is no such file.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        scores = tuple(Score(**_NO_FIGURE | each) for each in found["scores"])
        provenance = Provenance(**found["provenance"])
        return TaskResult(**found | {"scores": scores, "provenance": provenance})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputFileError(
            f"{path.name} holds no results of a task ({type(error).__name__}: {error}): "
            "`trendlib evaluate` writes them"
        ) from error


_NO_FIGURE = {"value": float("nan"), "low": None, "high": None}


def results_of(task: str, folder: Path = BOOK_FIGURES) -> list[TaskResult]:
    """Read the results of a task with each model that it was run with, side by side."""
    return [read_result(path) for path in sorted(folder.glob(f"*/{task}.json"))]


def result_with(task: str, model: str, folder: Path = BOOK_FIGURES) -> TaskResult:
    """Read the results of a task with one model; with another one, if that is all there is.

    A figure has room for one model, and names it.

    Raises:
        InputFileError: If the task has not been run with any model.
    """
    found = results_of(task, folder)
    if not found:
        raise InputFileError(f"there are no results of {task}: `trendlib evaluate` makes them")
    return next((each for each in found if each.provenance.model == model), found[0])


def _folder_name(model: str) -> str:
    """Make a folder's name of a model's.

    >>> _folder_name("bert-base-uncased"), _folder_name("my models/tiny")
    ('bert-base-uncased', 'my-models-tiny')
    """
    return re.sub(r"[^\w.-]+", "-", model)
