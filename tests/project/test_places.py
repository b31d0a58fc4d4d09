"""Where people open the book: Binder, Colab, a dev container, a fork. No service is asked."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import papermill
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from test_dependencies import DISTRIBUTIONS, PACKAGE, files_reached, imports

import address
import version
from helpers.copies import copy_of_texts
from helpers.notebook_outputs import text_outputs
from helpers.paths import ROOT
from helpers.programs import warm_kernels
from helpers.requirements import PROJECT, constraints, normalized, of_extras

BINDER = ROOT / "binder"
START = BINDER / "start.ipynb"
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEMPLATE = ROOT / "notebooks" / "template" / "chapter.ipynb"
NAME = address.repository(ROOT)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def read(notebook: Path) -> nbformat.NotebookNode:
    return nbformat.read(notebook, as_version=4)


def extras_in(requirement: str) -> list[str]:
    return sorted(Requirement(requirement).extras)


def installed_with(requirements: set[str]) -> set[str]:
    """All that requirements bring, by the names of what is installed here."""
    found: set[str] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        requirement = waiting.pop()
        name = normalized(str(requirement.name))
        if name not in found and (requirement.marker is None or requirement.marker.evaluate()):
            found.add(name)
            waiting += [
                each
                for each in map(Requirement, requires(name) or [])
                if each.marker is None or each.marker.evaluate({"extra": ""})
            ]
    return found


def imported_by(notebook: Path) -> Iterator[str]:
    """The modules that a notebook imports, also by way of the package's files."""
    for cell in read(notebook).cells:
        if cell.cell_type == "code" and "colab" not in cell.metadata.get("tags", []):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield from (node.module, *(f"{node.module}.{a.name}" for a in node.names))


def needed(notebook: Path) -> set[str]:
    """What a notebook needs of other packages, whatever it calls."""
    modules = set(imported_by(notebook))
    for module in list(modules):
        top, *rest = module.split(".")
        if top == PACKAGE.name:
            inside = "/".join(rest)
            for name in (f"{inside}.py", f"{inside}/__init__.py"):
                for file in files_reached(PACKAGE, name):
                    # What names its extra is asked for by a choice that the reader makes.
                    modules |= {each.module for each in imports(PACKAGE / file) if not each.extra}
    return {module.partition(".")[0] for module in modules} - sys.stdlib_module_names


def lacking(notebook: Path, extras: list[str], more: set[str]) -> set[str]:
    """What a notebook needs and these extras do not bring."""
    brought = installed_with(of_extras(*extras) | more) | {PACKAGE.name}
    return {
        module
        for module in needed(notebook)
        if brought.isdisjoint(map(normalized, DISTRIBUTIONS.get(module, [module])))
    }


# Binder


def binder_lines() -> list[str]:
    lines = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_binder_installs_a_cpu_build_and_no_tests() -> None:
    """In the order of the file: the index, the pins, the repository, and what stands alone."""
    index, pins, package, *alone = binder_lines()
    makes = (ROOT / "README.md").read_text(encoding="utf-8")
    assert index == f"--extra-index-url {re.findall(r'TORCH_INDEX=([^`]+)', makes)[0]}"
    assert pins.split() == ["-c", "../constraints.txt"]
    assert (BINDER / "../constraints.txt").is_file()
    assert package.startswith("-e .[")
    extras = extras_in(package.replace("-e .", PROJECT["name"]))
    assert {"test", "book", "all"}.isdisjoint(extras)
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    assert set(alone) <= set(constraints())
    for chapter in [*CHAPTERS, START]:
        assert lacking(chapter, extras, set(alone)) == set(), chapter


def test_binder_reads_these_files_alone() -> None:
    """With the folder, it no longer looks at those at the top; another kind would come first."""
    assert {path.name for path in BINDER.iterdir() if path.is_file()} == {
        "requirements.txt",
        "runtime.txt",
        "start.ipynb",
    }
    python = (BINDER / "runtime.txt").read_text(encoding="utf-8").strip()
    newest = python.replace("python-", "") + ".99"
    assert newest in SpecifierSet(PROJECT["requires-python"])


def test_the_start_page_lists_the_chapters_in_their_order() -> None:
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    order = re.findall(r"'file': '(notebooks/[^']+)'", str(toc))
    text = "\n".join(cell.source for cell in read(START).cells if cell.cell_type == "markdown")
    rows = re.findall(r"^\| \[[^]]+\]\(\.\./(\S+)\.ipynb\) \| .{15,} \|$", text, re.MULTILINE)
    assert rows == order
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (BINDER / link).is_file(), link


def test_the_start_page_runs_on_a_sentence_of_your_own(tmp_path: Path) -> None:
    assert not any(cell.get("outputs") for cell in read(START).cells)
    out = tmp_path / "start.ipynb"
    with warm_kernels():
        papermill.execute_notebook(
            START,
            out,
            parameters={"sentence": "Nobody told me about the meeting."},
            kernel_name="python3",
            progress_bar=False,
        )
    shown = "\n".join(text_outputs(out))
    assert "The model is all-MiniLM-L6-v2." in shown
    assert re.search(r"The focus word is \*\*“(Nobody|told|me|about|the|meeting)”\*\*", shown)
    images = [output for cell in read(out).cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in images)


# the links


def links_to(site: str) -> list[str]:
    return re.findall(rf"\(({re.escape(site)}[^)]+)\)", README)


def test_the_readme_opens_what_is_there() -> None:
    stated = version.reference(PROJECT["version"])
    (binder,) = links_to(version.BINDER)
    assert urlsplit(binder).path == f"/v2/gh/{NAME}/{stated}"
    (opened,) = parse_qs(urlsplit(binder).query)["urlpath"]
    assert ROOT / opened.removeprefix("lab/tree/") == START
    (colab,) = links_to(version.COLAB)
    path = colab.removeprefix(f"{version.COLAB}{NAME}/blob/{stated}/")
    assert ROOT / path in CHAPTERS
    (codespace,) = links_to("https://codespaces.new/")
    assert codespace == f"https://codespaces.new/{NAME}"


@pytest.mark.parametrize("notebook", [*CHAPTERS, TEMPLATE], ids=lambda path: path.stem)
def test_colab_installs_all_that_a_chapter_imports_from_its_release(notebook: Path) -> None:
    code = [cell.source for cell in read(notebook).cells if cell.cell_type == "code"]
    (requirement,) = re.findall(r"%pip install --quiet '([^']+)'", "\n".join(code))
    parsed = Requirement(requirement)
    assert parsed.name == PROJECT["name"]
    release = version.reference(PROJECT["version"])
    assert parsed.url == f"git+{address.SITES[0]}{NAME}@{release}"
    assert lacking(notebook, extras_in(requirement), set()) == set()


# a dev container


def test_the_dev_container_is_pinned_and_runs_the_readmes_command() -> None:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)
    image = re.fullmatch(
        r"mcr\.microsoft\.com/devcontainers/python:[\d.]+-(?P<python>3\.\d+)-\w+@sha256:[0-9a-f]{64}",
        container["image"],
    )
    assert image
    assert f"{image['python']}.99" in SpecifierSet(PROJECT["requires-python"])
    assert f"`{container['postCreateCommand']}`" in README
    settings = container["customizations"]["vscode"]["settings"]
    interpreter = settings["python.defaultInterpreterPath"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    programs = re.search(r"^BIN := (\S+)$", makefile, flags=re.MULTILINE)
    assert programs
    assert interpreter == f"${{containerWorkspaceFolder}}/{programs[1]}/python"


# another address


def readdressed(folder: Path, new: str) -> subprocess.CompletedProcess[str]:
    program = ROOT / "book" / "tools" / "address.py"
    return subprocess.run(
        [sys.executable, program, new, "--root", folder],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fork_changes_the_address_wherever_it_stands(tmp_path: Path) -> None:
    """Also where nobody has thought of it: in every file that is tracked."""
    fork = copy_of_texts(tmp_path)
    unchanged = dict(address.texts(fork))
    github, new = address.SITES[0], "you/fork"
    ran = readdressed(fork, github + new)
    assert ran.returncode == 0, ran.stderr
    names = set(ran.stdout.split())
    assert names >= {
        *("README.md", "CITATION.cff", "pyproject.toml", "book/_config.yml", "book/commands.md"),
        *(path.relative_to(ROOT).as_posix() for path in [*CHAPTERS, TEMPLATE]),
    }
    owner, _, repository = NAME.partition("/")
    old = re.compile(rf"\b{owner}/{repository}\b(?!\.)|{owner}\.github\.io")
    for path, text in address.texts(fork):
        assert not old.search(text), f"{path.relative_to(fork)} names the old address"
        assert (text != unchanged[path]) == (path.relative_to(fork).as_posix() in names)
    assert address.repository(fork) == new
    assert f"git+{github}{new}@" in (fork / TEMPLATE.relative_to(ROOT)).read_text(encoding="utf-8")
    back = readdressed(fork, github + NAME)
    assert set(back.stdout.split()) == names
    assert dict(address.texts(fork)) == unchanged


def test_a_wrong_address_is_refused_with_advice(tmp_path: Path) -> None:
    ran = readdressed(tmp_path, "github.com/you")
    assert ran.returncode == 2
    assert "'github.com/you' is no address" in ran.stderr
    assert "use one like https://github.com/you/trendbook" in ran.stderr
