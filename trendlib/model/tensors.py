"""The files that hold a model's weights: one, or several with an index; checked before any is read.

Only safetensors are read. A pickle (``pytorch_model.bin``) can run whatever code it holds, so that
none is ever opened.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlib.errors import CorruptedWeightsError, MissingWeightsError, UnsupportedModelError

SUFFIX = ".safetensors"
WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""The number formats that weights may have, with their bytes."""
COUNTS = {"I64": 8, "I32": 4}
"""Those of the tables of positions and token types that old checkpoints hold beside the weights."""
COUNTED = "_ids"
"""How the names of these tables end."""

Tensors = dict[str, tuple[int, ...]]
"""The shapes of tensors, by their names."""


@dataclass(frozen=True)
class WeightFiles:
    """The files of a folder's weights.

    Attributes:
        index: The index, if there are several files.
        files: The files, each of which holds tensors.
    """

    index: str | None
    files: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files, the index included."""
        return self.files if self.index is None else (self.index, *self.files)

    @property
    def shown(self) -> str:
        """How messages call them."""
        return self.index or WEIGHTS_FILE


def weight_files(folder: Path) -> WeightFiles:
    """List the files of a folder's weights; one file wins over an index, as in transformers.

    Raises:
        CorruptedWeightsError: If there is an index that cannot be read.
    """
    if (folder / WEIGHTS_FILE).is_file() or not (folder / INDEX_FILE).is_file():
        return WeightFiles(None, (WEIGHTS_FILE,))
    return WeightFiles(INDEX_FILE, tuple(sorted(set(read_index(folder / INDEX_FILE).values()))))


def read_index(path: Path) -> dict[str, str]:
    """Read which file holds which tensor.

    Raises:
        CorruptedWeightsError: If it is no index, or names what cannot be a file beside it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        named = {str(tensor): str(file) for tensor, file in content["weight_map"].items()}
        files = named.values() or [""]
        wrong = [file for file in files if Path(file).name != file or Path(file).suffix != SUFFIX]
        if wrong:
            raise ValueError(f"it names {wrong[0]!r}, which is no file beside it")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptedWeightsError(
            f"{path.name} is no index of weights ({type(error).__name__}: {error}): copy or "
            f"download it again ({path})"
        ) from error
    return named


def read_tensors(folder: Path) -> Tensors:
    """Read the headers of a folder's weights, and check that the files are whole.

    Returns:
        The shapes of all tensors.

    Raises:
        MissingWeightsError: If a file that the index names is missing.
        CorruptedWeightsError: If a file is shorter or longer than its header says, or the index
            and the files do not hold the same tensors.
        UnsupportedModelError: If tensors are in a number format that weights cannot have.
    """
    found = weight_files(folder)
    missing = [name for name in found.files if not (folder / name).is_file()]
    if missing:
        raise MissingWeightsError(
            f"{found.shown} names {', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}, "
            f"which is not there: copy or download all files of the weights (folder {folder})"
        )
    held = {name: _read_header(folder / name) for name in found.files}
    if found.index is not None:
        _check_index(read_index(folder / found.index), held, folder)
    return {name: shape for tensors in held.values() for name, shape in tensors.items()}


def _check_index(named: Mapping[str, str], held: Mapping[str, Tensors], folder: Path) -> None:
    """Check that each tensor is in the file that the index names, and in no other."""
    wrong = [name for name, file in named.items() if name not in held[file]]
    wrong += [name for file, tensors in held.items() for name in tensors if named.get(name) != file]
    if wrong:
        raise CorruptedWeightsError(
            f"{INDEX_FILE} and the files that it names do not hold the same tensors ({wrong[0]}, "
            f"...): copy or download all of them again (folder {folder})"
        )


def _read_header(path: Path) -> Tensors:
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            start = 8 + int.from_bytes(file.read(8), "little")
            if size < start:
                raise ValueError(f"it has {size} bytes, and its header alone {start}")
            content: dict[str, Any] = json.loads(file.read(start - 8))
        content.pop("__metadata__", None)
        ends = [0]
        for name, tensor in content.items():
            _check_format(name, tensor, path)
            ends.append(int(tensor["data_offsets"][1]))
        if size != start + max(ends):
            raise ValueError(f"it has {size} bytes instead of {start + max(ends)}")
        return {name: tuple(tensor["shape"]) for name, tensor in content.items()}
    except UnsupportedModelError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptedWeightsError(
            f"the weights in {path.name} cannot be read ({type(error).__name__}: {error}): copy or "
            f"download the file again ({path})"
        ) from error


def _check_format(name: str, tensor: Mapping[str, Any], path: Path) -> None:
    """Check a tensor's number format, and that it has as many bytes as its shape needs."""
    formats = {**FLOATS, **COUNTS} if name.endswith(COUNTED) else FLOATS
    size = formats.get(tensor["dtype"])
    if size is None:
        raise UnsupportedModelError(
            f"{path.name} holds {name} in the number format {tensor['dtype']}, which says nothing "
            f"without a scale that is kept elsewhere: give weights in one of {', '.join(FLOATS)} "
            f"({path})"
        )
    begin, end = tensor["data_offsets"]
    if end - begin != size * math.prod(tensor["shape"]):
        raise ValueError(f"{name} has {end - begin} bytes, which its shape does not need")
