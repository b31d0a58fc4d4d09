"""Figures in the outputs of a notebook: the picture, its caption and its description."""

import re

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from helpers.programs import warm_kernels
from trendlib.show.captions import caption_in, description_of

SHOWS = """from trendlib.show import drawings
from trendlib.show.captions import captioned
captioned(drawings.ratio_rulers([0.5, 1, 2]), "Two *rulers*.", "Three dots & two lines.")"""


@warm_kernels()
def test_a_figure_is_a_picture_with_a_caption_and_a_description() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SHOWS)])
    NotebookClient(notebook, kernel_name="python3").execute()
    picture, below = notebook.cells[0].outputs
    assert set(picture.data) == {"image/svg+xml", "image/png", "text/plain"}
    assert description_of(picture) == picture.data["text/plain"] == "Three dots & two lines."
    assert caption_in(below.data["text/markdown"]) == "Two *rulers*."
    assert description_of(below) is None
    body, _ = HTMLExporter().from_notebook_node(notebook)
    assert 'src="data:image/svg+xml;base64,' in body
    described = re.search(r"<summary>(.*?)</summary>(.*?)</details>", body, re.DOTALL)
    assert described is not None
    assert described[1] == "Description of the figure"
    assert "Three dots &amp; two lines." in described[2]
