"""Is the related word related by syntax? Focus and related word beside gold trees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendlib.attention import stack_attention
from trendlib.choice import Choice, candidate_indices, find_words_in
from trendlib.encoding import Encoding
from trendlib.evaluate import data, statistics
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.treebank import (
    BACKWARD,
    FORWARD,
    Aligned,
    Tree,
    align,
    run_trees,
    unit_attention,
)
from trendlib.readings import ARTICLE, LAST_LAYER, LAYERS, WORDS_ONLY, Reading

QUICK_SENTENCES = 60
FEWEST = 50
"""Relations that fewer focus words have get no figure of their own."""
READINGS = (ARTICLE, WORDS_ONLY, LAYERS, LAST_LAYER)


@dataclass(frozen=True, eq=False)
class ParsedSentence:
    """A sentence with its tree and its attentions.

    Attributes:
        aligned: Its units and gold edges.
        candidates: The units that the article's reading can choose.
        choices: Focus and related word by each reading, by its name.
        attended: Attention between the article's focus word and each unit, of shape (direction,
            layer, head, unit): what it attends to, and what attends to it.
    """

    aligned: Aligned
    candidates: tuple[int, ...]
    choices: Mapping[str, Choice]
    attended: NDArray[np.floating[Any]]

    @property
    def focus(self) -> int:
        """The article's focus word."""
        return self.choices[ARTICLE.name].chosen_words[0]

    @property
    def others(self) -> tuple[int, ...]:
        """The units that can be chosen beside the focus word."""
        return tuple(unit for unit in self.candidates if unit != self.focus)


@dataclass(frozen=True, eq=False)
class TreebankParts:
    """Both parts of the treebank; heads are chosen on the first, and figures are of the second."""

    dev: list[ParsedSentence]
    test: list[ParsedSentence]
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


def _any_word(parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
    return parsed.focus, dict.fromkeys(parsed.others, 1 / len(parsed.others))


def _nearest_content_word(parsed: ParsedSentence) -> tuple[int, dict[int, float]]:
    focus, others = parsed.focus, parsed.others
    content = [unit for unit in others if parsed.aligned.is_content[unit]]
    nearest = min(content or others, key=lambda unit: (abs(unit - focus), unit < focus))
    return focus, {nearest: 1.0}


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
METHODS = (
    BY_ARTICLE,
    *(by_reading(reading) for reading in READINGS[1:]),
    NEXT_WORD,
    PREVIOUS_WORD,
    RANDOM_WORD,
    NEAREST_CONTENT_WORD,
    BEST_HEAD,
)


class Syntax(Task[PartnerMethod, TreebankParts]):
    """Does an edge of the gold tree join focus word and partner?"""

    name = "syntax"
    question = "Does an edge of the gold tree join focus and related word?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    def methods(self, workbench: Workbench) -> Sequence[PartnerMethod]:
        """List the ways to choose a partner."""
        return METHODS

    def prepare(self, workbench: Workbench) -> TreebankParts:
        """Run the sentences of both parts; keep those in which the article's reading finds two."""
        kept, facts = {}, {}
        for part, source in (("dev", data.EWT_DEV), ("test", data.EWT_TEST)):
            trees, encodings = run_trees(workbench, source, QUICK_SENTENCES)
            sentences = [
                _parse(encoding, tree) for encoding, tree in zip(encodings, trees, strict=True)
            ]
            kept[part] = [
                parsed for parsed in sentences if len(parsed.choices[ARTICLE.name].chosen) == 2
            ]
            edges = [edge for parsed in sentences for edge in parsed.aligned.edges]
            near = sum(abs(edge.head - edge.dependent) == 1 for edge in edges)
            facts[part] = {
                "sentences": len(sentences),
                "with two words": len(kept[part]),
                "adjacent edges": near / len(edges),
            }
        return TreebankParts(kept["dev"], kept["test"], facts)

    def facts(self, prepared: TreebankParts) -> dict[str, Any]:
        """Count sentences, and edges between neighbours."""
        return dict(prepared.facts)

    def measure(self, method: PartnerMethod, prepared: TreebankParts) -> Measured:
        """Look in each test sentence at the edge between focus word and partner."""
        fitted = method.fit(prepared.dev)
        joined, by_punct, by_relation, all_relations = [], [], [], []
        for parsed in prepared.test:
            focus, partners = fitted.choose(parsed)
            edges = parsed.aligned.neighbours(focus)
            weights = {unit: weight for unit, weight in partners.items() if unit in edges}
            joined.append(sum(weights.values()) if partners else np.nan)
            by_punct.append(
                sum(weight for unit, weight in weights.items() if edges[unit] == "punct")
            )
            relations = parsed.aligned.neighbours(parsed.focus)
            found = {
                relation: sum(w for unit, w in partners.items() if relations.get(unit) == relation)
                for relation in set(relations.values())
            }
            by_relation.append(found if focus == parsed.focus else {})
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

    def scores(self, measured: Mapping[PartnerMethod, Measured]) -> list[Score]:
        """Compute shares of sentences, by relation, and the article's lead over each baseline."""
        scores, article = [], measured[BY_ARTICLE]["joined"]
        for method, found in measured.items():
            joined = found["joined"]
            known = ~np.isnan(joined)
            share = statistics.mean_score(method.name, "joined", joined[known])
            scores.append(replace(share, note=str(found["chosen"][0])))
            no_punct = joined[known] - found["joined by punct"][known]
            scores.append(statistics.mean_score(method.name, "joined, not by punct", no_punct))
            for name, column in zip(found["relations"], found["by relation"].T, strict=True):
                values = column[~np.isnan(column)]
                if len(values) >= FEWEST:
                    scores.append(
                        statistics.mean_score(method.name, "partner by relation", values, str(name))
                    )
            if method != BY_ARTICLE:
                lead = statistics.mean_score(ARTICLE.name, "joined", (article - joined)[known])
                scores.append(replace(lead, baseline=method.name))
        return scores


def _parse(encoding: Encoding, tree: Tree) -> ParsedSentence:
    aligned = align(encoding.words, tree)
    choices = {
        reading.name: find_words_in(stack_attention(encoding, reading), aligned.units, reading)
        for reading in READINGS
    }
    focus = choices[ARTICLE.name].chosen_words[0]
    matrix = unit_attention(encoding, aligned)
    attended = np.stack([matrix[:, :, focus, :], matrix[:, :, :, focus]])
    return ParsedSentence(
        aligned, tuple(candidate_indices(aligned.units, ARTICLE)), choices, attended
    )


def _most_attended(parsed: ParsedSentence) -> NDArray[np.intp]:
    others = list(parsed.others)
    chosen: NDArray[np.intp] = np.array(others)[parsed.attended[..., others].argmax(axis=-1)]
    return chosen
