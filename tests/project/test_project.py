"""The project keeps its own rules: environments in step, one module with torch, a true README."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import yaml
from helpers.paths import ROOT
from matplotlib.image import imread

from trendlib import cli
from trendlib.cli import compare, drift, embed, evaluate, export, run

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
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


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", name, maxsplit=1)[0]).lower()


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normalized(name): version for name, version in pins}


def requirements() -> list[str]:
    extras = PROJECT["optional-dependencies"].values()
    return [*PROJECT["dependencies"], *(each for extra in extras for each in extra)]


def test_environment_yml_is_in_step_with_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert conda == ["python=3.11", "pip"]
    assert PROJECT["requires-python"] == ">=3.11"
    options, project = pip["pip"]
    assert options == "-c constraints.txt"
    extras = ",".join(PROJECT["optional-dependencies"])
    assert project == f"-e .[{extras}]"


def test_the_fixed_packages_are_required() -> None:
    assert {normalized(each) for each in requirements()} >= FIXED


def test_every_requirement_is_pinned() -> None:
    pins = constraints()
    assert {normalized(each) for each in requirements()} <= set(pins)
    assert pins["torch"] == "2.13.0"
    assert all(re.fullmatch(r"[\w.!]+", version) for version in pins.values())


def test_make_installs_what_environment_yml_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"-e '.[{','.join(PROJECT['optional-dependencies'])}]'" in makefile
    assert "-c constraints.txt" in makefile


def test_make_help_lists_the_commands() -> None:
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    commands = "book test lab reproduce evaluate evaluate-quick bench clean help"
    for command in commands.split():
        assert re.search(rf"^{command} +\S", listed, flags=re.MULTILINE)


def test_a_wrong_python_is_refused_with_advice(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    environment = {**os.environ, "MAKEFLAGS": ""}
    missing = subprocess.run(
        ["make", "book", "PYTHON=python-of-nowhere"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert missing.returncode != 0
    assert "install Python 3.11" in missing.stdout
    assert not (tmp_path / ".venv").exists()


def test_the_readme_gives_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:^|`)make (\w+)", readme, flags=re.MULTILINE))
    assert {"book", "test", "reproduce", "lab", "bench"} <= commands
    for command in commands:
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE)
    for path in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme):
        assert (ROOT / path).exists()
    for path in re.findall(r"^\| `([^`]+)`", readme, flags=re.MULTILINE):
        assert (ROOT / path).exists()


def documented_commands() -> list[str]:
    """List the `trendlib` commands that README, chapters and help show."""
    texts = [(ROOT / "README.md").read_text(encoding="utf-8"), run.EXAMPLES]
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


def test_the_committed_picture_is_what_the_code_draws(tmp_path: Path) -> None:
    fresh = tmp_path / "picture.png"
    code = "import sys; from picture import draw; draw('all-MiniLM-L6-v2', sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, fresh], cwd=ROOT / "book" / "tools", check=True)
    committed = imread(ROOT / "book" / "images" / "walkthrough.png")
    drawn = imread(fresh)
    assert drawn.shape == committed.shape
    assert abs(drawn - committed).mean() < 0.01


def test_ci_calls_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands[-1] == "make test"


def test_versions_agree() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"] == "MIT"
