"""Run the book's chapters, side by side, on kernels that stay from chapter to chapter.

A chapter whose code did not change is not run again: its outputs are kept, and put into the
notebook as it is now, whose text may have changed.

Notebooks are written so that they can be read wherever they are opened, in plain Markdown and with
captions in their outputs. What the book has of its own, such as numbered figures, is made here.
"""

import importlib
import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kept import Kept, chapters_code, fingerprint, key_of, versions
from trendlib.evaluate.results import is_evaluated
from trendlib.language import CATALOGUE, N_, translations
from trendlib.model.weights import Weights
from trendlib.runs.settings import DEFAULT_ONLY, cells_without
from trendlib.show.captions import caption_in, description_of

MOST_KERNELS = 4
"""Each holds a model in memory."""
CHAPTER_SECONDS = 1800
"""How long a chapter may take, if nothing else is said."""
FOLDED = {"hide-input", "hide-output", "hide-cell"}
PROMPTS = {
    "parameters": N_("The settings of this chapter"),
    "provenance": N_("The model and the versions"),
    "imports": N_("The imports"),
    "solution": N_("A solution"),
    "figure": N_("The code of this figure"),
    "hide-input": N_("The code"),
    "hide-output": N_("The output"),
    "hide-cell": N_("The code and its output"),
}
"""What stands where a cell is folded, by what the cell is."""
EXERCISE = re.compile(r"^### Exercise ", re.MULTILINE)
LEFT_OUT = N_(
    "This page was made with {model}. Comments on what is seen, and exercises about it, were "
    "written for another model ({own}), and are left out."
)
OF_BERT = N_(
    "The text tells how BERT is built. This model is of another type, {type}: what differs is told "
    "in [Another model, another language](13_another_model.ipynb)."
)
NOT_EVALUATED = N_(
    "It was not tested on data sets. Tables and figures about these name the model that they are "
    "about."
)
OWN_MODEL = re.compile(r'^model: str = "([^"]+)"', re.MULTILINE)
BERT = "bert"
"""The type of the models that the text is about, in config.json."""
EVALUATION = "trendlib.evaluate"
"""What a chapter imports that shows what was measured on data sets."""
MODEL_CELL = "injected-parameters"
"""The tag of the cell that papermill puts in when the model is not the notebook's own."""


@dataclass(frozen=True)
class Chapter:
    """A notebook of the book, in one language.

    Attributes:
        path: The notebook, as it is committed.
        weights: The model to run it with.
        language: The name of its edition.
        catalogue: The compiled catalogue of what ``trendlib`` says; None for English.
    """

    path: Path
    weights: Weights
    language: str = "en"
    catalogue: Path | None = None

    @property
    def name(self) -> str:
        """The name of what is kept of it."""
        return f"{self.path.stem}-{self.language}.ipynb"

    @property
    def page(self) -> str:
        """Its place in the book, without the ending of its file."""
        return f"notebooks/{self.path.stem}"

    @property
    def parameters(self) -> dict[str, object]:
        """What it is run with; a cell that repeats its own model would only puzzle the reader.

        A chapter without a model, such as one about printed figures, has no parameters.
        """
        model = self.weights.choice
        parameters = [
            _source(cell)
            for cell in _code(_read(self.path.read_bytes()))
            if "parameters" in _tags(cell)
        ]
        own = f'model: str = "{model}"'
        return {"model": model} if any(own not in source for source in parameters) else {}

    @property
    def own_model(self) -> str | None:
        """The model that its text was written for; None if it runs no model."""
        sources = map(_source, _code(_read(self.path.read_bytes())))
        return next((found[1] for each in sources if (found := OWN_MODEL.search(each))), None)

    @property
    def notebook(self) -> Any:
        """The notebook as it is run: with another model, without what is true of its own only."""
        notebook = _read(self.path.read_bytes())
        if self.own_model not in (None, self.weights.name):
            notebook["cells"] = cells_without(notebook["cells"], DEFAULT_ONLY)
        return notebook

    @cached_property
    def key(self) -> str:
        """All that its outputs depend on: code and model, but not its text."""
        notebook = self.notebook
        return key_of(
            [(_source(cell), _tags(cell)) for cell in _code(notebook)],
            notebook["metadata"].get("kernelspec", {}).get("name"),
            [self.weights.name, self.weights.revision, self.weights.model_sha256],
            fingerprint(self.catalogue) if self.catalogue else "",
            chapters_code(),
            fingerprint(Path(__file__)),
            versions(),
        )


@dataclass(frozen=True)
class Failure:
    """A chapter that could not be run.

    Attributes:
        chapter: The chapter.
        reason: What happened, in one line.
        notebook: The notebook with its error; None if there is none.
    """

    chapter: Chapter
    reason: str
    notebook: Path | None


def to_run(chapters: Sequence[Chapter], kept: Kept) -> list[Chapter]:
    """List the chapters of which no valid outputs are kept."""
    return [chapter for chapter in chapters if kept.read(chapter.name, chapter.key) is None]


def run_chapters(
    chapters: Sequence[Chapter],
    kept: Kept,
    failed: Path,
    log: Path,
    on_done: Callable[[], object],
    timeout: float = CHAPTER_SECONDS,
) -> list[Failure]:
    """Run chapters and keep them; those that fail do not stop the others.

    Args:
        chapters: The chapters to run.
        kept: Where the executed notebooks are kept.
        failed: A folder for the notebooks that fail, with their errors.
        log: The file that gets what the kernels say.
        on_done: Called whenever a chapter has been run.
        timeout: How long a chapter may take; a cell that hangs ends its kernel then.

    Returns:
        The chapters that failed.
    """
    shutil.rmtree(failed, ignore_errors=True)
    if not chapters:
        return []
    failed.mkdir(parents=True)
    # Before any thread starts, since it parses (see ``Workers``).
    for module in ("trendlib.runs.engine", "trendlib.runs.pages"):
        importlib.import_module(module)
    from trendlib.runs.kernels import Workers, usable_cores

    work = _Work({chapter.name: chapter for chapter in chapters}, kept, failed)
    count = min(usable_cores(), MOST_KERNELS, len(chapters))
    with (
        log.open("ab") as said,
        Workers(count, lambda _: None, work.run, work.give_up, timeout, said) as workers,
    ):
        for _ in workers.do([(chapter.name,) for chapter in chapters]):
            on_done()
    if not work.failures:
        failed.rmdir()
    return work.failures


def with_outputs(chapter: Chapter, executed: bytes) -> bytes:
    """Put the outputs of an executed notebook into the chapter as it is now, for the book.

    Args:
        chapter: The chapter.
        executed: The notebook, executed when the chapter had the same code.
    """
    notebook = chapter.notebook
    translated = translations(str(chapter.catalogue) if chapter.catalogue else None).gettext
    done = iter(_code(_read(executed)))
    cells: list[Any] = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            run = next(done)
            if MODEL_CELL in _tags(run):
                cells.append(run)
                run = next(done)
            cell |= {name: run[name] for name in ("outputs", "execution_count")}
            _number_figure(cell)
            _name_fold(cell, cells[-1] if cells else cell, translated)
        else:
            cell["source"] = _within_the_book(_source(cell))
        cells.append(cell)
    notebook["cells"] = [*cells[:1], *_left_out(chapter, translated), *cells[1:]]
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _left_out(chapter: Chapter, translated: Callable[[str], str]) -> list[Any]:
    """Say at the top of a page that it lacks what is true of the chapter's own model only."""
    cells = _read(chapter.path.read_bytes())["cells"]
    if len(cells) == len(chapter.notebook["cells"]):
        return []
    weights = chapter.weights
    texts = [translated(LEFT_OUT).format(model=weights.name, own=chapter.own_model)]
    if weights.model_type != BERT and f"({chapter.path.name})" not in OF_BERT:
        texts.append(translated(OF_BERT).format(type=weights.model_type))
    if any(EVALUATION in _source(cell) for cell in cells) and not is_evaluated(weights.name):
        texts.append(translated(NOT_EVALUATED))
    source = f"> {' '.join(texts)}"
    return [{"cell_type": "markdown", "id": "left-out", "metadata": {}, "source": source}]


def _number_figure(cell: Any) -> None:
    """Take a caption and a description out of the outputs, to where Jupyter Book looks for them."""
    pairs = zip(cell["outputs"], cell["outputs"][1:], strict=False)
    for figure, below in pairs:
        alt = description_of(figure)
        if alt is not None:
            cell["metadata"]["mystnb"] = {
                "figure": {"caption": caption_in(_text(below["data"]["text/markdown"]))},
                "image": {"alt": alt},
            }
            cell["outputs"].remove(below)
            # Where the translators' catalogues are made, myst-nb would prefer it.
            del figure["data"]["image/png"]
            return


def _name_fold(cell: Any, before: Any, translated: Callable[[str], str]) -> None:
    """Say what is in a folded cell: "Show code cell source" tells a reader little."""
    kind = _kind(cell, before)
    if kind:
        prompt = translated(PROMPTS[kind])
        shown = dict.fromkeys(("code_prompt_show", "code_prompt_hide"), prompt)
        cell["metadata"]["mystnb"] = cell["metadata"].get("mystnb", {}) | shown


def _kind(cell: Any, before: Any) -> str | None:
    """Tell which of ``PROMPTS`` a cell gets; None if it is not folded."""
    tags = set(_tags(cell))
    folded = tags & FOLDED
    if not folded:
        return None
    if "figure" in cell["metadata"].get("mystnb", {}):
        return "figure"
    if _source(cell).startswith(("import ", "from ")) and not cell["outputs"]:
        return "imports"
    if before["cell_type"] == "markdown" and EXERCISE.search(_source(before)):
        return "solution"
    (kind,) = tags & {"parameters", "provenance"} or folded
    return kind


def _within_the_book(markdown: str) -> str:
    """Let links lead to the book's pages; in the repository these are in a folder of their own.

    >>> _within_the_book("[words](../book/glossary.md), [works](../book/references.bib)")
    '[words](../glossary.md), [works](../bibliography.md)'
    """
    markdown = markdown.replace("](../book/references.bib)", "](../bibliography.md)")
    return re.sub(r"\]\(\.\./book/", "](../", markdown)


class _Work:
    """What the threads of the workers do with chapters, each on its own kernel."""

    def __init__(self, chapters: dict[str, Chapter], kept: Kept, failed: Path) -> None:
        self.failures: list[Failure] = []
        self._chapters = chapters
        self._kept = kept
        self._failed = failed

    def run(self, kernel: Any, batch: tuple[str, ...]) -> None:
        """Run the chapter of a batch of one."""
        from papermill.exceptions import PapermillExecutionError

        (name,) = batch
        chapter = self._chapters[name]
        out = self._failed / name
        catalogue = str(chapter.catalogue) if chapter.catalogue else ""
        language = f"import gc, os; gc.enable(); os.environ[{CATALOGUE!r}] = {catalogue!r}"
        kernel.client.execute(language, silent=True, store_history=False)
        kernel.call("reset")
        started = time.perf_counter()
        try:
            self._execute(kernel, chapter, out)
        except PapermillExecutionError as error:
            self.failures.append(Failure(chapter, _first_error(error), out))
            return
        seconds = time.perf_counter() - started
        self._kept.write(name, chapter.key, out.read_bytes(), seconds)
        out.unlink()

    def _execute(self, kernel: Any, chapter: Chapter, out: Path) -> None:
        import nbformat
        from nbclient.exceptions import DeadKernelError

        from trendlib.runs import engine, pages
        from trendlib.runs.kernels import WorkerDiedError

        try:
            notebook = nbformat.from_dict(chapter.notebook)  # type: ignore[no-untyped-call]
            engine.execute(notebook, out, chapter.parameters, kernel.manager, kernel.client)
        except DeadKernelError as error:
            raise WorkerDiedError(str(error)) from error
        finally:
            if out.exists():
                weights = chapter.weights
                pages.forget_machine(out, {str(weights.folder): weights.name})

    def give_up(self, name: str, why: str) -> None:
        """Take note of a chapter that no kernel could run."""
        logging.error("%s: %s", name, why)
        self.failures.append(
            Failure(self._chapters[name], f"it could not be run ({why}); see the log", None)
        )


def _first_error(error: Any) -> str:
    last = f"{error.ename}: {error.evalue}".strip().splitlines()[-1]
    return f"code cell {error.exec_count}: {last}"


def _read(content: bytes) -> Any:
    return json.loads(content)  # nbformat takes a second to load


def _code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _source(cell: Any) -> str:
    return _text(cell["source"])


def _text(lines: str | list[str]) -> str:
    return "".join(lines)


def _tags(cell: Any) -> list[str]:
    return list(cell["metadata"].get("tags", []))
