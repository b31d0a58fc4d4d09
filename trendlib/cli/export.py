"""``trendlib export``."""

import argparse
from pathlib import Path

from trendlib.cli.options import OK, add_model, add_reading, fallback_told
from trendlib.errors import MissingExtraError
from trendlib.readings import reading_named

EXAMPLES = """\
example:
  trendlib export trend.onnx --model all-MiniLM-L6-v2 --reading article
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command."""
    command = commands.add_parser(
        "export",
        help="write the encoder, with what a reading needs, as ONNX",
        description="Write the model as an ONNX file that gives the first and the last hidden "
        "state, and the attention that a reading is about. The file is compared with the model "
        "before it is kept. It needs the extra trendlib[onnx].",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("out", type=Path, metavar="OUT.onnx", help="the file to write")
    add_model(command)
    add_reading(command)
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    reading = reading_named(options.reading)
    from trendlib.model.encoder import load_encoder

    try:
        from trendlib.interfaces.onnx import export
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"`trendlib export` needs {error.name}, which is not installed: run "
            "`pip install 'trendlib[onnx]'`"
        ) from error
    with fallback_told():
        encoder = load_encoder(options.model)
    difference = export(encoder, reading, options.out)
    print(
        f"{options.out} holds {encoder.provenance.model} for the reading {reading.name!r}; its "
        f"outputs differ from the model's by {difference:.1e} at most."
    )
    return OK
