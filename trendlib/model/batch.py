"""Many sentences through the model at once, computing only what a reading needs.

A batch goes through the model in two steps. ``start`` runs all blocks but the last and returns the
attention matrices that vote in the reading, which for the article's reading are those of layer 0.
From these, ``choice`` finds the focus word and the related word. ``finish`` then runs the last
block for the tokens that the recipe needs: for the article's, those of these two words.

Networks whose blocks are BERT's are run block by block, with the model's own layers and PyTorch's
fused attention, except where the attention matrix itself is needed. Of other networks, the whole
forward pass is run on padded sentences, and of those for which that is not the same as running
each sentence alone, the sentences are run alone. ``encoder``, which computes everything for one
sentence at a time, is the reference that this is tested against; ``tryout`` compares the two each
time that a model is loaded. Other engines than torch run the same two steps from files; see
``graphs``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from trendlib.attention import AttentionStack, attention_rows, layer_of
from trendlib.encoding import TORCH, Provenance, Tokenized
from trendlib.model.encoder import Encoder, exact
from trendlib.model.exact import EXACT, requested
from trendlib.readings import Reading
from trendlib.typing import HiddenStates, TokenStates


class StartedBatch(Protocol):
    """A batch of sentences whose words can be chosen.

    Attributes:
        attention: For each sentence, the attention matrices that vote in the reading.
    """

    attention: list[AttentionStack]

    def finish(self, tokens: Sequence[Sequence[int]]) -> list[tuple[TokenStates, TokenStates]]:
        """Return the vectors of some tokens of each sentence.

        Args:
            tokens: For each sentence, the positions of the tokens that are needed.

        Returns:
            For each sentence, these tokens' vectors in the first state and in the last one.
        """


class StartedBlocks:
    """A batch before the last of the network's blocks, which are BERT's; see ``StartedBatch``."""

    def __init__(
        self, encoder: Encoder, batch: Sequence[Tokenized], reading: Reading, first: int
    ) -> None:
        """Run all blocks but the last; see ``start``."""
        layer = layer_of(reading, encoder.n_layers)
        blocks = encoder.model.encoder.layer
        rounded = encoder.rounded_blocks(n_precise(layer, encoder.n_layers))
        ids, self._keep = pad_batch(batch, encoder.device, encoder.padding)
        states, rows = run_to_last_block(encoder.model, ids, self._keep, layer, rounded)
        self._last_block = rounded.get(len(blocks) - 1, blocks[-1])
        self._before_last = states[-1]
        # The first block's output is the last state if there is no other block.
        self._first = states[first] if first < len(states) else None
        self.attention = stacks_of(rows.cpu().numpy(), batch, layer, encoder.provenance)

    def finish(self, tokens: Sequence[Sequence[int]]) -> list[tuple[TokenStates, TokenStates]]:
        """Run the last block for some tokens of each sentence; see ``StartedBatch``."""
        before = self._before_last
        wanted = Wanted.of(tokens, before.shape[1])
        with exact(before.device):
            flat, slots, back = (torch.from_numpy(each).to(before.device) for each in wanted.arrays)
            if wanted.are_few(before):
                last = run_block_for(self._last_block, before, self._keep, flat, slots, back)
            else:
                every, _ = run_block(self._last_block, before, self._keep)
                last = every.flatten(0, 1)[flat]
            first = last if self._first is None else self._first.flatten(0, 1)[flat]
            return wanted.split(first.cpu().numpy(), last.cpu().numpy())


class Computed:
    """A batch that has been run through all layers; see ``StartedBatch``."""

    def __init__(self, found: Sequence[tuple[AttentionStack, HiddenStates]], first: int) -> None:
        """Keep what is needed of each sentence."""
        self.attention = [stack for stack, _ in found]
        self._states = [states[[first, -1]] for _, states in found]

    def finish(self, tokens: Sequence[Sequence[int]]) -> list[tuple[TokenStates, TokenStates]]:
        """Return the vectors of some tokens of each sentence; see ``StartedBatch``."""
        return [
            (states[0, list(positions)], states[1, list(positions)])
            for states, positions in zip(self._states, tokens, strict=True)
        ]


def start(
    encoder: Encoder, batch: Sequence[Tokenized], reading: Reading, first: int = 0
) -> StartedBatch:
    """Run sentences as far as a reading needs.

    Args:
        encoder: The model.
        batch: The sentences; sentences of similar length waste least on padding.
        reading: Says which attention matrices to return.
        first: The hidden state that ``finish`` returns beside the last one: 0 or 1.

    Raises:
        LayerOutOfRangeError: If the model does not have the reading's layer.
        UnsupportedModelError: For the reasons that ``Encoder.check`` names.
        OutputError: If another engine than torch returns other numbers; see ``graphs``.
    """
    if encoder.architecture.batch != "blocks":
        return Computed(run_whole(encoder, batch, reading), first)
    encoder.check()
    if encoder.provenance.engine != TORCH:
        from trendlib.model.graphs import StartedGraphs  # it exports what this module runs

        return StartedGraphs(encoder, batch, reading, first)
    with exact(encoder.device):
        return StartedBlocks(encoder, batch, reading, first)


def run_whole(
    encoder: Encoder, batch: Sequence[Tokenized], reading: Reading
) -> list[tuple[AttentionStack, HiddenStates]]:
    """Run sentences through all layers, where more than a trend embedding is needed.

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
    layer = layer_of(reading, encoder.n_layers)
    if encoder.architecture.batch == "single":
        return [_run_alone(encoder, sentence, reading, layer) for sentence in batch]
    with exact(encoder.device):
        ids, keep = pad_batch(batch, encoder.device, encoder.padding)
        run = _run_blocks if encoder.architecture.batch == "blocks" else _run_padded
        states, found = run(encoder.model, ids, keep, layer)
        hidden_states = torch.stack(list(states), dim=1).cpu().numpy()
        rows = rows_of(found, layer).cpu().numpy()
    stacks = stacks_of(rows, batch, layer, encoder.reference)
    return [
        (stack, padded[:, : len(sentence.ids)])
        for stack, padded, sentence in zip(stacks, hidden_states, batch, strict=True)
    ]


def _run_alone(
    encoder: Encoder, sentence: Tokenized, reading: Reading, layer: int | None
) -> tuple[AttentionStack, HiddenStates]:
    """Run a sentence as the reference does."""
    encoding = encoder.encode_tokens(sentence.ids)
    rows = attention_rows(encoding.attentions, reading)
    return AttentionStack(rows, layer, encoding.provenance), encoding.hidden_states


def _run_blocks(
    model: Any, ids: Tensor, keep: Tensor | None, layer: int | None
) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Run all of BERT's blocks; return the hidden states, and the attentions that are wanted."""
    return run_blocks(list(model.encoder.layer), embed_tokens(model, ids), keep, layer)


def _run_padded(
    model: Any, ids: Tensor, keep: Tensor | None, layer: int | None
) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Run a network's own forward pass; return what ``_run_blocks`` does."""
    mask = torch.ones_like(ids) if keep is None else keep[:, 0, 0].to(ids.dtype)
    plugged = model.config._attn_implementation == EXACT
    with requested(layer) as request:
        output = model(
            input_ids=ids,
            attention_mask=mask,
            output_hidden_states=True,
            output_attentions=not plugged,
        )
    if plugged:
        return output.hidden_states, request.found
    return output.hidden_states, output.attentions if layer is None else [output.attentions[layer]]


def embed_tokens(model: Any, ids: Tensor) -> Tensor:
    """Compute hidden state 0 of a network whose blocks are BERT's."""
    static: Tensor = model.embeddings(input_ids=ids)
    # ELECTRA's table may be narrower than its layers.
    project = getattr(model, "embeddings_project", None)
    return static if project is None else project(static)


def stacks_of(
    rows: np.ndarray[Any, Any],
    batch: Sequence[Tokenized],
    layer: int | None,
    provenance: Provenance,
) -> list[AttentionStack]:
    """Take the padding away from a batch's attention, of shape (sentence, row, query, key)."""
    return [
        AttentionStack(padded[:, : len(sentence.ids), : len(sentence.ids)], layer, provenance)
        for padded, sentence in zip(rows, batch, strict=True)
    ]


def n_precise(layer: int | None, n_layers: int) -> int:
    """Return how many blocks the attention of a reading depends on, which are never rounded.

    >>> n_precise(0, 6), n_precise(3, 6), n_precise(None, 6)
    (0, 3, 5)
    """
    return n_layers - 1 if layer is None else layer


def run_to_last_block(
    model: Any,
    ids: Tensor,
    keep: Tensor | None,
    layer: int | None,
    rounded: Mapping[int, Any] = MappingProxyType({}),
) -> tuple[list[Tensor], Tensor]:
    """Run all blocks but the last, as a network whose blocks are BERT's does.

    Args:
        model: The network.
        ids: The padded ids, of shape (sentence, token).
        keep: The mask of tokens that are not padding; see ``run_block``.
        layer: The layer whose attention to return; None for all layers.
        rounded: Blocks in another number format, by their numbers, that take the place of the
            network's own; the attention is never theirs.

    Returns:
        The hidden states from 0 to the last block's input; and the attention that votes, of shape
        (sentence, row, query, key).
    """
    blocks = list(model.encoder.layer)
    used = [rounded.get(number, block) for number, block in enumerate(blocks)]
    states = [embed_tokens(model, ids)]
    found = []
    for number, block in enumerate(used):
        wanted = layer in (number, None)
        is_last = number == len(used) - 1
        if wanted and (is_last or number in rounded):
            found.append(attention_of(blocks[number], states[-1], keep))
            wanted = False
        if not is_last:
            output, attention = run_block(block, states[-1], keep, wanted=wanted)
            states.append(output)
            found += [] if attention is None else [attention]
    return states, rows_of(found, layer)


def run_block_for(
    block: Any, hidden: Tensor, keep: Tensor | None, flat: Tensor, slots: Tensor, back: Tensor
) -> Tensor:
    """Run a block of the model for a few tokens of each sentence; see ``Wanted``.

    Neither keys nor values are computed. The score of a query q and a token x is q (W x) = (q W) x,
    and the sum of weighted values is that of weighted tokens, times the values' matrix: for a few
    queries, that is less work. The keys' bias adds the same to all scores of a query, and so
    nothing to its attention; the values' bias is added once, because attention sums to 1.

    Args:
        block: The block.
        hidden: Its input, of shape (sentence, token, hidden).
        keep: The mask of tokens that are not padding; see ``run_block``.
        flat: The wanted tokens, by their places in all sentences together.
        slots: The same tokens by sentence, of shape (sentence, slot): their places in ``flat``.
        back: Their places among all slots.

    Returns:
        The block's output for the wanted tokens, of shape (wanted, hidden).
    """
    given, own = hidden.dtype, next(block.parameters()).dtype
    hidden = hidden.to(own)
    attention = block.attention.self
    heads, n_slots = attention.num_attention_heads, slots.shape[1]
    queries = hidden.flatten(0, 1)[flat]
    query = attention.query(queries).unflatten(-1, (heads, -1)).transpose(0, 1)
    size = query.shape[-1]
    asked = (query @ attention.key.weight.unflatten(0, (heads, size))).transpose(0, 1)
    # Padded slots ask what the first wanted token asks; nobody reads their answer.
    scores = asked[slots].flatten(1, 2) @ hidden.transpose(1, 2) * size**-0.5
    if keep is not None:
        scores = scores.masked_fill(~keep[:, 0], float("-inf"))
    mixed = (scores.softmax(dim=-1) @ hidden).unflatten(1, (n_slots, heads)).flatten(0, 1)[back]
    values = attention.value.weight.unflatten(0, (heads, size)).transpose(1, 2)
    mixed = (mixed.transpose(0, 1) @ values).transpose(0, 1).flatten(1) + attention.value.bias
    mixed = block.attention.output(mixed, queries)
    output: Tensor = block.output(block.intermediate(mixed), mixed)
    return output.to(given)


@dataclass(frozen=True, eq=False)
class Wanted:
    """Some tokens of the sentences of a batch, padded to ``longest`` tokens each.

    Attributes:
        flat: Their places in all padded sentences together, one sentence after the other.
        slots: Their places in ``flat`` by sentence, of shape (sentence, slot); 0 in slots that a
            sentence has no token for.
        back: Their places among all slots together.
        counts: How many there are of each sentence.
    """

    flat: np.ndarray[Any, Any]
    slots: np.ndarray[Any, Any]
    back: np.ndarray[Any, Any]
    counts: np.ndarray[Any, Any]

    @classmethod
    def of(cls, tokens: Sequence[Sequence[int]], longest: int) -> "Wanted":
        """Number the tokens that have these positions in their sentences."""
        counts = np.array([len(positions) for positions in tokens])
        sentence = np.repeat(np.arange(len(tokens)), counts)
        flat = sentence * longest + np.concatenate([list(positions) for positions in tokens])
        filled = np.arange(counts.max()) < counts[:, None]
        slots = np.zeros(filled.shape, np.int64)
        slots[filled] = np.arange(len(flat))
        return cls(flat, slots, np.flatnonzero(filled), counts)

    @property
    def arrays(self) -> tuple[np.ndarray[Any, Any], ...]:
        """What ``run_block_for`` takes."""
        return self.flat, self.slots, self.back

    def are_few(self, hidden: Tensor | TokenStates) -> bool:
        """Whether they are less than half of all tokens: then ``run_block_for`` is less work."""
        return 2 * len(self.flat) < hidden.shape[0] * hidden.shape[1]

    def split(self, first: TokenStates, last: TokenStates) -> list[tuple[TokenStates, TokenStates]]:
        """Split vectors of all wanted tokens into those of each sentence."""
        ends = np.cumsum(self.counts)[:-1]
        return list(zip(np.split(first, ends), np.split(last, ends), strict=True))


def attention_of(block: Any, hidden: Tensor, keep: Tensor | None) -> Tensor:
    """Compute a block's attention alone, of shape (sentence, head, query, key)."""
    query, key, _ = _project(block, hidden)
    return _attend(query, key, keep)


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
    block: Any, hidden: Tensor, keep: Tensor | None, *, wanted: bool = False
) -> tuple[Tensor, Tensor | None]:
    """Run a block of the model.

    Args:
        block: The block.
        hidden: Its input, of shape (sentence, token, hidden).
        keep: The mask of tokens that are not padding, of shape (sentence, 1, 1, token); None if
            there is no padding.
        wanted: Whether to return its attention.

    Returns:
        Its output, and its attention of shape (sentence, head, query, key) if it is wanted. The
        block may be in another number format than its input, and the output is in the input's.
    """
    given, own = hidden.dtype, next(block.parameters()).dtype
    if given != own:
        output, attention = run_block(block, hidden.to(own), keep, wanted=wanted)
        return output.to(given), attention
    query, key, value = _project(block, hidden)
    attention = _attend(query, key, keep) if wanted else None
    if attention is None:
        mixed = functional.scaled_dot_product_attention(query, key, value, keep)
    else:
        mixed = attention @ value
    mixed = block.attention.output(mixed.transpose(1, 2).flatten(2), hidden)
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


def pad_batch(
    batch: Sequence[Tokenized], device: torch.device, padding: int
) -> tuple[Tensor, Tensor | None]:
    """Return the padded ids, and the mask of tokens that are not padding; see ``run_block``."""
    ids = _padded([sentence.ids for sentence in batch], padding)
    lengths = torch.tensor([len(sentence.ids) for sentence in batch])
    longest = ids.shape[1]
    if bool((lengths == longest).all()):
        return ids.to(device), None
    keep = torch.arange(longest) < lengths[:, None]
    return ids.to(device), keep[:, None, None, :].to(device)


def _padded(rows: Sequence[Sequence[int]], padding: int = 0) -> Tensor:
    """Pad rows to the length of the longest one."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[padding] * (longest - len(row))] for row in rows])


def _project(block: Any, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    attention = block.attention.self
    heads = attention.num_attention_heads
    query, key, value = (
        projected.unflatten(-1, (heads, -1)).transpose(1, 2)
        for projected in (
            attention.query(hidden),
            attention.key(hidden),
            attention.value(hidden),
        )
    )
    return query, key, value
