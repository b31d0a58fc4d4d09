"""The command ``trendlib``: a module for each of its commands.

A command's module, and what it needs, is imported when that command is used: torch takes seconds to
load, and ``trendlib --help`` needs nothing of it.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from trendlib import __version__
from trendlib.cli.options import EXTRAS, WRONG_USE
from trendlib.errors import TrendlibError, needs_extra

COMMANDS = {
    "run": "run the walkthrough over sentences of your own",
    "embed": "embed a file of sentences into a Parquet file",
    "compare": "show where two runs find other words",
    "export": "write the encoder, with what a reading needs, as ONNX",
    "reproduce": "recompute every figure that the articles printed",
    "evaluate": "put the articles' claims to a test",
    "drift": "say which of the articles' figures have changed since the last run",
}
"""Each command, and what its line of ``trendlib --help`` says."""
SHELLS = ("bash", "zsh", "tcsh")

EPILOG = """\
`trendlib COMMAND --help` lists the options of a command.

To complete commands and options with the Tab key, write the completion of your shell to a file
that the shell reads:
  bash  trendlib --print-completion bash > ~/.local/share/bash-completion/completions/trendlib
  zsh   trendlib --print-completion zsh > ~/.zsh/_trendlib     (~/.zsh must be in $fpath)
  tcsh  trendlib --print-completion tcsh > ~/.trendlib.csh     (source it in ~/.tcshrc)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = command_line().parse_args(arguments)
    try:
        with needs_extra(f"trendlib {options.command}", EXTRAS[options.command]):
            return int(options.run(options))
    except (TrendlibError, OSError) as error:
        print(f"trendlib: {error}", file=sys.stderr)
        return WRONG_USE


def command_line(*, with_options: bool = False) -> argparse.ArgumentParser:
    """Describe the command's arguments.

    Args:
        with_options: Whether every command gets its options at once, and not when it is used;
            for the completion of a shell.
    """
    parser = argparse.ArgumentParser(
        prog="trendlib",
        description="Trend embeddings.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"trendlib {__version__}")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        help="print what lets this shell complete the command, and exit",
    )
    commands = parser.add_subparsers(
        required=True, dest="command", metavar="COMMAND", parser_class=_CommandParser
    )
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if with_options:
            command.complete_files()
    return parser


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command. It gets its options when it is used, since they load modules."""

    _filled = False

    def fill(self) -> None:
        if not self._filled:
            name = self.prog.split()[-1]
            import_module(f"trendlib.cli.{name}").add_options(self)
            self._filled = True

    def complete_files(self) -> None:
        """Let a shell complete the names of files."""
        import shtab

        self.fill()
        for action in self._actions:
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]

    def parse_known_args(self, *arguments: Any, **named: Any) -> Any:
        self.fill()
        return super().parse_known_args(*arguments, **named)


class _PrintCompletion(argparse.Action):
    """Prints the completion of a shell, with the options of every command."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        import shtab

        print(shtab.complete(command_line(with_options=True), shell=values))
        parser.exit()
