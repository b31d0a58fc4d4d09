"""Tables of the book: numbers below each other, one row of headings, and nothing cut in half."""

import doctest

import pandas as pd
import pytest
import site_address
import tidy_tables
from bs4 import BeautifulSoup

ROWS = pd.Index(["trend", "mean"], name="method")


def tidied(table: pd.DataFrame) -> BeautifulSoup:
    return BeautifulSoup(tidy_tables.tidied(table.to_html()), "html.parser")


def heads(soup: BeautifulSoup) -> list[list[str]]:
    return [[cell.get_text() for cell in row("th")] for row in soup.select("thead tr")]


def test_the_names_of_the_rows_stand_among_the_headings() -> None:
    table = pd.DataFrame({"accuracy": [0.5, 0.25]}, index=ROWS)
    assert heads(tidied(table)) == [["method", "accuracy"]]
    two = table.set_index(pd.Index(["a", "b"], name="task"), append=True)
    assert heads(tidied(two)) == [["method", "task", "accuracy"]]


def test_the_name_of_the_columns_becomes_a_caption_where_the_rows_have_one_too() -> None:
    table = pd.DataFrame({"accuracy": [0.5, 0.25]}, index=ROWS).rename_axis(columns="MiniLM")
    soup = tidied(table)
    assert heads(soup) == [["method", "accuracy"]]
    assert [caption.get_text() for caption in soup("caption")] == ["MiniLM"]
    alone = tidied(table.rename_axis(index=None))
    assert heads(alone) == [["MiniLM", "accuracy"]]
    assert not alone("caption")


def test_headings_of_two_levels_keep_both() -> None:
    table = pd.DataFrame({("MiniLM", "MR"): [0.5, 0.25], ("MiniLM", "CR"): [0.5, 0.1]}, index=ROWS)
    table.columns.names = ["model", None]
    assert heads(tidied(table)) == [["model", "MiniLM"], ["method", "MR", "CR"]]


def test_headings_without_a_word_go() -> None:
    assert not tidied(pd.Series({"model": "MiniLM"}).to_frame(""))("thead")


@pytest.mark.parametrize(
    ("texts", "is_number"),
    [
        (["0.5", "12", "\N{MINUS SIGN}3"], True),
        (["0.5", "\N{EN DASH}", ""], True),
        (["81.6 (77.4 to 85.7)", "2.0 (-1.0 to 3.0)"], True),
        (["1,024", "5 %"], True),
        (["1e-05", "+3.1e-03"], True),
        (["0.5", "none"], False),
        (["2 of 5", "3 of 5"], False),
        (["3.11.7"], False),
        ([], False),
    ],
)
def test_a_column_of_numbers_is_found(texts: list[str], is_number: bool) -> None:
    assert tidy_tables.is_of_numbers(texts) is is_number


def test_points_stand_below_each_other() -> None:
    table = pd.DataFrame({"ours": ["0.125", "12", "0.5", "not run"], "word": ["a", "b", "c", "d"]})
    soup = tidied(table)
    cells = [cell.get_text() for cell in soup.select("td.number")]
    assert [cell.rstrip() for cell in cells] == ["0.125", "12", "0.5", "not run"]
    # Counted from the right, each point, or the blank that stands for it, has the same place.
    assert {len(cell) - (cell + ".").replace("\u2008", ".").index(".") for cell in cells[:3]} == {4}
    assert [head.get_text() for head in soup.select("th.number")] == ["ours"]


def test_cells_that_span_rows_do_not_move_columns() -> None:
    index = pd.MultiIndex.from_product([["a", "b"], ["x", "y"]], names=["group", "word"])
    soup = tidied(pd.DataFrame({"votes": [1, 2, 3, 4], "who": list("pqrs")}, index=index))
    assert [cell.get_text() for cell in soup.select("td.number")] == list("1234")


def test_a_wide_table_takes_the_margin_and_every_table_scrolls_by_itself() -> None:
    wide = pd.DataFrame({f"method {number}": ["81.6 (77.4 to 85.7)"] for number in range(6)})
    for table, takes in ((wide, True), (wide.iloc[:, :2], False)):
        box = tidied(table).find("div")
        assert box is not None
        assert ("full-width" in box["class"]) is takes
        assert "pst-scrollable-table-container" in box["class"]


def test_the_examples_of_the_extensions_hold() -> None:
    assert doctest.testmod(tidy_tables) == (0, 3)
    assert doctest.testmod(site_address) == (0, 3)
