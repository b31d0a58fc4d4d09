"""No command touches a file that it did not make, and paths mean one thing in all of them."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import onnx
import pytest

from helpers.programs import warm_kernels
from trendlib.articles import drift, reproduce
from trendlib.articles.drift import Figures
from trendlib.cli import main
from trendlib.evaluate import runner
from trendlib.evaluate.results import BOOK_FIGURES, read_result
from trendlib.files import atomic
from trendlib.model.encoder import Encoder
from trendlib.model.weights import MINILM, find_weights

SENTENCES = ["I want an apple.", "She sent a card to her mother.", "hello"]


class Command(NamedTuple):
    """A command that writes files: its arguments without them, and how their name is given."""

    arguments: list[str]
    option: str | None
    suffix: str
    beside: str = "{}"
    """What else it writes, or what it writes inside, from the name that is given."""


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> str:
    """A run in a folder whose name looks like an address."""
    work = tmp_path_factory.mktemp("run")
    command = ["run", *SENTENCES, "--no-notebook", "--out", "gs:a/b", "--model", str(tiny_folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        with warm_kernels():
            assert main(command) == 0
    return str(work / "gs:a" / "b")


@pytest.fixture
def commands(
    tmp_path: Path,
    tiny_folder: Path,
    tiny: Encoder,
    run_folder: str,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Command]:
    """Every command that writes; what takes long is not computed."""
    source = tmp_path / "s.txt"
    source.write_text("\n".join(SENTENCES))
    figures = Figures(tiny.provenance, tuple(reproduce.compare_printed()))
    monkeypatch.setattr(reproduce, "compare_all", lambda _: list(figures.comparisons))
    monkeypatch.setattr(reproduce, "compare_model", lambda _: [])
    kept = read_result(BOOK_FIGURES / MINILM.name / "contexts.json")
    result = replace(kept, provenance=tiny.provenance)
    monkeypatch.setattr(runner, "run_task", lambda *_: result)
    program = SimpleNamespace(model_proto=onnx.ModelProto())
    monkeypatch.setattr("torch.onnx.export", lambda *_, **__: program)
    monkeypatch.setattr("trendlib.interfaces.onnx.largest_difference", lambda *_: 0.0)
    monkeypatch.setenv("TRENDLIB_CACHE", str(tmp_path / "cache"))
    model = ["--model", str(tiny_folder)]
    evaluate = ["evaluate", "--quick", "--task", "contexts", *model]
    return {
        "embed": Command(["embed", str(source), *model], "--out", "o.parquet"),
        "side file": Command(
            ["embed", str(source), *model], "--out", "o.parquet", "o.refused.jsonl"
        ),
        "compare": Command(["compare", run_folder, run_folder], "--csv", "o.csv"),
        "reproduce": Command(["reproduce", *model], "--csv", "o.csv"),
        "drift report": Command(["drift", *model], "--report", "o.md"),
        "drift keep": Command(["drift", *model], "--keep", "o.json"),
        "export": Command(["export", *model], None, "o.onnx"),
        "export tokenizer": Command(["export", *model], None, "o.onnx", "o.tokenizer.json"),
        "evaluate": Command(evaluate, "--out", "o", "o/tiny-bert-local-folder-/contexts.json"),
    }


NAMES = [
    "embed",
    "side file",
    "compare",
    "reproduce",
    "drift report",
    "drift keep",
    "export",
    "export tokenizer",
    "evaluate",
]


def call(command: Command, out: Path | str) -> int:
    option = [] if command.option is None else [command.option]
    return main([*command.arguments, *option, str(out)])


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let all work be a failure."""

    def work(*_: object, **__: object) -> None:
        pytest.fail("work was done")

    def forbid() -> None:
        for place in (
            "trendlib.files.embed.embed_many",
            "trendlib.runs.comparison.compare_runs",
            "torch.onnx.export",
            "trendlib.articles.reproduce.compare_all",
            "trendlib.articles.reproduce.compare_printed",
            "trendlib.evaluate.runner.run_task",
        ):
            monkeypatch.setattr(place, work)

    return forbid


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_stays_and_its_own_is_replaced(
    tmp_path: Path,
    commands: dict[str, Command],
    no_work: Callable[[], None],
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    command = commands[name]
    given = tmp_path / "new" / command.suffix
    written = given if command.beside == "{}" else given.parent / command.beside
    if name != "side file":
        for _ in range(2):
            assert call(command, given) in (0, 1), capsys.readouterr().err
            assert written.stat().st_size > 10
    no_work()
    for precious in ("precious", "{}", '{"a": 1}\n', ""):
        written.parent.mkdir(exist_ok=True)
        written.write_text(precious)
        before = sorted(path.name for path in written.parent.iterdir())
        assert call(command, given) == 2
        assert written.read_text() == precious
        assert sorted(path.name for path in written.parent.iterdir()) == before
        error = capsys.readouterr().err
        assert f"{written.name} was not written by `trendlib {command.arguments[0]}" in error
        assert len(error.splitlines()) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["link", "broken link", "folder", "file for its folder"])
def test_what_is_in_the_way_is_said_before_the_work(
    tmp_path: Path,
    commands: dict[str, Command],
    no_work: Callable[[], None],
    capsys: pytest.CaptureFixture[str],
    name: str,
    way: str,
) -> None:
    command = commands[name]
    given = tmp_path / "new" / command.suffix
    written = given if command.beside == "{}" else given.parent / command.beside
    other = tmp_path / "other"
    if way == "file for its folder":
        written.parent.parent.mkdir(parents=True, exist_ok=True)
        written.parent.write_text("precious")
    else:
        written.parent.mkdir(parents=True)
        if way == "folder":
            written.mkdir()
        else:
            written.symlink_to(other)
    if way == "link":
        other.write_text("precious")
    no_work()
    assert call(command, given) == 2
    error = capsys.readouterr().err
    assert error.startswith("trendlib: ")
    assert len(error.splitlines()) == 1
    assert other.exists() == (way == "link")
    assert written.is_symlink() == (way in ("link", "broken link"))


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_one_line_and_the_old_file_stays(
    tmp_path: Path,
    commands: dict[str, Command],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    command = commands[name]
    given = tmp_path / "new" / command.suffix

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(atomic, "_sync", full)
        assert call(command, given) in (1, 2)
    output = capsys.readouterr()
    assert "No space left on device" in output.err
    assert "Traceback" not in output.err
    if name == "reproduce":  # what was found is printed all the same
        assert "printed figures." in output.out
    if name.startswith("drift"):
        assert output.out.startswith("First run:")
    assert call(command, given) in (0, 1)


@pytest.mark.parametrize("name", NAMES)
def test_an_address_is_refused_and_a_tilde_is_the_home(
    tmp_path: Path,
    commands: dict[str, Command],
    no_work: Callable[[], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    command = commands[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if name == "compare":
        assert call(command, f"gs:a/{command.suffix}") == 0  # no address, but a name
        assert (tmp_path / "gs:a" / command.suffix).exists()
        assert call(command, f"~/{command.suffix}") == 0
        assert (tmp_path / "home" / command.suffix).exists()
    no_work()
    for address in (f"s3://b/{command.suffix}", f"https://h/{command.suffix}", ""):
        with pytest.raises(SystemExit) as ended:
            call(command, address)
        assert ended.value.code == 2
        assert "choose a file or folder on this machine" in capsys.readouterr().err
    assert not (tmp_path / "s3:").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--file", "s3://b/s.txt"],
        ["run", "hello", "--out", "s3://b/run"],
        ["run", "hello", "--notebook", "https://h/n.ipynb"],
        ["embed", "s3://b/s.txt", "--out", "o.parquet"],
        ["compare", "s3://b/a", "b"],
        ["drift", "--last", "s3://b/f.json"],
    ],
)
def test_input_is_of_this_machine(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "is a web address: choose a file or folder on this machine" in capsys.readouterr().err


def test_a_model_is_a_name_or_a_folder(
    tmp_path: Path,
    tiny_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = str(tmp_path / "run")
    command = ["run", "hello", "--no-notebook", "--out", out, "--model"]
    for given in ("s3://b/m", "~nobody-of-this-name/m", "a\0b", "x" * 5_000):
        assert main([*command, given]) == 2
        assert "choose one of 'auto', 'bert-base-uncased'" in capsys.readouterr().err
    monkeypatch.setenv("HOME", str(tiny_folder.parent))
    assert find_weights(f"~/{tiny_folder.name}") == find_weights(tiny_folder)


def test_a_folder_whose_name_looks_like_an_address(
    run_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(run_folder).parents[1])
    assert main(["compare", "gs:a/b", "gs:a/b"]) == 0


def test_figures_that_were_kept_are_replaced_by_figures_alone(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text('{"provenance": {}, "figures": []}')
    with pytest.raises(ValueError, match="was not written by `trendlib drift --keep`"):
        drift.check_keepable(path)
