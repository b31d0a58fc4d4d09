"""A command ends in order, whatever ends it: a signal, memory, a closed pipe, an encoding."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from helpers.runs import TRENDLIB, started, trendlib, trendlib_run, write_lines
from trendlib.cli import main
from trendlib.files.checksums import line_of
from trendlib.model import encoder
from trendlib.runs.folder import PARQUET, results_checksums

NONASCII = "I want \u6771\u4eac caf\u00e9."
ESCAPE = "I want \x1b]0;owned\x07 \x1b[31m an apple \u202e."
FORMULAS = ["=1+1 hello", "+hello", "-hello", "@hello", "\thello"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> tuple[Path, Path]:
    """Two runs of the same sentences, changed so that every sentence differs."""
    work = tmp_path_factory.mktemp("runs")
    sentences = [NONASCII, ESCAPE, *FORMULAS, *(f"I want an apple {n}" for n in range(1_000))]
    first, second = work / "first", work / "second"
    listed = work / "s.jsonl"
    listed.write_text("\n".join(json.dumps(sentence) for sentence in sentences))
    for out, reading in ((first, "article"), (second, "layers")):
        result = trendlib_run(
            "--file",
            listed,
            "--no-notebook",
            "--model",
            tiny_folder,
            "--out",
            out,
            "--reading",
            reading,
        )
        assert result.returncode == 0, result.stderr
    table = pd.read_parquet(second / PARQUET).assign(focus="another")
    table.to_parquet(second / PARQUET)
    results_checksums(second).write([line_of(second / PARQUET, PARQUET)])
    return first, second


# Signals


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("name", ["embed", "export", "evaluate"])
def test_a_stop_while_torch_loads(
    tmp_path: Path, tiny_folder: Path, name: str, number: signal.Signals, status: int
) -> None:
    source = write_lines(tmp_path / "s.txt", ["hello"])
    arguments = {
        "embed": ["embed", source, "--out", tmp_path / "o.parquet"],
        "export": ["export", tmp_path / "o.onnx"],
        "evaluate": ["evaluate", "--quick", "--out", tmp_path / "o"],
    }[name]
    process = started(*arguments, "--model", tiny_folder)
    maps = Path(f"/proc/{process.pid}/maps")
    while "libtorch" not in maps.read_text():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    assert "trendlib: stopped" in errors
    assert "Traceback" not in errors
    assert len(errors.splitlines()) == 1


# Memory


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 GB"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        ImportError("libx.so: failed to map segment from shared object"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_too_little_memory_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("trendlib.runs.comparison.compare_runs", fail)
    assert main(["compare", "a", "b"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("trendlib: not enough memory (")
    assert "run the same command again to continue" in printed
    assert len(printed.splitlines()) == 1


def test_too_little_memory_is_not_taken_for_damaged_weights(
    tmp_path: Path,
    tiny_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("unable to mmap 90868376 bytes: Cannot allocate memory (12)")

    monkeypatch.setattr("trendlib.model.encoder._loaded", encoder._load)  # nothing is cached
    monkeypatch.setattr("trendlib.model.encoder._load_network", fail)
    source = write_lines(tmp_path / "s.txt", ["hello"])
    out = tmp_path / "o.parquet"
    assert main(["embed", str(source), "--out", str(out), "--model", str(tiny_folder)]) == 1
    assert "not enough memory (unable to mmap" in capsys.readouterr().err


def test_an_error_inside_the_package_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("trendlib.runs.comparison.compare_runs", fail)
    with pytest.raises(RuntimeError, match="a fault"):
        main(["compare", "a", "b"])


# Printing


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_an_encoding_that_lacks_characters_loses_nothing(
    runs: tuple[Path, Path], tmp_path: Path, encoding: str
) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    out = tmp_path / "caf\u00e9 \u6771" / "o.csv"
    result = subprocess.run(
        [TRENDLIB, "compare", *runs, "--csv", out, "--rows", "10"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert ("\u6771" if encoding == "utf-8" else "\\u6771") in result.stdout.decode(encoding)
    assert len(pd.read_csv(out)) > 1_000


def test_a_run_outlives_an_output_that_cannot_name_its_folder(
    tmp_path: Path, tiny_folder: Path
) -> None:
    out = tmp_path / "\u6771\u4eac"
    arguments = [NONASCII, "--no-notebook", "--model", tiny_folder, "--out", out]
    result = trendlib_run(*arguments, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0, result.stderr
    assert "\\u6771\\u4eac/index.html" in result.stdout


def test_a_terminal_obeys_nothing_that_a_sentence_says(runs: tuple[Path, Path]) -> None:
    result = trendlib("compare", *runs, "--rows", "10")
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert "\\x1b]0;owned\\x07 \\x1b[31m an apple \\u202e." in result.stdout


def test_a_closed_pipe_ends_the_command_without_a_word(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "o.csv"
    process = subprocess.Popen(
        [TRENDLIB, "compare", *runs, "--rows", "5000", "--csv", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
    assert len(pd.read_csv(out)) > 1_000


def test_an_output_that_is_full_is_said(runs: tuple[Path, Path]) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [TRENDLIB, "compare", *runs], stdout=full, stderr=-1, text=True, check=False
        )
    assert result.returncode == 2
    assert result.stderr == "trendlib: [Errno 28] No space left on device\n"


# Spreadsheets


def test_a_spreadsheet_computes_nothing_that_a_sentence_says(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = runs
    assert set(FORMULAS) < set(pd.read_parquet(first / PARQUET)["sentence"])
    out = tmp_path / "o.csv"
    trendlib("compare", first, second, "--csv", out)
    for path in (first / "results.csv", out):
        sentences = set(pd.read_csv(path, keep_default_na=False)["sentence"])
        assert {f"'{text}" for text in FORMULAS} < sentences
        assert not [text for text in sentences if text.startswith(("=", "+", "-", "@", "\t"))]


# Arguments


def test_a_sentence_that_begins_with_a_dash(tmp_path: Path, tiny_folder: Path) -> None:
    result = trendlib_run("-xylophone", cwd=tmp_path)
    assert result.returncode == 2
    assert "put a sentence that begins with - at the end, after --" in result.stderr
    arguments = ["--no-notebook", "--model", tiny_folder, "--out", tmp_path / "run"]
    assert trendlib_run(*arguments, "--", "-hello").returncode == 0


@pytest.mark.parametrize("name", [".hidden", ".staging", ".lock"])
def test_a_folder_with_hidden_files_is_not_empty(
    tmp_path: Path, tiny_folder: Path, name: str
) -> None:
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / name
    path.write_text("precious")
    result = trendlib_run("hello", "--model", tiny_folder, "--out", tmp_path / "out")
    assert result.returncode == 2
    assert f"holds something other than a run ({name})" in result.stderr
    assert path.read_text() == "precious"


def test_a_link_to_nothing_is_no_folder(tmp_path: Path, tiny_folder: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    result = trendlib_run("hello", "--model", tiny_folder, "--out", link)
    assert "is a broken link: choose a folder with --out" in result.stderr
    assert link.is_symlink()
