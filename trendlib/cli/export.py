"""``trendlib export``."""

import argparse

from trendlib.cli.options import OK, add_model, add_reading, fallback_told, local_path, show
from trendlib.readings import reading_named

EXAMPLES = """\
example:
  trendlib export trend.onnx --model all-MiniLM-L6-v2 --reading article
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Describe the command, and its options."""
    command.description = (
        "Export the model as an ONNX file. It returns the hidden states that the recipes need and "
        "the attention that the reading needs, and is kept only if its outputs agree with those "
        "of the model. This command needs the extra trendlib[onnx]."
    )
    command.epilog = EXAMPLES
    command.add_argument(
        "out",
        type=local_path,
        metavar="OUT.onnx",
        help="the file to write; the tokenizer goes to OUT.tokenizer.json",
    )
    add_model(command)
    add_reading(command)
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    reading = reading_named(options.reading)
    from trendlib.interfaces.onnx import check_outputs, export, tokenizer_file
    from trendlib.model.encoder import load_encoder

    check_outputs(options.out)
    with fallback_told():
        encoder = load_encoder(options.model)
    difference = export(encoder, reading, options.out)
    show(
        f"{options.out} holds {encoder.provenance.model} for the reading {reading.name!r}; its "
        f"outputs differ from the model's by {difference:.1e} at most.\n"
        f"{tokenizer_file(options.out)} holds its tokenizer."
    )
    return OK
