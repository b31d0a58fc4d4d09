"""Fixtures, and the shapes of arrays checked at every call.

``encoder`` and ``weights`` are left out of that check: tests give them what they must refuse.
"""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jaxtyping import install_import_hook

CHECKED = [
    f"trendlib.{name}"
    for name in (
        "attention",
        "embedding",
        "encoding",
        "explorer",
        "plots",
        "published",
        "report",
        "reproduce",
        "similarity",
        "trend",
        "words",
    )
]
install_import_hook(CHECKED, "beartype.beartype")

import hypothesis  # noqa: E402
import torch  # noqa: E402
from filelock import FileLock  # noqa: E402
from huggingface_hub import constants  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.text import Text  # noqa: E402
from pdf import BROWSERS, PrintError, find_browser  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from transformers import BertConfig, BertForPreTraining, BertTokenizerFast  # noqa: E402

from trendlib.encoder import Encoder, load_encoder  # noqa: E402
from trendlib.errors import ModelNotReachableError  # noqa: E402
from trendlib.weights import BERT_BASE, HUB_FILES, MINILM  # noqa: E402

# How long a machine takes is no property of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parent.parent
BUILDER, LONGEST = "test_book.py", "test_pages.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker build the book while the others do what can be done without it."""
    with_site = {item.path for item in items if "site" in getattr(item, "fixturenames", ())}

    def rank(item: pytest.Item) -> int:
        if item.path.name == BUILDER:
            return 0
        return (2 if item.path.name == LONGEST else 3) if item.path in with_site else 1

    items.sort(key=rank)


VOCABULARY = """
[PAD] [UNK] [CLS] [SEP] [MASK] . , ! ? ' [ ] $ < > - i want an a apple orange adventure had very
good she sent card my the to her mother don t em ##bed ##ding ##s hello sep mask cafe u s b 5 6 x
""".split()  # noqa: SIM905


def make_tiny_model(folder: Path, *, layers: int = 5, heads: int = 3, seed: int = 0) -> Path:
    """Save a random BERT, laid out as the hub's checkpoint of bert-base-uncased is.

    Its tensors have the prefix "bert." and a pre-training head beside them, so that loading it
    goes the way that loading the real one goes.
    """
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=heads * 8,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=32,
        max_position_embeddings=40,
        initializer_range=0.8,  # far from uniform attention
    )
    BertForPreTraining(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    settings = {"do_lower_case": True, "model_max_length": 40, "tokenizer_class": "BertTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    BertTokenizerFast.from_pretrained(folder).save_pretrained(folder)
    return folder


def without_shape_checks(module: ModuleType) -> ModuleType:
    """Load a module once more, as users have it: arrays of wrong shapes reach its own checks."""
    assert module.__file__ is not None
    spec = spec_from_file_location(f"unchecked_{module.__name__}", module.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    sys.modules[spec.name] = copy  # dataclasses look their module up
    spec.loader.exec_module(copy)
    return copy


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny-bert")


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Encoder:
    return load_encoder(tiny_folder, "float64")


@pytest.fixture(scope="session")
def minilm() -> Encoder:
    return load_encoder(MINILM.name, "float64")


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache with nothing in it, and no hub."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return cache


def fill_cache(cache: Path, folder: Path, repository: str) -> Path:
    """Lay files out as the hub's client does in its cache."""
    snapshot = cache / f"models--{repository.replace('/', '--')}" / "snapshots" / BERT_BASE.revision
    snapshot.mkdir(parents=True)
    for name in HUB_FILES:
        shutil.copy(folder / name, snapshot / name)
    return snapshot


@pytest.fixture(scope="session")
def bert_base() -> Encoder:
    try:
        return load_encoder(BERT_BASE.name, "float64")
    except ModelNotReachableError:
        pytest.skip(f"not run: weights not reachable ({BERT_BASE.name})")


def drawn_texts(figure: Figure) -> set[str]:
    """List every text that stands in a figure."""
    return {text.get_text() for text in figure.findobj(Text)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        program = find_browser()
    except PrintError:
        pytest.skip(f"not run: no browser on this machine ({', '.join(BROWSERS)})")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program)
        yield launched
        launched.close()


def open_page(browser: Browser, url: str, **context: Any) -> tuple[Page, list[str], list[str]]:
    """Open a page; list what it requested, and what failed or was reported as an error."""
    page = browser.new_page(**context)
    requested: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("console", lambda said: failed.append(said.text) if said.type == "error" else None)
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.goto(url, wait_until="networkidle")
    return page, requested, failed


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """The HTML of the book, built in a folder of its own as `make book` builds it.

    The first worker of a run that asks for it builds it, and the others wait.
    """
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


def build_site(out: Path, index: Path) -> None:
    command = [sys.executable, ROOT / "book" / "build.py", "--model", "all-MiniLM-L6-v2"]
    result = subprocess.run([*command, "--out", out], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.strip().splitlines()[-1] == f"The book is ready: {index}"


def html_pages(folder: Path, *apart: str) -> list[str]:
    """List the pages of the book in a folder: not the index, which leads on, nor what is apart."""
    pages = [path.relative_to(folder) for path in folder.rglob("*.html")]
    others = ("_static", "_sources", "index.html", *apart)
    return sorted(page.as_posix() for page in pages if page.parts[0] not in others)


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The book served under a sub-path, as GitHub Pages does."""
    handler = functools.partial(QuietHandler, directory=str(site.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{site.name}"
    server.shutdown()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
