"""How `make` finds a Python and sets up .venv, with stand-ins for Python, pip and uv."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import install
from helpers.paths import ROOT
from helpers.wheels import sha256, wheel

PIP = """\
Obtaining file:///book
Collecting numpy>=2.0 (from -c constraints.txt)
  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)
Collecting regex
  Using cached regex-2026.11.15-cp311.whl (800 kB)
Installing collected packages: regex, numpy, trendlib
Successfully installed numpy-2.4.6
"""
UV = """\
Resolved 191 packages in 2.1s
Downloading torch (183.1MiB)
Prepared 100 packages in 9.5s
"""


class Machine:
    """A folder with the Makefile in it, and a PATH with stand-ins on it."""

    def __init__(self, folder: Path) -> None:
        self.project, self.programs = folder / "project", folder / "bin"
        self.programs.mkdir()
        (self.project / "book" / "tools").mkdir(parents=True)
        (self.project / "tests").mkdir()
        for name in (
            *("Makefile", "pyproject.toml", "constraints.txt", "book/tools/install.py"),
            *map(str, install.LOCKS.values()),
        ):
            shutil.copy(ROOT / name, self.project / name)
        for name in ("sh", "make", "touch"):
            program = shutil.which(name)
            assert program
            (self.programs / name).symlink_to(program)

    def program(self, name: str, script: str) -> Path:
        path = self.programs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def python(self, name: str, version: str) -> None:
        """A Python that says that it is another version, and else does what this one does."""
        code = f"import sys; sys.version_info = ({version.replace('.', ', ')}); exec(sys.argv[1])"
        self.program(
            name,
            f'if [ "$1" = -c ]; then exec {sys.executable} -c "{code}" "$2"; fi\n'
            f'echo "{name} was taken"; exec {sys.executable} "$@"',
        )

    def installer(self, script: str) -> None:
        """A .venv whose Python is this one, and whose pip does what the script says."""
        self.program(
            "../project/.venv/bin/python",
            f"""
if [ "$1" = -c ]; then exec {sys.executable} "$@"; fi
if [ "$3" = --version ]; then exit 0; fi
echo "$@" >> called
{script}""",
        )

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", *arguments],
            cwd=self.project,
            env={**outside_make(), "PATH": str(self.programs)},
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # Ctrl-C is for all of a terminal's group
        )


def outside_make() -> dict[str, str]:
    """The environment, as if `make test` had not started these tests."""
    return {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


BOOK, TEST = ".venv/.ready-book", ".venv/.ready-test"


def test_the_first_python_that_fits_is_taken(machine: Machine) -> None:
    machine.program("python3.11", "exit 127")  # a name that leads nowhere, as pyenv leaves them
    machine.python("python3.12", "3.11.2")
    machine.python("python3.13", "3.13.0")
    machine.python("python3.14", "3.14.0")
    machine.installer("exit 0")
    result = machine.make(BOOK)
    assert result.returncode == 0, result.stderr
    assert "python3.13 was taken" in result.stdout
    assert "pip install" in (machine.project / "called").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            {"python3.11": "3.11.2", "python3": "3.9.1"},
            "python3.11 is 3.11.2; python3 is 3.9.1; install one, or say where it is: make",
        ),
        ({"python3": "3.15.0"}, "python3 is 3.15.0; install one"),
        ({}, "none of python3.11 python3.12 python3.13 python3.14 python3 was found; install one"),
    ],
)
def test_a_python_that_does_not_fit_gets_one_sentence_at_once(
    machine: Machine, found: dict[str, str], told: str
) -> None:
    for name, version in found.items():
        machine.python(name, version)
    result = machine.make("book")
    assert result.returncode != 0
    (line,) = result.stdout.splitlines()
    assert line.startswith("Python 3.11.5 to 3.14 is needed: ")
    assert told in line
    assert not (machine.project / ".venv").exists()


def test_another_python_can_be_named(machine: Machine) -> None:
    machine.python("python3.11", "3.11.7")
    machine.python("mine", "3.12.1")
    machine.installer("exit 0")
    assert "mine was taken" in machine.make(BOOK, "PYTHON=mine").stdout
    assert "make PYTHON=" in machine.make(TEST, "PYTHON=/nowhere/python").stdout


def test_each_command_installs_what_it_needs(machine: Machine) -> None:
    """First what has hashes, from the usual index alone; then torch; then the repository."""
    machine.python("python3.11", "3.11.7")
    machine.installer("exit 0")
    called = machine.project / "called"
    index = "https://example.org/simple"
    machine.make(BOOK, f"TORCH_INDEX={index}")
    pip = "-m pip install --disable-pip-version-check --no-compile "
    assert called.read_text(encoding="utf-8").splitlines() == [
        pip + "--no-deps --require-hashes -r book/requirements.txt",
        pip + f"-c constraints.txt torch --extra-index-url {index}",
        pip + "--no-deps --no-build-isolation -e .",
    ]
    called.unlink()
    machine.make(TEST)
    locked, torch, _ = called.read_text(encoding="utf-8").splitlines()
    assert locked.endswith("--require-hashes -r tests/requirements.txt")
    assert torch.endswith("-c constraints.txt torch")
    called.unlink()
    machine.make(BOOK, TEST)
    assert not called.exists()  # both are there
    # Not "now": the clock of some file systems is too coarse to tell it from the stamp's time.
    os.utime(machine.project / BOOK, (0, 0))
    machine.make(BOOK)
    assert called.exists()


@pytest.mark.parametrize("changed", [False, True])
def test_a_file_with_another_hash_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    path, lock = wheel(tmp_path, "something"), tmp_path / "requirements.txt"
    lock.write_text(f"something==1.0 \\\n    --hash=sha256:{sha256(path)}\n", encoding="utf-8")
    if changed:
        path.write_bytes(path.read_bytes() + b"one more byte")
    monkeypatch.setattr(install, "PYTHON", sys.executable)
    monkeypatch.setitem(install.LOCKS, "book", lock)
    for name, value in (("DRY_RUN", "1"), ("NO_INDEX", "1"), ("FIND_LINKS", str(tmp_path))):
        monkeypatch.setenv(f"PIP_{name}", value)
    locked, *_ = install.commands("book", None, None)
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        status, errors = install.install(locked, log, install.Progress())
        log.seek(0)
        said = log.read()
    assert (status != 0) == changed
    assert ("DO NOT MATCH THE HASHES" in "\n".join(errors)) == changed
    assert ("Would install something-1.0" in said) == (not changed)


def test_modules_are_compiled_when_they_are_imported_whatever_the_shell_forbids(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    machine.python("python3.11", "3.11.7")
    machine.installer('echo "forbidden: $PYTHONDONTWRITEBYTECODE" > seen')
    assert machine.make(BOOK).returncode == 0
    assert "--no-compile" in (machine.project / "called").read_text(encoding="utf-8")
    assert (machine.project / "seen").read_text(encoding="utf-8") == "forbidden: \n"


def test_a_failure_is_shown_whole_without_the_noise_and_is_no_set_up(machine: Machine) -> None:
    machine.python("python3.11", "3.11.7")
    noise = "WARNING: Location 'file:///nowhere/numpy/' is ignored: it is neither a file nor"
    machine.installer(
        f'echo "Collecting numpy"\necho "{noise}" >&2\n'
        'echo "ERROR: no disk space" >&2; echo "  left on the device" >&2; exit 28'
    )
    result = machine.make(BOOK)
    assert result.returncode == 2  # make's own
    assert "Error 28" in result.stderr
    assert "ERROR: no disk space\n  left on the device\nFailed with status 28" in result.stderr
    assert "run the same command again to continue" in result.stderr
    assert "Location" not in result.stdout + result.stderr
    log = (machine.project / "_build" / "setup.log").read_text(encoding="utf-8")
    assert {"Collecting numpy", noise, "ERROR: no disk space"} <= set(log.splitlines())
    assert not (machine.project / BOOK).exists()
    machine.installer("exit 0")
    assert machine.make(BOOK).returncode == 0
    assert (machine.project / BOOK).exists()


def test_a_set_up_can_be_stopped_and_goes_on(machine: Machine) -> None:
    machine.python("python3.11", "3.11.7")
    machine.installer('echo "Collecting numpy"; kill -INT 0; echo "ERROR: stopped" >&2; exit 1')
    result = machine.make(BOOK)
    assert result.returncode != 0
    assert "Stopped; run the same command again to continue." in result.stderr
    assert "Traceback" not in result.stderr
    assert not (machine.project / BOOK).exists()
    machine.installer("exit 0")
    assert machine.make(BOOK).returncode == 0


def test_an_environment_with_another_python_is_not_touched(machine: Machine) -> None:
    machine.python("python3.11", "3.11.7")
    machine.python("../project/.venv/bin/python", "3.10.13")
    result = machine.make(BOOK)
    assert result.returncode != 0
    assert ".venv has Python 3.10.13: `make clean` removes it" in result.stdout


def test_uv_is_used_where_it_is(machine: Machine) -> None:
    machine.python("python3.11", "3.11.7")
    machine.installer("exit 1")
    machine.program("uv", 'echo "$@" >> called')
    result = machine.make(BOOK, "TORCH_INDEX=https://example.org")
    assert "with uv" in result.stdout
    called = (machine.project / "called").read_text(encoding="utf-8")
    locked, torch, own = called.splitlines()
    assert all(each.startswith("pip install --python .venv/bin/python") for each in (locked, own))
    assert locked.endswith("--require-hashes -r book/requirements.txt")
    assert "--extra-index-url https://example.org --index-strategy unsafe-best-match" in torch


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment's folder of packages, with one in it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    (folder / "pip-26.0.dist-info").mkdir(parents=True)
    return folder


def phases(output: str) -> tuple[install.Progress, list[str]]:
    progress, said = install.Progress(), []
    for line in output.splitlines():
        progress.read(line)
        said.append(str(progress).split(maxsplit=1)[1])
    return progress, said


def test_the_screen_says_how_far_pip_is(packages: Path) -> None:
    progress, said = phases(PIP)
    assert said == [
        "finding versions",
        "finding versions, 1 so far",
        "downloading numpy (16.9 MB)",
        "finding versions, 2 so far",
        "finding versions, 2 so far",
        "installing, 0 of 3 packages",
        "installing, 0 of 3 packages",
    ]
    (packages / "regex-2026.11.15.dist-info").mkdir()
    assert str(progress).endswith("installing, 1 of 3 packages")


def test_the_screen_says_how_far_uv_is(packages: Path) -> None:
    progress, said = phases(UV)
    assert said[1:] == ["downloading torch (183.1MiB)", "installing, 1 of 191 packages"]
    (packages / "torch-2.13.0.dist-info").mkdir()
    assert str(progress).endswith("installing, 2 of 191 packages")


def test_without_a_terminal_a_line_comes_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "EVERY", 0.01)
    progress = install.Progress()
    with install.shown(progress):
        install.threading.Event().wait(0.2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 2
    assert set(lines) == {"  0:00  finding versions"}
