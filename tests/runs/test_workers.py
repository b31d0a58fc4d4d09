"""Workers of `trendlib run` that hang, and surroundings that must not change what they make."""

import json
import os
import subprocess
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from helpers.runs import PARAMETERS, command, make_notebook, records, trendlib_run, write_lines
from trendlib.errors import ParameterError
from trendlib.runs import TIMEOUT_SECONDS
from trendlib.runs.settings import check_parameters

HELLO, APPLE = "hello", "I want an apple."


# Workers that hang


def test_a_sentence_that_takes_too_long_fails_alone(tmp_path: Path, tiny_folder: Path) -> None:
    notebook = make_notebook(
        tmp_path / "own.ipynb", "import time\nif 'slow' in sentence: time.sleep(10_000)"
    )
    arguments = ["very slow", HELLO, "--notebook", notebook, "--model", tiny_folder]
    arguments += ["--jobs", "1", "--timeout", "5", "--out", tmp_path / "run"]
    result = trendlib_run(*arguments, timeout=120)
    assert result.returncode == 1
    assert "2 sentences: 1 done (0 of them in an earlier run), 1 failed." in result.stdout
    error = "no answer in 5 s, so its worker was stopped: allow more time with --timeout"
    assert records(tmp_path / "run")["very slow"]["error"] == error
    assert records(tmp_path / "run")[HELLO]["status"] == "done"


@pytest.mark.parametrize("notebooks", [True, False])
def test_a_worker_that_is_stopped_is_replaced(
    tmp_path: Path, tiny_folder: Path, notebooks: bool
) -> None:
    sentences = [HELLO, *(f"I want an apple {number}" for number in range(200))]
    notebook = make_notebook(tmp_path / "own.ipynb", "import time\ntime.sleep(1)")
    listed = write_lines(tmp_path / "s.txt", sentences[: 6 if notebooks else None])
    arguments = ["--file", listed, "--model", tiny_folder, "--out", tmp_path / "run"]
    arguments += ["--notebook", notebook] if notebooks else ["--no-notebook"]
    process = subprocess.Popen(
        command(*arguments, "--jobs", "1", "--timeout", "10"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(tmp_path.glob("run/sentences/*/record.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    (worker,) = psutil.Process(process.pid).children()
    worker.suspend()
    output, errors = process.communicate(timeout=120)
    assert not worker.is_running()
    total = 6 if notebooks else len(sentences)
    found = records(tmp_path / "run")
    failed = [record["error"] for record in found.values() if record["status"] == "failed"]
    assert len(found) == total
    assert f"{total} sentences: {total - len(failed)} done" in output, errors
    if notebooks:
        assert len(failed) == 1
        assert failed[0].startswith("no answer in 10 s")
    else:  # each sentence of the batch was tried alone
        assert failed == []


def test_a_notebook_that_asks_a_question_fails_at_once(tmp_path: Path, tiny_folder: Path) -> None:
    notebook = make_notebook(tmp_path / "own.ipynb", "name = input('who? ')")
    arguments = [HELLO, "--notebook", notebook, "--model", tiny_folder, "--jobs", "1"]
    result = trendlib_run(*arguments, "--out", tmp_path / "run", timeout=120)
    assert result.returncode == 1
    assert "StdinNotImplementedError" in records(tmp_path / "run")[HELLO]["error"]


def test_the_default_time_is_documented() -> None:
    assert f"(default: {TIMEOUT_SECONDS})" in " ".join(trendlib_run("--help").stdout.split())


def test_a_killed_run_leaves_no_connection_file(tmp_path: Path, tiny_folder: Path) -> None:
    notebook = make_notebook(tmp_path / "own.ipynb", "import time\ntime.sleep(1_000)")
    runtime = tmp_path / "runtime"
    arguments = command(HELLO, "--notebook", notebook, "--model", tiny_folder, "--jobs", "1")
    process = subprocess.Popen(
        [*arguments, "--out", tmp_path / "run"],
        env={**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime), "TMPDIR": str(tmp_path)},
    )
    while not list(tmp_path.glob("run/.staging/*.work")):
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert list(runtime.glob("*")) == []
    assert list(tmp_path.glob("*.json")) == []


# Surroundings


def test_files_beside_the_run_take_no_library_s_place(tmp_path: Path, tiny_folder: Path) -> None:
    for name in ("numpy", "regex", "torch", "matplotlib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file')")
    (tmp_path / "mine.py").write_text("VALUE = 'my own module'")
    notebook = make_notebook(tmp_path / "own.ipynb", "import numpy, mine\nprint(mine.VALUE)")
    arguments = [HELLO, "--notebook", notebook, "--model", tiny_folder, "--jobs", "1"]
    run = command(*arguments, "--out", "run")  # which loads its libraries there
    result = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    (executed,) = tmp_path.glob("run/sentences/*/notebook.ipynb")
    assert "my own module" in executed.read_text("utf-8")


def test_pictures_do_not_depend_on_the_backend_of_the_caller(
    tmp_path: Path, tiny_folder: Path
) -> None:
    notebook = make_notebook(tmp_path / "own.ipynb", "import matplotlib.pyplot as p\np.plot([1])")
    arguments = [HELLO, "--notebook", notebook, "--model", tiny_folder, "--jobs", "1"]
    result = trendlib_run(
        *arguments, "--out", tmp_path / "run", env={**os.environ, "MPLBACKEND": "agg"}
    )
    assert result.returncode == 0, result.stderr
    (executed,) = tmp_path.glob("run/sentences/*/notebook.ipynb")
    assert "image/png" in executed.read_text("utf-8")


def test_braces_in_paths_are_taken_literally(tmp_path: Path, tiny_folder: Path) -> None:
    place = tmp_path / "{place} {0} {{x}}"
    place.mkdir()
    deadly = "import os, signal\nif 'card' in sentence: os.kill(os.getpid(), signal.SIGKILL)"
    notebook = make_notebook(place / "{own}.ipynb", deadly)
    arguments = [HELLO, "a card", "--notebook", notebook, "--model", tiny_folder, "--jobs", "1"]
    result = trendlib_run(*arguments, "--out", place / "{run}")
    assert "2 sentences: 1 done (0 of them in an earlier run), 1 failed." in result.stdout, (
        result.stderr
    )
    assert {path.name for path in place.iterdir()} == {"{own}.ipynb", "{run}"}
    assert len(list((place / "{run}").glob("sentences/*/notebook.ipynb"))) == 2


# Notebooks of other tools


def without_kernel(path: Path) -> None:
    change_metadata(path, {})


def with_an_unknown_kernel(path: Path) -> None:
    change_metadata(path, {"kernelspec": {"name": "py39_new", "display_name": "py39"}})


def in_format_3(path: Path) -> None:
    content = nbformat.convert(nbformat.read(path, as_version=4), 3)
    # To convert drops what the older format knows, too: the tags.
    content["worksheets"][0]["cells"][0]["metadata"] = {"tags": ["parameters"]}
    path.write_text(json.dumps(content))


def change_metadata(path: Path, metadata: dict[str, object]) -> None:
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**content, "metadata": metadata}))


@pytest.mark.parametrize("change", [without_kernel, with_an_unknown_kernel, in_format_3])
def test_a_notebook_of_another_tool_is_run(
    tmp_path: Path, tiny_folder: Path, change: object
) -> None:
    notebook = make_notebook(tmp_path / "own.ipynb", "print('run with', sentence)")
    assert callable(change)
    change(notebook)
    before = notebook.read_bytes()
    arguments = [HELLO, "--notebook", notebook, "--model", tiny_folder, "--jobs", "1"]
    result = trendlib_run(*arguments, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    (executed,) = tmp_path.glob("run/sentences/*/notebook.ipynb")
    nbformat.validate(nbformat.read(executed, as_version=4))
    assert "run with hello" in executed.read_text("utf-8")
    assert notebook.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"metadata": {"language_info": {"name": "R"}}}, "is written in R: choose a notebook"),
        ({"cells": 5}, "cannot be read as a notebook"),
        ({"metadata": []}, "cannot be read as a notebook"),
        ({"metadata": {"kernelspec": "python3"}}, "cannot be read as a notebook"),
        ({"nbformat": 99}, "cannot be read as a notebook"),
    ],
)
def test_a_notebook_that_cannot_be_run_is_said(
    tmp_path: Path, content: dict[str, object], message: str
) -> None:
    path = make_notebook(tmp_path / "own.ipynb", parameters=PARAMETERS)
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **content}))
    with pytest.raises(ParameterError, match=message):
        check_parameters(path, {})
