"""The commands and the other libraries' interfaces with a model of the hub, and with a folder."""

import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from helpers.hub import FIRST, NAME, SECOND, Site, serving, use_hub
from helpers.models import KINDS, make_encoder
from helpers.runs import trendlib
from trendlib.cli import main
from trendlib.cli.options import NOT_RUN, OK
from trendlib.embedding import ARTICLE_RECIPE
from trendlib.errors import OtherModelError
from trendlib.interfaces.onnx import TOLERANCE, export
from trendlib.interfaces.scikit_learn import TrendEmbedder
from trendlib.interfaces.sentence_transformers import TrendTransformer
from trendlib.model import hub
from trendlib.model.corpus import embed_array
from trendlib.model.encoder import load_encoder
from trendlib.model.weights import ModelRevisionWarning
from trendlib.readings import ARTICLE

SENTENCES = ["I want an apple.", "She sent a card to her mother."]
TOLD = f"{NAME} is used at commit {FIRST}, to which 'main' leads"
GIVEN = [NAME, f"{NAME}@main", f"{NAME}@{FIRST}", "a folder"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("models") / "tiny", KINDS["bert-cased"])


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "other"
    return make_encoder(path, KINDS["bert-cased"], layers=3)


@pytest.fixture(scope="module")
def expected(folder: Path) -> np.ndarray:
    return embed_array(load_encoder(folder, "float64"), SENTENCES)


@pytest.fixture
def endpoint(site: Site) -> Iterator[str]:
    with serving(site) as address:
        yield address


@pytest.fixture
def site(folder: Path, other: Path) -> Site:
    return Site({FIRST: folder, SECOND: other}, {"main": FIRST})


@pytest.fixture
def here(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process use the hub."""
    use_hub(monkeypatch, endpoint, tmp_path / "hub")
    yield
    hub.resolve.cache_clear()


@pytest.fixture
def env(endpoint: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that uses the hub."""
    own = {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0"}
    return {**os.environ, **own}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("given", GIVEN)
def test_embed_takes_it(
    given: str,
    folder: Path,
    expected: np.ndarray,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = tmp_path / "a.txt", tmp_path / "a.parquet"
    source.write_text("\n".join(SENTENCES), encoding="utf-8")
    model = str(folder) if given == "a folder" else given
    options = "--model", model, "--dtype", "float64", "--device", "cpu"
    assert main(["embed", str(source), "--out", str(out), *options]) == 0
    table = pd.read_parquet(out)
    np.testing.assert_allclose(list(table["embedding"]), expected, atol=1e-9)
    assert set(table["model"]) == {"tiny (local folder)" if given == "a folder" else NAME}
    assert capsys.readouterr().err.count(TOLD) == (given in GIVEN[:2])


def test_run_stays_at_the_commit_that_it_told(
    site: Site, env: dict[str, str], tmp_path: Path, folder: Path
) -> None:
    """Its workers and notebooks are other processes, which must not ask again where it leads."""
    out = tmp_path / "run"
    done = trendlib("run", SENTENCES[0], "--model", NAME, "--out", out, "--jobs", "1", env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(TOLD) == 1
    assert f"write {NAME}@{FIRST} for the same" in done.stderr
    settings = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert (settings["model"], settings["revision"]) == (NAME, FIRST)
    (notebook,) = out.rglob("*.ipynb")
    assert f'model = \\"{NAME}@{FIRST}\\"' in notebook.read_text(encoding="utf-8")
    assert [path for path in site.asked if "/main/" in path] == [
        f"/{NAME}/resolve/main/config.json"
    ]
    row = pd.read_parquet(out / "results.parquet").iloc[0]
    assert (row["model"], row["revision"]) == (NAME, FIRST)
    choice = load_encoder(folder, "float64").encode(SENTENCES[0]).word_texts
    assert row["focus"] in choice


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("command", "status", "shown"),
    [
        ("reproduce", NOT_RUN, f"{NAME} is not the article's model"),
        ("drift", OK, "no figure differs"),
    ],
)
def test_a_command_on_the_articles_figures_tells_the_commit(
    command: str, status: int, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--model", NAME]) == status
    told = capsys.readouterr()
    assert told.err.count(TOLD) == 1
    assert shown in told.out


@pytest.mark.usefixtures("here")
def test_scikit_learn_keeps_the_commit(site: Site, expected: np.ndarray) -> None:
    embedder = TrendEmbedder(model=NAME, dtype="float64", device="cpu")
    with pytest.warns(ModelRevisionWarning, match=TOLD):
        np.testing.assert_allclose(embedder.fit_transform(SENTENCES), expected, atol=1e-9)
    assert (embedder.provenance_.model, embedder.provenance_.revision) == (NAME, FIRST)
    site.branches["main"] = SECOND
    hub.resolve.cache_clear()  # as in another process
    copy = pickle.loads(pickle.dumps(embedder))
    with (
        pytest.warns(ModelRevisionWarning, match=SECOND),
        pytest.raises(OtherModelError, match="use the same model by its name or folder"),
    ):
        copy.transform(SENTENCES)
    pinned = copy.set_params(model=f"{NAME}@{FIRST}")
    np.testing.assert_allclose(pinned.transform(SENTENCES), expected, atol=1e-9)


@pytest.mark.usefixtures("here")
@pytest.mark.filterwarnings(
    "ignore::trendlib.interfaces.sentence_transformers.NamelessModelWarning"
)
def test_sentence_transformers_saves_it(expected: np.ndarray, tmp_path: Path) -> None:
    with pytest.warns(ModelRevisionWarning, match=TOLD):
        module = TrendTransformer(NAME)
    module.save(str(tmp_path))
    for made in (module, TrendTransformer.load(str(tmp_path))):
        found = made.forward(made.preprocess(SENTENCES))["sentence_embedding"]
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)
    settings = json.loads((tmp_path / "trend_config.json").read_text(encoding="utf-8"))
    assert settings["model"] == NAME


@pytest.mark.usefixtures("here")
@pytest.mark.filterwarnings("ignore::trendlib.model.weights.ModelRevisionWarning")
def test_a_worker_of_ray_uses_the_commit_of_the_process_that_started_it(
    site: Site, expected: np.ndarray
) -> None:
    from trendlib.interfaces.ray_data import TrendBatches
    from trendlib.model.weights import find_weights

    weights = find_weights(NAME)
    site.branches["main"] = SECOND
    hub.resolve.cache_clear()  # as in another process
    batches = TrendBatches("sentence", weights, ARTICLE_RECIPE, "float64", "cpu")
    found = batches(pa.table({"sentence": SENTENCES}))
    np.testing.assert_allclose(found["embedding"].to_pylist(), expected, atol=1e-9)


@pytest.mark.usefixtures("here")
@pytest.mark.filterwarnings("ignore::trendlib.model.weights.ModelRevisionWarning")
def test_onnx_names_the_commit(tmp_path: Path) -> None:
    import onnx

    assert export(load_encoder(NAME), ARTICLE, tmp_path / "a.onnx") < TOLERANCE
    written = {prop.key: prop.value for prop in onnx.load(tmp_path / "a.onnx").metadata_props}
    assert (written["model"], written["revision"]) == (NAME, FIRST)
