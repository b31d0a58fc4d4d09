"""Damaged files, thousands of them: a result, a refusal or a clear error, and never a wrong result.

In the suite a few hundred are tried, always the same. `make fuzz` tries others, and more: as many
of each kind as the environment variable FUZZ says.
"""

import contextlib
import io
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

import hypothesis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import strategies as st

from helpers.damage import damaged, damaged_json, damaged_json_lines
from helpers.models import make_tiny_model
from helpers.runs import make_notebook, write_lines
from trendlib.articles import reproduce
from trendlib.articles.drift import Figures, keep_figures
from trendlib.cli import drift as drift_command
from trendlib.cli import main
from trendlib.evaluate import runner as evaluate_runner
from trendlib.evaluate.protocol import NamedMethod, Task
from trendlib.evaluate.scores import Score
from trendlib.files import atomic
from trendlib.files import embed as embed_module
from trendlib.files.code_version import code_version
from trendlib.model.cache import CACHE_VARIABLE
from trendlib.model.encoder import Encoder
from trendlib.runs import runner, worker
from trendlib.runs.folder import REFUSED
from trendlib.runs.settings import COMPUTED_BY

FUZZ = os.environ.get("FUZZ")
SECONDS = 20
MIB = 400
"""The most that a command may take more than those before it."""
SENTENCES = ["I want an apple.", "...", "She sent a card to her mother.", "hello", "an orange", "?"]
MARKED = [f"hello {number} mark{number:02}" for number in range(8)]

ended: Counter[tuple[str, str]] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _told() -> Iterator[None]:
    """Say at the end how many files were tried, and what became of them."""
    ended.clear()
    yield
    if FUZZ:
        for kind in sorted({kind for kind, _ in ended}):
            outcomes = {outcome: n for (of, outcome), n in sorted(ended.items()) if of == kind}
            listed = ", ".join(f"{n:,} {outcome}" for outcome, n in outcomes.items())
            print(f"{kind}: {sum(outcomes.values()):,} examples: {listed}", file=sys.__stdout__)
        print(f"all: {ended.total():,} examples", file=sys.__stdout__)


def fuzz(count: int) -> Callable[..., Any]:
    """Try a number of examples, or as many as FUZZ says."""
    settings = hypothesis.settings(
        max_examples=int(FUZZ) if FUZZ else count,
        derandomize=not FUZZ,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        return settings(hypothesis.given(data=st.data())(test))

    return decorate


class TooLongError(BaseException):
    """A command that does not end; no ``except Exception`` catches it."""


@dataclass(frozen=True)
class Ended:
    """How a command has ended: its exit status, and all that it printed."""

    status: int
    printed: str


def try_command(kind: str, names: Sequence[str], *arguments: str | Path) -> Ended:
    """Run a command; it must end in order, soon, and name one of the files if it refuses."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    started, memory = time.monotonic(), _peak_mib()
    with _limited(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as exit:
            status = exit.code if isinstance(exit.code, int) else 1
    text = printed.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]
    assert status in (0, 1, 2), (status, text)
    assert "Traceback" not in text
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", text), text
    assert len(text) < 20_000, f"{len(text):,} characters are printed"
    assert status != 2 or any(name in text for name in names), (names, text)
    assert time.monotonic() - started < SECONDS
    assert _peak_mib() - memory < MIB
    if kind:  # else it is what the others are compared with
        ended[kind, ("ended with 0", "ended with 1", "refused")[status]] += 1
    return Ended(status, text)


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(3 * SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextlib.contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """Copy a folder for one example."""
    with tempfile.TemporaryDirectory() as made:
        yield shutil.copytree(folder, Path(made) / folder.name)


def damage(data: st.DataObject, path: Path, siblings: Sequence[Path] = ()) -> None:
    """Damage a file that is right, or give it the content of a sibling."""
    content = path.read_bytes()
    if siblings and data.draw(st.integers(0, 9)) == 0:
        new = data.draw(st.sampled_from(siblings)).read_bytes()
    elif path.suffix in (".json", ".ipynb"):
        new = data.draw(damaged_json(content))
    elif path.suffix == ".jsonl" and content:
        new = data.draw(damaged_json_lines(content))
    else:
        new = data.draw(damaged(content))
    path.write_bytes(new)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model") / "tiny-bert", layers=2, heads=2)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the package's code once, start no process for an example, and wait for no disk."""
    monkeypatch.setattr(atomic, "_sync", lambda _: None)
    version = code_version(*embed_module.COMPUTED_BY)
    monkeypatch.setattr(embed_module, "code_version", lambda *_: version)
    monkeypatch.setattr(runner, "Workers", WorkersInside)
    monkeypatch.setattr("trendlib.runs.settings.code_version", lambda *_: WorkersInside.version)


class WorkersInside:
    """Workers that are no processes: their answers travel as JSON all the same."""

    version = code_version(*COMPUTED_BY)

    def __init__(self, _count: int, _prepare: object, work: Any, *_: object) -> None:
        self._work = work

    def __enter__(self) -> "WorkersInside":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def do(self, batches: Sequence[tuple[str, ...]]) -> Iterator[int]:
        for batch in batches:
            self._work(self, batch)
            yield len(batch)

    def call(self, function: str, **arguments: Any) -> Any:
        answer = worker.answer(function, json.dumps(arguments))
        return json.loads(json.dumps(answer.value))


# Input


def write_input(path: Path, sentences: Sequence[str]) -> Path:
    """Write sentences in the format that the name says."""
    if path.suffix == ".parquet":
        table = pa.table({"id": range(len(sentences)), "sentence": sentences})
        pyarrow.parquet.write_table(table, path, write_page_checksum=True)
        return path
    lines = {
        ".txt": [*sentences],
        ".csv": ["sentence", *(f'"{text}"' if "3" in text else text for text in sentences)],
        ".jsonl": [json.dumps({"sentence": text, "id": 1}) for text in sentences],
    }[path.suffix]
    lines.insert(3, "")
    return write_lines(path, lines)


def lines_of(content: bytes) -> list[str]:
    """Split a text into lines as the README says: they end with LF, CR LF or CR."""
    lines = re.split(rb"\r\n|\r|\n", content.removeprefix(b"\xef\xbb\xbf"))
    lines = lines[:-1] if lines[-1] == b"" else lines
    return [line.decode("utf-8", "surrogateescape") for line in lines]


def is_text(line: str) -> bool:
    """Say whether a line was valid UTF-8."""
    return not re.search("[\ud800-\udfff]", line)


def rows_expected(path: Path) -> int | None:
    """Count the rows of an input in another way than the package does; None if there is none."""
    if path.suffix == ".parquet":
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    lines = lines_of(path.read_bytes())
    if path.suffix == ".txt":
        return len(lines)
    filled = [line for line in lines if line.strip()]
    if path.suffix == ".jsonl":
        return len(filled)
    return None if '"' in "".join(lines) else sum(1 for line in lines if line) - 1


def refusals(out: Path) -> list[dict[str, Any]]:
    path = out.with_name(f"{out.stem}.refused.jsonl")
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("command", ["embed", "run"])
def test_any_input(suffix: str, command: str, model: Path, tmp_path: Path) -> None:
    right = write_input(tmp_path / f"s{suffix}", MARKED)

    @fuzz(20 if command == "embed" else 10)
    def check(data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as made:
            source = Path(shutil.copy(right, made))
            damage(data, source)
            content = source.read_bytes()
            (embed_input if command == "embed" else run_input)(source, model)
            assert source.read_bytes() == content
            assert not list(Path(made).rglob("*.new"))

    check()


def embed_input(source: Path, model: Path) -> None:
    out = source.with_name("o.parquet")
    kind = f"embed {source.suffix}"
    done = try_command(kind, [source.name], "embed", source, "--out", out, "--model", model)
    assert out.exists() == (done.status < 2)
    if done.status == 2:
        return
    table, refused = pyarrow.parquet.read_table(out), refusals(out)
    numbers = table["row"].to_pylist() + [refusal["row"] for refusal in refused]
    assert bool(refused) == (done.status == 1)
    if source.suffix in (".txt", ".parquet"):
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    expected = rows_expected(source)
    assert len(numbers) == len(set(numbers)) == (len(numbers) if expected is None else expected)
    assert np.isfinite(np.asarray(table["embedding"].combine_chunks().flatten())).all()
    content = source.read_bytes()
    if source.suffix == ".parquet":  # its pages have checksums
        assert set(table["sentence"].to_pylist()) <= {*MARKED, None}
    if source.suffix == ".csv" and max(map(len, lines_of(content))) < 200:
        told = "".join([*table["sentence"].to_pylist(), *(each["text"] for each in refused)])
        for mark in re.findall(rb"mark\d\d", content):
            assert mark.decode() in told


def run_input(source: Path, model: Path) -> None:
    out = source.with_name("run")
    kind = f"run {source.suffix}"
    arguments = ("--no-notebook", "--out", out, "--model", model)
    done = try_command(kind, [source.name, "sentence"], "run", "--file", source, *arguments)
    if done.status == 2:
        return
    table = pyarrow.parquet.read_table(out / "results.parquet")
    sentences = table["sentence"].to_pylist()
    assert len(set(sentences)) == len(sentences) > 0
    listed = out / REFUSED
    lines = listed.read_text("utf-8").splitlines() if listed.exists() else []
    refused = [json.loads(line)["row"] for line in lines]
    incomplete = "failed" in table["status"].to_pylist() or bool(refused)
    assert incomplete == (done.status == 1)
    if source.suffix == ".txt":
        lines = lines_of(source.read_bytes())
        texts = [line for line in lines if line.strip() and is_text(line)]
        assert sentences == list(dict.fromkeys(texts))
        assert refused == [row for row, line in enumerate(lines, 1) if not is_text(line)]


# What `embed` keeps


@pytest.mark.parametrize("finished", [False, True])
def test_anything_that_embed_keeps(
    finished: bool, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed_module, "PART_ROWS", 2)
    work = tmp_path / "work"
    work.mkdir()
    source = write_lines(work / "s.txt", SENTENCES)

    def arguments(folder: Path) -> list[str | Path]:
        return ["embed", folder / "s.txt", "--out", folder / "o.parquet", "--model", model]

    with copied(work) as whole:
        try_command("", [], *arguments(whole))
        wanted = pyarrow.parquet.read_table(whole / "o.parquet"), refusals(whole / "o.parquet")
    if finished:
        try_command("", [], *arguments(work))
    else:
        embed_rows = embed_module._embed_rows
        calls = iter([embed_rows, embed_rows])
        with monkeypatch.context() as stopped, contextlib.suppress(StopIteration):
            stopped.setattr(embed_module, "_embed_rows", lambda *given: next(calls)(*given))
            main([str(argument) for argument in arguments(work)])
    kept = sorted(
        path.relative_to(work) for path in work.rglob("*") if path.is_file() and path != source
    )
    kept = [path for path in kept if path.name != ".lock"]
    assert len(kept) == (3 if finished else 7)
    kind = f"kept by embed, {'finished' if finished else 'stopped'}"

    @fuzz(40)
    def check(data: st.DataObject) -> None:
        with copied(work) as folder:
            path = data.draw(st.sampled_from(kept))
            damage(data, folder / path, [folder / other for other in kept])
            names = [path.name, "o.refused.jsonl", ".o.parquet.parts"]
            done = try_command(kind, names, *arguments(folder))
            if done.status < 2:
                out = folder / "o.parquet"
                assert pyarrow.parquet.read_table(out).equals(wanted[0])
                assert refusals(out) == wanted[1]

    check()


# What `run` keeps, and `compare` reads


@pytest.fixture(scope="module")
def finished_runs(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("runs") / "runs"
    write_input(work.parent / "s.jsonl", SENTENCES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "Workers", WorkersInside)
        for reading in ("article", "layers"):
            assert try_run(work / reading, reading, model).status == 1
    return work


def try_run(folder: Path, reading: str, model: Path, kind: str = "", name: str = "") -> Ended:
    return try_command(
        kind,
        [name],
        *("run", "--no-notebook", "--model", model, "--reading", reading, "--out", folder),
        *("--", *SENTENCES),
    )


def table_of(run: Path) -> list[dict[str, Any]]:
    """Read results; numbers without their last digits, which depend on what is computed beside."""

    def rounded(value: Any) -> Any:
        if isinstance(value, list):
            return [rounded(part) for part in value]
        return float(f"{value:.9g}") if isinstance(value, float) else value

    rows = pyarrow.parquet.read_table(run / "results.parquet").to_pylist()
    return [{name: rounded(value) for name, value in row.items()} for row in rows]


def test_anything_that_run_keeps(finished_runs: Path, model: Path) -> None:
    files = [
        path.relative_to(finished_runs)
        for path in sorted((finished_runs / "article").rglob("*"))
        if path.name in ("run.json", "record.json", "results.parquet", "results.csv")
    ]
    rows = table_of(finished_runs / "article")

    @fuzz(40)
    def check(data: st.DataObject) -> None:
        with copied(finished_runs) as work:
            path = data.draw(st.sampled_from(files))
            damage(data, work / path, [work / other for other in files])
            done = try_run(work / "article", "article", model, "kept by run", "article")
            if done.status < 2:
                assert table_of(work / "article") == rows
                csv = pd.read_csv(work / "article" / "results.csv")
                assert csv["sentence"].tolist() == [row["sentence"] for row in rows]

    check()


def test_anything_that_compare_reads(finished_runs: Path) -> None:
    def compare(work: Path, kind: str = "", name: str = "") -> Ended:
        return try_command(kind, [name], "compare", work / "article", work / "layers")

    wanted = compare(finished_runs)
    assert wanted.status == 0

    @fuzz(40)
    def check(data: st.DataObject) -> None:
        with copied(finished_runs) as work:
            names = ["run.json", "results.parquet", ".results.parquet.sha256"]
            name = data.draw(st.sampled_from(names))
            others = [work / "layers" / name, work / "article" / "results.csv"]
            damage(data, work / "article" / name, others)
            done = compare(work, "compare", name.removesuffix(".sha256").lstrip("."))
            assert done == wanted or done.status == 2

    check()


# Models


@pytest.mark.parametrize(
    "name",
    ["config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "model.safetensors"],
)
def test_any_model_folder(name: str, model: Path, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "s.txt", SENTENCES)

    @fuzz(14)
    def check(data: st.DataObject) -> None:
        with copied(model) as folder:
            damage(data, folder / name, [folder / "config.json", folder / "tokenizer.json"])
            out = folder.parent / "o.parquet"
            arguments = ("embed", source, "--out", out, "--model", folder)
            done = try_command(f"model, {name}", [folder.name], *arguments)
            if done.status < 2:
                table = pyarrow.parquet.read_table(out)
                assert len(table) + len(refusals(out)) == len(SENTENCES)
                values = np.asarray(table["embedding"].combine_chunks().flatten())
                assert np.isfinite(values).all()

    check()


# Notebooks


def test_any_notebook(model: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    make_notebook(work / "n.ipynb", "print(sentence)")

    @fuzz(14)
    def check(data: st.DataObject) -> None:
        with copied(work) as folder:
            damage(data, folder / "n.ipynb")
            content = (folder / "n.ipynb").read_bytes()
            arguments = ["--no-notebook", "--notebook", folder / "n.ipynb", "--model", model]
            arguments += ["--out", folder / "run", "hello"]
            try_command("notebook", ["n.ipynb"], "run", *arguments)
            assert (folder / "n.ipynb").read_bytes() == content

    check()


# What `drift` and `evaluate` keep


def test_any_figures_of_an_earlier_run(
    tiny: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = Figures(tiny.provenance, tuple(reproduce.compare_printed()[::9]))
    monkeypatch.setattr(drift_command, "_recomputed", lambda _: now)
    work = tmp_path / "work"
    keep_figures(now, work / "last.json")

    @fuzz(40)
    def check(data: st.DataObject) -> None:
        with copied(work) as folder:
            damage(data, folder / "last.json")
            last, report = folder / "last.json", folder / "report.md"
            done = try_command("drift", [last.name], "drift", "--last", last, "--report", report)
            assert done.status in (0, 2), done.printed

    check()


class Letters(Task[NamedMethod, list[str]]):
    """A task without a model, for what the store does."""

    name = "letters"
    question = "How many letters?"
    sources: ClassVar[Any] = ()

    def methods(self, workbench: object) -> list[NamedMethod]:
        return [NamedMethod("all", "all letters"), NamedMethod("half", "half of them")]

    def prepare(self, workbench: object) -> list[str]:
        return SENTENCES

    def measure(self, method: NamedMethod, prepared: list[str]) -> dict[str, Any]:
        share = 1 if method.name == "all" else 0.5
        return {"letters": np.array([len(text) * share for text in prepared])}

    def scores(self, measured: Mapping[NamedMethod, Mapping[str, Any]]) -> list[Score]:
        return [
            Score(method.name, "letters", float(found["letters"].sum()), None, None, 6)
            for method, found in measured.items()
        ]

    def facts(self, prepared: list[str]) -> dict[str, Any]:
        return {"sentences": len(prepared)}


def test_anything_that_evaluate_keeps(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(evaluate_runner.TASKS, "letters", Letters())
    monkeypatch.setattr("trendlib.evaluate.protocol.code_version", lambda _: "1")
    monkeypatch.setattr(evaluate_runner.os, "cpu_count", lambda: 1)

    def evaluate(work: Path, kind: str = "", name: str = "") -> tuple[Ended, Any]:
        monkeypatch.setenv(CACHE_VARIABLE, str(work))
        arguments = ["--task", "letters", "--model", model, "--out", work / "out"]
        done = try_command(kind, [name], "evaluate", *arguments)
        if done.status:
            return done, None
        (path,) = (work / "out").rglob("letters.json")
        return done, json.loads(path.read_text("utf-8"))["scores"]

    work = tmp_path / "work"
    _, wanted = evaluate(work)
    files = sorted(path.relative_to(work) for path in work.rglob("*") if path.is_file())
    assert len(files) == 4

    @fuzz(40)
    def check(data: st.DataObject) -> None:
        with copied(work) as folder:
            path = data.draw(st.sampled_from(files))
            damage(data, folder / path, [folder / other for other in files])
            done, scores = evaluate(folder, "kept by evaluate", path.name)
            assert (done.status, scores) == (0, wanted) or done.status == 2

    check()
