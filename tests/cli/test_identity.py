"""A model is its weights, tokenizer and config together: the same weights alone are another one."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import joblib
import pytest

from helpers.programs import warm_kernels
from trendlib.articles import reproduce
from trendlib.articles.drift import Figures, compare_with_last
from trendlib.cli import main
from trendlib.encoding import Provenance
from trendlib.errors import FiguresFileError, OtherModelError, TrendlibError
from trendlib.evaluate import runner
from trendlib.interfaces.scikit_learn import TrendEmbedder
from trendlib.model.encoder import load_encoder
from trendlib.model.weights import find_weights
from trendlib.runs import worker


def altered_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 0.1}))


def altered_tokenizer(folder: Path) -> None:
    """Exchange two words of the vocabulary, in every file that has it."""
    vocabulary = (folder / "vocab.txt").read_text().split("\n")
    first, second = vocabulary.index("apple"), vocabulary.index("orange")
    vocabulary[first], vocabulary[second] = "orange", "apple"
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    content = json.loads((folder / "tokenizer.json").read_text())
    content["model"]["vocab"] |= {"orange": first, "apple": second}
    (folder / "tokenizer.json").write_text(json.dumps(content))


Alter = Callable[[Path], None]
both = pytest.mark.parametrize("alter", [altered_config, altered_tokenizer])


@pytest.fixture
def model(tmp_path: Path, tiny_folder: Path) -> Path:
    return shutil.copytree(tiny_folder, tmp_path / "model")


@both
def test_embed_takes_nothing_from_another_model(
    tmp_path: Path, model: Path, alter: Alter, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.txt").write_text("I want an apple.")
    out = str(tmp_path / "o.parquet")
    command = ["embed", str(tmp_path / "s.txt"), "--out", out, "--model", str(model)]
    assert main(command) == 0
    alter(model)
    assert main(command) == 2
    assert "o.parquet was made with model_sha256 '" in capsys.readouterr().err


@warm_kernels()
def test_a_run_takes_nothing_from_another_model(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "run")
    command = ["run", "hello", "--no-notebook", "--out", out, "--model", str(model)]
    assert main(command) == 0
    for alter in (altered_config, altered_tokenizer):
        alter(model)
        assert main(command) == 2
        assert "holds a run with model_sha256 '" in capsys.readouterr().err


@both
def test_a_worker_notices_a_model_that_changes_during_the_run(
    model: Path, alter: Alter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_model_sha256", find_weights(model).model_sha256)
    (before,) = worker.describe(["hello"], str(model), "float64", "article", False)
    assert before["record"]["status"] == "done"
    alter(model)
    (after,) = worker.describe(["hello"], str(model), "float64", "article", False)
    assert after["record"]["error"].startswith("OtherModelError: this was begun with")


@both
def test_the_evaluation_keeps_its_arrays_by_the_whole_model(
    tmp_path: Path, model: Path, alter: Alter
) -> None:
    def workbench() -> runner.Workbench:
        return runner.open_workbench(str(model), quick=True, folder=tmp_path / "store")

    first = workbench()
    key = first.key("x", computed_by="trendlib.evaluate.vectors")
    assert workbench().key("x", computed_by="trendlib.evaluate.vectors") == key
    alter(model)
    assert workbench().key("x", computed_by="trendlib.evaluate.vectors") != key
    with pytest.raises(OtherModelError, match="this was begun with"):
        first.exact()


@both
def test_figures_of_another_model_are_no_drift(model: Path, alter: Alter) -> None:
    def figures(provenance: Provenance) -> Figures:
        return Figures(provenance, tuple(reproduce.compare_printed()))

    first = figures(load_encoder(model, "float64").provenance)
    alter(model)
    now = figures(load_encoder(model, "float64").provenance)
    unknown = figures(replace(first.provenance, model_sha256=""))
    for last in (first, unknown):
        with pytest.raises(FiguresFileError, match="figures of two models are never compared"):
            compare_with_last(last, now)


@both
def test_adapters_refuse_another_model(tmp_path: Path, model: Path, alter: Alter) -> None:
    from trendlib.interfaces.ray_data import TrendBatches
    from trendlib.interfaces.sentence_transformers import TrendTransformer

    fitted = TrendEmbedder(model=str(model)).fit(["hello"])
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    weights = find_weights(model)
    saved = tmp_path / "saved"
    saved.mkdir()
    TrendTransformer(model).save(str(saved))
    for folder in (model, saved):
        alter(folder)
    with pytest.raises(OtherModelError, match="fitted with"):
        joblib.load(tmp_path / "fitted.joblib").transform(["hello"])
    with pytest.raises(OtherModelError, match="saved with"):
        TrendTransformer.load(str(saved))
    with pytest.raises(OtherModelError, match="begun with"):
        TrendBatches("sentence", weights, fitted.recipe, "float32", "cpu")


@both
def test_the_known_models_have_one_tokenizer_and_one_config(tmp_path: Path, alter: Alter) -> None:
    known = find_weights("all-MiniLM-L6-v2")
    copied = shutil.copytree(known.folder, tmp_path / "copied")
    if alter is altered_tokenizer:
        altered_tokenizer(copied)
        with pytest.raises(TrendlibError, match="but the tokenizer beside it"):
            load_encoder(copied)
    else:
        assert find_weights(copied).model_sha256 == known.model_sha256
        config = copied / "config.json"
        settings = json.loads(config.read_text())
        config.write_text(json.dumps({**settings, "initializer_range": 0.5}))  # for training
        assert find_weights(copied).model_sha256 != known.model_sha256
        altered_config(copied)
        with pytest.raises(
            TrendlibError, match=r"declares layer_norm_eps=0\.1, but its weights go"
        ):
            find_weights(copied)
