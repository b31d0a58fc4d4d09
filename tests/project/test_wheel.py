"""The sdist and the wheel: they are made without a network, and work without the repository."""

import csv
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

import dist
from helpers.paths import ROOT
from helpers.requirements import PROJECT
from trendlib.articles.published import PRINTED_DATA, groups
from trendlib.model.weights import MINILM

# Loaded by every Python that is started, kernels too: the repository is not to be looked into.
GUARD = """
import sys

def refuse(event, arguments):
    if event == "open" and str(arguments[0]).startswith({forbidden!r}):
        raise RuntimeError(f"{{arguments[0]}} was opened, which is no part of the wheel")

sys.addaudithook(refuse)
"""
IN_PYTHON = """
import trendlib
embedding = trendlib.embed("I sold my car.")
encoder = trendlib.load_encoder("all-MiniLM-L6-v2")
print(trendlib.__file__, trendlib.__version__, *embedding.values.shape)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both: the sdist is made of the repository, and the wheel of the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    dist.build(folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


class Installed:
    """The wheel in a folder of its own, beside the libraries of this environment."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self.folder, self.packages = folder, folder / "packages"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
        subprocess.run([*pip, "--target", self.packages, wheel], check=True, capture_output=True)
        forbidden = tuple(f"{ROOT / name}{os.sep}" for name in ("trendlib", "notebooks", "book"))
        guard = GUARD.format(forbidden=forbidden)
        (self.packages / "sitecustomize.py").write_text(guard, encoding="utf-8")

    def run(self, *arguments: str, status: int = 0) -> str:
        result = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.packages)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(wheel, tmp_path_factory.mktemp("installed"))


def test_everything_in_the_package_is_in_the_wheel(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "trendlib"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    names = set(ZipFile(wheel).namelist())
    assert set(listed) <= names
    assert {name for name in names - set(listed) if ".dist-info/" not in name} == {
        "trendlib/notebooks/03_with_a_model.ipynb"
    }


def test_the_sdist_holds_what_the_wheel_is_made_of_and_no_book(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert names >= {"trendlib", "notebooks", "pyproject.toml", "README.md", "LICENSE"}
    assert names.isdisjoint({"book", "tests", "Makefile"})
    assert sdist.stat().st_size < 2_000_000


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    archive = ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    lines = archive.read(metadata).decode().splitlines()
    extras = {line.removeprefix("Provides-Extra: ") for line in lines if "Provides-Extra" in line}
    assert extras == set(PROJECT["optional-dependencies"])
    assert "Requires-Python: <3.15,>=3.11.5" in lines


def test_the_guard_sees_the_repository(installed: Installed) -> None:
    installed.run("-c", f"open({str(ROOT / 'trendlib' / 'words.py')!r})", status=1)


def test_the_wheel_works_in_python(installed: Installed) -> None:
    file, version, size = installed.run("-c", IN_PYTHON).split()
    assert Path(file).is_relative_to(installed.packages)
    assert (version, size) == (PROJECT["version"], "384")


def test_the_wheel_embeds_a_file(installed: Installed) -> None:
    (installed.folder / "mine.txt").write_text("I sold my car.\nhello\n", encoding="utf-8")
    installed.run("-m", "trendlib", "embed", "mine.txt", "--out", "mine.parquet")
    assert (installed.folder / "mine.parquet").stat().st_size > 2 * 384 * 4


@pytest.mark.parametrize("options", [[], ["--no-notebook"]])
def test_the_wheel_runs_the_walkthrough(installed: Installed, options: list[str]) -> None:
    out = installed.folder / f"run{len(options)}"
    installed.run(
        *["-m", "trendlib", "run", "I sold my car.", "--out", str(out), *options],
        *["--model", "all-MiniLM-L6-v2"],
    )
    assert (out / "index.html").is_file()
    (record,) = out.glob("sentences/*/record.json")
    assert json.loads(record.read_text(encoding="utf-8"))["sentence"] == "I sold my car."
    assert len(list(out.glob("sentences/*/*.ipynb"))) == (not options)


def test_the_wheel_recomputes_the_printed_figures(installed: Installed) -> None:
    installed.run("-m", "trendlib", "reproduce", "--model", MINILM.name, "--csv", "f.csv", status=3)
    with (installed.folder / "f.csv").open(encoding="utf-8", newline="") as file:
        figures = list(csv.DictReader(file))
    printed = (ROOT / "trendlib" / "articles" / "printed").glob("*.json")
    assert {figure["article"] for figure in figures} == {path.stem for path in printed}
    from_printed = [figure for figure in figures if figure["basis"] == PRINTED_DATA]
    expected = sum(len(group.printed) for group in groups() if group.from_printed)
    assert [figure["verdict"] for figure in from_printed] == ["equal"] * expected


def empty_environment(folder: Path) -> Path:
    """An environment that finds the libraries of this one, and its pip, but no `trendlib`."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    libraries = [path for path in map(Path, sys.path) if path.name == "site-packages"]
    (packages / "libraries.pth").write_text("\n".join(map(str, libraries)), encoding="utf-8")
    return folder


def test_make_dist_tries_what_it_has_built(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sdist, as somebody installs it who has the libraries."""
    for name in ("NO_INDEX", "NO_DEPS"):
        monkeypatch.setenv(f"PIP_{name}", "1")
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip reads this as "no isolation"
    (sdist,) = built.glob("*.tar.gz")
    environment = empty_environment(tmp_path / "environment")
    told = dist.tried(sdist, environment)
    assert told == f"trendlib {PROJECT['version']}, (384,)"
    with pytest.raises(dist.DistError, match=r"pip install .*none\.whl"):
        dist.tried(tmp_path / "none.whl", environment)


@pytest.mark.parametrize(("text", "taken"), [("A title\n=======\n", True), ("`a`_\n", False)])
def test_a_description_that_an_index_refuses_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, taken: bool
) -> None:
    project = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    project += '[project]\nname = "trendlib"\nversion = "1"\nreadme = "README.rst"\n'
    (tmp_path / "trendlib.py").touch()
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    (tmp_path / "README.rst").write_text(text, encoding="utf-8")
    monkeypatch.setattr(dist, "ROOT", tmp_path)
    if taken:
        assert len(dist.build(tmp_path / "dist")) == 2
    else:
        with pytest.raises(dist.DistError, match="twine check --strict"):
            dist.build(tmp_path / "dist")
