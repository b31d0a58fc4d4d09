"""Sentences and tables about one sentence's embedding, computed from the run and never typed in.

The sentences are Markdown; a reader's own text in them is escaped, to show as it was typed.
"""

from collections.abc import Sequence

import pandas as pd

from trendlib.choice import Choice, Focus, NoRelated, Related
from trendlib.embedding import SentenceEmbedding, overlap
from trendlib.encoding import Encoding, Provenance
from trendlib.language import N_, _, ngettext
from trendlib.readings import Reading
from trendlib.show.labels import numbered
from trendlib.show.markdown import quoted
from trendlib.similarity import heaviest, share_of_square

UNKNOWN = "[UNK]"
"""The token for words that are not in the vocabulary. A typed "[UNK]" never becomes this token."""
TIES = {
    "position": (
        N_(" That is a tie, and the first of the equal words is taken, as in the article."),
        N_("yes, the first is taken"),
    ),
    "attention mass": (
        N_(" That is a tie, and attention mass decides it."),
        N_("yes, attention mass decides"),
    ),
}
"""How a tie was decided, by what decided it: as a sentence, and as a cell of a table."""


def provenance_table(provenance: Provenance) -> pd.DataFrame:
    """Tabulate the model and the library versions that figures were computed with."""
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
    """Describe a reading in a sentence."""
    return _("By the reading “{name}”, {note}.").format(name=reading.name, note=_(reading.note))


def words_table(encoding: Encoding) -> pd.DataFrame:
    """Tabulate a sentence's words with their word pieces and the positions of these."""
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
    """State which words are not in the vocabulary: they all become the same token."""
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
    ).format(model=model, words=_listed(list(dict.fromkeys(unknown))))


def focus_text(choice: Choice) -> str:
    """State which word is the focus word, and how much attention it receives."""
    focus = choice.focus
    if choice.layer is None:
        place = _("layer {row}").format(row=choice.focus_row)
    else:
        place = _("head {row} of layer {layer}").format(row=choice.focus_row, layer=choice.layer)
    text = _(
        "The focus word is **{word}**: it receives {received:.3f} in {place}, where a fair share "
        "is 1."
    ).format(word=_name(choice, focus), place=place, received=focus.received)
    if focus.tied:
        text += _(" Another word receives exactly as much; the first one is taken.")
    return text


def related_text(choice: Choice) -> str:
    """State which word is the related word and by how many votes, or why there is none."""
    related, led, rows = choice.related, len(choice.vote.rows), len(choice.received)
    if isinstance(related, NoRelated):
        return _("There is no related word: {reason}.").format(reason=_(related.reason))
    leads = {"focus": _name(choice, choice.focus), "led": led, "all": rows}
    if choice.layer is None:
        text = ngettext(
            "{focus} comes first in the only layer.",
            "{focus} comes first in {led} of the {all} layers.",
            rows,
        ).format(**leads)
    else:
        text = ngettext(
            "{focus} comes first in the only head.",
            "{focus} comes first in {led} of the {all} heads.",
            rows,
        ).format(**leads)
    text += ngettext(
        " The related word is **{word}**, with {votes} of {led} vote.",
        " The related word is **{word}**, with {votes} of {led} votes.",
        led,
    ).format(word=_name(choice, related), votes=related.votes, led=led)
    if related.tied:
        text += _(TIES[related.decided_by][0])
    return text


def trend_text(embedding: SentenceEmbedding, count: int = 3) -> str:
    """State how much of the trends is defined, and how much few coordinates contribute.

    Args:
        embedding: The embedding.
        count: How many of the largest coordinates to count.
    """
    choice = embedding.choice
    first = {
        "focus": _name(choice, choice.focus),
        "share": embedding.focus_trend.defined_share,
        "all": len(embedding.values),
    }
    if embedding.related_trend is None or isinstance(embedding.related, NoRelated):
        text = _(
            "The trend of {focus} is defined in {share:.1%} of the {all} coordinates. There is no "
            "second trend, so it is the embedding."
        ).format(**first)
    else:
        counts = overlap(embedding.focus_trend, embedding.related_trend)
        text = _(
            "The trend of {focus} is defined in {share:.1%} of the {all} coordinates, that of "
            "{related} in {other:.1%}. Both are defined in {both} coordinates, just one in {one}, "
            "and neither in {neither}."
        ).format(
            **first,
            related=_name(choice, embedding.related),
            other=embedding.related_trend.defined_share,
            both=counts.both,
            one=counts.one,
            neither=counts.neither,
        )
    known = embedding.values[embedding.defined]
    count = min(count, len(known))
    return text + ngettext(
        " The largest coordinate makes up {carried:.1%} of the embedding's squared length.",
        " The {count} largest coordinates make up {carried:.1%} of the embedding's squared length.",
        count,
    ).format(count=count, carried=share_of_square(known, heaviest(known, count)))


def embedding_table(embedding: SentenceEmbedding, first: int) -> pd.DataFrame:
    """Tabulate the first coordinates of the two trends and of their sum.

    Args:
        embedding: The embedding.
        first: How many coordinates.
    """
    choice, roles = embedding.choice, (_("focus"), _("related"))
    chosen = zip(roles, choice.chosen, embedding.trends, strict=False)
    columns = {
        f"{role}: {_label(choice, word)}": (trend.values, trend.defined)
        for role, word, trend in chosen
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
    """Tabulate the words that several readings choose in one sentence."""
    rows = []
    for embedding in embeddings:
        choice, related = embedding.choice, embedding.related
        row = [choice.reading.name, _label(choice, choice.focus)]
        if isinstance(related, NoRelated):
            row += [_("none: {reason}").format(reason=_(related.reason)), "", ""]
        else:
            votes = _("{votes} of {led}").format(votes=related.votes, led=len(choice.vote.rows))
            tied = TIES[related.decided_by][1] if related.tied else N_("no")
            row += [_label(choice, related), votes, _(tied)]
        rows.append(row)
    head = (_("reading"), _("focus word"), _("related word"), _("votes"), _("tied"))
    return pd.DataFrame(rows, columns=head)


def readings_text(chosen: SentenceEmbedding, others: Sequence[SentenceEmbedding]) -> str:
    """State which other readings choose the same words.

    Args:
        chosen: The embedding by one reading.
        others: The same sentence's embeddings by other readings.
    """
    own = chosen.choice.chosen_words
    same = N_(" By {readings}: the same.")
    swapped = N_(" By {readings}: the same two, swapped, and so the same sum.")
    other = N_(" By {readings}: others.")
    found: dict[str, list[str]] = {same: [], swapped: [], other: []}
    for embedding in others:
        words = embedding.choice.chosen_words
        kind = same if words == own else swapped if words == own[::-1] else other
        found[kind].append(f"“{embedding.choice.reading.name}”")
    by = _by_model(chosen.choice)
    texts = [_name(chosen.choice, word) for word in chosen.choice.chosen]
    if len(texts) == 1:
        start = _("{by} the only chosen word is {word}.").format(by=by, word=texts[0])
    else:
        focus, related = texts
        start = _("{by} the chosen words are {focus} and {related}.").format(
            by=by, focus=focus, related=related
        )
    rest = [_(kind).format(readings=_listed(names)) for kind, names in found.items() if names]
    return "".join([start, *rest])


def _by_model(choice: Choice) -> str:
    provenance = choice.provenance
    source = _("the printed matrix") if provenance is None else provenance.model
    reading = choice.reading.name
    return _("By {source} and the reading “{reading}”,").format(source=source, reading=reading)


def _name(choice: Choice, word: Focus | Related) -> str:
    """Quote a word; one that the sentence repeats, with its number."""
    if choice.candidates.count(word.word) == 1:
        return quoted(word.word)
    return _("{word} (word {number}, counted from 0)").format(
        word=quoted(word.word), number=choice.word_indices[word.index]
    )


def _label(choice: Choice, word: Focus | Related) -> str:
    return numbered(choice.candidates, choice.word_indices)[word.index]


def _listed(names: Sequence[str]) -> str:
    return _(", ").join(names)
