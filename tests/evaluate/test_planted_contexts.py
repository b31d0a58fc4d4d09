"""Contexts with planted contrasts: right figures and intervals are computed here by hand."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import cast

import numpy as np
import pytest

from trendlib.evaluate.conditions import AS_PRINTED, WITHOUT_DEAD, Conditioned
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.scores import OWN, Score
from trendlib.evaluate.tasks import contexts
from trendlib.evaluate.tasks.contexts import ContextMethod, Representation
from trendlib.typing import Vector

TEMPLATES = np.array([0.0, 0.02, 0.3])
NOUNS = np.array([0.4, 0.5, 0.55, 0.1])
LOGS = np.array([0.3, 0.05, 0.02])
"""What each template, and each kind of nouns, adds to a contrast; LOGS for log quotients."""


def planted(first: Vector, other: Vector, template: int, kind: int) -> contexts.TripleVectors:
    """Two equal vectors, and another; static vectors of ones."""
    triple = contexts.Triple(("a", "b", "c"), "x", kind, template)
    ones = np.ones(len(first))
    vectors = tuple((ones, vector) for vector in (first, first, other))
    return contexts.TripleVectors(triple, vectors, dead=(1,))


def method(kind: str, coordinates: str = "all coordinates") -> Representation:
    return next(
        each.method
        for each in contexts.Contexts().methods(cast(Workbench, None))
        if each.method.name == f"{kind}, {coordinates}"
    )


def scores(grid: dict[str, np.ndarray]) -> list[Score]:
    """Score contrasts, given by template and kind, as if every method had measured them."""
    number, kind = np.indices(next(iter(grid.values())).shape).reshape(2, -1)
    task = contexts.Contexts()
    measured = {
        each: {
            "contrast": grid[each.method.kind].ravel(),
            "template": number,
            "kind": kind,
        }
        for each in task.methods(cast(Workbench, None))
        if each.condition == AS_PRINTED and not each.method.fourier
        if each.method.coordinates == "all coordinates"
    }
    return task.scores(measured)


def find(found: list[Score], name: str, baseline: str = "", group: str = "") -> Score:
    (score,) = [
        score
        for score in found
        if (score.method, score.measure, score.baseline, score.group, score.condition)
        == (name, "effect size", baseline, group, "")
    ]
    return score


def size(values: np.ndarray) -> float:
    return float(values.mean() / np.sqrt(((values - values.mean()) ** 2).sum() / (values.size - 1)))


def crossed(shape: tuple[int, int]) -> Iterator[tuple[np.ndarray, ...]]:
    """Every draw of templates with every draw of kinds."""
    for rows in product(range(shape[0]), repeat=shape[0]):
        for columns in product(range(shape[1]), repeat=shape[1]):
            yield np.ix_(rows, columns)


NOISE = np.random.default_rng(3).normal(size=(2, 3, 4)) / 5
GRID = {
    "contextual": TEMPLATES[:, None] + NOUNS + NOISE[0],
    "log quotient": LOGS[:, None] + NOUNS[::-1] / 2 + NOISE[1],
    "difference": TEMPLATES[:, None] + NOUNS + NOISE[0],
}
Statistic = Callable[[tuple[np.ndarray, ...]], float]


def check_ends(score: Score, statistic: Statistic, shape: tuple[int, int]) -> None:
    """The ends must lie where all draws say, but for the chance of two thousand of them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = np.array([statistic(places) for places in crossed(shape)])
    drawn = drawn[np.isfinite(drawn) & (np.abs(drawn) < 1e6)]  # one unit alone has no spread
    low, high = np.quantile(drawn, [[0.015, 0.035], [0.96, 0.985]])
    assert score.low is not None
    assert score.high is not None
    assert low[0] <= score.low <= low[1]
    assert high[0] <= score.high <= high[1]


def test_templates_and_kinds_are_both_resampled() -> None:
    found = scores(GRID)
    plain = find(found, "contextual, all coordinates")
    assert plain.value == pytest.approx(size(GRID["contextual"]))
    assert plain.count == 12
    check_ends(plain, lambda places: size(GRID["contextual"][places]), (3, 4))


def test_a_difference_is_log_quotient_minus_contextual_in_the_same_draws() -> None:
    found = scores(GRID)
    lead = find(found, "log quotient, all coordinates", "contextual, all coordinates")
    assert lead.value == pytest.approx(size(GRID["log quotient"]) - size(GRID["contextual"]))
    check_ends(
        lead,
        lambda places: size(GRID["log quotient"][places]) - size(GRID["contextual"][places]),
        (3, 4),
    )
    equal = find(found, "difference, all coordinates", "contextual, all coordinates")
    assert (equal.value, equal.low, equal.high, equal.p) == (0, 0, 0, 1)


def test_the_articles_own_template_stands_apart() -> None:
    found = scores(GRID)
    own = find(found, "contextual, all coordinates", group=OWN)
    assert own.count == 4
    assert own.value == pytest.approx(size(GRID["contextual"][0]))
    check_ends(own, lambda places: size(GRID["contextual"][:1][places]), (1, 4))
    first = next(contexts.triples())
    assert first.template == 0
    assert first.sentences[0].startswith(OWN.removesuffix("..."))
    assert {triple.template for triple in contexts.triples()} == set(range(10))


def test_a_trimmed_figure_stands_beside_a_trimmed_one() -> None:
    for coordinates in contexts.COORDINATES:
        for kind in ("log quotient", "difference", "Fourier of log quotient"):
            compared = method(kind, coordinates).reference
            assert compared == method("contextual", coordinates)
    trimmed = method("log quotient", "without the heaviest").reference
    assert trimmed.coordinates == "without the heaviest"


def cosine(one: Vector, other: Vector) -> float:
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


@pytest.mark.parametrize(("condition", "removed"), [(AS_PRINTED, []), (WITHOUT_DEAD, [1])])
def test_dead_coordinates_are_taken_out_and_not_made_zero(
    condition: type[object], removed: list[int]
) -> None:
    """Coordinate 10 is among the first ten only if coordinate 1 is gone."""
    rng = np.random.default_rng(5)
    first, other = np.exp(rng.normal(size=(2, 14)))
    first[1], other[1] = 1e-9, 1e9
    prepared = [planted(first, other, 0, 0)]
    task = contexts.Contexts()
    for coordinates, count in (("all coordinates", 14), ("first ten", 10)):
        one, two = (np.delete(vector, removed)[:count] for vector in (first, other))
        for kind, expected in (
            ("contextual", 1 - cosine(one, two)),
            ("log quotient", 1 - cosine(np.log(one), np.log(two))),
        ):
            run: ContextMethod = Conditioned(method(kind, coordinates), condition)  # type: ignore[arg-type]
            assert task.measure(run, prepared)["contrast"] == pytest.approx([expected])
