"""A release: one version in all places, a citation that is valid, and a workflow that publishes."""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator

import address
import version
from helpers.copies import copy_of_texts
from helpers.paths import ROOT
from helpers.requirements import PROJECT
from helpers.workflows import Machine, read, triggers

PROGRAM = ROOT / "book" / "tools" / "version.py"
CHANGES = ROOT / version.CHANGES
DAY = date(2031, 1, 5)
LINKED = re.compile(
    rf"(?:git\+{address.SITES[0]}[\w.-]+/[\w.-]+@|{version.BINDER}[\w.-]+/[\w.-]+/"
    rf"|{version.COLAB}[\w.-]+/[\w.-]+/blob/)([\w.-]+)"
)


def relative(paths: dict[Path, str], root: Path = ROOT) -> set[str]:
    return {path.relative_to(root).as_posix() for path in paths}


def now(new: dict[Path, str]) -> dict[Path, str]:
    """All texts, after a change of some."""
    return dict(address.texts(ROOT)) | new


def test_every_place_states_the_version() -> None:
    """The changelog alone says "unreleased" until the day of the release."""
    stated, released = version.stated(ROOT)
    assert stated == PROJECT["version"]
    assert relative(version.rewritten(ROOT, stated, released or DAY)) <= {"book/changelog.md"}


@pytest.mark.parametrize(("new", "leads"), [("9.8.7", "v9.8.7"), ("9.8.7.dev0", "main")])
def test_a_new_version_changes_every_place(new: str, leads: str) -> None:
    texts = now(version.rewritten(ROOT, new, DAY))
    links = {link for text in texts.values() for link in LINKED.findall(text)}
    assert links == {leads}
    old = version.reference(PROJECT["version"])
    left = [path for path, text in texts.items() if re.search(rf"\b{re.escape(old)}\b", text)]
    assert old == "main" or left == []
    assert f'version = "{new}"' in texts[ROOT / "pyproject.toml"]
    citation = yaml.safe_load(texts[ROOT / "CITATION.cff"])
    config = yaml.safe_load(texts[ROOT / "book" / "_config.yml"])["sphinx"]["config"]
    zenodo = json.loads(texts[ROOT / ".zenodo.json"])
    assert citation["version"] == zenodo["version"] == config["release"] == new
    assert config["html_theme_options"]["repository_branch"] == leads
    assert config["html_context"]["edited_branch"] == "main"
    released = leads != "main"
    assert citation.get("date-released") == (DAY if released else None)
    assert ("\n## 9.8.7, 5 January 2031\n" in texts[CHANGES]) == released


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return copy_of_texts(tmp_path)


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM, *arguments], capture_output=True, text=True, check=False
    )


def test_a_tag_is_published_only_if_every_place_states_it(repository: Path) -> None:
    """The commands of CONTRIBUTING.md, in their order, and what can go wrong between them."""
    steps = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Release")[2]
    release, following = re.findall(r"^make version VERSION=(\S+)$", steps, flags=re.MULTILINE)[:2]
    (tag,) = re.findall(r"^git tag (\S+)$", steps, flags=re.MULTILINE)
    assert command("--check", tag, "--root", repository).returncode == 2
    assert command(release, "--root", repository).returncode == 0
    assert command("--check", tag, "--root", repository).returncode == 0
    ran = command("--check", "v9.9.9", "--root", repository)
    assert ran.returncode == 2
    assert f"the tag is v9.9.9, and the version is {release}" in ran.stderr
    chapter = repository / "notebooks" / "05_your_sentences.ipynb"
    text = chapter.read_text(encoding="utf-8")
    chapter.write_text(text.replace(f"@{tag}", "@main"), encoding="utf-8")
    ran = command("--check", tag, "--root", repository)
    assert ran.returncode == 2
    assert f"not of version {release}" in ran.stderr
    assert "notebooks/05_your_sentences.ipynb; run `make version" in ran.stderr
    assert command(following, "--root", repository).returncode == 0
    ran = command("--check", version.reference(following), "--root", repository)
    assert ran.returncode == 2, "a development version is not published"
    assert command("--check", f"v{following}", "--root", repository).returncode == 2


def test_a_release_has_a_place_in_the_changelog(repository: Path) -> None:
    changes = repository / version.CHANGES
    text = changes.read_text(encoding="utf-8")
    changes.write_text(re.sub("(?m)^## Unreleased", "## Something", text), encoding="utf-8")
    before = dict(address.texts(repository))
    ran = command("7.0.0", "--root", repository)
    assert ran.returncode == 2
    assert "book/changelog.md has 0 places for '## 7.0.0, " in ran.stderr
    assert dict(address.texts(repository)) == before  # all places change, or none


@pytest.mark.parametrize("given", ["", "0.2", "v0.2.0", "0.2.0-rc1"])
def test_what_is_no_version_is_refused_with_advice(given: str) -> None:
    ran = command(given)
    assert ran.returncode == 2
    assert f"{given!r} is no version: write one like VERSION=0.2.0" in ran.stderr


# the citation


def complaints(citation: str) -> list[str]:
    """What the schema of CITATION.cff has against one."""
    schema = get_builtin_schema("vendor.citation-file-format")
    content = json.loads(json.dumps(yaml.safe_load(citation), default=str))  # dates are strings
    return [error.message for error in Draft7Validator(schema).iter_errors(content)]


@pytest.mark.parametrize("new", [PROJECT["version"], "9.8.7", "9.8.7.dev0"])
def test_the_citation_fits_its_schema(new: str) -> None:
    citation = now(version.rewritten(ROOT, new, DAY))[ROOT / "CITATION.cff"]
    assert complaints(citation) == []
    for right, wrong in (("license: MIT", "license: Mine"), ("type: software", "type: book")):
        assert len(complaints(citation.replace(right, wrong))) == 1


def test_zenodo_is_told_what_the_citation_says() -> None:
    """It reads .zenodo.json, and then not CITATION.cff."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    zenodo = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    assert zenodo["upload_type"] == citation["type"] == "software"
    assert zenodo["access_right"] == "open"
    assert zenodo["license"] == citation["license"] == PROJECT["license"] == "MIT"
    for key in ("title", "version", "keywords"):
        assert zenodo[key] == citation[key]
    assert zenodo["creators"] == citation["authors"] == PROJECT["authors"]
    assert len(zenodo["description"]) > 200
    for told, reference in zip(zenodo["references"], citation["references"], strict=True):
        (author,) = reference["authors"]
        who = f"{author['family-names']}, {author['given-names']}"
        assert told == f"{who} ({reference['year']}). {reference['title']}. {reference['journal']}."


# the workflow

TAG = "v9.8.7"


def test_a_tag_alone_starts_a_release() -> None:
    assert triggers("release") == {"push": {"tags": ["v*"]}}
    assert read("release")["permissions"] == {}


def test_what_publishes_installs_nothing_and_waits_for_everything() -> None:
    jobs = read("release")["jobs"]
    given = {name: job["permissions"] for name, job in jobs.items()}
    assert given == {
        "package": {"contents": "read"},
        "book": {"contents": "read"},
        "pypi": {"id-token": "write"},
        "release": {"contents": "write"},
    }
    assert set(jobs["pypi"]["needs"]) == {"package", "book"}
    assert set(jobs["release"]["needs"]) == {"package", "book", "pypi"}
    assert jobs["pypi"]["environment"]["name"] == "pypi"
    for name in ("pypi", "release"):
        commands = " ".join(step.get("run", "") for step in jobs[name]["steps"])
        assert not re.search(r"\b(pip|python|make|uv|npm)\b", commands)
        assert not any("checkout" in step.get("uses", "") for step in jobs[name]["steps"])


def test_the_book_of_a_release_is_the_articles_models() -> None:
    """Named, so that the build fails where it cannot be had. Nothing of another run is taken."""
    jobs = read("release")["jobs"]
    (build,) = (step["run"] for step in jobs["book"]["steps"] if "make" in step.get("run", ""))
    assert re.match(r"make book pdf .*\bMODEL=bert-base-uncased$", build)
    assert not any("cache" in str(step) for job in jobs.values() for step in job["steps"])


def test_the_tag_is_checked_before_anything_is_installed(
    machine: Machine, repository: Path
) -> None:
    steps = read("release")["jobs"]["package"]["steps"]
    names = [step.get("name", step.get("run", "")) for step in steps]
    check = "Check that all places state the version of the tag"
    assert names.index(check) < next(i for i, name in enumerate(names) if "make dist" in name)
    # Only Python's own library may be needed: nothing is installed yet.
    machine.stand_in("python", f'exec {sys.executable} -ES "$@"')
    machine.checkout = repository
    assert command(TAG.removeprefix("v"), "--root", repository).returncode == 0
    for tag, passes in ((TAG, True), ("v9.8.6", False)):
        machine.environment["GITHUB_REF_NAME"] = tag
        assert (machine.step("package", check, "release") == 0) is passes


def test_the_release_has_the_packed_book_and_all_files(machine: Machine) -> None:
    html = machine.checkout / "_build" / "html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("the first page", encoding="utf-8")
    (machine.checkout / "_build" / "pdf").mkdir()
    (machine.checkout / "_build" / "pdf" / "trendbook.pdf").write_text("paper", encoding="utf-8")
    machine.stand_in("python", f'exec {sys.executable} "$@"')
    machine.environment |= {
        "GITHUB_REF_NAME": TAG,
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "some/book",
    }
    assert machine.step("book", "Pack the pages, and the PDF", "release") == 0
    pages = machine.checkout / "dist" / f"trendbook-{TAG}.zip"
    assert ZipFile(pages).read("html/index.html") == b"the first page"
    for name in ("trendlib-9.8.7.tar.gz", "trendlib-9.8.7-py3-none-any.whl"):
        (machine.checkout / "dist" / name).touch()
    machine.stand_in("gh", "")
    assert machine.step("release", "Make the release, with the files", "release") == 0
    call = machine.called()[-1]
    assert call.startswith(f"gh release create {TAG} --verify-tag ")
    assert f"https://github.com/some/book/blob/{TAG}/book/changelog.md" in call
    for path in (machine.checkout / "dist").iterdir():
        assert f" dist/{path.name}" in call
    assert len(list((machine.checkout / "dist").iterdir())) == 4
