"""The steps from the article's formula to one that works: planted pairs, and what is fitted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from trendlib.errors import ArrayError, DataError
from trendlib.evaluate import data, sbert_wk, statistics
from trendlib.evaluate.postprocessing import (
    all_but_the_top,
    principal_components,
    rank,
    whitening,
)
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.tasks import ladder
from trendlib.evaluate.tasks.ladder import (
    SETS,
    Ladder,
    LadderMethod,
    PairSet,
    Prepared,
    Rows,
    Setting,
)
from trendlib.evaluate.vectors import discounted

N_PAIRS, WIDTH = 30, 6
RIGHT, REVERSED = "right", "reversed"


def planted(seed: int = 0) -> Prepared:
    """Pairs whose cosine is known: both sentences are on a circle, some angle apart.

    The set that a pair is from decides the angle's place; the gold score falls with the angle. The
    part "reversed" has the angles of the opposite order. Training sentences come last, far away.
    """
    rng = np.random.default_rng(seed)
    angles = np.linspace(0.1, 3.0, N_PAIRS)
    rows: dict[str, list[np.ndarray[Any, Any]]] = {RIGHT: [], REVERSED: []}
    tests = {}
    for number, name in enumerate([*SETS, "dev"]):
        order = rng.permutation(N_PAIRS)
        turned = angles[order]
        for part, by in ((RIGHT, turned), (REVERSED, 3.1 - turned)):
            first = np.zeros((N_PAIRS, WIDTH))
            second = np.zeros((N_PAIRS, WIDTH))
            first[:, 0], second[:, 0], second[:, 1] = 1, np.cos(by), np.sin(by)
            rows[part] += [first, second]
        start = 2 * N_PAIRS * number
        numbers = np.arange(start, start + 2 * N_PAIRS)
        tests[name] = PairSet(*np.split(numbers, 2), 5 - turned)
    count = 2 * N_PAIRS * len(tests)
    for found in rows.values():
        found.append(rng.normal(size=(40, WIDTH)) * [1, 2, 3, 4, 5, 6] + 100)
    by_name = {name: np.concatenate(found) for name, found in rows.items()}
    train = np.arange(count, count + 40)
    dev = tests.pop("dev")
    return Prepared(Rows(by_name), train, dev, tests, {RIGHT: 2.0, REVERSED: 1.0, "model": 3.0}, {})


def method(name: str, part: str = RIGHT) -> LadderMethod:
    return ladder._plain(name, "planted", part)


def measured_and_scored(
    methods: Mapping[str, LadderMethod], prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> list[Score]:
    monkeypatch.setattr(ladder, "MEAN_POOLING", methods["mean"])
    steps = tuple(each for name, each in methods.items() if name != "mean")
    monkeypatch.setattr(ladder, "LADDER", steps)
    task = Ladder()
    return task.scores({each: task.measure(each, prepared) for each in methods.values()})


def find(scores: list[Score], method: str, baseline: str = "", group: str = "") -> Score:
    (found,) = (
        score
        for score in scores
        if (score.method, score.baseline, score.group) == (method, baseline, group)
        and score.measure == "Spearman"
    )
    return found


def test_a_method_that_is_right_by_construction_scores_one_and_a_reversed_one_minus_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    methods = {"mean": method("mean"), "worse": method("worse", REVERSED)}
    scores = measured_and_scored(methods, planted(), monkeypatch)
    for group in ("", *SETS, "without STS-B"):
        assert find(scores, "mean", group=group).value == pytest.approx(1)
        assert find(scores, "worse", group=group).value == pytest.approx(-1)
        if group:
            lead = find(scores, "worse", "mean", group)
            assert lead.value == lead.low == lead.high == pytest.approx(-2)
            assert lead.p is None
    lead = find(scores, "worse", "mean")
    assert lead.value == lead.low == lead.high == pytest.approx(-2)  # in every resample
    # No resample of 2,000 is on the other side; both sides count, and there is one comparison.
    assert lead.p == pytest.approx(2 * 1 / 2001)
    assert find(scores, "mean").count == 7 * N_PAIRS
    assert find(scores, "mean", group="without STS-B").count == 6 * N_PAIRS


def test_the_average_is_over_sets_and_steps_are_compared_with_the_step_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared = planted()
    for name in SETS[:3]:  # in three of the seven sets, people disagree with everybody
        pairs = prepared.tests[name]
        prepared.tests[name] = PairSet(pairs.first, pairs.second, -pairs.gold)  # type: ignore[index]
    parts = {"mean": RIGHT, "first": RIGHT, "next": REVERSED, "last": RIGHT}
    methods = {name: method(name, part) for name, part in parts.items()}
    scores = measured_and_scored(methods, prepared, monkeypatch)
    assert find(scores, "mean").value == pytest.approx((4 - 3) / 7)
    assert find(scores, "next").value == pytest.approx((3 - 4) / 7)
    assert find(scores, "mean", group="without STS-B").value == pytest.approx(0)
    assert find(scores, "last", "next").value == pytest.approx(2 / 7)
    assert find(scores, "last", "next").p == pytest.approx(2 * 2 / 2001)  # Holm: two steps
    assert find(scores, "last", "mean").value == 0
    assert find(scores, "last", "mean").p == 1


def chosen_of(method: LadderMethod, prepared: Prepared) -> str:
    return str(Ladder().measure(method, prepared)["chosen"])


def test_settings_are_chosen_on_the_development_part_alone() -> None:
    """Where the development part and the tests disagree, the former decides."""
    prepared = planted()
    dev = prepared.dev
    settings = [Setting(part, lambda rows, part=part: rows.get(part)) for part in (REVERSED, RIGHT)]
    both = LadderMethod("both", "planted", (RIGHT,), lambda _: settings)
    assert chosen_of(both, prepared) == RIGHT
    contrary = PairSet(dev.first, dev.second, -dev.gold)
    other = Prepared(prepared.rows, prepared.train, contrary, prepared.tests, {RIGHT: 1.0}, {})
    assert chosen_of(both, other) == REVERSED
    found = Ladder().measure(both, other)
    assert stats.spearmanr(found["cosine SICK-R"], found["gold SICK-R"])[0] == pytest.approx(-1)


def test_what_is_fitted_is_fitted_on_training_sentences() -> None:
    prepared = planted()
    given: list[Rows] = []

    def settings(train: Rows) -> list[Setting]:
        given.append(train)
        return [Setting("", lambda rows: rows.get(RIGHT))]

    Ladder().measure(LadderMethod("fitted", "planted", (RIGHT,), settings), prepared)
    assert np.array_equal(given[0].get(RIGHT), prepared.rows.get(RIGHT)[prepared.train])


def test_a_pair_is_compared_by_its_own_vectors_whitened_by_the_training_sentences() -> None:
    prepared = planted()
    whitened = ladder._whitened(method("right"))
    setting = next(iter(whitened.settings(prepared.rows.take(prepared.train))))
    train = prepared.rows.get(RIGHT)[prepared.train]
    covariance = np.cov(setting.vectors(prepared.rows.take(prepared.train)), rowvar=False)
    assert np.allclose(covariance, np.eye(WIDTH))
    # By the definition: the Mahalanobis inner product of the training sentences.
    inverse = np.linalg.inv(np.cov(train, rowvar=False))
    pairs = prepared.tests["SICK-R"]
    rows = prepared.rows.get(RIGHT) - train.mean(axis=0)
    one, other = rows[pairs.first], rows[pairs.second]
    inner = [np.sum(a @ inverse * b, axis=1) for a, b in ((one, other), (one, one), (other, other))]
    expected = inner[0] / np.sqrt(inner[1] * inner[2])
    assert np.allclose(pairs.cosines(prepared.rows, setting), expected)


def test_whitening_keeps_the_components_of_largest_variance() -> None:
    rows = np.random.default_rng(3).normal(size=(500, 5)) * [9, 7, 5, 3, 1]
    fitted = principal_components(rows)
    kept = whitening(fitted, 2)(rows)
    assert np.allclose(np.cov(kept, rowvar=False), np.eye(2))
    correlations = np.corrcoef(kept.T, rows[:, :2].T)[:2, 2:]
    assert (np.abs(correlations).diagonal() > 0.98).all()


def test_whitening_refuses_what_does_not_vary() -> None:
    rows = np.random.default_rng(4).normal(size=(50, 4)) * [3, 2, 1, 0] + 7
    fitted = principal_components(rows)
    assert rank(fitted) == 3
    with pytest.raises(ArrayError, match="4 components: only 3 of them vary"):
        whitening(fitted, 4)


def test_all_but_the_top_removes_the_mean_and_the_top() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(400, 4)) * [10, 5, 2, 1] + [3, 2, 1, 0]
    left = all_but_the_top(principal_components(rows), 2)(rows)
    assert np.allclose(left.mean(axis=0), 0)
    values, directions = np.linalg.eigh(np.cov(rows, rowvar=False))  # the smallest first
    assert np.allclose(left @ directions[:, 2:], 0)
    assert np.allclose(left @ directions[:, :2], (rows - rows.mean(axis=0)) @ directions[:, :2])
    assert np.allclose(np.sort(np.linalg.eigvalsh(np.cov(left, rowvar=False)))[2:], values[:2])


def test_nothing_is_removed_but_the_mean_with_a_top_of_none() -> None:
    rows = np.arange(12.0).reshape(4, 3) ** 2
    centred = all_but_the_top(principal_components(rows), 0)(rows)
    assert np.allclose(centred, rows - rows.mean(axis=0))


def slow_sbert_wk(states: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The article's formulas, word by word and layer by layer, with a QR factorization."""
    count, n_tokens, _ = states.shape
    words, uneven = [], []
    for token in range(n_tokens):
        layers = states[:, token]
        unit = [vector / np.linalg.norm(vector) for vector in layers]
        aligned, novel = [], []
        for i in range(count):
            near = [j for j in range(i - 2, i + 3) if 0 <= j < count and j != i]
            aligned.append(1 / np.mean([unit[i] @ unit[j] for j in near]))
            window = np.stack([layers[j] for j in near] + [layers[i]], axis=1)
            last = np.linalg.qr(window)[1][:, -1]
            novel.append(abs(last[-1]) / np.linalg.norm(last))
        weights = 0.5 * np.array(aligned) / sum(aligned) + 0.5 * np.array(novel) / sum(novel)
        words.append(sum(weight * vector for weight, vector in zip(weights, layers, strict=True)))
        uneven.append(np.var([unit[i] @ unit[i + 1] for i in range(count - 1)]))
    shares = np.array(uneven) / sum(uneven)
    total: np.ndarray[Any, Any] = sum(
        share * word for share, word in zip(shares, words, strict=True)
    )
    return total


@pytest.mark.parametrize("shape", [(3, 1, 8), (5, 4, 16), (9, 3, 12)])
def test_sbert_wk_follows_its_formulas(shape: tuple[int, int, int]) -> None:
    states = np.random.default_rng(6).normal(size=shape) + 2  # neighbours are alike
    assert np.allclose(sbert_wk.sentence_vector(states), slow_sbert_wk(states))


def test_sbert_wk_refuses_what_has_no_direction() -> None:
    with pytest.raises(ArrayError, match="2 hidden states: SBERT-WK needs three or more"):
        sbert_wk.sentence_vector(np.ones((2, 1, 3)))
    with pytest.raises(ArrayError, match="a token's vector is zero"):
        sbert_wk.sentence_vector(np.zeros((3, 1, 3)))


def test_dead_coordinates_are_cut_out_of_the_steps_but_not_of_mean_pooling() -> None:
    names = {part.name for part in ladder.PARTS}
    rows = Rows({name: np.arange(12.0).reshape(3, 4) for name in names}, dead=(1, 3))
    widths = {}
    for each in ladder.METHODS:
        (setting, *_) = each.settings(rows)
        widths[each.name] = setting.vectors(rows).shape[1]
    steps = {step.name: widths[step.name] for step in ladder.LADDER}
    assert steps == {"article": 4} | dict.fromkeys(list(steps)[1:], 2)
    assert widths["mean"] == widths["CLS"] == widths["first + last"] == 4
    assert all(widths[name] == 4 for name in widths if name.endswith("with dead coordinates"))


def test_the_discounted_trend_is_a_mix_of_two_states() -> None:
    last, base = np.array([1.0, 2.0]), np.array([3.0, -2.0])
    assert np.allclose(discounted(last, base, 0.3), 0.7 * last + 0.3 * base)
    names = {part.name for part in ladder.PARTS}
    rows = Rows({name: np.full((1, 2), number) for number, name in enumerate(sorted(names))})
    settings = {s.note: s.vectors(rows)[0, 0] for s in ladder.DISCOUNTED_STEP.settings(rows)}
    value = {name: number for number, name in enumerate(sorted(names))}
    mixed = 0.8 * value["mean"] + 0.2 * value["mean of hidden state 1"]
    assert settings["discount 0.2, from hidden state 1"] == pytest.approx(mixed)
    mixed = 0.1 * value["mean"] + 0.9 * value["mean of layer 0"]
    assert settings["discount 0.9, from hidden state 0"] == pytest.approx(mixed)
    assert settings["discount 0, from hidden state 0"] == value["mean"]


def test_pairs_of_the_development_part_and_pairs_without_a_score_are_left_out(
    files: Path, workbench: Workbench
) -> None:
    dev = data.read_sts(data.STSB_DEV)
    part = data.STS_PARTS[0]
    texts = (files / part.input.path).read_text(encoding="utf-8").splitlines()
    # The same words, tokenized, in lower case, and the other way round.
    texts[0] = f"{dev[0].second.lower().replace('.', ' .')}\t{dev[0].first.lower()}"
    (files / part.input.path).write_text("\n".join(texts) + "\n", encoding="utf-8")
    sets, facts = ladder._read_sets(workbench, dev)
    own = [pair for source in data.STS_PARTS[:5] for pair in data.read_sts_part(source)[0]]
    assert facts["pairs"]["STS 2012"] == len(own) - 1 == 5 * 23 - 1
    assert facts["left out"]["without a score"] == len(data.STS_PARTS)
    seen = {frozenset((pair.first, pair.second)) for pair in dev}
    test = data.read_sts(data.STSB_TEST)
    shared = sum(frozenset((pair.first, pair.second)) in seen for pair in test)
    assert shared > 0
    assert facts["pairs"]["STS-B"] == len(test) - shared
    assert facts["left out"]["in the development part"] == 1 + shared
    assert set(sets) == set(SETS)


def test_files_whose_lines_do_not_fit_together_are_refused(files: Path) -> None:
    part = data.STS_PARTS[0]
    (files / part.gold.path).write_text("1.0\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"has 24 lines and .* has 1: take both from the same place"
    ):
        data.read_sts_part(part)


def test_what_it_costs_is_that_of_the_parts_and_of_what_is_done_with_them() -> None:
    prepared = planted()
    found = Ladder().measure(
        LadderMethod("two", "planted", (RIGHT, REVERSED), method("x").settings), prepared
    )
    assert 3 <= float(found["milliseconds per sentence"]) < 4


def test_correlations_of_resamples_are_those_of_repeated_pairs() -> None:
    """Against scipy, pair by pair, with ties."""
    rng = np.random.default_rng(8)
    scores, gold = np.round(rng.normal(size=20), 1), rng.integers(0, 5, size=20).astype(float)
    drawn = statistics.spearman_resamples({"a": [scores]}, [gold], resamples=150)["a"]
    times = np.random.default_rng([statistics.SEED, 0]).multinomial(20, np.full(20, 0.05), 150)
    expected = [stats.spearmanr(scores, gold)[0]] + [
        stats.spearmanr(np.repeat(scores, row), np.repeat(gold, row))[0] for row in times
    ]
    assert drawn.shape == (1, 151)
    assert np.allclose(drawn[0], expected)


def test_scores_without_a_rank_are_refused() -> None:
    with pytest.raises(ArrayError, match="a score is NaN"):
        statistics.spearman_resamples({"a": [np.array([1, np.nan])]}, [np.array([1.0, 2.0])])


def test_averages_over_sets_are_compared_set_by_set_in_the_same_resamples() -> None:
    rng = np.random.default_rng(9)
    golds = [rng.normal(size=60), rng.normal(size=90)]
    good = [gold + rng.normal(size=len(gold)) / 3 for gold in golds]
    bad = [gold + rng.normal(size=len(gold)) * 2 for gold in golds]
    drawn = statistics.spearman_resamples({"good": good, "bad": bad}, golds)
    pairs = [("good", "bad"), ("bad", "good"), ("good", "good")]
    better, worse, same = statistics.mean_spearman_differences(drawn, pairs)
    expected = np.mean(
        [
            stats.spearmanr(g, gold)[0] - stats.spearmanr(b, gold)[0]
            for g, b, gold in zip(good, bad, golds, strict=True)
        ]
    )
    assert better[0] == pytest.approx(expected)
    assert worse[:3] == pytest.approx((-better[0], -better[2], -better[1]))
    assert better[3] == worse[3] == pytest.approx(3 * 2 / 2001)  # Holm: three comparisons
    assert same == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.01, 0.02, 0.03], [0.03, 0.04, 0.04]),
        ([0.03, 0.01], [0.03, 0.02]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([], []),
    ],
)
def test_holm_multiplies_the_smallest_by_their_number(
    p_values: list[float], expected: list[float]
) -> None:
    assert statistics.holm(p_values) == pytest.approx(expected)
