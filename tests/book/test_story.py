"""The chapters that tell the story: plain Markdown, checked comments, exercises that run."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from helpers.notebook_outputs import text_outputs
from helpers.paths import NOTEBOOKS
from trendlib.runs.folder import folder_name
from trendlib.runs.runner import run
from trendlib.runs.settings import DEFAULT_ONLY, checked_settings, without_default_only

STORY = [
    NOTEBOOKS / f"{name}.ipynb"
    for name in (
        "01_two_vectors",
        "02_walkthrough",
        "03_with_a_model",
        "10_alternative_to_cls",
        "11_contexts_told_apart",
        "12_what_would_work",
    )
]
"""Further chapters join as they are written anew."""

each_chapter = pytest.mark.parametrize("chapter", STORY, ids=lambda path: path.stem)

WEB = re.compile(r"https://\S+")
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


@each_chapter
def test_the_text_is_plain_markdown(chapter: Path) -> None:
    """JupyterLab and GitHub know no roles, directives, labels or targets of the book."""
    text = markdown_of(chapter)
    assert not re.findall(r"\{[\w:]+\}`|^:::|^```\{|\]\(<?#|\$\$ \(", text, flags=re.MULTILINE)
    assert not any("mystnb" in cell.metadata for cell in cells_of(chapter))


@each_chapter
def test_every_link_has_a_text_and_leads_somewhere(chapter: Path) -> None:
    links = re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", markdown_of(chapter))
    assert links
    for text, target in links:
        assert text
        assert WEB.fullmatch(target) or (chapter.parent / target).is_file(), target


@each_chapter
def test_a_page_of_nbconvert_has_captions_and_alternative_texts(chapter: Path) -> None:
    body, _ = HTMLExporter(template_name="basic").from_filename(str(chapter))
    images = re.findall(r"<img [^>]*>", body)
    assert images
    for image in images:
        assert re.search(r'alt="[^"]{40,}"', image), image[-200:]
    captions = re.findall(r"<p><em>([^<]{20,})</em></p>", body)
    assert len(captions) >= len(images)


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
    left = without_default_only(cells_of(STORY[2]))
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
