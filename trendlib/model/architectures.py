"""What is known of each architecture that transformers calls by a ``model_type``.

The method needs an encoder that returns hidden states and attentions. Architectures differ in what
hidden state 0 is, in how positions are counted, and in where the last layer normalization stands.
An encoder that the table does not name is tried out when it is loaded; see ``tryout``.

Nothing here imports torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Batch = Literal["blocks", "whole", "single"]
"""How many sentences are run: by BERT's blocks, of which the last one computes only what is needed;
by the library's own forward pass, padded; or one by one, by the reference."""
Positions = Literal["table", "after padding", "relative"]
"""How positions are counted: in a table from 0; in a table from the number after that of the
padding token, which leaves so many fewer rows for a sentence; or in no table that sets a limit."""

WORD_POSITION_TYPE = (
    "the sum of the embeddings of token, position and token type, after layer normalization"
)
WORD_POSITION = "the sum of the embeddings of token and position, after layer normalization"
WORD_TYPE = "the sum of the embeddings of token and token type, after layer normalization"
UNKNOWN_STATIC = "what the first layer is given"
UNLIMITED = 10**9
"""From this many tokens on, a limit is none: transformers writes one where none is declared."""


@dataclass(frozen=True)
class Architecture:
    """What is known of an architecture.

    Attributes:
        model_type: The name in config.json.
        static: What hidden state 0 is, which the method takes for the static embedding.
        normalization: Where the network has its last layer normalization; empty if not known.
        batch: How many sentences are run at once.
        positions: How positions are counted.
        attention: "eager", the architecture's own; or "exact", this package's, where its own rounds
            attention to float32 whatever the number format, or where a batch is faster with it.
        known: Whether it is in the table.
    """

    model_type: str
    static: str = UNKNOWN_STATIC
    normalization: str = ""
    batch: Batch = "whole"
    positions: Positions = "table"
    attention: Literal["eager", "exact"] = "eager"
    known: bool = True


AFTER_BLOCK = "encoder.layer.-1.output.LayerNorm"

_TABLE = (
    Architecture("bert", WORD_POSITION_TYPE, AFTER_BLOCK, "blocks"),
    Architecture("ernie", WORD_POSITION_TYPE, AFTER_BLOCK, "blocks"),
    Architecture("roberta", WORD_POSITION_TYPE, AFTER_BLOCK, "blocks", "after padding"),
    Architecture("xlm-roberta", WORD_POSITION_TYPE, AFTER_BLOCK, "blocks", "after padding"),
    Architecture("camembert", WORD_POSITION_TYPE, AFTER_BLOCK, "blocks", "after padding"),
    Architecture("data2vec-text", WORD_POSITION_TYPE, AFTER_BLOCK, "blocks", "after padding"),
    Architecture(
        "electra",
        f"{WORD_POSITION_TYPE}, then projected to the size of the layers if that is another one",
        AFTER_BLOCK,
        "blocks",
    ),
    Architecture(
        "albert",
        f"{WORD_POSITION_TYPE}, then projected to the size of the layers",
        "encoder.albert_layer_groups.-1.albert_layers.-1.full_layer_layer_norm",
        attention="exact",
    ),
    Architecture(
        "distilbert",
        f"{WORD_POSITION}; there are no token types",
        "transformer.layer.-1.output_layer_norm",
        attention="exact",
    ),
    Architecture(
        "mpnet",
        f"{WORD_POSITION}; the attention also adds a bias for the distance of two tokens",
        AFTER_BLOCK,
        positions="after padding",
    ),
    Architecture(
        "deberta",
        "the embedding of the token, after layer normalization; the position is added only where "
        "config.json says so (position_biased_input), and the attention knows the distance",
        AFTER_BLOCK,
        positions="relative",
    ),
    Architecture(
        "deberta-v2",
        "the embedding of the token, after layer normalization; the position is added only where "
        "config.json says so (position_biased_input), and the attention knows the distance",
        AFTER_BLOCK,
        positions="relative",
    ),
    Architecture(
        "modernbert",
        "the embedding of the token alone, after layer normalization; most layers attend only to "
        "near tokens, and rotation tells positions within the attention",
        "final_norm",
        positions="relative",
        attention="exact",
    ),
    Architecture(
        "eurobert",
        "the embedding of the token alone, not normalized; rotation tells positions within the "
        "attention",
        "norm",
        positions="relative",
        attention="exact",
    ),
    Architecture(
        "nomic_bert",
        f"{WORD_TYPE}; rotation tells positions within the attention",
        "layers.-1.post_mlp_layernorm",
        positions="relative",
        attention="exact",
    ),
    Architecture(
        "rembert",
        f"{WORD_POSITION_TYPE}, then projected to the size of the layers",
        AFTER_BLOCK,
    ),
    Architecture(
        "megatron-bert",
        "the sum of the embeddings of token, position and token type, not normalized",
        "encoder.ln",
    ),
    Architecture(
        "roberta-prelayernorm",
        WORD_POSITION_TYPE,
        "LayerNorm",
        positions="after padding",
    ),
    Architecture(
        "xlm-roberta-xl",
        "the sum of the embeddings of token, position and token type, not normalized",
        "encoder.LayerNorm",
        positions="after padding",
    ),
)
ARCHITECTURES: Mapping[str, Architecture] = {each.model_type: each for each in _TABLE}
"""The architectures that are known, by their ``model_type``."""


def architecture_of(model_type: str) -> Architecture:
    """Look an architecture up; one that the table does not have is to be tried out.

    >>> architecture_of("roberta").positions, architecture_of("roformer").known
    ('after padding', False)
    """
    return ARCHITECTURES.get(model_type) or Architecture(model_type, known=False)


def most_tokens(
    architecture: Architecture, config: Any, padding: int | None, declared: object
) -> int:
    """Return the largest number of tokens in a sentence, special tokens included.

    Args:
        architecture: Says how positions are counted.
        config: The model's settings.
        padding: The number of the padding token, after which positions may be counted.
        declared: The ``model_max_length`` of the tokenizer. transformers sets a very large number
            where none is declared.

    Returns:
        That number; ``UNLIMITED`` or more if neither the settings nor the tokenizer set a limit.

    >>> from types import SimpleNamespace
    >>> config = SimpleNamespace(max_position_embeddings=514)
    >>> most_tokens(architecture_of("roberta"), config, 1, 10**30)
    512
    """
    rows = int(getattr(config, "max_position_embeddings", None) or 0)
    if rows <= 0:  # XLNet and T5 have no table of positions, and say -1 or nothing
        rows = UNLIMITED
    elif architecture.positions == "after padding":
        rows -= int(padding or 0) + 1
    return min(rows, int(declared)) if isinstance(declared, int | float) else rows
