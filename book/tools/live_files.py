"""Pack a model for the live explorer: files that a page loads when its reader types a sentence.

A page that is opened from a file may load scripts, and nothing else. So each file is a script that
hands its content, in base64, to a function of the page. What the focus word and the related word
need is apart from what only the trends need, and the rows of the table of words are in files of a
few rows each, of which a sentence needs some.
"""

import base64
import json
import re
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explorer_data import ATTENTION_PLACES, ATTENTION_STEP, LARGEST, TREND_PLACES, Data
from live_tables import spaces, special_tokens, tokenizer_tables, word_tables
from trendlib.choice import FINAL_PERIODS, Reason
from trendlib.encoding import UNICODE
from trendlib.language import N_, _
from trendlib.model.encoder import Encoder
from trendlib.model.weights import BERT_BASE, MINILM, Weights
from trendlib.readings import READINGS
from trendlib.show.numbers import LEAST_PLACES

ROWS_PER_FILE = 64
"""Rows that are in one file, by their ids. A vocabulary of BERT is in the order of frequency, so
that words of one file are about equally frequent, and a host that is asked for a file can hardly
guess which of them was typed (see tests/benchmark/row_files.py)."""
LARGEST_FILE = 12_000_000
"""Bytes of weights in a file of a layer: a page would stand still while it reads a larger one."""
LICENCES = {BERT_BASE.name: "apache-2.0", MINILM.name: "apache-2.0"}
"""Those of the models that the package knows by their checksums, as the hub writes them."""
NAMES = {"apache-2.0": "Apache-2.0", "mit": "MIT"}
LICENCE_FILE = "LICENSE.txt"
TEXTS = Path(__file__).resolve().parents[1] / "explorer" / "licenses"

EMBEDDINGS = {
    "type": "embeddings.token_type_embeddings.weight",
    "positions": "embeddings.position_embeddings.weight",
    "norm.gain": "embeddings.LayerNorm.weight",
    "norm.bias": "embeddings.LayerNorm.bias",
}
"""What the page calls the tensors, and how BERT's checkpoints call them."""
ROWS = "embeddings.word_embeddings.weight"
FIRST = {"query": "attention.self.query", "key": "attention.self.key"}
"""The parts of layer 0 that its attention needs."""
REST = {
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "inner": "intermediate.dense",
    "outer": "output.dense",
}
NORMS = {
    "attended.norm": "attention.output.LayerNorm",
    "outer.norm": "output.LayerNorm",
}

Tensors = Mapping[str, np.ndarray[Any, np.dtype[np.float32]]]


@dataclass(frozen=True)
class WhyNot:
    """Why the page cannot run a model.

    Attributes:
        text: A message, which is translated where it is shown.
        values: What is filled into it.
    """

    text: str
    values: Mapping[str, str]

    def as_data(self) -> Data:
        """Return it for JSON; ``said`` reads it."""
        return {"text": self.text, "values": dict(self.values)}


def said(reason: Mapping[str, Any]) -> str:
    """Say in the reader's language why the page cannot run a model.

    Args:
        reason: What ``pack`` returns as ``none``.
    """
    text, values = reason["text"], reason["values"]
    return _(text).format(**values)


def pack(encoder: Encoder, weights: Weights, folder: Path) -> Data:
    """Write the files of a model; the same model always becomes the same files.

    Args:
        encoder: The model, in float64.
        weights: Its own files.
        folder: Where to; what is there is removed.

    Returns:
        What the page has to know of the model and of its files; or, as ``none``, why the page
        cannot run this model.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if reason := why_not(encoder):
        return {"none": reason.as_data()}
    state = {name: value.numpy() for name, value in encoder.model.state_dict().items()}
    rows = _floats(state[ROWS])[: len(encoder.tokenizer)]
    checksums, row_bytes = _write_rows(folder, rows)
    known = known_tokens(encoder.tokenizer)
    files = {"text": _write(folder, "text", _text(encoder.tokenizer, checksums))}
    words = _words_tensors(encoder, state, rows[known])
    files["words"] = _write(folder, "words", _joined(words), _places(words))
    layer_files = []
    for layer in range(encoder.n_layers):
        parts = _split(_layer_tensors(state, layer))
        names = [f"layer-{layer}" + (f"-{n}" if len(parts) > 1 else "") for n in range(len(parts))]
        for name, tensors in zip(names, parts, strict=True):
            files[name] = _write(folder, name, _joined(tensors), _places(tensors))
        layer_files.append(names)
    config = encoder.model.config
    return {
        "model": encoder.provenance.model,
        "revision": encoder.provenance.revision,
        "dtype": "float64",
        "config": {
            "size": encoder.hidden_size,
            "heads": encoder.n_heads,
            "layers": encoder.n_layers,
            "inner": config.intermediate_size,
            "epsilon": config.layer_norm_eps,
            "positions": encoder.max_tokens,
        },
        "files": files,
        "layerFiles": layer_files,
        "rowsPerFile": ROWS_PER_FILE,
        "rowFiles": len(checksums),
        "known": known,
        "steps": {
            "words": files["text"]["size"] + files["words"]["size"],
            "all": sum(file["size"] for file in files.values()),
            "rows": row_bytes,
        },
        "rules": rules(),
        **_licence(weights, folder),
    }


def why_not(encoder: Encoder) -> WhyNot | None:
    """Say why the page cannot run a model; None if it can."""
    model, kind = encoder.provenance.model, encoder.model.config.model_type
    state = encoder.model.state_dict()
    if encoder.cutter.name != UNICODE:
        text = N_("The words are cut by {cutter}, which runs only in Python.")
        return WhyNot(text, {"cutter": encoder.cutter.name})
    if reason := _why_not_tokenizer(encoder.tokenizer, model):
        return reason
    if encoder.architecture.batch != "blocks" or encoder.architecture.positions == "relative":
        text = N_("The model {model} is of type {kind}, whose layers are not BERT's.")
        return WhyNot(text, {"model": model, "kind": kind})
    if (activation := encoder.model.config.hidden_act) != "gelu":
        text = N_("The model {model} has the activation {activation}, and not BERT's.")
        return WhyNot(text, {"model": model, "activation": activation})
    if others := state.keys() - _tensor_names(encoder.n_layers):
        text = N_("The model {model} has parts that BERT has not, such as {part}.")
        return WhyNot(text, {"model": model, "part": min(others)})
    for name, value in state.items():
        if not torch.equal(value.float().double(), value.double()):
            text = N_("The model {model} has weights of more than 32 bits, such as {part}.")
            return WhyNot(text, {"model": model, "part": name})
    return None


def _why_not_tokenizer(tokenizer: Any, model: str) -> WhyNot | None:
    parts = json.loads(tokenizer.backend_tokenizer.to_str())
    kinds = {
        "model": "WordPiece",
        "normalizer": "BertNormalizer",
        "pre_tokenizer": "BertPreTokenizer",
    }
    for part, expected in kinds.items():
        found = (parts[part] or {}).get("type")
        if found != expected:
            text = N_(
                "The tokenizer of {model} is not BERT's: its part {part} is {found} instead of "
                "{expected}."
            )
            values = {"part": part, "found": str(found), "expected": expected}
            return WhyNot(text, {"model": model, **values})
    if not parts["normalizer"]["clean_text"]:
        text = N_("The tokenizer of {model} is not BERT's: it keeps control characters.")
        return WhyNot(text, {"model": model})
    own = [token["content"] for token in parts["added_tokens"] if not token["special"]]
    if own:
        text = N_(
            "The tokenizer of {model} is not BERT's: before anything else, it looks for tokens "
            "that were added to it, such as {token}."
        )
        return WhyNot(text, {"model": model, "token": own[0]})
    return None


def _tensor_names(layers: int) -> set[str]:
    both = [
        f"encoder.layer.{layer}.{part}.{kind}"
        for layer in range(layers)
        for part in (*FIRST.values(), *REST.values(), *NORMS.values())
        for kind in ("weight", "bias")
    ]
    return {ROWS, *EMBEDDINGS.values(), *both}


def known_tokens(tokenizer: Any) -> list[int]:
    """List the special tokens that are in every sentence, and the one for unknown words."""
    before, after = special_tokens(tokenizer)
    return sorted({*before, *after, tokenizer.unk_token_id})


def rules() -> Data:
    """State the package's readings, and how the page's numbers are rounded."""
    return {
        "readings": [
            {
                "name": reading.name,
                "layer": reading.layer,
                "focusRow": reading.focus_row,
                "drop": reading.drop,
                "pieces": reading.pieces,
                "ties": reading.ties,
            }
            for reading in READINGS.values()
        ],
        "finalPeriods": list(FINAL_PERIODS),
        "oneWord": Reason.ONE_WORD,
        "attentionStep": ATTENTION_STEP,
        "attentionPlaces": list(ATTENTION_PLACES),
        "trendPlaces": list(TREND_PLACES),
        "leastPlaces": LEAST_PLACES,
        "largest": LARGEST,
    }


def _text(tokenizer: Any, checksums: list[int]) -> bytes:
    tables = {
        "tokenizer": tokenizer_tables(tokenizer),
        "words": word_tables(),
        "space": spaces(),
        "checksums": checksums,
    }
    return json.dumps(tables, ensure_ascii=False, separators=(",", ":")).encode()


def _words_tensors(
    encoder: Encoder, state: Mapping[str, Any], known: np.ndarray[Any, Any]
) -> Tensors:
    """Collect what the focus word and the related word need, but for the rows of the tokens."""
    tensors = {name: _floats(state[place]) for name, place in EMBEDDINGS.items()}
    counted_after = encoder.architecture.positions == "after padding"
    skipped = encoder.model.embeddings.padding_idx + 1 if counted_after else 0
    tensors["positions"] = tensors["positions"][skipped : skipped + encoder.max_tokens]
    tensors["type"] = tensors["type"][0]  # all tokens of one sentence have the first type
    tensors["known"] = known
    return tensors | _parts(state, 0, FIRST)


def _layer_tensors(state: Mapping[str, Any], layer: int) -> Tensors:
    parts = REST if layer == 0 else FIRST | REST
    return _parts(state, layer, parts) | _parts(state, layer, NORMS, "gain")


def _split(tensors: Tensors) -> list[Tensors]:
    """Share tensors out among files, in order."""
    files: list[dict[str, Any]] = [{}]
    for name, tensor in tensors.items():
        size = sum(each.nbytes for each in files[-1].values())
        if files[-1] and size + tensor.nbytes > LARGEST_FILE:
            files.append({})
        files[-1][name] = tensor
    return list(files)


def _parts(
    state: Mapping[str, Any], layer: int, parts: Mapping[str, str], weight: str = "weight"
) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    return {
        f"{layer}.{name}.{ours}": _floats(state[f"encoder.layer.{layer}.{place}.{theirs}"])
        for name, place in parts.items()
        for ours, theirs in ((weight, "weight"), ("bias", "bias"))
    }


def _floats(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return values.astype("<f4")


def _joined(tensors: Tensors) -> bytes:
    return b"".join(tensor.tobytes() for tensor in tensors.values())


def _places(tensors: Tensors) -> Data:
    places, at = {}, 0
    for name, tensor in tensors.items():
        places[name] = {"at": at, "shape": list(tensor.shape)}
        at += tensor.nbytes
    return places


def _write_rows(folder: Path, rows: np.ndarray[Any, Any]) -> tuple[list[int], int]:
    written = [
        _write(folder, f"rows/{number}", rows[start : start + ROWS_PER_FILE].tobytes())
        for number, start in enumerate(range(0, len(rows), ROWS_PER_FILE))
    ]
    return [file["crc32"] for file in written], sum(file["size"] for file in written)


def _write(folder: Path, name: str, content: bytes, tensors: Data | None = None) -> Data:
    script = b'trendLive("%s","%s")\n' % (name.encode(), base64.b64encode(content))
    path = folder / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(script)
    return {"size": len(script), "crc32": zlib.crc32(content), "tensors": tensors or {}}


def _licence(weights: Weights, folder: Path) -> Data:
    """Put the licence of the weights beside them, as far as it is known."""
    named = LICENCES.get(weights.name) or _declared_licence(weights.folder / "README.md")
    own = sorted(path for path in weights.folder.glob("LICEN[CS]E*") if path.is_file())
    texts = [*own, *TEXTS.glob(f"{NAMES.get(named, named)}.txt")]
    if texts:
        shutil.copyfile(texts[0], folder / LICENCE_FILE)
    return {"license": NAMES.get(named, named), "licenseFile": LICENCE_FILE if texts else ""}


def _declared_licence(card: Path) -> str:
    """Read the licence that the head of a model's card names, as the hub has it."""
    if not card.is_file():
        return ""
    head = re.match(r"---\n(.*?)\n---\n", card.read_text(encoding="utf-8"), re.DOTALL)
    found = re.search(r"^license: *([\w.-]+) *$", head[1], re.MULTILINE) if head else None
    return found[1] if found else ""
