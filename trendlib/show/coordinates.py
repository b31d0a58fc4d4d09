"""The order in which the coordinates of trends are drawn: in groups, and sorted within them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendlib.typing import Mask, Vector

Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Group:
    """Coordinates in which the trends behave alike.

    Attributes:
        name: How they behave.
        places: The coordinates, that with the largest sum of the trends first.
    """

    name: str
    places: Places


def coordinate_groups(
    trends: Sequence[tuple[Vector, Mask]], names: Sequence[str]
) -> tuple[Group, ...]:
    """Group coordinates by whether the trends grew, shrank or are undefined there.

    Args:
        trends: The values of each trend, and where they are defined.
        names: The trends' names.

    Returns:
        The groups that have coordinates, those in which all trends are defined first.

    >>> one, all_defined = np.array([2.0, -1.0, 1.0]), np.array([True, True, True])
    >>> two, defined = np.array([1.0, 3.0, np.nan]), np.array([True, True, False])
    >>> groups = coordinate_groups([(one, all_defined), (two, defined)], ["want", "apple"])
    >>> [(group.name, group.places.tolist()) for group in groups]
    [('both grew', [0]), ('opposite', [1]), ('only want', [2])]
    """
    defined = np.stack([mask for _, mask in trends])
    values = np.where(defined, np.stack([vector for vector, _ in trends]), 0.0)
    order = np.argsort(-values.sum(axis=0), kind="stable")
    whole, none = np.all(defined, axis=0), ~np.any(defined, axis=0)
    grew, shrank = (whole & np.all(sign * values > 0, axis=0) for sign in (1, -1))
    all_of = {1: "", 2: "both "}.get(len(trends), "all ")
    members: list[tuple[str, NDArray[np.bool_]]] = [
        (f"{all_of}grew", grew),
        ("opposite" if len(trends) == 2 else "mixed", whole & ~grew & ~shrank),
        (f"{all_of}shrank", shrank),
    ]
    if len(trends) == 2:
        members += [
            (f"only {name}", mask & ~whole) for name, mask in zip(names, defined, strict=True)
        ]
    else:
        members.append(("some undefined", ~whole & ~none))
    members.append((f"{all_of}undefined", none))
    groups = [Group(name, order[mask[order]]) for name, mask in members]
    return tuple(group for group in groups if group.places.size)
