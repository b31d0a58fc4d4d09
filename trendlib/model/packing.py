"""Sort sentences into batches of similar length."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

ENOUGH = 256
"""From this many tokens on, a batch is worth its overhead."""
WASTE = 0.02
"""The largest share of padding in a batch of more than ``ENOUGH`` tokens."""


def batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Yield items in batches of the same size; the last batch may be smaller.

    >>> list(batched("abcde", 2))
    [('a', 'b'), ('c', 'd'), ('e',)]
    """
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def pack(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Group sentences of similar length into batches.

    Args:
        lengths: The number of tokens of each sentence.
        budget: The largest number of tokens in a batch, padding included; a longer sentence gets
            its own batch.

    Returns:
        For each batch, the numbers of its sentences; the longest sentences come first. A batch of
        more than ``ENOUGH`` tokens consists of padding by at most the share ``WASTE``.

    >>> pack([3, 9, 4, 4, 20], budget=12)
    [[4], [1], [2, 3, 0]]
    """
    batches: list[list[int]] = []
    longest = tokens = 0
    for number in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        padded = longest * (len(batches[-1]) + 1) if batches else budget + 1
        padding = padded - tokens - lengths[number]
        if padded > budget or (padded > ENOUGH and padding > WASTE * padded):
            batches.append([])
            longest, tokens = lengths[number], 0
        batches[-1].append(number)
        tokens += lengths[number]
    return batches
