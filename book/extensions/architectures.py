"""The directive ``architectures``: the table of the package, so that no page repeats it."""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from trendlib.model import architectures as known
from trendlib.show import architectures as shown


class Architectures(SphinxDirective):
    """Puts the table into a page of Markdown."""

    def run(self) -> list[nodes.Node]:
        """Parse the table."""
        for module in (known, shown):
            self.env.note_dependency(module.__file__)
        lines = StringList(shown.architecture_table().splitlines(), source=shown.__file__)
        holder = nodes.Element()
        self.state.nested_parse(lines, self.content_offset, holder)
        return holder.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive; Sphinx calls this when it loads the extension."""
    app.add_directive("architectures", Architectures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
