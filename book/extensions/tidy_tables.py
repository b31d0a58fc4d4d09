"""Tables whose numbers can be compared: columns of numbers to the right, one row of headings.

pandas writes an empty row of headings where rows or columns have no names, and one of its own for
the names of the rows. All of its tables get a box of their own to scroll in, as Sphinx's have, and
wide ones take the margin beside the text.
"""

import re
from collections.abc import Sequence

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx.application import Sphinx

SIGN = "[-+\N{MINUS SIGN}]?"
NUMBER = SIGN + r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?: ?%)?"
NUMBER_OR_INTERVAL = re.compile(rf"{NUMBER}(?: \({NUMBER} to {NUMBER}\))?")
DECIMAL = re.compile(SIGN + r"\d[\d,]*(?:\.(\d+))?")
MISSING = {"", "\N{EN DASH}", "-", "NaN", "nan", "None", "undefined", "not run"}
POINT, DIGIT = "\u2008", "\u2007"  # blanks as wide as a point, and as a digit
WIDEST = 92
"""A table of more letters a line than this is wider than the text."""
PANDAS = 'class="dataframe"'


def setup(app: Sphinx) -> dict[str, bool]:
    """Change tables before they are written; Sphinx calls this when it loads the extension."""
    app.connect("doctree-resolved", _tidy_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _tidy_all(app: Sphinx, doctree: nodes.document, _name: str) -> None:
    if app.builder.format != "html":
        return
    for raw in doctree.findall(nodes.raw):
        if PANDAS in raw.astext():
            raw.replace_self(nodes.raw("", tidied(raw.astext()), format="html"))
    for table in doctree.findall(nodes.table):
        _mark_entries(table)


def is_of_numbers(texts: Sequence[str]) -> bool:
    """Say whether a column is one of numbers, some of which may be missing.

    >>> is_of_numbers(["0.87", "-1.5", ""]), is_of_numbers(["12.2 (7.0 to 17.1)"])
    (True, True)
    >>> is_of_numbers(["3.11.7", "0.1.0"]), is_of_numbers(["", ""])
    (False, False)
    """
    found = [text for text in texts if text not in MISSING]
    return bool(found) and all(map(NUMBER_OR_INTERVAL.fullmatch, found))


def padded(texts: Sequence[str]) -> list[str]:
    """Put blanks behind numbers, so that their points are below each other on the right.

    >>> [len(text) for text in padded(["0.125", "0.5", "12"])]
    [5, 5, 6]
    """
    found = [DECIMAL.fullmatch(text) for text in texts]
    decimals = [len(match[1] or "") if match else 0 for match in found]
    most = max(decimals, default=0)
    return [
        text + (POINT if most and not count else "") + DIGIT * (most - count) if match else text
        for text, match, count in zip(texts, found, decimals, strict=True)
    ]


def tidied(html: str) -> str:
    """Tidy the tables of pandas in a piece of HTML, and put each into a box that scrolls."""
    soup = BeautifulSoup(html, "html.parser")
    for style in soup.select("style[scoped]"):
        style.decompose()  # the book has its own
    for table in soup.select("table.dataframe"):
        _merge_heads(table)
        _mark_cells(table)
        wide = " full-width" if _letters(table) > WIDEST else ""
        table.wrap(soup.new_tag("div", attrs={"class": f"pst-scrollable-table-container{wide}"}))
    return str(soup)


def _merge_heads(table: Tag) -> None:
    """Put the names of the rows into the row of headings above them; drop rows without a word."""
    for row in table.select("thead > tr"):
        if not row.get_text(strip=True):
            row.decompose()
    match [row.find_all("th", recursive=False) for row in table.select("thead > tr")]:
        case []:
            _drop(table.thead)
        case [*_, above, last] if len(above) == len(last):
            named = [place for place, cell in enumerate(last) if cell.get_text(strip=True)]
            if named == list(range(len(named))) and len(named) < len(last):
                _name_rows(table, above, last[: len(named)])


def _name_rows(table: Tag, above: Sequence[Tag], names: Sequence[Tag]) -> None:
    """Merge the last row of headings, which names the rows, into the one above it."""
    corner = " ".join(cell.get_text(strip=True) for cell in above[: len(names)]).strip()
    if corner:  # the name of all columns, such as their model
        caption = Tag(name="caption")
        caption.string = corner
        table.insert(0, caption)
    for cell, name in zip(above, names, strict=False):
        cell.string = name.get_text(strip=True)
    _drop(names[0].parent)


def _drop(part: Tag | None) -> None:
    if part is not None:
        part.decompose()


def _mark_cells(table: Tag) -> None:
    """Align the columns of numbers; counted from the right, where no cell spans rows."""
    rows = [row.find_all("td", recursive=False) for row in table.select("tbody > tr")]
    heads = [row.find_all("th", recursive=False) for row in table.select("thead > tr")]
    width = min((len(row) for row in rows), default=0)
    for place in range(-width, 0):
        column = [row[place] for row in rows]
        texts = [cell.get_text(strip=True) for cell in column]
        if not is_of_numbers(texts):
            continue
        for cell, text in zip(column, padded(texts), strict=True):
            cell["class"] = "number"
            if not cell.find(True):
                cell.string = text
        for head in heads[-1:]:
            head[place]["class"] = "number"


def _letters(table: Tag) -> int:
    """Estimate how wide a table is, in letters: the longest text, or word of a text, by column."""
    rows = [row.find_all(["th", "td"], recursive=False) for row in table.select("tbody > tr")]
    width = max((len(row) for row in rows), default=0)
    columns = [[row[place] for row in rows if len(row) == width] for place in range(width)]
    return sum(3 + max(len(cell.get_text(strip=True)) for cell in column) for column in columns)


def _mark_entries(table: nodes.table) -> None:
    """Align the columns of numbers in one of Sphinx's tables."""
    bodies = [list(row) for body in table.findall(nodes.tbody) for row in body]
    heads = [list(row) for head in table.findall(nodes.thead) for row in head]
    for place, column in enumerate(zip(*bodies, strict=False)):
        if is_of_numbers([entry.astext() for entry in column]):
            for entry in (*column, *(row[place] for row in heads if len(row) > place)):
                entry["classes"].append("number")
