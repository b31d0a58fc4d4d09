"""The commands and the other libraries' interfaces take a word cutter, and remember it."""

import json
import pickle
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone

from helpers.models import KINDS, make_encoder
from helpers.paths import ROOT
from helpers.runs import trendlib
from trendlib.embedding import ARTICLE_RECIPE, embed_encoding
from trendlib.errors import CutterError, OtherModelError, ParameterError, UnsupportedModelError
from trendlib.interfaces.scikit_learn import TrendEmbedder
from trendlib.model.encoder import load_encoder
from trendlib.model.weights import find_weights
from trendlib.runs.settings import checked_settings

SENTENCES = ["我想要一个苹果。", "这是一本书"]


def every_two(text: str) -> list[tuple[int, int]]:
    return [(start, min(start + 2, len(text))) for start in range(0, len(text), 2)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny"
    return make_encoder(path, KINDS["bert-cased"])


@pytest.fixture(scope="module")
def expected(folder: Path) -> np.ndarray:
    encoder = load_encoder(folder, "float64", cutter="jieba")
    return np.array([embed_encoding(encoder.encode(text)).values for text in SENTENCES])


def test_scikit_learn_remembers_the_cutter(folder: Path, expected: np.ndarray) -> None:
    embedder = TrendEmbedder(model=str(folder), dtype="float64", device="cpu", cutter="jieba")
    for made in (embedder.fit(SENTENCES), clone(embedder), pickle.loads(pickle.dumps(embedder))):
        np.testing.assert_allclose(made.transform(SENTENCES), expected, atol=1e-9)
    assert embedder.provenance_.cutter == "jieba"
    with pytest.raises(OtherModelError, match=r"words cut by 'jieba', but .* is now 'unicode'"):
        embedder.set_params(cutter="unicode").transform(SENTENCES)


def test_a_worker_of_ray_cuts_words_as_it_was_told(folder: Path, expected: np.ndarray) -> None:
    from trendlib.interfaces.ray_data import TrendBatches

    given = find_weights(folder), ARTICLE_RECIPE, "float64", "cpu", "jieba"
    found = TrendBatches("sentence", *given)(pa.table({"sentence": SENTENCES}))
    np.testing.assert_allclose(found["embedding"].to_pylist(), expected, atol=1e-9)


@pytest.mark.filterwarnings(
    "ignore::trendlib.interfaces.sentence_transformers.NamelessModelWarning"
)
def test_sentence_transformers_saves_the_cutter(
    folder: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    from trendlib.interfaces.sentence_transformers import TrendTransformer

    module = TrendTransformer(folder, cutter="jieba")
    model = SentenceTransformer(modules=[module], device="cpu")
    module.on_model_ready(model)
    model.save_pretrained(str(tmp_path / "saved"))
    again = SentenceTransformer(str(tmp_path / "saved"), device="cpu", trust_remote_code=True)
    for made in (model, again):
        assert np.allclose(made.encode(SENTENCES), expected, atol=1e-4)
    assert "jieba" in model.model_card_data.model_name
    mine = TrendTransformer(folder, cutter=every_two)
    with pytest.raises(CutterError, match="every_two, a function, which cannot be saved"):
        mine.save(str(tmp_path))


def test_onnx_is_refused_with_other_words(folder: Path, tmp_path: Path) -> None:
    from trendlib.interfaces.onnx import export
    from trendlib.readings import ARTICLE

    with pytest.raises(UnsupportedModelError, match="words cut by 'jieba' cannot be exported"):
        export(load_encoder(folder, cutter="jieba"), ARTICLE, tmp_path / "a.onnx")


def test_the_commands_take_a_cutter(folder: Path, tmp_path: Path, expected: np.ndarray) -> None:
    source, out, runs = tmp_path / "a.txt", tmp_path / "a.parquet", tmp_path / "run"
    source.write_text("\n".join(SENTENCES), encoding="utf-8")
    options = "--model", folder, "--cutter", "jieba", "--dtype", "float64"
    assert trendlib("embed", source, "--out", out, *options).returncode == 0
    np.testing.assert_allclose(list(pd.read_parquet(out)["embedding"]), expected, atol=1e-9)
    done = trendlib("run", "--file", source, "--out", runs, "--jobs", "1", *options)
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(runs / "results.parquet")
    encoder = load_encoder(folder, "float64", cutter="jieba")
    found = [embed_encoding(encoder.encode(text)).choice.focus.word for text in SENTENCES]
    assert list(table["focus"]) == found
    assert json.loads((runs / "run.json").read_text("utf-8"))["cutter"] == "jieba"
    assert "words cut by jieba" in (runs / "index.html").read_text("utf-8")
    notebooks = [path.read_text("utf-8") for path in runs.rglob("*.ipynb")]
    assert len(notebooks) == len(SENTENCES)
    assert all('cutter = \\"jieba\\"' in text for text in notebooks)
    other = trendlib("run", "--file", source, "--out", runs, *options[:2], *options[4:])
    assert other.returncode == 2
    assert "cutter 'jieba' instead of 'unicode'" in other.stderr


def test_a_notebook_that_cuts_words_in_one_way_is_told(folder: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(ROOT / "notebooks" / "03_with_a_model.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("cutter: str", "other: str")
    path = tmp_path / "mine.ipynb"
    nbformat.write(notebook, path)
    checked_settings(folder, notebook=path)
    with pytest.raises(ParameterError, match=r"mine\.ipynb has no parameter cutter"):
        checked_settings(folder, notebook=path, cutter="jieba")
    with pytest.raises(ParameterError, match="'cutter' has its own option"):
        checked_settings(folder, parameters={"cutter": "jieba"})
