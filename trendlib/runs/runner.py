"""Run a notebook on sentences, with warm workers, and keep the results."""

import base64
import importlib
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from trendlib.errors import ParameterError, RunFolderError, counted
from trendlib.files.rows import Refusal
from trendlib.model.packing import batched
from trendlib.runs import TIMEOUT_SECONDS, records
from trendlib.runs.folder import NOTEBOOK, PAGE, PICTURE, RunFolder
from trendlib.runs.kernels import (
    Batch,
    WarmKernel,
    WorkerDiedError,
    WorkerError,
    Workers,
    usable_cores,
)
from trendlib.runs.records import Record
from trendlib.runs.settings import Settings

BATCH = 64
"""How many sentences a worker takes at a time, if it makes no notebooks."""
WORTH_A_WORKER = 256
"""And for how many of them to start a worker pays: it takes seconds to load."""


@dataclass(frozen=True)
class RunSummary:
    """How many sentences of a run have a result.

    Attributes:
        done: Sentences that have a result.
        earlier: How many of them had it before this command.
        failed: Sentences that have none, and why.
        others: Sentences of earlier commands that the folder holds too, and its tables list.
        aside: Tables that somebody had changed after they were written, with their new names.
        folder: The folder of the run.
    """

    done: int
    earlier: int
    failed: tuple[Record, ...]
    others: int
    aside: tuple[Path, ...]
    folder: Path


def run(
    sentences: Sequence[str],
    settings: Settings,
    path: Path,
    jobs: int | None = None,
    notebooks: bool = True,
    timeout: float = TIMEOUT_SECONDS,
    refused: Sequence[Refusal] = (),
) -> RunSummary:
    """Run a notebook on sentences, except those that are already done.

    Args:
        sentences: The sentences, each once.
        settings: What to do with them.
        path: The run's folder.
        jobs: How many workers; one per processor core if left out.
        notebooks: Whether to make notebooks and pages, or only the records.
        timeout: Seconds that a sentence may take before it counts as failed.
        refused: The rows of the input that hold no sentence; the folder lists them.

    Raises:
        ParameterError: If a sentence is not valid text.
        RunFolderError: If the folder cannot hold this run, or if a sentence has neither a result
            nor a failure at its end.
        WorkerError: If a worker raises an error that has nothing to do with its sentence.
        WorkerDiedError: If no worker can be started.
        OSError: If the results cannot be written.
    """
    _check_texts(sentences)
    folder = RunFolder(path, settings)
    with folder.opened():
        earlier = {
            text: record
            for text in sentences
            if (record := folder.done(text, notebooks)) is not None
        }
        waiting = [text for text in sentences if text not in earlier]
        try:
            _run(waiting, len(earlier), _Work(folder, notebooks), jobs or usable_cores(), timeout)
        finally:
            summarized = folder.summarize(sentences, earlier, refused)
    found = summarized.found
    missing = len(sentences) - len(found)
    if missing:
        raise RunFolderError(
            f"{missing:,} of {counted(len(sentences), 'sentence')} without a valid record in "
            f"{path}, though all were run: its disk may be at fault, or another program may "
            "write to it. Run the same command again"
        )
    failed = tuple(record for record in found if record["status"] == records.FAILED)
    done = len(found) - len(failed)
    return RunSummary(done, len(earlier), failed, summarized.others, summarized.aside, path)


def _run(waiting: Sequence[str], earlier: int, work: "_Work", jobs: int, timeout: float) -> None:
    if not waiting:
        return
    batches = list(batched(waiting, 1 if work.notebooks else BATCH))
    useful = len(waiting) if work.notebooks else math.ceil(len(waiting) / WORTH_A_WORKER)
    with (
        # disable=None: quiet where nobody looks at a terminal
        tqdm(total=earlier + len(waiting), initial=earlier, unit=" sentences", disable=None) as bar,
        Workers(min(jobs, useful), work.prepare, work.do, work.give_up, timeout) as workers,
    ):
        counts = workers.do(batches)
        work.load()
        for count in counts:
            bar.update(count)


class _Work:
    """What is done with the sentences of a run, in the threads of its workers."""

    def __init__(self, folder: RunFolder, notebooks: bool) -> None:
        self.folder = folder
        self.notebooks = notebooks
        self._settings = folder.settings
        self._loaded = threading.Event()

    def load(self) -> None:
        """Import what the work and its end need, in the main thread: that parses Python.

        The workers' processes load the model meanwhile.
        """
        try:
            for module in (*(("engine", "pages") if self.notebooks else ()), "results"):
                importlib.import_module(f"trendlib.runs.{module}")
        finally:  # if it fails, nobody waits for it
            self._loaded.set()

    def prepare(self, kernel: WarmKernel) -> None:
        settings = self._settings
        code = kernel.call(
            "prepare",
            model=settings.weights.choice,
            model_sha256=settings.weights.model_sha256,
            dtype=settings.dtype,
            cutter=settings.cutter,
            notebooks=self.notebooks,
        )
        if code != settings.code:
            raise WorkerError(
                "a worker runs another version of the code than this command: if it was edited "
                f"meanwhile, run the command again; otherwise the Jupyter kernel "
                f"{kernel.manager.kernel_name!r} belongs to another environment (python -m "
                "ipykernel install --sys-prefix makes one for this one)"
            )
        self._loaded.wait()

    def do(self, kernel: WarmKernel, batch: Batch) -> None:
        if self.notebooks:
            (sentence,) = batch
            self._do_with_notebook(kernel, sentence)
            return
        for sentence, described in zip(batch, self._describe(kernel, batch), strict=True):
            self.folder.keep(sentence, described["record"], {})

    def _do_with_notebook(self, kernel: WarmKernel, sentence: str) -> None:
        """Run the notebook, and make the record.

        Of the walkthrough we know that it encodes its sentence, and how: the record is made of
        that, and the model runs once. A notebook of the user's own may do anything with the model
        (prune it, hook into it, or not use it), so that the record is made before, without it.
        """
        settings = self._settings
        files: dict[str, bytes] = {}
        if settings.is_walkthrough:
            error = self._run_notebook(kernel, sentence, files)
            described = kernel.call(
                "describe_executed",
                sentence=sentence,
                model=settings.weights.choice,
                dtype=settings.dtype,
                reading=settings.reading,
            )
        else:
            (described,) = self._describe(kernel, (sentence,))
            error = self._run_notebook(kernel, sentence, files)
        record = described["record"]
        if "picture" in described:
            files[PICTURE] = base64.b64decode(described["picture"])
        if error is not None and record["status"] == records.DONE:
            record = records.failure(error)
        self.folder.keep(sentence, record, files)

    def _describe(self, kernel: WarmKernel, batch: Batch) -> list[dict[str, Any]]:
        settings = self._settings
        described: list[dict[str, Any]] = kernel.call(
            "describe",
            sentences=batch,
            model=settings.weights.choice,
            dtype=settings.dtype,
            reading=settings.reading,
            pictures=self.notebooks,
        )
        return described

    def give_up(self, sentence: str, why: str) -> None:
        files: dict[str, bytes] = {}
        if self.notebooks:
            from trendlib.runs import engine, pages

            out = self.folder.scratch(sentence) / NOTEBOOK
            engine.write_unrun(self._settings.content, out, self._parameters(sentence), why)
            pages.forget_machine(out, self._private)
            files[PAGE] = pages.notebook_page(out, sentence).encode()
            files[NOTEBOOK] = out.read_bytes()
        self.folder.keep(sentence, records.failure(why), files)

    def _run_notebook(
        self, kernel: WarmKernel, sentence: str, files: dict[str, bytes]
    ) -> str | None:
        """Put the executed notebook and its page into ``files``; returns the error, if any."""
        from nbclient.exceptions import DeadKernelError
        from papermill.exceptions import PapermillExecutionError

        from trendlib.runs import engine, pages

        settings, failed = self._settings, None
        out = self.folder.scratch(sentence) / NOTEBOOK
        kernel.call("reset")
        try:
            parameters = self._parameters(sentence)
            engine.execute(settings.content, out, parameters, kernel.manager, kernel.client)
        except PapermillExecutionError as error:
            failed = f"{error.ename}: {error.evalue}"
        except DeadKernelError as error:
            raise WorkerDiedError(str(error)) from error
        pages.forget_machine(out, self._private)
        files[NOTEBOOK] = out.read_bytes()
        try:
            page = kernel.call("page", notebook=str(out.resolve()), sentence=sentence)
        except WorkerError as error:
            return f"its page cannot be made: {error}"
        files[PAGE] = page.encode()
        return failed

    def _parameters(self, sentence: str) -> dict[str, object]:
        return self._settings.notebook_parameters(sentence)

    @property
    def _private(self) -> dict[str, str]:
        weights = self._settings.weights
        return {str(weights.folder): weights.name}


def _check_texts(sentences: Sequence[str]) -> None:
    for number, sentence in enumerate(sentences, start=1):
        try:
            sentence.encode("utf-8")
        except UnicodeEncodeError:
            raise ParameterError(
                f"sentence {number} ({sentence[:60]!a}) is not valid Unicode text: type it in UTF-8"
            ) from None
