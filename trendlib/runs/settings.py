"""The settings of a run, checked before anything starts."""

import hashlib
import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trendlib
from trendlib.encoding import DTYPES, UNICODE
from trendlib.errors import ParameterError, check_choice
from trendlib.files.code_version import code_version
from trendlib.model.cutters import find_cutter
from trendlib.model.weights import AUTO, Weights, find_weights
from trendlib.readings import ARTICLE, reading_named

if TYPE_CHECKING:
    import nbformat

PACKAGE = Path(trendlib.__file__).resolve().parent
WALKTHROUGH = "03_with_a_model.ipynb"
WALKTHROUGH_PLACES = (
    PACKAGE.parent / "notebooks" / WALKTHROUGH,
    PACKAGE / "notebooks" / WALKTHROUGH,
)
"""Beside the package, or inside it where it was installed.

:meta hide-value:
"""
COMPUTED_BY = ("trendlib.model.corpus", "trendlib.runs.records")
"""The modules that a record comes from: if their code changes, it is computed again."""
OWN = ("sentence", "model", "reading", "dtype")
"""The parameters that a notebook must have, because the run sets them."""
CUTTER = "cutter"
"""A parameter that the run sets too, of a notebook that must have it only for another cutter than
Unicode's rules."""

DEFAULT_ONLY = "default-only"
"""The tag of cells that are true of a notebook's own parameters only, such as a comment on them."""
LESSON = "lesson"
"""The tag of cells that teach, and that a run over many sentences does not need."""

PYTHON = ("python", "python3", "ipython")
"""What notebooks call the language that a run takes."""

TYPES = {"str": str, "int": int, "float": float, "bool": bool}
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Settings:
    """What a run does with its sentences.

    Attributes:
        weights: The model.
        reading: Name of the reading.
        dtype: "float32" or "float64".
        notebook: The notebook that is run.
        parameters: Its further parameters.
        cutter: Name of the word cutter.
        code: The version of the code that makes the records.
    """

    weights: Weights
    reading: str
    dtype: str
    notebook: Path
    parameters: Mapping[str, object] = field(default_factory=dict)
    cutter: str = UNICODE
    code: str = field(default_factory=lambda: code_version(*COMPUTED_BY))

    @property
    def manifest(self) -> dict[str, object]:
        """What distinguishes this run from others; nothing in it identifies this machine."""
        return {
            "model": self.weights.name,
            "revision": self.weights.revision,
            "weights_sha256": self.weights.sha256,
            "model_sha256": self.weights.model_sha256,
            "reading": self.reading,
            "dtype": self.dtype,
            "cutter": self.cutter,
            "notebook": self.notebook.name,
            "parameters": dict(self.parameters),
        }

    @cached_property
    def content(self) -> "nbformat.NotebookNode":
        """The notebook as it is run: without the cells that are about its own parameters."""
        content = read_notebook(self.notebook)
        content.cells = cells_without(content.cells, DEFAULT_ONLY, LESSON)
        return content

    @cached_property
    def cells(self) -> str:
        """The version of the notebook: a checksum of the sources of its cells."""
        sources = [cell.source for cell in self.content.cells]
        return hashlib.sha256(json.dumps(sources).encode()).hexdigest()[:16]

    @property
    def is_walkthrough(self) -> bool:
        """Whether the notebook is this package's own."""
        return self.notebook in WALKTHROUGH_PLACES

    def notebook_parameters(self, sentence: str) -> dict[str, object]:
        """List what the notebook is run with."""
        return {
            "sentence": sentence,
            "model": self.weights.choice,
            "reading": self.reading,
            "dtype": self.dtype,
            **({CUTTER: self.cutter} if self.cutter != UNICODE else {}),
            **self.parameters,
        }


def checked_settings(
    model: str | Path = AUTO,
    reading: str = ARTICLE.name,
    dtype: str = "float64",
    notebook: Path | None = None,
    parameters: Mapping[str, str] | None = None,
    cutter: str = UNICODE,
) -> Settings:
    """Check the settings of a run.

    Args:
        model: A name, a folder, or a model of the hub; see ``weights.find_weights``.
        reading: Name of a reading.
        dtype: "float32" or "float64".
        notebook: A notebook with the parameters ``OWN``; the walkthrough if left out.
        parameters: Values of its other parameters, as texts.
        cutter: Name of a word cutter; another one than Unicode's needs a notebook with the
            parameter ``CUTTER``.

    Raises:
        ModelError: If the model cannot be found.
        UnknownChoiceError: If there is no such reading, dtype or cutter.
        ParameterError: If the notebook cannot be read or lacks a parameter, if it does not have
            one of the parameters, or if a value has the wrong type.
    """
    reading_named(reading)
    check_choice("dtype", dtype, DTYPES)
    find_cutter(cutter)
    notebook = (notebook or walkthrough()).resolve()
    chosen = notebook.name != WALKTHROUGH or parameters
    converted = check_parameters(notebook, parameters or {}, cutter) if chosen else {}
    return Settings(find_weights(model), reading, dtype, notebook, converted, cutter)


def walkthrough() -> Path:
    """Find the walkthrough's notebook.

    Raises:
        ParameterError: If it is in none of ``WALKTHROUGH_PLACES``.
    """
    for place in WALKTHROUGH_PLACES:
        if place.is_file():
            return place
    raise ParameterError(
        f"{WALKTHROUGH} is not installed with trendlib: choose a notebook with --notebook"
    )


def read_notebook(path: Path) -> "nbformat.NotebookNode":
    """Read a notebook of any format, and convert it to the newest one that runs with this Python.

    Raises:
        ParameterError: If it cannot be read, or is written in another language.
    """
    if not path.is_file():
        raise ParameterError(f"there is no notebook {path}: check the path")
    import nbformat  # takes a while, and a run without notebooks does without it

    try:
        read = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        # What was upgraded from an old format is of another class.
        content: nbformat.NotebookNode = nbformat.from_dict(read)  # type: ignore[no-untyped-call]
        nbformat.validate(content)
        kernel = content.metadata.get("kernelspec", {})
        language = kernel.get("language") or content.metadata.get("language_info", {}).get("name")
    except Exception as error:  # nbformat's errors share no base class with what else it raises
        raise ParameterError(
            f"{path.name} cannot be read as a notebook ({type(error).__name__}: "
            f"{textwrap.shorten(str(error), 200)}): open it in Jupyter, and save it again"
        ) from error
    if str(language or "python").lower() not in PYTHON:
        raise ParameterError(f"{path.name} is written in {language}: choose a notebook in Python")
    # Other tools leave it out, or name a kernel that only their machine has.
    content.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return content


def cells_without(cells: Iterable[Any], *tags: str) -> list[Any]:
    """Leave out the cells that have one of some tags.

    Args:
        cells: The notebook's cells.
        tags: Such as ``DEFAULT_ONLY``.

    >>> comment = {"metadata": {"tags": [DEFAULT_ONLY]}, "source": "The apple wins."}
    >>> cells_without([comment, {"metadata": {}, "source": "Which word wins?"}], DEFAULT_ONLY)
    [{'metadata': {}, 'source': 'Which word wins?'}]
    """
    return [cell for cell in cells if not set(tags) & set(cell["metadata"].get("tags", []))]


def check_parameters(
    notebook: Path, given: Mapping[str, str], cutter: str = UNICODE
) -> dict[str, object]:
    """Check names and types; papermill itself only warns of unknown names.

    Args:
        notebook: The notebook.
        given: The values, as texts, by name.
        cutter: Name of the word cutter.

    Returns:
        The values, in the types that the notebook declares.

    Raises:
        ParameterError: As ``checked_settings``.
    """
    content = read_notebook(notebook)
    import papermill  # takes a second, and a run without notebooks does without it

    known = papermill.inspect_notebook(content)
    needed = OWN if cutter == UNICODE else (*OWN, CUTTER)
    missing = [name for name in needed if name not in known]
    if missing:
        raise ParameterError(
            f"{notebook.name} has no parameter {', '.join(missing)}: its cell tagged 'parameters' "
            f"must set {', '.join(needed)}"
        )
    others = [name for name in known if name not in (*OWN, CUTTER)]
    for name in given:
        if name in (*OWN, CUTTER):
            raise ParameterError(f"the parameter {name!r} has its own option: use that one")
        if name not in others:
            listed = ", ".join(repr(other) for other in others) or "none"
            raise ParameterError(
                f"{notebook.name} has no parameter {name!r}: besides {', '.join(OWN)} it has "
                f"{listed}"
            )
    return {name: _converted(name, text, known[name]) for name, text in given.items()}


def _converted(name: str, text: str, parameter: Mapping[str, str]) -> object:
    kind = parameter["inferred_type_name"]
    if kind not in TYPES:
        raise ParameterError(
            f"the parameter {name!r} is of type {kind!r}: only {', '.join(TYPES)} can be set here"
        )
    try:
        return BOOLEANS[text.lower()] if kind == "bool" else TYPES[kind](text)
    except (ValueError, KeyError):
        allowed = "true or false" if kind == "bool" else f"a value of type {kind}"
        raise ParameterError(f"the parameter {name!r} is {text!r}: use {allowed}") from None
