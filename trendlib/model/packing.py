"""Put sentences into batches."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

ENOUGH = 256
"""A batch of so many tokens is worth its overhead."""
WASTE = 0.08
"""The share of a larger batch that may be padding."""


def batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Take items in batches of one size; the last batch may be smaller.

    >>> list(batched("abcde", 2))
    [('a', 'b'), ('c', 'd'), ('e',)]
    """
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def pack(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Put sentences of like lengths into batches.

    Args:
        lengths: How many tokens each sentence has.
        budget: The most tokens a batch may have, padding included; a longer sentence is a batch
            of its own.

    Returns:
        The numbers of each batch's sentences, the longest sentences first. A batch that has
        ``ENOUGH`` tokens takes no sentence that would make more than ``WASTE`` of it padding.

    >>> pack([3, 9, 4, 4, 20], budget=12)
    [[4], [1], [2, 3, 0]]
    """
    batches: list[list[int]] = []
    longest = tokens = 0
    for number in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        padded = longest * (len(batches[-1]) + 1) if batches else budget + 1
        padding = padded - tokens - lengths[number]
        if padded > budget or (padded > ENOUGH and padding > WASTE * padded):
            batches.append([])
            longest, tokens = lengths[number], 0
        batches[-1].append(number)
        tokens += lengths[number]
    return batches
