"""The prose of the book, and the numbers that were typed into it.

What a run finds is computed and shown by a code cell, so that it changes with the run. A number in
the text around it would stay what it was. So no number is typed into prose at all, but for those
that ``ALLOWED`` lists with a reason, and for what the articles printed: that never changes, and the
chapters of ``TELLS`` may tell it.
"""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import nbformat
import regex
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from helpers.paths import ROOT
from trendlib.articles import published
from trendlib.runs.settings import DEFAULT_ONLY

PAGES = sorted((ROOT / "book").glob("**/*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("**/*.ipynb"))

YEAR = r"(?:19|20)\d\d"
ALLOWED = {
    r"(?:[Hh]idden state|[Ll]ayer|sentence) 0": "the first, by the book's own count",
    r"hidden state 1\b": "the second",
    r"[Cc]ounted from 0|(?:^|; )0 is the embedding output": "how the book counts",
    r"“the 12th layer”": "the article's words",
    r"(?:with|puts?|counts as) 0(?= for | there|\. |\.$)": "stands for an undefined coordinate",
    r"1 if they point the same way, 0 if they .*, -1 if they": "the range of a cosine",
    r"adds up to 1\b": "what attention weights do by definition",
    r"\bExercise \d\.\d\b": "the number of an exercise",
    r"^Steps? \d(?: and \d)?:": "the number of a step",
    rf"(?<=[\w.], |Vasiliev \(){YEAR}(?=\)|;)": "when a work was published",
    r"Exercise 1\d\.\d": "the number of an exercise",
    r"intervals? of 95 %": "the level of every interval of the book",
    rf"^\d\d? [A-Z][a-z]+ {YEAR}": "the day of a change",
    r"Unreleased: \d+\.\d+\.\d+": "the version that a change is part of",
    r"vectors of 768 coordinates|(?<=… has …, … and )384": "the size of a model",
}
"""What may be typed, and why: it is a fact or a name, never what a run has found."""

NAMES = r"\b[A-Z]{2,}[a-z]*-\d+(?![.,]?\d|%)"
"""Names of data sets and models end in a number now and then."""

# A letter before it makes it part of a name, such as float64 or MiniLM-L6.
NUMBER = regex.compile(r"(?<![\p{L}_\p{N}]|\p{N}[.,])\p{N}+(?:[.,]\p{N}+)*(?:\s?%)?")
_WORD = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|"
    "thousand|million"
)
# Number words are all over good prose; these are the forms in which they say how much or how many.
NUMBER_WORDS = regex.compile(
    rf"\b(?:{_WORD}|one)[ -](?:per ?cent|percentage|points?\b|times\b|fold\b)"
    rf"|\b(?:{_WORD}|one) (?:out )?of (?:the )?(?:{_WORD})\b|\b(?:{_WORD})fold\b"
    r"|\b(?:twice|thrice) (?:as|the)\b|\bdoubles?\b|\bhalf (?:of|the|as)\b"
    r"|\b(?:third|quarter|fifth|tenth)s? of\b",
    regex.IGNORECASE,
)
# Where numbers belong, they still must not be results: those have decimals or a percent sign.
RESULT = regex.compile(r"(?<![\p{L}_\p{N}.])\p{N}+(?:[.,]\p{N}+|\s?\\?%)(?![\p{N}.])")
BARE = regex.compile(r"[-+±~<>=≈ ]*\p{N}[\p{N}.,_]*\s*(?:%|x|×)?")

CODE = "…"
"""What stands for code and formulas in the text of a paragraph."""

SHOWING = {"Markdown", "HTML", "Latex", "print", "display", "captioned"}
"""Functions that put text before the reader."""

_CONFIG = yaml.safe_load((ROOT / "book" / "_config.yml").read_text(encoding="utf-8"))
_PARSER = create_md_parser(
    MdParserConfig(enable_extensions=set(_CONFIG["parse"]["myst_enable_extensions"])), RendererHTML
)


def typed_numbers(text: str) -> list[str]:
    """List the numbers of a paragraph that nothing allows."""
    spans = [each.span() for pattern in (*ALLOWED, NAMES) for each in regex.finditer(pattern, text)]
    found = [*NUMBER.finditer(text), *NUMBER_WORDS.finditer(text)]
    return [
        each.group()
        for each in found
        if not any(start <= each.start() and each.end() <= end for start, end in spans)
    ]


@cache
def printed_figures() -> list[float]:
    """List all numbers that the articles printed."""
    return [each for name in published.ARTICLES for each in _numbers(published.article(name))]


def _numbers(found: Any) -> Iterator[float]:
    if isinstance(found, dict | list):
        for each in found.values() if isinstance(found, dict) else found:
            yield from _numbers(each)
    elif isinstance(found, int | float):
        yield float(found)


def nothing(_: str) -> bool:
    """Say that no number may be told."""
    return False


def is_printed(number: str) -> bool:
    """Tell whether a number with decimals is one that the articles printed, perhaps rounded."""
    if not regex.fullmatch(r"\d+\.\d+", number):
        return False
    decimals = len(number.partition(".")[2])
    return any(round(abs(each), decimals) == float(number) for each in printed_figures())


def is_told_of_print(number: str) -> bool:
    """Tell whether a chapter about nothing but printed figures may say a number.

    Besides the figures, these are the numbers of things in them, such as heads, and all words.
    """
    if number.isdigit():
        return int(number) <= 12 or float(number) in printed_figures()
    return not regex.search(r"\d", number) or is_printed(number)


TELLS: dict[str, Callable[[str], bool]] = {
    "01_two_vectors": is_printed,
    "02_walkthrough": is_told_of_print,
    "04_printed_figures": is_printed,
}
"""Chapters that tell printed figures, and which numbers they may say."""


def typed_into(markdown: str, told: Callable[[str], bool] = nothing) -> list[str]:
    """List each typed number of a Markdown text, with the paragraph that it stands in.

    Args:
        markdown: The text.
        told: Says of a number that it may be there.
    """
    found = []
    for text, numbers in _paragraphs(_PARSER.parse(markdown)):
        shown = " ".join(text.split())
        found += [f"{number!r} in {shown!r}" for number in numbers if not told(number)]
    return found


def typed_into_code(source: str, told: Callable[[str], bool] = nothing) -> list[str]:
    """List the numbers in the strings that a code cell shows, format specifications left out."""
    found = []
    plain = TransformerManager().transform_cell(source)  # "%pip" is no Python
    calls = [node for node in ast.walk(ast.parse(plain)) if isinstance(node, ast.Call)]
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id in SHOWING:
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            found += [
                line for each in given for text in _strings(each) for line in typed_into(text, told)
            ]
    return found


def sources() -> Iterator[tuple[str, str, bool, Callable[[str], bool]]]:
    """Go through pages and notebooks: a place, its text, whether that is code, what it may say."""
    for page in PAGES:
        yield str(page.relative_to(ROOT)), page.read_text(encoding="utf-8"), False, nothing
    for notebook in NOTEBOOKS:
        for cell in nbformat.read(notebook, as_version=4).cells:
            place = f"{notebook.relative_to(ROOT)}, cell {cell.id}"
            ours = DEFAULT_ONLY in cell.metadata.get("tags", [])
            told = nothing if ours else TELLS.get(notebook.stem, nothing)
            yield place, cell.source, cell.cell_type == "code", told
            settings = cell.metadata.get("mystnb", {})
            for kind, key in (("figure", "caption"), ("image", "alt")):
                yield f"{place}, {key}", settings.get(kind, {}).get(key, ""), False, nothing


def pieces() -> Iterator[tuple[str, list[str]]]:
    """Go through pages and notebooks: a place, and the numbers that were typed there."""
    for place, text, is_code, told in sources():
        yield place, typed_into_code(text, told) if is_code else typed_into(text, told)


def texts() -> Iterator[str]:
    """Go through the paragraphs of pages and notebooks."""
    for _, text, is_code, _ in sources():
        if not is_code:
            yield from (text for text, _ in _paragraphs(_PARSER.parse(text)))


def _paragraphs(tokens: list[Token]) -> Iterator[tuple[str, list[str]]]:
    for token in tokens:
        if token.type == "inline":
            yield from _inline(token.children or [])
        elif token.type in ("fence", "colon_fence") and token.info.startswith("{"):
            yield from _directive(token)
        elif token.type == "html_block":
            text = regex.sub(r"<[^>]*>", " ", token.content)
            yield text, typed_numbers(text)
        elif token.type in ("math_block", "math_block_label", "amsmath", "code_block") or (
            token.type == "fence" and token.info in ("", "text", "none")
        ):
            yield token.content, RESULT.findall(token.content)


def _inline(children: list[Token]) -> Iterator[tuple[str, list[str]]]:
    words, hidden = [], []
    address = False
    for child in children:
        if child.type in ("link_open", "link_close"):
            address = child.type == "link_open" and child.markup == "autolink"
        elif child.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif child.type in ("text", "image") and not address:
            words.append(child.content)
        elif child.type == "code_inline":
            words.append(CODE)
            hidden += [child.content] if BARE.fullmatch(child.content) else []
        elif child.type.startswith("math_inline"):
            words.append(CODE)
            hidden += RESULT.findall(child.content)
    text = "".join(words)
    yield text, typed_numbers(text) + hidden


def _directive(token: Token) -> Iterator[tuple[str, list[str]]]:
    name, _, argument = token.info.partition("}")
    if name in ("{code-block", "{code", "{code-cell", "{literalinclude"):
        return
    if name == "{math":
        yield token.content, RESULT.findall(token.content)
        return
    text = regex.sub(r"(?m)^:(?!alt:)[\w-]+:.*\n", "", token.content).replace(":alt:", "")
    # Of a figure and its like, the argument is a file; of a grid, numbers of columns.
    arguments = ("{figure", "{image", "{include", "{bibliography", "{grid")
    title = "" if name in arguments else argument
    yield from _paragraphs(_PARSER.parse(f"{title}\n\n{text}"))


def _strings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for name, value in ast.iter_fields(node):
        if name == "format_spec":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _strings(child)
