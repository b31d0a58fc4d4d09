"""What the tests of `trendlib run` share: the command, and notebooks made for a test."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from helpers.programs import warm_python, with_warm_kernels

TRENDLIB = Path(sys.executable).with_name("trendlib")
PARAMETERS = 'sentence: str = ""  # a text\nmodel: str = ""  # a model\n'
PARAMETERS += 'reading: str = ""  # a reading\ndtype: str = ""  # a number format\n'


def make_notebook(path: Path, *cells: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook that takes the parameters of a run."""
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    content = nbformat.v4.new_notebook(
        cells=[first, *(nbformat.v4.new_code_cell(cell) for cell in cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
    )
    nbformat.write(content, path)
    return path


def command(*arguments: str | Path) -> list[str | Path]:
    return [TRENDLIB, "run", *arguments]


def warm_command() -> list[str | Path]:
    """How to run the command with the libraries loaded."""
    return [*warm_python(), "-m", "trendlib"]


def started(
    *arguments: str | Path,
    program: Sequence[str | Path] = (TRENDLIB,),
    env: dict[str, str] | None = None,
) -> "subprocess.Popen[str]":
    """Start the command, to be stopped while it runs.

    Tests that run in the background of a shell are told to ignore Ctrl-C, and tell others so.
    """
    return subprocess.Popen(
        [*program, *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def trendlib(
    *arguments: str | Path, env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command, and the kernels that it starts, with the libraries loaded.

    What ``preexec_fn`` does to a process, it would do to another one: then, as users run it.
    """
    if "preexec_fn" in options:
        program: list[str | Path] = [TRENDLIB]
    else:
        program, env = warm_command(), with_warm_kernels(env)
    return subprocess.run(
        [*program, *arguments], env=env, capture_output=True, text=True, check=False, **options
    )


def trendlib_run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return trendlib("run", *arguments, **options)


def seen_on_a_terminal(
    command: Sequence[str | Path], *, env: dict[str, str] | None = None, status: int = 0
) -> str:
    """Run a command whose messages go to a terminal; they are what is returned."""
    main, worker = pty.openpty()
    fcntl.ioctl(worker, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=worker)
    os.close(worker)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:  # the other end is closed
            break
        shown += part
    assert process.wait() == status
    return shown.decode()


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the records of a run, by sentence; each must be whole."""
    found = [json.loads(path.read_text("utf-8")) for path in folder.glob("sentences/*/record.json")]
    return {record["sentence"]: record for record in found}


def write_lines(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
