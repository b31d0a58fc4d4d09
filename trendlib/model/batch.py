"""Many sentences through the model at once, computing only what a reading needs.

A batch goes through the model in two steps. ``start`` runs all blocks but the last and returns the
attention matrices that vote in the reading, which for the article's reading are those of layer 0.
From these, ``choice`` finds the focus word and the related word. ``finish`` then runs the last
block for the tokens that the recipe needs: for the article's, those of these two words.

The blocks use the model's own layers and PyTorch's fused attention, except where the attention
matrix itself is needed. ``encoder``, which computes everything for one sentence at a time, is the
reference that this is tested against.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from trendlib.attention import AttentionStack, layer_of
from trendlib.encoding import Provenance, Tokenized
from trendlib.model.encoder import Encoder, exact
from trendlib.readings import Reading
from trendlib.typing import HiddenStates, TokenStates


class StartedBatch:
    """A batch of sentences before the model's last block.

    Attributes:
        attention: For each sentence, the attention matrices that vote in the reading.
    """

    def __init__(
        self, encoder: Encoder, batch: Sequence[Tokenized], reading: Reading, first: int
    ) -> None:
        """Run all blocks but the last; see ``start``."""
        self._blocks = list(encoder.model.encoder.layer)
        layer = layer_of(reading, len(self._blocks))
        ids, self._keep = pad_batch(batch, encoder.device)
        static = encoder.model.embeddings(input_ids=ids)
        states, found = run_blocks(self._blocks[:-1], static, self._keep, layer)
        if layer in (len(self._blocks) - 1, None):
            query, key, _ = _project(self._blocks[-1], states[-1], states[-1])
            found.append(_attend(query, key, self._keep))
        self._before_last = states[-1]
        # The first block's output is the last state if there is no other block.
        self._first = states[first] if first < len(states) else None
        self.attention = _stacks(rows_of(found, layer), batch, layer, encoder.provenance)

    def finish(self, tokens: Sequence[Sequence[int]]) -> list[tuple[TokenStates, TokenStates]]:
        """Run the last block for some tokens of each sentence.

        Args:
            tokens: For each sentence, the positions of the tokens that are needed.

        Returns:
            For each sentence, these tokens' vectors in the first state and in the last one.
        """
        before = self._before_last
        with exact(before.device):
            where = _padded(tokens).to(before.device)[:, :, None]
            where = where.expand(-1, -1, before.shape[-1])
            last, _ = run_block(self._blocks[-1], before, self._keep, before.gather(1, where))
            first = last if self._first is None else self._first.gather(1, where)
            pair = first.cpu().numpy(), last.cpu().numpy()
        return [
            (first_rows[: len(positions)], last_rows[: len(positions)])
            for first_rows, last_rows, positions in zip(*pair, tokens, strict=True)
        ]


def start(
    encoder: Encoder, batch: Sequence[Tokenized], reading: Reading, first: int = 0
) -> StartedBatch:
    """Run sentences through all blocks but the last.

    Args:
        encoder: The model.
        batch: The sentences; sentences of similar length waste least on padding.
        reading: Says which attention matrices to return.
        first: The hidden state that ``finish`` returns beside the last one: 0 or 1.

    Raises:
        LayerOutOfRangeError: If the model does not have the reading's layer.
        UnsupportedModelError: For the reasons that ``Encoder.check`` names.
    """
    encoder.check()
    with exact(encoder.device):
        return StartedBatch(encoder, batch, reading, first)


def run_whole(
    encoder: Encoder, batch: Sequence[Tokenized], reading: Reading
) -> list[tuple[AttentionStack, HiddenStates]]:
    """Run sentences through all blocks, for uses that need more than a trend embedding.

    Args:
        encoder: The model.
        batch: The sentences; sentences of similar length waste least on padding.
        reading: Says which attention matrices to return.

    Returns:
        For each sentence, the attention matrices that vote in the reading, and all hidden states.

    Raises:
        LayerOutOfRangeError: For the reason that ``start`` names.
        UnsupportedModelError: For the reasons that ``start`` names.
    """
    encoder.check()
    blocks = list(encoder.model.encoder.layer)
    layer = layer_of(reading, len(blocks))
    with exact(encoder.device):
        ids, keep = pad_batch(batch, encoder.device)
        static = encoder.model.embeddings(input_ids=ids)
        states, found = run_blocks(blocks, static, keep, layer)
    stacks = _stacks(rows_of(found, layer), batch, layer, encoder.provenance)
    hidden_states = torch.stack(states, dim=1).cpu().numpy()
    return [
        (stack, padded[:, : len(sentence.ids)])
        for stack, padded, sentence in zip(stacks, hidden_states, batch, strict=True)
    ]


def _stacks(
    rows: Tensor, batch: Sequence[Tokenized], layer: int | None, provenance: Provenance
) -> list[AttentionStack]:
    """Take the padding away from a batch's attention."""
    return [
        AttentionStack(padded[:, : len(sentence.ids), : len(sentence.ids)], layer, provenance)
        for padded, sentence in zip(rows.cpu().numpy(), batch, strict=True)
    ]


def run_blocks(
    blocks: Sequence[Any], hidden: Tensor, keep: Tensor | None, layer: int | None
) -> tuple[list[Tensor], list[Tensor]]:
    """Run blocks of the model, starting with the first.

    Args:
        blocks: The blocks.
        hidden: Hidden state 0, of shape (sentence, token, hidden).
        keep: The mask of tokens that are not padding; see ``run_block``.
        layer: The layer whose attention to return; None for all layers.

    Returns:
        The hidden states from 0 on, one more than blocks; and the attentions.
    """
    states, found = [hidden], []
    for number, block in enumerate(blocks):
        output, attention = run_block(block, states[-1], keep, wanted=layer in (number, None))
        states.append(output)
        if attention is not None:
            found.append(attention)
    return states, found


def run_block(
    block: Any,
    hidden: Tensor,
    keep: Tensor | None,
    queries: Tensor | None = None,
    *,
    wanted: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Run a block of the model.

    Args:
        block: The block.
        hidden: Its input, of shape (sentence, token, hidden).
        keep: The mask of tokens that are not padding, of shape (sentence, 1, 1, token); None if
            there is no padding.
        queries: The tokens to compute the output for; all of them if left out.
        wanted: Whether to return its attention.

    Returns:
        Its output, and its attention of shape (sentence, head, query, key) if it is wanted.
    """
    queries = hidden if queries is None else queries
    query, key, value = _project(block, queries, hidden)
    attention = _attend(query, key, keep) if wanted else None
    if attention is None:
        mixed = functional.scaled_dot_product_attention(query, key, value, keep)
    else:
        mixed = attention @ value
    mixed = block.attention.output(mixed.transpose(1, 2).flatten(2), queries)
    return block.output(block.intermediate(mixed), mixed), attention


def rows_of(attentions: Sequence[Tensor], layer: int | None) -> Tensor:
    """Stack the attentions of a batch, as ``attention.attention_rows`` does for one sentence.

    Args:
        attentions: Those of the reading's layer, or of all layers.
        layer: The layer whose heads vote; None if the layers vote, each the mean of its heads.
    """
    if layer is not None:
        return attentions[0]
    return torch.stack([layer_attention.mean(dim=1) for layer_attention in attentions], dim=1)


def _attend(query: Tensor, key: Tensor, keep: Tensor | None) -> Tensor:
    scores = (query @ key.transpose(2, 3)) * query.shape[-1] ** -0.5
    if keep is not None:
        scores = scores.masked_fill(~keep, float("-inf"))
    attention: Tensor = scores.softmax(dim=-1)
    return attention


def pad_batch(batch: Sequence[Tokenized], device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Return the padded ids, and the mask of tokens that are not padding; see ``run_block``."""
    ids = _padded([sentence.ids for sentence in batch])
    lengths = torch.tensor([len(sentence.ids) for sentence in batch])
    longest = ids.shape[1]
    if bool((lengths == longest).all()):
        return ids.to(device), None
    keep = torch.arange(longest) < lengths[:, None]
    return ids.to(device), keep[:, None, None, :].to(device)


def _padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """Pad rows with zeros to the length of the longest one."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])


def _project(block: Any, queries: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    attention = block.attention.self
    heads = attention.num_attention_heads
    query, key, value = (
        projected.unflatten(-1, (heads, -1)).transpose(1, 2)
        for projected in (
            attention.query(queries),
            attention.key(hidden),
            attention.value(hidden),
        )
    )
    return query, key, value
