"""Tables and sentences about the embedding of one sentence, with the numbers of the run.

The sentences are Markdown; a reader's own text in them is escaped, to show as it was typed.
"""

from collections.abc import Sequence

import pandas as pd

from trendlib.choice import Choice, Focus, NoRelated, Related
from trendlib.embedding import SentenceEmbedding, overlap
from trendlib.encoding import UNICODE, Encoding, Provenance
from trendlib.language import N_, _, ngettext
from trendlib.readings import Reading
from trendlib.show.labels import numbered
from trendlib.show.markdown import quoted
from trendlib.similarity import heaviest, share_of_square

UNKNOWN = "[UNK]"
"""The token for words that are not in the vocabulary. A typed "[UNK]" never becomes this token."""
TIES = {
    "position": (
        N_(" Another word has as many votes; the first one wins, as in the article."),
        N_("yes; the first one wins"),
    ),
    "attention mass": (
        N_(" Another word has as many votes; the one that receives more attention in these wins."),
        N_("yes; more attention wins"),
    ),
}
"""How a tie was decided, by what decided it: as a sentence, and as a cell of a table."""


def provenance_table(provenance: Provenance) -> pd.DataFrame:
    """Tabulate the model and the library versions that figures were computed with."""
    cut = {} if provenance.cutter == UNICODE else {_("words cut by"): provenance.cutter}
    rows = {
        _("model"): provenance.model,
        _("revision"): provenance.revision,
        _("sha256 of the weights begins with"): provenance.weights_sha256[:16],
        _("number format"): provenance.dtype,
        **cut,
        **{
            _("version of {name}").format(name=name): text
            for name, text in provenance.versions.items()
        },
    }
    return pd.DataFrame({"": rows})


def reading_text(reading: Reading) -> str:
    """Describe a reading in a sentence."""
    return _("The reading “{name}”: {note}.").format(name=reading.name, note=_(reading.note))


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
    """State which words are not in the vocabulary."""
    unknown = [
        quoted(word.text)
        for word in encoding.words
        if any(encoding.tokens[token] == UNKNOWN for token in word.tokens)
    ]
    if not unknown:
        return _("Every word is in the model's vocabulary.")
    return _(
        "The model's vocabulary does not contain {words}. All such words become the same token, so "
        "the model cannot tell them apart."
    ).format(words=_(", ").join(dict.fromkeys(unknown)))


def focus_text(choice: Choice) -> str:
    """State which word is the focus word, and how much attention it receives."""
    focus = choice.focus
    if choice.layer is None:
        place = _("layer {row}").format(row=choice.focus_row)
    else:
        place = _("head {row} of layer {layer}").format(row=choice.focus_row, layer=choice.layer)
    text = _(
        "The focus word is **{word}**. It receives {received:.3f} in {place}; a fair share would "
        "be 1."
    ).format(word=_name(choice, focus), place=place, received=focus.received)
    if focus.tied:
        text += _(" Another word receives exactly as much; the first one wins.")
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
        " The related word is **{word}**, which comes second there.",
        " The related word is **{word}**, which comes second in {votes} of these {led}.",
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
            "The trend of {focus} is defined in {share:.1%} of the {all} coordinates. Without a "
            "related word, this trend alone is the embedding."
        ).format(**first)
    else:
        counts = overlap(embedding.focus_trend, embedding.related_trend)
        text = _(
            "The trend of {focus} is defined in {share:.1%} of the {all} coordinates, that of "
            "{related} in {other:.1%}. In {both} coordinates both are defined, in {one} only "
            "one of "
            "them, and in {neither} neither."
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


def _name(choice: Choice, word: Focus | Related) -> str:
    """Quote a word; one that the sentence repeats, with its number."""
    if choice.candidates.count(word.word) == 1:
        return quoted(word.word)
    return _("{word} (word {number}, counted from 0)").format(
        word=quoted(word.word), number=choice.word_indices[word.index]
    )


def _label(choice: Choice, word: Focus | Related) -> str:
    return numbered(choice.candidates, choice.word_indices)[word.index]
