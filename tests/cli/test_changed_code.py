"""A changed formula makes a command compute again; words for readers and plots do not."""

from pathlib import Path

import pandas as pd
import pytest

from helpers.packages import PackageCopy
from helpers.runs import make_notebook, records, write_lines

SENTENCES = ["I want an apple.", "She sent a card to her mother."]


@pytest.fixture
def copy(tmp_path: Path) -> PackageCopy:
    return PackageCopy(tmp_path / "copy")


def change_words_and_plots(copy: PackageCopy) -> None:
    copy.replace(
        "trend.py", "# log|a| - log|b| equals log(a/b), but", "# log|a| - log|b| is log(a/b), and"
    )
    copy.replace("embedding.py", '"""Make the arrays read-only."""', '"""Freeze them."""')
    copy.replace("embedding.py", "pass one of each per word", "pass one of each")
    copy.replace("errors.py", "unknown {what}", "there is no {what}")
    copy.replace("show/style.py", '"figure.dpi": 144', '"figure.dpi": 100')


def change_a_formula(copy: PackageCopy) -> None:
    copy.replace(
        "embedding.py",
        "total = np.sum([each.undefined_as_zero for each in trends], axis=0)",
        "total = -np.sum([each.undefined_as_zero for each in trends], axis=0)",
    )


def test_embed_computes_again(copy: PackageCopy, tmp_path: Path, tiny_folder: Path) -> None:
    source = write_lines(tmp_path / "s.txt", SENTENCES)
    out = tmp_path / "o.parquet"
    arguments = ("embed", source, "--out", out, "--model", tiny_folder)
    first = copy.trendlib(*arguments)
    assert "2 rows embedded, 0 refused." in first.stdout, first.stderr
    before = pd.read_parquet(out)

    change_words_and_plots(copy)
    same = copy.trendlib(*arguments)
    assert "2 rows embedded, 0 refused (2 of them in an earlier run)." in same.stdout
    assert "another version" not in same.stdout

    change_a_formula(copy)
    again = copy.trendlib(*arguments)
    assert again.returncode == 0, again.stderr
    assert f"{out} was made by another version of trendlib's code: its rows are embedded again" in (
        again.stdout
    )
    assert "2 rows embedded, 0 refused." in again.stdout
    after = pd.read_parquet(out)
    assert list(after["focus"]) == list(before["focus"])
    assert list(after["embedding"][0]) != list(before["embedding"][0])
    assert {path.name for path in tmp_path.iterdir()} == {
        "s.txt",
        "o.parquet",
        ".o.parquet.sha256",
        "copy",
    }


@pytest.mark.parametrize("notebooks", [False, True])
def test_run_computes_again(
    copy: PackageCopy, tmp_path: Path, tiny_folder: Path, notebooks: bool
) -> None:
    notebook = make_notebook(tmp_path / "own.ipynb", "print(sentence)")
    out = tmp_path / "run"
    arguments = ["run", *SENTENCES, "--out", out, "--model", tiny_folder, "--notebook", notebook]
    arguments += [] if notebooks else ["--no-notebook"]
    first = copy.trendlib(*arguments)
    assert "2 done (0 of them in an earlier run), 0 failed." in first.stdout, first.stderr
    before = records(out)

    change_words_and_plots(copy)
    assert "2 done (2 of them in an earlier run), 0 failed." in copy.trendlib(*arguments).stdout
    assert records(out) == before

    # Where no notebook is run, its cells do not count.
    make_notebook(notebook, "print(sentence, 'changed')")
    changed = copy.trendlib(*arguments)
    earlier = 0 if notebooks else 2
    assert f"2 done ({earlier} of them in an earlier run), 0 failed." in changed.stdout

    change_a_formula(copy)
    assert "2 done (0 of them in an earlier run), 0 failed." in copy.trendlib(*arguments).stdout
    after = records(out)
    for sentence, record in after.items():
        assert record["code"] != before[sentence]["code"]
        assert record["focus"] == before[sentence]["focus"]
    assert any(after[text]["embedding"] != before[text]["embedding"] for text in SENTENCES)


NOTE_PASSES = """\
        self.tokenizer = tokenizer

        def note(*_: object) -> None:
            with open({path!r}, "a") as file:
                file.write("pass\\n")

        model.embeddings.register_forward_hook(note)
"""
EMBEDDING = """\
from trendlib.model.encoder import load_encoder
encoder = load_encoder(model, dtype)
encoding = encoder.encode(sentence)
"""


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (None, 1),  # the walkthrough: the record is made of what the notebook has computed
        (["print(sentence)"], 1),  # a notebook that never embeds
        ([EMBEDDING], 2),  # it may have done anything to the model: the record is apart from it
    ],
    ids=["walkthrough", "own", "own that embeds"],
)
def test_how_often_the_model_runs(
    copy: PackageCopy, tmp_path: Path, tiny_folder: Path, cells: list[str] | None, expected: int
) -> None:
    passes = tmp_path / "passes"
    new = NOTE_PASSES.format(path=str(passes))
    copy.replace("model/encoder.py", "        self.tokenizer = tokenizer\n", new)
    arguments = ["run", *SENTENCES, "...", "--out", tmp_path / "run", "--model", tiny_folder]
    if cells is not None:
        arguments += ["--notebook", make_notebook(tmp_path / "own.ipynb", *cells)]
    result = copy.trendlib(*arguments, "--jobs", "1")
    assert "2 done (0 of them in an earlier run), 1 failed." in result.stdout, result.stderr
    # A model is tried when it is loaded: two sentences alone, and both in each kind of batch.
    assert len(passes.read_text().splitlines()) == expected * len(SENTENCES) + 4
