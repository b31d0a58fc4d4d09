"""Load a model's network: which class of transformers it is, and its weights, checked.

The class is always one of the installed transformers; code that a model's folder brings along is
never run.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from trendlib.errors import CorruptedWeightsError, UnsupportedModelError, counted
from trendlib.model import without_garbage_collection
from trendlib.model.architectures import ARCHITECTURES, Architecture
from trendlib.model.exact import EXACT
from trendlib.model.tensors import weight_files
from trendlib.model.weights import Weights

with without_garbage_collection():
    import torch
    import transformers
    from transformers import (
        MODEL_FOR_TEXT_ENCODING_MAPPING,
        MODEL_MAPPING,
        AutoConfig,
        PretrainedConfig,  # transformers 5 writes it with a capital T, and 4.57 knows only this
        PreTrainedModel,
    )
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

HEADS = ("cls.", "pooler.", "embeddings.position_ids")
"""How tensors are called that checkpoints hold beside the layers, whatever they declare."""
SUPPORTED = ", ".join(ARCHITECTURES)


def load_config(weights: Weights) -> Any:
    """Read a model's settings.

    Raises:
        UnsupportedModelError: If the installed transformers has no such architecture, or it is
            none of an encoder.
    """
    try:
        config = AutoConfig.from_pretrained(
            weights.folder, local_files_only=True, trust_remote_code=False
        )
    except (ValueError, KeyError) as error:
        if "model_type" not in str(error) and "model type" not in str(error):
            raise
        raise UnsupportedModelError(
            f"config.json of the model {weights.name} declares a type that transformers "
            f"{transformers.__version__} does not have: install a newer one, or give an encoder "
            f"such as {SUPPORTED}"
        ) from error
    kind = config.model_type
    if _is_causal(config):
        raise UnsupportedModelError(
            f"the model {weights.name} is of type {kind!r}, a decoder: its tokens attend only "
            f"backwards, and the method needs both directions; give an encoder such as {SUPPORTED}"
        )
    if config.is_encoder_decoder:
        raise UnsupportedModelError(
            f"the model {weights.name} is of type {kind!r}, an encoder with a decoder: the method "
            f"needs an encoder alone; give one such as {SUPPORTED}"
        )
    _check_architectures(config, weights)
    return config


def _is_causal(config: Any) -> bool:
    """Whether a type is one of decoders alone, and the settings do not say otherwise.

    What they say is checked by the attention, once the model is loaded.
    """
    both_ways = (
        getattr(config, "attn_type", None) == "bi"  # XLNet
        or getattr(config, "is_causal", None) is False
        or getattr(config, "use_bidirectional_attention", None)
    )
    kind = config.model_type
    return (
        not both_ways
        and kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        and kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES
        and not hasattr(config, "is_decoder")
    )


def network_class(config: Any) -> Any:
    """Find the class of transformers that a model's settings are of.

    Raises:
        UnsupportedModelError: If transformers has none, or several.
    """
    found = MODEL_MAPPING.get(type(config), None)
    encoder = MODEL_FOR_TEXT_ENCODING_MAPPING.get(type(config), None)
    if encoder is not None and encoder.__name__ in (config.architectures or ()):
        found = encoder  # such as T5's, whose weights have no decoder
    if not isinstance(found, type):
        raise UnsupportedModelError(
            f"transformers {transformers.__version__} has no one network of type "
            f"{config.model_type!r}: give an encoder such as {SUPPORTED}"
        )
    return found


def without_pooler(network: Any) -> dict[str, bool]:
    """Return the argument that leaves out the layer behind the last one, where a class has it."""
    accepted = inspect.signature(network.__init__).parameters
    return {"add_pooling_layer": False} if "add_pooling_layer" in accepted else {}


def load_network(weights: Weights, config: Any, architecture: Architecture, dtype: str) -> Any:
    """Load a model's weights into its network.

    Raises:
        CorruptedWeightsError: If tensors are missing, or hold values that are not finite numbers.
        UnsupportedModelError: If the weights hold tensors that nothing uses.
    """
    cls = network_class(config)
    _settle(config)
    network, report = cls.from_pretrained(
        weights.folder,
        config=config,
        # The fused attention of transformers returns no attentions.
        attn_implementation=EXACT if architecture.attention == "exact" else "eager",
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # they are reported, and refused below
        dtype=getattr(torch, dtype),
        **without_pooler(cls),
    )
    _check_report(report, network, weights)
    _check_padding(network, weights)
    for key, tensor in network.named_parameters():
        if not torch.isfinite(tensor).all():
            raise CorruptedWeightsError(
                f"{weight_files(weights.folder).shown} of {weights.name} holds values that are not "
                f"finite numbers (in {key}): copy or download it again (folder {weights.folder})"
            )
    return network


def count_rows(network: Any, weights: Weights) -> int:
    """Count the rows of a network's table of embeddings.

    Raises:
        UnsupportedModelError: If it has no such table.
    """
    try:
        rows, _ = network.get_input_embeddings().weight.shape
    except (AttributeError, NotImplementedError, ValueError) as error:
        raise UnsupportedModelError(
            f"the model {weights.name} is of type {network.config.model_type!r}, which has no one "
            f"table of embeddings for the tokens of a text: give an encoder such as {SUPPORTED}"
        ) from error
    return int(rows)


def _settle(config: Any) -> None:
    """Settle what a setting may ask for without another result."""
    config.output_attentions = False  # they are asked for where they are needed
    config.return_dict = True
    config.chunk_size_feed_forward = 0  # it saves memory, and fails for most lengths
    if getattr(config, "attention_type", None) == "block_sparse":
        # BigBird attends to all tokens of short texts, and from the first one on to all of any.
        config.attention_type = "original_full"


def _check_report(report: Mapping[str, Any], network: Any, weights: Weights) -> None:
    for key, held, declared in sorted(report["mismatched_keys"]):
        raise CorruptedWeightsError(
            f"{weight_files(weights.folder).shown} of {weights.name} holds {key} of shape "
            f"{tuple(held)}, and config.json declares {tuple(declared)}: give the config that "
            "belongs to the weights"
        )
    wrong = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    unused = _unused(report, network)
    others = ""
    if unused:
        others = (
            f"{weight_files(weights.folder).shown} of {weights.name} holds "
            f"{counted(len(unused), 'tensor')} that nothing uses ({unused[0]}, ...): config.json "
            "declares another model than the weights are of; give the config that belongs to them"
        )
    if wrong:
        raise CorruptedWeightsError(
            f"the weights of {weights.name} lack {counted(len(wrong), 'tensor')} "
            f"({wrong[0]}, ...), which would be filled with random numbers: "
            f"{others or 'copy or download them again'}"
        )
    if others:
        raise UnsupportedModelError(others)


def _unused(report: Mapping[str, Any], network: Any) -> list[str]:
    """List the tensors of the weights that neither the network nor its heads use."""
    prefix = f"{network.base_model_prefix}."
    keys = sorted(report["unexpected_keys"])
    unused = [key for key in keys if not key.removeprefix(prefix).startswith(HEADS)]
    heads = _heads(network) if unused else set()
    return [key for key in unused if key not in heads]


def _check_padding(network: Any, weights: Weights) -> None:
    """Check that the number is known after which positions are counted, where they are."""
    embeddings = getattr(network, "embeddings", None)
    if isinstance(embeddings, torch.nn.Embedding):  # XLM's, of tokens alone
        return
    if getattr(embeddings, "padding_idx", 0) is None:
        raise UnsupportedModelError(
            f"config.json of the model {weights.name} sets no pad_token_id, and a network of type "
            f"{network.config.model_type!r} counts positions from it on: set it to the number of "
            "the padding token"
        )


def _check_architectures(config: Any, weights: Weights) -> None:
    """Check that the classes that config.json names are of the type that it names."""
    for name, declared in _declared(config):
        if declared.config_class is not type(config):
            raise UnsupportedModelError(
                f"config.json of the model {weights.name} declares the type {config.model_type!r} "
                f"and the class {name}, which is of the type "
                f"{declared.config_class.model_type!r}: give the config that belongs to the weights"
            )


def _declared(config: Any) -> list[tuple[str, Any]]:
    """List the classes that config.json names, as far as transformers has them."""
    found = [(name, getattr(transformers, str(name), None)) for name in config.architectures or ()]
    return [(name, cls) for name, cls in found if _is_network(cls)]


def _is_network(cls: Any) -> bool:
    """Whether something is the class of a network whose settings are of one type."""
    if not isinstance(cls, type) or not issubclass(cls, PreTrainedModel):
        return False
    config = getattr(cls, "config_class", None)
    return isinstance(config, type) and issubclass(config, PretrainedConfig)


def _heads(network: Any) -> set[str]:
    """Name the tensors that the classes in config.json have behind the last layer."""
    names: set[str] = set()
    prefix = f"{network.base_model_prefix}."
    for _, cls in _declared(network.config):
        with torch.device("meta"):
            whole = cls(network.config)
        names |= {name for name in whole.state_dict() if not name.startswith(prefix)}
    return names - set(network.state_dict())
