"""The encoder as an ONNX file that returns what a reading and the recipes need.

Inputs are ``input_ids`` and ``attention_mask``, of shape (sentence, token). Outputs are
``static`` and ``contextual``, hidden state 0 and the last one; ``attention``, the matrices that
the reading is about, of shape (sentence, row, query, key): what ``choice.find_words_in`` takes; and
``first_layer``, hidden state 1, which the kind "discounted" begins at.

The tokenizer is written beside it. The metadata of the file say how many tokens a
sentence may have, which words can be chosen, what a word of several pieces receives ("sum" or
"mean"), how ties are broken ("first" or "attention mass"), and how a sentence is split into words:
by a pattern of the library ``regex``. A boundary inside a token does not count, and a special token
that somebody types is text.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from trendlib.attention import attention_rows, layer_of, row_number
from trendlib.encoding import UNICODE
from trendlib.errors import OutputError, UnsupportedModelError, needs_extra
from trendlib.files.checksums import file_sha256
from trendlib.files.own import OwnFile
from trendlib.interfaces import EXTRAS
from trendlib.model.batch import embed_tokens, rows_of, run_blocks
from trendlib.model.encoder import Encoder
from trendlib.model.graphs import quiet_export
from trendlib.readings import Reading
from trendlib.words import WORD

with needs_extra(__name__, EXTRAS["onnx"]):
    import onnx
    import onnxruntime

COMMAND = "export"
INPUTS = ("input_ids", "attention_mask")
OUTPUTS = ("static", "contextual", "attention", "first_layer")
TOLERANCE = 1e-4
"""The most that an output may differ from the model's own, in float32."""
SENTENCES = (
    "I want an apple.",
    "She sent a card to her mother, who had had a very good day.",
    "I",
)
"""What the file is compared with the model on; of different lengths, so that padding counts."""


class _Traced(torch.nn.Module):
    """The model as a function of two arrays."""

    def __init__(self, encoder: Encoder, layer: int | None) -> None:
        super().__init__()
        self.model = encoder.model
        self.layer = layer

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        keep = attention_mask.bool()[:, None, None, :]
        static = embed_tokens(self.model, input_ids)
        states, found = run_blocks(self.model.encoder.layer, static, keep, self.layer)
        return static, states[-1], rows_of(found, self.layer), states[1]


def export(encoder: Encoder, reading: Reading, out: Path) -> float:
    """Write the encoder as ONNX, and compare the file with the model.

    Args:
        encoder: The model, in float32.
        reading: Says which attention to return.
        out: The file to write. Its metadata name model, revision, checksums, reading and rules.
            ``tokenizer_file(out)`` is written too.

    Returns:
        The largest difference of the file's outputs from the model's, on a few sentences.

    Raises:
        OutputError: If the outputs of the file differ from the model's; then it is not kept. Or if
            it would overwrite a file that ``export`` did not write.
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        UnsupportedModelError: If the model has no blocks like BERT's, or no word pieces, or if
            words are not cut by Unicode's rules.
    """
    check_outputs(out)
    encoder.check()
    _check_architecture(encoder)
    layer = layer_of(reading, encoder.n_layers)
    rows = encoder.n_layers if layer is None else encoder.n_heads
    tokenizer = OwnFile(tokenizer_file(out), COMMAND)
    with OwnFile(out, COMMAND).replacing() as new, tokenizer.replacing() as beside:
        beside.write_text(_plain_tokenizer(encoder), encoding="utf-8")
        content = _graph(encoder, layer)
        provenance = encoder.provenance
        onnx.helper.set_model_props(
            content,
            {
                "model": provenance.model,
                "revision": provenance.revision,
                "weights_sha256": provenance.weights_sha256,
                "model_sha256": provenance.model_sha256,
                "reading": reading.name,
                "focus_row": str(row_number(reading.focus_row, rows)),
                "drop": reading.drop,
                "pieces": reading.pieces,
                "ties": reading.ties,
                "tokenizer": tokenizer.path.name,
                "tokenizer_sha256": file_sha256(beside),
                "max_tokens": str(encoder.max_tokens),
                "words": WORD,
            },
        )
        onnx.save(content, new)
        difference = largest_difference(new, encoder, reading)
        if not difference <= TOLERANCE:
            raise OutputError(
                f"the ONNX file's outputs differ from the model's by {difference:.1e}, and "
                f"{TOLERANCE:.0e} is allowed: it was not kept"
            )
    return difference


def _graph(encoder: Encoder, layer: int | None) -> onnx.ModelProto:
    token = torch.export.Dim("token", max=encoder.max_tokens)
    axes = {0: torch.export.Dim("sentence"), 1: token}
    # Two arrays: of one that is given twice, the exporter would make one input.
    examples = tuple(torch.ones((2, 8), dtype=torch.long) for _ in INPUTS)
    with quiet_export(), torch.inference_mode():
        program = torch.onnx.export(
            _Traced(encoder, layer),
            examples,
            input_names=INPUTS,
            output_names=OUTPUTS,
            dynamic_shapes=(axes, axes),
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        return program.model_proto


def _check_architecture(encoder: Encoder) -> None:
    """Check that the file can say what the encoder does: with BERT's blocks and word pieces.

    Raises:
        UnsupportedModelError: If it cannot.
    """
    kind = type(encoder.tokenizer.backend_tokenizer.model).__name__
    if encoder.architecture.batch != "blocks" or kind != "WordPiece":
        raise UnsupportedModelError(
            f"{encoder.provenance.model} (type {encoder.architecture.model_type}, tokenizer "
            f"{kind}) cannot be exported: an ONNX file is written of encoders with BERT's blocks "
            "and a WordPiece tokenizer; use the package itself, or give such an encoder"
        )
    if encoder.cutter.name != UNICODE:
        raise UnsupportedModelError(
            f"words cut by {encoder.cutter.name!r} cannot be exported, because the file holds the "
            "pattern of Unicode's rules: use the package itself, or an encoder without a cutter"
        )


def check_outputs(out: Path) -> None:
    """Check before the work that ``export`` would not overwrite a file of another program.

    Raises:
        OutputError: If it would, or if no file can be written there.
    """
    for path in (out, tokenizer_file(out)):
        OwnFile(path, COMMAND).check()


def tokenizer_file(out: Path) -> Path:
    """Return where the tokenizer of an ONNX file is written."""
    return out.with_suffix(".tokenizer.json")


def _plain_tokenizer(encoder: Encoder) -> str:
    """Return the tokenizer without truncation and padding: a longer sentence has no embedding."""
    backend = encoder.tokenizer.backend_tokenizer
    tokenizer = type(backend).from_str(backend.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return str(tokenizer.to_str())


def largest_difference(path: Path, encoder: Encoder, reading: Reading) -> float:
    """Return the largest difference of a file's outputs from the encoder's, on ``SENTENCES``."""
    encodings = encoder.encode_many(SENTENCES)
    padded = encoder.tokenizer(list(SENTENCES), padding=True, return_tensors="np")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = session.run(OUTPUTS, {name: padded[name].astype(np.int64) for name in INPUTS})
    differences = []
    for static, contextual, attention, first_layer, encoding in zip(
        *outputs, encodings, strict=True
    ):
        n = len(encoding.tokens)
        rows = attention_rows(encoding.attentions, reading)
        differences += [
            np.abs(static[:n] - encoding.hidden_states[0]).max(),
            np.abs(contextual[:n] - encoding.hidden_states[-1]).max(),
            np.abs(attention[:, :n, :n] - rows).max(),
            np.abs(first_layer[:n] - encoding.hidden_states[1]).max(),
        ]
    return float(np.max(differences))
