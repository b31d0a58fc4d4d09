"""Do two trends complement each other? What does it cost that undefined becomes 0?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendlib import data
from trendlib.evaluate import statistics
from trendlib.evaluate.protocol import Lab, Measured, Named, Task
from trendlib.evaluate.scores import Score
from trendlib.evaluate.store import code_key, key_of, texts_key
from trendlib.evaluate.sts import row_cosines
from trendlib.evaluate.treebank import read_trees
from trendlib.evaluate.vectors import COMPUTED_BY, run, usable
from trendlib.similarity import heaviest
from trendlib.trend import log_quotient

QUICK_SENTENCES = 100
NOISE_SENTENCES, QUICK_NOISE = 500, 30
WIDTH = 10
"""How many coordinates the articles look at."""
HEAVIEST = 3
"""How many coordinates are left out where the heaviest ones are."""

Trends = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Trends of two words of each sentence, NaN where they are undefined.

    Attributes:
        focus: That of the focus word, a row a sentence.
        related: That of the related word.
        one: That of a random word.
        other: That of another random word of the same sentence.
        seed: Of every random choice.
    """

    focus: Trends
    related: Trends
    one: Trends
    other: Trends
    seed: int

    @property
    def sums(self) -> Trends:
        """The sentence embeddings, undefined as 0."""
        return np.nan_to_num(self.focus) + np.nan_to_num(self.related)

    @property
    def shuffled(self) -> NDArray[np.intp]:
        """For each sentence another one."""
        order = np.random.default_rng(self.seed).permutation(len(self.focus))
        return order[(np.argsort(order) + 1) % len(order)]


def trend_pairs(lab: Lab) -> Pairs:
    """Compute the trends of two words of each sentence of the treebank."""
    texts = [tree.text for part in (data.EWT_DEV, data.EWT_TEST) for tree in read_trees(part)]
    texts = list(dict.fromkeys(texts))
    good = [text for text, yes in zip(texts, usable(lab, texts), strict=True) if yes]
    chosen = lab.sample(good, QUICK_SENTENCES)
    provenance = lab.encoder.provenance
    key = key_of(
        "pairs",
        provenance.weights_sha256,
        provenance.dtype,
        lab.seed,
        texts_key(chosen),
        code_key((*COMPUTED_BY, "trendlib.evaluate.complement")),
    )
    kept = lab.store.keep(key, lambda: _compute(lab, chosen))
    return Pairs(**kept, seed=lab.seed)


class Complement(Task[Named, Pairs]):
    """Coordinates in which exactly one of two trends is defined."""

    name = "complement"
    question = "Is one trend defined where the other is not?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    ARTICLES = Named("focus and related", "the two words of the article")
    NULLS = (
        Named("two random words", "two words of the same sentence, drawn"),
        Named("two sentences", "the focus word, and the related word of another sentence"),
        Named("independent masks", "what the two shares of defined coordinates make by chance"),
    )

    def methods(self, lab: Lab) -> Sequence[Named]:
        """List the article's pair of words, and those that nobody claims anything of."""
        return self.ARTICLES, *self.NULLS

    def prepare(self, lab: Lab) -> Pairs:
        """Compute the trends."""
        return trend_pairs(lab)

    def facts(self, prepared: Pairs) -> dict[str, Any]:
        """Count sentences."""
        return {"sentences": len(prepared.focus), "coordinates": prepared.focus.shape[1]}

    def measure(self, method: Named, prepared: Pairs) -> Measured:
        """Count coordinates of each sentence, as shares."""
        focus, related = ~np.isnan(prepared.focus), ~np.isnan(prepared.related)
        if method.name == "independent masks":
            one, other = focus.mean(axis=1), related.mean(axis=1)
            both = one * other
            return {"exactly one": one + other - 2 * both, "both": both}
        if method.name == "two random words":
            focus, related = ~np.isnan(prepared.one), ~np.isnan(prepared.other)
        if method.name == "two sentences":
            related = related[prepared.shuffled]
        return {
            "exactly one": (focus ^ related).mean(axis=1),
            "both": (focus & related).mean(axis=1),
        }

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give mean shares, and what the article's pair has more."""
        scores = []
        for method, found in measured.items():
            neither = 1 - found["exactly one"] - found["both"]
            for name, values in {**found, "neither": neither}.items():
                scores.append(_mean(method, name, values))
        article = measured[self.ARTICLES.name]["exactly one"]
        return scores + [
            replace(
                _mean(
                    self.ARTICLES.name, "exactly one", article - measured[null.name]["exactly one"]
                ),
                other=null.name,
            )
            for null in self.NULLS
        ]


class Zeros(Task[Named, Pairs]):
    """What it costs that undefined coordinates become 0."""

    name = "zeros"
    question = "What does it cost that undefined becomes 0?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    WHOLE = Named("all coordinates", "the article's sum of two trends")
    CUT = Named("without the heaviest", f"the {HEAVIEST} coordinates of most weight left out")

    def methods(self, lab: Lab) -> Sequence[Named]:
        """List the sum with and without its heaviest coordinates."""
        return self.WHOLE, self.CUT

    def prepare(self, lab: Lab) -> Pairs:
        """Compute the trends."""
        return trend_pairs(lab)

    def measure(self, method: Named, prepared: Pairs) -> Measured:
        """Compare cosines with 0 for undefined, and over coordinates that are defined in all."""
        sums = prepared.sums.astype(np.float64)
        focus, related = ~np.isnan(prepared.focus), ~np.isnan(prepared.related)
        sizes = np.square(sums).mean(axis=0)
        heavy = heaviest(sizes, HEAVIEST)
        if method is self.CUT:
            sums[:, heavy] = 0
        other = prepared.shuffled
        both = focus & related
        shared = both & both[other]
        return {
            "of one trend alone": (focus ^ related).mean(axis=1),
            "of no trend": (~focus & ~related).mean(axis=1),
            "carried by the heaviest": np.square(sums[:, heavy]).sum(axis=1)
            / np.square(sums).sum(axis=1),
            "cosine, undefined as 0": row_cosines(sums, sums[other]),
            "cosine, defined in all": row_cosines(sums * shared, sums[other] * shared),
        }

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give mean shares, and how far the two cosines are apart."""
        scores = []
        for method, found in measured.items():
            zero, defined = found["cosine, undefined as 0"], found["cosine, defined in all"]
            for name in ("of one trend alone", "of no trend", "carried by the heaviest"):
                scores.append(_mean(method, name, found[name]))
            scores.append(_mean(method, "change of the cosine", np.abs(zero - defined)))
            interval = statistics.spearman_interval(zero, defined)
            value = statistics.spearman(zero, defined)
            scores.append(Score(method, "Spearman of the cosines", value, *interval, len(zero)))
        return scores


class Noise(Task[Named, dict[str, Trends]]):
    """How much of the model's rounding comes out."""

    name = "noise"
    question = "How much larger does a log quotient make rounding errors?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    STATE = Named("contextual", "the last hidden state of a sentence's first word")

    def methods(self, lab: Lab) -> Sequence[Named]:
        """List the state, and what is made of it."""
        return (
            self.STATE,
            Named("difference", "contextual minus static vector"),
            Named("log quotient", "where it is defined in both number formats"),
        )

    def prepare(self, lab: Lab) -> dict[str, Trends]:
        """Run the same sentences in float32 and in float64."""
        texts = [tree.text for tree in read_trees(data.EWT_DEV)]
        good = [text for text, yes in zip(texts, usable(lab, texts), strict=True) if yes]
        count = QUICK_NOISE if lab.quick else NOISE_SENTENCES
        numbers = lab.rng().permutation(len(good))[:count]
        rows: dict[str, list[Trends]] = {"single": [], "double": []}
        for number in numbers:
            for name, encoder in (("single", lab.encoder), ("double", lab.exact)):
                encoding = encoder.encode(good[number])
                first = np.stack([encoding.static[0], encoding.contextual[0]])
                rows[name].append(first.astype(np.float64))
        return {name: np.stack(each) for name, each in rows.items()}

    def facts(self, prepared: dict[str, Trends]) -> dict[str, Any]:
        """Count sentences."""
        return {"sentences": len(prepared["single"])}

    def measure(self, method: Named, prepared: dict[str, Trends]) -> Measured:
        """Take the largest error among the coordinates of a sentence's first word."""
        errors = []
        for single, double in zip(prepared["single"], prepared["double"], strict=True):
            one, other = (_made(method.name, *each) for each in (single, double))
            errors.append(np.nanmax(np.abs(one - other)))
        return {"largest error": np.array(errors)}

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give the median, and how many times the state's own error that is."""
        scores = []
        own = measured[self.STATE.name]["largest error"]
        for method, found in measured.items():
            errors = found["largest error"]
            scores.append(_median(method, "largest error", errors))
            scores.append(_median(method, "times the state's own", errors / own))
        return scores


class Slices(Task[Named, Pairs]):
    """Ten coordinates, as the articles take them, or all."""

    name = "slices"
    question = "Do ten coordinates say what all of them say?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    def methods(self, lab: Lab) -> Sequence[Named]:
        """List the sum with and without its heaviest coordinates."""
        return Zeros.WHOLE, Zeros.CUT

    def prepare(self, lab: Lab) -> Pairs:
        """Compute the trends."""
        return trend_pairs(lab)

    def measure(self, method: Named, prepared: Pairs) -> Measured:
        """Compute each pair's cosine over all coordinates, and over each slice of ten."""
        sums = prepared.sums.astype(np.float64)
        if method is Zeros.CUT:
            sums[:, heaviest(np.square(sums).mean(axis=0), HEAVIEST)] = 0
        other = sums[prepared.shuffled]
        starts = range(0, sums.shape[1] - WIDTH + 1, WIDTH)
        slices = [
            row_cosines(sums[:, start : start + WIDTH], other[:, start : start + WIDTH])
            for start in starts
        ]
        return {"all": row_cosines(sums, other), "slices": np.stack(slices, axis=1)}

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give the spread over slices, and how well the first one orders pairs as all do."""
        scores = []
        for method, found in measured.items():
            whole, slices = found["all"], found["slices"]
            scores.append(_mean(method, "spread over slices", slices.std(axis=1, ddof=1)))
            first = slices[:, 0]
            value = statistics.spearman(first, whole)
            interval = statistics.spearman_interval(first, whole)
            scores.append(
                Score(method, "Spearman with all coordinates", value, *interval, len(whole),
                      group="the first ten")
            )  # fmt: skip
            scores += [
                Score(method, "Spearman with all coordinates",
                      statistics.spearman(column, whole), None, None, len(whole),
                      group=f"from {WIDTH * number}")
                for number, column in enumerate(slices.T)
            ]  # fmt: skip
        return scores


def _compute(lab: Lab, texts: Sequence[str]) -> dict[str, Trends]:
    shape = len(texts), lab.encoder.hidden_size
    rows = {
        name: np.full(shape, np.nan, lab.encoder.dtype)
        for name in ("focus", "related", "one", "other")
    }
    has_two = np.zeros(len(texts), bool)
    rng = lab.rng()
    for place, sentence in run(lab, texts):
        chosen = sentence.attention.chosen_words
        if len(chosen) < 2:
            continue
        has_two[place] = True
        drawn = rng.choice(len(sentence.tokenized.words), 2, replace=False)
        for name, word in zip(rows, (*chosen, *drawn), strict=True):
            rows[name][place] = log_quotient(*(states[word] for states in sentence.words)).values
    return {name: each[has_two] for name, each in rows.items()}


def _made(kind: str, static: Trends, contextual: Trends) -> Trends:
    if kind == "contextual":
        return contextual
    if kind == "difference":
        return contextual - static
    return log_quotient(static, contextual).values


def _mean(method: str, measure: str, values: Trends) -> Score:
    interval = statistics.mean_interval(values)
    return Score(method, measure, float(values.mean()), *interval, len(values))


def _median(method: str, measure: str, values: Trends) -> Score:
    interval = statistics.median_interval(values)
    return Score(method, measure, float(np.median(values)), *interval, len(values))
