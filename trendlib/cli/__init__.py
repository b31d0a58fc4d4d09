"""The command ``trendlib``: a module for each of its commands.

A command's module, and what it needs, is imported when that command is used: torch takes seconds to
load, and ``trendlib --help`` needs nothing of it.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from trendlib import __version__
from trendlib.cli.options import (
    CLOSED_PIPE,
    EXTRAS,
    FAILED,
    WRONG_USE,
    drop_output,
    flush_output,
    local_path,
    make_printable,
    printable,
    say,
    signals_end_the_command,
)
from trendlib.errors import TrendlibError, is_out_of_memory, needs_extra
from trendlib.show.labels import shortened

COMMANDS = {
    "run": "run the walkthrough notebook on your own sentences",
    "embed": "turn a file of sentences into a Parquet file of embeddings",
    "compare": "show where two runs choose different words",
    "export": "export the model as an ONNX file",
    "reproduce": "recompute every figure that the articles printed",
    "evaluate": "test the claims of the articles on public data",
    "drift": "check whether recomputed figures have changed since the last run",
}
"""Each command, and what its line of ``trendlib --help`` says."""
SHELLS = ("bash", "zsh", "tcsh")

EPILOG = """\
`trendlib COMMAND --help` lists the options of a command.

To complete commands and options with the Tab key, save the completion script where your shell
looks for it:
  bash  trendlib --print-completion bash > ~/.local/share/bash-completion/completions/trendlib
  zsh   trendlib --print-completion zsh > ~/.zsh/_trendlib     (~/.zsh must be in $fpath)
  tcsh  trendlib --print-completion tcsh > ~/.trendlib.csh     (source it in ~/.tcshrc)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    make_printable()
    with signals_end_the_command() as received:
        try:
            return _run(arguments)
        except BrokenPipeError:  # such as `trendlib compare A B | head -1`
            drop_output()
            return CLOSED_PIPE
        except (Exception, KeyboardInterrupt) as error:
            # Stopped while it loads, a library may raise an error of its own instead.
            if received or isinstance(error, KeyboardInterrupt):
                say("stopped; run the same command again to continue with what it has kept")
                return 128 + (received[0] if received else signal.SIGINT)
            return _ended_by(error)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = command_line().parse_args(arguments)
        with needs_extra(f"trendlib {options.command}", EXTRAS[options.command]):
            status = int(options.run(options))
    except SystemExit:  # after a help
        flush_output()
        raise
    flush_output()
    return status


def _ended_by(error: Exception) -> int:
    """Say what ended a command; an error inside this package is raised again."""
    if is_out_of_memory(error):
        say(
            f"not enough memory ({shortened(str(error) or type(error).__name__, 200)}): end other "
            "programs, or use a smaller model or fewer --jobs; run the same command again to "
            "continue with "
            "what it has kept"
        )
        return FAILED
    if not isinstance(error, (TrendlibError, OSError)):
        raise error
    say(str(error))
    if isinstance(error, OSError):
        drop_output()  # it may be the output that cannot be written
    return WRONG_USE


def command_line(*, with_options: bool = False) -> argparse.ArgumentParser:
    """Describe the command's arguments.

    Args:
        with_options: Whether every command gets its options at once, and not when it is used;
            for the completion of a shell.
    """
    parser = _Parser(
        prog="trendlib",
        description="Compute trend embeddings of sentences, and check what the articles said of "
        "them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"trendlib {__version__}")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        help="print the completion script for this shell, and exit",
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


class _Parser(argparse.ArgumentParser):
    """A parser that says how to pass a sentence such as "-Hello."."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            message += " (put a sentence that begins with - at the end, after --)"
        super().error(printable(message))


class _CommandParser(_Parser):
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
            if action.type is local_path:
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

        sys.stdout.write(shtab.complete(command_line(with_options=True), shell=values) + "\n")
        parser.exit()
