"""A page: no formula, link, role or picture that needs the book or a file; fit for a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from helpers.pages import open_page
from helpers.paths import NOTEBOOKS
from trendlib.runs.markdown import to_html
from trendlib.runs.pages import notebook_page


def rendered(source: str) -> str:
    return to_html(source).strip().removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("the last head ({numref}`fig-attention`).", "the last head."),
        ("come first\n({numref}`fig-a`), then\n({numref}`fig-b`) go", "come first, then go"),
        ("**first** ({numref}`fig-a`), then", "<strong>first</strong>, then"),
        ("See {numref}`fig-a`.", "See the figure."),
        ("as in {cite:t}`vasiliev2023sentence`", "as in Vasiliev 2023"),
        ("disputed {cite:p}`jain2019,wiegreffe2019`", "disputed (Jain 2019, Wiegreffe 2019)"),
        ("equation {eq}`eq-trend`", "equation “trend”"),
        ("the {term}`words <focus word>`", "the words"),
        ("a {term}`reading`", "a reading"),
        ("`{numref}` and \\{numref}", "<code>{numref}</code> and {numref}"),
    ],
)
def test_roles_become_text(source: str, expected: str) -> None:
    assert " ".join(rendered(source).split()) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[on trends](01_two_vectors.ipynb)", "on trends"),
        ("[a *reading*](#reading)", "a <em>reading</em>"),
        ("[focus word](<#focus word>)", "focus word"),
        ("[](01_two_vectors.ipynb)", "01 two vectors"),
        ("[a](a.md) [b](https://b.org/c) [d](d.md)", 'a <a href="https://b.org/c">b</a> d'),
        ("<https://b.org>", '<a href="https://b.org">https://b.org</a>'),
    ],
)
def test_links_to_other_files_become_text(source: str, expected: str) -> None:
    assert rendered(source) == expected


def test_no_link_runs_a_script() -> None:
    assert "href" not in rendered("[x](javascript:alert(1)) [y](javascript://alert(1))")


@pytest.mark.parametrize(
    ("source", "display"),
    [
        ("for word $k$ in", "inline"),
        ("$$\nr_k = \\sum_q a_{qk},\n$$ (eq-received)", "block"),
        ("so that $$r_k$$", "block"),
        ("\\begin{align}\na &= b\n\\end{align}", "block"),
    ],
)
def test_formulas_become_mathml(source: str, display: str) -> None:
    html = rendered(source)
    assert f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="{display}">' in html
    assert "$" not in html
    assert ">eq-received<" not in html


def test_money_is_no_formula() -> None:
    assert rendered("apples for $5 & $6, \\$x\\$") == "apples for $5 &amp; $6, $x$"


def test_tables_and_code_are_shown() -> None:
    assert "<td>1</td>" in to_html("| a |\n|---|\n| 1 |")
    assert '<span class="kn">import</span>' in to_html("```python\nimport os\n```")
    assert "no language" in to_html("```{note}\nno language\n```")


def test_an_attached_picture_is_in_the_page() -> None:
    html = to_html("![A dot](attachment:dot.png)", {"dot.png": {"image/png": "iVBORw0KGgo="}})
    assert '<img src="data:image/png;base64,iVBORw0KGgo=" alt="A dot"' in html


@pytest.mark.parametrize("sentence", ["hello", "the old man " * 170 + "sleeps.", "a" * 2000])
def test_a_page_has_the_whole_sentence_and_fits_a_phone(
    browser: Browser, tmp_path: Path, sentence: str
) -> None:
    path = tmp_path / "page.html"
    html = notebook_page(NOTEBOOKS / "03_with_a_model.ipynb", sentence)
    path.write_text(html, encoding="utf-8")
    page, *_ = open_page(browser, path.as_uri(), viewport={"width": 390, "height": 844})
    shown = page.locator("header .sentence")
    assert shown.inner_text() == sentence
    assert shown.evaluate(
        "e => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth]"
    ) == [0, 0]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".drawn svg").count() == 3
    for image in page.locator(".drawn svg").all():
        assert image.bounding_box()["width"] >= 480  # wider than the phone: it scrolls in its box
    page.close()
