"""Other engines than torch, and rounding, give what the reference gives as far as they promise."""

import dataclasses
import importlib.util
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from sklearn.base import clone

from helpers.models import ODD, make_tiny_model
from trendlib.cli import main
from trendlib.embedding import ARTICLE_RECIPE, RECIPES, Recipe
from trendlib.encoding import FULL, TORCH, Tokenized
from trendlib.errors import (
    MissingExtraError,
    NotTextError,
    OutputError,
    SentenceError,
    UnknownChoiceError,
    UnsupportedModelError,
)
from trendlib.files.embed import read_settings
from trendlib.interfaces.ray_data import TrendBatches
from trendlib.interfaces.scikit_learn import TrendEmbedder
from trendlib.interfaces.sentence_transformers import TrendTransformer
from trendlib.model import corpus, engines, graphs
from trendlib.model.batch import Wanted, run_block, run_block_for, start
from trendlib.model.cache import CACHE_VARIABLE
from trendlib.model.corpus import Embedded, embed_array, embed_many
from trendlib.model.encoder import Encoder, load_encoder, load_own_encoder
from trendlib.model.engines import BF16, ENGINES, ONNX, OPENVINO
from trendlib.model.weights import ModelWarning, find_weights
from trendlib.readings import ARTICLE, LAYERS

OTHERS = [engine for engine in ENGINES if engine != TORCH]
FLOAT32 = 1e-3
"""How far a log quotient may differ in float32: these random weights amplify rounding."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that all tests of this file fill and use."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder))
        yield folder


@pytest.fixture(scope="module")
def plain(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """A small model in float32, run by torch."""
    return load_encoder(make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", layers=3))


def choices(encoder: Encoder, recipe: Recipe) -> list[tuple[int, ...]]:
    outcomes = dict(embed_many(encoder, ODD, recipe))
    found = [outcomes[number] for number in range(len(ODD))]
    return [each.embedding.choice.chosen_words for each in found if isinstance(each, Embedded)]


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize(
    "recipe",
    [RECIPES["article"], RECIPES["all-words-difference"], Recipe(LAYERS, "difference")],
    ids=str,
)
def test_every_engine_gives_what_torch_gives(plain: Encoder, engine: str, recipe: Recipe) -> None:
    other = plain.with_engine(engine)
    assert choices(other, recipe) == choices(plain, recipe)
    expected = embed_array(plain, ODD, recipe)
    np.testing.assert_allclose(embed_array(other, ODD, recipe), expected, atol=FLOAT32)
    np.testing.assert_array_equal(
        embed_array(plain, ODD, recipe, engine=engine), embed_array(other, ODD, recipe)
    )


def test_the_first_layer_of_a_recipe_is_that_of_torch(plain: Encoder) -> None:
    recipe = RECIPES["discounted-trend"]
    found = embed_array(plain.with_engine(ONNX), ODD, recipe)
    np.testing.assert_allclose(found, embed_array(plain, ODD, recipe), atol=FLOAT32)


@pytest.mark.parametrize("engine", [TORCH, OPENVINO])
def test_rounding_leaves_what_the_reading_needs(plain: Encoder, engine: str) -> None:
    batch = [each for each in plain.tokenize(ODD) if isinstance(each, Tokenized)]
    rounded = plain.with_engine(engine, BF16)
    for reading in (ARTICLE, dataclasses.replace(ARTICLE, layer=1)):
        ours, expected = (start(each, batch, reading) for each in (rounded, plain))
        for stack, reference in zip(ours.attention, expected.attention, strict=True):
            np.testing.assert_allclose(stack.matrices, reference.matrices, atol=2e-5)
        pairs = [each.finish([[1]] * len(batch)) for each in (ours, expected)]
        for (first, last), (first_reference, last_reference) in zip(*pairs, strict=True):
            np.testing.assert_allclose(first, first_reference, atol=1e-6)
            difference = np.linalg.norm(last - last_reference) / np.linalg.norm(last_reference)
            assert 1e-4 < difference < 0.1  # it is rounded, and not much
            if engine == TORCH and reading is ARTICLE:
                assert last.dtype == np.float32
    assert choices(rounded, RECIPES["article"]) == choices(plain, RECIPES["article"])


def test_no_block_is_rounded_that_the_layers_depend_on(plain: Encoder) -> None:
    rounded = plain.with_engine(TORCH, BF16)
    batch = [each for each in plain.tokenize(ODD) if isinstance(each, Tokenized)]
    for ours, reference in zip(
        start(rounded, batch, LAYERS).attention, start(plain, batch, LAYERS).attention, strict=True
    ):
        np.testing.assert_array_equal(ours.matrices, reference.matrices)


@given(st.data())
def test_a_few_tokens_of_a_block_are_those_of_the_whole_block(
    tiny: Encoder, data: st.DataObject
) -> None:
    lengths = data.draw(st.lists(st.integers(2, 9), min_size=1, max_size=5))
    longest = max(lengths)
    wanted = Wanted.of(
        [
            data.draw(st.lists(st.integers(0, length - 1), min_size=1, max_size=4, unique=True))
            for length in lengths
        ],
        longest,
    )
    torch.manual_seed(data.draw(st.integers(0, 1000)))
    hidden = torch.randn(len(lengths), longest, tiny.hidden_size, dtype=torch.float64)
    keep = (torch.arange(longest) < torch.tensor(lengths)[:, None])[:, None, None, :]
    block = tiny.model.encoder.layer[-1]
    flat, slots, back = map(torch.from_numpy, wanted.arrays)
    with torch.inference_mode():
        for mask in (keep, None):
            whole, _ = run_block(block, hidden, mask)
            few = run_block_for(block, hidden, mask, flat, slots, back)
            torch.testing.assert_close(few, whole.flatten(0, 1)[flat], rtol=0, atol=1e-10)


def test_auto_takes_onnx_runtime_where_it_runs_the_model(
    plain: Encoder, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plain.with_engine().provenance.engine == ONNX
    assert plain.with_engine("auto", BF16).provenance.engine == TORCH
    assert tiny.with_engine().provenance.engine == TORCH  # it is in float64
    forget(monkeypatch, "onnxruntime")
    assert plain.with_engine().provenance.engine == TORCH


def forget(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Let a package look as if it were not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name == package else find(name))


def whole_text(text: str) -> list[tuple[int, int]]:
    """Cut no text."""
    return [(0, len(text))]


def test_the_provenance_names_engine_and_precision(plain: Encoder) -> None:
    other = plain.with_engine(OPENVINO, BF16)
    assert other.provenance.engine == OPENVINO
    assert "openvino" in other.provenance.versions
    assert str(other.provenance).endswith(", float32, approximate (bf16)")
    assert other.encode("I want an apple.").provenance == plain.provenance
    assert other.with_engine(TORCH).provenance == plain.provenance
    again = pickle.loads(pickle.dumps(other.with_cutter(whole_text)))
    assert (again.provenance.engine, again.provenance.precision) == (OPENVINO, BF16)
    assert "openvino" not in other.with_engine(ONNX).provenance.versions


def test_what_cannot_be_run_is_refused_with_what_can(
    plain: Encoder, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownChoiceError, match="'auto', 'torch', 'onnx', 'openvino'"):
        plain.with_engine("jax")
    with pytest.raises(UnknownChoiceError, match="'full', 'bf16'"):
        plain.with_engine(TORCH, "int8")
    with pytest.raises(UnsupportedModelError, match=r"float64.*choose the engine 'torch'"):
        tiny.with_engine(ONNX)
    with pytest.raises(UnsupportedModelError, match="'full'"):
        tiny.with_engine(TORCH, BF16)
    with pytest.raises(UnsupportedModelError, match="choose the engine 'openvino' or 'torch'"):
        load_encoder("all-MiniLM-L6-v2", engine=ONNX, precision=BF16)
    forget(monkeypatch, "openvino")
    with pytest.raises(MissingExtraError, match=r"pip install 'trendlib\[openvino\]'"):
        plain.with_engine(OPENVINO)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "m68k"})
    with pytest.raises(UnsupportedModelError, match=r"m68k.*choose 'full'"):
        plain.with_engine(TORCH, BF16)


def test_a_network_that_was_moved_is_refused(
    plain: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = plain.with_engine(ONNX)
    monkeypatch.setattr(Encoder, "device", SimpleNamespace(type="cuda"))
    with pytest.raises(UnsupportedModelError, match="on the device"):
        embed_array(other, ODD)


def fresh(encoder: Encoder) -> Encoder:
    """Load the same model again, as another process does."""
    return load_own_encoder(Path(encoder.model.name_or_path)).with_engine(ONNX)


def test_kept_files_are_used_again_and_damaged_ones_made_again(
    plain: Encoder, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = embed_array(plain.with_engine(ONNX), ODD)
    made: list[str] = []
    export = graphs._export
    monkeypatch.setattr(
        graphs, "_export", lambda part, path: (made.append(part.name), export(part, path))
    )
    np.testing.assert_array_equal(embed_array(fresh(plain), ODD), expected)
    assert made == []
    (path,) = kept.glob("graphs/*/end.*.onnx")
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    np.testing.assert_array_equal(embed_array(fresh(plain), ODD), expected)
    assert made == ["end"]
    assert not list(kept.glob("graphs/*/.new-*"))


def test_a_network_that_was_changed_is_not_run_from_old_files(plain: Encoder) -> None:
    embed_array(plain.with_engine(ONNX), ODD)
    changed = fresh(plain)
    with torch.no_grad():
        changed.model.encoder.layer[0].output.dense.weight.mul_(1.01)
    with pytest.raises(OutputError, match=r"other numbers than torch.*save it to a folder"):
        embed_array(changed, ODD)


def test_a_cache_that_cannot_be_written_to_is_told(
    plain: Encoder, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied(part: graphs.Part, path: Path) -> None:
        """Make what was made before; that takes seconds."""
        (made,) = kept.glob(f"graphs/*/{part.name}.*.onnx")
        shutil.copyfile(made, path)

    expected = embed_array(plain.with_engine(ONNX), ODD)
    monkeypatch.setattr(graphs, "_export", copied)
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    with pytest.warns(ModelWarning, match=CACHE_VARIABLE):
        np.testing.assert_array_equal(embed_array(fresh(plain), ODD), expected)


def test_threads_return_what_one_call_after_the_other_returns(
    plain: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = ODD * 20
    expected = embed_array(plain, many)
    for count in (1, 5):
        monkeypatch.setattr(corpus, "n_threads", lambda count=count: count)
        found = dict(embed_many(plain.with_engine(ONNX), ["", *many], budget=64))
        assert isinstance(found.pop(0), SentenceError)
        rows = [found[number + 1] for number in range(len(many))]
        values = [each.embedding.values for each in rows if isinstance(each, Embedded)]
        np.testing.assert_allclose(values, expected, atol=FLOAT32)


def test_who_takes_no_more_results_waits_for_none(
    plain: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what goes wrong in a thread is raised where the results are taken."""
    run: list[int] = []
    monkeypatch.setattr(corpus, "n_threads", lambda: 1)
    embed_batch = corpus.embed_batch

    def counted(*args: Any, **choices: Any) -> list[Embedded]:
        run.append(len(run))
        return embed_batch(*args, **choices)

    monkeypatch.setattr(corpus, "embed_batch", counted)
    results = embed_many(plain.with_engine(ONNX), ODD * 100, budget=20)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(run) <= 2 * corpus.AHEAD + 2

    def fails(*_: Any, **__: Any) -> None:
        raise NotTextError("as planned")

    monkeypatch.setattr(corpus, "embed_batch", fails)
    with pytest.raises(NotTextError, match="as planned"):
        list(embed_many(plain.with_engine(ONNX), ODD))


# Where many sentences are embedded


def test_a_file_is_embedded_by_an_engine_and_says_so(
    plain: Encoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "s.txt", tmp_path / "s.parquet"
    source.write_text("\n".join(ODD), encoding="utf-8")
    command = ["embed", str(source), "--out", str(out), "--model", plain.model.name_or_path]
    assert main([*command, "--device", "cpu", "--engine", ONNX]) == 0
    settings = read_settings(out)
    assert (settings["engine"], settings["precision"]) == (ONNX, FULL)
    assert "onnxruntime" in settings["versions"]
    found = np.stack(pq.read_table(out)["embedding"].to_numpy())
    np.testing.assert_allclose(found, embed_array(plain, ODD), atol=FLOAT32)
    capsys.readouterr()
    assert main([*command, "--device", "cpu"]) != 0
    assert "engine 'onnx' instead of 'torch'" in capsys.readouterr().err
    assert main([*command, "--engine", "jax"]) != 0
    assert "'openvino'" in capsys.readouterr().err


def test_scikit_learn_and_sentence_transformers_take_an_engine(
    plain: Encoder, tmp_path: Path
) -> None:
    folder = plain.model.name_or_path
    expected = embed_array(plain, ODD)
    embedder = clone(TrendEmbedder(model=folder, device="cpu", engine=ONNX))
    np.testing.assert_allclose(embedder.fit_transform(ODD), expected, atol=FLOAT32)
    assert embedder.provenance_.engine == ONNX
    made = SentenceTransformer(modules=[TrendTransformer(folder, engine=ONNX)], device="cpu")
    np.testing.assert_allclose(made.encode(ODD), expected, atol=FLOAT32)
    made.save_pretrained(str(tmp_path / "saved"))
    loaded = SentenceTransformer(str(tmp_path / "saved"), trust_remote_code=True, device="cpu")
    assert loaded[0].get_config_dict()["engine"] == ONNX
    np.testing.assert_array_equal(loaded.encode(ODD), made.encode(ODD))


def test_a_worker_of_a_cluster_takes_an_engine(plain: Encoder) -> None:
    weights = find_weights(plain.model.name_or_path)
    choices = (ARTICLE_RECIPE, "float32", "cpu")
    worker = TrendBatches("sentence", weights, *choices, engine=ONNX)
    rows = worker(pa.table({"sentence": ODD}))
    assert worker._encoder.provenance.engine == ONNX
    found = np.stack(rows["embedding"].to_numpy())
    np.testing.assert_allclose(found, embed_array(plain, ODD), atol=FLOAT32)


def test_the_reference_stays_torch_in_full_precision() -> None:
    assert load_encoder("all-MiniLM-L6-v2").provenance.engine == TORCH
    assert load_encoder("all-MiniLM-L6-v2").provenance.precision == FULL
