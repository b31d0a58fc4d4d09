"""The Python that tests run programs in: with the libraries loaded, and else like any other."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from helpers.paths import ROOT
from helpers.programs import WARM, warm_python
from trendlib.model.encoder import Encoder

LOADED = "import sys; print('torch' in sys.modules, 'trendlib' in sys.modules)"


def printed(code: str, *arguments: str, **options: object) -> str:
    program = [*warm_python(), "-c", code, *arguments]
    return subprocess.run(program, stdout=-1, text=True, check=True, **options).stdout


def test_the_libraries_are_loaded_and_nothing_of_ours(tiny: Encoder) -> None:
    assert tiny.hidden_size  # libraries that were loaded here have set variables
    assert printed(LOADED) == "True False\n"


def test_a_variable_that_python_reads_when_it_starts_takes_a_python_of_its_own() -> None:
    code = f"{LOADED}; print(sys.flags.utf8_mode)"
    assert printed(code, env={**os.environ, "PYTHONUTF8": "1"}) == "False False\n1\n"


def test_a_program_has_its_folder_arguments_variables_and_streams(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("name = 'mine'")
    code = (
        "import os, sys, mine\n"
        "print(mine.name, os.getcwd(), sys.argv[1:], os.environ['TRENDLIB_X'], sys.stdin.read())"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "TRENDLIB_X": "x"}
    text = printed(code, "a", "b c", cwd=tmp_path, env=environment, input="given")
    assert text == f"mine {tmp_path} ['a', 'b c'] x given\n"


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit('words')", 1, "words\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15, ""),
        ("import atexit, os; atexit.register(os._exit, 5)", 5, ""),
    ],
)
def test_a_program_ends_as_it_does_elsewhere(code: str, status: int, told: str) -> None:
    for python in (warm_python(), [sys.executable]):
        result = subprocess.run([*python, "-c", code], capture_output=True, text=True, check=False)
        assert result.returncode == status
        assert result.stderr.endswith(told)


WAITS = """
import os, sys, time
try:
    print(os.getpid(), flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(3)
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 3), (signal.SIGTERM, -15), (signal.SIGKILL, -9)]
)
def test_a_signal_reaches_the_program(number: signal.Signals, status: int) -> None:
    process = subprocess.Popen(
        [*warm_python(), "-c", WAITS],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    program = psutil.Process(int(process.stdout.readline()))
    process.send_signal(number)
    assert process.wait(timeout=20) == status
    gone, _ = psutil.wait_procs([program], timeout=20)
    assert gone
    process.stdout.close()


LEADER = """
import subprocess, sys
for _ in range(2):
    subprocess.run([sys.executable, "-c", *sys.argv[1:]], check=True)
"""
WORKER = """
import subprocess, sys
from pathlib import Path
from helpers import programs
programs.WARM = Path(sys.argv[1])
subprocess.run([*programs.warm_python(), "-c", "print('ran')"], check=True)
print(programs.warm_folder())
"""


def test_workers_share_it_until_the_run_ends(tmp_path: Path) -> None:
    text = WARM.read_text(encoding="utf-8")
    libraries = text[text.index("LIBRARIES = (") : text.index("# How the names")]
    light = tmp_path / "warm.py"
    light.write_text(text.replace(libraries, "LIBRARIES = ()\n"), encoding="utf-8")
    environment = {**os.environ, "PYTEST_XDIST_TESTRUNUID": "x", "TMPDIR": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", LEADER, WORKER, light],
        env=environment | {"PYTHONPATH": str(ROOT / "tests")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    folder = tmp_path / "warm-x"
    assert result.stdout.splitlines() == ["ran", str(folder)] * 2
    end = time.monotonic() + 20
    while folder.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
