"""Trend embeddings on more than one machine: a step of a Ray Data pipeline.

Each worker of the cluster loads the model once. If a worker dies, Ray replaces it and embeds
its rows again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trendlib.embedding import ARTICLE_RECIPE, Recipe, check_recipe
from trendlib.encoding import FULL, TORCH, UNICODE
from trendlib.errors import ParameterError, counted, needs_extra
from trendlib.files.rows import COLUMN
from trendlib.interfaces import EXTRAS
from trendlib.model.cutters import WordCutter, find_cutter
from trendlib.model.encoder import check_same_model, load_encoder
from trendlib.model.engines import check_engine
from trendlib.model.weights import AUTO, Weights, find_weights
from trendlib.words import Cutter

with needs_extra(__name__, EXTRAS["ray_data"]):
    import pyarrow as pa
    import ray
    from ray.data import ActorPoolStrategy, Dataset
    from ray.data.dataset import MaterializedDataset

    from trendlib.files.embed import embed_columns
    from trendlib.files.table import WORDS

REFUSED = "refused"
"""The column that says why a row has no embedding; null where it has one."""
ADDED = (*WORDS, "embedding", "model", REFUSED)
BATCH_ROWS = 1024


class TrendBatches:
    """Embeds batches of rows, in one worker of the cluster; see ``embed_dataset``."""

    def __init__(
        self,
        column: str,
        weights: Weights,
        recipe: Recipe,
        dtype: str,
        device: str,
        cutter: str | WordCutter = UNICODE,
        engine: str = TORCH,
        precision: str = FULL,
    ) -> None:
        """Load the model.

        Raises:
            OtherModelError: If this machine has another one.
        """
        self._column = column
        self._recipe = recipe
        self._encoder = load_encoder(weights.choice, dtype, device, cutter, engine, precision)
        check_same_model("begun", weights.model_sha256, self._encoder.provenance, weights.name)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Add the columns of the embeddings to a batch of rows."""
        sentences = batch[self._column].to_pylist()
        columns, refused = embed_columns(self._encoder, sentences, self._recipe)
        for name, column in columns.arrays().items():
            batch = batch.append_column(name, column)
        reasons = [refused.get(place) for place in range(len(sentences))]
        return batch.append_column(REFUSED, pa.array(reasons, pa.string()))


def embed_dataset(
    dataset: Dataset,
    workers: int,
    *,
    column: str = COLUMN,
    model: str | Path = AUTO,
    recipe: Recipe = ARTICLE_RECIPE,
    dtype: str = "float32",
    device: str = "auto",
    cutter: str | Cutter | WordCutter = UNICODE,
    engine: str = TORCH,
    precision: str = FULL,
    **resources: Any,
) -> Dataset:
    """Add the trend embedding of each row, and its two words, to a dataset.

    Args:
        dataset: The rows.
        workers: How many workers share the work, anywhere in the cluster.
        column: The column that holds the sentences.
        model: "auto", a known name, a model of the hub as ``organization/name`` or
            ``organization/name@revision``, or the folder of an encoder that this process and every
            worker can see; see ``weights.find_weights``. The workers use the commit that this
            process finds, and a worker that finds another model fails.
        recipe: How a sentence becomes a vector, such as ``RECIPES["angle"]``; the article's way if
            left out. In the column, an undefined coordinate is 0 with ``undefined="zero"``, null
            with "keep".
        dtype: "float32" or "float64".
        device: "auto", "cpu", or a name that torch knows.
        cutter: Where words begin and end; see ``encoder.load_encoder``.
        engine: What runs the network in each worker: "torch", "onnx", "openvino" or "auto"; see
            ``Encoder.with_engine``.
        precision: "full" or "bf16"; see ``Encoder.with_engine``.
        **resources: What Ray reserves for a worker, such as ``num_cpus=4`` or ``num_gpus=1``. One
            processor of the cluster has to be left for reading the rows.

    Returns:
        The dataset with the columns of ``table.WORDS``, ``embedding``, ``model``, and ``refused``,
        which says why a row has no embedding. Ray runs it when it is read.

    Raises:
        UnknownChoiceError: If the recipe is not a ``Recipe``, or no cutter has this name.
        CutterError: If the cutter cannot be used.
        ModelError: If the model cannot be found or used.
        MissingExtraError: If the engine is not installed.
        ParameterError: If the dataset lacks the column or already has one of the new columns, or if
            the workers do not fit into the cluster, or leave no processor for reading the rows.
    """
    check_recipe(recipe)
    names = list(dataset.schema().names)
    if column not in names:
        listed = ", ".join(map(repr, names))
        raise ParameterError(f"the dataset has no column {column!r}: its columns are {listed}")
    taken = [name for name in ADDED if name in names]
    if taken:
        raise ParameterError(
            f"the dataset already has columns {', '.join(taken)}: rename them (rename_columns)"
        )
    if not isinstance(dataset, MaterializedDataset):  # whose rows are read already
        _check_room(workers, resources)
    check_engine(engine, precision)
    weights = find_weights(model)  # once: on another machine, "auto" might be another
    choices = {
        "column": column,
        "weights": weights,
        "recipe": recipe,
        "dtype": dtype,
        "device": device,
        "cutter": find_cutter(cutter),
        "engine": engine,
        "precision": precision,
    }
    embedded: Dataset = dataset.map_batches(
        TrendBatches,
        fn_constructor_kwargs=choices,
        batch_format="pyarrow",
        batch_size=BATCH_ROWS,
        compute=ActorPoolStrategy(size=workers),
        **resources,
    )
    return embedded


def _check_room(workers: int, resources: Mapping[str, Any]) -> None:
    """Check that the workers fit, and that wherever Ray puts them, rows can still be read."""
    needed = resources.get("num_cpus", 0 if resources.get("num_gpus") else 1)
    if not needed:
        return
    alive = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    nodes = [node["Resources"].get("CPU", 0) for node in alive]
    fit = sum(processors // needed for processors in nodes)
    readers = [processors for processors in nodes if processors >= 1]
    # So many workers on a machine leave less than one processor on it.
    blocking = [(processors - 1) // needed + 1 for processors in readers]
    can_block = all(
        count * needed <= processors for count, processors in zip(blocking, readers, strict=True)
    )
    if workers > fit or (can_block and workers >= sum(blocking)):
        listed = " + ".join(f"{processors:g}" for processors in nodes)
        raise ParameterError(
            f"{counted(workers, 'worker')} with num_cpus={needed} would take every processor "
            f"of the cluster ({listed}) and more, so that none is left for reading the rows "
            "and Ray would wait for ever: use fewer workers or a "
            "smaller num_cpus, or start more machines first"
        )
