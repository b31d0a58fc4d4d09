"""Treebanks with planted trees: right scores, intervals and p-values are computed here by hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from planted import Planted, PlantedEncoder, voting

from trendlib.evaluate import runner, treebank
from trendlib.evaluate.conditions import AS_PRINTED, MEAN_OVER_PIECES, TIES_BY_MASS
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.results import TaskResult
from trendlib.evaluate.store import Store
from trendlib.evaluate.tasks import heads, readings, syntax
from trendlib.evaluate.tasks.complement import Complement
from trendlib.evaluate.trend_pairs import TrendPairsTask
from trendlib.model.encoder import Encoder

KINDS = ("NOUN", "VERB", "DET", "NOUN", "ADP", "PRON")
TREE = (1, -1, 3, 1, 1, 1)
"""The edges are 0-1, 2-3, 3-1, 4-1 and 5-1."""


def six(document: str, related: int, mark: str, **more: Any) -> Planted:
    """Six words; the focus word is 3, which edges join to 1 and 2."""
    words = tuple(f"{mark}{letter}" for letter in "abcdef")
    return Planted(document, words, KINDS, TREE, voting(3, related, 6), **more)


TEST = (
    six("A", 1, "q", attends={(1, 0): (3, 0), (1, 1): (3, 1)}),
    six("A", 2, "r", attends={(1, 0): (3, 0), (1, 1): (3, 1)}),
    six("B", 4, "s", attends={(1, 0): (3, 0), (1, 1): (3, 1)}),
    six("C", 0, "t", attends={(1, 0): (3, 0), (1, 1): (3, 1)}),
    # The related word is the only content word; then there is none beside the focus word.
    Planted("D", ("ua", "ub", "uc"), ("NOUN", "VERB", "DET"), (1, -1, 1), voting(0, 1, 3)),
    Planted("D", ("va", "vb", "vc"), ("PRON", "VERB", "DET"), (1, -1, 1), voting(1, 0, 3)),
)
DEV = tuple(six("E", 0, mark, attends={(1, 0): (3, 1), (1, 1): (3, 0)}) for mark in "wxyz")

Run = Callable[..., TaskResult]
"""Takes the name of a task, both parts of the treebank, and the dead coordinates if any."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a task on planted sentences."""

    def run(
        task: str, dev: Sequence[Planted], test: Sequence[Planted], dead: tuple[int, ...] = ()
    ) -> TaskResult:
        def fetched(source: Any) -> Path:
            path = tmp_path / Path(source.path).name
            part = dev if "-dev" in source.path else test
            path.write_text("".join(sentence.conllu() for sentence in part), encoding="utf-8")
            return path

        monkeypatch.setattr(treebank, "fetch", fetched)
        encoder = PlantedEncoder([*dev, *test], dead)
        model = cast(Encoder, encoder)
        bench = Workbench(model, lambda: model, Store(tmp_path / "store"))
        result = runner.run_task(runner.TASKS[task], bench)
        changed = len(dev) * (len(readings.CHANGES) if task == "readings" else 0)
        assert encoder.runs <= len(dev) + len(test) + changed  # once for all conditions
        return result

    return run


def draws(values: dict[str, list[tuple[float, float]]]) -> list[float]:
    """List the mean difference in each draw of documents, from all of their pairs of figures."""
    found = []
    for drawn in product(values, repeat=len(values)):
        pairs = [pair for document in drawn for pair in values[document]]
        if pairs:
            found.append(sum(one - other for one, other in pairs) / len(pairs))
    return found


def ends(drawn: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def two_sided(drawn: Sequence[float]) -> float:
    below = sum(value <= 1e-12 for value in drawn) / len(drawn)
    above = sum(value >= -1e-12 for value in drawn) / len(drawn)
    return min(1.0, 2 * min(below, above))


ARTICLE = [1, 1, 0, 0, 1, 1]
NAN = float("nan")
CONTROLS = {
    "random word": [2 / 5, 2 / 5, 2 / 5, 2 / 5, 1 / 2, 1],
    # Content: 0 and 1, of which 1 is joined. Function: 2, 4 and 5, of which 2 is joined.
    "random word of the same kind": [1 / 2, 1 / 3, 1 / 3, 1 / 2, NAN, 1],
    "random content word": [1 / 2, 1 / 2, 1 / 2, 1 / 2, 1, NAN],
    "nearest content word": [1, 1, 1, 1, 1, NAN],
    "next word": [0, 0, 0, 0, 1, 1],
    "previous word": [1, 1, 1, 1, 1, 1],
    "best head": [0, 0, 0, 0, 1, 1],
}
DOCUMENTS = "AABCDD"


@pytest.mark.parametrize("task", ["syntax", "syntax-gum"])
def test_every_control_is_what_the_trees_say(run: Run, task: str) -> None:
    result = run(task, DEV, TEST)
    assert result.facts["test"]["documents"] == 4
    assert result.score("article", "joined").value == pytest.approx(4 / 6)
    for name, expected in CONTROLS.items():
        known = [
            (document, one, other)
            for document, one, other in zip(DOCUMENTS, ARTICLE, expected, strict=True)
            if not np.isnan(other)
        ]
        share = result.score(name, "joined")
        lead = result.score("article", "joined", baseline=name)
        assert share.count == lead.count == len(known), name
        left_out = "without 1 sentence" if len(known) == 5 else ""
        assert lead.note.startswith(left_out)
        assert bool(lead.note) == bool(left_out)
        assert share.value == pytest.approx(np.mean([other for *_, other in known])), name
        assert lead.value == pytest.approx(np.mean([one - other for _, one, other in known])), name
        values: dict[str, list[tuple[float, float]]] = {}
        for document, one, other in known:
            values.setdefault(document, []).append((one, other))
        drawn = draws(values)
        assert (lead.low, lead.high) == pytest.approx(ends(drawn)), name


def test_the_p_values_are_two_sided_and_adjusted(run: Run) -> None:
    result = run("syntax", DEV, TEST)
    raw = {}
    for name, expected in CONTROLS.items():
        values: dict[str, list[tuple[float, float]]] = {}
        for document, one, other in zip(DOCUMENTS, ARTICLE, expected, strict=True):
            if not np.isnan(other):
                values.setdefault(document, []).append((one, other))
        raw[name] = two_sided(draws(values))
    leads = [score for score in result.scores if score.baseline and not score.condition]
    assert len(leads) == len(syntax.METHODS) - 1
    for name, p in raw.items():
        found = result.score("article", "joined", baseline=name).p
        assert found is not None
        assert found >= p - 0.03, name  # adjusting makes none smaller
    smallest = min(leads, key=lambda score: score.p or 0)
    assert smallest.p == pytest.approx(
        min(1.0, min(raw.values()) * len(leads)), abs=0.1 * len(leads)
    )
    lonely = result.score("article", "joined", baseline="random word of the same kind")
    assert lonely.p is not None
    assert lonely.p > raw["random word of the same kind"] / 2 + 0.05  # one side would be half


def matched(drawn: Sequence[int]) -> tuple[float, float]:
    """The matched control of some of the test sentences: its rate, and the article's lead.

    Pairs of like distance, in the four sentences of six words (without the chosen pair), and in the
    two of three words.
    """
    every = {1: (5, 2), 2: (4, 1), 3: (3, 1)}  # pairs, and those that are joined, in six words
    chosen = {0: 2, 1: 1, 2: 1, 3: 3}  # the distance of focus and related word
    pairs: dict[object, int] = {}
    joined: dict[object, int] = {}
    cells: list[object] = []
    for number in drawn:
        if number < 4:
            cells.append(chosen[number])
            for distance, (count, hits) in every.items():
                own = chosen[number] == distance
                pairs[distance] = pairs.get(distance, 0) + count - own
                joined[distance] = joined.get(distance, 0) + hits - own * ARTICLE[number]
        else:
            cells.append("short")
            pairs["short"] = pairs.get("short", 0) + 1
            joined["short"] = joined.get("short", 0) + 1
    rates = [Fraction(joined[cell], pairs[cell]) for cell in cells]
    share = float(sum(rates) / len(rates))
    return share, float(np.mean([ARTICLE[number] for number in drawn])) - share


def test_the_matched_control_is_resampled_with_its_rates(run: Run) -> None:
    result = run("syntax", DEV, TEST)
    name = syntax.SAME_DISTANCE.name
    share, lead = (
        result.score(name, "joined"),
        result.score("article", "joined", baseline=name),
    )
    by_hand = [Fraction(3, 15), Fraction(7, 18), Fraction(7, 18), Fraction(4, 11), 1, 1]
    assert share.value == pytest.approx(float(sum(by_hand) / 6))
    assert (share.value, lead.value) == pytest.approx(matched(range(6)))
    members = {"A": (0, 1), "B": (2,), "C": (3,), "D": (4, 5)}
    drawn = [
        matched([number for document in documents for number in members[document]])
        for documents in product(members, repeat=4)
    ]
    shares, leads = zip(*drawn, strict=True)
    assert (share.low, share.high) == pytest.approx(ends(shares), abs=0.02)
    assert (lead.low, lead.high) == pytest.approx(ends(leads), abs=0.02)


def test_the_best_head_is_that_of_dev_alone(run: Run) -> None:
    """On dev, head 0 of layer 1 finds the joined word; on test, head 1 does."""
    score = run("syntax", DEV, TEST).score("best head", "joined")
    assert score.note == "layer 1, head 0: the word that the focus word attends to"
    assert score.value == pytest.approx(2 / 6)


ROW = (0.2, 0.4, 0.01, 0.25, 0.01, 0.01)
SPLIT = Planted(
    # Summed, word 3 receives 0.5, and word 1 0.4; averaged, word 1 receives 0.4, word 3 0.25.
    "A", tuple(f"k{letter}" for letter in "abcdef"), KINDS, (1, -1, 3, 0, 1, 1), (ROW, ROW),
    pieces={3: 2},
    signs={3: (1, 1, -1, -1), 1: (1, -1, 1, -1), 0: (-1, -1, 1, 1), 4: (1, 1, -1, -1)},
)  # fmt: skip
TIED = Planted(
    # The focus word is 3; word 1 and word 4 have a vote each, word 4 has more attention.
    "B", tuple(f"l{letter}" for letter in "abcdef"), KINDS, TREE,
    ((0.01, 0.2, 0.01, 0.5, 0.01, 0.01), (0.01, 0.01, 0.01, 0.5, 0.4, 0.01)),
    signs={3: (1, 1, 1, -1), 1: (1, -1, -1, -1), 4: (1, 1, -1, -1)},
)  # fmt: skip


def test_each_condition_reads_in_its_own_way(run: Run) -> None:
    """SPLIT: 3 and 1, not joined; averaged 1 and 3, the same. TIED: 3-1 joined, by mass 3-4 not."""
    result = run("syntax", DEV, (SPLIT, TIED))
    shares = {
        condition.name: result.score("article", "joined", condition=condition.name).value
        for condition in (AS_PRINTED, MEAN_OVER_PIECES, TIES_BY_MASS)
    }
    assert shares == {"": 0.5, "mean over pieces": 0.5, "ties by attention mass": 0}
    # The focus word 1 has other neighbours than 3: 0, 2 (by none), 4 and 5.
    nearest = [
        result.score("random word", "joined", condition=condition.name).value
        for condition in (AS_PRINTED, MEAN_OVER_PIECES, TIES_BY_MASS)
    ]
    assert nearest == pytest.approx([(2 / 5 + 2 / 5) / 2, (3 / 5 + 2 / 5) / 2, 2 / 5])


def test_readings_differ_as_planted(run: Run) -> None:
    layers_differ = six("C", 1, "m", last=voting(0, 1, 6))
    result = run("readings", (SPLIT, TIED, layers_differ), ())
    assert result.facts["candidates of several pieces"] == pytest.approx(1 / 18)
    several = "focus word of several pieces"
    assert result.score("article", several).value == pytest.approx(1 / 3)
    assert result.score("article", several, condition=MEAN_OVER_PIECES.name).value == 0
    assert result.score("layers", "other focus word").value == pytest.approx(1 / 3)
    changed = "{} word changed by the condition"
    for condition, focus, related in ((MEAN_OVER_PIECES, 1, 1), (TIES_BY_MASS, 0, 1)):
        named = {"condition": condition.name}
        assert result.score("article", changed.format("focus"), **named).value * 3 == focus
        assert result.score("article", changed.format("related"), **named).value * 3 == related
        # The same change reaches the layers, so that they differ no more than as printed.
        assert result.score("layers", "other focus word", **named).value == pytest.approx(1 / 3)


def test_complements_are_counted_over_the_coordinates_that_are_left(run: Run) -> None:
    """Coordinate 3 is dead; exactly one is defined in 1 and 2, with TIED's word 4 in 2 alone."""
    result = run("complement", (SPLIT,), (TIED,), dead=(3,))
    expected = {
        "": 2 / 4,
        "without dead coordinates": 2 / 3,
        "mean over pieces": 2 / 4,
        "ties by attention mass": (2 / 4 + 1 / 4) / 2,
        "mean over pieces, without dead coordinates": 2 / 3,
    }
    for condition, value in expected.items():
        score = result.score("focus and related", "exactly one", condition=condition)
        assert score.value == pytest.approx(value), condition
    nulls = {
        # Of SPLIT's two words 2 of 4 coordinates are defined; of TIED's 3 and 1.
        ("independent masks", ""): (1 / 2 + (3 / 4 * 3 / 4 + 1 / 4 * 1 / 4)) / 2,
        ("independent masks", "without dead coordinates"): (2 * 2 / 3 * 1 / 3 + 2 / 3) / 2,
        # SPLIT's focus word with TIED's related word, and the other way around.
        ("two sentences", ""): 1 / 4,
        ("two sentences", "without dead coordinates"): 1 / 3,
    }
    for (baseline, condition), null in nulls.items():
        lead = result.score(
            "focus and related", "exactly one", baseline=baseline, condition=condition
        )
        assert lead.value == pytest.approx(expected[condition] - null), (baseline, condition)
    assert result.facts["dead coordinates"] == 1
    assert result.facts["documents"] == 2


def test_complements_are_resampled_by_document() -> None:
    task = Complement()
    assert isinstance(task, TrendPairsTask)
    shares = {"A": [(0.9, 0.5), (0.7, 0.5), (0.8, 0.6)], "B": [(0.2, 0.5)], "C": [(0.5, 0.3)]}
    documents = np.array([document for document, pairs in shares.items() for _ in pairs])
    one, other = np.array([pair for pairs in shares.values() for pair in pairs]).T
    measured = {
        method: {
            "exactly one": one if method.method == task.ARTICLES else other,
            "both": np.zeros(5),
            "document": documents,
        }
        for method in task.methods(cast(Workbench, None))
    }
    lead = next(score for score in task.scores(measured) if score.baseline)
    assert lead.value == pytest.approx((0.4 + 0.2 + 0.2 - 0.3 + 0.2) / 5)
    drawn = draws(shares)
    assert (lead.low, lead.high) == pytest.approx(ends(drawn))
    assert lead.p == pytest.approx(two_sided(drawn), abs=0.03)


def test_heads_are_chosen_on_dev_and_counted_by_document() -> None:
    edge = treebank.Edge(0, 1, "obj")

    def guess(document: str, right: tuple[int, int]) -> heads.Guesses:
        found = np.zeros((2, 2, 2, 2), np.intp)
        found[0, *right, 0] = 1
        return heads.Guesses(document, (edge,), dict.fromkeys(heads.CONDITIONS, found))

    dev = heads.tally([guess("D", (1, 0))] * 3 + [guess("D", (0, 1))], ("all", "obj"))
    parts = {"A": [(0, 1)] * 3, "B": [(1, 0)], "C": [(1, 0)] * 2}
    test = heads.tally(
        [guess(name, right) for name, rights in parts.items() for right in rights], ("all", "obj")
    )
    task = heads.Heads()
    measured = {m: task.measure(m, (dev, test)) for m in task.methods(cast(Workbench, None))}
    score = task.scores(measured)[0]
    assert score.note == "layer 1, head 0: attends to its head"
    assert score.value == pytest.approx(3 / 6)
    right = {"A": [(0.0, 0.0)] * 3, "B": [(1.0, 0.0)], "C": [(1.0, 0.0)] * 2}
    assert (score.low, score.high) == pytest.approx(ends(draws(right)))


def test_split_words_are_merged_as_the_condition_says() -> None:
    """The two pieces of SPLIT's word 3 receive 0.25 each from every token, and word 1 0.4."""
    encoding = SPLIT.encoding()
    units = treebank.Aligned(encoding.words, (True,) * 6, ())
    summed = treebank.unit_attention(encoding, units)[0, 0]
    mean = treebank.unit_attention(encoding, units, "mean")[0, 0]
    assert np.allclose(summed[:, 3], 0.5)
    assert np.allclose(mean[:, 3], 0.25)
    assert np.allclose(summed[:, 1], 0.4)
    assert np.allclose(mean[:, 1], 0.4)


def test_tokens_of_no_word_are_no_units() -> None:
    """A byte-level or Unigram tokenizer may give a space a token of its own."""
    encoding = SPLIT.encoding()
    without = tuple(word for word in encoding.words if word is not encoding.words[1])
    units = treebank.Aligned(without, (True,) * 5, ())
    left = treebank.unit_attention(replace(encoding, words=without), units)[0, 0]
    whole = treebank.unit_attention(encoding, treebank.Aligned(encoding.words, (True,) * 6, ()))
    others = [0, 2, 3, 4, 5]
    assert np.allclose(left, whole[0, 0][np.ix_(others, others)])
