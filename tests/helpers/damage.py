"""Damage for the fuzz test: files as no program writes them, made of files that are right."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

PIECES = [
    b"\0",
    b"\x1b[31m",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",  # half of a surrogate pair
    b'"',
    b"'",
    b",",
    b"\r",
    b"\n",
    b"\n\n",
    b"\x1a",
    b"\x85",
    "\u2028\u202e\ufeff".encode(),
    b"[" * 100_000,
    b"9" * 5_000,
    b"a" * 300_000,
]
ENCODINGS = ["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp1252", "utf-7"]

DEEP = [f"deep {depth}" for depth in (900, 950, 970, 100_000)]
LONG = "long number"
VALUES = [
    *(None, True, False, 0, -1, 1.5, 2**31, 10**30, 1e308, float("nan"), float("inf"), "", [], {}),
    *(
        "\0",
        "\x1b[31m",
        "\ud800",
        "\u202e",
        "../../x",
        "a" * 100_000,
        [None],
        [[]],
        {"": {}},
        ["a"],
    ),
    *(*DEEP, *DEEP[-1:] * 3, LONG),
]
"""What takes the place of a value. Those that ``json`` cannot write stand for something else."""


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Damage bytes, once or twice."""
    return _once(content).flatmap(lambda once: st.one_of(st.just(once), _once(once)))


@st.composite
def damaged_json(draw: st.DrawFn, content: bytes) -> bytes:
    """Damage a value, or two, of a JSON file; or its bytes."""
    if draw(st.integers(0, 3)) == 0:
        return draw(damaged(content))
    value = json.loads(content)
    for _ in range(draw(st.integers(1, 2))):
        value = draw(_other_value(value))
    return _json(value).encode("utf-8", draw(st.sampled_from(["surrogatepass", "replace"])))


@st.composite
def damaged_json_lines(draw: st.DrawFn, content: bytes) -> bytes:
    """Damage a line of JSON, or the bytes."""
    lines = content.splitlines()
    place = draw(st.sampled_from([place for place, line in enumerate(lines) if line]))
    lines[place] = draw(damaged_json(lines[place]))
    return b"\n".join(lines) + b"\n"


@st.composite
def _once(draw: st.DrawFn, content: bytes) -> bytes:
    start, end = sorted(draw(st.integers(0, len(content))) for _ in range(2))
    before, piece, after = content[:start], content[start:end], content[end:]
    match draw(st.sampled_from(["flip", "cut", "other", "insert", "drop", "repeat", "encode"])):
        case "flip" if content:
            flipped = bytearray(content)
            flipped[min(start, len(content) - 1)] ^= 1 << draw(st.integers(0, 7))
            return bytes(flipped)
        case "cut":
            return before
        case "other":
            return draw(st.sampled_from([b"", b"\n", b"null", b"[]", b"{}", b"\0" * len(content)]))
        case "insert":
            new = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=40)))
            return before + new + content[start:]
        case "drop":
            return before + after
        case "repeat":
            return before + piece * draw(st.sampled_from([2, 3, 200])) + after
        case _:
            text = content.decode("utf-8", "surrogateescape")
            return text.encode(draw(st.sampled_from(ENCODINGS)), "replace")


@st.composite
def _other_value(draw: st.DrawFn, value: Any) -> Any:
    places = list(_places(value))
    if not places or draw(st.integers(0, 19)) == 0:
        return deepcopy(draw(st.sampled_from(VALUES)))
    holder, key = draw(st.sampled_from(places))
    match draw(st.sampled_from(["replace", "replace", "remove", "add", "swap"])):
        case "replace":
            holder[key] = deepcopy(draw(st.sampled_from(VALUES)))
        case "remove":
            del holder[key]
        case "swap":
            other, name = draw(st.sampled_from(places))
            if other is holder:
                holder[key], other[name] = other[name], holder[key]
            else:
                holder[key] = json.loads(json.dumps(other[name]))
        case _ if isinstance(holder, dict):
            name = draw(st.sampled_from(["", "x", "\ud800"]))
            holder[name] = deepcopy(draw(st.sampled_from(VALUES)))
        case _:
            holder.append(deepcopy(draw(st.sampled_from(VALUES))))
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """List where values stand inside of a value."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    for name in DEEP:
        depth = int(name.split()[1])
        text = text.replace(f'"{name}"', "[" * depth + "]" * depth)
    return text.replace(f'"{LONG}"', "9" * 5_000)
