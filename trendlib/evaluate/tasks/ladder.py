"""What would work? From the article's formula to one that does the job, one change at a time.

Sentence vectors are compared by their cosines, and these with what people find alike, on seven sets
of pairs: SemEval's five STS tasks, the test part of STS-B, and that of SICK. Whatever can be chosen
is chosen on the development part of STS-B, and whatever is fitted is fitted on the sentences of its
training part, without their scores. STS-B was drawn from the same five tasks: their pairs that are
in its development part are left out.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate import data, sbert_wk, statistics
from trendlib.evaluate.data import ScoredPair
from trendlib.evaluate.postprocessing import (
    all_but_the_top,
    principal_components,
    rank,
    whitening,
)
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.vectors import (
    ALL_WORDS_ANGLE,
    ALL_WORDS_DIFFERENCE,
    ALL_WORDS_QUOTIENT,
    ANGLE_WITHOUT_DEAD,
    CLS,
    MEAN,
    MEAN_OF_STATE_0,
    MEAN_OF_STATE_1,
    SBERT_WK,
    TREND,
    Sentence,
    VectorMethod,
    discounted,
    row_cosines,
    run_model,
    usable,
    vectors,
)

QUICK_PAIRS, QUICK_SENTENCES = 40, 150
TIMED_SENTENCES = 200
"""How many sentences are composed to see what that costs."""
SIZES = (32, 64, 128, 192, 256, 320, 384, 512, 640, 768)
"""How many components whitening may keep, as far as there are as many that vary."""
REMOVED = tuple(range(11))
"""How many components all-but-the-top may remove."""
DISCOUNTS = tuple(round(tenth / 10, 1) for tenth in range(10))
STS_B, SICK = "STS-B", "SICK-R"
YEARS = tuple(f"STS {year}" for year in sorted({part.year for part in data.STS_PARTS}))
SETS = (*YEARS, STS_B, SICK)
"""The sets of pairs. A year's parts are one set, as is usual (the "all" of Gao et al. 2021)."""
OTHERS = "without STS-B"
"""The group of figures that leave out the set whose other parts chose and fitted."""
MEASURE, COST = "Spearman", "milliseconds per sentence"
SBERT_WK_TOKENS = VectorMethod(
    "SBERT-WK, all tokens",
    "as SBERT-WK, but of all tokens, the special ones included",
    lambda sentence: _sbert_wk_of_tokens(sentence, thirds=1),
)
SBERT_WK_LATE = VectorMethod(
    "SBERT-WK, all tokens, last third",
    "the same, but of the last third of the layers alone",
    lambda sentence: _sbert_wk_of_tokens(sentence, thirds=2),
)
PARTS = (
    TREND,
    ALL_WORDS_QUOTIENT,
    ALL_WORDS_DIFFERENCE,
    ALL_WORDS_ANGLE,
    ANGLE_WITHOUT_DEAD,
    CLS,
    MEAN,
    MEAN_OF_STATE_0,
    MEAN_OF_STATE_1,
    SBERT_WK,
    SBERT_WK_TOKENS,
    SBERT_WK_LATE,
)
"""The vectors that all methods are made of."""

Vectors = NDArray[Any]
Numbers = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Rows:
    """Vectors of the same sentences, made in several ways.

    Attributes:
        by_name: By the name of the part, an array with one row per sentence.
        dead: The model's dead coordinates.
    """

    by_name: Mapping[str, Vectors]
    dead: tuple[int, ...] = ()

    def get(self, part: str, *, without_dead: bool = False) -> Vectors:
        """Return the vectors of a part in float64, with or without the dead coordinates."""
        rows = self.by_name[part].astype(np.float64)
        return np.delete(rows, self.dead, axis=1) if without_dead else rows

    def take(self, numbers: Numbers) -> "Rows":
        """Return the vectors of some of the sentences."""
        return Rows({name: rows[numbers] for name, rows in self.by_name.items()}, self.dead)


@dataclass(frozen=True)
class Setting:
    """A method with everything chosen and fitted.

    Attributes:
        note: What was chosen; empty if there is nothing to choose.
        vectors: Returns one vector per sentence.
    """

    note: str
    vectors: Callable[[Rows], Vectors]


@dataclass(frozen=True)
class LadderMethod:
    """A way to make sentence vectors.

    Attributes:
        name: Its name in tables.
        note: What it does, in a sentence.
        parts: The names of the vectors that it is made of.
        settings: Lists what can be chosen, fitted on the vectors of training sentences.
    """

    name: str
    note: str
    parts: tuple[str, ...]
    settings: Callable[[Rows], Sequence[Setting]]


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pairs of sentences by their numbers, and how similar people found them."""

    first: Numbers
    second: Numbers
    gold: NDArray[np.float64]

    def cosines(self, rows: Rows, setting: Setting) -> NDArray[np.float64]:
        """Compute the cosine of each pair; only its own sentences are looked at."""
        first, second = (setting.vectors(rows.take(side)) for side in (self.first, self.second))
        return row_cosines(first, second)


@dataclass(frozen=True, eq=False)
class Prepared:
    """Vectors and pairs.

    Attributes:
        rows: The vectors of all sentences.
        train: The numbers of the sentences that are fitted on.
        dev: The pairs that everything is chosen on.
        tests: The pairs of each set.
        milliseconds: By part, the time to compose a sentence's vector; and that of the model.
        facts: How many pairs there are, and how many were left out.
    """

    rows: Rows
    train: Numbers
    dev: PairSet
    tests: Mapping[str, PairSet]
    milliseconds: Mapping[str, float]
    facts: Mapping[str, Any]


def _sbert_wk_of_tokens(sentence: Sentence, *, thirds: int) -> Vectors:
    n_layers = len(sentence.states) - 1
    return sbert_wk.sentence_vector(sentence.states[thirds * sbert_wk.first_used(n_layers) :])


def _part(part: str, rows: Rows) -> Vectors:
    return rows.get(part)


def _plain(name: str, note: str, part: str, *, without_dead: bool = False) -> LadderMethod:
    def make(rows: Rows) -> Vectors:
        return rows.get(part, without_dead=without_dead)

    return LadderMethod(name, note, (part,), lambda _train: [Setting("", make)])


def _discounted(name: str, note: str, *, without_dead: bool = False) -> LadderMethod:
    bases = {0: MEAN_OF_STATE_0.name, 1: MEAN_OF_STATE_1.name}

    def make(base: int, discount: float, rows: Rows) -> Vectors:
        last, first = (
            rows.get(part, without_dead=without_dead) for part in (MEAN.name, bases[base])
        )
        return discounted(last, first, discount)

    settings = [
        Setting(f"discount {discount:g}, from hidden state {base}", partial(make, base, discount))
        for base in bases
        for discount in DISCOUNTS
    ]
    return LadderMethod(name, note, (MEAN.name, *bases.values()), lambda _train: settings)


def _whitened(method: LadderMethod) -> LadderMethod:
    def settings(train: Rows) -> Iterator[Setting]:
        for inner in method.settings(train):
            fitted = principal_components(inner.vectors(train))
            varying = rank(fitted)
            for size in [size for size in SIZES if size <= varying] or [varying]:
                transform = whitening(fitted, size)
                notes = (inner.note, f"{size} components")
                yield Setting(
                    ", ".join(note for note in notes if note),
                    partial(_after, inner.vectors, transform),
                )

    return LadderMethod(
        f"{method.name}, whitened",
        f"as {method.name}, then whitened",
        method.parts,
        lambda train: list(settings(train)),
    )


def _without_top(method: LadderMethod) -> LadderMethod:
    def settings(train: Rows) -> list[Setting]:
        (inner,) = method.settings(train)
        fitted = principal_components(inner.vectors(train))
        return [
            Setting(
                f"{removed} components removed",
                partial(_after, inner.vectors, all_but_the_top(fitted, removed)),
            )
            for removed in REMOVED
            if removed < rank(fitted)
        ]

    return LadderMethod(
        f"{method.name}, all but the top",
        f"as {method.name}, without its mean over sentences and its largest components",
        method.parts,
        settings,
    )


def _after(
    make: Callable[[Rows], Vectors], transform: Callable[[Vectors], Vectors], rows: Rows
) -> Vectors:
    return transform(make(rows))


def _first_and_last(rows: Rows) -> Vectors:
    mean: Vectors = (rows.get(MEAN_OF_STATE_1.name) + rows.get(MEAN.name)) / 2
    return mean


ARTICLE_STEP = _plain(
    "article", "log quotients of focus and related word, undefined as 0", TREND.name
)
ALL_WORDS_STEP = _plain(
    "all words", "the same, the mean over all words", ALL_WORDS_QUOTIENT.name, without_dead=True
)
DIFFERENCE_STEP = _plain(
    "difference",
    "the same with contextual minus static vector instead of log quotients",
    ALL_WORDS_DIFFERENCE.name,
    without_dead=True,
)
ANGLE_STEP = _plain(
    "angle",
    "the same with spherical logarithms instead of differences",
    ANGLE_WITHOUT_DEAD.name,
    without_dead=True,
)
DISCOUNTED_STEP = _discounted(
    "discounted trend",
    "the mean of the last hidden state over all tokens, minus a share of its difference from an "
    "earlier state",
    without_dead=True,
)
LADDER = (
    ARTICLE_STEP,
    _plain(
        "dead coordinates out",
        "the same without the model's dead coordinates, from here on",
        TREND.name,
        without_dead=True,
    ),
    ALL_WORDS_STEP,
    DIFFERENCE_STEP,
    ANGLE_STEP,
    DISCOUNTED_STEP,
)
"""The steps, each with one change more than the one before."""
MEAN_POOLING = _plain("mean", MEAN.note, MEAN.name)
RIVALS = (
    LadderMethod(
        "first + last",
        "mean of all tokens in the outputs of the first block and of the last one",
        (MEAN_OF_STATE_1.name, MEAN.name),
        lambda _train: [Setting("", _first_and_last)],
    ),
    _plain(SBERT_WK.name, SBERT_WK.note, SBERT_WK.name),
    LadderMethod(
        "SBERT-WK, chosen",
        f"as {SBERT_WK.name}, but its tokens and layers are chosen on the development part",
        (SBERT_WK_TOKENS.name,),
        lambda _train: [
            Setting("words, without the first third of the layers", partial(_part, SBERT_WK.name)),
            Setting(
                "all tokens, without the first third of the layers",
                partial(_part, SBERT_WK_TOKENS.name),
            ),
            Setting("all tokens, last third of the layers", partial(_part, SBERT_WK_LATE.name)),
        ],
    ),
    _whitened(MEAN_POOLING),
    _without_top(MEAN_POOLING),
)
"""What the last step is compared with, beside mean pooling."""
WITH_DEAD = "with dead coordinates"
METHODS = (
    *LADDER,
    MEAN_POOLING,
    _plain("CLS", CLS.note, CLS.name),
    _plain("mean of layer 0", MEAN_OF_STATE_0.note, MEAN_OF_STATE_0.name),
    *RIVALS,
    *(_whitened(step) for step in (ALL_WORDS_STEP, DIFFERENCE_STEP, ANGLE_STEP, DISCOUNTED_STEP)),
    *(
        _plain(f"{step.name}, {WITH_DEAD}", f"as {step.name}, {WITH_DEAD}", part.name)
        for step, part in (
            (ALL_WORDS_STEP, ALL_WORDS_QUOTIENT),
            (DIFFERENCE_STEP, ALL_WORDS_DIFFERENCE),
            (ANGLE_STEP, ALL_WORDS_ANGLE),
        )
    ),
    _discounted(f"{DISCOUNTED_STEP.name}, {WITH_DEAD}", f"as {DISCOUNTED_STEP.name}, {WITH_DEAD}"),
)


class Ladder(Task[LadderMethod, Prepared]):
    """Seven sets of pairs, and the steps from the article's formula to one that works."""

    name = "sts"
    question = "Which changes make the article's formula work for similarity?"
    sources = (
        *(source for part in data.STS_PARTS for source in (part.input, part.gold)),
        data.STSB,
        data.STSB_DEV,
        data.STSB_TEST,
        data.SICK_TEST,
    )

    def methods(self, workbench: Workbench) -> Sequence[LadderMethod]:
        """List the steps, and the methods beside them."""
        return METHODS

    def prepare(self, workbench: Workbench) -> Prepared:
        """Read all pairs, and make the vectors that all methods are made of."""
        train = workbench.sample(_embeddable(workbench, data.sentences("stsb")), QUICK_SENTENCES)
        whole_dev = data.read_sts(data.STSB_DEV)
        sets, facts = _read_sets(workbench, whole_dev)
        dev = workbench.sample(_usable_pairs(workbench, whole_dev), QUICK_PAIRS)
        pairs = chain(dev, *sets.values())
        texts = dict.fromkeys(text for pair in pairs for text in _sides(pair))
        numbers = {text: number for number, text in enumerate(texts | dict.fromkeys(train))}
        by_name = vectors(workbench, PARTS, list(numbers))
        return Prepared(
            rows=Rows(by_name, workbench.encoder.dead_coordinates),
            train=np.array([numbers[text] for text in train]),
            dev=_numbered(dev, numbers),
            tests={name: _numbered(pairs, numbers) for name, pairs in sets.items()},
            milliseconds=_time_parts(workbench, list(numbers)[:TIMED_SENTENCES]),
            facts=facts | {"sentences to fit on": len(train), "pairs to choose on": len(dev)},
        )

    def facts(self, prepared: Prepared) -> dict[str, Any]:
        """Count pairs, those left out, and dead coordinates; and the time that the model takes."""
        return {
            **prepared.facts,
            "dead coordinates": len(prepared.rows.dead),
            "model, milliseconds per sentence": f"{prepared.milliseconds[MODEL]:.2g}",
        }

    def measure(self, method: LadderMethod, prepared: Prepared) -> Measured:
        """Choose a setting on the development part, and compute the cosines of each test pair."""
        setting = choose(method.settings(prepared.rows.take(prepared.train)), prepared)
        found: dict[str, Any] = {"chosen": np.array(setting.note)}
        for name, pairs in prepared.tests.items():
            found[f"cosine {name}"] = pairs.cosines(prepared.rows, setting)
            found[f"gold {name}"] = pairs.gold
        some = prepared.rows.take(np.arange(min(TIMED_SENTENCES, len(prepared.train))))
        started = time.perf_counter()
        rows = setting.vectors(some)
        own = 1000 * (time.perf_counter() - started) / len(rows)
        parts = sum(prepared.milliseconds[part] for part in method.parts)
        return found | {COST: np.array(own + parts)}

    def scores(self, measured: Mapping[LadderMethod, Measured]) -> list[Score]:
        """Correlate ranks by set and on average, and compare with mean pooling and step by step.

        The average over the sets is what counts; its differences have p-values that are adjusted
        by Holm's method within each family: all methods against mean pooling, each step against
        the one before, and the last step against its rivals.
        """
        golds = [next(iter(measured.values()))[f"gold {name}"] for name in SETS]
        cosines = {
            method.name: [found[f"cosine {name}"] for name in SETS]
            for method, found in measured.items()
        }
        drawn = statistics.spearman_resamples(cosines, golds)
        counts = [len(gold) for gold in golds]
        scores = []
        for method, found in measured.items():
            note, rows = str(found["chosen"]), drawn[method.name]
            scores.append(replace(_averaged(method.name, rows, sum(counts)), note=note))
            for group, chosen, count in _groups(counts):
                scores.append(_averaged(method.name, rows[chosen], count, group))
                if method != MEAN_POOLING:
                    lead = rows[chosen] - drawn[MEAN_POOLING.name][chosen]
                    score = _averaged(method.name, lead, count, group)
                    scores.append(replace(score, baseline=MEAN_POOLING.name))
            milliseconds = float(f"{float(found[COST]):.2g}")
            scores.append(Score(method.name, COST, milliseconds, None, None, TIMED_SENTENCES))
        others = [(name, MEAN_POOLING.name) for name in drawn if name != MEAN_POOLING.name]
        steps = [(after.name, before.name) for before, after in pairwise(LADDER)]
        rivals = [(LADDER[-1].name, rival.name) for rival in RIVALS if rival in measured]
        for family in (others, steps, rivals):
            differences = statistics.mean_spearman_differences(drawn, family)
            scores += [
                Score(name, MEASURE, *found[:3], sum(counts), baseline=baseline, p=found[3])
                for (name, baseline), found in zip(family, differences, strict=True)
            ]
        return scores


MODEL = "model"


def choose(settings: Sequence[Setting], prepared: Prepared) -> Setting:
    """Choose the setting that does best on the development part; the first of equals."""
    if len(settings) == 1:
        return settings[0]
    dev = prepared.dev
    found = [statistics.spearman(dev.cosines(prepared.rows, each), dev.gold) for each in settings]
    return settings[int(np.argmax(found))]


def same_letters(text: str) -> str:
    """Reduce a text to its letters and digits: STS-B's are not tokenized, the others are.

    >>> same_letters("It isn't 5 p.m.") == same_letters("it is n't 5 p.m .")
    True
    """
    return re.sub(r"[\W_]+", "", text.casefold())


def _averaged(method: str, rows: Vectors, count: int, group: str = "") -> Score:
    """Average resampled correlations (or differences) over sets, with their interval."""
    means = rows.mean(axis=0)
    value, low, high, _ = statistics.resampled_difference(float(means[0]), means[1:])
    return Score(method, MEASURE, value, low, high, count, group)


def _groups(counts: Sequence[int]) -> Iterator[tuple[str, list[int], int]]:
    """Name each set, and all but STS-B; with their places and how many pairs they have."""
    for number, name in enumerate(SETS):
        yield name, [number], counts[number]
    others = [number for number, name in enumerate(SETS) if name != STS_B]
    yield OTHERS, others, sum(counts[number] for number in others)


def _read_sets(
    workbench: Workbench, dev: Sequence[ScoredPair]
) -> tuple[dict[str, list[ScoredPair]], dict[str, Any]]:
    """Read the pairs of each set, without those of the development part, and count."""
    sets: dict[str, list[ScoredPair]] = {name: [] for name in SETS}
    unscored = 0
    for part in data.STS_PARTS:
        pairs, without_score = data.read_sts_part(part)
        sets[f"STS {part.year}"] += pairs
        unscored += without_score
    sets[STS_B] = data.read_sts(data.STSB_TEST)
    sets[SICK] = data.read_sick(data.SICK_TEST)
    seen = {_same_pair(pair) for pair in dev}
    kept = {
        name: [pair for pair in pairs if _same_pair(pair) not in seen]
        for name, pairs in sets.items()
    }
    good = {name: _usable_pairs(workbench, pairs) for name, pairs in kept.items()}
    facts = {
        "pairs": {name: len(pairs) for name, pairs in good.items()},
        "left out": {
            "without a score": unscored,
            "in the development part": _count(sets) - _count(kept),
            "without a word": _count(kept) - _count(good),
        },
    }
    return {name: workbench.sample(pairs, QUICK_PAIRS) for name, pairs in good.items()}, facts


def _count(sets: Mapping[str, Sequence[ScoredPair]]) -> int:
    return sum(map(len, sets.values()))


def _same_pair(pair: ScoredPair) -> frozenset[str]:
    return frozenset(same_letters(text) for text in _sides(pair))


def _sides(pair: ScoredPair) -> tuple[str, str]:
    return pair.first, pair.second


def _usable_pairs(workbench: Workbench, pairs: Sequence[ScoredPair]) -> list[ScoredPair]:
    good = zip(
        usable(workbench, [pair.first for pair in pairs]),
        usable(workbench, [pair.second for pair in pairs]),
        strict=True,
    )
    return [pair for pair, both in zip(pairs, good, strict=True) if all(both)]


def _embeddable(workbench: Workbench, texts: Sequence[str]) -> list[str]:
    return [text for text, good in zip(texts, usable(workbench, texts), strict=True) if good]


def _numbered(pairs: Sequence[ScoredPair], numbers: Mapping[str, int]) -> PairSet:
    first, second = (
        np.array([numbers[getattr(pair, side)] for pair in pairs]) for side in ("first", "second")
    )
    return PairSet(first, second, np.array([pair.gold for pair in pairs]))


def _time_parts(workbench: Workbench, texts: Sequence[str]) -> dict[str, float]:
    """Measure how many milliseconds a sentence takes: the model, and each part after it."""
    started = time.perf_counter()
    sentences = [sentence for _, sentence in run_model(workbench, texts)]
    found = {MODEL: time.perf_counter() - started}
    for method in PARTS:
        fresh = [replace(sentence) for sentence in sentences]  # nothing is computed yet
        started = time.perf_counter()
        for sentence in fresh:
            method.vector(sentence)
        found[method.name] = time.perf_counter() - started
    return {name: 1000 * seconds / len(texts) for name, seconds in found.items()}
