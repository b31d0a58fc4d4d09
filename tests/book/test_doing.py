"""What readers do: launch, download, copy, print, and contribute as CONTRIBUTING.md says."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
import test_notebooks
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from playwright.sync_api import Browser

import pdf
from helpers.pages import open_page
from helpers.paths import ROOT

CONFIG = yaml.safe_load((ROOT / "book" / "_config.yml").read_text(encoding="utf-8"))
THEME = CONFIG["sphinx"]["config"]["html_theme_options"]
ADDRESS, BRANCH = THEME["repository_url"], THEME["repository_branch"]
TEMPLATE = ROOT / "notebooks" / "template" / "chapter.ipynb"
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
REQUIREMENT = f"'trendlib[run,evaluate] @ git+{ADDRESS}@{BRANCH}'"
COLAB = f"""import sys

if "google.colab" in sys.modules:
    %pip install --quiet {REQUIREMENT}"""


def test_every_chapter_has_the_buttons_that_launch_it(site: Path) -> None:
    repository = ADDRESS.removeprefix("https://github.com/")
    for chapter in CHAPTERS:
        path = chapter.relative_to(ROOT).as_posix()
        page = (site / path).with_suffix(".html").read_text(encoding="utf-8")
        links = re.findall(r'href="(https://(?:mybinder|colab)[^"]*)"', page)
        assert set(links) == {
            f"https://mybinder.org/v2/gh/{repository}/{BRANCH}?urlpath=lab/tree/{path}",
            f"https://colab.research.google.com/github/{repository}/blob/{BRANCH}/{path}",
        }
        assert len(links) == 4  # the theme's buttons, and a line of text


def test_a_chapter_can_be_downloaded(browser: Browser, address: str, tmp_path: Path) -> None:
    page, _, _ = open_page(browser, f"{address}/notebooks/03_with_a_model.html")
    with page.expect_download() as download:
        page.get_by_role("link", name="download this notebook").click()
    assert download.value.suggested_filename == "03_with_a_model.ipynb"
    download.value.save_as(tmp_path / "02.ipynb")
    page.close()
    assert cells_of((tmp_path / "02.ipynb").read_text(encoding="utf-8")) == committed_cells()


def test_from_a_file_the_link_shows_the_notebook(browser: Browser, site: Path) -> None:
    """Browsers do not download files that are there already."""
    page, _, _ = open_page(browser, (site / "notebooks/03_with_a_model.html").as_uri())
    page.get_by_role("link", name="download this notebook").click()
    page.wait_for_url("**/_sources/notebooks/03_with_a_model.ipynb")
    shown = page.locator("pre").inner_text()
    page.close()
    assert cells_of(shown) == committed_cells()


def cells_of(notebook: str) -> list[str]:
    return [cell.source for cell in nbformat.reads(notebook, as_version=4).cells]


def committed_cells() -> list[str]:
    return cells_of((ROOT / "notebooks/03_with_a_model.ipynb").read_text(encoding="utf-8"))


def test_a_cell_can_be_copied(browser: Browser, address: str) -> None:
    url = f"{address}/notebooks/03_with_a_model.html"
    page, _, _ = open_page(
        browser, url, permissions=["clipboard-read", "clipboard-write"], viewport=None
    )
    cells = page.locator("div.cell_input")
    assert cells.locator("button.copybtn").count() == cells.count() > 10
    page.locator("main summary").first.click()  # the settings are folded
    cells.first.hover()
    cells.first.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    page.close()
    assert copied.startswith('sentence: str = "I want an apple."  # any text with a word\n')


@pytest.mark.parametrize("notebook", [*CHAPTERS, TEMPLATE], ids=lambda path: path.stem)
def test_a_notebook_begins_with_the_cell_for_colab(notebook: Path) -> None:
    code = [
        cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"
    ]
    assert code[0].source.replace(",chinese", "") == COLAB
    assert code[0].metadata.tags == ["colab", "remove-cell"]
    assert sum("colab" in cell.metadata.get("tags", []) for cell in code) == 1


@pytest.mark.parametrize("on_colab", [True, False])
def test_the_cell_for_colab_installs_there_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, on_colab: bool
) -> None:
    if on_colab:
        monkeypatch.setitem(sys.modules, "google.colab", sys)
    called: list[tuple[str, str]] = []

    class Shell:
        def run_line_magic(self, name: str, line: str) -> None:
            called.append((name, line))

    exec(TransformerManager().transform_cell(COLAB), {"get_ipython": Shell})
    assert called == ([("pip", f"install --quiet {REQUIREMENT}")] if on_colab else [])


def test_the_pdf_states_the_packages_version() -> None:
    assert CONFIG["sphinx"]["config"]["release"] == version("trendlib")


def test_a_page_of_the_book_can_be_printed(browser: Browser, site: Path, tmp_path: Path) -> None:
    """The printing of `make pdf`, on one chapter; that the whole book builds is not tested here."""
    file = tmp_path / "out" / "chapter.pdf"
    pdf.print_page(site / "notebooks" / "01_two_vectors.html", file, pdf.find_browser())
    content = file.read_bytes()
    assert content.startswith(b"%PDF-")
    pages = max(int(count) for count in re.findall(rb"/Count (\d+)", content))
    assert 5 < pages < 40
    assert b"/Outlines" in content


def test_without_a_browser_there_is_no_pdf_and_a_clear_error(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "book" / "tools" / "build.py", "--pdf", "--out", tmp_path]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": "/nowhere"}
    )
    assert result.returncode == 2
    assert f"none of {', '.join(pdf.BROWSERS)}: install Chromium" in result.stderr
    assert not (tmp_path / "_build").exists()


def test_a_browser_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(pdf.PrintError, match="printed no PDF"):
        pdf.print_page(tmp_path / "none.html", tmp_path / "none.pdf", "false")


def recipe(heading: str) -> str:
    """The text under a heading of CONTRIBUTING.md."""
    return CONTRIBUTING.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def commands(heading: str) -> list[str]:
    pattern = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
    blocks = [text for language, text in pattern.findall(recipe(heading)) if not language]
    return [line for block in blocks for line in block.splitlines()]


def small_book(folder: Path) -> None:
    """The project with an opening page and the notation, both empty; its environment is ours."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "book", folder / "book", symlinks=True)
    shutil.copytree(TEMPLATE.parent, folder / "notebooks" / "template")
    (folder / "book" / "intro.md").write_text("# A small book\n", encoding="utf-8")
    (folder / "book" / "notation.md").write_text("# Notation\n", encoding="utf-8")
    (folder / "book" / "_toc.yml").write_text(
        "format: jb-book\nroot: intro\nchapters:\n  - file: notation\n", encoding="utf-8"
    )
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if not part.name.startswith(".ready"):
            (folder / ".venv" / part.name).symlink_to(part)
    (folder / ".venv" / ".ready-book").touch()


def test_the_recipe_for_a_chapter_makes_one(site: Path, tmp_path: Path) -> None:
    small_book(tmp_path)
    # What its pages include is the same as in the whole book, and is not made again.
    shutil.copytree(site.with_name("kept"), tmp_path / "_build" / "kept", copy_function=os.link)
    line = re.search(r"`(- file: (notebooks/\w+))`", recipe("Add a chapter"))
    assert line
    toc = tmp_path / "book" / "_toc.yml"
    toc.write_text(f"{toc.read_text(encoding='utf-8')}  {line[1]}\n", encoding="utf-8")
    for command in commands("Add a chapter"):
        result = subprocess.run(
            shlex.split(command), cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
    chapter = tmp_path / f"{line[2]}.ipynb"
    test_notebooks.test_committed_notebooks_are_whole_and_clean(chapter)
    test_notebooks.test_every_figure_has_a_caption_and_an_alternative_text(chapter)
    test_notebooks.test_cells_are_short_and_hold_no_helper_code(chapter)
    test_notebooks.test_committed_outputs_are_the_embedded_models(chapter)
    page = (tmp_path / "_build" / "html" / line[2]).with_suffix(".html")
    text = page.read_text(encoding="utf-8")
    assert "the two trends of “want” have the cosine" in text
    assert text.count("<figcaption>") == 1
    assert "google.colab" not in text
    assert (tmp_path / "_build" / "html" / "zh" / line[2]).with_suffix(".html").is_file()


def test_the_committed_template_is_fresh() -> None:
    test_notebooks.test_committed_notebooks_are_whole_and_clean(TEMPLATE)
    test_notebooks.test_every_figure_has_a_caption_and_an_alternative_text(TEMPLATE)


def test_the_recipe_for_a_reading_makes_one(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", recipe("Add a reading"), flags=re.DOTALL)
    assert code
    for part in ("trendlib", "notebooks"):
        shutil.copytree(ROOT / part, tmp_path / part)
    module = tmp_path / "trendlib" / "readings.py"
    before, listed, after = module.read_text(encoding="utf-8").partition("READINGS = {")
    name = code[1].partition(" = ")[0]
    after = after.replace("MASS_TIES)", f"MASS_TIES, {name})", 1)
    module.write_text(f"{before}{code[1]}\n{listed}{after}", encoding="utf-8")
    (command,) = commands("Add a reading")
    program, *arguments = shlex.split(command)
    assert program == ".venv/bin/trendlib"
    run = [sys.executable, "-c", "import sys; from trendlib.cli import main; sys.exit(main())"]
    subprocess.run(
        [*run, *arguments, "--model", "all-MiniLM-L6-v2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    (record,) = tmp_path.glob("runs/*/sentences/*/record.json")
    assert json.loads(record.read_text(encoding="utf-8"))["reading"] == "middle"
