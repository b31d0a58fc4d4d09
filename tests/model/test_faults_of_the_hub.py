"""What may go wrong with bert-base-uncased on the hub, and what comes of it.

The hub is on this machine. It serves a random model, which tests pin in the place of the real one.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants
from transformers import BertTokenizerFast

from helpers.hub import Site, serving, use_hub
from helpers.models import make_tiny_model
from helpers.strict import no_warnings
from trendlib.errors import CorruptedWeightsError, ModelError, ModelNotReachableError
from trendlib.model import hub, weights
from trendlib.model.agreement import tokenizer_sha256
from trendlib.model.encoder import load_encoder
from trendlib.model.weights import (
    BERT_BASE,
    HUB_FILES,
    MINILM,
    WEIGHTS_FILE,
    ModelFallbackWarning,
    find_weights,
)

NAME = BERT_BASE.name
REPOSITORY = BERT_BASE.repositories[0]
PIN = """
import dataclasses, sys
from huggingface_hub import constants
from trendlib.model import weights
constants.DOWNLOAD_CHUNK_SIZE = 10_000
weights.BERT_BASE = dataclasses.replace(weights.BERT_BASE, sha256=sys.argv[1])
found = weights.find_weights(sys.argv[2])
print(found.name, found.sha256)
"""
"""Finds a model, in a process of its own and under a pin of the tests.

The client writes ten million bytes at once, more than this model has.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model that has as many layers and heads as the real one."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "base", layers=12, heads=12)


def pinned(folder: Path) -> weights.HubModel:
    """The pin of the real model, with the checksums of another one."""
    return replace(
        BERT_BASE,
        sha256=weights.sha256_of(folder / WEIGHTS_FILE),
        tokenizer_sha256=tokenizer_sha256(BertTokenizerFast.from_pretrained(folder)),
    )


@pytest.fixture
def site(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    content = Site({BERT_BASE.revision: folder}, {"main": BERT_BASE.revision}, REPOSITORY)
    monkeypatch.setattr(weights, "BERT_BASE", pinned(folder))
    with serving(content) as endpoint:
        use_hub(monkeypatch, endpoint, tmp_path / "hub")
        yield content


def cache() -> Path:
    return Path(constants.HF_HUB_CACHE) / f"models--{REPOSITORY.replace('/', '--')}"


def changed(site: Site, tmp_path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Let the hub serve a changed file."""
    folder = Path(shutil.copytree(site.folders[BERT_BASE.revision], tmp_path / "changed"))
    (folder / name).write_bytes(change((folder / name).read_bytes()))
    site.folders[BERT_BASE.revision] = folder


def is_refused(error: type[ModelError], told: str) -> str:
    """Check that the name does not lead to a model; returns why."""
    with pytest.raises(error, match=told) as caught:
        load_encoder(NAME)
    return str(caught.value)


def falls_back(told: str) -> None:
    """Check that "auto" takes the other model then, and says why."""
    with pytest.warns(ModelFallbackWarning, match=told):
        assert find_weights("auto").name == MINILM.name


@pytest.mark.parametrize("model", [NAME, "auto"])
def test_a_whole_download_gives_the_model(
    site: Site, folder: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with no_warnings():
        encoder = load_encoder(model)
    assert encoder.provenance.model == NAME
    assert encoder.provenance.revision == BERT_BASE.revision
    sentence = "I want an apple."
    found, expected = encoder.encode(sentence), load_encoder(folder).encode(sentence)
    assert found.attentions.shape[:2] == (12, 12)
    np.testing.assert_array_equal(found.hidden_states, expected.hidden_states)
    # What is waited for is said, with its size and an end.
    said = capsys.readouterr().err
    assert f"Downloading {REPOSITORY} (441 MB) from http://127.0.0.1" in said
    assert "up to 30 minutes" in said
    site.asked.clear()
    find_weights(model)
    assert site.asked == []  # it is in the cache
    assert "Downloading" not in capsys.readouterr().err


def test_weights_with_another_checksum(site: Site, folder: Path, tmp_path: Path) -> None:
    """Neither the name nor "auto" takes them; after what the error advises, the right ones come."""
    changed(site, tmp_path, WEIGHTS_FILE, lambda content: content[:-1] + b"x")
    for _ in range(2):  # they are not better when they are in the cache
        told = is_refused(CorruptedWeightsError, f"but {pinned(folder).sha256} was expected")
    with pytest.raises(CorruptedWeightsError):
        find_weights("auto")
    named = re.search(r"download it again \((.*)\)", told)
    assert named
    Path(named[1]).unlink()
    site.folders[BERT_BASE.revision] = folder
    assert find_weights(NAME).sha256 == pinned(folder).sha256


def test_an_altered_tokenizer(site: Site, tmp_path: Path) -> None:
    """Its words would be others, and every figure with them."""

    def exchanged(content: bytes) -> bytes:
        tokenizer = json.loads(content)
        words = tokenizer["model"]["vocab"]
        words["apple"], words["orange"] = words["orange"], words["apple"]
        return json.dumps(tokenizer).encode()

    changed(site, tmp_path, "tokenizer.json", exchanged)
    is_refused(CorruptedWeightsError, "tokenizer")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "refuses access; the token is wrong or missing: set HF_TOKEN"),
        (403, "forbids access"),
        (404, "has no such file; check the environment variable HF_ENDPOINT"),
        (429, "has had too many requests; wait some minutes"),
        (503, "has a problem; try again later"),
        (418, "refuses"),
    ],
)
def test_an_answer_that_refuses(site: Site, status: int, told: str) -> None:
    site.status = status
    message = is_refused(ModelNotReachableError, rf"{told}.*\(HTTP {status}\)")
    assert BERT_BASE.revision in message
    falls_back(f"HTTP {status}")


def test_a_hub_that_is_busy_only_when_files_are_asked_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "DOWNLOAD_SECONDS", 1.0)  # the client asks again and again
    site.busy = 1000
    is_refused(ModelNotReachableError, "HTTP 503|was not done after 1 s")


@pytest.mark.parametrize("limit", ["STALL_SECONDS", "DOWNLOAD_SECONDS"])
def test_a_download_that_stalls(site: Site, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site.stalls_at = {WEIGHTS_FILE: 1000}
    monkeypatch.setattr(hub, limit, 0.5)
    started = time.monotonic()
    falls_back("nothing came for 0.5 s" if limit.startswith("S") else "not done after 0.5 s")
    assert time.monotonic() - started < 5


def test_a_download_that_trickles_ends_all_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.trickles = (WEIGHTS_FILE,)
    monkeypatch.setattr(hub, "DOWNLOAD_SECONDS", 1.0)
    falls_back("the download was not done after 1 s")


def test_a_connection_that_is_cut_is_taken_up_again(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the client: what has come is not asked for again."""
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    size = (folder / WEIGHTS_FILE).stat().st_size
    site.ends_at = {WEIGHTS_FILE: size // 2 + 1}
    assert find_weights(NAME).sha256 == pinned(folder).sha256
    asked, *_ = site.ranges
    assert size // 2 - 10_000 <= int(asked.removeprefix("bytes=").rstrip("-")) <= size // 2 + 1


def test_a_connection_that_is_always_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the client waits a second between tries
    site.ends_at = {WEIGHTS_FILE: 0}
    is_refused(ModelNotReachableError, f"the download of {WEIGHTS_FILE} failed")
    falls_back(f"the download of {WEIGHTS_FILE} failed")


def test_what_a_killed_download_has_left_is_not_taken_for_weights(
    site: Site, folder: Path, tmp_path: Path
) -> None:
    half = (folder / WEIGHTS_FILE).stat().st_size // 2
    site.stalls_at = {WEIGHTS_FILE: half}
    command = [sys.executable, "-c", PIN, pinned(folder).sha256, NAME]
    environment = {
        **os.environ,
        "HF_ENDPOINT": constants.ENDPOINT,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_OFFLINE": "0",
    }
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as first:
        until = time.monotonic() + 60
        while not [
            path
            for path in (tmp_path / "home").rglob("*.incomplete")
            if path.stat().st_size >= half - 10_000
        ]:
            assert time.monotonic() < until
            assert first.poll() is None
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
    site.stalls_at = {}
    second = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert second.stdout == f"{NAME} {pinned(folder).sha256}\n", second.stderr
    # The client gives each process a file of its own for what has come: it begins anew.
    assert site.ranges == []


@pytest.mark.usefixtures("site")
def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere; a file where the folder should be stops everybody."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file"))
    message = is_refused(ModelNotReachableError, "the cache cannot be written to")
    assert "HF_HOME" in message
    falls_back("the cache cannot be written to")


def test_a_read_only_cache_that_has_the_model_is_enough(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_weights(NAME)
    for path in [cache(), *cache().rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)
    site.status = 503
    with no_warnings():
        assert find_weights("auto") == found


def test_another_revision_in_the_cache_is_not_taken(site: Site, folder: Path) -> None:
    other = cache() / "snapshots" / ("f" * 40)
    shutil.copytree(folder, other)
    (cache() / "refs").mkdir()
    (cache() / "refs" / "main").write_text("f" * 40)
    site.status = 503
    is_refused(ModelNotReachableError, f"at revision {BERT_BASE.revision} is not in the cache")
    site.status = 0
    assert find_weights(NAME).folder.name == BERT_BASE.revision


@pytest.mark.parametrize("missing", HUB_FILES)
def test_a_file_that_the_hub_does_not_have(site: Site, tmp_path: Path, missing: str) -> None:
    folder = Path(shutil.copytree(site.folders[BERT_BASE.revision], tmp_path / "partial"))
    (folder / missing).unlink()
    site.folders[BERT_BASE.revision] = folder
    is_refused(ModelNotReachableError, "404" if missing == "config.json" else re.escape(missing))
