"""Trend embeddings as a scikit-learn transformer: text in, an array of features out."""

from collections.abc import Iterable, Mapping, Sequence, Set, Sized
from pathlib import Path
from typing import Any, Self

from trendlib.embedding import ARTICLE_RECIPE, Recipe, check_recipe
from trendlib.encoding import FULL, TORCH, UNICODE
from trendlib.errors import NotTextError, check_choice, needs_extra
from trendlib.interfaces import EXTRAS
from trendlib.model.corpus import BAD_ROWS, embed_array
from trendlib.model.cutters import WordCutter
from trendlib.model.encoder import (
    Encoder,
    check_same_cutter,
    check_same_model,
    load_encoder,
    plain,
)
from trendlib.model.weights import AUTO
from trendlib.typing import SentenceVectors
from trendlib.words import Cutter

with needs_extra(__name__, EXTRAS["scikit_learn"]):
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils import Tags


class TrendEmbedder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns sentences into their trend embeddings.

    It learns nothing from the data. ``fit`` checks its input and remembers the model, so that
    ``transform`` never uses another one, wherever it is loaded again. A process loads equal
    models only once, however many copies a pipeline or a grid search makes.

    Args:
        model: "auto", a known name, the folder of an encoder, or a model of the hub as
            ``organization/name`` or ``organization/name@revision``; see ``weights.find_weights``.
            Without a commit as its revision, the newest one is used in each process, and
            ``transform`` refuses it if it is not the one of ``fit``.
        recipe: How a sentence becomes a vector, such as ``RECIPES["angle"]``; as in the article
            if None. With ``undefined="keep"``, undefined coordinates are NaN, for an imputer.
        dtype: "float32" or "float64".
        device: "auto", "cpu", or a name that torch knows.
        bad_rows: What becomes of sentences without an embedding: "raise", "nan" or "zero"; see
            ``corpus.embed_array``.
        cutter: Where words begin and end; see ``encoder.load_encoder``.
        engine: What runs the network: "torch", "onnx", "openvino" or "auto"; see
            ``Encoder.with_engine``.
        precision: "full" or "bf16"; see ``Encoder.with_engine``.

    Attributes:
        provenance_: The model that it was fitted with: its name, revision and checksums.
    """

    def __init__(
        self,
        *,
        model: str | Path = AUTO,
        recipe: Recipe | None = None,
        dtype: str = "float32",
        device: str = "auto",
        bad_rows: str = "raise",
        cutter: str | Cutter | WordCutter = UNICODE,
        engine: str = TORCH,
        precision: str = FULL,
    ) -> None:
        """Store the choices; ``fit`` checks them."""
        self.model = model
        self.recipe = recipe
        self.dtype = dtype
        self.device = device
        self.bad_rows = bad_rows
        self.cutter = cutter
        self.engine = engine
        self.precision = precision

    def fit(self, X: Sequence[str], y: object = None) -> Self:  # noqa: N803
        """Check the choices and the sentences.

        Raises:
            NotTextError: If ``X`` is not a list, an array or a column of sentences.
            UnknownChoiceError: If there is no such choice.
            ModelError: If the model cannot be found or used.
            MissingExtraError: If the engine is not installed.
        """
        check_choice("choice for bad rows", self.bad_rows, BAD_ROWS)
        if self.recipe is not None:
            check_recipe(self.recipe)
        _texts(X)
        self.provenance_ = self._encoder().provenance
        return self

    def transform(self, X: Sequence[str]) -> SentenceVectors:  # noqa: N803
        """Embed sentences.

        Raises:
            NotTextError: If ``X`` is not a list, an array or a column of sentences.
            BadRowsError: If sentences have no embedding, with ``bad_rows="raise"``.
            OtherModelError: If the model or the word cutter is not the one of ``fit``.
        """
        encoder = self._encoder()
        fitted, found = getattr(self, "provenance_", encoder.provenance), encoder.provenance
        check_same_model("fitted", fitted.model_sha256, found, fitted.model)
        check_same_cutter("fitted", fitted.cutter, found)
        return embed_array(encoder, _texts(X), self.recipe or ARTICLE_RECIPE, self.bad_rows)

    def _encoder(self) -> Encoder:
        return load_encoder(
            self.model, self.dtype, self.device, self.cutter, self.engine, self.precision
        )

    @property
    def _n_features_out(self) -> int:
        return self._encoder().hidden_size

    def __sklearn_tags__(self) -> Tags:
        """Declare that it takes texts, and needs no fitting."""
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags


def _texts(given: Any) -> list[str]:
    if isinstance(given, str | bytes):
        raise NotTextError("this is a single string: pass a list of sentences")
    # An iterator would be used up by ``fit``, and a set has no order.
    if isinstance(given, Mapping | Set) or not (
        isinstance(given, Sized) and isinstance(given, Iterable)
    ):
        raise NotTextError(
            f"sentences of type {type(given).__name__}: pass a list, an array or a column of "
            "sentences, one string each"
        )
    shape = getattr(given, "shape", (len(given),))
    if len(shape) != 1:
        raise NotTextError(
            f"sentences of shape {tuple(shape)}: pass a list, an array or a column of sentences, "
            "one string each"
        )
    # NumPy would make one array of them, as wide as the longest sentence.
    texts = [plain(text) for text in given]
    for number, text in enumerate(texts):
        if not isinstance(text, str) and isinstance(text, Sized):
            raise NotTextError(
                f"row {number} (counted from 0) is of type {type(text).__name__}: pass a list, an "
                "array or a column of sentences, one string each"
            )
    return texts
