"""Tables and sentences that compare several vectors by their cosines."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from trendlib.encoding import Provenance
from trendlib.similarity import heaviest, pairwise_cosines, share_of_square, without
from trendlib.typing import SliceCosines, Vector


def closest_text(cosines: Mapping[str, float], what: str, source: str) -> str:
    """State which pair is the closest, and which the farthest.

    Args:
        cosines: The cosines by the names of the pairs, as ``pairwise_cosines`` returns them.
        what: What was compared.
        source: The model, or the article, that they come from.
    """
    ordered = sorted(cosines, key=lambda pair: cosines[pair], reverse=True)
    return (
        f"By {source}, {what}: the closest two are **{ordered[0]}** "
        f"({cosines[ordered[0]]:.3f}), the farthest **{ordered[-1]}** "
        f"({cosines[ordered[-1]]:.3f})."
    )


def pairs_table(
    representations: Mapping[str, Mapping[str, Vector]], first: int, provenance: Provenance
) -> pd.DataFrame:
    """Tabulate the cosines of all pairs, over the first coordinates and over all.

    Args:
        representations: The vectors by their names, for each kind of vector.
        first: How many coordinates count as the first ones.
        provenance: The model that the vectors come from.
    """
    columns = {}
    for kind, vectors in representations.items():
        shortened = {name: vector[:first] for name, vector in vectors.items()}
        columns[f"{kind}, first {first}"] = pairwise_cosines(shortened)
        columns[f"{kind}, all"] = pairwise_cosines(vectors)
    return _cosines(columns, provenance)


def heaviest_table(
    vectors: Mapping[str, Vector], count: int, provenance: Provenance
) -> pd.DataFrame:
    """Tabulate each vector's largest coordinates, and their share of its squared length."""
    rows = {}
    for name, vector in vectors.items():
        coordinates = heaviest(vector, count)
        rows[name] = {
            "heaviest coordinates": ", ".join(map(str, coordinates)),
            "their values": ", ".join(f"{vector[index]:.1f}" for index in coordinates),
            "share of the square": f"{share_of_square(vector, coordinates):.1%}",
        }
    return pd.DataFrame(rows).T.rename_axis(columns=provenance.model)


def lightened_table(
    vectors: Mapping[str, Vector], counts: Sequence[int], provenance: Provenance
) -> pd.DataFrame:
    """Tabulate the cosines of all pairs without the coordinates that are largest in any vector.

    Args:
        vectors: The vectors by their names.
        counts: How many coordinates of each vector to leave out; one column per number.
        provenance: The model that the vectors come from.
    """
    columns = {}
    for count in counts:
        dropped = {index for vector in vectors.values() for index in heaviest(vector, count)}
        kept = {name: without(vector, dropped) for name, vector in vectors.items()}
        columns[f"without {len(dropped)} of them" if dropped else "all"] = pairwise_cosines(kept)
    return _cosines(columns, provenance)


def slices_table(
    pairs: Sequence[tuple[str, SliceCosines, float]], provenance: Provenance
) -> pd.DataFrame:
    """Tabulate the lowest and the highest of the cosines that ``plots.slice_cosines`` draws."""
    columns = {
        "lowest slice": {name: float(np.nanmin(cosines)) for name, cosines, _ in pairs},
        "highest slice": {name: float(np.nanmax(cosines)) for name, cosines, _ in pairs},
        "all coordinates": {name: whole for name, _, whole in pairs},
    }
    return _cosines(columns, provenance)


def _cosines(columns: Mapping[str, Mapping[str, float]], provenance: Provenance) -> pd.DataFrame:
    return pd.DataFrame(columns).round(4).rename_axis(columns=provenance.model)
