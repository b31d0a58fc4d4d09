"""Results as tables and sentences, computed from the run and never typed in.

Sentences are Markdown; a user's text in them is escaped, so that it shows as it was typed.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from trendlib.choice import Choice, NoRelated, Related
from trendlib.embedding import SentenceEmbedding, overlap
from trendlib.encoding import Encoding, Provenance
from trendlib.language import N_, _, ngettext
from trendlib.readings import Reading
from trendlib.show.markdown import quoted
from trendlib.similarity import heaviest, pairwise_cosines, share_of_square, without
from trendlib.typing import SliceCosines, Vector

UNKNOWN = "[UNK]"
"""The token of what the vocabulary does not know. A typed "[UNK]" is never this token."""
DECIDERS = {
    "votes": N_("votes"),
    "attention mass": N_("attention mass"),
    "position": N_("position"),
}
"""What decides between words with equally many votes, in words."""


def provenance_table(provenance: Provenance) -> pd.DataFrame:
    """Tabulate where figures come from."""
    rows = {
        _("model"): provenance.model,
        _("revision"): provenance.revision,
        _("sha256 of the weights begins with"): provenance.weights_sha256[:16],
        _("number format"): provenance.dtype,
        **{
            _("version of {name}").format(name=name): text
            for name, text in provenance.versions.items()
        },
    }
    return pd.DataFrame({"": rows})


def reading_text(reading: Reading) -> str:
    """Say what a reading is."""
    return _("By the reading “{name}”, {note}.").format(name=reading.name, note=_(reading.note))


def words_table(encoding: Encoding) -> pd.DataFrame:
    """Tabulate the words of a sentence, and the word pieces that they are made of."""
    return pd.DataFrame(
        {
            _("word"): encoding.word_texts,
            _("word pieces"): [
                " ".join(encoding.tokens[token] for token in word.tokens) for word in encoding.words
            ],
            _("positions"): [", ".join(map(str, word.tokens)) for word in encoding.words],
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
        return _("The vocabulary of {model} knows every word.").format(model=model)
    return _(
        "The vocabulary of {model} does not know {words}. Such words all go into the model as the "
        "same piece, so that it cannot tell them apart."
    ).format(model=model, words=_listed(unknown))


def focus_text(result: Choice) -> str:
    """Say which word is the focus word, and how clearly."""
    focus = result.focus
    if result.layer is None:
        place = _("layer {row}").format(row=result.focus_row)
    else:
        place = _("head {row} of layer {layer}").format(row=result.focus_row, layer=result.layer)
    text = _(
        "{by} the focus word is **{word}**: in {place} it receives {received:.3f}, where every "
        "query gives 1 in all."
    ).format(by=_by_model(result), word=quoted(focus.word), place=place, received=focus.received)
    if focus.tied:
        text += _(" Another word receives exactly as much; the first one is taken.")
    return text


def related_text(result: Choice) -> str:
    """Say which word is the related word, by which votes, or why there is none."""
    related, led = result.related, len(result.vote.rows)
    by = _by_model(result)
    if isinstance(related, NoRelated):
        return _("{by} there is no related word: {reason}.").format(by=by, reason=_(related.reason))
    leads = {"by": by, "focus": quoted(result.focus.word), "led": led, "all": len(result.received)}
    if result.layer is None:
        text = _("{by} {focus} leads {led} of the {all} layers.").format(**leads)
    else:
        text = _("{by} {focus} leads {led} of the {all} heads.").format(**leads)
    text += ngettext(
        " The related word is **{word}**, with {votes} of {led} vote.",
        " The related word is **{word}**, with {votes} of {led} votes.",
        led,
    ).format(word=quoted(related.word), votes=related.votes, led=led)
    if related.tied:
        text += _(" That is a tie, and {decider} decides it.").format(decider=_decider(related))
    return text


def trend_text(embedding: SentenceEmbedding, count: int = 3) -> str:
    """Say how much of the trends is defined, and how few coordinates carry the embedding."""
    focus = quoted(embedding.choice.focus.word)
    first = {
        "by": _by_model(embedding.choice),
        "focus": focus,
        "share": embedding.focus_trend.defined_share,
        "all": len(embedding.values),
    }
    if embedding.related_trend is None or isinstance(embedding.related, NoRelated):
        text = _(
            "{by} the trend of {focus} is defined in {share:.1%} of the {all} coordinates; there "
            "is no second trend, so it is the embedding."
        ).format(**first)
    else:
        counts = overlap(embedding.focus_trend, embedding.related_trend)
        text = _(
            "{by} the trend of {focus} is defined in {share:.1%} of the {all} coordinates, that of "
            "{related} in {other:.1%}. In {both} coordinates both are defined, in {one} exactly "
            "one (there the two complement each other), in {neither} none."
        ).format(
            **first,
            related=quoted(embedding.related.word),
            other=embedding.related_trend.defined_share,
            both=counts.both,
            one=counts.one,
            neither=counts.neither,
        )
    known = embedding.values[embedding.defined]
    return text + _(
        " The {count} heaviest coordinates carry {carried:.1%} of the embedding's square."
    ).format(count=count, carried=share_of_square(known, heaviest(known, count)))


def embedding_table(embedding: SentenceEmbedding, first: int) -> pd.DataFrame:
    """Tabulate the first coordinates of the two trends and of their sum."""
    roles = (_("focus"), _("related"))
    chosen = zip(roles, embedding.choice.chosen, embedding.trends, strict=False)
    columns = {
        f"{role}: {word.word}": (trend.values, trend.defined) for role, word, trend in chosen
    }
    columns[_("sentence embedding")] = (embedding.values, embedding.defined)
    table = pd.DataFrame(
        {
            name: [
                f"{value:.4f}" if exists else _("undefined")
                for value, exists in zip(values[:first], defined[:first], strict=True)
            ]
            for name, (values, defined) in columns.items()
        }
    )
    table.index.name = _("coordinate")
    table.columns.name = embedding.provenance.model
    return table


def readings_table(embeddings: Sequence[SentenceEmbedding]) -> pd.DataFrame:
    """Tabulate what several readings find in one sentence."""
    rows = []
    for embedding in embeddings:
        result, related = embedding.choice, embedding.related
        row = [result.reading.name, result.focus.word]
        if isinstance(related, NoRelated):
            row += [_("none: {reason}").format(reason=_(related.reason)), "", ""]
        else:
            votes = _("{votes} of {led}").format(votes=related.votes, led=len(result.vote.rows))
            tied = _("yes, {decider} decides").format(decider=_decider(related))
            row += [related.word, votes, tied if related.tied else _("no")]
        rows.append(row)
    head = (_("reading"), _("focus word"), _("related word"), _("votes"), _("tied"))
    return pd.DataFrame(rows, columns=head)


def readings_text(chosen: SentenceEmbedding, others: Sequence[SentenceEmbedding]) -> str:
    """Say which other readings find the chosen one's words."""
    own = chosen.choice.chosen_words
    same = N_(" By {readings}: the same.")
    swapped = N_(" By {readings}: the same two, swapped, and so the same sum.")
    other = N_(" By {readings}: others.")
    found: dict[str, list[str]] = {same: [], swapped: [], other: []}
    for each in others:
        words = each.choice.chosen_words
        kind = same if words == own else swapped if words == own[::-1] else other
        found[kind].append(f"“{each.choice.reading.name}”")
    by = _by_model(chosen.choice)
    texts = [quoted(word.word) for word in chosen.choice.chosen]
    if len(texts) == 1:
        start = _("{by} the only chosen word is {word}.").format(by=by, word=texts[0])
    else:
        focus, related = texts
        start = _("{by} the chosen words are {focus} and {related}.").format(
            by=by, focus=focus, related=related
        )
    rest = [_(kind).format(readings=_listed(names)) for kind, names in found.items() if names]
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


def _by_model(result: Choice) -> str:
    provenance = result.provenance
    source = _("the printed matrix") if provenance is None else provenance.model
    reading = result.reading.name
    return _("By {source} and the reading “{reading}”,").format(source=source, reading=reading)


def _decider(related: Related) -> str:
    return _(DECIDERS[related.decided_by])


def _listed(names: Sequence[str]) -> str:
    return _(", ").join(names)


def _cosines(columns: Mapping[str, Mapping[str, float]], provenance: Provenance) -> pd.DataFrame:
    return pd.DataFrame(columns).round(4).rename_axis(columns=provenance.model)
