"""`make lock`, with uv and a folder of wheels in place of an index."""

from pathlib import Path

import pytest

import lock
from helpers.wheels import make_index, sha256, wheel
from install import CONSTRAINTS, LOCKS

PROJECT = """\
[project]
name = "mine"
version = "0"
requires-python = ">=3.11.5"
dependencies = ["torch", "something"]
[project.optional-dependencies]
book = []
test = ["other>={other}"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that pins the old version of something, and what torch brings."""
    index = tmp_path / "index"
    wheels = [
        wheel(tmp_path, name, version, needs)
        for name, version, needs in (
            ("torch", "2.0", "nvidia-cublas"),
            ("nvidia_cublas", "13.0", ""),
            ("something", "1.0", ""),
            ("something", "2.0", ""),
            ("other", "1.0", ""),
        )
    ]
    monkeypatch.setenv("UV_DEFAULT_INDEX", make_index(index, wheels))
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(PROJECT.format(other=1))
    for path in (*LOCKS.values(), lock.OLDEST_TRANSFORMERS):
        path.parent.mkdir()
        path.write_text(f"# The heading of {path.name}.\n# In two lines.\nsomething==1.0\n")
    CONSTRAINTS.write_text("# All.\nsomething==1.0\n")
    return index


def pin(index: Path, name: str, version: str) -> str:
    expected = sha256(index / name / f"{name}-{version}-py3-none-any.whl")
    return f"{name}=={version} \\\n    --hash=sha256:{expected}\n"


def test_pins_are_kept_and_get_hashes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["lock.py"])
    assert lock.main() == 0
    assert CONSTRAINTS.read_text() == "# All.\nother==1.0\nsomething==1.0\ntorch==2.0\n"
    old = pin(project, "something", "1.0")
    for path, pins in (
        (LOCKS["test"], pin(project, "other", "1.0") + old),
        (LOCKS["book"], old),
        (lock.OLDEST_TRANSFORMERS, old),
    ):
        assert path.read_text() == f"# The heading of {path.name}.\n# In two lines.\n{pins}"


def test_the_newest_versions_are_taken_when_asked_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lock.py", "--upgrade"])
    assert lock.main() == 0
    assert "something==2.0\n" in CONSTRAINTS.read_text()
    new = pin(project, "something", "2.0")
    assert all(new in path.read_text() for path in LOCKS.values())
    # What is written by hand stays.
    assert pin(project, "something", "1.0") in lock.OLDEST_TRANSFORMERS.read_text()


@pytest.mark.usefixtures("project")
def test_where_no_versions_fit_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("pyproject.toml").write_text(PROJECT.format(other=3))
    before = {path: path.read_text() for path in Path().rglob("*.txt")}
    monkeypatch.setattr("sys.argv", ["lock.py"])
    assert lock.main() == 1
    said = capsys.readouterr().err
    assert "other" in said
    assert "Nothing was written." in said
    assert {path: path.read_text() for path in Path().rglob("*.txt")} == before
    assert not list(Path().glob("*.new"))
