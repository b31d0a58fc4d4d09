"""The chapters that tell the story: plain Markdown, checked comments, exercises that run."""

import html
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat import v4

from helpers.notebook_outputs import text_outputs
from helpers.paths import NOTEBOOKS
from trendlib.runs.folder import folder_name
from trendlib.runs.runner import run
from trendlib.runs.settings import DEFAULT_ONLY, LESSON, cells_without, checked_settings

STORY = sorted(NOTEBOOKS.glob("*.ipynb"))

each_chapter = pytest.mark.parametrize("chapter", STORY, ids=lambda path: path.stem)

RAW = re.compile(r"\{[\w:]+\}(?:`|<code>)|:::|\\label\{|\$\$ \(|\[\]\(")
"""What plain Markdown leaves as it is: roles, directives, labels, links without a text."""
COMMENT = re.compile(r"> \*\*What we see \((.+)\)\.\*\*")
OTHERS = [
    "I sold my car.",
    "She sent a card, and he never answered it.",
    "Hello",
    "The unbelievable storyteller didn't like 42 embeddings!",
    "The bridge was closed for repairs.",
    "want want want want.",
    "Word embeddings cost $5 <b>or</b> *more*",
    "我想要一个苹果。",
    "Nobody told me about the meeting (which was on Monday)",
    "the old man the boat and " * 12,
]


def cells_of(chapter: Path) -> list[Any]:
    return list(nbformat.read(chapter, as_version=4).cells)


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def markdown_of(chapter: Path) -> str:
    return "\n\n".join(cell.source for cell in cells_of(chapter) if cell.cell_type == "markdown")


@cache
def rendered(chapter: Path) -> str:
    """Return a notebook as nbconvert shows it, with code and its plain outputs left out."""
    body, _ = HTMLExporter(template_name="basic").from_filename(str(chapter))
    return re.sub(r"<pre.*?</pre>", "", body, flags=re.DOTALL)


def faults(chapter: Path) -> list[str]:
    """List what a reader outside the book stumbles over, in the page that nbconvert makes."""
    page = rendered(chapter)
    images = re.findall(r"<img [^>]*>", page)
    return [
        *(f"raw: {page[one.start() : one.end() + 40]}" for one in RAW.finditer(page)),
        *(f"no description: {one[:200]}" for one in images if not re.search(r'alt="[^"]', one)),
        *figure_faults(chapter),
        *(f"dead: {one}" for one in re.findall(r'href="([^"]*)"', page) if is_dead(one, chapter)),
        *(f"no text: {one}" for one in re.findall(r'<a [^>]*href="[^"]*"[^>]*>\s*</a>', page)),
    ]


def figure_faults(chapter: Path) -> Iterator[str]:
    page = html.unescape(rendered(chapter))
    outputs = [output for cell in cells_of(chapter) for output in cell.get("outputs", [])]
    for output, after in pairwise([*outputs, {}]):
        kinds = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
        for kind in kinds:
            described = output.metadata.get(kind, {}).get("alt", "")
            if len(described) < 40 or described not in page:
                yield f"no description: {kind}"
        if kinds:
            below = after.get("data", {}).get("text/markdown", "")
            caption = re.match(r"\*([^*\n]{20,})\*", below)
            if not (caption and f"<em>{caption[1]}</em>" in page):
                yield f"no caption: {below[:60]!r}"


def is_dead(target: str, chapter: Path) -> bool:
    """Tell whether a link leads nowhere; what is on the web is only checked for its form."""
    if target.startswith("https://"):
        return " " in target
    name, _, anchor = html.unescape(unquote(target)).partition("#")
    path = chapter.parent / name if name else chapter
    return not path.is_file() or (bool(anchor) and anchor not in anchors(path))


def anchors(path: Path) -> set[str]:
    if path.suffix == ".ipynb":
        return {html.unescape(one) for one in re.findall(r' id="([^"]*)"', rendered(path))}
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@each_chapter
def test_a_chapter_reads_well_outside_the_book(chapter: Path) -> None:
    """No role, no label, no figure without caption and description, no dead link."""
    assert len(rendered(chapter)) > 10_000
    assert faults(chapter) == []
    assert not any("mystnb" in cell.metadata for cell in cells_of(chapter))


FIGURE = {"image/png": "aGVsbG8="}
DESCRIBED = {"image/png": {"alt": "A picture of nothing, as long as a description has to be."}}
CAPTION = {"text/markdown": "*Nothing to be seen in this figure.*"}


@pytest.mark.parametrize(
    ("text", "shown", "fault"),
    [
        ("See {numref}`fig-1`.", [], "raw"),
        ("As {cite:p}`jain2019` says.", [], "raw"),
        (":::{note}\nSo it is.\n:::", [], "raw"),
        ("$$\na = b\n$$ (eq-1)", [], "raw"),
        ("[](other.ipynb)", [], "dead"),
        ("[text](nothing.ipynb)", [], "dead"),
        ("[text](other.md#no-such-title)", [], "dead"),
        ("[text](#No-such-title)", [], "dead"),
        ("[text](<#focus word>)", [], "dead"),
        ("[](https://example.org)", [], "no text"),
        ("![](https://example.org/a.png)", [], "no description"),
        ("", [(FIGURE, {}), (CAPTION, {})], "no description"),
        ("", [(FIGURE, DESCRIBED)], "no caption"),
        ("", [(FIGURE, DESCRIBED), ({"text/markdown": "*Short.*"}, {})], "no caption"),
    ],
)
def test_what_does_not_read_well_is_found(
    text: str, shown: list[tuple[dict[str, str], dict[str, Any]]], fault: str, tmp_path: Path
) -> None:
    found = faults(a_notebook(tmp_path, text, shown))
    assert [one for one in found if one.startswith(fault)]


def test_what_reads_well_is_not_reported(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# What is it?\n", encoding="utf-8")
    text = (
        "# A title\n[a](https://example.org) [b](other.md#what-is-it) [c](#A-title) "
        "[d](chapter.ipynb#A-title)"
    )
    shown = [(FIGURE, DESCRIBED), (CAPTION, {})]
    assert faults(a_notebook(tmp_path, text, shown)) == []


def a_notebook(folder: Path, text: str, shown: list[tuple[dict[str, str], dict[str, Any]]]) -> Path:
    outputs = [
        v4.new_output("display_data", data, metadata=metadata)  # type: ignore[no-untyped-call]
        for data, metadata in shown
    ]
    cells = [
        v4.new_markdown_cell(text),  # type: ignore[no-untyped-call]
        v4.new_code_cell("draw()", outputs=outputs),  # type: ignore[no-untyped-call]
    ]
    path = folder / "chapter.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), path)  # type: ignore[no-untyped-call]
    return path


@each_chapter
def test_a_comment_names_its_model_and_is_checked(chapter: Path) -> None:
    cells = cells_of(chapter)
    comments = [
        (place, comment[1])
        for place, cell in enumerate(cells)
        if cell.cell_type == "markdown" and (comment := COMMENT.search(cell.source))
    ]
    assert len(comments) >= 4
    for place, model in comments:
        assert (DEFAULT_ONLY in tags(cells[place])) == (", as printed" not in model)
        if DEFAULT_ONLY in tags(cells[place]):
            check = cells[place + 1]
            assert "remove-cell" in tags(check)
            assert "assert " in check.source
            assert "\n    pass" not in check.source


@each_chapter
def test_readers_predict_and_practise(chapter: Path) -> None:
    assert markdown_of(chapter).count("> **Before you ") >= 3
    number, cells = int(chapter.stem[:2]), cells_of(chapter)
    exercises = [
        (place, int(title[1]))
        for place, cell in enumerate(cells)
        if (title := re.search(rf"^### Exercise {number}\.(\d)$", cell.source, re.MULTILINE))
    ]
    assert 3 <= len(exercises) <= 5
    assert [each for _, each in exercises] == list(range(1, len(exercises) + 1))
    for place, _ in exercises:
        solution = cells[place + 1]
        assert "hide-cell" in tags(solution)
        assert solution.metadata["jupyter"]["source_hidden"]
        assert solution.outputs


@each_chapter
def test_numbers_are_on_the_page(chapter: Path) -> None:
    """A chapter shows arrays and tables, not only figures; what is no lesson is folded."""
    code = [cell for cell in cells_of(chapter) if cell.cell_type == "code"]
    shown = [
        cell for cell in code if not {"remove-cell", "hide-input", "hide-cell"} & set(tags(cell))
    ]
    arrays = [
        cell
        for cell in shown
        if any(
            output.get("text") or "text/plain" in output.get("data", {}) for output in cell.outputs
        )
    ]
    assert len(arrays) > 10
    assert not any("captioned(" in cell.source for cell in shown)
    for cell in code:
        if {"parameters", "provenance"} & set(tags(cell)):
            assert {"hide-input", "hide-cell"} & set(tags(cell))


def test_what_is_true_of_the_default_only_is_left_out() -> None:
    left = cells_without(cells_of(STORY[2]), DEFAULT_ONLY, LESSON)
    text = "\n".join(cell.source for cell in left if cell.cell_type == "markdown")
    assert "apple" not in text
    assert "What we see" not in text
    assert "Exercise" not in text
    assert len(left) < len(cells_of(STORY[2]))


def test_no_comment_on_the_default_is_left_in_a_run(tmp_path: Path) -> None:
    settings = checked_settings("all-MiniLM-L6-v2", "article", "float64")
    summary = run(OTHERS, settings, tmp_path / "run")
    assert summary.failed == ()
    for sentence in OTHERS:
        folder = tmp_path / "run" / "sentences" / folder_name(sentence)
        told = "\n".join(
            [markdown_of(folder / "notebook.ipynb"), *text_outputs(folder / "notebook.ipynb")]
        )
        for word in ("What we see", "Exercise", "apple"):
            assert word not in told, (sentence, word)
            assert word not in (folder / "page.html").read_text(encoding="utf-8").partition(
                "<main"
            )[2].replace('"I want an apple."', "")
