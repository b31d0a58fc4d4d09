"""Trend embeddings as a module of sentence-transformers.

    SentenceTransformer(modules=[TrendTransformer("all-MiniLM-L6-v2")])

has ``encode``, ``similarity``, evaluators, ``save_pretrained``, and works in ``mteb``.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch

from trendlib.embedding import ARTICLE_RECIPE, Recipe
from trendlib.errors import check_choice, needs_extra
from trendlib.interfaces import EXTRAS
from trendlib.model.corpus import BAD_ROWS, embed_array
from trendlib.model.encoder import load_own_encoder
from trendlib.model.weights import AUTO, HUB_FILES, VOCABULARY_FILES, find_weights

with needs_extra(__name__, EXTRAS["sentence_transformers"]):
    from sentence_transformers.base.modules import InputModule


class TrendTransformer(InputModule):
    """Turns sentences into their trend embeddings; the only module that a model needs.

    Its choice of words has no gradient: it is for use, not for training.

    Args:
        model: A name or a folder; see ``weights.find_weights``.
        recipe: How a sentence becomes a vector; the article's way if left out.
        bad_rows: What becomes of sentences without an embedding: "raise", "nan" or "zero"; see
            ``corpus.embed_array``.

    Raises:
        UnknownChoiceError: If there is no such choice.
        ModelError: If the model cannot be found or used.
    """

    config_file_name = "trend_config.json"
    config_keys: list[str] = ["recipe", "bad_rows"]  # noqa: RUF012

    def __init__(
        self,
        model: str | Path = AUTO,
        recipe: Recipe = ARTICLE_RECIPE,
        bad_rows: str = "raise",
    ) -> None:
        """Load the model."""
        super().__init__()  # type: ignore[no-untyped-call]
        check_choice("choice for bad rows", bad_rows, BAD_ROWS)
        self.recipe = recipe
        self.bad_rows = bad_rows
        self._weights = find_weights(model)
        self._encoder = load_own_encoder(self._weights.choice)
        self.network = self._encoder.model  # so that it moves to a device with this module
        self.tokenizer = self._encoder.tokenizer

    def get_config_dict(self) -> dict[str, Any]:
        """Return the recipe and the choice for bad rows, ready for JSON."""
        return {"recipe": self.recipe.as_dict(), "bad_rows": self.bad_rows}

    @property
    def max_seq_length(self) -> int:
        """The most tokens a sentence may have; a longer one is refused, not cut."""
        return self._encoder.max_tokens

    def get_embedding_dimension(self) -> int:
        """Return the number of coordinates of an embedding."""
        return self._encoder.hidden_size

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **_: Any
    ) -> dict[str, Any]:
        """Pass the sentences on as they are: the encoder needs the text to find its words."""
        return {"sentences": self._prepend_prompt(list(inputs), prompt) if prompt else list(inputs)}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Embed the sentences.

        Raises:
            BadRowsError: If sentences have no embedding, with ``bad_rows="raise"``.
        """
        rows = embed_array(self._encoder, features["sentences"], self.recipe, self.bad_rows)
        features["sentence_embedding"] = torch.from_numpy(rows).to(self._encoder.device)
        return features

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Copy the model's files as they are: it is known by the checksum of its weights."""
        for name in {*HUB_FILES, *VOCABULARY_FILES}:
            file = self._weights.folder / name
            if file.is_file():
                shutil.copyfile(file, Path(output_path) / name)
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
        return cls(folder or model_name_or_path, **chosen)
