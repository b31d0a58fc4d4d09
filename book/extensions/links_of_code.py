"""Let sphinx-codeautolink remember the links in pages that are not read again, and import less.

Version 0.19 looks only for pages that are written in reStructuredText, and forgets all others. It
also runs what every library that is named imports for the type checker, which loads hundreds of
modules: only those of trendlib lead to pages.
"""

import json
from collections.abc import Callable
from types import ModuleType

from sphinx.application import Sphinx
from sphinx_codeautolink import extension
from sphinx_codeautolink.extension import resolve
from sphinx_codeautolink.extension.block import CodeExample, Name, SourceTransform
from sphinx_codeautolink.extension.cache import DataCache


def setup(app: Sphinx) -> dict[str, bool]:
    """Put the memory in the place of its own; Sphinx calls this when it loads the extension."""
    extension.DataCache = LinksOfAllPages
    resolve.populate_type_checking = _populated_if_ours(resolve.populate_type_checking)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _populated_if_ours(populate: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def populate_ours(module: ModuleType) -> None:
        if module.__name__.partition(".")[0] == "trendlib":
            populate(module)

    return populate_ours


class LinksOfAllPages(DataCache):
    """Links of pages in any format."""

    def read(self) -> None:
        """Read what the last run of Sphinx wrote."""
        path = self.cache_dir / self.cache_filename
        if path.exists():
            pages = json.loads(path.read_text("utf-8"))
            self.transforms |= {page: list(map(_transform, kept)) for page, kept in pages.items()}


def _transform(kept: dict) -> SourceTransform:
    example, names = CodeExample(**kept["example"]), [Name(**name) for name in kept["names"]]
    return SourceTransform(**{**kept, "example": example, "names": names})
