"""Results as tables and sentences, computed from the run and never typed in.

Sentences are Markdown; a user's text in them is escaped, so that it shows as it was typed.
"""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from trendlib.attention import AttentionResult, NoRelated, Reading, Related
from trendlib.embedding import SentenceEmbedding, overlap
from trendlib.encoding import Encoding, Provenance
from trendlib.language import say, say_many, to_say
from trendlib.published import Comparison, Verdict, groups
from trendlib.similarity import heaviest, pairwise_cosines, share_of_square, without
from trendlib.typing import SliceCosines, Vector
from trendlib.weights import BERT_BASE

UNKNOWN = "[UNK]"
"""The token of what the vocabulary does not know. A typed "[UNK]" is never this token."""

DECIDERS = {
    "votes": to_say("votes"),
    "attention mass": to_say("attention mass"),
    "position": to_say("position"),
}
"""What decides between words with equally many votes, in words."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:^@])")


def quoted(text: str) -> str:
    r"""Put a text in quotation marks, with nothing in it taken for Markdown, math or HTML.

    >>> print(quoted("<b>5 * $x$</b>"))
    “&lt;b&gt;5 \* \$x\$&lt;/b&gt;”
    """
    escaped = _MARKDOWN.sub(r"\\\1", html.escape(text, quote=False))
    return f"“{escaped}”"


def provenance_table(provenance: Provenance) -> pd.DataFrame:
    """Tabulate where figures come from."""
    rows = {
        say("model"): provenance.model,
        say("revision"): provenance.revision,
        say("sha256 of the weights begins with"): provenance.weights_sha256[:16],
        say("number format"): provenance.dtype,
        **{say("version of {name}", name=name): text for name, text in provenance.versions.items()},
    }
    return pd.DataFrame({"": rows})


def reading_text(reading: Reading) -> str:
    """Say what a reading is."""
    return say("By the reading “{name}”, {note}.", name=reading.name, note=say(reading.note))


def words_table(encoding: Encoding) -> pd.DataFrame:
    """Tabulate the words of a sentence, and the word pieces that they are made of."""
    return pd.DataFrame(
        {
            say("word"): encoding.word_texts,
            say("word pieces"): [
                " ".join(encoding.tokens[token] for token in word.tokens) for word in encoding.words
            ],
            say("positions"): [", ".join(map(str, word.tokens)) for word in encoding.words],
        }
    )


def words_text(encoding: Encoding) -> str:
    """Say which words the vocabulary does not know: they all go in as one and the same piece."""
    unknown = [
        quoted(word.text)
        for word in encoding.words
        if any(encoding.tokens[token] == UNKNOWN for token in word.tokens)
    ]
    model = encoding.provenance.model
    if not unknown:
        return say("The vocabulary of {model} knows every word.", model=model)
    return say(
        "The vocabulary of {model} does not know {words}. Such words all go into the model as the "
        "same piece, so that it cannot tell them apart.",
        model=model,
        words=_listed(unknown),
    )


def focus_text(result: AttentionResult) -> str:
    """Say which word is the focus word, and how clearly."""
    focus = result.focus
    if result.layer is None:
        place = say("layer {row}", row=result.focus_row)
    else:
        place = say("head {row} of layer {layer}", row=result.focus_row, layer=result.layer)
    text = say(
        "{by} the focus word is **{word}**: in {place} it receives {received:.3f}, where every "
        "query gives 1 in all.",
        by=_by_model(result),
        word=quoted(focus.word),
        place=place,
        received=focus.received,
    )
    if focus.tied:
        text += say(" Another word receives exactly as much; the first one is taken.")
    return text


def related_text(result: AttentionResult) -> str:
    """Say which word is the related word, by which votes, or why there is none."""
    related, led = result.related, len(result.vote.rows)
    by = _by_model(result)
    if isinstance(related, NoRelated):
        return say("{by} there is no related word: {reason}.", by=by, reason=say(related.reason))
    leads = {"by": by, "focus": quoted(result.focus.word), "led": led, "all": len(result.received)}
    if result.layer is None:
        text = say("{by} {focus} leads {led} of the {all} layers.", **leads)
    else:
        text = say("{by} {focus} leads {led} of the {all} heads.", **leads)
    text += say_many(
        " The related word is **{word}**, with {votes} of {led} vote.",
        " The related word is **{word}**, with {votes} of {led} votes.",
        led,
        word=quoted(related.word),
        votes=related.votes,
        led=led,
    )
    if related.tied:
        text += say(" That is a tie, and {decider} decides it.", decider=_decider(related))
    return text


def trend_text(embedding: SentenceEmbedding, count: int = 3) -> str:
    """Say how much of the trends is defined, and how few coordinates carry the embedding."""
    focus = quoted(embedding.attention.focus.word)
    first = {
        "by": _by_model(embedding.attention),
        "focus": focus,
        "share": embedding.focus_trend.defined_share,
        "all": len(embedding.values),
    }
    if embedding.related_trend is None or isinstance(embedding.related, NoRelated):
        text = say(
            "{by} the trend of {focus} is defined in {share:.1%} of the {all} coordinates; there "
            "is no second trend, so it is the embedding.",
            **first,
        )
    else:
        counts = overlap(embedding.focus_trend, embedding.related_trend)
        text = say(
            "{by} the trend of {focus} is defined in {share:.1%} of the {all} coordinates, that of "
            "{related} in {other:.1%}. In {both} coordinates both are defined, in {one} exactly "
            "one (there the two complement each other), in {neither} none.",
            **first,
            related=quoted(embedding.related.word),
            other=embedding.related_trend.defined_share,
            both=counts.both,
            one=counts.one,
            neither=counts.neither,
        )
    known = embedding.values[embedding.defined]
    return text + say(
        " The {count} heaviest coordinates carry {carried:.1%} of the embedding's square.",
        count=count,
        carried=share_of_square(known, heaviest(known, count)),
    )


def embedding_table(embedding: SentenceEmbedding, first: int) -> pd.DataFrame:
    """Tabulate the first coordinates of the two trends and of their sum."""
    roles = (say("focus"), say("related"))
    chosen = zip(roles, embedding.attention.chosen, embedding.trends, strict=False)
    columns = {
        f"{role}: {word.word}": (trend.values, trend.defined) for role, word, trend in chosen
    }
    columns[say("sentence embedding")] = (embedding.values, embedding.defined)
    table = pd.DataFrame(
        {
            name: [
                f"{value:.4f}" if exists else say("undefined")
                for value, exists in zip(values[:first], defined[:first], strict=True)
            ]
            for name, (values, defined) in columns.items()
        }
    )
    table.index.name = say("coordinate")
    table.columns.name = embedding.provenance.model
    return table


def readings_table(embeddings: Sequence[SentenceEmbedding]) -> pd.DataFrame:
    """Tabulate what several readings find in one sentence."""
    rows = []
    for embedding in embeddings:
        result, related = embedding.attention, embedding.related
        row = [result.reading.name, result.focus.word]
        if isinstance(related, NoRelated):
            row += [say("none: {reason}", reason=say(related.reason)), "", ""]
        else:
            votes = say("{votes} of {led}", votes=related.votes, led=len(result.vote.rows))
            tied = say("yes, {decider} decides", decider=_decider(related))
            row += [related.word, votes, tied if related.tied else say("no")]
        rows.append(row)
    head = (say("reading"), say("focus word"), say("related word"), say("votes"), say("tied"))
    return pd.DataFrame(rows, columns=head)


def readings_text(chosen: SentenceEmbedding, others: Sequence[SentenceEmbedding]) -> str:
    """Say which other readings find the chosen one's words."""
    own = chosen.attention.chosen_words
    same = to_say(" By {readings}: the same.")
    swapped = to_say(" By {readings}: the same two, swapped, and so the same sum.")
    other = to_say(" By {readings}: others.")
    found: dict[str, list[str]] = {same: [], swapped: [], other: []}
    for each in others:
        words = each.attention.chosen_words
        kind = same if words == own else swapped if words == own[::-1] else other
        found[kind].append(f"“{each.attention.reading.name}”")
    by = _by_model(chosen.attention)
    texts = [quoted(word.word) for word in chosen.attention.chosen]
    if len(texts) == 1:
        start = say("{by} the only chosen word is {word}.", by=by, word=texts[0])
    else:
        focus, related = texts
        start = say(
            "{by} the chosen words are {focus} and {related}.", by=by, focus=focus, related=related
        )
    rest = [say(kind, readings=_listed(names)) for kind, names in found.items() if names]
    return "".join([start, *rest])


def closest_text(cosines: Mapping[str, float], what: str, source: str) -> str:
    """Say which pair is most alike, and which least.

    Args:
        cosines: The cosines, named by pair.
        what: What was compared.
        source: Whose figures they are.
    """
    ordered = sorted(cosines, key=lambda pair: cosines[pair], reverse=True)
    return (
        f"By {source}, {what}: the closest two are **{ordered[0]}** "
        f"({cosines[ordered[0]]:.3f}), the farthest **{ordered[-1]}** "
        f"({cosines[ordered[-1]]:.3f})."
    )


def cosines_table(
    representations: Mapping[str, Mapping[str, Vector]], first: int, provenance: Provenance
) -> pd.DataFrame:
    """Tabulate the cosines of each pair, over the first coordinates and over all.

    Args:
        representations: For each kind of vector, the vectors by name.
        first: How many coordinates are the first ones.
        provenance: Where the vectors come from.
    """
    columns = {}
    for kind, vectors in representations.items():
        cut = {name: vector[:first] for name, vector in vectors.items()}
        columns[f"{kind}, first {first}"] = pairwise_cosines(cut)
        columns[f"{kind}, all"] = pairwise_cosines(vectors)
    return _cosines(columns, provenance)


def heaviest_table(
    vectors: Mapping[str, Vector], count: int, provenance: Provenance
) -> pd.DataFrame:
    """Tabulate the heaviest coordinates of each vector, and the share of its square they carry."""
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
    """Tabulate the cosines of each pair without the coordinates that are heaviest in any vector."""
    columns = {}
    for count in counts:
        dropped = {index for vector in vectors.values() for index in heaviest(vector, count)}
        kept = {name: without(vector, dropped) for name, vector in vectors.items()}
        columns[f"without {len(dropped)} of them" if dropped else "all"] = pairwise_cosines(kept)
    return _cosines(columns, provenance)


def slices_table(
    pairs: Sequence[tuple[str, SliceCosines, float]], provenance: Provenance
) -> pd.DataFrame:
    """Tabulate the extremes of what ``plots.slice_cosines`` draws."""
    columns = {
        "lowest slice": {name: float(np.nanmin(cosines)) for name, cosines, _ in pairs},
        "highest slice": {name: float(np.nanmax(cosines)) for name, cosines, _ in pairs},
        "all coordinates": {name: whole for name, _, whole in pairs},
    }
    return _cosines(columns, provenance)


def comparison_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Tabulate printed figures beside ours, one row a comparison, in the articles' order.

    An article, a basis or a reason that all rows share is not repeated in each of them: the
    heading says the basis, ``summary_text`` the reason.
    """
    seen = {
        "article": {each.article for each in comparisons},
        "basis": {each.basis for each in comparisons},
        "why": {each.why for each in comparisons},
    }
    shared = [name for name, values in seen.items() if len(values) == 1]
    ours = f"ours: {next(iter(seen['basis']))}" if "basis" in shared else "ours"
    table = pd.DataFrame(
        {
            "article": each.article,
            "group": each.group,
            "figure": each.figure,
            f"as published: {BERT_BASE.name}": _figure(each.printed),
            ours: f"{each.ours:.8g}" if isinstance(each.ours, float) else _figure(each.ours),
            "basis": each.basis,
            "difference": "" if each.difference is None else f"{each.difference:+.1e}",
            "verdict": each.verdict.value,
            "why": each.why,
        }
        for each in _in_order(comparisons)
    )
    index = [name for name in ("article", "group", "figure") if name not in shared]
    return table.drop(columns=shared).set_index(index)


def summary_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Count the figures and their verdicts: one row a group, one column a basis."""
    bases = dict.fromkeys(each.basis for each in comparisons)
    grouped: dict[tuple[str, str], list[Comparison]] = {}
    for each in _in_order(comparisons):
        grouped.setdefault((each.article, each.group), []).append(each)
    return pd.DataFrame(
        {
            "article": article,
            "group": group,
            "figures": len({each.figure for each in members}),
            **{
                f"from {basis}": _count([each for each in members if each.basis == basis])
                for basis in bases
            },
        }
        for (article, group), members in grouped.items()
    )


def summary_text(comparisons: Sequence[Comparison]) -> str:
    """Count figures and verdicts in a line a basis, and say why figures were not run."""
    figures = {(each.article, each.group, each.figure) for each in comparisons}
    lines = [f"{len(figures)} printed figures."]
    for basis in dict.fromkeys(each.basis for each in comparisons):
        of_basis = [each for each in comparisons if each.basis == basis]
        reasons = dict.fromkeys(each.why for each in of_basis if each.verdict is Verdict.NOT_RUN)
        why = "".join(f": {reason}" for reason in reasons)
        lines.append(f"Recomputed from {basis}: {_count(of_basis)}{why}.")
    return "\n\n".join(lines)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Write a table in Markdown.

    >>> print(markdown_table(["a", "b"], [["1", "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    lines = [head, ["---"] * len(head), *rows]
    escaped = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def _in_order(comparisons: Sequence[Comparison]) -> list[Comparison]:
    order = {(group.article, group.name): place for place, group in enumerate(groups())}
    return sorted(comparisons, key=lambda each: order[each.article, each.group])


def _count(comparisons: Sequence[Comparison]) -> str:
    counts = Counter(each.verdict for each in comparisons)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])


def _by_model(result: AttentionResult) -> str:
    provenance = result.provenance
    source = say("the printed matrix") if provenance is None else provenance.model
    reading = result.reading.name
    return say("By {source} and the reading “{reading}”,", source=source, reading=reading)


def _decider(related: Related) -> str:
    return say(DECIDERS[related.decided_by])


def _listed(names: Sequence[str]) -> str:
    return say(", ").join(names)


def _cosines(columns: Mapping[str, Mapping[str, float]], provenance: Provenance) -> pd.DataFrame:
    return pd.DataFrame(columns).round(4).rename_axis(columns=provenance.model)


def _figure(value: float | int | str | None) -> str:
    return "" if value is None else str(value)
