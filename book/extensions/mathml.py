"""Formulas as MathML: browsers show it without a script, and screen readers read it."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

CLASS = "math notranslate nohighlight"


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the renderer; Sphinx calls this when it loads the extension."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(writer.starttag(node, "span", "", CLASS=CLASS))
    writer.body.append(convert(node.astext()))
    writer.body.append("</span>")
    raise nodes.SkipNode


def _display(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(writer.starttag(node, "div", CLASS=CLASS))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append(convert(node.astext().strip(), display="block"))
    writer.body.append("</div>\n")
    raise nodes.SkipNode
