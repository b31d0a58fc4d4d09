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
from trendlib.words import Word

UNKNOWN = ("[UNK]", "<unk>")
"""How vocabularies call the token for what they do not have. A typed "[UNK]" never becomes it."""
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
BEGINS = "\u2581"
"""How Unigram writes that a word begins."""
_VISIBLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
_OTHERS = [byte for byte in range(256) if byte not in _VISIBLE]
_LETTERS = {byte: chr(byte) for byte in _VISIBLE} | {
    byte: chr(0x100 + place) for place, byte in enumerate(_OTHERS)
}
SPACE = _LETTERS[ord(" ")]
"""How byte-level BPE writes a space."""


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
    """State which words are not in the vocabulary, and what the marks in word pieces mean."""
    unknown = [
        quoted(word.text)
        for word in encoding.words
        if any(encoding.tokens[token] in UNKNOWN for token in word.tokens)
    ]
    text = _("Every word is in the model's vocabulary.")
    if unknown:
        text = _(
            "The model's vocabulary does not contain {words}. All such words become the same "
            "token, so the model cannot tell them apart."
        ).format(words=_(", ").join(dict.fromkeys(unknown)))
    return " ".join([text, *marks_texts(encoding)])


def marks_texts(encoding: Encoding, words: Sequence[Word] | None = None) -> list[str]:
    """Explain how word pieces are written, with a sentence for each way that occurs.

    A piece of a word is not always a slice of it: vocabularies mark where a word begins or goes
    on, and byte-level BPE writes all but the letters of English as bytes.

    Args:
        encoding: The sentence.
        words: The words whose pieces are shown; all if left out.
    """
    found = {}
    for word in encoding.words if words is None else words:
        pieces = [encoding.tokens[token] for token in word.tokens]
        first = pieces[0][:1]
        if any(piece.startswith("##") for piece in pieces[1:]):
            found["##"] = _("“##” marks a piece that goes on with the word.")
        if first == BEGINS != word.text[0]:
            found[BEGINS] = _("“{mark}” marks where a word begins.").format(mark=BEGINS)
        if first == SPACE != word.text[0]:
            found[SPACE] = _("“{mark}” stands for the space before a word.").format(mark=SPACE)
        in_bytes = byte_letters(word.text)
        if "bytes" not in found and word.text != in_bytes == "".join(pieces).removeprefix(SPACE):
            found["bytes"] = _("{pieces} is {word}, written byte by byte.").format(
                pieces=quoted(in_bytes), word=quoted(word.text)
            )
    return list(found.values())


def byte_letters(text: str) -> str:
    """Write a text as byte-level BPE does: a letter for each of its bytes in UTF-8.

    Bytes that are visible characters in Latin-1 stand for themselves, the others for the letters
    from U+0100 on.

    >>> byte_letters("a café")
    'aĠcafÃ©'
    """
    return "".join(_LETTERS[byte] for byte in text.encode())


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
