"""What is given to translators, beside what Sphinx gives them."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

BEFORE_MESSAGES_ARE_TAKEN = 5  # Sphinx takes them with the priority 10
COMPUTED = {"cell_output", "computed"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the transform; Sphinx calls this when it loads the extension."""
    app.add_transform(ChooseMessages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class ChooseMessages(SphinxTransform):
    """Leave out what a run computed, and take in the alternative texts of figures.

    Sentences with results in them come from ``trendlib``, which says them in the reader's language.
    """

    default_priority = BEFORE_MESSAGES_ARE_TAKEN

    def apply(self, **_: object) -> None:
        """Choose the messages of a page."""
        for container in self.document.findall(nodes.container):
            if COMPUTED & set(container["classes"]):
                self._leave_out(container)
        for image in self.document.findall(nodes.image):
            image.source = image.source or self.document["source"]
            image.line = image.line or 0

    def _leave_out(self, container: nodes.container) -> None:
        for text in container.findall(nodes.TextElement):
            if not isinstance(text, nodes.caption | nodes.Inline):
                text["translatable"] = False
