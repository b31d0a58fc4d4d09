"""No file of another is touched, and what is kept is checked before it is trusted."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest

from helpers.runs import started, trendlib, warm_command, write_lines
from trendlib.embedding import Recipe
from trendlib.errors import InputChangedError, OutputError
from trendlib.files import embed as embed_module
from trendlib.files.atomic import replacing
from trendlib.files.embed import embed_file
from trendlib.model.encoder import Encoder

SENTENCES = ["I want an apple.", "...", "She sent a card to her mother.", "hello", "an orange"]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(embed_module, "PART_ROWS", 1)
    return write_lines(tmp_path / "s.txt", SENTENCES)


def stop_after(rows: int) -> Callable[[int], None]:
    """Make a function that stops the command after some rows, as Ctrl-C does."""
    seen: list[int] = []

    def stop(count: int) -> None:
        seen.append(count)
        if sum(seen) > rows:
            raise KeyboardInterrupt

    return stop


def flipped(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


# Files of others


def test_the_input_is_not_deleted_as_a_list_of_refusals(tmp_path: Path, tiny: Encoder) -> None:
    source = write_lines(tmp_path / "x.refused.jsonl", ['"I want an apple."'])
    with pytest.raises(OutputError, match=r"would overwrite the input"):
        embed_file(source, tmp_path / "x.parquet", tiny, Recipe())
    assert [path.name for path in tmp_path.iterdir()] == ["x.refused.jsonl"]


@pytest.mark.parametrize(
    "name",
    ["o.parquet", "o.refused.jsonl", ".o.parquet.sha256", ".o.parquet.parts", ".o.parquet.parts/x"],
)
@pytest.mark.parametrize("sentences", [SENTENCES, SENTENCES[:1]])
def test_a_file_of_another_is_refused_before_work(
    tmp_path: Path, tiny: Encoder, name: str, sentences: list[str]
) -> None:
    source = write_lines(tmp_path / "s.txt", sentences)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    write_lines(tmp_path / name, ["precious"])

    def no_work(_: int) -> None:
        pytest.fail("a row was embedded")

    with pytest.raises(OutputError, match=r"o\.(parquet|refused)"):
        embed_file(source, tmp_path / "o.parquet", tiny, Recipe(), on_rows=no_work)
    assert (tmp_path / name).read_text() == "precious\n"


def test_a_file_that_appears_during_the_work_is_left_alone(
    tmp_path: Path, tiny: Encoder, source: Path
) -> None:
    side_file = tmp_path / "o.refused.jsonl"
    with pytest.raises(OutputError, match="was not written by `trendlib embed`"):
        embed_file(
            source,
            tmp_path / "o.parquet",
            tiny,
            Recipe(),
            on_rows=lambda _: side_file.write_text("precious") and None,
        )
    assert side_file.read_text() == "precious"
    side_file.unlink()
    assert embed_file(source, tmp_path / "o.parquet", tiny, Recipe()).earlier == 5


def test_a_link_is_not_replaced(tmp_path: Path, tiny: Encoder, source: Path) -> None:
    (tmp_path / "o.parquet").symlink_to(tmp_path / "elsewhere.parquet")
    with pytest.raises(OutputError, match=r"is a link to .*elsewhere\.parquet"):
        embed_file(source, tmp_path / "o.parquet", tiny, Recipe())
    assert (tmp_path / "o.parquet").is_symlink()


def test_a_file_beside_a_replaced_one_stays(tmp_path: Path) -> None:
    write_lines(tmp_path / ".o.txt.new", ["precious"])
    with replacing(tmp_path / "o.txt") as new:
        new.write_text("done")
    assert (tmp_path / ".o.txt.new").read_text() == "precious\n"
    assert {path.name for path in tmp_path.iterdir()} == {".o.txt.new", "o.txt"}


# Input that changes


@pytest.mark.parametrize("change", ["rewritten", "truncated", "deleted"])
def test_input_that_changes_while_it_is_read_is_not_put_together(
    tmp_path: Path, tiny: Encoder, source: Path, change: str
) -> None:
    before = source.read_bytes()
    seen: list[int] = []

    def change_it(count: int) -> None:
        seen.append(count)
        if sum(seen) == 2:
            if change == "deleted":
                source.unlink(missing_ok=True)
            else:
                source.write_bytes(before.upper() if change == "rewritten" else before[:20])

    out = tmp_path / "o.parquet"
    with pytest.raises(InputChangedError, match="changed while it was read"):
        embed_file(source, out, tiny, Recipe(), on_rows=change_it)
    assert not out.exists()
    source.write_bytes(before)
    summary = embed_file(source, out, tiny, Recipe())
    assert (summary.embedded, summary.refused) == (4, 1)
    assert pyarrow.parquet.read_table(out)["sentence"].to_pylist() == [
        SENTENCES[0],
        *SENTENCES[2:],
    ]


def test_parts_of_other_rows_are_made_again(
    tmp_path: Path, tiny: Encoder, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "o.parquet"
    before = source.read_bytes()
    read_rows = embed_module.read_rows
    monkeypatch.setattr(
        embed_module,
        "read_rows",
        lambda *_: read_rows(write_lines(tmp_path / "other.txt", ["hello"] * 5)),
    )
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, out, tiny, Recipe(), on_rows=stop_after(3))
    monkeypatch.undo()
    monkeypatch.setattr(embed_module, "PART_ROWS", 1)
    assert source.read_bytes() == before
    assert embed_file(source, out, tiny, Recipe()).earlier == 0
    assert pyarrow.parquet.read_table(out)["sentence"].to_pylist()[0] != "hello"


def test_the_command_ends_with_1_if_the_input_changes(tmp_path: Path, tiny_folder: Path) -> None:
    source = write_lines(tmp_path / "s.txt", ["I want an apple."] * 10_000)
    out = tmp_path / "o.parquet"
    arguments = ["embed", source, "--out", out, "--model", tiny_folder]
    process = started(*arguments, program=warm_command())
    while not list(tmp_path.glob(".o.parquet.parts/0*.json")):
        assert process.poll() is None
        time.sleep(0.01)
    with source.open("a") as file:
        file.write("one more\n")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "changed while it was read" in errors
    assert "Traceback" not in errors
    assert not out.exists()


# Damage


def test_a_flipped_byte_of_the_output_is_noticed(
    tmp_path: Path, tiny: Encoder, source: Path
) -> None:
    out = tmp_path / "o.parquet"
    summary = embed_file(source, out, tiny, Recipe())
    assert summary.side_file is not None
    for path in (out, summary.side_file):
        for place in range(0, path.stat().st_size, 101):
            flipped(path, place)
            with pytest.raises(OutputError, match=f"{path.name} was not written .* or has changed"):
                embed_file(source, out, tiny, Recipe())
            flipped(path, place)
    assert embed_file(source, out, tiny, Recipe()).earlier == 5
    summary.side_file.unlink()
    with pytest.raises(OutputError, match="delete both, and they are made again"):
        embed_file(source, out, tiny, Recipe())


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "json"])
@pytest.mark.parametrize("damage", ["flipped", "truncated", "empty", "missing", "null", "[["])
def test_a_damaged_part_is_made_again(
    tmp_path: Path, tiny: Encoder, source: Path, suffix: str, damage: str
) -> None:
    whole = embed_file(source, tmp_path / "whole.parquet", tiny, Recipe()).out
    out = tmp_path / "o.parquet"
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, out, tiny, Recipe(), on_rows=stop_after(4))
    part = tmp_path / ".o.parquet.parts" / f"000001.{suffix}"  # the row that is refused
    content = part.read_bytes()
    if damage == "flipped":
        flipped(part, len(content) // 2)
    elif damage == "missing":
        part.unlink()
    else:
        part.write_bytes(
            {"truncated": content[:-5], "null": b"null", "[[": b"[" * 100_000}.get(damage, b"")
        )
    summary = embed_file(source, out, tiny, Recipe())
    assert (summary.embedded, summary.refused, summary.earlier) == (4, 1, 3)
    assert pyarrow.parquet.read_table(out).equals(pyarrow.parquet.read_table(whole))


@pytest.mark.parametrize("content", ["", "[]", "{", "null", "{}", "[" * 100_000, "\udcff"])
def test_damaged_settings_are_an_error_that_names_the_file(
    tmp_path: Path, tiny: Encoder, source: Path, content: str
) -> None:
    out = tmp_path / "o.parquet"
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, out, tiny, Recipe(), on_rows=stop_after(2))
    settings = tmp_path / ".o.parquet.parts" / "settings.json"
    settings.write_text(content, errors="surrogateescape")
    with pytest.raises(OutputError, match=r"settings\.json is damaged.*delete that folder"):
        embed_file(source, out, tiny, Recipe())


def test_a_row_that_is_lost_stops_the_command(
    tmp_path: Path, tiny: Encoder, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = embed_module._join_tables
    monkeypatch.setattr(
        embed_module, "_join_tables", lambda files, *others: joined(files[:-1], *others)
    )
    with pytest.raises(OutputError, match="5 rows read, and 4 done"):
        embed_file(source, tmp_path / "o.parquet", tiny, Recipe())
    assert not (tmp_path / "o.parquet").exists()


@pytest.mark.parametrize("moved", range(4))
def test_a_stop_between_the_last_steps_loses_nothing(
    tmp_path: Path, tiny: Encoder, source: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    out = tmp_path / "o.parquet"
    embed_file(source, out, tiny, Recipe())
    monkeypatch.setattr(embed_module, "code_version", lambda *_: "another")
    counts = iter(range(9))

    def stopping(step: Callable[..., object]) -> Callable[..., object]:
        def stop_or_go_on(*arguments: object) -> object:
            if next(counts) == moved:
                raise KeyboardInterrupt
            return step(*arguments)

        return stop_or_go_on

    with monkeypatch.context() as steps:
        steps.setattr(embed_module, "move", stopping(embed_module.move))
        steps.setattr(embed_module.Checksums, "write", stopping(embed_module.Checksums.write))
        with pytest.raises(KeyboardInterrupt):
            embed_file(source, out, tiny, Recipe())
    summary = embed_file(source, out, tiny, Recipe())
    assert (summary.embedded, summary.refused, summary.earlier) == (4, 1, 5)
    assert json.loads(pyarrow.parquet.read_schema(out).metadata[b"trendlib"])["code"] == "another"
    checked = subprocess.run(
        ["sha256sum", "-c", ".o.parquet.sha256"], cwd=tmp_path, capture_output=True, check=False
    )
    assert checked.returncode == (1 if moved == 3 else 0)  # the old checksums are still there


def test_a_damaged_output_is_one_line_of_the_command(tmp_path: Path, tiny_folder: Path) -> None:
    source = write_lines(tmp_path / "s.txt", ["I want an apple."])
    (tmp_path / "o.parquet").write_bytes(b"PAR1 and no more")
    result = trendlib("embed", source, "--out", tmp_path / "o.parquet", "--model", tiny_folder)
    assert result.returncode == 2
    assert "o.parquet was not written by" in result.stderr
    assert "Traceback" not in result.stderr
