"""Fixtures, and the shapes of arrays checked at every call.

``model`` is left out of that check: tests give it what it must refuse. Nothing heavy is loaded
here, so that the tests of the method run in seconds: fixtures import what they need.
"""

import functools
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from jaxtyping import install_import_hook

CHECKED = [
    "trendlib.attention",
    "trendlib.choice",
    "trendlib.embedding",
    "trendlib.encoding",
    "trendlib.readings",
    "trendlib.similarity",
    "trendlib.trend",
    "trendlib.words",
    "trendlib.articles",
    "trendlib.show",
    "explorer_data",
]
install_import_hook(CHECKED, "beartype.beartype")

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from trendlib.model.encoder import Encoder

# How long a machine takes is no property of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# The first of these builds the book, while other workers do what can be done without it. Nothing
# long is left for the end, when the other workers have nothing to do.
FIRST = (
    "test_book.py",
    "test_run_faults.py",
    "test_interfaces.py",
    "test_workers.py",
    "test_run.py",
    "test_changed_code.py",
    "test_pages.py",
    "test_kept_work.py",
    "test_wheel.py",
    "test_editions.py",
    "test_doing.py",
    "test_own_sentences.py",
    "test_live.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of tests that take long."""
    rank = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(FIRST)))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from helpers.models import make_tiny_model

    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny-bert")


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> "Encoder":
    from trendlib.model.encoder import load_encoder

    return load_encoder(tiny_folder, "float64")


@pytest.fixture(scope="session")
def minilm() -> "Encoder":
    from trendlib.model.encoder import load_encoder

    return load_encoder("all-MiniLM-L6-v2", "float64")


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache with nothing in it, and no hub."""
    from huggingface_hub import constants

    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return cache


@pytest.fixture(scope="session")
def bert_base() -> "Encoder":
    from trendlib.errors import ModelNotReachableError
    from trendlib.model.encoder import load_encoder

    try:
        return load_encoder("bert-base-uncased", "float64")
    except ModelNotReachableError:
        pytest.skip("not run: weights not reachable (bert-base-uncased)")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    from pdf import BROWSERS, PrintError, find_browser

    try:
        program = find_browser()
    except PrintError:
        pytest.skip(f"not run: no browser on this machine ({', '.join(BROWSERS)})")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """The HTML of the book, built in a folder of its own as `make book` builds it.

    The first worker of a run that asks for it builds it, and the others wait.
    """
    from filelock import FileLock

    from helpers.pages import build_site

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    out = shared / f"site-{testrun_uid}" / "book"
    index = out / "_build" / "html" / "index.html"
    with FileLock(shared / f"site-{testrun_uid}.lock"):
        if not out.exists():
            out.mkdir(parents=True)
            build_site(out, index)
    assert index.is_file(), "the build failed in another worker"
    return index.parent


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The book served under a sub-path, as GitHub Pages does."""
    from http.server import ThreadingHTTPServer

    from helpers.pages import QuietHandler

    handler = functools.partial(QuietHandler, directory=str(site.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{site.name}"
    server.shutdown()
    server.server_close()
