"""Trend embeddings as a module of sentence-transformers.

    SentenceTransformer(modules=[TrendTransformer("all-MiniLM-L6-v2")])

has ``encode``, ``similarity``, evaluators and ``save_pretrained``, and works in ``mteb``.
"""

import hashlib
import re
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from trendlib.embedding import ARTICLE_RECIPE, Recipe, check_recipe
from trendlib.encoding import FULL, TORCH, UNICODE
from trendlib.errors import CutterError, check_choice, needs_extra
from trendlib.files.code_version import code_version
from trendlib.files.embed import COMPUTED_BY
from trendlib.interfaces import EXTRAS
from trendlib.model.corpus import BAD_ROWS, embed_array, shorten
from trendlib.model.cutters import CUTTERS, WordCutter
from trendlib.model.encoder import check_same_model, load_own_encoder, plain
from trendlib.model.engines import check_engine
from trendlib.model.weights import AUTO, find_weights, model_files
from trendlib.words import Cutter

with needs_extra(__name__, EXTRAS["sentence_transformers"]):
    from sentence_transformers.base.modules import InputModule


NAMES_MODELS = hasattr(InputModule, "on_model_ready")
"""Whether this sentence-transformers lets a module name the model that it is part of."""


class NamelessModelWarning(UserWarning):
    """The module cannot set the name under which ``mteb`` keeps scores."""


class TrendTransformer(InputModule):
    """Turns sentences into their trend embeddings; the only module that a model needs.

    The choice of words has no gradient, so this module cannot be trained.

    Args:
        model: "auto", a known name, the folder of an encoder, or a model of the hub as
            ``organization/name`` or ``organization/name@revision``; see ``weights.find_weights``.
        recipe: How a sentence becomes a vector, such as ``RECIPES["angle"]``; the article's way
            if left out.
        bad_rows: What becomes of sentences without an embedding: "raise", "nan" or "zero"; see
            ``corpus.embed_array``.
        cutter: Where words begin and end; see ``encoder.load_encoder``. Only a model whose cutter
            has a name in ``cutters.CUTTERS`` can be saved.
        engine: What runs the network: "torch", "onnx", "openvino" or "auto"; see
            ``Encoder.with_engine``. All but torch need the CPU.
        precision: "full" or "bf16"; see ``Encoder.with_engine``.

    Raises:
        UnknownChoiceError: If there is no such choice.
        CutterError: If the cutter cannot be used.
        ModelError: If the model cannot be found or used.
        MissingExtraError: If the engine is not installed.
    """

    config_file_name = "trend_config.json"
    config_keys: list[str] = [  # noqa: RUF012
        "recipe",
        "bad_rows",
        "model",
        "model_sha256",
        "cutter",
        "engine",
        "precision",
    ]

    def __init__(
        self,
        model: str | Path = AUTO,
        recipe: Recipe = ARTICLE_RECIPE,
        bad_rows: str = "raise",
        cutter: str | Cutter | WordCutter = UNICODE,
        engine: str = TORCH,
        precision: str = FULL,
    ) -> None:
        """Load the model."""
        super().__init__()  # type: ignore[no-untyped-call]
        if not NAMES_MODELS:
            warnings.warn(
                "this sentence-transformers is older than 6, and does not let a module name its "
                "model, so that mteb would mix the scores of different ones up: after "
                "`model = SentenceTransformer(modules=[module])`, call "
                "`module.on_model_ready(model)`",
                NamelessModelWarning,
                stacklevel=2,
            )
        check_choice("choice for bad rows", bad_rows, BAD_ROWS)
        check_recipe(recipe)
        check_engine(engine, precision)
        self.recipe = recipe
        self.bad_rows = bad_rows
        self._weights = find_weights(model)
        loaded = load_own_encoder(self._weights.choice, cutter)
        self._encoder = loaded.with_engine(engine, precision)
        self.network = self._encoder.model  # so that it moves to a device with this module
        self.tokenizer = self._encoder.tokenizer

    def __getstate__(self) -> dict[str, Any]:
        """Leave the network to the encoder, so that a copy does not hold it twice."""
        return {**self.__dict__, "_modules": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the network from the encoder."""
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self.network = self._encoder.model

    def get_config_dict(self) -> dict[str, Any]:
        """Return the choices and the model, for JSON."""
        provenance = self._encoder.provenance
        return {
            "recipe": self.recipe.as_dict(),
            "bad_rows": self.bad_rows,
            "model": provenance.model,
            "model_sha256": provenance.model_sha256,
            "cutter": provenance.cutter,
            "engine": provenance.engine,
            "precision": provenance.precision,
        }

    def on_model_ready(self, model: Any) -> None:
        """Give the whole model a name and a revision: ``mteb`` keeps scores under these two.

        The name says model and recipe; the revision is a checksum of these, of the other modules
        and settings, and of the code and libraries that compute. A name that you set in
        ``model_card_data`` stays. sentence-transformers calls it from version 6 on; with an older
        one, call it yourself.
        """
        provenance = self._encoder.provenance
        shown = [provenance.model, *self.recipe.as_dict().values(), self.bad_rows]
        shown += [provenance.cutter] if provenance.cutter != UNICODE else []
        shown += [provenance.precision] if provenance.precision != FULL else []
        described = [
            provenance.model_sha256,
            repr(self.recipe),
            self.bad_rows,
            repr((provenance.cutter, self._encoder.cutter.versions)),
            repr((provenance.engine, provenance.precision)),
            *(repr(module) for module in model),
            repr((model.prompts, model.default_prompt_name, model.truncate_dim)),
            code_version(*COMPUTED_BY),
        ]
        card = model.model_card_data
        words = re.sub(r"[^\w.]+", "-", " ".join(shown)).strip("-")
        card.model_name = card.model_name or f"trendlib/{words}"
        card.base_model_revision = hashlib.sha256(repr(described).encode()).hexdigest()[:16]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Move to a device, but stay in float32: ``half()`` would make other trends."""

        def in_float32(tensor: Tensor) -> Tensor:
            changed = fn(tensor)
            return changed if changed.dtype == tensor.dtype else tensor.to(changed.device)

        super()._apply(in_float32, recurse)  # type: ignore[no-untyped-call]
        return self

    @property
    def max_seq_length(self) -> int:
        """The largest number of tokens in a sentence; a longer sentence is refused, not cut."""
        return self._encoder.max_tokens

    def get_embedding_dimension(self) -> int:
        """Return the number of coordinates of an embedding."""
        return self._encoder.hidden_size

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **_: Any
    ) -> dict[str, Any]:
        """Pass the sentences on as they are: the encoder needs the text to find its words."""
        sentences = [plain(text) for text in inputs]
        return {"sentences": self._prepend_prompt(sentences, prompt) if prompt else sentences}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Embed the sentences.

        Raises:
            BadRowsError: If sentences have no embedding, with ``bad_rows="raise"``. It names
                sentences and no rows: they come here sorted by their length.
        """
        sentences = features["sentences"]
        rows = embed_array(self._encoder, sentences, self.recipe, self.bad_rows, name_rows=shorten)
        features["sentence_embedding"] = torch.from_numpy(rows).to(self._encoder.device)
        return features

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Copy the model's files as they are: it is known by the checksum of its weights.

        Raises:
            CutterError: If words are cut by a function, which cannot be saved.
        """
        if self._encoder.provenance.cutter not in CUTTERS:
            raise CutterError(
                f"words are cut by {self._encoder.provenance.cutter}, a function, which cannot be "
                f"saved: use one of {', '.join(map(repr, CUTTERS))}, or keep the code that makes "
                "this model"
            )
        for name in model_files(self._weights.folder):
            shutil.copyfile(self._weights.folder / name, Path(output_path) / name)
        self.save_config(output_path)

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        init_defaults: dict[str, Any] | None = None,
        **_: Any,
    ) -> Self:
        """Load what ``save`` wrote, from a folder or from the hub."""
        place: dict[str, Any] = {
            "subfolder": subfolder,
            "token": token,
            "cache_folder": cache_folder,
            "revision": revision,
            "local_files_only": local_files_only,
        }
        config = cls.load_config(model_name_or_path, **place)
        folder = cls.load_dir_path(model_name_or_path, **place)
        chosen = {**(init_defaults or {}), **config}
        if isinstance(chosen.get("recipe"), Mapping):
            chosen["recipe"] = Recipe.named(**chosen["recipe"])
        name, sha256 = chosen.pop("model", ""), chosen.pop("model_sha256", None)
        loaded = cls(folder or model_name_or_path, **chosen)
        if sha256 is not None:
            check_same_model("saved", sha256, loaded._encoder.provenance, name)
        return loaded
