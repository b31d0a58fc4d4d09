"""Do two trends complement each other? What does it cost that undefined becomes 0?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendlib.evaluate import data, statistics
from trendlib.evaluate.protocol import Measured, NamedMethod, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.tasks.sts import row_cosines
from trendlib.evaluate.treebank import usable_trees
from trendlib.evaluate.vectors import run
from trendlib.similarity import FIRST, heaviest
from trendlib.trend import log_quotient

QUICK_SENTENCES = 100
NOISE_SENTENCES, QUICK_NOISE = 500, 30
HEAVIEST = 3
"""How many coordinates are left out where the heaviest ones are."""

WHOLE = NamedMethod("all coordinates", "the article's sum of two trends")
CUT = NamedMethod("without the heaviest", f"the {HEAVIEST} coordinates of most weight left out")

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
        sums = np.nan_to_num(self.focus) + np.nan_to_num(self.related)
        return sums.astype(np.float64)

    @property
    def heaviest(self) -> list[int]:
        """The coordinates of the sums that weigh most over all sentences."""
        return heaviest(np.square(self.sums).mean(axis=0), HEAVIEST)

    @property
    def shuffled(self) -> NDArray[np.intp]:
        """For each sentence another one."""
        order = np.random.default_rng(self.seed).permutation(len(self.focus))
        return order[(np.argsort(order) + 1) % len(order)]


class OfPairs(Task[NamedMethod, Pairs]):
    """A question about the trends of two words of each sentence of the treebank."""

    sources = (data.EWT_DEV, data.EWT_TEST)

    def prepare(self, workbench: Workbench) -> Pairs:
        """Compute the trends."""
        trees = [tree for part in self.sources for tree in usable_trees(workbench, part)]
        texts = list(dict.fromkeys(tree.text for tree in trees))
        chosen = workbench.sample(texts, QUICK_SENTENCES)
        key = workbench.key("pairs", workbench.seed, chosen, computed_by=__name__)
        kept = workbench.store.keep(key, lambda: _compute(workbench, chosen))
        return Pairs(**kept, seed=workbench.seed)


class Complement(OfPairs):
    """Coordinates in which exactly one of two trends is defined."""

    name = "complement"
    question = "Is one trend defined where the other is not?"

    ARTICLES = NamedMethod("focus and related", "the two words of the article")
    NULLS = (
        NamedMethod("two random words", "two words of the same sentence, drawn"),
        NamedMethod("two sentences", "the focus word, and the related word of another sentence"),
        NamedMethod(
            "independent masks", "what the two shares of defined coordinates make by chance"
        ),
    )

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List the article's pair of words, and those that nobody claims anything of."""
        return self.ARTICLES, *self.NULLS

    def facts(self, prepared: Pairs) -> dict[str, Any]:
        """Count sentences."""
        return {"sentences": len(prepared.focus), "coordinates": prepared.focus.shape[1]}

    def measure(self, method: NamedMethod, prepared: Pairs) -> Measured:
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
                scores.append(statistics.mean_score(method, name, values))
        article = measured[self.ARTICLES.name]["exactly one"]
        return scores + [
            replace(
                statistics.mean_score(
                    self.ARTICLES.name, "exactly one", article - measured[null.name]["exactly one"]
                ),
                baseline=null.name,
            )
            for null in self.NULLS
        ]


class Zeros(OfPairs):
    """What it costs that undefined coordinates become 0."""

    name = "zeros"
    question = "What does it cost that undefined becomes 0?"

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List the sum with and without its heaviest coordinates."""
        return WHOLE, CUT

    def measure(self, method: NamedMethod, prepared: Pairs) -> Measured:
        """Compare cosines with 0 for undefined, and over coordinates that are defined in all."""
        sums, heavy = _sums(method, prepared), prepared.heaviest
        focus, related = ~np.isnan(prepared.focus), ~np.isnan(prepared.related)
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
                scores.append(statistics.mean_score(method, name, found[name]))
            scores.append(
                statistics.mean_score(method, "change of the cosine", np.abs(zero - defined))
            )
            scores.append(
                statistics.spearman_score(method, "Spearman of the cosines", zero, defined)
            )
        return scores


class Noise(Task[NamedMethod, dict[str, Trends]]):
    """How much of the model's rounding comes out."""

    name = "noise"
    question = "How much larger does a log quotient make rounding errors?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    STATE = NamedMethod("contextual", "the last hidden state of a sentence's first word")

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List the state, and what is made of it."""
        return (
            self.STATE,
            NamedMethod("difference", "contextual minus static vector"),
            NamedMethod("log quotient", "where it is defined in both number formats"),
        )

    def prepare(self, workbench: Workbench) -> dict[str, Trends]:
        """Run the same sentences in float32 and in float64."""
        trees = usable_trees(workbench, data.EWT_DEV)
        count = QUICK_NOISE if workbench.quick else NOISE_SENTENCES
        numbers = workbench.rng().permutation(len(trees))[:count]
        encoders = {"single": workbench.encoder, "double": workbench.exact()}
        rows: dict[str, list[Trends]] = {"single": [], "double": []}
        for number in numbers:
            for name, encoder in encoders.items():
                encoding = encoder.encode(trees[number].text)
                first = np.stack([encoding.static[0], encoding.contextual[0]])
                rows[name].append(first.astype(np.float64))
        return {name: np.stack(each) for name, each in rows.items()}

    def facts(self, prepared: dict[str, Trends]) -> dict[str, Any]:
        """Count sentences."""
        return {"sentences": len(prepared["single"])}

    def measure(self, method: NamedMethod, prepared: dict[str, Trends]) -> Measured:
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
            scores.append(statistics.median_score(method, "largest error", errors))
            scores.append(statistics.median_score(method, "times the state's own", errors / own))
        return scores


class Slices(OfPairs):
    """Ten coordinates, as the articles take them, or all."""

    name = "slices"
    question = "Do ten coordinates say what all of them say?"

    def methods(self, workbench: Workbench) -> Sequence[NamedMethod]:
        """List the sum with and without its heaviest coordinates."""
        return WHOLE, CUT

    def measure(self, method: NamedMethod, prepared: Pairs) -> Measured:
        """Compute each pair's cosine over all coordinates, and over each slice of ten."""
        sums = _sums(method, prepared)
        other = sums[prepared.shuffled]
        starts = range(0, sums.shape[1] - FIRST + 1, FIRST)
        slices = [
            row_cosines(sums[:, start : start + FIRST], other[:, start : start + FIRST])
            for start in starts
        ]
        return {"all": row_cosines(sums, other), "slices": np.stack(slices, axis=1)}

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give the spread over slices, and how well the first one orders pairs as all do."""
        scores = []
        for method, found in measured.items():
            whole, slices = found["all"], found["slices"]
            scores.append(
                statistics.mean_score(method, "spread over slices", slices.std(axis=1, ddof=1))
            )
            measure = "Spearman with all coordinates"
            scores.append(
                statistics.spearman_score(method, measure, slices[:, 0], whole, "the first ten")
            )
            for number, column in enumerate(slices.T):
                value = statistics.spearman(column, whole)
                group = f"from {FIRST * number}"
                scores.append(Score(method, measure, value, None, None, len(whole), group))
        return scores


def _compute(workbench: Workbench, texts: Sequence[str]) -> dict[str, Trends]:
    shape = len(texts), workbench.encoder.hidden_size
    rows = {
        name: np.full(shape, np.nan, workbench.encoder.dtype)
        for name in ("focus", "related", "one", "other")
    }
    has_two = np.zeros(len(texts), bool)
    rng = workbench.rng()
    for place, sentence in run(workbench, texts):
        chosen = sentence.choice.chosen_words
        if len(chosen) < 2:
            continue
        has_two[place] = True
        drawn = rng.choice(len(sentence.tokenized.words), 2, replace=False)
        for name, word in zip(rows, (*chosen, *drawn), strict=True):
            rows[name][place] = log_quotient(*(states[word] for states in sentence.words)).values
    return {name: each[has_two] for name, each in rows.items()}


def _sums(method: NamedMethod, pairs: Pairs) -> Trends:
    sums = pairs.sums
    if method is CUT:
        sums[:, pairs.heaviest] = 0
    return sums


def _made(kind: str, static: Trends, contextual: Trends) -> Trends:
    if kind == "contextual":
        return contextual
    if kind == "difference":
        return contextual - static
    return log_quotient(static, contextual).values
