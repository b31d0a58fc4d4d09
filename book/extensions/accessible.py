"""Pages that a screen reader can make sense of, where Sphinx writes HTML that it cannot."""

from collections.abc import Callable

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator
from sphinx_codeautolink.extension.backref import SummaryNode

AFTER_CODEAUTOLINK = 900  # whose priority is the usual one, 500


def setup(app: Sphinx) -> dict[str, bool]:
    """Change what is written; Sphinx calls this when it loads the extension."""
    translator = HTML5Translator
    for node, visit, depart, old, new in (
        # One parameter a line is a layout, no list of definitions.
        (
            addnodes.desc_parameterlist,
            translator.visit_desc_parameterlist,
            translator.depart_desc_parameterlist,
            "<dl",
            '<dl role="none"',
        ),
        # A list has items; the role that docutils gives them is none of these any more.
        (
            nodes.citation,
            translator.visit_citation,
            translator.depart_citation,
            'role="doc-biblioentry"',
            'role="listitem"',
        ),
    ):
        app.add_node(node, override=True, html=(_rewritten(visit, old, new), depart))
    app.connect("doctree-resolved", _unlink_summaries, priority=AFTER_CODEAUTOLINK)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _rewritten(
    visit: Callable[[HTML5Translator, nodes.Element], None], old: str, new: str
) -> Callable[[HTML5Translator, nodes.Element], None]:
    def visit_rewritten(writer: HTML5Translator, node: nodes.Element) -> None:
        written = len(writer.body)
        visit(writer, node)
        writer.body[written:] = [part.replace(old, new) for part in writer.body[written:]]

    return visit_rewritten


def _unlink_summaries(_: Sphinx, doctree: nodes.document, _name: str) -> None:
    """Take the links out of what is itself pressed, to open the list of references."""
    for summary in doctree.findall(SummaryNode):
        for link in list(summary.findall(nodes.reference)):
            link.replace_self(link.children)
