"""How tests start Python: with the libraries loaded, unless how Python starts is what is tested."""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

WARM = Path(__file__).with_name("warm.py")
JUPYTER_PATH = "JUPYTER_PATH"


@cache
def warm_folder() -> Path:
    """Start the process of ``warm``, once for all workers of a run; returns the folder to ask in.

    It ends, and removes the folder, when the process ends that runs the tests or leads the workers.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    leader = os.getppid() if run else os.getpid()
    folder = (
        Path(tempfile.gettempdir(), f"warm-{run}")
        if run
        else Path(tempfile.mkdtemp(prefix="warm-"))
    )
    folder.mkdir(mode=0o700, exist_ok=True)
    with FileLock(folder / "lock"):
        kernel = folder / "kernels" / "python3" / "kernel.json"
        if not kernel.exists():
            _start(folder, leader)
            kernel.parent.mkdir(parents=True)
            launch = [*_asking(folder), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            kernel.write_text(
                json.dumps({"argv": launch, "display_name": "", "language": "python"})
            )
    return folder


def _start(folder: Path, leader: int) -> None:
    server = subprocess.Popen(
        [sys.executable, WARM, folder, str(leader)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        start_new_session=True,  # Ctrl-C is for the tests
    )
    atexit.register(server.poll)  # which is not waited for: other workers may still ask it
    while not (folder / "socket").exists():
        assert server.poll() is None, "the libraries cannot be loaded"
        time.sleep(0.05)


def _asking(folder: Path) -> list[str]:
    return [sys.executable, "-IS", str(WARM), str(folder)]


def warm_python() -> list[str]:
    """How to run ``-m MODULE`` or ``-c CODE`` in a Python that has the libraries loaded.

    It tells of the end of a process that is not its own as only Linux can; elsewhere, any Python.
    """
    return _asking(warm_folder()) if hasattr(os, "pidfd_open") else [sys.executable]


def with_warm_kernels(environment: dict[str, str] | None = None) -> dict[str, str]:
    """Let Jupyter find a kernel that has the libraries loaded, in the place of its own."""
    kernels = {JUPYTER_PATH: str(warm_folder())} if hasattr(os, "pidfd_open") else {}
    return {**(os.environ if environment is None else environment), **kernels}


@contextmanager
def warm_kernels() -> Iterator[None]:
    """Let kernels that this process starts have the libraries loaded."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in with_warm_kernels({}).items():
            patch.setenv(name, value)
        yield
