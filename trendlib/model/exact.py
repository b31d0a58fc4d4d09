"""Attention in the model's own number format, for architectures that let theirs be replaced.

Some architectures round attention to float32 whatever the number format is, and all of them compute
the attention matrices of every layer or of none. This computes them in the number format of the
model, and for the layers that are asked for; elsewhere it is PyTorch's fused attention.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from trendlib.model import without_garbage_collection

with without_garbage_collection():
    import torch
    from torch import Tensor
    from torch.nn import functional
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

EXACT = "trendlib"
"""The name that transformers knows it by."""


@dataclass
class Request:
    """Which attention matrices are wanted of a forward pass, and those that were found.

    Attributes:
        layer: The layer; None for all layers.
        seen: How many layers have been run.
        found: The matrices, each of shape (sentence, head, query, key).
    """

    layer: int | None
    seen: int = 0
    found: list[Tensor] = field(default_factory=list)


_request: ContextVar[Request | None] = ContextVar("request", default=None)


@contextmanager
def requested(layer: int | None) -> Iterator[Request]:
    """Compute only the attention matrices of one layer, or of all, in the forward pass inside."""
    request = Request(layer)
    token = _request.set(request)
    try:
        yield request
    finally:
        _request.reset(token)


def attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attend as transformers asks its attention functions to, without dropout.

    Args:
        module: The layer's module.
        query: Of shape (sentence, head, query, coordinate).
        key: Of shape (sentence, head, key, coordinate), with fewer heads if several share one.
        value: As ``key``.
        attention_mask: True where a query may attend to a key; None if it may everywhere.
        scaling: What scores are multiplied by.

    Returns:
        The output of shape (sentence, query, head, coordinate), and the attention matrices if
        they are wanted.
    """
    shared = query.shape[1] // key.shape[1]
    if shared > 1:
        key, value = (states.repeat_interleave(shared, dim=1) for states in (key, value))
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    bias = None
    if attention_mask is not None:
        # A query that may attend to nothing, of padding, must not become NaN; hence no infinity.
        bias = torch.zeros_like(attention_mask, dtype=query.dtype)
        bias = bias.masked_fill(~attention_mask, torch.finfo(query.dtype).min)
    request = _request.get()
    if request is not None:
        request.seen += 1
        if request.layer not in (None, request.seen - 1):
            mixed = functional.scaled_dot_product_attention(query, key, value, bias, scale=scaling)
            return mixed.transpose(1, 2).contiguous(), None
    scores = query @ key.transpose(2, 3) * scaling
    attention = (scores if bias is None else scores + bias).softmax(dim=-1)
    if request is not None:
        request.found.append(attention)
    return (attention @ value).transpose(1, 2).contiguous(), attention


AttentionInterface.register(EXACT, attend)
AttentionMaskInterface.register(EXACT, sdpa_mask)
