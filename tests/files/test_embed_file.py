"""`trendlib embed`: every row that can be embedded is, in order; nothing done is lost."""

import argparse
import itertools
import json
import resource
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute
import pyarrow.parquet
import pytest

from helpers.runs import TRENDLIB, seen_on_a_terminal, started, trendlib, warm_command, write_lines
from trendlib.cli import embed as embed_command
from trendlib.cli import main
from trendlib.embedding import RECIPES, Recipe, Undefined, embed_encoding
from trendlib.errors import InputFileError, OutputError
from trendlib.files import embed as embed_module
from trendlib.files import rows as rows_module
from trendlib.files.embed import embed_file, read_settings
from trendlib.files.rows import InputRow, read_rows
from trendlib.model.encoder import Encoder
from trendlib.readings import LAYERS

SENTENCES = ["I want an apple.", "hello", "She sent a card to her mother.", "an orange"]


def trendlib_embed(*arguments: str | Path, **options: object) -> "subprocess.CompletedProcess[str]":
    return trendlib("embed", *arguments, **options)


def different(count: int) -> list[str]:
    """Make sentences that have different embeddings."""
    words = ["an", "apple", "orange", "adventure", "had", "very", "good", "she", "sent", "card"]
    words += ["my", "the", "to", "her", "mother"]
    fours = itertools.product(words, repeat=4)
    return [f"I want {' '.join(each)}" for each in itertools.islice(fours, count)]


def refused(path: Path) -> dict[int, str]:
    lines = path.read_text("utf-8").splitlines()
    return {found["row"]: found["reason"] for found in map(json.loads, lines)}


# Rows


def test_rows_of_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffone\r\n\ntwo\u2028too\n".encode() + b"caf\xe9")
    rows = list(read_rows(path))
    assert rows[:3] == [InputRow(1, "one"), InputRow(2, ""), InputRow(3, "two\u2028too")]
    assert rows[3].problem == (
        "not valid UTF-8: the byte 0xe9 at position 3: save the file as UTF-8"
    )


def test_rows_of_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'n,text\n1,"Yes, ""she""\ndid."\n2\n3,NA\n\n4,b\xff\n5,"never closed\n')
    rows = list(read_rows(path, "text"))
    assert rows[0] == InputRow(1, 'Yes, "she"\ndid.')
    assert rows[1] == InputRow(2, None, "1 field, and the sentence is in field 2")
    assert rows[2] == InputRow(3, "NA")  # and the empty line is no record
    assert "not valid UTF-8: the byte 0xff at position 1" in str(rows[3].problem)
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert "not valid CSV" in str(rows[4].problem)


def test_rows_of_json_lines(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a.jsonl",
        ['{"sentence": "one"}', "", '"two"', "{broken", '{"text": "x"}', "[1]", "null"],
    )
    rows = list(read_rows(path))
    assert rows[:2] == [InputRow(1, "one"), InputRow(3, "two")]
    assert "not valid JSON" in str(rows[2].problem)
    assert rows[3].problem == "no key 'sentence', its keys are 'text'"
    assert rows[4:] == [InputRow(6, [1]), InputRow(7, None)]


def test_rows_of_a_parquet_file(tmp_path: Path) -> None:
    pd.DataFrame({"n": [1, 2], "text": ["one", None]}).to_parquet(tmp_path / "a.parquet")
    assert list(read_rows(tmp_path / "a.parquet", "text")) == [
        InputRow(1, "one"),
        InputRow(2, None),
    ]


def test_a_column_is_not_taken_for_a_field_of_another(tmp_path: Path) -> None:
    table = pyarrow.table({"s": pyarrow.array([{"text": "of a structure"}]), "s.text": ["its own"]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    assert list(read_rows(tmp_path / "a.parquet", "s.text")) == [InputRow(1, "its own")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(tmp_path: Path, end: str) -> None:
    lines = {
        "a.txt": ["one", "two"],
        "a.jsonl": ['"one"', '"two"'],
        "a.csv": ["sentence", "one", "two"],
    }
    for name, content in lines.items():
        (tmp_path / name).write_text(end.join(content) + end, newline="")
        assert list(read_rows(tmp_path / name)) == [InputRow(1, "one"), InputRow(2, "two")]


@pytest.mark.parametrize(
    ("lines", "lost"),
    [
        (["1,one", '2,"two', "3,three", "4,four"], [2, 3, 4]),  # never closed
        (["1,one", '2,"two', "3,three", '4,"four"', "5,five"], [2, 3, 4]),  # by the next quote
        (["1,one", '2,"two', "3,three", '4,four"', "5,five"], [2, 3, 4]),  # by a stray quote
        (["1,one", '2,"two', '3,said "so", three', "4,four"], [2, 3]),
        (['1,"one \\"1\\" one"', "2,two"], [1]),
        (["1,one, or two", "2,two"], [1]),  # a comma without quotes
        (['1,"one,\nor ""two"".\nYes, one."', "2,two"], []),  # lines within quotes are one record
        (["1,one", "", "2,two,"], []),
    ],
)
def test_a_stray_quote_loses_no_row_and_no_number(
    tmp_path: Path, lines: list[str], lost: list[int]
) -> None:
    path = write_lines(tmp_path / "a.csv", ["id,sentence", *lines])
    rows = list(read_rows(path))
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) == len([line for line in lines if line])
    assert [row.number for row in rows if row.problem is not None] == lost
    for row in rows:
        assert row.problem is None or row.text.startswith(f"{row.number},")


def test_a_quote_that_never_closes_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "FIELD_LIMIT", 100)
    lines = [f"{number},{'x' * 20}" for number in range(2, 20)]
    path = write_lines(tmp_path / "a.csv", ["id,sentence", '1,"stray', *lines])
    rows = list(read_rows(path))
    assert [row.number for row in rows] == list(range(1, 20))
    assert [row.number for row in rows if row.problem is not None] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[" * 100_000, "it is nested too deeply"),
        ('{"sentence": ' * 100_000, "it is nested too deeply"),
        ('{"sentence": "one", "sentence": "two"}', "the key 'sentence' appears 2 times"),
        ("1" * 5000, "not valid JSON"),
    ],
)
def test_a_bad_line_does_not_stop_the_others(
    tmp_path: Path, tiny: Encoder, line: str, problem: str
) -> None:
    source = write_lines(
        tmp_path / "a.jsonl", ['"one apple"', line, '"an orange"', "[" * 900 + "]" * 900]
    )
    summary = embed_file(source, tmp_path / "o.parquet", tiny, Recipe())
    assert (summary.embedded, summary.refused) == (2, 2)
    assert summary.side_file is not None
    assert problem in refused(summary.side_file)[2]


def test_a_damaged_parquet_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"sentence": [f"caf\xe9 {n}" for n in range(300)]}).to_parquet(path)
    content = path.read_bytes()
    outcomes = set()
    for place in range(4, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            found = [row.problem is None for row in read_rows(path)]
            outcomes.add("a row refused" if not all(found) else "read")
        except InputFileError:
            outcomes.add("refused")
    assert {"a row refused", "refused"} <= outcomes
    path.write_bytes(content[:-9])
    with pytest.raises(InputFileError, match=r"a\.parquet is not a Parquet file, or is damaged"):
        list(read_rows(path))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.doc", b"x", "ends with '.doc': use a file that ends with one of .txt, .csv, .jsonl, "),
        ("a.csv", b"n,text\n1,x\n", "no column 'sentence': its columns are 'n', 'text'"),
        ("a.csv", b'"a"b,sentence\n1,x\n', "the header of a.csv is not valid CSV"),
        ("a.csv", b'"a,sentence\n1,x\n', "the header of a.csv is not valid CSV"),
        ("a.csv", b"\xef\xbb\xbfid;sentence\r\n1;x\r\n", "by commas instead of ';'"),
        ("a.csv", b"sentence,id,sentence\nx,1,y\n", "a.csv has 2 columns 'sentence'"),
        ("a.csv", "id,sentence\n1,x\n".encode("utf-16"), "a.csv is UTF-16: save it as UTF-8"),
        ("a.txt", "x\n".encode("utf-16"), "a.txt is UTF-16: save it as UTF-8"),
        ("a.csv", b"", "no column 'sentence': its columns are none"),
        ("a.parquet", b"no parquet", "a.parquet is not a Parquet file"),
        ("folder.txt", None, "cannot be read (Is a directory)"),
        ("missing.txt", ..., "cannot be read (No such file or directory)"),
    ],
)
def test_files_that_cannot_be_read_are_refused(
    tmp_path: Path, name: str, content: object, message: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is None:
        path.mkdir()
    with pytest.raises(InputFileError) as caught:
        list(read_rows(path))
    assert message in str(caught.value)


# The table


@pytest.mark.parametrize("undefined", ["zero", "keep"])
def test_the_table_holds_the_packages_embeddings(
    tmp_path: Path, tiny: Encoder, undefined: Undefined
) -> None:
    source = write_lines(tmp_path / "s.txt", [SENTENCES[0], "...", *SENTENCES[1:], "", "hello"])
    recipe = Recipe(LAYERS, undefined=undefined)
    seen: list[int] = []
    summary = embed_file(source, tmp_path / "o.parquet", tiny, recipe, on_rows=seen.append)
    assert (summary.embedded, summary.refused, summary.earlier) == (5, 2, 0)
    assert sum(seen) == 7
    table = pd.read_parquet(summary.out)
    assert list(table["row"]) == [1, 3, 4, 5, 7]
    assert list(table["sentence"]) == [*SENTENCES, "hello"]
    for row in table.itertuples():
        expected = embed_encoding(tiny.encode(row.sentence), recipe)
        assert row.focus == expected.choice.focus.word
        assert row.model == "tiny-bert (local folder)"
        assert row.defined_share == expected.defined_share
        np.testing.assert_allclose(row.embedding, expected.values, atol=1e-9)
    coordinates = pyarrow.parquet.read_table(summary.out)["embedding"].combine_chunks().flatten()
    assert (coordinates.null_count > 0) == (undefined == "keep")
    zeros = pyarrow.compute.sum(pyarrow.compute.equal(coordinates, 0)).as_py()
    assert (zeros > 0) == (undefined == "zero")
    assert summary.side_file is not None
    reasons = refused(summary.side_file)
    assert list(reasons) == [2, 6]
    assert reasons[2].startswith("NoWordsError: no word in '...'")
    settings = read_settings(summary.out)
    assert (settings["reading"], settings["dtype"]) == ("layers", "float64")
    assert settings["weights_sha256"] == tiny.provenance.weights_sha256


@pytest.mark.parametrize("name", RECIPES)
def test_the_table_holds_the_embeddings_of_every_recipe(
    tmp_path: Path, tiny: Encoder, name: str
) -> None:
    source = write_lines(tmp_path / "s.txt", SENTENCES)
    recipe = RECIPES[name]
    table = pd.read_parquet(embed_file(source, tmp_path / "o.parquet", tiny, recipe).out)
    for row in table.itertuples():
        expected = embed_encoding(tiny.encode(row.sentence), recipe)
        assert row.focus == expected.choice.focus.word
        tolerance = 1e-8 if name == "article" else 1e-9
        np.testing.assert_allclose(row.embedding, expected.values, atol=tolerance)
    settings = read_settings(tmp_path / "o.parquet")
    assert {key: settings[key] for key in recipe.as_dict()} == recipe.as_dict()
    for other in set(RECIPES.values()) - {recipe}:
        with pytest.raises(OutputError, match=r"(kind|words) '.*' instead of '"):
            embed_file(source, tmp_path / "o.parquet", tiny, other)


def test_what_was_made_before_recipes_named_their_words_is_known(
    tmp_path: Path, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write_lines(tmp_path / "s.txt", SENTENCES), tmp_path / "o.parquet"
    choices = Recipe().as_dict()
    before = {key: value for key, value in choices.items() if key != "words"}
    with monkeypatch.context() as earlier:
        earlier.setattr(Recipe, "as_dict", lambda _: before)
        embed_file(source, out, tiny, Recipe())
    assert "words" not in read_settings(out)
    assert embed_file(source, out, tiny, Recipe()).earlier == len(SENTENCES)
    with pytest.raises(OutputError, match="words 'two' instead of 'all'"):
        embed_file(source, out, tiny, Recipe(words="all"))


def test_parts_are_put_together_in_order(
    tmp_path: Path, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_lines(tmp_path / "s.txt", [f"hello {'x ' * (n % 7)}" for n in range(50)])
    whole = embed_file(source, tmp_path / "whole.parquet", tiny, Recipe()).out
    monkeypatch.setattr(embed_module, "PART_ROWS", 8)
    parted = embed_file(source, tmp_path / "parted.parquet", tiny, Recipe()).out
    one, other = (pyarrow.parquet.read_table(each) for each in (whole, parted))
    assert one.schema == other.schema
    assert one.column("row").to_pylist() == other.column("row").to_pylist() == list(range(1, 51))
    first, second = (
        np.array(each.column("embedding").to_pylist(), dtype=float) for each in (one, other)
    )
    np.testing.assert_allclose(first, second, atol=1e-9)
    assert {each.name for each in tmp_path.iterdir()} == {
        "s.txt",
        "whole.parquet",
        ".whole.parquet.sha256",
        "parted.parquet",
        ".parted.parquet.sha256",
    }


def test_other_settings_do_not_overwrite(tmp_path: Path, tiny: Encoder) -> None:
    source = write_lines(tmp_path / "s.txt", SENTENCES)
    out = tmp_path / "o.parquet"
    embed_file(source, out, tiny, Recipe())
    content = out.read_bytes()
    with pytest.raises(OutputError, match="reading 'article' instead of 'layers'"):
        embed_file(source, out, tiny, Recipe(LAYERS))
    again = embed_file(source, out, tiny, Recipe())
    assert (again.embedded, again.earlier) == (4, 4)
    write_lines(source, [*SENTENCES, "hello"])
    with pytest.raises(OutputError, match="source_sha256"):
        embed_file(source, out, tiny, Recipe())
    assert out.read_bytes() == content
    pd.DataFrame({"precious": [1]}).to_parquet(tmp_path / "mine.parquet")
    with pytest.raises(OutputError, match="was not written by `trendlib embed`"):
        embed_file(source, tmp_path / "mine.parquet", tiny, Recipe())
    with pytest.raises(OutputError, match=r"choose a name that ends with \.parquet"):
        embed_file(source, tmp_path / "o.csv", tiny, Recipe())


def test_an_output_of_other_code_stays_until_the_new_one_is_whole(
    tmp_path: Path, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_lines(tmp_path / "s.txt", [*SENTENCES, "..."])
    out, said = tmp_path / "o.parquet", list[str]()
    embed_file(source, out, tiny, Recipe(), say=said.append)
    content = out.read_bytes()
    assert said == []

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(embed_module, "code_version", lambda *_: "another")
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, out, tiny, Recipe(), on_rows=stop)
    assert out.read_bytes() == content
    with pytest.raises(OutputError, match="reading 'article' instead of 'layers'"):
        embed_file(source, out, tiny, Recipe(LAYERS))
    summary = embed_file(source, out, tiny, Recipe(), say=said.append)
    assert (summary.embedded, summary.refused, summary.earlier) == (4, 1, 0)
    (sentence,) = said
    assert "o.parquet was made by another version of trendlib's code" in sentence
    assert read_settings(out)["code"] == "another"
    assert embed_file(source, out, tiny, Recipe()).earlier == 5


def test_parts_of_other_code_are_made_again(
    tmp_path: Path, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_lines(tmp_path / "s.txt", ["...", *SENTENCES])
    monkeypatch.setattr(embed_module, "PART_ROWS", 1)
    seen, said = list[int](), list[str]()

    def stop_in_the_third_part(count: int) -> None:
        seen.append(count)
        if sum(seen) == 3:
            raise KeyboardInterrupt

    out = tmp_path / "o.parquet"
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, out, tiny, Recipe(), on_rows=stop_in_the_third_part)
    parts = tmp_path / ".o.parquet.parts"
    assert len(list(parts.glob("*.parquet"))) == 2
    monkeypatch.setattr(embed_module, "code_version", lambda *_: "another")
    summary = embed_file(source, out, tiny, Recipe(), say=said.append)
    assert (summary.embedded, summary.refused, summary.earlier) == (4, 1, 0)
    assert said == [
        f"{parts} held parts by another version of trendlib's code: they are embedded again."
    ]


def test_a_file_without_rows_is_refused(tmp_path: Path, tiny: Encoder) -> None:
    (tmp_path / "s.txt").touch()
    with pytest.raises(InputFileError, match="has no rows"):
        embed_file(tmp_path / "s.txt", tmp_path / "o.parquet", tiny, Recipe())


def test_a_file_of_bad_rows_alone_is_an_empty_table(tmp_path: Path, tiny: Encoder) -> None:
    source = write_lines(tmp_path / "s.txt", ["...", "!"])
    summary = embed_file(source, tmp_path / "o.parquet", tiny, Recipe())
    assert (summary.embedded, summary.refused) == (0, 2)
    assert len(pd.read_parquet(summary.out)) == 0


# The command, and faults


def test_the_command(tmp_path: Path, tiny_folder: Path) -> None:
    source = tmp_path / "s.csv"
    source.write_bytes(b"id,text\n1,I want an apple.\n2,caf\xe9 apple\n3,hello\n")
    arguments = [source, "--column", "text", "--out", tmp_path / "new" / "o.parquet"]
    result = trendlib_embed(*arguments, "--model", tiny_folder, "--kind", "difference")
    assert result.returncode == 1
    assert "2 rows embedded, 1 refused." in result.stdout
    assert "o.refused.jsonl lists the refused rows, with the reasons." in result.stderr
    assert "rows/s" not in result.stderr  # no progress bar where there is no terminal
    table = pd.read_parquet(tmp_path / "new" / "o.parquet")
    assert list(table["row"]) == [1, 3]
    assert len(table["embedding"][0]) == 24
    assert read_settings(tmp_path / "new" / "o.parquet")["kind"] == "difference"
    assert (
        "not valid UTF-8: the byte 0xe9 at position 3"
        in refused(tmp_path / "new" / "o.refused.jsonl")[2]
    )


def test_the_command_takes_a_recipe_and_changes_parts_of_it(
    tmp_path: Path, tiny_folder: Path
) -> None:
    source, out = write_lines(tmp_path / "s.txt", SENTENCES), tmp_path / "o.parquet"
    given = {
        ("--recipe", "angle"): RECIPES["angle"],
        ("--recipe", "discounted-trend", "--words", "all"): Recipe(kind="discounted", words="all"),
        ("--recipe", "angle", "--undefined", "keep", "--kind", "log quotient", "--reading"): Recipe(
            LAYERS, "log quotient", "keep", "all"
        ),
    }
    parser = argparse.ArgumentParser()
    embed_command.add_options(parser)
    for arguments, recipe in given.items():
        last = ["layers"] if arguments[-1] == "--reading" else []
        options = parser.parse_args([str(source), "--out", str(out), *arguments, *last])
        assert embed_command.recipe_of(options) == recipe
    result = trendlib_embed(source, "--out", out, "--model", tiny_folder, "--recipe", "angle")
    assert result.returncode == 0
    settings = read_settings(out)
    assert (settings["kind"], settings["words"]) == ("angle", "all")


def test_a_terminal_sees_progress_with_rate_and_time_left(
    tmp_path: Path, tiny_folder: Path
) -> None:
    source = write_lines(tmp_path / "s.txt", different(3_000))
    arguments = ["embed", source, "--out", tmp_path / "o.parquet", "--model", tiny_folder]
    text = seen_on_a_terminal([*warm_command(), *arguments])
    assert "3000/3000" in text
    assert "rows/s" in text
    assert "<" in text  # elapsed<left


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["s.txt", "--out", "o.parquet", "--reading", "heads"], "unknown reading 'heads'"),
        (["s.txt", "--out", "o.parquet", "--kind", "ratio"], "unknown kind of trend 'ratio'"),
        (["s.txt", "--out", "o.parquet", "--recipe", "mean"], "unknown recipe 'mean'"),
        (["s.txt", "--out", "o.parquet", "--words", "3"], "unknown choice of words '3'"),
        (["s.txt", "--out", "o.parquet", "--kind", "discounted"], "choose words 'all' or 'tokens'"),
        (["s.txt", "--out", "o.parquet", "--device", "tpu"], "unknown device 'tpu'"),
        (["s.txt", "--out", "o.csv"], "choose a name that ends with .parquet"),
        (["none.txt", "--out", "o.parquet"], "none.txt cannot be read"),
        (["s.txt"], "the following arguments are required: --out"),
    ],
)
def test_wrong_use_ends_with_status_2(
    tmp_path: Path, tiny_folder: Path, arguments: list[str], message: str
) -> None:
    write_lines(tmp_path / "s.txt", SENTENCES)
    result = trendlib_embed(*arguments, "--model", tiny_folder, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["s.txt"]


@pytest.mark.parametrize("out", ["run:1.parquet", "gs:a/o.parquet", "{x}.parquet", "~/o.parquet"])
def test_the_output_is_a_file_of_this_machine(
    tmp_path: Path,
    tiny_folder: Path,
    out: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    source = write_lines(tmp_path / "s.txt", SENTENCES)
    arguments = ["embed", str(source), "--out", out, "--model", str(tiny_folder)]
    assert main(arguments) == 0
    assert len(pd.read_parquet(tmp_path / out.replace("~", "home"))) == 4
    assert main(arguments) == 0
    assert "(4 of them in an earlier run)" in capsys.readouterr().out


@pytest.mark.parametrize("out", ["s3://b/o.parquet", "gs://b/o.parquet", "~nobody-here/o.parquet"])
def test_an_output_elsewhere_is_refused_before_work(tmp_path: Path, out: str) -> None:
    source = write_lines(tmp_path / "s.txt", SENTENCES)
    result = trendlib_embed(source, "--out", out, cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "is a web address" in result.stderr or "write ./~ if" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["s.txt"]


@pytest.mark.parametrize(
    ("fault", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_command_that_is_stopped_goes_on_where_it_stopped(
    tmp_path: Path, tiny_folder: Path, fault: signal.Signals, status: int
) -> None:
    count = 9_000
    sentences = different(count)
    sentences[4_500] = "..."
    source = write_lines(tmp_path / "s.txt", sentences)
    out = tmp_path / "o.parquet"
    arguments = [source, "--out", out, "--model", tiny_folder]
    # What is killed must be the command, and not what stands for it.
    program = [TRENDLIB] if fault == signal.SIGKILL else warm_command()
    process = started("embed", *arguments, program=program)
    end = time.monotonic() + 120
    while len(list(tmp_path.glob(".o.parquet.parts/0*.json"))) < 1:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(fault)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == status
    if status > 0:
        assert "stopped. What is done so far is kept beside" in errors
    assert not out.exists()
    stamps = {
        path: path.stat().st_mtime_ns for path in tmp_path.glob(".o.parquet.parts/0*.parquet")
    }
    assert 1 <= len(stamps) < 3
    result = trendlib_embed(*arguments)
    assert result.returncode == 1  # one row is refused
    expected = f"{count - 1:,} rows embedded, 1 refused ({4096 * len(stamps):,} of them in an"
    assert expected in result.stdout
    rows = pyarrow.parquet.read_table(out, columns=["row"]).column("row").to_pylist()
    assert rows == [n for n in range(1, count + 1) if n != 4_501]
    assert list(refused(tmp_path / "o.refused.jsonl")) == [4_501]
    assert not (tmp_path / ".o.parquet.parts").exists()


def test_a_file_that_cannot_be_written_stops_the_command_and_loses_nothing(
    tmp_path: Path, tiny_folder: Path
) -> None:
    source = write_lines(tmp_path / "s.txt", different(9_000))
    out = tmp_path / "o.parquet"
    arguments = [source, "--out", out, "--model", tiny_folder]

    def limit() -> None:  # a part fits, all of them do not
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))

    result = trendlib_embed(*arguments, preexec_fn=limit)
    assert result.returncode == 1
    assert "the command cannot continue" in result.stderr
    assert "File too large" in result.stderr
    assert "Traceback" not in result.stderr
    assert not out.exists()
    kept = len(list(tmp_path.glob(".o.parquet.parts/0*.parquet")))
    assert kept == 3
    resumed = trendlib_embed(*arguments)
    assert resumed.returncode == 0, resumed.stderr
    assert "9,000 rows embedded, 0 refused (9,000 of them in an earlier run)." in resumed.stdout


def test_two_commands_do_not_write_to_one_file(
    tmp_path: Path, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_lines(tmp_path / "s.txt", SENTENCES)
    out = tmp_path / "o.parquet"

    def second(_: int) -> None:
        with pytest.raises(OutputError, match="another command is writing"):
            embed_file(source, out, tiny, Recipe())

    assert embed_file(source, out, tiny, Recipe(), on_rows=second).embedded == 4


def test_parts_of_other_settings_are_not_used(tmp_path: Path, tiny: Encoder) -> None:
    source = write_lines(tmp_path / "s.txt", SENTENCES)
    out = tmp_path / "o.parquet"

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_file(source, out, tiny, Recipe(), on_rows=stop)
    with pytest.raises(OutputError, match="holds unfinished work with reading 'article' inst"):
        embed_file(source, out, tiny, Recipe(LAYERS))
    assert embed_file(source, out, tiny, Recipe()).embedded == 4


def test_help_has_examples() -> None:
    result = trendlib_embed("--help")
    assert "trendlib embed sentences.txt --out embeddings.parquet" in result.stdout
