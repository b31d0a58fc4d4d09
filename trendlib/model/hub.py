"""The Hugging Face hub: which commit a name leads to, and the files of a model at that commit.

Nothing of a model is downloaded but weights in safetensors, settings and vocabularies. Files that
the client keeps in its cache are taken from there without a question to the hub, if the commit is
known.
"""

import errno
import logging
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    HFValidationError,
    LocalEntryNotFoundError,
)
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from trendlib.errors import (
    CorruptedWeightsError,
    MissingWeightsError,
    ModelNotReachableError,
    UnknownModelError,
)
from trendlib.model.tensors import INDEX_FILE, WEIGHTS_FILE, read_index

HUB_WAIT_SECONDS = 3.0
"""How long to wait for an answer of the hub before it counts as unreachable."""
STALL_SECONDS = 120.0
"""How long a download may bring nothing before it is given up. The client writes 10 MB at a time,
and asks again by itself, five times, where nothing has come for 10 s."""
DOWNLOAD_SECONDS = 1800.0
"""How long a download may take in all."""

CONFIG = "config.json"
TOKENIZER_FILE = "tokenizer.json"
SETTINGS_FILES = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
VOCABULARIES = (
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spm.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)
"""The vocabularies that tokenizers without a ``tokenizer.json`` are made from."""
PICKLE = "pytorch_model.bin"

MAIN = "main"
COMMIT = re.compile(r"[0-9a-f]{40}")
PART_OF_COMMIT = re.compile(r"[0-9a-f]{7,39}", re.IGNORECASE)
UNWRITABLE = {
    getattr(errno, name)
    for name in ("EACCES", "EPERM", "EROFS", "ENOTDIR", "ENOSPC", "EDQUOT")
    if hasattr(errno, name)
}
"""The errors of a cache that cannot be written: forbidden, read-only, no folder, or full."""
REDIRECTS = 5
"""How often an answer may lead on to another address."""
_ID = re.compile(r"(?P<name>\w[\w.-]*(?:/\w[\w.-]*)?)(?:@(?P<revision>\w[\w./-]*))?", re.ASCII)


@dataclass(frozen=True)
class Repository:
    """A model's repository on the hub, at a branch, a tag or a commit.

    Attributes:
        name: "organization/model", or the name alone of the models that the hub knows by it.
        revision: The branch, tag or commit.
    """

    name: str
    revision: str = MAIN

    def __str__(self) -> str:
        """Return it as options take it."""
        return f"{self.name}@{self.revision}"


def parse(text: str) -> Repository | None:
    """Read "organization/model" or "organization/model@revision"; None if it is neither.

    >>> parse("google-bert/bert-base-cased@main")
    Repository(name='google-bert/bert-base-cased', revision='main')
    >>> parse("../models/mine") is None
    True
    """
    found = _ID.fullmatch(text)
    if found is None or not _is_id(found["name"]):
        return None
    return Repository(found["name"], found["revision"] or MAIN)


def _is_id(name: str) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


@cache
def resolve(repository: Repository, endpoint: str) -> tuple[str, str | None]:
    """Find the commit that a repository is at; one process asks only once.

    Args:
        repository: The repository.
        endpoint: The hub's address.

    Returns:
        The commit, and why it was taken from the cache; None if the hub told it.

    Raises:
        ModelNotReachableError: If the hub cannot be reached and the cache does not know either,
            or if the hub refuses access.
        UnknownModelError: If the hub has no such repository or revision.
        MissingWeightsError: If the repository holds no model.
    """
    if COMMIT.fullmatch(repository.revision):
        return repository.revision, None
    url = huggingface_hub.hf_hub_url(
        repository.name, CONFIG, revision=repository.revision, endpoint=endpoint
    )
    answer = ask(url)
    kept = _cache_of(repository.name) / "refs" / repository.revision
    if isinstance(answer, Answer) and answer.status < 400 and answer.commit:
        with suppress(OSError):  # a cache that cannot be written to may hold the files
            kept.parent.mkdir(parents=True, exist_ok=True)  # where the client keeps it too
            kept.write_text(answer.commit, encoding="utf-8")
        return answer.commit, None
    if isinstance(answer, Answer):
        _raise_for(answer, repository)
    reason = answer if isinstance(answer, str) else refusal(answer.status) or "it names no commit"
    if kept.is_file():
        return kept.read_text(encoding="utf-8").strip(), reason
    raise _not_reachable(repository, reason)


def find(repository: Repository, commit: str) -> Path:
    """Find a model's files at a commit: in the cache, or downloaded.

    Raises:
        ModelNotReachableError: If they are not in the cache and the hub cannot be reached.
        UnknownModelError: If the hub has no such repository or commit.
        MissingWeightsError: If the repository has no weights in safetensors.
        CorruptedWeightsError: If the index of the weights cannot be read.
    """
    at_commit = Repository(repository.name, commit)
    folder = _cached(at_commit)
    if folder is not None and _knows_settings(at_commit):
        return folder
    answer = ask(huggingface_hub.hf_hub_url(repository.name, CONFIG, revision=commit))
    reason = answer if isinstance(answer, str) else refusal(answer.status)
    if reason is None:
        reason = within_limits(lambda: _download(at_commit), repository.name)
        folder = _cached(at_commit)
        if reason is None and folder is None:
            raise _without_weights(at_commit)
    # Other programs fill the cache without a word on files that a repository does not have.
    if folder is not None and (reason is None or _lookup(at_commit, TOKENIZER_FILE)):
        return folder
    if isinstance(answer, Answer):
        _raise_for(answer, at_commit)
    raise _not_reachable(at_commit, reason or "")


def _cached(repository: Repository) -> Path | None:
    """Return the folder of the cache, if it has settings and weights."""
    config = _lookup(repository, CONFIG)
    weights = _lookup(repository, WEIGHTS_FILE) or _lookup(repository, INDEX_FILE)
    if config is None or weights is None:
        return None
    shards = read_index(weights).values() if weights.name == INDEX_FILE else ()
    return config.parent if all(_lookup(repository, shard) for shard in shards) else None


def _knows_settings(repository: Repository) -> bool:
    """Whether the cache knows of each file for a tokenizer, and be it that there is none."""
    has_tokenizer = _lookup(repository, TOKENIZER_FILE) is not None
    names = SETTINGS_FILES if has_tokenizer else (TOKENIZER_FILE, *SETTINGS_FILES, *VOCABULARIES)
    return all(_is_known(repository, name) for name in names)


def _lookup(repository: Repository, name: str) -> Path | None:
    found = huggingface_hub.try_to_load_from_cache(
        repository.name, name, cache_dir=constants.HF_HUB_CACHE, revision=repository.revision
    )
    return Path(found) if isinstance(found, str) else None


def _is_known(repository: Repository, name: str) -> bool:
    """Whether the cache says that the repository has a file, or that it has none."""
    found = huggingface_hub.try_to_load_from_cache(
        repository.name, name, cache_dir=constants.HF_HUB_CACHE, revision=repository.revision
    )
    return found is not None


def _download(repository: Repository) -> None:
    """Download what the repository has of a model's files."""
    fetch(repository.name, [CONFIG], repository.revision)
    has_tokenizer = _fetch_optional(repository, TOKENIZER_FILE)
    for name in SETTINGS_FILES if has_tokenizer else (*SETTINGS_FILES, *VOCABULARIES):
        _fetch_optional(repository, name)
    if not _fetch_optional(repository, WEIGHTS_FILE) and _fetch_optional(repository, INDEX_FILE):
        index = _lookup(repository, INDEX_FILE)
        assert index is not None
        fetch(repository.name, sorted(set(read_index(index).values())), repository.revision)


def _fetch_optional(repository: Repository, name: str) -> bool:
    try:
        fetch(repository.name, [name], repository.revision)
    except LocalEntryNotFoundError:  # the hub did not answer; it is a kind of the other error
        raise
    except EntryNotFoundError:
        return False
    return True


def fetch(
    repository: str, names: Sequence[str], revision: str, *, local_files_only: bool = False
) -> Path:
    """Take files from the cache, or download them; return the folder that they are in."""
    for name in names:
        try:
            path = huggingface_hub.hf_hub_download(
                repository, name, revision=revision, local_files_only=local_files_only
            )
        except Exception as error:  # the client's errors share no base class
            error.add_note(name)
            raise
    return Path(path).parent


def within_limits(
    download: Callable[[], object], repository: str, megabytes: int | None = None
) -> str | None:
    """Download with an end; return None if the files are there then, and why not otherwise.

    The client shows a bar for each file, in a terminal and in a notebook. That there is a download,
    and how long it may take, is written to the standard error wherever this runs.

    Args:
        download: Downloads.
        repository: The repository, by its name.
        megabytes: How much that will be, if it is known.

    Raises:
        ModelError: If the download does.
    """
    size = f" ({megabytes} MB)" if megabytes else ""
    print(
        f"Downloading {repository}{size} from {constants.ENDPOINT}, which may take up to "
        f"{DOWNLOAD_SECONDS / 60:g} minutes.",
        file=sys.stderr,
        flush=True,
    )
    failed: list[Exception] = []

    def attempt() -> None:
        try:
            download()
        except Exception as error:  # the client's errors share no base class
            failed.append(error)

    # The client waits and tries again without an end; hence the thread.
    thread = threading.Thread(target=attempt, daemon=True)
    with _complaints() as told:
        thread.start()
        given_up = _wait(thread, repository)
    if given_up:
        return f"the download {given_up}" + f" ({'; '.join(told[-2:])})" * bool(told)
    if not failed:
        _remove_parts(repository)
        return None
    (error,) = failed
    if isinstance(error, CorruptedWeightsError):
        raise error
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        return f"that cannot be written, so let HF_HOME name a folder with room ({cause(error)})"
    of_file = "".join(f" of {name}" for name in getattr(error, "__notes__", []))
    return f"the download{of_file} failed ({cause(error)})"


def _wait(thread: threading.Thread, repository: str) -> str | None:
    """Wait for a download; returns why it is waited for no longer, if it has not ended."""
    started = changed = time.monotonic()
    there = 0
    while thread.is_alive():
        thread.join(min(STALL_SECONDS, 1.0))
        now, before, there = time.monotonic(), there, _size_of_cache(repository)
        changed = now if there != before else changed
        if thread.is_alive() and now - changed > STALL_SECONDS:
            return f"stalled: nothing came for {STALL_SECONDS:g} s"
        if thread.is_alive() and now - started > DOWNLOAD_SECONDS:
            return f"was not done after {DOWNLOAD_SECONDS:g} s"
    return None


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what the client logs while it waits and tries again, such as an answer of the hub."""
    told: list[str] = []
    handler = logging.Handler(logging.WARNING)

    def emit(record: logging.LogRecord) -> None:
        told.append(record.getMessage().splitlines()[0])

    handler.emit = emit  # type: ignore[method-assign]
    logger = logging.getLogger(huggingface_hub.__name__)
    logger.addHandler(handler)
    try:
        yield told
    finally:
        logger.removeHandler(handler)


def _remove_parts(repository: str) -> None:
    """Remove what killed downloads left of files that are whole by now.

    The client does not go on with it: it begins again, beside it.
    """
    blobs = _cache_of(repository) / "blobs"
    for part in blobs.glob("*.incomplete"):
        if (blobs / part.name.partition(".")[0]).is_file():
            part.unlink(missing_ok=True)


@dataclass(frozen=True)
class Answer:
    """What the hub answers when it is asked for a file.

    Attributes:
        status: The status of HTTP.
        commit: The commit that the file is of, if it says so.
        code: The hub's own word for an error, if it says so.
    """

    status: int
    commit: str | None
    code: str | None


def ask(url: str) -> Answer | str:
    """Ask the hub for one small file; return its answer, or why there is none."""
    if constants.HF_HUB_OFFLINE:
        return "the hub is switched off (HF_HUB_OFFLINE)"
    answers: list[Answer | str] = []

    def attempt() -> None:
        try:
            response = _head(url)
            commit, code = (
                response.headers.get(name) for name in ("X-Repo-Commit", "X-Error-Code")
            )
            answers.append(Answer(response.status_code, commit, code))
        except Exception as error:  # whatever went wrong, the hub does not answer
            answers.append(
                f"the hub ({constants.ENDPOINT}) cannot be reached{_through(url)} ({cause(error)})"
            )

    # The look-up of a host name has no time-out of its own; hence the thread.
    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(HUB_WAIT_SECONDS)
    if not answers:
        return (
            f"the hub ({constants.ENDPOINT}) did not answer{_through(url)} within "
            f"{HUB_WAIT_SECONDS:g} s"
        )
    return answers[0]


def _through(url: str) -> str:
    """Say that there is a proxy between, but not which one: it may hold a password."""
    address, proxies = urlsplit(url), getproxies()
    named = next((kind for kind in (address.scheme, "all") if kind in proxies), None)
    if named is None or proxy_bypass(address.hostname or ""):
        return ""
    return f" through the proxy that {named.upper()}_PROXY names"


def _head(url: str) -> Any:
    """Ask for the head of a file; the old name of a model leads on to its new one.

    Old versions of the client do not follow. None is followed to another host, which would be told
    the token, or away from an answer that names the commit.
    """
    headers = huggingface_hub.utils.build_hf_headers()  # type: ignore[attr-defined]
    for _ in range(REDIRECTS):
        response = huggingface_hub.get_session().head(
            url, headers=headers, timeout=HUB_WAIT_SECONDS
        )
        leads_on = 300 <= response.status_code < 400 and "X-Repo-Commit" not in response.headers
        target = urljoin(url, response.headers.get("Location", ""))
        if not leads_on or urlsplit(target).netloc != urlsplit(url).netloc:
            break
        url = target
    return response


def refusal(status: int) -> str | None:
    """Say what an answer of the hub means and what to do; None if it is no refusal."""
    if status < 400:
        return None
    advice = {
        401: "refuses access; the token is wrong or missing: set HF_TOKEN, or unset a wrong one",
        403: "forbids access; set HF_TOKEN to a token that may read the model",
        404: "has no such file; check the environment variable HF_ENDPOINT",
        429: "has had too many requests; wait some minutes, or set HF_TOKEN",
    }
    otherwise = "has a problem; try again later" if status >= 500 else "refuses"
    return f"the hub ({constants.ENDPOINT}) {advice.get(status, otherwise)} (HTTP {status})"


def cause(error: Exception) -> str:
    """Return an error's class and first line, and what the hub answered if it did."""
    if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # the client's own words are as good for any cause
    status = getattr(getattr(error, "response", None), "status_code", None)
    refused = refusal(status) if isinstance(status, int) else None
    lines = str(error).strip().splitlines()
    return refused or ": ".join([type(error).__name__, *lines[:1]])


def _raise_for(answer: Answer, repository: Repository) -> None:
    """Raise the error that the hub's own word for it asks for."""
    place = f"the hub ({constants.ENDPOINT})"
    told = f"(HTTP {answer.status})"
    if answer.code == "GatedRepo":
        raise ModelNotReachableError(
            f"{repository.name} is gated, and {place} refuses access {told}: accept its conditions "
            f"at {constants.ENDPOINT}/{repository.name}, and set HF_TOKEN to a token of the "
            "account that accepted them"
        )
    if answer.code == "RevisionNotFound":
        in_full = " in full (40 characters)" * bool(PART_OF_COMMIT.fullmatch(repository.revision))
        raise UnknownModelError(
            f"{place} has {repository.name}, but no revision {repository.revision!r} of it {told}: "
            f"give a branch, a tag or a commit that it has{in_full}, or leave the revision out"
        )
    if answer.code == "EntryNotFound":
        raise MissingWeightsError(
            f"{repository.name} on {place} has no {CONFIG} {told}: give a repository that holds a "
            "model of transformers"
        )
    if answer.code == "RepoNotFound" or (answer.status == 404 and answer.code is None):
        raise UnknownModelError(
            f"{place} has no model {repository.name!r}, or it is private {told}, and there is no "
            "folder of this name: check the name, or set HF_TOKEN to a token that may read it"
        )


def _not_reachable(repository: Repository, reason: str) -> ModelNotReachableError:
    return ModelNotReachableError(
        f"{repository} is not in the cache ({constants.HF_HUB_CACHE}), and {reason}: check the "
        "name, connect once to let it be downloaded, copy a cache that holds it (environment "
        "variable HF_HOME), or give the folder that holds its files"
    )


def _without_weights(repository: Repository) -> MissingWeightsError:
    url = huggingface_hub.hf_hub_url(repository.name, PICKLE, revision=repository.revision)
    answer = ask(url)
    pickled = isinstance(answer, Answer) and answer.status < 400
    found = f", only {PICKLE}, which can run whatever code it holds and is never read" * pickled
    advice = (
        'convert it on a machine where you trust it, with `python -c "from transformers import '
        "AutoModel, AutoTokenizer; "
        f"m = {repository.name!r}; r = {repository.revision!r}; "
        "[c.from_pretrained(m, revision=r).save_pretrained('FOLDER') "
        'for c in (AutoModel, AutoTokenizer)]"`, and give that folder'
        if pickled
        else "give a repository that has them"
    )
    return MissingWeightsError(
        f"{repository} has no weights in safetensors ({WEIGHTS_FILE} or {INDEX_FILE}){found}: "
        f"{advice}"
    )


def _cache_of(repository: str) -> Path:
    return Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"


def _size_of_cache(repository: str) -> int:
    """Count the bytes that the hub's cache holds of a repository."""
    total = 0
    for file in (_cache_of(repository) / "blobs").glob("*"):
        try:
            total += file.stat().st_size
        except FileNotFoundError:  # it was renamed meanwhile
            total += 1
    return total
