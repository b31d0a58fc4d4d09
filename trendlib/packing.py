"""Put sentences into batches."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


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
        The numbers of each batch's sentences, the longest sentences first.

    >>> pack([3, 9, 4, 4, 20], budget=12)
    [[4], [1], [2, 3, 0]]
    """
    batches: list[list[int]] = []
    room = 0
    for number in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        if room == 0:
            batches.append([])
            room = max(1, budget // lengths[number])
        batches[-1].append(number)
        room -= 1
    return batches
