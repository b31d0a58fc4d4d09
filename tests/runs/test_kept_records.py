"""What a run keeps is checked before it is trusted, and no sentence of a folder is dropped."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from helpers.runs import records, trendlib, trendlib_run, write_lines
from trendlib.errors import RunFolderError
from trendlib.model.weights import MINILM
from trendlib.runs.comparison import compare_runs
from trendlib.runs.folder import RunFolder, folder_name
from trendlib.runs.runner import run
from trendlib.runs.settings import checked_settings

HELLO, APPLE, NONE = "hello", "I want an apple.", "!?"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """A run of two sentences, records alone."""
    out = tmp_path_factory.mktemp("finished") / "run"
    result = trendlib_run(HELLO, APPLE, "--no-notebook", "--model", tiny_folder, "--out", out)
    assert result.returncode == 0, result.stderr
    return out


@pytest.fixture
def kept(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def record_path(folder: Path, sentence: str) -> Path:
    return folder / "sentences" / folder_name(sentence) / "record.json"


# Two inputs


def test_files_of_one_name_have_folders_of_their_own(tmp_path: Path, tiny_folder: Path) -> None:
    for name, sentence in (("a", HELLO), ("b", APPLE)):
        (tmp_path / name).mkdir()
        write_lines(tmp_path / name / "s.txt", [sentence])
        file = Path(name) / "s.txt"
        arguments = ("--file", file, "--no-notebook", "--model", tiny_folder)
        assert trendlib_run(*arguments, cwd=tmp_path).returncode == 0
    again = trendlib_run(*arguments, cwd=tmp_path)
    assert "1 sentence: 1 done (1 of them in an earlier run), 0 failed." in again.stdout
    tables = [pd.read_csv(path) for path in tmp_path.glob("runs/s-*/results.csv")]
    assert sorted(sentence for table in tables for sentence in table["sentence"]) == [APPLE, HELLO]


def test_a_folder_that_is_given_keeps_the_rows_of_both_commands(
    kept: Path, tiny_folder: Path
) -> None:
    arguments = ("--no-notebook", "--model", tiny_folder, "--out", kept)
    result = trendlib_run(NONE, "an apple", *arguments)
    assert "2 sentences: 1 done (0 of them in an earlier run), 1 failed." in result.stdout
    assert "The folder also holds 2 sentences from earlier commands" in result.stdout
    for table in (pd.read_csv(kept / "results.csv"), pd.read_parquet(kept / "results.parquet")):
        assert list(table["sentence"][:2]) == [NONE, "an apple"]
        assert set(table["sentence"][2:]) == {HELLO, APPLE}
    index = (kept / "index.html").read_text("utf-8")
    assert all(sentence in index for sentence in (HELLO, APPLE, NONE))


@pytest.mark.parametrize("name", ["results.csv", "results.parquet", "index.html"])
def test_what_somebody_changed_is_put_aside(kept: Path, tiny_folder: Path, name: str) -> None:
    arguments = (HELLO, APPLE, "--no-notebook", "--model", tiny_folder, "--out", kept)
    before, files = (kept / name).read_bytes(), set(kept.iterdir())
    for number in (1, 2):
        (kept / name).write_bytes(b"my own notes " + before)
        result = trendlib_run(*arguments)
        assert result.returncode == 0, result.stderr
        path = kept / name
        aside = path.with_name(f"{path.stem}.changed-{number}{path.suffix}")
        assert f"was changed after it was written; the changed one is kept as {aside}" in (
            result.stderr
        )
        assert aside.read_bytes() == b"my own notes " + before
        assert path.read_bytes() == before
        files.add(aside)
    again = trendlib_run(*arguments)
    assert "changed" not in again.stderr
    assert set(kept.iterdir()) == files


# Damage


@pytest.fixture
def folder(kept: Path, tiny_folder: Path) -> RunFolder:
    return RunFolder(kept, checked_settings(tiny_folder))


def test_a_changed_byte_of_a_record_is_noticed_wherever_it_is(folder: RunFolder) -> None:
    path = record_path(folder.path, HELLO)
    content = path.read_bytes()
    assert folder.done(HELLO, notebooks=False)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        path.write_bytes(changed)
        assert folder.record(HELLO) is None, place
    path.write_bytes(content)
    assert folder.done(HELLO, notebooks=False)


def another_sentence(content: bytes) -> bytes:
    record = json.loads(content)
    return json.dumps({**record, "sentence": APPLE}, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "damage",
    [
        another_sentence,
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"null",
        lambda _: b'"text"',
        lambda _: b"{}",
        lambda _: b'{"record_sha256": ""}',
        lambda _: b"[" * 100_000,
        lambda _: bytes(range(256)),
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b'"done"', b'"DONE"'),
        lambda content: content + b" ",
    ],
)
def test_a_damaged_record_is_made_again(
    kept: Path, tiny_folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = record_path(kept, HELLO)
    path.write_bytes(damage(path.read_bytes()))
    folder = RunFolder(kept, checked_settings(tiny_folder))
    assert folder.record(HELLO) is None
    assert not folder.done(HELLO, notebooks=False)
    assert folder.done(APPLE, notebooks=False)


def test_a_record_of_another_place_is_run_again(kept: Path, tiny_folder: Path) -> None:
    shutil.copy(record_path(kept, APPLE), record_path(kept, HELLO))
    arguments = (HELLO, APPLE, "--no-notebook", "--model", tiny_folder, "--out", kept)
    result = trendlib_run(*arguments)
    assert "2 sentences: 2 done (1 of them in an earlier run), 0 failed." in result.stdout
    assert records(kept)[HELLO]["focus"] == HELLO


def test_a_record_of_other_settings_is_no_record(kept: Path, tiny_folder: Path) -> None:
    assert RunFolder(kept, checked_settings(tiny_folder)).record(HELLO) is not None
    for choices in ({"reading": "layers"}, {"dtype": "float32"}):
        assert RunFolder(kept, checked_settings(tiny_folder, **choices)).record(HELLO) is None


def test_a_changed_page_or_notebook_is_run_again(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, checked_settings(MINILM.name))
    files = {"page.html": b"page", "notebook.ipynb": b"notebook", "thumbnail.png": b"picture"}
    with folder.opened():
        folder.keep(HELLO, {"status": "done"}, files)
        assert folder.done(HELLO, notebooks=True)
        for name, content in files.items():
            path = record_path(tmp_path, HELLO).with_name(name)
            path.write_bytes(content[:-1] + b"X")
            assert not folder.done(HELLO, notebooks=True), name
            path.unlink()
            assert not folder.done(HELLO, notebooks=True), name
            path.write_bytes(content)
        assert folder.done(HELLO, notebooks=True)


@pytest.mark.parametrize("content", [b'""', b"[]", b"{", b"null", b"", b"\xff\x00", b"[" * 100_000])
def test_damaged_settings_of_a_run_are_said(kept: Path, tiny_folder: Path, content: bytes) -> None:
    (kept / "run.json").write_bytes(content)
    for arguments in (
        ("run", HELLO, "--no-notebook", "--model", tiny_folder, "--out", kept),
        ("compare", kept, kept),
    ):
        result = trendlib(*arguments)
        assert result.returncode == 2
        assert result.stderr.startswith(f"trendlib: {kept / 'run.json'} is damaged (")
        assert "Traceback" not in result.stderr


def test_damaged_results_are_said_by_compare(kept: Path) -> None:
    path = kept / "results.parquet"
    content = path.read_bytes()
    damaged = [b"", b"PAR1", content[: len(content) // 2], content[:-1], bytes(100)]
    for part in damaged:
        path.write_bytes(part)
        with pytest.raises(RunFolderError, match=r"results\.parquet cannot be read as the results"):
            compare_runs(kept, kept)
    path.write_bytes(content)
    assert compare_runs(kept, kept).shared == 2


def test_a_changed_value_of_the_results_is_noticed_by_compare(kept: Path) -> None:
    path = kept / "results.parquet"
    content = path.read_bytes()
    assert APPLE.encode() in content
    path.write_bytes(content.replace(APPLE.encode(), b"I want an Apple."))
    with pytest.raises(RunFolderError, match=r"results\.parquet cannot be read"):
        compare_runs(kept, kept)


def test_a_changed_bit_of_the_results_is_noticed_wherever_it_is(kept: Path) -> None:
    path = kept / "results.parquet"
    content = path.read_bytes()
    for place in range(0, len(content), 29):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        path.write_bytes(changed)
        with pytest.raises(RunFolderError, match="has changed since"):
            compare_runs(kept, kept)


def test_compare_notices_the_settings_of_another_run(kept: Path) -> None:
    manifest = json.loads((kept / "run.json").read_text("utf-8"))
    (kept / "run.json").write_text(json.dumps({**manifest, "reading": "layers"}), "utf-8")
    with pytest.raises(RunFolderError, match="reading 'layers' instead of 'article'"):
        compare_runs(kept, kept)


# Rows in = rows out + failed


def test_a_sentence_that_has_vanished_is_an_error(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = RunFolder.keep

    def losing(self: RunFolder, sentence: str, *rest: object) -> None:
        keep(self, sentence, *rest)
        if sentence == APPLE:
            record_path(self.path, sentence).unlink()

    monkeypatch.setattr(RunFolder, "keep", losing)
    with pytest.raises(RunFolderError, match="1 of 2 sentences without a valid record"):
        run([HELLO, APPLE], checked_settings(tiny_folder), tmp_path / "run", notebooks=False)
