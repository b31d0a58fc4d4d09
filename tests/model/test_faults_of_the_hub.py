"""What may go wrong with bert-base-uncased on the hub, and what comes of it.

The hub is on this machine. It serves a random model, which tests pin in the place of the real one.
"""

import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants
from packaging.version import Version
from transformers import BertTokenizerFast

import fetch
from helpers.hub import Site, serving, use_hub
from helpers.models import make_tiny_model
from helpers.paths import ROOT
from helpers.runs import TRENDLIB, seen_on_a_terminal
from helpers.strict import no_warnings
from trendlib.cli import main
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
NOWHERE = "http://hub.invalid"
OLD_CLIENT = Version(huggingface_hub.__version__) < Version("1")
PIECE = 2**18
"""How much of a file the client writes at a time here, which is 10 MB otherwise."""
FIND = f"""
import dataclasses, sys
from huggingface_hub import constants
from trendlib.model import weights
constants.DOWNLOAD_CHUNK_SIZE = {PIECE}
weights.BERT_BASE = dataclasses.replace(weights.BERT_BASE, sha256=sys.argv[1])
found = weights.find_weights(weights.BERT_BASE.name)
print(found.name, found.sha256)
"""
"""Finds the model, in a process of its own and under a pin of the tests."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model that has as many layers and heads as the real one."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "base", layers=12, heads=12)


@pytest.fixture(scope="module")
def pinned(folder: Path) -> weights.HubModel:
    """The pin of the real model, with the checksums of the random one."""
    return replace(
        BERT_BASE,
        sha256=weights.sha256_of(folder / WEIGHTS_FILE),
        tokenizer_sha256=tokenizer_sha256(BertTokenizerFast.from_pretrained(folder)),
    )


@pytest.fixture
def site(
    folder: Path, pinned: weights.HubModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    content = Site({BERT_BASE.revision: folder}, {"main": BERT_BASE.revision}, REPOSITORY)
    monkeypatch.setattr(weights, "BERT_BASE", pinned)
    with serving(content) as endpoint:
        use_hub(monkeypatch, endpoint, tmp_path / "hub")
        yield content


@pytest.fixture
def alone(site: Site, tmp_path: Path) -> dict[str, str]:
    """The environment of a process of its own, with the hub and an empty cache."""
    return {
        **os.environ,
        "HF_ENDPOINT": constants.ENDPOINT,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_OFFLINE": "0",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


def cache() -> Path:
    return Path(constants.HF_HUB_CACHE) / f"models--{REPOSITORY.replace('/', '--')}"


def change(site: Site, tmp_path: Path, name: str, how: Callable[[bytes], bytes]) -> None:
    """Let the hub serve a changed file."""
    folder = Path(shutil.copytree(site.folders[BERT_BASE.revision], tmp_path / "changed"))
    (folder / name).write_bytes(how((folder / name).read_bytes()))
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


# a download that ends well


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
    assert f"Downloading {REPOSITORY} (441 MB) from {constants.ENDPOINT}, " in said
    assert "up to 30 minutes" in said
    assert {path.name for path in (cache() / "snapshots" / BERT_BASE.revision).iterdir()} == set(
        HUB_FILES
    )
    site.asked.clear()
    find_weights(model)
    assert site.asked == []  # it is in the cache
    assert "Downloading" not in capsys.readouterr().err


def test_a_terminal_shows_a_bar(alone: dict[str, str], tmp_path: Path) -> None:
    """`make book` does what this does; another model than the pinned one ends it."""
    build = [sys.executable, str(ROOT / "book" / "tools" / "build.py"), "--model", NAME]
    shown = seen_on_a_terminal([*build, "--out", str(tmp_path)], env=alone, status=2)
    assert f"Downloading {REPOSITORY} (441 MB) from {alone['HF_ENDPOINT']}, " in shown
    assert re.search(rf"{WEIGHTS_FILE}: 100%.*2\.24M", shown)
    assert f"build: {WEIGHTS_FILE} has sha256 " in shown


def test_a_log_has_no_bar(alone: dict[str, str], tmp_path: Path) -> None:
    ran = subprocess.run(
        [TRENDLIB, "evaluate", "--model", NAME, "--task", "contexts", "--out", tmp_path],
        env=alone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"Downloading {REPOSITORY} (441 MB) from {alone['HF_ENDPOINT']}, ")
    assert "%|" not in ran.stderr
    assert f"but {BERT_BASE.sha256} was expected" in ran.stderr


def test_a_proxy_is_asked(site: Site, pinned: weights.HubModel, alone: dict[str, str]) -> None:
    proxy = {"HF_ENDPOINT": NOWHERE, "HTTP_PROXY": alone["HF_ENDPOINT"], "NO_PROXY": ""}
    found = run_find(pinned, alone | proxy)
    assert found.stdout == f"{NAME} {pinned.sha256}\n", found.stderr
    assert all(path.startswith(f"{NOWHERE}/") for path in site.asked)


def run_find(
    pinned: weights.HubModel, environment: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", FIND, pinned.sha256],
        env={"http_proxy": environment.get("HTTP_PROXY", ""), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_make_weights_says_what_it_has_checked(
    site: Site, pinned: weights.HubModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its status says whether to try again: 3 if so, 2 if that would not help."""
    site.status = 503
    assert fetch.fetch(NAME) == 3
    site.status = 0
    assert fetch.fetch(NAME) == 0
    expected = f"{NAME}, {BERT_BASE.revision}: its weights have sha256 {pinned.sha256}\n"
    assert capsys.readouterr().out == expected
    path = (find_weights(NAME).folder / "tokenizer.json").resolve()
    path.write_bytes(exchanged(path.read_bytes()))
    assert fetch.fetch(NAME) == 2


# files that are not those of the model


def test_weights_with_another_checksum(
    site: Site, folder: Path, pinned: weights.HubModel, tmp_path: Path
) -> None:
    """Neither the name nor "auto" takes them; after what the error advises, the right ones come."""
    change(site, tmp_path, WEIGHTS_FILE, lambda content: content[:-1] + b"x")
    for _ in range(2):  # they are not better when they are in the cache
        told = is_refused(CorruptedWeightsError, f"but {pinned.sha256} was expected")
    with pytest.raises(CorruptedWeightsError):
        find_weights("auto")
    delete_what_is_named(told)
    site.folders[BERT_BASE.revision] = folder
    assert find_weights(NAME).sha256 == pinned.sha256


def delete_what_is_named(told: str) -> None:
    """Follow an error's advice to delete files."""
    named = re.search(r"again \((.*)\)", told)
    assert named
    for path in named[1].split(", "):
        Path(path).unlink()


def exchanged(content: bytes) -> bytes:
    tokenizer = json.loads(content)
    words = tokenizer["model"]["vocab"]
    words["apple"], words["orange"] = words["orange"], words["apple"]
    return json.dumps(tokenizer).encode()


def with_setting(name: str, value: object) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps(json.loads(content) | {name: value}).encode()


ALTERED = [
    ("tokenizer.json", exchanged, "the tokenizer beside it has sha256"),
    ("tokenizer_config.json", with_setting("do_lower_case", False), "declares another normalizer"),
    ("config.json", with_setting("hidden_act", "relu"), "declares hidden_act='relu', but"),
    ("config.json", with_setting("num_attention_heads", 6), "declares num_attention_heads=6, but"),
    ("config.json", with_setting("num_hidden_layers", 11), "declares num_hidden_layers=11, but"),
    ("config.json", with_setting("layer_norm_eps", 1e-5), "declares layer_norm_eps=1e-05, but"),
]
"""What would change every figure, though the weights are the right ones."""


@pytest.mark.parametrize(("name", "how", "told"), ALTERED)
def test_an_altered_file_on_the_hub(
    site: Site, folder: Path, tmp_path: Path, name: str, how: Callable[[bytes], bytes], told: str
) -> None:
    change(site, tmp_path, name, how)
    message = is_refused(ModelError, told)
    site.folders[BERT_BASE.revision] = folder
    if "again (" in message:
        delete_what_is_named(message)
        assert load_encoder(NAME).provenance.model == NAME


@pytest.mark.parametrize(("name", "how", "told"), ALTERED[:3])
def test_an_altered_file_in_the_cache(
    site: Site, name: str, how: Callable[[bytes], bytes], told: str
) -> None:
    path = (find_weights(NAME).folder / name).resolve()
    path.write_bytes(how(path.read_bytes()))
    is_refused(ModelError, told)


def test_files_of_other_programs_in_the_cache_change_nothing(site: Site) -> None:
    found = find_weights(NAME)
    for name in (".DS_Store", "._model.safetensors", ".gitattributes", "pytorch_model.bin"):
        (found.folder / name).write_text("of another program", encoding="utf-8")
    assert find_weights(NAME) == found
    assert load_encoder(NAME).provenance.model_sha256 == found.model_sha256


def test_another_revision_in_the_cache_is_not_taken(site: Site, folder: Path) -> None:
    other = cache() / "snapshots" / ("f" * 40)
    shutil.copytree(folder, other)
    (cache() / "refs").mkdir()
    (cache() / "refs" / "main").write_text("f" * 40)
    site.status = 503
    is_refused(ModelNotReachableError, f"at revision {BERT_BASE.revision} is not in the cache")
    falls_back("is not in the cache")
    site.status = 0
    assert find_weights(NAME).folder.name == BERT_BASE.revision


@pytest.mark.parametrize("missing", HUB_FILES)
def test_a_file_that_the_hub_does_not_have(site: Site, tmp_path: Path, missing: str) -> None:
    folder = Path(shutil.copytree(site.folders[BERT_BASE.revision], tmp_path / "partial"))
    (folder / missing).unlink()
    site.folders[BERT_BASE.revision] = folder
    failed = f"download of {missing} failed .*HTTP 404"
    is_refused(ModelNotReachableError, "HTTP 404" if missing == "config.json" else failed)


# a hub that refuses, or is busy


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "refuses access; the token is wrong or missing: set HF_TOKEN"),
        (403, "forbids access"),
        (404, "has no such file; check the environment variable HF_ENDPOINT"),
        (418, "refuses"),
        (429, "has had too many requests; wait some minutes"),
        (503, "has a problem; try again later"),
    ],
)
def test_an_answer_that_refuses(site: Site, status: int, told: str) -> None:
    site.status = status
    message = is_refused(ModelNotReachableError, rf"{told}.*\(HTTP {status}\)")
    assert BERT_BASE.revision in message
    assert constants.ENDPOINT in message
    falls_back(f"HTTP {status}")
    # Each decides by one question; the client may have one of its own, about something else.
    assert len([path for path in site.asked if "/resolve/" in path]) == 2


def test_a_command_says_that_it_did_not_run(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.status = 503
    command = ["evaluate", "--model", NAME, "--task", "contexts", "--out", str(tmp_path)]
    assert main(command) == 3
    assert "has a problem; try again later (HTTP 503)" in capsys.readouterr().err


def test_a_hub_that_fails_only_when_files_are_asked_for(site: Site) -> None:
    site.busy = 1000
    is_refused(ModelNotReachableError, r"download of config\.json failed .*HTTP 503")
    falls_back("HTTP 503")


def test_a_hub_that_wants_to_be_asked_later(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client would wait as long as it is told to, several times."""
    monkeypatch.setattr(hub, "STALL_SECONDS", 0.5)
    site.busy, site.busy_with, site.retry_after = 1000, 429, 3600
    falls_back(r"(nothing came for 0\.5 s|download of config\.json failed) .*429")


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(
    site: Site, pinned: weights.HubModel
) -> None:
    if OLD_CLIENT:
        pytest.skip("not run: the client of this version does not ask again")
    site.busy, site.busy_with, site.retry_after = 1, 429, 0
    assert find_weights(NAME).sha256 == pinned.sha256


# a hub that does not answer


@pytest.mark.parametrize("file", ["config.json", WEIGHTS_FILE])
@pytest.mark.parametrize("limit", ["STALL_SECONDS", "DOWNLOAD_SECONDS"])
def test_a_download_that_stalls(
    site: Site, limit: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub has answered what it has, and sends no more."""
    site.stalls_at = {file: 1000 if file == WEIGHTS_FILE else 0}
    monkeypatch.setattr(hub, limit, 0.3)
    started = time.monotonic()
    falls_back("nothing came for 0.3 s" if limit.startswith("S") else "not done after 0.3 s")
    assert time.monotonic() - started < 5


def test_a_download_that_trickles_ends_all_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.trickles = (WEIGHTS_FILE,)
    monkeypatch.setattr(hub, "DOWNLOAD_SECONDS", 0.3)
    falls_back("the download was not done after 0.3 s")


@pytest.mark.usefixtures("site")
def test_auto_decides_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub.HUB_WAIT_SECONDS <= 3
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        use_hub(monkeypatch, endpoint, Path(constants.HF_HUB_CACHE))
        started = time.monotonic()
        falls_back(r"did not answer within 3 s|cannot be reached \(ReadTimeout")
        assert time.monotonic() - started < 3 + 2


@pytest.mark.usefixtures("site")
def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up has no time-out of its own."""
    ended = threading.Event()

    def slow(*_: object, **__: object) -> Any:
        ended.wait(60)
        raise OSError("no such host")

    use_hub(monkeypatch, NOWHERE, Path(constants.HF_HUB_CACHE))
    monkeypatch.setattr(hub, "HUB_WAIT_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    started = time.monotonic()
    falls_back(rf"the hub \({NOWHERE}\) did not answer within 0\.2 s")
    assert time.monotonic() - started < 2
    ended.set()


@pytest.mark.usefixtures("site")
def test_a_hub_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    use_hub(monkeypatch, endpoint, Path(constants.HF_HUB_CACHE))
    is_refused(ModelNotReachableError, rf"the hub \({endpoint}\) cannot be reached \(Connect")
    falls_back("cannot be reached")


def test_a_proxy_that_does_not_answer(pinned: weights.HubModel, alone: dict[str, str]) -> None:
    proxy = {"HTTP_PROXY": "http://me:secret@127.0.0.1:9", "HF_ENDPOINT": NOWHERE, "NO_PROXY": ""}
    told = run_find(pinned, alone | proxy).stderr
    assert f"the hub ({NOWHERE}) cannot be reached through the proxy that HTTP_PROXY names" in told
    assert "secret" not in told


# a download that is broken off


def test_a_connection_that_is_cut_is_taken_up_again(
    site: Site, pinned: weights.HubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the client itself, or before its version 1 by the next call; it begins where it was."""
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", PIECE)
    cut = 4 * PIECE + 100
    site.ends_at = {WEIGHTS_FILE: cut}
    if OLD_CLIENT:
        is_refused(ModelNotReachableError, f"download of {WEIGHTS_FILE} failed")
        site.ends_at = {}
    assert find_weights(NAME).sha256 == pinned.sha256
    asked, *_ = site.ranges
    assert cut - PIECE < int(asked.removeprefix("bytes=").removesuffix("-")) <= cut


def test_a_connection_that_is_always_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the client waits a second between tries
    site.ends_at = {WEIGHTS_FILE: 0}
    is_refused(ModelNotReachableError, f"the download of {WEIGHTS_FILE} failed")
    falls_back(f"the download of {WEIGHTS_FILE} failed")


def test_a_killed_download_is_made_good(
    site: Site, pinned: weights.HubModel, alone: dict[str, str]
) -> None:
    """The client goes on, or since its version 1 begins again; nothing of the first is left."""
    site.stalls_at = {WEIGHTS_FILE: 4 * PIECE}
    home = Path(alone["HF_HOME"])
    command = [sys.executable, "-c", FIND, pinned.sha256]
    with subprocess.Popen(command, env=alone, stderr=subprocess.DEVNULL) as first:
        until = time.monotonic() + 60
        while not any(it.stat().st_size > 2 * PIECE for it in home.rglob("*.incomplete")):
            assert time.monotonic() < until
            assert first.poll() is None
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
    site.stalls_at = {}
    second = run_find(pinned, alone)
    assert second.stdout == f"{NAME} {pinned.sha256}\n", second.stderr
    assert bool(site.ranges) == OLD_CLIENT
    assert list(home.rglob("*.incomplete")) == []


# a cache that cannot be written


def test_a_file_in_the_place_of_the_cache(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere; this stops everybody."""
    cache().parent.write_text("no folder", encoding="utf-8")
    told = is_refused(ModelNotReachableError, "cannot be written, so let HF_HOME name a folder")
    assert f"is not in the cache ({cache().parent})" in told
    falls_back("cannot be written")


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "makedirs", stopped)
    message = rf"cannot be written, so let HF_HOME .*{os.strerror(number)}"
    is_refused(ModelNotReachableError, message)
    falls_back(message)


def test_a_read_only_cache_that_has_the_model_is_enough(site: Site) -> None:
    found = find_weights(NAME)
    files = sorted(cache().rglob("*"))
    for path in files:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)
    site.asked.clear()
    with no_warnings():
        assert find_weights("auto") == found
    assert site.asked == []
    assert sorted(cache().rglob("*")) == files
