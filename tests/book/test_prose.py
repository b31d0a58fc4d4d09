"""Every number in prose comes from the run: none is typed in."""

import pytest
import regex
from prose import (
    ALLOWED,
    NOTEBOOKS,
    PAGES,
    is_printed,
    is_told_of_print,
    pieces,
    texts,
    typed_into,
    typed_into_code,
)

ADVICE = (
    "numbers were typed into prose: compute them in a code cell, and show them with Markdown(...), "
    "print(...) or a table. If one is a fact and no result, add a pattern for it to ALLOWED in "
    "tests/prose.py, with the reason"
)


def test_no_number_is_typed_into_prose() -> None:
    found = [f"{place}: {each}" for place, numbers in pieces() for each in numbers]
    assert not found, "\n".join([ADVICE, *found])


def test_every_page_and_notebook_is_read() -> None:
    assert {"intro", "notation"} <= {page.stem for page in PAGES}
    places = [place for place, _ in pieces()]
    for path in [*PAGES, *NOTEBOOKS]:
        assert any(path.name in place for place in places)


@pytest.mark.parametrize("pattern", ALLOWED)
def test_what_is_allowed_is_needed(pattern: str) -> None:
    """An entry that allows nothing any more is to be removed."""
    assert any(regex.search(pattern, text) for text in texts())


@pytest.mark.parametrize(
    "typed",
    [
        "The accuracy is 0.93.",
        "The accuracy is 93 %.",
        "It wins on 7 tasks",
        "the best is layer 9",
        "the best is layer 0.93",
        "layer 0, head 3, is the best",
        "with 0.5 for the accuracy",
        "It is 3x as fast, or 1.6-fold",
        "about **1,200** sentences",
        "half a point: ½",
        "| model | score |\n| --- | --- |\n| ours | 71.2 |",
        "# A gain of 4 points",
        "- first\n- then 12.5",
        "[it is 0.93](https://example.org)",
        "![a bar at 0.93](bar.png)",
        "the accuracy is `0.93`",
        "the accuracy is `93%`",
        "the accuracy is $0.93$",
        r"the accuracy is $93\%$",
        "$$\na = 0.93\n$$",
        "    accuracy 0.93",
        "```\naccuracy 0.93\n```",
        "<p>The accuracy is 0.93</p>",
        "The accuracy is <b>0.93</b>",
        "The accuracy is &#57;3",
        "note[^a]\n\n[^a]: It is 0.93.",
        "```{note}\nThe accuracy is 0.93.\n```",
        "```{admonition} It is 0.93\n:class: note\nSo it is.\n```",
        "```{figure} a.png\n:alt: A bar at 0.93.\n\nThe bars.\n```",
        "```{figure} a.png\n:alt: Bars.\n\nThe bar at 0.93.\n```",
        ":::{note}\nThe accuracy is 0.93.\n:::",
        "```{math}\na = 0.93\n```",
        "by 2019 sentences",
        "a sentence of 2019",
        "SST-2 gives MRPC-0.93",
        "It wins on seven of twelve tasks.",
        "Three of the five tasks are lost.",
        "It is ten times faster.",
        "It is twice as fast.",
        "It halves the time: half of it is left.",
        "In a quarter of the sentences they tie.",
        "Ninety percent are defined.",
        "a fivefold gain",
    ],
)
def test_a_typed_result_is_found(typed: str) -> None:
    assert typed_into(typed)


@pytest.mark.parametrize(
    "prose",
    [
        "In layer 0, the word has two vectors, and three sentences share it.",
        "all-MiniLM-L6-v2 in float64, on SST-2 and GPT-4.",
        "Run `trendlib run --jobs 2`, or `attentions[0][0][11]`.",
        "    trendlib run --file sentences.txt --jobs 2",
        "```bash\nsleep 0.5\n```",
        "$l = 0 \\dots 12$",
        "1. first\n2. second",
        "[the chapter](03_with_a_model.ipynb) and <https://example.org/1906.04341>",
        "```{figure} images/2.png\n:name: fig-2\n:width: 80%\n:alt: Bars.\n\nThe bars.\n```",
        "One of the sentences has no word. Many times faster, one sentence at a time.",
    ],
)
def test_what_is_no_result_may_be_typed(prose: str) -> None:
    assert typed_into(prose) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('Markdown("The accuracy is 0.93.")', 1),
        ('Markdown(f"The accuracy is {accuracy:.2f}.")', 0),
        ('Markdown(f"The accuracy of {name:>10} is 0.93.")', 1),
        ('Markdown("By " + "0.93" + " or " + text)', 1),
        ('print("accuracy", "0.93")', 1),
        ('print("accuracy:", round(accuracy, 2))', 0),
        ('display(HTML("<b>0.93</b>"))', 2),  # seen from both calls
        ('Markdown(data="It is ten times faster.")', 1),
        ('first = ["I have 42 apples."]', 0),
    ],
)
def test_what_code_shows_is_read_too(source: str, count: int) -> None:
    assert len(typed_into_code(source)) == count


def test_printed_figures_may_be_told_and_no_others() -> None:
    assert typed_into("*Want* wins: 0.798 against 0.771.", is_printed) == []
    assert typed_into("It went down: -1.4.", is_printed) == []
    assert len(typed_into("It is 0.797, in 8 of 384 and 12% of them.", is_printed)) == 4
    assert (
        typed_into("Seven of the twelve heads; head 11; 768 coordinates.", is_told_of_print) == []
    )
    assert len(typed_into("384 coordinates, 0.797, and 13 heads", is_told_of_print)) == 2
