"""Small files in the place of the public ones, and what the tasks work with."""

from pathlib import Path

import evaluation_data
import pytest

from trendlib.evaluate import data, treebank
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.store import Store
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.weights import MINILM


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small files in the place of the public ones, whose checksums they do not have."""
    folder = tmp_path / "data"
    evaluation_data.write_all(folder)
    monkeypatch.setattr(data, "fetch", lambda source: folder / source.path)
    monkeypatch.setattr(treebank, "fetch", lambda source: folder / source.path)
    return folder


@pytest.fixture(scope="session")
def single() -> Encoder:
    return load_encoder(MINILM.name, "float32")


@pytest.fixture
def workbench(single: Encoder, minilm: Encoder, tmp_path: Path) -> Workbench:
    return Workbench(single, lambda: minilm, Store(tmp_path / "store"), quick=True)


@pytest.fixture
def exact(minilm: Encoder, tmp_path: Path) -> Workbench:
    return Workbench(minilm, lambda: minilm, Store(tmp_path / "exact"), quick=True)
