"""Is the related word related by syntax? Focus and related word beside gold trees."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from trendlib.attention import stack_attention
from trendlib.choice import Choice, candidate_indices, find_words_in
from trendlib.encoding import Encoding
from trendlib.errors import counted
from trendlib.evaluate import data, statistics
from trendlib.evaluate.conditions import (
    AS_PRINTED,
    READING_CONDITIONS,
    Condition,
    Conditioned,
    under,
)
from trendlib.evaluate.protocol import Measured, NamedMethod, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.treebank import (
    BACKWARD,
    FORWARD,
    Aligned,
    align,
    run_trees,
    unit_attention,
)
from trendlib.readings import ARTICLE, LAST_LAYER, LAYERS, WORDS_ONLY, Reading

QUICK_SENTENCES = 60
FEWEST = 50
"""Relations that fewer focus words have get no figure of their own."""
READINGS = (ARTICLE, WORDS_ONLY, LAYERS, LAST_LAYER)
LONGEST = 10
"""All greater distances between two words are one class."""
LENGTHS = (5, 10, 15, 20, 30)
"""The greatest number of candidates in each class of lengths but the last."""
CELLS = LONGEST + 1, len(LENGTHS) + 1
"""How many classes of distances there are, and of lengths."""


@dataclass(frozen=True, eq=False)
class ParsedSentence:
    """A sentence with its tree and its attentions, read under a condition.

    Attributes:
        aligned: Its units and gold edges.
        document: The id of its document.
        candidates: The units that the article's reading can choose.
        choices: Focus and related word by each reading, by its name.
        attended: Attention between the article's focus word and each unit, of shape (direction,
            layer, head, unit): what it attends to, and what attends to it.
    """

    aligned: Aligned
    document: str
    candidates: tuple[int, ...]
    choices: Mapping[str, Choice]
    attended: NDArray[np.floating[Any]]

    @property
    def focus(self) -> int:
        """The article's focus word."""
        return self.choices[ARTICLE.name].chosen_words[0]

    @property
    def related(self) -> int:
        """The article's related word."""
        return self.choices[ARTICLE.name].chosen_words[1]

    @property
    def others(self) -> tuple[int, ...]:
        """The units that can be chosen beside the focus word."""
        return tuple(unit for unit in self.candidates if unit != self.focus)


Part = Mapping[Condition, list[ParsedSentence]]
"""By condition, the sentences in which the article's reading then finds two words."""


@dataclass(frozen=True, eq=False)
class TreebankParts:
    """Both parts of the treebank; heads are chosen on the first, and figures are of the second."""

    dev: Part
    test: Part
    facts: Mapping[str, Any]


Choose = Callable[[ParsedSentence], tuple[int, dict[int, float]]]
"""Chooses a focus word and its partner with the weight 1, or several that share this weight."""


@dataclass(frozen=True)
class Fitted:
    """A partner method that is ready for the test part.

    Attributes:
        choose: Chooses the words.
        note: What was chosen on the development part, if anything was.
    """

    choose: Choose
    note: str = ""


@dataclass(frozen=True)
class PartnerMethod:
    """A way to choose the word that goes with the focus word.

    Attributes:
        name: Its name in tables.
        note: What it does, in a sentence.
        fit: Chooses on the development part what there is to choose.
    """

    name: str
    note: str
    fit: Callable[[Sequence[ParsedSentence]], Fitted]


def _unfitted(name: str, note: str, choose: Choose) -> PartnerMethod:
    return PartnerMethod(name, note, lambda _dev: Fitted(choose))


def by_reading(reading: Reading) -> PartnerMethod:
    """Make the method that takes focus and related word from a reading."""

    def choose(parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
        focus, *related = parsed.choices[reading.name].chosen_words
        return focus, dict.fromkeys(related, 1.0)

    return _unfitted(reading.name, reading.note, choose)


def _neighbour(step: int, parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
    others, focus = parsed.others, parsed.focus
    side = [unit for unit in others if (unit - focus) * step > 0]
    return focus, {min(side or others, key=lambda unit: abs(unit - focus)): 1.0}


def _any_of(parsed: ParsedSentence, units: Sequence[int]) -> tuple[int, dict[int, float]]:
    """Give each of some units the same weight, so that the figure is what is expected."""
    return parsed.focus, {unit: 1 / len(units) for unit in units}


def _any_word(parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
    return _any_of(parsed, parsed.others)


def _of_kind(parsed: ParsedSentence, is_content: bool) -> list[int]:
    return [unit for unit in parsed.others if parsed.aligned.is_content[unit] == is_content]


def _any_of_the_same_kind(parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
    alike = _of_kind(parsed, parsed.aligned.is_content[parsed.related])
    # If the related word is the only one of its kind, it would be compared with itself.
    return _any_of(parsed, alike if len(alike) > 1 else ())


def _any_content_word(parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
    return _any_of(parsed, _of_kind(parsed, True))


def _nearest_content_word(parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
    focus, content = parsed.focus, _of_kind(parsed, True)
    nearest = sorted(content, key=lambda unit: (abs(unit - focus), unit < focus))[:1]
    return focus, dict.fromkeys(nearest, 1.0)


def fit_best_head(dev: Sequence[ParsedSentence]) -> Fitted:
    """Choose direction, layer and head by the share of joined pairs."""
    hits = np.zeros(dev[0].attended.shape[:-1])
    for parsed in dev:
        joined = np.zeros(parsed.attended.shape[-1], bool)
        joined[list(parsed.aligned.neighbours(parsed.focus))] = True
        hits += joined[_most_attended(parsed)]
    direction, layer, head = (int(index) for index in np.unravel_index(hits.argmax(), hits.shape))

    def choose(parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
        return parsed.focus, {int(_most_attended(parsed)[direction, layer, head]): 1.0}

    way = (FORWARD, BACKWARD)[direction]
    return Fitted(choose, f"layer {layer}, head {head}: the word that the focus word {way}")


BY_ARTICLE = by_reading(ARTICLE)
NEXT_WORD = _unfitted(
    "next word",
    "the next word; at the end of the sentence the one on the other side",
    partial(_neighbour, 1),
)
PREVIOUS_WORD = _unfitted(
    "previous word",
    "the previous word; at the end of the sentence the one on the other side",
    partial(_neighbour, -1),
)
RANDOM_WORD = _unfitted(
    "random word", "any other word; the figure is what is expected, not drawn", _any_word
)
SAME_KIND = _unfitted(
    "random word of the same kind",
    "any content word if the related word is one, else any function word; the figure is what is "
    "expected; without sentences in which the related word is the only one of its kind",
    _any_of_the_same_kind,
)
CONTENT_WORD = _unfitted(
    "random content word",
    "any noun, verb, adjective or adverb; the figure is what is expected",
    _any_content_word,
)
SAME_DISTANCE = NamedMethod(
    "word of the same distance and length",
    "how often an edge joins other pairs of candidates that are as far apart, in sentences of like "
    "length: all pairs of the part but those of a focus word with its related word",
)
NEAREST_CONTENT_WORD = _unfitted(
    "nearest content word",
    "the nearest noun, verb, adjective or adverb; of two the one after the focus word",
    _nearest_content_word,
)
BEST_HEAD = PartnerMethod(
    "best head",
    "what the focus word attends to most (or is attended to by) in one head, chosen on dev",
    fit_best_head,
)
METHODS: tuple[PartnerMethod | NamedMethod, ...] = (
    BY_ARTICLE,
    *(by_reading(reading) for reading in READINGS[1:]),
    NEXT_WORD,
    PREVIOUS_WORD,
    RANDOM_WORD,
    SAME_KIND,
    CONTENT_WORD,
    NEAREST_CONTENT_WORD,
    SAME_DISTANCE,
    BEST_HEAD,
)
SyntaxMethod = Conditioned[PartnerMethod | NamedMethod]


class Syntax(Task[SyntaxMethod, TreebankParts]):
    """Does an edge of the gold tree join focus word and partner?

    Attributes:
        sources: The part on which heads are chosen, and the one that the figures are of.
    """

    name = "syntax"
    question = "Does an edge of the gold tree join focus and related word?"
    sources: ClassVar = (data.EWT_DEV, data.EWT_TEST)

    def methods(self, workbench: Workbench) -> Sequence[SyntaxMethod]:
        """List the ways to choose a partner, under each condition."""
        return under(READING_CONDITIONS, METHODS)

    def prepare(self, workbench: Workbench) -> TreebankParts:
        """Run the sentences of both parts once; read them under each condition."""
        dev, test = (_read_part(workbench, source) for source in self.sources)
        return TreebankParts(dev[0], test[0], {"dev": dev[1], "test": test[1]})

    def facts(self, prepared: TreebankParts) -> dict[str, Any]:
        """Count sentences, documents, and edges between neighbours."""
        return dict(prepared.facts)

    def measure(self, method: SyntaxMethod, prepared: TreebankParts) -> Measured:
        """Look in each test sentence at the edge between focus word and partner."""
        dev, test = prepared.dev[method.condition], prepared.test[method.condition]
        documents = {"document": np.array([parsed.document for parsed in test])}
        if isinstance(method.method, PartnerMethod):
            return documents | _joined(method.method.fit(dev), test)
        return documents | _matched(test)

    def scores(self, measured: Mapping[SyntaxMethod, Measured]) -> list[Score]:
        """Compute shares of sentences, by relation, and the article's lead over each baseline."""
        return [
            replace(score, condition=condition.name)
            for condition in READING_CONDITIONS
            for score in _scores(
                {
                    conditioned.method: found
                    for conditioned, found in measured.items()
                    if conditioned.condition == condition
                },
                with_relations=condition == AS_PRINTED,
            )
        ]


class SyntaxGum(Syntax):
    """The same question, with another treebank."""

    name = "syntax-gum"
    question = "Does an edge of the gold tree join focus and related word, in another treebank too?"
    sources: ClassVar = (data.GUM_DEV, data.GUM_TEST)


def _scores(
    measured: Mapping[PartnerMethod | NamedMethod, Measured], *, with_relations: bool
) -> list[Score]:
    """Compute the scores under one condition."""
    article = measured[BY_ARTICLE]["joined"]
    scores, leads = [], []
    for method, found in measured.items():
        joined, documents = found["joined"], found["document"]
        if method == SAME_DISTANCE:
            share, difference = _resampled_match(article, found)
            scores.append(Score(method.name, "joined", *share[:3], int((~np.isnan(joined)).sum())))
        else:
            scores += _shares(method.name, found, with_relations=with_relations)
            known = ~np.isnan(joined)
            difference = statistics.clustered_difference(
                article[known], joined[known], documents[known]
            )
        if method != BY_ARTICLE:
            leads.append((method.name, difference, ~np.isnan(joined)))
    p_values = statistics.adjusted([difference[3] for _, difference, _ in leads])
    for (name, difference, known), p in zip(leads, p_values, strict=True):
        count = int(known.sum())
        lead = Score(ARTICLE.name, "joined", *difference[:3], count, baseline=name, p=p)
        scores.append(replace(lead, note=_left_out(len(known) - count)))
    return scores


def _shares(method: str, found: Measured, *, with_relations: bool) -> Iterator[Score]:
    joined, documents = found["joined"], found["document"]
    known = ~np.isnan(joined)
    for measure, values in (
        ("joined", joined),
        ("joined, not by punct", joined - found["joined by punct"]),
    ):
        score = statistics.clustered_mean_score(method, measure, values[known], documents[known])
        yield replace(score, note=str(found["chosen"][0]))
    if with_relations:
        for name, column in zip(found["relations"], found["by relation"].T, strict=True):
            known = ~np.isnan(column)
            if known.sum() >= FEWEST:
                yield statistics.clustered_mean_score(
                    method, "partner by relation", column[known], documents[known], str(name)
                )


def _left_out(count: int) -> str:
    return f"without {counted(count, 'sentence')} that have no such word" if count else ""


def _joined(fitted: Fitted, test: Sequence[ParsedSentence]) -> dict[str, NDArray[Any]]:
    """Look in each sentence at the edge between focus word and partner; NaN if there is none."""
    joined, by_punct, by_relation, all_relations = [], [], [], []
    for parsed in test:
        focus, partners = fitted.choose(parsed)
        edges = parsed.aligned.neighbours(focus)
        weights = {unit: weight for unit, weight in partners.items() if unit in edges}
        joined.append(sum(weights.values()) if partners else np.nan)
        by_punct.append(sum(weight for unit, weight in weights.items() if edges[unit] == "punct"))
        relations = parsed.aligned.neighbours(parsed.focus)
        found = {
            relation: sum(w for unit, w in partners.items() if relations.get(unit) == relation)
            for relation in set(relations.values())
        }
        by_relation.append(found if partners and focus == parsed.focus else {})
        all_relations.append(relations)
    names = sorted({name for relations in all_relations for name in relations.values()})
    table = [[found.get(name, np.nan) for name in names] for found in by_relation]
    return {
        "joined": np.array(joined, float),
        "joined by punct": np.array(by_punct, float),
        "by relation": np.array(table, float),
        "relations": np.array(names),
        "chosen": np.array([fitted.note]),
    }


def cell(distance: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Number the classes of pairs of words that are compared with each other.

    Args:
        distance: How many words on the second of a pair is.
        length: How many candidates the sentence has.

    >>> cell(np.array([1, 2, 10, 11, 50]), length=5)
    array([ 0,  6, 54, 60, 60])
    >>> cell(np.array([1]), length=6)
    array([1])
    """
    of_distance = np.minimum(np.abs(distance), LONGEST + 1) - 1
    numbers: NDArray[np.intp] = of_distance * CELLS[1] + np.searchsorted(LENGTHS, length)
    return numbers


def _matched(test: Sequence[ParsedSentence]) -> dict[str, NDArray[Any]]:
    """Count in each sentence, by cell, the other pairs of candidates and those that are joined."""
    pairs = np.zeros((len(test), CELLS[0] * CELLS[1]))
    joined, own = np.zeros_like(pairs), np.zeros(len(test), np.intp)
    for number, parsed in enumerate(test):
        chosen, count = {parsed.focus, parsed.related}, len(parsed.candidates)
        edges = {frozenset((edge.head, edge.dependent)) for edge in parsed.aligned.edges}
        own[number] = cell(np.array(parsed.related - parsed.focus), count)
        for pair in combinations(parsed.candidates, 2):
            if set(pair) != chosen:
                place = number, cell(np.array(pair[1] - pair[0]), count)
                pairs[place] += 1
                joined[place] += frozenset(pair) in edges
    rates = _rate(pairs.sum(axis=0), joined.sum(axis=0))
    return {"joined": rates[own], "cell": own, "pairs": pairs, "joined pairs": joined}


def _rate(pairs: NDArray[Any], joined: NDArray[Any]) -> NDArray[Any]:
    """Divide, where there are pairs; NaN elsewhere."""
    rates: NDArray[Any] = np.full(pairs.shape, np.nan)
    np.divide(joined, pairs, out=rates, where=pairs > 0)
    return rates


def _resampled_match(
    article: NDArray[Any], found: Measured
) -> tuple[statistics.Difference, statistics.Difference]:
    """Resample documents, and compute the rates of the cells anew in each resample.

    Returns:
        How often the matched pairs are joined, and the article's lead over them.
    """
    own = np.eye(found["pairs"].shape[1])[found["cell"]]
    parts = (own, own * article[:, np.newaxis], found["pairs"], found["joined pairs"])
    table = np.concatenate(parts, axis=1)
    shares, leads = _of_cells(statistics.clustered_sums(table, found["document"]))
    share, lead = _of_cells(table.sum(axis=0, keepdims=True))
    return (
        statistics.resampled_difference(float(share[0]), shares),
        statistics.resampled_difference(float(lead[0]), leads),
    )


def _of_cells(sums: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Average over the cells in which there are other pairs, weighted by their sentences."""
    sentences, hits, pairs, joined = np.split(sums, 4, axis=1)
    rates = _rate(pairs, joined)
    sentences = sentences * (pairs > 0)
    total = sentences.sum(axis=1)
    share = _rate(total, np.nansum(sentences * rates, axis=1))
    return share, _rate(total, (hits * (pairs > 0)).sum(axis=1)) - share


def _read_part(workbench: Workbench, source: data.Source) -> tuple[Part, dict[str, Any]]:
    """Read the sentences of a part under each condition, and describe them."""
    part: dict[Condition, list[ParsedSentence]] = {each: [] for each in READING_CONDITIONS}
    count, distances, documents = 0, [], set()
    for tree, encoding in run_trees(workbench, source, QUICK_SENTENCES):
        aligned = align(encoding.words, tree)
        for condition, sentences in part.items():
            parsed = parse(encoding, aligned, tree.document, condition)
            if len(parsed.choices[ARTICLE.name].chosen) == 2:
                sentences.append(parsed)
        count += 1
        distances += [abs(edge.head - edge.dependent) for edge in aligned.edges]
        documents.add(tree.document)
    return part, {
        "sentences": count,
        "documents": len(documents),
        "with two words": len(part[AS_PRINTED]),
        "adjacent edges": float(np.mean(np.array(distances) == 1)),
    }


def parse(
    encoding: Encoding, aligned: Aligned, document: str, condition: Condition
) -> ParsedSentence:
    """Read a sentence under a condition.

    Args:
        encoding: The sentence as the model ran it.
        aligned: Its units and gold edges.
        document: The id of its document.
        condition: Says what a word of several pieces receives, and how ties are broken.
    """
    choices = {}
    for reading in READINGS:
        changed = condition.applied_to(reading)
        stack = stack_attention(encoding, changed)
        choices[reading.name] = find_words_in(stack, aligned.units, changed)
    focus = choices[ARTICLE.name].chosen_words[0]
    matrix = unit_attention(encoding, aligned, condition.reading.pieces)
    attended = np.stack([matrix[:, :, focus, :], matrix[:, :, :, focus]])
    candidates = tuple(candidate_indices(aligned.units, ARTICLE))
    return ParsedSentence(aligned, document, candidates, choices, attended)


def _most_attended(parsed: ParsedSentence) -> NDArray[np.intp]:
    others = list(parsed.others)
    chosen: NDArray[np.intp] = np.array(others)[parsed.attended[..., others].argmax(axis=-1)]
    return chosen
