"""Set up ``.venv``, as the Makefile does before its first command: ``install.py book`` or ``test``.

Nothing but the standard library, for nothing else is there yet. pip writes hundreds of lines, or
with ``--quiet`` none for minutes; here all of them go to a log, and the screen says how far it is.
"""

import argparse
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
LOG = Path("_build") / "setup.log"
CONSTRAINTS = Path("constraints.txt")
LOCKS = {"book": Path("book") / "requirements.txt", "test": Path("tests") / "requirements.txt"}
"""What each command needs beside torch, with hashes."""
PYTHONS = (3, 11, 5), (3, 15)
"""The oldest Python that fits, and the first that does not: as in pyproject.toml."""
NEEDED = {"book": "2.1 GB", "test": "3.0 GB"}
"""Disk space, with a CPU build of torch."""
EVERY = 20
"""Seconds between two lines, where the output is no terminal."""
NOISE = re.compile(r"WARNING: Location '.*' is ignored")

FOUND = re.compile(r"Collecting (\S+)")
DOWNLOADED = re.compile(r"\s*Downloading (\S+?)(?:-[\d.]+\S*)? \((\S+ ?\w+)\)")
TO_INSTALL = re.compile(r"Installing collected packages: (.*)")
RESOLVED = re.compile(r"Resolved (\d+) packages?")
PREPARED = re.compile(r"Prepared \d+ packages?")


def main() -> int:
    """Run the command; returns the exit status of pip or uv."""
    parser = argparse.ArgumentParser(description="Set up .venv.")
    parser.add_argument("extra", choices=NEEDED, help="the command that needs it: `make EXTRA`")
    parser.add_argument("--index", help="extra package index, for torch")
    options = parser.parse_args()
    started = time.monotonic()
    if not has_pip():
        print(f"Making {VENV} with Python {sys.version.split()[0]} ({sys.executable}).", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    if (version := version_of_venv()) and not PYTHONS[0] <= version < PYTHONS[1]:
        print(f"{VENV} has Python {'.'.join(map(str, version))}: `make clean` removes it.")
        return 1
    uv = shutil.which("uv")
    print(
        f"Installing what `make {options.extra}` needs into {VENV}, with {'uv' if uv else 'pip'}: "
        f"1 to 5 minutes.\n"
        f"Disk: {NEEDED[options.extra]}, and 3.8 GB more where torch brings CUDA, as on Linux "
        f"(TORCH_INDEX avoids it, see README).\nLog: {LOG}",
        flush=True,
    )
    progress = Progress()
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w", encoding="utf-8") as log, shown(progress):
        for command in commands(options.extra, options.index, uv):
            status, errors = install(command, log, progress)
            if status:
                break
    if status:
        print(*errors, sep="\n", file=sys.stderr)
        print(
            f"Failed with status {status}; run the same command again to continue. Log: {LOG}",
            file=sys.stderr,
        )
    else:
        minutes, seconds = divmod(round(time.monotonic() - started), 60)
        print(f"{VENV} is ready, after {minutes} min {seconds} s.", flush=True)
    return status


def has_pip() -> bool:
    """Whether an environment is there, and whole."""
    asked = [str(PYTHON), "-m", "pip", "--version"]
    return PYTHON.exists() and subprocess.run(asked, capture_output=True).returncode == 0


def version_of_venv() -> tuple[int, ...]:
    """Ask the environment which Python it has: it may be older than this one."""
    code = "import sys; print(*sys.version_info[:3])"
    asked = subprocess.run([PYTHON, "-c", code], check=True, stdout=-1, text=True)
    return tuple(map(int, asked.stdout.split()))


def commands(extra: str, index: str | None, uv: str | None) -> list[list[str]]:
    """Compose the commands that install the repository with an extra.

    The first takes files that have the expected hash, from the usual index alone. torch has several
    builds of one version, so that only its version is pinned; it pins what it brings itself.
    """
    tool = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    # Of 25,000 modules, few are ever imported; Python compiles those then, as after uv.
    tool += ["--no-compile"]
    other = ["--extra-index-url", index] if index else []
    if uv:
        tool = [uv, "pip", "install", "--python", str(PYTHON)]
        # Of both indexes, the build that fits the pin: uv's own rule would take all that PyTorch's
        # index has from there alone, in whichever versions it has.
        other += ["--index-strategy", "unsafe-best-match"] if index else []
    return [
        [*tool, "--no-deps", "--require-hashes", "-r", str(LOCKS[extra])],
        [*tool, "-c", str(CONSTRAINTS), "torch", *other],
        [*tool, "--no-deps", "--no-build-isolation", "-e", "."],
    ]


def count_packages() -> int:
    """Count what is installed."""
    return sum(1 for _ in VENV.glob("lib/python*/site-packages/*.dist-info"))


class Progress:
    """How far pip or uv is, by the lines that it writes.

    Attributes:
        phase: What it is doing.
    """

    def __init__(self) -> None:
        """Begin."""
        self.phase = "finding versions"
        self._found = 0
        self._resolved = self._total = self._before = 0
        self._started = time.monotonic()

    def read(self, line: str) -> None:
        """Take a line of the installer's output into account."""
        if FOUND.match(line):
            self._found += 1
            self.phase = f"finding versions, {self._found} so far"
        elif match := DOWNLOADED.match(line):
            self.phase = f"downloading {match[1]} ({match[2]})"
        elif match := TO_INSTALL.match(line):
            self._total, self._before = match[1].count(",") + 1, count_packages()
        elif match := RESOLVED.match(line):
            self._resolved = int(match[1])
        elif PREPARED.match(line):  # of them, those that uv has not kept from another time
            self._total = self._resolved

    def __str__(self) -> str:
        """Say it in a line."""
        seconds = round(time.monotonic() - self._started)
        phase = self.phase
        if self._total:
            installed = min(count_packages() - self._before, self._total)
            phase = f"installing, {installed} of {self._total} packages"
        return f"  {seconds // 60}:{seconds % 60:02}  {phase}"


def install(command: list[str], log: IO[str], progress: Progress) -> tuple[int, list[str]]:
    """Run pip or uv.

    Args:
        command: The command.
        log: Gets every line.
        progress: Is told every line.

    Returns:
        The exit status, and what was written to the standard error, without its noise.
    """
    errors: list[str] = []
    print("$", *command, file=log)
    process = subprocess.Popen(command, stdout=-1, stderr=-1, text=True, errors="replace")
    assert process.stdout is not None
    assert process.stderr is not None

    def follow(stream: IO[str], kept: list[str] | None = None) -> None:
        for line in stream:
            log.write(line)
            progress.read(line)
            if kept is not None and not NOISE.match(line):
                kept.append(line.rstrip("\n"))

    other = threading.Thread(target=follow, args=(process.stderr, errors))
    other.start()
    try:
        follow(process.stdout)
    finally:  # Ctrl-C reaches pip too, which ends by itself
        other.join()
        process.wait()
    return process.wait(), errors


@contextmanager
def shown(progress: Progress) -> Iterator[None]:
    """Keep a line of progress on the screen: one that changes, or a new one now and then."""
    terminal = sys.stdout.isatty()
    done = threading.Event()

    def tick() -> None:
        while not done.wait(1 if terminal else EVERY):
            line = str(progress)
            print(
                f"\r{line:<78.78}" if terminal else line, end="" if terminal else "\n", flush=True
            )
        if terminal:
            print(f"\r{'':<78}\r", end="", flush=True)

    ticker = threading.Thread(target=tick)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nStopped; run the same command again to continue.")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
