"""A Python that has the libraries loaded: what it runs does not import torch for seconds.

``python warm.py FOLDER PROCESS`` loads the libraries, none of the project's own modules, and forks
a process for each program that is asked for, until the process with that number ends: the one that
runs the tests, or leads those that run them. ``python -IS warm.py FOLDER -m MODULE ARGUMENTS`` (or
``-c CODE``) asks for one and stands for it: with its folder, environment, standard streams, signals
and exit status. Where the environment differs in what Python or a library reads when it starts, a
Python of its own takes its place.
"""

import json
import os
import select
import signal
import socket
import sys
from pathlib import Path

LIBRARIES = (
    "ipykernel.kernelapp",
    "latex2mathml.converter",
    "matplotlib.backends.backend_agg",
    "matplotlib.font_manager",
    "mdit_py_plugins.dollarmath",
    "nbconvert",
    "pandas",
    "papermill",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "torch",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
)
# How the names of variables begin that are read when they are needed, or set by libraries.
FREE = (
    *("HF_TOKEN", "JPY_", "JUPYTER_", "MPLBACKEND", "OMP_NUM_THREADS", "PAPERMILL_", "PWD"),
    *("PYTEST_", "PYTHONPATH", "TOKENIZERS_PARALLELISM", "TRENDLIB_"),
    *("COLUMNS", "KMP_", "LINES", "RAY_", "TORCHINDUCTOR_"),
)
FORWARDED = signal.SIGINT, signal.SIGTERM
SECONDS = 0.3
"""How often a process looks whether the one that has started it is still there."""


def bound(environment: dict[str, str]) -> dict[str, str]:
    """Select what must be as it was when the libraries were loaded."""
    return {name: value for name, value in environment.items() if not name.startswith(FREE)}


# The process that asks. It loads nothing, and is there in a twentieth of a second.


def stand_for(folder: Path, arguments: list[str]) -> int:
    """Have a program run; returns its status, as ``os.waitpid`` does."""
    if json.loads((folder / "environment.json").read_text()) != bound(dict(os.environ)):
        os.execv(sys.executable, [sys.executable, *arguments])
    parent, ignored = os.getppid(), signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(str(folder / "socket"))
        for number in FORWARDED:
            signal.signal(number, lambda number, _: server.sendall(bytes([number])))
        program = {
            "arguments": arguments,
            "folder": str(Path.cwd()),
            "environment": dict(os.environ),
            "ignores_interrupt": ignored,
        }
        content = json.dumps(program).encode()
        socket.send_fds(server, [len(content).to_bytes(4, "big")], [0, 1, 2])
        server.sendall(content)
        while not select.select([server], [], [], SECONDS)[0]:
            if os.getppid() != parent:
                os._exit(1)  # nobody asks for it any more: `watch` ends the program
        return int.from_bytes(server.recv(4), "big")


def end_as(status: int) -> None:
    """End as the program has ended."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


# The process that has the libraries, and its forks: one that watches a program, and the program.


def serve(folder: Path, process: int) -> list[str]:
    """Answer until a process ends, and remove the folder; a program returns its arguments."""
    import gc
    import shutil
    from importlib import import_module

    environment, asked_for = dict(os.environ), os.pidfd_open(process)
    # A fork has none of the other threads: there must be none.
    os.environ |= {"OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
    gc.disable()
    for name in LIBRARIES:
        import_module(name)
    gc.enable()
    gc.freeze()
    assert len(list(Path("/proc/self/task").iterdir())) == 1
    assert "trendlib" not in sys.modules
    (folder / "environment.json").write_text(json.dumps(bound(environment)))
    running: set[int] = set()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket"))
        server.listen()
        while asked_for not in (ready := select.select([server, asked_for], [], [], SECONDS)[0]):
            running = {process for process in running if not os.waitpid(process, os.WNOHANG)[0]}
            if ready:
                asking, _ = server.accept()
                process = os.fork()
                if process == 0:
                    server.close()
                    os.close(asked_for)
                    return watch(asking)
                asking.close()
                running.add(process)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def watch(asking: socket.socket) -> list[str]:
    """Pass signals on to a program, and its status back; kill it if the one that asks has gone."""
    size, streams, *_ = socket.recv_fds(asking, 4, 3)
    content = asking.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
    process = os.fork()
    if process == 0:
        asking.close()
        return become(streams, **json.loads(content))
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(process)
    while ended not in (ready := select.select([ended, asking], [], [])[0]):
        assert asking in ready
        number = asking.recv(1)
        if not number:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            os._exit(1)
        os.kill(process, number[0])
    _, status = os.waitpid(process, 0)
    asking.send(status.to_bytes(4, "big"))
    os._exit(0)


def become(
    streams: list[int],
    arguments: list[str],
    folder: str,
    environment: dict[str, str],
    ignores_interrupt: bool,
) -> list[str]:
    """Take over what belongs to a program; returns its arguments."""
    os.setsid()
    # What was started in the background of a shell ignores it, and so would all that it starts.
    signal.signal(
        signal.SIGINT, signal.SIG_IGN if ignores_interrupt else signal.default_int_handler
    )
    for place, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        os.dup2(streams[place], place)
        os.close(streams[place])
        line = 1 if name == "stderr" else -1  # buffered by line
        stream = os.fdopen(place, mode, line, errors=getattr(sys, name).errors, closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    further = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [folder, *filter(None, further)]
    if backend := environment.get("MPLBACKEND"):
        sys.modules["matplotlib"].rcParams["backend"] = backend
    return arguments


def run(kind: str, program: str) -> None:
    """Run a program as Python does, and note how it ends."""
    import runpy

    try:
        if kind == "-m":
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        else:
            exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        status.append(end.code if isinstance(end.code, int) else int(end.code is not None))
        raise
    except BaseException:
        status.append(1)
        raise


def leave() -> None:
    """End at once: to take thousands of modules down takes longer than many a program."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(*status or [0])


if __name__ == "__main__":
    if len(sys.argv) > 3:
        end_as(stand_for(Path(sys.argv[1]), sys.argv[2:]))
    import atexit

    status: list[int] = []
    atexit.register(leave)  # what is registered first comes last
    kind, program, *sys.argv[1:] = serve(Path(sys.argv[1]), int(sys.argv[2]))
    run(kind, program)
