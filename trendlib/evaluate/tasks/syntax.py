"""Is the related word related by syntax? Focus and related word beside gold trees."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendlib.attention import merge_pieces, stack_attention
from trendlib.choice import Choice, candidate_indices, find_words_in
from trendlib.encoding import Encoding
from trendlib.evaluate import data, statistics
from trendlib.evaluate.data import Source
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.treebank import Aligned, Tree, align, usable_trees
from trendlib.evaluate.vectors import progress
from trendlib.readings import ARTICLE, LAST_LAYER, LAYERS, WORDS_ONLY, Reading

QUICK_SENTENCES = 60
FEWEST = 50
"""Relations that fewer focus words have are not shown one by one."""
READINGS = (ARTICLE, WORDS_ONLY, LAYERS, LAST_LAYER)
FORWARD, BACKWARD = "attends to", "is attended to by"


@dataclass(frozen=True, eq=False)
class Parsed:
    """A sentence with its tree and its attentions.

    Attributes:
        aligned: Its units and gold edges.
        candidates: The units that the article's reading can choose.
        read: What each reading finds, by its name.
        attended: From the article's focus word to each unit, of shape (direction, layer, head,
            unit): what it attends to, and what attends to it.
    """

    aligned: Aligned
    candidates: tuple[int, ...]
    read: Mapping[str, Choice]
    attended: NDArray[np.floating[Any]]

    @property
    def focus(self) -> int:
        """The article's focus word."""
        return self.read[ARTICLE.name].chosen_words[0]

    @property
    def others(self) -> tuple[int, ...]:
        """The units that can be chosen beside the focus word."""
        return tuple(unit for unit in self.candidates if unit != self.focus)


@dataclass(frozen=True, eq=False)
class Parts:
    """Both parts of the treebank; heads are chosen on the first, and figures are of the second."""

    dev: list[Parsed]
    test: list[Parsed]
    facts: Mapping[str, Any]


class Partner(ABC):
    """A way to say which word goes with the focus word.

    Attributes:
        name: What tables call it.
        note: What it does, in a sentence.
    """

    name: str
    note: str

    def fit(self, dev: Sequence[Parsed]) -> str:
        """Choose what there is to choose, on the development part; say what was chosen."""
        return ""

    @abstractmethod
    def choose(self, parsed: Parsed) -> tuple[int, dict[int, float]]:
        """Give the focus word, and its partner with the weight 1 (or several that share it)."""


class ByReading(Partner):
    """The related word of a reading, with its own focus word."""

    def __init__(self, reading: Reading) -> None:
        """Take a reading."""
        self.name, self.note = reading.name, reading.note

    def choose(self, parsed: Parsed) -> tuple[int, dict[int, float]]:
        """Give focus and related word."""
        focus, *related = parsed.read[self.name].chosen_words
        return focus, dict.fromkeys(related, 1.0)


class Neighbour(Partner):
    """The word beside the focus word."""

    def __init__(self, step: int) -> None:
        """Take 1 for the next word, -1 for the one before."""
        self.step = step
        self.name = "next word" if step > 0 else "previous word"
        self.note = f"the {self.name}; at the end of the sentence the one on the other side"

    def choose(self, parsed: Parsed) -> tuple[int, dict[int, float]]:
        """Give the nearest candidate on that side."""
        others, focus = parsed.others, parsed.focus
        side = [unit for unit in others if (unit - focus) * self.step > 0]
        return focus, {min(side or others, key=lambda unit: abs(unit - focus)): 1.0}


class AnyWord(Partner):
    """Chance."""

    name = "random word"
    note = "any other word; the figure is what is expected, not drawn"

    def choose(self, parsed: Parsed) -> tuple[int, dict[int, float]]:
        """Give every other word its chance."""
        return parsed.focus, dict.fromkeys(parsed.others, 1 / len(parsed.others))


class NearestContentWord(Partner):
    """A guess that knows parts of speech."""

    name = "nearest content word"
    note = "the nearest noun, verb, adjective or adverb; of two the one after the focus word"

    def choose(self, parsed: Parsed) -> tuple[int, dict[int, float]]:
        """Give the nearest content word, or the nearest word if there is none."""
        focus, others = parsed.focus, parsed.others
        content = [unit for unit in others if parsed.aligned.is_content[unit]]
        nearest = min(content or others, key=lambda unit: (abs(unit - focus), unit < focus))
        return focus, {nearest: 1.0}


class BestHead(Partner):
    """The one head that does best, chosen on other sentences."""

    name = "best head"
    note = "what the focus word attends to most (or is attended to by) in one head, chosen on dev"

    def fit(self, dev: Sequence[Parsed]) -> str:
        """Choose direction, layer and head by the share of joined pairs."""
        hits = np.zeros(dev[0].attended.shape[:-1])
        for parsed in dev:
            joined = np.zeros(parsed.attended.shape[-1], bool)
            joined[list(parsed.aligned.neighbours(parsed.focus))] = True
            hits += joined[_most_attended(parsed)]
        direction, layer, head = np.unravel_index(hits.argmax(), hits.shape)
        self.chosen = int(direction), int(layer), int(head)
        way = (FORWARD, BACKWARD)[self.chosen[0]]
        return f"layer {layer}, head {head}: the word that the focus word {way}"

    def choose(self, parsed: Parsed) -> tuple[int, dict[int, float]]:
        """Give the word that receives, or sends, most attention."""
        return parsed.focus, {int(_most_attended(parsed)[self.chosen]): 1.0}


class Syntax(Task[Partner, Parts]):
    """Does an edge of the gold tree join focus word and partner?"""

    name = "syntax"
    question = "Does an edge of the gold tree join focus and related word?"
    sources = (data.EWT_DEV, data.EWT_TEST)

    def methods(self, workbench: Workbench) -> Sequence[Partner]:
        """List the ways to choose a partner."""
        return [
            *(ByReading(reading) for reading in READINGS),
            Neighbour(1),
            Neighbour(-1),
            AnyWord(),
            NearestContentWord(),
            BestHead(),
        ]

    def prepare(self, workbench: Workbench) -> Parts:
        """Run the sentences of both parts; keep those in which the article's reading finds two."""
        kept, facts = {}, {}
        for part, source in (("dev", data.EWT_DEV), ("test", data.EWT_TEST)):
            trees, encodings = run_trees(workbench, source)
            parsed = [
                _parse(encoding, tree) for encoding, tree in zip(encodings, trees, strict=True)
            ]
            kept[part] = [each for each in parsed if len(each.read[ARTICLE.name].chosen) == 2]
            edges = [edge for each in parsed for edge in each.aligned.edges]
            near = sum(abs(edge.head - edge.dependent) == 1 for edge in edges)
            facts[part] = {
                "sentences": len(parsed),
                "with two words": len(kept[part]),
                "adjacent edges": near / len(edges),
            }
        return Parts(kept["dev"], kept["test"], facts)

    def facts(self, prepared: Parts) -> dict[str, Any]:
        """Count sentences, and edges between neighbours."""
        return dict(prepared.facts)

    def measure(self, method: Partner, prepared: Parts) -> Measured:
        """Look in each test sentence at the edge between focus word and partner."""
        chosen = method.fit(prepared.dev)
        joined, by_mark, relations, has = [], [], [], []
        for parsed in prepared.test:
            focus, partners = method.choose(parsed)
            edges = parsed.aligned.neighbours(focus)
            weights = {unit: weight for unit, weight in partners.items() if unit in edges}
            joined.append(sum(weights.values()) if partners else np.nan)
            by_mark.append(sum(w for unit, w in weights.items() if edges[unit] == "punct"))
            own = parsed.aligned.neighbours(parsed.focus)
            of_relation = {
                relation: sum(w for unit, w in partners.items() if own.get(unit) == relation)
                for relation in set(own.values())
            }
            relations.append(of_relation if focus == parsed.focus else {})
            has.append(own)
        names = sorted({relation for own in has for relation in own.values()})
        table = [[found.get(name, np.nan) for name in names] for found in relations]
        return {
            "joined": np.array(joined, float),
            "joined by punct": np.array(by_mark, float),
            "by relation": np.array(table, float),
            "relations": np.array(names),
            "chosen": np.array([chosen]),
        }

    def scores(self, measured: Mapping[str, Measured]) -> list[Score]:
        """Give shares of sentences, by relation, and what the article's reading is more."""
        scores, article = [], measured[ARTICLE.name]["joined"]
        for method, found in measured.items():
            joined = found["joined"]
            there = ~np.isnan(joined)
            note = str(found["chosen"][0])
            share = statistics.mean_score(method, "joined", joined[there])
            scores.append(replace(share, note=note))
            no_mark = joined[there] - found["joined by punct"][there]
            scores.append(statistics.mean_score(method, "joined, not by punct", no_mark))
            for name, column in zip(found["relations"], found["by relation"].T, strict=True):
                values = column[~np.isnan(column)]
                if len(values) >= FEWEST:
                    scores.append(
                        statistics.mean_score(method, "partner by relation", values, str(name))
                    )
            if method != ARTICLE.name:
                more = statistics.mean_score(ARTICLE.name, "joined", (article - joined)[there])
                scores.append(replace(more, baseline=method))
        return scores


def run_trees(workbench: Workbench, source: Source) -> tuple[list[Tree], list[Encoding]]:
    """Run the sentences of a part of the treebank, each alone, with all attentions."""
    chosen = workbench.sample(usable_trees(workbench, source), QUICK_SENTENCES)
    encodings = []
    with progress(len(chosen), "sentences with trees") as bar:
        for tree in chosen:
            encodings.append(workbench.encoder.encode(tree.text))
            bar.update()
    return chosen, encodings


def _parse(encoding: Encoding, tree: Tree) -> Parsed:
    aligned = align(encoding.words, tree)
    read = {
        reading.name: find_words_in(stack_attention(encoding, reading), aligned.units, reading)
        for reading in READINGS
    }
    focus = read[ARTICLE.name].chosen_words[0]
    matrix = word_attention(encoding, aligned)
    attended = np.stack([matrix[:, :, focus, :], matrix[:, :, :, focus]])
    return Parsed(aligned, tuple(candidate_indices(aligned.units, ARTICLE)), read, attended)


def word_attention(encoding: Encoding, aligned: Aligned) -> NDArray[np.floating[Any]]:
    """Merge pieces into units, and leave the special tokens out (Clark et al. 2019)."""
    merged = merge_pieces(encoding.attentions, aligned.units)
    # In the merged matrix stand the units between [CLS] and [SEP], in the sentence's order.
    return merged[:, :, 1:-1, 1:-1]


def _most_attended(parsed: Parsed) -> NDArray[np.intp]:
    others = list(parsed.others)
    chosen: NDArray[np.intp] = np.array(others)[parsed.attended[..., others].argmax(axis=-1)]
    return chosen
