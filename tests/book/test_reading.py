"""The reading matter of the book: order, glossary, citations, figures, equations, reference."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from pybtex.database import Entry, parse_file

from helpers.paths import ROOT
from trendlib.runs.pages import notebook_page

BOOK = ROOT / "book"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = sorted([*BOOK.glob("*.md"), *BOOK.glob("api/*.md")])
BIBLIOGRAPHY: dict[str, Entry] = dict(parse_file(BOOK / "references.bib").entries)
VENUES = {"article": "journal", "inproceedings": "booktitle", "misc": "howpublished"}

# Modules that no reader calls: the inside of runs, of files and of the command.
INSIDE = {
    "__main__",
    "model.agreement",
    "model.exact",
    "model.hub",
    "model.network",
    "model.tensors",
    "model.tokenizer",
    "model.tryout",
    "files.atomic",
    "files.checksums",
    "files.own",
    "files.parts",
    "files.paths",
    "files.code_version",
    "files.settings",
}
INSIDE |= {
    f"runs.{name}"
    for name in ("engine", "folder", "index", "markdown", "pages", "records", "worker")
}


def sources() -> dict[str, str]:
    """Read the text of every page, by its name; of notebooks, that of the Markdown cells."""
    texts = {
        path.relative_to(BOOK).with_suffix("").as_posix(): path.read_text("utf-8") for path in PAGES
    }
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        markdown = [cell.source for cell in cells if cell.cell_type == "markdown"]
        texts[f"notebooks/{path.stem}"] = "\n\n".join(markdown)
    return texts


def found(pattern: str) -> set[str]:
    """Find a pattern's group in all pages."""
    return {match for text in sources().values() for match in re.findall(pattern, text)}


def listed(toc: Any) -> list[str]:
    if isinstance(toc, list):
        return [name for each in toc for name in listed(each)]
    own = [toc["file"]] if "file" in toc else []
    return own + [
        name for key in ("parts", "chapters", "sections") for name in listed(toc.get(key, []))
    ]


def test_every_page_has_a_place_and_chapters_keep_their_order() -> None:
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    names = [toc["root"], *listed(toc)]
    assert len(names) == len(set(names))
    # The build writes one of them.
    assert set(names) == {*sources(), "trust"}
    assert (BOOK / "trust.md.j2").is_file()
    chapters = [name for name in names if name.startswith("notebooks/")]
    assert chapters == sorted(chapters)
    assert all(part["caption"] for part in toc["parts"])


def test_every_cited_work_is_in_the_bibliography() -> None:
    cited = {
        key.strip() for keys in found(r"\{cite(?::\w+)?\}`([^`]+)`") for key in keys.split(",")
    }
    assert cited
    assert cited <= set(BIBLIOGRAPHY)


def test_every_work_that_a_chapter_names_is_in_the_bibliography() -> None:
    """Chapters name author and year, with a link that works wherever they are read."""
    addresses = {address for entry in BIBLIOGRAPHY.values() for address in addresses_of(entry)}
    named = found(r"\[[^\]]*\b(?:19|20)\d\d[a-z]?\]\(([^)\s]+)\)") - {"../book/references.bib"}
    assert len(named) >= 15
    assert named <= addresses


def addresses_of(entry: Entry) -> Iterator[str]:
    fields = entry.fields
    if "doi" in fields:
        yield f"https://doi.org/{fields['doi']}"
    if "eprint" in fields:
        yield f"https://arxiv.org/abs/{fields['eprint']}"
    if "url" in fields:
        yield fields["url"]


@pytest.mark.parametrize("key", BIBLIOGRAPHY)
def test_an_entry_says_who_what_when_and_where(key: str) -> None:
    entry = BIBLIOGRAPHY[key]
    authors = entry.persons["author"]
    assert authors
    assert all(person.last_names and person.first_names for person in authors)
    assert len(entry.fields["title"]) > 10
    year = entry.fields["year"]
    assert re.fullmatch(r"(19|20)\d\d[a-z]?", year)
    assert year[:4] in key
    assert entry.fields[VENUES[entry.type]]
    if "doi" in entry.fields:
        assert re.fullmatch(r"10\.\d{4,5}/\S+", entry.fields["doi"])
    if "url" in entry.fields:
        assert re.fullmatch(r"https://\S+", entry.fields["url"])


def test_no_work_is_listed_twice() -> None:
    titles = [re.sub(r"\W", "", entry.fields["title"]).lower() for entry in BIBLIOGRAPHY.values()]
    assert len(titles) == len(set(titles))


def glossary() -> dict[str, str]:
    (body,) = re.findall(r"```\{glossary\}\n(.*?)```", sources()["glossary"], flags=re.DOTALL)
    return dict(re.findall(r"^(\S.*)\n((?:  .*\n)+)", body, flags=re.MULTILINE))


def test_the_glossary_is_in_order_and_defines() -> None:
    terms = glossary()
    assert list(terms) == sorted(terms)
    assert set(terms) >= {"focus word", "related word", "received attention", "trend vector"}
    assert set(terms) >= {"reading", "vote", "word", "token", "layer", "head", "hidden state"}
    for term, definition in terms.items():
        assert len(definition) > 40, term


def test_chapters_and_the_opening_page_lead_to_the_glossary() -> None:
    texts = sources()
    assert {"focus word", "related word"} <= set(re.findall(r"\{term\}`([^`<]+)`", texts["intro"]))
    assert "](../book/glossary.md)" in texts["notebooks/01_two_vectors"]


def figure_names() -> set[str]:
    return found(r":name: (fig-[\w-]+)")


def test_every_figure_has_a_name_and_a_place_in_the_text() -> None:
    names = figure_names()
    assert names
    assert names <= found(r"\{numref\}`([\w-]+)`")


def test_the_methods_equations_are_numbered_and_led_to() -> None:
    labels = found(r"\$\$ \((eq-\w+)\)")
    assert labels >= {
        "eq-trend",
        "eq-cosine",
        "eq-received",
        "eq-focus",
        "eq-vote",
        "eq-embedding",
    }
    assert found(r"\{eq\}`([\w-]+)`") == labels


def test_the_drawing_of_the_notation_is_whole() -> None:
    drawing = ElementTree.parse(BOOK / "images" / "notation.svg").getroot()
    texts = {"".join(text.itertext()) for text in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {"hidden_states[0]", "hidden_states[1]", "attentions[0]", "hidden_states[L]"} <= texts
    assert {"from (query)", "to (key)", "layer 0"} <= texts
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    assert width < 500 < height  # readable on a phone


def modules() -> set[str]:
    package = ROOT / "trendlib"
    names = {path.relative_to(package).with_suffix("").as_posix() for path in package.rglob("*.py")}
    return {name.replace("/", ".") for name in names if not name.endswith("__init__")}


def test_every_module_that_readers_call_has_its_place_in_the_reference() -> None:
    shown = found(r"automodule:: trendlib\.([\w.]+)")
    shown |= {name.rpartition(".")[0] for name in found(r"autoexception:: trendlib\.([\w.]+)")}
    inside = {name for name in modules() if name in INSIDE or name.startswith("cli.")}
    assert shown == modules() - inside, "add it to a page in book/api, or to INSIDE"


def test_every_module_names_the_chapter_that_explains_it() -> None:
    for name, text in sources().items():
        if name.startswith("api/") and name != "api/index":
            sections = text.split("\n## ")[1:]
            assert sections
            for section in sections:
                line = re.findall(r"^Explained in: (.+)$", section, flags=re.MULTILINE)
                assert len(line) == 1, (name, section[:30])
                assert re.search(r"\[\]\(\.\./(notebooks/\w+\.ipynb|notation\.md)\)", line[0])


def test_the_changelog_knows_the_version() -> None:
    text, project = sources()["changelog"], (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.+)"$', project, flags=re.MULTILINE)
    releases = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert releases[0].endswith(version)
    kinds = set(re.findall(r"^### (.+)$", text, flags=re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert "Added" in kinds


def test_a_page_of_its_own_says_what_roles_of_the_book_mean(tmp_path: Path) -> None:
    source = (
        "As {cite:t}`clark2019` say {cite:p}`devlin2019,vasiliev2023sentence`, equation "
        "{eq}`eq-trend` shows it ({numref}`fig-votes`); see [focus word](<#focus word>)."
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    text = re.sub(r"<[^>]+>", "", notebook_page(path, "a sentence"))
    expected = (
        "As Clark 2019 say (Devlin 2019, Vasiliev 2023), equation “trend” shows it; see focus word."
    )
    assert expected in text


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_formulas_of_notebooks_stand_alone(notebook: Path) -> None:
    """JupyterLab takes $$ at the start of a line for a formula, with a label behind it or not."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "markdown":
            fences = [line for line in cell.source.splitlines() if "$$" in line]
            assert len(fences) % 2 == 0
            assert all(re.fullmatch(r"\$\$( \(eq-[\w-]+\))?", line) for line in fences)
