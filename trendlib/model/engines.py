"""Engines: what runs the network where many sentences are embedded.

"torch" is the reference. "onnx" (ONNX Runtime) and "openvino" run the same network from files that
``graphs`` makes, and take less time on a CPU; each is a package of its own. In the precision
"bf16", the layers that the choice of words does not depend on are run in bfloat16: that takes less
time where the processor has such instructions, and the vectors are approximate.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from trendlib.encoding import FULL, TORCH, Provenance
from trendlib.errors import MissingExtraError, UnsupportedModelError, check_choice, needs_extra
from trendlib.model import without_garbage_collection

with without_garbage_collection():
    import torch

ONNX, OPENVINO = "onnx", "openvino"
ENGINES = (TORCH, ONNX, OPENVINO)
AUTO_ENGINE = "auto"
BF16 = "bf16"
PRECISIONS = (FULL, BF16)
PACKAGES: Mapping[str, tuple[str, ...]] = {
    ONNX: ("onnxruntime", "onnx", "onnxscript"),
    OPENVINO: ("openvino", "onnx", "onnxscript"),
}
"""What the engines other than torch need: what runs the files first, then what makes them."""


def choose_engine(engine: str, precision: str, why_not: str | None) -> str:
    """Choose the engine for a model.

    Args:
        engine: One of ``ENGINES``; or "auto": ONNX Runtime where it is installed and runs the
            model in this precision, else torch.
        precision: One of ``PRECISIONS``.
        why_not: Why only torch runs this model, and only in full precision; None if others do.

    Raises:
        UnknownChoiceError: If there is no such engine or precision.
        MissingExtraError: If the engine is not installed.
        UnsupportedModelError: If the engine does not run this model, or not in this precision, or
            if the processor has no instructions for it.
    """
    check_engine(engine, precision)
    if engine == AUTO_ENGINE:
        runs = why_not is None and precision == FULL and not _missing(ONNX)
        engine = ONNX if runs else TORCH
    if why_not is not None and (engine, precision) != (TORCH, FULL):
        raise UnsupportedModelError(
            f"the engine {engine!r} cannot run this in the precision {precision!r}: {why_not}; "
            f"choose the engine {TORCH!r} and the precision {FULL!r}"
        )
    return engine


def check_engine(engine: str, precision: str) -> None:
    """Check, before a model is loaded, that an engine is there and has a precision.

    Raises:
        UnknownChoiceError: If there is no such engine or precision.
        MissingExtraError: If the engine is not installed.
        UnsupportedModelError: If it does not have the precision, or the processor does not.
    """
    check_choice("engine", engine, (AUTO_ENGINE, *ENGINES))
    check_choice("precision", precision, PRECISIONS)
    missing = _missing(engine)
    if missing:
        raise MissingExtraError(
            f"the engine {engine!r} needs {', '.join(missing)}, which is not installed: run `pip "
            f"install 'trendlib[{engine}]'`, or choose the engine {TORCH!r}"
        )
    if precision == BF16:
        _check_bf16()
        if engine == ONNX:
            raise UnsupportedModelError(
                f"ONNX Runtime has no {BF16} on this kind of processor: choose the engine "
                f"{OPENVINO!r} or {TORCH!r}"
            )


def _missing(engine: str) -> list[str]:
    return [name for name in PACKAGES.get(engine, ()) if find_spec(name) is None]


def _check_bf16() -> None:
    """Check that bfloat16 takes less time here than float32."""
    has = torch.cpu.get_capabilities()
    if not (has.get("avx512_bf16") or has.get("amx_bf16") or has.get("bf16")):
        raise UnsupportedModelError(
            f"this processor ({has.get('architecture', 'unknown')}) has no instructions for "
            f"bfloat16, so that the precision {BF16!r} would only lose digits: choose {FULL!r}"
        )


def engine_versions(engine: str) -> dict[str, str]:
    """Return the version of what runs an engine; torch's own is known already."""
    return {name: version(name) for name in PACKAGES.get(engine, ())[:1]}


def by_torch(provenance: Provenance) -> Provenance:
    """Return the provenance of what torch computes with the same model in full precision."""
    if (provenance.engine, provenance.precision) == (TORCH, FULL):
        return provenance
    others = engine_versions(provenance.engine)
    versions = {name: number for name, number in provenance.versions.items() if name not in others}
    return replace(provenance, engine=TORCH, precision=FULL, versions=versions)


def n_threads() -> int:
    """Return how many processors the network may use: as many as torch."""
    return torch.get_num_threads()


class OnnxRuntime:
    """A file, run by ONNX Runtime with one thread a call."""

    def __init__(self, path: str, precision: str) -> None:
        """Load it."""
        with needs_extra("the engine 'onnx'", "onnx"):
            import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [value.name for value in self._session.get_inputs()]

    def __call__(self, *arrays: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
        """Run it; several threads may do so at the same time."""
        outputs: list[np.ndarray[Any, Any]] = self._session.run(
            None, dict(zip(self._inputs, arrays, strict=True))
        )
        return outputs


class OpenVino:
    """A file, run by OpenVINO with one thread a call."""

    def __init__(self, path: str, precision: str) -> None:
        """Load it."""
        with needs_extra("the engine 'openvino'", "openvino"):
            import openvino

        threads = n_threads()
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "INFERENCE_PRECISION_HINT": "bf16" if precision == BF16 else "f32",
        }
        self._compiled = openvino.Core().compile_model(path, "CPU", settings)
        self._own = threading.local()

    def __call__(self, *arrays: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
        """Run it; several threads may do so at the same time."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        found = self._own.request.infer(list(arrays), share_inputs=True)
        return [found[place] for place in range(len(found))]


RUNNERS: Mapping[str, type[OnnxRuntime] | type[OpenVino]] = {ONNX: OnnxRuntime, OPENVINO: OpenVino}
