"""Run every method of every task; what is done is kept, so that a stopped run goes on."""

import json
import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from trendlib.errors import DataError, EvaluationError, counted
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.results import TaskResult, result_file, write_result
from trendlib.evaluate.store import Store
from trendlib.evaluate.tasks.complement import Complement
from trendlib.evaluate.tasks.contexts import Contexts
from trendlib.evaluate.tasks.heads import Heads
from trendlib.evaluate.tasks.ladder import Ladder
from trendlib.evaluate.tasks.movie_reviews import MovieReviews
from trendlib.evaluate.tasks.noise import Noise
from trendlib.evaluate.tasks.readings import Readings
from trendlib.evaluate.tasks.slices import Slices
from trendlib.evaluate.tasks.sms import Sms
from trendlib.evaluate.tasks.sst2 import Sst2
from trendlib.evaluate.tasks.sts import Sts
from trendlib.evaluate.tasks.syntax import Syntax, SyntaxGum
from trendlib.evaluate.tasks.trec import Trec
from trendlib.evaluate.tasks.zeros import Zeros
from trendlib.model.cache import cache_folder
from trendlib.model.encoder import Encoder, check_same_model, load_encoder
from trendlib.model.weights import ModelWarning

AnyTask = Task[Any, Any]
TASKS: dict[str, AnyTask] = {
    task.name: task
    for task in (
        Readings(),
        Complement(),
        Zeros(),
        Noise(),
        Slices(),
        Syntax(),
        SyntaxGum(),
        Heads(),
        Sms(),
        Trec(),
        MovieReviews(),
        Sst2(),
        Sts(),
        Ladder(),
        Contexts(),
    )
}


@dataclass
class TaskReport:
    """Which tasks were done, were not run, or failed.

    Attributes:
        done: The file of results, by task.
        not_run: By task, why its data could not be had.
        failed: By task, what its checks found.
    """

    done: dict[str, Path] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def open_workbench(
    model: str, *, quick: bool, seed: int = 0, folder: Path | None = None
) -> Workbench:
    """Load a model for the tasks.

    Args:
        model: A name, a folder, or a model of the hub; see ``weights.find_weights``.
        quick: Whether a sample is enough.
        seed: The seed of every random choice.
        folder: The folder of what is computed; in the cache if left out.
    """
    store = Store(folder or cache_folder() / "evaluate")
    encoder = load_encoder(model, "float32")

    def exact() -> Encoder:
        with warnings.catch_warnings():
            # What there is to know of the model was told when it was loaded first.
            warnings.simplefilter("ignore", ModelWarning)
            found, first = load_encoder(model, "float64"), encoder.provenance
        check_same_model("begun", first.model_sha256, found.provenance, first.model)
        return found

    return Workbench(encoder, exact, store, quick, seed)


def run_tasks(
    workbench: Workbench, tasks: Sequence[AnyTask], out: Path, tell: Callable[[str], None] = print
) -> TaskReport:
    """Run tasks, and write a file of results for each.

    A task that fails does not stop the others, and what its methods computed is kept.

    Args:
        workbench: The model, the store and the settings.
        tasks: The tasks.
        out: The folder of results, with one folder per model.
        tell: Called with a line for each task.

    Raises:
        OutputError: If the results of a task cannot be written, or if another file is in the way.
    """
    for task in tasks:  # before the work
        result_file(task.name, workbench.encoder.provenance, out)
    report = TaskReport()
    total = sum(len(task.methods(workbench)) for task in tasks)
    with tqdm(total=total, desc="methods", unit="", disable=None) as bar:
        for task in tasks:
            bar.set_postfix_str(task.name)
            try:
                result = run_task(task, workbench, bar.update)
            except DataError as error:
                report.not_run[task.name] = str(error)
                tell(f"{task.name}: not run: data not reachable ({error})")
            except EvaluationError as error:
                report.failed[task.name] = str(error)
                tell(f"{task.name}: failed: {error}")
            else:
                report.done[task.name] = write_result(result, out)
                tell(
                    f"{task.name}: {counted(len(result.methods), 'method')}, {result.seconds:.0f} s"
                )
    return report


def run_task(
    task: AnyTask, workbench: Workbench, advance: Callable[[], object] = lambda: None
) -> TaskResult:
    """Run every method of a task, or read what was measured before.

    Args:
        task: The task.
        workbench: The model, the store and the settings.
        advance: Called after each method.

    Raises:
        DataError: If its data cannot be had.
        EvaluationError: If its checks find that the results are worthless.
    """
    prepared = _Preparation(task, workbench)
    methods = task.methods(workbench)
    measured: dict[Any, Measured] = {}
    seconds = 0.0
    for method in methods:
        measure = partial(_timed, task, method, prepared)
        found = workbench.store.keep(_key(task, workbench, method.name), measure)
        seconds += float(found.pop(_SECONDS))
        measured[method] = found
        advance()
    known = workbench.store.keep(_key(task, workbench, ""), prepared.known)
    return TaskResult(
        task=task.name,
        question=task.question,
        provenance=workbench.encoder.provenance,
        quick=workbench.quick,
        seed=workbench.seed,
        sources={source.what: source.sha256 for source in task.sources},
        facts=json.loads(str(known["facts"])),
        seconds=seconds + float(known[_SECONDS]),
        cores=os.cpu_count() or 0,
        measured=datetime.now(UTC).date().isoformat(),
        methods={method.name: method.note for method in methods},
        scores=tuple(task.scores(measured)),
    )


_SECONDS = "seconds it took"


class _Preparation:
    """The data that a task's methods share, prepared when the first of them needs it."""

    def __init__(self, task: AnyTask, workbench: Workbench) -> None:
        self.task, self.workbench = task, workbench
        self.seconds = 0.0

    @cached_property
    def value(self) -> Any:
        """The prepared data."""
        started = time.perf_counter()
        value = self.task.prepare(self.workbench)
        self.seconds = time.perf_counter() - started
        return value

    def known(self) -> dict[str, Any]:
        """Return the facts, and how long the preparation took."""
        facts = json.dumps(self.task.facts(self.value))
        return {"facts": np.array(facts), _SECONDS: np.array(self.seconds)}


def _timed(task: AnyTask, method: Any, prepared: _Preparation) -> dict[str, Any]:
    ready = prepared.value  # its time is counted once, apart
    started = time.perf_counter()
    found = dict(task.measure(method, ready))
    return found | {_SECONDS: np.array(time.perf_counter() - started)}


def _key(task: AnyTask, workbench: Workbench, method: str) -> str:
    files = [source.sha256 for source in task.sources]
    parts = (task.name, method, workbench.quick, workbench.seed, files)
    return workbench.key(*parts, computed_by=type(task).__module__)
