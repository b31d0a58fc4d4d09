"""The network as ONNX graphs, for engines that take less time than torch on many sentences.

There are two graphs, as there are two steps in ``batch``: "begin" runs all blocks but the last and
returns the attention that votes in the reading, "end" runs the last block for some tokens. In the
precision "bf16", "begin" stops where rounding may begin, and "middle" goes on from there.

The files are made once, in the folder "graphs" of the cache. Their folder's name is a checksum of
all that they depend on: weights, tokenizer and settings, the reading's layer, the precision, and
the versions of the libraries and of the code that make them. Before they are kept, what they return
is compared with torch; before they are used, their checksums are compared with those of that time.
"""

import hashlib
import json
import logging
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from trendlib.errors import OutputError
from trendlib.model.batch import (
    Wanted,
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
"""The most that arrays may differ from torch's, relative to their length, in full precision."""
ROUNDED_TOLERANCE = 0.1
"""The same for the last state in the precision "bf16"."""
LISTED = "graphs.json"
"""The file that lists the others, with their checksums."""
SENTENCES = ("I want an apple.", "She sent a card to her mother, who had a very good day.", "I")
"""What the graphs are compared with torch on; of different lengths, so that padding counts."""

Run = Callable[..., list[np.ndarray[Any, Any]]]


@dataclass(frozen=True)
class Cut:
    """What the graphs of a model return, and where they are cut.

    Attributes:
        layer: The layer whose heads vote; None if the layers vote.
        first: The hidden state that the last one is compared with: 0 or 1.
        precise: How many blocks are never rounded; None if none is.
    """

    layer: int | None
    first: int
    precise: int | None


class _Begin(torch.nn.Module):
    """Ids to the first state, the attention that votes, and the last block's input."""

    def __init__(self, model: Any, cut: Cut) -> None:
        super().__init__()
        self.model = model
        self.cut = cut

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keep = mask.bool()[:, None, None, :]
        states, rows = run_to_last_block(self.model, ids, keep, self.cut.layer)
        return states[self.cut.first], rows, states[-1]


class _BeginPrecise(_Begin):
    """Ids to the first state, the attention that votes, and the first rounded block's input."""

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keep = mask.bool()[:, None, None, :]
        states, rows = run_to_last_block(self.model, ids, keep, self.cut.layer)
        return states[self.cut.first], rows, states[self.cut.precise or 0]


class _Middle(torch.nn.Module):
    """The first rounded block's input to the last block's."""

    def __init__(self, model: Any, cut: Cut) -> None:
        super().__init__()
        self.blocks = model.encoder.layer[cut.precise or 0 : -1]

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        states, _ = run_blocks(list(self.blocks), hidden, mask.bool()[:, None, None, :], -1)
        return states[-1]


class _End(torch.nn.Module):
    """The last block's input to the vectors of a few tokens; see ``batch.run_block_for``."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.block = model.encoder.layer[-1]

    def forward(
        self, hidden: Tensor, mask: Tensor, flat: Tensor, slots: Tensor, back: Tensor
    ) -> Tensor:
        keep = mask.bool()[:, None, None, :]
        return run_block_for(self.block, hidden, keep, flat, slots, back)


class _EndAll(torch.nn.Module):
    """The last block's input to the vectors of all tokens."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.block = model.encoder.layer[-1]

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        return run_block(self.block, hidden, mask.bool()[:, None, None, :])[0]


@dataclass(frozen=True, eq=False)
class Graphs:
    """The loaded graphs of a model; several threads may run them at the same time.

    Attributes:
        begin: Ids and mask to the first state, the attention that votes, and a state.
        middle: From that state to the last block's input, if it is another.
        end: The last block's input, mask and some tokens to the vectors of these.
        end_all: The last block's input and mask to the vectors of all tokens.
    """

    begin: Run
    middle: Run | None
    end: Run
    end_all: Run


class StartedGraphs:
    """A batch before the last block, run by an engine; see ``batch.StartedBatch``."""

    def __init__(
        self, encoder: Encoder, batch: Sequence[Tokenized], reading: Reading, first: int
    ) -> None:
        """Run all blocks but the last; see ``batch.start``."""
        layer = layer_of(reading, encoder.n_layers)
        self._graphs = load_graphs(encoder, layer, first)
        self._start(encoder, batch, layer)

    def _start(self, encoder: Encoder, batch: Sequence[Tokenized], layer: int | None) -> None:
        ids, keep = pad_batch(batch, torch.device("cpu"), encoder.padding)
        whole = torch.ones_like(ids)
        self._mask = (whole if keep is None else keep[:, 0, 0].to(ids.dtype)).numpy()
        self._first, rows, self._before_last = self._graphs.begin(ids.numpy(), self._mask)
        if self._graphs.middle is not None:
            (self._before_last,) = self._graphs.middle(self._before_last, self._mask)
        self.attention = stacks_of(rows, batch, layer, encoder.provenance)

    def finish(self, tokens: Sequence[Sequence[int]]) -> list[tuple[TokenStates, TokenStates]]:
        """Run the last block for some tokens of each sentence; see ``batch.StartedBatch``."""
        before, mask = self._before_last, self._mask
        wanted = Wanted.of(tokens, before.shape[1])
        if wanted.are_few(before):
            (last,) = self._graphs.end(before, mask, *wanted.arrays)
        else:
            (every,) = self._graphs.end_all(before, mask)
            last = every.reshape(-1, every.shape[-1])[wanted.flat]
        return wanted.split(self._first.reshape(-1, before.shape[-1])[wanted.flat], last)


_loaded: WeakKeyDictionary[Any, dict[tuple[str, str, Cut], Graphs]] = WeakKeyDictionary()
"""The graphs that this process has loaded, by the network that they are of."""
_loading = threading.Lock()


def load_graphs(encoder: Encoder, layer: int | None, first: int) -> Graphs:
    """Load a model's graphs into its engine; they are made if they are not in the cache.

    Args:
        encoder: The model, with another engine than torch.
        layer: The layer whose heads vote; None if the layers vote.
        first: The hidden state that the last one is compared with: 0 or 1.

    Raises:
        OutputError: If what they return is not what torch returns.
        UnsupportedModelError: If the network was moved to another device than the CPU.
    """
    encoder.check_engine()
    provenance = encoder.provenance
    is_full = provenance.precision == FULL
    cut = Cut(layer, first, None if is_full else n_precise(layer, encoder.n_layers))
    key = provenance.engine, provenance.precision, cut
    with _loading:
        graphs = _loaded.setdefault(encoder.model, {})
        if key not in graphs:
            graphs[key] = _load(encoder, cut)
        return graphs[key]


def _load(encoder: Encoder, cut: Cut) -> Graphs:
    """Open kept graphs, or make, check and keep them."""
    folder = cache_folder() / "graphs" / _name(encoder, cut)
    if _is_whole(folder):
        graphs = _open(encoder, cut, folder)
        _check(encoder, graphs, cut)
        return graphs
    with _new_folder(folder.parent) as new:
        _make(encoder, cut, new)
        graphs = _open(encoder, cut, new)
        _check(encoder, graphs, cut)
        _keep(new, folder)
    return graphs


def _name(encoder: Encoder, cut: Cut) -> str:
    """Name the folder by all that the files depend on."""
    made_of = {
        "model": encoder.provenance.model_sha256,
        "cut": repr(cut),
        "code": [sha256_of(Path(__file__).with_name(name)) for name in ("graphs.py", "batch.py")],
        "versions": {
            name: version(name) for name in ("torch", "transformers", "onnx", "onnxscript")
        },
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]


def _is_whole(folder: Path) -> bool:
    """Whether a folder holds the files that were kept in it, as they were."""
    try:
        listed = json.loads((folder / LISTED).read_bytes())
        return bool(listed) and all(
            sha256_of(folder / name) == checksum for name, checksum in listed.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


@contextmanager
def _new_folder(parent: Path) -> Iterator[Path]:
    """Make a folder for new files, beside where they will be kept if that can be written to."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(dir=parent, prefix=".new-")
    except OSError:
        temporary = tempfile.TemporaryDirectory()
    with temporary as name:
        yield Path(name)


def _keep(new: Path, folder: Path) -> None:
    """Move checked files to where the next process looks for them, if that is possible."""
    checksums = {path.name: sha256_of(path) for path in sorted(new.iterdir())}
    kept = new / "kept"
    kept.mkdir()
    for name in checksums:
        (new / name).rename(kept / name)
    (kept / LISTED).write_text(json.dumps(checksums, indent=2), encoding="utf-8")
    try:
        if folder.exists() and not _is_whole(folder):
            shutil.rmtree(folder)
        kept.rename(folder)
    except OSError as error:
        if not _is_whole(folder):  # another process may have kept the same ones meanwhile
            warnings.warn(
                f"the graphs of {new.name} cannot be kept in {folder} ({error}): they are made "
                f"again next time; set {CACHE_VARIABLE} to a folder that can be written to",
                ModelWarning,
                stacklevel=2,
            )


def _make(encoder: Encoder, cut: Cut, folder: Path) -> None:
    """Export the graphs."""
    model = encoder.model
    batch, token, wanted, slot = map(torch.export.Dim, ("sentence", "token", "wanted", "slot"))
    axes = {0: batch, 1: token}
    ids, mask = (torch.ones((2, 8), dtype=torch.long) for _ in range(2))
    hidden = torch.zeros((2, 8, encoder.hidden_size))
    flat, slots = torch.arange(5), torch.ones((2, 3), dtype=torch.long)
    stops = cut.precise is not None and cut.precise < encoder.n_layers - 1
    begin = _BeginPrecise(model, cut) if stops else _Begin(model, cut)
    _export(begin, {"ids": ids, "mask": mask}, (axes, axes), folder / "begin.onnx")
    if stops:
        _export(
            _Middle(model, cut),
            {"hidden": hidden, "mask": mask},
            (axes, axes),
            folder / "middle.onnx",
        )
    _export(
        _End(model),
        # Three tensors: of one that is given twice, the exporter would make one input.
        {"hidden": hidden, "mask": mask, "flat": flat, "slots": slots, "back": flat.clone()},
        (axes, axes, {0: wanted}, {0: batch, 1: slot}, {0: wanted}),
        folder / "end.onnx",
    )
    _export(_EndAll(model), {"hidden": hidden, "mask": mask}, (axes, axes), folder / "end_all.onnx")


def _export(
    module: torch.nn.Module, inputs: Mapping[str, Tensor], axes: tuple[Any, ...], path: Path
) -> None:
    import onnx

    with quiet_export(), torch.inference_mode():
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=tuple(inputs),
            dynamic_shapes=axes,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    onnx.save(program.model_proto, path)


def _open(encoder: Encoder, cut: Cut, folder: Path) -> Graphs:
    """Load files into the engine."""
    run, precision = RUNNERS[encoder.provenance.engine], encoder.provenance.precision
    middle = folder / "middle.onnx"
    return Graphs(
        # Rounding begins in the middle, or at the end.
        begin=run(str(folder / "begin.onnx"), FULL),
        middle=run(str(middle), precision) if middle.is_file() else None,
        end=run(str(folder / "end.onnx"), precision),
        end_all=run(str(folder / "end_all.onnx"), precision),
    )


def _check(encoder: Encoder, graphs: Graphs, cut: Cut) -> None:
    """Compare what the graphs return for a few sentences with what torch returns.

    Raises:
        OutputError: If it is something else.
    """
    ids, keep = _examples(encoder)
    real = torch.ones_like(ids) if keep is None else keep[:, 0, 0].to(ids.dtype)
    mask = real.numpy()
    with exact(encoder.device):
        states, rows = run_to_last_block(encoder.model, ids, keep, cut.layer)
        last = run_block(encoder.model.encoder.layer[-1], states[-1], keep)[0].numpy()
    first_found, rows_found, found = graphs.begin(ids.numpy(), mask)
    if graphs.middle is not None:
        (found,) = graphs.middle(found, mask)
    inside = mask.astype(bool)
    wanted = Wanted.of([range(sum(each)) for each in mask], ids.shape[1])
    (few_found,) = graphs.end(found, mask, *wanted.arrays)
    (all_found,) = graphs.end_all(found, mask)
    pairs = inside[:, None, :, None] & inside[:, None, None, :]
    tolerance = TOLERANCE if cut.precise is None else ROUNDED_TOLERANCE
    differences = {
        "attention": (_difference(rows_found, rows.numpy(), pairs), TOLERANCE),
        "first state": (
            _difference(first_found, states[cut.first].numpy(), inside[:, :, None]),
            TOLERANCE,
        ),
        "last state": (_difference(all_found, last, inside[:, :, None]), tolerance),
        "last state of chosen words": (_difference(few_found, last[inside], 1), tolerance),
    }
    for what, (difference, allowed) in differences.items():
        if not difference <= allowed:
            raise OutputError(
                f"{encoder.provenance.model}, run by {encoder.provenance.engine}: the {what} "
                f"differs from torch's by {difference:.1e} of its size, and {allowed:.0e} is "
                "allowed; choose the engine 'torch' (if the network was changed after it was "
                "loaded, save it to a folder and load that)"
            )


def _examples(encoder: Encoder) -> tuple[Tensor, Tensor | None]:
    """Return the padded ids of ``SENTENCES``, and the mask of what is not padding."""
    coded = encoder.tokenizer(list(SENTENCES))["input_ids"]
    batch = [Tokenized("", (), tuple(ids[: encoder.max_tokens])) for ids in coded]
    return pad_batch(batch, torch.device("cpu"), encoder.padding)


def _difference(
    found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], counts: np.ndarray[Any, Any] | int
) -> float:
    """Return the length of the difference of two arrays, relative to that of the expected one."""
    return float(np.linalg.norm((found - expected) * counts) / np.linalg.norm(expected * counts))


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
