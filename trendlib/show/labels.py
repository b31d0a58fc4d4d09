"""Short labels for words, which distinguish repeated words."""

from collections import Counter
from collections.abc import Sequence

LONGEST = 16
"""Of a longer word, a label has the beginning."""


def shortened(name: str, longest: int = LONGEST) -> str:
    """Cut a name that is too long for a label.

    >>> shortened("an uncommonly long name")
    'an uncommonly l…'
    """
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def numbered(names: Sequence[str], numbers: Sequence[int | None]) -> list[str]:
    """Distinguish equal names by their numbers.

    Args:
        names: The names.
        numbers: A number for each name; None for what needs none, such as a special token.

    >>> numbered(["the", "man", "the"], [0, 1, 2])
    ['the (0)', 'man', 'the (2)']
    """
    counts = Counter(names)
    return [
        f"{name} ({number})" if counts[name] > 1 and number is not None else name
        for name, number in zip(names, numbers, strict=True)
    ]
