"""What `trendlib run` reads and checks before anything starts."""

import json
from pathlib import Path

import pytest

from helpers.runs import PARAMETERS, make_notebook, trendlib_run
from trendlib.errors import (
    InputFileError,
    ParameterError,
    RunFolderError,
    UnknownChoiceError,
    UnknownModelError,
)
from trendlib.model.weights import MINILM
from trendlib.runs.folder import REFUSED, RunFolder, folder_name
from trendlib.runs.runner import run
from trendlib.runs.sentences import Sentences, distinct, read_sentences
from trendlib.runs.settings import check_parameters, checked_settings, walkthrough


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_text_file_has_a_sentence_a_line(tmp_path: Path) -> None:
    text = "\ufeffI sold my car.\r\n\n  \nShe sent\u2028a card.\nI sold my car.\nNA"
    sentences = read_sentences(write(tmp_path / "a.txt", text))
    texts = ("I sold my car.", "She sent\u2028a card.", "NA")
    assert sentences == Sentences(texts, repeats=1, blank=2)


def test_a_csv_file_has_a_column_of_sentences(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'n,text\n1,"Yes, ""she"" did."\n2,NA\n3,"two\nlines"\n')
    assert read_sentences(path, "text").texts == ('Yes, "she" did.', "NA", "two\nlines")


def test_a_json_lines_file_has_objects_or_strings(tmp_path: Path) -> None:
    lines = ['{"sentence": "Hello."}', "", '"Hi."', '{"sentence": "Hello.", "n": 1}']
    path = write(tmp_path / "a.jsonl", "\n".join(lines))
    assert read_sentences(path) == Sentences(("Hello.", "Hi."), repeats=1)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"caf\xe9\n", "row 1: not valid UTF-8: the byte 0xe9 at position 3: save"),
        ("a.txt", b"", "holds no sentence"),
        ("a.txt", b"\n \n", "holds no sentence"),
        ("a.doc", b"x", "ends with '.doc': use a file that ends with one of .txt, .csv, .json"),
        ("a.csv", b"n,text\n1,x\n", "no column 'sentence': its columns are 'n', 'text'"),
        ("a.csv", b"", "no column 'sentence': its columns are none"),
        ("a.csv", b'sentence\n"never closed\n', "row 1: not valid CSV: unexpected end of data"),
        ("a.jsonl", b"{broken\n", "row 1: not valid JSON"),
        ("a.jsonl", b'{"text": "x"}', "row 1: no key 'sentence', its keys are 'text'"),
        ("a.jsonl", b'{"sentence": 5}', "row 1: the sentence is 5, of type int: it must be a text"),
        ("a.jsonl", b"null", "row 1: the sentence is None"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(InputFileError) as caught:
        read_sentences(write(tmp_path / name, content))
    assert message in str(caught.value)


def test_a_row_that_holds_no_sentence_is_refused_and_the_others_are_run(
    tmp_path: Path, tiny_folder: Path
) -> None:
    lines = [
        '"I sold my car."',
        "{broken",
        "",
        '"Hello."',
        "5",
        '"\\ud800"',
        '"I sold my car."',
        '" "',
    ]
    path = write(tmp_path / "s.jsonl", "\n".join(lines))
    out = tmp_path / "run"
    arguments = ["--file", path, "--no-notebook", "--out", out, "--model", tiny_folder]
    result = trendlib_run(*arguments)
    assert result.returncode == 1, result.stderr
    assert "2 sentences: 2 done" in result.stdout
    assert "Left out 1 repeated sentence" in result.stdout
    assert "Left out 1 empty line" in result.stdout
    assert f"3 rows refused: {out / REFUSED} lists them, with the reasons" in result.stderr
    refused = [json.loads(line) for line in (out / REFUSED).read_text().splitlines()]
    assert [row["row"] for row in refused] == [2, 5, 6]
    assert refused[0]["text"] == "{broken"
    assert [row["reason"].split(" (")[0] for row in refused] == [
        "not valid JSON",
        "the sentence is 5, of type int: it must be a text",
        "not valid Unicode text",
    ]
    write(path, lines[0])
    assert trendlib_run(*arguments).returncode == 0
    assert not (out / REFUSED).exists()


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"cannot be read \(No such file"):
        read_sentences(tmp_path / "missing.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(InputFileError, match=r"cannot be read \(Is a directory"):
        read_sentences(tmp_path / "folder.txt")


def test_a_line_of_a_megabyte_is_read_whole(tmp_path: Path) -> None:
    line = "word " * 200_000
    (text,) = read_sentences(write(tmp_path / "a.csv", f"sentence\n{line}\n")).texts
    assert text == line


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    further = (
        'count: int = 3  # n\nshare: float = 0.5  # s\nloud: bool = False  # l\nname: str = ""'
    )
    further += "  # t\nlisted: list = []  # x\n"
    return make_notebook(tmp_path / "own.ipynb", parameters=PARAMETERS + further)


def test_parameters_get_the_types_that_the_notebook_says(notebook: Path) -> None:
    given = {"count": "42", "share": "1e-3", "loud": "True", "name": "nan"}
    assert check_parameters(notebook, given) == {
        "count": 42,
        "share": 0.001,
        "loud": True,
        "name": "nan",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"cuont": "3"},
            "no parameter 'cuont': besides sentence, model, reading, dtype it has 'co",
        ),
        ({"count": "3.5"}, "the parameter 'count' is '3.5': use a value of type int"),
        ({"share": "much"}, "use a value of type float"),
        ({"loud": "maybe"}, "use true or false"),
        ({"listed": "[]"}, "is of type 'list': only str, int, float, bool can be set"),
        ({"reading": "layers"}, "the parameter 'reading' has its own option"),
    ],
)
def test_wrong_parameters_are_refused(notebook: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check_parameters(notebook, given)
    assert message in str(caught.value)


def test_a_notebook_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    lacking = make_notebook(tmp_path / "lacking.ipynb", parameters='sentence: str = ""\n')
    with pytest.raises(ParameterError, match="has no parameter model, reading, dtype"):
        check_parameters(lacking, {})
    with pytest.raises(ParameterError, match="there is no notebook"):
        check_parameters(tmp_path / "none.ipynb", {})
    with pytest.raises(ParameterError, match="cannot be read as a notebook"):
        check_parameters(write(tmp_path / "text.ipynb", "hello"), {})


def test_the_walkthrough_has_the_parameters_of_a_run() -> None:
    assert check_parameters(walkthrough(), {}) == {}


def test_unknown_choices_are_refused() -> None:
    with pytest.raises(UnknownChoiceError, match="unknown reading 'heads'"):
        checked_settings(MINILM.name, reading="heads")
    with pytest.raises(UnknownChoiceError, match="unknown dtype 'float16'"):
        checked_settings(MINILM.name, dtype="float16")
    with pytest.raises(UnknownModelError, match="unknown model 'a/b/c'"):
        checked_settings("a/b/c")


def test_the_version_of_the_cells_changes_with_the_notebook(tmp_path: Path) -> None:
    one = make_notebook(tmp_path / "one.ipynb", "1 + 1")
    same = make_notebook(tmp_path / "same.ipynb", "1 + 1")
    other = make_notebook(tmp_path / "other.ipynb", "1 + 2")
    ones, sames, others = (checked_settings(MINILM.name, notebook=n) for n in (one, same, other))
    assert ones.cells == sames.cells != others.cells
    assert ones.code == others.code  # that of the records


@pytest.mark.parametrize("sentence", ["I sold my car.", "東京", "../../etc", "", "a" * 5000, "NUL"])
def test_a_sentence_names_a_folder_that_every_disk_takes(sentence: str) -> None:
    name = folder_name(sentence)
    assert name.replace("-", "").isalnum()
    assert name.isascii()
    assert 12 <= len(name) <= 60


def test_sentences_that_look_alike_have_folders_of_their_own() -> None:
    names = {folder_name(each) for each in ("Hello!", "hello", "Hello?", "hello ")}
    assert len(names) == 4


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    settings = checked_settings(MINILM.name)
    write(tmp_path / "thesis.docx", "precious")
    with pytest.raises(RunFolderError, match="holds something other than a run"):
        run(["Hello."], settings, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.docx"]
    with pytest.raises(RunFolderError, match="is a file"):
        run(["Hello."], settings, tmp_path / "thesis.docx")


def test_a_run_of_other_settings_is_refused(tmp_path: Path) -> None:
    with RunFolder(tmp_path, checked_settings(MINILM.name)).opened():
        pass
    other = RunFolder(tmp_path, checked_settings(MINILM.name, reading="layers"))
    with (
        pytest.raises(RunFolderError, match="reading 'article' instead of 'layers'"),
        other.opened(),
    ):
        pass


def test_two_runs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    settings = checked_settings(MINILM.name)
    second = RunFolder(tmp_path, settings)
    with (
        RunFolder(tmp_path, settings).opened(),
        pytest.raises(RunFolderError, match="another run is writing"),
        second.opened(),
    ):
        pass
    with second.opened():
        pass


def test_a_sentence_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"sentence 2 .* is not valid Unicode text"):
        run(["Hello.", "caf\udce9"], checked_settings(MINILM.name), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_repeats_are_counted() -> None:
    assert distinct(["a", "b", "a", "a"]) == Sentences(("a", "b"), repeats=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "pass either sentences, or a file of them"),
        (["Hello.", "--file", "x.txt"], "or a file of them with --file"),
        (["--file", "nowhere.txt"], "cannot be read"),
        (["Hello.", "--reading", "heads"], "unknown reading 'heads': choose one of 'article'"),
        (["Hello.", "--jobs", "0"], "is not a whole number of at least 1"),
        (["Hello.", "--jobs", "many"], "'many' is not a whole number of at least 1"),
        (["Hello.", "--set", "loud"], "'loud' is not of the form NAME=VALUE"),
        (["Hello.", "--set", "loud=yes"], "has no parameter 'loud'"),
        (["Hello.", "--colour", "red"], "unrecognized arguments: --colour"),
        (["Hello.", "--notebook", "none.ipynb"], "there is no notebook"),
    ],
)
def test_wrong_use_ends_with_status_2_before_anything_starts(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = trendlib_run(*arguments, "--model", MINILM.name, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_has_examples(tmp_path: Path) -> None:
    result = trendlib_run("--help")
    assert result.returncode == 0
    assert 'trendlib run "I sold my car." "She sent a card."' in result.stdout
    assert "exit status: 0 if all sentences are done" in result.stdout


def test_a_manifest_names_no_place_of_this_machine(tmp_path: Path, tiny_folder: Path) -> None:
    settings = checked_settings(tiny_folder)
    assert str(tiny_folder) not in json.dumps(settings.manifest)
    assert settings.manifest["model"] == "tiny-bert (local folder)"


def test_a_damaged_record_is_as_good_as_none(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, checked_settings(MINILM.name))
    with folder.opened():
        folder.keep("Hello.", {"status": "done"}, {"page.html": b"x", "notebook.ipynb": b"x"})
        assert folder.done("Hello.", notebooks=True)
        assert list((tmp_path / ".staging").iterdir()) == []
        path = tmp_path / "sentences" / folder_name("Hello.") / "record.json"
        path.write_text(path.read_text()[:-9])
        assert not folder.done("Hello.", notebooks=False)


def test_a_damaged_manifest_is_said(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, checked_settings(MINILM.name))
    with folder.opened():
        pass
    write(tmp_path / "run.json", "{half")
    with pytest.raises(RunFolderError, match=r"run\.json is damaged"), folder.opened():
        pass
