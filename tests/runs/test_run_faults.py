"""`trendlib run` under faults that are really injected: nothing done is lost, nothing half is kept.

``FAULTY`` is a notebook in which a sentence can end the worker, for good or once, and takes a
moment, so that a run can be hit in the middle.
"""

import csv
import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

from helpers.programs import warm_python, with_warm_kernels
from helpers.runs import (
    PARAMETERS,
    make_notebook,
    records,
    seen_on_a_terminal,
    started,
    trendlib_run,
    warm_command,
    write_lines,
)
from trendlib.runs.index import PAGE_ROWS

FAULTY = """\
import os, signal, time
from pathlib import Path
if "deadly" in sentence:
    os.kill(os.getpid(), signal.SIGKILL)
if "once" in sentence and not Path(marker).exists():
    Path(marker).touch()
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(pause)
print("x" * size)
"""
FURTHER = 'pause: float = 0.0  # s\nmarker: str = ""  # file\nsize: int = 1  # bytes\n'
COUNT = 14
SENTENCES = [f"I want an apple {'good ' * number}." for number in range(COUNT)]


class Case:
    """A run of ``FAULTY`` in a folder of its own."""

    def __init__(self, work: Path, model: Path) -> None:
        self.work = work
        self.out = work / "run"
        self.notebook = make_notebook(
            work / "faulty.ipynb", FAULTY, parameters=PARAMETERS + FURTHER
        )
        self.model = model

    def arguments(
        self, *sentences: str, pause: float = 0.4, jobs: int = 1, **further: str
    ) -> list[str | Path]:
        listed = write_lines(self.work / "sentences.txt", sentences)
        options: list[str | Path] = ["--file", listed, "--out", self.out, "--model", self.model]
        options += ["--notebook", self.notebook, "--set", f"pause={pause}", "--jobs", str(jobs)]
        for name, value in further.items():
            options += ["--set", f"{name}={value}"]
        return options

    def done(self) -> set[str]:
        """The sentences that are done; everything that belongs to one of them must be there.

        True at every moment of a run, so it starts from the folders that are there now.
        """
        found = set()
        for folder in list(self.out.glob("sentences/*")):
            record = json.loads((folder / "record.json").read_text("utf-8"))
            nbformat.validate(nbformat.read(folder / "notebook.ipynb", as_version=4))
            assert (folder / "page.html").read_text("utf-8").rstrip().endswith("</html>")
            if record["status"] == "done":
                found.add(record["sentence"])
        return found

    def wait_for(self, count: int, process: "subprocess.Popen[str]") -> None:
        """Wait until so many sentences are done."""
        end = time.monotonic() + 120
        while len(list(self.out.glob("sentences/*/record.json"))) < count:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.02)


@pytest.fixture
def case(tmp_path: Path, tiny_folder: Path) -> Case:
    return Case(tmp_path, tiny_folder)


def kill_parent(process: "subprocess.Popen[str]") -> None:
    process.kill()


def interrupt(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)


def terminate(process: "subprocess.Popen[str]") -> None:
    process.terminate()


@pytest.mark.parametrize(
    ("fault", "status"), [(kill_parent, -9), (interrupt, 130), (terminate, 143)]
)
def test_a_run_that_is_killed_goes_on_where_it_stopped(
    case: Case, fault: Callable[["subprocess.Popen[str]"], None], status: int
) -> None:
    arguments = case.arguments(*SENTENCES, jobs=2)
    # What ends kernels whose run was killed is their own look at it.
    process = started("run", *arguments, env=None if status < 0 else with_warm_kernels())
    case.wait_for(5, process)
    workers = psutil.Process(process.pid).children(recursive=True)
    assert len(workers) == 2
    before = case.done()
    fault(process)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
    kept = case.done()
    assert before <= kept
    assert 5 <= len(kept) < COUNT
    if status > 0:
        assert "stopped. What is done so far is kept in" in errors
        assert len(list(csv.DictReader((case.out / "results.csv").open()))) == len(kept)
        index = (case.out / "index.html").read_text("utf-8")
        assert f"{COUNT - len(kept)} not run yet" in index
        assert not (case.out / ".staging").exists()
    stamps = {path: path.stat().st_mtime_ns for path in case.out.glob("sentences/*/page.html")}

    resumed = trendlib_run(*case.arguments(*SENTENCES))
    assert resumed.returncode == 0, resumed.stderr
    expected = f"{COUNT} sentences: {COUNT} done ({len(kept)} of them in an earlier run), 0 failed."
    assert expected in resumed.stdout
    assert case.done() == set(SENTENCES)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert not (case.out / ".staging").exists()


def test_a_worker_that_is_killed_is_replaced(case: Case) -> None:
    arguments = case.arguments(*SENTENCES, pause=1.0, jobs=2)
    process = started("run", *arguments, env=with_warm_kernels())
    case.wait_for(3, process)
    victim, other = psutil.Process(process.pid).children(recursive=True)
    victim.kill()
    workers = [victim, other]
    while victim in workers or len(workers) < 2:
        assert process.poll() is None, "the run ended before there was another worker"
        time.sleep(0.05)
        workers = psutil.Process(process.pid).children(recursive=True)
    assert other in workers
    assert len(workers) == 2
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert errors == ""
    assert f"{COUNT} done (0 of them in an earlier run), 0 failed." in output
    assert case.done() == set(SENTENCES)


def test_a_sentence_that_workers_die_of_is_given_up_and_the_others_go_on(case: Case) -> None:
    marker = case.work / "marker"
    deadly, once = "deadly <b>apple</b>", "an apple once"
    result = trendlib_run(
        *case.arguments("I want.", deadly, once, "hello", pause=0, jobs=2, marker=str(marker))
    )
    assert result.returncode == 1
    assert "4 sentences: 3 done (0 of them in an earlier run), 1 failed." in result.stdout
    assert marker.exists()
    assert case.done() == {"I want.", once, "hello"}
    record = records(case.out)[deadly]
    assert "the worker died 2 times on this sentence" in record["error"]
    notebook = nbformat.read(case.out / record["folder"] / "notebook.ipynb", as_version=4)
    assert "This notebook was not run" in notebook.cells[0].source
    assert 'sentence = "deadly <b>apple</b>"' in notebook.cells[2].source
    page = (case.out / record["folder"] / "page.html").read_text("utf-8")
    assert "This notebook was not run" in page
    assert "<b>" not in page


def test_records_alone_outlive_a_killed_worker(case: Case) -> None:
    sentences = [f"I want an apple {'a ' * (number % 30)}{'x' * number}" for number in range(900)]
    listed = write_lines(case.work / "s.txt", sentences)
    arguments = ["--file", listed, "--out", case.out, "--model", case.model]
    process = started("run", *arguments, "--no-notebook", "--jobs", "2")
    case.wait_for(50, process)
    psutil.Process(process.pid).children()[0].kill()
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert f"{len(set(sentences))} done (0 of them in an earlier run), 0 failed." in output
    assert set(records(case.out)) == set(sentences)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("not run: this user may not mount a disk, to fill it")
    yield place
    subprocess.run(["umount", place], check=True)


def check_disk_full(case: Case, result: "subprocess.CompletedProcess[str]", words: str) -> None:
    assert result.returncode == 1
    assert "the run cannot continue" in result.stderr
    assert words in result.stderr
    assert "run the same command again to continue" in result.stderr
    assert "Traceback" not in result.stderr
    assert 0 < len(case.done()) < COUNT


def test_a_full_disk_stops_the_run_and_loses_nothing(case: Case, small_disk: Path) -> None:
    case.out = small_disk / "run"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 1_500_000)
    # Every notebook, with its page, takes some 0.5 MB.
    arguments = case.arguments(*SENTENCES[:5], pause=0, size="200_000")
    result = trendlib_run(*arguments)
    check_disk_full(case, result, "No space left on device")
    kept = case.done()
    ballast.unlink()
    resumed = trendlib_run(*arguments)
    assert resumed.returncode == 0, resumed.stderr
    assert f"5 done ({len(kept)} of them in an earlier run), 0 failed." in resumed.stdout


def test_a_file_that_cannot_be_written_stops_the_run_and_loses_nothing(case: Case) -> None:
    """A fault of the same kind that needs no privileges: no file may grow over 60 kB."""
    small = ["hello", "I want"]
    arguments = case.arguments(*small, pause=0)
    assert trendlib_run(*arguments).returncode == 0
    more = case.arguments(*small, "apple " * 12_000, pause=0)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    result = trendlib_run(*more, preexec_fn=limit)
    check_disk_full(case, result, "File too large")
    assert case.done() == set(small)


def test_a_line_of_a_megabyte_fails_alone(tmp_path: Path, tiny_folder: Path) -> None:
    long = "apple " * 180_000
    listed = write_lines(tmp_path / "s.txt", ["I want an apple.", long, "hello"])
    arguments = ["--file", listed, "--out", tmp_path / "run", "--model", tiny_folder]
    result = trendlib_run(*arguments)
    assert result.returncode == 1
    assert "3 sentences: 2 done (0 of them in an earlier run), 1 failed." in result.stdout
    assert len(result.stderr) < 1000
    record = records(tmp_path / "run")[long]
    assert record["error"].startswith("TooLongError: the sentence has 180002 tokens")
    assert (tmp_path / "run" / record["folder"] / "page.html").is_file()
    assert len((tmp_path / "run" / "index.html").read_text("utf-8")) < 30_000


def test_ten_thousand_lines(tmp_path: Path, tiny_folder: Path) -> None:
    people, things = ("I", "she", "her mother", "a b"), ("an apple", "an orange", "the card")
    sentences = [
        f"{who} want {what} {number}" for number in range(834) for who in people for what in things
    ][:10_000]
    sentences[5_000] = "!?"
    listed = write_lines(tmp_path / "s.txt", sentences)
    arguments = ["--file", listed, "--out", tmp_path / "run", "--model", tiny_folder]
    result = trendlib_run(*arguments, "--no-notebook")
    assert result.returncode == 1
    assert "10,000 sentences: 9,999 done (0 of them in an earlier run), 1 failed." in result.stdout
    index = (tmp_path / "run" / "index.html").read_text("utf-8")
    assert index.count("\\u003ctr\\u003e") == 10_000  # as data
    assert index.count("<tr>") == PAGE_ROWS + 1 + 2  # the first results, the failure, two heads
    assert index.index("NoWordsError") < index.index("Done: 9,999 sentences")
    again = trendlib_run(*arguments, "--no-notebook")
    assert (
        "10,000 sentences: 9,999 done (9,999 of them in an earlier run), 1 failed." in again.stdout
    )


def test_too_little_space_is_said_before_the_run(
    tmp_path: Path, tiny_folder: Path, small_disk: Path
) -> None:
    listed = write_lines(tmp_path / "s.txt", ["hello", "I want", "an apple"])
    arguments = ["--file", listed, "--out", small_disk / "run", "--model", tiny_folder]
    result = trendlib_run(*arguments)
    assert "the notebooks and pages of 3 sentences take about 0.0 GB" in result.stderr


def test_a_terminal_sees_progress_with_rate_and_time_left(case: Case) -> None:
    arguments = case.arguments(*SENTENCES[:4], pause=0)
    text = seen_on_a_terminal([*warm_command(), "run", *arguments], env=with_warm_kernels())
    assert "4/4" in text
    assert "sentences/s" in text or "s/ sentences" in text
    assert "<" in text  # elapsed<left
    assert "Traceback" not in text


def test_a_folder_that_was_left_half_is_run_again(case: Case) -> None:
    arguments = case.arguments("hello", "I want", pause=0)
    assert trendlib_run(*arguments).returncode == 0
    record = records(case.out)["hello"]
    (case.out / record["folder"] / "page.html").unlink()
    (case.out / ".staging" / "hello.work").mkdir(parents=True)
    result = trendlib_run(*arguments)
    assert "2 sentences: 2 done (1 of them in an earlier run), 0 failed." in result.stdout
    assert case.done() == {"hello", "I want"}
    assert json.loads((case.out / record["folder"] / "record.json").read_text())["focus"] == "hello"


PARSE_ON_MAIN = """
import ast, sys, threading
from pathlib import Path

from trendlib.runs.runner import run
from trendlib.runs.settings import checked_settings

parse = ast.parse


def watched(*arguments, **named):  # ast.literal_eval calls it, too
    name = threading.current_thread().name
    if name.startswith("worker"):
        print("parsed in a thread:", name)
    return parse(*arguments, **named)


ast.parse = watched
model, notebook, out = sys.argv[1:]
settings = checked_settings(model, notebook=Path(notebook))
summary = run(["I want an apple.", "deadly", "I want an orange."], settings, Path(out), jobs=2)
print("done:", summary.done, [record["sentence"] for record in summary.failed])
"""


def test_no_thread_of_a_run_parses_python(case: Case) -> None:
    # Two threads of CPython 3.11 that parse at the same time fail now and then, with an error of
    # the interpreter: "AST constructor recursion depth mismatch".
    program = [sys.executable, "-c", PARSE_ON_MAIN, case.model, case.notebook, case.out]
    result = subprocess.run(
        program, env=with_warm_kernels(), capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines() == ["done: 2 ['deadly']"]


BREAKING = """
import sys, threading
from pathlib import Path

from trendlib.runs import pages
from trendlib.runs.runner import run
from trendlib.runs.settings import checked_settings

times, model, notebook, out = int(sys.argv[1]), *sys.argv[2:]
forget, calls = pages.forget_machine, []


def breaking(path, replaced):
    inside = threading.current_thread().name.startswith("worker")
    if inside and "apple" in path.read_text("utf-8"):
        calls.append(path)
        if len(calls) <= times:
            raise SystemError("AST constructor recursion depth mismatch")
    forget(path, replaced)


pages.forget_machine = breaking
settings = checked_settings(model, notebook=Path(notebook))
summary = run(["I want an apple.", "I want an orange."], settings, Path(out), jobs=2)
print(summary.done, [record["error"] for record in summary.failed])
"""


@pytest.mark.parametrize(
    ("times", "outcome"),
    [
        (1, "2 []"),
        (
            2,
            "1 ['an error inside trendlib, 2 times (SystemError: AST constructor recursion depth "
            "mismatch)']",
        ),
    ],
)
def test_an_internal_error_is_tried_again_and_then_fails_its_sentence_alone(
    case: Case, times: int, outcome: str
) -> None:
    program = [*warm_python(), "-c", BREAKING, str(times), case.model, case.notebook, case.out]
    result = subprocess.run(
        program, env=with_warm_kernels(), capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines() == [outcome]
    assert len(records(case.out)) == 2
