"""What is not given to translators: sentences that a run computed."""

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
    """Leave out what a run computed.

    Such sentences come from ``trendlib``, which says them in the reader's language.
    """

    default_priority = BEFORE_MESSAGES_ARE_TAKEN

    def apply(self, **_: object) -> None:
        """Choose the messages of a page."""
        for container in self.document.findall(nodes.container):
            if COMPUTED & set(container["classes"]):
                for text in container.findall(nodes.TextElement):
                    # A caption is written; what is within a paragraph goes with it.
                    if not isinstance(text, nodes.caption | nodes.Inline):
                        text["translatable"] = False
