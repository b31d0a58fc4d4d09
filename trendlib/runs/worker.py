"""What a worker computes, in its kernel, with the model loaded.

The worker writes no files: it returns answers, and the command stores them.
"""

import base64
import gc
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

from trendlib.embedding import Recipe, SentenceEmbedding, embed_encoding
from trendlib.encoding import UNICODE, Encoding, pool
from trendlib.errors import SentenceError, reason
from trendlib.files.code_version import code_version
from trendlib.model.corpus import embed_many
from trendlib.model.encoder import Encoder, check_same_model, load_encoder
from trendlib.readings import reading_named
from trendlib.runs import records
from trendlib.runs.settings import COMPUTED_BY
from trendlib.typing import Vector

_START = Path.cwd()
_model_sha256 = ""
_cutter = UNICODE


class Answer:
    """An answer to the command, as JSON, so that nobody has to parse Python."""

    def __init__(self, value: Any) -> None:
        """Keep a value that JSON can hold."""
        self.value = value

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"application/json": {"answer": self.value}}


def answer(function: str, arguments: str) -> Answer:
    """Call a function of this module; the arguments are JSON."""
    return Answer(_FUNCTIONS[function](**json.loads(arguments)))


def prepare(model: str, model_sha256: str, dtype: str, cutter: str, notebooks: bool) -> str:
    """Load what every sentence needs; returns the version of the code that this kernel runs."""
    global _model_sha256, _cutter
    _model_sha256, _cutter = model_sha256, cutter
    _load(model, dtype)
    if notebooks:
        _prepare_notebooks()
    # What is loaded by now stays: the garbage collector need not look at it again and again.
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)  # a figure makes and drops many objects
    return code_version(*COMPUTED_BY)


def _load(model: str, dtype: str) -> Encoder:
    """Load the model of the run; an error if its folder holds another one meanwhile."""
    encoder = load_encoder(model, dtype, cutter=_cutter)
    check_same_model("begun", _model_sha256, encoder.provenance, encoder.provenance.model)
    return encoder


def _prepare_notebooks() -> None:
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    from trendlib.runs import pages  # noqa: F401
    from trendlib.show import plots, report  # noqa: F401

    shell = get_ipython()
    # A notebook may import what lies beside the run, but nothing there takes a library's place.
    sys.path.append("")
    if shell is not None:
        # A figure is laid out once. To crop it, Jupyter would lay it out a second time.
        set_matplotlib_formats("png", bbox_inches=None)  # type: ignore[no-untyped-call]
        # An error's message says what to do; its traceback would tell paths of this machine.
        shell.InteractiveTB.set_mode("Minimal")


def describe(
    sentences: Sequence[str], model: str, dtype: str, reading: str, pictures: bool
) -> list[dict[str, Any]]:
    """Make the records of sentences, and their pictures if they are wanted."""
    try:
        return _describe(sentences, _load(model, dtype), reading, pictures)
    except Exception as error:  # whatever it is, the other sentences go on
        if len(sentences) > 1:
            return [
                described
                for sentence in sentences
                for described in describe([sentence], model, dtype, reading, pictures)
            ]
        return [{"record": records.failure(reason(error))}]


def describe_executed(sentence: str, model: str, dtype: str, reading: str) -> dict[str, Any]:
    """Make the record and the picture of the sentence that the walkthrough was just run with.

    The model has run already: what the notebook's own ``encode`` returned is used, if it is there.
    """
    encoding = _encoding_in_notebook(sentence, _load(model, dtype))
    reset()  # the notebook's settings of figures are not those of the picture
    if encoding is not None:
        embedding = embed_encoding(encoding, Recipe(reading_named(reading)))
        return _described(
            embedding, pool(encoding.hidden_states[-1], "cls"), encoding.mean, pictures=True
        )
    (described,) = describe([sentence], model, dtype, reading, pictures=True)
    return described


def _encoding_in_notebook(sentence: str, encoder: Encoder) -> Encoding | None:
    shell = get_ipython()
    values = [] if shell is None else list(shell.user_ns.values())
    for value in values:
        if not isinstance(value, Encoding) or value.provenance != encoder.provenance:
            continue
        if value.sentence == sentence:
            return value
    return None


def _describe(
    sentences: Sequence[str], encoder: Encoder, reading: str, pictures: bool
) -> list[dict[str, Any]]:
    recipe = Recipe(reading_named(reading))
    described: dict[int, dict[str, Any]] = {}
    for place, outcome in embed_many(encoder, sentences, recipe, usual=True):
        if isinstance(outcome, SentenceError):
            described[place] = {"record": records.failure(reason(outcome))}
        else:
            usual = outcome.usual
            assert usual is not None  # it was asked for
            described[place] = _described(outcome.embedding, usual.cls, usual.mean, pictures)
    return [described[place] for place in range(len(sentences))]


def _described(
    embedding: SentenceEmbedding, cls: Vector, mean: Vector, pictures: bool
) -> dict[str, Any]:
    versions = json.dumps(dict(embedding.provenance.versions))
    record = records.record_of(embedding, cls, mean) | {"versions": versions}
    if not pictures:
        return {"record": record}
    from trendlib.show import plots

    drawn = io.BytesIO()
    text = {"Description": f"model: {embedding.provenance}"}
    plots.thumbnail(embedding).savefig(drawn, format="png", metadata=text)
    return {"record": record, "picture": base64.b64encode(drawn.getvalue()).decode()}


def page(notebook: str, sentence: str) -> str:
    """Make the page of an executed notebook."""
    from trendlib.runs import pages

    return pages.notebook_page(Path(notebook), sentence)


def reset() -> None:
    """Clear what the last notebook left: its names, outputs, figures and folder."""
    import matplotlib.pyplot as plt

    shell = get_ipython()
    if shell is not None:
        shell.reset(new_session=True)  # type: ignore[no-untyped-call]
    plt.close("all")
    plt.rcdefaults()
    os.chdir(_START)


_FUNCTIONS = {
    function.__name__: function for function in (prepare, describe, describe_executed, page, reset)
}
