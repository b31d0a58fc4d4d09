"""The command ``trendlib``: a module for each of its commands.

What a command needs is imported when it runs: torch takes seconds to load.
"""

import argparse
import sys
from collections.abc import Sequence

from trendlib.cli import compare, drift, embed, evaluate, export, reproduce, run
from trendlib.cli.options import WRONG_USE
from trendlib.errors import TrendlibError

COMMANDS = (run, embed, compare, export, reproduce, evaluate, drift)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = command_line().parse_args(arguments)
    try:
        return int(options.run(options))
    except (TrendlibError, OSError) as error:
        print(f"trendlib: {error}", file=sys.stderr)
        return WRONG_USE


def command_line() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    parser = argparse.ArgumentParser(prog="trendlib", description="Trend embeddings.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser
