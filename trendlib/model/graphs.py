"""The network as ONNX graphs, for engines that take less time than torch on many sentences.

A batch goes through the same two steps as in ``batch``: the part "begin" runs all blocks but the
last and returns the attention that votes in the reading, the part "end" runs the last block for a
few tokens, or "end-all" for all. In the precision "bf16", "begin" stops where rounding may begin,
and "middle" goes on from there.

Each part is a file that is made once, in the folder "graphs" of the cache. The name of its folder
is a checksum of all that it depends on: the model's weights, tokenizer and settings, and the
versions of the code and the libraries that make it; its own name says the reading's layer and ends
with its checksum. Whenever a part is loaded, what it returns for a few sentences is compared with
what torch returns; a new one is kept only after that.
"""

import hashlib
import json
import logging
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from trendlib.attention import layer_of
from trendlib.encoding import FULL, Tokenized
from trendlib.errors import OutputError, needs_extra
from trendlib.model.batch import (
    Wanted,
    embed_tokens,
    n_precise,
    pad_batch,
    run_block,
    run_block_for,
    run_blocks,
    run_to_last_block,
    stacks_of,
)
from trendlib.model.cache import CACHE_VARIABLE, cache_folder
from trendlib.model.encoder import Encoder, exact
from trendlib.model.engines import RUNNERS
from trendlib.model.weights import ModelWarning, sha256_of
from trendlib.readings import Reading
from trendlib.typing import TokenStates

TOLERANCE = 1e-5
"""The most that an array may differ from torch's, relative to its length, in full precision."""
ROUNDED_TOLERANCE = 0.1
"""The same where numbers are rounded."""
SENTENCES = ("I want an apple.", "She sent a card to her mother, who had a very good day.", "I")
"""What parts are compared with torch on; of different lengths, so that padding counts."""
MADE_BY = ("torch", "transformers", "onnx", "onnxscript")
"""The libraries that a part depends on."""
SUFFIX = ".onnx"

Run = Callable[..., list[np.ndarray[Any, Any]]]


class _Begin(torch.nn.Module):
    """Ids and mask to the first state, the attention that votes, and a block's input."""

    def __init__(self, model: Any, layer: int | None, first: int, block: int) -> None:
        super().__init__()
        self.model = model
        self.layer = layer
        self.states = first, block

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        states, rows = run_to_last_block(self.model, ids, _keep(mask), self.layer)
        first, block = (states[number] for number in self.states)
        return first, rows, block


class _Middle(torch.nn.Module):
    """A block's input and the mask to the last block's input."""

    def __init__(self, model: Any, block: int) -> None:
        super().__init__()
        self.blocks = model.encoder.layer[block:-1]

    def forward(self, hidden: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        states, _ = run_blocks(list(self.blocks), hidden, _keep(mask), layer=-1)
        return (states[-1],)


class _End(torch.nn.Module):
    """The last block's input, the mask and ``batch.Wanted`` to the vectors of wanted tokens."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.block = model.encoder.layer[-1]

    def forward(self, hidden: Tensor, mask: Tensor, *wanted: Tensor) -> tuple[Tensor, ...]:
        return (run_block_for(self.block, hidden, _keep(mask), *wanted),)


class _EndAll(torch.nn.Module):
    """The last block's input and the mask to the vectors of all tokens."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.block = model.encoder.layer[-1]

    def forward(self, hidden: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        return (run_block(self.block, hidden, _keep(mask))[0],)


def _keep(mask: Tensor) -> Tensor:
    return mask.bool()[:, None, None, :]


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the network.

    Attributes:
        name: Its name among the parts of the same model.
        module: The part, for torch.
        inputs: What it takes, by name, for ``SENTENCES``.
        axes: The names of the inputs' axes, but for those that never vary.
        precision: That in which it may run.
    """

    name: str
    module: torch.nn.Module
    inputs: dict[str, Tensor]
    axes: tuple[tuple[str, ...], ...]
    precision: str


class Parts:
    """A model's parts in an engine, loaded when they are needed; threads may share them."""

    def __init__(self, encoder: Encoder, layer: int | None, first: int) -> None:
        """Choose where the network is cut.

        Args:
            encoder: The model, with another engine than torch.
            layer: The layer whose heads vote; None if the layers vote.
            first: The hidden state that the last one is compared with: 0 or 1.
        """
        # Not the encoder: it would keep the network alive, which these parts are kept with.
        self._precision = encoder.provenance.precision
        last = encoder.n_layers - 1
        self._cut = last if self._precision == FULL else n_precise(layer, encoder.n_layers)
        self._last, self._layer, self._first = last, layer, first
        self._loaded: dict[str, Run] = {}
        self._loading = threading.Lock()

    def begin(self, encoder: Encoder, ids: Tensor, mask: Tensor) -> list[np.ndarray[Any, Any]]:
        """Return the first state, the attention that votes, and the last block's input."""
        begin = self._run(encoder, self._begin)
        first, rows, hidden = begin(ids.numpy(), mask.numpy())
        if self._cut < self._last:
            (hidden,) = self._run(encoder, self._middle)(hidden, mask.numpy())
        return [first, rows, hidden]

    def end(
        self, encoder: Encoder, hidden: np.ndarray[Any, Any], mask: Tensor, wanted: Wanted
    ) -> TokenStates:
        """Return the wanted tokens' vectors in the last state."""
        if wanted.are_few(hidden):
            (last,) = self._run(encoder, self._end)(hidden, mask.numpy(), *wanted.arrays)
        else:
            (every,) = self._run(encoder, self._end_all)(hidden, mask.numpy())
            last = every.reshape(-1, every.shape[-1])[wanted.flat]
        return last

    def _run(self, encoder: Encoder, part: Callable[[Encoder], Part]) -> Run:
        name = part.__name__
        if name not in self._loaded:
            with self._loading:
                if name not in self._loaded:
                    self._loaded[name] = load_part(encoder, part(encoder))
        return self._loaded[name]

    def _begin(self, encoder: Encoder) -> Part:
        ids, mask = _example(encoder)
        module = _Begin(encoder.model, self._layer, self._first, self._cut)
        name = f"begin-{'layers' if self._layer is None else self._layer}-{self._first}-{self._cut}"
        axes = (("sentence", "token"),) * 2
        return Part(name, module, {"ids": ids, "mask": mask}, axes, FULL)

    def _middle(self, encoder: Encoder) -> Part:
        module = _Middle(encoder.model, self._cut)
        inputs, axes = _example_of_block(encoder, self._cut)
        return Part(f"middle-{self._cut}", module, inputs, axes, self._precision)

    def _end(self, encoder: Encoder) -> Part:
        inputs, axes = _example_of_block(encoder, self._last)
        tokens = [[1, 2], [2, 3, 5], [1]]  # of each sentence, in the middle and at the end
        wanted = Wanted.of(tokens[: len(inputs["mask"])], inputs["mask"].shape[1])
        named = zip(("flat", "slots", "back"), wanted.arrays, strict=True)
        inputs |= {name: torch.from_numpy(array) for name, array in named}
        axes += (("wanted",), ("sentence", "slot"), ("wanted",))
        return Part("end", _End(encoder.model), inputs, axes, self._precision)

    def _end_all(self, encoder: Encoder) -> Part:
        inputs, axes = _example_of_block(encoder, self._last)
        return Part("end-all", _EndAll(encoder.model), inputs, axes, self._precision)


class StartedGraphs:
    """A batch before the last block, run by an engine; see ``batch.StartedBatch``."""

    def __init__(
        self, encoder: Encoder, batch: Sequence[Tokenized], reading: Reading, first: int
    ) -> None:
        """Run all blocks but the last; see ``batch.start``."""
        encoder.check_engine()
        layer = layer_of(reading, encoder.n_layers)
        self._encoder = encoder
        self._parts = parts_of(encoder, layer, first)
        ids, self._mask = _padded(batch, encoder)
        self._first, rows, self._before_last = self._parts.begin(encoder, ids, self._mask)
        self.attention = stacks_of(rows, batch, layer, encoder.provenance)

    def finish(self, tokens: Sequence[Sequence[int]]) -> list[tuple[TokenStates, TokenStates]]:
        """Run the last block for some tokens of each sentence; see ``batch.StartedBatch``."""
        before = self._before_last
        wanted = Wanted.of(tokens, before.shape[1])
        last = self._parts.end(self._encoder, before, self._mask, wanted)
        return wanted.split(self._first.reshape(-1, before.shape[-1])[wanted.flat], last)


_parts: WeakKeyDictionary[Any, dict[tuple[Any, ...], Parts]] = WeakKeyDictionary()
"""The parts that this process has loaded, by the network that they are of."""
_finding = threading.Lock()


def parts_of(encoder: Encoder, layer: int | None, first: int) -> Parts:
    """Find a model's parts in its engine; see ``Parts``."""
    key = encoder.provenance.engine, encoder.provenance.precision, layer, first
    with _finding:
        of_network = _parts.setdefault(encoder.model, {})
        if key not in of_network:
            of_network[key] = Parts(encoder, layer, first)
        return of_network[key]


def load_part(encoder: Encoder, part: Part) -> Run:
    """Load a part into the encoder's engine; it is made if it is not in the cache.

    Raises:
        OutputError: If what it returns is not what torch returns.
        MissingExtraError: If what makes it is not installed.
    """
    folder = cache_folder() / "graphs" / _name(encoder)
    runner = RUNNERS[encoder.provenance.engine]
    kept = _kept(folder, part.name)
    if kept is not None:
        run = runner(str(kept), part.precision)
        _check(encoder, part, run)
        return run
    with _new_folder(folder) as new:
        path = new / f"{part.name}{SUFFIX}"
        _export(part, path)
        run = runner(str(path), part.precision)
        _check(encoder, part, run)
        _keep_file(path, folder)
    return run


def _name(encoder: Encoder) -> str:
    """Name the folder by all that the files depend on."""
    made_of = {
        "model": encoder.provenance.model_sha256,
        "code": [sha256_of(Path(__file__).with_name(name)) for name in ("graphs.py", "batch.py")],
        "versions": {name: version(name) for name in MADE_BY},
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]


def _kept(folder: Path, name: str) -> Path | None:
    """Find a file of a part that is as it was when it was kept."""
    for path in sorted(folder.glob(f"{name}.*{SUFFIX}")):
        try:
            if path.name == _with_checksum(path, name):
                return path
        except OSError:
            continue
    return None


def _with_checksum(path: Path, name: str) -> str:
    return f"{name}.{sha256_of(path)[:32]}{SUFFIX}"


@contextmanager
def _new_folder(beside: Path) -> Iterator[Path]:
    """Make a folder for a new file, where it will be kept if that can be written to."""
    try:
        beside.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(dir=beside, prefix=".new-")
    except OSError:
        temporary = tempfile.TemporaryDirectory()
    with temporary as name:
        yield Path(name)


def _keep_file(path: Path, folder: Path) -> None:
    """Move a file to where the next process looks for it, if that is possible."""
    try:
        path.rename(folder / _with_checksum(path, path.stem))
    except OSError as error:
        warnings.warn(
            f"the network's files cannot be kept in {folder.parent} ({error.strerror}): they are "
            f"made again next time; set {CACHE_VARIABLE} to a folder that can be written to",
            ModelWarning,
            stacklevel=2,
        )


def _export(part: Part, path: Path) -> None:
    """Write a part as ONNX."""
    with needs_extra("an engine other than torch", "onnx"):
        import onnx

    dimensions: dict[str, Any] = {
        name: torch.export.Dim(name) for axes in part.axes for name in axes
    }
    axes = tuple({place: dimensions[name] for place, name in enumerate(each)} for each in part.axes)
    # A module with *args takes all that is left as one argument.
    shapes = (*axes[:2], axes[2:]) if isinstance(part.module, _End) else axes
    with quiet_export(), torch.inference_mode():
        program = torch.onnx.export(
            part.module.eval(),
            tuple(part.inputs.values()),
            input_names=tuple(part.inputs),
            dynamic_shapes=shapes,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    onnx.save(program.model_proto, path)


def _check(encoder: Encoder, part: Part, run: Run) -> None:
    """Compare what a part returns for ``SENTENCES`` with what torch returns.

    Raises:
        OutputError: If it is something else.
    """
    with exact(encoder.device):
        expected = [output.numpy() for output in part.module(*part.inputs.values())]
    found = run(*(array.numpy() for array in part.inputs.values()))
    allowed = TOLERANCE if part.precision == FULL else ROUNDED_TOLERANCE
    for ours, torchs in zip(found, expected, strict=True):
        difference = float(np.linalg.norm(ours - torchs) / np.linalg.norm(torchs))
        if not difference <= allowed:
            raise OutputError(
                f"{encoder.provenance.model}, run by {encoder.provenance.engine}, returns other "
                f"numbers than torch (part {part.name}, {difference:.1e} of their size, and "
                f"{allowed:.0e} is allowed): choose the engine 'torch'; or if the network was "
                "changed after it was loaded, save it to a folder and load that"
            )


def _padded(batch: Sequence[Tokenized], encoder: Encoder) -> tuple[Tensor, Tensor]:
    """Return the padded ids, and a mask that is 1 where a token is no padding."""
    ids, keep = pad_batch(batch, torch.device("cpu"), encoder.padding)
    return ids, torch.ones_like(ids) if keep is None else keep[:, 0, 0].to(ids.dtype)


def _example(encoder: Encoder) -> tuple[Tensor, Tensor]:
    """Return the padded ids of ``SENTENCES``, and their mask."""
    coded = encoder.tokenizer(list(SENTENCES))["input_ids"]
    batch = [Tokenized("", (), tuple(ids[: encoder.max_tokens])) for ids in coded]
    return _padded(batch, encoder)


def _example_of_block(
    encoder: Encoder, block: int
) -> tuple[dict[str, Tensor], tuple[tuple[str, ...], ...]]:
    """Return the input of a block for ``SENTENCES`` with the mask, and the names of their axes."""
    ids, mask = _example(encoder)
    with exact(encoder.device):
        blocks = list(encoder.model.encoder.layer)[:block]
        states, _ = run_blocks(blocks, embed_tokens(encoder.model, ids), _keep(mask), layer=-1)
    return {"hidden": states[-1], "mask": mask}, (("sentence", "token"),) * 2


@contextmanager
def quiet_export() -> Iterator[None]:
    """Silence the log and the warnings of torch's exporter."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
