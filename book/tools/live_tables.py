"""Tables for the live explorer: how the tokenizer and the rules of words treat each character.

They are found by asking the libraries that the package itself uses, about every character. So the
page follows those libraries' versions of Unicode, whatever its browser knows.
"""

import json
import pickle
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import regex

from trendlib.words import WORD

SURROGATES = range(0xD800, 0xE000)
LAST = 0x10FFFF
CHARACTERS = [chr(code) for code in range(LAST + 1) if code not in SURROGATES]
PROPERTY = re.compile(r"\\p\{(?:WB=)?(\w+)\}|\\u200d|\\[rn]")
"""How the rules of words name classes of characters."""
ESCAPES = {r"\r": "WB=CR", r"\n": "WB=LF", r"\u200d": "WB=ZWJ"}
LETTERS = string.ascii_letters
SAME, NOTHING, APART, HANGUL = "=", "-", "o", "h"
PLAIN, PIECE, SPACE = " ", "p", "s"
STAYS, FIRST_MARK = "!", 0x100

Data = dict[str, Any]


def runs(values: Iterable[str]) -> Data:
    """Pack a letter for each character as runs: where they begin, as differences, and the letters.

    >>> runs("aabba" + "a" * (len(CHARACTERS) - 5))
    {'starts': [0, 2, 2], 'values': 'aba'}
    """
    codes = np.full(LAST + 1, ord(" "), dtype=np.uint32)
    codes[[*range(SURROGATES.start), *range(SURROGATES.stop, LAST + 1)]] = np.fromiter(
        map(ord, values), np.uint32, len(CHARACTERS)
    )
    codes[SURROGATES.start : SURROGATES.stop] = codes[SURROGATES.start - 1]
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] + 1))
    return {
        "starts": np.diff(starts, prepend=0).tolist(),
        "values": "".join(map(chr, codes[starts])),
    }


@cache
def word_tables() -> Data:
    """Put each character in a class, and turn the rules of word boundaries into rules over these.

    Browsers do not know Unicode's classes for word boundaries. So each class, or what two of them
    have in common, becomes a letter, and the package's pattern becomes one over these letters.
    """
    names = sorted({_property(match) for match in PROPERTY.finditer(_compact(WORD))})
    members = {name: _members(name) for name in names}
    together = [
        tuple(name for name in names if character in members[name]) for character in CHARACTERS
    ]
    kinds = {kind: LETTERS[number] for number, kind in enumerate(sorted(set(together)))}
    letters = {
        name: "".join(letter for kind, letter in kinds.items() if name in kind) for name in names
    }
    return {
        "classes": runs(kinds[kind] for kind in together),
        "word": _over_letters(letters),
        "punctuation": runs(PIECE if _is_punctuation(each) else PLAIN for each in CHARACTERS),
    }


def _compact(pattern: str) -> str:
    """Take away the comments and spaces of a pattern, and what JavaScript has no need of.

    The pattern matches whatever it can, so that nothing is gained by not going back.
    """
    without = re.sub(r"#.*|\s", "", pattern).removeprefix("(?x)")
    return re.sub(r"(?<=[+*])\+", "", without)


def _property(match: re.Match[str]) -> str:
    if match[0] in ESCAPES:
        return ESCAPES[match[0]]
    return match[0].removeprefix(r"\p{").removesuffix("}")


def _members(name: str) -> set[str]:
    return set(regex.findall(rf"\p{{{name}}}", "".join(CHARACTERS)))


def _over_letters(letters: dict[str, str]) -> str:
    pattern = _compact(WORD)

    def replaced(match: re.Match[str]) -> str:
        before = pattern[: match.start()]
        inside = before.rfind("[") > before.rfind("]")
        found = letters[_property(match)]
        return found if inside else f"[{found}]"

    return PROPERTY.sub(replaced, pattern)


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def spaces() -> str:
    """List the white space of Python."""
    return "".join(each for each in CHARACTERS if each.isspace())


def tokenizer_tables(tokenizer: Any) -> Data:
    """Describe a tokenizer of WordPiece.

    Args:
        tokenizer: A tokenizer of transformers, of the kind that ``why_not`` finds nothing against.
    """
    backend = tokenizer.backend_tokenizer
    model = json.loads(backend.to_str())["model"]
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    before, after = special_tokens(tokenizer)
    return {
        "vocabulary": tokens,
        "added": [number for number, token in enumerate(tokens) if token not in model["vocab"]],
        **_character_tables(pickle.dumps((backend.normalizer, backend.pre_tokenizer))),
        "unknown": model["unk_token"],
        "continues": model["continuing_subword_prefix"],
        "longest": model["max_input_chars_per_word"],
        "before": before,
        "after": after,
    }


@cache
def _character_tables(pickled: bytes) -> Data:
    """Say what a normalizer and a pre-tokenizer do with each character; it takes seconds."""
    normalizer, pre_tokenizer = pickle.loads(pickled)
    pieces = (pre_tokenizer.pre_tokenize_str(f"a{each}") for each in CHARACTERS)
    return {
        **_normalizer_tables(normalizer.normalize_str),
        **_mark_tables(normalizer.normalize_str),
        "separates": runs(map(_separation, pieces)),
    }


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """List the special tokens that a tokenizer puts before a sentence, and those after it."""
    ids, mask = (
        tokenizer("a", return_special_tokens_mask=True)[name]
        for name in ("input_ids", "special_tokens_mask")
    )
    first, last = mask.index(0), len(mask) - mask[::-1].index(0)
    return ids[:first], ids[last:]


def _normalizer_tables(normalize: Callable[[str], str]) -> Data:
    """Say what a normalizer makes of each character: by kind, or, for some thousands, in full."""
    kinds, irregular = [], {}
    for character in CHARACTERS:
        found = normalize(character)
        kind = SAME
        if not found:
            kind = NOTHING
        elif found == f" {character} ":
            kind = APART
        elif "\uac00" <= character <= "\ud7a3" and found == unicodedata.normalize("NFD", character):
            kind = HANGUL
        elif found != character:
            irregular[character] = found
        kinds.append(kind)
    return {
        "normal": runs(kinds),
        "irregular": {"characters": "".join(irregular), "becomes": list(irregular.values())},
    }


def _mark_tables(normalize: Callable[[str], str]) -> Data:
    """Say in which order accents stand, if the normalizer takes them from their letters.

    Nearly all of them are then dropped. For a few, which are no accents of letters, their order
    counts: it decides which characters a piece is said to be made of.
    """
    if normalize("e\u0301") != "e":
        return {"marks": runs(PLAIN for _ in CHARACTERS), "reordered": ""}
    return {
        "marks": runs(map(_mark, CHARACTERS)),
        "reordered": "".join(
            character
            for character in CHARACTERS
            if any(unicodedata.combining(letter) for letter in normalize(character))
        ),
    }


def _mark(character: str) -> str:
    if order := unicodedata.combining(character):
        return chr(FIRST_MARK + order)
    return STAYS if unicodedata.category(character) == "Mn" else PLAIN


def _separation(found: Sequence[tuple[str, tuple[int, int]]]) -> str:
    """Say what a character that was put behind a letter is, by the pieces that were found."""
    if len(found) > 1:
        return PIECE
    return SPACE if found[0][0] == "a" else PLAIN
