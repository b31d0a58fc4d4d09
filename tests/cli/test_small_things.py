"""Small things of commands: counted words, texts of Arrow, encodings, files beside the command."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import trendlib
from helpers.encodings import PROVENANCE
from helpers.paths import ROOT
from trendlib.articles import published, reproduce
from trendlib.cli import main
from trendlib.cli.options import printable
from trendlib.errors import BadRowsError, InputFileError, NotTextError
from trendlib.evaluate import runner
from trendlib.files.rows import read_rows
from trendlib.interfaces.scikit_learn import TrendEmbedder
from trendlib.interfaces.sentence_transformers import TrendTransformer
from trendlib.model.corpus import Embedded, embed_array, embed_many
from trendlib.model.encoder import Encoder

SENTENCES = ["I want an apple.", "She sent a card to her mother.", "hello"]

TEXTS = {
    "Arrow": pa.array,
    "chunks of Arrow": lambda texts: pa.chunked_array([texts[:1], texts[1:]]),
    "scalars of Arrow": lambda texts: [pa.scalar(text) for text in texts],
    "large strings": lambda texts: pa.array(texts, pa.large_string()),
    "pandas": lambda texts: pd.Series(texts, index=[9, 0, 5]),
    "pandas with Arrow": lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
    "NumPy": np.array,
    "NumPy's strings": lambda texts: np.array(texts, dtype=np.dtypes.StringDType()),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_texts_of_other_libraries_are_texts(tiny: Encoder, tiny_folder: Path, kind: str) -> None:
    given = TEXTS[kind](SENTENCES)
    expected = embed_array(tiny, SENTENCES)
    found = dict(embed_many(tiny, given))
    for number, row in enumerate(expected):
        vectors = found[number]
        assert isinstance(vectors, Embedded)
        np.testing.assert_array_equal(vectors.embedding.values, row)
        assert type(vectors.embedding.sentence) is str or isinstance(given, np.ndarray)
    np.testing.assert_array_equal(embed_array(tiny, given), expected)
    one = trendlib.embed(next(iter(given)), model=tiny)
    np.testing.assert_allclose(one.values, expected[0], atol=1e-9)
    module = TrendTransformer(tiny_folder)
    rows = module(module.preprocess(given))["sentence_embedding"]
    embedder = TrendEmbedder(model=str(tiny_folder), device="cpu")
    np.testing.assert_array_equal(rows.numpy(), embedder.fit_transform(given))


def test_what_is_no_text_of_arrow_is_told(tiny: Encoder) -> None:
    with pytest.raises(BadRowsError, match=r"^1 sentence without .* row 1: .* of type NoneType"):
        embed_array(tiny, pa.array(["hello", None]))


@pytest.mark.parametrize("number", [42, 4.2, True])
def test_a_number_that_papermill_made_is_told(tiny: Encoder, number: object) -> None:
    with pytest.raises(NotTextError, match=r"a number of `-p sentence 42`, a text of `-r`"):
        tiny.encode(number)  # type: ignore[arg-type]


# Counted words


def test_one_is_not_plural(
    tmp_path: Path,
    tiny_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "s.txt").write_text("hello")
    out = str(tmp_path / "o.parquet")
    command = ["embed", str(tmp_path / "s.txt"), "--out", out, "--model", str(tiny_folder)]
    for expected in ("1 row embedded, 0 refused.", "(1 of them in an earlier run)"):
        assert main(command) == 0
        assert expected in capsys.readouterr().out
    report = runner.TaskReport(done={"contexts": tmp_path})
    monkeypatch.setattr(runner, "run_tasks", lambda *_: report)
    command = ["evaluate", "--quick", "--out", str(tmp_path), "--model", str(tiny_folder)]
    assert main(command) == 0
    assert "1 task done, 0 not run, 0 failed." in capsys.readouterr().out


# Encodings of files


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("name", ["s.txt", "s.csv", "s.jsonl"])
def test_utf_16_is_told(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_text('sentence\n"I want a café."\n', encoding=encoding)
    with pytest.raises(InputFileError, match=r"(is|looks like) UTF-16: save it as UTF-8"):
        list(read_rows(path))


@pytest.mark.parametrize("text", ["a", "ab\0", "I want an apple.\n", "\u6771\u4eac\n", ""])
def test_other_texts_are_not_taken_for_utf_16(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.txt"
    path.write_text(text, encoding="utf-8")
    assert [row.text for row in read_rows(path)] == text.splitlines()


# What stands beside the command


def test_a_file_beside_the_command_takes_no_library_s_place(tmp_path: Path) -> None:
    for name in ("numpy", "regex", "pandas"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('it was run')")
    result = subprocess.run(
        [sys.executable, "-m", "trendlib", "compare", "a", "b"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a holds no results.parquet" in result.stderr, result.stderr


# Printing


@pytest.fixture
def figures_that_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a printed figure hold what a terminal obeys and what few encodings have."""
    group = published.groups()[0]
    found = published.Comparison(
        article=group.article,
        group=group.name,
        figure="\x1b[31m \u6771",
        printed="a",
        ours="b",
        basis=str(PROVENANCE),
        difference=None,
        verdict=published.Verdict.DIFFERS,
        why="",
    )
    for name in ("compare_printed", "compare_model", "compare_all"):
        monkeypatch.setattr(reproduce, name, lambda *_: [found])


@pytest.mark.usefixtures("figures_that_quote")
@pytest.mark.parametrize("output", ["obeys", "closed", "full"])
@pytest.mark.parametrize("name", ["reproduce", "drift"])
def test_files_are_written_before_anything_is_printed(
    tmp_path: Path,
    tiny_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    output: str,
) -> None:
    out = tmp_path / "o"
    command = [name, "--model", str(tiny_folder), {"reproduce": "--csv", "drift": "--report"}[name]]
    errors = {"closed": BrokenPipeError(32, "Broken pipe"), "full": OSError(28, "No space left")}

    def refuse(*_: object, **__: object) -> None:
        raise errors[output]

    if output != "obeys":
        monkeypatch.setattr(f"trendlib.cli.{name}.show", refuse)
    status = main([*command, str(out)])
    printed = capsys.readouterr()
    assert "\u6771" in out.read_text(encoding="utf-8")
    assert status == {"obeys": 1, "closed": 141, "full": 2}[output]
    assert printed.err.count("\n") == (output == "full")
    assert "\x1b" not in printed.out
    if name == "reproduce" and output == "obeys":
        assert "\\x1b[31m \u6771" in printed.out


def test_every_message_goes_through_one_function() -> None:
    """``show``, ``say`` and tqdm's ``write`` of what is printable."""
    for path in (ROOT / "trendlib" / "cli").glob("*.py"):
        if path.name != "options.py":
            assert "print(" not in path.read_text(encoding="utf-8"), path
    assert printable("a\x1b\u202eb") == "a\\x1b\\u202eb"


def test_wrong_use_is_printable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["embed", "s.txt", "--out", "o.parquet", "--\x1b[31m"])
    assert "--\\x1b[31m" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["reproduce", "--help"]])
def test_a_help_that_nobody_reads_is_quiet(arguments: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "trendlib", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() in (0, 141)  # argparse may have noticed itself
