"""The project keeps its own rules: environments in step, commands in two parts, a true README."""

import re
import shlex
import subprocess
import sys

import nbformat
import pytest
import yaml

import install
import lock
import trendlib
from helpers.paths import ROOT
from helpers.requirements import PROJECT, constraints, normalized, of_extras, pins
from trendlib import cli
from trendlib.cli import compare, drift, embed, evaluate, export, run

FIXED = {
    "jupyterlab",
    "jupyter-book",
    "torch",
    "transformers",
    "numpy",
    "matplotlib",
    "nbval",
    "papermill",
}


def test_environment_yml_is_in_step_with_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert conda == ["python=3.11", "pip"]
    assert pip["pip"] == ["-c constraints.txt", "-e .[book]"]


def test_the_fixed_packages_are_required() -> None:
    assert {normalized(line) for line in of_extras("test")} >= FIXED


def test_every_requirement_is_pinned() -> None:
    pinned = constraints()
    assert {normalized(line) for line in of_extras("test")} <= set(pinned)
    assert pinned["torch"] == "2.13.0"
    assert all(re.fullmatch(r"[\w.!]+", version) for version in pinned.values())


@pytest.mark.parametrize("command", install.LOCKS)
def test_what_a_command_installs_has_hashes(command: str) -> None:
    """All but torch, of which each version comes in several builds, and what it brings with it."""
    path = ROOT / install.LOCKS[command]
    locked = pins(path)
    needed = {normalized(line) for line in of_extras(command)}
    assert needed - set(locked) == {"torch"}
    assert locked.items() <= constraints().items()
    assert set(constraints()) - set(pins(ROOT / install.LOCKS["test"])) == {"torch"}
    assert not [name for name in locked if re.match(r"nvidia-|cuda-|triton", name)]
    for package in lock.blocks(path.read_text(encoding="utf-8")):
        _, *hashes = package.split(" \\\n")
        assert hashes, package
        assert all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}", each) for each in hashes), package


def test_what_is_installed_fits_together() -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_pythons_that_fit_are_the_same_everywhere() -> None:
    oldest, newest = re.fullmatch(r">=([\d.]+),<([\d.]+)", PROJECT["requires-python"]).groups()  # type: ignore[union-attr]
    assert (version(oldest), version(newest)) == install.PYTHONS
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"not {version(oldest)} <= sys.version_info[:3] < {version(newest)}" in makefile
    minors = range(version(oldest)[1], version(newest)[1])
    named = re.search(r"^PYTHON \?= (.*)", makefile, flags=re.MULTILINE)
    assert named
    assert named[1].split() == [*(f"python3.{minor}" for minor in minors), "python3"]
    classifiers = [f"Programming Language :: Python :: 3.{minor}" for minor in minors]
    assert [line for line in PROJECT["classifiers"] if "Python" in line] == classifiers


def version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_make_help_lists_the_commands_of_readers_and_of_maintainers() -> None:
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    parts = [
        re.findall(r"^  ([a-z-]+) +\S", part, flags=re.MULTILINE) for part in listed.split("\n\n")
    ]
    readers, maintainers = parts
    assert readers == ["help", "book", "test", "lab", "pdf", "reproduce", "clean"]
    assert {"check", "lint", "types", "evaluate", "bench", "notebooks", "lock"} <= set(maintainers)


def test_make_check_takes_the_methods_tests_and_not_the_front_door() -> None:
    """Asked for all its names, as pytest does, the front door loads torch."""
    told = subprocess.run(
        ["make", "--dry-run", "check"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for part in ("ruff check .", "ruff format --check .", ".venv/bin/mypy"):
        assert part in told
    (line,) = [line for line in told.splitlines() if "pytest -q " in line]
    files = line.partition("pytest -q ")[2]
    method = {path for path in ROOT.glob("trendlib/*.py") if not path.stem.startswith("__")}
    assert {ROOT / name for name in files.split()} == {ROOT / "tests" / "core", *method}


README = (ROOT / "README.md").read_text(encoding="utf-8")
TEXTS = ("README.md", "CONTRIBUTING.md", "book/commands.md")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 110


@pytest.mark.parametrize("name", TEXTS)
def test_commands_and_places_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text, flags=re.MULTILINE))
    assert commands >= {"book"}
    for command in commands:
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE), command
    places = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    for place in places:
        assert (ROOT / name).parent.joinpath(place).exists(), place
    named = r"`((?:trendlib|tests|book|notebooks|\.github)/[\w./-]+)`"
    for place in re.findall(named, text):
        assert (ROOT / place).exists(), place


def test_the_places_of_the_readme_exist() -> None:
    table = README.partition("## Where things are")[2]
    places = re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE)
    assert {"notebooks", "trendlib", "book", "tests"} <= set(places)
    for place in places:
        assert (ROOT / place).exists(), place


def test_the_readme_lists_the_method_in_its_order() -> None:
    table = README.partition("## The method")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)\.py` \| .+ \|$", table, flags=re.MULTILINE)
    told = (trendlib.__doc__ or "").split("::")[1]
    assert listed == re.findall(r"^    (\w+) +\w", told, flags=re.MULTILINE)


@pytest.mark.parametrize("name", TEXTS[::2])
def test_the_python_in_the_texts_runs(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    (code,) = blocks(text, "python")
    lines = [line for line in code.splitlines() if line]
    assert len(lines) <= 6
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    if name == "README.md":
        focus, related, shape = result.stdout.splitlines()
        assert focus in "I sold my car"
        assert related.startswith("Related(")
        assert shape == "(384,)"


def test_the_texts_list_the_extras_for_users() -> None:
    of_the_repository = {"book", "test"}
    extras = PROJECT["optional-dependencies"].keys() - of_the_repository
    for name in TEXTS[::2]:
        text = (ROOT / name).read_text(encoding="utf-8")
        (table,) = re.findall(r"^\| (?:extra|`pip install).*\n((?:\|.*\n)+)", text, re.MULTILINE)
        first = [line.split("|")[1] for line in table.splitlines()]
        assert set(re.findall(r"`(\w+)`", " ".join(first))) == extras


def documented_commands() -> list[str]:
    """List the `trendlib` commands that texts, chapters and help show."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in TEXTS] + [run.EXAMPLES]
    texts += [compare.EXAMPLES, embed.EXAMPLES, export.EXAMPLES, drift.EXAMPLES]
    texts += [evaluate.EXAMPLES]
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(notebook, as_version=4).cells
        texts += [cell.source for cell in cells if cell.cell_type == "markdown"]
    names = "run|embed|compare|export|reproduce|evaluate|drift"
    pattern = rf"(?:^|`)\s*(?:\.venv/bin/)?trendlib ((?:{names})[^`\n]*)"
    found = [match for text in texts for match in re.findall(pattern, text, flags=re.MULTILINE)]
    # A name alone is a mention; with arguments it is an example.
    return [command.partition("     (")[0] for command in found if " " in command]


def test_the_documented_commands_are_understood() -> None:
    commands = documented_commands()
    assert len(commands) > 10
    for command in commands:
        if not command.endswith("--help"):
            cli.command_line().parse_args(shlex.split(command))


def test_the_committed_picture_is_what_the_code_draws() -> None:
    code = "from picture import alone, draw; print(alone(draw()), end='')"
    drawn = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "book" / "tools",
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    committed = (ROOT / "book" / "images" / "walkthrough.svg").read_text(encoding="utf-8")
    assert drawn == committed


def test_ci_calls_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands[-1] == "make test"
