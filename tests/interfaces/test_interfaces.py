"""Trend embeddings inside scikit-learn, sentence-transformers, mteb, Ray and ONNX."""

import copy
import json
import os
import pickle
import shutil
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pytest
import torch
from scipy.stats import spearmanr
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator
from sentence_transformers.sentence_transformer.modules import Normalize
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from helpers.models import make_tiny_model
from trendlib.attention import attention_rows
from trendlib.embedding import ARTICLE_RECIPE, RECIPES, Recipe, embed_encoding
from trendlib.errors import (
    BadRowsError,
    NotTextError,
    OtherModelError,
    OutputError,
    ParameterError,
    UnknownChoiceError,
)
from trendlib.interfaces.scikit_learn import TrendEmbedder
from trendlib.interfaces.sentence_transformers import (
    NAMES_MODELS,
    NamelessModelWarning,
    TrendTransformer,
)
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.weights import MINILM, find_weights
from trendlib.readings import (
    ARTICLE,
    LAST_LAYER,
    LAYERS,
    MASS_TIES,
    MEAN_PIECES,
    Reading,
    reading_named,
)
from trendlib.similarity import cosine
from trendlib.trend import KINDS

FLOAT32 = 1e-4
"""How far two ways to compute in float32 may differ: these random weights amplify it. 2e-5 was
seen on one kind of processor, and less than 1e-5 on another."""
SENTENCES = ["I want an apple.", "She sent a card.", "hello", "an orange, an apple and a card"]
PAIRS = [
    ("A man plays a guitar.", "A man is playing the guitar.", 4.9),
    ("A dog runs over the field.", "The market fell on Monday.", 0.1),
    ("Two boys play football.", "Two children are playing soccer.", 4.0),
    ("She sent a card.", "He bought a used car.", 0.9),
    ("The cat sleeps on the sofa.", "A cat is asleep.", 3.7),
    ("It rained all night.", "The night was wet.", 3.2),
]


def reference(
    encoder: Encoder, sentences: list[str], recipe: Recipe = ARTICLE_RECIPE
) -> np.ndarray:
    return np.array([embed_encoding(encoder.encode(each), recipe).values for each in sentences])


# scikit-learn


def embedder(folder: Path, **choices: Any) -> TrendEmbedder:
    return TrendEmbedder(model=str(folder), dtype="float64", **choices)


def test_the_transformer_gives_the_packages_embeddings(tiny_folder: Path, tiny: Encoder) -> None:
    expected = reference(tiny, SENTENCES)
    for given in (SENTENCES, np.array(SENTENCES), pd.Series(SENTENCES), tuple(SENTENCES)):
        rows = embedder(tiny_folder).fit_transform(given)
        np.testing.assert_allclose(rows, expected, atol=1e-9)
    recipe = Recipe(LAYERS, kind="difference")
    rows = embedder(tiny_folder, recipe=recipe).transform(SENTENCES)
    np.testing.assert_allclose(rows, reference(tiny, SENTENCES, recipe), atol=1e-9)


@pytest.mark.parametrize("name", RECIPES)
def test_the_transformer_takes_every_recipe(tiny_folder: Path, tiny: Encoder, name: str) -> None:
    expected = reference(tiny, SENTENCES, RECIPES[name])
    estimator = embedder(tiny_folder, recipe=RECIPES[name]).fit(SENTENCES)
    assert estimator.get_params()["recipe"] == RECIPES[name]
    assert clone(estimator).get_params() == estimator.get_params()
    for each in (estimator, clone(estimator), pickle.loads(pickle.dumps(estimator))):
        rows = each.transform(SENTENCES)
        np.testing.assert_allclose(rows, expected, atol=1e-8 if name == "article" else 1e-9)


def test_scikit_learns_own_checks(tiny_folder: Path) -> None:
    estimator = embedder(tiny_folder)
    with warnings.catch_warnings():
        # It has no texts to give: of its checks, those that need no data are run here.
        warnings.simplefilter("ignore", SkipTestWarning)
        results = estimator_checks.check_estimator(estimator, on_fail=None)
    assert [each["status"] for each in results] == ["passed"] * len(results)
    for check in (
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
        estimator_checks.check_mixin_order,
        estimator_checks.check_set_params,
        estimator_checks.check_get_params_invariance,
    ):
        check("TrendEmbedder", clone(estimator))
    estimator_checks.check_parameters_default_constructible("TrendEmbedder", estimator)


def test_it_names_its_features_and_keeps_to_set_output(tiny_folder: Path) -> None:
    estimator = embedder(tiny_folder).set_output(transform="pandas").fit(SENTENCES)
    frame = estimator.transform(pd.Series(SENTENCES, index=[3, 5, 7, 9]))
    assert list(frame.columns[:2]) == ["trendembedder0", "trendembedder1"]
    assert frame.shape == (4, 24)
    assert list(frame.index) == [3, 5, 7, 9]


def test_a_grid_search_over_recipes(tiny_folder: Path) -> None:
    texts = [f"I want an {fruit}{' very' * n}" for n in range(6) for fruit in ("apple", "orange")]
    labels = [text.split()[3].startswith("apple") for text in texts]
    pipeline = make_pipeline(embedder(tiny_folder), LogisticRegression(max_iter=2000))
    grid = {
        "trendembedder__recipe": [
            Recipe(reading, kind, words="all") for reading in (ARTICLE, LAYERS) for kind in KINDS
        ],
    }
    search = GridSearchCV(pipeline, grid, cv=3).fit(texts, labels)
    assert len(search.cv_results_["mean_test_score"]) == 2 * len(KINDS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(texts).shape == (12,)


def test_it_survives_pickling(tiny_folder: Path) -> None:
    estimator = embedder(tiny_folder).fit(SENTENCES)
    content = pickle.dumps(estimator)
    assert len(content) < 2000  # the model stays where it is
    np.testing.assert_array_equal(
        pickle.loads(content).transform(SENTENCES), estimator.transform(SENTENCES)
    )


def test_it_refuses_what_it_cannot_use(tiny_folder: Path) -> None:
    estimator = embedder(tiny_folder)
    frame = pd.DataFrame({"text": SENTENCES})
    one_time, unordered = iter(SENTENCES), set(SENTENCES)
    listed = [["a"], ["b"]], [["a"], ["b", "c"]], ["a", ["b"]]
    for wrong in ("one string", b"bytes", *listed, 5, frame, one_time, unordered, {"a": "b"}):
        with pytest.raises(NotTextError):
            estimator.fit(wrong)
    with pytest.raises(UnknownChoiceError, match=r"there are article, all-words-difference, angle"):
        clone(estimator).set_params(recipe="angle").fit(SENTENCES)
    for name in ("recipe", "dtype", "device", "bad_rows"):
        with pytest.raises(UnknownChoiceError):
            clone(estimator).set_params(**{name: "wrong"}).fit(SENTENCES)
    with pytest.raises(BadRowsError, match="row 1: no word in"):
        estimator.fit_transform(["hello", "..."])
    kept = clone(estimator).set_params(bad_rows="nan").fit_transform(["hello", "..."])
    assert np.isnan(kept[1]).all()
    assert not np.isnan(kept[0]).any()


def test_one_long_text_among_many_costs_no_more_than_itself(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NumPy would make 10,000 rows as wide as the longest text: 2 GB."""
    texts = ["I want an apple."] * 10_000 + ["word " * 10_000]
    estimator = embedder(tiny_folder).fit(SENTENCES)
    tracemalloc.start()
    estimator.fit(texts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5e6


def test_a_fitted_pipeline_embeds_with_no_other_model(tmp_path: Path, tiny_folder: Path) -> None:
    """Neither with other weights in the same folder, nor with another tokenizer beside them."""
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    texts = [f"I want an {fruit}{' very' * n}" for n in range(4) for fruit in ("apple", "orange")]
    fitted = make_pipeline(embedder(folder), LogisticRegression()).fit(texts, [0, 1] * 4)
    joblib.dump(fitted, tmp_path / "pipeline.joblib")
    kept = joblib.load(tmp_path / "pipeline.joblib")
    np.testing.assert_array_equal(kept.predict_proba(texts), fitted.predict_proba(texts))
    words = (
        (folder / "vocab.txt").read_text(encoding="utf-8").replace("apple\norange", "orange\napple")
    )
    (folder / "vocab.txt").write_text(words, encoding="utf-8")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(OtherModelError, match=r"fitted with model \(local folder\)"):
        kept.predict(texts)
    make_tiny_model(folder, seed=1)
    for pipeline in (fitted, joblib.load(tmp_path / "pipeline.joblib")):
        with pytest.raises(OtherModelError, match="use the same model"):
            pipeline.predict(texts)
    assert len(clone(kept).fit(texts, [0, 1] * 4).predict(texts)) == 8


# sentence-transformers and mteb


@pytest.fixture(scope="module")
def sentence_transformer() -> SentenceTransformer:
    return SentenceTransformer(modules=[TrendTransformer(MINILM.name)], device="cpu")


@pytest.fixture(scope="module")
def single() -> Encoder:
    return load_encoder(MINILM.name, "float32")


def test_the_module_gives_the_packages_embeddings(
    sentence_transformer: SentenceTransformer, single: Encoder
) -> None:
    rows = sentence_transformer.encode(SENTENCES, batch_size=3)
    expected = reference(single, SENTENCES)
    assert rows.shape == (4, 384)
    # Log quotients amplify the rounding of float32.
    assert np.median(np.abs(rows - expected)) < 1e-5
    cosines = [cosine(row, other) for row, other in zip(rows, expected, strict=True)]
    np.testing.assert_allclose(cosines, 1, atol=1e-4)
    assert sentence_transformer.get_embedding_dimension() == 384
    assert sentence_transformer.encode("hello").shape == (384,)
    similar = sentence_transformer.similarity(rows, rows)
    np.testing.assert_allclose(np.diag(similar), 1, atol=1e-5)


def test_the_module_is_saved_and_loaded(tmp_path: Path) -> None:
    choices: dict[str, Any] = {"recipe": Recipe(LAYERS, "difference", "keep"), "bad_rows": "zero"}
    made = SentenceTransformer(modules=[TrendTransformer(MINILM.name, **choices)], device="cpu")
    made.save_pretrained(str(tmp_path / "saved"))
    loaded = SentenceTransformer(str(tmp_path / "saved"), trust_remote_code=True, device="cpu")
    assert {name: getattr(loaded[0], name) for name in choices} == choices
    given = [*SENTENCES, "..."]
    rows = loaded.encode(given)
    np.testing.assert_array_equal(rows, made.encode(given))
    assert rows.shape == (5, 384)
    assert not rows[4].any()
    shown = loaded[0]._encoder.provenance
    assert shown.model == MINILM.name  # known by its weights, wherever they are


@pytest.mark.parametrize("name", RECIPES)
def test_the_module_takes_every_recipe_and_is_saved_with_it(
    tmp_path: Path, tiny_folder: Path, name: str
) -> None:
    made = SentenceTransformer(modules=[TrendTransformer(tiny_folder, RECIPES[name])], device="cpu")
    rows = made.encode(SENTENCES)
    expected = reference(load_encoder(tiny_folder, "float32"), SENTENCES, RECIPES[name])
    # Log quotients amplify the rounding of float32.
    np.testing.assert_allclose(rows, expected, atol=1e-2 if name == "article" else FLOAT32)
    made.save_pretrained(str(tmp_path / "saved"))
    loaded = SentenceTransformer(str(tmp_path / "saved"), trust_remote_code=True, device="cpu")
    assert loaded[0].recipe == RECIPES[name]
    np.testing.assert_array_equal(loaded.encode(SENTENCES), rows)
    np.testing.assert_array_equal(copy.deepcopy(made).encode(SENTENCES), rows)


def test_what_was_saved_before_recipes_named_their_words_is_loaded(
    tmp_path: Path, tiny_folder: Path
) -> None:
    module = TrendTransformer(tiny_folder, Recipe(LAYERS, "difference", "keep"))
    SentenceTransformer(modules=[module], device="cpu").save_pretrained(str(tmp_path))
    path = tmp_path / TrendTransformer.config_file_name
    config = json.loads(path.read_text(encoding="utf-8"))
    assert config["recipe"].pop("words") == "two"
    path.write_text(json.dumps(config), encoding="utf-8")
    assert TrendTransformer.load(str(tmp_path)).recipe == module.recipe


def test_the_module_refuses_bad_sentences(sentence_transformer: SentenceTransformer) -> None:
    long = "I want an apple and an orange."
    with pytest.raises(BadRowsError, match=r"^1 sentence without an embedding: '\.\.\.': no word"):
        sentence_transformer.encode(["...", "hello", long])  # which sorts them by their length
    with pytest.raises(UnknownChoiceError):
        TrendTransformer(MINILM.name, bad_rows="drop")
    with pytest.raises(UnknownChoiceError, match=r"'angle': pass a Recipe, such as RECIPES\['ang"):
        TrendTransformer(MINILM.name, "angle")


def test_an_evaluator_works(sentence_transformer: SentenceTransformer) -> None:
    first, second, scores = zip(*PAIRS, strict=True)
    evaluator = EmbeddingSimilarityEvaluator(first, second, scores, main_similarity="cosine")
    found = sentence_transformer.evaluate(evaluator)
    assert found["spearman_cosine"] == pytest.approx(expected_spearman(sentence_transformer))


def expected_spearman(model: SentenceTransformer) -> float:
    first, second, scores = zip(*PAIRS, strict=True)
    cosines = [
        cosine(*pair)
        for pair in zip(model.encode(list(first)), model.encode(list(second)), strict=True)
    ]
    return float(spearmanr(cosines, scores).statistic)


@pytest.fixture
def local_task(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A task of mteb, with ``PAIRS`` for its data."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets
    import mteb

    task = mteb.get_task("STSBenchmark.v2")
    rows = [{"sentence1": a, "sentence2": b, "score": score} for a, b, score in PAIRS]
    local = datasets.Dataset.from_list(rows)
    task.dataset = datasets.DatasetDict({"test": local, "validation": local})
    task.data_loaded = True
    return task


@pytest.mark.filterwarnings("ignore")  # mteb calls what sentence-transformers has renamed
def test_a_task_of_mteb_runs_on_local_data(
    sentence_transformer: SentenceTransformer, local_task: Any
) -> None:
    import mteb

    result = mteb.evaluate(sentence_transformer, local_task, cache=None, show_progress_bar=False)
    (scores,) = result.task_results[0].scores["test"]
    assert scores["main_score"] == pytest.approx(expected_spearman(sentence_transformer))


def whole_model(*modules: torch.nn.Module) -> SentenceTransformer:
    """Make a model; before version 6, the library does not tell its module that it is complete."""
    model = SentenceTransformer(modules=list(modules), device="cpu")
    if not NAMES_MODELS:
        modules[0].on_model_ready(model)
    return model


def test_an_older_library_that_names_no_model_is_told(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trendlib.interfaces.sentence_transformers.NAMES_MODELS", False)
    with pytest.warns(NamelessModelWarning, match=r"`module\.on_model_ready\(model\)`"):
        module = TrendTransformer(tiny_folder)
    with monkeypatch.context() as older:
        older.setattr(TrendTransformer, "on_model_ready", lambda *_: None)
        model = SentenceTransformer(modules=[module], device="cpu")
    assert model.model_card_data.model_name is None
    module.on_model_ready(model)
    assert model.model_card_data.model_name.startswith("trendlib/tiny-bert")


@pytest.mark.filterwarnings("ignore")
def test_mteb_keeps_the_scores_of_every_configuration_apart(
    tmp_path: Path, local_task: Any
) -> None:
    import mteb
    from mteb.cache import ResultCache

    cache = ResultCache(tmp_path)
    for recipe in (ARTICLE_RECIPE, Recipe(LAYERS, "difference")):
        model = whole_model(TrendTransformer(MINILM.name, recipe))
        result = mteb.evaluate(model, local_task, cache=cache, show_progress_bar=False)
        (scores,) = result.task_results[0].scores["test"]
        assert scores["main_score"] == pytest.approx(expected_spearman(model)), recipe
    assert len(list(tmp_path.rglob("STSBenchmark.v2.json"))) == 2


def test_every_configuration_has_a_name_and_a_revision(tiny_folder: Path, tmp_path: Path) -> None:
    other = make_tiny_model(tmp_path / tiny_folder.name, seed=1)  # of the same name
    mine = replace(ARTICLE, focus_row=0)  # another reading of the same name
    made = [
        [TrendTransformer(tiny_folder)],
        [TrendTransformer(other)],
        [TrendTransformer(tiny_folder, Recipe(mine))],
        [TrendTransformer(tiny_folder, Recipe(LAYERS))],
        *([TrendTransformer(tiny_folder, RECIPES[name])] for name in RECIPES if name != "article"),
        [TrendTransformer(tiny_folder, bad_rows="zero")],
        [TrendTransformer(tiny_folder), Normalize()],
    ]
    found = set()
    for modules in made:
        card = whole_model(*modules).model_card_data
        assert card.model_name.startswith("trendlib/tiny-bert")
        found.add((card.model_name, card.base_model_revision))
    assert len(found) == len(made)
    again = whole_model(TrendTransformer(tiny_folder))
    assert (again.model_card_data.model_name, again.model_card_data.base_model_revision) in found


@pytest.mark.parametrize("change", ["half", "bfloat16", "double", "to"])
def test_other_number_formats_change_nothing(tiny_folder: Path, change: str) -> None:
    model = SentenceTransformer(modules=[TrendTransformer(tiny_folder)], device="cpu")
    expected = model.encode(SENTENCES)
    changed = model.to(torch.float16) if change == "to" else getattr(model, change)()
    np.testing.assert_array_equal(changed.encode(SENTENCES), expected)
    with torch.autocast("cpu", torch.bfloat16):
        np.testing.assert_array_equal(changed.encode(SENTENCES), expected)


def test_a_saved_model_that_was_changed_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    SentenceTransformer(modules=[TrendTransformer(tiny_folder)]).save_pretrained(str(saved))
    make_tiny_model(saved, seed=1)
    with pytest.raises(OtherModelError, match=r"saved with tiny-bert \(local folder\)"):
        TrendTransformer.load(str(saved))


def test_several_processes_encode(tiny_folder: Path) -> None:
    model = SentenceTransformer(modules=[TrendTransformer(tiny_folder)], device="cpu")
    again = copy.deepcopy(model)
    assert again[0].network is again[0]._encoder.model  # moved together
    pool = model.start_multi_process_pool(["cpu"])
    try:
        rows = model.encode(SENTENCES, pool=pool, chunk_size=2)
    finally:
        model.stop_multi_process_pool(pool)
    np.testing.assert_allclose(rows, model.encode(SENTENCES), atol=FLOAT32)


# Ray


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[Any]:
    """A cluster of two nodes, each with one processor."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    cluster = start_cluster()
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()
    cluster.shutdown()


def start_cluster(attempts: int = 3) -> Any:
    """Start two nodes; a busy machine may need longer for one than Ray waits."""
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=1, include_dashboard=False)
        cluster.add_node(num_cpus=1)
    except Exception as error:  # Ray raises no narrower one
        cluster.shutdown()
        if attempts == 1 or "timed out during startup" not in str(error):
            raise
        return start_cluster(attempts - 1)
    return cluster


def kill_a_worker() -> int:
    """Kill one of the processes that embed."""
    for process in psutil.process_iter(["cmdline"]):
        if "TrendBatches" in " ".join(process.info["cmdline"] or []):
            process.kill()
            return process.pid
    raise AssertionError("no worker to kill")


def test_a_cluster_embeds_and_a_killed_worker_loses_nothing(
    ray_cluster: Any, tiny_folder: Path, tiny: Encoder
) -> None:
    from trendlib.interfaces.ray_data import embed_dataset

    rows = [
        {"id": number, "text": f"I want an apple {'x' * number}" if number % 50 else "..."}
        for number in range(20_000)
    ]
    rows = [{**row, "text": row["text"][:200]} for row in rows]
    dataset = ray_cluster.data.from_items(rows, override_num_blocks=20)
    embedded = embed_dataset(
        dataset, 2, column="text", model=str(tiny_folder), dtype="float64", num_cpus=1
    )
    batches = iter(embedded.iter_batches(batch_size=None, batch_format="pandas"))
    found = [next(batches)]
    kill_a_worker()  # with most of the rows still to come
    assert len(found[0]) <= 2_000
    found += batches
    table = pd.concat(found).sort_values("id").reset_index(drop=True)
    assert list(table["id"]) == list(range(20_000))
    refused = table["refused"].notna()
    assert list(table.index[refused]) == list(range(0, 20_000, 50))
    assert table["refused"][0].startswith("NoWordsError: no word in '...'")
    assert table["embedding"][refused].isna().all()
    for number in (1, 7, 19_999):
        expected = embed_encoding(tiny.encode(rows[number]["text"]))
        assert table["focus"][number] == expected.choice.focus.word
        np.testing.assert_allclose(table["embedding"][number], expected.values, atol=1e-9)


@pytest.mark.parametrize("name", RECIPES)
def test_a_worker_takes_every_recipe(tiny_folder: Path, tiny: Encoder, name: str) -> None:
    from trendlib.interfaces.ray_data import TrendBatches

    weights = find_weights(tiny_folder)
    worker = TrendBatches("sentence", weights, RECIPES[name], "float64", "cpu")
    found = worker(pa.table({"sentence": SENTENCES}))["embedding"].to_pylist()
    expected = reference(tiny, SENTENCES, RECIPES[name])
    np.testing.assert_allclose(found, expected, atol=1e-8 if name == "article" else 1e-9)


def test_a_cluster_takes_a_recipe(ray_cluster: Any, tiny_folder: Path, tiny: Encoder) -> None:
    from trendlib.interfaces.ray_data import embed_dataset

    recipe = RECIPES["discounted-trend"]
    dataset = ray_cluster.data.from_items([{"sentence": sentence} for sentence in SENTENCES])
    choices: dict[str, Any] = {"model": str(tiny_folder), "dtype": "float64", "recipe": recipe}
    for row in embed_dataset(dataset, 1, **choices).take_all():
        expected = embed_encoding(tiny.encode(row["sentence"]), recipe)
        np.testing.assert_allclose(row["embedding"], expected.values, atol=1e-9)


def test_a_dataset_that_does_not_fit_is_refused(ray_cluster: Any) -> None:
    from trendlib.interfaces.ray_data import embed_dataset

    dataset = ray_cluster.data.from_items([{"sentence": "hello", "focus": "x"}])
    with pytest.raises(ParameterError, match="no column 'text': its columns are 'sentence', 'fo"):
        embed_dataset(dataset, 1, column="text")
    with pytest.raises(ParameterError, match="already has columns focus"):
        embed_dataset(dataset, 1)
    with pytest.raises(UnknownChoiceError, match="'angle': pass a Recipe"):
        embed_dataset(dataset, 1, recipe="angle")


@pytest.mark.timeout(600)  # where no processor is left, Ray waits without end
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_files_are_read_while_a_worker_embeds(
    ray_cluster: Any, tmp_path: Path, tiny_folder: Path, tiny: Encoder, form: str
) -> None:
    """The recipe of the chapter on commands: a processor is left for reading."""
    from trendlib.interfaces.ray_data import embed_dataset

    frame = pd.DataFrame({"sentence": SENTENCES * 50})
    path = tmp_path / f"rows.{form}"
    frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    dataset = getattr(ray_cluster.data, f"read_{form}")(str(path))
    choices: dict[str, Any] = {"model": str(tiny_folder), "dtype": "float64", "num_cpus": 1}
    table = embed_dataset(dataset, 1, **choices).to_pandas()
    assert sorted(table["sentence"]) == sorted(frame["sentence"])
    focus = {sentence: embed_encoding(tiny.encode(sentence)).choice.focus for sentence in SENTENCES}
    assert all(row.focus == focus[row.sentence].word for row in table.itertuples())


@pytest.mark.parametrize(("workers", "num_cpus"), [(2, 1), (3, 0.5), (1, 2), (3, 1), (50, 1)])
def test_workers_that_take_every_processor_are_refused(
    ray_cluster: Any, tmp_path: Path, workers: int, num_cpus: float
) -> None:
    from trendlib.interfaces.ray_data import embed_dataset

    path = tmp_path / "rows.parquet"
    pd.DataFrame({"sentence": SENTENCES}).to_parquet(path)
    dataset = ray_cluster.data.read_parquet(str(path))
    with pytest.raises(ParameterError, match=r"every processor of the cluster \(1 \+ 1\)"):
        embed_dataset(dataset, workers, num_cpus=num_cpus)


# ONNX


@pytest.fixture(scope="module")
def graphs() -> dict[Any, Any]:
    return {}


@pytest.fixture
def graph_once(graphs: dict[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph follows from a model and a layer: readings that share both share a graph."""
    from trendlib.interfaces import onnx

    make = onnx._graph

    def once(encoder: Encoder, layer: int | None) -> Any:
        key = encoder.provenance.model_sha256, encoder.provenance.dtype, layer
        if key not in graphs:
            graphs[key] = make(encoder, layer)
        return copy.deepcopy(graphs[key])

    monkeypatch.setattr(onnx, "_graph", once)


@pytest.fixture(scope="module")
def one_layer(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return load_encoder(make_tiny_model(tmp_path_factory.mktemp("one") / "model", layers=1))


@pytest.mark.usefixtures("graph_once")
@pytest.mark.parametrize(
    "reading", [ARTICLE, LAYERS, LAST_LAYER, MEAN_PIECES, MASS_TIES], ids=lambda each: each.name
)
def test_an_exported_model_is_the_model(tmp_path: Path, tiny_folder: Path, reading: Any) -> None:
    import onnx
    import onnxruntime

    from trendlib.interfaces.onnx import INPUTS, OUTPUTS, export

    encoder = load_encoder(tiny_folder)
    path = tmp_path / "new" / "tiny.onnx"
    difference = export(encoder, reading, path)
    assert 0 < difference < 1e-4
    given = ["hello", "I want an apple and an orange, very good."]
    padded = encoder.tokenizer(given, padding=True, return_tensors="np")
    session = onnxruntime.InferenceSession(path)
    outputs = session.run(OUTPUTS, {name: padded[name].astype(np.int64) for name in INPUTS})
    for static, contextual, attention, first, sentence in zip(*outputs, given, strict=True):
        encoding = encoder.encode(sentence)
        n = len(encoding.tokens)
        np.testing.assert_allclose(static[:n], encoding.hidden_states[0], atol=1e-5)
        np.testing.assert_allclose(contextual[:n], encoding.hidden_states[-1], atol=1e-4)
        np.testing.assert_allclose(first[:n], encoding.hidden_states[1], atol=1e-5)
        rows = attention_rows(encoding.attentions, reading)
        np.testing.assert_allclose(attention[:, :n, :n], rows, atol=1e-5)
    properties = {each.key: each.value for each in onnx.load(path).metadata_props}
    assert properties["model"] == "tiny-bert (local folder)"
    assert properties["reading"] == reading.name
    assert (properties["pieces"], properties["ties"]) == (reading.pieces, reading.ties)


def test_a_model_of_one_layer_is_exported(tmp_path: Path, one_layer: Encoder) -> None:
    from trendlib.interfaces.onnx import export

    assert export(one_layer, ARTICLE, tmp_path / "one.onnx") < 1e-4


@pytest.mark.usefixtures("graph_once")
@pytest.mark.parametrize("reading", [ARTICLE, MEAN_PIECES, MASS_TIES], ids=lambda each: each.name)
def test_an_exported_file_needs_no_trendlib(
    tmp_path: Path, minilm: Encoder, reading: Reading
) -> None:
    """Some fifty lines of NumPy and a trend make the same embedding, by every recipe, given the
    file and the tokenizer beside it."""
    from trendlib.interfaces.onnx import export

    path = tmp_path / "trend.onnx"
    export(load_encoder(MINILM.name), reading, path)
    program = (Path(__file__).parent / "onnx_numpy.py").read_text(encoding="utf-8")
    assert "import trendlib" not in program
    function = program[program.index("    session =") : program.index("if __name__")]
    assert len(function.strip().splitlines()) <= 56
    given = [SENTENCES[0], "I can't e-mail [SEP] 3.14 cafés.", "Embeddings, unbelievably!", "I"]
    # In these, other words win ties by attention mass, and other words win by the mean over pieces.
    given += ["The soup is cold.", "Our hydroponics experiment outgrew the greenhouse."]
    command = [sys.executable, "-c", program, str(path), *given]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for sentence, line in zip(given, printed.splitlines(), strict=True):
        found = json.loads(line)
        assert found.keys() == RECIPES.keys()
        for name, (words, values) in found.items():
            expected = embed_encoding(
                minilm.encode(sentence), replace(RECIPES[name], reading=reading)
            )
            assert words == [word.word for word in expected.choice.chosen], sentence
            assert cosine(np.array(values), expected.values) > 0.9999
            if name != "article":  # whose logarithms amplify the rounding of float32
                np.testing.assert_allclose(values, expected.values, atol=1e-5)


def test_an_export_that_is_not_the_model_is_not_kept(
    tmp_path: Path, one_layer: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trendlib.interfaces import onnx

    monkeypatch.setattr(onnx, "rows_of", lambda found, _: found[0] * 1.01)
    with pytest.raises(OutputError, match="it was not kept"):
        onnx.export(one_layer, reading_named("article"), tmp_path / "wrong.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_export_without_the_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from trendlib.cli import main

    monkeypatch.setitem(sys.modules, "onnx", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "trendlib.interfaces.onnx", raising=False)
    assert main(["export", "trend.onnx", "--model", MINILM.name]) == 2
    assert "needs onnx, which is not installed: run `pip install" in capsys.readouterr().err


@pytest.mark.usefixtures("graph_once")
def test_the_command_exports(tmp_path: Path, tiny_folder: Path) -> None:
    from trendlib.cli import main

    out = tmp_path / "tiny.onnx"
    assert main(["export", str(out), "--model", str(tiny_folder), "--reading", "layers"]) == 0
    assert out.is_file()


def test_the_module_moves_with_its_model() -> None:
    module = TrendTransformer(MINILM.name)
    assert next(module.parameters()).device == module._encoder.device == torch.device("cpu")
    assert "trendlib" in sys.modules
